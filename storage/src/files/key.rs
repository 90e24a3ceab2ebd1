//! What a file is called: a generated id, never a name that a person chose.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// A text that is no file key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a file key: a file key is a generated id")]
pub struct InvalidFileKey;

/// Where a file is kept: a generated id, never a name that a person chose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileKey(Uuid);

impl FileKey {
    /// Makes a new key.
    #[expect(
        clippy::new_without_default,
        reason = "a default key would suggest a fixed value"
    )]
    pub fn new() -> Self {
        Self(Uuid::now_v7())
    }
}

impl fmt::Display for FileKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(formatter)
    }
}

impl FromStr for FileKey {
    type Err = InvalidFileKey;

    fn from_str(text: &str) -> Result<Self, InvalidFileKey> {
        Uuid::try_parse(text).map(Self).map_err(|_| InvalidFileKey)
    }
}
