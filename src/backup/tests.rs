//! Backups taken, damaged, tried out and put back, on both databases.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;
use protocol::{DocumentId, TwinId, UserId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use storage::{
    Audience, Document, DocumentState, Existing, FileKey, Files, Storage, Twin, User, Visibility,
};
use tempfile::TempDir;
use tokio_postgres::NoTls;

use super::archive::ArchiveWriter;
use super::create::{ArchiveContents, write};
use super::manifest::sum_of;
use super::*;
use crate::config::{Config, Sources};

const SEED: u64 = 7;
const NOW: i64 = 1_800_000_000_000;

/// An installation of a test's own.
struct Place {
    config: Config,
    folder: TempDir,
}

impl Place {
    fn sqlite() -> Self {
        Self::with(&[])
    }

    async fn postgres() -> Self {
        let url = std::env::var("TEST_POSTGRES_URL").expect(
            "TEST_POSTGRES_URL is not set: run `make test`, which starts a private PostgreSQL",
        );
        let url: url::Url = url.parse().unwrap();
        let name = format!("backup_{}", uuid::Uuid::now_v7().simple());
        let (client, connection) = tokio_postgres::connect(url.as_str(), NoTls).await.unwrap();
        tokio::spawn(connection);
        client
            .batch_execute(&format!("CREATE DATABASE {name}"))
            .await
            .unwrap();
        Self::with(&[
            ("DB_HOST", url.host_str().unwrap()),
            ("DB_PORT", &url.port().unwrap().to_string()),
            ("DB_USER", url.username()),
            ("DB_PASSWORD", url.password().unwrap_or_default()),
            ("DB_NAME", &name),
        ])
    }

    /// With its files in a bucket of its own, and its rows in SQLite.
    fn s3() -> Self {
        let variable = |name: &str| {
            std::env::var(name).unwrap_or_else(|_| {
                panic!("{name} is not set: run `make test`, which starts S3 storage")
            })
        };
        let bucket = format!("backup-{}", uuid::Uuid::now_v7().simple());
        fs::create_dir(Path::new(&variable("TEST_S3_FOLDER")).join(&bucket)).unwrap();
        Self::with(&[
            ("S3_ENDPOINT", &variable("TEST_S3_ENDPOINT")),
            ("S3_BUCKET", &bucket),
            ("S3_ACCESS_KEY_ID", &variable("TEST_S3_ACCESS_KEY_ID")),
            (
                "S3_SECRET_ACCESS_KEY",
                &variable("TEST_S3_SECRET_ACCESS_KEY"),
            ),
        ])
    }

    fn with(settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data_dir = folder.path().join("data");
        let own = [
            ("DATA_DIR", data_dir.to_str().unwrap()),
            ("TWIN_ENGINE", "scripted"),
        ];
        let flags: BTreeMap<String, String> = own
            .iter()
            .chain(settings)
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let sources = Sources {
            flags,
            environment: BTreeMap::new(),
        };
        Self {
            config: Config::resolve(&sources).unwrap(),
            folder,
        }
    }

    async fn storage(&self) -> Storage {
        let storage = crate::database::open(&self.config).await.unwrap();
        storage.migrate().await.unwrap();
        storage
    }

    async fn files(&self) -> Files {
        Files::open(&self.config.files).await.unwrap()
    }

    async fn sums(&self) -> Vec<TableDigest> {
        sum_of(self.storage().await.snapshot().await.unwrap())
            .await
            .unwrap()
    }

    fn identity(&self) -> PathBuf {
        self.folder.path().join("identity")
    }

    /// Takes a backup to a new identity.
    async fn back_up(&self) -> Created {
        let recipient = generate_identity(&self.identity()).unwrap();
        create(&self.config, self.wanted(Seal::Recipients(vec![recipient])))
            .await
            .unwrap()
    }

    fn wanted(&self, seal: Seal) -> NewBackup {
        NewBackup {
            folder: self.config.backup.folder.clone(),
            seal,
            verify: true,
            keep: None,
            copy_to: None,
        }
    }

    fn key(&self) -> Key {
        Key::read(&self.identity()).unwrap()
    }

    /// The text of what keeps an archive from being put back here.
    async fn refusal(&self, archive: &Path, key: Key) -> String {
        let refused = restore(&self.config, archive, key, Existing::Refuse).await;
        format!("{:#}", refused.expect_err("it is refused"))
    }

    /// Whether nothing was ever done here.
    fn is_untouched(&self) -> bool {
        !self.config.data_dir.exists()
    }
}

/// Somebody with a twin that knows some documents; gives them with what they say.
async fn fill(place: &Place, documents: usize) -> Vec<(Document, Bytes)> {
    let storage = place.storage().await;
    let files = place.files().await;
    let user = User {
        id: UserId::new(),
        email: "ada@example.com".to_owned(),
        name: "Ada".to_owned(),
        password_hash: "canary-hash".to_owned(),
        created_at: NOW,
        invisible: false,
        is_admin: false,
        disabled_at: None,
    };
    let user = storage.create_user(user).await.unwrap();
    let twin = Twin {
        id: TwinId::new(),
        owner_id: user.id,
        name: "Ada's twin".to_owned(),
        persona: "canary-persona 引擎".to_owned(),
        greeting: String::new(),
        language: "en".to_owned(),
        visibility: Visibility::Private,
        created_at: NOW,
        updated_at: NOW,
        oversight_since: None,
    };
    storage.create_twin(twin.clone(), 10).await.unwrap();
    let mut kept = Vec::new();
    for number in 0..documents {
        let content = Bytes::from(format!("canary-document {number} ").repeat(1_000 * number));
        let mut sha256 = [0; 32];
        sha256[0] = number as u8;
        let document = Document {
            id: DocumentId::new(),
            twin_id: twin.id,
            name: format!("{number}.md"),
            media_type: "text/markdown".to_owned(),
            size_bytes: content.len() as u64,
            sha256,
            file_key: FileKey::new(),
            chunk_count: 0,
            created_at: NOW,
            state: DocumentState::Ready,
            failure: None,
            audience: Audience::Public,
        };
        files.put(document.file_key, content.clone()).await.unwrap();
        storage
            .insert_document(document.clone(), Vec::new(), 1_000)
            .await
            .unwrap();
        kept.push((document, content));
    }
    fs::write(place.config.data_dir.join("jwt-secret"), "canary-secret").unwrap();
    kept
}

/// Everything that was there is there again, whatever databases the two have.
async fn comes_back(from: Place, to: Place) {
    let documents = fill(&from, 4).await;
    let before = from.sums().await;
    let created = from.back_up().await;
    assert_eq!(created.manifest.tables, before);
    let told = from.storage().await.backups().await.unwrap();
    assert_eq!(told[0].name, created.about.name);
    assert!(told[0].verified_at.is_some());

    let restored = restore(&to.config, &created.path, from.key(), Existing::Refuse)
        .await
        .unwrap();
    assert_eq!(restored.manifest, created.manifest);
    assert_eq!(to.sums().await, before);
    for (document, content) in documents {
        assert_eq!(
            to.files().await.get(document.file_key).await.unwrap(),
            content
        );
    }
    let secret = to.config.data_dir.join("jwt-secret");
    assert_eq!(fs::read_to_string(&secret).unwrap(), "canary-secret");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        for path in [&secret, &created.path, &from.identity()] {
            let mode = fs::metadata(path).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{}", path.display());
        }
    }
}

#[tokio::test]
async fn a_sqlite_database_comes_back() {
    comes_back(Place::sqlite(), Place::sqlite()).await;
}

#[tokio::test]
async fn a_postgres_database_comes_back() {
    comes_back(Place::postgres().await, Place::postgres().await).await;
}

#[tokio::test]
async fn a_sqlite_database_moves_to_postgres() {
    comes_back(Place::sqlite(), Place::postgres().await).await;
}

#[tokio::test]
async fn a_postgres_database_moves_to_sqlite() {
    comes_back(Place::postgres().await, Place::sqlite()).await;
}

/// Each archive, with one byte of it changed or with its end cut off, is refused before anything is touched.
#[tokio::test]
async fn files_in_a_bucket_come_back() {
    comes_back(Place::s3(), Place::s3()).await;
}

#[tokio::test]
async fn files_move_from_a_bucket_to_a_folder() {
    comes_back(Place::s3(), Place::sqlite()).await;
}

#[tokio::test]
async fn files_move_from_a_folder_to_a_bucket() {
    comes_back(Place::sqlite(), Place::s3()).await;
}

async fn refused_when_damaged(from: &Place, created: &Created, key: impl Fn() -> Key) {
    let whole = fs::read(&created.path).unwrap();
    let mut random = StdRng::seed_from_u64(SEED);
    let ends = [0, 1, 20, whole.len() / 2, whole.len() - 1];
    let begin_and_end = (0..300).chain(whole.len() - 100..whole.len());
    let somewhere: Vec<usize> = (0..400)
        .map(|_| random.random_range(0..whole.len()))
        .collect();
    let damaged = from.folder.path().join("damaged");
    let to = Place::sqlite();
    let flipped = begin_and_end.chain(somewhere).map(|place| {
        let mut bytes = whole.clone();
        bytes[place] ^= 1 << random.random_range(0..8);
        (format!("a flip at {place}"), bytes)
    });
    let cut = ends
        .iter()
        .map(|end| (format!("cut at {end}"), whole[..*end].to_vec()));
    let longer = [("a byte more".to_owned(), [&whole[..], b"\0"].concat())];
    for (what, bytes) in flipped.chain(cut).chain(longer) {
        fs::write(&damaged, bytes).unwrap();
        let outcome = restore(&to.config, &damaged, key(), Existing::Refuse).await;
        assert!(
            outcome.is_err(),
            "{what} of {} bytes was not seen",
            whole.len()
        );
        assert!(to.is_untouched(), "{what}");
    }
    restore(&to.config, &created.path, key(), Existing::Refuse)
        .await
        .unwrap();
}

#[tokio::test]
async fn an_encrypted_archive_is_refused_with_one_bit_flipped_anywhere_or_cut_off() {
    let from = Place::sqlite();
    fill(&from, 2).await;
    let created = from.back_up().await;
    refused_when_damaged(&from, &created, || from.key()).await;
}

#[tokio::test]
async fn an_open_archive_is_refused_with_one_bit_flipped_anywhere_or_cut_off() {
    let from = Place::sqlite();
    fill(&from, 2).await;
    let created = create(&from.config, from.wanted(Seal::Open)).await.unwrap();
    assert_eq!(created.manifest.secrets, Vec::<String>::new());
    refused_when_damaged(&from, &created, || Key::None).await;
}

#[tokio::test]
async fn nothing_of_an_encrypted_archive_can_be_read_and_only_its_key_opens_it() {
    let from = Place::sqlite();
    fill(&from, 2).await;
    let created = from.back_up().await;
    let bytes = fs::read(&created.path).unwrap();
    for canary in ["canary", "ada@example.com", "messages", "jwt-secret"] {
        let found = bytes
            .windows(canary.len())
            .any(|window| window == canary.as_bytes());
        assert!(!found, "{canary}");
    }
    let to = Place::sqlite();
    let stranger = to.folder.path().join("stranger");
    generate_identity(&stranger).unwrap();
    for (key, reason) in [
        (
            Key::read(&stranger).unwrap(),
            "the key does not open the archive",
        ),
        (Key::None, "name a file with an identity by --identity"),
        (
            Key::Passphrase("a long passphrase".to_owned().into()),
            "the key does not open",
        ),
    ] {
        let refusal = to.refusal(&created.path, key).await;
        assert!(refusal.contains(reason), "{refusal}");
    }
    assert!(to.is_untouched());
}

#[tokio::test]
async fn a_passphrase_opens_an_archive_that_was_written_with_it() {
    let from = Place::sqlite();
    fill(&from, 1).await;
    let passphrase = |text: &str| secrecy::SecretString::from(text.to_owned());
    let seal = Seal::Passphrase(passphrase("correct horse battery staple"));
    let new = NewBackup {
        verify: false,
        ..from.wanted(seal)
    };
    let created = create(&from.config, new).await.unwrap();
    let wrong = Key::Passphrase(passphrase("correct horse battery stable"));
    let refusal = from.refusal(&created.path, wrong).await;
    assert!(
        refusal.contains("the key does not open the archive"),
        "{refusal}"
    );
    let refusal = from.refusal(&created.path, Key::None).await;
    assert!(refusal.contains("TWIN_BACKUP_PASSPHRASE"), "{refusal}");
    let right = Key::Passphrase(passphrase("correct horse battery staple"));
    let to = Place::sqlite();
    restore(&to.config, &created.path, right, Existing::Refuse)
        .await
        .unwrap();
    assert_eq!(to.sums().await, created.manifest.tables);
}

#[cfg(unix)]
#[test]
fn an_identity_that_others_can_read_is_refused() {
    use std::os::unix::fs::PermissionsExt;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("identity");
    generate_identity(&path).unwrap();
    assert!(generate_identity(&path).is_err(), "it would be lost");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let refused = Key::read(&path).unwrap_err().to_string();
    assert!(
        refused.contains("can be read by others than its owner"),
        "{refused}"
    );
    fs::write(&path, "AGE-SECRET-KEY-1CANARY\n").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    let refused = Key::read(&path).unwrap_err().to_string();
    assert!(
        refused.contains("has no identity") && !refused.contains("CANARY"),
        "{refused}"
    );
}

/// An archive that says of itself what it is told to.
fn archive_of(place: &Place, about: About) -> PathBuf {
    let path = place.folder.path().join("made");
    let (writer, _) = Seal::Open.begin(fs::File::create(&path).unwrap()).unwrap();
    let (writer, _) = ArchiveWriter::begin(writer, about)
        .unwrap()
        .finish(Vec::new())
        .unwrap();
    super::key::finish(writer).unwrap();
    path
}

#[tokio::test]
async fn an_archive_of_a_newer_program_is_refused_before_anything_is_touched() {
    let to = Place::sqlite();
    let about = About {
        format: 1,
        name: "made".to_owned(),
        program: "9.9.9".to_owned(),
        taken_at: NOW,
        schema: vec![
            "V0001__foundation".to_owned(),
            "V9999__from_the_future".to_owned(),
        ],
        tables: Vec::new(),
    };
    let newer_schema = archive_of(&to, about.clone());
    let refusal = to.refusal(&newer_schema, Key::None).await;
    assert!(refusal.contains("V9999__from_the_future"), "{refusal}");
    assert!(refusal.contains("9.9.9 or later"), "{refusal}");
    let newer_format = archive_of(&to, About { format: 2, ..about });
    let refusal = to.refusal(&newer_format, Key::None).await;
    assert!(
        refusal.contains("the archive has the format 2"),
        "{refusal}"
    );
    assert!(to.is_untouched());
}

#[tokio::test]
async fn what_is_no_backup_is_refused() {
    let to = Place::sqlite();
    let path = to.folder.path().join("letter.txt");
    fs::write(&path, "Dear Charles, this is no backup at all.").unwrap();
    let refusal = to.refusal(&path, Key::None).await;
    assert!(refusal.contains("is no backup, or damaged"), "{refusal}");
    let refusal = to
        .refusal(&to.folder.path().join("absent"), Key::None)
        .await;
    assert!(refusal.contains("absent cannot be read"), "{refusal}");
    assert!(to.is_untouched());
}

/// What is there stays, unless it is to go; then nothing of it is left.
async fn replaces(to: Place) {
    let from = Place::sqlite();
    fill(&from, 3).await;
    let created = from.back_up().await;
    let others = fill(&to, 2).await;
    fs::write(to.config.data_dir.join("jwt-secret"), "another-secret").unwrap();
    let before = to.sums().await;
    let refusal = to.refusal(&created.path, from.key()).await;
    assert!(refusal.contains("is not empty"), "{refusal}");
    assert_eq!(to.sums().await, before);

    let restored = restore(&to.config, &created.path, from.key(), Existing::Replace)
        .await
        .unwrap();
    assert_eq!(to.sums().await, created.manifest.tables);
    assert_eq!(restored.files_deleted, others.len() as u64);
    let secret = fs::read_to_string(to.config.data_dir.join("jwt-secret")).unwrap();
    assert_eq!(secret, "canary-secret");
    for (document, _) in others {
        assert!(to.files().await.get(document.file_key).await.is_err());
    }
}

#[tokio::test]
async fn a_sqlite_database_with_rows_is_replaced_only_when_that_is_said() {
    replaces(Place::sqlite()).await;
}

#[tokio::test]
async fn a_postgres_database_with_rows_is_replaced_only_when_that_is_said() {
    replaces(Place::postgres().await).await;
}

#[tokio::test]
async fn a_bucket_with_other_files_is_replaced_only_when_that_is_said() {
    replaces(Place::s3()).await;
}

#[tokio::test]
async fn a_restore_that_ended_early_is_finished_by_another() {
    let from = Place::sqlite();
    let documents = fill(&from, 3).await;
    let created = from.back_up().await;
    let to = Place::sqlite();
    // What is left of one that ended before its commit: tables, files, and a secret.
    to.storage().await;
    to.files()
        .await
        .put(documents[0].0.file_key, documents[0].1.clone())
        .await
        .unwrap();
    fs::write(to.config.data_dir.join("jwt-secret"), "canary-secret").unwrap();
    let restored = restore(&to.config, &created.path, from.key(), Existing::Refuse)
        .await
        .unwrap();
    assert_eq!(restored.secrets_left, Vec::<String>::new());
    assert_eq!(to.sums().await, created.manifest.tables);
}

#[tokio::test]
async fn a_file_that_is_deleted_while_the_backup_is_taken_is_noted() {
    let from = Place::sqlite();
    let documents = fill(&from, 3).await;
    let snapshot = from.storage().await.snapshot().await.unwrap();
    let about = About {
        format: 1,
        name: "noted".to_owned(),
        program: "0.1.0".to_owned(),
        taken_at: NOW,
        schema: snapshot.schema().to_vec(),
        tables: snapshot.tables().to_vec(),
    };
    let (gone, _) = &documents[1];
    from.storage()
        .await
        .delete_document(gone.id, 0)
        .await
        .unwrap();
    from.files().await.delete(gone.file_key).await.unwrap();
    let contents = ArchiveContents {
        about,
        snapshot,
        files: from.files().await,
        secrets: Vec::new(),
    };
    let path = from.folder.path().join("noted");
    let (manifest, _, _) = write(contents, &path, &Seal::Open).await.unwrap();
    assert_eq!(manifest.files_gone, [gone.file_key.to_string()]);
    assert_eq!(manifest.files.count, 2);
    let to = Place::sqlite();
    restore(&to.config, &path, Key::None, Existing::Refuse)
        .await
        .unwrap();
    // The row is that of the moment of the snapshot.
    assert!(
        to.storage()
            .await
            .document(gone.id)
            .await
            .unwrap()
            .is_some()
    );
}

#[tokio::test]
async fn backups_taken_while_people_write_are_whole() {
    for from in [Place::sqlite(), Place::postgres().await] {
        fill(&from, 1).await;
        let (storage, files) = (from.storage().await, from.files().await);
        let (document, _) = fill_more(&storage, &files, 0).await;
        let writing = tokio::spawn({
            let (storage, files) = (storage.clone(), files.clone());
            async move {
                for number in 1.. {
                    let (document, _) = fill_more(&storage, &files, number).await;
                    if number % 3 == 0 {
                        let gone = storage.delete_document(document, 0).await.unwrap();
                        storage.delete_let_go(&files, &gone.files).await;
                    }
                }
            }
        });
        for round in 0..3 {
            let path = from.folder.path().join(format!("identity-{round}"));
            let recipient = generate_identity(&path).unwrap();
            let wanted = from.wanted(Seal::Recipients(vec![recipient]));
            let created = create(&from.config, wanted).await.unwrap();
            let to = Place::sqlite();
            let key = Key::read(&path).unwrap();
            restore(&to.config, &created.path, key, Existing::Refuse)
                .await
                .unwrap();
            assert_eq!(to.sums().await, created.manifest.tables);
            let (restored, kept) = (to.storage().await, to.files().await);
            let document = restored.document(document).await.unwrap().unwrap();
            let gone = &created.manifest.files_gone;
            for document in restored.documents_of(document.twin_id).await.unwrap() {
                let is_gone = gone.contains(&document.file_key.to_string());
                assert_eq!(
                    kept.get(document.file_key).await.is_err(),
                    is_gone,
                    "{document:?}"
                );
            }
        }
        writing.abort();
        assert!(
            writing.await.unwrap_err().is_cancelled(),
            "the writer failed"
        );
    }
}

/// One more document, of a twin of its own for the first and of that one for the others.
async fn fill_more(storage: &Storage, files: &Files, number: u64) -> (DocumentId, FileKey) {
    let owner = storage
        .user_by_email("ada@example.com")
        .await
        .unwrap()
        .unwrap();
    let twin = storage.twins_of(owner.id).await.unwrap()[0].id;
    let mut sha256 = [1; 32];
    sha256[..8].copy_from_slice(&number.to_be_bytes());
    let document = Document {
        id: DocumentId::new(),
        twin_id: twin,
        name: format!("more {number}.md"),
        media_type: "text/markdown".to_owned(),
        size_bytes: 4,
        sha256,
        file_key: FileKey::new(),
        chunk_count: 0,
        created_at: NOW,
        state: DocumentState::Ready,
        failure: None,
        audience: Audience::Public,
    };
    files
        .put(document.file_key, Bytes::from_static(b"more"))
        .await
        .unwrap();
    storage
        .insert_document(document.clone(), Vec::new(), u64::MAX >> 1)
        .await
        .unwrap();
    (document.id, document.file_key)
}

#[tokio::test]
async fn old_archives_go_and_the_newest_that_was_verified_stays() {
    let from = Place::sqlite();
    fill(&from, 1).await;
    let folder = from.config.backup.folder.clone();
    let storage = from.storage().await;
    fs::create_dir_all(&folder).unwrap();
    for (day, is_verified) in [(10, true), (11, true), (12, false), (13, false)] {
        let name = format!("digital-twin-202001{day}T030000.000Z-abcdef.tar.zst.age");
        fs::write(folder.join(&name), "an archive").unwrap();
        storage.note_backup(&name, NOW + day, 10).await.unwrap();
        if is_verified {
            storage.note_verified_backup(&name, NOW).await.unwrap();
        }
    }
    fs::write(folder.join("digital-twin-notes.txt"), "not an archive").unwrap();
    fs::write(
        folder.join("digital-twin-20200101T030000.000Z-abcdef.tar.zst.age.part"),
        "half",
    )
    .unwrap();
    let new = NewBackup {
        verify: false,
        keep: Some(Keep {
            daily: 2,
            weekly: 0,
        }),
        ..from.wanted(Seal::Open)
    };
    let created = create(&from.config, new).await.unwrap();
    let mut left: Vec<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    left.sort();
    let expected = [
        ".lock",
        "digital-twin-20200111T030000.000Z-abcdef.tar.zst.age",
        "digital-twin-20200113T030000.000Z-abcdef.tar.zst.age",
        created.about.name.as_str(),
        "digital-twin-notes.txt",
    ];
    assert_eq!(left, expected);
    assert_eq!(created.deleted.len(), 2);
    let known: Vec<String> = storage
        .backups()
        .await
        .unwrap()
        .into_iter()
        .map(|backup| backup.name)
        .collect();
    assert_eq!(known.len(), 3, "{known:?}");
}

#[tokio::test]
async fn a_second_backup_into_the_same_folder_waits_for_its_turn_elsewhere() {
    let from = Place::sqlite();
    fill(&from, 1).await;
    let folder = from.config.backup.folder.clone();
    fs::create_dir_all(&folder).unwrap();
    let held = fs::File::create(folder.join(".lock")).unwrap();
    held.lock().unwrap();
    let refused = create(&from.config, from.wanted(Seal::Open))
        .await
        .unwrap_err();
    assert!(
        format!("{refused:#}").contains("another backup is being taken into"),
        "{refused:#}"
    );
}

#[tokio::test]
async fn a_backup_does_without_what_the_newest_migrations_bring() {
    let from = Place::sqlite();
    let storage = crate::database::open(&from.config).await.unwrap();
    storage.migrate_to("V0020__sessions").await.unwrap();
    let folder = from.config.backup.folder.clone();
    fs::create_dir_all(&folder).unwrap();
    let older = folder.join("digital-twin-20200111T030000.000Z-abcdef.tar.zst.age");
    fs::write(&older, "an archive").unwrap();
    let none = Keep {
        daily: 0,
        weekly: 0,
    };
    let new = NewBackup {
        keep: Some(none),
        ..from.wanted(Seal::Open)
    };
    let created = create(&from.config, new).await.unwrap();
    assert_eq!(created.about.schema.last().unwrap(), "V0020__sessions");
    assert!(older.exists(), "nobody knows whether it was verified");
    let to = Place::sqlite();
    restore(&to.config, &created.path, Key::None, Existing::Refuse)
        .await
        .unwrap();
    assert_eq!(
        to.storage().await.migration_status().await.unwrap().pending,
        Vec::<String>::new()
    );
    // A database with tables of its own is not gone back with.
    let refusal = from_newer(&created.path).await;
    assert!(refusal.contains("which the archive lacks"), "{refusal}");
}

async fn from_newer(archive: &Path) -> String {
    let newer = Place::sqlite();
    newer.storage().await;
    newer.refusal(archive, Key::None).await
}

#[test]
fn a_seal_and_a_key_show_nothing_of_their_secrets() {
    let secret = || secrecy::SecretString::from("canary".to_owned());
    let shown = format!(
        "{:?} {:?}",
        Seal::Passphrase(secret()),
        Key::Passphrase(secret())
    );
    assert_eq!(shown, "Passphrase Passphrase");
}
