//! Changes of messages and of rooms: each an entry of the log, numbered like the messages, made once however often it is sent.

mod message;
mod room;
mod row;

use protocol::{Author, Change, ClientId, ConversationId, InvitationId, UserId, What};

use crate::append::COUNT_UP;
use crate::engine::{DatabaseError, Engine, Query, Rows, each, until_no_collision};
use crate::metrics::Call;
use crate::value::params;
use crate::{Storage, StorageError};

use message::MessageState;
pub use room::ROOM_MEMBERS_MAX;
use room::RoomState;
pub(crate) use row::{AFTER, read_change};

/// What a change is made of: statements, or why there can be none.
type Statements = Result<Vec<Query>, StorageError>;

/// A change that is to be made. Whether its author may make it is the caller's business.
#[derive(Debug, Clone)]
pub struct NewChange {
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Who changes it.
    pub user_id: UserId,
    /// The name of who changes it.
    pub name: String,
    /// Whether that is a bot.
    pub is_bot: bool,
    /// The sender's own id for the change: the same one again changes nothing.
    pub client_id: Option<ClientId>,
    /// What is to be different.
    pub what: What,
    /// The invitation by which its author joins.
    pub invitation: Option<InvitationId>,
    /// The version of the roster that the caller decided by; absent when it decided nothing by it.
    pub members_seq: Option<u64>,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
}

impl NewChange {
    fn author(&self) -> Author {
        let (id, name) = (self.user_id, self.name.clone());
        match self.is_bot {
            true => Author::Bot { id, name },
            false => Author::User { id, name },
        }
    }
}

/// What became of a change; it is committed in both cases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Changed {
    /// It is made.
    New(Change),
    /// Its author had sent it before.
    Duplicate(Change),
}

impl Storage {
    /// Makes a change; it is committed when this ends with `Ok`.
    ///
    /// `Conflict` when its author has used the client id for something else, or when things are so already; `NotFound` when the
    /// message, the member or the invitation is not there; `LimitReached` when there are as many as there may be; `Forbidden` when
    /// who is to join is banned; `MembersChanged` when the caller knows an older state of the members.
    pub async fn change(&self, change: NewChange) -> Result<Changed, StorageError> {
        let engine = self.engine();
        let conversation = change.conversation_id;
        let deletes = matches!(change.what, What::Deleted { .. });
        let changed = self.call(Call::Write, async move {
            until_no_collision!(make(&engine, &change))
        });
        let changed = changed.await?;
        self.unindexed().note(conversation);
        if deletes {
            self.files_were_let_go();
        }
        Ok(changed)
    }
}

/// How what is to be changed stands.
enum State {
    Message(MessageState),
    Room(RoomState),
}

impl State {
    /// The statement that reads it.
    fn query(new: &NewChange) -> Query {
        match new.what.message_id() {
            Some(message_id) => message::state(new, message_id),
            None => room::state(new),
        }
    }

    fn read(new: &NewChange, rows: Rows) -> Result<Self, StorageError> {
        let row = rows.first();
        Ok(match new.what.message_id() {
            Some(_) => {
                let row = row.ok_or(StorageError::NotFound("message"))?;
                Self::Message(MessageState::read(row)?)
            }
            None => {
                let row = row.ok_or(StorageError::NotFound("conversation"))?;
                Self::Room(RoomState::read(row)?)
            }
        })
    }

    /// What the change is, with what only the state tells of it.
    fn completed(&self, what: &What) -> What {
        match self {
            Self::Message(state) => state.completed(what),
            Self::Room(_) => what.clone(),
        }
    }

    /// The statements that make the change, numbered `changed_seq`.
    fn statements(&self, new: &NewChange, changed_seq: u64) -> Statements {
        match self {
            Self::Message(state) => state.statements(new, changed_seq),
            Self::Room(state) => state.statements(new, changed_seq),
        }
    }
}

async fn make(engine: &Engine, new: &NewChange) -> Result<Changed, DatabaseError> {
    let (id, no_activity) = (new.conversation_id, 0_i64);
    // The conversation's row is locked by the first statement: what the others find stays as it is.
    let mut queries = vec![
        (COUNT_UP, params![id, 1_u64, no_activity]),
        (row::FIND_SENT, params![new.user_id, new.client_id.as_ref()]),
        State::query(new),
    ];
    queries.extend(room::use_invitation(new));
    let (transaction, mut results) = engine.begin(queries).await?;
    let used = new.invitation.and_then(|_| results.pop());
    let decided = decide(new, each(results)?, used);
    let (change, statements) = match decided {
        Ok(Decision::Make(change, statements)) => (change, statements),
        Ok(Decision::MadeBefore(change)) => {
            transaction.roll_back().await;
            return Ok(Changed::Duplicate(change));
        }
        Err(refused) => {
            transaction.roll_back().await;
            return Err(refused.into());
        }
    };
    let made = transaction.commit(statements).await;
    made.map_err(|error| match error {
        // The same client id was used in another conversation since we looked: now it will be found.
        DatabaseError::Unique => DatabaseError::Collision("a client id was used twice".into()),
        error => error.missing("account"),
    })?;
    Ok(Changed::New(change))
}

/// What is to be done.
enum Decision {
    Make(Change, Vec<Query>),
    MadeBefore(Change),
}

fn decide(
    new: &NewChange,
    [counted, sent, state]: [Rows; 3],
    used: Option<Rows>,
) -> Result<Decision, StorageError> {
    if let Some(row) = sent.first() {
        let (change, text) = row::read_sent(row)?;
        return match same_request(&change, text.as_deref(), new) {
            true => Ok(Decision::MadeBefore(change)),
            false => Err(StorageError::Conflict("client id")),
        };
    }
    let counted = counted.first();
    let nothing = match new.what.message_id() {
        Some(_) => "message",
        None => "conversation",
    };
    let mut counted = counted.ok_or(StorageError::NotFound(nothing))?;
    let (seq, members_seq): (u64, u64) = (counted.count()?, counted.count()?);
    if new.members_seq.is_some_and(|known| known != members_seq) {
        return Err(StorageError::MembersChanged);
    }
    if used.is_some_and(|invitation| invitation.rows.is_empty()) {
        return Err(StorageError::NotFound("invitation"));
    }
    let state = State::read(new, state)?;
    let new = &NewChange {
        what: state.completed(&new.what),
        ..new.clone()
    };
    let change = Change {
        conversation_id: new.conversation_id,
        seq,
        author: new.author(),
        created_at: new.created_at,
        client_id: new.client_id.clone(),
        what: new.what.clone(),
    };
    let mut statements = state.statements(new, seq)?;
    statements.push(row::insert(&change));
    Ok(Decision::Make(change, statements))
}

/// Whether a change that was stored, an edit with this text, is the one that is sent now. Of an edit whose message was deleted
/// no text is left to compare.
fn same_request(stored: &Change, stored_text: Option<&str>, new: &NewChange) -> bool {
    if stored.conversation_id != new.conversation_id {
        return false;
    }
    match (&stored.what, &new.what) {
        (
            What::Edited { message_id, .. },
            What::Edited {
                message_id: other,
                text,
                ..
            },
        ) => message_id == other && stored_text.is_none_or(|stored| stored == text),
        (stored, new) => stored == new,
    }
}
