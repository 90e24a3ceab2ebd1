//! Counts tokens on any thread, so that a prompt can be built to fit while the engine is busy.

/// Counts as one engine counts; cheap to clone.
#[derive(Debug, Clone)]
pub struct TokenCounter(Counting);

#[derive(Debug, Clone)]
enum Counting {
    Words,
}

impl TokenCounter {
    /// The counter of the scripted engine: words between white space.
    pub fn words() -> Self {
        Self(Counting::Words)
    }

    /// How many tokens a text has when it stands alone in a message.
    pub fn count(&self, text: &str) -> usize {
        match &self.0 {
            Counting::Words => text.split_whitespace().count(),
        }
    }
}
