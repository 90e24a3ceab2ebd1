//! The address that a request came from: the other end of the connection or, behind proxies that are trusted, what they say.

use std::net::{IpAddr, SocketAddr};

use actix_web::HttpRequest;
use actix_web::http::header::{HeaderMap, X_FORWARDED_FOR};
use ipnet::IpNet;

/// Entries of `X-Forwarded-For` that are looked at, from the right: as many proxies in a row as nobody has.
const PROXIES_MAX: usize = 16;

/// The address of the client of a request. What comes from elsewhere than a trusted proxy is not believed.
pub(super) fn client_address(request: &HttpRequest, trusted: &[IpNet]) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip();
    Some(behind_proxies(peer, request.headers(), trusted))
}

/// The rightmost address of `X-Forwarded-For` that is no trusted proxy's, since each proxy adds whom it heard the request from
/// at the right and only what trusted ones added is true. Where an entry is no address, or they are all trusted, it is the last that is known.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut known = peer.to_canonical();
    let lines: Vec<_> = headers.get_all(X_FORWARDED_FOR).collect();
    let entries = lines
        .iter()
        .rev()
        .flat_map(|line| line.as_bytes().rsplit(|byte| *byte == b','));
    for entry in entries.take(PROXIES_MAX) {
        if !is_trusted(&known) {
            break;
        }
        match address(entry) {
            Some(said) => known = said,
            None => break,
        }
    }
    known
}

/// An address as proxies write it: bare, in brackets, or with a port.
fn address(entry: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(entry).ok()?.trim();
    let bare = text
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'))
        .unwrap_or(text);
    let with_port = || text.parse().map(|socket: SocketAddr| socket.ip());
    let address: IpAddr = bare.parse().or_else(|_| with_port()).ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn found(peer: &str, lines: &[&str], trusted: &[&str]) -> String {
        let mut request = TestRequest::get();
        for line in lines {
            request = request.append_header((X_FORWARDED_FOR, *line));
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let peer = peer.parse().unwrap();
        behind_proxies(peer, request.to_http_request().headers(), &trusted).to_string()
    }

    const INSIDE: &[&str] = &["10.0.0.0/8", "fd00::/8"];

    #[test]
    fn who_is_no_trusted_proxy_is_not_believed() {
        assert_eq!(found("203.0.113.9", &["1.1.1.1"], INSIDE), "203.0.113.9");
        assert_eq!(found("10.0.0.1", &["1.1.1.1"], &[]), "10.0.0.1");
        assert_eq!(found("10.0.0.1", &[], INSIDE), "10.0.0.1");
    }

    #[test]
    fn the_client_is_the_rightmost_address_that_is_no_trusted_proxy() {
        for (lines, client) in [
            (&["203.0.113.9"][..], "203.0.113.9"),
            (&["6.6.6.6, 203.0.113.9"], "203.0.113.9"),
            (&["6.6.6.6,203.0.113.9 , 10.0.0.2"], "203.0.113.9"),
            (
                &["6.6.6.6", "203.0.113.9", "10.0.0.2, 10.0.0.3"],
                "203.0.113.9",
            ),
            (&["10.6.6.6, 203.0.113.9, 10.0.0.2"], "203.0.113.9"),
            (&["10.0.0.4, 10.0.0.3"], "10.0.0.4"),
            (&["2001:db8::7"], "2001:db8::7"),
            (&["2001:db8::7, fd00::1"], "2001:db8::7"),
            (&["[2001:db8::7]:4711"], "2001:db8::7"),
            (&["[2001:db8::7]"], "2001:db8::7"),
            (&["203.0.113.9:4711"], "203.0.113.9"),
            (&["::ffff:203.0.113.9"], "203.0.113.9"),
        ] {
            assert_eq!(found("10.0.0.1", lines, INSIDE), client, "{lines:?}");
        }
        assert_eq!(
            found("::ffff:10.0.0.1", &["203.0.113.9"], INSIDE),
            "203.0.113.9"
        );
    }

    #[test]
    fn behind_what_is_no_address_nothing_is_believed() {
        for garbage in [
            "",
            "unknown",
            "6.6.6.6, x",
            "1.2.3",
            "6.6.6.6,",
            "6.6.6.6;",
            "_hidden",
        ] {
            assert_eq!(
                found("10.0.0.1", &[garbage], INSIDE),
                "10.0.0.1",
                "{garbage}"
            );
            let behind = format!("{garbage}, 10.0.0.2");
            assert_eq!(
                found("10.0.0.1", &[&behind], INSIDE),
                "10.0.0.2",
                "{garbage}"
            );
        }
    }

    #[test]
    fn a_long_list_is_looked_at_to_its_bound() {
        let list = |proxies: usize| format!("6.6.6.6{}", ", 10.0.0.2".repeat(proxies));
        assert_eq!(
            found("10.0.0.1", &[&list(PROXIES_MAX - 1)], INSIDE),
            "6.6.6.6"
        );
        assert_eq!(found("10.0.0.1", &[&list(PROXIES_MAX)], INSIDE), "10.0.0.2");
        assert_eq!(found("10.0.0.1", &[&list(100_000)], INSIDE), "10.0.0.2");
    }
}
