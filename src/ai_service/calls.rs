//! HTTP to inference services: TLS where the address says so, connections that are kept, and a limit on what is read.

use std::error::Error;

use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use hyper::{Method, Request, Response};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use tokio_rustls::rustls;

use super::limits::{CONNECT_WITHIN, IDLE_CONNECTIONS_MAX, IDLE_MAX};

/// Makes the calls. Dropping an answer ends its connection, and with it what the service does for it.
pub(super) struct Calls {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    authorization: Option<HeaderValue>,
}

impl Calls {
    /// Calls by somebody who is known by this key.
    ///
    /// # Errors
    /// When the key cannot stand in a header.
    pub(super) fn new(key: Option<&SecretString>) -> Result<Self, String> {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_WITHIN));
        let provider = rustls::crypto::ring::default_provider();
        let tls = rustls::ClientConfig::builder_with_provider(provider.into())
            .with_safe_default_protocol_versions()
            .expect("ring knows the protocol's versions")
            .with_webpki_roots()
            .with_no_client_auth();
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http()
            .enable_http1()
            .wrap_connector(tcp);
        let authorization = key.map(|key| {
            let value = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()));
            value
                .map(|mut value| {
                    value.set_sensitive(true);
                    value
                })
                .map_err(|_| "AI_SERVICE_KEY cannot stand in a header: use letters and digits")
        });
        Ok(Self {
            client: Client::builder(TokioExecutor::new())
                .pool_idle_timeout(IDLE_MAX)
                .pool_max_idle_per_host(IDLE_CONNECTIONS_MAX)
                .pool_timer(TokioTimer::new())
                .build(connector),
            authorization: authorization.transpose()?,
        })
    }

    /// Whether there is a key.
    pub(super) fn has_key(&self) -> bool {
        self.authorization.is_some()
    }

    pub(super) async fn get(&self, url: &str) -> Result<Response<Incoming>, String> {
        self.call(Method::GET, url, Bytes::new()).await
    }

    pub(super) async fn delete(&self, url: &str) -> Result<Response<Incoming>, String> {
        self.call(Method::DELETE, url, Bytes::new()).await
    }

    pub(super) async fn post(
        &self,
        url: &str,
        body: &impl Serialize,
    ) -> Result<Response<Incoming>, String> {
        let body = serde_json::to_vec(body).expect("texts and finite numbers serialise");
        self.call(Method::POST, url, body.into()).await
    }

    async fn call(
        &self,
        method: Method,
        url: &str,
        body: Bytes,
    ) -> Result<Response<Incoming>, String> {
        let mut request = Request::builder().method(method).uri(url);
        if !body.is_empty() {
            request = request.header(CONTENT_TYPE, "application/json");
        }
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request.body(Full::new(body));
        let request = request.map_err(|error| error.to_string())?;
        let answered = self.client.request(request).await;
        answered.map_err(|error| reason(&error))
    }
}

/// The whole of an answer of at most so many bytes.
pub(super) async fn whole(mut body: Incoming, bytes_max: usize) -> Result<Bytes, String> {
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| reason(&error))?;
        let piece = frame.into_data().unwrap_or_default();
        if bytes.len() + piece.len() > bytes_max {
            return Err(format!("sent more than {bytes_max} bytes"));
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

/// What is at the bottom of an error, such as `Connection refused`.
pub(super) fn reason(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    let text = deepest.to_string();
    // The number says nothing to people.
    let text = text.split(" (os error").next().unwrap_or_default();
    text.to_lowercase()
}
