//! Jobs: work that goes on after its request was answered, and how far it is.

use serde::{Deserialize, Serialize};

use crate::{DocumentId, Failure, TwinId};

/// How far the reading of a document is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct Job {
    /// The twin that is to know the document.
    pub twin_id: TwinId,
    /// The document.
    pub document_id: DocumentId,
    /// Whether it goes on.
    pub state: JobState,
    /// What is done now, or was done last.
    pub step: JobStep,
    /// How many pieces of the document this step has done.
    pub done: u64,
    /// How many there are; 0 while that is not known.
    pub total: u64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<Failure>,
}

/// Whether a job goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobState {
    /// It goes on.
    Processing,
    /// It is done.
    Ready,
    /// It cannot be done.
    Failed,
}

/// What is done of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum JobStep {
    /// The file is read.
    Extracting,
    /// Its text is cut into pieces.
    Chunking,
    /// The pieces are turned into vectors.
    Embedding,
}
