//! PostgreSQL's errors in our words.

use tokio_postgres::error::SqlState;

use crate::StorageError;
use crate::engine::DatabaseError;

/// What a failed statement means to the queries.
pub(super) fn classify(error: &tokio_postgres::Error) -> DatabaseError {
    let reason = describe(error);
    let Some(answer) = error.as_db_error() else {
        return if error.is_closed() || is_io(error) {
            DatabaseError::Lost(reason)
        } else {
            StorageError::Internal(reason).into()
        };
    };
    match answer.code() {
        &SqlState::UNIQUE_VIOLATION => DatabaseError::Unique,
        &SqlState::FOREIGN_KEY_VIOLATION => DatabaseError::ForeignKey,
        &SqlState::T_R_DEADLOCK_DETECTED | &SqlState::T_R_SERIALIZATION_FAILURE => {
            DatabaseError::Collision(reason)
        }
        &SqlState::ADMIN_SHUTDOWN
        | &SqlState::CRASH_SHUTDOWN
        | &SqlState::CANNOT_CONNECT_NOW
        | &SqlState::IDLE_IN_TRANSACTION_SESSION_TIMEOUT => DatabaseError::Lost(reason),
        &SqlState::UNDEFINED_TABLE => StorageError::SchemaMissing.into(),
        code if is_passing(code) => StorageError::Unavailable(reason).into(),
        _ => StorageError::Internal(reason).into(),
    }
}

/// Whether trying again later may help: a limit of time or resources, or a server that is only a replica for now.
fn is_passing(code: &SqlState) -> bool {
    let class = code.code().get(..2);
    matches!(class, Some("08" | "53" | "57" | "58"))
        || [
            SqlState::LOCK_NOT_AVAILABLE,
            SqlState::READ_ONLY_SQL_TRANSACTION,
        ]
        .contains(code)
}

fn is_io(error: &tokio_postgres::Error) -> bool {
    std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>())
}

/// The error in words, without the details, which may quote a message.
pub(super) fn describe(error: &tokio_postgres::Error) -> String {
    match (error.as_db_error(), std::error::Error::source(error)) {
        (Some(answer), _) => format!("{} ({})", answer.message(), answer.code().code()),
        (None, Some(source)) => format!("{error}: {source}"),
        (None, None) => error.to_string(),
    }
}
