//! Groups of people, as the owner of a twin names them.

use protocol::{GroupId, UserId};

use crate::engine::{DatabaseError, Engine, Query, Transaction, each, until_no_collision};
use crate::metrics::Call;
use crate::people::Room;
use crate::value::{Row, params};
use crate::{Storage, StorageError};

/// Groups of one person.
pub const GROUPS_MAX: u64 = 100;

/// People in one group.
pub const GROUP_PEOPLE_MAX: usize = 500;

const COUNT: &str = "SELECT count(*) FROM people_groups WHERE owner_id = $1";
const INSERT: &str =
    "INSERT INTO people_groups (id, owner_id, name, created_at) VALUES ($1, $2, $3, $4)";
/// Locks it as well.
const RENAME: &str = "UPDATE people_groups SET name = COALESCE($3, name) WHERE id = $1 AND owner_id = $2 \
     RETURNING id, name, created_at";
const CLEAR: &str = "DELETE FROM people_group_members WHERE group_id = $1";
const ADD: &str = "INSERT INTO people_group_members (group_id, user_id) \
     SELECT $1, id FROM users WHERE id = $2 AND owner_id IS NULL";
const OF_OWNER: &str =
    "SELECT id, name, created_at FROM people_groups WHERE owner_id = $1 ORDER BY id";
const PEOPLE_OF_OWNER: &str = "SELECT m.group_id, m.user_id FROM people_group_members m \
     JOIN people_groups g ON g.id = m.group_id WHERE g.owner_id = $1 ORDER BY m.group_id, m.user_id";
const PEOPLE: &str =
    "SELECT group_id, user_id FROM people_group_members WHERE group_id = $1 ORDER BY user_id";
const DELETE: &str = "DELETE FROM people_groups WHERE id = $1 AND owner_id = $2 RETURNING id";
/// Twins that are awake look anew whom they may tell what.
const NOTE: &str = "UPDATE twins SET revision = revision + 1, memories_revision = memories_revision + 1 \
     WHERE owner_id = $1";

/// People whom the owner of a twin names together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleGroup {
    /// The group's id.
    pub id: GroupId,
    /// Its name; one person has it once.
    pub name: String,
    /// Who is in it.
    pub people: Vec<UserId>,
    /// When it was made, in UTC milliseconds.
    pub created_at: i64,
}

impl Storage {
    /// Makes a group. `Conflict` when the owner has one of this name, `LimitReached` with too many, `NotFound` when somebody in
    /// it has no account.
    pub async fn create_people_group(
        &self,
        owner: UserId,
        group: PeopleGroup,
    ) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(create(&engine, owner, &group))
        })
        .await
    }

    /// A person's groups, oldest first.
    pub async fn people_groups_of(&self, owner: UserId) -> Result<Vec<PeopleGroup>, StorageError> {
        let queries: Vec<Query> = vec![
            (OF_OWNER, params![owner]),
            (PEOPLE_OF_OWNER, params![owner]),
        ];
        let engine = self.engine();
        self.call(Call::Read, async move {
            let [groups, people] = each(engine.read(queries).await?)?;
            let mut groups = groups.map(read_group)?;
            let people: Vec<(GroupId, UserId)> =
                people.map(|mut row| Ok((row.id()?, row.id()?)))?;
            for group in &mut groups {
                let of_group = people.iter().filter(|(id, _)| *id == group.id);
                group.people = of_group.map(|(_, person)| *person).collect();
            }
            Ok(groups)
        })
        .await
    }

    /// Gives a person's own group another name or other people; `None` leaves it. Refusals are those of
    /// [`Storage::create_people_group`], and `NotFound` when the person has no such group.
    pub async fn change_people_group(
        &self,
        owner: UserId,
        id: GroupId,
        name: Option<String>,
        people: Option<Vec<UserId>>,
    ) -> Result<PeopleGroup, StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(change(&engine, owner, id, name.as_ref(), people.as_deref()))
        })
        .await
    }

    /// Deletes a person's own group: those in it are told nothing any more for its sake. `NotFound` when the person has no such
    /// group.
    pub async fn delete_people_group(
        &self,
        owner: UserId,
        id: GroupId,
    ) -> Result<(), StorageError> {
        let engine = self.engine();
        self.call(Call::Write, async move {
            until_no_collision!(delete(&engine, owner, id))
        })
        .await
    }
}

async fn create(engine: &Engine, owner: UserId, group: &PeopleGroup) -> Result<(), DatabaseError> {
    let room = Room {
        what: "groups",
        count: COUNT,
        max: GROUPS_MAX,
    };
    let mut transaction = room.begin(engine, owner).await?;
    let parameters = params![group.id, owner, &group.name, group.created_at];
    let inserted = transaction.pipe(vec![(INSERT, parameters)]).await;
    inserted.map_err(|error| error.conflict("group of this name"))?;
    let transaction = fill(transaction, group.id, &group.people).await?;
    transaction.commit(Vec::new()).await?;
    Ok(())
}

/// Puts people into a group in place of those before, and gives the transaction back. It is rolled back as `NotFound` when one of
/// them has no account.
async fn fill(
    mut transaction: Transaction,
    group: GroupId,
    people: &[UserId],
) -> Result<Transaction, DatabaseError> {
    let mut queries: Vec<Query> = vec![(CLEAR, params![group])];
    queries.extend(people.iter().map(|person| (ADD, params![group, *person])));
    let results = transaction.pipe(queries).await?;
    if results.iter().skip(1).any(|rows| rows.affected == 0) {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("person").into());
    }
    Ok(transaction)
}

async fn change(
    engine: &Engine,
    owner: UserId,
    id: GroupId,
    name: Option<&String>,
    people: Option<&[UserId]>,
) -> Result<PeopleGroup, DatabaseError> {
    let (mut transaction, _) = engine.begin(vec![(NOTE, params![owner])]).await?;
    let renamed = transaction
        .pipe(vec![(RENAME, params![id, owner, name])])
        .await;
    let [renamed] = each(renamed.map_err(|error| error.conflict("group of this name"))?)?;
    let Some(group) = renamed.first().map(read_group).transpose()? else {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("group").into());
    };
    if let Some(people) = people {
        transaction = fill(transaction, id, people).await?;
    }
    let [people] = each(transaction.commit(vec![(PEOPLE, params![id])]).await?)?;
    let people = people.map(|mut row| {
        row.id::<GroupId>()?;
        row.id()
    })?;
    Ok(PeopleGroup { people, ..group })
}

async fn delete(engine: &Engine, owner: UserId, id: GroupId) -> Result<(), DatabaseError> {
    let queries = vec![(NOTE, params![owner]), (DELETE, params![id, owner])];
    let (transaction, results) = engine.begin(queries).await?;
    let [_, deleted] = each(results)?;
    if deleted.rows.is_empty() {
        transaction.roll_back().await;
        return Err(StorageError::NotFound("group").into());
    }
    transaction.commit(Vec::new()).await?;
    Ok(())
}

fn read_group(mut row: Row) -> Result<PeopleGroup, StorageError> {
    Ok(PeopleGroup {
        id: row.id()?,
        name: row.text()?,
        people: Vec::new(),
        created_at: row.int()?,
    })
}
