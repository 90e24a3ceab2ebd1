//! The browser client at `/`: its files as the build left them, and what it asks at its start.
//!
//! **Invariant**: a request names a file that was read at the start, or none; no path of a client reaches the disk.

mod files;

use actix_web::http::Method;
use actix_web::http::header::{
    ACCEPT, ACCEPT_ENCODING, AcceptEncoding, CACHE_CONTROL, CONTENT_SECURITY_POLICY,
    ContentEncoding, ETAG, Encoding, EntityTag, Header, IF_NONE_MATCH, IfNoneMatch,
    REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use serde::Serialize;

pub use files::WebFiles;

use files::WebFile;

use super::problem::Problem;
use super::{Edge, Routes, fallback};
use crate::config::Environment;
use crate::seed::{self, DEMO_EMAIL, DEMO_PASSWORD};

/// Where the client reads its settings; other servers of its files may answer with a file of that name.
pub const SETTINGS_PATH: &str = "/config.json";

/// What a file may do that is no page.
const FILE_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Files whose names change with their content.
const NAMED_BY_CONTENT: &str = "_next/static/";

/// The page that is shown where there is none.
const NOT_FOUND_PAGE: &str = "404.html";

/// The browser client of one server.
#[derive(Debug)]
pub struct WebClient {
    /// Its files, if there are any.
    pub files: Option<WebFiles>,
    /// What the server is for.
    pub environment: Environment,
}

/// What the client is told at its start.
#[derive(Serialize)]
struct Settings {
    /// Where the HTTP API is; empty: where the page came from.
    api_url: &'static str,
    /// Where the WebSocket is; empty: where the page came from.
    websocket_url: &'static str,
    /// Bytes that a file may have.
    upload_bytes_max: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    demo: Option<DemoAccount>,
}

/// An account with a published password, to look around with.
#[derive(Serialize)]
struct DemoAccount {
    email: &'static str,
    password: &'static str,
}

/// Answers what no route answers: a file of the client, or what [`fallback`] says.
pub async fn serve(
    request: HttpRequest,
    client: web::Data<WebClient>,
    routes: web::Data<Routes>,
) -> Result<HttpResponse, Problem> {
    let refusal = fallback::no_route(&request, &routes);
    let Some(files) = &client.files else {
        return Err(refusal);
    };
    match files.at(request.path()) {
        Some(file) if request.method() == Method::GET => Ok(answer(&request, file)),
        Some(_) => {
            let allow = "GET, HEAD".to_owned();
            Err(Problem::method_not_allowed(
                request.method().as_str(),
                allow,
            ))
        }
        None if refusal.is_not_found() && wants_page(&request) => {
            let page = files.at(NOT_FOUND_PAGE).ok_or(refusal)?;
            Ok(HttpResponse::NotFound()
                .content_type(page.media_type)
                .insert_header((CONTENT_SECURITY_POLICY, page.policy()))
                .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
                .insert_header((CACHE_CONTROL, "no-store"))
                .body(page.content.clone()))
        }
        None => Err(refusal),
    }
}

/// Tells the client its settings.
pub async fn settings(client: web::Data<WebClient>, edge: web::Data<Edge>) -> HttpResponse {
    let has_demo =
        client.environment != Environment::Production && seed::is_seeded(&edge.storage).await;
    let demo = DemoAccount {
        email: DEMO_EMAIL,
        password: DEMO_PASSWORD,
    };
    HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "no-store"))
        .json(Settings {
            api_url: "",
            websocket_url: "",
            upload_bytes_max: edge.limits.upload_bytes_max,
            demo: has_demo.then_some(demo),
        })
}

fn answer(request: &HttpRequest, file: &WebFile) -> HttpResponse {
    let (encoding, content) = form_for(request, file);
    let tag = match encoding {
        None => file.tag.clone(),
        Some(encoding) => format!("{}-{}", file.tag, encoding.as_str()),
    };
    let is_known = match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Items(tags)) if request.headers().contains_key(IF_NONE_MATCH) => {
            let own = EntityTag::new_strong(tag.clone());
            tags.iter().any(|tag| tag.weak_eq(&own))
        }
        _ => false,
    };
    let mut response = match is_known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    response
        .insert_header((ETAG, format!("\"{tag}\"")))
        .insert_header((VARY, "Accept-Encoding"))
        .insert_header((CACHE_CONTROL, file.caching()))
        .insert_header((CONTENT_SECURITY_POLICY, file.policy()))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .insert_header(("cross-origin-opener-policy", "same-origin"))
        .insert_header((
            "permissions-policy",
            "camera=(), geolocation=(), microphone=()",
        ))
        .insert_header(("x-frame-options", "DENY"));
    if is_known {
        return response.finish();
    }
    if let Some(encoding) = encoding {
        response.insert_header(encoding);
    }
    response.content_type(file.media_type);
    response.body(content.clone())
}

/// The shortest form of a file that a client takes.
fn form_for<'a>(request: &HttpRequest, file: &'a WebFile) -> (Option<ContentEncoding>, &'a Bytes) {
    // Who does not say what it takes may be too simple for either.
    let says = request.headers().contains_key(ACCEPT_ENCODING);
    let accepted = AcceptEncoding::parse(request).ok().filter(|_| says);
    let takes = |encoding: ContentEncoding| {
        // What no form matches is negotiated to be the file as it is.
        let wanted = Encoding::Known(encoding);
        let accepted = accepted.as_ref();
        accepted.and_then(|accepted| accepted.negotiate([&wanted].into_iter())) == Some(wanted)
    };
    let form = file
        .compressed
        .iter()
        .find(|(encoding, _)| takes(*encoding));
    match form {
        Some((encoding, content)) => (Some(*encoding), content),
        None => (None, &file.content),
    }
}

fn wants_page(request: &HttpRequest) -> bool {
    let accepted = request.headers().get(ACCEPT);
    request.method() == Method::GET
        && accepted
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.contains("text/html"))
}

impl WebFile {
    fn policy(&self) -> String {
        self.page_policy
            .clone()
            .unwrap_or_else(|| FILE_POLICY.to_owned())
    }

    fn caching(&self) -> &'static str {
        match self.path.starts_with(NAMED_BY_CONTENT) {
            true => "public, max-age=31536000, immutable",
            false => "no-cache",
        }
    }
}
