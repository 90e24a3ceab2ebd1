//! One question and its reply: which frames belong to it, and what of the reply is new on the screen.
//!
//! **Invariant**: no IO. The reply's beginning may come before the acknowledgement of its question.

use std::collections::BTreeMap;

use protocol::{Author, ClientId, Message, MessageId, ServerFrame};

/// A question that waits for its reply.
#[derive(Debug)]
pub(super) struct Exchange {
    client_id: ClientId,
    question: Option<MessageId>,
    reply: Option<MessageId>,
    /// Who answers.
    speaker: String,
    /// Replies that have begun, by the message that each answers, until it is known which is ours.
    begun: BTreeMap<MessageId, Begun>,
    shown: String,
}

/// A reply that has begun.
#[derive(Debug)]
struct Begun {
    reply: MessageId,
    speaker: String,
    text: String,
}

/// What is to be shown.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Show {
    /// More of the reply.
    More(String),
    /// The reply from its beginning, because it was written again differently.
    Anew(String),
    /// The reply is finished, after this rest.
    Finished {
        /// What is still to be shown.
        rest: Rest,
        /// The whole message.
        message: Box<Message>,
    },
}

/// What a finished reply still has to show.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Rest {
    /// This follows what was shown.
    More(String),
    /// What was shown is not what was said; this is.
    Anew(String),
}

impl Exchange {
    /// Waits for the reply to the message with this id.
    pub(super) fn new(client_id: ClientId) -> Self {
        Self {
            client_id,
            question: None,
            reply: None,
            speaker: String::new(),
            begun: BTreeMap::new(),
            shown: String::new(),
        }
    }

    /// The question's id of the sender's own.
    pub(super) fn client_id(&self) -> &ClientId {
        &self.client_id
    }

    /// The reply, once it has begun.
    pub(super) fn reply(&self) -> Option<MessageId> {
        self.reply
    }

    /// Who answers, once the reply has begun.
    pub(super) fn speaker(&self) -> &str {
        &self.speaker
    }

    /// Takes a frame of the conversation and says what is to be shown.
    pub(super) fn take(&mut self, frame: &ServerFrame) -> Option<Show> {
        match frame {
            ServerFrame::Ack {
                client_id,
                message_id,
                ..
            } if *client_id == self.client_id => self.asked(*message_id),
            ServerFrame::Message(message)
                if message.client_id.as_ref() == Some(&self.client_id) =>
            {
                self.asked(message.message_id)
            }
            ServerFrame::Message(message) | ServerFrame::MessageDone(message) => {
                self.finished(message)
            }
            ServerFrame::MessageStart {
                message_id,
                reply_to,
                author,
                ..
            } => self.begun(*message_id, *reply_to, author),
            ServerFrame::Delta {
                message_id,
                index,
                text,
                ..
            } => self.delta(*message_id, *index, text),
            _ => None,
        }
    }

    fn asked(&mut self, question: MessageId) -> Option<Show> {
        self.question = Some(question);
        let begun = std::mem::take(&mut self.begun).remove(&question)?;
        self.reply = Some(begun.reply);
        self.speaker = begun.speaker;
        self.shown = begun.text;
        match self.shown.is_empty() {
            true => None,
            false => Some(Show::More(self.shown.clone())),
        }
    }

    fn begun(&mut self, reply: MessageId, reply_to: MessageId, author: &Author) -> Option<Show> {
        let speaker = author.name().to_owned();
        match self.question {
            Some(question) if question == reply_to => {
                self.reply = Some(reply);
                self.speaker = speaker;
            }
            Some(_) => {}
            None => {
                let begun = Begun {
                    reply,
                    speaker,
                    text: String::new(),
                };
                self.begun.insert(reply_to, begun);
            }
        }
        None
    }

    fn delta(&mut self, reply: MessageId, index: u64, text: &str) -> Option<Show> {
        if self.reply == Some(reply) {
            return match add(&mut self.shown, index, text) {
                Added::Behind => Some(Show::More(text.to_owned())),
                Added::Anew => Some(Show::Anew(text.to_owned())),
            };
        }
        let mut begun = self.begun.values_mut();
        if let Some(begun) = begun.find(|begun| begun.reply == reply) {
            add(&mut begun.text, index, text);
        }
        None
    }

    fn finished(&mut self, message: &Message) -> Option<Show> {
        let is_reply =
            message.ai_written && self.question.is_some() && message.reply_to == self.question;
        if !is_reply {
            return None;
        }
        message.author.name().clone_into(&mut self.speaker);
        let rest = match message.text.strip_prefix(self.shown.as_str()) {
            Some(rest) => Rest::More(rest.to_owned()),
            // A reply that failed keeps what was written down, which may be less than what was seen.
            None if message.failure.is_some() && self.shown.starts_with(&message.text) => {
                Rest::More(String::new())
            }
            None => Rest::Anew(message.text.clone()),
        };
        Some(Show::Finished {
            rest,
            message: Box::new(message.clone()),
        })
    }
}

enum Added {
    Behind,
    Anew,
}

/// Adds a piece, which follows the text or begins it anew.
fn add(so_far: &mut String, index: u64, text: &str) -> Added {
    if index == 0 && !so_far.is_empty() {
        text.clone_into(so_far);
        return Added::Anew;
    }
    so_far.push_str(text);
    Added::Behind
}

#[cfg(test)]
mod tests {
    use protocol::{ConversationId, ErrorCode, Failure, StopReason, TwinId, UserId};

    use super::*;

    struct Room {
        conversation_id: ConversationId,
        client_id: ClientId,
        question: MessageId,
        reply: MessageId,
    }

    impl Room {
        fn new() -> Self {
            Self {
                conversation_id: ConversationId::new(),
                client_id: "mine".to_owned().try_into().unwrap(),
                question: MessageId::new(),
                reply: MessageId::new(),
            }
        }

        fn exchange(&self) -> Exchange {
            Exchange::new(self.client_id.clone())
        }

        fn ack(&self) -> ServerFrame {
            ServerFrame::Ack {
                request_ref: None,
                conversation_id: self.conversation_id,
                client_id: self.client_id.clone(),
                seq: 1,
                message_id: self.question,
            }
        }

        fn start(&self) -> ServerFrame {
            ServerFrame::MessageStart {
                conversation_id: self.conversation_id,
                message_id: self.reply,
                author: twin(),
                ai_written: true,
                reply_to: self.question,
                thread: None,
                variant_of: None,
            }
        }

        fn delta(&self, index: u64, text: &str) -> ServerFrame {
            ServerFrame::Delta {
                conversation_id: self.conversation_id,
                message_id: self.reply,
                index,
                text: text.to_owned(),
            }
        }

        fn done(&self, text: &str) -> Message {
            let text = text.to_owned();
            Message {
                seq: 2,
                reply_to: Some(self.question),
                stop_reason: Some(StopReason::EndOfTurn),
                ..Message::new(self.conversation_id, self.reply, twin(), text)
            }
        }
    }

    fn twin() -> Author {
        Author::Twin {
            id: TwinId::new(),
            name: "Ada".to_owned(),
        }
    }

    fn more(text: &str) -> Option<Show> {
        Some(Show::More(text.to_owned()))
    }

    fn rest(show: Option<Show>) -> Rest {
        match show {
            Some(Show::Finished { rest, .. }) => rest,
            other => panic!("not finished: {other:?}"),
        }
    }

    #[test]
    fn a_reply_is_shown_piece_by_piece_and_its_end_shows_what_is_left() {
        let room = Room::new();
        let mut exchange = room.exchange();
        assert_eq!(exchange.take(&room.ack()), None);
        assert_eq!(exchange.take(&room.start()), None);
        assert_eq!(exchange.reply(), Some(room.reply));
        assert_eq!(exchange.take(&room.delta(0, "Under ")), more("Under "));
        assert_eq!(exchange.take(&room.delta(6, "the ")), more("the "));
        assert_eq!(exchange.speaker(), "Ada");
        let done = ServerFrame::MessageDone(room.done("Under the pot."));
        assert_eq!(rest(exchange.take(&done)), Rest::More("pot.".to_owned()));
    }

    #[test]
    fn a_reply_that_begins_before_its_question_is_acknowledged_is_shown_then() {
        let room = Room::new();
        let mut exchange = room.exchange();
        assert_eq!(exchange.take(&room.start()), None);
        assert_eq!(exchange.take(&room.delta(0, "Under ")), None);
        assert_eq!(exchange.take(&room.delta(6, "the ")), None);
        assert_eq!(exchange.take(&room.ack()), more("Under the "));
        assert_eq!(exchange.take(&room.delta(10, "pot.")), more("pot."));
    }

    #[test]
    fn a_reply_that_was_finished_out_of_sight_is_shown_whole() {
        let room = Room::new();
        let mut exchange = room.exchange();
        let mut question = room.done("Where?");
        question.author = Author::User {
            id: UserId::new(),
            name: "Ana".to_owned(),
        };
        question.ai_written = false;
        question.message_id = room.question;
        question.client_id = Some(room.client_id.clone());
        assert_eq!(exchange.take(&ServerFrame::Message(question)), None);
        let missed = ServerFrame::Message(room.done("Under the pot."));
        assert_eq!(
            rest(exchange.take(&missed)),
            Rest::More("Under the pot.".to_owned())
        );
    }

    #[test]
    fn a_reply_that_was_written_again_is_shown_anew() {
        let room = Room::new();
        let mut exchange = room.exchange();
        exchange.take(&room.ack());
        exchange.take(&room.start());
        exchange.take(&room.delta(0, "The red"));
        let anew = exchange.take(&room.delta(0, "The blue"));
        assert_eq!(anew, Some(Show::Anew("The blue".to_owned())));
        let done = ServerFrame::MessageDone(room.done("A green pot"));
        assert_eq!(
            rest(exchange.take(&done)),
            Rest::Anew("A green pot".to_owned())
        );
    }

    #[test]
    fn a_reply_that_failed_shows_nothing_more() {
        let room = Room::new();
        let mut exchange = room.exchange();
        exchange.take(&room.ack());
        exchange.take(&room.start());
        exchange.take(&room.delta(0, "Under the"));
        let failure = Some(Failure {
            code: ErrorCode::Unavailable,
            message: "the engine is gone".to_owned(),
        });
        let failed = Message {
            failure,
            ..room.done("Under")
        };
        let done = ServerFrame::MessageDone(failed);
        assert_eq!(rest(exchange.take(&done)), Rest::More(String::new()));
    }

    #[test]
    fn what_others_ask_and_are_told_is_not_ours() {
        let room = Room::new();
        let other = Room {
            client_id: "theirs".to_owned().try_into().unwrap(),
            ..Room::new()
        };
        let mut exchange = room.exchange();
        exchange.take(&room.ack());
        for frame in [
            other.ack(),
            other.start(),
            other.delta(0, "x"),
            ServerFrame::MessageDone(other.done("x")),
        ] {
            assert_eq!(exchange.take(&frame), None);
        }
        assert_eq!(exchange.reply(), None);
    }
}
