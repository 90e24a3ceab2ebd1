//! What happens around a server goes wrong: its peers die, it is told to stop, its disk is full, its clock jumps.

use futures::{SinkExt, StreamExt};
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async};

use super::process::{Program, serve_with};
use super::*;

mod clock;
mod disk;
mod network;
mod peers;
mod postgres;

pub(super) use postgres::Postgres;

/// Bytes that the kernel keeps for a reader that does not read.
const NARROW_BYTES: u32 = 2048;

/// A WebSocket whose every frame the test sees.
struct Peer(WebSocketStream<MaybeTlsStream<tokio::net::TcpStream>>);

/// Somebody with an account on a program's server.
struct Account {
    id: String,
    token: String,
}

async fn post(program: &Program, token: &str, path: &str, body: Value) -> Value {
    let request = reqwest::Client::new().post(format!("{}{path}", program.url));
    let response = request.bearer_auth(token).json(&body).send().await.unwrap();
    assert_eq!(response.status(), 201, "{path}");
    response.json().await.unwrap()
}

async fn register(program: &Program, name: &str) -> Account {
    let email = format!("{name}@example.com");
    let body = json!({"email": email, "name": name, "password": "correct horse"});
    let answer = post(program, "", "/api/v1/auth/register", body).await;
    Account {
        id: text(&answer["user"]["id"]).to_owned(),
        token: text(&answer["access_token"]).to_owned(),
    }
}

/// A conversation of two people, and its id.
async fn room(program: &Program, owner: &Account, other: &Account) -> String {
    let body = json!({"title": "faults", "members": [other.id], "twins": []});
    let answer = post(program, &owner.token, "/api/v1/conversations", body).await;
    text(&answer["id"]).to_owned()
}

/// A person's twin, and its id.
async fn twin(program: &Program, owner: &Account) -> String {
    let body = json!({"name": "Ada", "persona": "a lighthouse keeper", "visibility": "private"});
    let answer = post(program, &owner.token, "/api/v1/twins", body).await;
    text(&answer["id"])
}

/// A conversation of a person with a twin, and its id.
async fn talk(program: &Program, owner: &Account, twin: &str) -> String {
    let body = json!({"twins": [twin]});
    let answer = post(program, &owner.token, "/api/v1/conversations", body).await;
    text(&answer["id"])
}

/// Ada, Bob, and the id of a conversation that Ada has made for both.
async fn two_in_a_room(program: &Program) -> (Account, Account, String) {
    let ada = register(program, "ada").await;
    let bob = register(program, "bob").await;
    let room = room(program, &ada, &bob).await;
    (ada, bob, room)
}

impl Peer {
    async fn connect(program: &Program) -> Self {
        Self::connect_over(program, TcpSocket::new_v4().unwrap()).await
    }

    /// A connection that holds next to nothing: what its server writes piles up when it does not read.
    async fn connect_narrow(program: &Program) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(NARROW_BYTES).unwrap();
        Self::connect_over(program, socket).await
    }

    async fn connect_over(program: &Program, socket: TcpSocket) -> Self {
        let address = program.url.strip_prefix("http://").unwrap();
        let stream = socket.connect(address.parse().unwrap()).await.unwrap();
        let mut request = format!("ws://{address}/ws").into_client_request().unwrap();
        let name = HeaderValue::from_static("twin.v1.json");
        request.headers_mut().insert("sec-websocket-protocol", name);
        let stream = MaybeTlsStream::Plain(stream);
        Self(client_async(request, stream).await.unwrap().0)
    }

    async fn say(&mut self, frame: Value) {
        self.0.send(Frame::text(frame.to_string())).await.unwrap();
    }

    /// Says who it is and follows a conversation from its beginning.
    async fn follow(&mut self, account: &Account, room: &str) {
        self.say(json!({"op": "identify", "token": account.token, "presence": true}))
            .await;
        self.say(json!({"op": "subscribe", "conversation_id": room, "after_seq": 0}))
            .await;
        self.until(|frame| frame["op"] == "subscribed").await;
    }

    /// The next frame; none when the server has closed the connection, whose code comes instead.
    async fn next(&mut self) -> Result<Value, u16> {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match next.expect("something comes in time") {
                Some(Ok(Frame::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Frame::Close(close))) => {
                    return Err(close.map_or(1005, |close| close.code.into()));
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Err(1006),
            }
        }
    }

    /// Passes frames over until the server's next ping, which is answered with the next write.
    async fn pinged(&mut self) {
        loop {
            let next = tokio::time::timeout(PATIENCE, self.0.next()).await;
            match next.expect("the server pings in time") {
                Some(Ok(Frame::Ping(_))) => return,
                Some(Ok(Frame::Close(_)) | Err(_)) | None => panic!("the connection ended"),
                Some(Ok(_)) => {}
            }
        }
    }

    /// Passes frames over until one is wanted.
    async fn until(&mut self, wanted: impl Fn(&Value) -> bool) -> Value {
        loop {
            let frame = self.next().await.expect("the connection lives");
            if wanted(&frame) {
                return frame;
            }
        }
    }

    /// Sends a message and gives its `ack`, or the error.
    async fn send(&mut self, room: &str, client_id: &str, text: &str) -> Result<u64, String> {
        self.say(json!({
            "op": "send", "ref": client_id, "conversation_id": room, "client_id": client_id, "text": text
        }))
        .await;
        let answer = self.until(|frame| frame["ref"] == client_id).await;
        match answer["op"].as_str() {
            Some("ack") => Ok(seq(&answer)),
            _ => Err(text_of(&answer["code"])),
        }
    }
}

fn text_of(value: &Value) -> String {
    text(value).to_owned()
}

fn seq(frame: &Value) -> u64 {
    frame["seq"].as_u64().unwrap()
}

/// The log as a newcomer reads it.
async fn read_log(program: &Program, account: &Account, room: &str) -> Vec<Value> {
    let mut peer = Peer::connect(program).await;
    peer.say(json!({"op": "identify", "token": account.token}))
        .await;
    peer.say(json!({"op": "subscribe", "conversation_id": room, "after_seq": 0}))
        .await;
    let mut log = Vec::new();
    loop {
        let frame = peer.next().await.expect("the connection lives");
        match frame["op"].as_str() {
            Some("message") => log.push(frame),
            Some("subscribed") => return log,
            _ => {}
        }
    }
}
