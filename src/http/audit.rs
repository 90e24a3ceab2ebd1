//! What goes into the audit log: who did what to what, and from where; never what was said.

use std::net::IpAddr;

use actix_web::HttpRequest;
use protocol::UserId;
use storage::{AuditAction, NewAudit};
use uuid::Uuid;

use super::Edge;
use super::client_address::client_address;

/// Who does something, and from where.
#[derive(Debug, Clone, Copy)]
pub(super) struct Origin {
    actor: Option<UserId>,
    address: Option<IpAddr>,
}

impl Origin {
    /// Somebody at the other end of a connection or, behind proxies that are trusted, of theirs.
    pub(super) fn of(request: &HttpRequest) -> Self {
        Self {
            actor: None,
            address: client_address(request, &Edge::of(request).trusted_proxies),
        }
    }

    /// The same place, and now it is known who.
    pub(super) fn by(self, actor: UserId) -> Self {
        let actor = Some(actor);
        Self { actor, ..self }
    }

    /// What was done from here.
    pub(super) fn did(self, action: AuditAction) -> Event {
        Event {
            origin: self,
            action,
            subject: None,
            context: None,
        }
    }
}

/// Something that was done.
#[derive(Debug)]
pub(super) struct Event {
    origin: Origin,
    action: AuditAction,
    subject: Option<Uuid>,
    context: Option<Uuid>,
}

impl Event {
    /// What it was done to.
    pub(super) fn to(self, subject: impl Into<Uuid>) -> Self {
        let subject = Some(subject.into());
        Self { subject, ..self }
    }

    /// Not from where, which would be kept of somebody of whom nothing else is.
    pub(super) fn without_address(mut self) -> Self {
        self.origin.address = None;
        self
    }

    /// In what, or to whose, it was done.
    pub(super) fn within(self, context: impl Into<Uuid>) -> Self {
        let context = Some(context.into());
        Self { context, ..self }
    }
}

impl Edge {
    /// Notes what was done. It was, whether that can be kept or not: where not, the server's log has it.
    pub(super) async fn note(&self, event: Event) {
        let event = self.audit_of(event);
        if let Err(error) = self.storage.note(event.clone()).await {
            tracing::error!(%error, ?event, "the audit log lacks what happened");
        }
    }

    /// Notes what is about to be done; what cannot be noted must not be done.
    pub(super) async fn note_first(&self, event: Event) -> Result<(), super::Problem> {
        Ok(self.storage.note(self.audit_of(event)).await?)
    }

    fn audit_of(&self, event: Event) -> NewAudit {
        NewAudit {
            at: self.clock.now_ms(),
            action: event.action,
            actor: event.origin.actor,
            subject: event.subject,
            context: event.context,
            address: event.origin.address.map(|address| address.to_string()),
        }
    }
}
