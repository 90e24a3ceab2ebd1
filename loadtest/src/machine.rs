//! Processes: how much of the machine those of others use while a work is measured, and signals to ours.

use anyhow::Context;
pub(crate) use nix::sys::signal::Signal;
use nix::unistd::Pid;
use tokio::process::Child;

/// The most that others may use of all processors; a measurement that they disturb more is taken again.
pub(crate) const FOREIGN_SHARE_MAX: f64 = 0.08;

/// Measurements of one round that are thrown away before a disturbed one is taken.
pub(crate) const DISTURBED_MAX: usize = 3;

/// Ticks in a second, on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// Seconds of processor time that a process, a number or `self`, has used.
///
/// # Errors
/// When it has gone.
pub(crate) fn cpu_seconds(process: &str) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    // The name of the program, in parentheses, may hold spaces.
    let fields = stat.rsplit_once(')').context("a line of stat")?.1;
    let fields: Vec<&str> = fields.split_whitespace().collect();
    Ok((fields[11].parse::<f64>()? + fields[12].parse::<f64>()?) / TICKS_PER_SECOND)
}

/// The same of a process and its children together.
///
/// # Errors
/// When it has gone.
pub(crate) fn cpu_seconds_of_family(parent: u32) -> anyhow::Result<f64> {
    let mut seconds = cpu_seconds(&parent.to_string())?;
    let children = std::fs::read_to_string(format!("/proc/{parent}/task/{parent}/children"))?;
    // A child may end while it is looked at.
    seconds += children
        .split_whitespace()
        .filter_map(|child| cpu_seconds(child).ok())
        .sum::<f64>();
    Ok(seconds)
}

/// Sends a signal to a process of ours.
///
/// # Errors
/// When it has gone.
pub(crate) fn signal(child: &Child, signal: Signal) -> anyhow::Result<()> {
    let pid = child.id().context("the process has ended")?;
    Ok(nix::sys::signal::kill(
        Pid::from_raw(pid.try_into()?),
        signal,
    )?)
}

/// The processors' time so far, in ticks: all of it, and that in which they were busy.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ticks {
    all: f64,
    busy: f64,
}

impl Ticks {
    /// Reads them.
    ///
    /// # Errors
    /// Where the system does not show them as Linux does.
    pub(crate) fn now() -> anyhow::Result<Self> {
        Self::parse(&std::fs::read_to_string("/proc/stat")?)
    }

    fn parse(stat: &str) -> anyhow::Result<Self> {
        let line = stat.lines().next().context("an empty /proc/stat")?;
        let fields = line.split_whitespace().skip(1).take(8).map(str::parse);
        let fields: Vec<f64> = fields.collect::<Result<_, _>>()?;
        let [_, _, _, idle, waiting, ..] = fields[..] else {
            anyhow::bail!("/proc/stat: {line}");
        };
        let all: f64 = fields.iter().sum();
        Ok(Self {
            all,
            busy: all - idle - waiting,
        })
    }

    /// Which share of all processors others used since then, beside processes that used so many seconds.
    pub(crate) fn foreign_share(self, before: Self, our_seconds: f64) -> f64 {
        (self.busy - before.busy - our_seconds * TICKS_PER_SECOND)
            / (self.all - before.all).max(1.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_neither_idles_nor_is_ours_is_foreign() {
        let ticks = |line: &str| Ticks::parse(line).unwrap();
        let before = ticks("cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 1");
        let after = ticks("cpu  140 10 60 880 60 0 0 0 0 0\ncpu0 1");
        // 150 ticks, of which 60 were busy and 45 ours.
        assert_eq!(after.foreign_share(before, 0.45), 0.1);
    }
}
