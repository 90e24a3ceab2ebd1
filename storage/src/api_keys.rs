//! Keys of programs: found by their hash, and gone as soon as they are revoked.

use protocol::{ApiKeyId, UserId};

use crate::engine::{DatabaseError, Engine, until_no_collision};
use crate::metrics::Call;
use crate::people::Room;
use crate::value::{Row, params};
use crate::{Storage, StorageError, TokenHash};

/// How long the last use of a key may have been ago before the next one is written down, in milliseconds: a key that is used
/// a hundred times a second is not worth as many writes.
const USE_NOTED_EVERY_MS: i64 = 60_000;

macro_rules! columns {
    () => {
        "id, user_id, name, prefix, created_at, expires_at, last_used_at"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO api_keys (",
    columns!(),
    ", hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
);
const COUNT_OF_USER: &str = "SELECT count(*) FROM api_keys WHERE user_id = $1";
const OF_USER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM api_keys WHERE user_id = $1 ORDER BY id"
);
const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM api_keys WHERE hash = $1 \
     AND user_id NOT IN (SELECT id FROM users WHERE disabled_at IS NOT NULL)"
);
const NOTE_USE: &str = "UPDATE api_keys SET last_used_at = $2 \
     WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $3)";
const DELETE: &str = "DELETE FROM api_keys WHERE id = $1 AND user_id = $2 RETURNING id";

/// A key of a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKey {
    /// The key's id.
    pub id: ApiKeyId,
    /// Whose it is.
    pub user_id: UserId,
    /// What its owner calls it.
    pub name: String,
    /// How the key begins.
    pub prefix: String,
    /// When it was made, in UTC milliseconds.
    pub created_at: i64,
    /// From when on it is of no use, in UTC milliseconds; never when absent.
    pub expires_at: Option<i64>,
    /// When it was used last, in UTC milliseconds, to the minute.
    pub last_used_at: Option<i64>,
}

impl Storage {
    /// Stores a key under its hash. `LimitReached` when its owner has `keys_max` already, `NotFound` when the owner is gone.
    pub async fn create_api_key(
        &self,
        key: ApiKey,
        hash: TokenHash,
        keys_max: u64,
    ) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(create(&engine, &key, &hash, keys_max))
        })
        .await
    }

    /// A person's keys, oldest first.
    pub async fn api_keys_of(&self, user: UserId) -> Result<Vec<ApiKey>, StorageError> {
        self.read(OF_USER, params![user]).await?.map(read_key)
    }

    /// The key with this hash, expired or not, unless its owner's account is disabled.
    pub async fn api_key(&self, hash: &TokenHash) -> Result<Option<ApiKey>, StorageError> {
        let rows = self.read(FIND, params![hash]).await?;
        rows.first().map(read_key).transpose()
    }

    /// Notes that a key was used now; within a minute of the last note it changes nothing.
    pub async fn note_api_key_use(&self, key: &ApiKey, now: i64) -> Result<(), StorageError> {
        let noted_before = now.saturating_sub(USE_NOTED_EVERY_MS);
        if key.last_used_at.is_some_and(|used| used >= noted_before) {
            return Ok(());
        }
        let parameters = params![key.id, now, noted_before];
        self.write(NOTE_USE, parameters).await.map(drop)
    }

    /// Revokes a person's own key. `NotFound` when the person has no such key.
    pub async fn delete_api_key(&self, user: UserId, id: ApiKeyId) -> Result<(), StorageError> {
        let deleted = self.write(DELETE, params![id, user]).await?;
        match deleted.rows.is_empty() {
            false => Ok(()),
            true => Err(StorageError::NotFound("key")),
        }
    }
}

async fn create(
    engine: &Engine,
    key: &ApiKey,
    hash: &TokenHash,
    keys_max: u64,
) -> Result<(), DatabaseError> {
    let room = Room {
        what: "keys",
        count: COUNT_OF_USER,
        max: keys_max,
    };
    let transaction = room.begin(engine, key.user_id).await?;
    let parameters = params![
        key.id,
        key.user_id,
        &key.name,
        &key.prefix,
        key.created_at,
        key.expires_at,
        key.last_used_at,
        hash,
    ];
    let inserted = transaction.commit(vec![(INSERT, parameters)]).await;
    inserted.map_err(|error| error.conflict("key"))?;
    Ok(())
}

fn read_key(mut row: Row) -> Result<ApiKey, StorageError> {
    Ok(ApiKey {
        id: row.id()?,
        user_id: row.id()?,
        name: row.text()?,
        prefix: row.text()?,
        created_at: row.int()?,
        expires_at: row.optional_int()?,
        last_used_at: row.optional_int()?,
    })
}
