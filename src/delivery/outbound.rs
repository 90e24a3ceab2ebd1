//! Calls to addresses that somebody gave: only to the public internet unless the operator says otherwise, by HTTPS, without
//! redirects, within a time, and without reading what comes back.
//!
//! A name is resolved once, what it resolves to is looked at, and the connection goes to that very address: a name that means
//! another address a moment later changes nothing.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CONTENT_LENGTH, HOST, USER_AGENT};
use hyper::{Request, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Host, Url};

/// How long a call may take in all: whoever takes longer is not there.
const CALL_WITHIN: Duration = Duration::from_secs(10);

/// Characters of an address: what browsers hand out has some hundred.
const URL_CHARS_MAX: usize = 2_000;

/// Makes the calls. Clones share the certificates.
#[derive(Clone)]
pub struct Outbound {
    tls: TlsConnector,
    private: bool,
}

/// A POST that is to be made.
pub(super) struct Call {
    pub(super) url: Url,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) body: Vec<u8>,
}

/// Why a call was not made, or not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotCalled {
    /// Nobody is there any more, and says so.
    #[error("the address is gone")]
    Gone,
    /// It was answered with something else than success.
    #[error("the answer was {0}")]
    Refused(StatusCode),
    /// It could not be reached.
    #[error("it cannot be reached: {0}")]
    Unreachable(String),
    /// It may not be called.
    #[error("{0}")]
    Forbidden(&'static str),
    /// What is known of it is of no use.
    #[error("{0}")]
    Unusable(&'static str),
}

impl Outbound {
    /// Calls go to the public internet; with `private` to any address, and without TLS where the address says `http`.
    pub fn new(private: bool) -> Self {
        let mut roots = RootCertStore::empty();
        roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("the provider speaks the default versions")
            .with_root_certificates(roots)
            .with_no_client_auth();
        Self {
            tls: TlsConnector::from(Arc::new(config)),
            private,
        }
    }

    /// Checks an address that somebody gives, before it is kept. What its name means is looked at with every call.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn check(&self, text: &str) -> Result<(), NotCalled> {
        let url = parse(text)?;
        match (url.scheme(), self.private) {
            ("https", _) | ("http", true) => {}
            _ => return Err(NotCalled::Forbidden("must begin with https://")),
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(NotCalled::Forbidden("must not hold a name or a password"));
        }
        let literal = match url.host() {
            Some(Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            Some(Host::Domain(_)) => None,
            None => return Err(NotCalled::Forbidden("must name a host")),
        };
        match literal {
            Some(address) if !self.may_call(address) => Err(NOT_PUBLIC),
            _ => Ok(()),
        }
    }

    fn may_call(&self, address: IpAddr) -> bool {
        self.private || is_public(address)
    }

    /// Makes a call; it is made when this ends with `Ok`.
    pub(super) async fn send(&self, call: Call) -> Result<(), NotCalled> {
        self.check(call.url.as_str())?;
        let status = timeout(CALL_WITHIN, self.post(call)).await;
        let status = status.unwrap_or_else(|_| Err(unreachable(&"no answer in time")))?;
        match status {
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(NotCalled::Gone),
            status if status.is_success() => Ok(()),
            status => Err(NotCalled::Refused(status)),
        }
    }

    async fn post(&self, call: Call) -> Result<StatusCode, NotCalled> {
        let host = call.url.host_str().unwrap_or_default().to_owned();
        let socket = self.connect(&call.url).await?;
        match call.url.scheme() {
            "https" => {
                let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned());
                let name = name.map_err(|error| unreachable(&error))?;
                let socket = self.tls.connect(name, socket).await;
                exchange(socket.map_err(|error| unreachable(&error))?, call).await
            }
            _ => exchange(socket, call).await,
        }
    }

    /// Connects to the first address of the host that may be called.
    async fn connect(&self, url: &Url) -> Result<TcpStream, NotCalled> {
        let port = url
            .port_or_known_default()
            .ok_or(NotCalled::Forbidden("must name a port"))?;
        let addresses: Vec<SocketAddr> = match url.host() {
            Some(Host::Ipv4(address)) => vec![(address, port).into()],
            Some(Host::Ipv6(address)) => vec![(address, port).into()],
            Some(Host::Domain(name)) => lookup_host((name, port))
                .await
                .map_err(|error| unreachable(&error))?
                .collect(),
            None => return Err(NotCalled::Forbidden("must name a host")),
        };
        let allowed: Vec<SocketAddr> = addresses
            .into_iter()
            .filter(|address| self.may_call(address.ip()))
            .collect();
        if allowed.is_empty() {
            return Err(NOT_PUBLIC);
        }
        TcpStream::connect(&allowed[..])
            .await
            .map_err(|error| unreachable(&error))
    }
}

impl std::fmt::Debug for Outbound {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Outbound")
            .field("private", &self.private)
            .finish_non_exhaustive()
    }
}

const NOT_PUBLIC: NotCalled = NotCalled::Forbidden("must be an address of the public internet");

fn unreachable(error: &dyn std::fmt::Display) -> NotCalled {
    NotCalled::Unreachable(error.to_string())
}

/// Reads an address.
pub(super) fn parse(text: &str) -> Result<Url, NotCalled> {
    if text.chars().count() > URL_CHARS_MAX {
        return Err(NotCalled::Forbidden("must have at most 2,000 characters"));
    }
    Url::parse(text)
        .map_err(|_| NotCalled::Forbidden("must be an address such as https://example.com/hook"))
}

/// Sends the call over a connection and gives the status of the answer; the rest of it is not read.
async fn exchange(
    socket: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    call: Call,
) -> Result<StatusCode, NotCalled> {
    let Call { url, headers, body } = call;
    let failed = |error: &dyn std::fmt::Display| unreachable(error);
    let host = match (url.host_str().unwrap_or_default(), url.port()) {
        (host, Some(port)) => format!("{host}:{port}"),
        (host, None) => host.to_owned(),
    };
    let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
    let mut request = Request::post(path)
        .header(HOST, host)
        .header(
            USER_AGENT,
            concat!("digital-twin/", env!("CARGO_PKG_VERSION")),
        )
        .header(CONTENT_LENGTH, body.len());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let request = request
        .body(Full::new(Bytes::from(body)))
        .map_err(|error| failed(&error))?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(socket))
        .await
        .map_err(|error| failed(&error))?;
    let answer = sender.send_request(request);
    tokio::pin!(answer, connection);
    tokio::select! {
        answer = &mut answer => Ok(answer.map_err(|error| failed(&error))?.status()),
        ended = &mut connection => match ended {
            Ok(()) => Ok(answer.await.map_err(|error| failed(&error))?.status()),
            Err(error) => Err(failed(&error)),
        },
    }
}

/// Whether an address belongs to the public internet, as the registries of IANA say.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    let is_special = a == 0
        || address.is_loopback()
        || address.is_private()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_multicast()
        // Shared by providers, protocol assignments, 6to4 relays, benchmarks, reserved and broadcast.
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (18..20).contains(&b))
        || a >= 240;
    !is_special
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return is_public_v4(mapped);
    }
    let segments = address.segments();
    // Only this is given out; what carries IPv4 addresses inside, and what is for documents and benchmarks, is in it.
    let is_global_unicast = segments[0] & 0xe000 == 0x2000;
    let is_special = matches!(segments, [0x2001, 0..=0x1ff, ..] | [0x2001, 0xdb8, ..])
        || segments[0] == 0x2002
        || segments[0] & 0xfff0 == 0x3ff0;
    is_global_unicast && !is_special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_private_networks_are_not_public() {
        for text in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.8.8.8",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::7f00:1",
            "64:ff9b::7f00:1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "3fff::1",
            "100::1",
        ] {
            assert!(!is_public(text.parse().unwrap()), "{text}");
        }
        for text in [
            "1.1.1.1",
            "100.63.0.1",
            "172.32.0.1",
            "2606:4700:4700::1111",
            "::ffff:8.8.8.8",
        ] {
            assert!(is_public(text.parse().unwrap()), "{text}");
        }
    }

    #[test]
    fn what_may_not_be_called_is_refused_however_it_is_written() {
        let outbound = Outbound::new(false);
        for text in [
            "",
            "x",
            "example.com/hook",
            "ftp://example.com/",
            "file:///etc/passwd",
            "http://example.com/",
            "https://127.0.0.1/",
            "https://127.1/",
            "https://0x7f000001/",
            "https://2130706433/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://169.254.169.254/latest/",
            "https://kim:secret@example.com/",
            &format!("https://example.com/{}", "x".repeat(URL_CHARS_MAX)),
        ] {
            assert!(outbound.check(text).is_err(), "{text}");
        }
        outbound.check("https://example.com:8443/hook?a=b").unwrap();
        Outbound::new(true).check("http://127.0.0.1:9/").unwrap();
    }

    #[actix_web::test]
    async fn a_name_that_means_this_machine_is_not_called() {
        let call = Call {
            url: parse("https://localhost:9/").unwrap(),
            headers: Vec::new(),
            body: Vec::new(),
        };
        let refused = Outbound::new(false).send(call).await;
        assert!(
            matches!(refused, Err(NotCalled::Forbidden(_))),
            "{refused:?}"
        );
    }
}
