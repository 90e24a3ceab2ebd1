//! Passwords: argon2id, with few at once, and with equal work whether the account exists or not.

use std::num::NonZero;
use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

/// Characters that a password must have (NIST SP 800-63B).
pub const PASSWORD_CHARS_MIN: usize = 8;

/// Characters that a password may have: far more than any pass phrase, and what is hashed stays under a kilobyte.
pub const PASSWORD_CHARS_MAX: usize = 256;

/// Passwords that may wait for a free core; one more is refused, since it would wait for seconds.
const WAITING_MAX: usize = 32;

/// When somebody who was refused may come back: the queue has emptied by then.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// Why a password could not be hashed or checked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Too many are being checked.
    #[error("too many log-ins at once: try again in a moment")]
    Overloaded {
        /// When to come back.
        retry_after: Duration,
    },
    /// A fault of the hash function or of the thread that ran it.
    #[error("hashing a password failed: {0}")]
    Failed(String),
}

/// Hashes and checks passwords on blocking threads. Clones share the limits.
#[derive(Debug, Clone)]
pub struct Passwords {
    waiting: Arc<Semaphore>,
    running: Arc<Semaphore>,
    /// A hash of a password that nobody has: an unknown account is checked against it.
    nobody: Arc<str>,
}

impl Passwords {
    /// Makes a pool of half the cores, at least one: the other half goes on serving.
    ///
    /// # Errors
    /// [`PasswordError::Failed`] when the system gives no random salt.
    pub fn new() -> Result<Self, PasswordError> {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get);
        Self::with_limits((cores / 2).max(1), WAITING_MAX)
    }

    fn with_limits(running: usize, waiting: usize) -> Result<Self, PasswordError> {
        let mut nobody = [0_u8; 32];
        getrandom::fill(&mut nobody).map_err(failed)?;
        Ok(Self {
            waiting: Arc::new(Semaphore::new(running + waiting)),
            running: Arc::new(Semaphore::new(running)),
            nobody: hash(&nobody)?.into(),
        })
    }

    /// Hashes a password with a random salt, in the PHC format.
    ///
    /// # Errors
    /// See [`PasswordError`].
    pub async fn hash(&self, password: String) -> Result<String, PasswordError> {
        self.run(move || hash(password.as_bytes())).await
    }

    /// Whether this is the password of the hash. `None` does the same work and says no.
    ///
    /// # Errors
    /// See [`PasswordError`].
    pub async fn verify(
        &self,
        password: String,
        hash: Option<String>,
    ) -> Result<bool, PasswordError> {
        let exists = hash.is_some();
        let hash = hash.unwrap_or_else(|| self.nobody.to_string());
        let is_right = self
            .run(move || {
                Ok(Argon2::default()
                    .verify_password(password.as_bytes(), hash.as_str())
                    .is_ok())
            })
            .await?;
        Ok(exists && is_right)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let overloaded = || PasswordError::Overloaded {
            retry_after: RETRY_AFTER,
        };
        let waiting = Arc::clone(&self.waiting)
            .try_acquire_owned()
            .map_err(|_| overloaded())?;
        let running = Arc::clone(&self.running)
            .acquire_owned()
            .await
            .map_err(failed)?;
        // The permits go with the work: a client that hangs up does not free a core that is still busy.
        tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop((waiting, running));
            outcome
        })
        .await
        .map_err(failed)?
    }
}

fn hash(password: &[u8]) -> Result<String, PasswordError> {
    // The defaults are OWASP's: argon2id, 19 MiB, two passes, one lane.
    let hash: argon2::password_hash::phc::PasswordHash =
        Argon2::default().hash_password(password).map_err(failed)?;
    Ok(hash.to_string())
}

fn failed(error: impl std::fmt::Display) -> PasswordError {
    PasswordError::Failed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_names_the_parameters_that_owasp_recommends() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        assert!(
            hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"),
            "{hash}"
        );
    }

    #[tokio::test]
    async fn only_the_right_password_is_right_and_nobody_has_one() {
        let passwords = Passwords::new().unwrap();
        let hash = passwords.hash("correct horse".to_owned()).await.unwrap();
        for (password, hash, expected) in [
            ("correct horse", Some(hash.clone()), true),
            ("Correct horse", Some(hash.clone()), false),
            ("", Some(hash), false),
            ("correct horse", Some("no hash at all".to_owned()), false),
            ("correct horse", None, false),
        ] {
            let right = passwords.verify(password.to_owned(), hash).await.unwrap();
            assert_eq!(right, expected, "{password}");
        }
    }

    #[tokio::test]
    async fn one_more_than_may_wait_is_refused_and_told_when_to_come_back() {
        let passwords = Passwords::with_limits(1, 1).unwrap();
        let _held = Arc::clone(&passwords.waiting)
            .try_acquire_many_owned(2)
            .unwrap();
        assert_eq!(
            passwords.verify("x".to_owned(), None).await,
            Err(PasswordError::Overloaded {
                retry_after: RETRY_AFTER
            })
        );
    }
}
