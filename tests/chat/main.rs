//! Conversations over real WebSockets: the main job and a room of ten on the real model, the edge's refusals, two nodes, the
//! process, nodes of role chat beside nodes of role inference, and the faults around them.

#![expect(
    clippy::unwrap_used,
    reason = "a helper of tests may fail as a test does"
)]

mod admin;
mod attachments;
mod blocks;
mod bots;
mod drafts;
mod edge;
mod faults;
mod forgetting;
mod hostile;
mod inference_nodes;
mod main_job;
mod memberships;
mod memories;
mod nodes;
mod notifications;
mod permissions;
mod process;
mod room_of_ten;
mod rules;
mod sessions;

#[path = "../support/server.rs"]
#[expect(dead_code, reason = "the server's helpers serve two test programs")]
mod server;

use std::time::Duration;

use digital_twin::chat::connection::{Client, ClientConfig};
use protocol::{ClientFrame, Codec, ConversationId, Message, ServerFrame};
use serde_json::{Value, json};

use server::{Person, TestServer, text};

/// Far longer than a reply of the real model takes on a busy machine; a test that waits this long has failed.
const PATIENCE: Duration = Duration::from_secs(180);

/// A conversation of a person with a twin.
async fn conversation(server: &TestServer, person: &Person, twin: &str) -> ConversationId {
    let response = server
        .post(person, "/api/v1/conversations", &json!({"twins": [twin]}))
        .await;
    assert_eq!(response.status(), 201);
    let conversation: Value = response.json().await.unwrap();
    text(&conversation["id"]).parse().unwrap()
}

/// A client that follows nothing yet.
async fn connect(server: &TestServer, person: &Person, codec: Codec) -> Client {
    let config = ClientConfig {
        url: format!("{}/ws", server.url.replacen("http", "ws", 1)),
        codec,
        token: person.token.clone(),
    };
    Client::connect(config).await.unwrap()
}

/// A client that follows a conversation from its beginning.
async fn follow(
    server: &TestServer,
    person: &Person,
    codec: Codec,
    conversation: ConversationId,
) -> Client {
    let mut client = connect(server, person, codec).await;
    client.subscribe(conversation, Some(0)).await;
    next_that(&mut client, |frame| {
        matches!(frame, ServerFrame::Subscribed { .. }).then_some(())
    })
    .await;
    client
}

/// The next frame that `wanted` takes; others are passed over.
async fn next_that<T>(client: &mut Client, wanted: impl Fn(&ServerFrame) -> Option<T>) -> T {
    let found = async {
        loop {
            let frame = client.next_frame().await.unwrap();
            if let ServerFrame::Error { code, message, .. } = &frame {
                panic!("{code}: {message}");
            }
            if let Some(found) = wanted(&frame) {
                return found;
            }
        }
    };
    tokio::time::timeout(PATIENCE, found)
        .await
        .expect("the frame comes in time")
}

/// Sends a question and gives the finished reply; the pieces on the way must add up to its text.
async fn ask(client: &mut Client, conversation: ConversationId, question: &str) -> Message {
    client.send(conversation, question, None);
    let mut streamed = String::new();
    let answered = async {
        loop {
            match client.next_frame().await.unwrap() {
                ServerFrame::Delta { index, text, .. } => {
                    assert_eq!(index, streamed.chars().count() as u64);
                    streamed.push_str(&text);
                }
                ServerFrame::MessageDone(message) => return message,
                ServerFrame::Error { code, message, .. } => panic!("{code}: {message}"),
                _ => {}
            }
        }
    };
    let message = tokio::time::timeout(PATIENCE, answered)
        .await
        .expect("the reply comes in time");
    assert_eq!(streamed, message.text, "the pieces add up to the text");
    message
}

/// The log as the API shows it.
async fn log(server: &TestServer, person: &Person, conversation: ConversationId) -> Vec<Value> {
    let path = format!("/api/v1/conversations/{conversation}/messages");
    let page: Value = server.get(person, &path).await.json().await.unwrap();
    page["items"].as_array().unwrap().clone()
}

/// A frame as a raw socket sends it.
fn encoded(codec: Codec, frame: ClientFrame) -> Vec<u8> {
    let request = protocol::ClientRequest {
        request_ref: None,
        frame,
    };
    protocol::encode_client(codec, &request).unwrap()
}
