//! What a person may do in a room, from least to most.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A person's place in a room: each may whatever those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Only reads: the owner of a twin that takes part, who may write in the twin's place.
    Watcher,
    /// Reads, writes and reacts.
    Guest,
    /// Takes part in everything, and brings others along.
    Member,
    /// Keeps order.
    Moderator,
    /// Decides who moderates.
    Owner,
}

/// A text that names no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a role: it is watcher, guest, member, moderator or owner")]
pub struct InvalidRole(String);

impl Role {
    /// Every role, from least to most.
    pub const ALL: [Self; 5] = [
        Self::Watcher,
        Self::Guest,
        Self::Member,
        Self::Moderator,
        Self::Owner,
    ];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Watcher => "watcher",
            Self::Guest => "guest",
            Self::Member => "member",
            Self::Moderator => "moderator",
            Self::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        let found = Self::ALL.into_iter().find(|role| role.as_str() == text);
        found.ok_or_else(|| InvalidRole(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back_and_stand_in_their_order() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse(), Ok(role));
            let json = serde_json::to_string(&role).unwrap();
            assert_eq!(json, format!("\"{role}\""));
        }
        assert!(Role::ALL.is_sorted());
        assert!("admin".parse::<Role>().is_err());
    }
}
