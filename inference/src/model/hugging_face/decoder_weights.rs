//! The tensors of a decoder in a Hugging Face directory, by our names.

use std::path::Path;

use tch::{Kind, Tensor};

use crate::LoadError;
use crate::model::safetensors_files::SafetensorsFiles;
use crate::model::weight_names::{hugging_face_name, is_norm};
use crate::model::{Family, Weights};

/// What stands before `embed_tokens`, in the layouts of text models and of models that see too.
const PREFIXES: [&str; 3] = ["model.", "language_model.model.", "model.language_model."];
/// The parts of models that see, which no text needs.
const SIGHT: [&str; 4] = [
    "vision_tower.",
    "multi_modal_projector.",
    "model.vision_tower.",
    "model.multi_modal_projector.",
];

/// The tensors of a decoder in safetensors files.
pub(super) struct DecoderWeights {
    files: SafetensorsFiles,
    family: Family,
    prefix: &'static str,
    tied_head: bool,
}

impl DecoderWeights {
    /// The decoder in these files; with `tied_head` a head that was saved nevertheless may stay unread.
    pub(super) fn new(files: SafetensorsFiles, family: Family, tied_head: bool) -> Self {
        let has_embedding =
            |prefix: &&&str| files.contains(&format!("{prefix}embed_tokens.weight"));
        Self {
            prefix: PREFIXES.iter().find(has_embedding).unwrap_or(&PREFIXES[0]),
            files,
            family,
            tied_head,
        }
    }

    fn name(&self, name: &str) -> String {
        let theirs = hugging_face_name(name, self.family);
        match (name, self.prefix) {
            ("head.weight", "language_model.model.") => format!("language_model.{theirs}"),
            ("head.weight", _) => theirs,
            (_, prefix) => format!("{prefix}{theirs}"),
        }
    }
}

impl Weights for DecoderWeights {
    fn read(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, LoadError> {
        let tensor = self.files.read(&self.name(name), shape)?;
        if self.family == Family::Gemma3 && is_norm(name) {
            // Gemma saves how far its factors are from one.
            let plain = tensor
                .f_to_kind(Kind::Float)
                .and_then(|tensor| tensor.f_add_scalar(1.0));
            return plain.map_err(|error| LoadError::torch(self.files.path(), &error));
        }
        Ok(tensor)
    }

    fn unread(&self) -> Vec<&str> {
        let head = self.name("head.weight");
        let needless = |name: &str| {
            (self.tied_head && name == head)
                || (self.family == Family::Gemma3
                    && SIGHT.iter().any(|part| name.starts_with(part)))
        };
        let unread = self.files.unread().into_iter();
        unread.filter(|name| !needless(name)).collect()
    }

    fn path(&self) -> &Path {
        self.files.path()
    }
}
