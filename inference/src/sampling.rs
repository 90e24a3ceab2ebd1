//! From logits to the next token: penalty, temperature, top-p and a random number that depends on nothing but seed, message and position.

mod vocabulary;

use crate::{EngineError, GenerateRequest};
use vocabulary::{all_finite, collect_from, sum_from, weigh};

/// How to choose the tokens of one reply.
#[derive(Debug)]
pub(crate) struct Sampler {
    temperature: f32,
    top_p: f32,
    repetition_penalty: f32,
    /// Seed and message in one: the key of the reply's random numbers.
    key: u64,
    /// The different tokens of the reply so far.
    used: Vec<u32>,
    /// The weight of every token; kept to spare the allocation.
    weights: Vec<f32>,
    /// Token and weight of those that may be chosen; kept to spare the allocation.
    candidates: Vec<(u32, f32)>,
}

impl Sampler {
    /// The sampler of a request.
    pub(crate) fn new(request: &GenerateRequest) -> Self {
        Self {
            temperature: request.temperature,
            top_p: request.top_p,
            repetition_penalty: request.repetition_penalty,
            key: key(request.seed, request.message),
            used: Vec::new(),
            weights: Vec::new(),
            candidates: Vec::new(),
        }
    }

    /// Notes the tokens of the reply's beginning, which others have chosen, as used.
    pub(crate) fn goes_on_from(&mut self, tokens: &[u32]) {
        for token in tokens {
            self.note(*token);
        }
    }

    /// Chooses the token at `position` of the sequence (prompt included) and notes it as used. The logits are penalised in place.
    ///
    /// # Errors
    /// [`EngineError::NonFiniteLogits`] if a logit is not a number or infinite.
    pub(crate) fn choose(
        &mut self,
        logits: &mut [f32],
        position: usize,
    ) -> Result<u32, EngineError> {
        if logits.is_empty() || !all_finite(logits) {
            return Err(EngineError::NonFiniteLogits { position });
        }
        self.penalise(logits);
        let token = if self.temperature == 0.0 {
            likeliest(logits)
        } else {
            self.draw(logits, position)
        };
        self.note(token);
        Ok(token)
    }

    fn note(&mut self, token: u32) {
        if !self.used.contains(&token) {
            self.used.push(token);
        }
    }

    /// The penalty of CTRL (Keskar and others, 2019), on the tokens of the reply only: names and facts of the prompt stay free.
    fn penalise(&self, logits: &mut [f32]) {
        for token in &self.used {
            let logit = &mut logits[*token as usize];
            *logit = if *logit > 0.0 {
                *logit / self.repetition_penalty
            } else {
                *logit * self.repetition_penalty
            };
        }
    }

    fn draw(&mut self, logits: &[f32], position: usize) -> u32 {
        let total = weigh(logits, self.temperature, &mut self.weights);
        let point = uniform(self.key, position as u64);
        let top_p = f64::from(self.top_p);
        if top_p >= 1.0 {
            return pick_any(&self.weights, point * total);
        }
        // Tokens of at least this weight, lowered until they are enough. Those below the floor have together less than
        // 1 - top_p.
        let floor = (1.0 - top_p) / logits.len() as f64 * total;
        let mut bound = total * 1e-2;
        while bound > floor && sum_from(&self.weights, bound as f32) < top_p * total {
            bound *= 0.1;
        }
        let bound = bound.max(floor) as f32;
        self.candidates.clear();
        collect_from(&self.weights, bound, &mut self.candidates);
        self.candidates
            .sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let nucleus = nucleus(&self.candidates, top_p * total);
        pick(nucleus, point)
    }
}

/// The token of the greatest logit, the first of equals.
fn likeliest(logits: &[f32]) -> u32 {
    let greatest = vocabulary::greatest(logits);
    let first = logits.iter().position(|logit| *logit == greatest);
    first.unwrap_or(0) as u32
}

/// The first token at which the weights so far exceed `point`.
fn pick_any(weights: &[f32], point: f64) -> u32 {
    let mut left = point;
    let mut last = 0;
    for (token, weight) in (0..).zip(weights) {
        left -= f64::from(*weight);
        if left < 0.0 {
            return token;
        }
        last = token;
    }
    last
}

/// The shortest beginning of the candidates, likeliest first, that has together at least `weight` (Holtzman and others, 2019).
fn nucleus(candidates: &[(u32, f32)], weight: f64) -> &[(u32, f32)] {
    let mut sum = 0.0;
    for (index, (_, one)) in candidates.iter().enumerate() {
        sum += f64::from(*one);
        if sum >= weight {
            return &candidates[..=index];
        }
    }
    candidates
}

/// The candidate at the share `point` (at least 0, below 1) of their whole weight.
fn pick(candidates: &[(u32, f32)], point: f64) -> u32 {
    let total: f64 = candidates
        .iter()
        .map(|(_, weight)| f64::from(*weight))
        .sum();
    let mut left = point * total;
    for (token, weight) in candidates {
        left -= f64::from(*weight);
        if left < 0.0 {
            return *token;
        }
    }
    candidates
        .last()
        .expect("the likeliest token is always a candidate")
        .0
}

/// One number of seed and message. Mixing each first keeps neighbours from sharing a sequence.
fn key(seed: u64, message: u128) -> u64 {
    let halves = [message as u64, (message >> 64) as u64];
    halves.into_iter().fold(split_mix(seed, 0), |key, half| {
        split_mix(key ^ split_mix(half, 0), 0)
    })
}

/// A number from 0 up to but not including 1 that depends on the reply's key and the position alone: it is counted, not
/// carried on, so it doesn't matter what was drawn before it or beside it.
fn uniform(key: u64, position: u64) -> f64 {
    let bits = split_mix(key, position);
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}

/// The `index`th output of SplitMix64 (Steele, Lea and Flood, 2014), which is a hash of seed and index.
fn split_mix(seed: u64, index: u64) -> u64 {
    let z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sampler(temperature: f32, top_p: f32, repetition_penalty: f32, seed: u64) -> Sampler {
        Sampler::new(&GenerateRequest {
            temperature,
            top_p,
            repetition_penalty,
            seed,
            ..GenerateRequest::default()
        })
    }

    #[test]
    fn the_random_numbers_are_those_of_split_mix_64() {
        // The first outputs for the seed 1234567 as published with the algorithm.
        let published = [
            6_457_827_717_110_365_317,
            3_203_168_211_198_807_973,
            9_817_491_932_198_370_423,
        ];
        assert_eq!(
            [0, 1, 2].map(|index| split_mix(1_234_567, index)),
            published
        );
    }

    #[test]
    fn greedy_takes_the_first_of_the_greatest_logits() {
        assert_eq!(
            sampler(0.0, 1.0, 1.0, 0).choose(&mut [1.0, 3.0, 3.0, -9.0], 0),
            Ok(1)
        );
    }

    #[test]
    fn the_penalty_divides_positive_and_multiplies_negative_logits_of_used_tokens() {
        let mut sampler = sampler(0.0, 1.0, 2.0, 0);
        let mut first = [4.0, 3.0, -1.0];
        assert_eq!(sampler.choose(&mut first, 0), Ok(0));
        assert_eq!(first, [4.0, 3.0, -1.0]);
        let mut second = [4.0, 3.0, -1.0];
        assert_eq!(sampler.choose(&mut second, 1), Ok(1));
        assert_eq!(second, [2.0, 3.0, -1.0]);
        sampler.used.push(2);
        let mut third = [4.0, 3.0, -1.0];
        assert_eq!(sampler.choose(&mut third, 2), Ok(0));
        assert_eq!(third, [2.0, 1.5, -2.0]);
    }

    #[test]
    fn the_nucleus_is_the_shortest_beginning_that_reaches_top_p() {
        let candidates = [(7, 0.5), (3, 0.25), (1, 0.25)];
        for (top_p, length) in [
            (0.1, 1),
            (0.5, 1),
            (0.51, 2),
            (0.75, 2),
            (0.76, 3),
            (1.0, 3),
        ] {
            assert_eq!(nucleus(&candidates, top_p).len(), length, "top_p {top_p}");
        }
    }

    #[test]
    fn the_pick_follows_the_shares() {
        let candidates = [(7, 0.5), (3, 0.25), (1, 0.25)];
        for (point, token) in [
            (0.0, 7),
            (0.49, 7),
            (0.5, 3),
            (0.74, 3),
            (0.75, 1),
            (0.999, 1),
        ] {
            assert_eq!(pick(&candidates, point), token, "point {point}");
        }
    }

    #[test]
    fn logits_that_are_not_finite_are_an_error() {
        for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            let refused = sampler(0.7, 0.9, 1.0, 0).choose(&mut [0.0, bad], 5);
            assert_eq!(refused, Err(EngineError::NonFiniteLogits { position: 5 }));
        }
    }

    #[test]
    fn many_draws_follow_the_distribution() {
        // Probabilities 1/2, 1/4, 1/4; the tolerance is 5 standard deviations of the share of 20 000 draws.
        let logits = [2.0_f32.ln(), 0.0, 0.0];
        let mut counts = [0_u32; 3];
        for position in 0..20_000 {
            counts[sampler(1.0, 1.0, 1.0, 42)
                .choose(&mut logits.clone(), position)
                .unwrap() as usize] += 1;
        }
        for (count, share) in counts.into_iter().zip([0.5, 0.25, 0.25]) {
            assert!(
                (f64::from(count) / 20_000.0 - share).abs()
                    < 5.0 * (share * (1.0 - share) / 20_000.0_f64).sqrt()
            );
        }
    }

    proptest! {
        #[test]
        fn equal_requests_choose_equally_and_never_outside_the_nucleus(
            logits in proptest::collection::vec(-20.0_f32..20.0, 1..200),
            temperature in 0.05_f32..2.0,
            top_p in 0.01_f32..=1.0,
            seed: u64,
            position in 0_usize..100_000,
        ) {
            let draw = || sampler(temperature, top_p, 1.0, seed).choose(&mut logits.clone(), position).unwrap();
            let token = draw();
            prop_assert_eq!(token, draw());
            // In plain arithmetic: what is strictly likelier than the chosen token has less than top_p.
            let weight = |logit: &f32| ((f64::from(*logit) - 20.0) / f64::from(temperature)).exp();
            let total: f64 = logits.iter().map(weight).sum();
            let chosen = logits[token as usize];
            let likelier: f64 = logits.iter().filter(|logit| **logit > chosen).map(weight).sum::<f64>() / total;
            prop_assert!(likelier < f64::from(top_p) + 1e-4, "{likelier} of {top_p}");
        }

        #[test]
        fn a_uniform_number_is_at_least_0_and_below_1(seed: u64, message: u128, position: u64) {
            let number = uniform(key(seed, message), position);
            prop_assert!((0.0..1.0).contains(&number));
        }

        #[test]
        fn another_seed_or_message_draws_other_numbers(seed: u64, message: u128, bit in 0_u32..64) {
            let numbers = |seed, message| [0, 1, 2].map(|position| uniform(key(seed, message), position).to_bits());
            let ours = numbers(seed, message);
            prop_assert_ne!(ours, numbers(seed ^ (1 << bit), message));
            prop_assert_ne!(ours, numbers(seed, message ^ (1 << bit)));
            prop_assert_ne!(ours, numbers(seed, message ^ (1 << (bit + 64))));
        }
    }
}
