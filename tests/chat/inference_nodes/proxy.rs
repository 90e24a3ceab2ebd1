//! A proxy in front of a service: it tells what it is asked for, and can die in the middle of anything.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// When a service dies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Death {
    /// When it is asked for a text, before it has read the request.
    AtRequest,
    /// When it has sent so many events of a stream.
    AfterEvents(usize),
}

/// The death of whichever service comes to it first.
pub(super) type Fate = Arc<Mutex<Option<Death>>>;

/// A service behind its proxy.
pub(super) struct Proxied {
    pub(super) url: String,
    is_dead: Arc<watch::Sender<bool>>,
    asked: Arc<watch::Sender<Vec<String>>>,
}

impl Proxied {
    /// A proxy of the service at this address.
    pub(super) async fn of(service: &str, fate: &Fate) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let proxied = Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            is_dead: Arc::new(watch::Sender::new(false)),
            asked: Arc::default(),
        };
        let target = service.strip_prefix("http://").unwrap().to_owned();
        let (is_dead, asked) = (proxied.is_dead.clone(), proxied.asked.clone());
        let fate = fate.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let connection = Connection {
                    is_dead: is_dead.clone(),
                    asked: asked.clone(),
                    fate: fate.clone(),
                };
                let target = target.clone();
                tokio::spawn(async move {
                    let mut death = connection.is_dead.subscribe();
                    tokio::select! {
                        _ = death.wait_for(|is_dead| *is_dead) => {}
                        () = connection.carry(client, &target) => {}
                    }
                });
            }
        });
        proxied
    }

    /// Ends all connections, and every new one at once.
    pub(super) fn die(&self) {
        self.is_dead.send_replace(true);
    }

    /// Is there again.
    pub(super) fn come_back(&self) {
        self.is_dead.send_replace(false);
    }

    /// How often the service was asked for something whose request begins like this.
    pub(super) fn asked(&self, beginning: &str) -> usize {
        let asked = self.asked.borrow();
        asked
            .iter()
            .filter(|line| line.starts_with(beginning))
            .count()
    }

    /// Waits until it was asked for something whose request begins like this.
    pub(super) async fn is_asked(&self, beginning: &str) {
        let is_one = |asked: &Vec<String>| asked.iter().any(|line| line.starts_with(beginning));
        self.asked.subscribe().wait_for(is_one).await.unwrap();
    }
}

struct Connection {
    is_dead: Arc<watch::Sender<bool>>,
    asked: Arc<watch::Sender<Vec<String>>>,
    fate: Fate,
}

impl Connection {
    async fn carry(&self, client: TcpStream, target: &str) {
        let service = TcpStream::connect(target).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_service, mut to_service) = service.into_split();
        let there = async {
            let mut bytes = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = from_client.read(&mut bytes).await {
                let line = request_line(&bytes[..count]);
                let is_for_text = line
                    .as_ref()
                    .is_some_and(|line| line.contains("completions"));
                self.asked.send_modify(|asked| asked.extend(line));
                if is_for_text && self.meets(|death| death == Death::AtRequest) {
                    return;
                }
                if to_service.write_all(&bytes[..count]).await.is_err() {
                    return;
                }
            }
        };
        let back = async {
            let mut bytes = vec![0; 64 * 1024];
            let mut events = 0;
            while let Ok(count @ 1..) = from_service.read(&mut bytes).await {
                let mut until = count;
                for at in 0..count {
                    if bytes[at..count].starts_with(b"data: ") {
                        events += 1;
                        if self.meets(
                            |death| matches!(death, Death::AfterEvents(last) if events > last),
                        ) {
                            until = at;
                            break;
                        }
                    }
                }
                if to_client.write_all(&bytes[..until]).await.is_err() || until < count {
                    return;
                }
            }
        };
        tokio::select! {
            () = there => {}
            () = back => {}
        }
    }

    /// Whether the service dies now.
    fn meets(&self, is_now: impl Fn(Death) -> bool) -> bool {
        let mut fate = self.fate.lock().unwrap();
        let dies = fate.is_some_and(is_now);
        if dies {
            *fate = None;
            self.is_dead.send_replace(true);
        }
        dies
    }
}

fn request_line(bytes: &[u8]) -> Option<String> {
    let methods = ["GET ", "POST ", "DELETE "];
    let begins = |method: &&&str| bytes.starts_with(method.as_bytes());
    methods.iter().find(begins)?;
    let end = bytes.iter().position(|byte| *byte == b'\r')?;
    Some(String::from_utf8_lossy(&bytes[..end]).into_owned())
}
