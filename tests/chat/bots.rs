//! Bots over real WebSockets, in both encodings: they talk like people, and go when they are deleted.

use digital_twin::chat::connection::ClientError;
use protocol::{Author, ErrorCode};

use super::*;

/// Far less than the time after which a connection asks by itself whether it may stay.
const PROMPTLY: Duration = Duration::from_secs(15);

/// A bot of this person, as somebody who connects.
pub(crate) async fn bot_of(server: &TestServer, owner: &Person) -> Person {
    let made = server
        .post(owner, "/api/v1/bots", &json!({"name": "Quiz"}))
        .await;
    let made: Value = made.json().await.unwrap();
    Person {
        id: text(&made["bot"]["id"]),
        token: text(&made["token"]),
        ..owner.clone()
    }
}

#[actix_web::test]
async fn a_bot_asks_a_twin_and_everybody_sees_that_a_program_did() {
    let server = TestServer::start().await;
    let kim = server.register("Kim").await;
    let twin = server.twin(&kim, "private").await;
    let bot = bot_of(&server, &kim).await;
    let body = json!({"twins": [twin], "bots": [bot.id]});
    let begun = server.post(&kim, "/api/v1/conversations", &body).await;
    let begun: Value = begun.json().await.unwrap();
    let room: ConversationId = text(&begun["id"]).parse().unwrap();
    for codec in [Codec::Json, Codec::MessagePack] {
        let mut person = follow(&server, &kim, codec, room).await;
        let mut program = follow(&server, &bot, codec, room).await;
        assert_eq!(program.user().id.to_string(), bot.id);
        let reply = ask(&mut program, room, "@Ada\n!say hello").await;
        assert_eq!(reply.text, "hello");
        let question = next_that(&mut person, |frame| match frame {
            ServerFrame::Message(message) if Some(message.message_id) == reply.reply_to => {
                Some(message.clone())
            }
            _ => None,
        })
        .await;
        let author = Author::Bot {
            id: bot.id.parse().unwrap(),
            name: "Quiz".to_owned(),
        };
        assert_eq!((question.author, question.ai_written), (author, false));
    }
    let log = log(&server, &bot, room).await;
    assert_eq!(log[0]["author"]["kind"], "bot");
    server.running.stop().await;
}

#[actix_web::test]
async fn connections_end_when_their_bot_is_deleted_and_when_their_person_logs_out() {
    let server = TestServer::start().await;
    let kim = server.register("Kim").await;
    let bot = bot_of(&server, &kim).await;
    let body = json!({"bots": [bot.id]});
    let begun = server.post(&kim, "/api/v1/conversations", &body).await;
    let begun: Value = begun.json().await.unwrap();
    let room: ConversationId = text(&begun["id"]).parse().unwrap();
    let person = follow(&server, &kim, Codec::Json, room).await;
    let program = follow(&server, &bot, Codec::MessagePack, room).await;
    let deleted = server
        .delete(&kim, &format!("/api/v1/bots/{}", bot.id))
        .await;
    assert_eq!(deleted.status(), 204);
    put_out(program).await;
    let token = json!({"refresh_token": kim.refresh_token});
    let out = server.post_as_nobody("/api/v1/auth/logout", &token).await;
    assert_eq!(out.status(), 204);
    put_out(person).await;
    server.running.stop().await;
}

/// Waits until the server has put a client out.
pub(crate) async fn put_out(mut client: Client) {
    let ended = async {
        loop {
            if let Err(error) = client.next_frame().await {
                return error;
            }
        }
    };
    let error = tokio::time::timeout(PROMPTLY, ended).await.unwrap();
    let code = match &error {
        ClientError::Unauthenticated { code, .. } => Some(*code),
        _ => None,
    };
    assert_eq!(code, Some(ErrorCode::Unauthenticated), "{error}");
}
