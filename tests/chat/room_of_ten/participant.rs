//! Somebody who takes part in the scripted room: a connection that is always read, and all that it was told.

use std::cell::{Cell, RefCell};

use digital_twin::chat::connection::{Received, Socket};
use protocol::{
    Change, ClientFrame, ClientId, ClientRequest, Codec, ConversationId, Cursor, Entry, ErrorCode,
    Message, MessageId, RequestRef, ServerFrame,
};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

use super::super::PATIENCE;
use super::super::server::{Person, TestServer};

/// Somebody who takes part.
pub(super) struct Participant {
    pub(super) person: Person,
    name: &'static str,
    url: String,
    codec: Codec,
    room: ConversationId,
    connection: RefCell<Option<Connection>>,
    /// Every frame of every connection, in the order in which it came.
    told: watch::Sender<Vec<ServerFrame>>,
    asked: Cell<u64>,
}

/// A connection that is read all the time.
struct Connection {
    /// What to send next.
    orders: mpsc::UnboundedSender<ClientRequest>,
    reads: JoinHandle<()>,
}

/// A request that was acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Done {
    pub(super) seq: u64,
    pub(super) message: MessageId,
}

impl Participant {
    /// Connects, and follows the room from its beginning.
    pub(super) async fn enter(
        server: &TestServer,
        name: &'static str,
        person: &Person,
        codec: Codec,
        room: ConversationId,
    ) -> Self {
        let participant = Self {
            person: person.clone(),
            name,
            url: format!("{}/ws", server.url.replacen("http", "ws", 1)),
            codec,
            room,
            connection: RefCell::new(None),
            told: watch::Sender::default(),
            asked: Cell::new(0),
        };
        let token = person.token.clone();
        // It is told who is there.
        let presence = true;
        participant
            .connect(ClientFrame::Identify { token, presence })
            .await;
        participant.follow().await;
        participant
    }

    /// Follows the room after the last entry that was seen.
    pub(super) async fn follow(&self) {
        let subscribe = ClientFrame::Subscribe {
            conversation_id: self.room,
            after_seq: Some(self.last_seq()),
        };
        let asked = self.ask(subscribe);
        self.until("the room", |frame| match frame {
            ServerFrame::Subscribed { request_ref, .. } => (*request_ref == asked).then_some(()),
            _ => None,
        })
        .await;
    }

    /// Loses the connection without a word.
    pub(super) async fn lose_connection(&self) {
        let connection = self.connection.take().expect("it is connected");
        drop(connection.orders);
        connection.reads.await.unwrap();
    }

    /// Comes back: what was missed is there when this ends.
    pub(super) async fn come_back(&self) {
        let resume = ClientFrame::Resume {
            token: self.person.token.clone(),
            cursors: vec![Cursor {
                conversation_id: self.room,
                after_seq: self.last_seq(),
            }],
            presence: true,
        };
        let asked = self.connect(resume).await;
        self.until("its return", |frame| match frame {
            ServerFrame::Resumed { request_ref } => (*request_ref == asked).then_some(()),
            _ => None,
        })
        .await;
    }

    /// Opens a connection with this first frame, and has it read from then on.
    async fn connect(&self, first: ClientFrame) -> Option<RequestRef> {
        let mut socket = Socket::open(&self.url, self.codec).await.unwrap();
        let (orders, mut wished) = mpsc::unbounded_channel();
        let told = self.told.clone();
        let reads = actix_web::rt::spawn(async move {
            loop {
                tokio::select! {
                    received = socket.receive() => match received {
                        Received::Frame(frame) => told.send_modify(|told| told.push(frame)),
                        Received::Alive => {}
                        Received::Closed(_) => return,
                    },
                    wish = wished.recv() => match wish {
                        Some(request) => socket.send(&request).await.unwrap(),
                        None => return,
                    },
                }
            }
        });
        *self.connection.borrow_mut() = Some(Connection { orders, reads });
        self.ask(first)
    }

    /// Sends a frame; gives the `ref` that its answer will carry.
    pub(super) fn ask(&self, frame: ClientFrame) -> Option<RequestRef> {
        self.asked.set(self.asked.get() + 1);
        let request_ref = self.asked.get().to_string().try_into().ok();
        let request = ClientRequest {
            request_ref: request_ref.clone(),
            frame,
        };
        let connection = self.connection.borrow();
        let connection = connection.as_ref().expect("it is connected");
        connection
            .orders
            .send(request)
            .expect("its connection is there");
        request_ref
    }

    /// The client id of what is asked next.
    pub(super) fn client_id(&self) -> ClientId {
        let client_id = format!("{}-{}", self.name, self.asked.get());
        client_id.try_into().unwrap()
    }

    /// Asks for something that becomes an entry of the log, and waits for the answer.
    pub(super) async fn try_to(&self, frame: ClientFrame) -> Result<Done, ErrorCode> {
        let asked = self.ask(frame);
        self.until("its answer", |frame| match frame {
            ServerFrame::Ack {
                request_ref,
                seq,
                message_id,
                ..
            } if *request_ref == asked => Some(Ok(Done {
                seq: *seq,
                message: *message_id,
            })),
            ServerFrame::Error {
                request_ref, code, ..
            } if *request_ref == asked => Some(Err(*code)),
            _ => None,
        })
        .await
    }

    /// Asks for something that is not refused.
    pub(super) async fn does(&self, frame: ClientFrame) -> Done {
        let done = self.try_to(frame).await;
        done.unwrap_or_else(|code| panic!("{} is refused: {code}", self.name))
    }

    /// Says something.
    pub(super) async fn says(&self, text: &str) -> Done {
        self.does(self.message(text, None, None)).await
    }

    /// Says something to a message.
    pub(super) async fn answers(&self, reply_to: Done, text: &str) -> Done {
        self.does(self.message(text, Some(reply_to.message), None))
            .await
    }

    /// Says something in the thread of a message.
    pub(super) async fn says_in_thread(&self, root: Done, text: &str) -> Done {
        self.does(self.message(text, None, Some(root.message)))
            .await
    }

    /// Answers a message in the thread of another.
    pub(super) async fn answers_in_thread(&self, root: Done, reply_to: Done, text: &str) -> Done {
        let (reply_to, root) = (reply_to.message, root.message);
        self.does(self.message(text, Some(reply_to), Some(root)))
            .await
    }

    /// The frame of a message to the room.
    pub(super) fn message(
        &self,
        text: &str,
        reply_to: Option<MessageId>,
        thread: Option<MessageId>,
    ) -> ClientFrame {
        ClientFrame::Send {
            conversation_id: self.room,
            client_id: self.client_id(),
            text: text.to_owned(),
            reply_to,
            thread,
            attachments: Vec::new(),
        }
    }

    /// What `wanted` makes of the first frame that it takes, of all that came and that will come.
    pub(super) async fn until<T>(
        &self,
        what: &str,
        wanted: impl Fn(&ServerFrame) -> Option<T>,
    ) -> T {
        let mut told = self.told.subscribe();
        let found = async {
            loop {
                if let Some(found) = told.borrow_and_update().iter().find_map(&wanted) {
                    return found;
                }
                told.changed().await.expect("its sender is there");
            }
        };
        let found = tokio::time::timeout(PATIENCE, found).await;
        found.unwrap_or_else(|_| panic!("{} waits for {what} in vain", self.name))
    }

    /// Waits until the newest frame of a kind, for which `wanted` says whether it is right, is right.
    pub(super) async fn last_is(&self, what: &str, wanted: impl Fn(&ServerFrame) -> Option<bool>) {
        let mut told = self.told.subscribe();
        let is_right = |told: &Vec<ServerFrame>| told.iter().rev().find_map(&wanted) == Some(true);
        let waited = tokio::time::timeout(PATIENCE, told.wait_for(is_right)).await;
        let is_told = waited.is_ok_and(|told| told.is_ok());
        assert!(is_told, "{} waits for {what} in vain", self.name);
    }

    /// The message at this place of the log.
    pub(super) async fn message_at(&self, seq: u64) -> Message {
        self.until("a message", |frame| match frame {
            ServerFrame::Message(message) | ServerFrame::MessageDone(message) => {
                (message.seq == seq).then(|| message.clone())
            }
            _ => None,
        })
        .await
    }

    /// What the pieces of a reply add up to, over all connections.
    pub(super) fn streamed(&self, reply: MessageId) -> String {
        let mut text = String::new();
        for frame in self.told() {
            match frame {
                ServerFrame::Delta {
                    message_id,
                    index,
                    text: piece,
                    ..
                } if message_id == reply => {
                    let known = text.chars().take(usize::try_from(index).unwrap());
                    text = known.chain(piece.chars()).collect();
                }
                _ => {}
            }
        }
        text
    }

    /// The finished reply to a message.
    pub(super) async fn reply_to(&self, question: Done) -> Message {
        self.until("a reply", |frame| match frame {
            ServerFrame::MessageDone(message) | ServerFrame::Message(message) => {
                let answers = message.ai_written && message.reply_to == Some(question.message);
                answers.then(|| message.clone())
            }
            _ => None,
        })
        .await
    }

    /// The first change that `wanted` takes.
    pub(super) async fn change(&self, what: &str, wanted: impl Fn(&Change) -> bool) -> Change {
        self.until(what, |frame| match frame {
            ServerFrame::Change(change) if wanted(change) => Some(change.clone()),
            _ => None,
        })
        .await
    }

    /// Waits until it has seen the log up to here.
    pub(super) async fn has_seen(&self, seq: u64) {
        self.until("an entry", |frame| {
            (seq_of(frame) == Some(seq)).then_some(())
        })
        .await;
    }

    /// All that it was told so far.
    pub(super) fn told(&self) -> Vec<ServerFrame> {
        self.told.borrow().clone()
    }

    /// The entries of the log in the order in which they came: one after the other, none missing and none twice.
    pub(super) fn log(&self) -> Vec<Entry> {
        let mut log = Vec::new();
        for frame in self.told() {
            let entry = match frame {
                ServerFrame::Message(message) | ServerFrame::MessageDone(message) => {
                    Entry::Message(message)
                }
                ServerFrame::Change(change) => Entry::Change(change),
                _ => continue,
            };
            assert_eq!(entry.seq(), log.len() as u64 + 1, "what {} saw", self.name);
            log.push(entry);
        }
        log
    }

    fn last_seq(&self) -> u64 {
        let told = self.told.borrow();
        told.iter().filter_map(seq_of).max().unwrap_or(0)
    }
}

fn seq_of(frame: &ServerFrame) -> Option<u64> {
    match frame {
        ServerFrame::Message(message) | ServerFrame::MessageDone(message) => Some(message.seq),
        ServerFrame::Change(change) => Some(change.seq),
        _ => None,
    }
}
