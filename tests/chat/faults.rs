//! What happens around a server goes wrong: its peers die, it is told to stop, its disk is full, its clock jumps.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use futures::{SinkExt, StreamExt};
use tempfile::TempDir;
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, client_async};

use super::process::{Program, serve_with};
use super::*;

/// Bytes that the kernel keeps for a reader that does not read.
const NARROW_BYTES: u32 = 2048;

/// A stop may take so long, whatever the clients do.
const DRAIN_WITHIN: Duration = Duration::from_secs(15);

/// The library with which a process's clock can be moved, as Debian packages it.
const FAKETIME: &str = "/usr/$LIB/faketime/libfaketime.so.1";

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

fn descriptors(program: &Program) -> usize {
    let pid = program.child.id().unwrap();
    std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .count()
}

/// Makes the server's writes to whoever does not read wait, with events that may be dropped.
async fn flood(peer: &mut Peer, room: &str) {
    let data = "x".repeat(4_000);
    for _ in 0..1_500 {
        let broadcast =
            json!({"op": "broadcast", "conversation_id": room, "event": "flood", "data": data});
        peer.say(broadcast).await;
    }
    peer.say(json!({"op": "ping", "ref": "flooded"})).await;
    peer.until(|frame| frame["ref"] == "flooded").await;
}

#[actix_web::test]
async fn dead_peers_are_found_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("TWIN_HEARTBEAT_SECONDS", "1"),
        ("TWIN_QUOTA_BROADCASTS", "1000000/second"),
    ];
    let program = serve_with(folder, &settings).await;
    let (ada, bob) = (
        register(&program, "ada").await,
        register(&program, "bob").await,
    );
    let room = room(&program, &ada, &bob).await;
    let mut watching = Peer::connect(&program).await;
    watching.follow(&ada, &room).await;
    let alone = |frame: &Value| frame["op"] == "presence" && frame["online"] == json!([ada.id]);
    watching.until(alone).await;
    let before = descriptors(&program);

    let mut dead = Vec::new();
    for number in 0..200 {
        let mut peer = match number % 10 {
            0 => Peer::connect_narrow(&program).await,
            _ => Peer::connect(&program).await,
        };
        peer.follow(&bob, &room).await;
        dead.push(peer);
    }
    flood(&mut watching, &room).await;
    assert!(descriptors(&program) >= before + dead.len());
    // From here on they neither read nor answer, and their ends of the connections stay open.
    watching.until(alone).await;
    while descriptors(&program) > before {
        // The one that is alive goes on answering.
        watching.say(json!({"op": "ping", "ref": "alive"})).await;
        watching.until(|frame| frame["ref"] == "alive").await;
    }
    drop(dead);
}

#[actix_web::test]
async fn a_stop_tells_everybody_waits_for_nobody_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("TWIN_QUOTA_BROADCASTS", "1000000/second")];
    let mut program = serve_with(folder, &settings).await;
    let (ada, bob) = (
        register(&program, "ada").await,
        register(&program, "bob").await,
    );
    let room = room(&program, &ada, &bob).await;
    let mut sender = Peer::connect(&program).await;
    sender.follow(&ada, &room).await;
    let mut stuck = Vec::new();
    let mut reading = Vec::new();
    for _ in 0..10 {
        let mut peer = Peer::connect_narrow(&program).await;
        peer.follow(&bob, &room).await;
        stuck.push(peer);
    }
    flood(&mut sender, &room).await;
    for _ in 0..100 {
        let mut peer = Peer::connect(&program).await;
        peer.follow(&bob, &room).await;
        reading.push(peer);
    }
    reading.push(sender);
    program.signal("-TERM").await;
    let stopped = async {
        for peer in &mut reading {
            peer.until(|frame| frame["op"] == "reconnect").await;
            let code = loop {
                if let Err(code) = peer.next().await {
                    break code;
                }
            };
            assert_eq!(code, 1012);
        }
        // A reader that closes as the protocol asks.
        drop(reading);
        program.child.wait().await.unwrap().code()
    };
    let code = tokio::time::timeout(DRAIN_WITHIN, stopped)
        .await
        .expect("the server stops in time, although some do not read");
    assert_eq!(code, Some(0));
    drop(stuck);
}

/// A small disk of its own, which goes with this.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// None where this process may not mount one.
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        mounted.then_some(Self(folder))
    }

    /// Fills what is free, and gives the file that does.
    fn fill(&self) -> PathBuf {
        let filler = self.0.path().join("filler");
        let mut file = std::fs::File::create(&filler).unwrap();
        while std::io::Write::write(&mut file, &[0; 4096]).is_ok_and(|written| written > 0) {}
        filler
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
    }
}

#[actix_web::test]
async fn a_full_disk_is_an_error_for_the_sender_and_nothing_is_lost() {
    let Some(disk) = SmallDisk::mount() else {
        eprintln!("not tested: a small disk can be mounted by root alone");
        return;
    };
    let folder = tempfile::tempdir_in(disk.0.path()).unwrap();
    let database = folder.path().join("digital-twin.sqlite");
    let settings = [("TWIN_SENDS_PER_MINUTE", "1000000")];
    let mut program = serve_with(folder, &settings).await;
    let (ada, bob) = (
        register(&program, "ada").await,
        register(&program, "bob").await,
    );
    let room = room(&program, &ada, &bob).await;
    let mut peer = Peer::connect(&program).await;
    peer.follow(&ada, &room).await;
    let long = "x".repeat(8_000);
    let mut acknowledged = BTreeSet::new();
    for number in 0..10 {
        let client_id = format!("before-{number}");
        acknowledged.insert(peer.send(&room, &client_id, &long).await.unwrap());
    }
    let filler = disk.fill();
    let mut refused = None;
    for number in 0..5_000 {
        let client_id = format!("during-{number}");
        match peer.send(&room, &client_id, &long).await {
            Ok(seq) => acknowledged.insert(seq),
            Err(code) => {
                assert_eq!(code, "unavailable");
                refused = Some(client_id);
                break;
            }
        };
    }
    let refused = refused.expect("a full disk takes no more messages");
    let again = peer.send(&room, &refused, &long).await;
    assert_eq!(again.unwrap_err(), "unavailable");

    std::fs::remove_file(filler).unwrap();
    acknowledged.insert(peer.send(&room, &refused, &long).await.unwrap());
    let seqs: Vec<u64> = acknowledged.into_iter().collect();
    let log = read_log(&program, &ada, &room).await;
    assert_eq!(log.iter().map(seq).collect::<Vec<_>>(), seqs);
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    program.signal("-TERM").await;
    assert_eq!(program.child.wait().await.unwrap().code(), Some(0));
    assert_eq!(integrity(&database), "ok");
}

fn integrity(database: &Path) -> String {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = rusqlite::Connection::open_with_flags(database, flags).unwrap();
    connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap()
}

#[actix_web::test]
async fn the_wall_clock_may_jump() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    let set = |offset: &str| std::fs::write(&clock, offset).unwrap();
    set("+0");
    let file = clock.to_str().unwrap().to_owned();
    let settings = [
        ("LD_PRELOAD", FAKETIME),
        ("FAKETIME_TIMESTAMP_FILE", &file),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        // A day, so that tokens outlive the jumps.
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "1440"),
        ("TWIN_SENDS_PER_MINUTE", "1000000"),
    ];
    let program = serve_with(folder, &settings).await;
    let (ada, bob) = (
        register(&program, "ada").await,
        register(&program, "bob").await,
    );
    let room = room(&program, &ada, &bob).await;
    let mut peers = [Peer::connect(&program).await, Peer::connect(&program).await];
    peers[0].follow(&ada, &room).await;
    peers[1].follow(&bob, &room).await;
    let mut sent = Vec::new();
    for (step, offset) in ["+0", "+20h", "-20h", "+1h", "-2m", "+0"]
        .iter()
        .enumerate()
    {
        set(offset);
        for number in 0..10 {
            let text = format!("{step}-{number}");
            let from = number % peers.len();
            let seq = peers[from].send(&room, &text, &text).await.unwrap();
            sent.push((seq, text));
        }
    }
    let seqs: Vec<u64> = sent.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(seqs, (1..=sent.len() as u64).collect::<Vec<_>>());
    let log = read_log(&program, &bob, &room).await;
    let found: Vec<_> = log
        .iter()
        .map(|frame| (seq(frame), text_of(&frame["text"])))
        .collect();
    assert_eq!(found, sent);
    let times: Vec<i64> = log
        .iter()
        .step_by(10)
        .map(|frame| frame["created_at"].as_i64().unwrap())
        .collect();
    // The clock did jump: what was written far ahead and far back says so.
    let hours = |hours: i64| hours * 60 * 60 * 1_000;
    assert!(times[1] - times[0] > hours(19), "{times:?}");
    assert!(times[0] - times[2] > hours(19), "{times:?}");
    // A token lasts as long as the clock says, on a connection that is open too.
    set("+3d");
    let [mut peer, _] = peers;
    let error = peer.until(|frame| frame["op"] == "error").await;
    assert_eq!(error["code"], "token_expired");
    assert_eq!(peer.next().await, Err(4401));
}
