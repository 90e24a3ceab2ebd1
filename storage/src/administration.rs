//! What those see who run the server: the accounts without anything that people say, how much there is, and what waits.

use protocol::UserId;

use crate::engine::{DatabaseError, Engine, each, until_no_collision};
use crate::log_ins::{FORGET_TARGETS_OF_USER, REVOKE_OF_USER};
use crate::metrics::Call;
use crate::people::fold;
use crate::storage::{ABOVE_ALL, page};
use crate::value::{Row, params};
use crate::{Storage, StorageError};

macro_rules! select {
    () => {
        "SELECT u.id, u.email, u.name, u.created_at, u.is_admin, u.disabled_at, \
         (SELECT max(f.last_used_at) FROM token_families f WHERE f.user_id = u.id), \
         (SELECT count(*) FROM token_families f WHERE f.user_id = u.id AND f.revoked = 0 AND EXISTS \
         (SELECT 1 FROM refresh_tokens t WHERE t.family_id = f.id AND t.used_at IS NULL AND t.expires_at > $1)), \
         (SELECT count(*) FROM twins t WHERE t.owner_id = u.id), \
         (SELECT count(*) FROM users b WHERE b.owner_id = u.id) \
         FROM users u WHERE u.owner_id IS NULL "
    };
}

const FIND: &str = concat!(select!(), "AND u.id = $2");
/// The databases fold letters beyond ASCII differently, and so a name is looked for as it is written, too.
const SEARCH: &str = concat!(
    select!(),
    "AND u.id < $2 AND (u.id = $3 OR u.email LIKE $4 ESCAPE '!' OR lower(u.name) LIKE $4 ESCAPE '!' \
     OR u.name LIKE $5 ESCAPE '!') ORDER BY u.id DESC LIMIT $6"
);
const SET_DISABLED: &str = "UPDATE users SET disabled_at = CASE WHEN CAST($2 AS BIGINT) IS NULL THEN NULL \
     ELSE COALESCE(disabled_at, $2) END WHERE id = $1 AND owner_id IS NULL RETURNING is_admin";
/// What was said is counted by the ends of the logs: counting each message would read all of them.
const COUNT: &str = "SELECT (SELECT count(*) FROM users WHERE owner_id IS NULL), \
     (SELECT count(*) FROM users WHERE disabled_at IS NOT NULL), \
     (SELECT count(*) FROM users WHERE owner_id IS NOT NULL), \
     (SELECT count(*) FROM twins), (SELECT count(*) FROM documents), (SELECT count(*) FROM conversations), \
     (SELECT CAST(COALESCE(sum(last_seq), 0) AS BIGINT) FROM conversations), \
     (SELECT number - forgotten_number FROM audit_ends)";
const BACKLOG: &str = "SELECT (SELECT count(*) FROM reply_orders WHERE state = 'pending'), \
     (SELECT min(created_at) FROM reply_orders WHERE state = 'pending'), \
     (SELECT count(*) FROM reply_orders WHERE state = 'running'), \
     (SELECT count(*) FROM notification_targets WHERE due_at <= $1), \
     (SELECT count(*) FROM attachment_files WHERE kept = 0 AND noted_at = 0)";

/// Who is to be locked out by nobody.
const ADMINISTERS: StorageError =
    StorageError::Refused("the account administers this server: take that away first");

/// An account, as those see it who run the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The person's id.
    pub id: UserId,
    /// The e-mail address.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// When the account was made, in UTC milliseconds.
    pub created_at: i64,
    /// Whether the person administers the server.
    pub is_admin: bool,
    /// Since when nobody may log in to it, in UTC milliseconds.
    pub disabled_at: Option<i64>,
    /// When it was used last, in UTC milliseconds, to the minute.
    pub last_used_at: Option<i64>,
    /// Log-ins that hold.
    pub log_ins: u64,
    /// Twins.
    pub twins: u64,
    /// Bots.
    pub bots: u64,
}

impl Account {
    /// `Refused` for an administrator's, which nobody disables.
    pub fn check_may_be_disabled(&self) -> Result<(), StorageError> {
        match self.is_admin {
            true => Err(ADMINISTERS),
            false => Ok(()),
        }
    }
}

/// Which accounts are wanted.
#[derive(Debug, Clone, Default)]
pub struct AccountsQuery {
    /// Those with this in the e-mail address or the name, or with this id; all when it is empty.
    pub text: String,
    /// Those that were made before this one.
    pub before: Option<UserId>,
    /// How many at most.
    pub limit: u32,
}

/// How much there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Accounts.
    pub accounts: u64,
    /// Those of them that are disabled.
    pub disabled_accounts: u64,
    /// Bots.
    pub bots: u64,
    /// Twins.
    pub twins: u64,
    /// Documents of twins.
    pub documents: u64,
    /// Conversations.
    pub conversations: u64,
    /// Entries of their logs: messages and changes.
    pub entries: u64,
    /// Rows of the audit log.
    pub audit_rows: u64,
}

/// What waits to be done, on whichever node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backlog {
    /// Replies that nobody writes yet.
    pub replies_waiting: u64,
    /// Since when the one has waited that waits longest, in UTC milliseconds.
    pub waiting_since: Option<i64>,
    /// Replies that are being written.
    pub replies_running: u64,
    /// Browsers and webhooks that are to be told of something.
    pub calls_due: u64,
    /// Files that nothing refers to and that are still on the disk.
    pub files_to_delete: u64,
}

impl Storage {
    /// Accounts, those made last first.
    pub async fn accounts(
        &self,
        query: AccountsQuery,
        now: i64,
    ) -> Result<Vec<Account>, StorageError> {
        let AccountsQuery {
            text,
            before,
            limit,
        } = query;
        let parameters = params![
            now,
            before.map_or(ABOVE_ALL, |id| *id.as_bytes()),
            text.parse::<UserId>().ok(),
            anywhere(&fold(&text)),
            anywhere(&text),
            page(limit),
        ];
        self.read(SEARCH, parameters).await?.map(read_account)
    }

    /// The account with this id, as those see it who run the server.
    pub async fn account(&self, id: UserId, now: i64) -> Result<Option<Account>, StorageError> {
        let row = self.read(FIND, params![now, id]).await?.first();
        row.map(read_account).transpose()
    }

    /// Closes an account to everybody, with its bots and keys, and ends its log-ins. `Refused` for an administrator's, `NotFound`
    /// when it is gone.
    pub async fn disable_account(&self, id: UserId, now: i64) -> Result<(), StorageError> {
        self.set_disabled(id, Some(now)).await
    }

    /// Opens an account again. `NotFound` when it is gone.
    pub async fn enable_account(&self, id: UserId) -> Result<(), StorageError> {
        self.set_disabled(id, None).await
    }

    /// How much there is.
    pub async fn counts(&self) -> Result<Counts, StorageError> {
        let mut row = only_row(self.read(COUNT, Vec::new()).await?.first())?;
        Ok(Counts {
            accounts: row.count()?,
            disabled_accounts: row.count()?,
            bots: row.count()?,
            twins: row.count()?,
            documents: row.count()?,
            conversations: row.count()?,
            entries: row.count()?,
            audit_rows: row.count()?,
        })
    }

    /// What waits now.
    pub async fn backlog(&self, now: i64) -> Result<Backlog, StorageError> {
        let mut row = only_row(self.read(BACKLOG, params![now]).await?.first())?;
        Ok(Backlog {
            replies_waiting: row.count()?,
            waiting_since: row.optional_int()?,
            replies_running: row.count()?,
            calls_due: row.count()?,
            files_to_delete: row.count()?,
        })
    }

    async fn set_disabled(&self, id: UserId, at: Option<i64>) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(set_disabled(&engine, id, at))
        })
        .await
    }
}

async fn set_disabled(engine: &Engine, id: UserId, at: Option<i64>) -> Result<(), DatabaseError> {
    let (transaction, results) = engine.begin(vec![(SET_DISABLED, params![id, at])]).await?;
    let [changed] = each(results)?;
    let is_admin = changed.first().map(|mut row| row.int()).transpose()?;
    let refused = match (is_admin, at) {
        (None, _) => StorageError::NotFound("account"),
        (Some(1), Some(_)) => ADMINISTERS,
        _ => {
            let ended = match at {
                Some(_) => vec![
                    (REVOKE_OF_USER, params![id]),
                    (FORGET_TARGETS_OF_USER, params![id]),
                ],
                None => Vec::new(),
            };
            transaction.commit(ended).await?;
            return Ok(());
        }
    };
    transaction.roll_back().await;
    Err(refused.into())
}

/// A pattern that finds a text anywhere.
fn anywhere(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for character in text.chars() {
        if matches!(character, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(character);
    }
    pattern.push('%');
    pattern
}

fn only_row(row: Option<Row>) -> Result<Row, StorageError> {
    row.ok_or_else(|| StorageError::Internal("a count has no row".into()))
}

fn read_account(mut row: Row) -> Result<Account, StorageError> {
    Ok(Account {
        id: row.id()?,
        email: row.text()?,
        name: row.text()?,
        created_at: row.int()?,
        is_admin: row.int()? != 0,
        disabled_at: row.optional_int()?,
        last_used_at: row.optional_int()?,
        log_ins: row.count()?,
        twins: row.count()?,
        bots: row.count()?,
    })
}
