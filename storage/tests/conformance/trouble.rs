//! A database in trouble: nothing is acknowledged that is not stored, and it is used again as soon as it is back.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::stream::{FuturesUnordered, StreamExt};
use storage::{Database, Storage, StorageError};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::support::{
    NOW, Scene, TestDatabase, beside, new, on_both_databases, twin_of, user_named,
};

on_both_databases![
    a_full_queue_answers_and_what_it_took_is_stored,
    a_refused_change_leaves_the_connection_clean,
    a_caller_that_gives_up_leaves_a_whole_change_or_none,
];

/// Something that holds up every append until it is dropped.
enum Obstacle {
    Sqlite(rusqlite::Connection),
    Postgres(tokio_postgres::Client),
}

impl Obstacle {
    async fn put_before(database: &Database) -> Self {
        match database {
            Database::Sqlite { path } => {
                let connection = rusqlite::Connection::open(path).unwrap();
                connection.execute_batch("BEGIN IMMEDIATE").unwrap();
                Self::Sqlite(connection)
            }
            Database::Postgres { .. } => {
                let client = beside(database).await;
                let lock = "BEGIN; SELECT * FROM conversations FOR UPDATE";
                client.batch_execute(lock).await.unwrap();
                Self::Postgres(client)
            }
        }
    }

    async fn remove(self) {
        match self {
            Self::Sqlite(connection) => connection.execute_batch("ROLLBACK").unwrap(),
            Self::Postgres(client) => client.batch_execute("ROLLBACK").await.unwrap(),
        }
    }
}

async fn a_full_queue_answers_and_what_it_took_is_stored(db: TestDatabase) {
    let scene = Scene::set(&db).await;
    let mut obstacle = Some(Obstacle::put_before(&db.database).await);
    let mut sends: FuturesUnordered<_> = (0..2500)
        .map(|number| db.append_message(scene.says(&number.to_string(), "hello")))
        .collect();
    let (mut refused, mut stored) = (0, 0);
    while let Some(outcome) = sends.next().await {
        match outcome {
            Err(StorageError::Overloaded(_)) => refused += 1,
            outcome => {
                new(outcome.unwrap());
                stored += 1;
            }
        }
        if let Some(obstacle) = obstacle.take() {
            obstacle.remove().await;
        }
    }
    assert!(refused > 0);
    let conversation = db
        .conversation(scene.conversation.id)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(conversation.last_seq, stored);
    assert_eq!(stored + refused, 2500);
}

async fn a_refused_change_leaves_the_connection_clean(db: TestDatabase) {
    // With one connection, whoever comes next gets the one that saw the failure.
    let db = match &db.database {
        Database::Sqlite { .. } => db,
        Database::Postgres { .. } => TestDatabase::postgres_with_pool(1).await,
    };
    let scene = Scene::set(&db).await;
    for _ in 0..3 {
        assert!(db.create_user(scene.user.clone()).await.is_err());
        assert!(
            db.create_twin(twin_of(scene.user.id, "more"), 1)
                .await
                .is_err()
        );
        let homeless = twin_of(protocol::UserId::new(), "homeless");
        assert!(db.create_twin(homeless, 1).await.is_err());
        assert_eq!(
            db.twins_of(scene.user.id).await.unwrap(),
            std::slice::from_ref(&scene.twin)
        );
    }
    if let Database::Postgres { .. } = &db.database {
        let idle = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                    AND state LIKE 'idle in transaction%'";
        let count: i64 = beside(&db.database)
            .await
            .query_one(idle, &[])
            .await
            .unwrap()
            .get(0);
        assert_eq!(count, 0);
    }
}

async fn a_caller_that_gives_up_leaves_a_whole_change_or_none(db: TestDatabase) {
    for number in 0..20 {
        let user = user_named(&number.to_string());
        let change = db.create_user(user.clone());
        // Polled once, the change is under way; then its caller is gone.
        tokio::select! {
            biased;
            _ = change => {}
            () = std::future::ready(()) => {}
        }
        match db.create_user(user.clone()).await {
            Ok(_) | Err(StorageError::Conflict("e-mail address")) => {}
            other => panic!("{other:?}"),
        }
        assert_eq!(db.user(user.id).await.unwrap(), Some(user));
    }
}

#[tokio::test]
async fn killed_backends_are_replaced_unnoticed() {
    let db = TestDatabase::postgres().await;
    let scene = Scene::set(&db).await;
    let admin = beside(&db.database).await;
    for round in 0..5 {
        // All connections of the pool are in use once.
        futures::future::join_all((0..8).map(|_| db.ping())).await;
        let kill = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                    WHERE datname = current_database() AND application_name = 'digital-twin'";
        let killed: i64 = admin.query_one(kill, &[]).await.unwrap().get(0);
        assert!(killed > 0);
        let (append, read, write) = tokio::join!(
            db.append_message(scene.says(&round.to_string(), "hello")),
            db.messages_after(scene.conversation.id, 0, 10),
            db.update_user(scene.user.id, storage::UserChange::default()),
        );
        assert_eq!(new(append.unwrap()).seq, round + 1);
        read.unwrap();
        write.unwrap();
    }
}

#[tokio::test]
async fn a_server_that_goes_and_comes_back_is_used_again_and_nothing_acknowledged_is_lost() {
    let direct = TestDatabase::postgres().await;
    let scene = Scene::set(&direct).await;
    let proxy = Proxy::before(&direct.database).await;
    let storage = Storage::open(&proxy.database).await.unwrap();
    let mut acknowledged = 0;
    for round in 0..2 {
        new(storage
            .append_message(scene.says(&format!("{round}-up"), "hello"))
            .await
            .unwrap());
        acknowledged += 1;
        proxy.cut();
        let down = Instant::now();
        let (refused, silent) = tokio::join!(
            storage.append_message(scene.says(&format!("{round}-down"), "hello")),
            storage.ping(),
        );
        assert!(
            matches!(refused, Err(StorageError::Unavailable(_))),
            "{refused:?}"
        );
        assert!(
            matches!(silent, Err(StorageError::Unavailable(_))),
            "{silent:?}"
        );
        assert!(
            down.elapsed() < Duration::from_secs(15),
            "{:?}",
            down.elapsed()
        );
        proxy.mend();
        let back = Instant::now();
        storage.ping().await.unwrap();
        assert!(
            back.elapsed() < Duration::from_secs(2),
            "{:?}",
            back.elapsed()
        );
    }
    let log = direct
        .messages_after(scene.conversation.id, 0, 100)
        .await
        .unwrap();
    assert_eq!(log.len(), acknowledged);
}

#[tokio::test]
async fn a_connection_cut_at_any_moment_neither_loses_nor_doubles_a_message() {
    let direct = TestDatabase::postgres().await;
    let scene = Arc::new(Scene::set(&direct).await);
    let proxy = Proxy::before(&direct.database).await;
    let storage = Storage::open(&proxy.database).await.unwrap();
    let (acknowledge, mut acknowledged) = watch::channel(0);
    let mut senders = tokio::task::JoinSet::new();
    for sender in 0..8 {
        let (storage, scene) = (storage.clone(), Arc::clone(&scene));
        let acknowledge = acknowledge.clone();
        senders.spawn(async move {
            for number in 0..40 {
                let text = format!("{sender} {number}");
                let id = format!("{sender}-{number}");
                // As a client does: again until it is acknowledged.
                while storage
                    .append_message(scene.says(&id, &text))
                    .await
                    .is_err()
                {}
                acknowledge.send_modify(|count| *count += 1);
            }
        });
    }
    // Each cut comes while the other senders' messages are under way, at one moment or another of their transaction.
    for cut in 1..=30 {
        acknowledged
            .wait_for(|count| *count >= 10 * cut)
            .await
            .unwrap();
        for _ in 0..cut {
            tokio::task::yield_now().await;
        }
        proxy.cut();
        proxy.mend();
    }
    senders.join_all().await;
    let log = direct
        .messages_after(scene.conversation.id, 0, 1000)
        .await
        .unwrap();
    assert!(log.iter().map(|message| message.seq).eq(1..=320));
    for sender in 0..8 {
        let prefix = format!("{sender} ");
        let numbers = log
            .iter()
            .filter_map(|message| message.text.strip_prefix(&prefix));
        assert!(
            numbers.eq((0..40).map(|number| number.to_string())),
            "sender {sender}"
        );
    }
    assert_eq!(log[0].created_at, NOW);
}

#[tokio::test]
async fn a_server_that_falls_silent_is_given_up_and_used_again_when_it_speaks() {
    let direct = TestDatabase::postgres().await;
    let scene = Scene::set(&direct).await;
    let proxy = Proxy::before(&direct.database).await;
    let storage = Storage::open(&proxy.database).await.unwrap();
    new(storage
        .append_message(scene.says("1", "hello"))
        .await
        .unwrap());
    proxy.fall_silent();
    let begun = Instant::now();
    let (refused, silent) = tokio::join!(
        storage.append_message(scene.says("2", "is anybody there?")),
        storage.ping(),
    );
    assert!(
        matches!(refused, Err(StorageError::Unavailable(_))),
        "{refused:?}"
    );
    assert!(
        matches!(silent, Err(StorageError::Unavailable(_))),
        "{silent:?}"
    );
    assert!(
        begun.elapsed() < Duration::from_secs(15),
        "{:?}",
        begun.elapsed()
    );
    proxy.mend();
    // Whether the second was stored is not known; sent again, it is there once.
    storage
        .append_message(scene.says("2", "is anybody there?"))
        .await
        .unwrap();
    assert_eq!(
        new(storage
            .append_message(scene.says("3", "yes"))
            .await
            .unwrap())
        .seq,
        3
    );
}

/// Stands between storage and PostgreSQL, and can be cut.
struct Proxy {
    database: Database,
    line: watch::Sender<Line>,
}

/// How the line through the proxy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    Whole,
    /// Connections are closed and new ones refused.
    Cut,
    /// Connections stay, and nothing passes.
    Silent,
}

impl Proxy {
    async fn before(database: &Database) -> Self {
        let Database::Postgres {
            host,
            port,
            user,
            password,
            database,
            pool_size,
        } = database.clone()
        else {
            panic!("{database:?} is not PostgreSQL");
        };
        let server: SocketAddr = format!("{host}:{port}").parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let database = Database::Postgres {
            host: "127.0.0.1".to_owned(),
            port: listener.local_addr().unwrap().port(),
            user,
            password,
            database,
            pool_size,
        };
        let (line, watched) = watch::channel(Line::Whole);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                if *watched.borrow() != Line::Cut {
                    tokio::spawn(forward(client, server, watched.clone()));
                }
            }
        });
        Self { database, line }
    }

    fn cut(&self) {
        self.line.send_replace(Line::Cut);
    }

    fn fall_silent(&self) {
        self.line.send_replace(Line::Silent);
    }

    fn mend(&self) {
        self.line.send_replace(Line::Whole);
    }
}

async fn forward(mut client: TcpStream, server: SocketAddr, mut line: watch::Receiver<Line>) {
    // A cut that is mended before it is looked at is a cut all the same.
    line.mark_unchanged();
    let mut server = TcpStream::connect(server).await.unwrap();
    if *line.borrow() == Line::Whole {
        tokio::select! {
            _ = tokio::io::copy_bidirectional(&mut client, &mut server) => return,
            _ = line.changed() => {}
        }
    }
    // A connection that fell silent does not speak again: mending lets go of it.
    let _ = line.wait_for(|line| *line != Line::Silent).await;
}
