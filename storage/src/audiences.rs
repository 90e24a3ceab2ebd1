//! Whom a twin may tell a document or a memory.

use std::collections::HashMap;
use std::hash::Hash;

use protocol::{GroupId, TwinId, UserId};

use crate::engine::{DatabaseError, Query, Rows, Transaction};
use crate::value::{Id, Row, Value, params};
use crate::{Storage, StorageError};

/// People and groups that one audience names: whoever needs more makes a group.
pub const AUDIENCE_NAMED_MAX: usize = 100;

/// Whom a twin may tell something. Its owner is told everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Audience {
    /// Nobody else.
    Owner,
    /// Those who are named.
    Named {
        /// These people.
        people: Vec<UserId>,
        /// Those who are in these groups of the owner.
        groups: Vec<GroupId>,
    },
    /// Whoever may talk with the twin, as long as it is not listed for everybody.
    Link,
    /// Everybody.
    Public,
}

impl Audience {
    pub(crate) fn as_str(&self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Named { .. } => "people",
            Self::Link => "link",
            Self::Public => "public",
        }
    }

    /// Of those who are named nobody is read yet.
    pub(crate) fn read(row: &mut Row) -> Result<Self, StorageError> {
        row.parsed("audience", |name| match name {
            "owner" => Some(Self::Owner),
            "people" => Some(Self::Named {
                people: Vec::new(),
                groups: Vec::new(),
            }),
            "link" => Some(Self::Link),
            "public" => Some(Self::Public),
            _ => None,
        })
    }
}

/// What has an audience, and the statements on the tables of those who are named.
pub(crate) struct Kind {
    clear_people: &'static str,
    clear_groups: &'static str,
    name_person: &'static str,
    name_group: &'static str,
    named: &'static str,
    named_of_one: &'static str,
}

macro_rules! kind {
    ($name:ident, $people:literal, $groups:literal, $id:literal, $of:literal) => {
        pub(crate) const $name: Kind = Kind {
            clear_people: concat!("DELETE FROM ", $people, " WHERE ", $id, " = $1"),
            clear_groups: concat!("DELETE FROM ", $groups, " WHERE ", $id, " = $1"),
            // A bot hears what its owner hears.
            name_person: concat!(
                "INSERT INTO ",
                $people,
                " (",
                $id,
                ", user_id) SELECT $1, id FROM users WHERE id = $2 AND owner_id IS NULL"
            ),
            name_group: concat!(
                "INSERT INTO ",
                $groups,
                " (",
                $id,
                ", group_id) SELECT $1, g.id FROM people_groups g WHERE g.id = $2 AND g.owner_id = ",
                "(SELECT t.owner_id FROM twins t JOIN ",
                $of,
                " o ON o.twin_id = t.id WHERE o.id = $1)"
            ),
            named: concat!(
                "SELECT p.",
                $id,
                ", p.user_id, NULL FROM ",
                $people,
                " p JOIN ",
                $of,
                " o ON o.id = p.",
                $id,
                " WHERE o.twin_id = $1 UNION ALL SELECT p.",
                $id,
                ", NULL, p.group_id FROM ",
                $groups,
                " p JOIN ",
                $of,
                " o ON o.id = p.",
                $id,
                " WHERE o.twin_id = $1"
            ),
            named_of_one: concat!(
                "SELECT ",
                $id,
                ", user_id, NULL FROM ",
                $people,
                " WHERE ",
                $id,
                " = $1 UNION ALL SELECT ",
                $id,
                ", NULL, group_id FROM ",
                $groups,
                " WHERE ",
                $id,
                " = $1"
            ),
        };
    };
}

kind!(
    DOCUMENTS,
    "document_people",
    "document_groups",
    "document_id",
    "documents"
);
kind!(
    MEMORIES,
    "memory_people",
    "memory_groups",
    "memory_id",
    "memories"
);

/// Names those whom an audience names, in place of those before, and gives the transaction back. It is rolled back as `NotFound`
/// when one of them is not there, or a group is not the owner's.
pub(crate) async fn name_them(
    mut transaction: Transaction,
    kind: &Kind,
    id: impl Into<Value>,
    audience: &Audience,
) -> Result<Transaction, DatabaseError> {
    let id: Value = id.into();
    let mut queries: Vec<Query> = vec![
        (kind.clear_people, vec![id.clone()]),
        (kind.clear_groups, vec![id.clone()]),
    ];
    let mut named = Vec::new();
    if let Audience::Named { people, groups } = audience {
        let people = people.iter().map(|person| (*person).into());
        let groups = groups.iter().map(|group| (*group).into());
        let people = people.map(|person: Value| (kind.name_person, person, "person"));
        let groups = groups.map(|group: Value| (kind.name_group, group, "group"));
        for (sql, one, what) in people.chain(groups) {
            queries.push((sql, vec![id.clone(), one]));
            named.push(what);
        }
    }
    let results = transaction.pipe(queries).await;
    let results = results.map_err(|error| error.conflict("name in the audience"))?;
    let missing = results.iter().skip(2).zip(named);
    for (rows, what) in missing {
        if rows.affected == 0 {
            transaction.roll_back().await;
            return Err(StorageError::NotFound(what).into());
        }
    }
    Ok(transaction)
}

/// The statement that reads who is named of all that a twin has of a kind.
pub(crate) fn named(kind: &Kind, twin: TwinId) -> Query {
    (kind.named, params![twin])
}

/// The statement that reads who is named of one.
pub(crate) fn named_of_one(kind: &Kind, id: impl Into<Value>) -> Query {
    (kind.named_of_one, vec![id.into()])
}

/// Writes those who are named into the audiences that name them.
pub(crate) fn fill_in<'a, T: Id + Eq + Hash + 'a>(
    audiences: impl Iterator<Item = (T, &'a mut Audience)>,
    named: Rows,
) -> Result<(), StorageError> {
    let mut of_each: HashMap<T, (Vec<UserId>, Vec<GroupId>)> = HashMap::new();
    named.map(|mut row| {
        let (people, groups) = of_each.entry(row.id()?).or_default();
        people.extend(row.optional_id::<UserId>()?);
        groups.extend(row.optional_id::<GroupId>()?);
        Ok(())
    })?;
    for (id, audience) in audiences {
        if let Audience::Named { people, groups } = audience {
            (*people, *groups) = of_each.remove(&id).unwrap_or_default();
            people.sort_unstable();
            groups.sort_unstable();
        }
    }
    Ok(())
}

/// Who is in the groups of a twin's owner.
const GROUPS_OF_TWIN: &str = "SELECT m.group_id, m.user_id FROM people_group_members m \
     JOIN people_groups g ON g.id = m.group_id JOIN twins t ON t.owner_id = g.owner_id WHERE t.id = $1";

impl Storage {
    /// Who is in the groups of a twin's owner, group by group.
    pub async fn groups_of_twin(
        &self,
        twin: TwinId,
    ) -> Result<HashMap<GroupId, Vec<UserId>>, StorageError> {
        let mut groups: HashMap<GroupId, Vec<UserId>> = HashMap::new();
        let rows = self.read(GROUPS_OF_TWIN, params![twin]).await?;
        rows.map(|mut row| {
            groups.entry(row.id()?).or_default().push(row.id()?);
            Ok(())
        })?;
        Ok(groups)
    }
}
