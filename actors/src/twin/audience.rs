//! Whom a twin may tell what: decided by who listens, before anything is looked at.

use std::collections::{HashMap, HashSet};

use protocol::{GroupId, UserId};
use sha2::{Digest, Sha256};
use storage::{Audience, Member, Twin, Visibility};

/// Those who hear what a twin says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listeners {
    /// Everybody but the twin's owner, each once, in the order of their ids.
    others: Vec<UserId>,
    /// Anybody at all may be among them, since everybody finds the twin.
    listed: bool,
}

impl Listeners {
    /// Those who take part in a conversation with the twin. What a bot or another twin hears, its owner hears.
    pub(super) fn of(members: &[Member], twin: &Twin) -> Self {
        let hear = members.iter().filter_map(|member| match member {
            Member::User { id, bot_of, .. } => Some(bot_of.unwrap_or(*id)),
            Member::Twin { id, .. } if *id == twin.id => None,
            Member::Twin { owner_id, .. } => Some(*owner_id),
        });
        Self::these(hear, twin)
    }

    /// Somebody who asks the twin alone.
    pub(super) fn only(person: UserId, twin: &Twin) -> Self {
        Self::these([person], twin)
    }

    fn these(hear: impl IntoIterator<Item = UserId>, twin: &Twin) -> Self {
        let others = hear.into_iter().filter(|person| *person != twin.owner_id);
        let mut others: Vec<UserId> = others.collect();
        others.sort_unstable();
        others.dedup();
        Self {
            others,
            listed: twin.visibility == Visibility::Public,
        }
    }

    /// The twin's owner alone.
    pub fn nobody() -> Self {
        Self {
            others: Vec::new(),
            listed: true,
        }
    }

    /// These beside the owner of a twin that is listed, or is not.
    #[cfg(test)]
    pub(super) fn some(others: &[UserId], listed: bool) -> Self {
        Self {
            others: others.to_vec(),
            listed,
        }
    }

    /// Everybody but the twin's owner.
    pub(super) fn others(&self) -> &[UserId] {
        &self.others
    }

    /// A number that is the same for the same listeners only: what was computed for some is used for nobody else.
    pub(super) fn scope(&self) -> u128 {
        let mut hash = Sha256::new();
        for person in &self.others {
            hash.update(person.as_bytes());
        }
        let half: [u8; 16] = hash.finalize()[..16]
            .try_into()
            .expect("a SHA-256 has 32 bytes");
        u128::from_be_bytes(half)
    }

    /// What they hear, the twin may tell them all again.
    pub(super) fn as_audience(&self) -> Audience {
        match self.others.len() {
            0 => Audience::Owner,
            1..=storage::AUDIENCE_NAMED_MAX => Audience::Named {
                people: self.others.clone(),
                groups: Vec::new(),
            },
            // Of so many nobody keeps a list.
            _ => Audience::Owner,
        }
    }
}

/// A test switches the filter off with this, to see that others notice.
#[cfg(test)]
pub(crate) static TELL_EVERYBODY: std::sync::atomic::AtomicBool =
    std::sync::atomic::AtomicBool::new(false);

/// Whom the twin may tell something, groups taken apart into their people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Told {
    Owner,
    These(HashSet<UserId>),
    Link,
    Public,
}

impl Told {
    /// The people of an audience, as the groups are now.
    pub(super) fn of(audience: &Audience, in_groups: &HashMap<GroupId, Vec<UserId>>) -> Self {
        match audience {
            Audience::Owner => Self::Owner,
            Audience::Link => Self::Link,
            Audience::Public => Self::Public,
            Audience::Named { people, groups } => {
                let of_groups = groups.iter().filter_map(|group| in_groups.get(group));
                Self::These(people.iter().chain(of_groups.flatten()).copied().collect())
            }
        }
    }

    /// Whether everybody who listens may be told.
    pub(super) fn reaches(&self, listeners: &Listeners) -> bool {
        #[cfg(test)]
        if TELL_EVERYBODY.load(std::sync::atomic::Ordering::SeqCst) {
            return true;
        }
        match self {
            Self::Public => true,
            Self::Link => !listeners.listed || listeners.others.is_empty(),
            Self::These(people) => listeners
                .others
                .iter()
                .all(|person| people.contains(person)),
            Self::Owner => listeners.others.is_empty(),
        }
    }
}
