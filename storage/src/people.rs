//! People with accounts. Their bots have rows beside them (`bots.rs`), which nothing here finds.

use protocol::{MemoryId, TokenFamilyId, UserId};

use crate::attachments;
use crate::audit::FORGET_ADDRESSES;
use crate::bots::DELETED_BOT;
use crate::documents::FORGET_DOCUMENTS_OF_OWNER;
use crate::engine::{DatabaseError, Engine, Transaction, each, until_no_collision};
use crate::erasure::{self, Erased};
use crate::memories::{FORGET_HELD_ABOUT, FORGET_MEMORIES_OF_ACCOUNT, NOTE_ALL_ABOUT};
use crate::metrics::Call;
use crate::receipts::{Receipt, ReceiptKind, queries as forgetting};
use crate::scrub;
use crate::twins::DELETED_TWIN;
use crate::value::{Row, params};
use crate::{FileKey, Storage, StorageError};

/// The author's name on messages whose author deleted the account.
pub const DELETED_ACCOUNT: &str = "deleted account";

macro_rules! columns {
    () => {
        "id, email, name, password_hash, created_at, invisible, is_admin, disabled_at"
    };
}

const INSERT: &str = concat!(
    "INSERT INTO users (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
);
const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM users WHERE id = $1 AND owner_id IS NULL"
);
const FIND_BY_EMAIL: &str = concat!("SELECT ", columns!(), " FROM users WHERE email = $1");
const FIND_LOGGED_IN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM users WHERE id = (SELECT user_id FROM token_families WHERE id = $1 AND revoked = 0) \
     AND disabled_at IS NULL"
);
const UPDATE: &str = concat!(
    "UPDATE users SET name = COALESCE($2, name), password_hash = COALESCE($3, password_hash), \
     invisible = COALESCE($4, invisible) WHERE id = $1 AND owner_id IS NULL RETURNING ",
    columns!()
);
const SET_ADMIN: &str = concat!(
    "UPDATE users SET is_admin = $2 WHERE email = $1 RETURNING ",
    columns!()
);
const ADMINS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM users WHERE is_admin = 1 ORDER BY id"
);
/// Both databases lock a row that is written; only one has `FOR UPDATE`.
pub(crate) const LOCK: &str = "UPDATE users SET created_at = created_at WHERE id = $1 RETURNING id";
const LOCK_TWINS: &str = "UPDATE twins SET updated_at = updated_at WHERE owner_id = $1";
pub(crate) const TAKE_NAME_OFF: &str = "UPDATE messages SET author_name = $2 WHERE author_id = $1";
pub(crate) const TAKE_NAME_OFF_CHANGES: &str =
    "UPDATE changes SET author_name = $2 WHERE author_id = $1";
const TAKE_TWINS_NAMES_OFF: &str = "UPDATE messages SET author_name = $2 \
     WHERE author_id IN (SELECT id FROM twins WHERE owner_id = $1)";
const TAKE_BOTS_NAMES_OFF: &str = "UPDATE messages SET author_name = $2 \
     WHERE author_id IN (SELECT id FROM users WHERE owner_id = $1)";
const TAKE_BOTS_NAMES_OFF_CHANGES: &str = "UPDATE changes SET author_name = $2 \
     WHERE author_id IN (SELECT id FROM users WHERE owner_id = $1)";
pub(crate) const TAKE_NAME_OFF_PLACES: &str =
    "UPDATE changes SET member_name = $2 WHERE member_id = $1";
const TAKE_TWINS_NAMES_OFF_PLACES: &str = "UPDATE changes SET member_name = $2 \
     WHERE member_id IN (SELECT id FROM twins WHERE owner_id = $1)";
const TAKE_BOTS_NAMES_OFF_PLACES: &str = "UPDATE changes SET member_name = $2 \
     WHERE member_id IN (SELECT id FROM users WHERE owner_id = $1)";
const DELETE: &str = "DELETE FROM users WHERE id = $1";

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The person's id.
    pub id: UserId,
    /// The e-mail address; it is stored in lower case and belongs to one account only.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// The password's hash, in the PHC format.
    pub password_hash: String,
    /// When the account was made, in UTC milliseconds.
    pub created_at: i64,
    /// Whether others are not told that the person is there.
    pub invisible: bool,
    /// Whether the person administers the server.
    pub is_admin: bool,
    /// Since when nobody may log in to the account, in UTC milliseconds; none where everything is as usual.
    pub disabled_at: Option<i64>,
}

/// What is to change in an account; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// The new name.
    pub name: Option<String>,
    /// The new password's hash.
    pub password_hash: Option<String>,
    /// Whether others are not told any more that the person is there.
    pub invisible: Option<bool>,
}

/// What went with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedAccount {
    /// How much it was; this receipt is kept nowhere.
    pub receipt: Receipt,
    /// Files of documents that nothing refers to any more. The sweep deletes what nobody else does.
    pub files: Vec<FileKey>,
    /// Of each conversation that others are in, the newest entry that says that a message is gone.
    pub erased: Vec<Erased>,
}

impl Storage {
    /// Makes an account. `Conflict` when the e-mail address has one.
    pub async fn create_user(&self, user: User) -> Result<User, StorageError> {
        let user = User {
            email: fold(&user.email),
            ..user
        };
        let engine = self.engine();
        self.call(Call::Write, async move {
            let parameters = params![
                user.id,
                &user.email,
                &user.name,
                &user.password_hash,
                user.created_at,
                i64::from(user.invisible),
                i64::from(user.is_admin),
                user.disabled_at,
            ];
            let (transaction, _) = engine.begin(Vec::new()).await?;
            let inserted = transaction.commit(vec![(INSERT, parameters)]).await;
            inserted.map_err(|error| error.conflict("e-mail address"))?;
            Ok(user)
        })
        .await
    }

    /// The account with this id.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StorageError> {
        let rows = self.read(FIND, params![id]).await?;
        rows.first().map(read_user).transpose()
    }

    /// The account that this log-in is of, unless the log-in has ended or the account is disabled.
    pub async fn user_logged_in(
        &self,
        family: TokenFamilyId,
    ) -> Result<Option<User>, StorageError> {
        let rows = self.read(FIND_LOGGED_IN, params![family]).await?;
        rows.first().map(read_user).transpose()
    }

    /// The account with this e-mail address, in whatever case it is written.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>, StorageError> {
        let rows = self.read(FIND_BY_EMAIL, params![fold(email)]).await?;
        rows.first().map(read_user).transpose()
    }

    /// Changes an account and returns it as it is then. `NotFound` when it is gone.
    pub async fn update_user(&self, id: UserId, change: UserChange) -> Result<User, StorageError> {
        let parameters = params![
            id,
            change.name,
            change.password_hash,
            change.invisible.map(i64::from),
        ];
        let row = self.write(UPDATE, parameters).await?.first();
        read_user(row.ok_or(StorageError::NotFound("account"))?)
    }

    /// Makes the person with this e-mail address an administrator, or takes that away. `NotFound` when there is no such account.
    pub async fn set_admin(&self, email: &str, is_admin: bool) -> Result<User, StorageError> {
        let parameters = params![fold(email), i64::from(is_admin)];
        let row = self.write(SET_ADMIN, parameters).await?.first();
        read_user(row.ok_or(StorageError::NotFound("account"))?)
    }

    /// Who administers the server, those whose account is oldest first.
    pub async fn admins(&self) -> Result<Vec<User>, StorageError> {
        self.read(ADMINS, Vec::new()).await?.map(read_user)
    }

    /// Deletes an account with its twins, documents, bots, attachments, memberships and tokens, with what it, its bots and its twins
    /// said, and with the conversations that nobody else is in; and takes the names off what is left of its messages and changes, and
    /// the addresses out of the audit log. Files are let go. `NotFound` when it is gone.
    pub async fn delete_user(&self, id: UserId, now: i64) -> Result<DeletedAccount, StorageError> {
        let engine = self.engine();
        let deleted = self.call(Call::Write, async move {
            until_no_collision!(delete(&engine, id, now))
        });
        let deleted = deleted.await?;
        for erased in &deleted.erased {
            self.unindexed().note(erased.conversation_id);
        }
        self.files_were_let_go();
        Ok(deleted)
    }
}

/// Of what an account may have only so many.
pub(crate) struct Room {
    /// What it is.
    pub(crate) what: &'static str,
    /// The statement that counts what the account has.
    pub(crate) count: &'static str,
    /// How many there may be.
    pub(crate) max: u64,
}

impl Room {
    /// Begins a transaction in which the account has room for one more. The account stays locked until its end, so that two at
    /// once count one after the other.
    pub(crate) async fn begin(
        self,
        engine: &Engine,
        owner: UserId,
    ) -> Result<Transaction, DatabaseError> {
        let queries = vec![(LOCK, params![owner]), (self.count, params![owner])];
        let (transaction, results) = engine.begin(queries).await?;
        let [account, counted] = each(results)?;
        let count = match counted.first() {
            Some(mut row) => row.count::<u64>()?,
            None => 0,
        };
        let refused = if account.rows.is_empty() {
            StorageError::NotFound("account")
        } else if count >= self.max {
            StorageError::LimitReached {
                what: self.what,
                max: self.max,
            }
        } else {
            return Ok(transaction);
        };
        transaction.roll_back().await;
        Err(refused.into())
    }
}

async fn delete(engine: &Engine, id: UserId, now: i64) -> Result<DeletedAccount, DatabaseError> {
    // The account and its twins stay locked from here on: none gets another twin or document.
    let locks = vec![(LOCK, params![id]), (LOCK_TWINS, params![id])];
    let (mut transaction, locked) = engine.begin(locks).await?;
    if locked.first().is_none_or(|rows| rows.rows.is_empty()) {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("account").into());
    }
    let mut receipt = Receipt::new(id, now, ReceiptKind::Account);
    let gone = &mut receipt.gone;
    let documents = forgetting(&FORGET_DOCUMENTS_OF_OWNER, params![id]);
    let files = gone.add_documents(transaction.pipe(documents).await?)?;
    let of_others = vec![
        // Those that are awake read anew what they remember.
        (NOTE_ALL_ABOUT, params![id]),
        (FORGET_HELD_ABOUT, params![id, None::<MemoryId>]),
    ];
    transaction.pipe(of_others).await?;
    let memories = forgetting(&FORGET_MEMORIES_OF_ACCOUNT, params![id]);
    gone.add_memories(transaction.pipe(memories).await?)?;
    let erasure = erasure::erase(&mut transaction, id, now).await?;
    gone.messages = erasure.messages;
    gone.recaps = erasure.recaps;
    let last = vec![
        attachments::let_go_of(id),
        (TAKE_NAME_OFF, params![id, DELETED_ACCOUNT]),
        (TAKE_NAME_OFF_CHANGES, params![id, DELETED_ACCOUNT]),
        (TAKE_NAME_OFF_PLACES, params![id, DELETED_ACCOUNT]),
        (TAKE_TWINS_NAMES_OFF, params![id, DELETED_TWIN]),
        (TAKE_BOTS_NAMES_OFF, params![id, DELETED_BOT]),
        (TAKE_BOTS_NAMES_OFF_CHANGES, params![id, DELETED_BOT]),
        (TAKE_BOTS_NAMES_OFF_PLACES, params![id, DELETED_BOT]),
        (TAKE_TWINS_NAMES_OFF_PLACES, params![id, DELETED_TWIN]),
        (FORGET_ADDRESSES, params![id]),
        (DELETE, params![id]),
        scrub::mark(),
    ];
    transaction.commit(last).await?;
    Ok(DeletedAccount {
        receipt,
        files,
        erased: erasure.newest,
    })
}

/// E-mail addresses are compared in lower case.
pub(crate) fn fold(email: &str) -> String {
    email.to_lowercase()
}

fn read_user(mut row: Row) -> Result<User, StorageError> {
    Ok(User {
        id: row.id()?,
        email: row.text()?,
        name: row.text()?,
        password_hash: row.text()?,
        created_at: row.int()?,
        invisible: row.int()? != 0,
        is_admin: row.int()? != 0,
        disabled_at: row.optional_int()?,
    })
}
