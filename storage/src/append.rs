//! Group commit: one task takes the messages that wait and commits them together.
//!
//! A commit costs a write to the disk whether it carries one message or two hundred. Each sender's answer comes after
//! the commit of its own message. A batch is stored without looking for messages that were stored before: the unique index
//! finds those, and the batch is then done again with a look at each ([`Look`]). When it fails all the same, its messages are
//! tried one by one, so that a message which cannot be stored fails alone.

mod batch;

pub(crate) use batch::{COUNT_UP, lock};
use batch::{Look, Sent};

use std::sync::Arc;
use std::time::{Duration, Instant};

use protocol::{ClientId, MessageId};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

use crate::StorageError;
use crate::engine::{ATTEMPTS_MAX, DatabaseError, Engine, check_text};
use crate::messages::{Appended, NewMessage};
use crate::metrics::{self, Call};
use crate::search::Unindexed;
use crate::storage::closed;

/// Messages in one transaction: more gain nothing measurable, and hold the conversations' rows longer.
const BATCH_MAX: usize = 256;
/// Messages that may wait: with texts of 16 KiB these are 32 MiB, and several seconds of a slow disk's work.
const WAITING_MAX: usize = 2048;
/// Batches that are looked at first after one that held a message sent again: those come in bursts, when clients come back.
const CAREFUL_BATCHES: u32 = 16;
/// How long a message may wait for its turn: its sender has given up by then, and will send it again.
const TURN_WAIT: Duration = Duration::from_secs(10);

type Outcome = Result<Appended, StorageError>;

/// The entrance to the task that appends.
pub(crate) struct Appender {
    orders: mpsc::Sender<Order>,
}

enum Order {
    Append(Box<Waiting>),
    /// Finish what came before, then stop.
    Stop(oneshot::Sender<()>),
}

/// A message that waits to be appended.
struct Waiting {
    message: NewMessage,
    since: Instant,
    answer: oneshot::Sender<Outcome>,
}

/// What waits to be appended, and where is noted what was.
pub(crate) struct Queue {
    orders: mpsc::Receiver<Order>,
    unindexed: Arc<Unindexed>,
}

impl Appender {
    /// Makes the entrance and the queue behind it, which [`work`] takes from.
    pub(crate) fn new(unindexed: Arc<Unindexed>) -> (Self, Queue) {
        let (entrance, orders) = mpsc::channel(WAITING_MAX);
        (Self { orders: entrance }, Queue { orders, unindexed })
    }

    /// Takes the message's place in the queue, now; what is returned waits for its commit.
    pub(crate) fn append(&self, message: NewMessage) -> impl Future<Output = Outcome> + use<> {
        let since = Instant::now();
        let queued = self.enqueue(message, since);
        async move {
            let outcome = match queued {
                Ok(answer) => {
                    let outcome = answer.await.unwrap_or_else(|_| Err(closed()));
                    metrics::called(Call::Append, since.elapsed());
                    outcome
                }
                Err(error) => Err(error),
            };
            outcome.inspect_err(|error| metrics::failed(Call::Append, error))
        }
    }

    fn enqueue(
        &self,
        message: NewMessage,
        since: Instant,
    ) -> Result<oneshot::Receiver<Outcome>, StorageError> {
        check_text(&message.text)?;
        check_text(message.author.name())?;
        check_text(message.client_id.as_ref().map_or("", ClientId::as_str))?;
        let (answer, outcome) = oneshot::channel();
        let waiting = Box::new(Waiting {
            message,
            since,
            answer,
        });
        self.orders
            .try_send(Order::Append(waiting))
            .map_err(|error| match error {
                mpsc::error::TrySendError::Full(_) => {
                    StorageError::Overloaded("the queue of messages")
                }
                mpsc::error::TrySendError::Closed(_) => closed(),
            })?;
        Ok(outcome)
    }

    /// Waits until what was handed over is done; the task accepts no more.
    pub(crate) async fn close(&self) {
        let (stopped, stop) = oneshot::channel();
        if self.orders.send(Order::Stop(stopped)).await.is_ok() {
            // An error means that the task is gone already.
            let _ = stop.await;
        }
    }
}

/// The task: takes orders until all entrances are gone or it is told to stop. Those who wait are answered on the runtime, so
/// that the database does not wait for them.
pub(crate) async fn work(engine: Engine, mut queue: Queue, runtime: Handle) {
    let mut writer = Writer {
        engine,
        caution: Caution::default(),
        runtime,
        unindexed: Arc::clone(&queue.unindexed),
        answering: None,
    };
    let mut orders = Vec::with_capacity(BATCH_MAX);
    while queue.orders.recv_many(&mut orders, BATCH_MAX).await > 0 {
        let mut batch = Vec::with_capacity(orders.len());
        let mut stops = Vec::new();
        for order in orders.drain(..) {
            match order {
                Order::Append(waiting) if waiting.since.elapsed() > TURN_WAIT => {
                    let reason = "the message's turn did not come in time";
                    // Whoever no longer waits for the answer misses nothing.
                    let _ = waiting
                        .answer
                        .send(Err(StorageError::Unavailable(reason.into())));
                }
                Order::Append(waiting) => batch.push(*waiting),
                Order::Stop(stopped) => {
                    queue.orders.close();
                    stops.push(stopped);
                }
            }
        }
        if !batch.is_empty() {
            writer.commit(batch).await;
        }
        for stopped in stops {
            // Closed, the queue still holds what came in before; it is small, and goes first.
            writer.finish(&mut queue).await;
            let _ = stopped.send(());
        }
    }
}

/// Commits batches one after the other.
struct Writer {
    engine: Engine,
    caution: Caution,
    runtime: Handle,
    unindexed: Arc<Unindexed>,
    /// Tells those who waited for the last batch.
    answering: Option<JoinHandle<()>>,
}

impl Writer {
    async fn commit(&mut self, batch: Vec<Waiting>) {
        let (messages, answers): (Vec<NewMessage>, Vec<_>) = batch
            .into_iter()
            .map(|waiting| (waiting.message, waiting.answer))
            .unzip();
        metrics::batch_committed(messages.len());
        let outcomes = append(&self.engine, &messages, &mut self.caution).await;
        let unindexed = Arc::clone(&self.unindexed);
        self.answering = Some(self.runtime.spawn(async move {
            for (answer, outcome) in answers.into_iter().zip(outcomes) {
                if let Ok(Appended::New(message)) = &outcome {
                    unindexed.note(message.conversation_id);
                }
                // Whoever no longer waits misses nothing: the message is stored, and sent again it is found.
                let _ = answer.send(outcome);
            }
        }));
    }

    /// Commits what is left in the queue, and waits until everybody has been told.
    async fn finish(&mut self, queue: &mut Queue) {
        while let Some(order) = queue.orders.recv().await {
            match order {
                Order::Append(waiting) => self.commit(vec![*waiting]).await,
                Order::Stop(stopped) => {
                    let _ = stopped.send(());
                }
            }
        }
        if let Some(answering) = self.answering.take() {
            // An error means that the runtime is going.
            let _ = answering.await;
        }
    }
}

/// How many batches are still looked at before they are stored.
#[derive(Default)]
struct Caution(u32);

impl Caution {
    fn look(&mut self) -> Look {
        // The broken server of the torture test never hears that a batch was refused.
        if cfg!(feature = "ack-before-commit") {
            return Look::EACH;
        }
        match self.0.checked_sub(1) {
            Some(left) => {
                self.0 = left;
                Look::EACH
            }
            None => Look::None,
        }
    }
}

/// Appends messages together or, when that fails because of one of them, one by one.
async fn append(engine: &Engine, messages: &[NewMessage], caution: &mut Caution) -> Vec<Outcome> {
    let mut look = caution.look();
    match attempt(engine, messages, &mut look, caution).await {
        Ok(outcomes) => outcomes,
        Err(error) if messages.len() == 1 || concerns_all(&error) => {
            let error = StorageError::from(error);
            messages.iter().map(|_| Err(error.clone())).collect()
        }
        Err(_) => {
            let mut outcomes = Vec::with_capacity(messages.len());
            for message in messages {
                let alone = std::slice::from_ref(message);
                match attempt(engine, alone, &mut look, caution).await {
                    Ok(outcome) => outcomes.extend(outcome),
                    Err(error) => outcomes.push(Err(error.into())),
                }
            }
            outcomes
        }
    }
}

/// Appends one message in a transaction of its own, looking for it first.
pub(crate) async fn append_alone(
    engine: &Engine,
    message: NewMessage,
) -> Result<Appended, DatabaseError> {
    let outcomes = append(engine, &[message], &mut Caution(1)).await;
    let outcome = outcomes.into_iter().next();
    outcome
        .unwrap_or_else(|| Err(closed()))
        .map_err(DatabaseError::Other)
}

/// Appends messages in one transaction, again when one was sent before, or it collided with another transaction or lost its
/// connection.
///
/// A lost connection leaves open whether the transaction was committed, which `look` notes. That does no harm: a message
/// that was committed is found by its id.
async fn attempt(
    engine: &Engine,
    messages: &[NewMessage],
    look: &mut Look,
    caution: &mut Caution,
) -> Result<Vec<Outcome>, DatabaseError> {
    let mut attempts = 1;
    loop {
        let error = match batch::append(engine, messages, *look).await {
            Ok(outcomes) => return Ok(outcomes),
            Err(error) => error,
        };
        let had_looked = *look != Look::None;
        look.after(&error);
        match error {
            DatabaseError::Collision(_) | DatabaseError::Lost(_) if attempts < ATTEMPTS_MAX => {
                attempts += 1;
            }
            DatabaseError::Unique | DatabaseError::ForeignKey if !had_looked => {
                caution.0 = CAREFUL_BATCHES;
            }
            // Another process has stored the same message since we looked: now it will be found.
            DatabaseError::Unique if messages.len() == 1 && attempts < ATTEMPTS_MAX => {
                attempts += 1;
            }
            error => return Err(error.conflict("message id").missing("twin")),
        }
    }
}

/// Whether every message of the batch would meet this error.
fn concerns_all(error: &DatabaseError) -> bool {
    matches!(
        error,
        DatabaseError::Lost(_)
            | DatabaseError::Silent(_)
            | DatabaseError::Collision(_)
            | DatabaseError::Other(StorageError::Unavailable(_) | StorageError::SchemaMissing)
    )
}

/// What a duplicate must have in common with the message that was stored. Of one that was deleted nothing is left to compare.
fn same_content(sent: &Sent, message: &NewMessage, thread: Option<MessageId>) -> bool {
    sent.stored.conversation_id == message.conversation_id
        && (sent.stored.deleted_at.is_some()
            || sent.text == message.text && sent.has_attachments(&message.attachments))
        && sent.stored.reply_to == message.reply_to
        && sent.stored.thread == thread
}
