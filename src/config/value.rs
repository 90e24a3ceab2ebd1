//! The values of settings: what is allowed, and the sentence that says so when something else stands there.

use std::fmt;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::ops::RangeInclusive;
use std::time::Duration;

use inference::Devices;
use ipnet::IpNet;

use crate::backup::{Recipient, recipient};

/// What a process is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// A developer's machine.
    Development,
    /// Automatic tests.
    Testing,
    /// A rehearsal.
    Staging,
    /// The real thing: sample and short secrets are refused.
    Production,
}

impl Environment {
    /// The environment's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Development => "development",
            Self::Testing => "testing",
            Self::Staging => "staging",
            Self::Production => "production",
        }
    }
}

/// What a process serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// People, and the models too.
    All,
    /// People; the models are elsewhere.
    Chat,
    /// Models, to other nodes.
    Inference,
}

impl Role {
    /// The role's name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Chat => "chat",
            Self::Inference => "inference",
        }
    }
}

/// Which engine writes the replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EngineKind {
    /// A language model on libtorch.
    Torch,
    /// Fixed replies, for tests that are not about the model.
    Scripted,
}

/// The number type of a model's weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DataType {
    /// Whatever is fastest on this machine.
    Auto,
    /// 32-bit floats.
    F32,
    /// 16-bit brain floats.
    Bf16,
}

/// How often something may be done: `count` at once, refilled evenly over `per`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// How many times at once, and in each period.
    pub count: NonZeroU32,
    /// The period.
    pub per: Duration,
}

impl Quota {
    /// The same quota as the rate limiter counts it.
    pub fn as_governor(self) -> governor::Quota {
        let refill = (self.per / self.count.get()).max(Duration::from_nanos(1));
        governor::Quota::with_period(refill)
            .expect("a period of at least a nanosecond is not zero")
            .allow_burst(self.count)
    }
}

impl fmt::Display for Quota {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} in {} s", self.count, self.per.as_secs())
    }
}

/// Inference services of one process: each is asked every few seconds how it is, and has series of its own among the metrics.
const SERVICES_MAX: usize = 64;

/// Why a text is no value of a setting: what is allowed instead.
pub(super) type Allowed = String;

pub(super) fn environment(text: &str) -> Result<Environment, Allowed> {
    match text.to_ascii_lowercase().as_str() {
        "development" => Ok(Environment::Development),
        "testing" => Ok(Environment::Testing),
        "staging" => Ok(Environment::Staging),
        "production" => Ok(Environment::Production),
        _ => Err("development, testing, staging or production".to_owned()),
    }
}

pub(super) fn engine(text: &str) -> Result<EngineKind, Allowed> {
    match text {
        "torch" => Ok(EngineKind::Torch),
        "scripted" => Ok(EngineKind::Scripted),
        _ => Err("torch or scripted".to_owned()),
    }
}

pub(super) fn role(text: &str) -> Result<Role, Allowed> {
    match text {
        "all" => Ok(Role::All),
        "chat" => Ok(Role::Chat),
        "inference" => Ok(Role::Inference),
        _ => Err("all, chat or inference".to_owned()),
    }
}

/// Addresses of services, each once, without the slash or the `/v1` at its end.
pub(super) fn services(text: &str) -> Result<Vec<String>, Allowed> {
    let allowed = || {
        format!(
            "1 to {SERVICES_MAX} addresses such as http://inference-1:8000, separated by commas, without names, passwords and queries"
        )
    };
    let mut services = Vec::new();
    for part in text.split(',').map(str::trim) {
        let base = part.trim_end_matches('/');
        let base = base.strip_suffix("/v1").unwrap_or(base);
        let is_of_a_server = url::Url::parse(base).is_ok_and(|url| {
            matches!(url.scheme(), "http" | "https")
                && url.host().is_some()
                && url.username().is_empty()
                && url.password().is_none()
                && url.query().is_none()
                && url.fragment().is_none()
        });
        if !is_of_a_server {
            return Err(allowed());
        }
        if !services.iter().any(|service| service == base) {
            services.push(base.to_owned());
        }
    }
    match services.len() <= SERVICES_MAX {
        true => Ok(services),
        false => Err(allowed()),
    }
}

pub(super) fn devices(text: &str) -> Result<Devices, Allowed> {
    text.parse()
}

pub(super) fn data_type(text: &str) -> Result<DataType, Allowed> {
    match text {
        "auto" => Ok(DataType::Auto),
        "f32" => Ok(DataType::F32),
        "bf16" => Ok(DataType::Bf16),
        _ => Err("auto, f32 or bf16".to_owned()),
    }
}

pub(super) fn recipients(text: &str) -> Result<Vec<Recipient>, Allowed> {
    let keys = text.split(',').map(str::trim).filter(|key| !key.is_empty());
    let keys: Option<Vec<Recipient>> = keys.map(recipient).collect();
    keys.filter(|keys| !keys.is_empty()).ok_or_else(|| {
        "public keys of age, each beginning with age1, separated by commas".to_owned()
    })
}

pub(super) fn boolean(text: &str) -> Result<bool, Allowed> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Ok(true),
        "false" | "0" | "no" | "off" => Ok(false),
        _ => Err("true or false".to_owned()),
    }
}

pub(super) fn log_level(text: &str) -> Result<tracing::Level, Allowed> {
    match text.to_ascii_lowercase().as_str() {
        "error" => Ok(tracing::Level::ERROR),
        "warn" | "warning" => Ok(tracing::Level::WARN),
        "info" => Ok(tracing::Level::INFO),
        "debug" => Ok(tracing::Level::DEBUG),
        "trace" => Ok(tracing::Level::TRACE),
        _ => Err("error, warn, info, debug or trace".to_owned()),
    }
}

pub(super) fn algorithm(text: &str) -> Result<(), Allowed> {
    if text == "HS256" {
        return Ok(());
    }
    Err("HS256, the only algorithm of this version".to_owned())
}

pub(super) fn text(text: &str) -> Result<String, Allowed> {
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return Err("a text of one line".to_owned());
    }
    Ok(text.to_owned())
}

pub(super) fn contact(text: &str) -> Result<String, Allowed> {
    let is_address = ["mailto:", "https://"]
        .iter()
        .any(|scheme| text.len() > scheme.len() && text.starts_with(scheme));
    let is_plain = text.bytes().all(|byte| byte.is_ascii_graphic());
    match is_address && is_plain {
        true => Ok(text.to_owned()),
        false => Err("an address that begins with mailto: or https://".to_owned()),
    }
}

/// The address of a collector of traces, which stands beside the nodes: without TLS, and without the slash at its end.
pub(super) fn collector(text: &str) -> Result<String, Allowed> {
    let uri = text.parse::<actix_web::http::Uri>();
    let names_a_host = uri.is_ok_and(|uri| uri.host().is_some_and(|host| !host.is_empty()));
    match text.starts_with("http://") && names_a_host {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => Err("an address that begins with http://".to_owned()),
    }
}

/// The address of a server, without the slash at its end.
pub(super) fn web_address(text: &str) -> Result<String, Allowed> {
    let uri = text.parse::<actix_web::http::Uri>();
    let is_of_a_server = uri.is_ok_and(|uri| {
        let host = uri.host().is_some_and(|host| !host.is_empty());
        host && matches!(uri.scheme_str(), Some("http" | "https")) && matches!(uri.path(), "" | "/")
    });
    match is_of_a_server {
        true => Ok(text.trim_end_matches('/').to_owned()),
        false => {
            Err("an address such as http://127.0.0.1:9000 or https://s3.example.com".to_owned())
        }
    }
}

/// A bucket's name, by the rules that all servers have in common.
pub(super) fn bucket(text: &str) -> Result<String, Allowed> {
    let plain = |byte: u8| {
        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.'
    };
    match (3..=63).contains(&text.len()) && text.bytes().all(plain) {
        true => Ok(text.to_owned()),
        false => Err("3 to 63 lower-case letters, digits, hyphens and dots".to_owned()),
    }
}

pub(super) fn share(text: &str) -> Result<f64, Allowed> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("a number from 0 to 1".to_owned()),
    }
}

pub(super) fn number(text: &str, range: RangeInclusive<u64>) -> Result<u64, Allowed> {
    match text.parse() {
        Ok(number) if range.contains(&number) => Ok(number),
        _ => Err(format!(
            "a whole number from {} to {}",
            range.start(),
            range.end()
        )),
    }
}

pub(super) fn count(text: &str) -> Result<NonZeroU32, Allowed> {
    text.parse()
        .map_err(|_| format!("a whole number from 1 to {}", u32::MAX))
}

pub(super) fn port(text: &str) -> Result<u16, Allowed> {
    text.parse()
        .map_err(|_| "a port: a whole number from 0 to 65535".to_owned())
}

/// Origins are compared with what browsers send, so anything that a browser would never send is refused.
pub(super) fn origins(text: &str) -> Result<Vec<String>, Allowed> {
    let allowed = || {
        "origins such as https://app.example.com, separated by commas: scheme, host and port, \
         in lower case, with no path and no slash at the end"
            .to_owned()
    };
    let listed: Vec<String> = if text.starts_with('[') {
        serde_json::from_str(text).map_err(|_| allowed())?
    } else {
        text.split(',').map(|part| part.trim().to_owned()).collect()
    };
    let mut origins = Vec::new();
    for origin in listed.into_iter().filter(|origin| !origin.is_empty()) {
        if !is_origin(&origin) {
            return Err(allowed());
        }
        origins.push(origin);
    }
    Ok(origins)
}

fn is_origin(text: &str) -> bool {
    let Some(authority) = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"))
    else {
        return false;
    };
    let default_port = if text.starts_with("https") { 443 } else { 80 };
    let Ok(parsed) = authority.parse::<actix_web::http::uri::Authority>() else {
        return false;
    };
    let port_is_plain = match parsed.port_u16() {
        Some(port) => port != default_port,
        // No port, or one that no browser could name.
        None => authority == parsed.host(),
    };
    port_is_plain
        && !parsed.host().is_empty()
        && !authority.contains(['@', '*'])
        && authority == authority.to_ascii_lowercase()
}

/// An address alone is a network of one.
pub(super) fn networks(text: &str) -> Result<Vec<IpNet>, Allowed> {
    let network = |part: &str| {
        let of_one = || part.parse().map(|address: IpAddr| address.into());
        part.parse().or_else(|_| of_one())
    };
    let parts = text
        .split(',')
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let networks: Result<Vec<IpNet>, _> = parts.map(network).collect();
    networks.map_err(|_| {
        "addresses or networks such as 10.0.0.0/8 or fd00::/8, separated by commas".to_owned()
    })
}

pub(super) fn quota(text: &str) -> Result<Quota, Allowed> {
    let allowed = || "COUNT/second, COUNT/minute or COUNT/hour, such as 30/minute".to_owned();
    let (count, period) = text.split_once('/').ok_or_else(allowed)?;
    let seconds = match period {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        _ => return Err(allowed()),
    };
    Ok(Quota {
        count: count.parse().map_err(|_| allowed())?,
        per: Duration::from_secs(seconds),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_taken_as_a_list_or_as_json() {
        let expected = vec![
            "https://app.example.com".to_owned(),
            "http://localhost:3000".to_owned(),
        ];
        for text in [
            "https://app.example.com,http://localhost:3000",
            " https://app.example.com , http://localhost:3000,",
            r#"["https://app.example.com","http://localhost:3000"]"#,
        ] {
            assert_eq!(origins(text), Ok(expected.clone()), "{text}");
        }
    }

    #[test]
    fn what_no_browser_sends_as_an_origin_is_refused() {
        for text in [
            "*",
            "https://*.example.com",
            "app.example.com",
            "https://app.example.com/",
            "https://app.example.com/path",
            "https://App.example.com",
            "https://app.example.com:443",
            "https://user@app.example.com",
            "https://",
            "https://app.example.com:",
            "https://app.example.com:99999",
            "ftp://app.example.com",
            "null",
            "[\"https://app.example.com\"",
        ] {
            assert!(origins(text).is_err(), "{text}");
        }
    }

    #[test]
    fn networks_are_a_list_of_prefixes_and_of_addresses() {
        let listed = networks(" 10.0.0.0/8, fd00::/8 ,127.0.0.1,::1,").unwrap();
        let listed: Vec<String> = listed.iter().map(IpNet::to_string).collect();
        assert_eq!(
            listed,
            ["10.0.0.0/8", "fd00::/8", "127.0.0.1/32", "::1/128"]
        );
        for text in ["10.0.0.0/33", "10.0.0", "proxy", "10.0.0.0/8;fd00::/8", "*"] {
            assert!(networks(text).is_err(), "{text}");
        }
    }

    #[test]
    fn services_are_a_list_of_addresses_each_once() {
        let listed =
            services("http://one:8000/, https://two.example.com/api/v1,http://one:8000/v1");
        assert_eq!(
            listed.unwrap(),
            ["http://one:8000", "https://two.example.com/api"]
        );
        let many: Vec<String> = (0..=SERVICES_MAX).map(|n| format!("http://s{n}")).collect();
        for text in [
            "",
            "one:8000",
            "http://",
            "http://one,",
            "ftp://one",
            "http://me:secret@one",
            "http://one?key=secret",
            &many.join(","),
        ] {
            assert!(services(text).is_err(), "{text}");
        }
    }

    #[test]
    fn quotas_name_a_count_and_a_period() {
        assert_eq!(
            quota("30/minute"),
            Ok(Quota {
                count: NonZeroU32::new(30).unwrap(),
                per: Duration::from_secs(60)
            })
        );
        for text in [
            "",
            "30",
            "0/minute",
            "-1/hour",
            "30/day",
            "/minute",
            "30/",
            "99999999999/second",
        ] {
            assert!(quota(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_quota_beyond_a_nanosecond_still_makes_a_limiter() {
        let quota = quota("4000000000/second").unwrap();
        assert_eq!(quota.as_governor().burst_size(), quota.count);
    }
}
