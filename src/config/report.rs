//! What `digital-twin config` prints: every setting with its effective value and origin, secrets redacted.

use super::{Config, SETTINGS};

/// The settings as lines `NAME=value  (origin)`.
pub fn report(config: &Config) -> String {
    let rows: Vec<(String, String)> = SETTINGS
        .iter()
        .map(|setting| match config.shown.get(setting.name) {
            Some(Some(value)) => {
                let origin = config.origin(setting.name).to_string();
                (format!("{}={value}", setting.name), origin)
            }
            _ => (format!("{}=", setting.name), "not set".to_owned()),
        })
        .collect();
    let width = rows.iter().map(|(pair, _)| pair.chars().count()).max();
    let mut text = String::new();
    for (pair, origin) in rows {
        let padding = width.unwrap_or_default() - pair.chars().count();
        text.push_str(&format!("{pair}{:padding$}  ({origin})\n", ""));
    }
    text
}
