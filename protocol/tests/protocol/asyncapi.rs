//! `docs/asyncapi.json`: the WebSocket as an AsyncAPI 3 document, made from the types and the golden frames.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use protocol::limits::SEQ_MAX;
use protocol::{
    ClientFrame, CloseCode, Codec, EncodeError, Recovery, RequestRef, ServerFrame, encode_client,
    encode_server,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

use crate::samples::{client_samples, server_samples};

/// What answers each client frame besides `error`, in the order in which it comes.
const ANSWERS: &[(&str, &[&str])] = &[
    ("identify", &["ready"]),
    ("resume", &["ready", "reset", "resumed"]),
    ("subscribe", &["subscribed"]),
    ("unsubscribe", &["unsubscribed"]),
    ("send", &["ack"]),
    ("edit", &["ack"]),
    ("delete", &["ack"]),
    ("react", &["ack"]),
    ("unreact", &["ack"]),
    ("pin", &["ack"]),
    ("unpin", &["ack"]),
    ("typing", &[]),
    ("broadcast", &[]),
    ("read", &[]),
    ("stop", &[]),
    ("regenerate", &[]),
    ("continue", &[]),
    ("choose", &["ack"]),
    ("take_over", &[]),
    ("speak", &["ack"]),
    ("ping", &["pong"]),
];

/// What the server says of its own accord although it answers with it too.
const UNASKED_TOO: &[&str] = &["error", "reset"];

/// Where the document keeps its schemas.
const SCHEMAS: &str = "#/components/schemas/";

const INTRODUCTION: &str = "How chat clients and bots talk with a digital-twin server. What the frames mean, in which order \
    they come and what is promised stands in docs/PROTOCOL.md; accounts, twins, rooms and history are HTTP, at \
    /api/v1/openapi.json. One path serves two subprotocols, which carry the same frames: a channel for each. A field that \
    may be absent is absent, never null. Fields, frames, kinds and codes that are not described here may come in any \
    release: ignore them. Limits on texts are in bytes of UTF-8, where a schema can only count characters.";

/// Where the document stands.
pub(crate) fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/asyncapi.json")
}

/// The document as this version writes it.
pub(crate) fn document() -> String {
    let (client, server) = (Side::client(), Side::server());
    let mut schemas = client.schemas.clone();
    for (name, schema) in &server.schemas {
        let before = schemas.insert(name.clone(), schema.clone());
        let agrees = before.is_none_or(|before| before == *schema);
        assert!(agrees, "{name} is read in another form than it is written");
    }
    let mut channels = Map::new();
    let mut operations = Map::new();
    for codec in Codec::ALL {
        channels.insert(name(codec).to_owned(), channel(codec, [&client, &server]));
        operations.extend(client.ops.iter().map(|op| received(codec, &client, op)));
        let unasked = server.ops.iter().filter(|op| is_unasked(op));
        operations.extend(unasked.map(|op| sent(codec, &server, op)));
    }
    let document = json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "digital-twin: the WebSocket",
            "version": "1.0.0",
            "description": INTRODUCTION,
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "defaultContentType": content_type(Codec::Json),
        "servers": {
            "local": {
                "host": "127.0.0.1:8000",
                "protocol": "ws",
                "description": "What `make run` starts; behind a proxy with TLS the protocol is wss.",
            },
        },
        "channels": channels,
        "operations": operations,
        "components": { "schemas": schemas },
    });
    serde_json::to_string_pretty(&document).expect("it encodes") + "\n"
}

/// What one side says: its frames, and the schemas of them and of what they consist of.
struct Side {
    name: &'static str,
    ops: &'static [&'static str],
    schemas: Map<String, Value>,
    /// Golden frames: name, `op`, and the frame.
    examples: Vec<(&'static str, &'static str, Value)>,
}

impl Side {
    fn client() -> Self {
        let settings = SchemaSettings::draft07().for_deserialize();
        let mut side = Self::new::<ClientFrame>("Client", ClientFrame::OPS, settings);
        let reference = json!({ "$ref": format!("{SCHEMAS}RequestRef") });
        for op in side.ops {
            let schema = side.schemas.get_mut(&frame_name("Client", op));
            schema.expect("a schema for each op")["properties"]["ref"] = reference.clone();
        }
        let samples = client_samples().into_iter();
        side.examples = samples
            .map(|(name, request)| {
                (
                    name,
                    request.frame.op(),
                    frame(encode_client(Codec::Json, &request)),
                )
            })
            .collect();
        side
    }

    fn server() -> Self {
        let settings = SchemaSettings::draft07().for_serialize();
        let mut side = Self::new::<ServerFrame>("Server", ServerFrame::OPS, settings);
        let samples = server_samples().into_iter();
        side.examples = samples
            .map(|(name, each)| (name, each.op(), frame(encode_server(Codec::Json, &each))))
            .collect();
        side
    }

    fn new<Frame: JsonSchema>(
        name: &'static str,
        ops: &'static [&'static str],
        settings: SchemaSettings,
    ) -> Self {
        let mut generator = settings.into_generator();
        generator.subschema_for::<RequestRef>();
        let mut root = generator.into_root_schema_for::<Frame>().to_value();
        as_it_is_written(&mut root);
        let mut schemas = match root["definitions"].take() {
            Value::Object(schemas) => schemas,
            other => panic!("no schemas but {other}"),
        };
        for frame in root["oneOf"].as_array().expect("one schema for each op") {
            let op = frame["properties"]["op"]["const"].as_str();
            let op = op.expect("a frame names its op");
            schemas.insert(frame_name(name, op), frame.clone());
        }
        Self {
            name,
            ops,
            schemas,
            examples: Vec::new(),
        }
    }

    fn schema(&self, op: &str) -> &Value {
        let name = frame_name(self.name, op);
        self.schemas
            .get(&name)
            .unwrap_or_else(|| panic!("no schema for {name}"))
    }

    /// A frame as a message of one channel. The examples stand on the JSON channel only: they are the same on the other.
    fn message(&self, codec: Codec, op: &str) -> Value {
        let schema = self.schema(op);
        let mut message = json!({
            "name": op,
            "title": op,
            "summary": schema["description"],
            "contentType": content_type(codec),
            "payload": { "$ref": format!("{SCHEMAS}{}", frame_name(self.name, op)) },
        });
        if schema["properties"].get("ref").is_some() {
            message["correlationId"] = json!({ "location": "$message.payload#/ref" });
        }
        if codec == Codec::Json {
            let examples = self.examples.iter().filter(|(_, of, _)| *of == op);
            message["examples"] = examples
                .map(|(name, _, frame)| json!({ "name": name, "payload": frame }))
                .collect();
        }
        message
    }
}

fn frame(encoded: Result<Vec<u8>, EncodeError>) -> Value {
    serde_json::from_slice(&encoded.expect("it encodes")).expect("JSON is JSON")
}

/// Writes into a schema what holds for all frames: what is absent is not null, and counts fit every JSON reader. The schemas
/// that it names stand in the document's place for them.
fn as_it_is_written(schema: &mut Value) {
    let is_null = |value: &Value| *value == json!("null") || *value == json!({ "type": "null" });
    if let Value::Object(keys) = schema {
        if let Some(Value::String(reference)) = keys.get_mut("$ref") {
            *reference = reference.replace("#/definitions/", SCHEMAS);
        }
        if keys.get("default") == Some(&Value::Null) {
            keys.remove("default");
        }
        if keys.get("format") == Some(&json!("uint64")) {
            keys.insert("maximum".to_owned(), json!(SEQ_MAX));
        }
        if let Some(Value::Array(types)) = keys.get_mut("type") {
            types.retain(|one| !is_null(one));
            if let [only] = types.as_slice() {
                let only = only.clone();
                keys.insert("type".to_owned(), only);
            }
        }
        if let Some(Value::Array(choices)) = keys.get_mut("anyOf") {
            choices.retain(|one| !is_null(one));
            if choices.len() == 1 {
                let only = keys.remove("anyOf").expect("it is there");
                keys.insert("allOf".to_owned(), only);
            }
        }
    }
    match schema {
        Value::Object(keys) => keys.values_mut().for_each(as_it_is_written),
        Value::Array(elements) => elements.iter_mut().for_each(as_it_is_written),
        _ => {}
    }
}

fn channel(codec: Codec, sides: [&Side; 2]) -> Value {
    let mut messages = Map::new();
    for side in sides {
        let of_side = side.ops.iter();
        messages.extend(of_side.map(|op| (frame_name(side.name, op), side.message(codec, op))));
    }
    let protocol = codec.subprotocol();
    json!({
        "address": "/ws",
        "title": protocol,
        "description": match codec {
            Codec::Json => "One JSON map in each text message, as UTF-8.",
            Codec::MessagePack =>
                "One MessagePack map in each binary message: the same names as in JSON, texts as `str`.",
        },
        "messages": messages,
        "bindings": { "ws": {
            "method": "GET",
            "headers": {
                "type": "object",
                "properties": { "Sec-WebSocket-Protocol": { "type": "string", "const": protocol } },
                "required": ["Sec-WebSocket-Protocol"],
            },
            "bindingVersion": "0.1.0",
        } },
        "x-close-codes": close_codes(),
    })
}

/// The close codes, which AsyncAPI has no words for.
fn close_codes() -> Value {
    let schema = schemars::schema_for!(CloseCode).to_value();
    let described = schema["oneOf"].as_array().expect("a schema for each code");
    let codes = CloseCode::ALL.iter().map(|code| {
        let is_this = |one: &&Value| one["const"] == format!("{code:?}");
        let described = described.iter().find(is_this);
        json!({
            "code": code.as_u16(),
            "description": described.expect("a code is described")["description"],
            "recovery": match code.recovery() {
                Recovery::Resume => "resume",
                Recovery::Reauthenticate => "re-authenticate, then resume",
                Recovery::Stop => "stop",
            },
        })
    });
    codes.collect()
}

/// The server receives a frame and answers it.
fn received(codec: Codec, client: &Side, op: &str) -> (String, Value) {
    let answers = answers_to(op);
    let answers = answers.iter().chain(&["error"]);
    let mut operation = operation(codec, client, "receive", op);
    operation["reply"] = json!({
        "channel": channel_reference(codec),
        "messages": answers
            .map(|answer| message_reference(codec, "Server", answer))
            .collect::<Vec<_>>(),
    });
    (operation_name(codec, client, op), operation)
}

/// The server says something of its own accord.
fn sent(codec: Codec, server: &Side, op: &str) -> (String, Value) {
    let operation = operation(codec, server, "send", op);
    (operation_name(codec, server, op), operation)
}

fn operation(codec: Codec, side: &Side, action: &str, op: &str) -> Value {
    json!({
        "action": action,
        "channel": channel_reference(codec),
        "title": op,
        "summary": side.schema(op)["description"],
        "messages": [message_reference(codec, side.name, op)],
    })
}

/// What answers a client frame, besides `error`.
pub(crate) fn answers_to(op: &str) -> &'static [&'static str] {
    let found = ANSWERS.iter().find(|(asked, _)| *asked == op);
    found
        .unwrap_or_else(|| panic!("ANSWERS does not say what answers {op:?}"))
        .1
}

fn is_unasked(op: &str) -> bool {
    let answers: BTreeSet<&str> = ANSWERS
        .iter()
        .flat_map(|(_, answers)| *answers)
        .copied()
        .collect();
    UNASKED_TOO.contains(&op) || !answers.contains(op)
}

fn channel_reference(codec: Codec) -> Value {
    json!({ "$ref": format!("#/channels/{}", name(codec)) })
}

fn message_reference(codec: Codec, side: &str, op: &str) -> Value {
    json!({ "$ref": format!("#/channels/{}/messages/{}", name(codec), frame_name(side, op)) })
}

fn operation_name(codec: Codec, side: &Side, op: &str) -> String {
    format!("{}{}", name(codec), frame_name(side.name, op))
}

/// `ServerMessageDone` for `message_done`.
fn frame_name(side: &str, op: &str) -> String {
    let words = op
        .split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..]);
    side.to_owned() + &words.collect::<String>()
}

fn name(codec: Codec) -> &'static str {
    match codec {
        Codec::Json => "json",
        Codec::MessagePack => "msgpack",
    }
}

fn content_type(codec: Codec) -> &'static str {
    match codec {
        Codec::Json => "application/json",
        Codec::MessagePack => "application/vnd.msgpack",
    }
}
