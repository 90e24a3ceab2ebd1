//! The families of decoders that this program knows, by the names that files give them.

/// A family of decoder networks. It tells a loader how to read a file; the forward pass reads [`super::DecoderConfig`] alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Family {
    /// Llama, SmolLM2 and what follows their layout.
    Llama,
    /// Qwen2 and Qwen2.5.
    Qwen2,
    Qwen3,
    /// The text part of Gemma 3.
    Gemma3,
}

impl Family {
    /// The names of all families, for error texts.
    pub(crate) const KNOWN: &str = "llama, qwen2, qwen3, gemma3";

    /// The family of a `model_type` in `config.json`.
    pub(crate) fn from_model_type(model_type: &str) -> Option<Self> {
        match model_type {
            "gemma3_text" => Some(Self::Gemma3),
            other => Self::from_architecture(other),
        }
    }

    /// The family of a `general.architecture` in a GGUF file.
    pub(crate) fn from_architecture(architecture: &str) -> Option<Self> {
        [Self::Llama, Self::Qwen2, Self::Qwen3, Self::Gemma3]
            .into_iter()
            .find(|family| family.name() == architecture)
    }

    /// The name in a GGUF file and in logs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Qwen2 => "qwen2",
            Self::Qwen3 => "qwen3",
            Self::Gemma3 => "gemma3",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_of_a_family_leads_to_it() {
        for name in Family::KNOWN.split(", ") {
            assert_eq!(Family::from_architecture(name).unwrap().name(), name);
            assert_eq!(Family::from_model_type(name).unwrap().name(), name);
        }
        assert_eq!(Family::from_model_type("gemma3_text"), Some(Family::Gemma3));
        assert_eq!(Family::from_architecture("mamba"), None);
    }
}
