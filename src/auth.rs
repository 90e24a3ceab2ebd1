//! Accounts: who somebody is, how they prove it, and how long that holds.
//!
//! A log-in begins a *family* of refresh tokens. Each access token names its family (`sid`), so that a log-out, a theft
//! that was noticed or a deleted account ends both kinds of token.

mod access_token;
mod device;
mod hs256;
mod invitation_code;
mod password;
mod program_secret;
mod random_bits;
mod refresh_token;
mod secret;

use std::sync::Arc;
use std::time::Duration;

use protocol::{TokenFamilyId, UserId};
use storage::{Device, NewRefresh, Rotation, Storage, StorageError, User};

pub use access_token::{AccessTokens, LEEWAY};
pub use device::device;
pub use invitation_code::{InvalidInvitationCode, InvitationCode};
pub use password::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN, PasswordError, Passwords};
pub use program_secret::{
    API_KEY_MARK, ApiKeySecret, BOT_TOKEN_MARK, BotToken, InvalidProgramSecret, ProgramSecret,
    Purpose,
};
pub use refresh_token::{RefreshKey, RefreshToken};
pub use secret::{SecretError, jwt_secret};

use crate::clock::{Clock, as_millis};

/// How long a used refresh token still answers with the same successor: two tabs that refresh at once, or a client
/// that lost the answer, must not be taken for a thief.
pub const REFRESH_GRACE: Duration = Duration::from_secs(30);

/// Log-ins, refreshes and log-outs over the database. Clones share everything.
#[derive(Debug, Clone)]
pub struct Accounts {
    storage: Storage,
    passwords: Passwords,
    access_tokens: AccessTokens,
    refresh_key: Arc<RefreshKey>,
    refresh_lifetime: Duration,
    clock: Clock,
}

/// What accounts are built from.
#[derive(Debug)]
pub struct AccountsParts {
    /// The database.
    pub storage: Storage,
    /// Hashes and checks passwords.
    pub passwords: Passwords,
    /// Makes and checks access tokens.
    pub access_tokens: AccessTokens,
    /// Derives the successors of refresh tokens.
    pub refresh_key: RefreshKey,
    /// How long a refresh token lasts.
    pub refresh_lifetime: Duration,
    /// What time it is.
    pub clock: Clock,
}

/// A person who wants an account; every field is checked already.
#[derive(Debug)]
pub struct NewAccount {
    /// The e-mail address.
    pub email: String,
    /// The name that others see.
    pub name: String,
    /// The password.
    pub password: String,
}

/// What a log-in or a refresh hands out.
#[derive(Debug)]
pub struct Granted {
    /// Whose it is.
    pub user: User,
    /// The access token.
    pub access_token: String,
    /// How long the access token lasts.
    pub access_token_lifetime: Duration,
    /// The refresh token.
    pub refresh_token: RefreshToken,
    /// The log-in that both are of.
    pub family: TokenFamilyId,
}

/// Why nobody was let in.
#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    /// The e-mail address has no account, or the password is another one: which of the two is not said.
    #[error("the e-mail address or the password is wrong")]
    WrongCredentials {
        /// The account of the address, for the audit log alone.
        account: Option<UserId>,
    },
    /// The password is right, and an administrator has closed the account.
    #[error("the account is disabled: ask whoever runs this server")]
    Disabled {
        /// The account.
        account: UserId,
    },
    /// The refresh token was never given out, its account is gone, or its family was revoked.
    #[error("the refresh token is not valid: log in again")]
    RefreshRefused,
    /// The refresh token was used before, and its family is revoked now.
    #[error("the refresh token is not valid: log in again")]
    RefreshReused {
        /// Whose it was.
        user_id: UserId,
        /// The family that was revoked.
        family: TokenFamilyId,
    },
    /// The refresh token was valid once.
    #[error("the refresh token has expired: log in again")]
    RefreshExpired,
    /// Passwords could not be hashed or checked.
    #[error(transparent)]
    Password(#[from] PasswordError),
    /// The database refused.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The operating system gave no random bytes.
    #[error("the operating system gave no random bytes: {0}")]
    Random(#[from] getrandom::Error),
}

impl Accounts {
    /// Puts the parts together.
    pub fn new(parts: AccountsParts) -> Self {
        Self {
            storage: parts.storage,
            passwords: parts.passwords,
            access_tokens: parts.access_tokens,
            refresh_key: Arc::new(parts.refresh_key),
            refresh_lifetime: parts.refresh_lifetime,
            clock: parts.clock,
        }
    }

    /// Checks access tokens.
    pub fn access_tokens(&self) -> &AccessTokens {
        &self.access_tokens
    }

    /// Makes an account and logs its person in with this device.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when the e-mail address has an account.
    pub async fn register(
        &self,
        account: NewAccount,
        device: Device,
    ) -> Result<Granted, AccountError> {
        let password_hash = self.passwords.hash(account.password).await?;
        let user = self
            .storage
            .create_user(User {
                id: UserId::new(),
                email: account.email,
                name: account.name,
                password_hash,
                created_at: self.clock.now_ms(),
                invisible: false,
                is_admin: false,
                disabled_at: None,
            })
            .await?;
        self.begin_family(user, device).await
    }

    /// Logs a person in with this device. Takes as long for an unknown address as for a wrong password.
    ///
    /// # Errors
    /// [`AccountError::WrongCredentials`] and [`AccountError::Disabled`].
    pub async fn log_in(
        &self,
        email: &str,
        password: String,
        device: Device,
    ) -> Result<Granted, AccountError> {
        let user = self.storage.user_by_email(email).await?;
        let hash = user.as_ref().map(|user| user.password_hash.clone());
        let is_right = self.passwords.verify(password, hash).await?;
        match user {
            Some(user) if is_right && user.disabled_at.is_some() => {
                Err(AccountError::Disabled { account: user.id })
            }
            Some(user) if is_right => self.begin_family(user, device).await,
            user => Err(AccountError::WrongCredentials {
                account: user.map(|user| user.id),
            }),
        }
    }

    /// Exchanges a refresh token for its successor and a new access token.
    ///
    /// # Errors
    /// [`AccountError::RefreshRefused`] and [`AccountError::RefreshExpired`]; a token that was used before takes its
    /// whole family down, which is [`AccountError::RefreshReused`].
    pub async fn refresh(&self, token: &RefreshToken) -> Result<Granted, AccountError> {
        let successor = token.successor(&self.refresh_key);
        let now = self.clock.now_ms();
        let rotation = self
            .storage
            .rotate_refresh(
                &token.hash(),
                &successor.hash(),
                now,
                now + as_millis(self.refresh_lifetime),
                as_millis(REFRESH_GRACE),
            )
            .await?;
        match rotation {
            Rotation::Rotated { user_id, family } | Rotation::Repeated { user_id, family } => {
                let user = self.storage.user(user_id).await?;
                let user = user.filter(|user| user.disabled_at.is_none());
                let user = user.ok_or(AccountError::RefreshRefused)?;
                Ok(self.grant(user, family, successor))
            }
            Rotation::Reused { user_id, family } => {
                tracing::warn!(%user_id, %family, "a refresh token was used twice: its family is revoked");
                Err(AccountError::RefreshReused { user_id, family })
            }
            Rotation::Unknown | Rotation::Revoked => Err(AccountError::RefreshRefused),
            Rotation::Expired => Err(AccountError::RefreshExpired),
        }
    }

    /// Revokes the family of a refresh token and says whose it was and which; one that is unknown is logged out already.
    ///
    /// # Errors
    /// Only those of the database.
    pub async fn log_out(
        &self,
        token: &RefreshToken,
    ) -> Result<Option<(UserId, TokenFamilyId)>, AccountError> {
        let Some((user, family)) = self.storage.refresh_family(&token.hash()).await? else {
            return Ok(None);
        };
        self.storage.revoke_family(family).await?;
        Ok(Some((user, family)))
    }

    /// Whether a password is a person's own.
    ///
    /// # Errors
    /// Those of the password pool.
    pub async fn is_password_of(
        &self,
        user: &User,
        password: String,
    ) -> Result<bool, AccountError> {
        let hash = Some(user.password_hash.clone());
        Ok(self.passwords.verify(password, hash).await?)
    }

    /// Hashes a password for the database.
    ///
    /// # Errors
    /// Those of the password pool.
    pub async fn hash_password(&self, password: String) -> Result<String, AccountError> {
        Ok(self.passwords.hash(password).await?)
    }

    /// Begins a new family for a person who has just proved who they are.
    ///
    /// # Errors
    /// Those of the database.
    pub async fn begin_family(&self, user: User, device: Device) -> Result<Granted, AccountError> {
        let refresh_token = RefreshToken::random()?;
        let family = TokenFamilyId::new();
        let now = self.clock.now_ms();
        self.storage
            .insert_refresh(NewRefresh {
                hash: refresh_token.hash(),
                family,
                user_id: user.id,
                created_at: now,
                expires_at: now + as_millis(self.refresh_lifetime),
                device,
            })
            .await?;
        Ok(self.grant(user, family, refresh_token))
    }

    fn grant(&self, user: User, family: TokenFamilyId, refresh_token: RefreshToken) -> Granted {
        let access_token = self
            .access_tokens
            .issue(user.id, family, self.clock.now_ms());
        Granted {
            user,
            access_token,
            access_token_lifetime: self.access_tokens.lifetime(),
            refresh_token,
            family,
        }
    }
}
