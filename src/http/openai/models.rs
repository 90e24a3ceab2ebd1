//! `/v1/models`: what the caller may name as a model.

use actix_web::{get, web};
use protocol::{ErrorCode, TwinId, UserId};
use serde::Serialize;
use storage::{Blocked, Twin, Visibility};
use utoipa::ToSchema;

use super::super::Edge;
use super::super::limits::API_PUBLIC_TWINS_MAX;
use super::super::problem::Problem;
use super::caller::ApiCaller;
use super::error::{ApiProblems, no_model};

/// Whom the models of the server itself belong to.
const OWN: &str = "digital-twin";

/// Something that can be named as a model.
#[derive(Serialize, ToSchema)]
#[schema(as = Model)]
pub(super) struct ModelDocument {
    /// What requests call it: a model's name, or a twin's id.
    id: String,
    /// Always `model`.
    #[schema(example = "model")]
    object: &'static str,
    /// When the server loaded it, or when the twin was made, in seconds since 1970.
    created: i64,
    /// `digital-twin`, or the id of the twin's owner.
    owned_by: String,
    /// The twin's name; absent for a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    name: Option<String>,
}

/// What can be named as a model.
#[derive(Serialize, ToSchema)]
#[schema(as = ModelList)]
pub(super) struct ModelList {
    /// Always `list`.
    #[schema(example = "list")]
    object: &'static str,
    /// The models.
    data: Vec<ModelDocument>,
}

/// What a request names as its model.
pub(super) enum Model {
    /// The language model.
    Language,
    /// The embedding model.
    Embedding,
    /// A twin that the caller may talk with.
    Twin(TwinId),
}

/// List the models: the server's own, one's own twins, and the newest public ones.
#[utoipa::path(
    tag = "openai",
    responses((status = OK, description = "The models", body = ModelList), ApiProblems)
)]
#[get("/models")]
pub(super) async fn list_models(
    caller: ApiCaller,
    edge: web::Data<Edge>,
) -> Result<web::Json<ModelList>, Problem> {
    let own = edge.storage.twins_of(caller.user_id).await?;
    let public = edge
        .storage
        .public_twins(None, API_PUBLIC_TWINS_MAX)
        .await?;
    let others = public
        .into_iter()
        .filter(|twin| twin.owner_id != caller.user_id);
    let mut data = vec![edge.language_model(), edge.embedding_model()];
    data.extend(own.into_iter().chain(others).map(ModelDocument::from));
    let object = "list";
    Ok(web::Json(ModelList { object, data }))
}

/// Read a model.
#[utoipa::path(
    tag = "openai",
    params(("model" = String, Path, description = "A model's name or a twin's id")),
    responses((status = OK, description = "The model", body = ModelDocument), ApiProblems)
)]
#[get("/models/{model}")]
pub(super) async fn read_model(
    caller: ApiCaller,
    edge: web::Data<Edge>,
    path: web::Path<String>,
) -> Result<web::Json<ModelDocument>, Problem> {
    Ok(web::Json(match edge.model(&path, caller.user_id).await? {
        Model::Language => edge.language_model(),
        Model::Embedding => edge.embedding_model(),
        Model::Twin(id) => edge.twin_model(id, caller.user_id).await?.into(),
    }))
}

impl Edge {
    /// What the caller means by a name.
    pub(super) async fn model(&self, name: &str, user: UserId) -> Result<Model, Problem> {
        if name == self.node.engine().model.name {
            return Ok(Model::Language);
        }
        if name == self.node.embedder().name {
            return Ok(Model::Embedding);
        }
        let id = name.parse::<TwinId>().map_err(|_| no_model())?;
        let twin = self.twin_model(id, user).await?;
        if self.storage.has_blocked(user, Blocked::Twin(id)).await? {
            let detail = "you have blocked this twin";
            return Err(Problem::new(ErrorCode::Forbidden, detail));
        }
        Ok(Model::Twin(twin.id))
    }

    async fn twin_model(&self, id: TwinId, user: UserId) -> Result<Twin, Problem> {
        let twin = self.storage.twin(id).await?;
        let may_ask = |twin: &Twin| twin.owner_id == user || twin.visibility != Visibility::Private;
        twin.filter(may_ask).ok_or_else(no_model)
    }

    fn language_model(&self) -> ModelDocument {
        ModelDocument::own(&self.node.engine().model.name, self.started_at)
    }

    fn embedding_model(&self) -> ModelDocument {
        ModelDocument::own(&self.node.embedder().name, self.started_at)
    }
}

impl ModelDocument {
    fn own(name: &str, loaded_at: i64) -> Self {
        Self {
            id: name.to_owned(),
            object: "model",
            created: loaded_at / 1_000,
            owned_by: OWN.to_owned(),
            name: None,
        }
    }
}

impl From<Twin> for ModelDocument {
    fn from(twin: Twin) -> Self {
        Self {
            id: twin.id.to_string(),
            object: "model",
            created: twin.created_at / 1_000,
            owned_by: twin.owner_id.to_string(),
            name: Some(twin.name),
        }
    }
}
