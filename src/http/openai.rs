//! `/v1`: the OpenAI dialect, for any client of that API. A model is the language model, the embedding model, or a twin.
//!
//! **Invariant**: what would change the answer is done as asked or refused by name, never ignored.

mod body;
mod caller;
mod chat;
mod completions;
mod embeddings;
mod error;
mod models;
mod sampling;
mod service;
mod stream;
mod writing;

use utoipa_actix_web::service_config::ServiceConfig;

pub(super) use error::{ErrorDocument, response};
pub use service::{ModelService, ServiceKey, service_routes};
pub use writing::WritingPlaces;

/// The routes.
pub(super) fn routes(config: &mut ServiceConfig<'_>) {
    config
        .service(chat::create_chat_completion)
        .service(completions::create_completion)
        .service(embeddings::create_embeddings)
        .service(models::list_models)
        .service(models::read_model);
}

/// Whether a path belongs to the dialect, so that whatever goes wrong there is said in its form.
pub(super) fn speaks(path: &str) -> bool {
    path == "/v1" || path.starts_with("/v1/")
}
