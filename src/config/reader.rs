//! Reading settings one by one: where a value comes from, whether it is allowed, and what is shown of it.

use std::collections::BTreeMap;
use std::fmt;

use super::setting::setting;
use super::sources::{Origin, Raw, Sources};
use super::value;

/// Reads settings one by one and collects what is wrong, so that a person mends everything at once.
pub(super) struct Reader<'a> {
    pub(super) sources: &'a Sources,
    pub(super) problems: Vec<String>,
    pub(super) origins: BTreeMap<&'static str, Origin>,
    pub(super) shown: BTreeMap<&'static str, Option<String>>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self {
            sources,
            problems: Vec::new(),
            origins: BTreeMap::new(),
            shown: BTreeMap::new(),
        }
    }

    /// Shows what an absent setting amounts to.
    pub(super) fn show_default(&mut self, name: &'static str, value: impl fmt::Display) {
        let shown = self.shown.entry(name).or_default();
        shown.get_or_insert_with(|| value.to_string());
    }

    /// Reads a whole number of this range.
    pub(super) fn number(&mut self, name: &'static str, min: u64, max: u64) -> u64 {
        self.required(name, |text| value::number(text, min..=max))
    }

    /// Reads a setting that has a default. A malformed value is noted, and the default stands in until the end.
    pub(super) fn required<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, value::Allowed>,
    ) -> T {
        self.optional(name, &parse).unwrap_or_else(|| {
            let default = setting(name).and_then(|setting| setting.default);
            let parsed = default.map(parse);
            match parsed {
                Some(Ok(value)) => value,
                _ => unreachable!("the default of {name} is one of its values"),
            }
        })
    }

    /// Reads a setting whose absence has a meaning. A malformed value is noted and counts as absent until the end.
    pub(super) fn optional<T>(
        &mut self,
        name: &'static str,
        parse: impl Fn(&str) -> Result<T, value::Allowed>,
    ) -> Option<T> {
        let raw = self.raw(name)?;
        match parse(&raw.text) {
            Ok(value) => Some(value),
            Err(allowed) => {
                let problem = malformed(name, &raw, &allowed);
                self.problems.push(problem);
                None
            }
        }
    }

    /// Reads a secret, of which nothing but its length is ever shown.
    pub(super) fn secret(&mut self, name: &'static str) -> Option<String> {
        self.raw(name).map(|raw| raw.text)
    }

    fn raw(&mut self, name: &'static str) -> Option<Raw> {
        let setting = setting(name).expect("every setting that is read stands in the table");
        let raw = self.sources.read(setting).unwrap_or_else(|problem| {
            self.problems.push(problem);
            None
        });
        let shown = raw.as_ref().map(|raw| match setting.secret {
            true => format!("[redacted, {} bytes]", raw.text.len()),
            false => raw.text.clone(),
        });
        self.shown.insert(name, shown);
        if let Some(raw) = &raw {
            self.origins.insert(name, raw.origin.clone());
        }
        raw
    }
}

fn malformed(name: &str, raw: &Raw, allowed: &str) -> String {
    let said = match raw.origin {
        Origin::Flag => {
            setting(name).map_or_else(String::new, |setting| format!("--{}", setting.flag()))
        }
        _ => name.to_owned(),
    };
    format!("{said} is {:?}: allowed is {allowed}", raw.text)
}
