//! The seam between those who compare texts by meaning and those who can turn a text into a vector.

use crate::{EngineError, TokenCounter};

/// What a text is for: some models want another prefix, or instruction, before each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TextForm {
    /// Something that is looked for: a question.
    Query,
    /// Something that is to be found: a piece of a document.
    Passage,
    /// Neither, or not known: with the model's default prefix, if it has one.
    Plain,
}

/// Turns texts into vectors of length 1 whose dot product says how alike the texts are.
pub trait Embedder: Send {
    /// The name of the model; vectors of different models must not be compared.
    fn name(&self) -> &str;

    /// How many numbers a vector has.
    fn dimensions(&self) -> usize;

    /// A counter that other threads may use while this embedder is busy.
    fn token_counter(&self) -> TokenCounter;

    /// One L2-normalised vector per text, in the order of the texts; what does not fit the model's length is cut off.
    ///
    /// # Errors
    /// [`EngineError::Tokenizer`], [`EngineError::UnknownToken`] and [`EngineError::Torch`].
    fn embed_as(&mut self, form: TextForm, texts: &[&str]) -> Result<Vec<Vec<f32>>, EngineError>;

    /// The vectors of texts of which nothing is known: [`TextForm::Plain`].
    ///
    /// # Errors
    /// See [`Embedder::embed_as`].
    fn embed(&mut self, texts: &[&str]) -> Result<Vec<Vec<f32>>, EngineError> {
        self.embed_as(TextForm::Plain, texts)
    }
}

/// Questions of which no one is about what any of [`UNRELATED_PASSAGES`] says; no word stands in both, so that only the model's own
/// habit makes them alike.
const UNRELATED_QUESTIONS: [&str; 4] = [
    "Where did grandmother learn knitting?",
    "How fast can cheetahs run?",
    "Which printer supports duplex paper?",
    "When does tonight's concert begin?",
];

const UNRELATED_PASSAGES: [&str; 4] = [
    "Copper conducts electricity better than iron.",
    "We baked sourdough bread every Sunday.",
    "A glacier carved this valley long ago.",
    "Taxes must be paid by March.",
];

/// The cosine that a model gives to texts that have nothing to do with each other, 0 at least: some models use a narrow cone of
/// directions, such as those of the e5 family, which give them 0.7 to 0.8.
///
/// # Errors
/// See [`Embedder::embed_as`].
pub fn unrelated_cosine(embedder: &mut dyn Embedder) -> Result<f32, EngineError> {
    let questions = embedder.embed_as(TextForm::Query, &UNRELATED_QUESTIONS)?;
    let passages = embedder.embed_as(TextForm::Passage, &UNRELATED_PASSAGES)?;
    let pairs = questions
        .iter()
        .flat_map(|question| passages.iter().map(move |passage| (question, passage)));
    let cosines = pairs.map(|(question, passage)| {
        let numbers = question.iter().zip(passage);
        numbers.map(|(left, right)| left * right).sum::<f32>()
    });
    let count = (questions.len() * passages.len()) as f32;
    Ok((cosines.sum::<f32>() / count).max(0.0))
}

/// The explicit stand-in for tests: a hashed bag of words, deterministic on every machine.
///
/// Words are maximal runs of letters and digits in lower case; each adds 1 to the place that its FNV-1a hash names. So texts
/// that share words are alike, and a text without words has its whole length in place 0. The form of a text changes nothing.
#[derive(Debug, Clone)]
pub struct HashedEmbedder {
    dimensions: usize,
}

impl HashedEmbedder {
    /// An embedder of the given width, which must not be 0.
    pub fn new(dimensions: usize) -> Self {
        assert!(dimensions > 0, "a vector has at least one number");
        Self { dimensions }
    }

    fn embed_one(&self, text: &str) -> Vec<f32> {
        let mut vector = vec![0.0; self.dimensions];
        let lower = text.to_lowercase();
        for word in lower
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
        {
            let place = fnv1a(word.as_bytes()) % self.dimensions as u64;
            vector[place as usize] += 1.0;
        }
        let length = vector.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length == 0.0 {
            vector[0] = 1.0;
        } else {
            vector.iter_mut().for_each(|x| *x /= length);
        }
        vector
    }
}

impl Default for HashedEmbedder {
    /// As wide as the default model, so that the two fit the same columns.
    fn default() -> Self {
        Self::new(384)
    }
}

impl Embedder for HashedEmbedder {
    fn name(&self) -> &str {
        "hashed-words"
    }

    fn dimensions(&self) -> usize {
        self.dimensions
    }

    fn token_counter(&self) -> TokenCounter {
        TokenCounter::words()
    }

    fn embed_as(&mut self, _: TextForm, texts: &[&str]) -> Result<Vec<Vec<f32>>, EngineError> {
        Ok(texts.iter().map(|text| self.embed_one(text)).collect())
    }
}

/// The 64-bit FNV-1a hash (Fowler, Noll, Vo): stable across machines and releases, unlike the standard library's.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dot(a: &[f32], b: &[f32]) -> f32 {
        a.iter().zip(b).map(|(x, y)| x * y).sum()
    }

    #[test]
    fn the_hash_is_the_published_one() {
        assert_eq!(
            [fnv1a(b""), fnv1a(b"a"), fnv1a(b"foobar")],
            [0xcbf29ce484222325, 0xaf63dc4c8601ec8c, 0x85944171f73967e8]
        );
    }

    #[test]
    fn texts_that_share_words_are_more_alike_than_texts_that_share_none() {
        let vectors = HashedEmbedder::default()
            .embed(&[
                "Where is the spare key?",
                "The spare key hangs here",
                "Rain tomorrow, perhaps snow",
            ])
            .unwrap();
        assert!(dot(&vectors[0], &vectors[1]) > dot(&vectors[0], &vectors[2]));
    }

    #[test]
    fn unrelated_texts_share_no_word() {
        let unrelated = unrelated_cosine(&mut HashedEmbedder::new(1 << 20)).unwrap();
        assert_eq!(unrelated, 0.0);
    }

    #[test]
    fn every_vector_has_length_one_even_of_a_text_without_words() {
        for vector in HashedEmbedder::new(16)
            .embed(&["a b c", "", "?!", "日本語 текст"])
            .unwrap()
        {
            assert!((dot(&vector, &vector) - 1.0).abs() < 1e-6);
        }
    }
}
