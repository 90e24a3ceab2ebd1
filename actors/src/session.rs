//! One WebSocket connection: says who it is, asks on its behalf, and follows conversations for it.
//!
//! 1. The transport streams [`Inbound`]; frames are decoded, and until `identify` or `resume` nothing else is served.
//! 2. A request goes to its conversation, which checks membership; the answer carries the request's `ref`.
//! 3. What conversations publish never passes through here: the thread's rooms push it into the [`Outbox`].
//!
//! The actor lives on its connection's worker thread and keeps running, timers and all, when its client stops reading.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use actix::prelude::*;
use bytes::Bytes;
use futures::Stream;
use protocol::{
    CloseCode, Codec, ConversationId, DecodeError, ErrorCode, RequestRef, ServerFrame, SessionId,
    TokenFamilyId, UserId,
};
use storage::TokenHash;

use crate::conversation::{Conversation, Detach, Refusal};
use crate::fan_out::{Order, SessionLink};
use crate::limits::{
    RECONNECT_AFTER, RECONNECT_SPREAD_EACH, RECONNECT_SPREAD_MAX, RECONNECT_SPREAD_MIN,
    SESSION_MAILBOX_MAX,
};
use crate::metrics;
use crate::node::{ConnectionCount, WorkerNode};
use crate::outbox::{Outbox, Outgoing};
use crate::shared_frame::encode_outgoing;

mod follow;
mod identify;
mod requests;

pub(crate) use requests::check_text;

use follow::Resuming;

/// How often a connection's timers are looked at.
const HOUSEKEEPING: Duration = Duration::from_secs(1);

/// How long a closing connection may take to read what is queued and to agree.
const CLOSE_GRACE: Duration = Duration::from_secs(2);

/// How often a connection asks who its person is, whether the log-in has been revoked, or the bot deleted, besides when it is
/// told to.
const CHECK_EVERY: Duration = Duration::from_secs(30);

/// What a connection's transport brings.
#[derive(Debug)]
pub enum Inbound {
    /// A whole text or binary message; the codec says which it is.
    Message(Bytes),
    /// A ping, to be answered with the same payload.
    Ping(Bytes),
    /// The answer to a ping.
    Pong,
    /// The client closes.
    Closed,
    /// The client broke the protocol: tell it so and close.
    Violation(CloseCode, ErrorCode, &'static str),
}

/// Who a token stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// The person.
    pub user_id: UserId,
    /// The log-in that the token came from.
    pub family: TokenFamilyId,
    /// When the token ends, in UTC milliseconds.
    pub expires_at: i64,
}

/// What a token claims to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claim {
    /// The access token of a log-in that may have ended.
    LogIn(Identity),
    /// The token of a bot, by its hash, if there is such a bot.
    Bot(TokenHash),
}

/// Why a token is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticationError {
    /// It is forged or malformed.
    #[error("the token is not valid")]
    Invalid,
    /// It has ended.
    #[error("the token has expired")]
    Expired,
}

/// Checks what tokens say by themselves.
pub trait Authenticate: Send + Sync {
    /// What the token claims to be.
    ///
    /// # Errors
    /// When the token is forged, malformed or over.
    fn authenticate(&self, token: &str) -> Result<Claim, AuthenticationError>;
}

/// Who is at the other end: a person or a bot.
#[derive(Debug, Clone)]
struct Person {
    id: UserId,
    name: String,
    is_bot: bool,
    /// Others are told that it is there.
    is_shown: bool,
    claim: Claim,
}

/// The actor.
pub(crate) struct Session {
    id: SessionId,
    codec: Codec,
    outbox: Outbox,
    worker: WorkerNode,
    person: Option<Person>,
    wants_presence: bool,
    /// Followed conversations, with the task that catches up while there is one.
    following: HashMap<ConversationId, Option<SpawnHandle>>,
    conversations: HashMap<ConversationId, Addr<Conversation>>,
    resuming: Option<Box<Resuming>>,
    unanswered: usize,
    opened: Instant,
    last_heard: Instant,
    last_ping: Instant,
    last_check: Instant,
    ending: bool,
    _count: ConnectionCount,
}

/// Serves a connection that has just been upgraded, on the calling worker thread.
pub fn serve_connection(
    worker: WorkerNode,
    codec: Codec,
    outbox: Outbox,
    inbound: impl Stream<Item = Inbound> + 'static,
) {
    Session::create(|context| {
        context.set_mailbox_capacity(SESSION_MAILBOX_MAX);
        context.add_stream(inbound);
        let now = Instant::now();
        Session {
            id: SessionId::new(),
            codec,
            outbox,
            _count: worker.count_connection(),
            worker,
            person: None,
            wants_presence: false,
            following: HashMap::new(),
            conversations: HashMap::new(),
            resuming: None,
            unanswered: 0,
            opened: now,
            last_heard: now,
            last_ping: now,
            last_check: now,
            ending: false,
        }
    });
}

impl Session {
    /// Queues a frame for this connection alone.
    fn push(&self, frame: &ServerFrame) {
        // A reader that is too slow has just been cut off; a closing connection wants nothing more.
        let _ = self.outbox.push(encode_outgoing(self.codec, frame));
    }

    fn push_error(&self, request_ref: Option<RequestRef>, refusal: Refusal) {
        metrics::error(refusal.code);
        self.push(&ServerFrame::Error {
            request_ref,
            code: refusal.code,
            message: refusal.message,
            retry_after_ms: refusal.retry_after_ms,
        });
    }

    /// Closes from this side: the client gets a little time to read what is queued and to agree.
    fn close(&mut self, code: CloseCode, reason: &'static str, context: &mut Context<Self>) {
        self.outbox.close(code, reason);
        self.end_soon(context);
    }

    fn end_soon(&mut self, context: &mut Context<Self>) {
        if !std::mem::replace(&mut self.ending, true) {
            context.run_later(CLOSE_GRACE, |_, context| context.stop());
        }
    }

    fn housekeeping(&mut self, context: &mut Context<Self>) {
        if self.ending {
            return;
        }
        self.outbox.shrink();
        metrics::outbox_looked_at(self.outbox.frames());
        if self.outbox.is_closing() {
            // Fan-out has cut a slow reader off.
            self.end_soon(context);
            return;
        }
        let heartbeat = self.worker.services().config.heartbeat;
        let identify_within = self.worker.services().config.identify_within;
        if self.last_heard.elapsed() > heartbeat.mul_f32(2.5) {
            self.close(CloseCode::Silent, "nothing was heard for too long", context);
        } else if self.person.is_none() && self.opened.elapsed() > identify_within {
            let refusal = Refusal::new(
                ErrorCode::Unauthenticated,
                "no identify or resume came in time",
            );
            self.push_error(None, refusal);
            self.close(
                CloseCode::Unauthenticated,
                "not identified in time",
                context,
            );
        } else if self.token_is_over() {
            let refusal = Refusal::new(ErrorCode::TokenExpired, "the access token has expired");
            self.push_error(None, refusal);
            self.close(CloseCode::Unauthenticated, "token expired", context);
        } else {
            self.check_person_now_and_then(context);
        }
        if self.last_ping.elapsed() >= heartbeat {
            self.last_ping = Instant::now();
            let _ = self.outbox.push(Outgoing::Ping);
        }
    }

    /// The other end has gone or agrees to go: write what is queued, and stop.
    fn peer_closed(&mut self, context: &mut Context<Self>) {
        self.outbox.close(CloseCode::Normal, "");
        self.outbox.finish();
        context.stop();
    }
}

impl Actor for Session {
    type Context = Context<Self>;

    fn started(&mut self, context: &mut Self::Context) {
        metrics::session_opened();
        context.run_interval(HOUSEKEEPING, Self::housekeeping);
        let link = SessionLink {
            outbox: self.outbox.clone(),
            codec: self.codec,
            orders: context.address().recipient(),
        };
        self.worker.rooms().borrow_mut().open(self.id, link);
    }

    fn stopped(&mut self, _: &mut Self::Context) {
        self.outbox.finish();
    }
}

impl Drop for Session {
    /// Runs at every end, a panic included: no room keeps a connection that is gone.
    fn drop(&mut self) {
        self.outbox
            .close(CloseCode::Internal, "the connection's server side failed");
        self.outbox.finish();
        for conversation in self.following.keys() {
            leave_room(&self.worker, *conversation, self.id);
        }
        let user = self.person.as_ref().map(|person| person.id);
        self.worker.rooms().borrow_mut().close(self.id, user);
        metrics::session_closed();
    }
}

/// Takes a connection out of a room, and tells the conversation when it was the thread's last.
fn leave_room(worker: &WorkerNode, conversation: ConversationId, session: SessionId) {
    let last = worker.rooms().borrow_mut().leave(conversation, session);
    let addr = worker.services().directory.awake_conversation(conversation);
    if let (true, Some(addr)) = (last, addr) {
        // Where the mailbox is full, the shard says so again at the next event.
        let _ = addr.try_send(Detach {
            shard: worker.shard_id(),
        });
    }
}

impl StreamHandler<Inbound> for Session {
    fn handle(&mut self, inbound: Inbound, context: &mut Self::Context) {
        self.last_heard = Instant::now();
        match inbound {
            Inbound::Message(bytes) => self.message(&bytes, context),
            Inbound::Ping(payload) => {
                let _ = self.outbox.push(Outgoing::Pong(payload));
            }
            Inbound::Pong => {}
            Inbound::Closed => self.peer_closed(context),
            Inbound::Violation(close, code, reason) => {
                self.push_error(None, Refusal::new(code, reason));
                self.close(close, reason, context);
            }
        }
    }

    fn finished(&mut self, context: &mut Self::Context) {
        self.peer_closed(context);
    }
}

impl Session {
    fn message(&mut self, bytes: &[u8], context: &mut Context<Self>) {
        if self.ending {
            return;
        }
        match protocol::decode_client(self.codec, bytes) {
            Ok(request) => {
                metrics::frame(request.frame.op());
                self.request(request, context);
            }
            Err(DecodeError {
                request_ref,
                code,
                message,
            }) => {
                metrics::frame(metrics::INVALID);
                self.push_error(request_ref, Refusal::new(code, message));
            }
        }
    }
}

impl Handler<Order> for Session {
    type Result = ();

    fn handle(&mut self, order: Order, context: &mut Self::Context) {
        match order {
            Order::CatchUp(conversation) => self.catch_up_again(conversation, context),
            Order::PutOut(conversation) => self.put_out(conversation, context),
            Order::CheckAccess => self.check_person(context),
            Order::Drain => {
                // Clients that all came back in the same instant would be a storm.
                let connections = self.worker.node().connections();
                let each = u32::try_from(connections).unwrap_or(u32::MAX);
                let spread = RECONNECT_SPREAD_EACH.saturating_mul(each);
                let spread = spread.clamp(RECONNECT_SPREAD_MIN, RECONNECT_SPREAD_MAX);
                let after = RECONNECT_AFTER + spread.mul_f64(rand::random());
                let after_ms = after.as_millis() as u64;
                self.push(&ServerFrame::Reconnect { after_ms });
                self.close(CloseCode::Restart, "the server restarts", context);
            }
        }
    }
}
