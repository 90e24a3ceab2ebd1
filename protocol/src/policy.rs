//! When a twin answers in a room.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// When a twin answers in a room of more than two; between two it always does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TwinPolicy {
    /// Not at all.
    Never,
    /// When it is mentioned, or one of its messages is answered.
    #[default]
    WhenAddressed,
    /// Then, and to a person's message about something that it knows.
    WhenConfident,
}

/// A text that names no policy.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a policy: it is never, when_addressed or when_confident")]
pub struct InvalidTwinPolicy(String);

impl TwinPolicy {
    /// Every policy, from least to most.
    pub const ALL: [Self; 3] = [Self::Never, Self::WhenAddressed, Self::WhenConfident];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Never => "never",
            Self::WhenAddressed => "when_addressed",
            Self::WhenConfident => "when_confident",
        }
    }
}

impl fmt::Display for TwinPolicy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for TwinPolicy {
    type Err = InvalidTwinPolicy;

    fn from_str(text: &str) -> Result<Self, InvalidTwinPolicy> {
        let found = Self::ALL.into_iter().find(|policy| policy.as_str() == text);
        found.ok_or_else(|| InvalidTwinPolicy(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for policy in TwinPolicy::ALL {
            assert_eq!(policy.as_str().parse(), Ok(policy));
            let json = serde_json::to_string(&policy).unwrap();
            assert_eq!(json, format!("\"{policy}\""));
        }
        assert!("always".parse::<TwinPolicy>().is_err());
    }
}
