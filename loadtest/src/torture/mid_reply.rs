//! Replies that lose their node in the middle of their text: which they are, and whether each says in the end what it would have said.

use std::collections::HashSet;
use std::time::Duration;

use clap::ValueEnum;
use tokio::time::sleep;

use crate::cluster::Postgres;
use crate::target::{Programs, Settings};

/// Has the database note each reply that another process claims after some of its text was written down.
const WATCH: &str = "CREATE SCHEMA torture; \
     CREATE TABLE torture.taken_over (message_id BYTEA NOT NULL); \
     CREATE FUNCTION torture.note() RETURNS trigger LANGUAGE plpgsql AS $$ \
     BEGIN INSERT INTO torture.taken_over VALUES (OLD.message_id); RETURN NULL; END $$; \
     CREATE TRIGGER torture AFTER UPDATE OF epoch ON reply_orders FOR EACH ROW \
     WHEN (NEW.epoch > OLD.epoch AND NEW.node_id <> OLD.node_id AND OLD.text <> '') \
     EXECUTE FUNCTION torture.note()";
const FINISHED: &str = "SELECT DISTINCT encode(t.message_id, 'hex')::uuid::text FROM torture.taken_over t \
     JOIN messages m ON m.message_id = t.message_id";
const UNDER_WAY: &str = "SELECT count(*) FROM reply_orders WHERE state = 'running' AND text <> ''";

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// What a twin of the model is asked: what takes it a while to answer, and tells it nothing of who asks.
const SUBJECTS: [&str; 8] = [
    "a lighthouse",
    "a train in the snow",
    "an old library",
    "the first ship to Mars",
    "a garden in autumn",
    "a lost letter",
    "a baker and a thief",
    "the deep sea",
];

/// What writes the replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Engine {
    /// The scripted one: what it says is known.
    Scripted,
    /// The language model: what it says is what it says undisturbed.
    Model,
}

impl Engine {
    /// The settings with which the product has it.
    pub(super) fn settings(self) -> Settings {
        let settings = match self {
            Self::Scripted => &[("TWIN_ENGINE", "scripted")][..],
            // A text must not depend on what is written beside it.
            Self::Model => &[("TWIN_ENGINE", "torch"), ("TWIN_DETERMINISTIC", "true")],
        };
        let settings = settings.iter();
        let settings = settings.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        settings.collect()
    }

    /// The question with this number, which the scripted engine takes so long to answer, and what is said to it if that is known.
    pub(super) fn question(self, number: u64, seconds: u64) -> (String, Option<String>) {
        match self {
            Self::Scripted => {
                let script =
                    format!("the twin says this, one word after the other, and at last {number}");
                (format!("!spread {seconds} {script}"), Some(script))
            }
            Self::Model => {
                let subject = SUBJECTS[number as usize % SUBJECTS.len()];
                (
                    format!("Story {number}: tell a long story about {subject}."),
                    None,
                )
            }
        }
    }

    /// How long a reply may take, through kills and fail-overs, before nobody waits for it any more. Who asks a model goes on only
    /// when its reply has come: it would stand in the next prompt.
    pub(super) fn reply_within(self) -> Duration {
        match self {
            Self::Scripted => Duration::from_secs(60),
            Self::Model => Duration::from_secs(600),
        }
    }
}

/// Begins to note the replies that another process goes on with.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn watch(postgres: &Postgres) -> anyhow::Result<()> {
    postgres.execute(WATCH).await
}

/// The ids of those that were finished.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn finished(postgres: &Postgres) -> anyhow::Result<HashSet<String>> {
    Ok(postgres.texts(FINISHED).await?.into_iter().collect())
}

/// Waits until a reply is under way and some of its text is written down.
///
/// # Errors
/// When the database cannot be reached.
pub(super) async fn one_is_under_way(postgres: &Postgres) -> anyhow::Result<()> {
    while postgres.number(UNDER_WAY).await? == 0 {
        sleep(LOOK_EVERY).await;
    }
    Ok(())
}

/// How many of these replies say something else than they say when they are written anew and undisturbed.
///
/// # Errors
/// When the product cannot be started.
pub(super) async fn others_than_anew<'a>(
    replies: impl IntoIterator<Item = &'a String>,
    programs: &Programs,
) -> anyhow::Result<usize> {
    let mut others = 0;
    for reply in replies {
        if let Err(report) = programs.replay(reply).await? {
            eprintln!("reply {reply}:\n{report}");
            others += 1;
        }
    }
    Ok(others)
}
