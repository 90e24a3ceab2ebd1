//! A client of the WebSocket protocol that keeps its promises: it comes back, misses nothing and repeats nothing.
//!
//! 1. [`Client::connect`] identifies itself; later connections resume after the last entry seen of each conversation.
//! 2. A message is sent again until it is acknowledged or refused; its `client_id` makes that harmless.
//! 3. [`Client::next_event`] drives all of this, and passes each entry and each piece of a reply on once.
//!
//! It prints nothing and decides nothing for the person, so that bots and tests can use it as well.

mod error;
mod followed;
mod session;
mod socket;
mod unacknowledged;

use std::collections::HashMap;
use std::time::Duration;

use protocol::limits::SUBSCRIPTIONS_MAX;
use protocol::{
    ClientFrame, ClientId, ClientRequest, CloseCode, Codec, ConversationId, Cursor, ErrorCode,
    MessageId, ReadyUser, Recovery, RequestRef, ServerFrame, SessionId,
};
use tokio::time::{Instant, sleep_until, timeout};
use uuid::Uuid;

pub use self::error::ClientError;
pub use self::socket::{Closed, Received, Socket};

use self::followed::{Followed, Verdict};
use self::session::{Session, enter};
use self::unacknowledged::Unacknowledged;

/// The first wait before connecting again; each further one is twice as long.
const BACK_OFF_MIN: Duration = Duration::from_millis(250);

/// The longest wait before connecting again.
const BACK_OFF_MAX: Duration = Duration::from_secs(15);

/// How long a normal close may take.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);

/// Whom to connect to, how and as whom.
#[derive(Debug, Clone)]
pub struct ClientConfig {
    /// The server's WebSocket, `ws://HOST:PORT/ws`.
    pub url: String,
    /// The encoding.
    pub codec: Codec,
    /// An access token.
    pub token: String,
}

/// What happens on a connection.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientEvent {
    /// The server said something new.
    Frame(ServerFrame),
    /// The connection is lost; the client connects again by itself.
    Disconnected {
        /// What happened to it.
        reason: String,
        /// How long the client waits first.
        wait: Duration,
    },
    /// The client is connected again. What it missed follows.
    Reconnected,
}

/// A client that connects again when its connection is lost.
#[derive(Debug)]
pub struct Client {
    config: ClientConfig,
    session: Session,
    state: State,
    followed: HashMap<ConversationId, Followed>,
    unacknowledged: Unacknowledged,
    /// The subscriptions that are not answered yet, by the `ref` of their requests.
    subscribes: HashMap<String, ConversationId>,
    back_off: Duration,
    /// How long the server asked to stay away, in its last words.
    asked_to_wait: Option<Duration>,
    next_ref: u64,
}

/// What follows from a frame.
enum Taken {
    /// It is passed on.
    New(ServerFrame),
    /// It was passed on before, or will come again.
    Known,
    /// Something before it is missing.
    Gap(ConversationId),
    /// The server could not do what this client relies on, and may be able to on a new connection.
    Broken,
}

#[derive(Debug)]
enum State {
    Connected(Box<Socket>),
    /// The next attempt is due then.
    Waiting(Instant),
}

impl Client {
    /// Connects and identifies itself. It follows no conversation yet.
    ///
    /// # Errors
    /// When this first attempt fails; later losses are mended by [`next_event`](Self::next_event).
    pub async fn connect(config: ClientConfig) -> Result<Self, ClientError> {
        let identify = ClientFrame::Identify {
            token: config.token.clone(),
            presence: false,
        };
        let (socket, session) = enter(&config, identify).await?;
        Ok(Self {
            config,
            session,
            state: State::Connected(Box::new(socket)),
            followed: HashMap::new(),
            unacknowledged: Unacknowledged::default(),
            subscribes: HashMap::new(),
            back_off: BACK_OFF_MIN,
            asked_to_wait: None,
            next_ref: 0,
        })
    }

    /// Who the client is.
    pub fn user(&self) -> &ReadyUser {
        &self.session.user
    }

    /// The connection's id; a new connection has a new one.
    pub fn session_id(&self) -> SessionId {
        self.session.id
    }

    /// The last entry of a followed conversation that was passed on.
    pub fn last_seq(&self, conversation_id: ConversationId) -> Option<u64> {
        self.followed.get(&conversation_id)?.last_seq()
    }

    /// The text so far of a reply that is being written in a followed conversation.
    pub fn reply_text(&self, conversation_id: ConversationId, reply: MessageId) -> Option<&str> {
        self.followed.get(&conversation_id)?.text(reply)
    }

    /// Takes a new access token, for the next time the client identifies itself.
    pub fn set_token(&mut self, token: String) {
        self.config.token = token;
    }

    /// Follows a conversation: first what came after `after_seq` (0 for everything, `None` for nothing), then live.
    /// The server's answer comes as a `subscribed` or an `error` frame.
    pub async fn subscribe(&mut self, conversation_id: ConversationId, after_seq: Option<u64>) {
        self.followed
            .insert(conversation_id, Followed::after(after_seq));
        self.request_subscription(conversation_id, after_seq).await;
    }

    async fn request_subscription(
        &mut self,
        conversation_id: ConversationId,
        after_seq: Option<u64>,
    ) {
        let subscribe = ClientFrame::Subscribe {
            conversation_id,
            after_seq,
        };
        if let Some(request_ref) = self.request(subscribe).await {
            self.subscribes
                .insert(request_ref.to_string(), conversation_id);
        }
    }

    /// Follows a conversation no longer.
    pub async fn unsubscribe(&mut self, conversation_id: ConversationId) {
        self.followed.remove(&conversation_id);
        self.request(ClientFrame::Unsubscribe { conversation_id })
            .await;
    }

    /// Queues a message, which is sent until it is acknowledged or refused: an `ack` frame with the id that is
    /// returned, or an `error` frame with that id as its `ref`. An error that passes (`rate_limited`, `overloaded`,
    /// `unavailable`) is passed on too, and the message sent again.
    pub fn send(
        &mut self,
        conversation_id: ConversationId,
        text: &str,
        reply_to: Option<MessageId>,
    ) -> ClientId {
        let client_id: ClientId = Uuid::now_v7()
            .to_string()
            .try_into()
            .expect("a UUID is printable");
        let text = text.to_owned();
        let now = Instant::now();
        self.unacknowledged
            .push(conversation_id, client_id.clone(), text, reply_to, now);
        client_id
    }

    /// Asks the server to stop a reply; what was said is kept, and `message_done` says so.
    pub async fn stop(&mut self, conversation_id: ConversationId, message_id: MessageId) {
        self.request(ClientFrame::Stop {
            conversation_id,
            message_id,
        })
        .await;
    }

    /// Sends a frame of any kind once, and returns the `ref` of its answer; without a connection it does nothing.
    pub async fn request(&mut self, frame: ClientFrame) -> Option<RequestRef> {
        let State::Connected(socket) = &mut self.state else {
            return None;
        };
        self.next_ref += 1;
        let request_ref: RequestRef = format!("r{}", self.next_ref)
            .try_into()
            .expect("it is printable");
        let request = ClientRequest {
            request_ref: Some(request_ref.clone()),
            frame,
        };
        // A connection that is lost says so to whoever reads next.
        let _ = socket.send(&request).await;
        Some(request_ref)
    }

    /// Waits for the next new frame; the losses of connections in between are mended silently.
    ///
    /// # Errors
    /// As [`next_event`](Self::next_event).
    pub async fn next_frame(&mut self) -> Result<ServerFrame, ClientError> {
        loop {
            if let ClientEvent::Frame(frame) = self.next_event().await? {
                return Ok(frame);
            }
        }
    }

    /// Waits for what happens next. Nothing is sent, read or mended but in here; dropping the wait loses nothing.
    ///
    /// # Errors
    /// When connecting again would not help. After [`ClientError::Unauthenticated`] it will, with a new token.
    pub async fn next_event(&mut self) -> Result<ClientEvent, ClientError> {
        loop {
            match &mut self.state {
                State::Waiting(due) => {
                    sleep_until(*due).await;
                    if self.come_back().await? {
                        return Ok(ClientEvent::Reconnected);
                    }
                }
                State::Connected(socket) => {
                    let next = next_on(socket, &mut self.unacknowledged, self.session.silence_max);
                    match next.await {
                        Received::Frame(frame) => match self.take(frame) {
                            Taken::New(frame) => return Ok(ClientEvent::Frame(frame)),
                            Taken::Known => {}
                            Taken::Gap(conversation_id) => self.catch_up(conversation_id).await,
                            Taken::Broken => {
                                let reason = "the server could not go on with a conversation";
                                return self.lost(Closed::without_code(reason));
                            }
                        },
                        Received::Alive => {}
                        Received::Closed(closed) => return self.lost(closed),
                    }
                }
            }
        }
    }

    /// Leaves: tells the server, so that it need not wait for this client to come back.
    pub async fn close(self) {
        if let State::Connected(socket) = self.state {
            // A server that does not agree in time is left without its consent.
            let _ = timeout(CLOSE_TIMEOUT, socket.close()).await;
        }
    }

    /// Takes a frame and says what follows from it.
    fn take(&mut self, frame: ServerFrame) -> Taken {
        let now = Instant::now();
        match frame {
            ServerFrame::Message(message) => self.judge(message.conversation_id, |followed| {
                followed.message(message, ServerFrame::Message)
            }),
            ServerFrame::MessageDone(message) => self.judge(message.conversation_id, |followed| {
                followed.message(message, ServerFrame::MessageDone)
            }),
            ServerFrame::Change(change) => {
                self.judge(change.conversation_id, |followed| followed.change(change))
            }
            ServerFrame::MessageStart {
                conversation_id, ..
            } => self.judge(conversation_id, |followed| followed.message_start(frame)),
            ServerFrame::Delta {
                conversation_id, ..
            } => self.judge(conversation_id, |followed| followed.delta(frame)),
            ServerFrame::Subscribed {
                conversation_id,
                last_seq,
                ..
            } => {
                if let Some(followed) = self.followed.get_mut(&conversation_id) {
                    followed.subscribed(last_seq);
                }
                self.subscribes.retain(|_, id| *id != conversation_id);
                Taken::New(frame)
            }
            ServerFrame::Reset {
                conversation_id,
                code,
                ..
            } => match self.followed.contains_key(&conversation_id) {
                true if passes(code) => Taken::Broken,
                _ => {
                    self.followed.remove(&conversation_id);
                    Taken::New(frame)
                }
            },
            ServerFrame::Ack { ref client_id, .. } => {
                self.unacknowledged.acknowledged(client_id.as_str(), now);
                Taken::New(frame)
            }
            ServerFrame::Error {
                request_ref: None,
                code,
                ..
            } if passes(code) && self.followed.values().any(Followed::is_catching_up) => {
                Taken::Broken
            }
            ServerFrame::Error {
                request_ref: Some(ref request_ref),
                code,
                retry_after_ms,
                ..
            } => {
                let request_ref = request_ref.as_str();
                match self.subscribes.remove(request_ref) {
                    Some(_) if passes(code) => return Taken::Broken,
                    Some(refused) => {
                        self.followed.remove(&refused);
                    }
                    None => {
                        self.unacknowledged
                            .refused(request_ref, code, retry_after_ms, now);
                    }
                }
                Taken::New(frame)
            }
            ServerFrame::Reconnect { after_ms } => {
                self.asked_to_wait = Some(Duration::from_millis(after_ms));
                Taken::New(frame)
            }
            _ => Taken::New(frame),
        }
    }

    fn judge(
        &mut self,
        conversation_id: ConversationId,
        verdict: impl FnOnce(&mut Followed) -> Verdict,
    ) -> Taken {
        let Some(followed) = self.followed.get_mut(&conversation_id) else {
            return Taken::Known;
        };
        match verdict(followed) {
            Verdict::Pass(frame) => Taken::New(frame),
            Verdict::Skip => Taken::Known,
            Verdict::Gap => Taken::Gap(conversation_id),
        }
    }

    /// Asks for what is missing of a conversation.
    async fn catch_up(&mut self, conversation_id: ConversationId) {
        if let Some(followed) = self.followed.get_mut(&conversation_id) {
            followed.catch_up();
            let after_seq = followed.last_seq();
            self.request_subscription(conversation_id, after_seq).await;
        }
    }

    /// What follows from the end of a connection.
    fn lost(&mut self, closed: Closed) -> Result<ClientEvent, ClientError> {
        let code = closed.code.and_then(CloseCode::from_u16);
        let now = Instant::now();
        match code.map_or(Recovery::Resume, CloseCode::recovery) {
            Recovery::Resume => {
                let wait = self.next_wait();
                self.state = State::Waiting(now + wait);
                let reason = closed.reason;
                Ok(ClientEvent::Disconnected { reason, wait })
            }
            Recovery::Reauthenticate => {
                self.state = State::Waiting(now);
                Err(ClientError::Unauthenticated {
                    code: ErrorCode::Unauthenticated,
                    message: closed.reason,
                })
            }
            Recovery::Stop => {
                self.state = State::Waiting(now + BACK_OFF_MAX);
                Err(ClientError::Closed(closed))
            }
        }
    }

    /// Tries to connect and to resume; `false` when the next attempt has to wait.
    async fn come_back(&mut self) -> Result<bool, ClientError> {
        // Counted before the attempt, so that one that is dropped half-way is not repeated at once.
        let wait = self.next_wait();
        self.state = State::Waiting(Instant::now() + wait);
        let known = self.followed.iter().filter_map(|(&id, followed)| {
            followed.last_seq().map(|after_seq| Cursor {
                conversation_id: id,
                after_seq,
            })
        });
        let resume = ClientFrame::Resume {
            token: self.config.token.clone(),
            cursors: known.take(SUBSCRIPTIONS_MAX).collect(),
            presence: false,
        };
        match enter(&self.config, resume).await {
            Ok((socket, session)) => {
                self.state = State::Connected(Box::new(socket));
                self.session = session;
                self.subscribes.clear();
                self.back_off = BACK_OFF_MIN;
                self.unacknowledged.reconnected(Instant::now());
                let mut unknown = Vec::new();
                for (&id, followed) in &mut self.followed {
                    match followed.last_seq() {
                        Some(_) => followed.catch_up(),
                        None => unknown.push(id),
                    }
                }
                for id in unknown {
                    self.catch_up(id).await;
                }
                Ok(true)
            }
            Err(ClientError::Unreachable { .. } | ClientError::Handshake { .. }) => Ok(false),
            Err(ClientError::Refused { code, .. }) if passes(code) => Ok(false),
            Err(ClientError::Closed(closed)) => match self.lost(closed) {
                Ok(_) => Ok(false),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        }
    }

    /// How long to wait before the next attempt: what the server asked for, or a jittered wait that doubles.
    fn next_wait(&mut self) -> Duration {
        if let Some(asked) = self.asked_to_wait.take() {
            return asked;
        }
        let wait = self.back_off.mul_f64(rand::random_range(0.5..=1.0));
        self.back_off = (self.back_off * 2).min(BACK_OFF_MAX);
        wait
    }
}

fn passes(code: ErrorCode) -> bool {
    matches!(
        code,
        ErrorCode::Unavailable
            | ErrorCode::Overloaded
            | ErrorCode::RateLimited
            | ErrorCode::LimitReached
            | ErrorCode::Internal
    )
}

/// Sends what is due and waits for what comes.
async fn next_on(
    socket: &mut Socket,
    unacknowledged: &mut Unacknowledged,
    silence_max: Duration,
) -> Received {
    let silent = Instant::now() + silence_max;
    loop {
        while let Some(request) = unacknowledged.take_due(Instant::now()) {
            if let Err(closed) = socket.send(&request).await {
                return Received::Closed(closed);
            }
        }
        let due = unacknowledged.next_due();
        tokio::select! {
            received = socket.receive() => return received,
            () = sleep_until(due.unwrap_or(silent)), if due.is_some() => {}
            () = sleep_until(silent) => {
                let reason = "the server has been silent for too long";
                return Received::Closed(Closed::without_code(reason));
            }
        }
    }
}

#[cfg(test)]
mod tests;
