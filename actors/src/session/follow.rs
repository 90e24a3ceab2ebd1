//! Following conversations: joining a room, catching up from the log, and going live without a hole.

use std::collections::HashSet;
use std::future::poll_fn;

use actix::prelude::*;
use protocol::limits::SUBSCRIPTIONS_MAX;
use protocol::{
    Codec, ConversationId, Cursor, Entry, ErrorCode, RequestRef, ServerFrame, SessionId,
};
use storage::Storage;

use super::{Session, leave_room};
use crate::conversation::{Conversation, Enter, Refusal};
use crate::fan_out::{Follower, GoLive, LocalRooms};
use crate::limits::CATCH_UP_PAGE;
use crate::metrics;
use crate::outbox::Outbox;
use crate::shared_frame::encode_outgoing;

/// Attempts to read an entry that the room knows of and the log does not show yet.
const EMPTY_READS_MAX: u32 = 8;

/// Who learns what became of following a conversation.
pub(super) enum Asked {
    /// A `subscribe`: it is answered.
    Subscribe(Option<RequestRef>),
    /// A `resume`, or nobody: what fails is named by a `reset`.
    Resume,
}

impl Asked {
    fn request_ref(self) -> Option<RequestRef> {
        match self {
            Self::Subscribe(request_ref) => request_ref,
            Self::Resume => None,
        }
    }
}

/// A `resume` of which some conversations are still to be served.
pub(super) struct Resuming {
    request_ref: Option<RequestRef>,
    conversations: HashSet<ConversationId>,
}

/// What it takes to bring one connection up to date in one conversation.
struct CatchUpTask {
    conversation: ConversationId,
    session: SessionId,
    codec: Codec,
    outbox: Outbox,
    rooms: LocalRooms,
    storage: Storage,
    bus_may_lose: bool,
}

impl Session {
    /// Serves `subscribe`, and one conversation of a `resume`.
    pub(super) fn follow(
        &mut self,
        asked: Asked,
        conversation: ConversationId,
        after_seq: Option<u64>,
        context: &mut Context<Self>,
    ) {
        let known = self.following.contains_key(&conversation);
        if !known && self.following.len() >= SUBSCRIPTIONS_MAX {
            let message =
                format!("a connection may follow at most {SUBSCRIPTIONS_MAX} conversations");
            let refusal = Refusal::new(ErrorCode::LimitReached, message);
            return self.not_followed(asked, conversation, refusal);
        }
        self.with_conversation(
            None,
            conversation,
            context,
            move |this, _, addr, context| match addr {
                Ok(addr) => this.join(asked, conversation, after_seq, &addr, context),
                Err(refusal) => this.not_followed(asked, conversation, refusal),
            },
        );
    }

    fn join(
        &mut self,
        asked: Asked,
        conversation: ConversationId,
        after_seq: Option<u64>,
        addr: &Addr<Conversation>,
        context: &mut Context<Self>,
    ) {
        let Some(person) = &self.person else { return };
        let user = person.id;
        if let Some(Some(running)) = self.following.remove(&conversation) {
            context.cancel_future(running);
        }
        let follower = Follower {
            user,
            outbox: self.outbox.clone(),
            codec: self.codec,
            wants_presence: self.wants_presence,
            is_shown: person.is_shown,
        };
        let mut rooms = self.worker.rooms().borrow_mut();
        let needs_snapshot = rooms.join(conversation, self.id, follower);
        drop(rooms);
        let enter = Enter {
            user,
            shard: self.worker.shard_id(),
            events: self.worker.shard().clone(),
            needs_snapshot,
        };
        let entered = addr.send(enter);
        let task = self.catch_up_task(conversation);
        let caught_up = async move {
            let stopped = || {
                Refusal::new(
                    ErrorCode::Unavailable,
                    "the conversation is being restarted",
                )
            };
            let entered = entered.await.map_err(|_| stopped())??;
            task.entered(entered.members_seq)?;
            let known_seq = task.known_seq(after_seq, entered.last_seq).await?;
            let cursor = task.begin(after_seq, known_seq).await?;
            task.run(cursor, known_seq).await
        };
        let handle = context.spawn(caught_up.into_actor(self).map(move |caught_up, this, _| {
            this.following.insert(conversation, None);
            match caught_up {
                Ok(last_seq) => {
                    if matches!(asked, Asked::Resume) {
                        metrics::resumed(metrics::Resume::Resumed);
                    }
                    this.push(&ServerFrame::Subscribed {
                        request_ref: asked.request_ref(),
                        conversation_id: conversation,
                        last_seq,
                    });
                    this.resumed(conversation);
                }
                Err(refusal) => this.not_followed(asked, conversation, refusal),
            }
        }));
        self.following.insert(conversation, Some(handle));
    }

    /// Tells the client that it does not follow a conversation, and why.
    fn not_followed(&mut self, asked: Asked, conversation: ConversationId, refusal: Refusal) {
        self.unfollow(conversation);
        match asked {
            Asked::Subscribe(request_ref) => self.push_error(request_ref, refusal),
            Asked::Resume => {
                metrics::error(refusal.code);
                metrics::resumed(metrics::Resume::Reset);
                self.push(&ServerFrame::Reset {
                    conversation_id: conversation,
                    code: refusal.code,
                    message: refusal.message,
                    retry_after_ms: refusal.retry_after_ms,
                });
            }
        }
        self.resumed(conversation);
    }

    /// Notes that one conversation of a `resume` has been served, and answers the `resume` after the last one.
    fn resumed(&mut self, conversation: ConversationId) {
        let Some(resuming) = &mut self.resuming else {
            return;
        };
        resuming.conversations.remove(&conversation);
        if !resuming.conversations.is_empty() {
            return;
        }
        let request_ref = resuming.request_ref.take();
        self.resuming = None;
        self.push(&ServerFrame::Resumed { request_ref });
    }

    /// Serves the conversations of a `resume`.
    pub(super) fn resume(
        &mut self,
        request_ref: Option<RequestRef>,
        cursors: Vec<Cursor>,
        context: &mut Context<Self>,
    ) {
        if cursors.is_empty() {
            self.push(&ServerFrame::Resumed { request_ref });
            return;
        }
        let named = cursors.iter().map(|cursor| cursor.conversation_id);
        self.resuming = Some(Box::new(Resuming {
            request_ref,
            conversations: named.collect(),
        }));
        for cursor in cursors {
            let after_seq = Some(cursor.after_seq);
            self.follow(Asked::Resume, cursor.conversation_id, after_seq, context);
        }
    }

    /// Reads what a live connection has missed.
    pub(super) fn catch_up_again(
        &mut self,
        conversation: ConversationId,
        context: &mut Context<Self>,
    ) {
        let idle = matches!(self.following.get(&conversation), Some(None));
        let cursor = self.worker.rooms().borrow().cursor(conversation, self.id);
        let (true, Some(cursor)) = (idle, cursor) else {
            return;
        };
        let task = self.catch_up_task(conversation);
        let caught_up = async move { task.run(cursor, cursor).await };
        let handle = context.spawn(caught_up.into_actor(self).map(move |caught_up, this, _| {
            this.following.insert(conversation, None);
            if let Err(refusal) = caught_up {
                // Silence would be a hole: the client is told, and subscribes again.
                this.not_followed(Asked::Resume, conversation, refusal);
            }
        }));
        self.following.insert(conversation, Some(handle));
    }

    /// Serves `unsubscribe`.
    pub(super) fn unsubscribe(
        &mut self,
        request_ref: Option<RequestRef>,
        conversation: ConversationId,
        context: &mut Context<Self>,
    ) {
        if let Some(Some(running)) = self.following.get(&conversation) {
            context.cancel_future(*running);
        }
        self.unfollow(conversation);
        self.push(&ServerFrame::Unsubscribed {
            request_ref,
            conversation_id: conversation,
        });
        self.resumed(conversation);
    }

    /// The person takes no part in a conversation any more.
    pub(super) fn put_out(&mut self, conversation: ConversationId, context: &mut Context<Self>) {
        match self.following.get(&conversation) {
            Some(Some(running)) => {
                context.cancel_future(*running);
            }
            Some(None) => {}
            None => return,
        }
        self.not_followed(Asked::Resume, conversation, Refusal::no_conversation());
    }

    fn unfollow(&mut self, conversation: ConversationId) {
        if self.following.remove(&conversation).is_some() {
            leave_room(&self.worker, conversation, self.id);
        }
    }

    fn catch_up_task(&self, conversation: ConversationId) -> CatchUpTask {
        CatchUpTask {
            conversation,
            session: self.id,
            codec: self.codec,
            outbox: self.outbox.clone(),
            rooms: self.worker.rooms().clone(),
            storage: self.worker.services().storage.clone(),
            bus_may_lose: self.worker.services().bus.may_lose(),
        }
    }
}

impl CatchUpTask {
    /// Notes that the conversation let the connection in.
    fn entered(&self, members_seq: u64) -> Result<(), Refusal> {
        let mut rooms = self.rooms.borrow_mut();
        match rooms.entered(self.conversation, self.session, members_seq) {
            true => Ok(()),
            false => Err(Refusal::no_conversation()),
        }
    }

    /// The last entry that is known. The log is asked where another node may have released more than this one has heard of: the bus
    /// may have lost it, or the client has seen it.
    async fn known_seq(&self, after_seq: Option<u64>, here: u64) -> Result<u64, Refusal> {
        if !self.bus_may_lose && after_seq.is_none_or(|seq| seq <= here) {
            return Ok(here);
        }
        let last = self.storage.last_seqs(&[self.conversation]).await?;
        Ok(last.into_iter().fold(here, u64::max))
    }

    /// Waits for the room's snapshot and finds where to begin; the log goes as far as `known_seq` at least.
    async fn begin(&self, after_seq: Option<u64>, known_seq: u64) -> Result<u64, Refusal> {
        self.synchronised().await;
        let room_seq = self
            .rooms
            .borrow()
            .last_seq(self.conversation)
            .max(known_seq);
        let cursor = after_seq.unwrap_or(room_seq);
        if cursor > room_seq {
            let message = format!("the cursor {cursor} is beyond the last entry, {room_seq}");
            return Err(Refusal::new(ErrorCode::Conflict, message));
        }
        Ok(cursor)
    }

    async fn synchronised(&self) {
        poll_fn(|context| {
            let mut rooms = self.rooms.borrow_mut();
            rooms.poll_synchronised(self.conversation, self.session, context.waker())
        })
        .await;
    }

    /// Sends what the log has after `cursor`, as fast as the client reads, until the connection has what stands up to `known_seq`
    /// and can go live.
    async fn run(&self, mut cursor: u64, known_seq: u64) -> Result<u64, Refusal> {
        self.moved_to(cursor);
        let mut empty_reads = 0;
        loop {
            self.synchronised().await;
            let go_live = || {
                let mut rooms = self.rooms.borrow_mut();
                rooms.go_live(self.conversation, self.session)
            };
            if cursor >= known_seq && go_live() != GoLive::Behind {
                return Ok(cursor);
            }
            let page = self
                .storage
                .entries_after(self.conversation, cursor, CATCH_UP_PAGE)
                .await?;
            if page.is_empty() {
                empty_reads += 1;
                if empty_reads > EMPTY_READS_MAX {
                    let message = "the log does not show what was announced; subscribe again";
                    return Err(Refusal::new(ErrorCode::Unavailable, message));
                }
            }
            for entry in page {
                self.outbox.room().await;
                cursor = entry.seq();
                self.send(entry);
                self.moved_to(cursor);
            }
        }
    }

    fn send(&self, entry: Entry) {
        let frame = match entry {
            Entry::Message(message) => ServerFrame::Message(message),
            Entry::Change(change) => ServerFrame::Change(change),
        };
        // A closing connection wants nothing more; it resumes from its cursor.
        let _ = self.outbox.push(encode_outgoing(self.codec, &frame));
    }

    fn moved_to(&self, seq: u64) {
        self.rooms
            .borrow_mut()
            .caught_up_to(self.conversation, self.session, seq);
    }
}
