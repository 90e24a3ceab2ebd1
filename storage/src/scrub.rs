//! Scrubbing: what was deleted goes from the database's files, too.
//!
//! A database that deletes a row marks its place as free and leaves the bytes there, and its log has them besides. Whatever deletes
//! what people said or gave marks the database in the same transaction ([`MARK`]). A scrub writes the tables anew and empties the log.

use crate::engine::Query;
use crate::metrics::Call;
use crate::{Storage, StorageError};

const MARK_DUE: &str = "UPDATE scrub SET due = 1 WHERE due <> 1";
/// What is deleted from here on marks the database again.
const BEGIN: &str = "UPDATE scrub SET due = 2 WHERE due <> 2";
const END: &str = "UPDATE scrub SET due = 0 WHERE due = 2";
const IS_DUE: &str = "SELECT due FROM scrub WHERE due <> 0";

/// The statement that marks the database; the last one of its transaction.
pub(crate) fn mark() -> Query {
    (MARK_DUE, Vec::new())
}

/// What a scrub has come to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scrubbed {
    /// Tables that were written anew.
    pub tables: u64,
    /// What is left to others, in words: the database does not let this program do it, or is set up otherwise.
    pub left: Vec<String>,
}

impl Storage {
    /// Whether something was deleted since the last scrub.
    pub async fn is_scrub_due(&self) -> Result<bool, StorageError> {
        let due = self.read(IS_DUE, Vec::new()).await?;
        Ok(!due.rows.is_empty())
    }

    /// Whether this database is scrubbed while it is used. PostgreSQL locks each table while it is written anew, so there somebody is to
    /// say when.
    pub fn is_scrubbed_in_use(&self) -> bool {
        self.engine().is_scrubbed_in_use()
    }

    /// Writes the tables anew without what was deleted, and empties the log. `Unavailable` when others are in the way for too long.
    pub async fn scrub(&self) -> Result<Scrubbed, StorageError> {
        self.write(BEGIN, Vec::new()).await?;
        let engine = self.engine();
        let scrubbed = self.call(Call::Write, async move { Ok(engine.scrub().await?) });
        let scrubbed = scrubbed.await?;
        self.write(END, Vec::new()).await?;
        Ok(scrubbed)
    }
}
