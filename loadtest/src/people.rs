//! People who write to each other, two and two, at a pace.

use std::rc::Rc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

use crate::connection::{Receiver, Sender};
use crate::run::{Counts, stamp};
use crate::target::Target;

/// Who write to each other.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pairs {
    /// How many they are.
    pub(crate) number: usize,
    /// Messages of all of them in a second.
    pub(crate) messages_per_second: f64,
    /// Whether who writes is at the first node and who reads at the last; else both are at the first.
    pub(crate) apart: bool,
}

/// Connects the two of each pair, of whom one writes; the first counts have the acknowledgement of each message, the second its
/// arrival at the other.
pub(crate) async fn connect(
    target: &Target,
    pairs: Pairs,
    [acknowledgements, arrivals]: [&Rc<Counts>; 2],
    clients: &mut JoinSet<anyhow::Result<()>>,
) -> anyhow::Result<()> {
    let every = Duration::from_secs_f64(pairs.number as f64 / pairs.messages_per_second);
    let mut reads = target.other_access();
    if pairs.apart {
        reads = target.at_last_node(&reads);
    }
    for number in 0..pairs.number {
        let room = target.make_room(number).await?;
        let (sender, acknowledged) = target.access.join(None).await?;
        let (_, arrived) = reads.join(Some(&room)).await?;
        clients.spawn_local(count_stamps(acknowledged, acknowledgements.clone()));
        clients.spawn_local(count_stamps(arrived, arrivals.clone()));
        let offset = every.mul_f64(number as f64 / pairs.number as f64);
        clients.spawn_local(write(sender, room, every, offset, arrivals.clone()));
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
pub(crate) async fn count_stamps(mut receiver: Receiver, counts: Rc<Counts>) -> anyhow::Result<()> {
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
