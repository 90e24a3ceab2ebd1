//! A network path to a server, which can begin to swallow everything without closing a connection, as a dead
//! router does.

use tokio::io::{copy_bidirectional, sink};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};

/// A path from a port of its own to a server.
pub(crate) struct NetworkPath {
    /// The port that leads to the server.
    pub(crate) port: u16,
    swallowing: watch::Sender<bool>,
    given_up: mpsc::Receiver<()>,
}

impl NetworkPath {
    /// Opens a path to the server at this port.
    pub(crate) async fn open(server_port: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (swallowing, state) = watch::channel(false);
        let (report, given_up) = mpsc::channel(16);
        tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(carry(client, server_port, state.clone(), report.clone()));
            }
        });
        Self {
            port,
            swallowing,
            given_up,
        }
    }

    /// From now on nothing gets through, and nobody is told.
    pub(crate) fn swallow(&self) {
        self.swallowing.send_replace(true);
    }

    /// New connections get through again.
    pub(crate) fn carry(&self) {
        self.swallowing.send_replace(false);
    }

    /// Waits until the client closes a connection whose bytes were swallowed.
    pub(crate) async fn connection_given_up(&mut self) {
        self.given_up.recv().await.unwrap();
    }
}

async fn carry(
    mut client: TcpStream,
    server_port: u16,
    mut swallowing: watch::Receiver<bool>,
    report: mpsc::Sender<()>,
) {
    let mut server = TcpStream::connect(("127.0.0.1", server_port))
        .await
        .unwrap();
    tokio::select! {
        _ = swallowing.wait_for(|swallowing| *swallowing) => {}
        _ = copy_bidirectional(&mut client, &mut server) => return,
    }
    // How the client leaves, by an end or a reset, is all the same.
    let _ = tokio::io::copy(&mut client, &mut sink()).await;
    report.send(()).await.unwrap();
}
