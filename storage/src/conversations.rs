//! Conversations, who takes part in them, and how far each has read.

use std::collections::HashSet;

use protocol::{Author, ConversationId, Role, TwinId, UserId};

use crate::blocks::{Blocked, has_blocked};
use crate::engine::{DatabaseError, Engine, Query, Rows, until_no_collision};
use crate::members::{MEMBERS, Member, read_members};
use crate::messages::read_author;
use crate::metrics::Call;
use crate::storage::{ABOVE_ALL, page};
use crate::value::{Row, names, params};
use crate::{Storage, StorageError};

/// Members of a conversation that a list of conversations names: what fits a line or a picture.
const LISTED_MEMBERS: u64 = 20;

const INSERT: &str = "INSERT INTO conversations (id, kind, title, created_by, created_at, active_at) \
     VALUES ($1, $2, $3, $4, $5, $5)";
const INSERT_MEMBER: &str = "INSERT INTO members (conversation_id, position, user_id, twin_id, joined_at, role) \
     VALUES ($1, $2, $3, $4, $5, $6)";
const LAST_SEQ: &str = "SELECT last_seq FROM conversations WHERE id = $1";
const FIND: &str = "SELECT id, kind, title, topic, created_by, created_at, last_seq \
     FROM conversations WHERE id = $1";
/// A list shows the first 200 characters of a message, and counts no further than to a thousand.
const OF_USER: &str = "SELECT c.id, c.kind, c.title, c.topic, c.created_by, c.created_at, c.last_seq, \
     c.active_at, m.read_seq, \
     (SELECT COUNT(*) FROM members a WHERE a.conversation_id = c.id), \
     (SELECT COUNT(*) FROM (SELECT 1 FROM messages n WHERE n.conversation_id = c.id \
     AND n.seq > m.read_seq AND n.author_id <> m.user_id AND n.deleted_at IS NULL LIMIT 1000) unread), \
     l.seq, l.created_at, substr(l.text, 1, 200), \
     l.author_kind, l.author_id, l.author_name \
     FROM members m JOIN conversations c ON c.id = m.conversation_id \
     LEFT JOIN messages l ON l.conversation_id = c.id AND l.seq = \
     (SELECT MAX(seq) FROM messages WHERE conversation_id = c.id) \
     WHERE m.user_id = $1 AND (c.active_at < $2 OR (c.active_at = $2 AND c.id < $3)) \
     ORDER BY c.active_at DESC, c.id DESC LIMIT $4";
const SET_READ: &str = "UPDATE members SET read_seq = CASE WHEN $3 <= read_seq THEN read_seq \
     WHEN $3 <= c.last_seq THEN $3 ELSE c.last_seq END FROM conversations c \
     WHERE c.id = $1 AND members.conversation_id = $1 AND members.user_id = $2 \
     RETURNING read_seq";
const READS: &str = "SELECT user_id, read_seq FROM members \
     WHERE conversation_id = $1 AND user_id IS NOT NULL ORDER BY position";

names! {
    /// Who may take part in a conversation.
    ConversationKind {
        /// The two who began with it.
        Direct = "direct",
        /// Those who are in it now.
        Room = "room",
    }
}

/// A conversation: one to one or a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// The conversation's id.
    pub id: ConversationId,
    /// Who may take part.
    pub kind: ConversationKind,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// What it is about, if that is said.
    pub topic: Option<String>,
    /// Who began it; the account may be gone.
    pub created_by: UserId,
    /// When it began, in UTC milliseconds.
    pub created_at: i64,
    /// The `seq` of the newest entry of its log; 0 when it has none.
    pub last_seq: u64,
}

/// A conversation that is to begin.
#[derive(Debug, Clone)]
pub struct NewConversation {
    /// The conversation's id.
    pub id: ConversationId,
    /// Who may take part.
    pub kind: ConversationKind,
    /// Its title, if it has one.
    pub title: Option<String>,
    /// Who begins it.
    pub created_by: UserId,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
}

/// Who is to take part in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum NewMember {
    /// A person.
    User(UserId),
    /// A twin.
    Twin(TwinId),
}

/// The newest message of a conversation, for a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessagePreview {
    /// Its place in the conversation.
    pub seq: u64,
    /// Who wrote it.
    pub author: Author,
    /// The beginning of its text.
    pub text: String,
    /// When it was committed, in UTC milliseconds.
    pub created_at: i64,
}

/// A conversation in a person's list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConversationSummary {
    /// The conversation.
    pub conversation: Conversation,
    /// The first of those who take part, in the order of joining.
    pub members: Vec<Member>,
    /// How many take part.
    pub member_count: u64,
    /// Its newest message, if it has any.
    pub last_message: Option<MessagePreview>,
    /// The last `seq` that the person whose list it is has read.
    pub read_seq: u64,
    /// Messages of others that the person has not read; counted up to 1,000.
    pub unread: u64,
    /// When something happened last, in UTC milliseconds: its newest message or its beginning.
    pub active_at: i64,
}

impl ConversationSummary {
    /// Where the list goes on after this entry.
    pub fn cursor(&self) -> ActivityCursor {
        ActivityCursor {
            active_at: self.active_at,
            conversation_id: self.conversation.id,
        }
    }
}

/// A place in a list of conversations that is sorted by activity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ActivityCursor {
    /// `active_at` of the last entry seen.
    pub active_at: i64,
    /// The last entry seen.
    pub conversation_id: ConversationId,
}

impl Storage {
    /// Begins a conversation with these members, each once; it is the owner of a room, and of a conversation with a twin, who
    /// begins it. `NotFound` when one of them is gone, `Forbidden` when one has blocked who begins it, or is the other of a
    /// conversation of two whom that one has blocked.
    pub async fn create_conversation(
        &self,
        conversation: NewConversation,
        members: Vec<NewMember>,
    ) -> Result<Conversation, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(create(&engine, &conversation, &members))
        })
        .await
    }

    /// The conversation with this id.
    pub async fn conversation(
        &self,
        id: ConversationId,
    ) -> Result<Option<Conversation>, StorageError> {
        let rows = self.read(FIND, params![id]).await?;
        rows.first()
            .map(|mut row| read_conversation(&mut row))
            .transpose()
    }

    /// The last entry of each of these conversations' logs, 0 where there is none.
    pub async fn last_seqs(&self, ids: &[ConversationId]) -> Result<Vec<u64>, StorageError> {
        let queries = ids.iter().map(|id| (LAST_SEQ, params![*id])).collect();
        let engine = self.engine();
        let found = self.call(Call::Read, async move {
            let last = |rows: Rows| rows.first().map_or(Ok(0), |mut row| row.count());
            let found = engine.read(queries).await?;
            found
                .into_iter()
                .map(last)
                .collect::<Result<_, _>>()
                .map_err(Into::into)
        });
        found.await
    }

    /// A person's conversations, those with the newest activity first, beginning after `before`.
    pub async fn conversations_of(
        &self,
        user: UserId,
        before: Option<ActivityCursor>,
        limit: u32,
    ) -> Result<Vec<ConversationSummary>, StorageError> {
        let engine = self.engine();
        self.call(Call::Read, list(engine, user, before, page(limit)))
            .await
    }

    /// Notes that a person has read up to `seq`; it only ever advances, and never beyond the newest message.
    /// Returns how far the person has read then. `NotFound` when the person takes no part.
    pub async fn set_read(
        &self,
        id: ConversationId,
        user: UserId,
        seq: u64,
    ) -> Result<u64, StorageError> {
        let row = self.write(SET_READ, params![id, user, seq]).await?.first();
        row.ok_or(StorageError::NotFound("member"))?.count()
    }

    /// How far each person in a conversation has read.
    pub async fn reads(&self, id: ConversationId) -> Result<Vec<(UserId, u64)>, StorageError> {
        self.read(READS, params![id])
            .await?
            .map(|mut row| Ok((row.id()?, row.count()?)))
    }
}

async fn create(
    engine: &Engine,
    new: &NewConversation,
    members: &[NewMember],
) -> Result<Conversation, DatabaseError> {
    let parameters = params![
        new.id,
        new.kind.as_str(),
        new.title.clone(),
        new.created_by,
        new.created_at,
    ];
    let between_people = new.kind == ConversationKind::Direct
        && members
            .iter()
            .all(|member| matches!(member, NewMember::User(_)));
    let mut queries: Vec<Query> = vec![(INSERT, parameters)];
    let mut seen = HashSet::new();
    for member in members {
        if !seen.insert(*member) {
            continue;
        }
        let (user, twin, role) = match *member {
            NewMember::User(id) if id == new.created_by && !between_people => {
                (Some(id), None, Some(Role::Owner))
            }
            NewMember::User(id) => (Some(id), None, Some(Role::Member)),
            NewMember::Twin(id) => (None, Some(id), None),
        };
        let parameters = params![
            new.id,
            queries.len(),
            user,
            twin,
            new.created_at,
            role.map(Role::as_str),
        ];
        queries.push((INSERT_MEMBER, parameters));
    }
    let refusals = refusals(new, &seen);
    let looked = refusals.iter().map(|(query, _)| query.clone()).collect();
    let (transaction, found) = engine.begin(looked).await?;
    for (rows, (_, reason)) in found.iter().zip(refusals) {
        if !rows.rows.is_empty() {
            transaction.roll_back().await;
            return Err(StorageError::Forbidden(reason).into());
        }
    }
    let inserted = transaction.commit(queries).await;
    inserted.map_err(|error| error.conflict("conversation id").missing("member"))?;
    Ok(Conversation {
        id: new.id,
        kind: new.kind,
        title: new.title.clone(),
        topic: None,
        created_by: new.created_by,
        created_at: new.created_at,
        last_seq: 0,
    })
}

/// The statements that find why a conversation may not begin with these members, each with that reason.
fn refusals(new: &NewConversation, members: &HashSet<NewMember>) -> Vec<(Query, &'static str)> {
    let mut refusals = Vec::new();
    for member in members {
        let blocked = match *member {
            NewMember::User(id) if id == new.created_by => continue,
            NewMember::User(id) => {
                let caller = Blocked::User(new.created_by);
                let reason = "you cannot bring one of these people into a conversation";
                refusals.push((has_blocked(id, caller), reason));
                Blocked::User(id)
            }
            NewMember::Twin(id) => Blocked::Twin(id),
        };
        if new.kind == ConversationKind::Direct {
            let reason = "you have blocked who is to take part";
            refusals.push((has_blocked(new.created_by, blocked), reason));
        }
    }
    refusals
}

async fn list(
    engine: Engine,
    user: UserId,
    before: Option<ActivityCursor>,
    limit: u32,
) -> Result<Vec<ConversationSummary>, DatabaseError> {
    let (active_before, id_before) = match before {
        Some(cursor) => (cursor.active_at, *cursor.conversation_id.as_bytes()),
        None => (i64::MAX, ABOVE_ALL),
    };
    let parameters = params![user, active_before, id_before, limit];
    let mut summaries = Vec::new();
    for rows in engine.read(vec![(OF_USER, parameters)]).await? {
        summaries = rows.map(read_summary)?;
    }
    let of_each = summaries
        .iter()
        .map(|summary| (MEMBERS, params![summary.conversation.id, LISTED_MEMBERS]))
        .collect();
    let members = engine.read(of_each).await?;
    for (summary, rows) in summaries.iter_mut().zip(members) {
        summary.members = read_members(rows)?;
    }
    Ok(summaries)
}

pub(crate) fn read_kind(row: &mut Row) -> Result<ConversationKind, StorageError> {
    row.parsed("kind of a conversation", ConversationKind::from_name)
}

fn read_conversation(row: &mut Row) -> Result<Conversation, StorageError> {
    Ok(Conversation {
        id: row.id()?,
        kind: read_kind(row)?,
        title: row.optional_text()?,
        topic: row.optional_text()?,
        created_by: row.id()?,
        created_at: row.int()?,
        last_seq: row.count()?,
    })
}

/// Reads a summary that still lacks its members.
fn read_summary(mut row: Row) -> Result<ConversationSummary, StorageError> {
    let conversation = read_conversation(&mut row)?;
    let active_at = row.int()?;
    let read_seq = row.count()?;
    let member_count = row.count()?;
    let unread = row.count()?;
    let last_message = match row.optional_int()? {
        Some(seq) => Some(MessagePreview {
            seq: u64::try_from(seq).map_err(|_| StorageError::Corrupt(format!("the seq {seq}")))?,
            created_at: row.int()?,
            text: row.text()?,
            author: read_author(&mut row)?,
        }),
        None => None,
    };
    Ok(ConversationSummary {
        conversation,
        members: Vec::new(),
        member_count,
        last_message,
        read_seq,
        unread,
        active_at,
    })
}
