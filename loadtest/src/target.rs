//! A server under load: the product or a peer, started as a process, and how each is spoken to.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use reqwest::{Method, StatusCode, Url};
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::connection::{Receiver, Sender, connect, connect_narrow};
use crate::machine::{self, Signal};

/// The token that the peers check.
const PEER_TOKEN: &str = "secret";

/// How long an answer over HTTP may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// How long a node that is told to end may take.
const STOPS_WITHIN: Duration = Duration::from_secs(60);

/// The name of the file with nats-server's settings.
const NATS_CONFIG: &str = "nats.conf";

/// Rooms are subjects, whoever connects has a password, and events leave over WebSockets like everybody's.
const NATS_SETTINGS: &str = r#"
host: "127.0.0.1"
port: -1
logfile: "/dev/stdout"
ping_interval: "1h"
authorization { user: "load", password: "secret" }
websocket { host: "127.0.0.1", port: -1, no_tls: true }
"#;

/// Which server, or what else is measured beside one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Kind {
    /// digital-twin.
    Product,
    /// socket.io on Node.
    SocketIo,
    /// The package `ws` on Node.
    Ws,
    /// `server.publish` of Bun.
    Bun,
    /// nats-server, over its WebSockets.
    Nats,
    /// A transaction for each message, beside messages that are kept.
    OneTransaction,
    /// pgbench with single inserts, beside messages that are kept.
    Pgbench,
}

impl Kind {
    /// Every server, ours first.
    pub(crate) const SERVERS: [Self; 5] = [
        Self::Product,
        Self::SocketIo,
        Self::Ws,
        Self::Bun,
        Self::Nats,
    ];

    /// Every kind, ours first.
    pub(crate) const ALL: [Self; 7] = [
        Self::Product,
        Self::SocketIo,
        Self::Ws,
        Self::Bun,
        Self::Nats,
        Self::OneTransaction,
        Self::Pgbench,
    ];

    /// How reports name it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Product => "digital-twin",
            Self::SocketIo => "socket.io",
            Self::Ws => "ws",
            Self::Bun => "bun",
            Self::Nats => "nats",
            Self::OneTransaction => "one transaction each",
            Self::Pgbench => "pgbench",
        }
    }
}

/// Settings of the product, by name.
pub(crate) type Settings = Vec<(String, String)>;

/// What one node has of its own.
#[derive(Debug, Clone, Default)]
pub(crate) struct NodeSettings {
    /// Its settings, beside those of all.
    pub(crate) settings: Settings,
    /// The network namespace that it runs in; this machine's if absent.
    pub(crate) namespace: Option<String>,
}

/// Where the programs are.
pub(crate) struct Programs {
    /// The product's binary.
    pub(crate) product: PathBuf,
    /// The folder of the peers, with their packages installed.
    pub(crate) peers: PathBuf,
    /// The processors that a server may run on, as `taskset` takes them; empty for all.
    pub(crate) server_cpus: String,
    /// More settings of the product.
    pub(crate) settings: Settings,
}

/// Where a running server is, and with which token.
#[derive(Clone)]
pub(crate) struct Access {
    /// Which server it is.
    pub(crate) kind: Kind,
    address: String,
    token: String,
}

/// A running server, of one node or of several; it ends with this.
pub(crate) struct Target {
    /// How clients reach its first node.
    pub(crate) access: Access,
    nodes: Vec<Node>,
    /// The other person in every room of the product, which has no rooms for one: id and token.
    other: String,
    other_token: String,
    /// The id of the person who makes the rooms of the product.
    maker: String,
    folder: TempDir,
    /// The processes of the database and of the bus, where they are ours.
    beside: Option<Beside>,
}

/// The processes that nodes share, by their ids.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Beside {
    /// PostgreSQL's first one.
    pub(crate) postgres: u32,
    /// Redis.
    pub(crate) redis: u32,
}

/// Processor time of the parts of a server, in one unit.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(crate) struct Parts {
    /// Of all nodes.
    pub(crate) nodes: f64,
    /// Of the database, where it is ours.
    pub(crate) postgres: f64,
    /// Of the bus, where it is ours.
    pub(crate) redis: f64,
    /// Of the load generator.
    pub(crate) generator: f64,
}

impl Parts {
    /// Each part, made into another figure.
    pub(crate) fn map(self, with: impl Fn(f64) -> f64) -> Self {
        self.zip(self, |figure, _| with(figure))
    }

    /// What `with` makes of each part of both.
    pub(crate) fn zip(self, other: Self, with: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            nodes: with(self.nodes, other.nodes),
            postgres: with(self.postgres, other.postgres),
            redis: with(self.redis, other.redis),
            generator: with(self.generator, other.generator),
        }
    }
}

/// A process of a server.
struct Node {
    child: Child,
    address: String,
    own: NodeSettings,
}

impl Programs {
    /// Has the product keep its messages in an empty PostgreSQL, which is prepared.
    ///
    /// # Errors
    /// When the address lacks a part, or the database cannot be prepared.
    pub(crate) async fn use_postgres(&mut self, url: &Url) -> anyhow::Result<()> {
        let text = |part: Option<&str>| part.map(str::to_owned).context("--postgres lacks a part");
        let port = url.port().unwrap_or(5432).to_string();
        let database = url.path().trim_start_matches('/').to_owned();
        self.settings.extend([
            ("DB_HOST".to_owned(), text(url.host_str())?),
            ("DB_PORT".to_owned(), port),
            ("DB_USER".to_owned(), url.username().to_owned()),
            ("DB_PASSWORD".to_owned(), text(url.password())?),
            ("DB_NAME".to_owned(), database),
        ]);
        self.migrate(tempfile::tempdir()?.path()).await
    }

    /// Has the product prepare its database.
    ///
    /// # Errors
    /// When it cannot.
    pub(crate) async fn migrate(&self, folder: &Path) -> anyhow::Result<()> {
        let status = Command::new(&self.product)
            .arg("migrate")
            .env("DATA_DIR", folder)
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .status()
            .await?;
        anyhow::ensure!(status.success(), "the database could not be prepared");
        Ok(())
    }

    /// Has the product write a reply anew; gives its report unless the text is the same.
    ///
    /// # Errors
    /// When it cannot be started.
    pub(crate) async fn replay(&self, reply: &str) -> anyhow::Result<Result<(), String>> {
        let folder = tempfile::tempdir()?;
        let output = Command::new(&self.product)
            .args(["replay", reply])
            .env("DATA_DIR", folder.path())
            .env("LOG_LEVEL", "error")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .output()
            .await?;
        let said = [output.stdout, output.stderr].concat();
        let report = String::from_utf8_lossy(&said).into_owned();
        Ok(output.status.success().then_some(()).ok_or(report))
    }
}

impl Target {
    /// Starts a server on a free port.
    ///
    /// # Errors
    /// When it does not say where it listens.
    pub(crate) async fn start(kind: Kind, programs: &Programs) -> anyhow::Result<Self> {
        Self::start_nodes(kind, programs, vec![NodeSettings::default()]).await
    }

    /// Starts a server of as many nodes as there are settings; they share a folder.
    ///
    /// # Errors
    /// When one does not say where it listens.
    pub(crate) async fn start_nodes(
        kind: Kind,
        programs: &Programs,
        settings_of_nodes: Vec<NodeSettings>,
    ) -> anyhow::Result<Self> {
        let folder = tempfile::tempdir()?;
        let mut nodes = Vec::new();
        // The first one makes the secrets that they share.
        for own in settings_of_nodes {
            nodes.push(Node::start(kind, programs, folder.path(), own).await?);
        }
        let first = nodes.first().context("a server without nodes")?;
        let mut target = Self {
            access: Access {
                kind,
                address: first.address.clone(),
                token: PEER_TOKEN.to_owned(),
            },
            nodes,
            other: String::new(),
            other_token: String::new(),
            maker: String::new(),
            folder,
            beside: None,
        };
        if kind == Kind::Product {
            (target.access.token, target.maker) = target.register("load").await?;
            (target.other_token, target.other) = target.register("other").await?;
        }
        Ok(target)
    }

    /// Ends a node without a word (SIGKILL), and starts it again on the same data.
    ///
    /// # Errors
    /// When it does not come back.
    pub(crate) async fn kill_and_restart(
        &mut self,
        node: usize,
        programs: &Programs,
    ) -> anyhow::Result<()> {
        self.nodes[node].child.kill().await?;
        self.restart(node, programs, &[]).await
    }

    /// Tells a node to end (SIGTERM), waits until it has, and starts it again on the same data, with some settings more until it is
    /// started anew.
    ///
    /// # Errors
    /// When it ends otherwise than in good order, or does not come back.
    pub(crate) async fn stop_and_restart(
        &mut self,
        node: usize,
        programs: &Programs,
        more: &[(&str, &str)],
    ) -> anyhow::Result<()> {
        self.signal(node, Signal::SIGTERM)?;
        let ended = timeout(STOPS_WITHIN, self.nodes[node].child.wait()).await;
        let status = ended.context("a node that was told to end goes on")??;
        anyhow::ensure!(status.success(), "a node that was told to end: {status}");
        self.restart(node, programs, more).await
    }

    async fn restart(
        &mut self,
        node: usize,
        programs: &Programs,
        more: &[(&str, &str)],
    ) -> anyhow::Result<()> {
        let mut now = self.nodes[node].own.clone();
        let more = more.iter();
        let more = more.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        now.settings.splice(0..0, more);
        let spawned = spawn(self.access.kind, programs, self.folder.path(), &now).await?;
        let node = &mut self.nodes[node];
        (node.child, node.address) = spawned;
        self.access.address = self.nodes[0].address.clone();
        Ok(())
    }

    /// Sends a signal to a node.
    ///
    /// # Errors
    /// When it has gone.
    pub(crate) fn signal(&self, node: usize, signal: Signal) -> anyhow::Result<()> {
        machine::signal(&self.nodes[node].child, signal)
    }

    /// How clients reach each node.
    pub(crate) fn accesses(&self) -> Vec<Access> {
        let access = |node: &Node| Access {
            address: node.address.clone(),
            ..self.access.clone()
        };
        self.nodes.iter().map(access).collect()
    }

    /// The ids of those who are in every room of the product from its beginning: who makes it, and the other.
    pub(crate) fn founders(&self) -> [String; 2] {
        [self.maker.clone(), self.other.clone()]
    }

    /// Makes an account, and gives its token and its id.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) async fn register(&self, name: &str) -> anyhow::Result<(String, String)> {
        // A database that is kept may know those of an earlier server.
        let email = format!("{name}-{:032x}@example.com", rand::random::<u128>());
        let body = json!({ "email": email, "password": "a long password of tests", "name": name });
        let answer = self.post("/api/v1/auth/register", "", &body).await?;
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let token = text(&answer["access_token"]).context("no access token")?;
        Ok((token, text(&answer["user"]["id"]).context("no user id")?))
    }

    async fn post(&self, path: &str, token: &str, body: &Value) -> anyhow::Result<Value> {
        let url = format!("http://{}{path}", self.access.address);
        let request = reqwest::Client::new()
            .post(url)
            .bearer_auth(token)
            .json(body);
        let answer = request.send().await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        if !status.is_success() {
            bail!("{path}: {status} {body}");
        }
        Ok(body)
    }

    /// Makes a room and gives its name.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) async fn make_room(&self, number: usize) -> anyhow::Result<String> {
        if self.access.kind != Kind::Product {
            return Ok(random_uuid());
        }
        let body =
            json!({ "title": format!("room {number}"), "members": [self.other], "twins": [] });
        let answer = self
            .post("/api/v1/conversations", &self.access.token, &body)
            .await?;
        let id = answer["id"].as_str();
        id.map(str::to_owned).context("no conversation id")
    }

    /// How the other person in every room reaches the product.
    pub(crate) fn other_access(&self) -> Access {
        self.access.with_token(&self.other_token)
    }

    /// How the last node is reached by whoever reaches the first one like this.
    pub(crate) fn at_last_node(&self, access: &Access) -> Access {
        let last = self.nodes.last().map(|node| node.address.clone());
        Access {
            address: last.unwrap_or_default(),
            ..access.clone()
        }
    }

    /// Makes a twin and gives its id.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) async fn make_twin(&self) -> anyhow::Result<String> {
        let body = json!({ "name": "Ada", "persona": "You are brief.", "visibility": "private" });
        let answer = self
            .post("/api/v1/twins", &self.access.token, &body)
            .await?;
        let id = answer["id"].as_str();
        id.map(str::to_owned).context("no twin id")
    }

    /// Makes a conversation with a twin and gives its id.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) async fn make_chat(&self, twin: &str) -> anyhow::Result<String> {
        let body = json!({ "twins": [twin] });
        let answer = self
            .post("/api/v1/conversations", &self.access.token, &body)
            .await?;
        let id = answer["id"].as_str();
        id.map(str::to_owned).context("no conversation id")
    }

    /// A figure of the product's metrics, of all nodes together; 0 where there is none yet.
    ///
    /// # Errors
    /// When the metrics cannot be read.
    pub(crate) async fn figure(&self, name: &str) -> anyhow::Result<f64> {
        let mut sum = 0.0;
        for node in &self.nodes {
            let url = format!("http://{}/metrics", node.address);
            let page = reqwest::get(url).await?.error_for_status()?.text().await?;
            let figures = page.lines().filter_map(|line| line.split_once(' '));
            for (_, figure) in figures.filter(|(known, _)| *known == name) {
                sum += figure.parse::<f64>()?;
            }
        }
        Ok(sum)
    }

    /// Has the processor time of what the nodes share counted too.
    pub(crate) fn stands_beside(&mut self, beside: Beside) {
        self.beside = Some(beside);
    }

    /// Seconds of processor time that the parts of the server have used.
    ///
    /// # Errors
    /// When one has gone.
    pub(crate) fn cpu_seconds(&self) -> anyhow::Result<Parts> {
        let mut parts = Parts {
            generator: machine::cpu_seconds("self")?,
            ..Parts::default()
        };
        for node in &self.nodes {
            let pid = node.child.id().context("a node has ended")?;
            parts.nodes += machine::cpu_seconds(&pid.to_string())?;
        }
        if let Some(beside) = self.beside {
            parts.postgres = machine::cpu_seconds_of_family(beside.postgres)?;
            parts.redis = machine::cpu_seconds(&beside.redis.to_string())?;
        }
        Ok(parts)
    }

    /// Bytes of memory that the server's first node holds.
    ///
    /// # Errors
    /// When it has gone.
    pub(crate) fn resident_bytes(&self) -> anyhow::Result<u64> {
        let status = self.proc_file("status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.context("no VmRSS")?.trim().trim_end_matches(" kB");
        Ok(kib.parse::<u64>()? * 1024)
    }

    fn proc_file(&self, name: &str) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(format!(
            "/proc/{}/{name}",
            self.pid()?
        ))?)
    }

    fn pid(&self) -> anyhow::Result<u32> {
        let child = self.nodes.first().and_then(|node| node.child.id());
        child.context("the server has ended")
    }
}

impl Access {
    /// How somebody else reaches the same server.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self {
            token: token.to_owned(),
            ..self.clone()
        }
    }

    /// Asks the product for something over HTTP; gives the status and the body of its answer, null where it has none.
    ///
    /// # Errors
    /// When no answer comes.
    pub(crate) async fn call(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> anyhow::Result<(StatusCode, Value)> {
        let url = format!("http://{}{path}", self.address);
        let request = reqwest::Client::new().request(method, url);
        let mut request = request.bearer_auth(&self.token).timeout(ANSWER_WITHIN);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let status = answer.status();
        let body = answer.bytes().await?;
        Ok((status, serde_json::from_slice(&body).unwrap_or_default()))
    }

    /// Connects, says who it is, and joins a room if there is one.
    ///
    /// # Errors
    /// When the server refuses.
    pub(crate) async fn join(&self, room: Option<&str>) -> anyhow::Result<(Sender, Receiver)> {
        let token = &self.token;
        match self.kind {
            Kind::Product => {
                let connected = connect(&self.address, "/ws", Some("twin.v1.json")).await?;
                let (sender, mut receiver) = connected;
                sender
                    .send(&json!({ "op": "identify", "token": token }).to_string())
                    .await?;
                receiver
                    .wait_for(r#""op":"ready""#, r#""op":"error""#)
                    .await?;
                if let Some(room) = room {
                    let subscribe = json!({ "op": "subscribe", "conversation_id": room });
                    sender.send(&subscribe.to_string()).await?;
                    receiver
                        .wait_for(r#""op":"subscribed""#, r#""op":"error""#)
                        .await?;
                }
                Ok((sender, receiver))
            }
            Kind::Ws | Kind::Bun => {
                let path = format!("/?token={token}");
                let (sender, mut receiver) = connect(&self.address, &path, None).await?;
                if let Some(room) = room {
                    sender
                        .send(&json!({ "op": "join", "room": room }).to_string())
                        .await?;
                    receiver.wait_for("joined", "error").await?;
                }
                Ok((sender, receiver))
            }
            Kind::Nats => {
                let (sender, mut receiver) = connect(&self.address, "/", None).await?;
                receiver.wait_for("INFO", "-ERR").await?;
                let options = json!({ "verbose": false, "user": "load", "pass": token });
                sender.send(&format!("CONNECT {options}\r\n")).await?;
                if let Some(room) = room {
                    sender.send(&format!("SUB {room} 1\r\n")).await?;
                }
                sender.send("PING\r\n").await?;
                receiver.wait_for("PONG", "-ERR").await?;
                Ok((sender, receiver))
            }
            Kind::OneTransaction | Kind::Pgbench => bail!("{} is no server", self.kind.name()),
            Kind::SocketIo => {
                let path = "/socket.io/?EIO=4&transport=websocket";
                let (sender, mut receiver) = connect(&self.address, path, None).await?;
                receiver.wait_for("0{", "error").await?;
                sender
                    .send(&format!("40{}", json!({ "token": token })))
                    .await?;
                receiver.wait_for("40{", "44").await?;
                if let Some(room) = room {
                    sender.send(&format!("42{}", json!(["join", room]))).await?;
                    receiver.wait_for("joined", "error").await?;
                }
                Ok((sender, receiver))
            }
        }
    }

    /// Connects to the product and asks to resume after these entries of these conversations; what it answers is still to be
    /// received.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub(crate) async fn resume(
        &self,
        cursors: &[(String, u64)],
    ) -> anyhow::Result<(Sender, Receiver)> {
        let connection = connect(&self.address, "/ws", Some("twin.v1.json")).await?;
        self.ask_to_resume(connection, cursors).await
    }

    /// The same on a line that holds little.
    ///
    /// # Errors
    /// When the server cannot be reached.
    pub(crate) async fn resume_narrow(
        &self,
        cursors: &[(String, u64)],
    ) -> anyhow::Result<(Sender, Receiver)> {
        let connection = connect_narrow(&self.address, "/ws", Some("twin.v1.json")).await?;
        self.ask_to_resume(connection, cursors).await
    }

    async fn ask_to_resume(
        &self,
        connection: (Sender, Receiver),
        cursors: &[(String, u64)],
    ) -> anyhow::Result<(Sender, Receiver)> {
        let cursors: Vec<Value> = cursors
            .iter()
            .map(|(room, seq)| json!({ "conversation_id": room, "after_seq": seq }))
            .collect();
        let resume = json!({ "op": "resume", "token": self.token, "cursors": cursors });
        connection.0.send(&resume.to_string()).await?;
        Ok(connection)
    }

    /// The frame that publishes data, which needs no escaping, to a room: kept by nobody.
    pub(crate) fn publish_frame(&self, room: &str, data: &str) -> String {
        match self.kind {
            Kind::Product => format!(
                r#"{{"op":"broadcast","conversation_id":"{room}","event":"load","data":"{data}"}}"#
            ),
            Kind::Ws | Kind::Bun => {
                format!(r#"{{"op":"publish","room":"{room}","event":"load","data":"{data}"}}"#)
            }
            Kind::SocketIo => format!(r#"42["publish","{room}","load","{data}"]"#),
            _ => {
                // A broker adds nothing: its publisher says who it is.
                let user = random_uuid();
                let payload = format!(r#"{{"user":"{user}","event":"load","data":"{data}"}}"#);
                format!("PUB {room} {}\r\n{payload}\r\n", payload.len())
            }
        }
    }

    /// The frame that asks for an answer which names its request.
    pub(crate) fn ping_frame(&self) -> &'static str {
        match self.kind {
            Kind::SocketIo => r#"421["echo"]"#,
            _ => r#"{"op":"ping","ref":"1"}"#,
        }
    }
}

/// A name as long as those of the product's conversations.
fn random_uuid() -> String {
    let digits = format!("{:032x}", rand::random::<u128>());
    let parts = [0..8, 8..12, 12..16, 16..20, 20..32].map(|part| &digits[part]);
    parts.join("-")
}

impl Node {
    async fn start(
        kind: Kind,
        programs: &Programs,
        folder: &Path,
        own: NodeSettings,
    ) -> anyhow::Result<Self> {
        let (child, address) = spawn(kind, programs, folder, &own).await?;
        Ok(Self {
            child,
            address,
            own,
        })
    }
}

/// Starts the process and waits for the address that it prints.
async fn spawn(
    kind: Kind,
    programs: &Programs,
    folder: &Path,
    own: &NodeSettings,
) -> anyhow::Result<(Child, String)> {
    if kind == Kind::Nats {
        std::fs::write(folder.join(NATS_CONFIG), NATS_SETTINGS)?;
    }
    let mut command = command(kind, programs, folder, own.namespace.as_deref());
    command.envs(own.settings.iter().map(|(name, value)| (name, value)));
    command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true);
    let mut child = command
        .spawn()
        .with_context(|| format!("cannot start {}", kind.name()))?;
    let stdout = child.stdout.take().context("its output is piped")?;
    let mut lines = BufReader::new(stdout).lines();
    let address = loop {
        let line = lines.next_line().await?;
        let line = line.with_context(|| format!("{} ended at once", kind.name()))?;
        if let Some(port) = line.strip_prefix("listening on ") {
            break format!("127.0.0.1:{port}");
        }
        if let Some((_, address)) = line.split_once("websocket clients on ws://") {
            break address.to_owned();
        }
        if let Some((_, url)) = line.split_once(" serves http://") {
            break url.to_owned();
        }
    };
    // What it says later would fill the pipe.
    tokio::task::spawn_local(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok((child, address))
}

fn command(kind: Kind, programs: &Programs, folder: &Path, namespace: Option<&str>) -> Command {
    let (program, arguments): (PathBuf, Vec<PathBuf>) = match kind {
        Kind::Product => (programs.product.clone(), vec!["serve".into()]),
        Kind::SocketIo => ("node".into(), vec![programs.peers.join("socketio.js")]),
        Kind::Ws => ("node".into(), vec![programs.peers.join("ws.js")]),
        Kind::Nats => {
            let config = folder.join(NATS_CONFIG);
            ("nats-server".into(), vec!["-c".into(), config])
        }
        Kind::OneTransaction | Kind::Pgbench => unreachable!("it is no server"),
        Kind::Bun => {
            let bun = programs.peers.join("node_modules/.bin/bun");
            (bun, vec![programs.peers.join("bun.js")])
        }
    };
    // Each of these becomes what it is told to start.
    let mut before = Vec::new();
    if let Some(namespace) = namespace {
        before.extend(["ip", "netns", "exec", namespace]);
    }
    if !programs.server_cpus.is_empty() {
        before.extend(["taskset", "-c", &programs.server_cpus]);
    }
    let mut words = before.into_iter().map(PathBuf::from).chain([program]);
    let mut command = Command::new(words.next().expect("the program is one of them"));
    command.args(words).args(arguments);
    if kind == Kind::Product {
        command
            .env("DATA_DIR", folder)
            .env("PORT", "0")
            .env("TWIN_ENGINE", "scripted")
            .env("LOG_LEVEL", "warn")
            .env("TWIN_SENDS_PER_MINUTE", "1000000000")
            .envs(
                [
                    "REGISTER_IP",
                    "LOGIN_IP",
                    "LOGIN_ACCOUNT",
                    "WRITES",
                    "BROADCASTS",
                ]
                .map(|name| (format!("TWIN_QUOTA_{name}"), "1000000/second")),
            )
            .envs(programs.settings.iter().map(|(name, value)| (name, value)));
    }
    command
}
