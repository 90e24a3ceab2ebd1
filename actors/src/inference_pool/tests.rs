//! The pool with engines that are scripted, and with some that die.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use inference::{
    ChatMessage, EngineEvent, EngineLoad, HashedEmbedder, Prompt, Role, ScriptedEngine, StopReason,
    Ticket, ValidGenerateRequest,
};

use super::*;
use crate::limits::{AFFINITY_JOBS_MAX, GENERATION_EVENTS_MAX};
use crate::tests::remembering;

/// A scripted engine whose steps panic or fail as the test says.
struct Fragile {
    inner: ScriptedEngine,
    dies: Death,
    steps: usize,
    /// Owners that it was made to forget, one list for all engines.
    forgotten: Arc<Mutex<Vec<u128>>>,
}

#[derive(Clone, Copy)]
enum Death {
    Never,
    /// Panics in the step of this number.
    Panics(usize),
    /// Says in its first step that it is useless, as one does that has no memory left.
    Fails,
    /// Does nothing until so many requests are in it, and panics then.
    PanicsWith(usize),
    /// Says that it is useless as soon as more than one writes.
    FailsInCompany,
}

impl Engine for Fragile {
    fn model(&self) -> &ModelInfo {
        self.inner.model()
    }

    fn token_counter(&self) -> TokenCounter {
        self.inner.token_counter()
    }

    fn submit(&mut self, ticket: Ticket, request: ValidGenerateRequest, deadline: Option<Instant>) {
        self.inner.submit(ticket, request, deadline);
    }

    fn cancel(&mut self, ticket: Ticket) -> Option<Generation> {
        self.inner.cancel(ticket)
    }

    fn forget(&mut self, owner: u128) {
        self.forgotten.lock().unwrap().push(owner);
    }

    fn is_idle(&self) -> bool {
        self.inner.is_idle()
    }

    fn step(&mut self, now: Instant) -> Result<Vec<(Ticket, EngineEvent)>, EngineError> {
        self.steps += 1;
        match self.dies {
            Death::Panics(step) if step == self.steps => panic!("a test asked for it"),
            Death::Fails => Err(EngineError::Torch {
                reason: "not enough memory".to_owned(),
            }),
            Death::PanicsWith(requests) if self.inner.load().running < requests => Ok(Vec::new()),
            Death::PanicsWith(_) => panic!("a test asked for it"),
            Death::FailsInCompany if self.inner.load().running > 1 => Err(EngineError::Torch {
                reason: "not enough memory".to_owned(),
            }),
            Death::Never | Death::Panics(_) | Death::FailsInCompany => self.inner.step(now),
        }
    }

    fn load(&self) -> EngineLoad {
        self.inner.load()
    }
}

/// A pool with one text worker, whose engines die in the order given and then no more; and how many were loaded.
async fn pool(deaths: &'static [Death]) -> (Addr<InferencePool>, Arc<AtomicUsize>) {
    let (pool, loads, _) = pool_of(1, deaths).await;
    (pool, loads)
}

/// As [`pool`] with several workers; and the owners that their engines were made to forget.
async fn pool_of(
    engine_workers: usize,
    deaths: &'static [Death],
) -> (Addr<InferencePool>, Arc<AtomicUsize>, Arc<Mutex<Vec<u128>>>) {
    let forgotten = Arc::<Mutex<Vec<u128>>>::default();
    let shared = forgotten.clone();
    let loads = Arc::new(AtomicUsize::new(0));
    let counted = loads.clone();
    let models = Models {
        engine: Arc::new(move |_| {
            let load = counted.fetch_add(1, Ordering::SeqCst);
            Ok(Box::new(Fragile {
                inner: ScriptedEngine::new(),
                dies: deaths.get(load).copied().unwrap_or(Death::Never),
                steps: 0,
                forgotten: shared.clone(),
            }))
        }),
        embedder: Arc::new(|| Ok(Box::new(HashedEmbedder::new(8)))),
        engine_workers,
    };
    let (pool, _, _) = InferencePool::start(models).await.unwrap();
    (pool, loads, forgotten)
}

struct Asked {
    events: mpsc::Receiver<GenerationEvent>,
    cancel: Cancel,
}

async fn ask_with_room(pool: &Addr<InferencePool>, question: &str, room: usize) -> Asked {
    let (sender, events) = mpsc::channel(room);
    let cancel = Cancel::default();
    let generate = Generate {
        request: GenerateRequest {
            prompt: Prompt::Conversation(vec![ChatMessage::new(Role::User, question)]),
            max_tokens: 1_000,
            ..GenerateRequest::default()
        },
        events: sender,
        cancel: cancel.clone(),
        span: tracing::Span::none(),
    };
    pool.send(generate).await.unwrap().unwrap();
    Asked { events, cancel }
}

async fn ask(pool: &Addr<InferencePool>, question: &str) -> Asked {
    ask_with_room(pool, question, GENERATION_EVENTS_MAX).await
}

impl Asked {
    /// All text, and how it ended.
    async fn end(mut self) -> (String, Result<StopReason, PoolError>) {
        let mut text = String::new();
        while let Some(event) = self.events.recv().await {
            match event {
                GenerationEvent::Piece(piece) => text.push_str(&piece.text),
                GenerationEvent::Finished(generation) => {
                    assert_eq!(generation.text, text, "the pieces add up");
                    return (text, Ok(generation.stop_reason));
                }
                GenerationEvent::Failed(error) => return (text, Err(error)),
            }
        }
        panic!("the stream ended without a word")
    }
}

#[actix::test]
async fn a_short_reply_does_not_wait_for_long_ones_that_came_before() {
    let (pool, _) = pool(&[]).await;
    let mut waiting = Vec::new();
    for _ in 0..15 {
        waiting.push(ask(&pool, "!wait").await);
    }
    let short = ask(&pool, "!say good day").await;
    assert_eq!(
        short.end().await,
        ("good day".into(), Ok(StopReason::EndOfTurn))
    );
    for asked in waiting {
        asked.cancel.cancel();
        assert_eq!(asked.end().await.1, Ok(StopReason::Cancelled));
    }
}

#[actix::test]
async fn what_is_cancelled_or_unheard_gives_its_slot_to_who_waits() {
    let (pool, _) = pool(&[]).await;
    let mut running = Vec::new();
    for _ in 0..16 {
        running.push(ask(&pool, "!wait").await);
    }
    let cancelled_in_the_queue = ask(&pool, "!say never").await;
    cancelled_in_the_queue.cancel.cancel();
    assert_eq!(
        cancelled_in_the_queue.end().await,
        (String::new(), Ok(StopReason::Cancelled))
    );
    // Nobody hears one any more, and another one is stopped.
    drop(running.pop());
    let next = ask(&pool, "!say next").await;
    assert_eq!(next.end().await.0, "next");
    running[0].cancel.cancel();
    let another = ask(&pool, "!say another").await;
    assert_eq!(another.end().await.0, "another");
}

#[actix::test]
async fn a_reader_without_room_holds_nobody_up_and_still_gets_all() {
    let (pool, _) = pool(&[]).await;
    // Room for the two events that are kept for the end, and one more.
    let slow = ask_with_room(&pool, "!slow 200", 3).await;
    let quick = ask(&pool, "!slow 400").await;
    let (text, end) = quick.end().await;
    assert_eq!(
        (text.split(' ').count(), end),
        (800, Ok(StopReason::EndOfTurn))
    );
    let (text, end) = slow.end().await;
    assert_eq!(
        (text.split(' ').count(), end),
        (400, Ok(StopReason::EndOfTurn))
    );
}

#[actix::test]
async fn a_request_that_has_said_nothing_is_tried_once_more_on_the_next_engine() {
    for deaths in [&[Death::Panics(1)], &[Death::Fails]] {
        let (pool, loads) = pool(deaths).await;
        let asked = ask(&pool, "!say still here").await;
        assert_eq!(
            asked.end().await,
            ("still here".into(), Ok(StopReason::EndOfTurn))
        );
        assert_eq!(loads.load(Ordering::SeqCst), 2);
    }
}

#[actix::test]
async fn a_request_that_has_begun_to_speak_or_was_tried_twice_fails_for_all_to_see() {
    let (pool_that_dies_once, _) = pool(&[Death::Panics(3)]).await;
    let (text, end) = ask(&pool_that_dies_once, "!slow 9").await.end().await;
    assert_eq!(text, "tick 1");
    assert!(matches!(end, Err(PoolError::Failed(_))), "{end:?}");

    let (pool, loads) = pool(&[Death::Panics(1), Death::Fails]).await;
    let (text, end) = ask(&pool, "!say never").await.end().await;
    assert_eq!(text, "");
    assert!(matches!(end, Err(PoolError::Failed(_))), "{end:?}");
    let next = ask(&pool, "!say works again").await;
    assert_eq!(next.end().await.0, "works again");
    assert_eq!(loads.load(Ordering::SeqCst), 3);
}

/// Asks for `count` short replies, and for one that makes every engine panic.
async fn ask_with_poison(pool: &Addr<InferencePool>, count: usize) -> (Vec<Asked>, Asked) {
    let mut good = Vec::new();
    for number in 0..count {
        good.push(ask(pool, &format!("!say fine {number}")).await);
    }
    (good, ask(pool, "!panic").await)
}

#[actix::test]
async fn a_request_that_makes_engines_panic_takes_nobody_along_twice() {
    // The first engine dies when all six are in it, the second one of the poison alone.
    let (pool, loads) = pool(&[Death::PanicsWith(6)]).await;
    let (good, poison) = ask_with_poison(&pool, 5).await;
    for (number, asked) in good.into_iter().enumerate() {
        assert_eq!(
            asked.end().await,
            (format!("fine {number}"), Ok(StopReason::EndOfTurn))
        );
    }
    let (text, end) = poison.end().await;
    assert_eq!(text, "");
    assert!(matches!(end, Err(PoolError::Failed(_))), "{end:?}");
    assert_eq!(loads.load(Ordering::SeqCst), 3);
}

#[actix::test]
async fn two_that_make_engines_panic_cost_an_engine_each_and_nobody_else() {
    let (pool, loads) = pool(&[Death::PanicsWith(4)]).await;
    let first = ask(&pool, "!panic").await;
    let (good, second) = ask_with_poison(&pool, 2).await;
    for asked in good {
        assert_eq!(asked.end().await.1, Ok(StopReason::EndOfTurn));
    }
    for poison in [first, second] {
        let end = poison.end().await.1;
        assert!(matches!(end, Err(PoolError::Failed(_))), "{end:?}");
    }
    assert_eq!(loads.load(Ordering::SeqCst), 4);
}

#[actix::test]
async fn requests_that_only_die_in_company_are_written_one_after_the_other() {
    // The trials pass on the second engine, which then dies of those that passed; on the third each is alone to its end.
    let deaths = &[Death::PanicsWith(3), Death::FailsInCompany];
    let (pool, loads) = pool(deaths).await;
    let mut asked = Vec::new();
    for number in 0..3 {
        asked.push(ask(&pool, &format!("!say two {number}")).await);
    }
    for (number, asked) in asked.into_iter().enumerate() {
        assert_eq!(
            asked.end().await,
            (format!("two {number}"), Ok(StopReason::EndOfTurn))
        );
    }
    assert_eq!(loads.load(Ordering::SeqCst), 3);
}

#[actix::test]
async fn what_comes_during_trials_waits_for_them_and_a_suspect_can_be_cancelled() {
    let (pool, loads) = pool(&[Death::PanicsWith(3)]).await;
    // Its trial lasts until it is cancelled.
    let endless = ask(&pool, "!wait").await;
    let suspect = ask(&pool, "!say suspect").await;
    let cancelled = ask(&pool, "!say never").await;
    while loads.load(Ordering::SeqCst) < 2 {
        tokio::task::yield_now().await;
    }
    cancelled.cancel.cancel();
    assert_eq!(
        cancelled.end().await,
        (String::new(), Ok(StopReason::Cancelled))
    );
    let later = ask(&pool, "!say later").await;
    endless.cancel.cancel();
    assert_eq!(endless.end().await.1, Ok(StopReason::Cancelled));
    assert_eq!(suspect.end().await.0, "suspect");
    assert_eq!(later.end().await.0, "later");
    assert_eq!(loads.load(Ordering::SeqCst), 2);
}

#[actix::test]
async fn every_engine_forgets_whether_it_sleeps_or_works() {
    let (pool, _, forgotten) = pool_of(2, &[]).await;
    assert!(pool.send(Forget { owner: 7 }).await.unwrap());
    assert_eq!(*forgotten.lock().unwrap(), [7, 7]);
    let busy = ask(&pool, "!wait").await;
    assert!(pool.send(Forget { owner: 8 }).await.unwrap());
    assert_eq!(*forgotten.lock().unwrap(), [7, 7, 8, 8]);
    busy.cancel.cancel();
    assert_eq!(busy.end().await.1, Ok(StopReason::Cancelled));
}

#[actix::test]
async fn prompts_of_one_twin_go_to_one_of_several_engines_until_that_has_too_much_to_do() {
    let remembered = remembering::Asked::default();
    let remembers = remembered.clone();
    let models = Models {
        engine: Arc::new(move |number| Ok(remembers.engine(number))),
        embedder: Arc::new(|| Ok(Box::new(HashedEmbedder::new(8)))),
        engine_workers: 3,
    };
    let (pool, _, _) = InferencePool::start(models).await.unwrap();
    let ask = |owner: u128| {
        let (sender, events) = mpsc::channel(GENERATION_EVENTS_MAX);
        let cancel = Cancel::default();
        let mut request = GenerateRequest {
            prompt: Prompt::Conversation(vec![ChatMessage::new(Role::User, "!wait")]),
            ..GenerateRequest::default()
        };
        request.origin.scope.owner = owner;
        let generate = Generate {
            request,
            events: sender,
            cancel: cancel.clone(),
            span: tracing::Span::none(),
        };
        let queued = pool.send(generate);
        async move {
            queued.await.unwrap().unwrap();
            Asked { events, cancel }
        }
    };
    // They wait until the end, so that all of them count.
    let mut asked = Vec::new();
    for owner in [1, 2, 3, 1, 2, 3] {
        asked.push(ask(owner).await);
    }
    for _ in 0..=AFFINITY_JOBS_MAX {
        asked.push(ask(1).await);
    }
    let before = asked.len();
    let relieved = ask(1).await;
    for one in asked.into_iter().chain([relieved]) {
        one.cancel.cancel();
        assert_eq!(one.end().await.1, Ok(StopReason::Cancelled));
    }
    let mut engines_of: std::collections::BTreeMap<u128, Vec<usize>> = Default::default();
    for (owner, number) in remembered.owners.lock().unwrap().iter() {
        engines_of.entry(*owner).or_default().push(*number);
    }
    assert_eq!(engines_of[&2], [1, 1]);
    assert_eq!(engines_of[&3], [2, 2]);
    let mut of_first = engines_of[&1].clone();
    of_first.sort_unstable();
    assert_eq!(before, 7 + AFFINITY_JOBS_MAX);
    // Two at first, then as many more as may be, and the last one elsewhere.
    let mut expected = vec![0; 3 + AFFINITY_JOBS_MAX];
    expected.push(1);
    assert_eq!(of_first, expected);
}

#[actix::test]
async fn an_engine_that_does_not_come_back_gets_nothing_more_while_another_works() {
    let loads = Arc::new(AtomicUsize::new(0));
    let counted = loads.clone();
    let models = Models {
        engine: Arc::new(move |number| {
            // The engine of the first worker loads once.
            if number == 0 && counted.fetch_add(1, Ordering::SeqCst) > 0 {
                return Err("its file is gone".to_owned());
            }
            Ok(Box::new(ScriptedEngine::new()))
        }),
        embedder: Arc::new(|| Ok(Box::new(HashedEmbedder::new(8)))),
        engine_workers: 2,
    };
    let (pool, _, _) = InferencePool::start(models).await.unwrap();
    let mut poison = ask(&pool, "!panic").await;
    // There is no engine to try it again on.
    assert!(poison.events.recv().await.is_none());
    for _ in 0..3 {
        let asked = ask(&pool, "!say still here").await;
        assert_eq!(asked.end().await.0, "still here");
    }
}
