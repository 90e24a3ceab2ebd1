//! Feedback on replies over HTTP: for oneself and the twin's owner.

use protocol::{Author, ConversationId, Latency, MessageId, NodeId, StopReason, TwinId, UserId};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use storage::{ChainLimits, FinishedReply, NewMessage, NewReplyOrder, ReplyWhen};

use crate::server::{Person, TestServer, problem, text};

/// A conversation in which a twin has replied, and the reply.
pub(crate) async fn replied(server: &TestServer, person: &Person, twin: &str) -> (String, String) {
    let body = json!({"twins": [twin]});
    let response = server.post(person, "/api/v1/conversations", &body).await;
    let begun: Value = response.json().await.unwrap();
    let conversation = text(&begun["id"]);
    let conversation_id: ConversationId = conversation.parse().unwrap();
    let (reply, node) = (MessageId::new(), NodeId::new());
    let twin_id: TwinId = twin.parse().unwrap();
    let user_id: UserId = person.id.parse().unwrap();
    let question = NewMessage {
        conversation_id,
        message_id: MessageId::new(),
        author: Author::User {
            id: user_id,
            name: "Bo".to_owned(),
        },
        client_id: None,
        text: "hello".to_owned(),
        reply_to: None,
        thread: None,
        attachments: Vec::new(),
        created_at: 1,
        members_seq: None,
        replies: vec![NewReplyOrder {
            message_id: reply,
            twin_id,
            when: ReplyWhen::Always,
            node_id: node,
            lease_until: i64::MAX,
        }],
        rules: storage::MessageRules::default(),
        chain: None,
        by_owner: false,
    };
    let storage = &server.running.edge().storage;
    storage.append_message(question).await.unwrap();
    let epoch = storage.claim_reply(reply, node, 1, i64::MAX).await.unwrap();
    let answer = FinishedReply {
        authorship: None,
        client_id: None,
        author: Author::Twin {
            id: twin_id,
            name: "Ada".to_owned(),
        },
        text: "Hello.".to_owned(),
        sources: Vec::new(),
        usage: None,
        stop_reason: StopReason::EndOfTurn,
        model: None,
        origin: None,
        failure: None,
        adapter: None,
        seed: None,
        latency: Latency {
            first_text_ms: Some(1),
            whole_ms: 2,
        },
        replies: Vec::new(),
        chain: ChainLimits::NOTHING,
        members_seq: None,
        lend_until: 0,
        created_at: 2,
    };
    storage
        .finish_reply(reply, epoch.unwrap(), answer)
        .await
        .unwrap();
    (conversation, reply.to_string())
}

#[actix_web::test]
async fn feedback_is_for_oneself_and_the_owner_of_the_twin() {
    let server = TestServer::start().await;
    let ada = server.register("Ada").await;
    let bo = server.register("Bo").await;
    let twin = server.twin(&ada, "public").await;
    let (conversation, reply) = replied(&server, &bo, &twin).await;
    let path = format!("/api/v1/conversations/{conversation}/messages/{reply}/feedback");
    let list = format!("/api/v1/twins/{twin}/feedback");
    assert_eq!(
        problem(server.get(&bo, &path).await).await,
        (404, "not_found".to_owned())
    );

    let put = |body: Value| {
        let request = server.request(Method::PUT, &path).bearer_auth(&bo.token);
        request.json(&body).send()
    };
    for (body, expected) in [
        (json!({"rating": "sideways"}), (400, "malformed")),
        (json!({"reason": "why"}), (400, "malformed")),
        (
            json!({"rating": "up", "reason": "x".repeat(2_001)}),
            (422, "invalid"),
        ),
    ] {
        let (status, code) = problem(put(body).await.unwrap()).await;
        assert_eq!((status, code.as_str()), expected);
    }
    for body in [
        json!({"rating": "up"}),
        json!({"rating": "down", "reason": " It never met Bo. "}),
    ] {
        let kept = put(body).await.unwrap();
        assert_eq!(kept.status(), StatusCode::OK);
    }
    let own: Value = server.get(&bo, &path).await.json().await.unwrap();
    assert_eq!(
        (&own["rating"], &own["reason"]),
        (&json!("down"), &json!("It never met Bo."))
    );
    let listed: Value = server.get(&ada, &list).await.json().await.unwrap();
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    let entry = &listed["items"][0];
    assert_eq!(
        (
            &entry["message_id"],
            &entry["user_id"],
            &entry["user_name"],
            &entry["reason"]
        ),
        (
            &json!(reply),
            &json!(bo.id),
            &json!("Bo"),
            &json!("It never met Bo.")
        )
    );
    // The owner of the twin takes no part in the conversation, and others own no twin.
    assert_eq!(problem(server.get(&ada, &path).await).await.0, 404);
    assert_eq!(problem(server.get(&bo, &list).await).await.0, 403);

    let gone = server.delete(&bo, &path).await;
    assert_eq!(gone.status(), StatusCode::NO_CONTENT);
    assert_eq!(problem(server.delete(&bo, &path).await).await.0, 404);
    let listed: Value = server.get(&ada, &list).await.json().await.unwrap();
    assert_eq!(listed, json!({"items": [], "next": null}));
}
