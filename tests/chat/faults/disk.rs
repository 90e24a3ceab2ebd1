//! Disks that fill up under SQLite and under uploads: what cannot be kept is refused, and nothing is lost.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::*;

/// A small disk of its own, which goes with this.
pub(super) struct SmallDisk(TempDir);

impl SmallDisk {
    /// Mounts one of this size.
    pub(super) fn mount(megabytes: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mounted = std::process::Command::new("mount")
            .args(["-t", "tmpfs", "tmpfs", "-o"])
            .arg(format!("size={megabytes}m"))
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

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills what is free, and gives the file that does.
    pub(super) fn fill(&self) -> PathBuf {
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
    let disk = SmallDisk::mount(16);
    let folder = tempfile::tempdir_in(disk.path()).unwrap();
    let database = folder.path().join("digital-twin.sqlite");
    let settings = [("TWIN_SENDS_PER_MINUTE", "1000000")];
    let mut program = serve_with(folder, &settings).await;
    let (ada, _, room) = two_in_a_room(&program).await;
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

#[actix_web::test]
async fn an_upload_that_finds_its_disk_full_leaves_nothing_behind_and_the_chat_goes_on() {
    let disk = SmallDisk::mount(16);
    let uploads = disk.path().join("uploads");
    let settings = [("UPLOAD_DIR", uploads.to_str().unwrap())];
    let program = serve_with(tempfile::tempdir().unwrap(), &settings).await;
    let ada = register(&program, "ada").await;
    let twin = twin(&program, &ada).await;
    let talk = talk(&program, &ada, &twin).await;
    let mut peer = Peer::connect(&program).await;
    peer.follow(&ada, &talk).await;
    let kept = upload(&program, &ada, &twin, "before.txt").await;
    assert_eq!(kept.status(), 201);

    let filler = disk.fill();
    // No room at all, and room for a part of the file.
    for room_bytes in [0, 64 * 1024] {
        leave_room(&filler, room_bytes);
        let refused = upload(&program, &ada, &twin, "after.txt").await;
        is_refused_for_want_of_room(refused).await;
        assert_eq!(documents(&program, &ada, &twin).await, ["before.txt"]);
        assert_eq!(std::fs::read_dir(&uploads).unwrap().count(), 1);
        let (client_id, order) = (format!("room-{room_bytes}"), format!("!say {room_bytes}"));
        peer.send(&talk, &client_id, &order).await.unwrap();
        let done = peer.until(|frame| frame["op"] == "message_done").await;
        assert_eq!(done["text"], room_bytes.to_string());
    }

    std::fs::remove_file(filler).unwrap();
    let kept = upload(&program, &ada, &twin, "after.txt").await;
    assert_eq!(kept.status(), 201);
    assert_eq!(
        documents(&program, &ada, &twin).await,
        ["before.txt", "after.txt"]
    );
    assert_eq!(std::fs::read_dir(&uploads).unwrap().count(), 2);
}

/// Makes a filler smaller by this much.
fn leave_room(filler: &Path, bytes: u64) {
    let file = std::fs::File::options().write(true).open(filler).unwrap();
    let length = file.metadata().unwrap().len();
    file.set_len(length - bytes).unwrap();
}

/// Uploads a document of two hundred kilobytes, another one for each name.
async fn upload(program: &Program, owner: &Account, twin: &str, name: &str) -> reqwest::Response {
    let content = format!("{name} says that the tide is low. ").repeat(6_000);
    let part = reqwest::multipart::Part::text(content).file_name(name.to_owned());
    let form = reqwest::multipart::Form::new().part("file", part);
    let path = format!("{}/api/v1/twins/{twin}/documents", program.url);
    let request = reqwest::Client::new().post(path).bearer_auth(&owner.token);
    request.multipart(form).send().await.unwrap()
}

/// The names of a twin's documents, oldest first.
async fn documents(program: &Program, owner: &Account, twin: &str) -> Vec<String> {
    let path = format!("{}/api/v1/twins/{twin}/documents", program.url);
    let request = reqwest::Client::new().get(path).bearer_auth(&owner.token);
    let page: Value = request.send().await.unwrap().json().await.unwrap();
    let items = page["items"].as_array().unwrap();
    items.iter().map(|item| text(&item["name"])).collect()
}

async fn is_refused_for_want_of_room(refused: reqwest::Response) {
    assert_eq!(refused.status(), 507);
    assert!(refused.headers().contains_key("retry-after"));
    let problem: Value = refused.json().await.unwrap();
    assert_eq!(problem["code"], "storage_full");
}

#[actix_web::test]
async fn an_attachment_that_finds_its_disk_full_leaves_nothing_behind_and_can_be_sent_later() {
    let disk = SmallDisk::mount(16);
    let uploads = disk.path().join("uploads");
    let settings = [("UPLOAD_DIR", uploads.to_str().unwrap())];
    let program = serve_with(tempfile::tempdir().unwrap(), &settings).await;
    let (ada, _, room) = two_in_a_room(&program).await;
    let mut peer = Peer::connect(&program).await;
    peer.follow(&ada, &room).await;
    let filler = disk.fill();
    for room_bytes in [0, 64 * 1024, 300 * 1024] {
        leave_room(&filler, room_bytes);
        is_refused_for_want_of_room(attach(&program, &ada).await).await;
        let left: Vec<_> = std::fs::read_dir(&uploads).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
    std::fs::remove_file(filler).unwrap();
    let kept = attach(&program, &ada).await;
    assert_eq!(kept.status(), 201);
    let attachment: Value = kept.json().await.unwrap();
    let send = json!({
        "op": "send", "conversation_id": room, "client_id": "1", "text": "", "attachments": [attachment["id"]],
    });
    peer.say(send).await;
    let told = peer.until(|frame| frame["op"] == "message").await;
    assert_eq!(told["attachments"], json!([attachment]));
    assert_eq!(std::fs::read_dir(&uploads).unwrap().count(), 1);
}

/// Uploads an attachment of half a megabyte.
async fn attach(program: &Program, owner: &Account) -> reqwest::Response {
    let part = reqwest::multipart::Part::text("tide ".repeat(100_000)).file_name("tide.txt");
    let form = reqwest::multipart::Form::new().part("file", part);
    let path = format!("{}/api/v1/attachments", program.url);
    let request = reqwest::Client::new().post(path).bearer_auth(&owner.token);
    request.multipart(form).send().await.unwrap()
}
