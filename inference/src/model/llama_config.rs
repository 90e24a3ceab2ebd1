//! The sizes of a network of the Llama family, checked against each other.

/// The sizes of a network of the Llama family.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LlamaConfig {
    pub(crate) layers: usize,
    /// The width of the residual stream.
    pub(crate) hidden: usize,
    /// Query heads.
    pub(crate) heads: usize,
    /// Key and value heads, each shared by `heads / kv_heads` query heads.
    pub(crate) kv_heads: usize,
    pub(crate) head_width: usize,
    /// The inner width of the feed-forward network.
    pub(crate) feed_forward: usize,
    pub(crate) vocabulary: usize,
    pub(crate) context_tokens: usize,
    /// The base of the rotary embedding's frequencies.
    pub(crate) rope_base: f64,
    pub(crate) norm_epsilon: f64,
    /// The output layer is the token embedding.
    pub(crate) tied_head: bool,
}

impl LlamaConfig {
    /// Refuses sizes that contradict each other or that no real model has, so that later arithmetic cannot overflow.
    pub(crate) fn check(&self) -> Result<(), String> {
        let sizes = [
            ("layers", self.layers, 1024),
            ("hidden width", self.hidden, 1 << 16),
            ("heads", self.heads, 1024),
            ("key-value heads", self.kv_heads, 1024),
            ("head width", self.head_width, 1024),
            ("feed-forward width", self.feed_forward, 1 << 20),
            ("vocabulary", self.vocabulary, 1 << 21),
            ("context", self.context_tokens, 1 << 24),
        ];
        for (what, size, limit) in sizes {
            if !(1..=limit).contains(&size) {
                return Err(format!(
                    "the number {size} for its {what} is not between 1 and {limit}"
                ));
            }
        }
        if !self.heads.is_multiple_of(self.kv_heads) {
            return Err(format!(
                "its {} heads cannot share {} key-value heads evenly",
                self.heads, self.kv_heads
            ));
        }
        if !self.head_width.is_multiple_of(2) {
            return Err(format!(
                "its head width {} is odd, rotary embeddings need pairs",
                self.head_width
            ));
        }
        if !(self.rope_base.is_finite() && self.rope_base > 1.0) {
            return Err(format!("its rotary base {} is not above 1", self.rope_base));
        }
        if !(self.norm_epsilon > 0.0 && self.norm_epsilon < 1.0) {
            return Err(format!(
                "its norm epsilon {} is not between 0 and 1",
                self.norm_epsilon
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> LlamaConfig {
        LlamaConfig {
            layers: 2,
            hidden: 32,
            heads: 4,
            kv_heads: 2,
            head_width: 8,
            feed_forward: 64,
            vocabulary: 300,
            context_tokens: 128,
            rope_base: 10_000.0,
            norm_epsilon: 1e-5,
            tied_head: true,
        }
    }

    #[test]
    fn sizes_that_fit_together_are_accepted() {
        assert_eq!(config().check(), Ok(()));
    }

    #[test]
    fn sizes_that_contradict_each_other_are_refused_in_words() {
        let cases = [
            (
                LlamaConfig {
                    layers: 0,
                    ..config()
                },
                "the number 0 for its layers is not between 1 and 1024",
            ),
            (
                LlamaConfig {
                    kv_heads: 3,
                    ..config()
                },
                "its 4 heads cannot share 3 key-value heads evenly",
            ),
            (
                LlamaConfig {
                    head_width: 7,
                    ..config()
                },
                "its head width 7 is odd, rotary embeddings need pairs",
            ),
            (
                LlamaConfig {
                    rope_base: f64::NAN,
                    ..config()
                },
                "its rotary base NaN is not above 1",
            ),
            (
                LlamaConfig {
                    norm_epsilon: 0.0,
                    ..config()
                },
                "its norm epsilon 0 is not between 0 and 1",
            ),
        ];
        for (config, reason) in cases {
            assert_eq!(config.check(), Err(reason.to_owned()));
        }
    }
}
