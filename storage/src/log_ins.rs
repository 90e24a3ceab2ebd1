//! The log-ins of a person, as the person sees them: what each came from, when it was used last, and its end.

use protocol::{TokenFamilyId, UserId};

use crate::engine::{DatabaseError, Engine, Query, each, until_no_collision};
use crate::metrics::Call;
use crate::value::{Row, params};
use crate::{Storage, StorageError};

/// Log-ins that a list has: more than a person has devices.
pub const LOG_INS_SHOWN_MAX: u32 = 200;

/// How long the last use of a log-in may have been ago before the next one is written down, in milliseconds: it is shown to the
/// minute, and not worth a write for each request.
const USE_NOTED_EVERY_MS: i64 = 60_000;

const OF_USER: &str = "SELECT f.id, f.program, f.system, f.created_at, f.last_used_at FROM token_families f \
     WHERE f.user_id = $1 AND f.revoked = 0 AND EXISTS \
     (SELECT 1 FROM refresh_tokens t WHERE t.family_id = f.id AND t.used_at IS NULL AND t.expires_at > $2) \
     ORDER BY f.last_used_at DESC, f.id DESC LIMIT $3";
const LAST_USE: &str = "SELECT f.last_used_at FROM token_families f JOIN users u ON u.id = f.user_id \
     WHERE f.id = $1 AND f.revoked = 0 AND u.disabled_at IS NULL";
const NOTE_USE: &str =
    "UPDATE token_families SET last_used_at = $2 WHERE id = $1 AND last_used_at < $3";
pub(crate) const REVOKE: &str = "UPDATE token_families SET revoked = 1 WHERE id = $1";
const REVOKE_OWN: &str = "UPDATE token_families SET revoked = 1 \
     WHERE id = $1 AND user_id = $2 AND revoked = 0 RETURNING id";
pub(crate) const REVOKE_OF_USER: &str = "UPDATE token_families SET revoked = 1 WHERE user_id = $1";
const REVOKE_OTHERS: &str = "UPDATE token_families SET revoked = 1 WHERE user_id = $1 AND id <> $2";
/// A browser is told nothing more when the log-in is ended that it subscribed with.
pub(crate) const FORGET_TARGETS: &str = "DELETE FROM notification_targets WHERE family_id = $1";
pub(crate) const FORGET_TARGETS_OF_USER: &str = "DELETE FROM notification_targets WHERE user_id = $1 \
     AND family_id IN (SELECT id FROM token_families WHERE user_id = $1 AND revoked = 1)";

/// What somebody logs in with, as far as it says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Device {
    /// The browser or program, such as Firefox.
    pub program: Option<String>,
    /// What it runs on, such as Android.
    pub system: Option<String>,
}

/// A log-in that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogIn {
    /// Its id, which its access tokens name.
    pub id: TokenFamilyId,
    /// What it was made with.
    pub device: Device,
    /// When it was made, in UTC milliseconds.
    pub created_at: i64,
    /// When it was used last, in UTC milliseconds, to the minute.
    pub last_used_at: i64,
}

impl Storage {
    /// A person's log-ins that hold, those used last first, at most [`LOG_INS_SHOWN_MAX`].
    pub async fn log_ins_of(&self, user: UserId, now: i64) -> Result<Vec<LogIn>, StorageError> {
        let parameters = params![user, now, LOG_INS_SHOWN_MAX];
        self.read(OF_USER, parameters).await?.map(read_log_in)
    }

    /// When a log-in was used last, in UTC milliseconds; `None` when it has ended or its account is disabled.
    pub async fn log_in_used_at(&self, id: TokenFamilyId) -> Result<Option<i64>, StorageError> {
        let row = self.read(LAST_USE, params![id]).await?.first();
        row.map(|mut row| row.int()).transpose()
    }

    /// Notes that a log-in was used now, whose last use was noted at `noted_at`; within a minute of that it changes nothing.
    pub async fn note_log_in_use(
        &self,
        id: TokenFamilyId,
        noted_at: i64,
        now: i64,
    ) -> Result<(), StorageError> {
        let noted_before = now.saturating_sub(USE_NOTED_EVERY_MS);
        if noted_at >= noted_before {
            return Ok(());
        }
        let parameters = params![id, now, noted_before];
        self.write(NOTE_USE, parameters).await.map(drop)
    }

    /// Ends a log-in.
    pub async fn revoke_family(&self, family: TokenFamilyId) -> Result<(), StorageError> {
        self.end(vec![
            (REVOKE, params![family]),
            (FORGET_TARGETS, params![family]),
        ])
        .await
    }

    /// Ends a person's own log-in. `NotFound` when the person has no such log-in, or it has ended.
    pub async fn end_log_in(&self, user: UserId, id: TokenFamilyId) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(end_own(&engine, user, id))
        })
        .await
    }

    /// Ends every log-in of a person: what a change of password does.
    pub async fn revoke_families_of(&self, user: UserId) -> Result<(), StorageError> {
        self.end(vec![
            (REVOKE_OF_USER, params![user]),
            (FORGET_TARGETS_OF_USER, params![user]),
        ])
        .await
    }

    /// Ends every log-in of a person but one.
    pub async fn end_other_log_ins(
        &self,
        user: UserId,
        kept: TokenFamilyId,
    ) -> Result<(), StorageError> {
        self.end(vec![
            (REVOKE_OTHERS, params![user, kept]),
            (FORGET_TARGETS_OF_USER, params![user]),
        ])
        .await
    }
}

impl Storage {
    /// Ends log-ins, and what hangs on them, in one transaction.
    async fn end(&self, queries: Vec<Query>) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(commit(&engine, queries.clone()))
        })
        .await
    }
}

async fn commit(engine: &Engine, queries: Vec<Query>) -> Result<(), DatabaseError> {
    let (transaction, _) = engine.begin(Vec::new()).await?;
    transaction.commit(queries).await?;
    Ok(())
}

async fn end_own(engine: &Engine, user: UserId, id: TokenFamilyId) -> Result<(), DatabaseError> {
    let (transaction, results) = engine.begin(vec![(REVOKE_OWN, params![id, user])]).await?;
    let [ended] = each(results)?;
    if ended.rows.is_empty() {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("log-in").into());
    }
    transaction
        .commit(vec![(FORGET_TARGETS, params![id])])
        .await?;
    Ok(())
}

fn read_log_in(mut row: Row) -> Result<LogIn, StorageError> {
    Ok(LogIn {
        id: row.id()?,
        device: Device {
            program: row.optional_text()?,
            system: row.optional_text()?,
        },
        created_at: row.int()?,
        last_used_at: row.int()?,
    })
}
