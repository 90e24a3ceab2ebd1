//! Messages that the server has not acknowledged: sent one at a time for each conversation, and again until it has.
//!
//! One at a time, because a message that is refused for now must not be overtaken by the next. **Invariant**: no IO and
//! no clock.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use protocol::{ClientFrame, ClientId, ClientRequest, ConversationId, ErrorCode, MessageId};
use tokio::time::Instant;

/// After this long without an answer a message is sent again; the server answers within ten seconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);

/// How long to wait after a refusal that does not say how long.
const RETRY_AFTER_DEFAULT: Duration = Duration::from_secs(1);

/// The messages that wait, by conversation.
#[derive(Debug, Default)]
pub(super) struct Unacknowledged {
    queues: BTreeMap<ConversationId, VecDeque<Unsent>>,
}

/// A message that waits.
#[derive(Debug)]
struct Unsent {
    client_id: ClientId,
    text: String,
    reply_to: Option<MessageId>,
    /// When to send it, or to send it again.
    due: Instant,
}

impl Unacknowledged {
    /// Queues a message behind the others of its conversation.
    pub(super) fn push(
        &mut self,
        conversation_id: ConversationId,
        client_id: ClientId,
        text: String,
        reply_to: Option<MessageId>,
        now: Instant,
    ) {
        let queue = self.queues.entry(conversation_id).or_default();
        queue.push_back(Unsent {
            client_id,
            text,
            reply_to,
            due: now,
        });
    }

    /// When the next message is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        let heads = self.queues.values().filter_map(VecDeque::front);
        heads.map(|head| head.due).min()
    }

    /// A message to send now, if one is due; it is then due again when no answer comes.
    pub(super) fn take_due(&mut self, now: Instant) -> Option<ClientRequest> {
        for (&conversation_id, queue) in &mut self.queues {
            let Some(head) = queue.front_mut().filter(|head| head.due <= now) else {
                continue;
            };
            head.due = now + ANSWER_TIMEOUT;
            let client_id = head.client_id.clone();
            let request_ref = String::from(client_id.clone())
                .try_into()
                .expect("a client_id can be a ref");
            return Some(ClientRequest {
                request_ref: Some(request_ref),
                frame: ClientFrame::Send {
                    conversation_id,
                    client_id,
                    text: head.text.clone(),
                    reply_to: head.reply_to,
                    thread: None,
                    attachments: Vec::new(),
                },
            });
        }
        None
    }

    /// The connection is new: whatever was sent on the old one is sent again, in its order.
    pub(super) fn reconnected(&mut self, now: Instant) {
        for head in self.queues.values_mut().filter_map(VecDeque::front_mut) {
            head.due = now;
        }
    }

    /// A message is committed; the next of its conversation is due.
    pub(super) fn acknowledged(&mut self, client_id: &str, now: Instant) {
        self.remove(client_id, now);
    }

    /// A message was refused: it waits and is sent again where that may help, and is given up otherwise.
    pub(super) fn refused(
        &mut self,
        client_id: &str,
        code: ErrorCode,
        retry_after_ms: Option<u64>,
        now: Instant,
    ) {
        let passing = matches!(
            code,
            ErrorCode::RateLimited | ErrorCode::Overloaded | ErrorCode::Unavailable
        );
        if !passing {
            self.remove(client_id, now);
            return;
        }
        let wait = retry_after_ms.map_or(RETRY_AFTER_DEFAULT, Duration::from_millis);
        let heads = self.queues.values_mut().filter_map(VecDeque::front_mut);
        for head in heads.filter(|head| head.client_id.as_str() == client_id) {
            head.due = now + wait;
        }
    }

    fn remove(&mut self, client_id: &str, now: Instant) {
        self.queues.retain(|_, queue| {
            let is_head = queue
                .front()
                .is_some_and(|head| head.client_id.as_str() == client_id);
            if is_head {
                queue.pop_front();
                if let Some(next) = queue.front_mut() {
                    next.due = now;
                }
            }
            !queue.is_empty()
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixture {
        waiting: Unacknowledged,
        conversation: ConversationId,
        now: Instant,
    }

    impl Fixture {
        fn new(texts: &[&str]) -> Self {
            let mut fixture = Self {
                waiting: Unacknowledged::default(),
                conversation: ConversationId::new(),
                now: Instant::now(),
            };
            for text in texts {
                fixture.push(fixture.conversation, text);
            }
            fixture
        }

        /// Queues a message whose id is its text.
        fn push(&mut self, conversation: ConversationId, text: &str) {
            let client_id = text.to_owned().try_into().unwrap();
            self.waiting
                .push(conversation, client_id, text.to_owned(), None, self.now);
        }

        /// The texts of what is due.
        fn due(&mut self) -> Vec<String> {
            let mut texts = Vec::new();
            while let Some(request) = self.waiting.take_due(self.now) {
                if let ClientFrame::Send { text, .. } = request.frame {
                    texts.push(text);
                }
            }
            texts
        }
    }

    #[test]
    fn messages_of_a_conversation_are_sent_one_after_the_other() {
        let mut fixture = Fixture::new(&["a", "b"]);
        assert_eq!(fixture.due(), ["a"]);
        fixture.waiting.acknowledged("b", fixture.now);
        assert_eq!(fixture.due(), [""; 0], "b was never sent");
        fixture.waiting.acknowledged("a", fixture.now);
        assert_eq!(fixture.due(), ["b"]);
        fixture.waiting.acknowledged("b", fixture.now);
        assert_eq!(fixture.waiting.next_due(), None);
    }

    #[test]
    fn conversations_do_not_wait_for_each_other() {
        let mut fixture = Fixture::new(&["a", "b"]);
        fixture.push(ConversationId::new(), "c");
        let mut due = fixture.due();
        due.sort();
        assert_eq!(due, ["a", "c"]);
    }

    #[test]
    fn what_is_not_answered_is_sent_again_after_a_while_or_on_a_new_connection() {
        let mut fixture = Fixture::new(&["a", "b"]);
        assert_eq!(fixture.due(), ["a"]);
        fixture.now += ANSWER_TIMEOUT;
        assert_eq!(fixture.due(), ["a"]);
        fixture.waiting.reconnected(fixture.now);
        assert_eq!(fixture.due(), ["a"]);
    }

    #[test]
    fn what_is_refused_for_now_waits_and_what_is_refused_for_good_is_given_up() {
        let mut fixture = Fixture::new(&["a", "b"]);
        fixture.due();
        let now = fixture.now;
        fixture
            .waiting
            .refused("a", ErrorCode::RateLimited, Some(700), now);
        assert_eq!(
            fixture.waiting.next_due(),
            Some(now + Duration::from_millis(700))
        );
        fixture.now += Duration::from_millis(700);
        assert_eq!(fixture.due(), ["a"], "b has not overtaken it");
        fixture
            .waiting
            .refused("a", ErrorCode::TooLarge, None, fixture.now);
        assert_eq!(fixture.due(), ["b"]);
    }
}
