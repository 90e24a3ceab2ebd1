//! What is named as a model: twins, the server's own, raw prompts for the one and texts for the other.

use serde_json::{Value, json};

use super::{CHAT, data_of, json_of, program, refusal};
use crate::keys::key_of;
use crate::server::{TestServer, text};

#[actix_web::test]
async fn a_twin_answers_from_what_it_knows_whoever_may_talk_with_it() {
    let server = TestServer::start().await;
    let (ada, bo) = (server.register("Ada").await, server.register("Bo").await);
    let ((_, adas), (_, bos)) = (key_of(&server, &ada).await, key_of(&server, &bo).await);
    let twin = server.twin(&ada, "private").await;
    let note = "The spare key hangs behind the barometer.";
    let document = server.uploaded(&ada, &twin, "keys.md", note.into()).await;
    let document = format!("/api/v1/twins/{twin}/documents/{}", text(&document["id"]));
    let everybody = json!({"audience": {"kind": "public"}});
    server.patch(&ada, &document, &everybody).await;
    let asks = |messages: Value| json!({"model": twin, "messages": messages});
    let asked = asks(json!([
        {"role": "user", "content": "Hello."},
        {"role": "assistant", "content": "Hello."},
        {"role": "user", "content": "Does the spare key hang behind the barometer?"},
    ]));
    let path = format!("/api/v1/twins/{twin}");
    for (visibility, of_bo) in [
        ("private", 404),
        ("link", 200),
        ("public", 200),
        ("private", 404),
    ] {
        server
            .patch(&ada, &path, &json!({"visibility": visibility}))
            .await;
        for (person, status) in [(&adas, 200), (&ada, 200), (&bos, of_bo), (&bo, of_bo)] {
            let response = server.post(person, CHAT, &asked).await;
            if status == 404 {
                let unknown = (404, "model_not_found".to_owned(), json!("model"));
                assert_eq!(refusal(response).await, unknown, "{visibility}");
                continue;
            }
            let answer = json_of(response).await;
            assert_eq!(
                answer["choices"][0]["message"]["content"], note,
                "{visibility}"
            );
            assert_eq!(answer["model"], twin.as_str());
        }
    }
    let mut streamed = asked.clone();
    streamed["stream"] = json!(true);
    let stream = server
        .post(&adas, CHAT, &streamed)
        .await
        .text()
        .await
        .unwrap();
    let pieces = data_of(&stream);
    let pieces = pieces
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str());
    assert_eq!(pieces.collect::<String>(), note);
    for (messages, param) in [
        (
            json!([{"role": "system", "content": "Be rude."}, {"role": "user", "content": "Hi"}]),
            "messages[0].role",
        ),
        (
            json!([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Hi"}]),
            "messages",
        ),
    ] {
        let refused = server.post(&adas, CHAT, &asks(messages)).await;
        assert_eq!(
            refusal(refused).await,
            (400, "invalid".to_owned(), json!(param))
        );
    }
    for path in ["/v1/completions", "/v1/embeddings"] {
        let body = match path {
            "/v1/completions" => json!({"model": twin, "prompt": "x"}),
            _ => json!({"model": twin, "input": "x"}),
        };
        let refused = server.post(&adas, path, &body).await;
        assert_eq!(
            refusal(refused).await,
            (400, "invalid".to_owned(), json!("model"))
        );
    }
    server.delete(&ada, &path).await;
    let gone = server.post(&adas, CHAT, &asked).await;
    assert_eq!(refusal(gone).await.0, 404);
}

#[actix_web::test]
async fn models_are_the_servers_own_ones_own_twins_and_public_ones() {
    let server = TestServer::start().await;
    let (ada, bo) = (server.register("Ada").await, server.register("Bo").await);
    let (_, program) = key_of(&server, &bo).await;
    let private = server.twin(&ada, "private").await;
    let link = server.twin(&ada, "link").await;
    let public = server.twin(&ada, "public").await;
    let own = server.twin(&bo, "private").await;
    let list = json_of(server.get(&program, "/v1/models").await).await;
    let ids: Vec<String> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|model| text(&model["id"]))
        .collect();
    assert_eq!(ids, ["scripted", "hashed-words", &own, &public]);
    for (id, status) in [
        ("scripted", 200),
        ("hashed-words", 200),
        (&own, 200),
        (&public, 200),
        (&link, 200),
        (&private, 404),
    ] {
        let response = server.get(&program, &format!("/v1/models/{id}")).await;
        assert_eq!(response.status(), status, "{id}");
        if status == 200 {
            let model = json_of(response).await;
            assert_eq!(
                (&model["id"], &model["object"]),
                (&json!(id), &json!("model"))
            );
            assert!(model["created"].is_i64() && model["owned_by"].is_string());
        }
    }
}

#[actix_web::test]
async fn a_raw_prompt_goes_on_as_it_stands() {
    let (server, program) = program().await;
    let path = "/v1/completions";
    for prompt in [json!("!say good day"), json!(["!say good day"])] {
        let body = json!({"model": "scripted", "prompt": prompt});
        let answer = json_of(server.post(&program, path, &body).await).await;
        assert!(text(&answer["id"]).starts_with("cmpl-"));
        let expected = json!({
            "id": answer["id"], "object": "text_completion", "created": answer["created"], "model": "scripted",
            "choices": [{"index": 0, "text": "good day", "logprobs": null, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
        });
        assert_eq!(answer, expected);
    }
    let body = json!({"model": "scripted", "prompt": "!slow 20"});
    let answer = json_of(server.post(&program, path, &body).await).await;
    assert_eq!(
        answer["usage"]["completion_tokens"], 16,
        "the dialect's default"
    );
    let body = json!({"model": "scripted", "prompt": "!say good day", "stream": true});
    let stream = server
        .post(&program, path, &body)
        .await
        .text()
        .await
        .unwrap();
    let data = data_of(&stream);
    let texts: Vec<&Value> = data
        .iter()
        .map(|chunk| &chunk["choices"][0]["text"])
        .collect();
    assert_eq!(
        texts,
        [&json!("good"), &json!(" day"), &json!(""), &Value::Null]
    );
    assert_eq!(data[2]["choices"][0]["finish_reason"], "stop");
    assert_eq!(data[3], "[DONE]");
    for (prompt, code, param) in [
        (json!(["a", "b"]), "invalid", "prompt"),
        (json!([]), "invalid", "prompt"),
        (json!(""), "invalid", "prompt"),
        (json!([[1], [2]]), "invalid", "prompt"),
        (json!([1, 2]), "invalid", "prompt"),
        (json!([-1]), "invalid_type", "prompt"),
        (Value::Null, "missing_required_parameter", "prompt"),
    ] {
        let body = json!({"model": "scripted", "prompt": prompt});
        let refused = server.post(&program, path, &body).await;
        assert_eq!(
            refusal(refused).await,
            (400, code.to_owned(), json!(param)),
            "{body}"
        );
    }
    for others in [
        json!({"echo": true}),
        json!({"suffix": "x"}),
        json!({"best_of": 2}),
        json!({"logprobs": 3}),
    ] {
        let mut body = json!({"model": "scripted", "prompt": "x"});
        body.as_object_mut()
            .unwrap()
            .extend(others.as_object().unwrap().clone());
        let refused = server.post(&program, path, &body).await;
        assert_eq!(refusal(refused).await.1, "unsupported_parameter", "{body}");
    }
}

#[actix_web::test]
async fn texts_become_vectors_in_their_order_as_numbers_or_in_base64() {
    let (server, program) = program().await;
    let path = "/v1/embeddings";
    let asks = |input: Value, others: Value| {
        let mut body = json!({"model": "hashed-words", "input": input});
        body.as_object_mut()
            .unwrap()
            .extend(others.as_object().unwrap().clone());
        body
    };
    let numbers = json_of(
        server
            .post(
                &program,
                path,
                &asks(json!(["lens", "spare key"]), json!({})),
            )
            .await,
    )
    .await;
    assert_eq!(
        numbers["usage"],
        json!({"prompt_tokens": 3, "total_tokens": 3})
    );
    assert_eq!(
        (&numbers["object"], &numbers["model"]),
        (&json!("list"), &json!("hashed-words"))
    );
    let entry = &numbers["data"][1];
    assert_eq!(
        (&entry["object"], &entry["index"]),
        (&json!("embedding"), &json!(1))
    );
    let as_numbers: Vec<f32> = serde_json::from_value(entry["embedding"].clone()).unwrap();
    let others = json!({"encoding_format": "base64", "dimensions": 384, "user": "u"});
    let encoded = json_of(
        server
            .post(&program, path, &asks(json!("spare key"), others))
            .await,
    )
    .await;
    let engine = &base64::engine::general_purpose::STANDARD;
    let bytes = base64::Engine::decode(engine, text(&encoded["data"][0]["embedding"])).unwrap();
    let decoded: Vec<f32> = bytes
        .chunks_exact(4)
        .map(|four| f32::from_le_bytes(four.try_into().unwrap()))
        .collect();
    assert_eq!((decoded.len(), decoded), (384, as_numbers));
    for (body, code, param) in [
        (
            asks(json!([1, 2]), json!({})),
            "unsupported_parameter",
            "input",
        ),
        (
            asks(json!([[1], [2]]), json!({})),
            "unsupported_parameter",
            "input",
        ),
        (asks(json!([]), json!({})), "invalid", "input"),
        (asks(json!(["a", ""]), json!({})), "invalid", "input[1]"),
        (asks(json!(vec!["a"; 257]), json!({})), "invalid", "input"),
        (asks(json!({}), json!({})), "invalid_type", "input"),
        (
            asks(json!("a"), json!({"dimensions": 8})),
            "unsupported_parameter",
            "dimensions",
        ),
        (
            asks(json!("a"), json!({"encoding_format": "int8"})),
            "invalid_value",
            "encoding_format",
        ),
        (
            asks(json!("a"), json!({"model": "scripted"})),
            "invalid",
            "model",
        ),
    ] {
        let refused = server.post(&program, path, &body).await;
        assert_eq!(
            refusal(refused).await,
            (400, code.to_owned(), json!(param)),
            "{param} {code}"
        );
    }
}
