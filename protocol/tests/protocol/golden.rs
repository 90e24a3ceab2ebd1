//! The golden frames in `fixtures/`: what any client may be tested against.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use protocol::{
    ClientFrame, Codec, ErrorCode, ServerFrame, StopReason, decode_client, decode_server,
};
use serde_json::Value;

use crate::asyncapi;
use crate::samples::{client_samples, fixture_files, rejected_samples, server_samples};

fn read(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name);
    fs::read_to_string(path).unwrap()
}

fn fixtures(name: &str) -> Vec<Value> {
    serde_json::from_str(&read(name)).unwrap()
}

fn bytes(fixture: &Value, codec: Codec) -> Vec<u8> {
    match codec {
        Codec::Json => fixture["json"].as_str().unwrap().as_bytes().to_vec(),
        Codec::MessagePack => {
            let hex = fixture["msgpack"].as_str().unwrap();
            let digits = hex.as_bytes().chunks(2);
            digits
                .map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap())
                .collect()
        }
    }
}

fn ops(fixtures: &[Value]) -> BTreeSet<&str> {
    let ops = fixtures.iter().map(|fixture| fixture["op"].as_str());
    ops.map(Option::unwrap).collect()
}

#[test]
fn the_files_are_what_this_version_writes() {
    for (name, content) in fixture_files() {
        assert!(
            read(name) == content,
            "fixtures/{name} differs from what this version writes. If the protocol is meant to change, run \
             `cargo run -p protocol --example fixtures` and look at the difference"
        );
    }
}

#[test]
fn the_asyncapi_document_is_what_this_version_writes() {
    let written = fs::read_to_string(asyncapi::path()).unwrap();
    assert!(
        written == asyncapi::document(),
        "docs/asyncapi.json differs from what this version writes: run `cargo run -p protocol --example fixtures` and \
         look at the difference"
    );
}

#[test]
fn every_client_frame_is_read_from_both_encodings() {
    for (fixture, (name, request)) in fixtures("client_frames.json").iter().zip(client_samples()) {
        for codec in Codec::ALL {
            let decoded = decode_client(codec, &bytes(fixture, codec));
            assert_eq!(decoded.as_ref(), Ok(&request), "{name} {codec:?}");
        }
    }
}

#[test]
fn every_server_frame_is_read_from_both_encodings() {
    for (fixture, (name, frame)) in fixtures("server_frames.json").iter().zip(server_samples()) {
        for codec in Codec::ALL {
            let decoded = decode_server(codec, &bytes(fixture, codec));
            assert_eq!(decoded.as_ref(), Ok(&frame), "{name} {codec:?}");
        }
    }
}

#[test]
fn every_kind_of_frame_has_a_fixture() {
    let client = fixtures("client_frames.json");
    assert_eq!(ops(&client), ClientFrame::OPS.iter().copied().collect());
    let server = fixtures("server_frames.json");
    assert_eq!(ops(&server), ServerFrame::OPS.iter().copied().collect());
}

#[test]
fn every_error_code_and_stop_reason_has_a_fixture() {
    let server = fixtures("server_frames.json");
    let of = |field: &str| -> BTreeSet<&str> {
        let values = server
            .iter()
            .map(|fixture| fixture["frame"][field].as_str());
        values.flatten().collect()
    };
    assert_eq!(
        of("code"),
        ErrorCode::ALL.iter().map(|code| code.as_str()).collect()
    );
    let reasons = [
        StopReason::EndOfTurn,
        StopReason::Length,
        StopReason::Stopped,
        StopReason::TakenOver,
        StopReason::Failed,
    ];
    let reasons = reasons.map(|reason| serde_json::to_value(reason).unwrap());
    assert_eq!(
        of("stop_reason"),
        reasons
            .iter()
            .map(|reason| reason.as_str().unwrap())
            .collect()
    );
}

#[test]
fn names_and_ops_agree_with_the_encoded_frames() {
    for file in ["client_frames.json", "server_frames.json"] {
        let mut names = BTreeSet::new();
        for fixture in &fixtures(file) {
            assert_eq!(fixture["op"], fixture["frame"]["op"], "{file}");
            let name = fixture["name"].as_str().unwrap();
            assert!(names.insert(name.to_owned()), "{file}: {name} stands twice");
        }
    }
}

#[test]
fn rejected_frames_are_refused_with_their_code_and_ref() {
    let fixtures = fixtures("rejected_frames.json");
    for (fixture, (name, codec, _)) in fixtures.iter().zip(rejected_samples()) {
        let error = decode_client(codec, &bytes(fixture, codec)).unwrap_err();
        assert_eq!(error.code.as_str(), fixture["code"], "{name}");
        let request_ref = error.request_ref.map(|request_ref| request_ref.to_string());
        assert_eq!(request_ref.as_deref(), fixture["ref"].as_str(), "{name}");
    }
}

#[test]
fn scores_are_written_as_short_as_they_are_read() {
    let server = read("server_frames.json");
    assert!(
        server.contains(r#"\"score\":0.71}"#),
        "not 0.7099999785423279"
    );
}
