//! What `serve` tells the person who started it.

use std::io::Write;
use std::net::SocketAddr;

use inference::ModelInfo;

use super::{OPENAPI_PATH, Running};
use crate::config::{Config, EngineKind};
use crate::{database, seed};

/// Prints where the server is and what to do next.
pub(super) async fn print(config: &Config, running: &Running) {
    let url = url(running.address());
    let model = &running.node().engine().model;
    let mut lines = vec![
        format!("{} serves {url}", config.app_name),
        format!("  data   {}", database::describe(&config.database)),
        format!("  bus    {}", config.bus),
        format!("  model  {}", words(model)),
        format!("  API    {url}{OPENAPI_PATH}"),
        format!("  web    {}", web_client(config, &url)),
    ];
    if config.models.engine == EngineKind::Scripted {
        lines.push("  Replies are scripted: no model runs. TWIN_ENGINE=torch runs one.".to_owned());
    }
    if !config.is_production() {
        lines.push(String::new());
        let is_seeded = seed::is_seeded(&running.edge().storage).await;
        if !is_seeded {
            lines.push("Make the demo account with the twin Ada: digital-twin seed".to_owned());
        }
        lines.push(format!("Talk with Ada: {}", talk(running.address())));
    }
    lines.push("Stop with Ctrl-C.".to_owned());
    // A closed standard output is no reason not to serve.
    let _ = writeln!(std::io::stdout().lock(), "{}", lines.join("\n"));
}

/// Prints where a server of role inference is.
pub(super) fn print_models(config: &Config, address: SocketAddr, model: &ModelInfo) {
    let url = url(address);
    let lines = [
        format!("{} serves {url}", config.app_name),
        "  role   inference: models for other nodes, with AI_SERVICE_URL, and nothing else"
            .to_owned(),
        format!("  model  {}", words(model)),
        "Stop with Ctrl-C.".to_owned(),
    ];
    // A closed standard output is no reason not to serve.
    let _ = writeln!(std::io::stdout().lock(), "{}", lines.join("\n"));
}

fn words(model: &ModelInfo) -> String {
    format!("{} ({}, {})", model.name, model.architecture, model.forward)
}

fn web_client(config: &Config, url: &str) -> String {
    match config.http.web_dir.is_dir() {
        true => format!("{url}/"),
        false => "not built: make web builds it".to_owned(),
    }
}

fn talk(address: SocketAddr) -> String {
    let question = "\"How many prisms does the lens of Skarholm have?\"";
    match address.port() {
        8000 => format!("digital-twin chat --twin ada {question}"),
        _ => format!(
            "digital-twin chat --url {} --twin ada {question}",
            url(address)
        ),
    }
}

/// Where a client on this machine finds the server.
pub(super) fn url(address: SocketAddr) -> String {
    match address.ip().is_unspecified() {
        true => format!("http://127.0.0.1:{}", address.port()),
        false => format!("http://{address}"),
    }
}
