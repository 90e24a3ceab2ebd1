//! Refresh tokens: each is used once, and one that is used twice takes its whole family down.

use protocol::{TokenFamilyId, UserId};

use crate::engine::{DatabaseError, Engine, each, until_no_collision};
use crate::log_ins::{Device, FORGET_TARGETS, REVOKE};
use crate::metrics::Call;
use crate::value::params;
use crate::{Storage, StorageError};

const INSERT_FAMILY: &str = "INSERT INTO token_families \
     (id, user_id, created_at, last_used_at, program, system) VALUES ($1, $2, $3, $3, $4, $5)";
const INSERT: &str = "INSERT INTO refresh_tokens (hash, family_id, created_at, expires_at) \
     VALUES ($1, $2, $3, $4)";
/// Of any number that use a token at once, one finds it unused.
const USE: &str = "UPDATE refresh_tokens SET used_at = $2, successor_hash = $3 \
     WHERE hash = $1 AND used_at IS NULL AND expires_at > $2 AND EXISTS \
     (SELECT 1 FROM token_families f WHERE f.id = refresh_tokens.family_id AND f.revoked = 0) \
     RETURNING family_id";
const FIND: &str = "SELECT f.user_id, f.id, f.revoked, t.expires_at, t.used_at, t.successor_hash \
     FROM refresh_tokens t JOIN token_families f ON f.id = t.family_id WHERE t.hash = $1";
const NOTE_USE: &str =
    "UPDATE token_families SET last_used_at = $2 WHERE id = $1 AND last_used_at < $2";
const FORGET: &str = "DELETE FROM refresh_tokens WHERE expires_at < $1";
const FORGET_FAMILIES: &str = "DELETE FROM token_families WHERE NOT EXISTS \
     (SELECT 1 FROM refresh_tokens t WHERE t.family_id = token_families.id)";

/// SHA-256 of a token; the token itself is never stored.
pub type TokenHash = [u8; 32];

/// The first token of a family: what a log-in stores.
#[derive(Debug, Clone)]
pub struct NewRefresh {
    /// The token's hash.
    pub hash: TokenHash,
    /// The family that the token begins.
    pub family: TokenFamilyId,
    /// Whose it is.
    pub user_id: UserId,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
    /// Until when it can be used, in UTC milliseconds.
    pub expires_at: i64,
    /// What the person logs in with.
    pub device: Device,
}

/// What became of a token that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It was valid; its successor is stored.
    Rotated {
        /// Whose it is.
        user_id: UserId,
        /// Its family.
        family: TokenFamilyId,
    },
    /// It was used a moment ago with the same successor: a second tab or a lost answer. The successor is valid.
    Repeated {
        /// Whose it is.
        user_id: UserId,
        /// Its family.
        family: TokenFamilyId,
    },
    /// It had been used before: somebody has a copy. The whole family is revoked now.
    Reused {
        /// Whose it was.
        user_id: UserId,
        /// Its family.
        family: TokenFamilyId,
    },
    /// No such token was ever given out, or its account is gone.
    Unknown,
    /// It was valid once.
    Expired,
    /// Its family was revoked before.
    Revoked,
}

impl Storage {
    /// Stores the first token of a family.
    pub async fn insert_refresh(&self, token: NewRefresh) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            let inserts = vec![
                (
                    INSERT_FAMILY,
                    params![
                        token.family,
                        token.user_id,
                        token.created_at,
                        token.device.program,
                        token.device.system,
                    ],
                ),
                (
                    INSERT,
                    params![token.hash, token.family, token.created_at, token.expires_at],
                ),
            ];
            let (transaction, _) = engine.begin(Vec::new()).await?;
            let inserted = transaction.commit(inserts).await;
            inserted.map_err(|error| error.conflict("refresh token").missing("account"))?;
            Ok(())
        })
        .await
    }

    /// Uses a token up and stores its successor, which the caller derives from the token so that a repetition
    /// within `grace_ms` derives the same one.
    pub async fn rotate_refresh(
        &self,
        hash: &TokenHash,
        successor_hash: &TokenHash,
        now: i64,
        successor_expires_at: i64,
        grace_ms: i64,
    ) -> Result<Rotation, StorageError> {
        let engine = self.engine();
        let use_of = Use {
            hash: *hash,
            successor_hash: *successor_hash,
            now,
            successor_expires_at,
            grace_ms,
        };
        self.call(Call::Write, async move {
            until_no_collision!(rotate(&engine, &use_of))
        })
        .await
    }

    /// Whose a token is and its family, whatever state it is in: what a log-out revokes.
    pub async fn refresh_family(
        &self,
        hash: &TokenHash,
    ) -> Result<Option<(UserId, TokenFamilyId)>, StorageError> {
        let Some(mut row) = self.read(FIND, params![hash]).await?.first() else {
            return Ok(None);
        };
        Ok(Some((row.id()?, row.id()?)))
    }

    /// Forgets tokens that expired before this time and returns how many they were.
    pub async fn forget_refresh_before(&self, expired_before: i64) -> Result<u64, StorageError> {
        let forgotten = self.write(FORGET, params![expired_before]).await?;
        self.write(FORGET_FAMILIES, Vec::new()).await?;
        Ok(forgotten.affected)
    }
}

/// One use of a token.
struct Use {
    hash: TokenHash,
    successor_hash: TokenHash,
    now: i64,
    successor_expires_at: i64,
    grace_ms: i64,
}

async fn rotate(engine: &Engine, token: &Use) -> Result<Rotation, DatabaseError> {
    let queries = vec![
        (USE, params![token.hash, token.now, token.successor_hash]),
        (FIND, params![token.hash]),
    ];
    let (transaction, results) = engine.begin(queries).await?;
    let [used, found] = each(results)?;
    let Some(mut row) = found.first() else {
        transaction.roll_back().await;
        return Ok(Rotation::Unknown);
    };
    let user_id = row.id()?;
    let family = row.id()?;
    let revoked = row.int()? != 0;
    let _expires_at = row.int()?;
    let used_at = row.optional_int()?;
    let successor = row.optional_bytes()?;
    if !used.rows.is_empty() {
        let parameters = params![
            token.successor_hash,
            family,
            token.now,
            token.successor_expires_at,
        ];
        let queries = vec![(INSERT, parameters), (NOTE_USE, params![family, token.now])];
        let inserted = transaction.commit(queries).await;
        inserted.map_err(|error| error.conflict("refresh token"))?;
        return Ok(Rotation::Rotated { user_id, family });
    }
    let Some(used_at) = used_at else {
        transaction.roll_back().await;
        return Ok(if revoked {
            Rotation::Revoked
        } else {
            Rotation::Expired
        });
    };
    if revoked {
        transaction.roll_back().await;
        return Ok(Rotation::Revoked);
    }
    let within_grace = token.now.saturating_sub(used_at) <= token.grace_ms;
    if within_grace && successor.as_deref() == Some(&token.successor_hash[..]) {
        transaction.roll_back().await;
        return Ok(Rotation::Repeated { user_id, family });
    }
    let queries = vec![(REVOKE, params![family]), (FORGET_TARGETS, params![family])];
    transaction.commit(queries).await?;
    Ok(Rotation::Reused { user_id, family })
}
