//! Peers that die and peers that do not read: they are found, and hold nobody up.

use futures::future::join_all;

use super::*;

/// A stop may take so long, whatever the clients do.
const DRAIN_WITHIN: Duration = Duration::from_secs(15);

/// The address of peers whose packets will be dropped; it is the loopback's too.
const CUT_OFF: &str = "127.0.0.2";

/// Two heartbeats of the test below, and ten seconds: what the default heartbeat makes fifty seconds.
const FOUND_WITHIN: Duration = Duration::from_secs(12);

fn descriptors(program: &Program) -> usize {
    let pid = program.child.id().unwrap();
    std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .count()
}

/// Makes the server's writes to whoever does not read wait, with events that may be dropped.
async fn flood(peer: &mut Peer, room: &str) {
    let data = "x".repeat(4_000);
    for _ in 0..1_500 {
        let broadcast =
            json!({"op": "broadcast", "conversation_id": room, "event": "flood", "data": data});
        peer.say(broadcast).await;
    }
    peer.say(json!({"op": "ping", "ref": "flooded"})).await;
    peer.until(|frame| frame["ref"] == "flooded").await;
}

/// Somebody who watches a room in which others will come and die.
struct Watch {
    ada: Account,
    bob: Account,
    room: String,
    /// Ada's connection.
    peer: Peer,
    /// Descriptors of the server while Ada is alone.
    before: usize,
}

impl Watch {
    async fn begin(program: &Program) -> Self {
        let (ada, bob, room) = two_in_a_room(program).await;
        let mut peer = Peer::connect(program).await;
        peer.follow(&ada, &room).await;
        let mut watch = Self {
            before: 0,
            ada,
            bob,
            room,
            peer,
        };
        watch.until_alone().await;
        watch.before = descriptors(program);
        watch
    }

    async fn until_alone(&mut self) {
        let alone = json!([self.ada.id]);
        self.peer
            .until(|frame| frame["op"] == "presence" && frame["online"] == alone)
            .await;
    }

    /// Waits until nobody else is shown and every descriptor is given back.
    async fn until_all_are_gone(&mut self, program: &Program) {
        self.until_alone().await;
        while descriptors(program) > self.before {
            // The one that is alive goes on answering.
            self.peer.say(json!({"op": "ping", "ref": "alive"})).await;
            self.peer.until(|frame| frame["ref"] == "alive").await;
        }
    }
}

#[actix_web::test]
async fn dead_peers_are_found_and_leave_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [
        ("TWIN_HEARTBEAT_SECONDS", "1"),
        ("TWIN_QUOTA_BROADCASTS", "1000000/second"),
    ];
    let program = serve_with(folder, &settings).await;
    let mut watch = Watch::begin(&program).await;

    let mut dead = Vec::new();
    for number in 0..200 {
        let mut peer = match number % 10 {
            0 => Peer::connect_narrow(&program).await,
            _ => Peer::connect(&program).await,
        };
        peer.follow(&watch.bob, &watch.room).await;
        dead.push(peer);
    }
    flood(&mut watch.peer, &watch.room).await;
    assert!(descriptors(&program) >= watch.before + dead.len());
    // From here on they neither read nor answer, and their ends of the connections stay open.
    watch.until_all_are_gone(&program).await;
    drop(dead);
}

#[actix_web::test]
async fn peers_whose_packets_are_dropped_both_ways_are_found_and_leave_nothing_behind() {
    let this = concat!(
        module_path!(),
        "::peers_whose_packets_are_dropped_both_ways_are_found_and_leave_nothing_behind"
    );
    if !network::is_own(this) {
        return;
    }
    network::bring_up();
    let folder = tempfile::tempdir().unwrap();
    let program = serve_with(folder, &[("TWIN_HEARTBEAT_SECONDS", "1")]).await;
    let mut watch = Watch::begin(&program).await;

    let connected = (0..200).map(async |_| {
        let socket = TcpSocket::new_v4().unwrap();
        let address = format!("{CUT_OFF}:0");
        socket.bind(address.parse().unwrap()).unwrap();
        let mut peer = Peer::connect_over(&program, socket).await;
        peer.follow(&watch.bob, &watch.room).await;
        peer
    });
    for mut peer in join_all(connected).await {
        // It reads, and so answers every ping, for as long as the connection lives.
        actix_web::rt::spawn(async move { while let Some(Ok(_)) = peer.0.next().await {} });
    }
    // Longer than the silence after which a peer counts as dead: these are not.
    for _ in 0..3 {
        watch.peer.pinged().await;
    }
    assert!(descriptors(&program) >= watch.before + 200);

    network::drop_packets(CUT_OFF);
    let found = async {
        let sent = watch.peer.send(&watch.room, "cut", "are you there?");
        sent.await.unwrap();
        watch.until_all_are_gone(&program).await;
    };
    tokio::time::timeout(FOUND_WITHIN, found)
        .await
        .expect("all are found in time");
}

#[actix_web::test]
async fn a_stop_tells_everybody_waits_for_nobody_and_ends_well() {
    let folder = tempfile::tempdir().unwrap();
    let settings = [("TWIN_QUOTA_BROADCASTS", "1000000/second")];
    let mut program = serve_with(folder, &settings).await;
    let (ada, bob, room) = two_in_a_room(&program).await;
    let mut sender = Peer::connect(&program).await;
    sender.follow(&ada, &room).await;
    let mut stuck = Vec::new();
    let mut reading = Vec::new();
    for _ in 0..10 {
        let mut peer = Peer::connect_narrow(&program).await;
        peer.follow(&bob, &room).await;
        stuck.push(peer);
    }
    flood(&mut sender, &room).await;
    for _ in 0..100 {
        let mut peer = Peer::connect(&program).await;
        peer.follow(&bob, &room).await;
        reading.push(peer);
    }
    reading.push(sender);
    program.signal("-TERM").await;
    let stopped = async {
        for peer in &mut reading {
            peer.until(|frame| frame["op"] == "reconnect").await;
            let code = loop {
                if let Err(code) = peer.next().await {
                    break code;
                }
            };
            assert_eq!(code, 1012);
        }
        // A reader that closes as the protocol asks.
        drop(reading);
        program.child.wait().await.unwrap().code()
    };
    let code = tokio::time::timeout(DRAIN_WITHIN, stopped)
        .await
        .expect("the server stops in time, although some do not read");
    assert_eq!(code, Some(0));
    drop(stuck);
}
