//! Who is told of which message that they have missed: pure, decided from the messages, who takes part, and what they wish.

use std::collections::HashSet;

use protocol::UserId;
use storage::{Listener, Notice, NoticeKind, NotifyLevel, Unnoticed, UnnoticedMessage};

use crate::turn_taking::mentions;

/// Notices for one person at a time: who has missed more is served by the count of unread messages.
const NOTICES_AT_ONCE_MAX: usize = 20;

/// The name that means everybody.
const EVERYBODY: &str = "all";

/// Whether a conversation is between two, in which everything that is said is meant for the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Size {
    /// Two take part.
    Two,
    /// More do, or may.
    Room,
}

/// Who may speak to everybody at once.
pub(crate) type Callers = HashSet<UserId>;

/// What people have missed, of messages that are given newest first. Those who are present have missed nothing, and nobody is
/// told of what somebody wrote whom they have blocked.
///
/// A person who has not said otherwise is told everything between two, and in a room what is meant for the person.
pub(crate) fn missed(
    unnoticed: &Unnoticed,
    present: impl Fn(UserId) -> bool,
    callers: &Callers,
    size: Size,
) -> Vec<Notice> {
    let Unnoticed {
        messages,
        listeners,
        blocks,
        ..
    } = unnoticed;
    let texts: Vec<String> = messages
        .iter()
        .map(|message| message.text.to_lowercase())
        .collect();
    let mut notices = Vec::new();
    for listener in listeners {
        let level = listener.level.unwrap_or(match size {
            Size::Two => NotifyLevel::All,
            Size::Room => NotifyLevel::Mentions,
        });
        if level == NotifyLevel::None || present(listener.user) {
            continue;
        }
        let mut of_one: Vec<Notice> = Vec::new();
        for (message, text) in messages.iter().zip(&texts) {
            let author = author_id(message);
            let is_own = author == listener.user;
            let is_blocked = blocks.contains(&(listener.user, author.as_uuid()));
            if is_own || is_blocked || message.seq <= listener.read_seq {
                continue;
            }
            let kind = kind(message, text, listener, callers);
            if level == NotifyLevel::All || kind != NoticeKind::Message {
                of_one.push(Notice {
                    user: listener.user,
                    seq: message.seq,
                    kind,
                });
            }
        }
        // What is meant for the person comes before what is merely there, and each of them newest first.
        of_one.sort_by_key(|notice| notice.kind == NoticeKind::Message);
        of_one.truncate(NOTICES_AT_ONCE_MAX);
        // The newest notification is that of the newest message.
        of_one.sort_by_key(|notice| notice.seq);
        notices.extend(of_one);
    }
    notices
}

fn kind(
    message: &UnnoticedMessage,
    text: &str,
    listener: &Listener,
    callers: &Callers,
) -> NoticeKind {
    let calls_everybody = || callers.contains(&author_id(message)) && mentions(text, EVERYBODY);
    if mentions(text, &listener.name) || calls_everybody() {
        NoticeKind::Mention
    } else if message.answers == Some(listener.user) {
        NoticeKind::Reply
    } else {
        NoticeKind::Message
    }
}

/// The author's id; a twin's is nobody's among people.
fn author_id(message: &UnnoticedMessage) -> UserId {
    match &message.author {
        protocol::Author::User { id, .. } | protocol::Author::Bot { id, .. } => *id,
        protocol::Author::Twin { id, .. } => UserId::from_uuid(id.as_uuid()),
    }
}

#[cfg(test)]
mod tests {
    use protocol::Author;

    use super::*;

    struct Room {
        kim: UserId,
        unnoticed: Unnoticed,
    }

    impl Room {
        fn new() -> Self {
            Self {
                kim: UserId::new(),
                unnoticed: Unnoticed {
                    noticed_seq: 0,
                    up_to_seq: 0,
                    messages: Vec::new(),
                    listeners: Vec::new(),
                    blocks: HashSet::new(),
                },
            }
        }

        fn listener(&mut self, name: &str, level: Option<NotifyLevel>) -> UserId {
            let user = UserId::new();
            self.unnoticed.listeners.push(Listener {
                user,
                name: name.to_owned(),
                read_seq: 0,
                level,
            });
            user
        }

        /// Kim says something.
        fn says(&mut self, text: &str, answers: Option<UserId>) {
            let message = UnnoticedMessage {
                seq: self.unnoticed.messages.len() as u64 + 1,
                author: Author::User {
                    id: self.kim,
                    name: "Kim".to_owned(),
                },
                text: text.to_owned(),
                answers,
            };
            self.unnoticed.messages.insert(0, message);
        }

        fn told(&self, present: &[UserId], size: Size) -> Vec<(UserId, u64, NoticeKind)> {
            let callers = Callers::from([self.kim]);
            let present = |user| present.contains(&user);
            missed(&self.unnoticed, present, &callers, size)
                .into_iter()
                .map(|notice| (notice.user, notice.seq, notice.kind))
                .collect()
        }
    }

    #[test]
    fn each_is_told_what_they_wish_and_what_is_meant_for_them() {
        let mut room = Room::new();
        let sam = room.listener("Sam", None);
        let loud = room.listener("Lou", Some(NotifyLevel::All));
        let deaf = room.listener("Dee", Some(NotifyLevel::None));
        room.says("good morning", None);
        room.says("mail sam@example.com", None);
        room.says("@sam, @dee: the lamp", None);
        room.says("yes", Some(sam));
        room.says("@All supper", None);
        let told = room.told(&[], Size::Room);
        assert!(told.iter().all(|(user, ..)| *user != deaf));
        let of = |wanted: UserId| -> Vec<(u64, NoticeKind)> {
            let of_one = told.iter().filter(|(user, ..)| *user == wanted);
            of_one.map(|(_, seq, kind)| (*seq, *kind)).collect()
        };
        use NoticeKind::{Mention, Message, Reply};
        assert_eq!(of(sam), [(3, Mention), (4, Reply), (5, Mention)]);
        assert_eq!(
            of(loud),
            [
                (1, Message),
                (2, Message),
                (3, Message),
                (4, Message),
                (5, Mention)
            ]
        );
    }

    #[test]
    fn between_two_everything_counts_unless_it_was_seen() {
        let mut room = Room::new();
        let sam = room.listener("Sam", None);
        room.says("good morning", None);
        room.says("are you up?", None);
        let all = [(sam, 1, NoticeKind::Message), (sam, 2, NoticeKind::Message)];
        assert_eq!(room.told(&[], Size::Two), all);
        assert_eq!(room.told(&[sam], Size::Two), []);
        room.unnoticed.listeners[0].read_seq = 1;
        assert_eq!(room.told(&[], Size::Two), all[1..]);
        room.unnoticed.listeners[0].user = room.kim;
        assert_eq!(room.told(&[], Size::Two), []);
    }

    #[test]
    fn nobody_is_told_of_what_somebody_wrote_whom_they_have_blocked() {
        let mut room = Room::new();
        let sam = room.listener("Sam", Some(NotifyLevel::All));
        let lou = room.listener("Lou", Some(NotifyLevel::All));
        room.says("@sam @all: the lamp", Some(sam));
        let blocks = &mut room.unnoticed.blocks;
        blocks.insert((sam, room.kim.as_uuid()));
        // It is one-sided: who is blocked is told.
        blocks.insert((room.kim, lou.as_uuid()));
        let told = room.told(&[], Size::Room);
        assert_eq!(told, [(lou, 1, NoticeKind::Mention)]);
    }

    #[test]
    fn only_who_may_calls_everybody() {
        let mut room = Room::new();
        room.listener("Sam", None);
        room.says("@all supper", None);
        assert_eq!(room.told(&[], Size::Room).len(), 1);
        room.kim = UserId::new();
        assert_eq!(room.told(&[], Size::Room), []);
    }

    #[test]
    fn of_many_messages_what_is_meant_for_somebody_is_told_first() {
        let mut room = Room::new();
        let sam = room.listener("Sam", Some(NotifyLevel::All));
        room.says("@sam look", None);
        for number in 0..100 {
            room.says(&format!("number {number}"), None);
        }
        let told = room.told(&[], Size::Room);
        assert_eq!(told.len(), NOTICES_AT_ONCE_MAX);
        assert_eq!(told[0], (sam, 1, NoticeKind::Mention));
        assert_eq!(told[NOTICES_AT_ONCE_MAX - 1].1, 101);
    }
}
