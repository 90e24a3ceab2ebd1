//! What happened to accounts, in a chain: each row has the hash of the one before, so that whoever changes one or takes one out is
//! found out.
//!
//! One row has both ends of the chain. Whoever adds to the log changes it first, which locks it on either database: of any number
//! of processes one adds after the other.

mod chain;

use protocol::UserId;
use uuid::Uuid;

use self::chain::{BEGINNING, Hash, Linked, Sealed};
use crate::engine::{DatabaseError, Engine, each, until_no_collision};
use crate::metrics::Call;
use crate::storage::page;
use crate::value::{Row, names, params};
use crate::{Storage, StorageError};

macro_rules! columns {
    () => {
        "number, at, action, actor_id, subject_id, context_id, address, address_salt, address_hash, prev_hash, hash"
    };
}

/// Both databases lock a row that is written.
const LOCK_ENDS: &str = "UPDATE audit_ends SET number = number WHERE one = 1 \
     RETURNING number, hash, forgotten_number, forgotten_hash";
const INSERT: &str = concat!(
    "INSERT INTO audit (",
    columns!(),
    ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
);
const SET_NEWEST: &str = "UPDATE audit_ends SET number = $1, hash = $2 WHERE one = 1";
const NEWEST_FIRST: &str = concat!(
    "SELECT ",
    columns!(),
    ", (SELECT u.email FROM users u WHERE u.id = audit.actor_id), \
     (SELECT u.email FROM users u WHERE u.id = audit.subject_id) FROM audit WHERE number < $1 AND (action = $2 OR $2 IS NULL) \
     AND (actor_id = $3 OR subject_id = $3 OR $3 IS NULL) ORDER BY number DESC LIMIT $4"
);
const OLDEST_FIRST: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM audit WHERE number > $1 ORDER BY number LIMIT $2"
);
/// One statement, so that all of it is from one moment.
const ENDS: &str = "SELECT number, hash, forgotten_number, forgotten_hash, \
     (SELECT max(number) FROM audit) FROM audit_ends WHERE one = 1";
const FIRST_SINCE: &str = "SELECT number FROM audit WHERE at >= $1 ORDER BY number LIMIT 1";
const HASH_OF: &str = "SELECT hash FROM audit WHERE number = $1";
const SET_FORGOTTEN: &str =
    "UPDATE audit_ends SET forgotten_number = $1, forgotten_hash = $2 WHERE one = 1";
const FORGET: &str = "DELETE FROM audit WHERE number <= $1";
/// What only the address says of a deleted account. Where somebody else acted on the account, the address is theirs.
pub(crate) const FORGET_ADDRESSES: &str = "UPDATE audit SET address = NULL, address_salt = NULL \
     WHERE (actor_id = $1 OR (subject_id = $1 AND actor_id IS NULL)) AND address IS NOT NULL";

/// Rows that are forgotten in one transaction: nothing can be added meanwhile.
const FORGOTTEN_AT_ONCE_MAX: u64 = 10_000;
/// Rows that are checked at a time.
const CHECKED_AT_ONCE: u32 = 1_000;
/// How often a check begins anew because the oldest rows were forgotten meanwhile; that happens once an hour.
const CHECKS_MAX: u32 = 3;

names! {
    /// What can happen.
    AuditAction {
        /// Somebody made an account.
        Registered = "registered",
        /// Somebody logged in; the subject is the log-in.
        LoggedIn = "logged_in",
        /// Nobody was let in; the subject is the account, where the address is one's.
        LogInFailed = "log_in_failed",
        /// A refresh token came a second time, and its log-in was ended; the subject is the account, the context the log-in.
        RefreshReused = "refresh_reused",
        /// Somebody logged out; the subject is the log-in.
        LoggedOut = "logged_out",
        /// Somebody changed their password, which ended all their log-ins.
        PasswordChanged = "password_changed",
        /// Somebody ended one of their log-ins; the subject is the log-in.
        LogInEnded = "log_in_ended",
        /// Somebody ended all their log-ins but the subject.
        OtherLogInsEnded = "other_log_ins_ended",
        /// Somebody took all away that is kept of them.
        AccountExported = "account_exported",
        /// Somebody brought what an export holds.
        AccountImported = "account_imported",
        /// Somebody deleted their account.
        AccountDeleted = "account_deleted",
        /// Somebody made a bot; the subject is the bot.
        BotCreated = "bot_created",
        /// Somebody deleted a bot; the subject is the bot.
        BotDeleted = "bot_deleted",
        /// Somebody made an API key; the subject is the key.
        KeyCreated = "key_created",
        /// Somebody revoked an API key; the subject is the key.
        KeyRevoked = "key_revoked",
        /// An owner said how far a twin writes on its own; the subject is the twin, the context the conversation.
        ModeChanged = "mode_changed",
        /// The command line made the subject an administrator.
        AdminGranted = "admin_granted",
        /// The command line made the subject an administrator no longer.
        AdminRevoked = "admin_revoked",
        /// An administrator closed the subject's account.
        AccountDisabled = "account_disabled",
        /// An administrator opened the subject's account again.
        AccountEnabled = "account_enabled",
        /// An administrator ended all log-ins of the subject.
        AllLogInsEnded = "all_log_ins_ended",
        /// An administrator took this log away as a file.
        AuditExported = "audit_exported",
    }
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAudit {
    /// When, in UTC milliseconds.
    pub at: i64,
    /// What.
    pub action: AuditAction,
    /// Who did it; none for somebody who is not logged in, and for the command line.
    pub actor: Option<UserId>,
    /// What it was done to.
    pub subject: Option<Uuid>,
    /// In what it was done.
    pub context: Option<Uuid>,
    /// From where it was done.
    pub address: Option<String>,
}

/// A row of the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its place in the log; the first is 1.
    pub number: u64,
    /// What happened; the address goes with the account of who did it.
    pub event: NewAudit,
    /// What was hashed before the address, in hexadecimal digits; it goes with the address.
    pub address_salt: Option<String>,
    /// The hash of salt and address, in hexadecimal digits.
    pub address_hash: Option<String>,
    /// The hash of the row before, in hexadecimal digits.
    pub prev_hash: String,
    /// Its own hash, in hexadecimal digits.
    pub hash: String,
}

/// A row of the log, and whose accounts it is about as far as they exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownAudit {
    /// The row.
    pub row: AuditRow,
    /// The e-mail address of who did it.
    pub actor_email: Option<String>,
    /// The e-mail address of the account that it was done to.
    pub subject_email: Option<String>,
}

/// Which rows are wanted; `None` takes all.
#[derive(Debug, Clone, Copy, Default)]
pub struct AuditFilter {
    /// Of this action.
    pub action: Option<AuditAction>,
    /// In which this person acted or was acted on.
    pub person: Option<UserId>,
}

/// What a check of the log found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditVerdict {
    /// Every row is as it was written.
    Whole {
        /// The oldest row that there is; one beyond the newest when there is none.
        first: u64,
        /// The newest row; 0 when there was none yet.
        last: u64,
        /// The newest row's hash, in hexadecimal digits.
        hash: String,
    },
    /// The first row that is not.
    Broken {
        /// The row's number.
        number: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl Storage {
    /// Adds something to the log.
    pub async fn note(&self, event: NewAudit) -> Result<(), StorageError> {
        let sealed = Sealed::new(event)?;
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(add(&engine, &sealed))
        })
        .await
    }

    /// Rows of the log, newest first, those before this number.
    pub async fn audit_before(
        &self,
        filter: AuditFilter,
        before: Option<u64>,
        limit: u32,
    ) -> Result<Vec<ShownAudit>, StorageError> {
        let parameters = params![
            before.unwrap_or(u64::MAX),
            filter.action.map(AuditAction::as_str),
            filter.person,
            page(limit),
        ];
        let rows = self.read(NEWEST_FIRST, parameters).await?;
        rows.map(|mut row| {
            Ok(ShownAudit {
                row: read(&mut row)?.into(),
                actor_email: row.optional_text()?,
                subject_email: row.optional_text()?,
            })
        })
    }

    /// Rows of the log, oldest first, those after this number.
    pub async fn audit_after(&self, after: u64, limit: u32) -> Result<Vec<AuditRow>, StorageError> {
        let rows = self.read(OLDEST_FIRST, params![after, page(limit)]).await?;
        rows.map(|mut row| Ok(read(&mut row)?.into()))
    }

    /// Checks every row of the log, and that none is missing between its ends.
    pub async fn verify_audit(&self) -> Result<AuditVerdict, StorageError> {
        let mut checks = 1;
        loop {
            let ends = self.audit_ends().await?;
            let verdict = self.check_between(&ends).await?;
            let AuditVerdict::Broken { number, .. } = verdict else {
                return Ok(verdict);
            };
            let was_forgotten = self.audit_ends().await?.forgotten_number >= number;
            if !was_forgotten || checks == CHECKS_MAX {
                return Ok(verdict);
            }
            checks += 1;
        }
    }

    /// Forgets the oldest rows, up to the first that is not older than this time, and returns how many they were: some
    /// thousand at most, so that nobody waits long who adds to the log.
    pub async fn forget_audit_before(&self, before: i64) -> Result<u64, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(forget(&engine, before))
        })
        .await
    }

    async fn audit_ends(&self) -> Result<Ends, StorageError> {
        let row = self.read(ENDS, Vec::new()).await?.first();
        let mut row = row.ok_or_else(no_ends)?;
        let mut ends = read_ends(&mut row)?;
        ends.number_found = row.optional_int()?.map_or(0, i64::unsigned_abs);
        Ok(ends)
    }

    async fn check_between(&self, ends: &Ends) -> Result<AuditVerdict, StorageError> {
        let (mut number, mut hash) = (ends.forgotten_number, ends.forgotten_hash);
        while number < ends.number {
            let left = u32::try_from(ends.number - number).unwrap_or(u32::MAX);
            let parameters = params![number, left.min(CHECKED_AT_ONCE)];
            let rows = self.read(OLDEST_FIRST, parameters).await?.rows;
            if rows.is_empty() {
                return Ok(missing(number + 1));
            }
            for mut row in rows {
                let row = match read(&mut row) {
                    Ok(row) => row,
                    Err(StorageError::Corrupt(_)) => return Ok(unreadable(number + 1)),
                    Err(error) => return Err(error),
                };
                if let Err(verdict) = row.follows(number, &hash) {
                    return Ok(verdict);
                }
                (number, hash) = (row.number, row.hash);
            }
        }
        if hash != ends.hash {
            let reason = "the row is not the one that was written last";
            return Ok(AuditVerdict::Broken { number, reason });
        }
        if ends.number_found > ends.number {
            let reason = "the row was never written by the server";
            let number = ends.number + 1;
            return Ok(AuditVerdict::Broken { number, reason });
        }
        Ok(AuditVerdict::Whole {
            first: ends.forgotten_number + 1,
            last: number,
            hash: chain::text(&hash),
        })
    }
}

/// Both ends of the chain.
struct Ends {
    number: u64,
    hash: Hash,
    forgotten_number: u64,
    forgotten_hash: Hash,
    /// The highest number that a row has.
    number_found: u64,
}

fn missing(number: u64) -> AuditVerdict {
    let reason = "the row is missing";
    AuditVerdict::Broken { number, reason }
}

fn unreadable(number: u64) -> AuditVerdict {
    let reason = "the row cannot be read";
    AuditVerdict::Broken { number, reason }
}

async fn add(engine: &Engine, sealed: &Sealed) -> Result<(), DatabaseError> {
    let (transaction, locked) = engine.begin(vec![(LOCK_ENDS, Vec::new())]).await?;
    let [ends] = each(locked)?;
    let ends = read_ends(&mut ends.first().ok_or_else(no_ends)?)?;
    let number = ends.number + 1;
    let hash = chain::hash(&ends.hash, number, sealed);
    let event = &sealed.event;
    let row = params![
        number,
        event.at,
        event.action.as_str(),
        event.actor,
        event.subject.map(Uuid::into_bytes),
        event.context.map(Uuid::into_bytes),
        event.address.clone(),
        sealed.address_salt.clone(),
        sealed.address_hash,
        ends.hash,
        hash,
    ];
    let queries = vec![(INSERT, row), (SET_NEWEST, params![number, hash])];
    transaction.commit(queries).await?;
    Ok(())
}

async fn forget(engine: &Engine, before: i64) -> Result<u64, DatabaseError> {
    let queries = vec![(LOCK_ENDS, Vec::new()), (FIRST_SINCE, params![before])];
    let (mut transaction, results) = engine.begin(queries).await?;
    let [ends, kept] = each(results)?;
    let ends = read_ends(&mut ends.first().ok_or_else(no_ends)?)?;
    let kept = kept.first().map(|mut row| row.count::<u64>()).transpose()?;
    let newest = kept.map_or(ends.number, |kept| kept - 1);
    let newest = newest.min(ends.forgotten_number + FORGOTTEN_AT_ONCE_MAX);
    if newest <= ends.forgotten_number {
        transaction.roll_back().await;
        return Ok(0);
    }
    let [hash] = each(transaction.pipe(vec![(HASH_OF, params![newest])]).await?)?;
    let Some(mut hash) = hash.first() else {
        // Somebody took it out by hand: what is left is for the check to tell.
        transaction.roll_back().await;
        return Err(
            StorageError::Corrupt(format!("row {newest} of the audit log is missing")).into(),
        );
    };
    let queries = vec![
        (SET_FORGOTTEN, params![newest, hash.hash()?]),
        (FORGET, params![newest]),
    ];
    transaction.commit(queries).await?;
    Ok(newest - ends.forgotten_number)
}

fn no_ends() -> StorageError {
    StorageError::Corrupt("the audit log has lost its ends".into())
}

fn read_ends(row: &mut Row) -> Result<Ends, StorageError> {
    let mut end = || {
        let number = row.count()?;
        let hash = row.optional_hash()?;
        Ok::<_, StorageError>((number, hash.unwrap_or(BEGINNING)))
    };
    let (number, hash) = end()?;
    let (forgotten_number, forgotten_hash) = end()?;
    Ok(Ends {
        number,
        hash,
        forgotten_number,
        forgotten_hash,
        number_found: number,
    })
}

fn read(row: &mut Row) -> Result<Linked, StorageError> {
    let number = row.count()?;
    let event = NewAudit {
        at: row.int()?,
        action: row.parsed("action", AuditAction::from_name)?,
        actor: row.optional_id()?,
        subject: row.optional_uuid()?,
        context: row.optional_uuid()?,
        address: row.optional_text()?,
    };
    let sealed = Sealed {
        event,
        address_salt: row.optional_bytes()?,
        address_hash: row.optional_hash()?,
    };
    Ok(Linked {
        number,
        sealed,
        prev_hash: row.hash()?,
        hash: row.hash()?,
    })
}

impl From<Linked> for AuditRow {
    fn from(linked: Linked) -> Self {
        let salt = linked.sealed.address_salt;
        Self {
            number: linked.number,
            event: linked.sealed.event,
            address_salt: salt.as_deref().map(chain::text),
            address_hash: linked
                .sealed
                .address_hash
                .as_ref()
                .map(|hash| chain::text(hash)),
            prev_hash: chain::text(&linked.prev_hash),
            hash: chain::text(&linked.hash),
        }
    }
}
