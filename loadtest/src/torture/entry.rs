//! What a connection of the torture test receives: frames, and the entries of a log among them.

use std::collections::BTreeMap;
use std::time::Duration;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::connection::Receiver;
use crate::history::{Entry, Sent};
use crate::target::Access;

/// How long a client waits for anything at all before it connects again.
pub(super) const SILENCE: Duration = Duration::from_secs(10);

/// How often a log that cannot be shown now is asked for again, and after which time each.
const REFUSALS_MAX: u32 = 20;
const AGAIN_AFTER: Duration = Duration::from_millis(500);

/// What a change of a room says beside whom it is about.
const DETAILS: [&str; 3] = ["role", "title", "topic"];

/// Reads a conversation from its beginning, as somebody who comes for the first time.
pub(super) async fn read_all(access: &Access, room: &str) -> anyhow::Result<BTreeMap<u64, Entry>> {
    let frames = read_frames(access, room).await?;
    frames.iter().map(entry).collect()
}

/// The frames with the entries of a conversation's log. A server that says that it cannot show them now is asked again.
pub(super) async fn read_frames(access: &Access, room: &str) -> anyhow::Result<Vec<Value>> {
    let mut refusals = 0;
    loop {
        match read_once(access, room).await? {
            Ok(log) => return Ok(log),
            Err(refusal) if refusals < REFUSALS_MAX && refusal["code"] == "unavailable" => {
                refusals += 1;
                tokio::time::sleep(AGAIN_AFTER).await;
            }
            Err(refusal) => bail!("the reader was refused: {refusal}"),
        }
    }
}

/// The frames with the entries of a conversation's log, or the frame that refuses them.
async fn read_once(access: &Access, room: &str) -> anyhow::Result<Result<Vec<Value>, Value>> {
    let (sender, mut receiver) = access.join(None).await?;
    let subscribe = json!({ "op": "subscribe", "conversation_id": room, "after_seq": 0 });
    sender.send(&subscribe.to_string()).await?;
    let mut log = Vec::new();
    let mut done = false;
    while !done {
        for frame in frames(&mut receiver).await? {
            match frame["op"].as_str() {
                Some("message" | "message_done" | "change") => log.push(frame),
                Some("subscribed") => done = true,
                Some("error" | "reset") => return Ok(Err(frame)),
                _ => {}
            }
        }
    }
    Ok(Ok(log))
}

/// What comes next.
pub(super) async fn frames(receiver: &mut Receiver) -> anyhow::Result<Vec<Value>> {
    let mut frames = Vec::new();
    let received = receiver.receive(|payload| frames.push(serde_json::from_slice(payload)));
    timeout(SILENCE, received).await.context("silence")??;
    Ok(frames.into_iter().collect::<Result<_, _>>()?)
}

/// The place of an entry, and what it says: a change of a message has its sender's text by its client id.
pub(super) fn entry(frame: &Value) -> anyhow::Result<(u64, Entry)> {
    let seq = frame["seq"].as_u64().context("an entry without seq")?;
    let author = text(&frame["author"]["id"]).context("an entry without author")?;
    let said = |text: String| Entry::Said {
        author: author.clone(),
        text,
    };
    if frame["op"] != "change" {
        let text = text(&frame["text"]).context("an entry without text")?;
        return Ok((seq, said(text)));
    }
    if let Some(client_id) = frame["client_id"].as_str() {
        let sent = Sent::of_client_id(client_id).context("a change of somebody else")?;
        return Ok((seq, said(sent.text())));
    }
    let kind = text(&frame["kind"]).context("a change without kind")?;
    let member = text(&frame["member"]["id"]);
    let details = DETAILS.map(|name| frame[name].as_str().unwrap_or_default());
    let detail = details.concat();
    Ok((
        seq,
        Entry::Changed {
            author,
            kind,
            member,
            detail,
        },
    ))
}

fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned)
}
