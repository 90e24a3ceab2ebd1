//! `docs/PROTOCOL.md` names everything that the protocol has, and its examples are golden frames.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use protocol::limits::{
    CLIENT_ID_BYTES_MAX, DEPTH_MAX, FRAME_BYTES_MAX, REF_BYTES_MAX, SEQ_MAX, SUBSCRIPTIONS_MAX,
    TEXT_BYTES_MAX, TOKEN_BYTES_MAX,
};
use protocol::{ClientFrame, CloseCode, Codec, ErrorCode, Recovery, ServerFrame};
use serde_json::Value;

use crate::asyncapi::answers_to;

fn page() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/PROTOCOL.md");
    fs::read_to_string(path).unwrap()
}

/// The text between a heading and the next one of its level.
fn section<'a>(page: &'a str, heading: &str) -> &'a str {
    let begin = page.find(&format!("\n{heading}\n")).unwrap() + 1 + heading.len();
    let level = heading.split(' ').next().unwrap();
    let end = page[begin..].find(&format!("\n{level} "));
    &page[begin..end.map_or(page.len(), |end| begin + end)]
}

/// The cells of the rows of a section's table, without its head.
fn rows(section: &str) -> Vec<Vec<&str>> {
    let lines = section.lines().filter(|line| line.starts_with('|'));
    let cells = lines.map(|line| {
        let line = line.trim_matches('|');
        line.split('|').map(str::trim).collect()
    });
    cells.skip(2).collect()
}

fn codes(section: &str) -> BTreeSet<&str> {
    let rows = rows(section).into_iter();
    rows.map(|row| row[0].trim_matches('`')).collect()
}

fn examples(section: &str) -> Vec<Value> {
    let blocks = section.split("```json\n").skip(1);
    let blocks = blocks.map(|block| block.split("```").next().unwrap());
    blocks
        .map(|block| serde_json::from_str(block).unwrap())
        .collect()
}

/// 16384 as 16,384.
fn with_commas(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev();
    let groups: Vec<&str> = groups
        .map(|group| std::str::from_utf8(group).unwrap())
        .collect();
    groups.join(",")
}

#[test]
fn every_frame_has_a_heading_and_a_golden_example() {
    let page = page();
    for (heading, ops, file) in [
        ("## Client frames", ClientFrame::OPS, "client_frames.json"),
        ("## Server frames", ServerFrame::OPS, "server_frames.json"),
    ] {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("fixtures")
            .join(file);
        let fixtures: Vec<Value> =
            serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        let golden: Vec<&Value> = fixtures.iter().map(|fixture| &fixture["frame"]).collect();
        let section = section(&page, heading);
        for op in ops {
            assert!(
                section.contains(&format!("\n### `{op}`\n")),
                "{heading}: {op}"
            );
        }
        let examples = examples(section);
        let shown: Vec<&str> = examples
            .iter()
            .map(|example| example["op"].as_str().unwrap())
            .collect();
        assert_eq!(shown, ops, "{heading}: the examples, in order");
        for example in &examples {
            assert!(golden.contains(&example), "not in {file}: {example}");
        }
    }
}

#[test]
fn every_client_frame_says_what_answers_it() {
    let page = page();
    let frames = section(&page, "## Client frames");
    for op in ClientFrame::OPS {
        let text = section(frames, &format!("### `{op}`"));
        let answer = text
            .split("nswer: ")
            .nth(1)
            .or_else(|| text.split("No answer").nth(1));
        let answer = answer.unwrap_or_else(|| panic!("{op}: no `Answer: …` and no `No answer …`"));
        let sentence = answer.split(['.', '\n']).next().unwrap();
        assert_eq!(
            text.contains("No answer"),
            answers_to(op).is_empty(),
            "{op}"
        );
        for name in answers_to(op) {
            assert!(
                sentence.contains(&format!("`{name}`")),
                "{op}: {name} is not in {sentence:?}"
            );
        }
    }
}

#[test]
fn every_error_code_has_a_row() {
    let page = page();
    let known = ErrorCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(codes(section(&page, "## Error codes")), known);
}

#[test]
fn every_close_code_has_a_row_that_says_what_to_do() {
    let page = page();
    let rows = rows(section(&page, "## Close codes"));
    let (last, rows) = rows.split_last().unwrap();
    assert_eq!(last[2..], ["resume", "", ""], "any other code");
    let written: Vec<(String, &[&str])> = rows
        .iter()
        .map(|row| (row[0].to_owned(), &row[2..]))
        .collect();
    let known: Vec<(String, &[&str])> = CloseCode::ALL
        .iter()
        .map(|code| {
            let marks: &[&str] = match code.recovery() {
                Recovery::Resume => &["resume", "", ""],
                Recovery::Reauthenticate => &["resume", "first", ""],
                Recovery::Stop => &["", "", "stop"],
            };
            (code.as_u16().to_string(), marks)
        })
        .collect();
    assert_eq!(written, known);
}

#[test]
fn every_limit_of_the_wire_has_a_row() {
    let page = page();
    let section = section(&page, "## Limits");
    for (what, limit) in [
        ("a frame", FRAME_BYTES_MAX as u64),
        ("`text`", TEXT_BYTES_MAX as u64),
        ("nested", DEPTH_MAX as u64),
        ("`client_id`", CLIENT_ID_BYTES_MAX as u64),
        ("`ref`", REF_BYTES_MAX as u64),
        ("`token`", TOKEN_BYTES_MAX as u64),
        ("conversations", SUBSCRIPTIONS_MAX as u64),
        ("a `seq`", SEQ_MAX),
    ] {
        let row = rows(section)
            .into_iter()
            .find(|row| row[0].starts_with(what));
        let row = row.unwrap_or_else(|| panic!("no row begins with {what}"));
        let numbers: Vec<&str> = row[1].split(' ').collect();
        assert!(
            numbers.contains(&with_commas(limit).as_str()),
            "{what}: {limit} is not in {:?}",
            row[1]
        );
    }
}

#[test]
fn both_subprotocols_are_named() {
    let page = page();
    for codec in Codec::ALL {
        assert!(page.contains(&format!("| `{}` |", codec.subprotocol())));
    }
}
