//! `/api/v1/conversations/{id}/rules`: what a room asks of those who write in it.

use actix_web::{get, patch, web};
use protocol::{ConversationId, What};
use serde::{Deserialize, Serialize};
use storage::{ForbiddenWords, RoomRules};
use utoipa::ToSchema;

use super::Edge;
use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::limits::SLOW_MODE_SECONDS_MAX;
use super::problem::Problem;
use super::responses::{ReadProblems, WriteProblems};

/// What a room is to ask of those who write; what is absent stays as it is.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct RulesPatch {
    /// Seconds that guests, members and bots wait between two messages; 0 when they need not.
    #[schema(nullable = false, minimum = 0, maximum = 21_600)]
    slow_mode_seconds: Option<u32>,
    /// All words and phrases that nobody may write, twins and bots included: at most 200, each a line of 1 to 50 characters with a
    /// letter or a digit in it. Case, accents and width don't count; of Chinese, Japanese, Thai and the like any characters that follow
    /// each other are found, and whole words otherwise.
    #[schema(nullable = false, max_items = 200)]
    words: Option<Vec<String>>,
}

/// What a room asks of those who write.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RoomRules)]
pub(super) struct RulesEntry {
    /// Seconds that guests, members and bots wait between two messages; 0 when they need not.
    slow_mode_seconds: u32,
    /// Words and phrases that nobody may write.
    words: Vec<String>,
}

/// Read what a room asks of those who write.
#[utoipa::path(
    tag = "rooms",
    params(("conversation" = Uuid, Path, description = "The room's id")),
    responses((status = OK, description = "The rules", body = RulesEntry), ReadProblems)
)]
#[get("/conversations/{conversation}/rules")]
pub(super) async fn read_rules(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
) -> Result<web::Json<RulesEntry>, Problem> {
    let id = edge.joined_conversation(*path, caller.user_id).await?;
    edge.rules_entry(id).await
}

/// Change what a room asks of those who write. Each part that is named is a change in its log, which everybody sees.
#[utoipa::path(
    tag = "rooms",
    params(("conversation" = Uuid, Path, description = "The room's id")),
    request_body = RulesPatch,
    responses((status = OK, description = "The rules as they are now", body = RulesEntry), WriteProblems)
)]
#[patch("/conversations/{conversation}/rules")]
pub(super) async fn change_rules(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<ConversationId>,
    body: Body<RulesPatch>,
) -> Result<web::Json<RulesEntry>, Problem> {
    let body = body.into_inner();
    let id = edge.joined_conversation(*path, caller.user_id).await?;
    let words = body.words.map(ForbiddenWords::new).transpose();
    let words = words.map_err(|error| Problem::invalid("words", &error.to_string()))?;
    let seconds = body.slow_mode_seconds;
    if seconds.is_some_and(|seconds| seconds > SLOW_MODE_SECONDS_MAX) {
        let reason = format!("must be a whole number from 0 to {SLOW_MODE_SECONDS_MAX}");
        return Err(Problem::invalid("slow_mode_seconds", &reason));
    }
    if let Some(words) = words {
        let words = words.list().to_vec();
        edge.change_room(caller.user_id, id, What::WordsForbidden { words })
            .await?;
    }
    if let Some(seconds) = seconds {
        let seconds = Some(seconds).filter(|seconds| *seconds > 0);
        edge.change_room(caller.user_id, id, What::SlowModeSet { seconds })
            .await?;
    }
    edge.rules_entry(id).await
}

impl Edge {
    async fn rules_entry(&self, id: ConversationId) -> Result<web::Json<RulesEntry>, Problem> {
        let roster = self.storage.roster(id).await?;
        let roster = roster.ok_or_else(|| Problem::not_found("conversation"))?;
        Ok(web::Json(roster.rules.into()))
    }
}

impl From<RoomRules> for RulesEntry {
    fn from(rules: RoomRules) -> Self {
        Self {
            slow_mode_seconds: rules.slow_mode_seconds.unwrap_or(0),
            words: rules.words.list().to_vec(),
        }
    }
}
