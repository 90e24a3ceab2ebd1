//! Clocks that jump, and long times that need not be waited for: the process's clock is moved from outside.

use tempfile::TempDir;

use super::*;

/// The library with which a process's clock can be moved, as Debian packages it; the one for processes with threads.
const FAKETIME: &str = "/usr/$LIB/faketime/libfaketimeMT.so.1";

/// How far the clock is moved at a time where time passes: often enough for every lease to be renewed as it would be.
const STEP_SECONDS: u64 = 4;

/// A running reply must outlive its reader's absence by this much.
const AWAY_SECONDS: u64 = 120;

/// A clock that a process reads instead of the system's.
struct MovedClock {
    file: String,
}

impl MovedClock {
    fn new(folder: &TempDir) -> Self {
        let file = folder.path().join("clock");
        let file = file.to_str().unwrap().to_owned();
        let clock = Self { file };
        clock.set("+0");
        clock
    }

    /// Moves the clock so far from the system's.
    fn set(&self, offset: &str) {
        // Replaced whole: the process never reads a file that is empty for a moment.
        let next = format!("{}.next", self.file);
        std::fs::write(&next, offset).unwrap();
        std::fs::rename(&next, &self.file).unwrap();
    }

    /// What makes a process read it.
    fn settings(&self) -> Vec<(&str, &str)> {
        vec![
            ("LD_PRELOAD", FAKETIME),
            ("FAKETIME_TIMESTAMP_FILE", &self.file),
            ("FAKETIME_NO_CACHE", "1"),
            // A day, so that tokens outlive the jumps.
            ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "1440"),
            ("TWIN_SENDS_PER_MINUTE", "1000000"),
        ]
    }
}

#[actix_web::test]
async fn the_wall_clock_may_jump() {
    let folder = tempfile::tempdir().unwrap();
    let clock = MovedClock::new(&folder);
    let mut settings = clock.settings();
    settings.push(("FAKETIME_DONT_FAKE_MONOTONIC", "1"));
    let program = serve_with(folder, &settings).await;
    let (ada, bob, room) = two_in_a_room(&program).await;
    let mut peers = [Peer::connect(&program).await, Peer::connect(&program).await];
    peers[0].follow(&ada, &room).await;
    peers[1].follow(&bob, &room).await;
    let mut sent = Vec::new();
    for (step, offset) in ["+0", "+20h", "-20h", "+1h", "-2m", "+0"]
        .iter()
        .enumerate()
    {
        clock.set(offset);
        for number in 0..10 {
            let text = format!("{step}-{number}");
            let from = number % peers.len();
            let seq = peers[from].send(&room, &text, &text).await.unwrap();
            sent.push((seq, text));
        }
    }
    let seqs: Vec<u64> = sent.iter().map(|(seq, _)| *seq).collect();
    assert_eq!(seqs, (1..=sent.len() as u64).collect::<Vec<_>>());
    let log = read_log(&program, &bob, &room).await;
    let found: Vec<_> = log
        .iter()
        .map(|frame| (seq(frame), text_of(&frame["text"])))
        .collect();
    assert_eq!(found, sent);
    let times: Vec<i64> = log
        .iter()
        .step_by(10)
        .map(|frame| frame["created_at"].as_i64().unwrap())
        .collect();
    // The clock did jump: what was written far ahead and far back says so.
    let hours = |hours: i64| hours * 60 * 60 * 1_000;
    assert!(times[1] - times[0] > hours(19), "{times:?}");
    assert!(times[0] - times[2] > hours(19), "{times:?}");
    // A token lasts as long as the clock says, on a connection that is open too.
    clock.set("+3d");
    let [mut peer, _] = peers;
    let error = peer.until(|frame| frame["op"] == "error").await;
    assert_eq!(error["code"], "token_expired");
    assert_eq!(peer.next().await, Err(4401));
}

#[actix_web::test]
async fn a_reply_goes_on_for_two_minutes_without_its_reader_who_then_gets_the_text_so_far_and_the_end()
 {
    let folder = tempfile::tempdir().unwrap();
    let clock = MovedClock::new(&folder);
    let mut settings = clock.settings();
    // Longer than any silence below.
    settings.push(("TWIN_HEARTBEAT_SECONDS", "300"));
    let program = serve_with(folder, &settings).await;
    let (ada, bob, elsewhere) = two_in_a_room(&program).await;
    let mut busy = Peer::connect(&program).await;
    busy.follow(&bob, &elsewhere).await;
    let twin = twin(&program, &ada).await;
    let talk = talk(&program, &ada, &twin).await;

    let mut reader = Peer::connect(&program).await;
    reader.follow(&ada, &talk).await;
    // Nothing says whether the reply begins before or after the `ack`.
    reader
        .say(json!({
            "op": "send", "ref": "question", "conversation_id": talk, "client_id": "question",
            "text": "!late 200 so far, and then the end"
        }))
        .await;
    let started = reader.until(|frame| frame["op"] == "message_start").await;
    let mut so_far = String::new();
    while so_far != "so far, and then the" {
        let delta = reader.until(|frame| frame["op"] == "delta").await;
        so_far.push_str(&text(&delta["text"]));
    }
    drop(reader);
    let mut passed = 0;
    while passed < AWAY_SECONDS {
        passed += STEP_SECONDS;
        pass(&clock, passed, &mut busy, &elsewhere).await;
    }

    let mut reader = Peer::connect(&program).await;
    let cursor = json!({"conversation_id": talk, "after_seq": 1});
    reader
        .say(json!({"op": "resume", "token": ada.token, "cursors": [cursor]}))
        .await;
    let mut resumed = Vec::new();
    while resumed.last().is_none_or(|(op, _, _)| op != "resumed") {
        let frame = reader.next().await.expect("the connection lives");
        let id = frame["message_id"].clone();
        resumed.push((text(&frame["op"]), id, frame["text"].clone()));
    }
    let id = &started["message_id"];
    let expected = [
        ("ready".to_owned(), Value::Null, Value::Null),
        ("message_start".to_owned(), id.clone(), Value::Null),
        ("delta".to_owned(), id.clone(), json!(so_far)),
        ("subscribed".to_owned(), Value::Null, Value::Null),
        ("resumed".to_owned(), Value::Null, Value::Null),
    ];
    assert_eq!(resumed, expected);

    while passed < 200 {
        passed += STEP_SECONDS;
        pass(&clock, passed, &mut busy, &elsewhere).await;
    }
    let delta = reader.next().await.unwrap();
    assert_eq!(
        (&delta["op"], &delta["index"], &delta["text"]),
        (
            &json!("delta"),
            &json!(so_far.chars().count()),
            &json!(" end")
        )
    );
    let done = reader.next().await.unwrap();
    assert_eq!(
        (&done["op"], &done["message_id"], &done["text"]),
        (
            &json!("message_done"),
            id,
            &json!("so far, and then the end")
        )
    );
}

/// Moves the clock on, and waits until every part of the server has seen it: a message passes through all of them.
async fn pass(clock: &MovedClock, seconds: u64, busy: &mut Peer, room: &str) {
    clock.set(&format!("+{seconds}"));
    let client_id = format!("after-{seconds}");
    busy.send(room, &client_id, "time passes").await.unwrap();
}
