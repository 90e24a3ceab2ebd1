//! Whom a twin may tell what, as requests and answers say it.

use protocol::{GroupId, UserId};
use serde::{Deserialize, Serialize};
use storage::{AUDIENCE_NAMED_MAX, Audience, Visibility};
use utoipa::ToSchema;

use super::problem::Problem;

/// Whom a twin may tell something. Its owner is told everything; in a conversation, everybody who takes part must be among those.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = Audience)]
pub(super) enum AudienceBody {
    /// Nobody else.
    Owner,
    /// Those who are named.
    People {
        /// These people.
        #[serde(default)]
        #[schema(value_type = Vec<Uuid>, max_items = 100)]
        people: Vec<UserId>,
        /// Those who are in these groups of the owner.
        #[serde(default)]
        #[schema(value_type = Vec<Uuid>, max_items = 100)]
        groups: Vec<GroupId>,
    },
    /// Whoever may talk with the twin, as long as it is not public.
    Link,
    /// Everybody.
    Public,
}

impl AudienceBody {
    /// The audience, without names that stand twice.
    pub(super) fn checked(self) -> Result<Audience, Problem> {
        Ok(match self {
            Self::Owner => Audience::Owner,
            Self::Link => Audience::Link,
            Self::Public => Audience::Public,
            Self::People { people, groups } => {
                let (people, groups) = (each_once(people), each_once(groups));
                if people.len() + groups.len() > AUDIENCE_NAMED_MAX {
                    let reason =
                        format!("may name {AUDIENCE_NAMED_MAX} people and groups: make a group");
                    return Err(Problem::invalid("audience", &reason));
                }
                Audience::Named { people, groups }
            }
        })
    }
}

/// Ids without those that stand twice.
pub(super) fn each_once<T: Ord>(mut ids: Vec<T>) -> Vec<T> {
    ids.sort_unstable();
    ids.dedup();
    ids
}

impl From<Audience> for AudienceBody {
    fn from(audience: Audience) -> Self {
        match audience {
            Audience::Owner => Self::Owner,
            Audience::Named { people, groups } => Self::People { people, groups },
            Audience::Link => Self::Link,
            Audience::Public => Self::Public,
        }
    }
}

/// Whom a twin may tell a new document where its owner does not say so: whoever may talk with the twin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum NewAudience {
    /// Nobody else.
    Owner,
    /// Whoever may talk with the twin, as long as it is not public.
    Link,
    /// Everybody.
    Public,
}

impl NewAudience {
    /// The audience that was asked for, or the one that goes with who may talk with the twin.
    pub(super) fn or_of(asked: Option<Self>, visibility: Visibility) -> Audience {
        match (asked, visibility) {
            (Some(Self::Owner), _) | (None, Visibility::Private) => Audience::Owner,
            (Some(Self::Link), _) | (None, Visibility::Link) => Audience::Link,
            (Some(Self::Public), _) | (None, Visibility::Public) => Audience::Public,
        }
    }
}
