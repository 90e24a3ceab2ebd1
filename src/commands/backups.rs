//! The commands that take, try out and put back backups.

use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use anyhow::{Context, bail};
use serde_json::{Value, json};
use storage::{Database, Existing};

use super::{complain, configured, finished, print};
use crate::backup::{
    self, About, Created, Keep, Key, Manifest, NewBackup, Seal, generate_identity,
};
use crate::cli::{BackupAction, BackupOptions, BackupVerifyOptions, RestoreOptions};
use crate::clock::{Clock, as_millis};
use crate::config::Config;
use crate::database;

/// Takes a backup, or does what else is asked about backups.
pub(super) async fn backup_command(options: BackupOptions) -> ExitCode {
    match options.action {
        Some(BackupAction::Verify(options)) => match configured(&options.settings) {
            Ok(config) => finished(verify(&config, &options).await),
            Err(status) => status,
        },
        Some(BackupAction::Keygen { file }) => finished(keygen(&file)),
        None => match configured(&options.settings) {
            Ok(config) => finished(create(&config, &options).await),
            Err(status) => status,
        },
    }
}

/// Puts a backup back.
pub(super) async fn restore_command(options: RestoreOptions) -> ExitCode {
    match configured(&options.settings) {
        Ok(config) => finished(restore(&config, &options).await),
        Err(status) => status,
    }
}

async fn create(config: &Config, options: &BackupOptions) -> anyhow::Result<()> {
    let seal = match (&config.backup.seal, options.unencrypted) {
        (_, true) => Seal::Open,
        (Some(seal), false) => seal.clone(),
        (None, false) => bail!(
            "nobody has said who may read the backup: set TWIN_BACKUP_RECIPIENTS to a public key \
             (`digital-twin backup keygen FILE` makes one), or TWIN_BACKUP_PASSPHRASE, or say --unencrypted"
        ),
    };
    let keep = match (options.keep_daily, options.keep_weekly) {
        (None, None) => None,
        (daily, weekly) => Some(Keep {
            daily: daily.unwrap_or_default(),
            weekly: weekly.unwrap_or_default(),
        }),
    };
    let new = NewBackup {
        folder: config.backup.folder.clone(),
        seal,
        verify: options.verify,
        keep,
        copy_to: options.copy_to.clone(),
    };
    let begun = Instant::now();
    let created = backup::create(config, new).await?;
    let Created {
        path,
        size_bytes,
        about,
        manifest,
        deleted,
    } = created;
    if options.json {
        let mut told = told(&about, &manifest);
        told["path"] = json!(path);
        told["size_bytes"] = json!(size_bytes);
        told["verified"] = json!(options.verify);
        told["deleted"] = json!(deleted);
        told["copied_to"] = json!(options.copy_to);
        told["took_ms"] = json!(as_millis(begun.elapsed()));
        print(&told.to_string());
        return Ok(());
    }
    print(&format!(
        "{}: {}, {size_bytes} bytes, {} in {:.1} s.",
        path.display(),
        contents(&manifest),
        if options.verify {
            "verified"
        } else {
            "not verified"
        },
        begun.elapsed().as_secs_f64()
    ));
    tell_of_gone_files(&manifest);
    for name in deleted {
        print(&format!("Deleted {name}."));
    }
    if let Some(target) = &options.copy_to {
        print(&format!("Copied to {target}."));
    }
    Ok(())
}

async fn verify(config: &Config, options: &BackupVerifyOptions) -> anyhow::Result<()> {
    let key = key(config, options.identity.as_deref())?;
    let (about, manifest) = backup::verify(&options.file, key, &config.data_dir).await?;
    match options.json {
        true => print(&told(&about, &manifest).to_string()),
        false => print(&format!(
            "{} can be restored: {}.",
            options.file.display(),
            contents(&manifest)
        )),
    }
    if let Err(error) = note_verified(config, &about.name).await {
        complain(&format!(
            "no server is told that it was verified: {error:#}"
        ));
    }
    Ok(())
}

/// Notes it where it is known that the backup was taken; elsewhere is a fine place to try a backup out as well.
async fn note_verified(config: &Config, name: &str) -> anyhow::Result<()> {
    if let Database::Sqlite { path } = &config.database
        && !path.exists()
    {
        bail!("there is no database here");
    }
    let storage = database::open(config).await?;
    let known = storage
        .note_verified_backup(name, Clock::System.now_ms())
        .await;
    storage.close().await;
    match known? {
        true => Ok(()),
        false => bail!("the database here does not know of it"),
    }
}

fn keygen(file: &Path) -> anyhow::Result<()> {
    let recipient = generate_identity(file)?;
    print(&recipient.to_string());
    complain(&format!(
        "{} opens the backups that are encrypted to this key, and nothing else does: keep it elsewhere",
        file.display()
    ));
    Ok(())
}

async fn restore(config: &Config, options: &RestoreOptions) -> anyhow::Result<()> {
    let key = key(config, options.identity.as_deref())?;
    let existing = match options.replace {
        true => Existing::Replace,
        false => Existing::Refuse,
    };
    let begun = Instant::now();
    let restored = backup::restore(config, &options.file, key, existing).await?;
    print(&format!(
        "Restored {} into {}: {} in {:.1} s.",
        options.file.display(),
        database::describe(&config.database),
        contents(&restored.manifest),
        begun.elapsed().as_secs_f64()
    ));
    tell_of_gone_files(&restored.manifest);
    for name in restored.secrets_left {
        print(&format!(
            "Left {name} as it is here: it differs from that of the backup."
        ));
    }
    if restored.files_deleted > 0 {
        print(&format!(
            "Deleted {} files that nothing refers to any more.",
            restored.files_deleted
        ));
    }
    Ok(())
}

/// What opens an archive here.
fn key(config: &Config, identity: Option<&Path>) -> anyhow::Result<Key> {
    match (identity, &config.backup.seal) {
        (Some(path), _) => Key::read(path).context("there is no identity to open the archive with"),
        (None, Some(Seal::Passphrase(passphrase))) => Ok(Key::Passphrase(passphrase.clone())),
        (None, _) => Ok(Key::None),
    }
}

fn contents(manifest: &Manifest) -> String {
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    let (tables, files) = (manifest.tables.len(), manifest.files.count);
    format!("{rows} rows in {tables} tables, {files} files")
}

fn tell_of_gone_files(manifest: &Manifest) {
    let gone = manifest.files_gone.len();
    if gone > 0 {
        print(&format!(
            "{gone} files were deleted by people while the backup was taken, and are not in it."
        ));
    }
}

fn told(about: &About, manifest: &Manifest) -> Value {
    json!({"about": about, "manifest": manifest})
}
