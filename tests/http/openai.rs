//! The OpenAI dialect over real sockets, with the scripted engine: answers, streams, and every refusal in its form.

mod models;

use futures::future::{join_all, select_all};
use reqwest::{Method, Response};
use serde_json::{Value, json};

use crate::keys::key_of;
use crate::server::{Person, TestServer, text};

const CHAT: &str = "/v1/chat/completions";

/// Somebody's program, on a server with these settings.
async fn program_with(settings: &[(&str, &str)]) -> (TestServer, Person) {
    let server = TestServer::with(settings).await;
    let ada = server.register("Ada").await;
    let (_, program) = key_of(&server, &ada).await;
    (server, program)
}

async fn program() -> (TestServer, Person) {
    program_with(&[]).await
}

/// A conversation with one question, and these other parameters.
fn asks(question: &str, others: Value) -> Value {
    let mut body =
        json!({"model": "scripted", "messages": [{"role": "user", "content": question}]});
    body.as_object_mut()
        .unwrap()
        .extend(others.as_object().unwrap().clone());
    body
}

async fn json_of(response: Response) -> Value {
    let status = response.status();
    let body: Value = response.json().await.unwrap();
    assert!(status.is_success(), "{status} {body}");
    body
}

/// Status, code and param of a failure; checks what every failure has.
async fn refusal(response: Response) -> (u16, String, Value) {
    let status = response.status().as_u16();
    assert_eq!(response.headers()["content-type"], "application/json");
    assert!(response.headers().contains_key("x-request-id"));
    let has_retry_after = response.headers().contains_key("retry-after");
    assert_eq!(has_retry_after, matches!(status, 429 | 503));
    let body: Value = response.json().await.unwrap();
    let error = &body["error"];
    let kind = match status {
        401 => "authentication_error",
        429 => "rate_limit_error",
        400..500 => "invalid_request_error",
        _ => "server_error",
    };
    assert_eq!(error["type"], kind, "{body}");
    assert!(!text(&error["message"]).is_empty());
    assert_eq!(error.as_object().unwrap().len(), 4);
    (status, text(&error["code"]), error["param"].clone())
}

/// The data of the events of a stream.
fn data_of(stream: &str) -> Vec<Value> {
    let events = stream.strip_suffix("\n\n").unwrap().split("\n\n");
    let data = events.map(|event| event.strip_prefix("data: ").unwrap());
    data.map(|data| serde_json::from_str(data).unwrap_or_else(|_| json!(data)))
        .collect()
}

#[actix_web::test]
async fn an_answer_says_what_it_is_why_it_ended_and_what_it_took() {
    let (server, program) = program().await;
    let answer = json_of(
        server
            .post(&program, CHAT, &asks("!say good day", json!({})))
            .await,
    )
    .await;
    assert!(text(&answer["id"]).starts_with("chatcmpl-"));
    assert!(answer["created"].as_i64().unwrap() > 1_700_000_000);
    let expected = json!({
        "id": answer["id"],
        "object": "chat.completion",
        "created": answer["created"],
        "model": "scripted",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": "good day", "refusal": null, "annotations": []},
            "logprobs": null,
            "finish_reason": "stop",
        }],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    });
    assert_eq!(answer, expected);
}

#[actix_web::test]
async fn lengths_stop_texts_roles_and_parts_do_what_they_say() {
    let (server, program) = program().await;
    let note = "The spare key hangs behind the barometer.";
    let question = json!([{"type": "text", "text": "In short:"}, {"type": "text", "text": "Where is the spare key?"}]);
    let earlier = json!({"role": "assistant", "content": "Hello.", "refusal": null, "annotations": [], "tool_calls": null});
    for (body, content, reason) in [
        (
            asks("!slow 9", json!({"max_tokens": 3})),
            "tick 1 tick",
            "length",
        ),
        (
            asks(
                "!slow 9",
                json!({"max_completion_tokens": 2, "max_tokens": 2}),
            ),
            "tick 1",
            "length",
        ),
        (
            asks("!slow 9", json!({"stop": " 2 t"})),
            "tick 1 tick",
            "stop",
        ),
        (
            asks("!slow 9", json!({"stop": ["4", "3"]})),
            "tick 1 tick 2 tick ",
            "stop",
        ),
        (
            asks(
                "!say a",
                json!({"seed": -7, "temperature": 0, "top_p": 0, "n": 1.0, "user": "u", "tools": [], "logprobs": false}),
            ),
            "a",
            "stop",
        ),
        (
            asks(
                "!say a",
                json!({"response_format": {"type": "text"}, "frequency_penalty": 0.0, "stream": null, "tool_choice": "none"}),
            ),
            "a",
            "stop",
        ),
        (
            json!({"model": "scripted", "messages": [
                {"role": "developer", "content": [{"type": "text", "text": note}]},
                earlier,
                {"role": "user", "content": question},
            ]}),
            note,
            "stop",
        ),
    ] {
        let answer = json_of(server.post(&program, CHAT, &body).await).await;
        let choice = &answer["choices"][0];
        assert_eq!(
            (&choice["message"]["content"], &choice["finish_reason"]),
            (&json!(content), &json!(reason)),
            "{body}"
        );
    }
}

#[actix_web::test]
async fn a_stream_is_events_of_pieces_then_the_reason_the_usage_and_done() {
    let (server, program) = program().await;
    let options = json!({"stream": true, "stream_options": {"include_usage": true}});
    let response = server
        .post(&program, CHAT, &asks("!say good day", options))
        .await;
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let data = data_of(&response.text().await.unwrap());
    let chunk = |choices: Value, usage: Value| {
        json!({
            "id": data[0]["id"], "object": "chat.completion.chunk", "created": data[0]["created"],
            "model": "scripted", "choices": choices, "usage": usage,
        })
    };
    let piece = |delta: Value, reason: Value| {
        let choice = json!({"index": 0, "delta": delta, "logprobs": null, "finish_reason": reason});
        chunk(json!([choice]), Value::Null)
    };
    let usage = json!({"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5});
    let expected = [
        piece(json!({"role": "assistant", "content": ""}), Value::Null),
        piece(json!({"content": "good"}), Value::Null),
        piece(json!({"content": " day"}), Value::Null),
        piece(json!({}), json!("stop")),
        chunk(json!([]), usage),
        json!("[DONE]"),
    ];
    assert_eq!(data, expected);

    let options = json!({"stream": true, "max_tokens": 1});
    let response = server
        .post(&program, CHAT, &asks("!say good day", options))
        .await;
    let data = data_of(&response.text().await.unwrap());
    let ends = &data[data.len() - 2..];
    assert_eq!(ends[0]["choices"][0]["finish_reason"], "length");
    assert!(ends[0].get("usage").is_none());
    assert_eq!(ends[1], "[DONE]");
}

#[actix_web::test]
async fn what_is_missing_wrong_or_not_supported_is_refused_by_name() {
    let (server, program) = program().await;
    let unsupported = "unsupported_parameter";
    let message = |message: Value| json!({"messages": [message]});
    let image = json!([{"type": "image_url", "image_url": {"url": "data:"}}]);
    for (others, code, param) in [
        (json!({"model": 1}), "invalid_type", "model"),
        (
            json!({"model": null}),
            "missing_required_parameter",
            "model",
        ),
        (
            json!({"messages": null}),
            "missing_required_parameter",
            "messages",
        ),
        (json!({"messages": "hi"}), "invalid_type", "messages"),
        (json!({"messages": []}), "invalid", "messages"),
        (
            message(json!({"role": "tool", "content": "x"})),
            "invalid_value",
            "messages[0].role",
        ),
        (
            message(json!({"role": "user"})),
            "missing_required_parameter",
            "messages[0]",
        ),
        (
            message(json!({"role": "user", "content": 1})),
            "invalid_type",
            "messages[0].content",
        ),
        (
            message(json!({"role": "user", "content": " "})),
            "invalid",
            "messages[0].content",
        ),
        (
            message(json!({"role": "user", "content": "x", "name": "Kim"})),
            unsupported,
            "messages[0].name",
        ),
        (
            message(json!({"role": "user", "content": image})),
            unsupported,
            "messages[0].content[0].type",
        ),
        (json!({"temperature": 2.1}), "invalid", "temperature"),
        (json!({"temperature": "hot"}), "invalid_type", "temperature"),
        (json!({"top_p": 1.5}), "invalid", "top_p"),
        (json!({"max_tokens": 0}), "invalid", "max_tokens"),
        (json!({"max_tokens": 1_025}), "invalid", "max_tokens"),
        (
            json!({"max_tokens": 1, "max_completion_tokens": 2}),
            "invalid",
            "max_tokens",
        ),
        (json!({"stop": [""]}), "invalid", "stop[0]"),
        (json!({"seed": 0.5}), "invalid", "seed"),
        (json!({"stop": 1}), "invalid_type", "stop"),
        (json!({"n": 2}), unsupported, "n"),
        (
            json!({"stream_options": {"include_usage": true}}),
            "invalid",
            "stream_options",
        ),
        (
            json!({"stream": true, "stream_options": {"include_obfuscation": true}}),
            unsupported,
            "stream_options.include_obfuscation",
        ),
        (
            json!({"tools": [{"type": "function"}]}),
            unsupported,
            "tools",
        ),
        (
            json!({"tool_choice": "required"}),
            unsupported,
            "tool_choice",
        ),
        (
            json!({"response_format": {"type": "json_object"}}),
            unsupported,
            "response_format",
        ),
        (
            json!({"response_format": {"type": "json_schema", "json_schema": {}}}),
            unsupported,
            "response_format",
        ),
        (json!({"logprobs": true}), unsupported, "logprobs"),
        (json!({"logit_bias": {"1": 5}}), unsupported, "logit_bias"),
        (
            json!({"modalities": ["text", "audio"]}),
            unsupported,
            "modalities",
        ),
        (json!({"audio": {"voice": "x"}}), unsupported, "audio"),
        (
            json!({"presence_penalty": 0.5}),
            unsupported,
            "presence_penalty",
        ),
        (
            json!({"reasoning_effort": "low"}),
            unsupported,
            "reasoning_effort",
        ),
        (json!({"store": true}), unsupported, "store"),
        (json!({"top_k": 5}), "unknown_parameter", "top_k"),
        (json!({"model": "hashed-words"}), "invalid", "model"),
    ] {
        let refused = server
            .post(&program, CHAT, &asks("hi", others.clone()))
            .await;
        let expected = (400, code.to_owned(), json!(param));
        assert_eq!(refusal(refused).await, expected, "{others}");
    }
}

#[actix_web::test]
async fn whatever_fails_under_v1_is_said_in_the_dialects_form() {
    let (server, program) = program().await;
    let nobody = Person {
        token: format!("dtwin_{}", "A".repeat(43)),
        ..program.clone()
    };
    let (none, key) = (Value::Null, "invalid_api_key");
    for (person, method, path, body, expected) in [
        (
            &nobody,
            Method::GET,
            "/v1/models",
            "",
            (401, key, none.clone()),
        ),
        (&nobody, Method::POST, CHAT, "{}", (401, key, none.clone())),
        (
            &program,
            Method::GET,
            "/v1/files",
            "",
            (404, "not_found", none.clone()),
        ),
        (
            &program,
            Method::DELETE,
            "/v1/models",
            "",
            (405, "method_not_allowed", none.clone()),
        ),
        (
            &program,
            Method::POST,
            CHAT,
            "{",
            (400, "malformed", none.clone()),
        ),
        (
            &program,
            Method::POST,
            CHAT,
            "[]",
            (400, "malformed", none.clone()),
        ),
        (
            &program,
            Method::GET,
            "/v1/models/gpt-9",
            "",
            (404, "model_not_found", json!("model")),
        ),
    ] {
        let request = server
            .request(method.clone(), path)
            .bearer_auth(&person.token);
        let request = request.header("content-type", "application/json");
        let refused = request.body(body).send().await.unwrap();
        let expected = (expected.0, expected.1.to_owned(), expected.2);
        assert_eq!(refusal(refused).await, expected, "{method} {path}");
    }
    let request = server
        .request(Method::POST, CHAT)
        .bearer_auth(&program.token);
    let refused = request.body("hi").send().await.unwrap();
    assert_eq!(
        refusal(refused).await,
        (415, "unsupported_media".to_owned(), none.clone())
    );
    let long = asks(&"x".repeat(2 * 1024 * 1024), json!({}));
    let refused = server.post(&program, CHAT, &long).await;
    assert_eq!(
        refusal(refused).await,
        (413, "too_large".to_owned(), none.clone())
    );
    let refused = server
        .post(&program, CHAT, &asks("!error", json!({})))
        .await;
    assert_eq!(
        refusal(refused).await,
        (500, "internal".to_owned(), none.clone())
    );
    let long = asks(&"word ".repeat(9_000), json!({"stream": true}));
    let refused = server.post(&program, CHAT, &long).await;
    assert_eq!(
        refusal(refused).await,
        (400, "context_length_exceeded".to_owned(), none)
    );
}

#[actix_web::test]
async fn who_is_logged_in_needs_no_key() {
    let (server, _) = program().await;
    let bo = server.register("Bo").await;
    let answer = json_of(server.post(&bo, CHAT, &asks("!say hi", json!({}))).await).await;
    assert_eq!(answer["choices"][0]["message"]["content"], "hi");
}

/// A stream that has said its first word and goes on for ten minutes.
async fn begun(server: &TestServer, program: &Person) -> Response {
    let body = asks("!late 600 one two", json!({"stream": true}));
    let mut response = server.post(program, CHAT, &body).await;
    let mut told = String::new();
    while !told.contains("one") {
        let piece = response.chunk().await.unwrap().expect("it goes on");
        told.push_str(std::str::from_utf8(&piece).unwrap());
    }
    response
}

#[actix_web::test]
async fn who_goes_away_gives_the_slot_to_who_waits() {
    let (server, program) = program_with(&[("TWIN_API_WRITING_MAX", "100")]).await;
    // All slots of the engine but one, and the last one by a request that is no stream.
    let mut streams = join_all((0..15).map(|_| begun(&server, &program))).await;
    let client = reqwest::Client::new();
    let whole = client
        .post(format!("{}{CHAT}", server.url))
        .bearer_auth(&program.token)
        .json(&asks("!late 600 one two", json!({})));
    let whole = actix_web::rt::spawn(whole.send());
    let next = asks("!say next", json!({}));
    for leaves in ["a stream", "a request"] {
        let waits = server.post(&program, CHAT, &next);
        match leaves {
            "a stream" => drop(streams.pop()),
            _ => whole.abort(),
        }
        let answer = json_of(waits.await).await;
        assert_eq!(
            answer["choices"][0]["message"]["content"], "next",
            "{leaves}"
        );
        streams.push(begun(&server, &program).await);
    }
    let metrics = server
        .request(Method::GET, "/metrics")
        .send()
        .await
        .unwrap();
    let metrics = metrics.text().await.unwrap();
    let gone = "twin_generations_cancelled_total{reason=\"gone\"} 2\n";
    assert!(metrics.contains(gone), "{metrics}");
}

#[actix_web::test]
async fn a_stream_that_fails_says_so_and_not_that_it_is_done() {
    let (server, program) = program().await;
    let stream = begun(&server, &program).await;
    // The engine dies of this, and takes with it what has begun to speak.
    let dies = server
        .post(&program, CHAT, &asks("!panic", json!({})))
        .await;
    assert_eq!(refusal(dies).await.0, 500);
    let rest = stream.text().await.unwrap();
    let data = data_of(&rest);
    assert_eq!(data.len(), 1, "{rest}");
    assert_eq!(data[0]["error"]["type"], "server_error");
}

#[actix_web::test]
async fn more_than_the_quota_and_more_at_once_than_allowed_is_too_much() {
    let (server, program) = program_with(&[("TWIN_QUOTA_API", "2/hour")]).await;
    for expected in [200, 200, 429] {
        let response = server.get(&program, "/v1/models").await;
        assert_eq!(response.status(), expected);
        if expected == 429 {
            let limited = (429, "rate_limit_exceeded".to_owned(), Value::Null);
            assert_eq!(refusal(response).await, limited);
        }
    }
    let (server, program) = program_with(&[("TWIN_API_WRITING_MAX", "1")]).await;
    let stream = begun(&server, &program).await;
    let refused = server
        .post(&program, CHAT, &asks("!say hi", json!({})))
        .await;
    assert_eq!(refusal(refused).await.0, 429);
    let bo = server.register("Bo").await;
    let other = server.post(&bo, CHAT, &asks("!say hi", json!({}))).await;
    assert_eq!(other.status(), 200);
    drop(stream);
}

#[actix_web::test]
async fn a_full_engine_says_when_to_come_back() {
    let (server, program) = program_with(&[("TWIN_API_WRITING_MAX", "1000")]).await;
    let body = asks("!wait", json!({}));
    // The engine holds eighty; one more is the only one to be answered.
    let requests = (0..81).map(|_| Box::pin(server.post(&program, CHAT, &body)));
    let (refused, _, _) = select_all(requests).await;
    assert_eq!(refusal(refused).await.0, 503);
}
