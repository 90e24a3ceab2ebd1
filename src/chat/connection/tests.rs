//! The client against a server that follows a script: loses connections, repeats itself, refuses, restarts.

mod server;

use protocol::{ClientFrame, Codec, ErrorCode, Message, MessageId, ServerFrame};

use self::server::Server;
use super::{Client, ClientConfig, ClientError, ClientEvent};

/// A client that follows the server's conversation.
async fn follower(server: &Server) -> Client {
    let mut client = Client::connect(server.config()).await.unwrap();
    client.subscribe(server.conversation, Some(0)).await;
    let first = client.next_frame().await.unwrap();
    assert!(matches!(first, ServerFrame::Subscribed { .. }), "{first:?}");
    client
}

async fn next_frames(client: &mut Client, count: usize) -> Vec<ServerFrame> {
    let mut frames = Vec::new();
    while frames.len() < count {
        frames.push(client.next_frame().await.unwrap());
    }
    frames
}

#[tokio::test]
async fn a_reply_that_was_cut_off_goes_on_after_the_reconnection_without_repeating_a_word() {
    for codec in Codec::ALL {
        let server = Server::start(codec).await;
        let reply = MessageId::new();
        let [first, second] = ["one", "two"].map(|text| server.message(1, text));
        let second = Message { seq: 2, ..second };
        let script = async {
            let mut peer = server.let_in_and_subscribe().await;
            peer.says(&ServerFrame::Message(first.clone())).await;
            peer.says(&server.start_of(reply)).await;
            peer.says(&server.delta(reply, 0, "Under the ")).await;
            // The network breaks.
            drop(peer);
            let (mut peer, resume) = server.let_in().await;
            assert_eq!(resume, server.resume("first", 1));
            peer.says(&ServerFrame::Message(second.clone())).await;
            peer.says(&server.start_of(reply)).await;
            peer.says(&server.delta(reply, 0, "Under the blue ")).await;
            peer.says(&server.subscribed(None, 2)).await;
            peer.says(&server.delta(reply, 15, "pot")).await;
            peer
        };
        let client = async {
            let mut client = follower(&server).await;
            next_frames(&mut client, 7).await
        };
        let (frames, _peer) = tokio::join!(client, script);
        assert_eq!(
            frames,
            [
                ServerFrame::Message(first.clone()),
                server.start_of(reply),
                server.delta(reply, 0, "Under the "),
                ServerFrame::Message(second.clone()),
                server.delta(reply, 10, "blue "),
                server.subscribed(None, 2),
                server.delta(reply, 15, "pot"),
            ]
        );
    }
}

#[tokio::test]
async fn a_message_without_an_answer_is_sent_again_with_the_same_id_until_it_is_acknowledged() {
    let server = Server::start(Codec::Json).await;
    let script = async {
        let mut peer = server.let_in_and_subscribe().await;
        let sent = peer.hears().await;
        drop(peer);
        let (mut peer, _) = server.let_in().await;
        let again = peer.hears().await;
        assert_eq!(again, sent);
        let ClientFrame::Send { client_id, .. } = again.frame else {
            panic!("{again:?}");
        };
        peer.says(&ServerFrame::Ack {
            request_ref: again.request_ref,
            conversation_id: server.conversation,
            client_id: client_id.clone(),
            seq: 1,
            message_id: MessageId::new(),
        })
        .await;
        // Only now the second: it could not overtake the first.
        let next = peer.hears().await;
        assert!(
            matches!(&next.frame, ClientFrame::Send { text, .. } if text == "second"),
            "{next:?}"
        );
        (peer, client_id)
    };
    let client = async {
        let mut client = follower(&server).await;
        let first = client.send(server.conversation, "first", None);
        client.send(server.conversation, "second", None);
        let acknowledged = client.next_frame().await.unwrap();
        assert!(
            matches!(&acknowledged, ServerFrame::Ack { client_id, .. } if *client_id == first),
            "{acknowledged:?}"
        );
        (client, first)
    };
    let client = async {
        let (mut client, first) = client.await;
        // The second is sent while the client waits, which it does until the server has heard it.
        let silence = client.next_event().await;
        (first, silence.unwrap())
    };
    let script = async {
        let (mut peer, client_id) = script.await;
        peer.says(&ServerFrame::Pong { request_ref: None }).await;
        client_id
    };
    let ((first, last), resent) = tokio::join!(client, script);
    assert_eq!(first, resent);
    let pong = ServerFrame::Pong { request_ref: None };
    assert_eq!(last, ClientEvent::Frame(pong));
}

#[tokio::test]
async fn an_entry_that_is_missing_is_fetched_from_the_log() {
    let server = Server::start(Codec::MessagePack).await;
    let entries: Vec<Message> = (1..=4)
        .map(|seq| server.message(seq, &format!("entry {seq}")))
        .collect();
    let say = |seq: usize| ServerFrame::Message(entries[seq - 1].clone());
    let script = async {
        let mut peer = server.let_in_and_subscribe().await;
        peer.says(&say(1)).await;
        peer.says(&say(3)).await;
        let again = peer.hears().await;
        assert_eq!(
            again.frame,
            ClientFrame::Subscribe {
                conversation_id: server.conversation,
                after_seq: Some(1)
            }
        );
        peer.says(&say(4)).await;
        for seq in 2..=4 {
            peer.says(&say(seq)).await;
        }
        peer.says(&server.subscribed(again.request_ref, 4)).await;
        peer
    };
    let client = async {
        let mut client = follower(&server).await;
        next_frames(&mut client, 4).await
    };
    let (frames, _peer) = tokio::join!(client, script);
    assert_eq!(frames, (1..=4).map(say).collect::<Vec<_>>());
}

#[tokio::test]
async fn a_server_that_restarts_is_left_alone_for_as_long_as_it_asks() {
    let server = Server::start(Codec::Json).await;
    let script = async {
        let mut peer = server.let_in_and_subscribe().await;
        peer.says(&ServerFrame::Reconnect { after_ms: 40 }).await;
        peer.closes(1012).await;
        server.let_in().await
    };
    let client = async {
        let mut client = follower(&server).await;
        let mut events = Vec::new();
        while events.last() != Some(&ClientEvent::Reconnected) {
            events.push(client.next_event().await.unwrap());
        }
        events
    };
    let (events, (_peer, resume)) = tokio::join!(client, script);
    let wait = std::time::Duration::from_millis(40);
    assert_eq!(
        events,
        [
            ClientEvent::Frame(ServerFrame::Reconnect { after_ms: 40 }),
            ClientEvent::Disconnected {
                reason: "because".to_owned(),
                wait
            },
            ClientEvent::Reconnected,
        ]
    );
    assert_eq!(resume, server.resume("first", 0));
}

#[tokio::test]
async fn a_token_that_is_over_is_asked_for_and_the_new_one_resumes() {
    let server = Server::start(Codec::Json).await;
    let script = async {
        let peer = server.let_in_and_subscribe().await;
        peer.closes(4401).await;
        server.let_in().await
    };
    let client = async {
        let mut client = follower(&server).await;
        let error = client.next_event().await.unwrap_err();
        assert!(
            matches!(error, ClientError::Unauthenticated { .. }),
            "{error}"
        );
        client.set_token("second".to_owned());
        client.next_event().await.unwrap()
    };
    let (event, (_peer, resume)) = tokio::join!(client, script);
    assert_eq!(event, ClientEvent::Reconnected);
    assert_eq!(resume, server.resume("second", 0));
}

#[tokio::test]
async fn a_client_that_is_told_of_its_own_fault_gives_up() {
    let server = Server::start(Codec::Json).await;
    let script = async { server.let_in_and_subscribe().await.closes(1009).await };
    let client = async {
        let mut client = follower(&server).await;
        client.next_event().await.unwrap_err()
    };
    let (error, ()) = tokio::join!(client, script);
    assert_eq!(
        error.to_string(),
        "the server closed the connection (1009): because"
    );
}

#[tokio::test]
async fn a_conversation_that_the_server_could_not_go_on_with_is_resumed() {
    let server = Server::start(Codec::Json).await;
    let script = async {
        let mut peer = server.let_in_and_subscribe().await;
        peer.says(&ServerFrame::Reset {
            conversation_id: server.conversation,
            code: ErrorCode::Unavailable,
            message: "the conversation is being restarted".to_owned(),
            retry_after_ms: Some(1_000),
        })
        .await;
        let (mut peer, resume) = server.let_in().await;
        assert_eq!(resume, server.resume("first", 0));
        // The database is still away.
        peer.says(&ServerFrame::Error {
            request_ref: None,
            code: ErrorCode::Unavailable,
            message: "the database is away".to_owned(),
            retry_after_ms: None,
        })
        .await;
        let (mut peer, resume) = server.let_in().await;
        assert_eq!(resume, server.resume("first", 0));
        peer.says(&server.subscribed(None, 0)).await;
        peer
    };
    let client = async {
        let mut client = follower(&server).await;
        client.next_frame().await.unwrap()
    };
    let (frame, _peer) = tokio::join!(client, script);
    assert_eq!(frame, server.subscribed(None, 0));
}

#[tokio::test]
async fn a_refused_subscription_is_told_and_not_resumed() {
    let server = Server::start(Codec::Json).await;
    let script = async {
        let (mut peer, _) = server.let_in().await;
        let subscribe = peer.hears().await;
        peer.says(&ServerFrame::Error {
            request_ref: subscribe.request_ref,
            code: ErrorCode::NotFound,
            message: "there is no such conversation".to_owned(),
            retry_after_ms: None,
        })
        .await;
        drop(peer);
        server.let_in().await
    };
    let client = async {
        let mut client = Client::connect(server.config()).await.unwrap();
        client.subscribe(server.conversation, None).await;
        let refused = client.next_frame().await.unwrap();
        while client.next_event().await.unwrap() != ClientEvent::Reconnected {}
        refused
    };
    let (refused, (_peer, resume)) = tokio::join!(client, script);
    assert!(
        matches!(
            refused,
            ServerFrame::Error {
                code: ErrorCode::NotFound,
                ..
            }
        ),
        "{refused:?}"
    );
    assert_eq!(
        resume,
        ClientFrame::Resume {
            token: "first".to_owned(),
            cursors: vec![],
            presence: false,
        }
    );
}

#[tokio::test]
async fn the_first_connection_fails_with_its_reason() {
    let server = Server::start(Codec::Json).await;
    let refuse = |code, message: &str| ServerFrame::Error {
        request_ref: None,
        code,
        message: message.to_owned(),
        retry_after_ms: None,
    };
    let script = async {
        let mut peer = server.accept().await;
        peer.hears().await;
        peer.says(&refuse(ErrorCode::TokenExpired, "the token has expired"))
            .await;
        peer.closes(4401).await;
    };
    let (refused, ()) = tokio::join!(Client::connect(server.config()), script);
    let refused = refused.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "not authenticated: the token has expired"
    );

    let config = server.config();
    drop(server);
    let gone = Client::connect(config.clone()).await.unwrap_err();
    assert!(matches!(gone, ClientError::Unreachable { .. }), "{gone}");
    let secure = ClientConfig {
        url: config.url.replace("ws://", "wss://"),
        ..config
    };
    let secure = Client::connect(secure).await.unwrap_err();
    assert!(
        secure
            .to_string()
            .ends_with("only ws:// is supported, TLS is not"),
        "{secure}"
    );
}
