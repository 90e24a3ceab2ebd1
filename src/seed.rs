//! The demo account: somebody to log in as, a twin to talk with, and documents for it to know.

use anyhow::{Context, bail, ensure};
use bytes::Bytes;
use protocol::{TwinId, UserId};
use sha2::{Digest, Sha256};
use storage::{Audience, Document, Storage, Twin, User, Visibility};

use crate::auth::Passwords;
use crate::clock::Clock;
use crate::config::Config;
use crate::embeddings::Embeddings;
use crate::ingest::{Ingest, IngestParts, NewDocument};
use crate::{database, file_store, models};

/// The demo account's e-mail address.
pub const DEMO_EMAIL: &str = "demo@example.com";

/// The demo account's password; it is published, so production has no demo account.
pub const DEMO_PASSWORD: &str = "demo-password";

/// The demo account's name.
const DEMO_NAME: &str = "Demo";

/// The demo twin's name.
const TWIN_NAME: &str = "Ada";

const PERSONA: &str = "You are Ada Lindqvist, a Swedish engineer who repairs lighthouses. You live in Vik and work in \
Kivik. You answer as Ada, in the first person, briefly and plainly, with dry humour. You speak of what you know from \
your own notes. When they do not say it, you say that you do not remember.";

const GREETING: &str = "Hello, I am Ada's twin. I repair lighthouses, or she does. Ask me about Skarholm, the Osprey \
project, my workshop or the year of the storm.";

/// What Ada's twin knows.
const DOCUMENTS: &[(&str, &str)] = &[
    ("early-years.md", include_str!("seed/early-years.md")),
    (
        "skarholm-lighthouse.md",
        include_str!("seed/skarholm-lighthouse.md"),
    ),
    (
        "the-osprey-project.md",
        include_str!("seed/the-osprey-project.md"),
    ),
    (
        "workshop-and-home.md",
        include_str!("seed/workshop-and-home.md"),
    ),
    ("how-i-work.md", include_str!("seed/how-i-work.md")),
];

/// What was done and what was there already.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Seeded {
    /// Whether the account was made now.
    pub account_made: bool,
    /// Whether the twin was made now.
    pub twin_made: bool,
    /// Names of the documents that were taken in now.
    pub documents_added: Vec<&'static str>,
}

/// Makes what is missing of the demo account; migrates an embedded database first.
///
/// # Errors
/// In production, when the models do not load, and when the database or the file store refuses.
pub async fn seed(config: &Config) -> anyhow::Result<Seeded> {
    ensure!(
        !config.is_production(),
        "the demo account has a published password: production refuses it"
    );
    let storage = database::open(config).await?;
    database::prepare_schema(&storage, &config.database, false).await?;
    let files = file_store::open(config).await?;
    let clock = Clock::System;
    let mut seeded = Seeded::default();
    let owner = demo_account(&storage, &clock, &mut seeded).await?;
    let twin = demo_twin(&storage, &clock, owner, &mut seeded).await?;
    let missing = missing_documents(&storage, twin).await?;
    if !missing.is_empty() {
        let embedder = match models::own_embedder(config).await {
            Ok(embedder) => embedder,
            Err(reason) => bail!("the embedding model cannot be loaded: {reason}"),
        };
        let embeddings = Embeddings::own(embedder);
        let ingest = Ingest::new(IngestParts {
            storage: storage.clone(),
            files,
            embeddings,
            clock,
            documents_max: config.limits.documents_max,
            extractor: config.program.clone(),
        });
        for (name, text, outdated) in missing {
            add_document(&storage, &ingest, twin, name, text, outdated).await?;
            seeded.documents_added.push(name);
        }
    }
    storage.close().await;
    Ok(seeded)
}

/// Whether the demo account is there; no, where the database cannot be asked.
pub async fn is_seeded(storage: &Storage) -> bool {
    matches!(storage.user_by_email(DEMO_EMAIL).await, Ok(Some(_)))
}

async fn demo_account(
    storage: &Storage,
    clock: &Clock,
    seeded: &mut Seeded,
) -> anyhow::Result<UserId> {
    if let Some(user) = storage.user_by_email(DEMO_EMAIL).await? {
        return Ok(user.id);
    }
    let password_hash = Passwords::new()?.hash(DEMO_PASSWORD.to_owned()).await?;
    let user = User {
        id: UserId::new(),
        email: DEMO_EMAIL.to_owned(),
        name: DEMO_NAME.to_owned(),
        password_hash,
        created_at: clock.now_ms(),
        invisible: false,
        is_admin: false,
        disabled_at: None,
    };
    let user = storage.create_user(user).await?;
    seeded.account_made = true;
    Ok(user.id)
}

async fn demo_twin(
    storage: &Storage,
    clock: &Clock,
    owner: UserId,
    seeded: &mut Seeded,
) -> anyhow::Result<TwinId> {
    let twins = storage.twins_of(owner).await?;
    if let Some(twin) = twins.iter().find(|twin| twin.name == TWIN_NAME) {
        return Ok(twin.id);
    }
    let now = clock.now_ms();
    let twin = Twin {
        id: TwinId::new(),
        owner_id: owner,
        name: TWIN_NAME.to_owned(),
        persona: PERSONA.to_owned(),
        greeting: GREETING.to_owned(),
        language: "en".to_owned(),
        // Newcomers who register an account of their own can talk with her, too.
        visibility: Visibility::Public,
        created_at: now,
        updated_at: now,
        oversight_since: None,
    };
    let id = twin.id;
    storage.create_twin(twin, u64::MAX >> 1).await?;
    seeded.twin_made = true;
    Ok(id)
}

/// Documents that the twin lacks, each with its older edition if there is one.
async fn missing_documents(
    storage: &Storage,
    twin: TwinId,
) -> anyhow::Result<Vec<(&'static str, &'static str, Option<Document>)>> {
    let mut present = storage.documents_of(twin).await?;
    let mut missing = Vec::new();
    for (name, text) in DOCUMENTS {
        let place = present.iter().position(|document| document.name == *name);
        let existing = place.map(|place| present.swap_remove(place));
        let sha256: [u8; 32] = Sha256::digest(text).into();
        if existing
            .as_ref()
            .is_none_or(|document| document.sha256 != sha256)
        {
            missing.push((*name, *text, existing));
        }
    }
    Ok(missing)
}

async fn add_document(
    storage: &Storage,
    ingest: &Ingest,
    twin_id: TwinId,
    name: &'static str,
    text: &'static str,
    outdated: Option<Document>,
) -> anyhow::Result<()> {
    let new = NewDocument {
        twin_id,
        file_name: Some(name.to_owned()),
        content: Bytes::from_static(text.as_bytes()),
        audience: Audience::Public,
    };
    let added = ingest.add(new).await;
    let added = added.with_context(|| format!("the document {name} could not be taken in"))?;
    ingest.read_now(&added).await?;
    let read = storage.document(added.id).await?;
    if let Some(failure) = read.and_then(|document| document.failure) {
        bail!("the document {name} could not be read: {}", failure.message);
    }
    if let Some(outdated) = outdated {
        let forgotten = ingest.delete(outdated.id).await?;
        ingest.delete_files(&forgotten.files).await;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::display_name;

    #[test]
    fn every_document_keeps_its_name_and_is_of_a_length_that_people_read() {
        for (name, text) in DOCUMENTS {
            let words = text.split_whitespace().count();
            assert_eq!(display_name(Some(name), ""), *name);
            assert!((300..=800).contains(&words), "{name} has {words} words");
        }
    }
}
