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

/// Tables of which the planner has samples of texts and bytes, each with the statement that drops those: `ANALYZE` takes none of an empty
/// table, and leaves what it had. Columns of keys and checks hold no content and stay out.
const SAMPLED: &str = "SELECT format('%I.%I', n.nspname, c.relname), \
     format('ALTER TABLE %I.%I ', n.nspname, c.relname) \
     || string_agg(format('ALTER COLUMN %I TYPE %s', a.attname, t.typname), ', ') \
     FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = current_schema() \
     JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     JOIN pg_type t ON t.oid = a.atttypid AND t.typname IN ('text', 'bytea') \
     JOIN pg_stats s ON s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname \
     WHERE c.relkind = 'r' AND NOT EXISTS (SELECT 1 FROM pg_constraint k \
     WHERE (k.conrelid = c.oid AND a.attnum = ANY (k.conkey) AND k.contype <> 'u') \
     OR (k.confrelid = c.oid AND a.attnum = ANY (k.confkey))) \
     GROUP BY n.nspname, c.relname ORDER BY c.relname";

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
    drop_samples_of_nothing(&client).await?;
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

/// Drops the samples of tables that are empty.
async fn drop_samples_of_nothing(client: &Client) -> Result<(), StorageError> {
    let failure = PostgresConfig::failure;
    for row in client.query(SAMPLED, &[]).await.map_err(|e| failure(&e))? {
        let table: String = row.try_get(0).map_err(|e| failure(&e))?;
        let drop_samples: String = row.try_get(1).map_err(|e| failure(&e))?;
        let sql = format!("SELECT 1 FROM {table} LIMIT 1");
        let rows = client.query(&sql, &[]).await.map_err(|e| failure(&e))?;
        if rows.is_empty() {
            // A column that changes its type, to the same here, loses its samples.
            client
                .batch_execute(&drop_samples)
                .await
                .map_err(|e| failure(&e))?;
        }
    }
    Ok(())
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
