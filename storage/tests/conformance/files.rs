//! The file store.

use bytes::Bytes;
use protocol::ErrorCode;
use storage::{FileKey, Files, StorageError};

#[tokio::test]
async fn a_file_comes_back_until_it_is_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::open(&folder.path().join("made/when/absent"))
        .await
        .unwrap();
    let (key, other) = (FileKey::new(), FileKey::new());
    let content = Bytes::from_static(b"\0\xff notes");
    files.put(key, content.clone()).await.unwrap();
    files.put(other, Bytes::new()).await.unwrap();
    assert_eq!(files.get(key).await.unwrap(), content);
    assert_eq!(files.get(other).await.unwrap(), Bytes::new());
    files.delete(key).await.unwrap();
    files.delete(key).await.unwrap();
    let gone = files.get(key).await;
    assert!(matches!(gone, Err(StorageError::NotFound("file"))));
    let again = Files::open(&folder.path().join("made/when/absent"))
        .await
        .unwrap();
    assert_eq!(again.get(other).await.unwrap(), Bytes::new());
}

#[tokio::test]
async fn a_check_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let files = Files::open(folder.path()).await.unwrap();
    files.check().await.unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, "in the way").unwrap();
    let refused = Files::open(&path).await.unwrap_err();
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
