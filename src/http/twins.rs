//! `/api/v1/twins`: making, finding, changing and deleting twins.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, delete, get, patch, post, web};
use protocol::{ErrorCode, TwinId, UserId};
use serde::{Deserialize, Serialize};
use storage::{Twin, TwinChange, Visibility};
use utoipa::ToSchema;

use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::paging::{Page, PageQuery};
use super::problem::Problem;
use super::receipts::ReceiptEntry;
use super::responses::{DeleteProblems, ListProblems, ReadProblems, WriteProblems};
use super::{Edge, fields};

/// Who may find a twin and talk with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Visibility)]
pub(super) enum VisibilityText {
    /// Its owner only.
    Private,
    /// Whoever knows its id.
    Link,
    /// Everybody; it is listed.
    Public,
}

/// A twin.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Twin)]
pub(super) struct TwinDocument {
    /// The twin's id.
    #[schema(value_type = Uuid)]
    id: TwinId,
    /// Whose twin it is.
    #[schema(value_type = Uuid)]
    owner_id: UserId,
    /// The name that others see.
    #[schema(example = "Ada")]
    name: String,
    /// Who the twin is, in words for the model; only its owner sees it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    persona: Option<String>,
    /// What the twin says first: show it above a conversation that is still empty. Empty when the twin waits.
    #[schema(example = "Hello, I am Ada's twin. Ask me about my work.")]
    greeting: String,
    /// The language it speaks, as a BCP 47 tag; empty when it follows its partner.
    #[schema(example = "en")]
    language: String,
    /// Who may find it and talk with it.
    visibility: VisibilityText,
    /// Whether its owner may step in where it talks: watch, approve what it says, write in its place. Everybody there sees it.
    oversight: bool,
    /// When it was made, in UTC milliseconds since 1970.
    created_at: i64,
    /// When it was changed last, in UTC milliseconds since 1970.
    updated_at: i64,
}

/// A twin that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewTwin {
    /// The name that others see.
    #[schema(
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$",
        example = "Ada"
    )]
    name: String,
    /// Who the twin is, in words for the model.
    #[serde(default)]
    #[schema(
        max_length = 4_000,
        pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$",
        example = "I am Ada, a lighthouse engineer. I speak plainly."
    )]
    persona: String,
    /// What the twin says first.
    #[serde(default)]
    #[schema(
        max_length = 2_000,
        pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$",
        example = "Hello, I am Ada's twin."
    )]
    greeting: String,
    /// The language it speaks, as a BCP 47 tag.
    #[serde(default)]
    #[schema(
        max_length = 35,
        pattern = "^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$",
        example = "en"
    )]
    language: String,
    /// Who may find it and talk with it; `private` when absent.
    #[serde(default = "private")]
    #[schema(default = "private")]
    visibility: VisibilityText,
    /// Whether its owner may step in where it talks; false when absent.
    #[serde(default)]
    oversight: bool,
}

/// What is to change in a twin; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct TwinPatch {
    /// The new name.
    #[schema(
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
    /// The new persona.
    #[schema(
        max_length = 4_000,
        pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
    )]
    persona: Option<String>,
    /// The new greeting.
    #[schema(
        max_length = 2_000,
        pattern = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]*$"
    )]
    greeting: Option<String>,
    /// The new language.
    #[schema(max_length = 35, pattern = "^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")]
    language: Option<String>,
    /// The new visibility.
    visibility: Option<VisibilityText>,
    /// Whether its owner may step in where it begins to talk from now on.
    oversight: Option<bool>,
}

/// Make a twin.
#[utoipa::path(
    tag = "twins",
    request_body = NewTwin,
    responses(
        (status = CREATED, description = "The twin is made", body = TwinDocument,
            headers(("Location" = String, description = "The twin"))),
        WriteProblems,
    )
)]
#[post("/twins")]
pub(super) async fn create_twin(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    body: Body<NewTwin>,
) -> Result<HttpResponse, Problem> {
    let now = edge.clock.now_ms();
    let twin = Twin {
        id: TwinId::new(),
        owner_id: caller.user_id,
        name: fields::line("name", &body.name)?,
        persona: fields::persona(&body.persona)?,
        greeting: fields::greeting(&body.greeting)?,
        language: fields::language(&body.language)?,
        visibility: body.visibility.into(),
        created_at: now,
        updated_at: now,
        oversight_since: body.oversight.then_some(now),
    };
    edge.storage
        .create_twin(twin.clone(), edge.limits.twins_max)
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/twins/{}", twin.id)))
        .json(TwinDocument::seen_by(caller.user_id, twin)))
}

/// List one's own twins and then the public ones.
///
/// The first page begins with all of one's own twins, oldest first; the public twins of others follow, newest first.
#[utoipa::path(
    tag = "twins",
    params(
        ("before" = Option<Uuid>, Query, nullable = false, description = "The `next` of the page before"),
        ("limit" = Option<u32>, Query, description = "How many entries at most; 50 when absent", nullable = false, minimum = 1, maximum = 200),
    ),
    responses((status = OK, description = "A page of twins", body = Page<TwinDocument>), ListProblems)
)]
#[get("/twins")]
pub(super) async fn list_twins(
    caller: Caller,
    edge: web::Data<Edge>,
    query: web::Query<PageQuery<TwinId>>,
) -> Result<web::Json<Page<TwinDocument>>, Problem> {
    let limit = query.limit()?;
    let own = match query.before {
        None => edge.storage.twins_of(caller.user_id).await?,
        Some(_) => Vec::new(),
    };
    let public = edge.storage.public_twins(query.before, limit + 1).await?;
    let page = Page::cut(public, limit, |twin| twin.id.to_string());
    let others = page
        .items
        .into_iter()
        .filter(|twin| twin.owner_id != caller.user_id);
    let items = own
        .into_iter()
        .chain(others)
        .map(|twin| TwinDocument::seen_by(caller.user_id, twin))
        .collect();
    let next = page.next;
    Ok(web::Json(Page { items, next }))
}

/// Read a twin.
#[utoipa::path(
    tag = "twins",
    params(("twin" = Uuid, Path, description = "The twin's id")),
    responses((status = OK, description = "The twin", body = TwinDocument), ReadProblems)
)]
#[get("/twins/{twin}")]
pub(super) async fn read_twin(
    caller: Caller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
) -> Result<web::Json<TwinDocument>, Problem> {
    let twin = edge.visible_twin(*path, caller.user_id).await?;
    Ok(web::Json(TwinDocument::seen_by(caller.user_id, twin)))
}

/// Change a twin of one's own.
#[utoipa::path(
    tag = "twins",
    params(("twin" = Uuid, Path, description = "The twin's id")),
    request_body = TwinPatch,
    responses((status = OK, description = "The twin as it is now", body = TwinDocument), WriteProblems)
)]
#[patch("/twins/{twin}")]
pub(super) async fn change_twin(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
    body: Body<TwinPatch>,
) -> Result<web::Json<TwinDocument>, Problem> {
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let body = body.into_inner();
    let change = TwinChange {
        name: body
            .name
            .map(|text| fields::line("name", &text))
            .transpose()?,
        persona: body
            .persona
            .map(|text| fields::persona(&text))
            .transpose()?,
        greeting: body
            .greeting
            .map(|text| fields::greeting(&text))
            .transpose()?,
        language: body
            .language
            .map(|text| fields::language(&text))
            .transpose()?,
        visibility: body.visibility.map(Visibility::from),
        oversight: body.oversight,
    };
    let now = edge.clock.now_ms();
    let twin = edge.storage.update_twin(twin.id, change, now).await?;
    Ok(web::Json(TwinDocument::seen_by(caller.user_id, twin)))
}

/// Delete a twin of one's own with its documents and memories.
#[utoipa::path(
    tag = "twins",
    params(("twin" = Uuid, Path, description = "The twin's id")),
    responses((status = OK, description = "The twin is gone: how much that was", body = ReceiptEntry), DeleteProblems)
)]
#[delete("/twins/{twin}")]
pub(super) async fn delete_twin(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<TwinId>,
) -> Result<web::Json<ReceiptEntry>, Problem> {
    let twin = edge.own_twin(*path, caller.user_id).await?;
    let now = edge.clock.now_ms();
    let forgotten = edge.storage.delete_twin(twin.id, now).await?;
    edge.forgotten(forgotten).await
}

impl Edge {
    /// A twin that the person may know of and talk with.
    pub(super) async fn visible_twin(&self, id: TwinId, user: UserId) -> Result<Twin, Problem> {
        let twin = self.storage.twin(id).await?;
        twin.filter(|twin| twin.owner_id == user || twin.visibility != Visibility::Private)
            .ok_or_else(|| Problem::not_found("twin"))
    }

    /// A twin that the person may change.
    pub(super) async fn own_twin(&self, id: TwinId, user: UserId) -> Result<Twin, Problem> {
        let twin = self.visible_twin(id, user).await?;
        match twin.owner_id == user {
            true => Ok(twin),
            false => Err(Problem::new(
                ErrorCode::Forbidden,
                "only its owner may do this with a twin",
            )),
        }
    }
}

impl TwinDocument {
    pub(super) fn seen_by(user: UserId, twin: Twin) -> Self {
        Self {
            id: twin.id,
            owner_id: twin.owner_id,
            name: twin.name,
            persona: (twin.owner_id == user).then_some(twin.persona),
            greeting: twin.greeting,
            language: twin.language,
            visibility: twin.visibility.into(),
            oversight: twin.oversight_since.is_some(),
            created_at: twin.created_at,
            updated_at: twin.updated_at,
        }
    }
}

impl From<VisibilityText> for Visibility {
    fn from(text: VisibilityText) -> Self {
        match text {
            VisibilityText::Private => Self::Private,
            VisibilityText::Link => Self::Link,
            VisibilityText::Public => Self::Public,
        }
    }
}

impl From<Visibility> for VisibilityText {
    fn from(visibility: Visibility) -> Self {
        match visibility {
            Visibility::Private => Self::Private,
            Visibility::Link => Self::Link,
            Visibility::Public => Self::Public,
        }
    }
}

fn private() -> VisibilityText {
    VisibilityText::Private
}
