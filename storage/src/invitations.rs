//! Links by which people join a room: each found by the hash of its code, good for a time and a number of uses.

use protocol::{ConversationId, InvitationId, Role, UserId};

use crate::engine::{DatabaseError, Engine, each, until_no_collision};
use crate::metrics::Call;
use crate::value::{Row, params};
use crate::{Storage, StorageError, TokenHash};

/// Invitations to one room that are good at one time.
pub const INVITATIONS_MAX: u64 = 100;

macro_rules! columns {
    () => {
        "id, conversation_id, created_by, role, created_at, expires_at, uses, uses_max"
    };
}

const LOCK: &str = "UPDATE conversations SET last_seq = last_seq WHERE id = $1 RETURNING id";
const FORGET_USED_UP: &str =
    "DELETE FROM invitations WHERE conversation_id = $1 AND (expires_at <= $2 OR uses >= uses_max)";
const COUNT: &str = "SELECT COUNT(*) FROM invitations WHERE conversation_id = $1";
const INSERT: &str = concat!(
    "INSERT INTO invitations (",
    columns!(),
    ", hash) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"
);
const TO_ROOM: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM invitations WHERE conversation_id = $1 AND expires_at > $2 AND uses < uses_max ORDER BY id"
);
const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM invitations WHERE hash = $1 AND expires_at > $2 AND uses < uses_max"
);
const DELETE: &str = "DELETE FROM invitations WHERE id = $1 AND conversation_id = $2 RETURNING id";

/// A link by which people join a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// The invitation's id.
    pub id: InvitationId,
    /// The room.
    pub conversation_id: ConversationId,
    /// Who made it.
    pub created_by: UserId,
    /// What who comes by it may do.
    pub role: Role,
    /// When it was made, in UTC milliseconds.
    pub created_at: i64,
    /// From when on it is of no use, in UTC milliseconds.
    pub expires_at: i64,
    /// How many have come by it.
    pub uses: u64,
    /// How many may.
    pub uses_max: u64,
}

impl Storage {
    /// Stores an invitation under the hash of its code, and forgets those of the room that are of no use any more.
    /// `LimitReached` when the room has too many, `NotFound` when the room or whoever makes it is gone.
    pub async fn create_invitation(
        &self,
        invitation: Invitation,
        hash: TokenHash,
    ) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(create(&engine, &invitation, &hash))
        })
        .await
    }

    /// The invitations to a room that are good now, oldest first.
    pub async fn invitations_to(
        &self,
        room: ConversationId,
        now: i64,
    ) -> Result<Vec<Invitation>, StorageError> {
        let rows = self.read(TO_ROOM, params![room, now]).await?;
        rows.map(read_invitation)
    }

    /// The invitation with this hash, if it is good now.
    pub async fn invitation(
        &self,
        hash: &TokenHash,
        now: i64,
    ) -> Result<Option<Invitation>, StorageError> {
        let rows = self.read(FIND, params![hash, now]).await?;
        rows.first().map(read_invitation).transpose()
    }

    /// Takes an invitation to a room back. `NotFound` when the room has no such invitation.
    pub async fn delete_invitation(
        &self,
        room: ConversationId,
        id: InvitationId,
    ) -> Result<(), StorageError> {
        let deleted = self.write(DELETE, params![id, room]).await?;
        match deleted.rows.is_empty() {
            false => Ok(()),
            true => Err(StorageError::NotFound("invitation")),
        }
    }
}

async fn create(engine: &Engine, new: &Invitation, hash: &TokenHash) -> Result<(), DatabaseError> {
    let room = new.conversation_id;
    let queries = vec![
        (LOCK, params![room]),
        (FORGET_USED_UP, params![room, new.created_at]),
        (COUNT, params![room]),
    ];
    let (transaction, results) = engine.begin(queries).await?;
    let [locked, _, counted] = each(results)?;
    let count = match counted.first() {
        Some(mut row) => row.count::<u64>()?,
        None => 0,
    };
    let refused = if locked.rows.is_empty() {
        Some(StorageError::NotFound("conversation"))
    } else if count >= INVITATIONS_MAX {
        Some(StorageError::LimitReached {
            what: "invitations to this room",
            max: INVITATIONS_MAX,
        })
    } else {
        None
    };
    if let Some(refused) = refused {
        transaction.roll_back().await;
        return Err(refused.into());
    }
    let parameters = params![
        new.id,
        room,
        new.created_by,
        new.role.as_str(),
        new.created_at,
        new.expires_at,
        new.uses,
        new.uses_max,
        hash,
    ];
    let inserted = transaction.commit(vec![(INSERT, parameters)]).await;
    inserted.map_err(|error| error.conflict("invitation").missing("account"))?;
    Ok(())
}

fn read_invitation(mut row: Row) -> Result<Invitation, StorageError> {
    Ok(Invitation {
        id: row.id()?,
        conversation_id: row.id()?,
        created_by: row.id()?,
        role: row.parsed("role", |name| name.parse().ok())?,
        created_at: row.int()?,
        expires_at: row.int()?,
        uses: row.count()?,
        uses_max: row.count()?,
    })
}
