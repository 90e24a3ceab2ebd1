//! Attachments: uploaded once, sent once, by their owner only, and gone from the disk with what they belonged to.

use bytes::Bytes;
use protocol::{Attachment, AttachmentId, Author, Message, MessageId, UserId, What};
use storage::{
    Appended, Bot, FileKey, Files, NewMember, NewMessage, NewUpload, Search, SearchQuery,
    SearchSort, Storage, StorageError, TokenHash, UPLOAD_KEPT_MS, UnsentLimits,
};
use tempfile::TempDir;

use crate::support::{
    NOW, Scene, TestDatabase, begin, messages_after, new, on_both_databases, user_named,
};

on_both_databases![
    attachments_are_told_with_their_message_wherever_it_is_read,
    an_upload_is_sent_once_and_by_its_owner_only,
    a_message_sent_again_is_the_same_with_the_same_attachments_only,
    of_two_processes_that_send_one_upload_one_succeeds,
    a_deleted_message_takes_its_files_along,
    accounts_and_bots_take_their_files_along,
    what_nobody_sends_goes_after_a_day_and_what_was_begun_after_an_hour,
    what_waits_to_be_sent_is_bounded,
    messages_are_found_by_their_attachments,
];

const LIMITS: UnsentLimits = UnsentLimits {
    files: 100,
    bytes: 1 << 20,
};

struct Disk {
    folder: TempDir,
    files: Files,
}

impl Disk {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::in_folder(folder.path()).await.unwrap();
        Self { folder, files }
    }

    fn count(&self) -> usize {
        std::fs::read_dir(self.folder.path()).unwrap().count()
    }

    /// Uploads a file as the server does.
    async fn upload(&self, db: &Storage, user: UserId, media_type: &str) -> Attachment {
        let upload = self.written(db, user, media_type).await;
        db.keep_upload(upload.clone(), LIMITS).await.unwrap();
        upload.attachment
    }

    async fn written(&self, db: &Storage, user_id: UserId, media_type: &str) -> NewUpload {
        let file_key = FileKey::new();
        db.note_file(file_key, NOW).await.unwrap();
        let mut file = self.files.create(file_key).await.unwrap();
        file.write(Bytes::from_static(b"bytes")).await.unwrap();
        file.finish().await.unwrap();
        let is_image = media_type.starts_with("image/");
        NewUpload {
            attachment: Attachment {
                id: AttachmentId::new(),
                name: "porch.png".to_owned(),
                media_type: media_type.to_owned(),
                size_bytes: 5,
                width: is_image.then_some(640),
                height: is_image.then_some(480),
            },
            user_id,
            excerpt: (!is_image).then(|| "bytes".to_owned()),
            file_key,
            created_at: NOW,
        }
    }
}

/// A message of the scene's person with these attachments.
fn with(scene: &Scene, client_id: &str, attachments: &[&Attachment]) -> NewMessage {
    NewMessage {
        attachments: attachments.iter().map(|one| one.id).collect(),
        ..scene.says(client_id, "Look.")
    }
}

async fn delete(db: &Storage, scene: &Scene, message: MessageId) {
    let change = scene.changes(What::Deleted {
        message_id: message,
    });
    db.change(change).await.unwrap();
}

async fn attachments_are_told_with_their_message_wherever_it_is_read(db: TestDatabase) {
    let (scene, disk) = (Scene::set(&db).await, Disk::new().await);
    let photo = disk.upload(&db, scene.user.id, "image/png").await;
    let notes = disk.upload(&db, scene.user.id, "text/plain").await;
    let sent = new(db
        .append_message(with(&scene, "1", &[&notes, &photo]))
        .await
        .unwrap());
    assert_eq!(sent.attachments, [notes.clone(), photo.clone()]);
    let plain = new(db.append_message(scene.says("2", "Nice.")).await.unwrap());
    assert_eq!(plain.attachments, []);
    let id = scene.conversation.id;
    let read = messages_after(&db, id, 0, 10).await.unwrap();
    assert_eq!(read, [sent.clone(), plain.clone()]);
    let history = db
        .history(id, storage::HistoryPlace::Newest, 10)
        .await
        .unwrap();
    assert_eq!(history.messages, [sent.clone(), plain]);
    assert_eq!(
        db.message(sent.message_id).await.unwrap(),
        Some(sent.clone())
    );
    let excerpts = db.excerpts(sent.message_id).await.unwrap();
    assert_eq!(excerpts, [("porch.png".to_owned(), "bytes".to_owned())]);
    let kept = db.attachment(photo.id).await.unwrap().unwrap();
    assert_eq!(
        (kept.attachment, kept.user_id, kept.conversation_id),
        (photo, scene.user.id, Some(id))
    );
    let content = disk.files.get(kept.file_key).await.unwrap();
    assert_eq!(content, Bytes::from_static(b"bytes"));
    assert_eq!(db.attachment(AttachmentId::new()).await.unwrap(), None);
}

async fn an_upload_is_sent_once_and_by_its_owner_only(db: TestDatabase) {
    let (scene, disk) = (Scene::set(&db).await, Disk::new().await);
    let other = db.create_user(user_named("bo")).await.unwrap();
    let own = disk.upload(&db, scene.user.id, "image/png").await;
    let foreign = disk.upload(&db, other.id, "image/png").await;
    let none = Attachment {
        id: AttachmentId::new(),
        ..own.clone()
    };
    for (number, attachments) in [vec![&foreign], vec![&own, &foreign], vec![&none]]
        .into_iter()
        .enumerate()
    {
        let refused = db
            .append_message(with(&scene, &format!("no-{number}"), &attachments))
            .await;
        assert!(
            matches!(refused, Err(StorageError::NotFound("upload"))),
            "{refused:?}"
        );
    }
    // Handed over together, so that they share a transaction if they can.
    let [first, second] = ["1", "2"].map(|id| db.append_message(with(&scene, id, &[&own])));
    let (first, second) = futures::join!(first, second);
    assert_eq!(new(first.unwrap()).attachments, std::slice::from_ref(&own));
    assert!(
        matches!(second, Err(StorageError::NotFound("upload"))),
        "{second:?}"
    );
    let later = db.append_message(with(&scene, "3", &[&own])).await;
    assert!(
        matches!(later, Err(StorageError::NotFound("upload"))),
        "{later:?}"
    );
    let deleted = db.delete_upload(scene.user.id, own.id).await;
    assert!(matches!(deleted, Err(StorageError::NotFound("upload"))));
    let log = messages_after(&db, scene.conversation.id, 0, 10)
        .await
        .unwrap();
    assert_eq!(log.len(), 1);
}

async fn a_message_sent_again_is_the_same_with_the_same_attachments_only(db: TestDatabase) {
    let (scene, disk) = (Scene::set(&db).await, Disk::new().await);
    let one = disk.upload(&db, scene.user.id, "image/png").await;
    let two = disk.upload(&db, scene.user.id, "text/plain").await;
    let three = disk.upload(&db, scene.user.id, "text/plain").await;
    let sent = new(db
        .append_message(with(&scene, "1", &[&one, &two]))
        .await
        .unwrap());
    let again = db.append_message(with(&scene, "1", &[&one, &two])).await;
    assert_eq!(again.unwrap(), Appended::Duplicate(sent.clone()));
    for attachments in [vec![], vec![&one], vec![&two, &one], vec![&one, &three]] {
        let other = db.append_message(with(&scene, "1", &attachments)).await;
        assert!(
            matches!(other, Err(StorageError::Conflict("client id"))),
            "{other:?}"
        );
    }
    let plain = new(db.append_message(scene.says("2", "Look.")).await.unwrap());
    let other = db.append_message(with(&scene, "2", &[&three])).await;
    assert!(matches!(other, Err(StorageError::Conflict("client id"))));
    let again = db.append_message(scene.says("2", "Look.")).await.unwrap();
    assert_eq!(again, Appended::Duplicate(plain));
    delete(&db, &scene, sent.message_id).await;
    let again = db
        .append_message(with(&scene, "1", &[&one, &two]))
        .await
        .unwrap();
    assert!(
        matches!(&again, Appended::Duplicate(message) if message.attachments.is_empty()),
        "{again:?}"
    );
}

async fn of_two_processes_that_send_one_upload_one_succeeds(db: TestDatabase) {
    let (scene, disk) = (Scene::set(&db).await, Disk::new().await);
    let other = db.open_again().await;
    for round in 0..20 {
        let upload = disk.upload(&db, scene.user.id, "image/png").await;
        let here = db.append_message(with(&scene, &format!("here-{round}"), &[&upload]));
        let there = other.append_message(with(&scene, &format!("there-{round}"), &[&upload]));
        let (here, there) = futures::join!(here, there);
        let refused = match (here, there) {
            (Ok(_), Err(refused)) | (Err(refused), Ok(_)) => refused,
            both => panic!("{both:?}"),
        };
        assert!(
            matches!(refused, StorageError::NotFound("upload")),
            "{refused:?}"
        );
    }
    let log = messages_after(&db, scene.conversation.id, 0, 100)
        .await
        .unwrap();
    let attached = |message: &Message| message.attachments.len();
    assert_eq!(log.iter().map(attached).collect::<Vec<_>>(), [1; 20]);
}

async fn a_deleted_message_takes_its_files_along(db: TestDatabase) {
    let (scene, disk) = (Scene::set(&db).await, Disk::new().await);
    let gone = disk.upload(&db, scene.user.id, "text/plain").await;
    let stays = disk.upload(&db, scene.user.id, "image/png").await;
    let sent = new(db
        .append_message(with(&scene, "1", &[&gone]))
        .await
        .unwrap());
    db.append_message(with(&scene, "2", &[&stays]))
        .await
        .unwrap();
    assert_eq!(db.sweep_files(&disk.files, NOW).await.unwrap(), 0);
    delete(&db, &scene, sent.message_id).await;
    assert_eq!(db.attachment(gone.id).await.unwrap(), None);
    assert_eq!(db.excerpts(sent.message_id).await.unwrap(), []);
    let tombstone = db.message(sent.message_id).await.unwrap().unwrap();
    assert_eq!(tombstone.attachments, []);
    // As another process would that starts after a crash.
    let other = db.open_again().await;
    assert_eq!(other.sweep_files(&disk.files, NOW).await.unwrap(), 1);
    assert_eq!(db.sweep_files(&disk.files, NOW).await.unwrap(), 0);
    assert_eq!(disk.count(), 1);
    let kept = db.attachment(stays.id).await.unwrap().unwrap();
    disk.files.get(kept.file_key).await.unwrap();
}

async fn accounts_and_bots_take_their_files_along(db: TestDatabase) {
    let (scene, disk) = (Scene::set(&db).await, Disk::new().await);
    let bots = [UserId::new(), UserId::new()];
    for (number, id) in bots.into_iter().enumerate() {
        let bot = Bot {
            id,
            owner_id: scene.user.id,
            name: "Quiz".to_owned(),
            prefix: String::new(),
            created_at: NOW,
            last_used_at: None,
        };
        let hash = TokenHash::from([number as u8; 32]);
        db.create_bot(bot, hash, 10).await.unwrap();
    }
    let other = db.create_user(user_named("bo")).await.unwrap();
    let members = [scene.user.id, other.id, bots[0], bots[1]].map(NewMember::User);
    let room = begin(&db, other.id, members.to_vec()).await;
    let mut sent = Vec::new();
    for user in [scene.user.id, other.id, bots[0], bots[1]] {
        let upload = disk.upload(&db, user, "text/plain").await;
        disk.upload(&db, user, "image/png").await;
        let message = NewMessage {
            conversation_id: room.id,
            author: Author::User {
                id: user,
                name: "somebody".to_owned(),
            },
            ..with(&scene, "1", &[&upload])
        };
        sent.push(new(db.append_message(message).await.unwrap()));
    }
    assert_eq!(disk.count(), 8);
    db.delete_bot(scene.user.id, bots[0]).await.unwrap();
    assert_eq!(db.sweep_files(&disk.files, NOW).await.unwrap(), 2);
    db.delete_user(scene.user.id, NOW).await.unwrap();
    assert_eq!(db.sweep_files(&disk.files, NOW).await.unwrap(), 4);
    assert_eq!(disk.count(), 2);
    let log = messages_after(&db, room.id, 0, 10).await.unwrap();
    let attached: Vec<usize> = log
        .iter()
        .map(|message| message.attachments.len())
        .collect();
    assert_eq!(attached, [0, 1, 0, 0]);
}

async fn what_nobody_sends_goes_after_a_day_and_what_was_begun_after_an_hour(db: TestDatabase) {
    let (scene, disk) = (Scene::set(&db).await, Disk::new().await);
    let unsent = disk.upload(&db, scene.user.id, "image/png").await;
    let sent = disk.upload(&db, scene.user.id, "image/png").await;
    db.append_message(with(&scene, "1", &[&sent]))
        .await
        .unwrap();
    let unwanted = disk.upload(&db, scene.user.id, "image/png").await;
    // The process died before it was kept.
    let lost = disk.written(&db, scene.user.id, "image/png").await;
    // And this one in the middle of writing.
    let half = FileKey::new();
    db.note_file(half, NOW).await.unwrap();
    std::fs::write(disk.folder.path().join(format!("{half}#1")), "half").unwrap();
    let hour = 60 * 60 * 1_000;
    let sweep = async |now: i64| {
        db.let_old_uploads_go(now).await.unwrap();
        db.sweep_files(&disk.files, now).await.unwrap();
        disk.count()
    };
    assert_eq!(sweep(NOW + hour).await, 5);
    db.delete_upload(scene.user.id, unwanted.id).await.unwrap();
    assert_eq!(sweep(NOW + hour).await, 4);
    assert_eq!(sweep(NOW + hour + 1).await, 2);
    let late = db.keep_upload(lost, LIMITS).await;
    assert!(matches!(late, Err(StorageError::NotFound("file"))));
    assert_eq!(sweep(NOW + UPLOAD_KEPT_MS).await, 2);
    assert_eq!(sweep(NOW + UPLOAD_KEPT_MS + 1).await, 1);
    assert_eq!(db.attachment(unsent.id).await.unwrap(), None);
    assert!(db.attachment(sent.id).await.unwrap().is_some());
}

async fn what_waits_to_be_sent_is_bounded(db: TestDatabase) {
    let (scene, disk) = (Scene::set(&db).await, Disk::new().await);
    let user = scene.user.id;
    let two_files = UnsentLimits {
        files: 2,
        bytes: 100,
    };
    let ten_bytes = UnsentLimits {
        files: 100,
        bytes: 10,
    };
    let first = disk.upload(&db, user, "image/png").await;
    disk.upload(&db, user, "image/png").await;
    for limits in [two_files, ten_bytes] {
        let early = db.check_unsent(user, limits).await;
        assert!(
            matches!(early, Err(StorageError::LimitReached { .. })),
            "{early:?}"
        );
        let upload = disk.written(&db, user, "image/png").await;
        let refused = db.keep_upload(upload, limits).await;
        assert!(
            matches!(refused, Err(StorageError::LimitReached { .. })),
            "{refused:?}"
        );
    }
    db.append_message(with(&scene, "1", &[&first]))
        .await
        .unwrap();
    for limits in [two_files, ten_bytes] {
        db.check_unsent(user, limits).await.unwrap();
    }
    let upload = disk.written(&db, user, "image/png").await;
    db.keep_upload(upload, two_files).await.unwrap();
}

async fn messages_are_found_by_their_attachments(db: TestDatabase) {
    let (scene, disk) = (Scene::set(&db).await, Disk::new().await);
    let user = scene.user.id;
    let photo = disk.upload(&db, user, "image/png").await;
    let notes = disk.upload(&db, user, "text/plain").await;
    let gone = disk.upload(&db, user, "text/plain").await;
    for (client_id, attachments) in [
        ("photo", vec![&photo]),
        ("notes", vec![&notes]),
        ("gone", vec![&gone]),
        ("none", vec![]),
    ] {
        let message = NewMessage {
            text: client_id.to_owned(),
            ..with(&scene, client_id, &attachments)
        };
        let sent = new(db.append_message(message).await.unwrap());
        if client_id == "gone" {
            delete(&db, &scene, sent.message_id).await;
        }
    }
    let find = async |query: &str| {
        let search = Search {
            user,
            query: query.parse::<SearchQuery>().unwrap(),
            sort: SearchSort::Newest,
            after: None,
            limit: 10,
        };
        let hits = db.search(search).await.unwrap().hits;
        let texts: Vec<String> = hits.into_iter().map(|hit| hit.snippet.text).collect();
        texts.join(" ")
    };
    // From the log, and then from the index.
    for _ in 0..2 {
        assert_eq!(find("has:attachment").await, "notes photo");
        assert_eq!(find("has:image").await, "photo");
        assert_eq!(find("has:file").await, "notes");
        assert_eq!(find("from:me -has:attachment").await, "none");
        db.index_conversation(scene.conversation.id).await.unwrap();
    }
}
