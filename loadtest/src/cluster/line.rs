//! A line between two programs: it hands bytes on, and can be slow, silent or cut.

use std::net::Ipv4Addr;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::time::sleep;

/// Bytes that are handed on at once.
const CHUNK: usize = 16 * 1024;

/// What a line does with what it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// Hands it on.
    Open,
    /// Hands it on so much later.
    Late(Duration),
    /// Keeps it: neither end hears anything, and connections stay.
    Silent,
    /// Ends every connection and takes no new one.
    Cut,
}

/// A line from a port of its own to another one.
pub(crate) struct Line {
    port: u16,
    state: watch::Sender<State>,
}

impl Line {
    /// A line to a port of this machine, from one of its addresses.
    ///
    /// # Errors
    /// When it finds no port of its own.
    pub(super) async fn to(target: u16, near: Ipv4Addr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind((near, 0)).await?;
        let port = listener.local_addr()?.port();
        let state = watch::Sender::new(State::Open);
        tokio::task::spawn_local(accept(listener, target, state.subscribe()));
        Ok(Self { port, state })
    }

    /// The port where it begins.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Puts the line into another state for a while.
    pub(crate) async fn for_a_while(&self, state: State, duration: Duration) {
        self.state.send_replace(state);
        sleep(duration).await;
        self.state.send_replace(State::Open);
    }
}

async fn accept(listener: TcpListener, target: u16, state: watch::Receiver<State>) {
    while let Ok((near, _)) = listener.accept().await {
        // The line has ended with the test.
        if state.has_changed().is_err() {
            return;
        }
        if *state.borrow() == State::Cut {
            continue;
        }
        let Ok(far) = TcpStream::connect(("127.0.0.1", target)).await else {
            continue;
        };
        let (near_reads, near_writes) = near.into_split();
        let (far_reads, far_writes) = far.into_split();
        tokio::task::spawn_local(hand_on(near_reads, far_writes, state.clone()));
        tokio::task::spawn_local(hand_on(far_reads, near_writes, state.clone()));
    }
}

/// Hands on what comes, until one end is gone or the line is cut; both directions are ended by that.
async fn hand_on(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut state: watch::Receiver<State>,
) {
    let mut is_cut = state.clone();
    let cut = is_cut.wait_for(|state| *state == State::Cut);
    let handing = async {
        let mut chunk = vec![0; CHUNK];
        loop {
            let read = from.read(&mut chunk).await?;
            if read == 0 {
                return to.shutdown().await;
            }
            let now = state.wait_for(|state| *state != State::Silent).await;
            let now = now.map(|now| *now).unwrap_or(State::Cut);
            if let State::Late(by) = now {
                sleep(by).await;
            }
            to.write_all(&chunk[..read]).await?;
        }
    };
    tokio::select! {
        _ = cut => {}
        _ = handing => {}
    }
}
