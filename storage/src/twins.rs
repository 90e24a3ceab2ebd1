//! Twins of people.

use protocol::{TwinId, UserId};

use crate::{FileKey, Storage, StorageError};

/// Who may find a twin and talk with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Visibility {
    /// Its owner only.
    Private,
    /// Whoever knows its id.
    Link,
    /// Everybody; it is listed.
    Public,
}

impl Visibility {
    /// The visibility in the words of the database and of the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Link => "link",
            Self::Public => "public",
        }
    }

    /// The visibility of this name.
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "private" => Some(Self::Private),
            "link" => Some(Self::Link),
            "public" => Some(Self::Public),
            _ => None,
        }
    }
}

/// A twin of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// The twin's id.
    pub id: TwinId,
    /// Whose twin it is.
    pub owner_id: UserId,
    /// The name that others see.
    pub name: String,
    /// Who the twin is, in words for the model.
    pub persona: String,
    /// What the twin says first; empty when it waits.
    pub greeting: String,
    /// The language it speaks, as a BCP 47 tag; empty when it follows its partner.
    pub language: String,
    /// Who may find it and talk with it.
    pub visibility: Visibility,
    /// When it was made, in UTC milliseconds.
    pub created_at: i64,
    /// When it was changed last, in UTC milliseconds.
    pub updated_at: i64,
}

/// What is to change in a twin; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct TwinChange {
    /// The new name.
    pub name: Option<String>,
    /// The new persona.
    pub persona: Option<String>,
    /// The new greeting.
    pub greeting: Option<String>,
    /// The new language.
    pub language: Option<String>,
    /// The new visibility.
    pub visibility: Option<Visibility>,
}

impl Storage {
    /// Makes a twin. `LimitReached` when its owner has `twins_max` already, `NotFound` when the owner is gone.
    pub async fn create_twin(&self, twin: Twin, twins_max: u64) -> Result<(), StorageError> {
        let _ = (twin, twins_max);
        unimplemented!()
    }

    /// The twin with this id.
    pub async fn twin(&self, id: TwinId) -> Result<Option<Twin>, StorageError> {
        let _ = id;
        unimplemented!()
    }

    /// A person's twins, oldest first.
    pub async fn twins_of(&self, owner: UserId) -> Result<Vec<Twin>, StorageError> {
        let _ = owner;
        unimplemented!()
    }

    /// Public twins, newest first, beginning after `before`.
    pub async fn public_twins(
        &self,
        before: Option<TwinId>,
        limit: u32,
    ) -> Result<Vec<Twin>, StorageError> {
        let _ = (before, limit);
        unimplemented!()
    }

    /// Changes a twin and returns it as it is then. `NotFound` when it is gone.
    pub async fn update_twin(
        &self,
        id: TwinId,
        change: TwinChange,
        now: i64,
    ) -> Result<Twin, StorageError> {
        let _ = (id, change, now);
        unimplemented!()
    }

    /// Deletes a twin with its documents, chunks, memberships and unfinished replies.
    /// Returns the files that nothing refers to any more. `NotFound` when it is gone.
    pub async fn delete_twin(&self, id: TwinId) -> Result<Vec<FileKey>, StorageError> {
        let _ = id;
        unimplemented!()
    }
}
