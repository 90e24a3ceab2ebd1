//! An answer that an actor gives when it has it, in its own time and order.
//!
//! actix's own way of answering later spawns a future for each request, and ends those that are ready in any order.

use std::cell::Cell;
use std::rc::Rc;

use actix::dev::{MessageResponse, OneshotSender};
use actix::prelude::*;

type Waiting<T> = Rc<Cell<Option<OneshotSender<T>>>>;

/// What a handler returns that answers now or later.
pub(crate) enum Later<T> {
    /// The answer.
    Now(T),
    /// Whoever asked waits for the [`Answer`] that was made with this.
    Then(Promise<T>),
}

/// The handler's end of an answer that is still to be given.
pub(crate) struct Promise<T>(Waiting<T>);

/// An answer that is still to be given. Dropped without one, it tells whoever asked that the actor was interrupted.
pub(crate) struct Answer<T>(Waiting<T>);

impl<T> Answer<T> {
    /// Makes an answer, and what the handler returns for it.
    pub(crate) fn later() -> (Self, Later<T>) {
        let waiting = Waiting::default();
        (Self(waiting.clone()), Later::Then(Promise(waiting)))
    }

    /// Answers, once the handler has returned; whoever no longer waits misses nothing.
    pub(crate) fn give(self, answer: T) {
        if let Some(waiting) = self.0.take() {
            let _ = waiting.send(answer);
        }
    }
}

impl<A: Actor, M: Message> MessageResponse<A, M> for Later<M::Result> {
    fn handle(self, _: &mut A::Context, waiting: Option<OneshotSender<M::Result>>) {
        match (self, waiting) {
            (Self::Now(answer), Some(waiting)) => {
                let _ = waiting.send(answer);
            }
            (Self::Now(_), None) => {}
            (Self::Then(Promise(place)), waiting) => place.set(waiting),
        }
    }
}
