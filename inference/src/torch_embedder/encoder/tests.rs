//! The fused forward pass against the plain one in f32: both families, texts of one token to as many as the network takes, ragged
//! batches.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use super::*;
use crate::model::hugging_face::read_json;
use crate::model::safetensors_files::SafetensorsFiles;
use crate::{Dtype, fixtures};

/// The greatest difference of a number of a vector, both in f32; measured 3.3e-7.
const NUMBER_TOLERANCE_F32: f32 = 5e-6;
/// The least cosine in bf16 on the small networks, whose weights are random and large; measured 0.99993.
const COSINE_MIN_SMALL_BF16: f64 = 0.999;
/// The least cosine in bf16 on the default model; measured 0.99995.
const COSINE_MIN_BF16: f64 = 0.9995;

struct Network {
    path: PathBuf,
    config: BertConfig,
}

impl Network {
    fn small() -> [Self; 2] {
        ["tiny-bert", "tiny-xlm-roberta"].map(|name| Self::open(&fixtures::path(name)))
    }

    fn minilm() -> Self {
        Self::open(&fixtures::cached_model("all-minilm-l6-v2"))
    }

    fn open(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            config: read_json(&path.join("config.json")).unwrap(),
        }
    }

    fn load(&self, dtype: Dtype, fused: bool, threads: usize) -> Encoder {
        let options = EngineOptions {
            dtype,
            fused,
            threads: NonZeroUsize::new(threads),
            ..EngineOptions::default()
        };
        let mut files = SafetensorsFiles::open(&self.path).unwrap();
        Encoder::load(&self.config, &mut files, &options).unwrap()
    }

    /// The fused forward pass, if this processor has one.
    fn fused(&self, dtype: Dtype, threads: usize) -> Option<Encoder> {
        let encoder = self.load(dtype, true, threads);
        if matches!(encoder, Encoder::Fused(_)) {
            return Some(encoder);
        }
        assert!(Avx512Bf16::detect().is_none(), "{:?}", self.path);
        println!("not tried: this processor has no AVX-512 BF16");
        None
    }

    /// A text of so many tokens, in no order.
    fn text(&self, len: usize, salt: usize) -> Vec<u32> {
        let vocabulary = self.config.vocabulary();
        let token = |index: usize| (index * 7_919 + salt * 104_729 + 3) % vocabulary;
        (0..len).map(|index| token(index) as u32).collect()
    }

    /// Texts of one token up to as many as the network has positions, short ones and long ones by turns.
    fn texts(&self) -> Vec<Vec<u32>> {
        let longest = self.config.positions();
        let lengths = [
            1,
            longest,
            2,
            16,
            15,
            longest - 1,
            17,
            1,
            12,
            13,
            33,
            longest / 2,
            25,
        ];
        let numbered = lengths.into_iter().enumerate();
        numbered.map(|(salt, len)| self.text(len, salt)).collect()
    }
}

fn vectors(encoder: &mut Encoder, texts: &[Vec<u32>], pooling: Pooling) -> Vec<Vec<f32>> {
    let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    let vectors = encoder.vectors(&texts, pooling).unwrap();
    assert_eq!(vectors.len(), texts.len());
    vectors
}

/// The least cosine and the greatest difference of a number.
fn compare(ours: &[Vec<f32>], theirs: &[Vec<f32>]) -> (f64, f32) {
    let (mut cosine, mut difference) = (1.0_f64, 0.0_f32);
    for (a, b) in ours.iter().zip(theirs) {
        let products = a.iter().zip(b).map(|(a, b)| f64::from(*a) * f64::from(*b));
        cosine = cosine.min(products.sum());
        let differences = a.iter().zip(b).map(|(a, b)| (a - b).abs());
        difference = differences.fold(difference, f32::max);
    }
    (cosine, difference)
}

#[test]
fn vectors_are_those_of_the_plain_forward_for_texts_of_any_length() {
    let minilm = Network::minilm();
    let small = Network::small();
    for network in small.iter().chain([&minilm]) {
        let texts = network.texts();
        let mut plain = network.load(Dtype::F32, false, 1);
        assert_eq!(plain.name(), "plain f32");
        let (Some(mut single), Some(mut half)) =
            (network.fused(Dtype::F32, 2), network.fused(Dtype::Bf16, 2))
        else {
            return;
        };
        let is_small = network.config.hidden() < 100;
        let cosine_min = if is_small {
            COSINE_MIN_SMALL_BF16
        } else {
            COSINE_MIN_BF16
        };
        for pooling in [Pooling::Mean, Pooling::FirstToken] {
            let exact = vectors(&mut plain, &texts, pooling);
            let (_, difference) = compare(&vectors(&mut single, &texts, pooling), &exact);
            let (cosine, _) = compare(&vectors(&mut half, &texts, pooling), &exact);
            println!(
                "{:?} {pooling:?}: f32 {difference:e}, bf16 {cosine}",
                network.path
            );
            assert!(
                difference <= NUMBER_TOLERANCE_F32,
                "a number differs by {difference}"
            );
            assert!(cosine >= cosine_min, "a cosine in bf16 is {cosine}");
        }
    }
}

#[test]
fn a_vector_is_bit_for_bit_the_same_in_any_batch_and_with_any_number_of_threads() {
    let minilm = Network::minilm();
    let small = Network::small();
    for network in small.iter().chain([&minilm]) {
        for dtype in [Dtype::F32, Dtype::Bf16] {
            let (Some(mut one), Some(mut three)) =
                (network.fused(dtype, 1), network.fused(dtype, 3))
            else {
                return;
            };
            let texts = network.texts();
            let alone: Vec<Vec<f32>> = texts
                .iter()
                .flat_map(|text| vectors(&mut one, std::slice::from_ref(text), Pooling::Mean))
                .collect();
            for batch in 0..20 {
                // Some of them, in an order of their own.
                let chosen: Vec<usize> = (0..texts.len())
                    .map(|place| (place * (batch % 12 + 1) + batch) % texts.len())
                    .take(1 + batch * 5 % texts.len())
                    .collect();
                let together: Vec<Vec<u32>> =
                    chosen.iter().map(|text| texts[*text].clone()).collect();
                let expected: Vec<Vec<f32>> =
                    chosen.iter().map(|text| alone[*text].clone()).collect();
                assert!(
                    vectors(&mut three, &together, Pooling::Mean) == expected,
                    "{:?} {dtype:?}: batch {chosen:?}",
                    network.path
                );
            }
        }
    }
}

#[test]
fn texts_are_batched_by_their_tokens_and_a_long_one_runs_alone() {
    let text = |tokens: usize| vec![0; tokens];
    let texts = [
        text(FUSED_TOKENS / 2),
        text(FUSED_TOKENS / 2),
        text(1),
        text(FUSED_TOKENS + 1),
        text(1),
    ];
    let texts: Vec<&[u32]> = texts.iter().map(Vec::as_slice).collect();
    let lengths = [0, 1, 2, 3, 4].map(|first| batch_len(&texts[first..]));
    assert_eq!(lengths, [2, 2, 1, 1, 1]);
}
