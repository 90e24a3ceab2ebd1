//! Attachments: files that were uploaded to be sent with a message, and the files that nothing refers to any more.
//!
//! A file is noted before it is written and let go in the transaction that takes away what refers to it; a sweep deletes
//! those that are let go. So no crash leaves a file behind that nobody knows of.

use std::collections::HashMap;
use std::time::Duration;

use protocol::{Attachment, AttachmentId, ConversationId, Message, MessageId, UserId};

use crate::engine::{DatabaseError, Engine, Query, Rows, each, only, until_no_collision};
use crate::files::Files;
use crate::metrics::Call;
use crate::people;
use crate::value::{Row, params};
use crate::{FileKey, Storage, StorageError};

/// How long an upload may wait to be sent, in milliseconds: a day.
pub const UPLOAD_KEPT_MS: i64 = 24 * 60 * 60 * 1_000;

/// How long a file may take to be written, in milliseconds: far longer than any request.
const FILE_BEGUN_MS: i64 = 60 * 60 * 1_000;

/// Files that are deleted before the database is asked for more.
const SWEEP_PAGE: u32 = 500;

macro_rules! columns {
    () => {
        "id, name, media_type, size_bytes, width, height"
    };
}

/// Lets the files go of which this holds: the sweep deletes them.
macro_rules! let_go {
    ($which:literal) => {
        concat!(
            "UPDATE attachment_files SET kept = 0, noted_at = 0 WHERE ",
            $which
        )
    };
}

const NOTE_FILE: &str = "INSERT INTO attachment_files (file_key, noted_at) VALUES ($1, $2)";
const KEEP_FILE: &str =
    "UPDATE attachment_files SET kept = 1 WHERE file_key = $1 AND kept = 0 RETURNING file_key";
const INSERT: &str = concat!(
    "INSERT INTO attachments (",
    columns!(),
    ", user_id, excerpt, file_key, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
);
const UNSENT: &str = "SELECT COUNT(*), CAST(COALESCE(SUM(size_bytes), 0) AS BIGINT) \
     FROM attachments WHERE user_id = $1 AND seq IS NULL";
const FIND: &str = concat!(
    "SELECT ",
    columns!(),
    ", user_id, conversation_id, file_key FROM attachments WHERE id = $1"
);
const LET_UPLOAD_GO: &str = let_go!(
    "file_key IN \
     (SELECT file_key FROM attachments WHERE id = $1 AND user_id = $2 AND seq IS NULL)"
);
const DELETE_UPLOAD: &str =
    "DELETE FROM attachments WHERE id = $1 AND user_id = $2 AND seq IS NULL RETURNING id";
/// Writes nothing new: it keeps the upload from being sent by another transaction until the end of this one.
const CLAIM: &str = concat!(
    "UPDATE attachments SET created_at = created_at WHERE id = $1 AND user_id = $2 AND seq IS NULL RETURNING ",
    columns!()
);
const ATTACH: &str =
    "UPDATE attachments SET conversation_id = $2, seq = $3, ordinal = $4 WHERE id = $1";
const NOTE_ATTACHED: &str =
    "UPDATE messages SET attached = 1 WHERE conversation_id = $1 AND seq = $2";
const OF_SENT: &str = "SELECT a.id, a.name, a.media_type, a.size_bytes, a.width, a.height \
     FROM messages m JOIN attachments a ON a.conversation_id = m.conversation_id AND a.seq = m.seq \
     WHERE m.author_id = $1 AND m.client_id = $2 ORDER BY a.ordinal";
const OF_MESSAGE: &str = "SELECT a.id, a.name, a.media_type, a.size_bytes, a.width, a.height \
     FROM messages m JOIN attachments a ON a.conversation_id = m.conversation_id AND a.seq = m.seq \
     WHERE m.message_id = $1 ORDER BY a.ordinal";
/// The attachments of a range of messages, in the order of `read_placed`.
pub(crate) const OF_RANGE: &str = concat!(
    "SELECT seq, ",
    columns!(),
    " FROM attachments WHERE conversation_id = $1 AND seq >= $2 AND seq <= $3 ORDER BY seq, ordinal"
);
const EXCERPTS: &str = "SELECT a.name, a.excerpt \
     FROM messages m JOIN attachments a ON a.conversation_id = m.conversation_id AND a.seq = m.seq \
     WHERE m.message_id = $1 AND a.excerpt IS NOT NULL ORDER BY a.ordinal";
const LET_GO_OF_MESSAGE: &str = let_go!(
    "file_key IN \
     (SELECT file_key FROM attachments WHERE conversation_id = $1 AND seq = $2)"
);
const DELETE_OF_MESSAGE: &str = "DELETE FROM attachments WHERE conversation_id = $1 AND seq = $2";
/// Of an account and its bots.
const LET_GO_OF_ACCOUNT: &str = let_go!(
    "file_key IN \
     (SELECT a.file_key FROM attachments a JOIN users u ON u.id = a.user_id WHERE u.id = $1 OR u.owner_id = $1)"
);
const LET_GO_OF_OLD: &str = let_go!(
    "file_key IN \
     (SELECT file_key FROM attachments WHERE seq IS NULL AND created_at < $1)"
);
const DELETE_OLD: &str = "DELETE FROM attachments WHERE seq IS NULL AND created_at < $1";
/// What went with something else that it belonged to.
const LET_GO_OF_LOST: &str = let_go!(
    "kept = 1 \
     AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.file_key = attachment_files.file_key)"
);
const LOOSE: &str = "SELECT file_key FROM attachment_files WHERE kept = 0 AND noted_at < $1 \
     AND NOT EXISTS (SELECT 1 FROM attachments a WHERE a.file_key = attachment_files.file_key) \
     ORDER BY noted_at LIMIT $2";
const FORGET_FILE: &str = "DELETE FROM attachment_files WHERE file_key = $1 AND kept = 0";

/// A file that somebody has uploaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// What others will see of it.
    pub attachment: Attachment,
    /// Who uploaded it.
    pub user_id: UserId,
    /// How a text file begins.
    pub excerpt: Option<String>,
    /// Where its bytes are.
    pub file_key: FileKey,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
}

/// How much may be uploaded and not yet sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnsentLimits {
    /// Files of one account.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
}

/// An attachment, and who may read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptAttachment {
    /// What others see of it.
    pub attachment: Attachment,
    /// Who uploaded it.
    pub user_id: UserId,
    /// The conversation that it was sent to; none before that.
    pub conversation_id: Option<ConversationId>,
    /// Where its bytes are.
    pub file_key: FileKey,
}

impl Storage {
    /// Notes a file that is about to be written; it is deleted when nothing refers to it soon.
    pub async fn note_file(&self, file: FileKey, now: i64) -> Result<(), StorageError> {
        let noted = self.write(NOTE_FILE, params![file, now]).await;
        noted.map(drop)
    }

    /// Refuses, with `LimitReached`, who has as much unsent as may be.
    pub async fn check_unsent(
        &self,
        user: UserId,
        limits: UnsentLimits,
    ) -> Result<(), StorageError> {
        let unsent = self.read(UNSENT, params![user]).await?;
        check_room(unsent, 1, limits)
    }

    /// Keeps an upload, whose file was noted and is written. `LimitReached` when there is too much unsent of the account
    /// already, `NotFound` when the account or the file is gone.
    pub async fn keep_upload(
        &self,
        upload: NewUpload,
        limits: UnsentLimits,
    ) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(keep(&engine, &upload, limits))
        })
        .await
    }

    /// The attachment with this id, sent or not.
    pub async fn attachment(
        &self,
        id: AttachmentId,
    ) -> Result<Option<KeptAttachment>, StorageError> {
        let row = self.read(FIND, params![id]).await?.first();
        row.map(|mut row| {
            Ok(KeptAttachment {
                attachment: read_attachment(&mut row)?,
                user_id: row.id()?,
                conversation_id: row.optional_id()?,
                file_key: crate::documents::read_file_key(row)?,
            })
        })
        .transpose()
    }

    /// Deletes somebody's own upload that was not sent. `NotFound` when there is none.
    pub async fn delete_upload(&self, user: UserId, id: AttachmentId) -> Result<(), StorageError> {
        let engine = self.engine();
        let deleted = self.call(Call::Write, async move {
            until_no_collision!(delete_upload(&engine, user, id))
        });
        deleted.await?;
        self.files_were_let_go();
        Ok(())
    }

    /// The names of a message's text files, and how they begin.
    pub async fn excerpts(
        &self,
        message: MessageId,
    ) -> Result<Vec<(String, String)>, StorageError> {
        let rows = self.read(EXCERPTS, params![message]).await?;
        rows.map(|mut row| Ok((row.text()?, row.text()?)))
    }

    /// Lets uploads go that nobody sent for a day, and what vanished with something that it belonged to.
    pub async fn let_old_uploads_go(&self, now: i64) -> Result<(), StorageError> {
        let before = now.saturating_sub(UPLOAD_KEPT_MS);
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(let_old_go(&engine, before))
        })
        .await
    }

    /// Deletes the files that are let go. Returns how many.
    pub async fn sweep_files(&self, files: &Files, now: i64) -> Result<u64, StorageError> {
        let begun_before = now.saturating_sub(FILE_BEGUN_MS);
        let mut deleted = 0;
        loop {
            let rows = self.read(LOOSE, params![begun_before, SWEEP_PAGE]).await?;
            let loose = rows.map(crate::documents::read_file_key)?;
            for file in &loose {
                files.delete(*file).await?;
                self.write(FORGET_FILE, params![*file]).await?;
                deleted += 1;
            }
            if loose.len() < SWEEP_PAGE as usize {
                return Ok(deleted);
            }
        }
    }

    /// Deletes files that were let go, now. One that cannot be deleted is left to the sweep, with a word in the log.
    pub async fn delete_let_go(&self, files: &Files, let_go: &[FileKey]) {
        for file in let_go {
            let deleted = async {
                files.delete(*file).await?;
                self.write(FORGET_FILE, params![*file]).await
            };
            if let Err(error) = deleted.await {
                tracing::warn!(%file, %error, "a file could not be deleted now");
            }
        }
    }

    /// Waits until this process has let files go, for so long at most.
    pub async fn files_let_go(&self, at_most: Duration) {
        // Whichever it was, the sweep looks for itself.
        let _ = tokio::time::timeout(at_most, self.let_go().notified()).await;
    }

    /// Wakes the sweep.
    pub(crate) fn files_were_let_go(&self) {
        self.let_go().notify_one();
    }
}

async fn keep(
    engine: &Engine,
    upload: &NewUpload,
    limits: UnsentLimits,
) -> Result<(), DatabaseError> {
    // The account stays locked, so that two uploads at once count one after the other.
    let queries = vec![
        (people::LOCK, params![upload.user_id]),
        (UNSENT, params![upload.user_id]),
        (KEEP_FILE, params![upload.file_key]),
    ];
    let (transaction, results) = engine.begin(queries).await?;
    let [account, unsent, file] = each(results)?;
    let refused = if account.rows.is_empty() {
        Some(StorageError::NotFound("account"))
    } else if file.rows.is_empty() {
        Some(StorageError::NotFound("file"))
    } else {
        check_room(unsent, upload.attachment.size_bytes, limits).err()
    };
    if let Some(refused) = refused {
        transaction.roll_back().await;
        return Err(refused.into());
    }
    let attachment = &upload.attachment;
    let parameters = params![
        attachment.id,
        &attachment.name,
        &attachment.media_type,
        attachment.size_bytes,
        attachment.width,
        attachment.height,
        upload.user_id,
        upload.excerpt.as_ref(),
        upload.file_key,
        upload.created_at,
    ];
    let kept = transaction.commit(vec![(INSERT, parameters)]).await;
    kept.map_err(|error| error.conflict("attachment id or file key"))?;
    Ok(())
}

/// The statement that forgets the note of a file that a document has now: it names the file itself.
pub(crate) fn has_a_document(file: FileKey) -> Query {
    (FORGET_FILE, params![file])
}

/// Whether so many bytes more may wait to be sent.
fn check_room(unsent: Rows, bytes: u64, limits: UnsentLimits) -> Result<(), StorageError> {
    let mut row = unsent
        .first()
        .ok_or_else(|| StorageError::Internal("a count has no row".into()))?;
    let (files, bytes_unsent): (u64, u64) = (row.count()?, row.count()?);
    let (what, max) = if files >= limits.files {
        ("uploads that were not sent", limits.files)
    } else if bytes_unsent.saturating_add(bytes) > limits.bytes {
        ("bytes of uploads that were not sent", limits.bytes)
    } else {
        return Ok(());
    };
    Err(StorageError::LimitReached { what, max })
}

async fn delete_upload(
    engine: &Engine,
    user: UserId,
    id: AttachmentId,
) -> Result<(), DatabaseError> {
    let queries = vec![
        (LET_UPLOAD_GO, params![id, user]),
        (DELETE_UPLOAD, params![id, user]),
    ];
    let (transaction, results) = engine.begin(queries).await?;
    let [_, deleted] = each(results)?;
    if deleted.rows.is_empty() {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("upload").into());
    }
    transaction.commit(Vec::new()).await?;
    Ok(())
}

async fn let_old_go(engine: &Engine, before: i64) -> Result<(), DatabaseError> {
    let queries = vec![
        (LET_GO_OF_OLD, params![before]),
        (DELETE_OLD, params![before]),
        (LET_GO_OF_LOST, Vec::new()),
    ];
    let (transaction, _) = engine.begin(queries).await?;
    transaction.commit(Vec::new()).await?;
    Ok(())
}

/// The statements that find what a message that is to be appended names: what was sent with it before, and each upload.
pub(crate) fn lookups(
    author: [u8; 16],
    client_id: Option<&protocol::ClientId>,
    message: MessageId,
    attachments: &[AttachmentId],
) -> Vec<Query> {
    if attachments.is_empty() {
        return Vec::new();
    }
    let sent = match client_id {
        Some(client_id) => (OF_SENT, params![author, client_id]),
        None => (OF_MESSAGE, params![message]),
    };
    let claims = attachments.iter().map(|id| (CLAIM, params![*id, author]));
    std::iter::once(sent).chain(claims).collect()
}

/// What [`lookups`] found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// What was sent with the message before.
    pub(crate) sent: Vec<Attachment>,
    /// The uploads, each that is there to be sent.
    pub(crate) uploads: Vec<Attachment>,
}

impl Found {
    /// Reads the results of the statements that look for so many attachments.
    pub(crate) fn read(
        mut next: impl FnMut() -> Result<Rows, StorageError>,
        attachments: usize,
    ) -> Result<Self, StorageError> {
        if attachments == 0 {
            return Ok(Self::default());
        }
        let sent = next()?.map(|mut row| read_attachment(&mut row))?;
        let mut uploads = Vec::with_capacity(attachments);
        for _ in 0..attachments {
            uploads.extend(next()?.map(|mut row| read_attachment(&mut row))?);
        }
        Ok(Self { sent, uploads })
    }
}

/// The statements that give a new message its attachments.
pub(crate) fn attach(message: &Message) -> Vec<Query> {
    if message.attachments.is_empty() {
        return Vec::new();
    }
    let place = params![message.conversation_id, message.seq];
    let attached = message
        .attachments
        .iter()
        .enumerate()
        .map(|(ordinal, attachment)| {
            let id = params![attachment.id];
            (ATTACH, [id, place.clone(), params![ordinal]].concat())
        });
    let mut queries: Vec<Query> = attached.collect();
    queries.push((NOTE_ATTACHED, place));
    queries
}

/// The statements that take a message's attachments away.
pub(crate) fn detach(conversation: ConversationId, seq: u64) -> [Query; 2] {
    let place = params![conversation, seq];
    [
        (LET_GO_OF_MESSAGE, place.clone()),
        (DELETE_OF_MESSAGE, place),
    ]
}

/// The statement that lets the files go of an account and its bots, whose attachments go with them.
pub(crate) fn let_go_of(account: UserId) -> Query {
    (LET_GO_OF_ACCOUNT, params![account])
}

/// Reads the attachments of messages, each with its message's `seq`.
pub(crate) async fn of_messages(
    engine: &Engine,
    range: Query,
) -> Result<HashMap<u64, Vec<Attachment>>, DatabaseError> {
    let rows = only(engine.read(vec![range]).await?)?;
    let placed = rows.map(|mut row| Ok((row.count::<u64>()?, read_attachment(&mut row)?)))?;
    let mut attachments: HashMap<u64, Vec<Attachment>> = HashMap::new();
    for (seq, attachment) in placed {
        attachments.entry(seq).or_default().push(attachment);
    }
    Ok(attachments)
}

fn read_attachment(row: &mut Row) -> Result<Attachment, StorageError> {
    Ok(Attachment {
        id: row.id()?,
        name: row.text()?,
        media_type: row.text()?,
        size_bytes: row.count()?,
        width: optional_pixels(row)?,
        height: optional_pixels(row)?,
    })
}

fn optional_pixels(row: &mut Row) -> Result<Option<u32>, StorageError> {
    let pixels = row.optional_int()?;
    let out_of_range = |_| StorageError::Corrupt("an image has no size".into());
    pixels
        .map(|pixels| u32::try_from(pixels).map_err(out_of_range))
        .transpose()
}
