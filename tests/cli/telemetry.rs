//! The log as a file and the traces at a collector: what happens because of one message is found under its id in both.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use digital_twin::chat::connection::{Client, ClientConfig};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message;
use protocol::{Codec, ConversationId, ServerFrame};
use serde_json::{Value, json};

use crate::program;
use crate::serving::Serving;

/// A reply of the scripted engine comes at once.
const PATIENCE: Duration = Duration::from_secs(60);

/// A collector on a thread of its own, which keeps what it is sent.
struct Collector {
    url: String,
    bodies: Arc<Mutex<Vec<web::Bytes>>>,
}

impl Collector {
    fn start() -> Self {
        let bodies = Arc::<Mutex<Vec<web::Bytes>>>::default();
        let kept = web::Data::from(bodies.clone());
        let (tell, told) = mpsc::channel();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(async move {
                let app = move || {
                    App::new()
                        .app_data(kept.clone())
                        .route("/v1/traces", web::post().to(keep))
                };
                let server = HttpServer::new(app).workers(1).disable_signals();
                let server = server.bind("127.0.0.1:0").unwrap();
                tell.send(server.addrs()[0]).unwrap();
                server.run().await.unwrap();
            });
        });
        let address = told.recv().unwrap();
        Self {
            url: format!("http://{address}"),
            bodies,
        }
    }

    /// Every span so far, with the name of the service that it is of.
    fn spans(&self) -> Vec<(String, Span)> {
        let mut spans = Vec::new();
        for body in self.bodies.lock().unwrap().iter() {
            let request = ExportTraceServiceRequest::decode(body.clone()).unwrap();
            for of_service in request.resource_spans {
                let attributes = of_service.resource.unwrap().attributes;
                let service = attributes.iter().find(|one| one.key == "service.name");
                let service = format!("{:?}", service.unwrap().value);
                let scopes = of_service.scope_spans.into_iter();
                let all = scopes.flat_map(|scope| scope.spans);
                spans.extend(all.map(|span| (service.clone(), span)));
            }
        }
        spans
    }
}

async fn keep(kept: web::Data<Mutex<Vec<web::Bytes>>>, body: web::Bytes) -> HttpResponse {
    kept.lock().unwrap().push(body);
    HttpResponse::Ok().finish()
}

/// What was said in a conversation with a twin: the ids of the question and of the reply.
async fn talk(serving: &Serving, traceparent: &str) -> (protocol::MessageId, protocol::MessageId) {
    let client = reqwest::Client::new();
    let post = |path: &str, token: &str, body: Value| {
        let request = client.post(format!("{}/api/v1{path}", serving.url));
        let request = request.header("traceparent", traceparent).json(&body);
        let sent = request.bearer_auth(token).send();
        async move { sent.await.unwrap().json::<Value>().await.unwrap() }
    };
    let person = json!({"email": "kim@example.com", "name": "Kim", "password": "correct horse"});
    let token = post("/auth/register", "", person).await["access_token"].clone();
    let token = token.as_str().unwrap().to_owned();
    let twin = post("/twins", &token, json!({"name": "Ada"})).await["id"].clone();
    let begun = post("/conversations", &token, json!({"twins": [twin]})).await;
    let conversation: ConversationId = begun["id"].as_str().unwrap().parse().unwrap();
    let config = ClientConfig {
        url: format!("{}/ws", serving.url.replacen("http", "ws", 1)),
        codec: Codec::Json,
        token,
    };
    let mut chat = Client::connect(config).await.unwrap();
    chat.subscribe(conversation, Some(0)).await;
    chat.send(conversation, "!say hello", None);
    loop {
        if let ServerFrame::MessageDone(reply) = chat.next_frame().await.unwrap() {
            return (reply.reply_to.unwrap(), reply.message_id);
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[actix_web::test]
async fn the_log_file_and_the_traces_tell_of_one_message_under_its_id() {
    let folder = tempfile::tempdir().unwrap();
    let log = folder.path().join("logs").join("twin.log");
    let collector = Collector::start();
    let mut command = program(&folder);
    command
        .arg("serve")
        .env("TWIN_LOG_FILE", &log)
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", format!("{}/", collector.url));
    let serving = Serving::start(&mut command);
    let callers = "4bf92f3577b34da6a3ce929d0e0e4736";
    let traceparent = format!("00-{callers}-00f067aa0ba902b7-01");
    let talked = talk(&serving, &traceparent);
    let (question, reply) = tokio::time::timeout(PATIENCE, talked).await.unwrap();
    serving.signal("TERM");
    let (status, _, complaints) = serving.end();
    assert_eq!((status, complaints.as_str()), (Some(0), ""));

    let trace = question.as_uuid().simple().to_string();
    let spans = collector.spans();
    assert!(
        spans
            .iter()
            .all(|(service, _)| service.contains("digital-twin"))
    );
    let spans: Vec<Span> = spans.into_iter().map(|(_, span)| span).collect();
    let of_request: Vec<&Span> = spans.iter().filter(|span| span.name == "request").collect();
    assert!(
        of_request.iter().any(|span| hex(&span.trace_id) == callers
            && hex(&span.parent_span_id) == "00f067aa0ba902b7")
    );
    let of_message: HashMap<&str, &Span> = spans
        .iter()
        .filter(|span| hex(&span.trace_id) == trace)
        .map(|span| (span.name.as_str(), span))
        .collect();
    let mut names: Vec<&str> = of_message.keys().copied().collect();
    names.sort_unstable();
    assert_eq!(names, ["generate", "message", "prompt", "reply"]);
    for (part, around) in [
        ("reply", "message"),
        ("prompt", "reply"),
        ("generate", "reply"),
    ] {
        let (part, around) = (of_message[part], of_message[around]);
        assert_eq!(part.parent_span_id, around.span_id, "{}", part.name);
        assert!(part.end_time_unix_nano >= part.start_time_unix_nano);
    }
    assert_eq!(of_message["message"].parent_span_id, Vec::<u8>::new());

    let log = std::fs::read_to_string(log).unwrap();
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let ended = lines.iter().find(|line| line["message"] == "reply ended");
    let ended = ended.unwrap();
    assert_eq!(ended["span"]["trace_id"], trace);
    assert_eq!(ended["span"]["message_id"], reply.to_string());
    assert_eq!(ended["end"], "end_of_turn");
    for path in paths_of_the_pipelines() {
        let pointer = format!("/{}", path.replace('.', "/"));
        let is_there = lines.iter().any(|line| line.pointer(&pointer).is_some());
        assert!(is_there, "no line of the log has {path}");
    }
}

/// Where the pipelines of Loki and of Elasticsearch look in a line of the log.
fn paths_of_the_pipelines() -> Vec<String> {
    let read = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy");
        std::fs::read_to_string(path.join(name)).unwrap()
    };
    let alloy = read("alloy/logs.alloy");
    let (_, rest) = alloy.split_once("expressions = {").unwrap();
    let (expressions, _) = rest.split_once('}').unwrap();
    let mut paths: Vec<String> = expressions
        .lines()
        .filter_map(|line| Some(line.split_once('"')?.1.split_once('"')?.0.to_owned()))
        .collect();
    let filebeat = read("filebeat/filebeat.yml");
    let renamed = filebeat
        .lines()
        .filter_map(|line| line.split_once("- from: twin."));
    paths.extend(renamed.map(|(_, path)| path.trim().to_owned()));
    assert!(paths.len() >= 10, "{paths:?}");
    paths
}

#[actix_web::test]
async fn a_server_whose_collector_is_gone_serves_and_stops_like_any_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(&folder);
    // Nobody listens on the port of discarded things.
    command
        .arg("serve")
        .env("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    let serving = Serving::start(&mut command);
    let talked = talk(&serving, "");
    tokio::time::timeout(PATIENCE, talked).await.unwrap();
    serving.signal("TERM");
    let (status, _, log) = serving.end();
    assert_eq!(status, Some(0), "{log}");
}

#[test]
fn a_log_file_that_cannot_be_written_ends_the_program_with_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = program(&folder);
    let output = command
        .arg("serve")
        .env("TWIN_LOG_FILE", folder.path())
        .output()
        .unwrap();
    let complaint = crate::complained(&output);
    assert!(
        complaint.starts_with("digital-twin: the log cannot be written to ")
            && complaint.lines().count() == 1,
        "{complaint}"
    );
    assert_eq!(output.status.code(), Some(78));
}
