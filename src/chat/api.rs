//! What the terminal client asks over HTTP: to be logged in, which twins there are, and a new conversation.

use anyhow::{Context, anyhow, bail};
use protocol::{ConversationId, ErrorCode, TwinId};
use reqwest::{Client, RequestBuilder, StatusCode, Url};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::json;

/// What the person knows the log-in by.
const USER_AGENT: &str = concat!("digital-twin/", env!("CARGO_PKG_VERSION"));

/// Pages of twins that are searched for a name: with a hundred on each, more want an id.
const TWIN_PAGES_MAX: usize = 20;

/// A logged-in person's access to a server.
#[derive(Debug)]
pub(super) struct Api {
    http: Client,
    base: Url,
    email: String,
    password: String,
    token: String,
}

/// A twin, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(super) struct Twin {
    pub(super) id: TwinId,
    pub(super) name: String,
    #[serde(default)]
    pub(super) greeting: String,
}

#[derive(Deserialize)]
struct LoggedIn {
    access_token: String,
}

#[derive(Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next: Option<String>,
}

#[derive(Deserialize)]
struct Created {
    id: ConversationId,
}

/// An RFC 9457 problem document.
#[derive(Deserialize)]
struct Problem {
    code: ErrorCode,
    detail: String,
}

impl Api {
    /// Logs in.
    pub(super) async fn log_in(url: &str, email: &str, password: &str) -> anyhow::Result<Self> {
        let base = base_url(url)?;
        let mut api = Self {
            http: Client::builder().user_agent(USER_AGENT).build()?,
            base,
            email: email.to_owned(),
            password: password.to_owned(),
            token: String::new(),
        };
        api.renew_token().await?;
        Ok(api)
    }

    /// The access token.
    pub(super) fn token(&self) -> &str {
        &self.token
    }

    /// The server's WebSocket.
    pub(super) fn websocket_url(&self) -> String {
        let mut url = self.base.clone();
        url.set_scheme("ws").expect("http may become ws");
        url.set_path("/ws");
        url.into()
    }

    /// Logs in again, for another access token.
    pub(super) async fn renew_token(&mut self) -> anyhow::Result<()> {
        let credentials = json!({ "email": self.email, "password": self.password });
        let request = self
            .http
            .post(self.url("/api/v1/auth/login"))
            .json(&credentials);
        let logged_in: LoggedIn = self.ask(request, "log in").await?;
        self.token = logged_in.access_token;
        Ok(())
    }

    /// The twins that the person may talk with.
    pub(super) async fn twins(&self) -> anyhow::Result<Vec<Twin>> {
        let mut twins = Vec::new();
        let mut before: Option<String> = None;
        for _ in 0..TWIN_PAGES_MAX {
            let request = self
                .http
                .get(self.url("/api/v1/twins"))
                .query(&[("limit", "100")])
                .query(
                    &before
                        .iter()
                        .map(|place| ("before", place))
                        .collect::<Vec<_>>(),
                );
            let request = request.bearer_auth(&self.token);
            let page: Page<Twin> = self.ask(request, "list the twins").await?;
            twins.extend(page.items);
            before = page.next;
            if before.is_none() {
                break;
            }
        }
        Ok(twins)
    }

    /// Opens a conversation with a twin.
    pub(super) async fn open_conversation(&self, twin: TwinId) -> anyhow::Result<ConversationId> {
        let request = self
            .http
            .post(self.url("/api/v1/conversations"))
            .bearer_auth(&self.token)
            .json(&json!({ "twins": [twin], "members": [] }));
        let created: Created = self.ask(request, "open a conversation").await?;
        Ok(created.id)
    }

    fn url(&self, path: &str) -> Url {
        let mut url = self.base.clone();
        url.set_path(path);
        url
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        what: &str,
    ) -> anyhow::Result<T> {
        let response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_connect() => {
                bail!(
                    "no server answers at {}; start one with `digital-twin serve`, or name another with --url",
                    self.base
                )
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot {what} at {}", self.base));
            }
        };
        let status = response.status();
        let body = response
            .bytes()
            .await
            .with_context(|| format!("cannot {what}: the answer broke off"))?;
        if status.is_success() {
            return serde_json::from_slice(&body).with_context(|| {
                format!("cannot {what}: {} is not a digital-twin server", self.base)
            });
        }
        Err(refusal(what, status, &body, &self.email, &self.base))
    }
}

fn refusal(what: &str, status: StatusCode, body: &[u8], email: &str, base: &Url) -> anyhow::Error {
    match serde_json::from_slice(body) {
        Ok(Problem {
            code: ErrorCode::Unauthenticated,
            ..
        }) => anyhow!(
            "wrong password for {email}, or there is no such account; name others with --email and \
             DIGITAL_TWIN_PASSWORD, or make the demo account with `digital-twin seed`"
        ),
        Ok(Problem { code, detail }) => anyhow!("cannot {what}: {detail} ({code})"),
        Err(_) => anyhow!("cannot {what}: {base} answered {status}; is it a digital-twin server?"),
    }
}

fn base_url(url: &str) -> anyhow::Result<Url> {
    let base: Url = url
        .parse()
        .with_context(|| format!("{url:?} is not an address such as http://127.0.0.1:8000"))?;
    match base.scheme() {
        "http" => Ok(base),
        "https" => bail!(
            "https is not supported by this client yet; run it on the server's machine, or through an SSH tunnel"
        ),
        _ => bail!("{url:?} is not an address such as http://127.0.0.1:8000"),
    }
}

/// Finds a twin by its id or by its name, whatever the case; without a wish, the only one there is.
pub(super) fn find_twin(twins: &[Twin], wish: Option<&str>) -> anyhow::Result<Twin> {
    let names = || {
        let names = twins.iter().map(|twin| twin.name.as_str());
        names.collect::<Vec<_>>().join(", ")
    };
    if twins.is_empty() {
        bail!("there is no twin yet; make the demo twin with `digital-twin seed`");
    }
    let Some(wish) = wish else {
        return match twins {
            [only] => Ok(only.clone()),
            _ => bail!("there are several twins, name one with --twin: {}", names()),
        };
    };
    let by_id = twins.iter().find(|twin| twin.id.to_string() == wish);
    if let Some(twin) = by_id {
        return Ok(twin.clone());
    }
    let lower = wish.to_lowercase();
    let named: Vec<&Twin> = twins
        .iter()
        .filter(|twin| twin.name.to_lowercase() == lower)
        .collect();
    match named[..] {
        [twin] => Ok(twin.clone()),
        [] => bail!("there is no twin {wish:?}; there are: {}", names()),
        _ => {
            let ids: Vec<String> = named.iter().map(|twin| twin.id.to_string()).collect();
            bail!(
                "several twins are named {wish:?}; give the id of one: {}",
                ids.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn twin(name: &str) -> Twin {
        Twin {
            id: TwinId::new(),
            name: name.to_owned(),
            greeting: String::new(),
        }
    }

    #[test]
    fn a_twin_is_found_by_id_or_by_name_in_any_case() {
        let twins = [twin("Ada"), twin("Béla")];
        let found = |wish: &str| find_twin(&twins, Some(wish)).unwrap();
        assert_eq!(found("ada"), twins[0]);
        assert_eq!(found("BÉLA"), twins[1]);
        assert_eq!(found(&twins[1].id.to_string()), twins[1]);
    }

    #[test]
    fn a_twin_that_cannot_be_told_is_asked_for() {
        let problem =
            |twins: &[Twin], wish: Option<&str>| find_twin(twins, wish).unwrap_err().to_string();
        let [ada, bela] = [twin("Ada"), twin("Béla")];
        assert!(problem(&[], None).contains("digital-twin seed"));
        let both = [ada.clone(), bela];
        assert!(problem(&both, None).ends_with("name one with --twin: Ada, Béla"));
        assert!(problem(&both, Some("eve")).ends_with("there are: Ada, Béla"));
        let twice = [ada.clone(), twin("ADA")];
        assert!(problem(&twice, Some("ada")).contains(&ada.id.to_string()));
        assert_eq!(find_twin(std::slice::from_ref(&ada), None).unwrap(), ada);
    }

    #[test]
    fn addresses_that_cannot_work_are_refused() {
        assert!(base_url("http://127.0.0.1:8000").is_ok());
        for (url, part) in [
            ("https://twin.example", "https is not supported"),
            ("localhost", "is not an address"),
            ("ftp://twin.example", "is not an address"),
        ] {
            let problem = base_url(url).unwrap_err().to_string();
            assert!(problem.contains(part), "{problem}");
        }
    }

    #[test]
    fn refusals_say_what_to_do() {
        let base: Url = "http://127.0.0.1:8000".parse().unwrap();
        let say = |body: &str| {
            let status = StatusCode::UNAUTHORIZED;
            refusal("log in", status, body.as_bytes(), "ana@example.com", &base).to_string()
        };
        let wrong = say(r#"{"code":"unauthenticated","detail":"no"}"#);
        assert!(wrong.starts_with("wrong password for ana@example.com"));
        let limited = say(r#"{"code":"rate_limited","detail":"too many attempts"}"#);
        assert_eq!(limited, "cannot log in: too many attempts (rate_limited)");
        assert!(say("<html>").contains("is it a digital-twin server?"));
    }
}
