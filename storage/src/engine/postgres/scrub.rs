//! Scrubbing of a PostgreSQL database: a connection of its own, beside the pool.

use tokio_postgres::Client;

use super::PostgresConfig;
use super::failure::describe;
use crate::StorageError;
use crate::scrub::Scrubbed;

/// A large table takes long to write anew. While the lock of one is waited for, all who come later wait too.
const SCRUB_OPTIONS: &str = "-c statement_timeout=0 -c lock_timeout=3000";

const TABLES: &str = "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c \
     JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema() \
     WHERE c.relkind = 'r' ORDER BY c.relname";

/// What the planner knows of columns: samples of their values, texts too.
const SAMPLES: &str = "VACUUM (FULL) pg_catalog.pg_statistic";

/// Writes the tables anew and, where that is allowed, has the log's files go.
pub(crate) async fn scrub(config: &PostgresConfig) -> Result<Scrubbed, StorageError> {
    let client = config.connect_with(SCRUB_OPTIONS).await?;
    let failure = PostgresConfig::failure;
    let mut scrubbed = Scrubbed::default();
    for row in client.query(TABLES, &[]).await.map_err(|e| failure(&e))? {
        let table: String = row.try_get(0).map_err(|e| failure(&e))?;
        // The samples are taken anew, so that none is of a row that is gone.
        let sql = format!("VACUUM (FULL, ANALYZE) {table}");
        client.batch_execute(&sql).await.map_err(|e| failure(&e))?;
        scrubbed.tables += 1;
    }
    for (sql, what) in [
        (SAMPLES, "the planner's samples of values"),
        ("SELECT pg_switch_wal()", "the present file of the log"),
        ("CHECKPOINT", "the older files of the log"),
    ] {
        if let Err(error) = client.batch_execute(sql).await {
            let left = format!("{what}: `{sql}` was refused: {}", describe(&error));
            scrubbed.left.push(left);
        }
    }
    scrubbed.left.extend(recycled(&client).await?);
    Ok(scrubbed)
}

/// Whether the log's files are used again rather than deleted, with what stands in them.
async fn recycled(client: &Client) -> Result<Option<String>, StorageError> {
    let row = client
        .query_one("SELECT current_setting('wal_recycle', true)", &[])
        .await
        .map_err(|error| PostgresConfig::failure(&error))?;
    let is_on: Option<String> = row
        .try_get(0)
        .map_err(|error| PostgresConfig::failure(&error))?;
    Ok((is_on.as_deref() != Some("off")).then(|| {
        "older files of the log keep what stood in them until they are written over: `wal_recycle` is not off".to_owned()
    }))
}
