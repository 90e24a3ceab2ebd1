//! A conversation that somebody follows or writes in: gives its messages their order and tells everybody.
//!
//! 1. [`Submit`] (`requests.rs`): membership is checked, the message appended to the log, and only then acknowledged.
//! 2. The entry is released in order to the shards that have members (`followers.rs`), and published for the other nodes.
//! 3. A change of a message ([`Alter`], `changes.rs`) or of the room ([`Administer`]) becomes an entry of the log in the same way.
//! 4. Each reply that the message asks for is claimed, handed to its twin, and streamed (`replies.rs`); people may have further
//!    attempts made at it (`attempts.rs`).
//! 5. The owner of a twin steps in: approves a reply before anybody else sees it, takes it over, writes in the twin's place
//!    (`oversight.rs`).
//! 6. Who follows now is told to those who wish to know (`presence.rs`).
//! 7. A little later those who have missed a message and are not there are told (`notices.rs`).
//! 8. Who takes part and as what is read anew after each change of it (`members.rs`).
//! 9. What other nodes publish arrives as [`BusArrived`] (`neighbours.rs`); a gap is filled from the log.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix::prelude::*;
use protocol::{Author, Change, ConversationId, Entry, ErrorCode, MessageId, TwinMode, What};
use storage::{ReplyOrder, StorageError};
use tokio::sync::Mutex;

use crate::fan_out::{RoomEvent, ShardId};
use crate::limits::{CATCH_UP_PAGE, CONVERSATION_MAILBOX_MAX};
use crate::node::Services;
use crate::supervisor::{LifeLine, WakeError};
use crate::timeline::{Arrival, Timeline, entry_frame};

mod attempts;
mod changes;
mod followers;
mod members;
mod neighbours;
mod notices;
mod oversight;
mod presence;
mod replies;
mod requests;

pub(crate) use attempts::Attempt;
pub(crate) use changes::{Administer, Alter};
use followers::ShardLink;
pub(crate) use followers::{Attach, Detach, Enter};
use members::Members;
pub(crate) use neighbours::{BusArrived, CatchUpWithLog, LogReaches};
pub(crate) use notices::Look;
use notices::Notices;
pub(crate) use oversight::{Approve, Complete, Discard, TakeOver};
pub(crate) use presence::Here;
use presence::Presence;
use replies::{Claiming, Line, OwnReply};
pub(crate) use replies::{HandOver, ResumeReplies, Stop};
pub(crate) use requests::{Acknowledged, Read, Submit, Typing};
use requests::{Appends, Sending};

/// How often a conversation looks whether it is still needed, and repairs shards that missed something.
const HOUSEKEEPING: Duration = Duration::from_millis(500);

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// A stable code.
    pub code: ErrorCode,
    /// What was wrong, for a person to read.
    pub message: String,
    /// When to try again, in milliseconds from now.
    pub retry_after_ms: Option<u64>,
}

impl Refusal {
    /// A refusal that trying again will not change.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            retry_after_ms: None,
        }
    }

    /// The same, of something that may be tried again after so many milliseconds.
    pub(crate) fn again_after(self, retry_after_ms: u64) -> Self {
        Self {
            retry_after_ms: Some(retry_after_ms),
            ..self
        }
    }

    /// A conversation that is not there, or not for this person: the two look the same.
    pub(crate) fn no_conversation() -> Self {
        Self::new(ErrorCode::NotFound, "there is no such conversation")
    }
}

impl From<StorageError> for Refusal {
    fn from(error: StorageError) -> Self {
        let code = error.code();
        let retry_after_ms = match (&error, code) {
            (StorageError::TooSoon { retry_after_ms }, _) => Some(*retry_after_ms),
            (_, ErrorCode::Unavailable | ErrorCode::Overloaded) => Some(1_000),
            _ => None,
        };
        Self {
            code,
            message: error.to_string(),
            retry_after_ms,
        }
    }
}

/// The actor.
pub(crate) struct Conversation {
    id: ConversationId,
    members: Members,
    timeline: Timeline,
    shards: HashMap<ShardId, ShardLink>,
    presence: Presence,
    notices: Notices,
    replies: HashMap<MessageId, OwnReply>,
    /// Replies that wait for their turn, by the message that they answer.
    waiting: HashMap<MessageId, Line>,
    /// Replies that are being claimed.
    claiming: HashMap<MessageId, Claiming>,
    /// Messages on their way into the log, in the order in which they came.
    appends: Appends,
    /// Messages that were judged by members of the past, and are to be judged anew.
    refused: Vec<Sending>,
    /// Messages that wait until it is known who takes part now; they came after those on their way.
    held: Vec<Sending>,
    /// Held by the change that is being made: they are made in the order in which they came.
    changing: Arc<Mutex<()>>,
    reading_log: bool,
    subscribed: bool,
    aligning: bool,
    last_needed: Instant,
    services: Services,
    /// Replies that were ordered before this activation.
    unfinished: Vec<ReplyOrder>,
    pub(crate) life_line: Option<LifeLine<Self>>,
}

impl Conversation {
    /// Loads the conversation's state.
    pub(crate) async fn load(id: ConversationId, services: Services) -> Result<Self, WakeError> {
        let conversation = services.storage.conversation(id).await?;
        let conversation = conversation.ok_or(WakeError::NotFound("conversation"))?;
        let roster = services.storage.roster(id).await?;
        let roster = roster.ok_or(WakeError::NotFound("conversation"))?;
        let unfinished = services.storage.open_replies(id).await?;
        Ok(Self {
            id,
            members: Members::new(roster),
            timeline: Timeline::new(id, conversation.last_seq),
            shards: HashMap::new(),
            presence: Presence::default(),
            notices: Notices::default(),
            replies: HashMap::new(),
            waiting: HashMap::new(),
            claiming: HashMap::new(),
            appends: Appends::new(),
            refused: Vec::new(),
            held: Vec::new(),
            changing: Arc::default(),
            reading_log: false,
            subscribed: false,
            aligning: false,
            last_needed: Instant::now(),
            services,
            unfinished,
            life_line: None,
        })
    }

    /// Takes an entry of the log, from wherever it came, and tells the local members what is next.
    fn arrive(&mut self, entry: Entry, context: &mut Context<Self>) {
        match self.timeline.arrive(entry) {
            Arrival::Released(entries) => {
                for entry in entries {
                    if let Entry::Change(change) = &entry {
                        self.heed(change, context);
                    }
                    self.await_notices(&entry, context);
                    let seq = entry.seq();
                    let message_id = entry.message().map(|message| message.message_id);
                    let frame = entry_frame(entry);
                    self.tell(
                        &RoomEvent::Entry {
                            seq,
                            message_id,
                            frame,
                        },
                        context,
                    );
                }
            }
            Arrival::Gap => self.read_log(context),
            Arrival::Known => {}
        }
    }

    /// Does what a change asks for besides being told.
    fn heed(&mut self, change: &Change, context: &mut Context<Self>) {
        match &change.what {
            What::Deleted { message_id } => self.stop_replies_to(*message_id, context),
            What::Left { member } | What::Removed { member } => {
                if let Author::Twin { id, .. } = member {
                    self.stop_replies_of(*id, context);
                }
            }
            What::ModeSet {
                member: Author::Twin { id, .. },
                mode: TwinMode::Off,
            } => self.stop_replies_of(*id, context),
            _ => {}
        }
        let is_news = change.what.member().is_some() && change.seq > self.members.seq()
            || change.what.is_of_rules() && change.seq > self.members.rules().seq;
        if is_news {
            self.refresh_members(context);
        }
    }

    /// Reads what the log has after the last entry that was released.
    fn read_log(&mut self, context: &mut Context<Self>) {
        if std::mem::replace(&mut self.reading_log, true) {
            return;
        }
        let storage = self.services.storage.clone();
        let (id, after) = (self.id, self.timeline.last_seq());
        let read = async move { storage.entries_after(id, after, CATCH_UP_PAGE).await };
        let arrived = read.into_actor(self).map(|page, this, context| {
            this.reading_log = false;
            match page {
                Ok(page) => {
                    let more = page.len() == CATCH_UP_PAGE as usize;
                    for entry in page {
                        this.arrive(entry, context);
                    }
                    if more {
                        this.read_log(context);
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, conversation = %this.id, "log cannot be read; trying again");
                    context.run_later(Duration::from_secs(1), Self::read_log);
                }
            }
        });
        context.spawn(arrived);
    }

    fn housekeeping(&mut self, context: &mut Context<Self>) {
        let missed: Vec<ShardId> = self
            .shards
            .iter()
            .filter(|(_, link)| link.missed)
            .map(|(id, _)| *id)
            .collect();
        for shard in missed {
            self.send_snapshot(shard, context);
        }
        self.shards.retain(|id, link| {
            let connected = link.addr.connected();
            if !connected {
                self.presence.shard_left(*id);
            }
            connected
        });
        self.refresh_presence(context);
        self.align_subscription(context);
        self.keep_leases(context);
        self.end_abandoned_replies(context);
        let needed = !self.shards.is_empty()
            || !self.appends.is_empty()
            || !self.refused.is_empty()
            || !self.held.is_empty()
            || self.reading_log
            || self.subscribed
            || !self.replies.is_empty()
            || !self.claiming.is_empty();
        if needed {
            self.last_needed = Instant::now();
        } else if self.last_needed.elapsed() > self.services.config.idle_after {
            context.stop();
        }
    }
}

impl Actor for Conversation {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        context.set_mailbox_capacity(CONVERSATION_MAILBOX_MAX);
        context.run_interval(HOUSEKEEPING, Self::housekeeping);
        let unfinished = std::mem::take(&mut self.unfinished);
        self.resume_replies(unfinished, context);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        if let Some(life_line) = &mut self.life_line {
            life_line.stopping();
        }
    }
}

/// Tests make the actor panic with this.
#[cfg(test)]
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Panic;

#[cfg(test)]
impl Handler<Panic> for Conversation {
    type Result = ();

    fn handle(&mut self, _: Panic, _: &mut Self::Context) {
        panic!("a test asked for it");
    }
}
