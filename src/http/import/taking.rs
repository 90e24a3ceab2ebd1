//! Taking in what an export holds: the groups, then one twin after the other.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::sync::Arc;

use bytes::Bytes;
use protocol::{DocumentId, GroupId, MemoryId, TwinId, UserId};
use sha2::{Digest, Sha256};
use storage::{
    Audience, AuditAction, Brought, FileKey, ImportLimits, ImportedMemory, ImportedTwin,
    PeopleGroup, StorageError, Twin, TwinTaken,
};

use super::reading::{ListedDocument, ListedMemory, ListedTwin, Lists, Place};
use super::{Counted, ImportReport, LeftOut, LeftOutKind};
use crate::extract::{ExportPart, LISTS_BYTES_MAX, Unreadable};
use crate::http::Edge;
use crate::http::audiences::AudienceBody;
use crate::http::audit::Origin;
use crate::http::limits::IMPORT_EMBED_BATCH;
use crate::http::problem::Problem;
use crate::ingest::{DocumentOf, IngestError, StoredFile};

/// An import of one person.
pub(super) struct Import {
    edge: Arc<Edge>,
    user: UserId,
    origin: Origin,
    lists: Lists,
    /// Who the export is of, there.
    account: Option<UserId>,
    /// Those whom it names and who are here.
    people: HashSet<UserId>,
    /// Those whom it names and who are not.
    strangers: BTreeSet<UserId>,
    /// Which groups are which here.
    groups: HashMap<GroupId, GroupId>,
    missing_groups: BTreeSet<GroupId>,
    /// The files of the twin that is about to be taken in.
    files: HashMap<DocumentId, Arrived>,
    report: ImportReport,
    left_out: BTreeMap<LeftOutKind, u64>,
}

/// What became of the file of a document.
enum Arrived {
    Stored(StoredFile),
    LeftOut,
}

impl Import {
    /// Nothing is taken in yet.
    pub(super) fn new(edge: Arc<Edge>, user: UserId, origin: Origin) -> Self {
        Self {
            edge,
            user,
            origin,
            lists: Lists::default(),
            account: None,
            people: HashSet::new(),
            strangers: BTreeSet::new(),
            groups: HashMap::new(),
            missing_groups: BTreeSet::new(),
            files: HashMap::new(),
            report: ImportReport::default(),
            left_out: BTreeMap::new(),
        }
    }

    /// Takes in what this archive holds. When that fails, what was taken in before is whole twins, and the files of no twin are gone.
    pub(super) async fn take(mut self, archive: File) -> Result<ImportReport, Problem> {
        let taken = self.take_all(archive).await;
        let files: Vec<FileKey> = self.files.values().filter_map(Arrived::key).collect();
        self.edge.ingest.delete_files(&files).await;
        self.edge.ingest.look();
        taken?;
        self.leave_out(LeftOutKind::People, self.strangers.len());
        self.leave_out(LeftOutKind::Groups, self.missing_groups.len());
        let left_out = self.left_out.into_iter();
        self.report.left_out = left_out
            .map(|(what, count)| LeftOut { what, count })
            .collect();
        Ok(self.report)
    }

    async fn take_all(&mut self, archive: File) -> Result<(), Problem> {
        let mut export = self.edge.ingest.open_export(archive)?;
        let bytes_max = LISTS_BYTES_MAX.max(self.edge.limits.upload_bytes_max as u64);
        let mut coming: Option<TwinId> = None;
        loop {
            let (path, content) = match export.next(bytes_max).await? {
                ExportPart::File { path, content } => (path, content),
                ExportPart::End {
                    conversations,
                    attachments,
                } => {
                    self.leave_out(LeftOutKind::Conversations, conversations as usize);
                    self.leave_out(LeftOutKind::Attachments, attachments as usize);
                    break;
                }
            };
            let Place::Document(twin, document) = self.lists.read(&path, content.as_ref())? else {
                continue;
            };
            if self.account.is_none() {
                self.begin().await?;
            }
            // The files come one twin after the other.
            if coming != Some(twin) {
                if let Some(coming) = coming {
                    self.take_twin(coming).await?;
                }
                coming = Some(twin);
            }
            self.store(&path, twin, document, content).await?;
        }
        if self.account.is_none() {
            self.begin().await?;
        }
        if let Some(coming) = coming {
            self.take_twin(coming).await?;
        }
        // Those without files.
        while let Some(twin) = self.lists.twins.first() {
            self.take_twin(twin.id).await?;
        }
        Ok(())
    }

    /// Judges the lists, and takes in what the twins refer to.
    async fn begin(&mut self) -> Result<(), Problem> {
        let (account, named) = self.lists.checked(self.edge.clock.now_ms())?;
        let named: Vec<UserId> = named.into_iter().filter(|id| *id != account).collect();
        self.people = self.edge.storage.people_among(named).await?;
        let event = self.origin.did(AuditAction::AccountImported);
        self.edge.note_first(event).await?;
        self.account = Some(account);
        for (what, count) in std::mem::take(&mut self.lists.left_out) {
            self.leave_out(what, count);
        }
        self.take_groups().await
    }

    async fn take_groups(&mut self) -> Result<(), Problem> {
        let here = self.edge.storage.people_groups_of(self.user).await?;
        for group in std::mem::take(&mut self.lists.groups) {
            if let Some(same) = here.iter().find(|here| here.name == group.name) {
                self.groups.insert(group.id, same.id);
                self.report.groups.here_already += 1;
                continue;
            }
            let new = PeopleGroup {
                id: GroupId::new(),
                name: group.name,
                people: self.people_here(group.people),
                created_at: group.created_at,
            };
            let id = new.id;
            match self.edge.storage.create_people_group(self.user, new).await {
                Ok(()) => {
                    self.groups.insert(group.id, id);
                    self.report.groups.taken += 1;
                }
                Err(StorageError::LimitReached { .. }) => {
                    self.missing_groups.insert(group.id);
                }
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Those who are here, under the ids that they have here.
    fn people_here(&mut self, people: Vec<UserId>) -> Vec<UserId> {
        let mut here = BTreeSet::new();
        for person in people {
            if self.account == Some(person) {
                here.insert(self.user);
            } else if self.people.contains(&person) {
                here.insert(person);
            } else {
                self.strangers.insert(person);
            }
        }
        here.into_iter().collect()
    }

    /// Whom a twin may tell something here: never more than those it may tell it there.
    fn audience(&mut self, audience: AudienceBody) -> Result<Audience, Problem> {
        Ok(match audience.checked()? {
            Audience::Named { people, groups } => {
                let mut known = BTreeSet::new();
                for group in groups {
                    match self.groups.get(&group) {
                        Some(here) => known.insert(*here),
                        None => self.missing_groups.insert(group),
                    };
                }
                Audience::Named {
                    people: self.people_here(people),
                    groups: known.into_iter().collect(),
                }
            }
            audience => audience,
        })
    }

    /// Keeps the file of a document of the twin that comes.
    async fn store(
        &mut self,
        path: &str,
        twin: TwinId,
        document: DocumentId,
        content: Option<Bytes>,
    ) -> Result<(), Problem> {
        let documents = self.lists.documents.get(&twin);
        let is_listed = documents.is_some_and(|all| all.iter().any(|each| each.id == document));
        if !is_listed || self.files.contains_key(&document) {
            let reason = "it is no document of the export's lists, or one that came before";
            return Err(Problem::invalid(path, reason));
        }
        let bytes_max = self.edge.limits.upload_bytes_max;
        let content = content.filter(|content| content.len() <= bytes_max);
        let stored = match content {
            Some(content) => self.edge.ingest.store(content).await,
            None => {
                self.leave_out(LeftOutKind::DocumentsTooLarge, 1);
                self.files.insert(document, Arrived::LeftOut);
                return Ok(());
            }
        };
        let arrived = match stored {
            Ok(file) => Arrived::Stored(file),
            Err(IngestError::Unreadable(Unreadable::Empty | Unreadable::NotAccepted { .. })) => {
                self.leave_out(LeftOutKind::DocumentsNotAccepted, 1);
                Arrived::LeftOut
            }
            Err(error) => return Err(error.into()),
        };
        self.files.insert(document, arrived);
        Ok(())
    }

    /// Takes a twin in with all that it has.
    async fn take_twin(&mut self, there: TwinId) -> Result<(), Problem> {
        let place = self.lists.twins.iter().position(|twin| twin.id == there);
        // A document is of a twin whose list was read.
        let place = place.ok_or_else(|| Problem::invalid("twins.json", "it lacks a twin"))?;
        let twin = self.lists.twins.remove(place);
        let documents = self.lists.documents.remove(&there).unwrap_or_default();
        let memories = self.lists.memories.remove(&there).unwrap_or_default();
        let twin = self.twin_here(twin);
        let memories = self.memories_here(memories).await?;
        let imported = ImportedTwin {
            documents: self.documents_here(twin.id, documents)?,
            twin,
            there,
            memories,
        };
        let keys: Vec<FileKey> = imported
            .documents
            .iter()
            .map(|each| each.file_key)
            .collect();
        let limits = ImportLimits {
            twins: self.edge.limits.twins_max,
            documents: self.edge.limits.documents_max,
        };
        match self.edge.storage.import_twin(imported, limits).await {
            Ok(taken) => {
                self.edge.ingest.delete_files(&taken.let_go).await;
                self.count(&taken);
                Ok(())
            }
            Err(error) => {
                // Where it is not known what became of the twin, the sweep knows of which files it has none.
                if !error.is_failure() {
                    self.edge.ingest.delete_files(&keys).await;
                }
                Err(error.into())
            }
        }
    }

    fn twin_here(&self, twin: ListedTwin) -> Twin {
        let now = self.edge.clock.now_ms();
        Twin {
            id: TwinId::from_bytes(self.id_here("twin", twin.id.as_bytes(), twin.created_at)),
            owner_id: self.user,
            name: twin.name,
            persona: twin.persona,
            greeting: twin.greeting,
            language: twin.language,
            visibility: twin.visibility.into(),
            created_at: twin.created_at,
            updated_at: twin.updated_at,
            oversight_since: twin.oversight.then_some(now),
        }
    }

    fn documents_here(
        &mut self,
        twin: TwinId,
        documents: Vec<ListedDocument>,
    ) -> Result<Vec<storage::Document>, Problem> {
        let mut here = Vec::with_capacity(documents.len());
        for document in documents {
            let audience = self.audience(document.audience)?;
            match self.files.remove(&document.id) {
                Some(Arrived::Stored(file)) => here.push(file.document(DocumentOf {
                    twin_id: twin,
                    file_name: Some(document.name),
                    created_at: document.created_at,
                    audience,
                })),
                Some(Arrived::LeftOut) => {}
                None => self.leave_out(LeftOutKind::DocumentsWithoutFile, 1),
            }
        }
        Ok(here)
    }

    /// What a twin remembers of the person, each found by what the model here makes of it.
    async fn memories_here(
        &mut self,
        memories: Vec<ListedMemory>,
    ) -> Result<Vec<ImportedMemory>, Problem> {
        let count = memories.len();
        let account = self.account;
        let own = memories.into_iter();
        let own: Vec<ListedMemory> = own.filter(|each| Some(each.about) == account).collect();
        self.leave_out(LeftOutKind::MemoriesOfOthers, count - own.len());
        let places = own.iter().filter(|memory| memory.said_in.is_some()).count();
        self.leave_out(LeftOutKind::Places, places);
        let times: HashMap<MemoryId, i64> =
            own.iter().map(|each| (each.id, each.created_at)).collect();
        let mut vectors = Vec::with_capacity(own.len());
        for batch in own.chunks(IMPORT_EMBED_BATCH) {
            let texts = batch.iter().map(|memory| memory.text.clone()).collect();
            vectors.extend(self.edge.node.embed_document(texts).await?);
        }
        let mut here = Vec::with_capacity(own.len());
        for (memory, vector) in own.into_iter().zip(vectors) {
            let brought = |there: MemoryId, created_at| Brought {
                there,
                here: MemoryId::from_bytes(self.id_here("memory", there.as_bytes(), created_at)),
            };
            let superseded = memory.supersedes.and_then(|superseded| {
                let created_at = times.get(&superseded)?;
                Some(brought(superseded, *created_at))
            });
            here.push(ImportedMemory {
                id: brought(memory.id, memory.created_at),
                kind: memory.kind.into(),
                text: memory.text,
                vector,
                supersedes: superseded,
                created_at: memory.created_at,
                changed_at: memory.changed_at,
                audience: self.audience(memory.audience)?,
            });
        }
        Ok(here)
    }

    /// The id here of what this person brings from there: always the same, and nobody else's. It has the form of UUIDv7 (RFC 9562, 5.7)
    /// and the time of what it names, so that it sorts as the one there does.
    fn id_here(&self, what: &str, there: &[u8; 16], created_at: i64) -> [u8; 16] {
        let mut hash = Sha256::new();
        for part in [
            b"digital-twin import",
            what.as_bytes(),
            self.user.as_bytes(),
            there,
        ] {
            hash.update(part);
            hash.update([0]);
        }
        let hash: [u8; 32] = hash.finalize().into();
        let mut id = [0; 16];
        id[..6].copy_from_slice(&created_at.to_be_bytes()[2..]);
        id[6] = 0x70 | (there[6] & 0x0f);
        id[7] = there[7];
        id[8..].copy_from_slice(&hash[..8]);
        id[8] = 0x80 | (id[8] & 0x3f);
        id
    }

    fn count(&mut self, taken: &TwinTaken) {
        let report = &mut self.report;
        for (counted, tally) in [
            (&mut report.twins, taken.twin),
            (&mut report.documents, taken.documents),
            (&mut report.memories, taken.memories),
        ] {
            let Counted {
                taken,
                here_already,
            } = counted;
            *taken += tally.taken;
            *here_already += tally.here;
        }
        for (what, count) in [
            (LeftOutKind::TwinsOverLimit, taken.twin.no_room),
            (LeftOutKind::DocumentsOverLimit, taken.documents.no_room),
            (LeftOutKind::MemoriesOverLimit, taken.memories.no_room),
        ] {
            self.leave_out(what, count as usize);
        }
    }

    fn leave_out(&mut self, what: LeftOutKind, count: usize) {
        if count > 0 {
            *self.left_out.entry(what).or_default() += count as u64;
        }
    }
}

impl Arrived {
    fn key(&self) -> Option<FileKey> {
        match self {
            Self::Stored(file) => Some(file.key),
            Self::LeftOut => None,
        }
    }
}
