//! Blocks over real sockets, in both encodings: what is refused, what is heard, and what nobody is told of.

use protocol::ErrorCode;
use reqwest::Method;

use super::*;

async fn begin(server: &TestServer, person: &Person, body: &Value) -> ConversationId {
    let begun = server.post(person, "/api/v1/conversations", body).await;
    assert_eq!(begun.status(), 201);
    let begun: Value = begun.json().await.unwrap();
    text(&begun["id"]).parse().unwrap()
}

async fn block(server: &TestServer, person: &Person, id: &str) {
    let path = format!("/api/v1/blocks/{id}");
    let request = server.request(Method::PUT, &path);
    let blocked = request.bearer_auth(&person.token).send().await.unwrap();
    assert_eq!(blocked.status(), 204);
}

/// Sends a message; the code of what refused it, if anything did.
async fn say(client: &mut Client, room: ConversationId, words: &str) -> Result<(), ErrorCode> {
    client.send(room, words, None);
    let answered = async {
        loop {
            match client.next_frame().await.unwrap() {
                ServerFrame::Ack { .. } => return Ok(()),
                ServerFrame::Error { code, .. } => return Err(code),
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, answered)
        .await
        .expect("an answer comes in time")
}

#[actix_web::test]
async fn a_blocked_person_reaches_the_blocker_in_no_conversation_of_two_and_brings_them_nowhere() {
    let server = TestServer::start().await;
    let kim = server.register("Kim").await;
    for (name, codec) in [("Mo", Codec::Json), ("Lou", Codec::MessagePack)] {
        let other = server.register(name).await;
        let direct = begin(&server, &other, &json!({"members": [kim.id]})).await;
        let room = json!({"members": [kim.id], "title": "Hall"});
        let room = begin(&server, &other, &room).await;
        let mut blocked = follow(&server, &other, codec, direct).await;
        assert_eq!(say(&mut blocked, direct, "hello").await, Ok(()));
        block(&server, &kim, &other.id).await;
        let refused = say(&mut blocked, direct, "hello?").await;
        assert_eq!(refused, Err(ErrorCode::Forbidden));
        assert_eq!(say(&mut blocked, room, "hello all").await, Ok(()));
        let mut blocker = follow(&server, &kim, codec, direct).await;
        let refused = say(&mut blocker, direct, "leave me alone").await;
        assert_eq!(refused, Err(ErrorCode::Forbidden));
        for (person, body) in [
            (&other, json!({"members": [kim.id]})),
            (&other, json!({"members": [kim.id], "title": "Another"})),
            (&kim, json!({"members": [other.id]})),
        ] {
            let refused = server.post(person, "/api/v1/conversations", &body).await;
            assert_eq!(refused.status(), 403, "{body}");
        }
        let empty = server.twin(&other, "public").await;
        let own = json!({"twins": [empty], "title": "Own"});
        let own = begin(&server, &other, &own).await;
        let members = format!("/api/v1/conversations/{own}/members");
        let joined = json!({"user_id": kim.id});
        let refused = server.post(&other, &members, &joined).await;
        assert_eq!(refused.status(), 403);
        let path = format!("/api/v1/blocks/{}", other.id);
        assert_eq!(server.delete(&kim, &path).await.status(), 204);
        assert_eq!(server.delete(&kim, &path).await.status(), 404);
        assert_eq!(say(&mut blocked, direct, "hello!").await, Ok(()));
        let joined = server.post(&other, &members, &joined).await;
        assert_eq!(joined.status(), 200);
    }
    server.running.stop().await;
}

#[actix_web::test]
async fn who_has_blocked_somebody_is_not_told_of_what_they_say_in_rooms() {
    let server = TestServer::with(&[("TWIN_NOTIFY_AFTER_SECONDS", "0")]).await;
    let kim = server.register("Kim").await;
    let mo = server.register("Mo").await;
    let lou = server.register("Lou").await;
    let body = json!({"members": [mo.id, lou.id], "title": "Hall"});
    let room = begin(&server, &kim, &body).await;
    block(&server, &kim, &mo.id).await;
    let listed: Value = server
        .get(&kim, "/api/v1/blocks")
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(
        (&listed["items"][0]["kind"], &listed["items"][0]["id"]),
        (&json!("user"), &json!(mo.id))
    );
    let mut of_mo = follow(&server, &mo, Codec::Json, room).await;
    let mut of_lou = follow(&server, &lou, Codec::MessagePack, room).await;
    assert_eq!(say(&mut of_mo, room, "@kim look").await, Ok(()));
    assert_eq!(say(&mut of_lou, room, "@kim @mo look").await, Ok(()));
    // The log is looked through in order: what is told of the second was decided after the first.
    let told = async {
        loop {
            let page = server.get(&kim, "/api/v1/notifications").await;
            let page: Value = page.json().await.unwrap();
            if let Some(first) = page["items"].as_array().unwrap().first() {
                return (page["items"].as_array().unwrap().len(), first.clone());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await;
    let (count, first) = told.expect("Kim is told in time");
    assert_eq!((count, &first["author"]["name"]), (1, &json!("Lou")));
    // The log has both: which to show is the client's choice.
    let log = log(&server, &kim, room).await;
    assert_eq!(log.len(), 2);
    server.running.stop().await;
}

#[actix_web::test]
async fn a_blocked_twin_is_no_model_for_who_has_blocked_it_and_nobody_blocks_themselves() {
    let server = TestServer::start().await;
    let kim = server.register("Kim").await;
    let ada = server.twin(&kim, "public").await;
    let asked = json!({"model": ada, "messages": [{"role": "user", "content": "!say hello"}]});
    let answered = server.post(&kim, "/v1/chat/completions", &asked).await;
    assert_eq!(answered.status(), 200);
    block(&server, &kim, &ada).await;
    let refused = server.post(&kim, "/v1/chat/completions", &asked).await;
    assert_eq!(refused.status(), 403);
    let mo = server.register("Mo").await;
    let answered = server.post(&mo, "/v1/chat/completions", &asked).await;
    assert_eq!(answered.status(), 200);
    for (id, status) in [
        (kim.id.clone(), 403),
        (uuid::Uuid::now_v7().to_string(), 404),
    ] {
        let path = format!("/api/v1/blocks/{id}");
        let request = server.request(Method::PUT, &path);
        let refused = request.bearer_auth(&kim.token).send().await.unwrap();
        assert_eq!(refused.status(), status);
    }
    server.running.stop().await;
}
