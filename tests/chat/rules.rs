//! Rules of a room over real sockets, in both encodings: everybody sees them, and everybody is held to them.

use protocol::{ErrorCode, What};

use super::*;

#[actix_web::test]
async fn what_a_room_forbids_is_seen_by_all_and_sent_by_nobody() {
    let server = TestServer::start().await;
    let kim = server.register("Kim").await;
    let mo = server.register("Mo").await;
    let twin = server.twin(&kim, "private").await;
    let body = json!({"members": [mo.id], "twins": [twin], "title": "Hall"});
    let begun = server.post(&kim, "/api/v1/conversations", &body).await;
    let begun: Value = begun.json().await.unwrap();
    let room: ConversationId = text(&begun["id"]).parse().unwrap();
    let mut clients = [
        follow(&server, &kim, Codec::Json, room).await,
        follow(&server, &mo, Codec::MessagePack, room).await,
    ];
    let path = format!("/api/v1/conversations/{room}/rules");
    let words = json!({"words": [" Casino ", "赌博", "CASINO"], "slow_mode_seconds": 21_600});
    let set = server.patch(&kim, &path, &words).await;
    let rules = json!({"words": ["Casino", "赌博"], "slow_mode_seconds": 21_600});
    assert_eq!(set.json::<Value>().await.unwrap(), rules);
    let read = server.get(&mo, &path).await;
    assert_eq!(read.json::<Value>().await.unwrap(), rules);
    for client in &mut clients {
        let seen = next_that(client, |frame| match frame {
            ServerFrame::Change(change) => Some(change.what.clone()),
            _ => None,
        });
        let words = vec!["Casino".to_owned(), "赌博".to_owned()];
        assert_eq!(seen.await, What::WordsForbidden { words });
        let slow = next_that(client, |frame| match frame {
            ServerFrame::Change(change) => Some(change.what.clone()),
            _ => None,
        });
        assert_eq!(
            slow.await,
            What::SlowModeSet {
                seconds: Some(21_600)
            }
        );
        client.send(room, "come to the casino", None);
        assert_eq!(refused(client).await, (ErrorCode::Forbidden, None));
    }
    let [owner, member] = &mut clients;
    member.send(room, "hello", None);
    next_that(member, |frame| {
        matches!(frame, ServerFrame::Ack { .. }).then_some(())
    })
    .await;
    member.send(room, "hello again", None);
    let (code, wait) = refused(member).await;
    assert_eq!(code, ErrorCode::RateLimited);
    assert!(wait.is_some_and(|wait| wait > 3_600_000), "{wait:?}");
    // Nobody can have the twin say it either.
    owner.send(room, "@Ada\n!say the ca\u{200b}sino", None);
    assert_eq!(refused(owner).await, (ErrorCode::Forbidden, None));
    for body in [
        json!({"words": ["--"]}),
        json!({"words": vec!["x"; 201]}),
        json!({"slow_mode_seconds": 21_601}),
    ] {
        let refused = server.patch(&kim, &path, &body).await;
        assert_eq!(refused.status(), 422, "{body}");
    }
    server.running.stop().await;
}

async fn refused(client: &mut Client) -> (ErrorCode, Option<u64>) {
    let refused = async {
        loop {
            if let ServerFrame::Error {
                code,
                retry_after_ms,
                ..
            } = client.next_frame().await.unwrap()
            {
                return (code, retry_after_ms);
            }
        }
    };
    tokio::time::timeout(PATIENCE, refused)
        .await
        .expect("an answer comes in time")
}
