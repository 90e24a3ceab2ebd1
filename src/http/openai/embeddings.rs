//! `/v1/embeddings`: vectors that say how alike texts are.

use actix_web::{HttpResponse, post, web};
use actors::{EmbedderAbout, ModelPool};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use inference::{Priority, TextForm};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::super::Edge;
use super::super::limits::API_EMBED_TEXTS_MAX;
use super::super::problem::Problem;
use super::body::{Asked, Call, Neutral, ignored};
use super::error::{ApiProblems, no_model};
use super::models::Model;
use crate::ai_service::dialect::EmbeddingExtension;

/// Texts that are to be embedded.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = EmbeddingRequest)]
pub(super) struct EmbeddingRequest {
    /// The name of the embedding model.
    model: String,
    /// The text, or at most 256 texts.
    #[schema(value_type = super::sampling::OneOrMany)]
    input: Input,
    /// How the vectors are written.
    #[serde(default)]
    encoding_format: Encoding,
    /// How many numbers a vector has; only as many as the model gives.
    #[schema(nullable = false, minimum = 1, maximum = 1_000_000)]
    dimensions: Option<usize>,
}

impl Asked for EmbeddingRequest {
    const NEUTRAL: &'static [Neutral] = &[ignored("user")];
}

/// What is to be embedded.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a text or a list of texts")]
enum Input {
    /// One text.
    One(String),
    /// Several.
    Many(Vec<String>),
    /// Something else; tokens among it are refused by name.
    Others(Vec<Value>),
}

/// How the vectors are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = EmbeddingEncoding)]
enum Encoding {
    /// As numbers.
    #[default]
    Float,
    /// As 32-bit floats, little-endian, in base64.
    Base64,
}

/// The vectors.
#[derive(Serialize, ToSchema)]
#[schema(as = EmbeddingList)]
struct EmbeddingList<'a> {
    /// Always `list`.
    object: &'static str,
    /// One for each text, in the order of the texts.
    data: Vec<Embedding>,
    /// The model.
    model: &'a str,
    /// What it took.
    usage: EmbeddingUsage,
}

/// A vector of length 1: the dot product of two says how alike their texts are.
#[derive(Serialize, ToSchema)]
struct Embedding {
    /// Always `embedding`.
    object: &'static str,
    /// The place of its text.
    index: usize,
    /// The numbers.
    embedding: Vector,
}

/// The numbers of a vector.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = EmbeddingVector)]
enum Vector {
    /// As numbers.
    Float(Vec<f32>),
    /// As 32-bit floats, little-endian, in base64.
    Base64(String),
}

/// What vectors took, in tokens of their model.
#[derive(Serialize, ToSchema)]
struct EmbeddingUsage {
    /// Tokens of the texts.
    prompt_tokens: usize,
    /// The same.
    total_tokens: usize,
}

/// Embed texts.
#[utoipa::path(
    tag = "openai",
    request_body = EmbeddingRequest,
    responses((status = OK, description = "The vectors", body = EmbeddingList), ApiProblems)
)]
#[post("/embeddings")]
pub(super) async fn create_embeddings(
    edge: web::Data<Edge>,
    call: Call<EmbeddingRequest>,
) -> Result<HttpResponse, Problem> {
    let Call { user, request } = call;
    if !matches!(edge.model(&request.model, user).await?, Model::Embedding) {
        let reason = "it writes texts; it does not embed any";
        return Err(Problem::invalid("model", reason).at("model"));
    }
    let about = edge.node.embedder().clone();
    check_dimensions(&about, request.dimensions)?;
    let texts = request.input.texts()?;
    // As much work as a text that is written.
    let _place = edge.writing_places.take(user)?;
    let (texts, tokens) = counted(about, texts).await?;
    let vectors = edge.node.embed(texts).await?;
    Ok(answered(
        &request.model,
        request.encoding_format,
        vectors,
        tokens,
    ))
}

fn answered(
    model: &str,
    encoding: Encoding,
    vectors: Vec<Vec<f32>>,
    tokens: usize,
) -> HttpResponse {
    let data = vectors.into_iter().enumerate();
    HttpResponse::Ok().json(EmbeddingList {
        object: "list",
        data: data
            .map(|(index, vector)| Embedding {
                object: "embedding",
                index,
                embedding: encoding.write(vector),
            })
            .collect(),
        model,
        usage: EmbeddingUsage {
            prompt_tokens: tokens,
            total_tokens: tokens,
        },
    })
}

/// Embeds for whoever asks a node of role inference: for a node in the form that it names, and cut off where the model does not read on.
pub(super) async fn embed_for_node(
    pool: &ModelPool,
    request: EmbeddingRequest,
    extension: Option<EmbeddingExtension>,
) -> Result<HttpResponse, Problem> {
    let about = pool.embedder();
    if request.model != about.name {
        return Err(no_model());
    }
    check_dimensions(about, request.dimensions)?;
    let texts = request.input.texts()?;
    let (form, texts, tokens) = match extension {
        // It does not ask what they took.
        Some(extension) => (extension.form.into(), texts, 0),
        None => {
            let (texts, tokens) = counted(about.clone(), texts).await?;
            (TextForm::Plain, texts, tokens)
        }
    };
    let vectors = pool.embed(form, Priority::Person, texts).await?;
    Ok(answered(
        &request.model,
        request.encoding_format,
        vectors,
        tokens,
    ))
}

fn check_dimensions(about: &EmbedderAbout, wanted: Option<usize>) -> Result<(), Problem> {
    if wanted.is_none_or(|dimensions| dimensions == about.dimensions) {
        return Ok(());
    }
    let reason = format!("this model gives {} numbers, no others", about.dimensions);
    let problem = Problem::invalid("dimensions", &reason).at("dimensions");
    Err(problem.because("unsupported_parameter"))
}

/// Counts the tokens of all texts; one that is longer than the model reads is refused rather than cut off.
async fn counted(
    about: EmbedderAbout,
    texts: Vec<String>,
) -> Result<(Vec<String>, usize), Problem> {
    // Long texts take a while, for which the thread's other requests need not wait.
    let counting = web::block(move || {
        let mut tokens = 0;
        for (index, text) in texts.iter().enumerate() {
            match about.counter.count_whole(text) {
                Ok(count) => tokens += count,
                Err(limit) => {
                    let param = format!("input[{index}]");
                    let reason = format!("has more than the {limit} tokens that the model reads");
                    let problem = Problem::invalid(&param, &reason).at(param);
                    return Err(problem.because("context_length_exceeded"));
                }
            }
        }
        Ok((texts, tokens))
    });
    counting.await.map_err(|error| Problem::internal(&error))?
}

impl Input {
    fn texts(self) -> Result<Vec<String>, Problem> {
        let refused = |reason: &str| Problem::invalid("input", reason).at("input");
        let texts = match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
            Self::Others(others) if others.iter().all(|one| one.is_u64() || one.is_array()) => {
                let reason =
                    "tokens of another model's vocabulary mean nothing to this one: send texts";
                return Err(refused(reason).because("unsupported_parameter"));
            }
            Self::Others(_) => {
                return Err(refused("expected a text or a list of texts").because("invalid_type"));
            }
        };
        if !(1..=API_EMBED_TEXTS_MAX).contains(&texts.len()) {
            let reason = format!("must be 1 to {API_EMBED_TEXTS_MAX} texts");
            return Err(refused(&reason));
        }
        if let Some(index) = texts.iter().position(String::is_empty) {
            let param = format!("input[{index}]");
            return Err(Problem::invalid(&param, "must not be empty").at(param));
        }
        Ok(texts)
    }
}

impl Encoding {
    fn write(self, vector: Vec<f32>) -> Vector {
        match self {
            Self::Float => Vector::Float(vector),
            Self::Base64 => {
                let bytes: Vec<u8> = vector.iter().flat_map(|x| x.to_le_bytes()).collect();
                Vector::Base64(STANDARD.encode(bytes))
            }
        }
    }
}
