//! Discord: the JSON that DiscordChatExporter writes of a channel.

use serde::Deserialize;

use super::super::draft::Draft;
use super::super::{Extracted, Kind, Unreadable};
use super::clock_time;

/// An export.
#[derive(Deserialize)]
pub(super) struct Export {
    guild: Named,
    channel: Named,
    messages: Vec<Message>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Message {
    timestamp: String,
    content: String,
    author: Author,
}

#[derive(Deserialize)]
struct Author {
    name: String,
    nickname: Option<String>,
}

impl Export {
    /// Reads the channel.
    pub(super) fn read(self) -> Result<Extracted, Unreadable> {
        let mut draft = Draft::default();
        draft.conversation(&format!("{} #{}", self.guild.name, self.channel.name))?;
        for message in self.messages {
            let Some(when) = clock_time(&message.timestamp) else {
                continue;
            };
            let nickname = message.author.nickname.filter(|name| !name.is_empty());
            let who = nickname.unwrap_or(message.author.name);
            draft.said(&who, when, &message.content)?;
        }
        Ok(draft.finish(Kind::Discord))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn people_have_the_names_that_they_are_called_by_in_the_channel() {
        let export = r#"{"guild": {"id": "1", "name": "Harbour"}, "channel": {"id": "2", "name": "ferry"}, "messages": [
            {"id": "3", "type": "Default", "timestamp": "2024-03-01T18:30:05.123+01:00", "content": "When?",
             "author": {"id": "4", "name": "ada99", "nickname": "Ada"}},
            {"id": "5", "type": "GuildMemberJoin", "timestamp": "2024-03-01T18:31:00+01:00", "content": "",
             "author": {"id": "6", "name": "bo", "nickname": ""}}
        ], "messageCount": 2}"#;
        let read = super::super::read(export).unwrap().unwrap();
        assert_eq!(
            read.text,
            "Harbour #ferry\n\n2024-03-01\n\nAda (18:30): When?"
        );
        assert_eq!(read.said[0].when, "2024-03-01T18:30:05");
    }
}
