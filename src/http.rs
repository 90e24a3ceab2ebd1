//! The HTTP edge: routes, what they have in common, and what they need.
//!
//! **Invariant**: a handler decides who may do what and calls storage, accounts or the ingest; it holds no state.

pub mod limits;
pub mod metrics;
pub mod problem;

mod admin;
mod attachments;
mod audiences;
mod audit;
mod blocks;
mod bots;
mod caller;
mod client_address;
mod conversations;
mod documents;
mod drafts;
mod export;
mod fallback;
mod feedback;
mod fields;
mod groups;
mod history;
mod import;
mod invitations;
mod json;
mod keys;
mod log_in;
mod me;
mod memories;
mod message_schema;
mod notification_places;
mod notifications;
mod observe;
mod openai;
mod openapi;
mod operations;
mod origins;
mod oversight;
mod paging;
mod rate_limits;
mod readiness;
mod recaps;
mod receipts;
mod reports;
mod responses;
mod rooms;
mod rules;
mod search;
mod sessions;
mod twins;
mod upload;
mod web_client;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::http::{Method, header};
use actix_web::{HttpRequest, HttpResponse, web};
use actors::Node;
use ipnet::IpNet;
use protocol::ErrorCode;
use storage::Storage;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;
use utoipa::OpenApi;
use utoipa_actix_web::scope;
use utoipa_actix_web::service_config::ServiceConfig;

pub use fallback::Routes;
pub use observe::{REQUEST_ID, RequestId, observe};
pub use openai::{ModelService, ServiceKey, WritingPlaces, service_routes};
pub use openapi::OPENAPI_PATH;
pub use rate_limits::RateLimits;
pub use readiness::{Check, Readiness, ReadinessChecks};
pub use web_client::{SETTINGS_PATH, WebClient, WebFiles, serve, settings};

use crate::attachments::Attachments;
use crate::auth::Accounts;
use crate::clock::Clock;
use crate::config::LimitsConfig;
use crate::delivery::Delivery;
use crate::ingest::Ingest;
use problem::Problem;

/// Everything that the routes need; one for all worker threads.
#[derive(Debug)]
pub struct Edge {
    /// Log-ins and tokens.
    pub accounts: Accounts,
    /// The database.
    pub storage: Storage,
    /// Takes documents in.
    pub ingest: Ingest,
    /// Takes attachments in.
    pub attachments: Attachments,
    /// Tells people of what they have not seen.
    pub delivery: Delivery,
    /// The actors, and through them the models.
    pub node: Node,
    /// Whether the process may be given work.
    pub readiness: ReadinessChecks,
    /// Networks of proxies that say truly who a request came from.
    pub trusted_proxies: Vec<IpNet>,
    /// How often.
    pub rate_limits: RateLimits,
    /// How much.
    pub limits: LimitsConfig,
    /// What time it is.
    pub clock: Clock,
    /// Room for texts that are written over `/v1`.
    pub writing_places: WritingPlaces,
    /// When the server started, in UTC milliseconds.
    pub started_at: i64,
    /// How long the audit log is kept.
    pub audit_kept: Duration,
    /// The database, in words.
    pub database: String,
    /// The bus between nodes, in words.
    pub bus: String,
    /// Room for uploads of documents.
    pub uploads: Arc<Semaphore>,
    /// Room for uploads of attachments.
    pub receiving: Arc<Semaphore>,
    /// Room for exports of accounts.
    pub exports: Arc<Semaphore>,
    /// Room for imports.
    pub imports: Arc<Semaphore>,
    /// Where an archive lies while it is taken in.
    pub spool_folder: PathBuf,
}

impl Edge {
    /// The edge of the server that answers a request.
    fn of(request: &HttpRequest) -> &web::Data<Self> {
        request
            .app_data::<web::Data<Self>>()
            .expect("every server registers its edge")
    }

    /// Takes one of the places for uploads, until it is dropped.
    fn upload_slot(places: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit, Problem> {
        Arc::clone(places).try_acquire_owned().map_err(|_| {
            let detail = "too many uploads at once";
            Problem::retry_after(ErrorCode::Overloaded, detail, UPLOAD_RETRY_AFTER)
        })
    }

    async fn export_place(&self) -> Result<OwnedSemaphorePermit, Problem> {
        let place = Arc::clone(&self.exports).acquire_owned();
        let found = timeout(EXPORT_WAIT_MAX, place).await;
        // The places are never closed.
        found.ok().and_then(Result::ok).ok_or_else(|| {
            let detail = "too many exports at once";
            Problem::retry_after(ErrorCode::Overloaded, detail, EXPORT_RETRY_AFTER)
        })
    }
}

/// How long an export waits for a place.
const EXPORT_WAIT_MAX: Duration = Duration::from_secs(5);

/// When an export that found no place may come again: one of many messages takes about that long.
const EXPORT_RETRY_AFTER: Duration = Duration::from_secs(30);

/// When an upload that found no place may come again: a small document takes about that long.
const UPLOAD_RETRY_AFTER: Duration = Duration::from_secs(5);

/// The described routes: what this registers is what the description says.
pub fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(
            scope::scope("/api/v1")
                .service(log_in::register)
                .service(log_in::log_in)
                .service(log_in::refresh)
                .service(log_in::log_out)
                .service(me::read_me)
                .service(me::change_me)
                .service(me::delete_me)
                .service(export::export_me)
                .service(import::import_me)
                .service(sessions::list_sessions)
                .service(sessions::end_session)
                .service(sessions::end_other_sessions)
                .service(twins::create_twin)
                .service(twins::list_twins)
                .service(twins::read_twin)
                .service(twins::change_twin)
                .service(twins::delete_twin)
                .service(documents::upload_document)
                .service(documents::list_documents)
                .service(documents::read_document)
                .service(documents::read_document_text)
                .service(documents::change_document)
                .service(documents::delete_document)
                .service(groups::list_groups)
                .service(groups::create_group)
                .service(groups::change_group)
                .service(groups::delete_group)
                .service(memories::list_memories)
                .service(memories::write_memory)
                .service(memories::forget_memories)
                .service(memories::read_memory)
                .service(memories::change_memory)
                .service(memories::undo_memory)
                .service(memories::forget_memory)
                .service(memories::list_memories_of_me)
                .service(memories::forget_memory_of_me)
                .service(memories::forget_me)
                .service(recaps::list_recaps)
                .service(recaps::forget_recap)
                .service(receipts::list_receipts)
                .service(origins::read_origin)
                .service(conversations::begin_conversation)
                .service(conversations::list_conversations)
                .service(conversations::read_conversation)
                .service(attachments::upload_attachment)
                .service(attachments::read_attachment)
                .service(attachments::delete_attachment)
                .service(history::list_messages)
                .service(history::read_thread)
                .service(drafts::list_drafts)
                .service(drafts::read_draft)
                .service(drafts::keep_draft)
                .service(drafts::delete_draft)
                .service(search::search_messages)
                .service(rooms::describe_conversation)
                .service(rooms::add_member)
                .service(rooms::remove_member)
                .service(rooms::set_role)
                .service(rooms::set_policy)
                .service(rooms::mute_member)
                .service(rooms::unmute_member)
                .service(rooms::list_bans)
                .service(rooms::ban_member)
                .service(rooms::unban_member)
                .service(rooms::list_pins)
                .service(rooms::list_versions)
                .service(rules::read_rules)
                .service(rules::change_rules)
                .service(invitations::create_invitation)
                .service(invitations::list_invitations)
                .service(invitations::delete_invitation)
                .service(invitations::read_invitation)
                .service(invitations::accept_invitation)
                .service(feedback::give_feedback)
                .service(feedback::read_feedback)
                .service(feedback::take_feedback_back)
                .service(feedback::list_feedback)
                .service(oversight::list_twin_conversations)
                .service(oversight::watch)
                .service(oversight::stop_watching)
                .service(oversight::set_mode)
                .service(oversight::list_proposals)
                .service(oversight::approve_proposal)
                .service(oversight::discard_proposal)
                .service(keys::create_key)
                .service(keys::list_keys)
                .service(keys::delete_key)
                .service(bots::create_bot)
                .service(bots::list_bots)
                .service(bots::delete_bot)
                .service(reports::report_message)
                .service(reports::list_room_reports)
                .service(reports::list_twin_reports)
                .service(reports::resolve_report)
                .service(blocks::list_blocks)
                .service(blocks::put_block)
                .service(blocks::delete_block)
                .service(notifications::list_notifications)
                .service(notifications::read_notifications)
                .service(notifications::read_notification)
                .service(notifications::read_level)
                .service(notifications::set_level)
                .service(notification_places::read_settings)
                .service(notification_places::set_settings)
                .service(notification_places::list_subscriptions)
                .service(notification_places::put_subscription)
                .service(notification_places::delete_subscription)
                .service(notification_places::read_webhook)
                .service(notification_places::put_webhook)
                .service(notification_places::delete_webhook)
                .service(admin::users::list_users)
                .service(admin::users::change_user)
                .service(admin::users::end_user_sessions)
                .service(admin::health::read_health)
                .service(admin::audit_log::list_audit)
                .service(admin::audit_log::export_audit)
                .route("/openapi.json", web::get().to(serve_description)),
        )
        .service(scope::scope("/v1").configure(openai::routes))
        .service(operations::alive)
        .service(operations::ready)
        .service(operations::metrics)
        .service(operations::version);
}

/// The description of the API without its routes, which their registration adds.
pub fn description() -> utoipa::openapi::OpenApi {
    openapi::Description::openapi()
}

/// How requests are read.
pub fn readers(config: &mut web::ServiceConfig) {
    config
        .app_data(json::json_config())
        .app_data(json::path_config())
        .app_data(json::query_config())
        .app_data(web::PayloadConfig::new(limits::JSON_BYTES_MAX));
}

/// Serves the finished description.
async fn serve_description(description: web::Data<utoipa::openapi::OpenApi>) -> HttpResponse {
    HttpResponse::Ok().json(&**description)
}

/// Which pages of other origins may call: exactly those that are listed, never with cookies.
pub fn cors(origins: &[String]) -> Cors {
    let cors = Cors::default()
        .allowed_methods([
            Method::GET,
            Method::POST,
            Method::PUT,
            Method::PATCH,
            Method::DELETE,
        ])
        .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, REQUEST_ID])
        .expose_headers([header::LOCATION, header::RETRY_AFTER, REQUEST_ID])
        .max_age(600);
    origins
        .iter()
        .fold(cors, |cors, origin| cors.allowed_origin(origin))
}
