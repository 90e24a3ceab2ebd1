//! The lists of an export, read and judged as requests are.

use std::collections::{BTreeSet, HashMap};

use bytes::Bytes;
use protocol::{DocumentId, ErrorCode, GroupId, MemoryId, TwinId, UserId};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use storage::{Audience, GROUP_PEOPLE_MAX, GROUPS_MAX, MEMORIES_MAX};

use super::LeftOutKind;
use crate::extract::LISTS_BYTES_MAX;
use crate::http::audiences::AudienceBody;
use crate::http::fields;
use crate::http::limits::{IMPORT_AHEAD_MS_MAX, IMPORT_PEOPLE_MAX};
use crate::http::memories::MemoryKindName;
use crate::http::problem::Problem;
use crate::http::twins::VisibilityText;

/// Characters of what is wrong with a list.
const REASON_CHARS_MAX: usize = 200;

/// What the lists of an export say, as far as it has a place here.
#[derive(Debug, Default)]
pub(super) struct Lists {
    /// Who the export is of, there.
    pub account: Option<UserId>,
    /// Groups of people.
    pub groups: Vec<ListedGroup>,
    /// Twins.
    pub twins: Vec<ListedTwin>,
    /// The documents of each twin.
    pub documents: HashMap<TwinId, Vec<ListedDocument>>,
    /// What each twin remembers.
    pub memories: HashMap<TwinId, Vec<ListedMemory>>,
    /// Things that have no place here.
    pub left_out: Vec<(LeftOutKind, usize)>,
    bytes: u64,
}

/// A list as the API answers it.
#[derive(Deserialize)]
struct Items<T> {
    items: Vec<T>,
}

#[derive(Deserialize)]
struct Account {
    id: UserId,
}

/// A group of people.
#[derive(Debug, Deserialize)]
pub(super) struct ListedGroup {
    pub id: GroupId,
    pub name: String,
    pub people: Vec<UserId>,
    pub created_at: i64,
}

/// A twin.
#[derive(Debug, Deserialize)]
pub(super) struct ListedTwin {
    pub id: TwinId,
    pub name: String,
    #[serde(default)]
    pub persona: String,
    pub greeting: String,
    pub language: String,
    pub visibility: VisibilityText,
    pub oversight: bool,
    pub created_at: i64,
    pub updated_at: i64,
}

/// A document.
#[derive(Debug, Deserialize)]
pub(super) struct ListedDocument {
    pub id: DocumentId,
    pub name: String,
    pub created_at: i64,
    pub audience: AudienceBody,
}

/// Something that a twin remembers.
#[derive(Debug, Deserialize)]
pub(super) struct ListedMemory {
    pub id: MemoryId,
    pub about: UserId,
    pub kind: MemoryKindName,
    pub text: String,
    pub audience: AudienceBody,
    pub said_in: Option<IgnoredAny>,
    pub supersedes: Option<MemoryId>,
    pub created_at: i64,
    pub changed_at: i64,
}

/// Where a file of an export belongs.
pub(super) enum Place {
    /// It is a list, which was read.
    List,
    /// It is the file of a document.
    Document(TwinId, DocumentId),
}

impl Lists {
    /// Reads a file, if it is a list.
    pub(super) fn read(&mut self, path: &str, content: Option<&Bytes>) -> Result<Place, Problem> {
        let parts: Vec<&str> = path.split('/').collect();
        if let ["twins", twin, document, _] = parts[..] {
            return Ok(Place::Document(id(path, twin)?, id(path, document)?));
        }
        let content = content.ok_or_else(|| too_large(path))?;
        self.bytes += content.len() as u64;
        if self.bytes > LISTS_BYTES_MAX {
            return Err(too_large(path));
        }
        match parts[..] {
            ["account.json"] => self.account = Some(json::<Account>(path, content)?.id),
            ["groups.json"] => self.groups = items(path, content)?,
            ["twins.json"] => self.twins = items(path, content)?,
            ["twins", twin, "documents.json"] => {
                let documents = items(path, content)?;
                self.documents.insert(id(path, twin)?, documents);
            }
            ["twins", twin, "memories.ndjson"] => {
                self.memories.insert(id(path, twin)?, lines(path, content)?);
            }
            [list] => {
                let what = match list {
                    "bots.json" => LeftOutKind::Bots,
                    "keys.json" => LeftOutKind::Keys,
                    "blocks.json" => LeftOutKind::Blocks,
                    "drafts.json" => LeftOutKind::Drafts,
                    "receipts.json" => LeftOutKind::Receipts,
                    _ => return Err(unknown(path)),
                };
                let left_out: Vec<IgnoredAny> = items(path, content)?;
                self.left_out.push((what, left_out.len()));
            }
            _ => return Err(unknown(path)),
        }
        Ok(Place::List)
    }

    /// Judges all that was read, and gives who the export is of and whom it names.
    pub(super) fn checked(&mut self, now: i64) -> Result<(UserId, BTreeSet<UserId>), Problem> {
        let account = self.account.ok_or_else(|| missing("account.json"))?;
        let latest = now.saturating_add(IMPORT_AHEAD_MS_MAX);
        let mut people = BTreeSet::new();
        at_most("groups.json", self.groups.len() as u64, GROUPS_MAX)?;
        for group in &mut self.groups {
            let within = |problem| within("groups.json", &problem);
            group.name = fields::line("name", &group.name).map_err(within)?;
            let count = group.people.len() as u64;
            at_most("groups.json: people", count, GROUP_PEOPLE_MAX as u64)?;
            check_time("groups.json", group.created_at, latest)?;
            people.extend(&group.people);
        }
        for twin in &mut self.twins {
            check_twin(twin).map_err(|problem| within("twins.json", &problem))?;
            check_time("twins.json", twin.created_at, latest)?;
            check_time("twins.json", twin.updated_at, latest)?;
        }
        let twins = each_once("twins.json", self.twins.iter().map(|twin| twin.id))?;
        for (twin, documents) in &self.documents {
            let path = format!("twins/{twin}/documents.json");
            if !twins.contains(twin) {
                return Err(unknown(&path));
            }
            each_once(&path, documents.iter().map(|document| document.id))?;
            for document in documents {
                check_time(&path, document.created_at, latest)?;
                people.extend(named(&path, &document.audience)?);
            }
        }
        for (twin, memories) in &mut self.memories {
            let path = format!("twins/{twin}/memories.ndjson");
            if !twins.contains(twin) {
                return Err(unknown(&path));
            }
            each_once(&path, memories.iter().map(|memory| memory.id))?;
            for memory in &mut *memories {
                let text = fields::memory(&memory.text);
                memory.text = text.map_err(|problem| within(&path, &problem))?;
                check_time(&path, memory.created_at, latest)?;
                check_time(&path, memory.changed_at, latest)?;
                people.extend(named(&path, &memory.audience)?);
            }
            // In whose place something stands was there before it.
            memories.sort_by_key(|memory| (memory.created_at, memory.id));
        }
        if people.len() > IMPORT_PEOPLE_MAX {
            let detail = format!("the export names more than {IMPORT_PEOPLE_MAX} people");
            return Err(Problem::new(ErrorCode::TooLarge, detail));
        }
        Ok((account, people))
    }
}

fn check_twin(twin: &mut ListedTwin) -> Result<(), Problem> {
    twin.name = fields::line("name", &twin.name)?;
    twin.persona = fields::persona(&twin.persona)?;
    twin.greeting = fields::greeting(&twin.greeting)?;
    twin.language = fields::language(&twin.language)?;
    Ok(())
}

/// Whom an audience names, which may be so many.
fn named(path: &str, audience: &AudienceBody) -> Result<Vec<UserId>, Problem> {
    let checked = audience.clone().checked();
    Ok(match checked.map_err(|problem| within(path, &problem))? {
        Audience::Named { people, .. } => people,
        Audience::Owner | Audience::Link | Audience::Public => Vec::new(),
    })
}

fn json<T: DeserializeOwned>(path: &str, content: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(content).map_err(|error| unreadable(path, &error))
}

fn items<T: DeserializeOwned>(path: &str, content: &[u8]) -> Result<Vec<T>, Problem> {
    Ok(json::<Items<T>>(path, content)?.items)
}

/// A list of which each line is an entry.
fn lines<T: DeserializeOwned>(path: &str, content: &[u8]) -> Result<Vec<T>, Problem> {
    let mut entries = Vec::new();
    for (line, number) in content.split(|byte| *byte == b'\n').zip(1_u64..) {
        if line.is_empty() {
            continue;
        }
        at_most(path, number, MEMORIES_MAX)?;
        entries.push(json(&format!("{path}, line {number}"), line)?);
    }
    Ok(entries)
}

fn id<T: std::str::FromStr<Err = protocol::InvalidId>>(
    path: &str,
    text: &str,
) -> Result<T, Problem> {
    text.parse().map_err(|error| unreadable(path, &error))
}

fn each_once<T: Ord>(path: &str, ids: impl Iterator<Item = T>) -> Result<BTreeSet<T>, Problem> {
    let mut once = BTreeSet::new();
    for id in ids {
        if !once.insert(id) {
            return Err(unreadable(path, &"an id stands in it twice"));
        }
    }
    Ok(once)
}

fn check_time(path: &str, time: i64, latest: i64) -> Result<(), Problem> {
    match (0..=latest).contains(&time) {
        true => Ok(()),
        false => Err(unreadable(path, &format!("{time} is no time in the past"))),
    }
}

fn at_most(path: &str, count: u64, max: u64) -> Result<(), Problem> {
    match count <= max {
        true => Ok(()),
        false => Err(unreadable(path, &format!("there may be {max} at most"))),
    }
}

fn unreadable(path: &str, reason: &dyn std::fmt::Display) -> Problem {
    let reason = reason.to_string();
    let visible = reason.chars().filter(|symbol| !symbol.is_control());
    let reason: String = visible.take(REASON_CHARS_MAX).collect();
    Problem::invalid(path, &reason)
}

fn within(path: &str, problem: &Problem) -> Problem {
    Problem::new(problem.code(), format!("{path}: {}", problem.detail()))
}

fn too_large(path: &str) -> Problem {
    let detail = format!("{path}: the lists may have {LISTS_BYTES_MAX} bytes together");
    Problem::new(ErrorCode::TooLarge, detail)
}

fn missing(path: &str) -> Problem {
    Problem::invalid(path, "the export lacks it")
}

fn unknown(path: &str) -> Problem {
    Problem::invalid(path, "it belongs to nothing in the export")
}
