//! `/api/v1/twins/{twin}/replies/{message}/origin`: why a twin said what it said, for its owner.

use actix_web::{get, web};
use protocol::{ConversationId, MemoryId, MessageId, TwinId};
use serde::Serialize;
use storage::{Origin, Recap};
use utoipa::ToSchema;

use super::Edge;
use super::caller::Caller;
use super::message_schema::SourceSchema;
use super::problem::Problem;
use super::recaps::RecapEntry;
use super::responses::OwnerReadProblems;
use crate::hexadecimal::hexadecimal;

/// A memory as it stood in a prompt.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct RecalledMemory {
    /// The memory.
    #[schema(value_type = Uuid)]
    memory_id: MemoryId,
    /// What it said then.
    text: String,
}

/// What a reply was built from. What was forgotten since does not stand here any more.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplyOrigin)]
pub(super) struct OriginDocument {
    /// The reply.
    #[schema(value_type = Uuid)]
    message_id: MessageId,
    /// The conversation.
    #[schema(value_type = Uuid)]
    conversation_id: ConversationId,
    /// The twin's name then.
    name: String,
    /// Who the twin was then.
    persona: String,
    /// The language it was to answer in; empty when it followed its partner.
    language: String,
    /// The memories that stood in the prompt.
    memories: Vec<RecalledMemory>,
    /// What the twin kept of what was said before, where it stood in the prompt; null where it did not.
    #[schema(required = true)]
    recap: Option<RecapEntry>,
    /// The passages of documents that stood in the prompt.
    #[schema(value_type = Vec<SourceSchema>)]
    sources: Vec<protocol::Source>,
    /// The messages before the question that stood in the prompt, oldest first.
    #[schema(value_type = Vec<Uuid>)]
    turns: Vec<MessageId>,
    /// The message that was answered; null when it is not known any more.
    #[schema(value_type = Option<Uuid>, required = true)]
    question: Option<MessageId>,
    /// How many people other than oneself could hear the reply: everything above was for all of them.
    listeners: u64,
    /// The model; null when it is not known any more.
    #[schema(required = true)]
    model: Option<String>,
    /// The adapter; null when there was none.
    #[schema(required = true)]
    adapter: Option<String>,
    /// The seed of the sampling; null when it is not known any more.
    #[schema(required = true, maximum = 9_007_199_254_740_991_i64)]
    seed: Option<u64>,
    /// The temperature of the sampling.
    temperature: f32,
    /// Tokens of the prompt; null when they are not known any more.
    #[schema(required = true)]
    prompt_tokens: Option<u32>,
    /// Tokens that the reply might have.
    tokens_max: u32,
    /// SHA-256 of the prompt, in hexadecimal digits: equal prompts have the same.
    prompt_sha256: String,
}

/// Read what a reply of one's twin was built from.
#[utoipa::path(
    tag = "memories",
    params(
        ("twin" = Uuid, Path, description = "The twin's id"),
        ("message" = Uuid, Path, description = "The reply's id"),
    ),
    responses((status = OK, description = "What it was built from", body = OriginDocument), OwnerReadProblems)
)]
#[get("/twins/{twin}/replies/{message}/origin")]
pub(super) async fn read_origin(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<(TwinId, MessageId)>,
) -> Result<web::Json<OriginDocument>, Problem> {
    let (twin, reply) = path.into_inner();
    let twin = edge.own_twin(twin, caller.user_id).await?;
    let origin = edge.storage.origin(reply).await?;
    let origin = origin.filter(|origin| origin.twin_id == twin.id);
    let origin = origin.ok_or_else(|| Problem::not_found("reply"))?;
    let message = edge.storage.message(reply).await?;
    let message = message.ok_or_else(|| Problem::not_found("reply"))?;
    let recap = match origin.recap {
        Some(recap) => edge.storage.recap(twin.id, recap).await?,
        None => None,
    };
    Ok(web::Json(document(origin, recap, message)))
}

fn document(origin: Origin, recap: Option<Recap>, message: protocol::Message) -> OriginDocument {
    let memories = origin.memories.into_iter().map(|memory| RecalledMemory {
        memory_id: memory.memory_id,
        text: memory.text,
    });
    OriginDocument {
        message_id: message.message_id,
        conversation_id: origin.conversation_id,
        name: origin.persona.name,
        persona: origin.persona.persona,
        language: origin.persona.language,
        memories: memories.collect(),
        recap: recap.map(RecapEntry::from),
        sources: message.sources.unwrap_or_default(),
        turns: origin.turns,
        question: message.reply_to,
        listeners: origin.listeners,
        model: message.model,
        adapter: message.adapter,
        seed: message.seed,
        temperature: origin.temperature,
        prompt_tokens: message.usage.map(|usage| usage.prompt_tokens),
        tokens_max: origin.tokens_max,
        prompt_sha256: hexadecimal(&origin.prompt_hash),
    }
}
