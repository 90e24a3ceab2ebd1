//! Administrators and the audit log on the command line.

use tokio_postgres::NoTls;

use crate::serving::Serving;
use crate::shared::{new_database, program_on};
use crate::{complained, program, said};

#[test]
fn an_administrator_is_made_listed_and_made_none_and_each_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| program(&folder).args(arguments).output().unwrap();
    let nobody = run(&["account", "admins"]);
    assert!(
        said(&nobody).starts_with("Nobody administers this server"),
        "{nobody:?}"
    );
    let unknown = run(&["account", "grant-admin", "nobody@example.com"]);
    assert_eq!(unknown.status.code(), Some(1));
    let expected = "digital-twin: no account has the e-mail address nobody@example.com\n";
    assert!(complained(&unknown).ends_with(expected), "{unknown:?}");
    assert!(said(&run(&["audit", "verify"])).starts_with("The audit log has no rows"));
}

#[actix_web::test]
async fn a_log_that_was_changed_by_hand_is_told_from_one_that_was_not() {
    let database = new_database().await;
    let folder = tempfile::tempdir().unwrap();
    let run = |arguments: &[&str]| {
        program_on(&folder, &database)
            .args(arguments)
            .output()
            .unwrap()
    };
    let serving = Serving::start(program_on(&folder, &database).args(["serve", "--migrate"]));
    let body = serde_json::json!({"email": "root@example.com", "name": "Root", "password": "correct horse"});
    let register = format!("{}/api/v1/auth/register", serving.url);
    let made = reqwest::Client::new().post(register).json(&body).send();
    assert_eq!(made.await.unwrap().status(), 201);
    for verb in ["grant-admin", "revoke-admin", "grant-admin"] {
        let done = run(&["account", verb, "root@example.com"]);
        assert_eq!(done.status.code(), Some(0), "{done:?}");
    }
    assert_eq!(
        said(&run(&["account", "admins"])),
        "root@example.com  Root\n"
    );
    let whole = run(&["audit", "verify"]);
    let whole = said(&whole);
    assert!(
        whole.starts_with("Rows 1 to 4 of the audit log are whole."),
        "{whole}"
    );
    let (_, newest) = whole.trim().rsplit_once(' ').unwrap();
    assert_eq!(
        run(&["audit", "verify", "--known", newest]).status.code(),
        Some(0)
    );
    let other = format!("4:{}", "0".repeat(64));
    let rewritten = run(&["audit", "verify", "--known", &other]);
    assert_eq!(rewritten.status.code(), Some(1));
    assert!(complained(&rewritten).contains("row 4 of the audit log is not the one"));

    let setting = |wanted: &str| {
        let found = database.iter().find(|(name, _)| *name == wanted);
        found.map(|(_, value)| value.as_str()).unwrap()
    };
    let mut config = tokio_postgres::Config::new();
    config
        .host(setting("DB_HOST"))
        .port(setting("DB_PORT").parse().unwrap())
        .user(setting("DB_USER"))
        .password(setting("DB_PASSWORD"))
        .dbname(setting("DB_NAME"));
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    let deed = "UPDATE audit SET action = 'admin_granted' WHERE number = 3";
    client.batch_execute(deed).await.unwrap();
    let broken = run(&["audit", "verify"]);
    assert_eq!(broken.status.code(), Some(1));
    let expected =
        "digital-twin: the audit log is broken at row 3: the row is not what was written\n";
    assert!(complained(&broken).ends_with(expected), "{broken:?}");
    serving.signal("TERM");
    assert_eq!(serving.end().0, Some(0));
}
