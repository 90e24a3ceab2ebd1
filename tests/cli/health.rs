//! What watches the process from outside is told: health checks of containers, and service managers.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use tempfile::TempDir;

use crate::serving::Serving;
use crate::{complained, program};

/// The status of `health` for the server at this port, and what it complained about.
fn health(folder: &TempDir, port: &str) -> (Option<i32>, String) {
    let output = program(folder)
        .arg("health")
        .env("PORT", port)
        .output()
        .unwrap();
    (output.status.code(), complained(&output))
}

#[test]
fn health_is_that_the_server_may_be_given_work() {
    let folder = tempfile::tempdir().unwrap();
    let serving = Serving::start(program(&folder).arg("serve"));
    let port = serving.url.rsplit(':').next().unwrap().to_owned();
    assert_eq!(health(&folder, &port), (Some(0), String::new()));

    std::fs::remove_dir_all(folder.path().join("uploads")).unwrap();
    std::fs::write(folder.path().join("uploads"), "in the way").unwrap();
    // The checks' last result is told again for a second.
    let deadline = std::time::Instant::now() + Duration::from_secs(20);
    let (mut status, mut why) = health(&folder, &port);
    while status == Some(0) && std::time::Instant::now() < deadline {
        (status, why) = health(&folder, &port);
    }
    assert_eq!(status, Some(1));
    assert!(why.contains("\"files\":{\"ok\":false"), "{why}");

    serving.signal("TERM");
    serving.end();
    let (status, why) = health(&folder, &port);
    assert_eq!(status, Some(1));
    assert!(why.contains("/readyz does not answer"), "{why}");
}

#[test]
fn a_service_manager_is_told_that_the_server_serves_lives_and_stops() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("notify");
    let manager = UnixDatagram::bind(&path).unwrap();
    manager
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let heard = || {
        let mut bytes = [0; 64];
        let length = manager.recv(&mut bytes).unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let mut command = program(&folder);
    command
        .arg("serve")
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "200000");
    let serving = Serving::start(&mut command);
    assert_eq!(
        [heard(), heard(), heard()],
        ["READY=1\n", "WATCHDOG=1\n", "WATCHDOG=1\n"]
    );
    serving.signal("TERM");
    let stopping = std::iter::repeat_with(heard).find(|said| said != "WATCHDOG=1\n");
    assert_eq!(stopping.as_deref(), Some("STOPPING=1\n"));
    let (status, _, log) = serving.end();
    assert_eq!(status, Some(0), "{log}");
}
