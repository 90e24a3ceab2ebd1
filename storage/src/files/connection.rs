//! Connections to an S3 server: HTTP and TLS as the rest of the program speaks them, each wait with a limit.

use std::error::Error;
use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_rustls::{ConfigBuilderExt, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector as TcpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpRequestBody,
    HttpResponse, HttpResponseBody, HttpService,
};
use tokio::time::timeout;

/// How long a connection may take to be made.
const CONNECT_WAIT_MAX: Duration = Duration::from_secs(5);

/// How long an answer may take to begin, from when its request began.
const HEAD_WAIT_MAX: Duration = Duration::from_secs(60);

/// How long each piece of an answer may take.
const PIECE_WAIT_MAX: Duration = Duration::from_secs(30);

/// How long a connection that nobody uses is kept.
const IDLE_MAX: Duration = Duration::from_secs(20);

/// Makes the client of a store.
#[derive(Debug)]
pub(super) struct Connector;

impl HttpConnector for Connector {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let mut tcp = TcpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        tcp.set_connect_timeout(Some(CONNECT_WAIT_MAX));
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
        let client = Client::builder(TokioExecutor::new())
            .pool_idle_timeout(IDLE_MAX)
            .pool_timer(TokioTimer::new())
            .build(connector);
        Ok(HttpClient::new(Connections { client }))
    }
}

/// The connections to a server, which are used again.
struct Connections {
    client: Client<HttpsConnector<TcpConnector>, HttpRequestBody>,
}

impl fmt::Debug for Connections {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Connections")
    }
}

#[async_trait]
impl HttpService for Connections {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let answered = timeout(HEAD_WAIT_MAX, self.client.request(request)).await;
        let answer = answered
            .map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?
            .map_err(|error| HttpError::new(kind_of(&error, error.is_connect()), error))?;
        Ok(answer.map(|body| HttpResponseBody::new(StreamBody::new(pieces(body)))))
    }
}

/// The pieces of an answer, none of which is waited for longer than [`PIECE_WAIT_MAX`].
fn pieces(
    body: Incoming,
) -> impl futures::Stream<Item = Result<Frame<bytes::Bytes>, HttpError>> + Send + Sync {
    futures::stream::try_unfold(body, |mut body| async move {
        let next = timeout(PIECE_WAIT_MAX, body.frame()).await;
        let next = next.map_err(|late| HttpError::new(HttpErrorKind::Timeout, late))?;
        match next {
            Some(Ok(frame)) => Ok(Some((frame, body))),
            Some(Err(error)) => Err(HttpError::new(kind_of(&error, false), error)),
            None => Ok(None),
        }
    })
}

/// Whether trying again may help, as the store asks for it.
fn kind_of(error: &(dyn Error + 'static), is_connect: bool) -> HttpErrorKind {
    if is_connect {
        return HttpErrorKind::Connect;
    }
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<hyper::Error>()
            && (error.is_closed() || error.is_incomplete_message() || error.is_canceled())
        {
            return HttpErrorKind::Request;
        }
        if error.is::<std::io::Error>() {
            return HttpErrorKind::Interrupted;
        }
        cause = error.source();
    }
    HttpErrorKind::Unknown
}
