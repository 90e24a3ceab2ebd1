//! Slack: the archive of a workspace, with a folder for each channel and a file for each day.

use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

use super::super::archive::Archive;
use super::super::draft::Draft;
use super::super::{Extracted, Kind, Unreadable};

#[derive(Deserialize)]
struct Person {
    id: String,
    name: String,
    real_name: Option<String>,
    profile: Option<Profile>,
}

#[derive(Deserialize)]
struct Profile {
    display_name: Option<String>,
    real_name: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(rename = "type")]
    kind: Option<String>,
    subtype: Option<String>,
    user: Option<String>,
    username: Option<String>,
    user_profile: Option<Profile>,
    text: Option<String>,
    ts: String,
}

/// What people did rather than said.
const EVENTS: &[&str] = &[
    "channel_join",
    "channel_leave",
    "channel_topic",
    "channel_purpose",
    "channel_name",
    "channel_archive",
    "channel_unarchive",
    "group_join",
    "group_leave",
    "pinned_item",
    "bot_add",
    "bot_remove",
];

/// Reads all channels, in the order of their names.
pub(in crate::extract) fn read(archive: &mut Archive<'_>) -> Result<Extracted, Unreadable> {
    let people = archive.text("users.json")?;
    let people: Vec<Person> =
        serde_json::from_str(&people).map_err(|error| archive.damaged(error))?;
    let names: HashMap<String, String> = people
        .into_iter()
        .map(|person| (person.id.clone(), person.shown()))
        .collect();
    let mut draft = Draft::default();
    let mut channel_before = String::new();
    for part in archive.names() {
        let Some((channel, file)) = part.split_once('/') else {
            continue;
        };
        if !file.ends_with(".json") || file.contains('/') {
            continue;
        }
        let text = archive.text(&part)?;
        let mut messages: Vec<Message> =
            serde_json::from_str(&text).map_err(|error| archive.damaged(error))?;
        messages.sort_by(|left, right| left.seconds().total_cmp(&right.seconds()));
        if channel != channel_before {
            draft.conversation(&format!("#{channel}"))?;
            channel_before = channel.to_owned();
        }
        for message in messages {
            if let Some(when) = message.when() {
                let who = message.who(&names);
                let text = plain(message.text.as_deref().unwrap_or_default(), &names);
                draft.said(&who, when, &text)?;
            }
        }
    }
    Ok(draft.finish(Kind::Slack))
}

impl Person {
    /// The name that others see.
    fn shown(self) -> String {
        let profile = self.profile.and_then(Profile::shown);
        profile
            .or(self.real_name.filter(|name| !name.is_empty()))
            .unwrap_or(self.name)
    }
}

impl Profile {
    fn shown(self) -> Option<String> {
        let names = [self.display_name, self.real_name];
        names.into_iter().flatten().find(|name| !name.is_empty())
    }
}

impl Message {
    fn seconds(&self) -> f64 {
        self.ts.parse().unwrap_or(0.0)
    }

    /// When it was said, in UTC; `None` for what nobody said.
    fn when(&self) -> Option<DateTime> {
        let is_event = self
            .subtype
            .as_deref()
            .is_some_and(|subtype| EVENTS.contains(&subtype));
        if is_event || self.kind.as_deref() != Some("message") {
            return None;
        }
        let seconds = self.ts.split('.').next()?.parse().ok()?;
        let moment = Timestamp::from_second(seconds).ok()?;
        Some(TimeZone::UTC.to_datetime(moment))
    }

    fn who(&self, names: &HashMap<String, String>) -> String {
        let known = self.user.as_ref().and_then(|id| names.get(id)).cloned();
        let shown = || {
            let profile = self.user_profile.as_ref()?;
            let names = [&profile.display_name, &profile.real_name];
            names
                .into_iter()
                .flatten()
                .find(|name| !name.is_empty())
                .cloned()
        };
        known
            .or_else(shown)
            .or_else(|| self.username.clone())
            .or_else(|| self.user.clone())
            .unwrap_or_else(|| "?".to_owned())
    }
}

/// A text as people read it: names for ids, links as they are shown, and characters for their names.
fn plain(text: &str, names: &HashMap<String, String>) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('<') {
        plain.push_str(before);
        let Some((marked, after)) = after.split_once('>') else {
            plain.push('<');
            rest = after;
            continue;
        };
        let (target, label) = marked.split_once('|').unwrap_or((marked, ""));
        let person = target.strip_prefix('@').and_then(|id| names.get(id));
        match (person, target.chars().next(), label) {
            (Some(name), ..) => {
                plain.push('@');
                plain.push_str(name);
            }
            (None, Some('!'), "") => {
                plain.push('@');
                plain.push_str(&target[1..]);
            }
            (None, Some('#'), label) if !label.is_empty() => {
                plain.push('#');
                plain.push_str(label);
            }
            (None, _, "") => plain.push_str(target),
            (None, _, label) => plain.push_str(label),
        }
        rest = after;
    }
    plain.push_str(rest);
    plain
        .replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_read_as_people_see_them() {
        let names = HashMap::from([("U1".to_owned(), "Ada".to_owned())]);
        for (text, shown) in [
            (
                "<@U1>: see <https://x.example|the page>",
                "@Ada: see the page",
            ),
            (
                "<#C1|ferry> &amp; <!here> <https://y.example>",
                "#ferry & @here https://y.example",
            ),
            ("a < b", "a < b"),
        ] {
            assert_eq!(plain(text, &names), shown);
        }
    }
}
