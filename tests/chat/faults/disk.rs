//! Disks that fill up under SQLite: what cannot be kept is refused, and nothing is lost.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

/// A small disk of its own, which goes with this.
struct SmallDisk(TempDir);

impl SmallDisk {
    /// Mounts one.
    fn mount() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=16m", "tmpfs"])
            .arg(folder.path())
            .output()
            .expect("mount can be run");
        let complaint = String::from_utf8_lossy(&mounted.stderr);
        assert!(
            mounted.status.success(),
            "a small disk cannot be mounted, which needs root and Linux: {complaint}"
        );
        Self(folder)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills what is free, and gives the file that does.
    fn fill(&self) -> PathBuf {
        let filler = self.path().join("filler");
        let mut file = std::fs::File::create(&filler).unwrap();
        while std::io::Write::write(&mut file, &[0; 4096]).is_ok_and(|written| written > 0) {}
        filler
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount")
            .arg("--lazy")
            .arg(self.0.path())
            .status();
    }
}

#[actix_web::test]
async fn a_full_disk_is_an_error_for_the_sender_and_nothing_is_lost() {
    let disk = SmallDisk::mount();
    let folder = tempfile::tempdir_in(disk.path()).unwrap();
    let database = folder.path().join("digital-twin.sqlite");
    let settings = [("TWIN_SENDS_PER_MINUTE", "1000000")];
    let mut program = serve_with(folder, &settings).await;
    let (ada, bob) = (
        register(&program, "ada").await,
        register(&program, "bob").await,
    );
    let room = room(&program, &ada, &bob).await;
    let mut peer = Peer::connect(&program).await;
    peer.follow(&ada, &room).await;
    let long = "x".repeat(8_000);
    let mut acknowledged = BTreeSet::new();
    for number in 0..10 {
        let client_id = format!("before-{number}");
        acknowledged.insert(peer.send(&room, &client_id, &long).await.unwrap());
    }
    let filler = disk.fill();
    let mut refused = None;
    for number in 0..5_000 {
        let client_id = format!("during-{number}");
        match peer.send(&room, &client_id, &long).await {
            Ok(seq) => acknowledged.insert(seq),
            Err(code) => {
                assert_eq!(code, "unavailable");
                refused = Some(client_id);
                break;
            }
        };
    }
    let refused = refused.expect("a full disk takes no more messages");
    let again = peer.send(&room, &refused, &long).await;
    assert_eq!(again.unwrap_err(), "unavailable");

    std::fs::remove_file(filler).unwrap();
    acknowledged.insert(peer.send(&room, &refused, &long).await.unwrap());
    let seqs: Vec<u64> = acknowledged.into_iter().collect();
    let log = read_log(&program, &ada, &room).await;
    assert_eq!(log.iter().map(seq).collect::<Vec<_>>(), seqs);
    assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>());
    program.signal("-TERM").await;
    assert_eq!(program.child.wait().await.unwrap().code(), Some(0));
    assert_eq!(integrity(&database), "ok");
}

fn integrity(database: &Path) -> String {
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE;
    let connection = rusqlite::Connection::open_with_flags(database, flags).unwrap();
    connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap()
}
