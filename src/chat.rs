//! `digital-twin chat`: talks with a twin in a terminal, one question or many.
//!
//! 1. It logs in over HTTP, finds the twin, and opens a conversation or goes on with one (`chat/api.rs`).
//! 2. It follows the conversation over a WebSocket that comes back when it is lost (`chat/connection.rs`).
//! 3. It asks, and shows each reply as it comes (`chat/talk.rs`, `chat/exchange.rs`, `chat/terminal.rs`).

pub mod connection;

mod talk;

mod api;
mod exchange;
mod terminal;

use clap::{Args, ValueEnum};
use protocol::{Codec, ConversationId};

use self::api::{Api, find_twin};
use self::connection::{Client, ClientConfig};
use self::talk::Chat;

/// The password of the account that `digital-twin seed` makes.
const DEMO_PASSWORD: &str = "demo-password";

/// The variable that keeps a password out of the list of processes.
const PASSWORD_VARIABLE: &str = "DIGITAL_TWIN_PASSWORD";

/// Options of `chat`.
#[derive(Debug, Clone, Args)]
pub struct ChatOptions {
    /// The server
    #[arg(long, default_value = "http://127.0.0.1:8000", value_name = "URL")]
    pub url: String,
    /// The account
    #[arg(long, default_value = "demo@example.com", value_name = "ADDRESS")]
    pub email: String,
    /// The account's password; better given in the environment, where other people cannot see it
    /// [env: DIGITAL_TWIN_PASSWORD; default: the demo account's]
    #[arg(long, value_name = "PASSWORD")]
    pub password: Option<String>,
    /// The twin, by name or id; may be left out when there is only one
    #[arg(long, value_name = "TWIN")]
    pub twin: Option<String>,
    /// Go on with this conversation instead of a new one
    #[arg(long, value_name = "ID", conflicts_with = "twin")]
    pub conversation: Option<ConversationId>,
    /// The encoding of the frames on the wire
    #[arg(long, value_enum, default_value_t)]
    pub encoding: Encoding,
    /// One question; without it, ask as many as you like: Ctrl-C stops a reply, Ctrl-D leaves
    #[arg(value_name = "QUESTION")]
    pub question: Option<String>,
}

/// An encoding, as it is named on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Encoding {
    /// Text frames
    #[default]
    Json,
    /// Binary frames
    Msgpack,
}

impl From<Encoding> for Codec {
    fn from(encoding: Encoding) -> Self {
        match encoding {
            Encoding::Json => Self::Json,
            Encoding::Msgpack => Self::MessagePack,
        }
    }
}

/// Talks with a twin, until the question is answered or the person leaves.
///
/// # Errors
/// When the server cannot be reached, the password is wrong, there is no such twin, or the one question that was given
/// on the command line is not answered. Each is one line for a person to read.
pub async fn run(options: ChatOptions) -> anyhow::Result<()> {
    let password = options
        .password
        .or_else(|| std::env::var(PASSWORD_VARIABLE).ok())
        .unwrap_or_else(|| DEMO_PASSWORD.to_owned());
    let api = Api::log_in(&options.url, &options.email, &password).await?;
    let (conversation_id, greeting, after_seq) = match options.conversation {
        Some(conversation_id) => (conversation_id, String::new(), None),
        None => {
            let twin = find_twin(&api.twins().await?, options.twin.as_deref())?;
            let opened = api.open_conversation(twin.id).await?;
            let greeting = match twin.greeting.is_empty() {
                true => String::new(),
                false => format!("{}: {}", twin.name, twin.greeting),
            };
            (opened, greeting, Some(0))
        }
    };
    let client = Client::connect(ClientConfig {
        url: api.websocket_url(),
        codec: options.encoding.into(),
        token: api.token().to_owned(),
    })
    .await?;
    let mut chat = Chat::new(api, client, conversation_id);
    chat.follow(after_seq).await?;
    let outcome = match options.question {
        Some(question) => chat.ask_once(&question).await,
        None => chat.talk(&greeting).await,
    };
    chat.leave().await;
    match outcome {
        // Nobody reads the reply any more (`| head`), which is no failure.
        Err(error) if is_broken_pipe(&error) => Ok(()),
        outcome => outcome,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .downcast_ref::<std::io::Error>()
        .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
