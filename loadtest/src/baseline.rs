//! What the messages that are kept are held against, in the same tables: one transaction for each message, with the same
//! look-up, counter and row; and PostgreSQL's own `pgbench` with single inserts.

use std::path::Path;
use std::process::Stdio;
use std::rc::Rc;
use std::sync::mpsc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use reqwest::Url;
use tokio::process::Command;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, NoTls};

use crate::run::{Counts, Measured};
use crate::target::Programs;

/// Connections that the transactions share.
const CONNECTIONS: usize = 16;

/// The product's file in its folder of data.
const SQLITE_FILE: &str = "digital-twin.sqlite";

/// Where Debian keeps PostgreSQL's programs.
const DEBIAN_PROGRAMS: &str = "/usr/lib/postgresql";

const PGBENCH_TABLE: &str = "
    CREATE TABLE IF NOT EXISTS baseline_inserts (id BIGINT NOT NULL, text TEXT NOT NULL);
    DELETE FROM baseline_inserts;
";
const MAKE_CONVERSATION: &str =
    "INSERT INTO conversations (id, created_by, created_at, active_at) VALUES ($1, $2, 0, 0)";
const FIND: &str = "SELECT seq FROM messages WHERE author_id = $1 AND client_id = $2";
const COUNT_UP: &str = "UPDATE conversations SET last_seq = last_seq + 1, active_at = $2 WHERE id = $1 RETURNING last_seq";
const INSERT: &str = "INSERT INTO messages \
    (conversation_id, seq, message_id, author_kind, author_id, author_name, client_id, text, created_at) \
    VALUES ($1, $2, $3, 'user', $4, 'load', $5, $6, $7)";

/// An id as the tables keep it.
type Id = [u8; 16];

/// The work, as in [`crate::scenario::WorkKind::Durable`].
#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) senders: usize,
    pub(crate) conversations: usize,
    pub(crate) text_bytes: usize,
}

/// The people and places of a run.
struct Cast {
    author: Id,
    conversations: Vec<Id>,
}

impl Cast {
    fn new(shape: Shape) -> Self {
        Self {
            author: rand::random(),
            conversations: (0..shape.conversations).map(|_| rand::random()).collect(),
        }
    }

    fn conversation(&self, sender: usize) -> Id {
        self.conversations[sender % self.conversations.len()]
    }
}

/// Ids that rise with time, as those of the product's messages do.
fn next_message_id() -> Id {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let since = now.unwrap_or_default().as_nanos();
    ((since << 48) | u128::from(rand::random::<u32>())).to_be_bytes()
}

/// A message on its way into a SQLite file.
struct Message {
    conversation: Id,
    client_id: String,
    text: String,
    stored: oneshot::Sender<()>,
}

/// One transaction for each message over 16 connections to PostgreSQL, or on SQLite's one writer; in the product's tables, which
/// its program has prepared.
///
/// # Errors
/// When the database refuses.
pub(crate) async fn one_transaction_each(
    programs: &Programs,
    postgres: Option<&Url>,
    shape: Shape,
    warm_up: Duration,
    duration: Duration,
) -> anyhow::Result<Measured> {
    let counts = Counts::new()?;
    let mut senders = JoinSet::new();
    let folder = tempfile::tempdir()?;
    let cast = Rc::new(Cast::new(shape));
    if let Some(url) = postgres {
        let pool = Rc::new(Pool::open(url, &cast).await?);
        for number in 0..shape.senders {
            senders.spawn_local(send_to_postgres(
                (pool.clone(), cast.clone()),
                number,
                shape,
                counts.clone(),
            ));
        }
    } else {
        programs.migrate(folder.path()).await?;
        let writer = open_sqlite(&folder.path().join(SQLITE_FILE), &cast)?;
        for number in 0..shape.senders {
            senders.spawn_local(send_to_sqlite(
                (writer.clone(), cast.clone()),
                number,
                shape,
                counts.clone(),
            ));
        }
    }
    let work = async {
        sleep(warm_up).await;
        counts.measure(sleep(duration)).await
    };
    tokio::select! {
        elapsed = work => Ok(counts.measured(elapsed)),
        Some(ended) = senders.join_next() => {
            ended??;
            anyhow::bail!("a sender ended early")
        }
    }
}

struct Pool {
    clients: Vec<Client>,
    free: std::cell::RefCell<Vec<usize>>,
    permits: Semaphore,
}

impl Pool {
    async fn open(url: &Url, cast: &Cast) -> anyhow::Result<Self> {
        let mut clients = Vec::new();
        for _ in 0..CONNECTIONS {
            let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await?;
            tokio::spawn(connection);
            clients.push(client);
        }
        for id in &cast.conversations {
            let row: [&(dyn ToSql + Sync); 2] = [&&id[..], &&cast.author[..]];
            clients[0].execute(MAKE_CONVERSATION, &row).await?;
        }
        Ok(Self {
            free: (0..clients.len()).collect::<Vec<_>>().into(),
            clients,
            permits: Semaphore::new(CONNECTIONS),
        })
    }
}

async fn send_to_postgres(
    (pool, cast): (Rc<Pool>, Rc<Cast>),
    number: usize,
    shape: Shape,
    counts: Rc<Counts>,
) -> anyhow::Result<()> {
    let (conversation, author) = (cast.conversation(number), &cast.author[..]);
    let conversation = &conversation[..];
    let text = "x".repeat(shape.text_bytes);
    let mut statements: Vec<Option<[tokio_postgres::Statement; 3]>> = vec![None; CONNECTIONS];
    for message in 0_i64.. {
        let sent_ns = counts.now_ns();
        let _permit = pool.permits.acquire().await?;
        let slot = pool.free.borrow_mut().pop().context("a free connection")?;
        let client = &pool.clients[slot];
        if statements[slot].is_none() {
            let prepared = tokio::try_join!(
                client.prepare(FIND),
                client.prepare(COUNT_UP),
                client.prepare(INSERT)
            )?;
            statements[slot] = Some(prepared.into());
        }
        let [find, count_up, insert] = statements[slot].as_ref().context("prepared")?;
        let client_id = format!("{number}-{message}");
        // The look-up travels with the BEGIN, the last insert with the COMMIT, as a careful program would have it.
        let known: [&(dyn ToSql + Sync); 2] = [&author, &client_id];
        tokio::try_join!(
            client.batch_execute("BEGIN"),
            client.query_opt(find, &known)
        )?;
        let counted = client
            .query_one(count_up, &[&conversation, &message])
            .await?;
        let seq: i64 = counted.get(0);
        let id = next_message_id();
        let id = &id[..];
        let row: [&(dyn ToSql + Sync); 7] = [
            &conversation,
            &seq,
            &id,
            &author,
            &client_id,
            &text,
            &message,
        ];
        tokio::try_join!(client.execute(insert, &row), client.batch_execute("COMMIT"))?;
        pool.free.borrow_mut().push(slot);
        counts.done(sent_ns, counts.now_ns());
    }
    Ok(())
}

/// Starts the one thread that writes.
fn open_sqlite(path: &Path, cast: &Cast) -> anyhow::Result<mpsc::Sender<Message>> {
    let mut connection = rusqlite::Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    let author = cast.author;
    for id in &cast.conversations {
        connection.execute(&numbered(MAKE_CONVERSATION), (id, author))?;
    }
    let (sender, messages) = mpsc::channel::<Message>();
    std::thread::spawn(move || -> rusqlite::Result<()> {
        for message in messages {
            let transaction = connection.transaction()?;
            {
                let mut find = transaction.prepare_cached(&numbered(FIND))?;
                find.exists((author, &message.client_id))?;
                let mut count_up = transaction.prepare_cached(&numbered(COUNT_UP))?;
                let seq: i64 = count_up.query_row((message.conversation, 0), |row| row.get(0))?;
                let mut insert = transaction.prepare_cached(&numbered(INSERT))?;
                insert.execute((
                    message.conversation,
                    seq,
                    next_message_id(),
                    author,
                    &message.client_id,
                    &message.text,
                    0,
                ))?;
            }
            transaction.commit()?;
            // Nobody waits at the end of the measurement.
            let _ = message.stored.send(());
        }
        Ok(())
    });
    Ok(sender)
}

/// A statement as SQLite numbers its parameters.
fn numbered(statement: &str) -> String {
    statement.replace('$', "?")
}

async fn send_to_sqlite(
    (writer, cast): (mpsc::Sender<Message>, Rc<Cast>),
    number: usize,
    shape: Shape,
    counts: Rc<Counts>,
) -> anyhow::Result<()> {
    let text = "x".repeat(shape.text_bytes);
    for message in 0_i64.. {
        let sent_ns = counts.now_ns();
        let (stored, is_stored) = oneshot::channel();
        writer.send(Message {
            conversation: cast.conversation(number),
            client_id: format!("{number}-{message}"),
            text: text.clone(),
            stored,
        })?;
        is_stored.await.context("the writer failed")?;
        counts.done(sent_ns, counts.now_ns());
    }
    Ok(())
}

/// `pgbench` with one insert a transaction and as many clients as there are senders.
///
/// # Errors
/// When there is no `pgbench`, or it fails.
pub(crate) async fn pgbench(
    url: &Url,
    shape: Shape,
    duration: Duration,
) -> anyhow::Result<Measured> {
    let script = tempfile::NamedTempFile::new()?;
    let text = "x".repeat(shape.text_bytes);
    std::fs::write(
        script.path(),
        format!("INSERT INTO baseline_inserts (id, text) VALUES (1, '{text}');\n"),
    )?;
    let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await?;
    tokio::spawn(connection);
    client.batch_execute(PGBENCH_TABLE).await?;
    let output = Command::new(program()?)
        .args(["--no-vacuum", "--protocol=prepared", "--jobs=2"])
        .arg(format!("--client={}", shape.senders))
        .arg(format!("--time={}", duration.as_secs().max(1)))
        .arg("--file")
        .arg(script.path())
        .arg(url.as_str())
        .stdin(Stdio::null())
        .output()
        .await?;
    let said = String::from_utf8_lossy(&output.stdout);
    anyhow::ensure!(
        output.status.success(),
        "pgbench failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let figure = |name: &str| -> anyhow::Result<f64> {
        let line = said.lines().find_map(|line| line.strip_prefix(name));
        let number = line.and_then(|rest| rest.split_whitespace().next());
        Ok(number
            .with_context(|| format!("pgbench did not say {name:?}"))?
            .parse()?)
    };
    Ok(Measured {
        per_second: figure("tps = ")?,
        // It reports the average; the others are not known.
        p50_ms: figure("latency average = ")?,
        p99_ms: f64::NAN,
        ..Counts::new()?.measured(duration)
    })
}

fn program() -> anyhow::Result<std::path::PathBuf> {
    let versions = std::fs::read_dir(DEBIAN_PROGRAMS).into_iter().flatten();
    let debian = versions.filter_map(|version| Some(version.ok()?.path().join("bin/pgbench")));
    let found = debian.filter(|path| path.exists()).max();
    Ok(found.unwrap_or_else(|| "pgbench".into()))
}
