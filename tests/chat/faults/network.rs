//! A network of a test's own, in which packets can be dropped: the test runs again inside a namespace that ends with it.

use std::process::Command;

/// Says to the test that it runs inside.
const INSIDE: &str = "TEST_INSIDE_OWN_NETWORK";

/// Runs a test, named with its modules, again in a network of its own. True for the one that is inside, which does the work.
pub(super) fn is_own(test: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let (_, test) = test.split_once("::").unwrap();
    let output = Command::new("unshare")
        .args(["--net", "--"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .output()
        .expect("util-linux is installed, which has unshare");
    let said = String::from_utf8_lossy(&output.stdout);
    eprintln!("{said}\n{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success() && said.contains("1 passed"),
        "the test failed in a network of its own; to make one it needs root, Linux, nft and ip (setup/packages.sh test)"
    );
    false
}

/// Brings the loopback up, which in a new network is down.
pub(super) fn bring_up() {
    run("ip", &["link", "set", "lo", "up"]);
}

/// From here on no packet from or to this address arrives.
pub(super) fn drop_packets(address: &str) {
    let rules = format!(
        "add table ip faults; add chain ip faults input {{ type filter hook input priority 0; }}; \
         add rule ip faults input ip saddr {address} drop; add rule ip faults input ip daddr {address} drop"
    );
    run("nft", &[&rules]);
}

fn run(program: &str, arguments: &[&str]) {
    let output = Command::new(program).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{program} cannot be run: {error}"));
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program}: {complaint}");
}
