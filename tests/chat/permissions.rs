//! Every role and every operation, over real sockets: what the table of permissions denies never succeeds, and what it
//! allows does.

use actors::permissions::{Operation, may};
use digital_twin::chat::connection::Client;
use protocol::{
    ClientFrame, ClientId, Codec, ConversationId, ErrorCode, MessageId, Role, ServerFrame,
};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::server::{Person, TestServer, text};
use crate::{PATIENCE, connect};

/// What became of an attempt: the code of the error, if there was one.
type Outcome = Result<(), ErrorCode>;

/// A room with somebody in every role, somebody to act on, and people outside.
struct Scene {
    server: TestServer,
    room: ConversationId,
    /// Began the room; sets the scene anew after each attempt.
    root: Person,
    root_client: Client,
    /// A guest, who is acted on.
    low: Person,
    newcomer: Person,
    twin: String,
}

/// Somebody who tries things.
struct Actor {
    name: &'static str,
    /// None for who takes no part.
    role: Option<Role>,
    muted: bool,
    person: Person,
    client: Client,
}

impl Scene {
    async fn set() -> (Self, Vec<Actor>) {
        let server = TestServer::start().await;
        let root = server.register("Root").await;
        let low = server.register("Low").await;
        let newcomer = server.register("Newcomer").await;
        let twin = server.twin(&root, "public").await;
        let places = [
            ("watcher", Some(Role::Watcher), false),
            ("guest", Some(Role::Guest), false),
            ("member", Some(Role::Member), false),
            ("moderator", Some(Role::Moderator), false),
            ("owner", Some(Role::Owner), false),
            ("muted", Some(Role::Moderator), true),
            ("outsider", None, false),
        ];
        let body = json!({"title": "Matrix", "kind": "room", "members": [low.id]});
        let response = server.post(&root, "/api/v1/conversations", &body).await;
        let begun: Value = response.json().await.unwrap();
        let room = text(&begun["id"]).parse().unwrap();
        let root_client = connect(&server, &root, Codec::Json).await;
        let scene = Self {
            server,
            room,
            root,
            root_client,
            low,
            newcomer,
            twin,
        };
        let low = format!("members/{}/role", scene.low.id);
        scene
            .as_root(Method::PUT, &low, &json!({"role": "guest"}))
            .await;
        let mut actors = Vec::new();
        for (number, (name, role, muted)) in places.into_iter().enumerate() {
            let person = scene.server.register(name).await;
            if role == Some(Role::Watcher) {
                scene.let_watch(&person).await;
            } else if let Some(role) = role {
                let body = json!({"user_id": person.id, "role": role});
                scene.as_root(Method::POST, "members", &body).await;
            }
            if muted {
                let path = format!("members/{}/mute", person.id);
                scene.as_root(Method::PUT, &path, &json!({})).await;
            }
            let codec = [Codec::Json, Codec::MessagePack][number % 2];
            let mut client = connect(&scene.server, &person, codec).await;
            client.subscribe(room, None).await;
            actors.push(Actor {
                name,
                role,
                muted,
                person,
                client,
            });
        }
        (scene, actors)
    }

    async fn send(&self, person: &Person, method: Method, path: &str, body: &Value) -> Response {
        let path = format!("/api/v1/conversations/{}/{path}", self.room);
        let path = path.trim_end_matches('/');
        let request = self.server.request(method.clone(), path);
        let request = request.bearer_auth(&person.token);
        let request = match method {
            Method::GET | Method::DELETE => request,
            _ => request.json(body),
        };
        request.send().await.unwrap()
    }

    /// Brings a twin of somebody in, who then watches.
    async fn let_watch(&self, person: &Person) {
        let twin = self.server.twin(person, "public").await;
        let path = format!("/api/v1/twins/{twin}");
        let request = self.server.request(Method::PATCH, &path);
        let request = request.bearer_auth(&person.token);
        let patched = request.json(&json!({"oversight": true})).send().await;
        assert!(patched.unwrap().status().is_success());
        self.as_root(Method::POST, "members", &json!({"twin_id": twin}))
            .await;
        let path = format!("twins/{twin}/watch");
        let watches = self.send(person, Method::PUT, &path, &json!({})).await;
        assert!(watches.status().is_success(), "{}", watches.status());
    }

    /// Something that whoever began the room may do.
    async fn as_root(&self, method: Method, path: &str, body: &Value) -> Value {
        let response = self.send(&self.root, method, path, body).await;
        let status = response.status();
        let answer = response.text().await.unwrap();
        assert!(status.is_success(), "{path}: {status} {answer}");
        serde_json::from_str(&answer).unwrap_or_default()
    }

    async fn http(&self, actor: &Actor, method: Method, path: &str, body: Value) -> Outcome {
        let response = self.send(&actor.person, method, path, &body).await;
        if response.status().is_success() {
            return Ok(());
        }
        let problem: Value = response.json().await.unwrap();
        Err(serde_json::from_value(problem["code"].clone()).unwrap())
    }

    /// A message of whoever began the room.
    async fn message(&mut self) -> MessageId {
        let room = self.room;
        let frame = ClientFrame::Send {
            conversation_id: room,
            client_id: new_id(),
            text: "something to act on".to_owned(),
            reply_to: None,
            thread: None,
            attachments: Vec::new(),
        };
        let request_ref = self.root_client.request(frame).await;
        crate::next_that(&mut self.root_client, |frame| match frame {
            ServerFrame::Ack {
                request_ref: answered,
                message_id,
                ..
            } if *answered == request_ref => Some(*message_id),
            _ => None,
        })
        .await
    }

    /// Tries one operation, and undoes it if it succeeded.
    async fn attempt(&mut self, actor: &mut Actor, operation: Operation) -> Outcome {
        let (room, low) = (self.room, self.low.id.clone());
        let low_again = json!({"user_id": low, "role": "guest"});
        match operation {
            Operation::Read => self.http(actor, Method::GET, "messages", json!({})).await,
            Operation::Write => {
                let frame = ClientFrame::Send {
                    conversation_id: room,
                    client_id: new_id(),
                    text: "hello".to_owned(),
                    reply_to: None,
                    thread: None,
                    attachments: Vec::new(),
                };
                asks(&mut actor.client, frame).await
            }
            Operation::React => {
                let message_id = self.message().await;
                let frame = ClientFrame::React {
                    conversation_id: room,
                    client_id: new_id(),
                    message_id,
                    emoji: "👍".to_owned().try_into().unwrap(),
                };
                asks(&mut actor.client, frame).await
            }
            Operation::Type => {
                let frame = ClientFrame::Typing {
                    conversation_id: room,
                };
                tells(&mut actor.client, room, frame).await
            }
            Operation::Broadcast => {
                let frame = ClientFrame::Broadcast {
                    conversation_id: room,
                    event: "cursor".to_owned().try_into().unwrap(),
                    data: String::new(),
                };
                tells(&mut actor.client, room, frame).await
            }
            Operation::Stop => {
                let frame = ClientFrame::Stop {
                    conversation_id: room,
                    message_id: MessageId::new(),
                };
                match tells(&mut actor.client, room, frame).await {
                    // Nothing is being written: whoever may stop is told that.
                    Err(ErrorCode::NotFound) if actor.role.is_some() => Ok(()),
                    outcome => outcome,
                }
            }
            Operation::Invite => {
                self.http(actor, Method::POST, "invitations", json!({"role": "guest"}))
                    .await
            }
            Operation::AddTwin => {
                let body = json!({"twin_id": self.twin});
                let outcome = self.http(actor, Method::POST, "members", body).await;
                if outcome.is_ok() {
                    let path = format!("members/{}", self.twin);
                    self.as_root(Method::DELETE, &path, &json!({})).await;
                }
                outcome
            }
            Operation::AddPerson => {
                let body = json!({"user_id": self.newcomer.id, "role": "guest"});
                let outcome = self.http(actor, Method::POST, "members", body).await;
                if outcome.is_ok() {
                    let path = format!("members/{}", self.newcomer.id);
                    self.as_root(Method::DELETE, &path, &json!({})).await;
                }
                outcome
            }
            Operation::DeleteOthers => {
                let message_id = self.message().await;
                let frame = ClientFrame::Delete {
                    conversation_id: room,
                    client_id: new_id(),
                    message_id,
                };
                asks(&mut actor.client, frame).await
            }
            Operation::ReadVersions => {
                let message = self.message().await;
                let path = format!("messages/{message}/versions");
                self.http(actor, Method::GET, &path, json!({})).await
            }
            Operation::Pin => {
                let message_id = self.message().await;
                let frame = ClientFrame::Pin {
                    conversation_id: room,
                    client_id: new_id(),
                    message_id,
                };
                asks(&mut actor.client, frame).await
            }
            Operation::MentionAll => Ok(()),
            Operation::Describe => {
                let body = json!({"title": format!("By {}", actor.name)});
                self.http(actor, Method::PATCH, "", body).await
            }
            Operation::SetRules => {
                let body = json!({"words": ["xyzzy"]});
                self.http(actor, Method::PATCH, "rules", body).await
            }
            Operation::Review => self.http(actor, Method::GET, "reports", json!({})).await,
            Operation::Remove => {
                let path = format!("members/{low}");
                let outcome = self.http(actor, Method::DELETE, &path, json!({})).await;
                if outcome.is_ok() {
                    self.as_root(Method::POST, "members", &low_again).await;
                }
                outcome
            }
            Operation::Ban => {
                let path = format!("bans/{low}");
                let outcome = self.http(actor, Method::PUT, &path, json!({})).await;
                if outcome.is_ok() {
                    self.as_root(Method::DELETE, &path, &json!({})).await;
                    self.as_root(Method::POST, "members", &low_again).await;
                }
                outcome
            }
            Operation::Mute => {
                let path = format!("members/{low}/mute");
                let body = json!({"minutes": 5});
                self.http(actor, Method::PUT, &path, body).await
            }
            Operation::RevokeInvitations => {
                let body = json!({"role": "guest"});
                let made = self.as_root(Method::POST, "invitations", &body).await;
                let path = format!("invitations/{}", text(&made["invitation"]["id"]));
                let outcome = self.http(actor, Method::DELETE, &path, json!({})).await;
                if outcome.is_err() {
                    self.as_root(Method::DELETE, &path, &json!({})).await;
                }
                outcome
            }
            Operation::SetRole => {
                let path = format!("members/{low}/role");
                let outcome = self.http(actor, Method::PUT, &path, json!({"role": "member"}));
                let outcome = outcome.await;
                if outcome.is_ok() {
                    let guest = json!({"role": "guest"});
                    self.as_root(Method::PUT, &path, &guest).await;
                }
                outcome
            }
            Operation::SetPolicy => {
                let body = json!({"twin_id": self.twin});
                self.as_root(Method::POST, "members", &body).await;
                let path = format!("twins/{}/policy", self.twin);
                let body = json!({"policy": "never"});
                let outcome = self.http(actor, Method::PUT, &path, body).await;
                let path = format!("members/{}", self.twin);
                self.as_root(Method::DELETE, &path, &json!({})).await;
                outcome
            }
        }
    }
}

fn new_id() -> ClientId {
    MessageId::new().to_string().try_into().unwrap()
}

/// Asks for something that is answered.
async fn asks(client: &mut Client, frame: ClientFrame) -> Outcome {
    let asked = client.request(frame).await;
    outcome_of(client, asked, None).await
}

/// Says something that is answered only where it is refused. To follow the room goes the same way, and is answered after it.
async fn tells(client: &mut Client, room: ConversationId, frame: ClientFrame) -> Outcome {
    let told = client.request(frame).await;
    let follow = ClientFrame::Subscribe {
        conversation_id: room,
        after_seq: None,
    };
    let followed = client.request(follow).await;
    outcome_of(client, told, followed).await
}

async fn outcome_of(
    client: &mut Client,
    asked: Option<protocol::RequestRef>,
    last: Option<protocol::RequestRef>,
) -> Outcome {
    let mut outcome = Ok(());
    let answered = async {
        loop {
            match client.next_frame().await.unwrap() {
                ServerFrame::Ack { request_ref, .. } if request_ref == asked => return Ok(()),
                ServerFrame::Subscribed { request_ref, .. } if request_ref == last => {
                    return outcome;
                }
                ServerFrame::Error {
                    request_ref, code, ..
                } if request_ref == asked => outcome = Err(code),
                ServerFrame::Error { request_ref, .. } if request_ref == last => return outcome,
                _ => {}
            }
            if last.is_none() && outcome.is_err() {
                return outcome;
            }
        }
    };
    tokio::time::timeout(PATIENCE, answered)
        .await
        .expect("an answer comes in time")
}

#[actix_web::test]
async fn nobody_does_what_their_role_does_not_allow_and_everybody_does_what_it_allows() {
    let (mut scene, mut actors) = Scene::set().await;
    let mut unexpected = Vec::new();
    let mut tried = 0;
    for actor in &mut actors {
        for operation in Operation::ALL {
            // Whom `@all` reaches is tried where people are told of it.
            if operation == Operation::MentionAll {
                continue;
            }
            let allowed = actor.role.is_some_and(|role| may(role, operation))
                && !(actor.muted && operation.is_writing());
            let outcome = scene.attempt(actor, operation).await;
            tried += 1;
            let expected = match (allowed, actor.role) {
                (true, _) => Ok(()),
                // An outsider may not know that there is such a room.
                (false, None) if operation == Operation::Broadcast => Err(ErrorCode::Forbidden),
                (false, None) => Err(ErrorCode::NotFound),
                (false, Some(_)) => Err(ErrorCode::Forbidden),
            };
            if outcome != expected {
                unexpected.push((actor.name, operation, outcome));
            }
        }
    }
    assert_eq!(tried, 7 * (Operation::ALL.len() - 1));
    assert_eq!(unexpected, []);
}
