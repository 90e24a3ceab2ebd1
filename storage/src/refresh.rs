//! Refresh tokens: each is used once, and one that is used twice takes its whole family down.

use protocol::{TokenFamilyId, UserId};

use crate::{Storage, StorageError};

/// SHA-256 of a token; the token itself is never stored.
pub type TokenHash = [u8; 32];

/// The first token of a family: what a log-in stores.
#[derive(Debug, Clone)]
pub struct NewRefresh {
    /// The token's hash.
    pub hash: TokenHash,
    /// The family that the token begins.
    pub family: TokenFamilyId,
    /// Whose it is.
    pub user_id: UserId,
    /// Now, in UTC milliseconds.
    pub created_at: i64,
    /// Until when it can be used, in UTC milliseconds.
    pub expires_at: i64,
}

/// What became of a token that was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rotation {
    /// It was valid; its successor is stored.
    Rotated {
        /// Whose it is.
        user_id: UserId,
        /// Its family.
        family: TokenFamilyId,
    },
    /// It was used a moment ago with the same successor: a second tab or a lost answer. The successor is valid.
    Repeated {
        /// Whose it is.
        user_id: UserId,
        /// Its family.
        family: TokenFamilyId,
    },
    /// It had been used before: somebody has a copy. The whole family is revoked now.
    Reused {
        /// Whose it was.
        user_id: UserId,
        /// Its family.
        family: TokenFamilyId,
    },
    /// No such token was ever given out, or its account is gone.
    Unknown,
    /// It was valid once.
    Expired,
    /// Its family was revoked before.
    Revoked,
}

impl Storage {
    /// Stores the first token of a family.
    pub async fn insert_refresh(&self, token: NewRefresh) -> Result<(), StorageError> {
        let _ = token;
        unimplemented!()
    }

    /// Uses a token up and stores its successor, which the caller derives from the token so that a repetition
    /// within `grace_ms` derives the same one.
    pub async fn rotate_refresh(
        &self,
        hash: &TokenHash,
        successor_hash: &TokenHash,
        now: i64,
        successor_expires_at: i64,
        grace_ms: i64,
    ) -> Result<Rotation, StorageError> {
        let _ = (hash, successor_hash, now, successor_expires_at, grace_ms);
        unimplemented!()
    }

    /// The family of a token, whatever state it is in: what a log-out revokes.
    pub async fn refresh_family(
        &self,
        hash: &TokenHash,
    ) -> Result<Option<TokenFamilyId>, StorageError> {
        let _ = hash;
        unimplemented!()
    }

    /// Revokes every token of a family.
    pub async fn revoke_family(&self, family: TokenFamilyId) -> Result<(), StorageError> {
        let _ = family;
        unimplemented!()
    }

    /// Revokes every family of a person: what a change of password does.
    pub async fn revoke_families_of(&self, user: UserId) -> Result<(), StorageError> {
        let _ = user;
        unimplemented!()
    }

    /// Whether a family exists and is not revoked.
    pub async fn family_active(&self, family: TokenFamilyId) -> Result<bool, StorageError> {
        let _ = family;
        unimplemented!()
    }

    /// Forgets tokens that expired before this time and returns how many they were.
    pub async fn forget_refresh_before(&self, expired_before: i64) -> Result<u64, StorageError> {
        let _ = expired_before;
        unimplemented!()
    }
}
