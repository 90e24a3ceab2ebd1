//! Backups: one archive of everything that lasts, taken while servers run, encrypted, tried out, and put back.
//!
//! **Invariant**: what is put back was first read to its end and found whole.

mod create;
mod restore;
mod verify;

mod archive;
mod copy;
mod key;
mod manifest;
mod retention;

pub mod metrics;

pub use create::{Created, NewBackup, create};
pub use key::{Key, KeyError, Recipient, Seal, generate_identity, recipient};
pub use manifest::{About, FilesDigest, Manifest, TableDigest};
pub use restore::{Restored, restore};
pub use retention::Keep;
pub use verify::verify;

use std::path::PathBuf;

use crate::config::Config;
use crate::kept_file::{JWT_SECRET_FILE, VAPID_KEY_FILE};

/// Secrets that this installation made itself and keeps in files: without them everybody would have to log in and to
/// subscribe anew. Those that are settings are kept wherever the settings are.
fn kept_secrets(config: &Config) -> Vec<(&'static str, PathBuf)> {
    let jwt = config.accounts.jwt_secret.is_none();
    let vapid = config.delivery.vapid_private_key.is_none();
    let kept = [(JWT_SECRET_FILE, jwt), (VAPID_KEY_FILE, vapid)];
    kept.into_iter()
        .filter(|(_, is_kept)| *is_kept)
        .map(|(name, _)| (name, config.data_dir.join(name)))
        .collect()
}

#[cfg(test)]
mod tests;
