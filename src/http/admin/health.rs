//! `/api/v1/admin/health`: how this node and what it depends on are, how much there is, and what waits.

use actix_web::{get, web};
use protocol::NodeId;
use serde::Serialize;
use storage::{Backlog, Counts};
use utoipa::ToSchema;

use super::super::Edge;
use super::super::problem::Problem;
use super::super::readiness::Readiness;
use super::super::responses::OwnerReadProblems;
use super::Admin;

/// How the server is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminHealth)]
pub(in crate::http) struct HealthDocument {
    /// What `/readyz` of this node says.
    readiness: Readiness,
    /// The node that answers.
    node: NodeEntry,
    /// The database.
    database: DatabaseEntry,
    /// The bus between nodes, in words.
    bus: String,
    /// How much there is, on all nodes.
    counts: CountsEntry,
    /// What waits, on all nodes.
    backlog: BacklogEntry,
}

/// A node.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminNode)]
struct NodeEntry {
    /// Its id, which is another one after each start.
    #[schema(value_type = Uuid)]
    id: NodeId,
    /// The version of the program.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// When it started, in UTC milliseconds since 1970.
    started_at: i64,
    /// What time it has, in UTC milliseconds since 1970.
    now: i64,
    /// Connections that are open.
    connections: u64,
    /// The language model.
    model: String,
    /// How the language model is computed.
    forward: String,
    /// The embedding model.
    embedding_model: String,
}

/// The database.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminDatabase)]
struct DatabaseEntry {
    /// Which it is, in words.
    about: String,
    /// The newest migration that it has; null when it has none.
    #[schema(required = true)]
    schema: Option<String>,
    /// Migrations that it lacks.
    pending: Vec<String>,
}

/// How much there is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminCounts)]
struct CountsEntry {
    /// Accounts.
    accounts: u64,
    /// Those of them that are disabled.
    disabled_accounts: u64,
    /// Bots.
    bots: u64,
    /// Twins.
    twins: u64,
    /// Documents of twins.
    documents: u64,
    /// Conversations.
    conversations: u64,
    /// Entries of their logs: messages and changes.
    entries: u64,
    /// Rows of the audit log.
    audit_rows: u64,
}

/// What waits.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AdminBacklog)]
struct BacklogEntry {
    /// Replies that nobody writes yet.
    replies_waiting: u64,
    /// Since when the one has waited that waits longest, in UTC milliseconds since 1970; null when none does.
    #[schema(required = true)]
    waiting_since: Option<i64>,
    /// Replies that are being written.
    replies_running: u64,
    /// Browsers and webhooks that are to be told of something now.
    calls_due: u64,
    /// Files that nothing refers to and that are still on the disk.
    files_to_delete: u64,
}

/// Read how the server is.
#[utoipa::path(
    tag = "admin",
    responses((status = OK, description = "How it is, well or not", body = HealthDocument), OwnerReadProblems)
)]
#[get("/admin/health")]
pub(in crate::http) async fn read_health(
    _admin: Admin,
    edge: web::Data<Edge>,
) -> Result<web::Json<HealthDocument>, Problem> {
    let now = edge.clock.now_ms();
    let migrations = edge.storage.migration_status().await?;
    let model = &edge.node.engine().model;
    Ok(web::Json(HealthDocument {
        readiness: edge.readiness.check().await,
        node: NodeEntry {
            id: edge.node.id(),
            version: env!("CARGO_PKG_VERSION"),
            started_at: edge.started_at,
            now,
            connections: edge.node.connections(),
            model: model.name.clone(),
            forward: model.forward.clone(),
            embedding_model: edge.node.embedder().name.clone(),
        },
        database: DatabaseEntry {
            about: edge.database.clone(),
            schema: migrations.applied.last().cloned(),
            pending: migrations.pending,
        },
        bus: edge.bus.clone(),
        counts: edge.storage.counts().await?.into(),
        backlog: edge.storage.backlog(now).await?.into(),
    }))
}

impl From<Counts> for CountsEntry {
    fn from(counts: Counts) -> Self {
        Self {
            accounts: counts.accounts,
            disabled_accounts: counts.disabled_accounts,
            bots: counts.bots,
            twins: counts.twins,
            documents: counts.documents,
            conversations: counts.conversations,
            entries: counts.entries,
            audit_rows: counts.audit_rows,
        }
    }
}

impl From<Backlog> for BacklogEntry {
    fn from(backlog: Backlog) -> Self {
        Self {
            replies_waiting: backlog.replies_waiting,
            waiting_since: backlog.waiting_since,
            replies_running: backlog.replies_running,
            calls_due: backlog.calls_due,
            files_to_delete: backlog.files_to_delete,
        }
    }
}
