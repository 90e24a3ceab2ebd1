//! The actors together, on a real SQLite file and the scripted engine, driven by connections without a network.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Hub};
use futures::FutureExt;
use futures::channel::mpsc::{UnboundedSender, unbounded};
use protocol::{
    ClientFrame, ClientId, ClientRequest, Codec, ConversationId, Cursor, ErrorCode, Message,
    MessageId, NodeId, ServerFrame, StopReason, TokenFamilyId, TwinId, UserId,
};
use storage::{
    Bot, ConversationKind, Database, Device, HistoryPlace, NewConversation, NewMember, NewRefresh,
    Storage, TokenHash, Twin, User, Visibility,
};
use tempfile::TempDir;

use crate::conversation::Refusal;
use crate::outbox::Outgoing;
use crate::{
    Authenticate, AuthenticationError, Claim, Identity, Inbound, Models, Node, NodeConfig, Outbox,
    RoomChange, WorkerNode, serve_connection,
};

mod attachments;
mod attempts;
mod blocks;
mod bots;
mod canaries;
mod chains;
mod changes;
mod chat;
mod drafts;
mod faults;
mod histories;
mod oversight;
mod presence;
mod recaps;
pub(crate) mod remembering;
mod rooms;
mod rules;
mod threads;

use remembering::Asked;

/// Far longer than anything here takes; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// One server process's worth of actors, with an account and a twin.
struct House {
    node: Node,
    worker: WorkerNode,
    storage: Storage,
    hub: Hub,
    user: UserId,
    /// Somebody else with an account.
    friend: UserId,
    twin: TwinId,
    /// What its models were asked.
    asked: Asked,
    _folder: Arc<TempDir>,
}

/// Takes a user's id as that user's token.
struct IdIsToken {
    families: HashMap<UserId, TokenFamilyId>,
}

impl Authenticate for IdIsToken {
    fn authenticate(&self, token: &str) -> Result<Claim, AuthenticationError> {
        if let Some(bot) = token.strip_prefix("bot ") {
            let bot: UserId = bot.parse().map_err(|_| AuthenticationError::Invalid)?;
            return Ok(Claim::Bot(bot_token(bot)));
        }
        let (user, expires_at) = match token.strip_prefix("expired ") {
            Some(user) => (user, 0),
            None => (token, i64::MAX),
        };
        let user_id: UserId = user.parse().map_err(|_| AuthenticationError::Invalid)?;
        if expires_at == 0 {
            return Err(AuthenticationError::Expired);
        }
        let family = self
            .families
            .get(&user_id)
            .ok_or(AuthenticationError::Invalid)?;
        Ok(Claim::LogIn(Identity {
            user_id,
            family: *family,
            expires_at,
        }))
    }
}

impl House {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(configure: impl FnOnce(&mut NodeConfig)) -> Self {
        let folder = Arc::new(tempfile::tempdir().unwrap());
        let storage = Storage::open(&Database::Sqlite {
            path: folder.path().join("db.sqlite"),
        })
        .await
        .unwrap();
        storage.migrate().await.unwrap();
        let user = add_user(&storage, "kim@example.com", "Kim").await;
        let friend = add_user(&storage, "sam@example.com", "Sam").await;
        let twin = TwinId::new();
        let row = Twin {
            id: twin,
            owner_id: user,
            name: "Ada".to_owned(),
            persona: "You keep a lighthouse.\nThe spare key hangs behind the blue barometer."
                .to_owned(),
            greeting: String::new(),
            language: String::new(),
            visibility: Visibility::Public,
            created_at: 0,
            updated_at: 0,
            oversight_since: None,
        };
        storage.create_twin(row, 10).await.unwrap();
        let hub = Hub::new();
        Self::start(folder, storage, hub, (user, friend), twin, configure).await
    }

    /// A second node on the same database and bus.
    async fn sibling(&self) -> Self {
        let (folder, storage) = (self._folder.clone(), self.storage.clone());
        Self::start(
            folder,
            storage,
            self.hub.clone(),
            (self.user, self.friend),
            self.twin,
            |_| {},
        )
        .await
    }

    async fn start(
        folder: Arc<TempDir>,
        storage: Storage,
        hub: Hub,
        (user, friend): (UserId, UserId),
        twin: TwinId,
        configure: impl FnOnce(&mut NodeConfig),
    ) -> Self {
        let mut families = HashMap::new();
        for person in [user, friend] {
            families.insert(person, family_of(&storage, person).await);
        }
        let node_id = NodeId::new();
        let mut config = NodeConfig::new(node_id);
        configure(&mut config);
        let (bus, events) = Bus::in_process(&hub, node_id);
        let asked = Asked::default();
        let (of_engine, of_embedder) = (asked.clone(), asked.clone());
        let models = Models {
            engine: Arc::new(move |_| Ok(of_engine.engine(0))),
            embedder: Arc::new(move || Ok(of_embedder.embedder())),
            engine_workers: 1,
        };
        let authenticate = Arc::new(IdIsToken { families });
        let node = Node::start(config, storage.clone(), bus, events, models, authenticate)
            .await
            .unwrap();
        let worker = node.worker();
        Self {
            node,
            worker,
            storage,
            hub,
            user,
            friend,
            twin,
            asked,
            _folder: folder,
        }
    }

    async fn conversation(&self) -> ConversationId {
        let members = vec![NewMember::User(self.user), NewMember::Twin(self.twin)];
        self.conversation_of(members).await
    }

    async fn conversation_of(&self, members: Vec<NewMember>) -> ConversationId {
        self.begun_by(self.user, members).await
    }

    async fn begun_by(&self, created_by: UserId, members: Vec<NewMember>) -> ConversationId {
        let id = ConversationId::new();
        let conversation = NewConversation {
            id,
            kind: ConversationKind::Room,
            title: None,
            created_by,
            created_at: 0,
        };
        self.storage
            .create_conversation(conversation, members)
            .await
            .unwrap();
        id
    }

    /// A connection that has identified itself and follows the conversation from its beginning.
    async fn follower(&self, conversation: ConversationId) -> Client {
        self.follower_of(self.user, conversation).await
    }

    /// The same of somebody else.
    async fn follower_of(&self, user: UserId, conversation: ConversationId) -> Client {
        let mut client = self.connect();
        client.identify(user).await;
        client.subscribe(conversation, Some(0)).await;
        client
    }

    fn connect(&self) -> Client {
        let (sender, receiver) = unbounded();
        let outbox = Outbox::new();
        serve_connection(self.worker.clone(), Codec::Json, outbox.clone(), receiver);
        Client { sender, outbox }
    }

    /// A bot of the user's, and what it identifies itself with.
    async fn bot(&self, name: &str) -> (Bot, String) {
        let id = UserId::new();
        let bot = Bot {
            id,
            owner_id: self.user,
            name: name.to_owned(),
            prefix: String::new(),
            created_at: 0,
            last_used_at: None,
        };
        let made = self.storage.create_bot(bot.clone(), bot_token(id), 10);
        made.await.unwrap();
        (bot, format!("bot {id}"))
    }

    async fn change(
        &self,
        conversation: ConversationId,
        user: UserId,
        what: protocol::What,
    ) -> Result<protocol::Change, Refusal> {
        let change = RoomChange {
            conversation,
            user,
            name: "somebody".to_owned(),
            what,
            invitation: None,
        };
        self.node.change_room(change).await
    }

    async fn log(&self, conversation: ConversationId) -> Vec<Message> {
        let page = self
            .storage
            .history(conversation, HistoryPlace::Newest, 1_000);
        page.await.unwrap().messages
    }
}

async fn add_user(storage: &Storage, email: &str, name: &str) -> UserId {
    let user = User {
        id: UserId::new(),
        email: email.to_owned(),
        name: name.to_owned(),
        password_hash: String::new(),
        created_at: 0,
        invisible: false,
        is_admin: false,
        disabled_at: None,
    };
    storage.create_user(user).await.unwrap().id
}

async fn family_of(storage: &Storage, user: UserId) -> TokenFamilyId {
    let family = TokenFamilyId::new();
    let hash: [u8; 32] = [*family.as_bytes(), *user.as_bytes()]
        .concat()
        .try_into()
        .expect("two ids are 32 bytes");
    let refresh = NewRefresh {
        hash: TokenHash::from(hash),
        family,
        user_id: user,
        created_at: 0,
        expires_at: i64::MAX,
        device: Device::default(),
    };
    storage.insert_refresh(refresh).await.unwrap();
    family
}

/// The hash of a bot's token.
fn bot_token(bot: UserId) -> TokenHash {
    let mut hash = [0; 32];
    hash[..16].copy_from_slice(bot.as_bytes());
    hash
}

/// One connection, as its client sees it.
struct Client {
    sender: UnboundedSender<Inbound>,
    outbox: Outbox,
}

impl Client {
    fn say(&self, frame: ClientFrame) {
        self.say_with_ref(None, frame);
    }

    fn say_with_ref(&self, request_ref: Option<&str>, frame: ClientFrame) {
        let request_ref = request_ref.map(|text| text.to_owned().try_into().unwrap());
        let request = ClientRequest { request_ref, frame };
        let bytes = protocol::encode_client(Codec::Json, &request).unwrap();
        self.sender
            .unbounded_send(Inbound::Message(bytes.into()))
            .unwrap();
    }

    async fn next_outgoing(&self) -> Option<Outgoing> {
        let next = futures::future::poll_fn(|context| self.outbox.poll_next(context));
        tokio::time::timeout(PATIENCE, next)
            .await
            .expect("something comes in time")
    }

    async fn next(&self) -> ServerFrame {
        loop {
            match self.next_outgoing().await {
                Some(Outgoing::Text(bytes)) => {
                    return protocol::decode_server(Codec::Json, &bytes).unwrap();
                }
                Some(Outgoing::Ping) => {}
                other => panic!("expected a frame, got {other:?}"),
            }
        }
    }

    /// The next frame that `wanted` takes; others are passed over.
    async fn next_that<T>(&self, wanted: impl Fn(ServerFrame) -> Option<T>) -> T {
        loop {
            if let Some(found) = wanted(self.next().await) {
                return found;
            }
        }
    }

    /// Everything that is queued now.
    fn queued(&self) -> Vec<Outgoing> {
        std::iter::from_fn(|| self.outbox.try_next()).collect()
    }

    async fn identify(&mut self, user: UserId) {
        self.identify_by(user.to_string()).await;
    }

    async fn identify_by(&mut self, token: String) {
        self.say(ClientFrame::Identify {
            token,
            presence: false,
        });
        assert!(matches!(self.next().await, ServerFrame::Ready { .. }));
    }

    async fn subscribe(&mut self, conversation_id: ConversationId, after_seq: Option<u64>) {
        self.say(ClientFrame::Subscribe {
            conversation_id,
            after_seq,
        });
        self.next_that(|frame| matches!(frame, ServerFrame::Subscribed { .. }).then_some(()))
            .await;
    }

    fn send(&self, conversation_id: ConversationId, client_id: &str, text: &str) {
        self.send_into(conversation_id, None, client_id, text);
    }

    fn send_into(
        &self,
        conversation_id: ConversationId,
        thread: Option<MessageId>,
        client_id: &str,
        text: &str,
    ) {
        let client_id = ClientId::try_from(client_id.to_owned()).unwrap();
        self.say(ClientFrame::Send {
            conversation_id,
            client_id,
            text: text.to_owned(),
            reply_to: None,
            thread,
            attachments: Vec::new(),
        });
    }

    async fn acknowledged(&self) -> (u64, MessageId) {
        self.next_that(|frame| match frame {
            ServerFrame::Ack {
                seq, message_id, ..
            } => Some((seq, message_id)),
            _ => None,
        })
        .await
    }

    async fn done(&self) -> Message {
        self.next_that(|frame| match frame {
            ServerFrame::MessageDone(message) => Some(message),
            _ => None,
        })
        .await
    }

    async fn error(&self) -> ErrorCode {
        self.next_that(|frame| match frame {
            ServerFrame::Error { code, .. } => Some(code),
            _ => None,
        })
        .await
    }
}

/// Waits until `condition` holds, looking each time that other tasks have run.
async fn until(condition: impl Fn() -> bool) {
    let holds = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(PATIENCE, holds.boxed_local())
        .await
        .expect("the condition holds in time");
}
