//! What replies were built from, so that their owner can see why a twin said what it said, and have it say so again.

use protocol::{ConversationId, MemoryId, MessageId, RecapId, TwinId};

use crate::engine::{Query, each};
use crate::metrics::Call;
use crate::value::{Row, params};
use crate::{Storage, StorageError};

const KEEP_PERSONA: &str = "INSERT INTO twin_personas (twin_id, hash, name, persona, language) \
     SELECT id, $2, $3, $4, $5 FROM twins WHERE id = $1 ON CONFLICT (twin_id, hash) DO NOTHING";
const INSERT: &str = "INSERT INTO reply_origins (message_id, twin_id, persona_hash, prompt_hash, temperature_bits, \
     tokens_max, listeners, recap_id) VALUES ($1, $2, $3, $4, $5, $6, $7, (SELECT id FROM recaps WHERE id = $8))";
const INSERT_TURN: &str =
    "INSERT INTO reply_turns (message_id, ordinal, turn_id) VALUES ($1, $2, $3)";
/// As the recap above, the memory goes along, so that one that was forgotten meanwhile is not stored.
const INSERT_MEMORY: &str = "INSERT INTO reply_memories (message_id, ordinal, memory_id, text) \
     SELECT $1, $2, id, $4 FROM memories WHERE id = $3";
const FIND: &str = "SELECT o.twin_id, p.name, p.persona, p.language, o.prompt_hash, o.temperature_bits, \
     o.tokens_max, o.listeners, m.conversation_id, o.recap_id FROM reply_origins o \
     JOIN messages m ON m.message_id = o.message_id \
     JOIN twin_personas p ON p.twin_id = o.twin_id AND p.hash = o.persona_hash WHERE o.message_id = $1";
const TURNS: &str = "SELECT turn_id FROM reply_turns WHERE message_id = $1 ORDER BY ordinal";
const MEMORIES: &str =
    "SELECT memory_id, text FROM reply_memories WHERE message_id = $1 ORDER BY ordinal";
/// What was kept of a reply that is deleted.
pub(crate) const FORGET: &str = "DELETE FROM reply_origins WHERE message_id = $1";

/// Who a twin was when it replied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Persona {
    /// Its name.
    pub name: String,
    /// Who it was, in its owner's words.
    pub persona: String,
    /// The language it spoke.
    pub language: String,
}

/// A memory as it stood in a prompt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RememberedThen {
    /// The memory.
    pub memory_id: MemoryId,
    /// What it said.
    pub text: String,
}

/// What a reply is built from, beside its passages.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOrigin {
    /// The twin.
    pub twin_id: TwinId,
    /// Who it is.
    pub persona: Persona,
    /// SHA-256 of that.
    pub persona_hash: [u8; 32],
    /// SHA-256 of the prompt.
    pub prompt_hash: [u8; 32],
    /// The temperature of the sampling.
    pub temperature: f32,
    /// Tokens that the reply may have.
    pub tokens_max: u32,
    /// How many people other than the twin's owner hear it.
    pub listeners: u64,
    /// The messages before the question that stand in the prompt, oldest first.
    pub turns: Vec<MessageId>,
    /// The memories that stand in the prompt, in their order.
    pub memories: Vec<RememberedThen>,
    /// The recap that stands in the prompt.
    pub recap: Option<RecapId>,
}

/// What a reply was built from, beside its passages.
#[derive(Debug, Clone, PartialEq)]
pub struct Origin {
    /// The twin.
    pub twin_id: TwinId,
    /// The conversation.
    pub conversation_id: ConversationId,
    /// Who the twin was.
    pub persona: Persona,
    /// SHA-256 of the prompt.
    pub prompt_hash: [u8; 32],
    /// The temperature of the sampling.
    pub temperature: f32,
    /// Tokens that the reply might have.
    pub tokens_max: u32,
    /// How many people other than the twin's owner heard it.
    pub listeners: u64,
    /// The messages before the question that stood in the prompt, oldest first; some may be gone.
    pub turns: Vec<MessageId>,
    /// The memories that stood in the prompt and are still kept, in their order.
    pub memories: Vec<RememberedThen>,
    /// The recap that stood in the prompt and is still kept.
    pub recap: Option<RecapId>,
}

/// The statements that keep what a reply is built from, in the transaction that makes it a message.
pub(crate) fn keep(reply: MessageId, origin: &NewOrigin) -> Vec<Query> {
    let persona = params![
        origin.twin_id,
        &origin.persona_hash,
        &origin.persona.name,
        &origin.persona.persona,
        &origin.persona.language,
    ];
    let parameters = params![
        reply,
        origin.twin_id,
        &origin.persona_hash,
        &origin.prompt_hash,
        origin.temperature.to_bits(),
        origin.tokens_max,
        origin.listeners,
        origin.recap,
    ];
    let mut queries: Vec<Query> = vec![(KEEP_PERSONA, persona), (INSERT, parameters)];
    for (ordinal, turn) in origin.turns.iter().enumerate() {
        queries.push((INSERT_TURN, params![reply, ordinal, *turn]));
    }
    for (ordinal, memory) in origin.memories.iter().enumerate() {
        let parameters = params![reply, ordinal, memory.memory_id, &memory.text];
        queries.push((INSERT_MEMORY, parameters));
    }
    queries
}

impl Storage {
    /// What a reply was built from; `None` where nothing was generated, or it is gone.
    pub async fn origin(&self, reply: MessageId) -> Result<Option<Origin>, StorageError> {
        let engine = self.engine();
        let queries = vec![
            (FIND, params![reply]),
            (TURNS, params![reply]),
            (MEMORIES, params![reply]),
        ];
        self.call(Call::Read, async move {
            let [found, turns, memories] = each(engine.read(queries).await?)?;
            let Some(row) = found.first() else {
                return Ok(None);
            };
            let turns = turns.map(|mut row| row.id())?;
            let memories = memories.map(|mut row| {
                Ok(RememberedThen {
                    memory_id: row.id()?,
                    text: row.text()?,
                })
            })?;
            Ok(Some(Origin {
                turns,
                memories,
                ..read_origin(row)?
            }))
        })
        .await
    }
}

fn read_origin(mut row: Row) -> Result<Origin, StorageError> {
    Ok(Origin {
        twin_id: row.id()?,
        persona: Persona {
            name: row.text()?,
            persona: row.text()?,
            language: row.text()?,
        },
        prompt_hash: row.hash()?,
        temperature: f32::from_bits(row.count()?),
        tokens_max: row.count()?,
        listeners: row.count()?,
        conversation_id: row.id()?,
        recap: row.optional_id()?,
        turns: Vec::new(),
        memories: Vec::new(),
    })
}
