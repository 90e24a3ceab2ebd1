//! Secrets that are made once and kept in the data folder, so that they survive a restart.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

/// The key of tokens, where it is no setting.
pub const JWT_SECRET_FILE: &str = "jwt-secret";

/// The key that push services know this installation by, where it is no setting.
pub const VAPID_KEY_FILE: &str = "vapid-key";

/// A file that can't be made, written or read.
#[derive(Debug, thiserror::Error)]
#[error("can't be kept in {path}: {error}")]
pub struct KeptFileError {
    path: PathBuf,
    error: std::io::Error,
}

/// The text of a file, without blanks around it; an absent file is made first, readable by its owner alone.
///
/// # Errors
/// When the file can't be made or read, or when `make` fails.
pub fn kept_text<E: From<KeptFileError>>(
    path: &Path,
    make: impl FnOnce() -> Result<String, E>,
) -> Result<String, E> {
    let file_error = |error| KeptFileError {
        path: path.to_owned(),
        error,
    };
    if !path.exists() {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(file_error)?;
        }
        create_whole(path, &make()?).map_err(file_error)?;
    }
    let text = std::fs::read_to_string(path).map_err(file_error)?;
    Ok(text.trim().to_owned())
}

/// Puts a secret into a file, whole or not at all, in place of what stands there; its owner alone can read it.
///
/// # Errors
/// When the file can't be written.
pub fn replace_text(path: &Path, content: &[u8]) -> std::io::Result<()> {
    std::fs::rename(write_beside(path, content)?, path)
}

/// Makes the file whole or not at all; when another process was first, its file stands.
fn create_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = write_beside(path, text.as_bytes())?;
    let linked = std::fs::hard_link(&unfinished, path);
    std::fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

/// Writes a file of this process's own, from which another is made.
fn write_beside(path: &Path, content: &[u8]) -> std::io::Result<PathBuf> {
    let unfinished = path.with_extension(std::process::id().to_string());
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    Ok(unfinished)
}
