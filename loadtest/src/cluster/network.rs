//! The network of one node, in which packets can be lost: a namespace that a pair of linked interfaces joins to this machine, and nothing
//! to anywhere else.

use std::net::Ipv4Addr;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::time::sleep;

/// Addresses of one node's network: its own and this machine's, between that of the network and the one for all.
const ADDRESSES: u32 = 4;
/// The length of the prefix that they share.
const PREFIX: u32 = 30;

/// Where networks are looked for that nobody uses: 10.64.0.0/10, 256 addresses each.
const FIRST: Ipv4Addr = Ipv4Addr::new(10, 64, 0, 0);
const RANGES: u32 = 1 << 14;
const RANGE: u32 = 256;
const RANGE_PREFIX: u32 = 24;
const TRIES_MAX: u32 = 64;

/// Chains for packets that arrive at a node and that leave it; rules are added to them, and all is deleted together.
const CHAINS: &str = "add table ip faults; \
     add chain ip faults arriving { type filter hook input priority 0; }; \
     add chain ip faults leaving { type filter hook output priority 0; }";

/// Packets that are lost.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lost {
    /// Those that come from a port of this machine.
    From(u16),
    /// Those that go to a port of this machine.
    To(u16),
    /// All.
    All,
}

/// The network of one node; it ends with this.
pub(crate) struct Network {
    /// Its name.
    namespace: String,
    /// The name of this machine's interface.
    interface: String,
    /// This machine's address.
    here: Ipv4Addr,
    /// The node's address.
    there: Ipv4Addr,
}

impl Network {
    /// Makes the networks of so many nodes.
    ///
    /// # Errors
    /// When they cannot be made: that takes Linux, its root, and the programs `ip` and `nft`.
    pub(super) fn of_nodes(nodes: usize) -> anyhow::Result<Vec<Self>> {
        let process = std::process::id();
        let range = unused_range(process)?;
        let networks = (0..u32::try_from(nodes)?).map(|node| {
            let first = range.to_bits() + node * ADDRESSES;
            let network = Self {
                namespace: format!("twin-{process}-{node}"),
                interface: format!("twin{process}n{node}"),
                here: Ipv4Addr::from_bits(first + 1),
                there: Ipv4Addr::from_bits(first + 2),
            };
            network.make().map(|()| network)
        });
        networks.collect()
    }

    fn make(&self) -> anyhow::Result<()> {
        let (namespace, interface) = (self.namespace.as_str(), self.interface.as_str());
        let here = format!("{}/{PREFIX}", self.here);
        let there = format!("{}/{PREFIX}", self.there);
        ip(&["netns", "add", namespace])?;
        let pair = ["link", "add", interface, "type", "veth", "peer", "name"];
        ip(&[&pair[..], &["eth0", "netns", namespace]].concat())?;
        ip(&["address", "add", &here, "dev", interface])?;
        ip(&["link", "set", interface, "up"])?;
        let inside = ["-netns", namespace];
        ip(&[&inside[..], &["address", "add", &there, "dev", "eth0"]].concat())?;
        ip(&[&inside[..], &["link", "set", "eth0", "up"]].concat())?;
        ip(&[&inside[..], &["link", "set", "lo", "up"]].concat())?;
        self.nft(CHAINS)
    }

    /// Its name.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    /// This machine's address.
    pub(super) fn here(&self) -> Ipv4Addr {
        self.here
    }

    /// The node's address.
    pub(super) fn there(&self) -> Ipv4Addr {
        self.there
    }

    /// Loses packets for a while.
    ///
    /// # Errors
    /// When the rules cannot be set, or not taken away.
    pub(crate) async fn lose_for_a_while(
        &self,
        lost: Lost,
        duration: Duration,
    ) -> anyhow::Result<()> {
        let here = self.here;
        let arriving = format!("add rule ip faults arriving ip saddr {here}");
        let leaving = format!("add rule ip faults leaving ip daddr {here}");
        let rules = match lost {
            Lost::From(port) => format!("{arriving} tcp sport {port} drop"),
            Lost::To(port) => format!("{leaving} tcp dport {port} drop"),
            Lost::All => format!("{arriving} drop; {leaving} drop"),
        };
        self.nft(&rules)?;
        sleep(duration).await;
        self.nft("flush table ip faults")
    }

    fn nft(&self, rules: &str) -> anyhow::Result<()> {
        ip(&["netns", "exec", &self.namespace, "nft", rules]).map(drop)
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        // The interface goes at once, the namespace when its last process has ended. What was not made is not there.
        let _ = ip(&["link", "delete", &self.interface]);
        let _ = ip(&["netns", "delete", &self.namespace]);
    }
}

/// Addresses that no network uses which this machine knows; each process begins to look at another place.
fn unused_range(process: u32) -> anyhow::Result<Ipv4Addr> {
    for number in process..process + TRIES_MAX {
        let range = Ipv4Addr::from_bits(FIRST.to_bits() + number % RANGES * RANGE);
        let prefix = format!("{range}/{RANGE_PREFIX}");
        let routes = ["-4", "route", "show", "table", "all", "to"];
        let within = ip(&[&routes[..], &["root", &prefix]].concat())?;
        let around = ip(&[&routes[..], &["match", &prefix]].concat())?;
        let mut around = around.lines().filter(|route| !route.starts_with("default"));
        if within.trim().is_empty() && around.next().is_none() {
            return Ok(range);
        }
    }
    anyhow::bail!("no network of 10.64.0.0/10 is unused")
}

/// Runs `ip`, and gives what it says.
fn ip(arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("ip").args(arguments).output();
    let output = output.context("ip cannot be run")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "ip: {}", complaint.trim());
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
