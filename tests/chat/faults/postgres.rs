//! Disks that fill up under PostgreSQL, under its tables or under its log: what is acknowledged is kept, and the server
//! recovers as soon as PostgreSQL does.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use futures::future::join_all;
use rand::distr::Alphanumeric;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::disk::SmallDisk;
use super::*;

/// Messages that are on their way at once, so that some are committed together.
const SENDERS: u64 = 4;

/// More messages than fit on any disk here.
const MESSAGES_MAX: u64 = 10_000;

/// From the first moment at which PostgreSQL can write again, everybody is served within this time.
const RECOVERED_WITHIN: Duration = Duration::from_secs(10);

/// A PostgreSQL of a test's own, on a socket in a folder of its own.
pub(in super::super) struct Postgres {
    folder: TempDir,
    data: PathBuf,
    server: Child,
    log: UnboundedReceiver<String>,
}

impl Postgres {
    /// Makes one that keeps its tables and its write-ahead log in these folders, and starts it.
    pub(in super::super) async fn start(tables: &Path, log: &Path) -> Self {
        let folder = tempfile::tempdir().unwrap();
        for folder in [folder.path(), tables, log] {
            hand_over(folder);
        }
        let (data, wal) = (tables.join("tables"), log.join("wal"));
        let mut initdb = program("initdb");
        initdb.arg("--pgdata").arg(&data).arg("--waldir").arg(&wal);
        initdb.args(["--wal-segsize", "1", "--username", "digital_twin"]);
        initdb.args(["--encoding", "UTF8", "--locale", "C.UTF-8"]);
        // The socket's folder is open to nobody else.
        initdb.args(["--auth", "trust"]);
        let made = initdb.output().unwrap();
        let complaint = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "{complaint}");
        let (server, log) = spawn(&data, folder.path());
        let mut started = Self {
            folder,
            data,
            server,
            log,
        };
        started.says("ready to accept connections").await;
        started
    }

    /// Starts it again after a crash.
    async fn restart(&mut self) {
        (self.server, self.log) = spawn(&self.data, self.folder.path());
        self.says("ready to accept connections").await;
    }

    /// Waits until its log has a line with this text.
    async fn says(&mut self, wanted: &str) {
        let said = async {
            while let Some(line) = self.log.recv().await {
                if line.contains(wanted) {
                    return;
                }
            }
            panic!("PostgreSQL ended without saying {wanted:?}");
        };
        tokio::time::timeout(PATIENCE, said)
            .await
            .expect("PostgreSQL says it in time");
    }

    /// Ends what is left of it, at once.
    fn crash(&mut self) {
        // It may have ended by itself.
        let _ = Command::new("kill")
            .args(["-QUIT", &self.server.id().to_string()])
            .stderr(Stdio::null())
            .status();
        let _ = self.server.wait();
    }

    /// Runs a statement on it.
    pub(in super::super) fn sql(&self, statement: &str) {
        let mut psql = program("psql");
        psql.arg("-h").arg(self.folder.path());
        psql.args([
            "-U",
            "digital_twin",
            "-d",
            "postgres",
            "-v",
            "ON_ERROR_STOP=1",
        ]);
        let ran = psql.args(["-c", statement]).output().unwrap();
        let complaint = String::from_utf8_lossy(&ran.stderr);
        assert!(ran.status.success(), "{complaint}");
    }

    /// The folder of its socket.
    pub(in super::super) fn socket(&self) -> &str {
        self.folder.path().to_str().unwrap()
    }

    /// The folders that it keeps things in: the tables and the log.
    pub(in super::super) fn folders(&self) -> Vec<PathBuf> {
        let log = std::fs::read_link(self.data.join("pg_wal")).unwrap();
        vec![self.data.clone(), log]
    }

    /// How the server finds it.
    pub(in super::super) fn settings(&self) -> Vec<(&str, &str)> {
        vec![
            ("DB_HOST", self.folder.path().to_str().unwrap()),
            ("DB_USER", "digital_twin"),
            ("DB_NAME", "postgres"),
            ("TWIN_SENDS_PER_MINUTE", "1000000"),
        ]
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        self.crash();
    }
}

fn spawn(data: &Path, socket: &Path) -> (Child, UnboundedReceiver<String>) {
    let mut postgres = program("postgres");
    postgres.arg("-D").arg(data).arg("-k").arg(socket);
    postgres.args(["-c", "listen_addresses="]);
    let mut server = postgres.stderr(Stdio::piped()).spawn().unwrap();
    let lines = BufReader::new(server.stderr.take().unwrap()).lines();
    let (sender, log) = unbounded_channel();
    std::thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            eprintln!("postgres: {line}");
            // Whoever listened may be gone; the pipe must be emptied all the same.
            let _ = sender.send(line);
        }
    });
    (server, log)
}

/// One of PostgreSQL's programs, run as whom the services of the tests run as: it refuses root.
fn program(name: &str) -> Command {
    let folder = std::env::var("TEST_POSTGRES_PROGRAMS")
        .expect("TEST_POSTGRES_PROGRAMS is not set: run `make test`");
    let mut command = Command::new(Path::new(&folder).join(name));
    if let Some((user, group)) = owner() {
        command.uid(user).gid(group);
    }
    command.current_dir("/").stdin(Stdio::null());
    command
}

fn hand_over(folder: &Path) {
    if let Some((user, group)) = owner() {
        chown(folder, Some(user), Some(group)).unwrap();
    }
}

/// Whom PostgreSQL runs as, as numbers; none where it is ourselves.
fn owner() -> Option<(u32, u32)> {
    let owner = std::env::var("TEST_POSTGRES_OWNER").ok()?;
    let (user, group) = owner.split_once(':').unwrap();
    Some((user.parse().unwrap(), group.parse().unwrap()))
}

/// A server on such a PostgreSQL, and people who write on several connections at once.
struct Writers {
    program: Program,
    ada: Account,
    room: String,
    peers: Vec<Peer>,
    next: u64,
    /// The text of each acknowledged message.
    acknowledged: BTreeMap<u64, String>,
    /// The numbers of the messages that were refused.
    refused: Vec<u64>,
}

impl Writers {
    async fn begin(postgres: &Postgres) -> Self {
        let folder = tempfile::tempdir().unwrap();
        process::run(&folder, "migrate", &postgres.settings()).await;
        let program = serve_with(folder, &postgres.settings()).await;
        let (ada, _, room) = two_in_a_room(&program).await;
        let mut peers = Vec::new();
        for _ in 0..SENDERS {
            let mut peer = Peer::connect(&program).await;
            peer.follow(&ada, &room).await;
            peers.push(peer);
        }
        Self {
            program,
            ada,
            room,
            peers,
            next: 0,
            acknowledged: BTreeMap::new(),
            refused: Vec::new(),
        }
    }

    /// Everybody sends the next message.
    async fn send_new(&mut self) {
        let numbers = (self.next..self.next + SENDERS).collect();
        self.next += SENDERS;
        self.send(numbers).await;
    }

    /// Everybody sends one of these; what comes of each is written down.
    async fn send(&mut self, numbers: Vec<u64>) {
        let room = &self.room;
        let sent = self
            .peers
            .iter_mut()
            .zip(numbers)
            .map(async |(peer, number)| {
                let text = message(number);
                let answer = peer.send(room, &format!("message-{number}"), &text).await;
                (number, text, answer)
            });
        for (number, text, answer) in join_all(sent).await {
            match answer {
                Ok(seq) => {
                    let before = self.acknowledged.insert(seq, text);
                    assert!(before.is_none(), "two messages have the seq {seq}");
                }
                Err(code) => {
                    assert_eq!(code, "unavailable");
                    self.refused.push(number);
                }
            }
        }
    }

    /// Sends until some are refused.
    async fn send_until_refused(&mut self) {
        while self.refused.is_empty() {
            assert!(self.next < MESSAGES_MAX, "a full disk takes no more");
            self.send_new().await;
        }
    }

    /// Sends again what was refused, until everything is acknowledged; then the log has it all, once and in order.
    async fn finish(mut self) {
        let recovered = async {
            while !self.refused.is_empty() {
                let again = self
                    .refused
                    .drain(..self.refused.len().min(self.peers.len()));
                let again = again.collect();
                self.send(again).await;
            }
            // The answer of a second ago is told again.
            while ready(&self.program).await != 200 {}
        };
        tokio::time::timeout(RECOVERED_WITHIN, recovered)
            .await
            .expect("the server recovers in time");
        self.send_new().await;
        assert_eq!(self.refused, Vec::<u64>::new());
        let log = read_log(&self.program, &self.ada, &self.room).await;
        let log: Vec<(u64, String)> = log
            .iter()
            .map(|frame| (seq(frame), text(&frame["text"])))
            .collect();
        let seqs: Vec<u64> = log.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(seqs, (1..=self.next).collect::<Vec<_>>());
        let acknowledged: Vec<(u64, String)> = self.acknowledged.into_iter().collect();
        assert!(log == acknowledged, "the log is what was acknowledged");
    }
}

/// A message that no compression makes small.
fn message(number: u64) -> String {
    let letters = StdRng::seed_from_u64(number).sample_iter(Alphanumeric);
    letters.take(8_000).map(char::from).collect()
}

async fn ready(program: &Program) -> u16 {
    let answer = reqwest::get(format!("{}/readyz", program.url)).await;
    answer.unwrap().status().as_u16()
}

#[actix_web::test]
async fn a_full_disk_under_the_tables_of_postgresql_is_an_error_for_the_sender_and_nothing_is_lost()
{
    let disk = SmallDisk::mount(64);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut postgres = Postgres::start(disk.path(), elsewhere.path()).await;
    let mut writers = Writers::begin(&postgres).await;
    writers.send_new().await;
    let filler = disk.fill();
    writers.send_until_refused().await;
    postgres.says("No space left on device").await;
    std::fs::remove_file(filler).unwrap();
    writers.finish().await;
}

#[actix_web::test]
async fn a_full_disk_under_the_log_of_postgresql_stops_it_and_the_server_goes_on_when_it_is_back() {
    let disk = SmallDisk::mount(16);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut postgres = Postgres::start(elsewhere.path(), disk.path()).await;
    let mut writers = Writers::begin(&postgres).await;
    writers.send_new().await;
    let filler = disk.fill();
    writers.send_until_refused().await;
    postgres.says("PANIC").await;
    // It tries to recover, and cannot while the disk is full; what is left of it ends here.
    postgres.crash();
    let before = writers.acknowledged.len();
    writers.send_new().await;
    assert_eq!(writers.acknowledged.len(), before);
    assert_eq!(ready(&writers.program).await, 503);
    std::fs::remove_file(filler).unwrap();
    postgres.restart().await;
    writers.finish().await;
}
