use tokio_postgres::NoTls;

use super::*;

/// A database of this test's own on the PostgreSQL of `make test`, and its Redis, as settings.
async fn services() -> Vec<(String, String)> {
    let postgres = url("TEST_POSTGRES_URL");
    let redis = url("TEST_REDIS_URL");
    let (client, connection) = tokio_postgres::connect(postgres.as_str(), NoTls)
        .await
        .unwrap();
    tokio::spawn(connection);
    let name = format!("nodes_{}", std::process::id());
    client
        .batch_execute(&format!("DROP DATABASE IF EXISTS {name}"))
        .await
        .unwrap();
    client
        .batch_execute(&format!("CREATE DATABASE {name}"))
        .await
        .unwrap();
    [
        ("DB_HOST", postgres.host_str().unwrap().to_owned()),
        ("DB_PORT", postgres.port().unwrap().to_string()),
        ("DB_USER", postgres.username().to_owned()),
        (
            "DB_PASSWORD",
            postgres.password().unwrap_or_default().to_owned(),
        ),
        ("DB_NAME", name),
        ("REDIS_HOST", redis.host_str().unwrap().to_owned()),
        ("REDIS_PORT", redis.port().unwrap().to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .to_vec()
}

fn url(variable: &str) -> reqwest::Url {
    let url = std::env::var(variable);
    let url = url.unwrap_or_else(|_| panic!("{variable} is not set: run `make test`"));
    url.parse().unwrap()
}

/// Two servers that share them.
pub(super) async fn two_nodes() -> [TestServer; 2] {
    let services = services().await;
    let settings: Vec<(&str, &str)> = services
        .iter()
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    [
        TestServer::with(&settings).await,
        TestServer::with(&settings).await,
    ]
}

#[actix_web::test]
async fn two_nodes_on_one_postgresql_and_one_redis_see_each_others_messages() {
    let [left, right] = two_nodes().await;
    let kim = left.register("Kim").await;
    let mo = right.register("Mo").await;
    let body = json!({"members": [mo.id], "title": "across"});
    let room: Value = left
        .post(&kim, "/api/v1/conversations", &body)
        .await
        .json()
        .await
        .unwrap();
    let room: ConversationId = text(&room["id"]).parse().unwrap();

    let mut on_left = follow(&left, &kim, Codec::Json, room).await;
    let mut on_right = follow(&right, &mo, Codec::MessagePack, room).await;
    for round in 0..10 {
        for (client, side) in [(&mut on_left, "left"), (&mut on_right, "right")] {
            client.send(room, &format!("{side} {round}"), None);
        }
        // Both see both before the next round, in the one order that the database gave.
        let (seen_on_left, seen_on_right) =
            tokio::join!(next_two(&mut on_left), next_two(&mut on_right));
        assert_eq!(seen_on_right, seen_on_left);
        let seqs: Vec<u64> = seen_on_left.iter().map(|(seq, _)| *seq).collect();
        assert_eq!(seqs, [2 * round + 1, 2 * round + 2]);
        let mut texts: Vec<&str> = seen_on_left.iter().map(|(_, text)| text.as_str()).collect();
        texts.sort_unstable();
        assert_eq!(texts, [format!("left {round}"), format!("right {round}")]);
    }
    left.running.stop().await;
    right.running.stop().await;
}

async fn next_two(client: &mut Client) -> Vec<(u64, String)> {
    let mut seen = Vec::new();
    while seen.len() < 2 {
        seen.push(next_that(client, message).await);
    }
    seen
}

fn message(frame: &ServerFrame) -> Option<(u64, String)> {
    match frame {
        ServerFrame::Message(message) => Some((message.seq, message.text.clone())),
        _ => None,
    }
}
