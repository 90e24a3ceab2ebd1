//! What can go wrong in storage, in the words of the one error vocabulary.

use std::path::PathBuf;

use protocol::ErrorCode;

/// Why storage did not do what was asked.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The database cannot be reached now, or did not answer in time: trying again may help.
    #[error("the database is unavailable: {0}")]
    Unavailable(String),
    /// A bounded queue is full: trying again after a moment will help.
    #[error("{0} is full")]
    Overloaded(&'static str),
    /// It contradicts what is there; the text names what.
    #[error("{0} is in use already")]
    Conflict(&'static str),
    /// It cannot be as things stand; the text says why.
    #[error("{0}")]
    Refused(&'static str),
    /// There is no such thing; the text names what.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// There are as many as there may be.
    #[error("there are {max} {what} already, and there may be no more")]
    LimitReached {
        /// What there are too many of.
        what: &'static str,
        /// How many there may be.
        max: u64,
    },
    /// It is not allowed, whoever asks; the text says why.
    #[error("{0}")]
    Forbidden(&'static str),
    /// Its author has sent something only just now.
    #[error("you may not send so often in this room; wait {} s", retry_after_ms.div_ceil(1_000))]
    TooSoon {
        /// How long to wait, in milliseconds.
        retry_after_ms: u64,
    },
    /// The caller decided by who took part, and that has changed: decide again.
    #[error("the members have changed in the meantime")]
    MembersChanged,
    /// A value that cannot be stored; the text names it and says why.
    #[error("{0}")]
    Invalid(&'static str),
    /// A newer program has changed the database: this one would misread it.
    #[error(
        "the database has schema version {found}, this program knows version {known}: run the newer program"
    )]
    SchemaNewer {
        /// The newest migration that the database has.
        found: i32,
        /// The newest migration that this program has.
        known: i32,
    },
    /// The database lacks tables.
    #[error("the database lacks migrations: run `digital-twin migrate`")]
    SchemaMissing,
    /// A file or folder that storage must write cannot be written.
    #[error("cannot write {}: {reason}", path.display())]
    CannotWrite {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        reason: String,
    },
    /// The place of files cannot be read or written now.
    #[error("files cannot be kept in {place}: {reason}")]
    FilesUnusable {
        /// The folder or the bucket.
        place: String,
        /// What the operating system or the server says.
        reason: String,
    },
    /// The disk of the file store has no room.
    #[error("there is no room on the disk for the file")]
    DiskFull,
    /// The file is no SQLite database.
    #[error("{} is not a SQLite database", path.display())]
    NotADatabase {
        /// The file.
        path: PathBuf,
    },
    /// What was read is not what was written.
    #[error("stored data is corrupt: {0}")]
    Corrupt(String),
    /// A fault of this program.
    #[error("storage failed: {0}")]
    Internal(String),
}

impl StorageError {
    /// Whether storage failed at what was asked, rather than refused it.
    pub const fn is_failure(&self) -> bool {
        matches!(
            self,
            Self::Unavailable(_)
                | Self::Overloaded(_)
                | Self::CannotWrite { .. }
                | Self::FilesUnusable { .. }
                | Self::DiskFull
                | Self::SchemaNewer { .. }
                | Self::SchemaMissing
                | Self::NotADatabase { .. }
                | Self::Corrupt(_)
                | Self::Internal(_)
        )
    }

    /// The code that a client sees for this error.
    pub const fn code(&self) -> ErrorCode {
        match self {
            Self::Unavailable(_)
            | Self::CannotWrite { .. }
            | Self::FilesUnusable { .. }
            | Self::MembersChanged => ErrorCode::Unavailable,
            Self::DiskFull => ErrorCode::StorageFull,
            Self::Forbidden(_) => ErrorCode::Forbidden,
            Self::TooSoon { .. } => ErrorCode::RateLimited,
            Self::Overloaded(_) => ErrorCode::Overloaded,
            Self::Conflict(_) | Self::Refused(_) => ErrorCode::Conflict,
            Self::NotFound(_) => ErrorCode::NotFound,
            Self::LimitReached { .. } => ErrorCode::LimitReached,
            Self::Invalid(_) => ErrorCode::Invalid,
            Self::SchemaNewer { .. }
            | Self::SchemaMissing
            | Self::NotADatabase { .. }
            | Self::Corrupt(_)
            | Self::Internal(_) => ErrorCode::Internal,
        }
    }
}
