//! Clocks that jump, moved from outside the process.

use super::*;

/// The library with which a process's clock can be moved, as Debian packages it.
const FAKETIME: &str = "/usr/$LIB/faketime/libfaketime.so.1";

#[actix_web::test]
async fn the_wall_clock_may_jump() {
    let folder = tempfile::tempdir().unwrap();
    let clock = folder.path().join("clock");
    let set = |offset: &str| std::fs::write(&clock, offset).unwrap();
    set("+0");
    let file = clock.to_str().unwrap().to_owned();
    let settings = [
        ("LD_PRELOAD", FAKETIME),
        ("FAKETIME_TIMESTAMP_FILE", &file),
        ("FAKETIME_NO_CACHE", "1"),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        // A day, so that tokens outlive the jumps.
        ("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", "1440"),
        ("TWIN_SENDS_PER_MINUTE", "1000000"),
    ];
    let program = serve_with(folder, &settings).await;
    let (ada, bob) = (
        register(&program, "ada").await,
        register(&program, "bob").await,
    );
    let room = room(&program, &ada, &bob).await;
    let mut peers = [Peer::connect(&program).await, Peer::connect(&program).await];
    peers[0].follow(&ada, &room).await;
    peers[1].follow(&bob, &room).await;
    let mut sent = Vec::new();
    for (step, offset) in ["+0", "+20h", "-20h", "+1h", "-2m", "+0"]
        .iter()
        .enumerate()
    {
        set(offset);
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
    set("+3d");
    let [mut peer, _] = peers;
    let error = peer.until(|frame| frame["op"] == "error").await;
    assert_eq!(error["code"], "token_expired");
    assert_eq!(peer.next().await, Err(4401));
}
