//! All that a forward pass has to know of a decoder network, whatever family and file it came from.

use tch::Kind;

use super::rope::Rope;

/// The sizes of a decoder and every point at which the families differ, checked against each other.
///
/// A layer computes, with RMS norms throughout:
///
/// ```text
/// x += post(attention_out(attention(qkv(norm(x)))))      post: only with `post_norms`
/// x += post(down(activation(gate(n)) * up(n)))           n = norm(x)
/// ```
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DecoderConfig {
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
    /// The longest context that the model was made for.
    pub(crate) context_tokens: usize,
    /// Added to the mean square in every norm. The loaders give norm weights as plain factors, whatever the file has.
    pub(crate) norm_epsilon: f64,
    pub(crate) activation: Activation,
    /// Queries, keys and values have a bias.
    pub(crate) qkv_bias: bool,
    /// Each query and key head is normalised before it is turned, all heads of a layer with the same weights.
    pub(crate) qk_norm: bool,
    /// The results of attention and feed-forward are normalised before they are added to the residual stream.
    pub(crate) post_norms: bool,
    /// What embeddings are multiplied with.
    pub(crate) embedding_scale: f64,
    /// What the products of queries and keys are multiplied with.
    pub(crate) attention_scale: f64,
    /// Logits become `cap * tanh(logits / cap)`.
    pub(crate) logit_softcap: Option<f64>,
    /// The rotary embedding of the layers that see the whole context.
    pub(crate) rope: Rope,
    /// What the layers have that see only the last tokens; none if all see the whole context.
    pub(crate) sliding: Option<Sliding>,
    /// The output layer is the token embedding.
    pub(crate) tied_head: bool,
}

/// Layers that see only the last tokens.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sliding {
    /// How many tokens such a layer sees, the token itself among them.
    pub(crate) window_tokens: usize,
    pub(crate) rope: Rope,
    /// Which layers they are: one value a layer.
    pub(crate) layers: Vec<bool>,
}

/// What the gate of the feed-forward network goes through.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Activation {
    Silu,
    /// GELU by its approximation with tanh.
    GeluTanh,
}

impl DecoderConfig {
    /// How many of the last tokens a layer sees, the token itself among them; `None` sees all.
    pub(crate) fn window_tokens(&self, layer: usize) -> Option<usize> {
        let sliding = self.sliding.as_ref()?;
        sliding.layers[layer].then_some(sliding.window_tokens)
    }

    /// Bytes that the keys and values of `block_tokens` tokens take in all layers.
    pub(crate) fn block_bytes(&self, block_tokens: usize, kind: Kind) -> usize {
        let numbers = 2 * self.layers * self.kv_heads * self.head_width * block_tokens;
        numbers * kind.elt_size_in_bytes()
    }

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
        if !(self.norm_epsilon > 0.0 && self.norm_epsilon < 1.0) {
            return Err(format!(
                "its norm epsilon {} is not between 0 and 1",
                self.norm_epsilon
            ));
        }
        let factors = [
            ("embedding scale", self.embedding_scale),
            ("attention scale", self.attention_scale),
            ("bound of logits", self.logit_softcap.unwrap_or(1.0)),
        ];
        for (what, factor) in factors {
            if !(factor.is_finite() && factor > 0.0) {
                return Err(format!("its {what} {factor} is not above 0"));
            }
        }
        self.rope.check(self.head_width)?;
        self.sliding
            .as_ref()
            .map_or(Ok(()), |sliding| self.check_sliding(sliding))
    }

    fn check_sliding(&self, sliding: &Sliding) -> Result<(), String> {
        if sliding.window_tokens == 0 {
            return Err("its sliding layers see no token".into());
        }
        if sliding.layers.len() != self.layers {
            return Err(format!(
                "it says of {} layers what they see, but has {}",
                sliding.layers.len(),
                self.layers
            ));
        }
        sliding.rope.check(self.head_width)
    }
}

#[cfg(test)]
mod tests;
