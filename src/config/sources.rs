//! Where values come from: flags before the environment before defaults, each remembered with its origin.

use std::collections::BTreeMap;
use std::fmt;

use super::setting::{OWN_PREFIX, SETTINGS, Setting, setting};

/// How alike a mistyped name must be to a known one for it to be suggested, from 0 to 1.
const SUGGESTION_SIMILARITY_MIN: f64 = 0.7;

/// What flags and the environment say.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Values of flags, by the setting's name.
    pub flags: BTreeMap<String, String>,
    /// The environment.
    pub environment: BTreeMap<String, String>,
}

/// Where a value came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Nobody said anything.
    Default,
    /// A variable of the environment.
    Environment,
    /// A file that a variable of the environment names.
    File(String),
    /// A flag.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => formatter.write_str("default"),
            Self::Environment => formatter.write_str("environment"),
            Self::File(path) => write!(formatter, "file {path}"),
            Self::Flag => formatter.write_str("flag"),
        }
    }
}

/// A value with its origin.
#[derive(Debug, Clone)]
pub(super) struct Raw {
    pub(super) text: String,
    pub(super) origin: Origin,
}

impl Sources {
    /// The environment of this process, and these flags.
    pub fn of_process(flags: BTreeMap<String, String>) -> Self {
        let environment = std::env::vars_os()
            .map(|(name, value)| {
                let name = name.to_string_lossy().into_owned();
                (name, value.to_string_lossy().into_owned())
            })
            .collect();
        Self { flags, environment }
    }

    /// Takes what was said about a setting, or its default. An empty variable counts as absent, as in Compose files.
    pub(super) fn read(&self, setting: &Setting) -> Result<Option<Raw>, String> {
        if let Some(text) = self.flags.get(setting.name) {
            return Ok(Some(Raw {
                text: text.clone(),
                origin: Origin::Flag,
            }));
        }
        let variable = self.variable(setting.name);
        let file = setting
            .file_variable()
            .and_then(|name| Some((self.variable(&name)?, name)));
        match (variable, file) {
            (Some(_), Some((_, name))) => Err(format!(
                "{} and {name} are both set: set one of them",
                setting.name
            )),
            (Some(text), None) => Ok(Some(Raw {
                text: text.to_owned(),
                origin: Origin::Environment,
            })),
            (None, Some((path, name))) => read_secret_file(path)
                .map(Some)
                .map_err(|error| format!("{name}: {path:?} can't be read: {error}")),
            (None, None) => Ok(setting.default.map(|text| Raw {
                text: text.to_owned(),
                origin: Origin::Default,
            })),
        }
    }

    /// Says which variables look like settings of ours and are none.
    pub(super) fn unknown_variables(&self) -> Vec<String> {
        self.environment
            .keys()
            .filter(|name| name.starts_with(OWN_PREFIX) && !is_known(name))
            .map(|name| match nearest(name) {
                Some(known) => format!("{name} is not a setting: did you mean {known}?"),
                None => format!("{name} is not a setting: `digital-twin config` lists all"),
            })
            .collect()
    }

    fn variable(&self, name: &str) -> Option<&str> {
        let text = self.environment.get(name)?.trim();
        (!text.is_empty()).then_some(text)
    }
}

/// Whether a variable is a setting, or names the file of a secret one.
fn is_known(name: &str) -> bool {
    let secret = || setting(name.strip_suffix("_FILE")?).filter(|setting| setting.secret);
    setting(name).or_else(secret).is_some()
}

fn read_secret_file(path: &str) -> std::io::Result<Raw> {
    let text = std::fs::read_to_string(path)?;
    Ok(Raw {
        text: text.trim_end_matches(['\r', '\n']).to_owned(),
        origin: Origin::File(path.to_owned()),
    })
}

fn nearest(name: &str) -> Option<&'static str> {
    let own = SETTINGS
        .iter()
        .filter(|setting| setting.name.starts_with(OWN_PREFIX));
    let mut best = (SUGGESTION_SIMILARITY_MIN, None);
    for setting in own {
        let similarity = strsim::normalized_damerau_levenshtein(name, setting.name);
        if similarity > best.0 {
            best = (similarity, Some(setting.name));
        }
    }
    best.1
}
