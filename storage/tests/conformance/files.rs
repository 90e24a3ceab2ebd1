//! The file store: the same in a folder and in a bucket.

use std::collections::BTreeSet;
use std::path::PathBuf;

use bytes::Bytes;
use futures::TryStreamExt;
use protocol::ErrorCode;
use storage::{FileKey, FileReader, FileStore, Files, S3Config, StorageError};
use tempfile::TempDir;

use crate::support::TestDatabase;

/// A store of a test's own, and the folder in which it keeps what there is.
struct Store {
    place: FileStore,
    kept_in: PathBuf,
    _folder: Option<TempDir>,
}

impl Store {
    fn in_folder() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let kept_in = folder.path().join("made/when/absent");
        Self {
            place: FileStore::Folder(kept_in.clone()),
            kept_in,
            _folder: Some(folder),
        }
    }

    /// A bucket on the server of TEST_S3_ENDPOINT.
    fn in_bucket() -> Self {
        let config = bucket();
        let kept_in = PathBuf::from(variable("TEST_S3_FOLDER")).join(&config.bucket);
        std::fs::create_dir(&kept_in).unwrap();
        Self {
            place: FileStore::S3(config),
            kept_in,
            _folder: None,
        }
    }

    async fn files(&self) -> Files {
        Files::open(&self.place).await.unwrap()
    }

    /// Names of what lies there and is neither the server's own nor what it is asked for to see whether it works.
    fn names(&self) -> BTreeSet<String> {
        let entries = std::fs::read_dir(&self.kept_in).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name != "probe" && !name.starts_with('.'))
            .collect()
    }
}

/// A bucket that there is not yet.
fn bucket() -> S3Config {
    S3Config {
        endpoint: Some(variable("TEST_S3_ENDPOINT")),
        bucket: format!("files-{}", FileKey::new()),
        region: "us-east-1".to_owned(),
        access_key_id: variable("TEST_S3_ACCESS_KEY_ID"),
        secret_access_key: variable("TEST_S3_SECRET_ACCESS_KEY"),
        bucket_in_host: false,
    }
}

fn variable(name: &str) -> String {
    std::env::var(name)
        .unwrap_or_else(|_| panic!("{name} is not set: run `make test`, which starts S3 storage"))
}

async fn all_of(mut file: FileReader) -> Vec<u8> {
    let mut content = Vec::new();
    while let Some(piece) = file.next().await.unwrap() {
        content.extend_from_slice(&piece);
    }
    content
}

#[tokio::test]
async fn a_file_comes_back_until_it_is_deleted() {
    for store in [Store::in_folder(), Store::in_bucket()] {
        let files = store.files().await;
        let (key, other) = (FileKey::new(), FileKey::new());
        let content = Bytes::from_static(b"\0\xff notes");
        files.put(key, content.clone()).await.unwrap();
        files.put(other, Bytes::new()).await.unwrap();
        assert_eq!(files.get(key).await.unwrap(), content);
        assert_eq!(files.get(other).await.unwrap(), Bytes::new());
        let mut keys: Vec<FileKey> = files.keys().try_collect().await.unwrap();
        keys.sort();
        assert_eq!(keys, [key, other]);
        files.delete(key).await.unwrap();
        files.delete(key).await.unwrap();
        let gone = files.get(key).await;
        assert!(matches!(gone, Err(StorageError::NotFound("file"))));
        let gone = files.read(key).await;
        assert!(matches!(gone, Err(StorageError::NotFound("file"))));
        let again = store.files().await;
        assert_eq!(again.get(other).await.unwrap(), Bytes::new());
    }
}

#[tokio::test]
async fn a_file_that_comes_in_pieces_is_read_whole_and_in_parts() {
    for store in [Store::in_folder(), Store::in_bucket()] {
        let files = store.files().await;
        // More than S3 is sent at once, and less.
        for size in [20_000_000_usize, 300_000] {
            let content: Vec<u8> = (0..size).map(|at| (at * 31 % 251) as u8).collect();
            let key = FileKey::new();
            let mut writer = files.create(key).await.unwrap();
            for piece in content.chunks(262_144) {
                writer.write(Bytes::copy_from_slice(piece)).await.unwrap();
                let early = files.read(key).await;
                assert!(matches!(early, Err(StorageError::NotFound("file"))));
            }
            writer.finish().await.unwrap();
            let whole = files.read(key).await.unwrap();
            assert_eq!(whole.size_bytes(), size as u64);
            assert!(all_of(whole).await == content);
            let part = files.read_range(key, 100_000..200_001).await.unwrap();
            assert_eq!(part.size_bytes(), 100_001);
            assert!(all_of(part).await == content[100_000..200_001]);
        }
        assert_eq!(store.names().len(), 2);
    }
}

#[tokio::test]
async fn a_file_that_is_not_finished_leaves_nothing_behind() {
    for store in [Store::in_folder(), Store::in_bucket()] {
        let files = store.files().await;
        let mut writer = files.create(FileKey::new()).await.unwrap();
        for _ in 0..3 {
            let piece = Bytes::from(vec![7; 6 * 1024 * 1024]);
            writer.write(piece).await.unwrap();
        }
        drop(writer);
        let is_empty = async {
            while !store.names().is_empty() {
                tokio::task::yield_now().await;
            }
        };
        let patience = std::time::Duration::from_secs(20);
        tokio::time::timeout(patience, is_empty).await.unwrap();
        let keys: Vec<FileKey> = files.keys().try_collect().await.unwrap();
        assert_eq!(keys, []);
    }
}

#[tokio::test]
async fn files_that_are_let_go_are_swept_out_of_a_bucket() {
    for db in [TestDatabase::sqlite().await, TestDatabase::postgres().await] {
        let store = Store::in_bucket();
        let files = store.files().await;
        let (now, hour) = (1_800_000_000_000, 60 * 60 * 1_000);
        let (old, new) = (FileKey::new(), FileKey::new());
        for (key, at) in [(old, now), (new, now + hour)] {
            db.storage.note_file(key, at).await.unwrap();
            files.put(key, Bytes::from_static(b"words")).await.unwrap();
        }
        let swept = db.storage.sweep_files(&files, now + hour + 1).await;
        assert_eq!(swept.unwrap(), 1);
        assert_eq!(store.names(), BTreeSet::from([new.to_string()]));
    }
}

#[tokio::test]
async fn a_bucket_that_cannot_be_used_is_named_with_what_its_server_says() {
    let store = Store::in_bucket();
    let FileStore::S3(right) = &store.place else {
        panic!("it is a bucket");
    };
    let wrong_secret = S3Config {
        secret_access_key: "guessed".to_owned(),
        ..right.clone()
    };
    let nobody_there = S3Config {
        endpoint: Some("http://127.0.0.1:1".to_owned()),
        ..right.clone()
    };
    for (config, reason) in [
        (wrong_secret, "SignatureDoesNotMatch"),
        (nobody_there, "127.0.0.1:1"),
    ] {
        let name = config.bucket.clone();
        let refused = Files::open(&FileStore::S3(config)).await.unwrap_err();
        assert_eq!(refused.code(), ErrorCode::Unavailable);
        let refused = refused.to_string();
        assert!(
            refused.contains(&name) && refused.contains(reason),
            "{refused}"
        );
        assert!(!refused.contains("guessed"), "{refused}");
    }
}

#[tokio::test]
async fn a_bucket_is_asked_whether_it_works_and_gets_nothing_more_for_it() {
    let store = Store::in_bucket();
    let files = store.files().await;
    files.check().await.unwrap();
    files.check().await.unwrap();
    assert_eq!(store.names(), BTreeSet::new());
    // What is asked for was taken away: it comes back.
    std::fs::remove_file(store.kept_in.join("probe")).unwrap();
    files.check().await.unwrap();
    assert!(store.kept_in.join("probe").exists());
}

#[tokio::test]
async fn a_check_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::in_folder(folder.path()).await.unwrap();
    files.check().await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "in the way").unwrap();
    let refused = Files::in_folder(&path).await.unwrap_err();
    assert!(
        refused.to_string().contains(path.to_str().unwrap()),
        "{refused}"
    );
    assert_eq!(refused.code(), ErrorCode::Unavailable);
}

#[test]
fn a_key_is_a_generated_id_and_nothing_else() {
    let key = FileKey::new();
    assert_eq!(key.to_string().parse(), Ok(key));
    for text in ["", "../../x", "notes.md", "0190/5d", "/etc/passwd"] {
        assert!(text.parse::<FileKey>().is_err(), "{text}");
    }
}
