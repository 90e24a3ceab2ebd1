//! Exports of chats: who said what, when.

pub(super) mod slack;

mod discord;
mod telegram;
mod wechat;
mod whatsapp;

use jiff::civil::DateTime;
use serde::de::DeserializeOwned;

use super::{Extracted, Unreadable};

/// Reads a text that is an export of a chat; `None` when it is something else.
pub(super) fn read(text: &str) -> Option<Result<Extracted, Unreadable>> {
    if whatsapp::is_chat(text) {
        return Some(whatsapp::read(text));
    }
    if wechat::is_chat(text) {
        return Some(wechat::read(text));
    }
    if text.trim_start().starts_with('{') {
        if let Some(export) = json::<telegram::Export>(text).filter(telegram::Export::is_one) {
            return Some(export.read());
        }
        if let Some(export) = json::<discord::Export>(text) {
            return Some(export.read());
        }
    }
    None
}

fn json<T: DeserializeOwned>(text: &str) -> Option<T> {
    serde_json::from_str(text).ok()
}

/// The time of a text like `2024-03-01T18:30:05.123+01:00`, as it stands on the clock there.
fn clock_time(text: &str) -> Option<DateTime> {
    text.get(..19)?.parse().ok()
}
