//! `/api/v1/groups`: people whom one names together, such as one's family, to say what one's twins may tell them.

use actix_web::http::header::LOCATION;
use actix_web::{HttpResponse, delete, get, patch, post, web};
use protocol::{GroupId, UserId};
use serde::{Deserialize, Serialize};
use storage::{GROUP_PEOPLE_MAX, PeopleGroup};
use utoipa::ToSchema;

use super::audiences::each_once;
use super::caller::{Caller, WritingCaller};
use super::json::Body;
use super::problem::Problem;
use super::responses::{DeleteProblems, ReadProblems, WriteProblems};
use super::{Edge, fields};

/// A group that is to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewGroup {
    /// Its name; one has it once.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: String,
    /// Who is in it; at most 500.
    #[serde(default)]
    #[schema(value_type = Vec<Uuid>, max_items = 500)]
    people: Vec<UserId>,
}

/// What is to be different about a group; what is absent stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct GroupChange {
    /// Its new name.
    #[schema(
        min_length = 1,
        max_length = 100,
        pattern = r"^[^\x00-\x1f\x7f-\x9f]*[^\s\x00-\x1f\x7f-\x9f][^\x00-\x1f\x7f-\x9f]*$"
    )]
    name: Option<String>,
    /// Who is in it from now on, instead of those before; at most 500.
    #[schema(value_type = Option<Vec<Uuid>>, max_items = 500)]
    people: Option<Vec<UserId>>,
}

/// People whom one names together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Group)]
pub(super) struct GroupEntry {
    /// The group's id.
    #[schema(value_type = Uuid)]
    id: GroupId,
    /// Its name.
    name: String,
    /// Who is in it.
    #[schema(value_type = Vec<Uuid>)]
    people: Vec<UserId>,
    /// When it was made, in UTC milliseconds since 1970.
    created_at: i64,
}

/// All one's groups.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct GroupList {
    /// The groups, oldest first; at most 100.
    items: Vec<GroupEntry>,
}

/// List one's groups of people.
#[utoipa::path(
    tag = "memories",
    responses((status = OK, description = "The groups", body = GroupList), ReadProblems)
)]
#[get("/groups")]
pub(super) async fn list_groups(
    caller: Caller,
    edge: web::Data<Edge>,
) -> Result<web::Json<GroupList>, Problem> {
    let groups = edge.storage.people_groups_of(caller.user_id).await?;
    let items = groups.into_iter().map(GroupEntry::from).collect();
    Ok(web::Json(GroupList { items }))
}

/// Make a group of people.
#[utoipa::path(
    tag = "memories",
    request_body = NewGroup,
    responses((status = CREATED, description = "The group", body = GroupEntry), WriteProblems)
)]
#[post("/groups")]
pub(super) async fn create_group(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    body: Body<NewGroup>,
) -> Result<HttpResponse, Problem> {
    let NewGroup { name, people } = body.into_inner();
    let group = PeopleGroup {
        id: GroupId::new(),
        name: fields::line("name", &name)?,
        people: checked(people)?,
        created_at: edge.clock.now_ms(),
    };
    edge.storage
        .create_people_group(caller.user_id, group.clone())
        .await?;
    Ok(HttpResponse::Created()
        .insert_header((LOCATION, format!("/api/v1/groups/{}", group.id)))
        .json(GroupEntry::from(group)))
}

/// Change a group of people: what one's twins may tell it, they may tell those who are in it then.
#[utoipa::path(
    tag = "memories",
    params(("group" = Uuid, Path, description = "The group's id")),
    request_body = GroupChange,
    responses((status = OK, description = "The group as it is now", body = GroupEntry), WriteProblems)
)]
#[patch("/groups/{group}")]
pub(super) async fn change_group(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<GroupId>,
    body: Body<GroupChange>,
) -> Result<web::Json<GroupEntry>, Problem> {
    let GroupChange { name, people } = body.into_inner();
    let name = name.map(|name| fields::line("name", &name)).transpose()?;
    let people = people.map(checked).transpose()?;
    let changed = edge
        .storage
        .change_people_group(caller.user_id, *path, name, people)
        .await?;
    Ok(web::Json(changed.into()))
}

/// Delete a group of people: nobody is told anything for its sake any more.
#[utoipa::path(
    tag = "memories",
    params(("group" = Uuid, Path, description = "The group's id")),
    responses((status = NO_CONTENT, description = "The group is gone"), DeleteProblems)
)]
#[delete("/groups/{group}")]
pub(super) async fn delete_group(
    caller: WritingCaller,
    edge: web::Data<Edge>,
    path: web::Path<GroupId>,
) -> Result<HttpResponse, Problem> {
    edge.storage
        .delete_people_group(caller.user_id, *path)
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn checked(people: Vec<UserId>) -> Result<Vec<UserId>, Problem> {
    let people = each_once(people);
    if people.len() > GROUP_PEOPLE_MAX {
        let reason = format!("may be {GROUP_PEOPLE_MAX} at most");
        return Err(Problem::invalid("people", &reason));
    }
    Ok(people)
}

impl From<PeopleGroup> for GroupEntry {
    fn from(group: PeopleGroup) -> Self {
        Self {
            id: group.id,
            name: group.name,
            people: group.people,
            created_at: group.created_at,
        }
    }
}
