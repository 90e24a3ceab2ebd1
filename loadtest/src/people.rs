//! People who write to each other, two and two, at a pace.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::connection::{Receiver, Sender};
use crate::run::{Counts, stamp};
use crate::target::Target;

/// Connects the two of each pair, of whom one writes; counted are the acknowledgement of each message and its arrival at the other.
pub(crate) async fn connect(
    target: &Target,
    pairs: usize,
    messages_per_second: f64,
    counts: &Rc<Counts>,
    clients: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let every = Duration::from_secs_f64(pairs as f64 / messages_per_second);
    for number in 0..pairs {
        let room = target.make_room(number).await?;
        let (sender, acknowledged) = target.access.join(None).await?;
        let (_, arrived) = target.other_access().join(Some(&room)).await?;
        for receiver in [acknowledged, arrived] {
            clients.spawn_local(count_stamps(receiver, counts.clone()));
        }
        let offset = every.mul_f64(number as f64 / pairs as f64);
        clients.spawn_local(write(sender, room, every, offset, counts.clone()));
    }
    Ok(())
}

/// Writes messages at a pace, whatever becomes of them.
async fn write(
    sender: Sender,
    room: String,
    every: Duration,
    offset: Duration,
    counts: Rc<Counts>,
) -> anyhow::Result<()> {
    let first = counts.began + counts.began.elapsed() + offset;
    for number in 0_u32.. {
        let due = first + every * number;
        sleep_until(due.into()).await;
        let due_ns = u64::try_from((due - counts.began).as_nanos())?;
        // The acknowledgement holds the client's id, the message its text.
        let stamp = format!("@{due_ns:020}{number:010}");
        let frame = json!({
            "op": "send", "conversation_id": room, "client_id": stamp, "text": stamp
        });
        sender.send(&frame.to_string()).await?;
    }
    Ok(())
}

/// Counts every frame that tells of a stamped message.
async fn count_stamps(mut receiver: Receiver, counts: Rc<Counts>) -> anyhow::Result<()> {
    loop {
        let mut refused = None;
        let frame = |payload: &[u8]| match stamp(payload) {
            Some((due_ns, _)) => counts.done(due_ns, counts.now_ns()),
            None if payload.starts_with(br#"{"op":"error""#) => {
                refused = Some(String::from_utf8_lossy(payload).into_owned());
            }
            None => {}
        };
        receiver.receive(frame).await?;
        if let Some(refused) = refused {
            anyhow::bail!("refused: {refused}");
        }
    }
}
