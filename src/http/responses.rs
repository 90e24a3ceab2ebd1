//! The failures that routes have in common, for the description of the API.

use std::collections::BTreeMap;

use utoipa::IntoResponses;
use utoipa::openapi::{Content, Ref, RefOr, Response, ResponseBuilder};

use super::problem::PROBLEM_JSON;

macro_rules! problem_sets {
    ($($(#[$doc:meta])+ $name:ident = [$($status:literal),+];)+) => {$(
        $(#[$doc])+
        pub(super) struct $name;

        impl IntoResponses for $name {
            fn responses() -> BTreeMap<String, RefOr<Response>> {
                [$($status),+].into_iter().map(problem).collect()
            }
        }
    )+};
}

problem_sets! {
    /// Of a route that anybody may call and that takes a JSON body.
    PublicProblems = [400, 409, 413, 415, 422, 429, 500, 503];
    /// Of a route that checks who somebody is.
    LogInProblems = [400, 401, 413, 415, 422, 429, 500, 503];
    /// Of a log-in, which may be to an account that is disabled.
    PasswordProblems = [400, 401, 403, 413, 415, 422, 429, 500, 503];
    /// Of a route that reads.
    ReadProblems = [400, 401, 404, 500, 503];
    /// Of a route that reads a page of a list.
    ListProblems = [400, 401, 404, 422, 500, 503];
    /// Of a route that deletes a draft.
    DraftProblems = [400, 401, 404, 409, 429, 500, 503];
    /// Of the search.
    SearchProblems = [400, 401, 404, 422, 429, 500, 503];
    /// Of a route that reads what belongs to somebody.
    OwnerReadProblems = [400, 401, 403, 404, 500, 503];
    /// Of a route that reads a page of what belongs to somebody.
    OwnerListProblems = [400, 401, 403, 404, 422, 500, 503];
    /// Of a route that deletes.
    DeleteProblems = [400, 401, 403, 404, 429, 500, 503];
    /// Of a route that makes or changes something and takes a body.
    WriteProblems = [400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503];
    /// Of a route that takes a file.
    UploadProblems = [400, 401, 403, 404, 409, 413, 415, 422, 429, 500, 503, 507];
    /// Of a route that gives a whole log.
    ExportProblems = [400, 401, 403, 422, 429, 500, 503];
    /// Of a route that reads a file.
    FileProblems = [400, 401, 404, 416, 500, 503];
}

fn problem(status: u16) -> (String, RefOr<Response>) {
    let description = match status {
        400 => "The request cannot be read: `malformed`",
        401 => "Nobody is logged in, or the token has expired: `unauthenticated`, `token_expired`",
        403 => "The person may not do this: `forbidden`",
        404 => "There is no such thing, or the person may not know that there is: `not_found`",
        409 => "It contradicts what is there, or there are too many: `conflict`, `limit_reached`",
        413 => "The body is larger than its limit: `too_large`",
        415 => "The content is of a kind that is not accepted: `unsupported_media`",
        422 => "A field has a value that is not allowed: `invalid`",
        416 => "The file has no such part: `invalid`",
        429 => "Too many requests; `Retry-After` says when to come back: `rate_limited`",
        500 => "A fault of the server: `internal`",
        507 => "There is no room for the file: `storage_full`",
        _ => {
            "Something that this needs cannot be reached, or too much is waiting: `unavailable`, `overloaded`"
        }
    };
    let content = Content::new(Some(Ref::from_schema_name("Problem")));
    let response = ResponseBuilder::new()
        .description(description)
        .content(PROBLEM_JSON, content)
        .build();
    (status.to_string(), response.into())
}
