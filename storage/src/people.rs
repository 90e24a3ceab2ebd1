//! People with accounts.

use protocol::UserId;

use crate::{FileKey, Storage, StorageError};

/// The author's name on messages whose author deleted the account.
pub const DELETED_ACCOUNT: &str = "deleted account";

/// A person with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// The person's id.
    pub id: UserId,
    /// The e-mail address; it is stored in lower case and belongs to one account only.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// The password's hash, in the PHC format.
    pub password_hash: String,
    /// When the account was made, in UTC milliseconds.
    pub created_at: i64,
}

/// What is to change in an account; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct UserChange {
    /// The new name.
    pub name: Option<String>,
    /// The new password's hash.
    pub password_hash: Option<String>,
}

impl Storage {
    /// Makes an account. `Conflict` when the e-mail address has one.
    pub async fn create_user(&self, user: User) -> Result<User, StorageError> {
        let _ = user;
        unimplemented!()
    }

    /// The account with this id.
    pub async fn user(&self, id: UserId) -> Result<Option<User>, StorageError> {
        let _ = id;
        unimplemented!()
    }

    /// The account with this e-mail address, in whatever case it is written.
    pub async fn user_by_email(&self, email: &str) -> Result<Option<User>, StorageError> {
        let _ = email;
        unimplemented!()
    }

    /// Changes an account and returns it as it is then. `NotFound` when it is gone.
    pub async fn update_user(&self, id: UserId, change: UserChange) -> Result<User, StorageError> {
        let _ = (id, change);
        unimplemented!()
    }

    /// Deletes an account with its twins, documents, memberships and tokens, and takes the name off its messages.
    /// Returns the files that nothing refers to any more. `NotFound` when it is gone.
    pub async fn delete_user(&self, id: UserId) -> Result<Vec<FileKey>, StorageError> {
        let _ = id;
        unimplemented!()
    }
}
