//! What a client asks of conversations: send, edit, delete, react, typing, read, stop, regenerate; each answered with the request's `ref`.

use std::time::{Duration, Instant};

use actix::dev::ToEnvelope;
use actix::prelude::*;
use governor::NotUntil;
use governor::clock::{Clock, DefaultClock, QuantaInstant};
use protocol::limits::{SUBSCRIPTIONS_MAX, TEXT_BYTES_MAX};
use protocol::{
    AttachmentId, ClientFrame, ClientId, ClientRequest, ConversationId, ErrorCode, MessageId,
    RequestRef, ServerFrame, TwinId, UserId, What,
};
use storage::Beginning;

use super::Session;
use super::follow::Asked;
use crate::SharedFrame;
use crate::bus_event;
use crate::conversation::{
    Acknowledged, Alter, Attempt, Complete, Conversation, Read, Refusal, Stop, Submit, TakeOver,
    Typing,
};
use crate::fan_out::Relay;
use crate::limits::SESSION_REQUESTS_MAX;
use crate::metrics;
use crate::supervisor::WakeError;

/// How long a conversation may take to answer; past it the outcome is unknown, and sending again is harmless.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// A message that a client sends.
struct Sending {
    user: UserId,
    name: String,
    is_bot: bool,
    conversation: ConversationId,
    client_id: ClientId,
    text: String,
    reply_to: Option<MessageId>,
    thread: Option<MessageId>,
    /// The twin in whose place its owner writes.
    in_place_of: Option<TwinId>,
    attachments: Vec<AttachmentId>,
}

impl Session {
    /// Serves one request.
    pub(super) fn request(&mut self, request: ClientRequest, context: &mut Context<Self>) {
        let ClientRequest { request_ref, frame } = request;
        match frame {
            ClientFrame::Identify { token, presence } => {
                self.wants_presence = presence;
                return self.identify(request_ref, &token, None, context);
            }
            ClientFrame::Resume {
                token,
                cursors,
                presence,
            } => {
                self.wants_presence = presence;
                return self.identify(request_ref, &token, Some(cursors), context);
            }
            ClientFrame::Ping => return self.push(&ServerFrame::Pong { request_ref }),
            _ => {}
        }
        let Some(person) = &self.person else {
            let refusal = Refusal::new(ErrorCode::Unauthenticated, "identify or resume first");
            return self.push_error(request_ref, refusal);
        };
        let user = person.id;
        match frame {
            ClientFrame::Subscribe {
                conversation_id,
                after_seq,
            } => {
                let asked = Asked::Subscribe(request_ref);
                self.follow(asked, conversation_id, after_seq, context);
            }
            ClientFrame::Unsubscribe { conversation_id } => {
                self.unsubscribe(request_ref, conversation_id, context);
            }
            ClientFrame::Send {
                conversation_id,
                client_id,
                text,
                reply_to,
                thread,
                attachments,
            } => {
                let sending = Sending {
                    user,
                    name: person.name.clone(),
                    is_bot: person.is_bot,
                    conversation: conversation_id,
                    client_id,
                    text,
                    reply_to,
                    thread,
                    in_place_of: None,
                    attachments,
                };
                self.send(request_ref, sending, context);
            }
            ClientFrame::Edit {
                conversation_id,
                client_id,
                message_id,
                text,
            } => {
                if let Err(refusal) = check_text(&text) {
                    return self.push_error(request_ref, refusal);
                }
                let what = What::Edited {
                    message_id,
                    text,
                    authorship: None,
                };
                self.alter(request_ref, conversation_id, client_id, what, context);
            }
            ClientFrame::Delete {
                conversation_id,
                client_id,
                message_id,
            } => {
                let what = What::Deleted { message_id };
                self.alter(request_ref, conversation_id, client_id, what, context);
            }
            ClientFrame::React {
                conversation_id,
                client_id,
                message_id,
                emoji,
            } => {
                let what = What::Reacted { message_id, emoji };
                self.alter(request_ref, conversation_id, client_id, what, context);
            }
            ClientFrame::Unreact {
                conversation_id,
                client_id,
                message_id,
                emoji,
            } => {
                let what = What::Unreacted { message_id, emoji };
                self.alter(request_ref, conversation_id, client_id, what, context);
            }
            ClientFrame::Pin {
                conversation_id,
                client_id,
                message_id,
            } => {
                let what = What::Pinned { message_id };
                self.alter(request_ref, conversation_id, client_id, what, context);
            }
            ClientFrame::Unpin {
                conversation_id,
                client_id,
                message_id,
            } => {
                let what = What::Unpinned { message_id };
                self.alter(request_ref, conversation_id, client_id, what, context);
            }
            // Who is not shown is not shown writing.
            ClientFrame::Typing { .. } if !person.is_shown => {}
            ClientFrame::Typing { conversation_id } => {
                self.ask(
                    request_ref,
                    conversation_id,
                    Typing { user },
                    context,
                    |_, _, ()| {},
                );
            }
            ClientFrame::Broadcast {
                conversation_id,
                event,
                data,
            } => {
                let frame = ServerFrame::Broadcast {
                    conversation_id,
                    user_id: user,
                    event,
                    data,
                };
                if let Err(refusal) = self.broadcast(user, conversation_id, frame) {
                    self.push_error(request_ref, refusal);
                }
            }
            ClientFrame::Read {
                conversation_id,
                seq,
            } => {
                self.ask(
                    request_ref,
                    conversation_id,
                    Read { user, seq },
                    context,
                    |_, _, ()| {},
                );
            }
            ClientFrame::Stop {
                conversation_id,
                message_id,
            } => {
                let stop = Stop {
                    user,
                    reply: message_id,
                };
                self.ask(request_ref, conversation_id, stop, context, |_, _, ()| {});
            }
            ClientFrame::Regenerate {
                conversation_id,
                message_id,
            } => self.attempt(
                request_ref,
                conversation_id,
                message_id,
                Beginning::Anew,
                context,
            ),
            ClientFrame::Continue {
                conversation_id,
                message_id,
            } => self.attempt(
                request_ref,
                conversation_id,
                message_id,
                Beginning::WhereItEnded,
                context,
            ),
            ClientFrame::Choose {
                conversation_id,
                client_id,
                message_id,
            } => {
                let what = What::Chosen { message_id };
                self.alter(request_ref, conversation_id, client_id, what, context);
            }
            ClientFrame::TakeOver {
                conversation_id,
                message_id,
            } => {
                let take = TakeOver {
                    user,
                    reply: message_id,
                };
                self.ask(request_ref, conversation_id, take, context, |_, _, ()| {});
            }
            ClientFrame::Speak {
                conversation_id,
                client_id,
                twin_id,
                text,
                message_id: Some(reply),
                reply_to: _,
            } => {
                let checked = check_text(&text).and_then(|()| self.may_add(user));
                if let Err(refusal) = checked {
                    return self.push_error(request_ref, refusal);
                }
                let complete = Complete {
                    user,
                    client_id: client_id.clone(),
                    twin: twin_id,
                    reply,
                    text,
                };
                self.add(request_ref, conversation_id, client_id, complete, context);
            }
            ClientFrame::Speak {
                conversation_id,
                client_id,
                twin_id,
                text,
                message_id: None,
                reply_to,
            } => {
                let sending = Sending {
                    user,
                    name: person.name.clone(),
                    is_bot: person.is_bot,
                    conversation: conversation_id,
                    client_id,
                    text,
                    reply_to,
                    thread: None,
                    in_place_of: Some(twin_id),
                    attachments: Vec::new(),
                };
                self.send(request_ref, sending, context);
            }
            ClientFrame::Identify { .. } | ClientFrame::Resume { .. } | ClientFrame::Ping => {}
        }
    }

    /// Tells everybody who follows what is never kept, by the short way: no mailbox of the conversation, no log.
    fn broadcast(
        &self,
        user: UserId,
        conversation: ConversationId,
        frame: ServerFrame,
    ) -> Result<(), Refusal> {
        if let Err(until) = self.worker.broadcasts().check_key(&user) {
            return Err(rate_limited(&until, "too many broadcasts; wait a little"));
        }
        let frame = SharedFrame::new(frame);
        let told = self
            .worker
            .rooms()
            .borrow_mut()
            .broadcast(conversation, self.id, frame.clone());
        let shards = told?;
        for (id, shard) in shards.iter() {
            let relay = Relay {
                conversation,
                frame: frame.clone(),
            };
            if *id != self.worker.shard_id() && shard.try_send(relay).is_err() {
                metrics::dropped("broadcast");
            }
        }
        let bus = &self.worker.services().bus;
        if bus.is_heard(conversation)
            && bus
                .publish(conversation, bus_event::encode_frame(frame.frame()))
                .is_err()
        {
            metrics::dropped("bus_publish");
        }
        Ok(())
    }

    fn send(
        &mut self,
        request_ref: Option<RequestRef>,
        sending: Sending,
        context: &mut Context<Self>,
    ) {
        let checked = match sending.attachments.is_empty() {
            true => check_text(&sending.text),
            false => check_size(&sending.text),
        };
        if let Err(refusal) = checked {
            return self.push_error(request_ref, refusal);
        }
        if let Err(refusal) = self.may_add(sending.user) {
            return self.push_error(request_ref, refusal);
        }
        let Sending {
            user,
            name,
            is_bot,
            conversation,
            client_id,
            text,
            reply_to,
            thread,
            in_place_of,
            attachments,
        } = sending;
        let submit = Submit {
            user,
            name,
            is_bot,
            client_id: client_id.clone(),
            text,
            reply_to,
            thread,
            in_place_of,
            attachments,
        };
        self.add(request_ref, conversation, client_id, submit, context);
    }

    /// Has another attempt made at a reply.
    fn attempt(
        &mut self,
        request_ref: Option<RequestRef>,
        conversation: ConversationId,
        of: MessageId,
        beginning: Beginning,
        context: &mut Context<Self>,
    ) {
        let Some(person) = &self.person else { return };
        let attempt = Attempt {
            user: person.id,
            of,
            beginning,
        };
        if let Err(refusal) = self.may_add(attempt.user) {
            return self.push_error(request_ref, refusal);
        }
        self.ask(request_ref, conversation, attempt, context, |_, _, ()| {});
    }

    /// Has a message changed.
    fn alter(
        &mut self,
        request_ref: Option<RequestRef>,
        conversation: ConversationId,
        client_id: ClientId,
        what: What,
        context: &mut Context<Self>,
    ) {
        let Some(person) = &self.person else { return };
        let alter = Alter {
            user: person.id,
            name: person.name.clone(),
            is_bot: person.is_bot,
            client_id: client_id.clone(),
            what,
        };
        if let Err(refusal) = self.may_add(alter.user) {
            return self.push_error(request_ref, refusal);
        }
        self.add(request_ref, conversation, client_id, alter, context);
    }

    /// Counts what a person adds to logs.
    fn may_add(&self, user: UserId) -> Result<(), Refusal> {
        let counted = self.worker.sends().check_key(&user);
        counted.map_err(|until| rate_limited(&until, "too many messages; wait a little"))
    }

    /// Asks a conversation to add something to its log, and acknowledges it.
    fn add<M>(
        &mut self,
        request_ref: Option<RequestRef>,
        conversation: ConversationId,
        client_id: ClientId,
        addition: M,
        context: &mut Context<Self>,
    ) where
        M: Message<Result = Result<Acknowledged, Refusal>> + Send + 'static,
        Conversation: Handler<M>,
        <Conversation as Actor>::Context: ToEnvelope<Conversation, M>,
    {
        let arrived = Instant::now();
        self.ask(
            request_ref,
            conversation,
            addition,
            context,
            move |this, request_ref, acknowledged| {
                metrics::acknowledged(arrived.elapsed());
                this.push(&ServerFrame::Ack {
                    request_ref,
                    conversation_id: conversation,
                    client_id,
                    seq: acknowledged.seq,
                    message_id: acknowledged.message_id,
                });
            },
        );
    }

    /// Asks a conversation something; `answered` is called when it agrees, otherwise the client gets an error.
    fn ask<M, T>(
        &mut self,
        request_ref: Option<RequestRef>,
        conversation: ConversationId,
        message: M,
        context: &mut Context<Self>,
        answered: impl FnOnce(&mut Self, Option<RequestRef>, T) + 'static,
    ) where
        M: Message<Result = Result<T, Refusal>> + Send + 'static,
        T: Send + 'static,
        Conversation: Handler<M>,
        <Conversation as Actor>::Context: ToEnvelope<Conversation, M>,
    {
        if self.unanswered >= SESSION_REQUESTS_MAX {
            let refusal = Refusal::new(
                ErrorCode::Overloaded,
                "too many requests wait for their answers",
            );
            return self.push_error(request_ref, refusal.again_after(500));
        }
        self.with_conversation(
            request_ref,
            conversation,
            context,
            move |this, request_ref, addr, context| {
                let addr = match addr {
                    Ok(addr) => addr,
                    Err(refusal) => return this.push_error(request_ref, refusal),
                };
                this.unanswered += 1;
                // The message is in the conversation's mailbox now: requests keep their order.
                let answer = addr.send(message).timeout(ANSWER_WITHIN);
                let told = answer.into_actor(this).map(move |answer, this, _| {
                    this.unanswered -= 1;
                    match answer {
                        Ok(Ok(result)) => answered(this, request_ref, result),
                        Ok(Err(refusal)) => this.push_error(request_ref, refusal),
                        Err(error) => this.push_error(request_ref, mailbox_refusal(&error)),
                    }
                });
                context.spawn(told);
            },
        );
    }

    /// Calls `then` with the conversation's actor, woken if need be, or with why there is none; requests of a
    /// connection keep their order.
    pub(super) fn with_conversation(
        &mut self,
        request_ref: Option<RequestRef>,
        conversation: ConversationId,
        context: &mut Context<Self>,
        then: impl FnOnce(
            &mut Self,
            Option<RequestRef>,
            Result<Addr<Conversation>, Refusal>,
            &mut Context<Self>,
        ) + 'static,
    ) {
        let known = self.conversations.get(&conversation).cloned();
        if let Some(addr) = known.filter(Addr::connected) {
            return then(self, request_ref, Ok(addr), context);
        }
        let directory = self.worker.services().directory.clone();
        let woken = async move { directory.conversation(conversation).await };
        context.wait(woken.into_actor(self).map(move |woken, this, context| {
            if let Ok(addr) = &woken {
                if this.conversations.len() >= SUBSCRIPTIONS_MAX {
                    this.conversations.clear();
                }
                this.conversations.insert(conversation, addr.clone());
            }
            then(
                this,
                request_ref,
                woken.map_err(|error| wake_refusal(&error)),
                context,
            );
        }));
    }
}

fn rate_limited(until: &NotUntil<QuantaInstant>, message: &str) -> Refusal {
    let wait = until.wait_time_from(DefaultClock::default().now());
    let wait_ms = u64::try_from(wait.as_millis()).ok();
    Refusal {
        retry_after_ms: wait_ms.map(|wait_ms| wait_ms + 1),
        ..Refusal::new(ErrorCode::RateLimited, message)
    }
}

pub(crate) fn check_text(text: &str) -> Result<(), Refusal> {
    if text.trim().is_empty() {
        return Err(Refusal::new(
            ErrorCode::Invalid,
            "text: the message is empty",
        ));
    }
    check_size(text)
}

fn check_size(text: &str) -> Result<(), Refusal> {
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("text: {} bytes; at most {TEXT_BYTES_MAX}", text.len());
        return Err(Refusal::new(ErrorCode::TooLarge, message));
    }
    if text.contains('\0') {
        return Err(Refusal::new(
            ErrorCode::Invalid,
            "text: it holds a NUL character",
        ));
    }
    Ok(())
}

fn wake_refusal(error: &WakeError) -> Refusal {
    match error {
        WakeError::NotFound(_) => Refusal::no_conversation(),
        WakeError::Unavailable(_) | WakeError::Stopping => {
            Refusal::new(ErrorCode::Unavailable, error.to_string()).again_after(1_000)
        }
    }
}

fn mailbox_refusal(error: &MailboxError) -> Refusal {
    let message = match error {
        MailboxError::Closed => {
            "the conversation was interrupted; send it again with the same client_id"
        }
        MailboxError::Timeout => "no answer in time; send it again with the same client_id",
    };
    Refusal::new(ErrorCode::Unavailable, message).again_after(500)
}
