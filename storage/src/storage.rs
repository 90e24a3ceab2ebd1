//! The door to the database: opening, migrating, closing.

use std::fmt;
use std::path::PathBuf;

use crate::StorageError;

/// Which database to use.
#[derive(Clone)]
pub enum Database {
    /// A SQLite file of this process's machine.
    Sqlite {
        /// The file; it is made when it is absent, in a folder that exists.
        path: PathBuf,
    },
    /// A PostgreSQL server, shared by any number of processes.
    Postgres {
        /// Host name or address.
        host: String,
        /// Port.
        port: u16,
        /// User.
        user: String,
        /// Password.
        password: String,
        /// Database name.
        database: String,
        /// How many connections this process may hold.
        pool_size: u32,
    },
}

impl fmt::Debug for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => formatter
                .debug_struct("Sqlite")
                .field("path", path)
                .finish(),
            Self::Postgres {
                host,
                port,
                user,
                database,
                pool_size,
                ..
            } => formatter
                .debug_struct("Postgres")
                .field("host", host)
                .field("port", port)
                .field("user", user)
                .field("database", database)
                .field("pool_size", pool_size)
                .finish_non_exhaustive(),
        }
    }
}

/// Which migrations the database has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStatus {
    /// Names of those it has, oldest first.
    pub applied: Vec<String>,
    /// Names of those it lacks, oldest first.
    pub pending: Vec<String>,
}

/// The database, open. Clones share it.
#[derive(Debug, Clone)]
pub struct Storage {}

impl Storage {
    /// Opens the database; it may still lack migrations.
    ///
    /// Fails when it cannot be reached or written within a few seconds, is no database, or has a newer schema.
    pub async fn open(database: &Database) -> Result<Self, StorageError> {
        let _ = database;
        unimplemented!()
    }

    /// Applies the migrations that the database lacks and returns their names. Any number of processes may do this at once.
    pub async fn migrate(&self) -> Result<Vec<String>, StorageError> {
        unimplemented!()
    }

    /// Says which migrations the database has and lacks.
    pub async fn migration_status(&self) -> Result<MigrationStatus, StorageError> {
        unimplemented!()
    }

    /// Asks the database for an answer.
    pub async fn ping(&self) -> Result<(), StorageError> {
        unimplemented!()
    }

    /// Waits until every message that was handed over is committed or refused, and accepts no more.
    pub async fn close(&self) {
        unimplemented!()
    }
}
