//! Servers that others wrote, as far as their dialect goes: nothing beyond OpenAI's, and not everything of it.

use std::convert::Infallible;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use bytes::Bytes;
use futures::StreamExt;

use super::*;

/// What such a server says to one request after the other.
#[derive(Clone)]
struct Script(Arc<Mutex<Vec<Vec<String>>>>);

/// A server that answers with these bytes, one list of them for each request.
async fn other_server(answers: &[&[&str]]) -> String {
    let answers = answers.iter().rev();
    let answers = answers.map(|pieces| pieces.iter().map(|piece| (*piece).to_owned()).collect());
    let script = Script(Arc::new(Mutex::new(answers.collect())));
    let server = HttpServer::new(move || {
        App::new()
            .app_data(web::Data::new(script.clone()))
            .route("/api/v1/models", web::get().to(models))
            .route("/api/v1/chat/completions", web::post().to(write))
            .route("/api/v1/embeddings", web::post().to(embed))
    })
    .workers(1)
    .disable_signals()
    .bind("127.0.0.1:0")
    .unwrap();
    let address = server.addrs()[0];
    actix_web::rt::spawn(server.run());
    format!("http://{address}/api/v1")
}

async fn models(request: HttpRequest) -> HttpResponse {
    match request.headers().get("authorization") {
        Some(key) if key == "Bearer sk-theirs" => {
            HttpResponse::Ok().json(json!({"data": [{"id": "theirs"}, {"id": "vectors"}]}))
        }
        _ => HttpResponse::Unauthorized().finish(),
    }
}

async fn write(script: web::Data<Script>, body: web::Json<Value>) -> HttpResponse {
    assert_eq!(body["model"], "theirs");
    assert!(body.get("digital_twin").is_none());
    let answer = script.0.lock().unwrap().pop().unwrap();
    let pieces = futures::stream::iter(answer).map(|piece| Ok::<_, Infallible>(Bytes::from(piece)));
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .streaming(pieces)
}

/// Texts about notes are alike, and others only where they are as long as each other.
async fn embed(body: web::Json<Value>) -> HttpResponse {
    assert_eq!(body["model"], "vectors");
    let vector = |text: &Value| {
        let text = text.as_str().unwrap();
        let about = match text.contains("note") {
            true => 0,
            false => 1 + text.len() % 31,
        };
        let mut vector = [0.0; 32];
        vector[about] = 5.0;
        vector
    };
    let texts = body["input"].as_array().unwrap().iter().enumerate();
    let vectors: Vec<Value> = texts
        .map(|(index, text)| json!({"index": index, "embedding": vector(text)}))
        .collect();
    HttpResponse::Ok().json(json!({"data": vectors}))
}

async fn chat_beside(url: &str) -> TestServer {
    TestServer::with(&[
        ("ROLE", "chat"),
        ("AI_SERVICE_URL", url),
        ("AI_SERVICE_KEY", "sk-theirs"),
        ("TWIN_SERVICE_EMBEDDING_MODEL", "vectors"),
    ])
    .await
}

#[actix_web::test]
async fn replies_of_other_servers_are_read_and_what_breaks_is_seen() {
    let long = format!("data: {}\n\n", "x".repeat(70_000));
    let first = r#"data: {"choices":[{"delta":{"role":"assistant","content":"good"}}]}"#;
    let url = other_server(&[
        &[
            first,
            "\r\n\r\n",
            ": a comment\n\n",
            "data: {\"choices\":[{\"delta\":{\"content\":\" day\"}}]}\n\n",
            "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n\n",
            "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2}}\n\n",
            "data: [DONE]\n\n",
        ],
        &[first, "\n\n"],
        &[&long],
        &["data: {\"choices\":[{\"delta\":{\"content\":\"back\"},\"finish_reason\":\"stop\"}]}\n\n"],
    ])
    .await;
    let chat = chat_beside(&url).await;
    let person = chat.register("Kim").await;
    let twin = chat.twin(&person, "private").await;
    let read = chat
        .uploaded(
            &person,
            &twin,
            "note.md",
            b"A note of three words.".to_vec(),
        )
        .await;
    assert_eq!(read["state"], "ready", "{read}");
    let room = conversation(&chat, &person, &twin).await;
    let mut client = follow(&chat, &person, Codec::Json, room).await;

    let whole = ask(&mut client, room, "Well, what of the note?").await;
    assert_eq!(whole.text, "good day");
    assert_eq!(whole.sources.unwrap().len(), 1);
    assert_eq!(whole.stop_reason, Some(StopReason::Length));
    let usage = whole.usage.unwrap();
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (9, 2));

    // Nobody else can go on where this one broke off.
    let broken = ask(&mut client, room, "And?").await;
    assert_eq!(
        (broken.text.as_str(), broken.stop_reason),
        ("good", Some(StopReason::Failed))
    );
    let failure = broken.failure.unwrap();
    assert_eq!(failure.code, ErrorCode::Unavailable);
    assert!(
        failure
            .message
            .starts_with("the inference service 127.0.0.1:"),
        "{}",
        failure.message
    );

    let too_long = ask(&mut client, room, "And then?").await;
    let message = too_long.failure.unwrap().message;
    assert!(message.contains("sent a line of more than"), "{message}");

    let back = ask(&mut client, room, "At last?").await;
    assert_eq!(back.text, "back");
    chat.running.stop().await;
}
