//! Questions and replies on a terminal: what the person does, what the server says, and what is shown.

use std::io::{BufRead, IsTerminal};
use std::sync::Arc;

use anyhow::bail;
use protocol::{Author, ConversationId, ErrorCode, Message, ServerFrame, StopReason};
use tokio::sync::{Notify, mpsc};

use super::api::Api;
use super::connection::{Client, ClientError, ClientEvent};
use super::exchange::{Exchange, Rest, Show};
use super::terminal::Terminal;

/// Lines that the person may type ahead of the replies.
const LINES_AHEAD_MAX: usize = 8;

/// Log-ins in a row whose tokens may be refused, before the client gives up.
const REFUSED_TOKENS_MAX: u32 = 3;

/// A conversation on a terminal.
pub(super) struct Chat {
    api: Api,
    client: Client,
    conversation_id: ConversationId,
    terminal: Terminal,
    /// A person sits at both ends of the terminal.
    at_screen: bool,
    /// Ctrl-C was pressed.
    interrupt: Arc<Notify>,
    refused_tokens: u32,
}

/// How a question ended.
enum Ended {
    /// With this reply, which may have failed.
    Answered(Box<Message>),
    /// The server did not take it.
    Refused(String),
    /// The person left before the reply was finished.
    Left,
}

impl Chat {
    pub(super) fn new(api: Api, client: Client, conversation_id: ConversationId) -> Self {
        let interrupt = Arc::new(Notify::new());
        let pressed = Arc::clone(&interrupt);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                pressed.notify_one();
            }
        });
        Self {
            api,
            client,
            conversation_id,
            terminal: Terminal::of_process(),
            at_screen: std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
            interrupt,
            refused_tokens: 0,
        }
    }

    /// Follows the conversation; returns when it is live.
    pub(super) async fn follow(&mut self, after_seq: Option<u64>) -> anyhow::Result<()> {
        self.client.subscribe(self.conversation_id, after_seq).await;
        loop {
            match self.next_frame().await? {
                Some(ServerFrame::Subscribed { .. }) => return Ok(()),
                Some(ServerFrame::Error { message, code, .. }) => {
                    bail!("conversation {}: {message} ({code})", self.conversation_id)
                }
                _ => {}
            }
        }
    }

    /// Asks one question; its reply and the sources alone go to stdout.
    pub(super) async fn ask_once(&mut self, question: &str) -> anyhow::Result<()> {
        match self.ask(question).await? {
            Ended::Answered(message) => match (message.failure, message.stop_reason) {
                (Some(failure), _) => {
                    bail!("the reply failed: {} ({})", failure.message, failure.code)
                }
                (None, Some(StopReason::Stopped)) => bail!("the reply was stopped before its end"),
                (None, _) => Ok(()),
            },
            Ended::Refused(reason) => bail!(reason),
            Ended::Left => bail!("left before the reply was finished"),
        }
    }

    /// Asks what the person types, line by line, until there are no more lines.
    pub(super) async fn talk(&mut self, greeting: &str) -> anyhow::Result<()> {
        let mut lines = read_lines();
        if self.at_screen {
            let help = "Ctrl-C stops a reply, Ctrl-D leaves";
            let conversation = format!("conversation {}; {help}", self.conversation_id);
            self.terminal.notice(&conversation)?;
            if !greeting.is_empty() {
                self.terminal.notice(greeting)?;
            }
        }
        while let Some(question) = self.next_line(&mut lines).await? {
            match self.ask(&question).await? {
                Ended::Answered(message) => match (&message.failure, message.stop_reason) {
                    (Some(failure), _) => {
                        let problem =
                            format!("the reply failed: {} ({})", failure.message, failure.code);
                        self.terminal.problem(&problem)?;
                    }
                    (None, Some(StopReason::Stopped)) => self.terminal.notice("stopped")?,
                    (None, _) => {}
                },
                Ended::Refused(reason) => self.terminal.problem(&reason)?,
                Ended::Left => break,
            }
        }
        Ok(())
    }

    /// Ends the connection.
    pub(super) async fn leave(self) {
        self.client.close().await;
    }

    /// Waits for the next line that says something; `None` when the person leaves. Meanwhile others may speak.
    async fn next_line(
        &mut self,
        lines: &mut mpsc::Receiver<String>,
    ) -> anyhow::Result<Option<String>> {
        self.prompt()?;
        loop {
            tokio::select! {
                biased;
                () = self.interrupt.notified() => {
                    self.terminal.end_line()?;
                    return Ok(None);
                }
                line = lines.recv() => match line {
                    None => {
                        self.terminal.end_line()?;
                        return Ok(None);
                    }
                    Some(line) => {
                        self.terminal.entered();
                        if !line.trim().is_empty() {
                            return Ok(Some(line));
                        }
                        self.prompt()?;
                    }
                },
                event = self.client.next_event() => {
                    let spoken = match self.settle(event).await? {
                        Some(frame) => self.overhear(&frame)?,
                        None => true,
                    };
                    if spoken {
                        self.prompt()?;
                    }
                }
            }
        }
    }

    /// Asks a question and shows its reply.
    async fn ask(&mut self, question: &str) -> anyhow::Result<Ended> {
        let client_id = self.client.send(self.conversation_id, question, None);
        let mut exchange = Exchange::new(client_id);
        let mut interrupted = false;
        let mut stop_sent = false;
        let mut speaking = false;
        loop {
            tokio::select! {
                () = self.interrupt.notified() => {
                    if std::mem::replace(&mut interrupted, true) {
                        self.terminal.end_line()?;
                        return Ok(Ended::Left);
                    }
                }
                event = self.client.next_event() => {
                    let Some(frame) = self.settle(event).await? else { continue };
                    if let Some(reason) = self.refusal(&frame, &exchange)? {
                        return Ok(Ended::Refused(reason));
                    }
                    match exchange.take(&frame) {
                        Some(show) => {
                            if !std::mem::replace(&mut speaking, true) && self.at_screen {
                                self.terminal.speaker(exchange.speaker())?;
                            }
                            if let Some(message) = self.show(show)? {
                                return Ok(Ended::Answered(message));
                            }
                        }
                        None if self.at_screen && !speaking => {
                            self.overhear(&frame)?;
                        }
                        None => {}
                    }
                }
            }
            if let (true, false, Some(reply)) = (interrupted, stop_sent, exchange.reply()) {
                stop_sent = true;
                self.client.stop(self.conversation_id, reply).await;
            }
        }
    }

    /// Why the question was refused for good; a refusal that passes is only noticed.
    fn refusal(
        &mut self,
        frame: &ServerFrame,
        exchange: &Exchange,
    ) -> anyhow::Result<Option<String>> {
        let ServerFrame::Error {
            request_ref: Some(request_ref),
            code,
            message,
            ..
        } = frame
        else {
            return Ok(None);
        };
        if request_ref.as_str() != exchange.client_id().as_str() {
            return Ok(None);
        }
        match code {
            ErrorCode::RateLimited | ErrorCode::Overloaded | ErrorCode::Unavailable => {
                let notice = format!("not yet: {message} ({code}); trying again");
                self.terminal.notice(&notice)?;
                Ok(None)
            }
            _ => Ok(Some(format!("not sent: {message} ({code})"))),
        }
    }

    /// Shows something of a reply, and returns the message when it is finished.
    fn show(&mut self, show: Show) -> anyhow::Result<Option<Box<Message>>> {
        let (rest, message) = match show {
            Show::More(text) => (Rest::More(text), None),
            Show::Anew(text) => (Rest::Anew(text), None),
            Show::Finished { rest, message } => (rest, Some(message)),
        };
        match rest {
            Rest::More(text) => self.terminal.piece(&text)?,
            Rest::Anew(text) => {
                self.terminal.end_line()?;
                self.terminal.notice("the reply was begun anew:")?;
                self.terminal.piece(&text)?;
            }
        }
        if let Some(message) = &message {
            self.terminal.end_line()?;
            if message.stop_reason == Some(StopReason::Length) {
                self.terminal
                    .notice("the reply was cut off at its longest length")?;
            }
            let sources = message.sources.as_deref().unwrap_or_default();
            self.terminal.sources(sources)?;
        }
        Ok(message)
    }

    /// Shows what others say in the room, and whether anything was shown.
    fn overhear(&mut self, frame: &ServerFrame) -> anyhow::Result<bool> {
        let (ServerFrame::Message(message) | ServerFrame::MessageDone(message)) = frame else {
            return Ok(false);
        };
        if matches!(&message.author, Author::User { id, .. } if *id == self.client.user().id) {
            return Ok(false);
        }
        self.terminal.speaker(message.author.name())?;
        self.terminal.piece(&message.text)?;
        self.terminal.attachments(&message.attachments)?;
        Ok(true)
    }

    fn prompt(&mut self) -> anyhow::Result<()> {
        if self.at_screen {
            self.terminal.speaker("you")?;
        }
        Ok(())
    }

    async fn next_frame(&mut self) -> anyhow::Result<Option<ServerFrame>> {
        let event = self.client.next_event().await;
        self.settle(event).await
    }

    /// Deals with what happens to the connection; gives the frame, if it is one.
    async fn settle(
        &mut self,
        event: Result<ClientEvent, ClientError>,
    ) -> anyhow::Result<Option<ServerFrame>> {
        match event {
            Ok(ClientEvent::Frame(frame)) => Ok(Some(frame)),
            Ok(ClientEvent::Disconnected { reason, wait }) => {
                let seconds = wait.as_secs_f64();
                let notice = format!("connection lost ({reason}); trying again in {seconds:.1} s");
                self.terminal.notice(&notice)?;
                Ok(None)
            }
            Ok(ClientEvent::Reconnected) => {
                self.refused_tokens = 0;
                self.terminal.notice("connected again")?;
                Ok(None)
            }
            Err(ClientError::Unauthenticated { message, .. }) => {
                self.refused_tokens += 1;
                if self.refused_tokens > REFUSED_TOKENS_MAX {
                    bail!("not authenticated: {message}");
                }
                self.api.renew_token().await?;
                self.client.set_token(self.api.token().to_owned());
                Ok(None)
            }
            Err(error) => bail!(error),
        }
    }
}

/// Reads what the person types, on a thread of its own: a read of a terminal cannot be given up.
fn read_lines() -> mpsc::Receiver<String> {
    let (lines, typed) = mpsc::channel(LINES_AHEAD_MAX);
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            let Ok(line) = line else { return };
            if lines.blocking_send(line).is_err() {
                return;
            }
        }
    });
    typed
}
