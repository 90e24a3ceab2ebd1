//! Opening the database that the configuration names, and deciding who migrates it.

use anyhow::{Context, bail};
use storage::{Database, Storage};

use crate::config::Config;

/// Makes the data folder and opens the database; it may still lack migrations.
///
/// # Errors
/// Names the folder, file or server and how to choose another.
pub async fn open(config: &Config) -> anyhow::Result<Storage> {
    make_data_folder(config)?;
    let storage = Storage::open(&config.database).await;
    storage.with_context(|| format!("{} cannot be opened", describe(&config.database)))
}

/// Makes the data folder, where it is absent.
///
/// # Errors
/// Names the folder and how to choose another.
pub fn make_data_folder(config: &Config) -> anyhow::Result<()> {
    std::fs::create_dir_all(&config.data_dir).with_context(|| {
        format!(
            "the data folder {} cannot be made; choose another with --data-dir or DATA_DIR",
            config.data_dir.display()
        )
    })
}

/// Brings the schema up to date where this process alone owns the database, or where it was told to.
///
/// # Errors
/// When a shared database lacks migrations and nobody said that this process should apply them.
pub async fn prepare_schema(
    storage: &Storage,
    database: &Database,
    migrate_shared: bool,
) -> anyhow::Result<()> {
    let pending = storage.migration_status().await?.pending;
    if pending.is_empty() {
        return Ok(());
    }
    let is_embedded = matches!(database, Database::Sqlite { .. });
    if !is_embedded && !migrate_shared {
        bail!(
            "{} lacks {} migrations: run `digital-twin migrate`, or serve with --migrate",
            describe(database),
            pending.len()
        );
    }
    let applied = storage.migrate().await.context("the migrations failed")?;
    tracing::info!(migrations = ?applied, "the database's schema is up to date now");
    Ok(())
}

/// The database in words, without its password.
pub fn describe(database: &Database) -> String {
    match database {
        Database::Sqlite { path } => format!("the SQLite database {}", path.display()),
        Database::Postgres {
            host,
            port,
            user,
            database,
            ..
        } => format!("the PostgreSQL database {database} of {user} at {host}:{port}"),
    }
}
