//! Where people are told of what they have not seen: browsers and webhooks, each with a mark when something is to be sent, and
//! how each person wishes to be told.

use protocol::{ConversationId, NotificationTargetId, TokenFamilyId, UserId};

use crate::engine::{DatabaseError, Engine, until_no_collision};
use crate::metrics::Call;
use crate::notifications::{NotifyLevel, read_level};
use crate::people::Room;
use crate::storage::page;
use crate::value::{Row, params};
use crate::{Storage, StorageError};

macro_rules! columns {
    () => {
        "id, user_id, kind, url, public_key, secret, created_at, told_at, failures, family_id"
    };
}

/// Makes all places of a person due: at once, or when the last failure lets them. What is due stays due as it was. Nobody is told
/// whose account is disabled.
pub(crate) const MARK_DUE: &str = "UPDATE notification_targets SET marks = marks + 1, \
     due_at = CASE WHEN due_at IS NULL THEN CAST($2 AS BIGINT) ELSE due_at END WHERE user_id = $1 \
     AND user_id NOT IN (SELECT id FROM users WHERE disabled_at IS NOT NULL)";
const COUNT: &str = "SELECT count(*) FROM notification_targets WHERE user_id = $1";
const OF_USER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM notification_targets WHERE user_id = $1 AND kind = $2 ORDER BY id"
);
/// The same place again has new keys and its old state.
const UPSERT: &str = concat!(
    "INSERT INTO notification_targets (id, user_id, kind, url, public_key, secret, created_at, family_id) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (user_id, kind, url) DO UPDATE \
     SET public_key = excluded.public_key, secret = excluded.secret, \
     family_id = excluded.family_id, failures = 0 RETURNING ",
    columns!()
);
const FIND: &str =
    "SELECT id FROM notification_targets WHERE user_id = $1 AND kind = $2 AND url = $3";
const DELETE: &str =
    "DELETE FROM notification_targets WHERE id = $1 AND user_id = $2 AND kind = $3 RETURNING id";
const DELETE_KIND: &str =
    "DELETE FROM notification_targets WHERE user_id = $1 AND kind = $2 AND id <> $3";
const DUE: &str = "SELECT id FROM notification_targets \
     WHERE due_at <= $1 AND lease_until <= $1 ORDER BY due_at LIMIT $2";
/// One statement decides: of two nodes that claim at once, the second finds the first's lease.
const CLAIM: &str = concat!(
    "UPDATE notification_targets SET epoch = epoch + 1, lease_until = $3 \
     WHERE id = $1 AND due_at <= $2 AND lease_until <= $2 RETURNING ",
    columns!(),
    ", epoch, marks, told"
);
/// What became due in the meantime is told a little later.
const TOLD: &str = "UPDATE notification_targets SET lease_until = 0, failures = 0, told = $4, told_at = $5, \
     due_at = CASE WHEN marks = $3 THEN NULL ELSE CAST($6 AS BIGINT) END WHERE id = $1 AND epoch = $2";
const QUIET: &str = "UPDATE notification_targets SET lease_until = 0, \
     due_at = CASE WHEN marks = $3 THEN NULL ELSE CAST($4 AS BIGINT) END WHERE id = $1 AND epoch = $2";
const LATER: &str = "UPDATE notification_targets SET lease_until = 0, due_at = $3, failures = failures + $4 \
     WHERE id = $1 AND epoch = $2";
const GIVE_UP: &str = "DELETE FROM notification_targets WHERE id = $1 AND epoch = $2";
/// Unread ones beyond the newest that was told; the count goes no further than a screen shows.
const WAITING: &str = "SELECT n.id, n.kind, n.conversation_id, n.seq, m.message_id FROM notifications n \
     JOIN members p ON p.user_id = n.user_id AND p.conversation_id = n.conversation_id \
     JOIN messages m ON m.conversation_id = n.conversation_id AND m.seq = n.seq \
     WHERE n.user_id = $1 AND n.id > $2 AND n.seq > p.read_seq AND m.deleted_at IS NULL \
     ORDER BY n.id DESC LIMIT 100";
const SETTINGS: &str = "SELECT notify, quiet_from, quiet_until, time_zone, names_shown \
     FROM notification_settings WHERE user_id = $1";
const SET_SETTINGS: &str = "INSERT INTO notification_settings \
     (user_id, notify, quiet_from, quiet_until, time_zone, names_shown) VALUES ($1, $2, $3, $4, $5, $6) \
     ON CONFLICT (user_id) DO UPDATE SET notify = excluded.notify, quiet_from = excluded.quiet_from, \
     quiet_until = excluded.quiet_until, time_zone = excluded.time_zone, names_shown = excluded.names_shown";
const LEVEL_IN: &str = "SELECT notify FROM members WHERE user_id = $1 AND conversation_id = $2";
const SET_LEVEL_IN: &str = "UPDATE members SET notify = $3 WHERE user_id = $1 AND conversation_id = $2 \
     RETURNING position";

/// A place where a person is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotificationTarget {
    /// Its id.
    pub id: NotificationTargetId,
    /// Whose it is.
    pub user_id: UserId,
    /// Where the calls go.
    pub url: String,
    /// What it takes.
    pub kind: TargetKind,
    /// The secret that the browser shares with us, or the key that calls are signed with.
    pub secret: Vec<u8>,
    /// When it was made, in UTC milliseconds.
    pub created_at: i64,
    /// When something was sent there last, in UTC milliseconds.
    pub told_at: Option<i64>,
    /// Times in a row that it failed.
    pub failures: u64,
    /// The log-in that a browser subscribed with: the place goes when that is ended. None for a webhook.
    pub log_in: Option<TokenFamilyId>,
}

/// What a place takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetKind {
    /// Web push, encrypted to the browser's public key: 65 bytes, a point on P-256.
    Push {
        /// The browser's public key.
        public_key: Vec<u8>,
    },
    /// Signed calls.
    Webhook,
}

/// Either kind of place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TargetSort {
    /// Browsers.
    Push,
    /// Webhooks.
    Webhook,
}

impl TargetSort {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Webhook => "webhook",
        }
    }
}

impl TargetKind {
    const fn sort(&self) -> TargetSort {
        match self {
            Self::Push { .. } => TargetSort::Push,
            Self::Webhook => TargetSort::Webhook,
        }
    }
}

/// A place that something is sent to now, by nobody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimedTarget {
    /// The place.
    pub target: NotificationTarget,
    /// Every write names it.
    pub epoch: u64,
    /// What had made it due when it was claimed.
    marks: u64,
    /// The newest notification that was told there.
    told: Option<[u8; 16]>,
}

/// A notification that was not told at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: protocol::NotificationId,
    /// Why the person is told.
    pub kind: crate::NoticeKind,
    /// Where.
    pub conversation_id: ConversationId,
    /// The message's place.
    pub seq: u64,
    /// The message.
    pub message_id: protocol::MessageId,
}

/// How a person wishes to be told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotificationSettings {
    /// What the person is told of conversations that say nothing else.
    pub level: Option<NotifyLevel>,
    /// When nothing is sent.
    pub quiet: Option<QuietHours>,
    /// Whether what is sent may name who and where.
    pub names_shown: bool,
}

/// A time of day in which nothing is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuietHours {
    /// From which minute after midnight.
    pub from: u32,
    /// Until before which minute after midnight; less than `from` when the night lies between.
    pub until: u32,
    /// In which time zone, by its IANA name.
    pub time_zone: String,
}

impl Storage {
    /// Keeps a place, or changes its keys where the person has it already. `LimitReached` when the person has `targets_max`,
    /// `NotFound` when the log-in is gone.
    pub async fn put_notification_target(
        &self,
        target: NotificationTarget,
        targets_max: u64,
    ) -> Result<NotificationTarget, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(put(&engine, &target, targets_max))
        })
        .await
    }

    /// A person's places of one sort, oldest first.
    pub async fn notification_targets_of(
        &self,
        user: UserId,
        sort: TargetSort,
    ) -> Result<Vec<NotificationTarget>, StorageError> {
        self.read(OF_USER, params![user, sort.as_str()])
            .await?
            .map(|mut row| read_target(&mut row))
    }

    /// Forgets a person's place. `NotFound` when there is none.
    pub async fn delete_notification_target(
        &self,
        user: UserId,
        sort: TargetSort,
        id: NotificationTargetId,
    ) -> Result<(), StorageError> {
        let parameters = params![id, user, sort.as_str()];
        let deleted = self.write(DELETE, parameters).await?;
        match deleted.rows.is_empty() {
            false => Ok(()),
            true => Err(StorageError::NotFound("place to notify")),
        }
    }

    /// Forgets all of a person's places of one sort but one.
    pub async fn delete_other_notification_targets(
        &self,
        user: UserId,
        sort: TargetSort,
        kept: NotificationTargetId,
    ) -> Result<(), StorageError> {
        let parameters = params![user, sort.as_str(), kept];
        self.write(DELETE_KIND, parameters).await.map(drop)
    }

    /// Places that something is to be sent to now and that nobody sends to, the longest due first.
    pub async fn due_notification_targets(
        &self,
        now: i64,
        limit: u32,
    ) -> Result<Vec<NotificationTargetId>, StorageError> {
        self.read(DUE, params![now, page(limit)])
            .await?
            .map(|mut row| row.id())
    }

    /// Claims a place that is due; `None` when somebody else has, or there is nothing to send any more.
    pub async fn claim_notification_target(
        &self,
        id: NotificationTargetId,
        now: i64,
        lease_until: i64,
    ) -> Result<Option<ClaimedTarget>, StorageError> {
        let claimed = self.write(CLAIM, params![id, now, lease_until]).await?;
        let read = |mut row: Row| {
            let target = read_target(&mut row)?;
            Ok(ClaimedTarget {
                target,
                epoch: row.count()?,
                marks: row.count()?,
                told: row.optional_bytes()?.and_then(|id| id.try_into().ok()),
            })
        };
        claimed.first().map(read).transpose()
    }

    /// What waits to be told at a place, newest first, at most a hundred.
    pub async fn waiting_notifications(
        &self,
        claimed: &ClaimedTarget,
    ) -> Result<Vec<Waiting>, StorageError> {
        let told = claimed.told.unwrap_or_default();
        let parameters = params![claimed.target.user_id, told];
        self.read(WAITING, parameters).await?.map(|mut row| {
            Ok(Waiting {
                id: row.id()?,
                kind: row.parsed("kind of a notification", crate::NoticeKind::from_name)?,
                conversation_id: row.id()?,
                seq: row.count()?,
                message_id: row.id()?,
            })
        })
    }

    /// Notes that everything up to `newest` was told; what has come since is due at `next`.
    pub async fn told_notification_target(
        &self,
        claimed: &ClaimedTarget,
        newest: protocol::NotificationId,
        now: i64,
        next: i64,
    ) -> Result<(), StorageError> {
        let ClaimedTarget {
            target,
            epoch,
            marks,
            ..
        } = claimed;
        let parameters = params![target.id, *epoch, *marks, newest, now, next];
        self.write(TOLD, parameters).await.map(drop)
    }

    /// Notes that nothing waits; what has come since is due at `next`.
    pub async fn nothing_for_notification_target(
        &self,
        claimed: &ClaimedTarget,
        next: i64,
    ) -> Result<(), StorageError> {
        let parameters = params![claimed.target.id, claimed.epoch, claimed.marks, next];
        self.write(QUIET, parameters).await.map(drop)
    }

    /// Leaves a place for later, after a failure or without one.
    pub async fn postpone_notification_target(
        &self,
        claimed: &ClaimedTarget,
        due_at: i64,
        failed: bool,
    ) -> Result<(), StorageError> {
        let parameters = params![claimed.target.id, claimed.epoch, due_at, i64::from(failed)];
        self.write(LATER, parameters).await.map(drop)
    }

    /// Forgets a place that is gone, or has failed too often.
    pub async fn give_notification_target_up(
        &self,
        claimed: &ClaimedTarget,
    ) -> Result<(), StorageError> {
        let parameters = params![claimed.target.id, claimed.epoch];
        self.write(GIVE_UP, parameters).await.map(drop)
    }

    /// How a person wishes to be told.
    pub async fn notification_settings(
        &self,
        user: UserId,
    ) -> Result<NotificationSettings, StorageError> {
        let row = self.read(SETTINGS, params![user]).await?.first();
        row.map_or_else(|| Ok(NotificationSettings::default()), read_settings)
    }

    /// Keeps how a person wishes to be told. `NotFound` when the account is gone.
    pub async fn set_notification_settings(
        &self,
        user: UserId,
        settings: NotificationSettings,
    ) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            let quiet = settings.quiet.as_ref();
            let parameters = params![
                user,
                settings.level.map(NotifyLevel::as_str),
                quiet.map(|quiet| quiet.from),
                quiet.map(|quiet| quiet.until),
                quiet.map(|quiet| quiet.time_zone.as_str()),
                i64::from(settings.names_shown),
            ];
            let written = engine.write(SET_SETTINGS, parameters).await;
            written.map_err(|error| error.missing("account"))?;
            Ok(())
        })
        .await
    }

    /// What of a conversation a person wishes to be told. `NotFound` when the person takes no part.
    pub async fn notify_level(
        &self,
        user: UserId,
        conversation: ConversationId,
    ) -> Result<Option<NotifyLevel>, StorageError> {
        let rows = self.read(LEVEL_IN, params![user, conversation]).await?;
        let row = rows.first().ok_or(StorageError::NotFound("conversation"));
        read_level(&mut row?)
    }

    /// Keeps what of a conversation a person wishes to be told. `NotFound` when the person takes no part.
    pub async fn set_notify_level(
        &self,
        user: UserId,
        conversation: ConversationId,
        level: Option<NotifyLevel>,
    ) -> Result<(), StorageError> {
        let parameters = params![user, conversation, level.map(NotifyLevel::as_str)];
        let set = self.write(SET_LEVEL_IN, parameters).await?;
        match set.rows.is_empty() {
            false => Ok(()),
            true => Err(StorageError::NotFound("conversation")),
        }
    }
}

async fn put(
    engine: &Engine,
    target: &NotificationTarget,
    targets_max: u64,
) -> Result<NotificationTarget, DatabaseError> {
    let sort = target.kind.sort().as_str();
    let known = params![target.user_id, sort, &target.url];
    let known = crate::engine::only(engine.read(vec![(FIND, known)]).await?)?;
    let room = Room {
        what: "places to notify",
        count: COUNT,
        // Whoever has it already needs no more room.
        max: targets_max + u64::from(!known.rows.is_empty()),
    };
    let transaction = room.begin(engine, target.user_id).await?;
    let public_key = match &target.kind {
        TargetKind::Push { public_key } => Some(public_key.clone()),
        TargetKind::Webhook => None,
    };
    let parameters = params![
        target.id,
        target.user_id,
        sort,
        &target.url,
        public_key,
        target.secret.clone(),
        target.created_at,
        target.log_in,
    ];
    let kept = transaction.commit(vec![(UPSERT, parameters)]).await;
    let rows = kept.map_err(|error| error.missing("log-in"))?;
    let row = crate::engine::only(rows)?.first();
    let missing = || StorageError::Internal("a place to notify was not kept".into());
    Ok(read_target(&mut row.ok_or_else(missing)?)?)
}

fn read_target(row: &mut Row) -> Result<NotificationTarget, StorageError> {
    let (id, user_id) = (row.id()?, row.id()?);
    let kind = row.text()?;
    let url = row.text()?;
    let public_key = row.optional_bytes()?;
    let kind = match (kind.as_str(), public_key) {
        ("push", Some(public_key)) => TargetKind::Push { public_key },
        ("webhook", None) => TargetKind::Webhook,
        _ => {
            return Err(StorageError::Corrupt(
                "a stored place to notify is none".into(),
            ));
        }
    };
    Ok(NotificationTarget {
        id,
        user_id,
        url,
        kind,
        secret: row.bytes()?,
        created_at: row.int()?,
        told_at: row.optional_int()?,
        failures: row.count()?,
        log_in: row.optional_id()?,
    })
}

fn read_settings(mut row: Row) -> Result<NotificationSettings, StorageError> {
    let level = read_level(&mut row)?;
    let (from, until) = (row.optional_int()?, row.optional_int()?);
    let time_zone = row.optional_text()?;
    let quiet = match (from, until, time_zone) {
        (Some(from), Some(until), Some(time_zone)) => Some(QuietHours {
            from: minute(from)?,
            until: minute(until)?,
            time_zone,
        }),
        _ => None,
    };
    Ok(NotificationSettings {
        level,
        quiet,
        names_shown: row.int()? != 0,
    })
}

fn minute(number: i64) -> Result<u32, StorageError> {
    u32::try_from(number).map_err(|_| StorageError::Corrupt(format!("the minute {number}")))
}
