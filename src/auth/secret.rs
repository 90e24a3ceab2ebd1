//! The secret of the tokens: configured, or made once and kept in the data folder so that log-ins survive a restart.

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretString;

use crate::config::{Config, SECRET_BYTES_MIN};
use crate::kept_file::{JWT_SECRET_FILE, KeptFileError, kept_text};

/// Random bytes of a secret that is made here.
const GENERATED_BYTES: usize = 48;

/// Why there is no secret.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The file can't be made, written or read.
    #[error("the secret of log-ins {0}; set JWT_SECRET or DATA_DIR")]
    File(#[from] KeptFileError),
    /// The file holds something else.
    #[error(
        "{path} is no secret of log-ins: delete it and a new one is made, which ends all log-ins"
    )]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

/// The configured secret, or the one of the data folder, which is made when it is absent.
///
/// # Errors
/// See [`SecretError`].
pub fn jwt_secret(config: &Config) -> Result<SecretString, SecretError> {
    match &config.accounts.jwt_secret {
        Some(secret) => Ok(secret.clone()),
        None => kept_secret(&config.data_dir.join(JWT_SECRET_FILE)),
    }
}

fn kept_secret(path: &Path) -> Result<SecretString, SecretError> {
    let secret = kept_text(path, || {
        let mut bytes = [0; GENERATED_BYTES];
        getrandom::fill(&mut bytes)?;
        Ok::<_, SecretError>(STANDARD.encode(bytes))
    })?;
    if secret.len() < SECRET_BYTES_MIN {
        return Err(SecretError::Malformed {
            path: path.to_owned(),
        });
    }
    Ok(SecretString::from(secret))
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn a_secret_is_made_once_and_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwt-secret");
        let first = kept_secret(&path).unwrap();
        let second = kept_secret(&path).unwrap();
        assert_eq!(first.expose_secret(), second.expose_secret());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = std::fs::metadata(&path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_file_that_is_cut_short_is_named_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("jwt-secret");
        std::fs::write(&path, "short").unwrap();
        let error = kept_secret(&path).unwrap_err().to_string();
        assert!(
            error.contains("jwt-secret") && error.contains("delete it"),
            "{error}"
        );
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "short");
    }
}
