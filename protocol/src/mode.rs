//! How far a twin writes on its own.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How far a twin writes on its own in one conversation, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum TwinMode {
    /// Not at all: it is paused.
    Off,
    /// Its owner approves each reply before anybody else sees it.
    Draft,
    /// It replies where it knows something, and asks its owner otherwise.
    Ask,
    /// On its own.
    #[default]
    Auto,
}

/// A text that names no mode.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a mode: it is off, draft, ask or auto")]
pub struct InvalidTwinMode(String);

impl TwinMode {
    /// Every mode, from least to most.
    pub const ALL: [Self; 4] = [Self::Off, Self::Draft, Self::Ask, Self::Auto];

    /// The name on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Draft => "draft",
            Self::Ask => "ask",
            Self::Auto => "auto",
        }
    }
}

impl fmt::Display for TwinMode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for TwinMode {
    type Err = InvalidTwinMode;

    fn from_str(text: &str) -> Result<Self, InvalidTwinMode> {
        let found = Self::ALL.into_iter().find(|mode| mode.as_str() == text);
        found.ok_or_else(|| InvalidTwinMode(text.chars().take(64).collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for mode in TwinMode::ALL {
            assert_eq!(mode.as_str().parse(), Ok(mode));
            let json = serde_json::to_string(&mode).unwrap();
            assert_eq!(json, format!("\"{mode}\""));
        }
        assert!("paused".parse::<TwinMode>().is_err());
    }
}
