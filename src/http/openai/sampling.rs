//! What chat completions and completions have in common: how the text is sampled, and how it is told.

use actors::Sampling;
use inference::{Generation, StopReason};
use rand::random;
use serde::{Deserialize, Serialize};
use serde_json::Number;
use utoipa::ToSchema;

use super::super::Edge;
use super::super::problem::Problem;

/// One text, or several.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
#[schema(as = OneOrMany)]
pub(super) enum OneOrMany {
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    pub(super) fn into_list(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

/// How a stream is told.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StreamOptions {
    /// Whether a last chunk says what it took.
    #[serde(default)]
    pub(super) include_usage: bool,
    /// Not supported; only false.
    #[serde(default)]
    #[schema(example = false)]
    include_obfuscation: bool,
}

/// What a text took, in tokens of its model.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[schema(as = CompletionUsage)]
pub(super) struct CompletionUsage {
    /// Tokens of the prompt, all that stands around the messages included.
    prompt_tokens: u32,
    /// Tokens that were written, the one that ended the text included.
    completion_tokens: u32,
    /// Both together.
    total_tokens: u32,
}

impl From<&Generation> for CompletionUsage {
    fn from(generation: &Generation) -> Self {
        let usage = generation.usage;
        Self {
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
            total_tokens: usage.prompt_tokens + usage.completion_tokens,
        }
    }
}

/// Why a text ended: `stop`, at the end of its turn or at a stop text, or `length`, when it was cut short.
pub(super) fn finish_reason(generation: &Generation) -> &'static str {
    match generation.stop_reason {
        StopReason::EndOfTurn | StopReason::StopSequence => "stop",
        StopReason::Length | StopReason::Cancelled | StopReason::Deadline => "length",
    }
}

/// What a request says of sampling.
pub(super) struct Wanted {
    pub(super) max_tokens: Option<u32>,
    pub(super) temperature: Option<f32>,
    pub(super) top_p: Option<f32>,
    pub(super) seed: Option<Number>,
    pub(super) stop: Option<OneOrMany>,
}

impl Edge {
    /// The sampling that a request wants, within the server's limit.
    pub(super) fn sampling(&self, wanted: Wanted) -> Result<Sampling, Problem> {
        wanted.sampling(self.limits.api_tokens_max)
    }
}

impl Wanted {
    /// The sampling of a text of at most so many tokens.
    pub(super) fn sampling(self, limit: u32) -> Result<Sampling, Problem> {
        let wanted = self;
        if wanted.max_tokens.is_some_and(|tokens| tokens > limit) {
            let reason = format!("this server writes at most {limit} tokens at once");
            return Err(Problem::invalid("max_tokens", &reason).at("max_tokens"));
        }
        // Without a seed no two texts are alike.
        let seed = wanted
            .seed
            .map_or_else(|| Some(random()), |seed| bits(&seed));
        let Some(seed) = seed else {
            return Err(Problem::invalid("seed", "must be a whole number of 64 bits").at("seed"));
        };
        Ok(Sampling {
            max_tokens: wanted.max_tokens,
            temperature: wanted.temperature,
            // The smallest set that is at least as likely as nothing is the likeliest token.
            top_p: wanted.top_p.map(|top_p| match top_p == 0.0 {
                true => f32::MIN_POSITIVE,
                false => top_p,
            }),
            seed,
            stop: wanted.stop.map(OneOrMany::into_list).unwrap_or_default(),
        })
    }
}

/// The 64 bits of a whole number.
fn bits(number: &Number) -> Option<u64> {
    let signed = number.as_i64().map(i64::cast_unsigned);
    signed.or_else(|| number.as_u64())
}

/// Whether a stream ends with what it took; refuses options where nothing is streamed.
pub(super) fn includes_usage(
    stream: bool,
    options: Option<StreamOptions>,
) -> Result<bool, Problem> {
    let Some(options) = options else {
        return Ok(false);
    };
    if !stream {
        let reason = "is only allowed when `stream` is true";
        return Err(Problem::invalid("stream_options", reason).at("stream_options"));
    }
    if options.include_obfuscation {
        let param = "stream_options.include_obfuscation";
        let problem = Problem::invalid(param, "is not supported");
        return Err(problem.at(param).because("unsupported_parameter"));
    }
    Ok(options.include_usage)
}

/// Refuses any number of texts but one.
pub(super) fn only_one(param: &'static str, number: Option<u32>) -> Result<(), Problem> {
    match number.unwrap_or(1) {
        1 => Ok(()),
        _ => {
            let problem = Problem::invalid(param, "only 1 is supported");
            Err(problem.at(param).because("unsupported_parameter"))
        }
    }
}
