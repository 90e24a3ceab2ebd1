//! What each role may do in a conversation: pure, one table, the only place where it stands.

use std::collections::HashMap;

use protocol::{Role, UserId};

/// Something that a role allows or not. What concerns one's own message is asked for by its author alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Read what is said, who takes part, and what is pinned.
    Read,
    /// Send a message, or change one's own.
    Write,
    /// Put an emoji beside a message, or take it back.
    React,
    /// Say that one is writing.
    Type,
    /// Tell everybody who follows something that is never kept.
    Broadcast,
    /// Stop a reply, have another attempt made at it, or say which attempt counts.
    Stop,
    /// Make links by which others join, and see them.
    Invite,
    /// Bring a twin in, or a bot of one's own.
    AddTwin,
    /// Bring a person in who did not ask.
    AddPerson,
    /// Delete what others wrote.
    DeleteOthers,
    /// Read what messages said before they were edited.
    ReadVersions,
    /// Keep a message in view.
    Pin,
    /// Speak to everybody at once, with `@all`.
    MentionAll,
    /// Change title and topic.
    Describe,
    /// Forbid words, and have people wait between two messages.
    SetRules,
    /// Read what was reported, and decide about it.
    Review,
    /// Put somebody out.
    Remove,
    /// Keep somebody out, and see who is.
    Ban,
    /// Keep somebody from writing.
    Mute,
    /// Take other people's invitations back.
    RevokeInvitations,
    /// Change what somebody may do.
    SetRole,
    /// Say when somebody else's twin answers.
    SetPolicy,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Self; 22] = [
        Self::Read,
        Self::Write,
        Self::React,
        Self::Type,
        Self::Broadcast,
        Self::Stop,
        Self::Invite,
        Self::AddTwin,
        Self::AddPerson,
        Self::DeleteOthers,
        Self::ReadVersions,
        Self::Pin,
        Self::MentionAll,
        Self::Describe,
        Self::SetRules,
        Self::Review,
        Self::Remove,
        Self::Ban,
        Self::Mute,
        Self::RevokeInvitations,
        Self::SetRole,
        Self::SetPolicy,
    ];

    /// The least role that may.
    pub const fn least_role(self) -> Role {
        match self {
            Self::Read => Role::Watcher,
            Self::Write | Self::React | Self::Type => Role::Guest,
            Self::Broadcast | Self::Stop | Self::Invite | Self::AddTwin => Role::Member,
            Self::AddPerson
            | Self::DeleteOthers
            | Self::ReadVersions
            | Self::Pin
            | Self::MentionAll
            | Self::Describe
            | Self::SetRules
            | Self::Review
            | Self::Remove
            | Self::Ban
            | Self::Mute
            | Self::RevokeInvitations
            | Self::SetRole
            | Self::SetPolicy => Role::Moderator,
        }
    }

    /// Whether who is muted may not do it, nor one of two of whom one has blocked the other.
    pub const fn is_writing(self) -> bool {
        matches!(
            self,
            Self::Write | Self::React | Self::Type | Self::Broadcast | Self::Pin | Self::Describe
        )
    }
}

/// A person's place in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// The role.
    pub role: Role,
    /// Until when the person may not write, in UTC milliseconds; absent for who may.
    pub muted_until: Option<i64>,
    /// Of these two one has blocked the other.
    pub is_cut_off: bool,
}

/// Everybody's place in a conversation, as of one change of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standings {
    /// Everybody's place.
    pub of: HashMap<UserId, Standing>,
    /// The `seq` of the newest change of them; 0 when there was none.
    pub seq: u64,
}

/// Why a person may not do something in a conversation that the person takes part in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denial {
    /// The role is not high enough.
    #[error("a {0} may not do this here")]
    Role(Role),
    /// The person may not write for a time.
    #[error("you are muted in this room")]
    Muted,
    /// Of these two one has blocked the other: whoever did knows, and whoever did not need not.
    #[error("you cannot write to each other")]
    CutOff,
}

impl Standing {
    /// Whether the person may do this now.
    ///
    /// # Errors
    /// Why not.
    pub fn permit(self, operation: Operation, now_ms: i64) -> Result<(), Denial> {
        if operation.is_writing() && self.is_cut_off {
            return Err(Denial::CutOff);
        }
        if !may(self.role, operation) {
            return Err(Denial::Role(self.role));
        }
        if operation.is_writing() && self.muted_until.is_some_and(|until| until > now_ms) {
            return Err(Denial::Muted);
        }
        Ok(())
    }
}

/// Whether a role allows an operation.
pub fn may(role: Role, operation: Operation) -> bool {
    role >= operation.least_role()
}

/// Whether one may act on another's place in the room: nobody acts on an equal.
pub fn may_act_on(role: Role, other: Role) -> bool {
    role > other
}

/// Whether one may make somebody this: less than oneself; members make members, and owners may make others owners beside them.
/// Nobody makes a watcher: the owner of a twin becomes one.
pub fn may_grant(role: Role, granted: Role) -> bool {
    if granted == Role::Watcher {
        return false;
    }
    granted < role || (granted == role && matches!(role, Role::Member | Role::Owner))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_higher_may_more() {
        for operation in Operation::ALL {
            let allowed = Role::ALL.map(|role| may(role, operation));
            assert!(allowed.is_sorted(), "{operation:?}: {allowed:?}");
            assert!(may(Role::Owner, operation), "{operation:?}");
        }
        assert!(!may(Role::Guest, Operation::Invite));
        assert!(!may(Role::Member, Operation::Remove));
    }

    #[test]
    fn nobody_rises_by_their_own_hand() {
        for role in Role::ALL {
            for other in Role::ALL {
                assert!(!(may_act_on(role, other) && may_act_on(other, role)));
                if may_grant(role, other) {
                    assert!(other <= role, "{role} makes a {other}");
                }
            }
            assert!(!may_act_on(role, role));
        }
        assert!(may_grant(Role::Owner, Role::Moderator));
        assert!(!may_grant(Role::Moderator, Role::Moderator));
        assert!(!may_grant(Role::Guest, Role::Guest));
    }

    #[test]
    fn who_is_muted_reads_until_it_is_over() {
        let standing = Standing {
            role: Role::Moderator,
            muted_until: Some(10),
            is_cut_off: false,
        };
        assert_eq!(standing.permit(Operation::Write, 9), Err(Denial::Muted));
        assert_eq!(standing.permit(Operation::Write, 10), Ok(()));
        assert_eq!(standing.permit(Operation::Read, 9), Ok(()));
        let guest = Standing {
            role: Role::Guest,
            muted_until: None,
            is_cut_off: false,
        };
        let denied = guest.permit(Operation::Broadcast, 0);
        assert_eq!(denied, Err(Denial::Role(Role::Guest)));
    }

    #[test]
    fn of_two_who_are_cut_off_neither_writes_and_both_read() {
        let standing = Standing {
            role: Role::Member,
            muted_until: None,
            is_cut_off: true,
        };
        for operation in Operation::ALL {
            let denied = standing.permit(operation, 0) == Err(Denial::CutOff);
            assert_eq!(denied, operation.is_writing(), "{operation:?}");
        }
        assert_eq!(standing.permit(Operation::Read, 0), Ok(()));
    }
}
