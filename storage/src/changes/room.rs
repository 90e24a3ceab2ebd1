//! Changes of rooms: who takes part and as what, title and topic.

use protocol::{Author, UserId, What};

use super::{NewChange, Statements};
use crate::engine::Query;
use crate::value::{Row, Value, params};
use crate::{StorageError, rules};

/// People and twins in one room: each is named to every node that the room is awake on.
pub const ROOM_MEMBERS_MAX: u64 = 1_000;
/// People who are kept out of one room.
const BANS_MAX: u64 = 1_000;

/// How a room stands, for a change that may be about a person or a twin of it.
const STATE: &str = "SELECT \
     (SELECT COUNT(*) FROM members m WHERE m.conversation_id = c.id), \
     (SELECT MAX(m.position) FROM members m WHERE m.conversation_id = c.id), \
     (SELECT COUNT(*) FROM members m WHERE m.conversation_id = c.id AND (m.user_id = $2 OR m.twin_id = $2)), \
     (SELECT COUNT(*) FROM bans b WHERE b.conversation_id = c.id), \
     (SELECT COUNT(*) FROM bans b WHERE b.conversation_id = c.id AND b.user_id = $2), \
     (SELECT COUNT(*) FROM blocks b WHERE b.user_id = $2 AND b.blocked_user = $3) \
     FROM conversations c WHERE c.id = $1";
const USE_INVITATION: &str = "UPDATE invitations SET uses = uses + 1 \
     WHERE id = $1 AND conversation_id = $2 AND uses < uses_max AND expires_at > $3 RETURNING id";
/// Who was muted and comes back is muted still, as the last such change says.
const ADD: &str = "INSERT INTO members \
     (conversation_id, user_id, twin_id, position, joined_at, role, read_seq, muted_until) \
     VALUES ($1, $2, $3, $4, $5, $6, $7, \
     (SELECT CASE WHEN c.kind = 'muted' AND COALESCE(c.until, $8) > $5 THEN COALESCE(c.until, $8) END \
     FROM changes c WHERE c.conversation_id = $1 AND c.member_id = $2 AND c.kind IN ('muted', 'unmuted') \
     ORDER BY c.seq DESC LIMIT 1))";
const REMOVE: &str =
    "DELETE FROM members WHERE conversation_id = $1 AND (user_id = $2 OR twin_id = $2)";
const SET_ROLE: &str = "UPDATE members SET role = $3 WHERE conversation_id = $1 AND user_id = $2";
const SET_POLICY: &str = "INSERT INTO twin_policies (conversation_id, twin_id, policy) VALUES ($1, $2, $3) \
     ON CONFLICT (conversation_id, twin_id) DO UPDATE SET policy = excluded.policy";
const SET_MODE: &str = "INSERT INTO twin_policies (conversation_id, twin_id, policy, mode) VALUES ($1, $2, $3, $4) \
     ON CONFLICT (conversation_id, twin_id) DO UPDATE SET mode = excluded.mode";
const FORGET_POLICY: &str = "DELETE FROM twin_policies WHERE conversation_id = $1 AND twin_id = $2";
const MUTE: &str =
    "UPDATE members SET muted_until = $3 WHERE conversation_id = $1 AND user_id = $2";
const BAN: &str = "INSERT INTO bans (conversation_id, user_id, banned_by, created_at) \
     VALUES ($1, $2, $3, $4)";
const UNBAN: &str = "DELETE FROM bans WHERE conversation_id = $1 AND user_id = $2";
const TITLE: &str = "UPDATE conversations SET title = $2 WHERE id = $1";
const TOPIC: &str = "UPDATE conversations SET topic = $2 WHERE id = $1";
const NOTE_MEMBERS: &str = "UPDATE conversations SET members_seq = $2 WHERE id = $1";

/// A mute without end, as the database has it.
pub(crate) const FOR_GOOD: i64 = i64::MAX;

/// The statement that reads how the room stands.
pub(super) fn state(new: &NewChange) -> Query {
    let member = new.what.member().map_or(Value::Null, member_id);
    (STATE, params![new.conversation_id, member, new.user_id])
}

/// The statement that counts a use of the invitation by which somebody joins, if it is still good.
pub(super) fn use_invitation(new: &NewChange) -> Option<Query> {
    let parameters = params![new.invitation?, new.conversation_id, new.created_at];
    Some((USE_INVITATION, parameters))
}

fn member_id(member: &Author) -> Value {
    match member {
        Author::User { id, .. } | Author::Bot { id, .. } => Value::from(*id),
        Author::Twin { id, .. } => Value::from(*id),
    }
}

/// How a room stands.
pub(super) struct RoomState {
    members: u64,
    /// The highest position of a member.
    last_position: i64,
    /// Whoever the change is about takes part.
    is_member: bool,
    bans: u64,
    /// Whoever the change is about is banned.
    is_banned: bool,
    /// Whoever the change is about has blocked who makes it.
    has_blocked_author: bool,
}

impl RoomState {
    pub(super) fn read(mut row: Row) -> Result<Self, StorageError> {
        Ok(Self {
            members: row.count()?,
            last_position: row.optional_int()?.unwrap_or(0),
            is_member: row.int()? > 0,
            bans: row.count()?,
            is_banned: row.int()? > 0,
            has_blocked_author: row.int()? > 0,
        })
    }

    /// The statements that make a change, numbered `changed_seq`, of the room that stands like this.
    pub(super) fn statements(&self, new: &NewChange, changed_seq: u64) -> Statements {
        let room = new.conversation_id;
        let mut statements = match &new.what {
            What::Titled { title } => vec![(TITLE, params![room, title.clone()])],
            What::TopicSet { topic } => vec![(TOPIC, params![room, topic.clone()])],
            What::WordsForbidden { words } => rules::set_words(room, changed_seq, words),
            What::SlowModeSet { seconds } => rules::set_slow_mode(room, changed_seq, *seconds),
            What::Joined { member, role } => self.join(new, member, *role, changed_seq)?,
            What::Left { member } | What::Removed { member } => {
                self.must_be_member()?;
                let who = || params![room, member_id(member)];
                vec![(REMOVE, who()), (FORGET_POLICY, who())]
            }
            What::Banned { member } => self.ban(new, person(member)?)?,
            What::Unbanned { member } => {
                if !self.is_banned {
                    return Err(StorageError::NotFound("ban"));
                }
                vec![(UNBAN, params![room, person(member)?])]
            }
            What::RoleSet { member, role } => {
                self.must_be_member()?;
                vec![(SET_ROLE, params![room, person(member)?, role.as_str()])]
            }
            What::PolicySet { member, policy } => {
                self.must_be_member()?;
                let Author::Twin { id, .. } = member else {
                    return Err(StorageError::Invalid("a person has no policy"));
                };
                vec![(SET_POLICY, params![room, *id, policy.as_str()])]
            }
            What::ModeSet { member, mode } => {
                self.must_be_member()?;
                let Author::Twin { id, .. } = member else {
                    return Err(StorageError::Invalid("a person has no mode"));
                };
                let usual = protocol::TwinPolicy::default();
                vec![(SET_MODE, params![room, *id, usual.as_str(), mode.as_str()])]
            }
            What::Muted { member, until } => {
                self.must_be_member()?;
                let until = until.unwrap_or(FOR_GOOD);
                vec![(MUTE, params![room, person(member)?, until])]
            }
            What::Unmuted { member } => {
                self.must_be_member()?;
                vec![(MUTE, params![room, person(member)?, None::<i64>])]
            }
            What::Edited { .. }
            | What::Deleted { .. }
            | What::Chosen { .. }
            | What::Reacted { .. }
            | What::Unreacted { .. }
            | What::Pinned { .. }
            | What::Unpinned { .. } => {
                let reason = "a change of a message was taken for one of a room";
                return Err(StorageError::Internal(reason.into()));
            }
        };
        if new.what.member().is_some() {
            statements.push((NOTE_MEMBERS, params![room, changed_seq]));
        }
        Ok(statements)
    }

    fn must_be_member(&self) -> Result<(), StorageError> {
        match self.is_member {
            true => Ok(()),
            false => Err(StorageError::NotFound("member")),
        }
    }

    fn join(
        &self,
        new: &NewChange,
        member: &Author,
        role: Option<protocol::Role>,
        changed_seq: u64,
    ) -> Statements {
        if self.is_member {
            return Err(StorageError::Conflict("this place in the room"));
        }
        if self.is_banned {
            return Err(StorageError::Forbidden(
                "who is banned from a room cannot join it",
            ));
        }
        if self.has_blocked_author && new.invitation.is_none() {
            return Err(StorageError::Forbidden(
                "you cannot bring this person into a room",
            ));
        }
        if self.members >= ROOM_MEMBERS_MAX {
            return Err(StorageError::LimitReached {
                what: "members of this room",
                max: ROOM_MEMBERS_MAX,
            });
        }
        let (user, twin) = match member {
            Author::User { id, .. } | Author::Bot { id, .. } => (Some(*id), None),
            Author::Twin { id, .. } => (None, Some(*id)),
        };
        let parameters = params![
            new.conversation_id,
            user,
            twin,
            self.last_position + 1,
            new.created_at,
            role.map(|role| role.as_str()),
            // What was said before is no news.
            changed_seq,
            FOR_GOOD,
        ];
        Ok(vec![(ADD, parameters)])
    }

    fn ban(&self, new: &NewChange, person: UserId) -> Statements {
        if self.is_banned {
            return Err(StorageError::Conflict("this ban"));
        }
        if self.bans >= BANS_MAX {
            return Err(StorageError::LimitReached {
                what: "bans from this room",
                max: BANS_MAX,
            });
        }
        let room = new.conversation_id;
        Ok(vec![
            (BAN, params![room, person, new.user_id, new.created_at]),
            (REMOVE, params![room, person]),
        ])
    }
}

fn person(member: &Author) -> Result<UserId, StorageError> {
    match member {
        Author::User { id, .. } | Author::Bot { id, .. } => Ok(*id),
        Author::Twin { .. } => Err(StorageError::Invalid("a twin has no role, mute or ban")),
    }
}
