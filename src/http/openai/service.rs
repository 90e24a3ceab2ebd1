//! What a node of role inference serves to other nodes: the dialect for its own two models, with what nodes say beyond it, and no people.
//!
//! **Invariant**: whoever has the key is a node and is believed: whose prompt it is, and who may learn of it, the node has decided.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::{FromRequest, HttpRequest, HttpResponse, web};
use actors::{ModelPool, Sampling};
use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use inference::{GenerateRequest, Prompt, limits::REPLY_TOKENS_MAX};
use prometheus::Registry;
use protocol::ErrorCode;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::Sha256;
use uuid::Uuid;

use super::super::caller::bearer;
use super::super::operations;
use super::super::problem::Problem;
use super::super::readiness::{Check, Readiness};
use super::body::{Asked, Body, parse};
use super::chat::ChatRequest;
use super::completions::CompletionRequest;
use super::embeddings::{EmbeddingRequest, embed_for_node};
use super::error::no_model;
use super::stream::Head;
use super::{chat, completions};
use crate::ai_service::dialect::{
    EmbeddingExtension, ListExtension, ModelExtension, WritingExtension,
};
use crate::clock::Clock;

/// When a request that came while the process stops may come again: another has its address by then.
const STOPPING_RETRY_AFTER: Duration = Duration::from_secs(5);

/// The name under which a request says what is beyond the dialect.
const EXTENSION: &str = "digital_twin";

/// Everything that a node of role inference needs.
#[derive(Debug)]
pub struct ModelService {
    pool: ModelPool,
    key: Option<ServiceKey>,
    clock: Clock,
    started_at: i64,
    /// Another one each time the process starts, by which others know what it has forgotten.
    instance: Uuid,
    tokenizers: [Bytes; 2],
    stopping: AtomicBool,
}

impl ModelService {
    /// Serves these models to those who have the key; to everybody where there is none.
    ///
    /// # Errors
    /// When a tokenizer cannot be written down.
    pub fn new(pool: ModelPool, key: Option<ServiceKey>, clock: Clock) -> Result<Self, String> {
        let language = pool.engine().counter.to_json()?;
        let embedding = pool.embedder().counter.to_json()?;
        Ok(Self {
            key,
            started_at: clock.now_ms(),
            clock,
            instance: Uuid::now_v7(),
            tokenizers: [language.into(), embedding.into()],
            stopping: AtomicBool::new(false),
            pool,
        })
    }

    /// The models.
    pub fn pool(&self) -> &ModelPool {
        &self.pool
    }

    /// From now on nobody is served who was not before.
    pub fn stop_serving(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    fn of(request: &HttpRequest) -> &web::Data<Self> {
        request
            .app_data::<web::Data<Self>>()
            .expect("every server of role inference registers its models")
    }

    fn let_in(&self, request: &HttpRequest) -> Result<(), Problem> {
        if let Some(key) = &self.key
            && !key.is(bearer(request)?)
        {
            let detail = "the key is not this node's AI_SERVICE_KEY";
            return Err(Problem::new(ErrorCode::Unauthenticated, detail));
        }
        match self.is_stopping() {
            true => {
                let code = ErrorCode::Unavailable;
                let detail = "the process is stopping";
                Err(Problem::retry_after(code, detail, STOPPING_RETRY_AFTER))
            }
            false => Ok(()),
        }
    }

    fn generate_request(
        &self,
        prompt: Prompt,
        sampling: Sampling,
        extension: Option<WritingExtension>,
    ) -> GenerateRequest {
        let mut request = GenerateRequest {
            prompt,
            max_tokens: REPLY_TOKENS_MAX,
            temperature: 1.0,
            top_p: 1.0,
            repetition_penalty: 1.0,
            ..GenerateRequest::default()
        };
        sampling.apply(&mut request);
        if let Some(extension) = extension {
            extension.apply(&mut request);
        }
        request
    }
}

/// What nodes share, compared in a time that says nothing of it.
#[derive(Clone)]
pub struct ServiceKey {
    code: Vec<u8>,
    /// Of this process alone.
    random: [u8; 32],
}

impl ServiceKey {
    /// The key of a secret.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn new(secret: &SecretString) -> Result<Self, getrandom::Error> {
        let mut random = [0; 32];
        getrandom::fill(&mut random)?;
        let mac = Self::mac(&random, secret.expose_secret());
        Ok(Self {
            code: mac.finalize().into_bytes().to_vec(),
            random,
        })
    }

    fn is(&self, given: &str) -> bool {
        Self::mac(&self.random, given)
            .verify_slice(&self.code)
            .is_ok()
    }

    fn mac(random: &[u8], text: &str) -> Hmac<Sha256> {
        let mac = Hmac::new_from_slice(random).expect("a key of HMAC has any length");
        mac.chain_update(text)
    }
}

impl std::fmt::Debug for ServiceKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ServiceKey")
    }
}

/// The routes of a node of role inference.
pub fn service_routes(config: &mut web::ServiceConfig) {
    config
        .route("/v1/chat/completions", web::post().to(write_message))
        .route("/v1/completions", web::post().to(write_text))
        .route("/v1/embeddings", web::post().to(embed))
        .route("/v1/models", web::get().to(list_models))
        .route("/v1/tokenizers/{of}", web::get().to(read_tokenizer))
        .route("/v1/prompts/{owner}", web::delete().to(forget_prompts))
        .service(operations::alive)
        .service(operations::version)
        .route("/readyz", web::get().to(ready))
        .route("/metrics", web::get().to(metrics))
        .default_service(web::to(nothing));
}

/// A request with a body of this shape, and with what it says beyond the dialect.
struct NodeCall<T, E> {
    request: T,
    extension: Option<E>,
}

impl<T: Asked + 'static, E: DeserializeOwned + 'static> FromRequest for NodeCall<T, E> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let let_in = ModelService::of(request).let_in(request);
        let body = Body::of(request, payload);
        Box::pin(async move {
            let_in?;
            let mut parameters = body.parameters().await?;
            let extension = match parameters.remove(EXTENSION) {
                None | Some(Value::Null) => None,
                Some(value) => Some(serde_json::from_value(value).map_err(|error| {
                    let problem =
                        Problem::new(ErrorCode::Malformed, format!("{EXTENSION}: {error}"));
                    problem.at(EXTENSION)
                })?),
            };
            Ok(Self {
                request: parse(parameters)?,
                extension,
            })
        })
    }
}

/// A node that may ask.
struct AskingNode;

impl FromRequest for AskingNode {
    type Error = Problem;
    type Future = std::future::Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let let_in = ModelService::of(request).let_in(request);
        std::future::ready(let_in.map(|()| Self))
    }
}

async fn write_message(
    service: web::Data<ModelService>,
    call: NodeCall<ChatRequest, WritingExtension>,
) -> Result<HttpResponse, Problem> {
    let mut read = call.request.read()?;
    if read.model != service.pool.engine().model.name {
        return Err(no_model());
    }
    let prompt = read.prompt();
    let sampling = read.wanted.sampling(REPLY_TOKENS_MAX)?;
    let head = Head::new(&service.clock, "chatcmpl", read.model, read.includes_usage);
    let head = head.for_node();
    let request = service.generate_request(prompt, sampling, call.extension);
    let writing = service.pool.write(request).await?;
    chat::answered(head, read.stream, writing, ()).await
}

async fn write_text(
    service: web::Data<ModelService>,
    call: NodeCall<CompletionRequest, WritingExtension>,
) -> Result<HttpResponse, Problem> {
    let read = call.request.read()?;
    if read.model != service.pool.engine().model.name {
        return Err(no_model());
    }
    let sampling = read.wanted.sampling(REPLY_TOKENS_MAX)?;
    let head = Head::new(&service.clock, "cmpl", read.model, read.includes_usage).for_node();
    let request = service.generate_request(read.prompt, sampling, call.extension);
    let writing = service.pool.write(request).await?;
    completions::answered(head, read.stream, writing, ()).await
}

async fn embed(
    service: web::Data<ModelService>,
    call: NodeCall<EmbeddingRequest, EmbeddingExtension>,
) -> Result<HttpResponse, Problem> {
    embed_for_node(&service.pool, call.request, call.extension).await
}

/// The list of models.
#[derive(Serialize)]
struct Models {
    object: &'static str,
    data: [Model; 2],
    digital_twin: ListExtension,
}

#[derive(Serialize)]
struct Model {
    id: String,
    object: &'static str,
    created: i64,
    owned_by: &'static str,
    digital_twin: ModelExtension,
}

async fn list_models(_node: AskingNode, service: web::Data<ModelService>) -> HttpResponse {
    let model = |id: &str, about: ModelExtension| Model {
        id: id.to_owned(),
        object: "model",
        created: service.started_at / 1_000,
        owned_by: "digital-twin",
        digital_twin: about,
    };
    let (language, embedder) = (&service.pool.engine().model, service.pool.embedder());
    let embedding = ModelExtension::Embedding {
        dimensions: embedder.dimensions,
    };
    HttpResponse::Ok().json(Models {
        object: "list",
        data: [
            model(&language.name, ModelExtension::of(language)),
            model(&embedder.name, embedding),
        ],
        digital_twin: ListExtension {
            instance: service.instance,
            reads_drawn: true,
        },
    })
}

/// A model's tokenizer, so that whoever builds prompts counts as the model does.
async fn read_tokenizer(
    _node: AskingNode,
    service: web::Data<ModelService>,
    of: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let [language, embedding] = &service.tokenizers;
    let json = match of.as_str() {
        "language" => language,
        "embedding" => embedding,
        _ => return Err(Problem::not_found("tokenizer")),
    };
    Ok(HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "application/json"))
        .body(json.clone()))
}

/// What was computed of the prompts of an owner is forgotten when this is answered.
async fn forget_prompts(
    _node: AskingNode,
    service: web::Data<ModelService>,
    owner: web::Path<Uuid>,
) -> Result<HttpResponse, Problem> {
    match service.pool.forget(owner.as_u128()).await {
        true => Ok(HttpResponse::NoContent().finish()),
        false => {
            let detail = "the engines have not forgotten yet";
            let code = ErrorCode::Unavailable;
            Err(Problem::retry_after(code, detail, Duration::from_secs(1)))
        }
    }
}

async fn ready(service: web::Data<ModelService>) -> HttpResponse {
    let failed = |failed: bool, reason| Check::of(failed.then_some(reason));
    let checks = BTreeMap::from([
        ("models", failed(!service.pool.is_alive(), "failed")),
        ("running", failed(service.is_stopping(), "stopping")),
    ]);
    let readiness = Readiness {
        ready: service.pool.is_alive() && !service.is_stopping(),
        checks,
    };
    match readiness.ready {
        true => HttpResponse::Ok().json(readiness),
        false => HttpResponse::ServiceUnavailable().json(readiness),
    }
}

async fn metrics(
    service: web::Data<ModelService>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Problem> {
    operations::told(&registry, &service.clock)
}

async fn nothing() -> Result<HttpResponse, Problem> {
    Err(Problem::not_found("path"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_itself_is_the_key() {
        let key = ServiceKey::new(&SecretString::from("0123456789abcdef")).unwrap();
        assert!(key.is("0123456789abcdef"));
        for other in [
            "",
            "0123456789abcde",
            "0123456789abcdef0",
            "0123456789abcdeF",
        ] {
            assert!(!key.is(other), "{other}");
        }
        assert!(!format!("{key:?}").contains("0123"));
    }
}
