//! What `serve` tells the person who started it.

use std::io::Write;

use super::{OPENAPI_PATH, Running};
use crate::config::{Config, EngineKind};
use crate::{database, seed};

/// Prints where the server is and what to do next.
pub(super) async fn print(config: &Config, running: &Running) {
    let url = format!("http://{}", running.address());
    let model = &running.node().engine().model;
    let mut lines = vec![
        format!("{} serves {url}", config.app_name),
        format!("  data   {}", database::describe(&config.database)),
        format!("  bus    {}", config.bus),
        format!(
            "  model  {} ({}, {})",
            model.name, model.architecture, model.dtype
        ),
        format!("  API    {url}{OPENAPI_PATH}"),
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
        lines.push(format!("Talk with Ada: {}", talk(running.address().port())));
    }
    lines.push("Stop with Ctrl-C.".to_owned());
    // A closed standard output is no reason not to serve.
    let _ = writeln!(std::io::stdout().lock(), "{}", lines.join("\n"));
}

fn talk(port: u16) -> String {
    let question = "\"Which lighthouse did you repair first?\"";
    match port {
        8000 => format!("digital-twin chat --twin ada {question}"),
        port => format!("digital-twin chat --server http://127.0.0.1:{port} --twin ada {question}"),
    }
}
