//! Which sizes fit together.

use super::*;

fn config() -> DecoderConfig {
    DecoderConfig {
        layers: 2,
        hidden: 32,
        heads: 4,
        kv_heads: 2,
        head_width: 8,
        feed_forward: 64,
        vocabulary: 300,
        context_tokens: 128,
        norm_epsilon: 1e-5,
        activation: Activation::Silu,
        qkv_bias: false,
        qk_norm: false,
        post_norms: false,
        embedding_scale: 1.0,
        attention_scale: 0.3,
        logit_softcap: None,
        rope: Rope::plain(10_000.0),
        sliding: None,
        tied_head: true,
    }
}

fn sliding() -> Sliding {
    Sliding {
        window_tokens: 4,
        rope: Rope::plain(100.0),
        layers: vec![true, false],
    }
}

#[test]
fn sizes_that_fit_together_are_accepted() {
    assert_eq!(config().check(), Ok(()));
    let config = DecoderConfig {
        sliding: Some(sliding()),
        ..config()
    };
    assert_eq!(config.check(), Ok(()));
}

#[test]
fn a_layer_has_the_window_of_its_kind() {
    let config = DecoderConfig {
        sliding: Some(sliding()),
        ..config()
    };
    assert_eq!(
        [0, 1].map(|layer| config.window_tokens(layer)),
        [Some(4), None]
    );
}

#[test]
fn sizes_that_contradict_each_other_are_refused_in_words() {
    type Spoil = fn(&mut DecoderConfig);
    let cases: [(Spoil, &str); 9] = [
        (
            |c| c.layers = 0,
            "the number 0 for its layers is not between 1 and 1024",
        ),
        (
            |c| c.kv_heads = 3,
            "its 4 heads cannot share 3 key-value heads evenly",
        ),
        (
            |c| c.head_width = 7,
            "its head width 7 is odd, rotary embeddings need pairs",
        ),
        (
            |c| c.rope = Rope::plain(f64::NAN),
            "its rotary base NaN is not above 1",
        ),
        (
            |c| c.norm_epsilon = 0.0,
            "its norm epsilon 0 is not between 0 and 1",
        ),
        (
            |c| c.attention_scale = f64::INFINITY,
            "its attention scale inf is not above 0",
        ),
        (
            |c| c.logit_softcap = Some(-1.0),
            "its bound of logits -1 is not above 0",
        ),
        (
            |c| {
                c.sliding = Some(Sliding {
                    window_tokens: 0,
                    ..sliding()
                })
            },
            "its sliding layers see no token",
        ),
        (
            |c| {
                c.sliding = Some(Sliding {
                    layers: vec![true],
                    ..sliding()
                })
            },
            "it says of 1 layers what they see, but has 2",
        ),
    ];
    for (spoil, reason) in cases {
        let mut config = config();
        spoil(&mut config);
        assert_eq!(config.check(), Err(reason.to_owned()));
    }
}
