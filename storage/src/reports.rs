//! Reports of messages that somebody thinks are out of place, for those who keep order and for the owners of twins.
//!
//! A report names the message and keeps no text of it: what is shown is what the message says now, and of one that was deleted
//! nothing.

use protocol::{Author, ConversationId, MessageId, ReportId, TwinId, UserId};

use crate::conversations::{ConversationKind, read_kind};
use crate::engine::{DatabaseError, Engine, each, until_no_collision};
use crate::messages::read_author;
use crate::metrics::Call;
use crate::people::Room;
use crate::storage::{ABOVE_ALL, page};
use crate::value::{Row, names, params};
use crate::{Storage, StorageError};

/// Locks a message that is there, against its being deleted meanwhile.
const LOCK: &str = "UPDATE messages SET reacted = reacted WHERE message_id = $1 AND conversation_id = $2 \
     AND deleted_at IS NULL RETURNING seq, author_kind, author_id, author_name";
const KIND: &str = "SELECT kind FROM conversations WHERE id = $1";
const COUNT_OPEN: &str =
    "SELECT COUNT(*) FROM reports WHERE reporter_id = $1 AND resolution IS NULL";
const INSERT: &str = "INSERT INTO reports (id, conversation_id, seq, twin_id, reporter_id, reason, note, created_at) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
macro_rules! select {
    () => {
        "SELECT r.id, r.conversation_id, r.twin_id, COALESCE(t.owner_id, a.owner_id), m.message_id, m.seq, m.author_kind, m.author_id, m.author_name, m.text, \
         m.created_at, m.deleted_at, r.reporter_id, u.name, r.reason, r.note, r.created_at, r.resolution, r.resolved_by, \
         r.resolved_at FROM reports r JOIN messages m ON m.conversation_id = r.conversation_id AND m.seq = r.seq \
         JOIN users u ON u.id = r.reporter_id LEFT JOIN twins t ON t.id = r.twin_id LEFT JOIN users a ON a.id = m.author_id "
    };
}
const OF_CONVERSATION: &str = concat!(
    select!(),
    "WHERE r.conversation_id = $1 AND r.id < $2 AND ($4 = 'all' OR ($4 = 'open') = (r.resolution IS NULL)) \
     ORDER BY r.id DESC LIMIT $3"
);
const OF_TWIN: &str = concat!(
    select!(),
    "WHERE r.twin_id = $1 AND r.id < $2 AND ($4 = 'all' OR ($4 = 'open') = (r.resolution IS NULL)) \
     ORDER BY r.id DESC LIMIT $3"
);
const FIND: &str = concat!(select!(), "WHERE r.id = $1");
const RESOLVE: &str = "UPDATE reports SET resolution = $2, resolved_by = $3, resolved_at = $4 \
     WHERE id = $1 AND resolution IS NULL RETURNING id";

names! {
    /// Why a message is reported.
    ReportReason {
        /// It sells something, or is the same again and again.
        Spam = "spam",
        /// It attacks somebody.
        Harassment = "harassment",
        /// It attacks people for what they are.
        Hate = "hate",
        /// It is sexual where that does not belong.
        Sexual = "sexual",
        /// It threatens, or glorifies violence.
        Violence = "violence",
        /// Somebody may harm themselves.
        SelfHarm = "self_harm",
        /// It tells what is somebody's own.
        PrivateInformation = "private_information",
        /// It is false about somebody, or a twin says what its person would not.
        Misrepresentation = "misrepresentation",
        /// Something else; the note says what.
        Other = "other",
    }
}

names! {
    /// What became of a report.
    Resolution {
        /// The message may stay.
        Dismissed = "dismissed",
        /// Something was done about it.
        Acted = "acted",
    }
}

names! {
    /// Which reports are wanted.
    ReportState {
        /// Those that nobody has resolved.
        Open = "open",
        /// Those that somebody has.
        Resolved = "resolved",
        /// Both.
        All = "all",
    }
}

/// A report that is to be kept.
#[derive(Debug, Clone)]
pub struct NewReport {
    /// Its id; those made later sort later.
    pub id: ReportId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The message.
    pub message_id: MessageId,
    /// Who reports it.
    pub reporter_id: UserId,
    /// Why.
    pub reason: ReportReason,
    /// What the reporter says about it.
    pub note: Option<String>,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
}

/// A report, with the message as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its id.
    pub id: ReportId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// The twin that wrote the message, if one did that is still there.
    pub twin_id: Option<TwinId>,
    /// Whose twin or bot wrote the message, if one did that is still there.
    pub owner_id: Option<UserId>,
    /// The message.
    pub message: ReportedMessage,
    /// Who reported it.
    pub reporter_id: UserId,
    /// The reporter's name now.
    pub reporter_name: String,
    /// Why.
    pub reason: ReportReason,
    /// What the reporter says about it.
    pub note: Option<String>,
    /// When, in UTC milliseconds.
    pub created_at: i64,
    /// What became of it, if somebody has decided.
    pub resolved: Option<Resolved>,
}

/// A message that was reported, as it is now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportedMessage {
    /// Its id.
    pub id: MessageId,
    /// Its place.
    pub seq: u64,
    /// Who wrote it.
    pub author: Author,
    /// What it says; nothing when it was deleted.
    pub text: String,
    /// When it was committed, in UTC milliseconds.
    pub created_at: i64,
    /// When it was deleted, in UTC milliseconds, if it was.
    pub deleted_at: Option<i64>,
}

/// What was decided about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// What became of it.
    pub resolution: Resolution,
    /// Who decided; the account may be gone.
    pub by: UserId,
    /// When, in UTC milliseconds.
    pub at: i64,
}

impl Report {
    /// Whether a person wrote what was reported, or a twin or a bot of the person's did.
    pub fn is_about(&self, user: UserId) -> bool {
        let wrote = matches!(self.message.author, Author::User { id, .. } if id == user);
        wrote || self.owner_id == Some(user)
    }
}

impl Storage {
    /// Keeps a report. `NotFound` when the message is not there any more, `Forbidden` when it is the reporter's own, or a person's or a
    /// bot's between two, where nobody reviews; `Refused` when the reporter has reported it already; `LimitReached` when `open_max`
    /// reports of the reporter are open.
    pub async fn report(&self, report: NewReport, open_max: u64) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(keep(&engine, &report, open_max))
        })
        .await
    }

    /// The reports of a conversation's messages, newest first, beginning after `before`.
    pub async fn reports_of_conversation(
        &self,
        conversation: ConversationId,
        state: ReportState,
        before: Option<ReportId>,
        limit: u32,
    ) -> Result<Vec<Report>, StorageError> {
        let before = before.map_or(ABOVE_ALL, |id| *id.as_bytes());
        let parameters = params![conversation, before, page(limit), state.as_str()];
        self.read(OF_CONVERSATION, parameters)
            .await?
            .map(read_report)
    }

    /// The reports of a twin's messages, newest first, beginning after `before`.
    pub async fn reports_of_twin(
        &self,
        twin: TwinId,
        state: ReportState,
        before: Option<ReportId>,
        limit: u32,
    ) -> Result<Vec<Report>, StorageError> {
        let before = before.map_or(ABOVE_ALL, |id| *id.as_bytes());
        let parameters = params![twin, before, page(limit), state.as_str()];
        self.read(OF_TWIN, parameters).await?.map(read_report)
    }

    /// The report with this id.
    pub async fn find_report(&self, id: ReportId) -> Result<Option<Report>, StorageError> {
        let rows = self.read(FIND, params![id]).await?;
        rows.first().map(read_report).transpose()
    }

    /// Decides about a report. `Refused` when somebody has decided already, or it is gone.
    pub async fn resolve_report(
        &self,
        id: ReportId,
        resolved: Resolved,
    ) -> Result<(), StorageError> {
        let parameters = params![id, resolved.resolution.as_str(), resolved.by, resolved.at];
        let done = self.write(RESOLVE, parameters).await?;
        match done.rows.is_empty() {
            false => Ok(()),
            true => Err(StorageError::Refused("this report is resolved already")),
        }
    }
}

async fn keep(engine: &Engine, new: &NewReport, open_max: u64) -> Result<(), DatabaseError> {
    let room = Room {
        what: "open reports of yours",
        count: COUNT_OPEN,
        max: open_max,
    };
    let mut transaction = room.begin(engine, new.reporter_id).await?;
    let queries = vec![
        (LOCK, params![new.message_id, new.conversation_id]),
        (KIND, params![new.conversation_id]),
    ];
    let [message, kind] = each(transaction.pipe(queries).await?)?;
    let (seq, twin) = match reported(message.first(), kind.first(), new) {
        Ok(reported) => reported,
        Err(refused) => {
            transaction.roll_back().await;
            return Err(refused.into());
        }
    };
    let parameters = params![
        new.id,
        new.conversation_id,
        seq,
        twin,
        new.reporter_id,
        new.reason.as_str(),
        new.note.as_ref(),
        new.created_at,
    ];
    let kept = transaction.commit(vec![(INSERT, parameters)]).await;
    kept.map_err(|error| match error {
        DatabaseError::Unique => {
            StorageError::Refused("you have reported this message already").into()
        }
        error => error.missing("account or twin"),
    })?;
    Ok(())
}

/// The place of a message that may be reported, and the twin that wrote it.
fn reported(
    message: Option<Row>,
    kind: Option<Row>,
    new: &NewReport,
) -> Result<(u64, Option<TwinId>), StorageError> {
    let no_message = || StorageError::NotFound("message");
    let mut message = message.ok_or_else(no_message)?;
    let kind = read_kind(&mut kind.ok_or_else(no_message)?)?;
    let seq = message.count()?;
    match read_author(&mut message)? {
        Author::Twin { id, .. } => Ok((seq, Some(id))),
        Author::User { id, .. } | Author::Bot { id, .. } if id == new.reporter_id => Err(
            StorageError::Forbidden("nobody reports what they wrote themselves"),
        ),
        _ if kind == ConversationKind::Direct => Err(StorageError::Forbidden(
            "between two nobody reviews what was said: block who wrote it",
        )),
        _ => Ok((seq, None)),
    }
}

fn read_report(mut row: Row) -> Result<Report, StorageError> {
    let (id, conversation_id) = (row.id()?, row.id()?);
    let (twin_id, owner_id) = (row.optional_id()?, row.optional_id()?);
    let message = ReportedMessage {
        id: row.id()?,
        seq: row.count()?,
        author: read_author(&mut row)?,
        text: row.text()?,
        created_at: row.int()?,
        deleted_at: row.optional_int()?,
    };
    let (reporter_id, reporter_name) = (row.id()?, row.text()?);
    let reason = row.parsed("reason of a report", ReportReason::from_name)?;
    let (note, created_at) = (row.optional_text()?, row.int()?);
    let resolution = row.optional_text()?;
    let (by, at) = (row.optional_id()?, row.optional_int()?);
    let resolved = match (resolution, by, at) {
        (Some(name), Some(by), Some(at)) => {
            let resolution = Resolution::from_name(&name);
            let none = || StorageError::Corrupt("a stored resolution is none".into());
            let resolution = resolution.ok_or_else(none)?;
            Some(Resolved { resolution, by, at })
        }
        _ => None,
    };
    Ok(Report {
        id,
        conversation_id,
        twin_id,
        owner_id,
        message,
        reporter_id,
        reporter_name,
        reason,
        note,
        created_at,
        resolved,
    })
}
