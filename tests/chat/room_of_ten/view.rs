//! A log as it stands after all its changes, however it was learnt: live, or read afterwards.

use std::collections::HashMap;

use protocol::{Author, ConversationId, Entry, Message, MessageId, Reaction, UserId, What};
use serde_json::Value;

use super::super::server::TestServer;

/// Each entry with its changes applied, in the order of the log.
pub(super) fn view(log: &[Entry]) -> Vec<Value> {
    let mut messages: HashMap<MessageId, Message> = HashMap::new();
    for entry in log {
        match entry {
            Entry::Message(message) => {
                messages.insert(message.message_id, message.clone());
                let says_something = message.failure.is_none() && !message.text.is_empty();
                if message.variant_of.is_some() && says_something {
                    count_only(&mut messages, message.message_id);
                }
            }
            Entry::Change(change) if matches!(change.what, What::Chosen { .. }) => {
                let chosen = change.what.message_id();
                count_only(&mut messages, chosen.expect("it names the attempt"));
            }
            Entry::Change(change) => {
                let by = match &change.author {
                    Author::User { id, .. } | Author::Bot { id, .. } => Some(*id),
                    Author::Twin { .. } => None,
                };
                let message = change.what.message_id();
                let message = message.and_then(|id| messages.get_mut(&id));
                if let (Some(message), Some(by)) = (message, by) {
                    apply(message, &change.what, by, change.created_at);
                }
            }
        }
    }
    let shown = log.iter().map(|entry| match entry {
        Entry::Message(message) => serde_json::to_value(&messages[&message.message_id]).unwrap(),
        Entry::Change(change) => {
            let mut change = serde_json::to_value(change).unwrap();
            // Read afterwards, an edit has the text of now, which its message has too.
            change.as_object_mut().unwrap().remove("text");
            change
        }
    });
    shown.collect()
}

/// Of the attempts at a reply only this one counts.
fn count_only(messages: &mut HashMap<MessageId, Message>, counts: MessageId) {
    let first_of = |message: &Message| message.variant_of.unwrap_or(message.message_id);
    let first = first_of(&messages[&counts]);
    let attempts = messages
        .values_mut()
        .filter(|message| first_of(message) == first);
    attempts.for_each(|attempt| attempt.superseded = attempt.message_id != counts);
}

/// Applies a change; to apply it again does no harm.
fn apply(message: &mut Message, what: &What, by: UserId, at: i64) {
    let mut users_of = |emoji: &protocol::Emoji| {
        let place = message.reactions.iter().position(|one| one.emoji == *emoji);
        let place = place.unwrap_or_else(|| {
            message.reactions.push(Reaction {
                emoji: emoji.clone(),
                users: Vec::new(),
            });
            message.reactions.len() - 1
        });
        let users = &mut message.reactions[place].users;
        users.retain(|user| *user != by);
        place
    };
    match what {
        What::Edited { text, .. } => {
            message.text.clone_from(text);
            message.edited_at = Some(at);
        }
        What::Deleted { .. } => {
            message.text.clear();
            message.deleted_at = Some(at);
            message.reactions.clear();
        }
        What::Reacted { emoji, .. } => {
            let place = users_of(emoji);
            message.reactions[place].users.push(by);
        }
        What::Unreacted { emoji, .. } => {
            let place = users_of(emoji);
            if message.reactions[place].users.is_empty() {
                message.reactions.remove(place);
            }
        }
        What::Pinned { .. } => message.pinned = true,
        What::Unpinned { .. } => message.pinned = false,
        _ => {}
    }
}

/// The texts of the log as the database has them, in its order; a change has none. Its numbers have no holes.
pub(super) fn kept(server: &TestServer, room: ConversationId) -> Vec<Option<String>> {
    let path = server.folder.path().join("digital-twin.sqlite");
    let database = rusqlite::Connection::open(path).unwrap();
    let sql = "SELECT seq, text FROM messages WHERE conversation_id = ?1 \
        UNION ALL SELECT seq, NULL FROM changes WHERE conversation_id = ?1 ORDER BY 1";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map([room.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)));
    let rows: Vec<(i64, Option<String>)> = rows.unwrap().map(Result::unwrap).collect();
    for (number, (seq, _)) in (1..).zip(&rows) {
        assert_eq!(*seq, number, "the log has no holes");
    }
    rows.into_iter().map(|(_, text)| text).collect()
}
