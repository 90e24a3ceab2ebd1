//! A node of role chat beside two nodes of role inference, over real HTTP, and beside servers of others.

mod others;
mod proxy;

use std::sync::{Arc, Mutex};

use digital_twin::serve::inference::{self, RunningModels};
use digital_twin::serve::{self, Migrations};
use protocol::{ErrorCode, StopReason};
use reqwest::Method;
use tempfile::TempDir;

use super::process::{run_program, serve_with};
use super::*;
use proxy::{Death, Fate, Proxied};

const KEY: &str = "what nodes share, in more than thirty-two bytes";

/// How requests for a text begin.
const WRITE: &str = "POST /v1/chat/completions";

/// A node of role inference with the scripted engine.
struct Models {
    running: RunningModels,
    _folder: TempDir,
}

impl Models {
    async fn start() -> Self {
        Self::with(&[]).await
    }

    async fn with(more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let role = [("ROLE", "inference"), ("AI_SERVICE_KEY", KEY)];
        let settings = [&role[..], more].concat();
        let config = server::config(&server::settings(&folder, &settings));
        Self {
            running: inference::start(&config).await.unwrap(),
            _folder: folder,
        }
    }

    fn url(&self) -> String {
        format!("http://{}", self.running.address())
    }
}

/// Two of them behind proxies, and a node of role chat that asks them.
struct House {
    chat: TestServer,
    services: [Proxied; 2],
    models: [Models; 2],
    fate: Fate,
}

impl House {
    async fn with(fate: Option<Death>) -> Self {
        Self::of([Models::start().await, Models::start().await], fate).await
    }

    async fn of(models: [Models; 2], fate: Option<Death>) -> Self {
        let fate: Fate = Arc::new(Mutex::new(fate));
        let services = [
            Proxied::of(&models[0].url(), &fate).await,
            Proxied::of(&models[1].url(), &fate).await,
        ];
        let urls = services.each_ref().map(|service| service.url.as_str());
        let urls = urls.join(",");
        let settings = [
            ("ROLE", "chat"),
            ("AI_SERVICE_URL", urls.as_str()),
            ("AI_SERVICE_KEY", KEY),
            ("TWIN_API_WRITING_MAX", "32"),
        ];
        Self {
            chat: TestServer::with(&settings).await,
            services,
            models,
            fate,
        }
    }

    async fn talk(&self) -> Talk {
        let person = self.chat.register("Kim").await;
        let twin = self.chat.twin(&person, "private").await;
        let room = conversation(&self.chat, &person, &twin).await;
        let client = follow(&self.chat, &person, Codec::Json, room).await;
        Talk {
            person,
            twin,
            room,
            client,
        }
    }

    fn asked(&self, beginning: &str) -> [usize; 2] {
        let counted = self.services.each_ref();
        counted.map(|service| service.asked(beginning))
    }

    async fn stop(self) {
        self.chat.running.stop().await;
        for models in self.models {
            models.running.stop().await;
        }
    }
}

struct Talk {
    person: Person,
    twin: String,
    room: ConversationId,
    client: Client,
}

fn ticks(count: usize) -> String {
    let ticks: Vec<String> = (1..=count).map(|n| format!("tick {n}")).collect();
    ticks.join(" ")
}

#[actix_web::test]
async fn a_chat_node_leaves_the_models_to_others_and_a_twin_stays_with_one_of_them() {
    let house = House::with(None).await;
    let mut talk = house.talk().await;
    let document = "The lens of Skarholm has 1008 prisms.";
    let read = house
        .chat
        .uploaded(&talk.person, &talk.twin, "lens.md", document.into())
        .await;
    assert_eq!(read["state"], "ready", "{read}");
    for _ in 0..3 {
        let question = "How many prisms does the lens of Skarholm have?";
        let reply = ask(&mut talk.client, talk.room, question).await;
        assert_eq!(reply.text, document);
        assert_eq!(reply.sources.unwrap().len(), 1);
        let usage = reply.usage.unwrap();
        assert!(usage.prompt_tokens > 10);
        assert_eq!(usage.completion_tokens, 7);
    }
    let mut asked = house.asked(WRITE);
    asked.sort_unstable();
    assert_eq!(asked, [0, 3]);
    let embedded: usize = house.asked("POST /v1/embeddings").iter().sum();
    assert!(embedded > 3, "{embedded}");
    house.stop().await;
}

#[actix_web::test]
async fn a_service_that_dies_before_its_first_word_is_stood_in_for() {
    let house = House::with(Some(Death::AtRequest)).await;
    let mut talk = house.talk().await;
    let reply = ask(&mut talk.client, talk.room, "!say good day").await;
    assert_eq!(reply.text, "good day");
    assert_eq!(house.asked(WRITE), [1, 1]);
    house.stop().await;
}

#[actix_web::test]
async fn a_reply_whose_service_dies_is_gone_on_with_and_viewers_see_one_message() {
    for events in [2, 3, 8, 31] {
        let house = House::with(Some(Death::AfterEvents(events))).await;
        let mut talk = house.talk().await;
        // The pieces add up, each where the one before it ended.
        let reply = ask(&mut talk.client, talk.room, "!slow 40").await;
        assert_eq!(reply.text, ticks(40), "after {events} events");
        assert_eq!(reply.stop_reason, Some(StopReason::EndOfTurn));
        assert_eq!(reply.usage.unwrap().completion_tokens, 80);
        assert_eq!(house.asked(WRITE), [1, 1]);
        let log = log(&house.chat, &talk.person, talk.room).await;
        assert_eq!(log.len(), 2, "{log:?}");
        house.stop().await;
    }
}

#[actix_web::test]
async fn with_the_real_model_a_text_that_is_gone_on_with_is_the_one_of_an_undisturbed_run() {
    let real = [("TWIN_ENGINE", "torch"), ("TWIN_DETERMINISTIC", "true")];
    let models = [Models::with(&real).await, Models::with(&real).await];
    let name = models[0].running.model().name.clone();
    let house = House::of(models, None).await;
    let person = house.chat.register("Kim").await;
    let body = json!({
        "model": name, "seed": 7, "temperature": 0.8, "max_tokens": 48,
        "messages": [{"role": "user", "content": "Write three sentences about a lighthouse."}],
    });
    let mut texts = Vec::new();
    for events in [None, Some(1), Some(20), Some(40)] {
        *house.fate.lock().unwrap() = events.map(Death::AfterEvents);
        let answer = house
            .chat
            .post(&person, "/v1/chat/completions", &body)
            .await;
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["usage"]["completion_tokens"], 48, "{answer}");
        assert_eq!(*house.fate.lock().unwrap(), None, "a service has died");
        texts.push(text(&answer["choices"][0]["message"]["content"]));
        for service in &house.services {
            service.come_back();
        }
    }
    for gone_on_with in &texts[1..] {
        assert_eq!(*gone_on_with, texts[0]);
    }
    house.stop().await;
}

#[actix_web::test]
async fn without_any_service_a_reply_fails_for_all_to_see_and_the_next_is_written_when_one_is_back()
{
    let house = House::with(None).await;
    let mut talk = house.talk().await;
    for service in &house.services {
        service.die();
    }
    let failed = ask(&mut talk.client, talk.room, "!say anybody there").await;
    assert_eq!(failed.stop_reason, Some(StopReason::Failed));
    let failure = failed.failure.unwrap();
    assert_eq!(failure.code, ErrorCode::Unavailable);
    for service in &house.services {
        let label = service.url.strip_prefix("http://").unwrap();
        assert!(failure.message.contains(label), "{}", failure.message);
    }
    house.services[1].come_back();
    let reply = ask(&mut talk.client, talk.room, "!say here again").await;
    assert_eq!(reply.text, "here again");
    house.stop().await;
}

#[actix_web::test]
async fn one_that_has_much_more_to_do_is_relieved_and_what_a_deletion_takes_away_is_forgotten() {
    let house = House::with(None).await;
    let talk = house.talk().await;
    let body = json!({"model": talk.twin, "stream": true, "messages": [{"role": "user", "content": "!wait"}]});
    let mut waiting = Vec::new();
    let ask = || {
        let request = house.chat.request(Method::POST, "/v1/chat/completions");
        let request = request.bearer_auth(&talk.person.token).json(&body);
        actix_web::rt::spawn(request.send())
    };
    waiting.push(ask());
    tokio::select! {
        () = house.services[0].is_asked(WRITE) => {}
        () = house.services[1].is_asked(WRITE) => {}
    }
    let home = house
        .asked(WRITE)
        .iter()
        .position(|asked| *asked == 1)
        .unwrap();
    // The first one, eight more that may wait there, and one that is sent elsewhere.
    waiting.extend((0..9).map(|_| ask()));
    house.services[1 - home].is_asked(WRITE).await;
    for one in waiting {
        one.abort();
    }
    let deleted = house
        .chat
        .delete(&talk.person, &format!("/api/v1/twins/{}", talk.twin))
        .await;
    assert_eq!(deleted.status(), 200);
    let forget = format!("DELETE /v1/prompts/{}", talk.twin);
    for service in &house.services {
        service.is_asked(&forget).await;
    }
    house.stop().await;
}

/// The value of a series of a process.
async fn measured(url: &str, series: &str) -> f64 {
    let metrics = reqwest::get(format!("{url}/metrics")).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    let line = metrics.lines().find_map(|line| line.strip_prefix(series));
    line.map_or(0.0, |value| value.trim().parse().unwrap())
}

#[actix_web::test]
async fn a_stop_frees_the_sequence_of_the_other_process() {
    let settings = [("ROLE", "inference"), ("AI_SERVICE_KEY", KEY)];
    let models = serve_with(tempfile::tempdir().unwrap(), &settings).await;
    let chat = TestServer::with(&[
        ("ROLE", "chat"),
        ("AI_SERVICE_URL", &models.url),
        ("AI_SERVICE_KEY", KEY),
    ])
    .await;
    let person = chat.register("Kim").await;
    let twin = chat.twin(&person, "private").await;
    let room = conversation(&chat, &person, &twin).await;
    let mut client = follow(&chat, &person, Codec::Json, room).await;
    const RUNNING: &str = "twin_generations{state=\"running\"}";
    for (question, cancelled) in [("!wait", 1.0), ("!late 600 one two", 2.0)] {
        client.send(room, question, None);
        let message = next_that(&mut client, |frame| match frame {
            ServerFrame::MessageStart { message_id, .. } => Some(*message_id),
            _ => None,
        })
        .await;
        while measured(&models.url, RUNNING).await < 1.0 {}
        client.stop(room, message).await;
        let done = next_that(&mut client, |frame| match frame {
            ServerFrame::MessageDone(message) => Some(message.clone()),
            _ => None,
        })
        .await;
        assert_eq!(done.stop_reason, Some(StopReason::Stopped));
        const GONE: &str = "twin_generations_cancelled_total{reason=\"gone\"}";
        while measured(&models.url, GONE).await < cancelled {}
        while measured(&models.url, RUNNING).await > 0.0 {}
    }
    chat.running.stop().await;
}

#[actix_web::test]
async fn without_the_key_nothing_is_served_and_a_chat_node_says_so_at_once() {
    let models = Models::start().await;
    for (key, expected) in [
        (
            Some("another key, as long as the one that is right"),
            "refuses AI_SERVICE_KEY",
        ),
        (None, "AI_SERVICE_KEY is not set"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let url = models.url();
        let mut more = vec![("ROLE", "chat"), ("AI_SERVICE_URL", url.as_str())];
        more.extend(key.map(|key| ("AI_SERVICE_KEY", key)));
        let config = server::config(&server::settings(&folder, &more));
        let started = serve::start(&config, Migrations::EmbeddedOnly).await;
        let refused = started.err().unwrap().to_string();
        assert!(
            refused.contains(expected) && refused.contains(&models.running.address().to_string()),
            "{refused}"
        );
    }
    let client = reqwest::Client::new();
    for (method, path) in [
        (Method::POST, "/v1/chat/completions"),
        (Method::POST, "/v1/completions"),
        (Method::POST, "/v1/embeddings"),
        (Method::GET, "/v1/models"),
        (Method::GET, "/v1/tokenizers/language"),
        (
            Method::DELETE,
            "/v1/prompts/00000000-0000-0000-0000-000000000000",
        ),
    ] {
        let request = client.request(method, format!("{}{path}", models.url()));
        let answer = request.bearer_auth("guessed").json(&json!({})).send();
        assert_eq!(answer.await.unwrap().status(), 401, "{path}");
    }
    // What has to do with people is not there at all.
    for path in ["/api/v1/me", "/ws", "/", "/v1/models/scripted"] {
        let answer = client.get(format!("{}{path}", models.url()));
        assert_eq!(answer.send().await.unwrap().status(), 404, "{path}");
    }
    models.running.stop().await;
}

#[actix_web::test]
async fn a_node_of_role_inference_keeps_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = run_program(&folder, &["serve", "--role", "chat"]).await;
    assert_eq!(output.status.code(), Some(78));
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(
        complained.contains("AI_SERVICE_URL is not set"),
        "{complained}"
    );

    let models = serve_with(folder, &[("ROLE", "inference")]).await;
    let ready = reqwest::get(format!("{}/readyz", models.url))
        .await
        .unwrap();
    assert_eq!(ready.status(), 200);
    let kept: Vec<_> = std::fs::read_dir(models.folder()).unwrap().collect();
    assert!(kept.is_empty(), "{kept:?}");
}
