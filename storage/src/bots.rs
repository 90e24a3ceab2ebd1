//! Bots: programs that take part like people, each its owner's, found by the hash of their token.

use protocol::UserId;

use crate::attachments;
use crate::engine::{DatabaseError, Engine, Query, each, until_no_collision};
use crate::metrics::Call;
use crate::people::{Room, TAKE_NAME_OFF, TAKE_NAME_OFF_CHANGES};
use crate::value::{Row, params};
use crate::{Storage, StorageError, TokenHash};

/// The author's name on messages of bots that were deleted.
pub const DELETED_BOT: &str = "deleted bot";

/// How long the last use of a token may have been ago before the next one is written down, in milliseconds: a bot that comes
/// back again and again is not worth as many writes.
const USE_NOTED_EVERY_MS: i64 = 60_000;

macro_rules! select {
    () => {
        "SELECT u.id, u.owner_id, u.name, t.prefix, u.created_at, t.last_used_at \
         FROM users u JOIN bot_tokens t ON t.bot_id = u.id "
    };
}

const INSERT: &str = "INSERT INTO users (id, owner_id, name, created_at) VALUES ($1, $2, $3, $4)";
const INSERT_TOKEN: &str = "INSERT INTO bot_tokens (bot_id, prefix, hash) VALUES ($1, $2, $3)";
const COUNT_OF_OWNER: &str = "SELECT count(*) FROM users WHERE owner_id = $1";
const OF_OWNER: &str = concat!(select!(), "WHERE u.owner_id = $1 ORDER BY u.id");
const FIND: &str = concat!(select!(), "WHERE u.id = $1");
const FIND_BY_TOKEN: &str = concat!(
    select!(),
    "JOIN users o ON o.id = u.owner_id WHERE t.hash = $1 AND o.disabled_at IS NULL"
);
const NOTE_USE: &str = "UPDATE bot_tokens SET last_used_at = $2 \
     WHERE bot_id = $1 AND (last_used_at IS NULL OR last_used_at < $3)";
const DELETE: &str = "DELETE FROM users WHERE id = $1 AND owner_id = $2 RETURNING id";

/// A bot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bot {
    /// The bot's id; where it takes part, it stands among those of people.
    pub id: UserId,
    /// Whose it is.
    pub owner_id: UserId,
    /// The name that others see.
    pub name: String,
    /// How its token begins.
    pub prefix: String,
    /// When it was made, in UTC milliseconds.
    pub created_at: i64,
    /// When its token was used last, in UTC milliseconds, to the minute.
    pub last_used_at: Option<i64>,
}

impl Storage {
    /// Stores a bot with the hash of its token. `LimitReached` when its owner has `bots_max` already, `NotFound` when the owner
    /// is gone.
    pub async fn create_bot(
        &self,
        bot: Bot,
        token: TokenHash,
        bots_max: u64,
    ) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(create(&engine, &bot, &token, bots_max))
        })
        .await
    }

    /// A person's bots, oldest first.
    pub async fn bots_of(&self, owner: UserId) -> Result<Vec<Bot>, StorageError> {
        self.read(OF_OWNER, params![owner]).await?.map(read_bot)
    }

    /// The bot whose token has this hash, unless its owner's account is disabled.
    pub async fn bot_by_token(&self, hash: &TokenHash) -> Result<Option<Bot>, StorageError> {
        let rows = self.read(FIND_BY_TOKEN, params![hash]).await?;
        rows.first().map(read_bot).transpose()
    }

    /// Those of these ids that are bots.
    pub async fn bots_among(&self, ids: &[UserId]) -> Result<Vec<Bot>, StorageError> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let queries: Vec<Query> = ids.iter().map(|id| (FIND, params![*id])).collect();
        let engine = self.engine();
        self.call(Call::Read, async move {
            let mut bots = Vec::new();
            for rows in engine.read(queries).await? {
                bots.extend(rows.map(read_bot)?);
            }
            Ok(bots)
        })
        .await
    }

    /// Notes that a bot's token was used now; within a minute of the last note it changes nothing.
    pub async fn note_bot_use(&self, bot: &Bot, now: i64) -> Result<(), StorageError> {
        let noted_before = now.saturating_sub(USE_NOTED_EVERY_MS);
        if bot.last_used_at.is_some_and(|used| used >= noted_before) {
            return Ok(());
        }
        let parameters = params![bot.id, now, noted_before];
        self.write(NOTE_USE, parameters).await.map(drop)
    }

    /// Deletes a person's own bot with its token, its attachments and its places in conversations, and takes the name off its messages and
    /// changes. `NotFound` when the person has no such bot.
    pub async fn delete_bot(&self, owner: UserId, id: UserId) -> Result<(), StorageError> {
        let engine = self.engine();
        let deleted = self.call(Call::Write, async move {
            until_no_collision!(delete(&engine, owner, id))
        });
        deleted.await?;
        self.files_were_let_go();
        Ok(())
    }
}

async fn create(
    engine: &Engine,
    bot: &Bot,
    token: &TokenHash,
    bots_max: u64,
) -> Result<(), DatabaseError> {
    let room = Room {
        what: "bots",
        count: COUNT_OF_OWNER,
        max: bots_max,
    };
    let transaction = room.begin(engine, bot.owner_id).await?;
    let inserts = vec![
        (
            INSERT,
            params![bot.id, bot.owner_id, &bot.name, bot.created_at],
        ),
        (INSERT_TOKEN, params![bot.id, &bot.prefix, token]),
    ];
    let inserted = transaction.commit(inserts).await;
    inserted.map_err(|error| error.conflict("bot"))?;
    Ok(())
}

async fn delete(engine: &Engine, owner: UserId, id: UserId) -> Result<(), DatabaseError> {
    let queries = vec![attachments::let_go_of(id), (DELETE, params![id, owner])];
    let (transaction, results) = engine.begin(queries).await?;
    let [_, deleted] = each(results)?;
    if deleted.rows.is_empty() {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("bot").into());
    }
    let names = vec![
        (TAKE_NAME_OFF, params![id, DELETED_BOT]),
        (TAKE_NAME_OFF_CHANGES, params![id, DELETED_BOT]),
    ];
    transaction.commit(names).await?;
    Ok(())
}

fn read_bot(mut row: Row) -> Result<Bot, StorageError> {
    Ok(Bot {
        id: row.id()?,
        owner_id: row.id()?,
        name: row.text()?,
        prefix: row.text()?,
        created_at: row.int()?,
        last_used_at: row.optional_int()?,
    })
}
