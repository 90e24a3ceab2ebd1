//! Who takes part in a conversation and as what, and who is kept out.

use protocol::{Author, ConversationId, Role, TwinId, TwinMode, TwinPolicy, UserId};

use crate::conversations::{ConversationKind, read_kind};
use crate::engine::{Rows, each};
use crate::metrics::Call;
use crate::rules::{RoomRules, rules_columns};
use crate::value::{Row, params, word};
use crate::{Storage, StorageError};

/// Who watches is none of the two.
const STATE: &str = concat!(
    "SELECT c.kind, c.members_seq, c.members_seq + c.rules_revision, CASE WHEN c.kind = 'direct' THEN \
     (SELECT COUNT(*) FROM members m JOIN members o ON o.conversation_id = m.conversation_id \
     JOIN blocks b ON b.user_id = m.user_id AND (b.blocked_user = o.user_id OR b.blocked_twin = o.twin_id) \
     WHERE m.conversation_id = c.id AND m.role <> 'watcher' AND (o.role IS NULL OR o.role <> 'watcher')) \
     ELSE 0 END, ",
    rules_columns!(),
    " FROM conversations c LEFT JOIN room_rules r ON r.conversation_id = c.id WHERE c.id = $1"
);
/// The first members of a conversation.
pub(crate) const MEMBERS: &str = "SELECT m.user_id, m.twin_id, COALESCE(u.owner_id, t.owner_id), COALESCE(u.name, t.name), m.joined_at, m.role, \
     m.muted_until, p.policy, p.mode, t.oversight_since \
     FROM members m LEFT JOIN users u ON u.id = m.user_id LEFT JOIN twins t ON t.id = m.twin_id \
     LEFT JOIN twin_policies p ON p.conversation_id = m.conversation_id AND p.twin_id = m.twin_id \
     WHERE m.conversation_id = $1 ORDER BY m.position LIMIT $2";
const FIND_MEMBER: &str =
    "SELECT position FROM members WHERE user_id = $1 AND conversation_id = $2";
const BANS: &str = "SELECT b.user_id, u.name, b.banned_by, b.created_at \
     FROM bans b JOIN users u ON u.id = b.user_id \
     WHERE b.conversation_id = $1 ORDER BY b.created_at DESC, b.user_id";

/// Who takes part in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Member {
    /// A person or a bot.
    User {
        /// The id.
        id: UserId,
        /// The name now.
        name: String,
        /// Whose bot it is; none for a person.
        bot_of: Option<UserId>,
        /// Since when, in UTC milliseconds.
        joined_at: i64,
        /// What the person may do.
        role: Role,
        /// Until when the person may not write, in UTC milliseconds; absent for who may.
        muted_until: Option<i64>,
    },
    /// A twin.
    Twin {
        /// The twin's id.
        id: TwinId,
        /// The twin's name now.
        name: String,
        /// Since when, in UTC milliseconds.
        joined_at: i64,
        /// Whose twin it is.
        owner_id: UserId,
        /// When it answers.
        policy: TwinPolicy,
        /// How far it writes on its own.
        mode: TwinMode,
        /// Whether its owner may step in: that could be known when it came.
        oversight: bool,
    },
}

impl Member {
    /// What a person may do; a twin has no role.
    pub fn role(&self) -> Option<Role> {
        match self {
            Self::User { role, .. } => Some(*role),
            Self::Twin { .. } => None,
        }
    }

    /// The member as changes name it.
    pub fn as_author(&self) -> Author {
        match self {
            Self::User {
                id, name, bot_of, ..
            } => {
                let (id, name) = (*id, name.clone());
                match bot_of {
                    Some(_) => Author::Bot { id, name },
                    None => Author::User { id, name },
                }
            }
            Self::Twin { id, name, .. } => Author::Twin {
                id: *id,
                name: name.clone(),
            },
        }
    }
}

/// Who takes part, as of one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Roster {
    /// Who may.
    pub kind: ConversationKind,
    /// Who takes part, in the order of joining.
    pub members: Vec<Member>,
    /// The `seq` of the newest change of it; 0 when there was none.
    pub seq: u64,
    /// Rises with every change of it and of what is judged by besides: what was decided by an older one is refused.
    pub version: u64,
    /// It is of two, one of whom has blocked the other.
    pub is_cut_off: bool,
    /// What is asked of those who write.
    pub rules: RoomRules,
}

/// Somebody who may not come back to a room.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ban {
    /// Who.
    pub user_id: UserId,
    /// The person's name now.
    pub name: String,
    /// Who banned the person; the account may be gone.
    pub banned_by: UserId,
    /// When, in UTC milliseconds.
    pub created_at: i64,
}

impl Storage {
    /// Who takes part in a conversation, in the order of joining.
    pub async fn members(&self, id: ConversationId) -> Result<Vec<Member>, StorageError> {
        let roster = self.roster(id).await?;
        Ok(roster.map_or_else(Vec::new, |roster| roster.members))
    }

    /// Who takes part in a conversation, and since which change of it.
    pub async fn roster(&self, id: ConversationId) -> Result<Option<Roster>, StorageError> {
        let engine = self.engine();
        // The seq is read first: members that are newer than it are read again when it is found to be old.
        let queries = vec![(STATE, params![id]), (MEMBERS, params![id, u64::MAX])];
        self.call(Call::Read, async move {
            let [state, members] = each(engine.read(queries).await?)?;
            let Some(mut state) = state.first() else {
                return Ok(None);
            };
            let kind = read_kind(&mut state)?;
            let seq = state.count()?;
            let version = state.count()?;
            let is_cut_off = state.int()? > 0;
            let rules = RoomRules::read(&mut state)?;
            let mut members = read_members(members)?;
            if kind == ConversationKind::Room {
                give_owner(&mut members);
            }
            Ok(Some(Roster {
                kind,
                members,
                seq,
                version,
                is_cut_off,
                rules,
            }))
        })
        .await
    }

    /// A person's place in a conversation; none for who takes no part.
    pub async fn role(
        &self,
        id: ConversationId,
        user: UserId,
    ) -> Result<Option<Role>, StorageError> {
        let members = self.members(id).await?;
        Ok(members.into_iter().find_map(|member| match member {
            Member::User { id, role, .. } if id == user => Some(role),
            _ => None,
        }))
    }

    /// Those who may not come back to a room, the newest first.
    pub async fn bans(&self, id: ConversationId) -> Result<Vec<Ban>, StorageError> {
        self.read(BANS, params![id]).await?.map(read_ban)
    }

    /// Whether a person takes part in a conversation.
    pub async fn is_member(&self, id: ConversationId, user: UserId) -> Result<bool, StorageError> {
        let rows = self.read(FIND_MEMBER, params![user, id]).await?;
        Ok(!rows.rows.is_empty())
    }
}

pub(crate) fn read_members(rows: Rows) -> Result<Vec<Member>, StorageError> {
    rows.map(read_member)
}

fn read_member(mut row: Row) -> Result<Member, StorageError> {
    let user = row.optional_id()?;
    let twin = row.optional_id()?;
    let owner = row.optional_id()?;
    let name = row.text()?;
    let joined_at = row.int()?;
    let role = word(row.optional_text()?)?;
    let muted_until = row.optional_int()?;
    let policy = word(row.optional_text()?)?.unwrap_or_default();
    let mode = word(row.optional_text()?)?.unwrap_or_default();
    let oversight_since = row.optional_int()?;
    match (user, twin, role) {
        (Some(id), None, Some(role)) => Ok(Member::User {
            id,
            name,
            bot_of: owner,
            joined_at,
            role,
            muted_until,
        }),
        (None, Some(id), None) => Ok(Member::Twin {
            id,
            name,
            joined_at,
            owner_id: owner.ok_or_else(|| StorageError::Corrupt("a twin is nobody's".into()))?,
            policy,
            mode,
            oversight: oversight_since.is_some_and(|since| since <= joined_at),
        }),
        _ => Err(StorageError::Corrupt(
            "a member is neither person nor twin".into(),
        )),
    }
}

/// A room whose owners have gone belongs to the first of the people who are highest in it now; a bot owns nothing.
fn give_owner(members: &mut [Member]) {
    // Backwards, since of those who are equal the last is found.
    let people = members.iter_mut().rev().filter_map(|member| match member {
        Member::User {
            role, bot_of: None, ..
        } if *role > Role::Watcher => Some(role),
        Member::User { .. } | Member::Twin { .. } => None,
    });
    if let Some(role) = people.max_by_key(|role| **role) {
        *role = Role::Owner;
    }
}

fn read_ban(mut row: Row) -> Result<Ban, StorageError> {
    Ok(Ban {
        user_id: row.id()?,
        name: row.text()?,
        banned_by: row.id()?,
        created_at: row.int()?,
    })
}
