//! Backups, as an operator meets them.

use serde_json::Value;
use tempfile::TempDir;

use crate::serving::Serving;
use crate::{complained, done, program, said};

/// A migrated database, and the settings by which backups of it are encrypted.
fn installation() -> (TempDir, String, String) {
    let folder = tempfile::tempdir().unwrap();
    done(program(&folder).arg("migrate"));
    let identity = folder.path().join("identity").display().to_string();
    let made = done(program(&folder).args(["backup", "keygen", &identity]));
    let recipient = said(&made).trim().to_owned();
    assert!(recipient.starts_with("age1"), "{recipient}");
    (folder, identity, recipient)
}

#[test]
fn a_backup_is_not_taken_before_somebody_says_who_may_read_it() {
    let (folder, _, _) = installation();
    let refused = program(&folder).arg("backup").output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    let complaint = complained(&refused);
    assert!(
        complaint.contains("set TWIN_BACKUP_RECIPIENTS"),
        "{complaint}"
    );
    assert!(!folder.path().join("backups").exists());
    let open = done(program(&folder).args(["backup", "--unencrypted", "--json"]));
    let told: Value = serde_json::from_slice(&open.stdout).unwrap();
    assert!(
        told["path"].as_str().unwrap().ends_with(".tar.zst"),
        "{told}"
    );
}

#[test]
fn settings_that_would_encrypt_nothing_well_are_refused() {
    let (folder, _, recipient) = installation();
    for (settings, complaint) in [
        (
            vec![("TWIN_BACKUP_RECIPIENTS", "ssh-rsa")],
            "public keys of age",
        ),
        (
            vec![("TWIN_BACKUP_PASSPHRASE", "canary")],
            "at least 16 characters",
        ),
        (
            vec![
                ("TWIN_BACKUP_RECIPIENTS", &*recipient),
                ("TWIN_BACKUP_PASSPHRASE", "canary-canary-canary"),
            ],
            "are both set",
        ),
    ] {
        let refused = program(&folder)
            .arg("backup")
            .envs(settings)
            .output()
            .unwrap();
        assert_eq!(refused.status.code(), Some(78));
        let complained = complained(&refused);
        assert!(complained.contains(complaint), "{complained}");
        assert!(!complained.contains("canary"), "{complained}");
    }
}

#[actix_web::test]
async fn a_backup_is_taken_tried_out_and_put_back_while_a_server_serves() {
    let (folder, identity, recipient) = installation();
    let serving = Serving::start(program(&folder).arg("serve").env("LOG_LEVEL", "trace"));
    let taken = done(
        program(&folder)
            .args(["backup", "--verify", "--json", "--keep-daily", "7"])
            .env("TWIN_BACKUP_RECIPIENTS", &recipient)
            .env("LOG_LEVEL", "trace"),
    );
    let told: Value = serde_json::from_slice(&taken.stdout).unwrap();
    assert_eq!(told["verified"], true);
    let archive = told["path"].as_str().unwrap();
    let metrics = async || {
        let answer = reqwest::get(format!("{}/metrics", serving.url))
            .await
            .unwrap();
        answer.text().await.unwrap()
    };
    assert!(
        metrics()
            .await
            .contains("\ntwin_backup_last_verified_timestamp_seconds ")
    );

    let verified =
        done(program(&folder).args(["backup", "verify", archive, "--identity", &identity]));
    assert!(
        said(&verified).contains("can be restored"),
        "{}",
        said(&verified)
    );
    assert_eq!(complained(&verified), "");
    let elsewhere = tempfile::tempdir().unwrap();
    let verified = done(program(&elsewhere).args([
        "backup",
        "verify",
        archive,
        "--identity",
        &identity,
        "--json",
    ]));
    let again: Value = serde_json::from_slice(&verified.stdout).unwrap();
    assert_eq!(again["manifest"], told["manifest"]);
    assert!(
        complained(&verified).contains("there is no database here"),
        "{}",
        complained(&verified)
    );

    let refused = program(&folder)
        .args(["restore", archive, "--identity", &identity])
        .output()
        .unwrap();
    // Nobody has an account here yet, but the backup is known.
    assert!(
        complained(&refused).contains("is not empty"),
        "{}",
        complained(&refused)
    );
    let restored = done(program(&elsewhere).args(["restore", archive, "--identity", &identity]));
    assert!(
        said(&restored).starts_with("Restored "),
        "{}",
        said(&restored)
    );
    assert_eq!(
        std::fs::read(elsewhere.path().join("jwt-secret")).unwrap(),
        std::fs::read(folder.path().join("jwt-secret")).unwrap()
    );
    serving.signal("TERM");
    let (_, _, log) = serving.end();
    for text in [&log, &complained(&taken), &complained(&restored)] {
        assert!(!text.contains("AGE-SECRET-KEY"), "{text}");
    }
}
