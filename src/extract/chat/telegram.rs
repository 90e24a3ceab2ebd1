//! Telegram: `result.json` of its desktop program, of one chat or of a whole account.

use serde::Deserialize;

use super::super::draft::Draft;
use super::super::{Extracted, Kind, Unreadable};
use super::clock_time;

/// An export.
#[derive(Deserialize)]
pub(super) struct Export {
    #[serde(flatten)]
    chat: Chat,
    chats: Option<Chats>,
}

#[derive(Deserialize)]
struct Chats {
    list: Vec<Chat>,
}

#[derive(Deserialize)]
struct Chat {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    messages: Option<Vec<Message>>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: String,
    date: Option<String>,
    from: Option<String>,
    text: Option<Text>,
}

/// A text, whole or in parts that are formatted differently.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Whole(String),
    Parts(Vec<Part>),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Part {
    Plain(String),
    Formatted { text: String },
}

impl Export {
    /// Whether it is one: other JSON has messages, too.
    pub(super) fn is_one(&self) -> bool {
        let is_chat = self.chat.kind.is_some() && self.chat.messages.is_some();
        is_chat || self.chats.is_some()
    }

    /// Reads the chat, or all of them.
    pub(super) fn read(self) -> Result<Extracted, Unreadable> {
        let mut draft = Draft::default();
        let chats = self
            .chats
            .map_or_else(|| vec![self.chat], |chats| chats.list);
        for chat in chats {
            draft.conversation(chat.name.as_deref().unwrap_or("Telegram"))?;
            for message in chat.messages.unwrap_or_default() {
                let when = message.date.as_deref().and_then(clock_time);
                let (Some(when), Some(text), "message") = (when, message.text, &*message.kind)
                else {
                    continue;
                };
                let who = message.from.as_deref().unwrap_or("?");
                draft.said(who, when, &text.whole())?;
            }
        }
        Ok(draft.finish(Kind::Telegram))
    }
}

impl Text {
    fn whole(self) -> String {
        match self {
            Self::Whole(text) => text,
            Self::Parts(parts) => parts
                .into_iter()
                .map(|part| match part {
                    Part::Plain(text) | Part::Formatted { text } => text,
                })
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn who_said_what_is_kept_and_what_happened_is_not() {
        let export = r#"{"name": "Ferry", "type": "personal_chat", "id": 1, "messages": [
            {"id": 1, "type": "service", "date": "2024-03-01T18:00:00", "actor": "Ada", "action": "pin", "text": ""},
            {"id": 2, "type": "message", "date": "2024-03-01T18:30:00", "from": "Ada", "from_id": "user1", "text": "When?"},
            {"id": 3, "type": "message", "date": "2024-03-01T18:31:00", "from": "Bo",
             "text": ["At ", {"type": "bold", "text": "nine"}, "."]}
        ]}"#;
        let read = super::super::read(export).unwrap().unwrap();
        assert_eq!(
            read.text,
            "Ferry\n\n2024-03-01\n\nAda (18:30): When?\nBo (18:31): At nine."
        );
    }
}
