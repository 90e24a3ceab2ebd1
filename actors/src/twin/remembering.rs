//! Remembering what people say of themselves when they talk with a twin.

use inference::TextForm;
use protocol::{Author, Failure, MemoryId, Message, UserId};
use storage::{Audience, Memory, MemoryKind, NewMemory, StorageError};

use super::audience::Listeners;
use super::statements::{Statement, statements};
use super::{Mind, Unanswered, retrieval};
use crate::node::{Services, now_ms};

/// Remembers what a message says of its author. A reply does not fail for want of it, and a message is remembered once, also
/// when another node answers it again.
pub(super) async fn remember(
    mind: &Mind,
    services: &Services,
    listeners: &Listeners,
    message: &Message,
) {
    // Of what programs say nobody wants to be reminded.
    let Author::User { id: author, .. } = &message.author else {
        return;
    };
    let said = statements(&message.text);
    if said.is_empty() {
        return;
    }
    let twin = mind.twin.id;
    match keep(mind, services, listeners, (*author, message, said)).await {
        Ok(()) => {}
        Err(Unanswered::Storage(StorageError::LimitReached { what, max })) => {
            tracing::info!(%twin, what, max, "nothing more is remembered");
        }
        Err(error) => {
            let Failure { code, message } = error.into();
            tracing::warn!(code = code.as_str(), message, %twin, "not remembered");
        }
    }
}

async fn keep(
    mind: &Mind,
    services: &Services,
    listeners: &Listeners,
    (author, message, said): (UserId, &Message, Vec<Statement>),
) -> Result<(), Unanswered> {
    let texts = said
        .iter()
        .map(|statement| statement.text.clone())
        .collect();
    let vectors = retrieval::embed(services, TextForm::Passage, texts).await?;
    let unrelated = services.embedder.unrelated_cosine;
    for (ordinal, (statement, vector)) in (0..).zip(said.into_iter().zip(vectors)) {
        let scaled = (vector.as_slice(), unrelated);
        let superseded = mind
            .memories
            .superseded_by(author, scaled, statement.corrects);
        let audience = audience_of(
            mind,
            listeners,
            (author, statement.corrects),
            scaled,
            superseded,
        );
        let memory = NewMemory {
            id: MemoryId::new(),
            twin_id: mind.twin.id,
            about: author,
            kind: match statement.corrects {
                true => MemoryKind::Corrected,
                false => MemoryKind::Said,
            },
            text: statement.text,
            vector,
            audience,
            said_in: Some((message.message_id, ordinal)),
            supersedes: superseded.map(|memory| memory.id),
            created_at: now_ms(),
        };
        match services.storage.remember(memory).await {
            // What it stands in the place of was forgotten just now, or somebody who listened has no account any more.
            Ok(_) | Err(StorageError::NotFound(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Whom the twin may tell what somebody said: those who heard it. What its owner says in the place of something goes to those who
/// may be told that.
fn audience_of(
    mind: &Mind,
    listeners: &Listeners,
    (author, corrects): (UserId, bool),
    (vector, unrelated): (&[f32], f32),
    superseded: Option<&Memory>,
) -> Audience {
    if author != mind.twin.owner_id {
        return listeners.as_audience();
    }
    let corrected = match superseded {
        Some(memory) => Some(memory.audience.clone()),
        None if corrects => mind.knowledge.audience_of_nearest(vector, unrelated),
        None => None,
    };
    corrected.unwrap_or_else(|| listeners.as_audience())
}
