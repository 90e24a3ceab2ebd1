//! The description of the API, at `/api/v1/openapi.json`.

use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::{Modify, OpenApi};

use super::admin::audit_log::ActionName;
use super::audiences::NewAudience;
use super::message_schema::{
    AuthorSchema, ChainEndSchema, ChainSchema, FailureSchema, LatencySchema, MessageSchema,
    SourceSchema, StopReasonSchema, UsageSchema,
};
use super::openai::ErrorDocument;
use super::problem::{ProblemCode, ProblemDocument};
use super::reports::StateName;
use super::search::Sort;

/// Where the description is.
pub const OPENAPI_PATH: &str = "/api/v1/openapi.json";

/// The name of the security scheme.
const BEARER: &str = "bearer";

/// What stands in the description besides the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "digital-twin",
        description = "A personal digital twin platform: twins of people that others talk with in real time. \
                       Accounts, twins, documents and history are here; messages go over the WebSocket at `/ws`. \
                       Times are UTC milliseconds since 1970. Every failure is a problem document (RFC 9457) \
                       with a stable `code`, but under `/v1`, where failures have the form of the OpenAI API.",
        license(name = "Apache-2.0", identifier = "Apache-2.0"),
        contact(),
    ),
    servers((url = "/", description = "This server")),
    tags(
        (name = "auth", description = "Registering, logging in and out"),
        (name = "me", description = "One's own account"),
        (name = "twins", description = "Twins"),
        (name = "documents", description = "What twins know"),
        (name = "memories", description = "What twins remember, and whom they may tell"),
        (name = "keys", description = "Keys that programs call `/v1` with"),
        (name = "openai", description = "The OpenAI dialect, for any client of that API"),
        (name = "bots", description = "Programs that take part in conversations"),
        (name = "blocks", description = "Whom one does not wish to hear from"),
        (name = "moderation", description = "Reports of messages, and their review"),
        (name = "conversations", description = "Conversations and their history"),
        (name = "notifications", description = "What one has not seen, and where one is told of it"),
        (name = "admin", description = "For administrators: accounts, how the server is, and what happened; never what is said"),
        (name = "operations", description = "For those who run the server"),
    ),
    components(schemas(
        ProblemDocument,
        NewAudience,
        ProblemCode,
        MessageSchema,
        AuthorSchema,
        SourceSchema,
        UsageSchema,
        LatencySchema,
        ChainSchema,
        ChainEndSchema,
        StopReasonSchema,
        FailureSchema,
        ErrorDocument,
        Sort,
        StateName,
        ActionName,
    )),
    security(("bearer" = [])),
    modifiers(&Bearer),
)]
pub(super) struct Description;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, openapi: &mut utoipa::openapi::OpenApi) {
        openapi.info.contact = None;
        let scheme = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .bearer_format("JWT")
            .description(Some(
                "The `access_token` of a log-in; on `/v1` an API key does as well, and what a bot reads, its token opens",
            ))
            .build();
        let components = openapi.components.get_or_insert_default();
        components.add_security_scheme(BEARER, SecurityScheme::Http(scheme));
    }
}
