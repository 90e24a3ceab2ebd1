//! Notifications end to end: somebody writes, somebody else is not there, and is told where and how they wish.

use std::sync::Arc;

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use sha2::Sha256;
use tokio::sync::mpsc;
use web_push_native::{Auth, p256::SecretKey};

use super::*;

/// A server whose notifications come at once and go to this machine.
async fn server() -> TestServer {
    server_that_waits("0").await
}

/// A server whose notifications come after so many seconds and go to this machine.
async fn server_that_waits(seconds: &str) -> TestServer {
    TestServer::with(&[
        ("TWIN_NOTIFY_AFTER_SECONDS", seconds),
        ("TWIN_NOTIFY_GAP_SECONDS", "0"),
        ("TWIN_NOTIFY_PRIVATE_ADDRESSES", "true"),
        ("TWIN_VAPID_SUBJECT", "mailto:ops@example.com"),
    ])
    .await
}

/// A call that the receiver got.
pub(super) struct Received {
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Received {
    fn header(&self, wanted: &str) -> &str {
        let found = self.headers.iter().find(|(name, _)| name == wanted);
        &found.unwrap_or_else(|| panic!("no header {wanted}")).1
    }
}

/// Somebody who takes calls, and answers them with this status.
pub(super) struct Receiver {
    pub(super) url: String,
    calls: mpsc::UnboundedReceiver<Received>,
}

impl Receiver {
    pub(super) async fn start(status: u16) -> Self {
        let (sender, calls) = mpsc::unbounded_channel();
        let sender = Arc::new(sender);
        let server = HttpServer::new(move || {
            let sender = sender.clone();
            let take = move |request: HttpRequest, body: web::Bytes| {
                let headers = request.headers().iter();
                let headers = headers
                    .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()));
                let received = Received {
                    headers: headers.collect(),
                    body: body.to_vec(),
                };
                sender.send(received).unwrap();
                async move { HttpResponse::build(status.try_into().unwrap()).finish() }
            };
            App::new().default_service(web::to(take))
        });
        let server = server
            .workers(1)
            .disable_signals()
            .bind(("127.0.0.1", 0))
            .unwrap();
        let url = format!("http://{}/told", server.addrs()[0]);
        actix_web::rt::spawn(server.run());
        Self { url, calls }
    }

    pub(super) async fn next(&mut self) -> Received {
        let next = tokio::time::timeout(PATIENCE, self.calls.recv());
        next.await.expect("the call comes in time").unwrap()
    }
}

pub(super) async fn put(server: &TestServer, person: &Person, path: &str, body: &Value) -> Value {
    let request = server.request(reqwest::Method::PUT, path);
    let request = request.bearer_auth(&person.token).json(body);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.json().await.unwrap()
}

/// A conversation of two people, of whom one is connected.
async fn two_people(server: &TestServer) -> (Person, Person, ConversationId, Client) {
    let kim = server.register("Kim").await;
    let mo = server.register("Mo").await;
    let body = json!({"members": [mo.id]});
    let begun = server.post(&kim, "/api/v1/conversations", &body).await;
    let begun: Value = begun.json().await.unwrap();
    let room: ConversationId = text(&begun["id"]).parse().unwrap();
    let client = follow(server, &kim, Codec::Json, room).await;
    (kim, mo, room, client)
}

async fn say(client: &mut Client, room: ConversationId, words: &str) {
    client.send(room, words, None);
    next_that(client, |frame| {
        matches!(frame, ServerFrame::Ack { .. }).then_some(())
    })
    .await;
}

/// Waits until what a person reads there is as it should be.
async fn until(
    server: &TestServer,
    person: &Person,
    path: &str,
    is_so: impl Fn(&Value) -> bool,
) -> Value {
    let wait = async {
        loop {
            let answer: Value = server.get(person, path).await.json().await.unwrap();
            if is_so(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, wait)
        .await
        .unwrap_or_else(|_| panic!("{path} is as it should be in time"))
}

/// Waits until a person has so many notifications.
async fn notified(server: &TestServer, person: &Person, count: usize) -> Vec<Value> {
    let all = |page: &Value| page["items"].as_array().unwrap().len() == count;
    let mut page = until(server, person, "/api/v1/notifications", all).await;
    serde_json::from_value(page["items"].take()).unwrap()
}

#[actix_web::test]
async fn a_browser_is_told_by_web_push_without_a_word_of_what_was_said() {
    let server = server().await;
    let mut push_service = Receiver::start(201).await;
    let (_, mo, room, mut kim) = two_people(&server).await;
    let browser = SecretKey::from_slice(&[7; 32]).unwrap();
    let auth = [9; 16];
    let public_key = browser.public_key().to_sec1_bytes();
    let subscription = json!({
        "endpoint": push_service.url,
        "expirationTime": null,
        "keys": {"p256dh": URL_SAFE_NO_PAD.encode(&public_key), "auth": URL_SAFE_NO_PAD.encode(auth)},
    });
    put(&server, &mo, "/api/v1/me/push-subscriptions", &subscription).await;
    say(&mut kim, room, "the canary is in the cellar").await;
    let told = push_service.next().await;

    assert_eq!(told.header("content-encoding"), "aes128gcm");
    assert!(told.header("ttl").parse::<u32>().unwrap() > 0);
    let decrypt = |told: &Received| -> Value {
        let auth = Auth::clone_from_slice(&auth);
        let body = web_push_native::decrypt(told.body.clone(), &browser, &auth).unwrap();
        serde_json::from_slice(&body).unwrap()
    };
    let listed = notified(&server, &mo, 1).await;
    let expected = json!({"title": "New message", "count": 1, "notification_id": listed[0]["id"]});
    assert_eq!(decrypt(&told), expected);

    let settings = server.get(&mo, "/api/v1/me/notification-settings").await;
    let settings: Value = settings.json().await.unwrap();
    let authorization = told
        .header("authorization")
        .strip_prefix("vapid t=")
        .unwrap();
    let (token, key) = authorization.split_once(", k=").unwrap();
    assert_eq!(json!(key), settings["vapid_public_key"]);
    let (signed, signature) = token.rsplit_once('.').unwrap();
    let signature = Signature::from_slice(&URL_SAFE_NO_PAD.decode(signature).unwrap()).unwrap();
    let key = VerifyingKey::from_sec1_bytes(&URL_SAFE_NO_PAD.decode(key).unwrap()).unwrap();
    key.verify(signed.as_bytes(), &signature).unwrap();
    let claims = URL_SAFE_NO_PAD
        .decode(signed.split_once('.').unwrap().1)
        .unwrap();
    let claims: Value = serde_json::from_slice(&claims).unwrap();
    let origin = push_service.url.strip_suffix("/told").unwrap();
    assert_eq!(
        (&claims["aud"], &claims["sub"]),
        (&json!(origin), &json!("mailto:ops@example.com"))
    );

    let named = json!({"level": "all", "quiet_hours": null, "names_shown": true});
    put(&server, &mo, "/api/v1/me/notification-settings", &named).await;
    say(&mut kim, room, "the canary is out").await;
    let told = decrypt(&push_service.next().await);
    assert_eq!(
        (&told["author"]["name"], &told["conversation_id"]),
        (&json!("Kim"), &json!(room))
    );
    assert!(!told.to_string().contains("canary"));
    server.running.stop().await;
}

#[actix_web::test]
async fn a_webhook_is_told_by_a_signed_call_and_again_after_a_restart() {
    let server = server().await;
    let mut hook = Receiver::start(204).await;
    let (kim_person, mo, room, mut kim) = two_people(&server).await;
    let set = put(
        &server,
        &mo,
        "/api/v1/me/webhook",
        &json!({"url": hook.url}),
    )
    .await;
    let secret = STANDARD
        .decode(text(&set["secret"]).strip_prefix("whsec_").unwrap())
        .unwrap();
    say(&mut kim, room, "one").await;
    let check = |told: &Received| {
        let mut hmac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        let signed = [told.header("webhook-id"), told.header("webhook-timestamp")].join(".");
        hmac.update(signed.as_bytes());
        hmac.update(b".");
        hmac.update(&told.body);
        let signature = STANDARD.encode(hmac.finalize().into_bytes());
        assert_eq!(told.header("webhook-signature"), format!("v1,{signature}"));
        let body: Value = serde_json::from_slice(&told.body).unwrap();
        assert_eq!(body["title"], "New message");
        assert!(!body.to_string().contains("one"));
    };
    check(&hook.next().await);
    // The server knows that the call was answered: one that stops before would make it again when its lease has run out.
    until(&server, &mo, "/api/v1/me/webhook", |hook| {
        hook["told_at"] != Value::Null
    })
    .await;
    drop(kim);
    let server = server.restart().await;
    let mut kim = follow(&server, &kim_person, Codec::MessagePack, room).await;
    say(&mut kim, room, "one more").await;
    check(&hook.next().await);
    let kept = server.get(&mo, "/api/v1/me/webhook").await;
    assert!(!kept.text().await.unwrap().contains("whsec"));
    server.running.stop().await;
}

#[actix_web::test]
async fn who_is_there_or_has_read_it_is_not_told_and_reading_clears_what_was() {
    // By then it is known who is there.
    let server = server_that_waits("2").await;
    let (_, mo, room, mut kim) = two_people(&server).await;
    let present = follow(&server, &mo, Codec::Json, room).await;
    say(&mut kim, room, "you are here").await;
    // Mo stays until the server has looked who missed it.
    let storage = &server.running.edge().storage;
    let looked = async {
        while storage.unnoticed(room, 0, 0).await.unwrap().noticed_seq == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, looked)
        .await
        .expect("the server looks in time");
    present.close().await;
    // The server notices that Mo has gone before Kim goes on: the next message is one that Mo misses.
    let mut count = 1;
    let listed = loop {
        say(&mut kim, room, &format!("number {count}")).await;
        let page = server.get(&mo, "/api/v1/notifications").await;
        let page: Value = page.json().await.unwrap();
        let items = page["items"].as_array().unwrap().clone();
        if !items.is_empty() {
            break items;
        }
        count += 1;
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    assert!(
        listed.iter().all(|one| one["text"] != "you are here"),
        "{listed:?}"
    );
    let mut back = follow(&server, &mo, Codec::Json, room).await;
    let seq = back.last_seq(room).unwrap();
    back.request(ClientFrame::Read {
        conversation_id: room,
        seq,
    })
    .await;
    next_that(&mut back, |frame| {
        matches!(frame, ServerFrame::Receipt { .. }).then_some(())
    })
    .await;
    notified(&server, &mo, 0).await;
    server.running.stop().await;
}

#[actix_web::test]
async fn of_messages_that_come_at_once_none_is_missed() {
    let server = server().await;
    let (_, mo, room, mut kim) = two_people(&server).await;
    for number in 0..10 {
        kim.send(room, &format!("number {number}"), None);
    }
    for _ in 0..10 {
        next_that(&mut kim, |frame| {
            matches!(frame, ServerFrame::Ack { .. }).then_some(())
        })
        .await;
    }
    let listed = notified(&server, &mo, 10).await;
    let newest = listed[0]["seq"].as_u64();
    assert_eq!(newest, Some(listed[9]["seq"].as_u64().unwrap() + 9));
    server.running.stop().await;
}

#[actix_web::test]
async fn a_room_is_as_loud_as_each_wishes_and_quiet_hours_hold_back_what_is_sent() {
    let server = server().await;
    let mut hook = Receiver::start(204).await;
    let people: Vec<Person> = {
        let mut people = Vec::new();
        for name in ["Kim", "Mo", "Lou", "Dee"] {
            people.push(server.register(name).await);
        }
        people
    };
    let [kim, mo, lou, dee] = &people[..] else {
        panic!("four people");
    };
    let body = json!({"members": [mo.id, lou.id, dee.id], "title": "Hall"});
    let begun = server.post(kim, "/api/v1/conversations", &body).await;
    let begun: Value = begun.json().await.unwrap();
    let room: ConversationId = text(&begun["id"]).parse().unwrap();
    let level = format!("/api/v1/conversations/{room}/notifications");
    put(&server, lou, &level, &json!({"level": "all"})).await;
    put(&server, dee, &level, &json!({"level": "none"})).await;
    let now = jiff::ZonedDateTime::now().with_time_zone(jiff::tz::TimeZone::UTC);
    let quiet = json!({
        "level": null,
        "quiet_hours": {
            "from": format!("{:02}:00", (now.hour() + 23) % 24),
            "until": format!("{:02}:00", (now.hour() + 2) % 24),
            "time_zone": "UTC",
        },
        "names_shown": false,
    });
    put(&server, mo, "/api/v1/me/notification-settings", &quiet).await;
    for person in [mo, lou] {
        put(
            &server,
            person,
            "/api/v1/me/webhook",
            &json!({"url": hook.url}),
        )
        .await;
    }
    let mut client = follow(&server, kim, Codec::Json, room).await;
    say(&mut client, room, "good morning").await;
    say(&mut client, room, "@mo @dee look").await;
    let of_mo = notified(&server, mo, 1).await;
    assert_eq!(
        (&of_mo[0]["kind"], &of_mo[0]["title"]),
        (&json!("mention"), &json!("Hall"))
    );
    notified(&server, lou, 2).await;
    notified(&server, dee, 0).await;
    hook.next().await;
    let sleeping = server.get(mo, "/api/v1/me/webhook").await;
    let sleeping: Value = sleeping.json().await.unwrap();
    assert_eq!(
        (&sleeping["told_at"], &sleeping["failures"]),
        (&Value::Null, &json!(0))
    );
    let read = server.delete(mo, "/api/v1/notifications").await;
    assert_eq!(read.status(), 204);
    notified(&server, mo, 0).await;
    server.running.stop().await;
}

#[actix_web::test]
async fn a_browser_that_is_gone_is_forgotten_and_a_webhook_that_fails_is_tried_later() {
    let server = server().await;
    let (mut gone, mut broken) = (Receiver::start(410).await, Receiver::start(500).await);
    let (_, mo, room, mut kim) = two_people(&server).await;
    let browser = SecretKey::from_slice(&[7; 32])
        .unwrap()
        .public_key()
        .to_sec1_bytes();
    let keys = json!({
        "p256dh": URL_SAFE_NO_PAD.encode(browser),
        "auth": URL_SAFE_NO_PAD.encode([9; 16]),
    });
    let subscription = json!({"endpoint": gone.url, "keys": keys});
    put(&server, &mo, "/api/v1/me/push-subscriptions", &subscription).await;
    put(
        &server,
        &mo,
        "/api/v1/me/webhook",
        &json!({"url": broken.url}),
    )
    .await;
    say(&mut kim, room, "hello").await;
    gone.next().await;
    broken.next().await;
    until(&server, &mo, "/api/v1/me/push-subscriptions", |list| {
        list["items"] == json!([])
    })
    .await;
    until(&server, &mo, "/api/v1/me/webhook", |hook| {
        hook["failures"] == 1
    })
    .await;
    let metrics = server.request(reqwest::Method::GET, "/metrics").send();
    let metrics = metrics.await.unwrap().text().await.unwrap();
    for counted in [
        "twin_notification_calls_total{kind=\"web_push\",outcome=\"gone\"} 1",
        "twin_notification_calls_total{kind=\"webhook\",outcome=\"refused\"} 1",
        "twin_notification_call_seconds_count{kind=\"web_push\"} 1",
        "twin_notification_places_given_up_total{kind=\"web_push\"} 1",
    ] {
        assert!(metrics.contains(counted), "{counted} in\n{metrics}");
    }
    server.running.stop().await;
}
