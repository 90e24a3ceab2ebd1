//! What was measured, as a page and as data: medians over the rounds, and how many times the others they are.

use std::collections::BTreeMap;
use std::fmt::Write;

use serde_json::{Value, json};

use crate::run::Measured;
use crate::scenario::{Suite, WorkKind};
use crate::target::Kind;

/// Every measurement of a suite: by work, server and round.
#[derive(Default)]
pub(crate) struct Results {
    measured: BTreeMap<(usize, Kind), Vec<Measured>>,
}

impl Results {
    /// Adds a round's measurement of a work, by its place in the suite.
    pub(crate) fn add(&mut self, work: usize, kind: Kind, measured: Measured) {
        self.measured
            .entry((work, kind))
            .or_default()
            .push(measured);
    }

    fn median(&self, work: usize, kind: Kind, of: fn(&Measured) -> f64) -> Option<f64> {
        let rounds = self.measured.get(&(work, kind))?;
        Some(median(rounds.iter().map(of).collect()))
    }

    /// The page: a table for each work.
    pub(crate) fn markdown(&self, suite: &Suite) -> String {
        let mut page = format!(
            "# {}\n\nMedians of {} rounds of {} s.\n",
            suite.name, suite.rounds, suite.seconds
        );
        for (number, work) in suite.works.iter().enumerate() {
            let idle = matches!(work.kind, WorkKind::Idle { .. });
            let header = match idle {
                true => "| server | bytes a connection | times ours |\n|---|---|---|\n",
                false => {
                    "| server | a second | p50 ms | p99 ms | server CPU µs each | ours to it: a second, CPU, p99 |\n\
                     |---|---|---|---|---|---|\n"
                }
            };
            let _ = write!(page, "\n## {}\n\n{header}", work.name);
            for kind in Kind::ALL {
                let figure = |of| self.median(number, kind, of);
                let ours = |of| self.median(number, Kind::Product, of).unwrap_or(f64::NAN);
                let Some(per_second) = figure(|measured| measured.per_second) else {
                    continue;
                };
                let bytes = figure(|measured| measured.server_bytes).unwrap_or_default();
                let (p50, p99) = (
                    figure(|measured| measured.p50_ms).unwrap_or_default(),
                    figure(|measured| measured.p99_ms).unwrap_or_default(),
                );
                let cpu = figure(|measured| measured.server_cpu_us).unwrap_or_default();
                let _ = match idle {
                    true => writeln!(
                        page,
                        "| {} | {bytes:.0} | {:.2} |",
                        kind.name(),
                        bytes / ours(|measured| measured.server_bytes)
                    ),
                    false => writeln!(
                        page,
                        "| {} | {per_second:.0} | {p50:.2} | {p99:.2} | {cpu:.2} | {:.2}, {:.2}, {:.2} |",
                        kind.name(),
                        ours(|measured| measured.per_second) / per_second,
                        ours(|measured| measured.server_cpu_us) / cpu,
                        ours(|measured| measured.p99_ms) / p99,
                    ),
                };
            }
            page.push_str(&self.parts(number).unwrap_or_default());
            page.push_str(&self.beside(suite, number).unwrap_or_default());
        }
        page
    }

    /// What a work costs the database and the bus, where they are ours.
    fn parts(&self, number: usize) -> Option<String> {
        let part = |of| self.median(number, Kind::Product, of);
        let postgres = part(|measured| measured.parts_us.postgres)?;
        let redis = part(|measured| measured.parts_us.redis)?;
        let generator = part(|measured| measured.parts_us.generator)?;
        let is_ours = postgres + redis > 0.0;
        is_ours.then(|| {
            format!(
                "\nBeside the nodes each takes {postgres:.2} µs of PostgreSQL, {redis:.2} µs of Redis and {generator:.2} µs of the load generator.\n"
            )
        })
    }

    /// How many times the latency of the work that it stands beside a work's is, round by round.
    fn beside(&self, suite: &Suite, number: usize) -> Option<String> {
        let other = suite.works[number].beside.as_ref()?;
        let other_number = suite.works.iter().position(|work| work.name == *other)?;
        let rounds = |work| self.measured.get(&(work, Kind::Product));
        let pairs = rounds(number)?.iter().zip(rounds(other_number)?);
        let mut p50s = Vec::new();
        let mut times = Vec::new();
        for (this, other) in pairs {
            p50s.push(this.p50_ms / other.p50_ms);
            times.push(this.p99_ms / other.p99_ms);
        }
        times.sort_by(f64::total_cmp);
        let (least, most) = (times.first()?, times.last()?);
        let tokens = self.median(number, Kind::Product, |measured| measured.tokens_per_second)?;
        let all = rounds(number)?.iter().chain(rounds(other_number)?);
        let foreign = all
            .map(|measured| measured.foreign_share)
            .fold(0.0, f64::max);
        let mut beside = format!(
            "\nIts p50 is {:.2} times that of \u{ab}{other}\u{bb}, its p99 {:.2} times ({least:.2} to {most:.2}).",
            median(p50s),
            median(times.clone()),
        );
        if tokens > 0.0 {
            let _ = write!(
                beside,
                " The engines computed {tokens:.0} tokens of prompts and replies a second. Others used {:.0} % of the processors at most.",
                foreign * 100.0
            );
        }
        beside.push('\n');
        Some(beside)
    }

    /// Every measurement.
    pub(crate) fn json(&self, suite: &Suite) -> Value {
        let rows = self.measured.iter().map(|((work, kind), rounds)| {
            json!({ "work": suite.works[*work].name, "server": kind.name(), "rounds": rounds })
        });
        json!({ "suite": suite, "measured": rows.collect::<Vec<_>>() })
    }

    /// A picture: for each work, the deliveries a second of each server as a bar.
    pub(crate) fn svg(&self, suite: &Suite) -> String {
        const ROW: usize = 22;
        const WIDTH: f64 = 560.0;
        let mut bars = String::new();
        let mut y = 10;
        for (number, work) in suite.works.iter().enumerate() {
            let rates: Vec<(Kind, f64)> = Kind::ALL
                .into_iter()
                .filter_map(|kind| Some((kind, self.median(number, kind, |row| row.per_second)?)))
                .collect();
            let most = rates.iter().map(|(_, rate)| *rate).fold(1.0, f64::max);
            let _ = write!(
                bars,
                r#"<text x="10" y="{}" font-weight="bold">{}</text>"#,
                y + 14,
                work.name
            );
            y += ROW;
            for (kind, rate) in rates {
                let colour = if kind == Kind::Product {
                    "#2b6cb0"
                } else {
                    "#a0aec0"
                };
                let _ = write!(
                    bars,
                    r#"<text x="10" y="{text}">{name}</text><rect x="110" y="{y}" width="{width:.0}" height="16" fill="{colour}"/><text x="{end:.0}" y="{text}">{rate:.0}/s</text>"#,
                    text = y + 13,
                    name = kind.name(),
                    width = rate / most * WIDTH,
                    end = 116.0 + rate / most * WIDTH,
                );
                y += ROW;
            }
            y += ROW / 2;
        }
        format!(
            r#"<svg xmlns="http://www.w3.org/2000/svg" width="800" height="{y}" font-family="sans-serif" font-size="12">{bars}</svg>"#
        )
    }
}

/// The middle of some figures, or the mean of the two middle ones.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    let middle = figures.len() / 2;
    match figures.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => figures[middle],
        _ => f64::midpoint(figures[middle - 1], figures[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_or_the_mean_of_the_two_middle_ones() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
