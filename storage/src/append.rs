//! Group commit: one task takes the messages that wait and commits them together.
//!
//! A commit costs a write to the disk whether it carries one message or two hundred. Each sender's answer comes after
//! the commit of its own message. When a batch fails, its messages are tried one by one, so that a message which
//! cannot be stored fails alone.

mod batch;

pub(crate) use batch::COUNT_UP;

use std::time::{Duration, Instant};

use protocol::{ClientId, Message};
use tokio::sync::{mpsc, oneshot};

use crate::StorageError;
use crate::engine::{ATTEMPTS_MAX, DatabaseError, Engine, check_text};
use crate::messages::{Appended, NewMessage};
use crate::metrics::{self, Call};
use crate::storage::closed;

/// Messages in one transaction: more gain nothing measurable, and hold the conversations' rows longer.
const BATCH_MAX: usize = 256;
/// Messages that may wait: with texts of 16 KiB these are 32 MiB, and several seconds of a slow disk's work.
const WAITING_MAX: usize = 2048;
/// How long a message may wait for its turn: its sender has given up by then, and will send it again.
const TURN_WAIT: Duration = Duration::from_secs(10);

type Outcome = Result<Appended, StorageError>;

/// The entrance to the task that appends.
pub(crate) struct Appender {
    orders: mpsc::Sender<Order>,
}

enum Order {
    Append(Waiting),
    /// Finish what came before, then stop.
    Stop(oneshot::Sender<()>),
}

/// A message that waits to be appended.
struct Waiting {
    message: NewMessage,
    since: Instant,
    answer: oneshot::Sender<Outcome>,
}

impl Appender {
    /// Starts the task on the runtime of the caller.
    pub(crate) fn start(engine: Engine) -> Self {
        let (orders, queue) = mpsc::channel(WAITING_MAX);
        tokio::spawn(work(engine, queue));
        Self { orders }
    }

    /// Takes the message's place in the queue, now; what is returned waits for its commit.
    pub(crate) fn append(&self, message: NewMessage) -> impl Future<Output = Outcome> + use<> {
        let since = Instant::now();
        let queued = self.enqueue(message, since);
        async move {
            let outcome = queued?.await.map_err(|_| closed())?;
            metrics::called(Call::Append, since.elapsed());
            outcome
        }
    }

    fn enqueue(
        &self,
        message: NewMessage,
        since: Instant,
    ) -> Result<oneshot::Receiver<Outcome>, StorageError> {
        check_text(&message.text)?;
        let (_, name) = batch::author_parts(&message.author);
        check_text(name)?;
        check_text(message.client_id.as_ref().map_or("", ClientId::as_str))?;
        let (answer, outcome) = oneshot::channel();
        let waiting = Waiting {
            message,
            since,
            answer,
        };
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

/// The task: takes orders until all entrances are gone or it is told to stop.
async fn work(engine: Engine, mut queue: mpsc::Receiver<Order>) {
    let mut orders = Vec::with_capacity(BATCH_MAX);
    while queue.recv_many(&mut orders, BATCH_MAX).await > 0 {
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
                Order::Append(waiting) => batch.push(waiting),
                Order::Stop(stopped) => {
                    queue.close();
                    stops.push(stopped);
                }
            }
        }
        if !batch.is_empty() {
            commit(&engine, batch).await;
        }
        for stopped in stops {
            // Closed, the queue still holds what came in before; it is small, and goes first.
            finish(&engine, &mut queue).await;
            let _ = stopped.send(());
        }
    }
}

async fn finish(engine: &Engine, queue: &mut mpsc::Receiver<Order>) {
    while let Some(order) = queue.recv().await {
        match order {
            Order::Append(waiting) => commit(engine, vec![waiting]).await,
            Order::Stop(stopped) => {
                let _ = stopped.send(());
            }
        }
    }
}

async fn commit(engine: &Engine, batch: Vec<Waiting>) {
    let (messages, answers): (Vec<NewMessage>, Vec<_>) = batch
        .into_iter()
        .map(|waiting| (waiting.message, waiting.answer))
        .unzip();
    metrics::batch_committed(messages.len());
    let outcomes = append(engine, &messages).await;
    for (answer, outcome) in answers.into_iter().zip(outcomes) {
        // Whoever no longer waits for the answer misses nothing: the message is stored, and sent again it is found.
        let _ = answer.send(outcome);
    }
}

/// Appends messages together or, when that fails because of one of them, one by one.
async fn append(engine: &Engine, messages: &[NewMessage]) -> Vec<Outcome> {
    let mut unknown_end = false;
    match attempt(engine, messages, &mut unknown_end).await {
        Ok(outcomes) => outcomes,
        Err(error) if messages.len() == 1 || concerns_all(&error) => {
            let error = StorageError::from(error);
            messages.iter().map(|_| Err(error.clone())).collect()
        }
        Err(_) => {
            let mut outcomes = Vec::with_capacity(messages.len());
            for message in messages {
                let alone = std::slice::from_ref(message);
                match attempt(engine, alone, &mut unknown_end).await {
                    Ok(outcome) => outcomes.extend(outcome),
                    Err(error) => outcomes.push(Err(error.into())),
                }
            }
            outcomes
        }
    }
}

/// Appends one message in a transaction of its own.
pub(crate) async fn append_alone(
    engine: &Engine,
    message: NewMessage,
) -> Result<Appended, DatabaseError> {
    let outcomes = append(engine, &[message]).await;
    let outcome = outcomes.into_iter().next();
    outcome
        .unwrap_or_else(|| Err(closed()))
        .map_err(DatabaseError::Other)
}

/// Appends messages in one transaction, again when it collided with another or its connection was lost.
///
/// A lost connection leaves open whether the transaction was committed, which `unknown_end` notes. That does no harm:
/// a message that was committed is found by its id.
async fn attempt(
    engine: &Engine,
    messages: &[NewMessage],
    unknown_end: &mut bool,
) -> Result<Vec<Outcome>, DatabaseError> {
    let mut attempts = 1;
    loop {
        let outcome = batch::append(engine, messages, *unknown_end).await;
        *unknown_end |= matches!(
            outcome,
            Err(DatabaseError::Lost(_) | DatabaseError::Silent(_))
        );
        match outcome {
            Err(DatabaseError::Collision(_) | DatabaseError::Lost(_))
                if attempts < ATTEMPTS_MAX =>
            {
                attempts += 1;
            }
            // Another process has stored the same message since we looked: now it will be found.
            Err(DatabaseError::Unique) if messages.len() == 1 && attempts < ATTEMPTS_MAX => {
                attempts += 1;
            }
            Err(error) => return Err(error.conflict("message id").missing("twin")),
            Ok(outcomes) => return Ok(outcomes),
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

/// What a duplicate must have in common with the message that was stored.
fn same_content(stored: &Message, message: &NewMessage) -> bool {
    stored.conversation_id == message.conversation_id
        && stored.text == message.text
        && stored.reply_to == message.reply_to
}
