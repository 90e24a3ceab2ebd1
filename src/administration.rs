//! What the command line alone may do: say who administers the server, and check the audit log.

use anyhow::{Context, bail, ensure};
use storage::{AuditAction, AuditVerdict, NewAudit, Storage};

use crate::clock::Clock;
use crate::config::Config;
use crate::database;

/// Makes the person with this e-mail address an administrator, and says so.
///
/// # Errors
/// When there is no such account, and when the database refuses.
pub async fn grant_admin(config: &Config, email: &str) -> anyhow::Result<String> {
    set_admin(config, email, true).await?;
    Ok(format!("{email} administers this server now."))
}

/// Makes the person with this e-mail address an administrator no longer, and says so.
///
/// # Errors
/// As [`grant_admin`].
pub async fn revoke_admin(config: &Config, email: &str) -> anyhow::Result<String> {
    set_admin(config, email, false).await?;
    Ok(format!("{email} does not administer this server any more."))
}

/// Names the administrators, one a line.
///
/// # Errors
/// When the database refuses.
pub async fn admins(config: &Config) -> anyhow::Result<String> {
    let storage = open(config).await?;
    let admins = storage.admins().await?;
    storage.close().await;
    if admins.is_empty() {
        let how = "`digital-twin account grant-admin EMAIL` makes one";
        return Ok(format!("Nobody administers this server; {how}."));
    }
    let lines: Vec<String> = admins
        .into_iter()
        .map(|user| format!("{}  {}", user.email, user.name))
        .collect();
    Ok(lines.join("\n"))
}

/// Checks the audit log, and that a row that is known from before is still the same, and says what the newest row is.
///
/// # Errors
/// Names the first row that is not as it was written.
pub async fn verify_audit(config: &Config, known: Option<&str>) -> anyhow::Result<String> {
    let known = known.map(known_row).transpose()?;
    let storage = open(config).await?;
    let verdict = storage.verify_audit().await?;
    let is_known = match &known {
        Some((number, hash)) => Some(has_row(&storage, *number, hash).await?),
        None => None,
    };
    storage.close().await;
    let (first, last, hash) = match verdict {
        AuditVerdict::Whole { first, last, hash } => (first, last, hash),
        AuditVerdict::Broken { number, reason } => {
            bail!("the audit log is broken at row {number}: {reason}")
        }
    };
    if let Some((number, _)) = known {
        ensure!(
            is_known == Some(true),
            "row {number} of the audit log is not the one that is known: the log was rewritten, or has forgotten it"
        );
    }
    Ok(match first > last {
        true => format!("The audit log has no rows; the next is {}.", last + 1),
        false => format!(
            "Rows {first} to {last} of the audit log are whole. Keep the newest: {last}:{hash}"
        ),
    })
}

async fn set_admin(config: &Config, email: &str, is_admin: bool) -> anyhow::Result<()> {
    let storage = open(config).await?;
    let account = storage.user_by_email(email).await?;
    let account = account.with_context(|| format!("no account has the e-mail address {email}"))?;
    let action = match is_admin {
        true => AuditAction::AdminGranted,
        false => AuditAction::AdminRevoked,
    };
    let event = NewAudit {
        at: Clock::System.now_ms(),
        action,
        actor: None,
        subject: Some(account.id.into()),
        context: None,
        address: None,
    };
    // First, as for whatever an administrator does: what cannot be noted is not done.
    storage.note(event).await?;
    storage.set_admin(email, is_admin).await?;
    storage.close().await;
    Ok(())
}

async fn open(config: &Config) -> anyhow::Result<Storage> {
    let storage = database::open(config).await?;
    database::prepare_schema(&storage, &config.database, false).await?;
    Ok(storage)
}

async fn has_row(storage: &Storage, number: u64, hash: &str) -> anyhow::Result<bool> {
    let rows = storage.audit_after(number.saturating_sub(1), 1).await?;
    let found = rows.first();
    Ok(found.is_some_and(|row| row.number == number && row.hash.eq_ignore_ascii_case(hash)))
}

fn known_row(text: &str) -> anyhow::Result<(u64, String)> {
    let parts = text.split_once(':');
    let row = parts.and_then(|(number, hash)| Some((number.parse().ok()?, hash.to_owned())));
    row.with_context(|| {
        format!("--known {text}: must be NUMBER:HASH, as the last check printed it")
    })
}
