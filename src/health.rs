//! What `digital-twin health` asks: whether the server that these settings describe may be given work.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use reqwest::Client;

use crate::config::Config;
use crate::serve;

/// How long the server may take; its own checks take two seconds at most.
const PATIENCE: Duration = Duration::from_secs(5);

/// Asks the server on this machine.
///
/// # Errors
/// When it does not answer, or says that it is not ready; the answer names what it lacks.
pub async fn ask(config: &Config) -> anyhow::Result<()> {
    ensure!(config.http.port != 0, "PORT is 0: name the server's port");
    let url = format!("{}/readyz", serve::url(&config.http)?);
    // A proxy of the environment is for elsewhere.
    let client = Client::builder().no_proxy().timeout(PATIENCE).build()?;
    let answer = client.get(&url).send().await;
    let answer = answer.with_context(|| format!("{url} does not answer"))?;
    let status = answer.status();
    let said = answer.text().await.unwrap_or_default();
    match status.is_success() {
        true => Ok(()),
        false => bail!("{url} says {status}: {said}"),
    }
}
