//! Where tests find the models and the fixtures that other people's code made.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{ChatMessage, Role};

/// A message as the fixtures spell it.
#[derive(Deserialize)]
pub(crate) struct Message {
    role: String,
    pub(crate) content: String,
}

impl Message {
    pub(crate) fn role(&self) -> Role {
        [Role::System, Role::User, Role::Assistant]
            .into_iter()
            .find(|role| role.as_str() == self.role)
            .expect("fixtures use the three roles")
    }

    pub(crate) fn to_chat(&self) -> ChatMessage {
        ChatMessage::new(self.role(), self.content.as_str())
    }
}

/// Some logits of one row, as another implementation computed them.
#[derive(Deserialize)]
pub(crate) struct Logits {
    ids: Vec<usize>,
    logits: Vec<f32>,
}

/// A small random network, and what transformers makes of it.
#[derive(Deserialize)]
pub(crate) struct Network {
    pub(crate) name: String,
    /// The tokens that end a turn.
    pub(crate) ends: Vec<u32>,
    pub(crate) references: Vec<Reference>,
}

#[derive(Deserialize)]
pub(crate) struct Reference {
    pub(crate) prompt: Vec<u32>,
    /// Greedy tokens.
    pub(crate) tokens: Vec<u32>,
    /// Logits behind the prompt.
    pub(crate) first: Logits,
    /// Logits that chose the last token.
    pub(crate) last: Logits,
}

/// A network of each family, as a directory and as a quantised file.
pub(crate) fn families() -> Vec<Network> {
    read("families.json")
}

impl Logits {
    pub(crate) fn greatest_difference(&self, ours: &[f32]) -> f32 {
        let pairs = self.ids.iter().zip(&self.logits);
        pairs
            .map(|(id, theirs)| (ours[*id] - theirs).abs())
            .fold(0.0, f32::max)
    }
}

/// A model of the cache that `make setup` fills.
pub(crate) fn cached_model(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../.cache/models")
        .join(name);
    assert!(
        path.exists(),
        "{} is missing: run `make setup`",
        path.display()
    );
    path
}

/// A file or directory beside `make_fixtures.py`.
pub(crate) fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fixtures")
        .join(name)
}

/// The entries of a fixture.
pub(crate) fn read<T: DeserializeOwned>(name: &str) -> Vec<T> {
    let text = std::fs::read_to_string(path(name)).expect("fixtures are part of the repository");
    serde_json::from_str(&text).expect("make_fixtures.py writes what the test reads")
}

/// A copy of a fixture's directory that a test may spoil; folders in it are copied too.
pub(crate) fn copy(name: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    copy_into(&path(name), folder.path());
    folder
}

fn copy_into(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).expect("fixtures are part of the repository") {
        let entry = entry.expect("the folder can be read");
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir(&target).expect("the copy can be written");
            copy_into(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the copy can be written");
        }
    }
}

/// A JSON file as it is.
pub(crate) fn read_json(path: &Path) -> serde_json::Value {
    let text = std::fs::read_to_string(path).expect("the file can be read");
    serde_json::from_str(&text).expect("the file is JSON")
}
