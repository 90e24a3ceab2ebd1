//! The tokenizer of a GGUF file: its vocabulary, and the ways of splitting texts that `tokenizer.ggml.pre` names.

use std::path::Path;

use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::normalizers::{NFC, Prepend, Replace, Sequence as Normalizers};
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::pre_tokenizers::split::{Split, SplitPattern};
use tokenizers::{
    AddedToken, NormalizerWrapper, PreTokenizerWrapper, SplitDelimiterBehavior, Tokenizer,
};

use super::{Spelling, TextTokenizer};
use crate::LoadError;

/// A vocabulary as a GGUF file holds it.
pub(crate) struct GgufVocabulary<'a> {
    pub(crate) tokens: Vec<(&'a str, TokenKind)>,
    pub(crate) splitting: Splitting<'a>,
}

/// What a token of a GGUF vocabulary is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TokenKind {
    Normal,
    /// Control: never in a text, never shown.
    Special,
    /// A text of its own that merges do not make.
    Added,
}

/// How texts become tokens.
pub(crate) enum Splitting<'a> {
    /// Byte-level BPE.
    ByteLevel {
        /// Two tokens with a space between them.
        merges: &'a [String],
        /// How a text is split before merging (`tokenizer.ggml.pre`).
        pre_tokenizer: &'a str,
    },
    /// SentencePiece's BPE: what has the higher score merges first, and bytes stand in for characters that are no tokens.
    Pieces {
        /// One a token.
        scores: &'a [f64],
        /// A text begins with a space of its own.
        space_prefix: bool,
    },
}

/// The names in `tokenizer.ggml.pre` that are known, for error texts.
const KNOWN: &str = r#""default", "gpt-2", "smollm", "llama-bpe", "qwen2""#;
/// Llama 3 takes up to three digits at once.
const LLAMA_3: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// Qwen takes digits one by one.
const QWEN_2: &str = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
/// What llama.cpp does, one after the other, where a file does not say it.
const DEFAULT: [&str; 4] = [
    r"[\p{P}\$\+<=>\^~\|]+",
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
    r"\p{N}+",
    r"[0-9][0-9][0-9]",
];

impl TextTokenizer {
    /// Builds the tokenizer of a GGUF file.
    pub(crate) fn from_gguf(
        path: &Path,
        vocabulary: &GgufVocabulary<'_>,
    ) -> Result<Self, LoadError> {
        let malformed = |reason: String| LoadError::malformed(path, reason);
        let ids: Vocab = (0..)
            .zip(&vocabulary.tokens)
            .map(|(id, (token, _))| ((*token).to_owned(), id))
            .collect();
        if ids.len() != vocabulary.tokens.len() {
            return Err(malformed("its vocabulary holds a token twice".into()));
        }
        let (mut tokenizer, spelling) = match &vocabulary.splitting {
            Splitting::ByteLevel {
                merges,
                pre_tokenizer,
            } => {
                let merges = split_merges(merges).map_err(malformed)?;
                let known = byte_level(pre_tokenizer).ok_or_else(|| {
                    let reason = format!(
                        "its texts are split in the way {pre_tokenizer:?}; known here: {KNOWN}"
                    );
                    LoadError::unsupported(path, reason)
                })?;
                let tokenizer = known.tokenizer(ids, merges).map_err(malformed)?;
                (tokenizer, Spelling::ByteLevel)
            }
            Splitting::Pieces {
                scores,
                space_prefix,
            } => {
                let merges = merges_by_score(&vocabulary.tokens, scores, &ids);
                let tokenizer = pieces(ids, merges, *space_prefix).map_err(malformed)?;
                (tokenizer, Spelling::ByteFallback)
            }
        };
        let of_kind = |wanted: TokenKind| {
            let tokens = vocabulary.tokens.iter();
            let tokens = tokens.filter(move |(_, kind)| *kind == wanted);
            tokens.map(move |(token, _)| {
                AddedToken::from(*token, wanted == TokenKind::Special).normalized(false)
            })
        };
        // All at once: each call builds its automaton anew, and Gemma has thousands.
        tokenizer.add_special_tokens(&of_kind(TokenKind::Special).collect::<Vec<_>>());
        tokenizer.add_tokens(&of_kind(TokenKind::Added).collect::<Vec<_>>());
        Self::new(tokenizer, spelling).map_err(malformed)
    }
}

/// A way of byte-level BPE.
struct ByteLevelBpe {
    splits: PreTokenizerWrapper,
    /// Texts are composed first.
    composed: bool,
    /// What is a token as a whole needs no merges.
    ignore_merges: bool,
}

impl ByteLevelBpe {
    fn tokenizer(self, ids: Vocab, merges: Merges) -> Result<Tokenizer, String> {
        let bpe = BPE::builder()
            .vocab_and_merges(ids, merges)
            .ignore_merges(self.ignore_merges)
            .build();
        let mut tokenizer = Tokenizer::new(bpe.map_err(|error| format!("its merges: {error}"))?);
        tokenizer.with_pre_tokenizer(Some(self.splits));
        tokenizer.with_normalizer(self.composed.then_some(NFC));
        Ok(tokenizer)
    }
}

fn byte_level(name: &str) -> Option<ByteLevelBpe> {
    let gpt2 = ByteLevel::new(false, false, true);
    let plain = |splits: PreTokenizerWrapper| ByteLevelBpe {
        splits,
        composed: false,
        ignore_merges: false,
    };
    Some(match name {
        "gpt-2" => plain(gpt2.into()),
        // Every digit stands alone, then GPT-2's pattern.
        "smollm" => plain(Sequence::new(vec![Digits::new(true).into(), gpt2.into()]).into()),
        "llama-bpe" | "llama3" | "llama-v3" => ByteLevelBpe {
            ignore_merges: true,
            ..plain(by_patterns(&[LLAMA_3])?)
        },
        "qwen2" | "deepseek-r1-qwen" => ByteLevelBpe {
            composed: true,
            ..plain(by_patterns(&[QWEN_2])?)
        },
        "default" => plain(by_patterns(&DEFAULT)?),
        _ => return None,
    })
}

/// Splits by one pattern after the other, then spells the bytes.
fn by_patterns(patterns: &[&str]) -> Option<PreTokenizerWrapper> {
    let mut steps: Vec<PreTokenizerWrapper> = Vec::new();
    for pattern in patterns {
        let pattern = SplitPattern::Regex((*pattern).to_owned());
        let split = Split::new(pattern, SplitDelimiterBehavior::Isolated, false);
        steps.push(split.ok()?.into());
    }
    steps.push(ByteLevel::new(false, false, false).into());
    Some(Sequence::new(steps).into())
}

fn split_merges(merges: &[String]) -> Result<Merges, String> {
    let pairs = merges.iter().map(|merge| {
        let pair = merge.split_once(' ');
        pair.map(|(left, right)| (left.to_owned(), right.to_owned()))
    });
    let pairs: Option<Merges> = pairs.collect();
    pairs.ok_or_else(|| "one of its merges is not two tokens".into())
}

fn pieces(ids: Vocab, merges: Merges, space_prefix: bool) -> Result<Tokenizer, String> {
    const UNKNOWN: &str = "<unk>";
    let mut builder = BPE::builder().byte_fallback(true).fuse_unk(true);
    if ids.contains_key(UNKNOWN) {
        builder = builder.unk_token(UNKNOWN.into());
    }
    let bpe = builder.vocab_and_merges(ids, merges).build();
    let mut tokenizer = Tokenizer::new(bpe.map_err(|error| format!("its pieces: {error}"))?);
    let mut steps: Vec<NormalizerWrapper> = Vec::new();
    if space_prefix {
        steps.push(Prepend::new("▁".into()).into());
    }
    let spaces = Replace::new(" ", "▁").map_err(|error| error.to_string())?;
    steps.push(spaces.into());
    tokenizer.with_normalizer(Some(Normalizers::new(steps)));
    Ok(tokenizer)
}

/// The merges that make the pieces, in the order of transformers' `generate_merges`.
fn merges_by_score(tokens: &[(&str, TokenKind)], scores: &[f64], ids: &Vocab) -> Merges {
    struct Merge<'a> {
        left: &'a str,
        right: &'a str,
        score: f64,
    }
    let mut merges: Vec<Merge<'_>> = Vec::new();
    for ((token, kind), score) in tokens.iter().zip(scores) {
        if *kind == TokenKind::Special {
            continue;
        }
        let first = merges.len();
        for (at, _) in token.char_indices().skip(1) {
            let (left, right) = token.split_at(at);
            if ids.contains_key(left) && ids.contains_key(right) {
                let score = *score;
                merges.push(Merge { left, right, score });
            }
        }
        merges[first..].sort_by_key(|merge| (ids[merge.left], ids[merge.right]));
    }
    let length = |text: &str| text.chars().count();
    merges.sort_by(|a, b| {
        b.score
            .total_cmp(&a.score)
            .then_with(|| length(b.left).cmp(&length(a.left)))
            .then_with(|| length(b.right).cmp(&length(a.right)))
    });
    merges
        .iter()
        .map(|merge| (merge.left.to_owned(), merge.right.to_owned()))
        .collect()
}
