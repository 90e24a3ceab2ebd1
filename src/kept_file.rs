//! Secrets that are made once and kept in the data folder, so that they survive a restart.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

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

/// Makes the file whole or not at all; when another process was first, its file stands.
fn create_whole(path: &Path, text: &str) -> std::io::Result<()> {
    let unfinished = path.with_extension(std::process::id().to_string());
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&unfinished)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let linked = std::fs::hard_link(&unfinished, path);
    std::fs::remove_file(&unfinished)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}
