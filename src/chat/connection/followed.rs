//! What a client knows of one conversation that it follows: lets each entry and each piece of a reply through once.
//!
//! **Invariant**: no IO. What it passes on is gapless: entries by `seq`, and the pieces of a reply by `index`.

use std::collections::BTreeMap;

use protocol::{Change, Message, MessageId, ServerFrame};

/// The state of one followed conversation.
#[derive(Debug, Default)]
pub(super) struct Followed {
    /// The last entry that was passed on; unknown until the server has said where the conversation stands.
    last_seq: Option<u64>,
    /// A `subscribe` is on its way or under way: the server will send what is missing.
    catching_up: bool,
    /// The text so far of the replies that have begun. Each ends with its message in the log, even when the server that
    /// wrote it is gone: another goes on with it.
    running: BTreeMap<MessageId, String>,
}

/// What to do with a frame.
#[derive(Debug, PartialEq)]
pub(super) enum Verdict {
    /// It is new.
    Pass(ServerFrame),
    /// It is known, or will come again.
    Skip,
    /// Something before it is missing: subscribe again after [`Followed::last_seq`].
    Gap,
}

impl Followed {
    /// Follows from after this entry on; from now on where it is unknown.
    pub(super) fn after(last_seq: Option<u64>) -> Self {
        Self {
            last_seq,
            catching_up: true,
            running: BTreeMap::new(),
        }
    }

    /// The last entry that was passed on.
    pub(super) fn last_seq(&self) -> Option<u64> {
        self.last_seq
    }

    /// The text so far of a reply that is being written.
    pub(super) fn text(&self, reply: MessageId) -> Option<&str> {
        self.running.get(&reply).map(String::as_str)
    }

    /// Whether the server is still sending what was missing.
    pub(super) fn is_catching_up(&self) -> bool {
        self.catching_up
    }

    /// A `subscribe` is about to be sent.
    pub(super) fn catch_up(&mut self) {
        self.catching_up = true;
    }

    /// The server has sent what was missing.
    pub(super) fn subscribed(&mut self, last_seq: u64) {
        self.catching_up = false;
        self.last_seq.get_or_insert(last_seq);
    }

    /// Judges a message of the log.
    pub(super) fn message(
        &mut self,
        message: Message,
        frame: fn(Message) -> ServerFrame,
    ) -> Verdict {
        let (seq, message_id) = (message.seq, message.message_id);
        let verdict = self.entry(seq, || frame(message));
        if matches!(verdict, Verdict::Pass(_)) {
            self.running.remove(&message_id);
        }
        verdict
    }

    /// Judges a change, an entry of the log like a message.
    pub(super) fn change(&mut self, change: Change) -> Verdict {
        self.entry(change.seq, || ServerFrame::Change(change))
    }

    fn entry(&mut self, seq: u64, frame: impl FnOnce() -> ServerFrame) -> Verdict {
        match self.last_seq {
            Some(last_seq) if seq <= last_seq => return Verdict::Skip,
            Some(last_seq) if seq > last_seq + 1 => return self.gap(),
            Some(_) | None => {}
        }
        self.last_seq = Some(seq);
        Verdict::Pass(frame())
    }

    /// Judges the beginning of a reply.
    pub(super) fn message_start(&mut self, frame: ServerFrame) -> Verdict {
        let ServerFrame::MessageStart { message_id, .. } = &frame else {
            return Verdict::Skip;
        };
        if self.running.contains_key(message_id) {
            return Verdict::Skip;
        }
        self.running.insert(*message_id, String::new());
        Verdict::Pass(frame)
    }

    /// Judges a piece of a reply. What is passed on follows what was passed on before, or has index 0 and begins the
    /// reply anew, because it was written again differently.
    pub(super) fn delta(&mut self, frame: ServerFrame) -> Verdict {
        let ServerFrame::Delta {
            conversation_id,
            message_id,
            index,
            text,
        } = frame
        else {
            return Verdict::Skip;
        };
        let pass = |index: usize, text: &str| {
            Verdict::Pass(ServerFrame::Delta {
                conversation_id,
                message_id,
                index: index as u64,
                text: text.to_owned(),
            })
        };
        let Some(so_far) = self.running.get_mut(&message_id) else {
            return self.gap();
        };
        let known_chars = so_far.chars().count();
        let at = so_far.char_indices().map(|(at, _)| at);
        let mut places = at.chain([so_far.len()]);
        let place = usize::try_from(index)
            .ok()
            .and_then(|index| places.nth(index));
        let Some(place) = place else {
            return self.gap();
        };
        let known = &so_far[place..];
        if known.starts_with(&text) {
            return Verdict::Skip;
        }
        if let Some(new) = text.strip_prefix(known) {
            so_far.push_str(new);
            return pass(known_chars, new);
        }
        so_far.truncate(place);
        so_far.push_str(&text);
        pass(0, so_far)
    }

    fn gap(&self) -> Verdict {
        match self.catching_up {
            true => Verdict::Skip,
            false => Verdict::Gap,
        }
    }
}

#[cfg(test)]
mod tests {
    use protocol::{Author, ConversationId, TwinId};

    use super::*;

    fn message(seq: u64, message_id: MessageId) -> Message {
        let conversation = ConversationId::from_uuid(uuid::Uuid::nil());
        Message {
            seq,
            ..Message::new(conversation, message_id, author(), String::new())
        }
    }

    fn author() -> Author {
        Author::Twin {
            id: TwinId::from_uuid(uuid::Uuid::nil()),
            name: "Ada".to_owned(),
        }
    }

    fn live(last_seq: u64) -> Followed {
        let mut followed = Followed::after(Some(last_seq));
        followed.subscribed(last_seq);
        followed
    }

    fn judge(followed: &mut Followed, seq: u64) -> Verdict {
        followed.message(message(seq, MessageId::new()), ServerFrame::Message)
    }

    fn begin(followed: &mut Followed, message_id: MessageId) -> Verdict {
        followed.message_start(ServerFrame::MessageStart {
            conversation_id: ConversationId::from_uuid(uuid::Uuid::nil()),
            message_id,
            author: author(),
            ai_written: true,
            reply_to: message_id,
            thread: None,
            variant_of: None,
        })
    }

    fn delta(followed: &mut Followed, message_id: MessageId, index: u64, text: &str) -> Verdict {
        followed.delta(piece(message_id, index, text))
    }

    fn piece(message_id: MessageId, index: u64, text: &str) -> ServerFrame {
        ServerFrame::Delta {
            conversation_id: ConversationId::from_uuid(uuid::Uuid::nil()),
            message_id,
            index,
            text: text.to_owned(),
        }
    }

    #[test]
    fn each_entry_passes_once_and_in_order() {
        let mut followed = live(7);
        assert!(matches!(judge(&mut followed, 8), Verdict::Pass(_)));
        assert_eq!(judge(&mut followed, 8), Verdict::Skip);
        assert_eq!(judge(&mut followed, 3), Verdict::Skip);
        assert!(matches!(judge(&mut followed, 9), Verdict::Pass(_)));
        assert_eq!(followed.last_seq(), Some(9));
    }

    #[test]
    fn a_gap_is_named_once_and_what_follows_waits_for_the_log() {
        let mut followed = live(7);
        assert_eq!(judge(&mut followed, 9), Verdict::Gap);
        followed.catch_up();
        assert_eq!(judge(&mut followed, 10), Verdict::Skip);
        for seq in 8..=10 {
            assert!(matches!(judge(&mut followed, seq), Verdict::Pass(_)));
        }
        followed.subscribed(10);
        assert_eq!(judge(&mut followed, 12), Verdict::Gap);
    }

    #[test]
    fn following_from_now_on_begins_where_the_server_says() {
        let mut followed = Followed::after(None);
        followed.subscribed(41);
        assert_eq!(followed.last_seq(), Some(41));
        assert_eq!(judge(&mut followed, 41), Verdict::Skip);
        assert!(matches!(judge(&mut followed, 42), Verdict::Pass(_)));
    }

    #[test]
    fn the_text_so_far_that_comes_after_a_reconnection_is_not_repeated() {
        let mut followed = live(1);
        let reply = MessageId::new();
        assert!(matches!(begin(&mut followed, reply), Verdict::Pass(_)));
        let first = delta(&mut followed, reply, 0, "Grüße ");
        assert_eq!(first, Verdict::Pass(piece(reply, 0, "Grüße ")));

        followed.catch_up();
        assert_eq!(begin(&mut followed, reply), Verdict::Skip);
        let so_far = delta(&mut followed, reply, 0, "Grüße aus 北京");
        assert_eq!(so_far, Verdict::Pass(piece(reply, 6, "aus 北京")));
        followed.subscribed(1);
        assert_eq!(delta(&mut followed, reply, 0, "Grüße"), Verdict::Skip);
        let next = delta(&mut followed, reply, 12, "!");
        assert_eq!(next, Verdict::Pass(piece(reply, 12, "!")));
        assert_eq!(followed.text(reply), Some("Grüße aus 北京!"));
    }

    #[test]
    fn a_piece_that_does_not_follow_is_a_gap() {
        let mut followed = live(1);
        let reply = MessageId::new();
        assert_eq!(delta(&mut followed, reply, 3, "x"), Verdict::Gap, "unknown");
        begin(&mut followed, reply);
        delta(&mut followed, reply, 0, "ab");
        assert_eq!(delta(&mut followed, reply, 3, "d"), Verdict::Gap);
        assert_eq!(delta(&mut followed, reply, u64::MAX, "d"), Verdict::Gap);
        followed.catch_up();
        assert_eq!(delta(&mut followed, reply, 4, "e"), Verdict::Skip);
    }

    #[test]
    fn a_reply_that_was_written_again_differently_begins_anew() {
        let mut followed = live(1);
        let reply = MessageId::new();
        begin(&mut followed, reply);
        delta(&mut followed, reply, 0, "The red ");
        let other = delta(&mut followed, reply, 4, "blue pot");
        assert_eq!(other, Verdict::Pass(piece(reply, 0, "The blue pot")));
        let next = delta(&mut followed, reply, 12, ".");
        assert_eq!(next, Verdict::Pass(piece(reply, 12, ".")));
    }

    #[test]
    fn a_reply_that_another_server_takes_over_later_is_not_repeated() {
        let mut followed = live(1);
        let reply = MessageId::new();
        begin(&mut followed, reply);
        delta(&mut followed, reply, 0, "The storm ");
        followed.catch_up();
        followed.subscribed(1);

        assert_eq!(begin(&mut followed, reply), Verdict::Skip);
        // It goes on from what was written down last, which was less.
        assert_eq!(delta(&mut followed, reply, 0, "The "), Verdict::Skip);
        let next = delta(&mut followed, reply, 4, "storm of 1988");
        assert_eq!(next, Verdict::Pass(piece(reply, 10, "of 1988")));
        followed.message(message(2, reply), ServerFrame::MessageDone);
        assert_eq!(followed.text(reply), None);
    }
}
