//! The frequencies of a rotary position embedding (Su and others, 2021), with the ways of stretching them to longer contexts.

/// A rotary embedding in the half-rotation form of Hugging Face: value `i` of a head turns with value `i + width / 2`.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rope {
    /// The base of the frequencies.
    pub(crate) base: f64,
    pub(crate) scaling: RopeScaling,
}

/// How the frequencies are stretched.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum RopeScaling {
    None,
    /// Each frequency divided by `factor`.
    Linear {
        factor: f64,
    },
    /// Low frequencies divided by `factor`, high ones kept, those between blended (Llama 3.1).
    Llama3 {
        factor: f64,
        low_frequency_factor: f64,
        high_frequency_factor: f64,
        original_context_tokens: usize,
    },
    /// Each frequency divided by its own number; half a head's width of them (`rope_freqs.weight` of GGUF files).
    Divisors(Vec<f32>),
}

impl Rope {
    /// A rotary embedding that is not stretched.
    pub(crate) fn plain(base: f64) -> Self {
        Self {
            base,
            scaling: RopeScaling::None,
        }
    }

    /// Radians that each pair of a head turns from one token to the next: `head_width / 2` of them, the fastest first.
    ///
    /// In f32 from the start, as the models were trained: `base^(-2i / head_width)`.
    pub(crate) fn frequencies(&self, head_width: usize) -> Vec<f32> {
        let plain = (0..head_width / 2).map(|pair| {
            let exponent = (2 * pair) as f32 / head_width as f32;
            1.0 / (self.base as f32).powf(exponent)
        });
        match &self.scaling {
            RopeScaling::None => plain.collect(),
            RopeScaling::Linear { factor } => plain.map(|f| f / *factor as f32).collect(),
            RopeScaling::Llama3 {
                factor,
                low_frequency_factor: low,
                high_frequency_factor: high,
                original_context_tokens,
            } => {
                // Turns of a pair over the original context decide, as in transformers' `_compute_llama3_parameters`.
                let original = *original_context_tokens as f32;
                let (factor, low, high) = (*factor as f32, *low as f32, *high as f32);
                let stretch = |frequency: f32| {
                    let turns = original * frequency / std::f32::consts::TAU;
                    if turns < low {
                        frequency / factor
                    } else if turns > high {
                        frequency
                    } else {
                        let smooth = (turns - low) / (high - low);
                        (1.0 - smooth) * frequency / factor + smooth * frequency
                    }
                };
                plain.map(stretch).collect()
            }
            RopeScaling::Divisors(divisors) => plain.zip(divisors).map(|(f, by)| f / by).collect(),
        }
    }

    /// Refuses numbers that no model has.
    pub(crate) fn check(&self, head_width: usize) -> Result<(), String> {
        if !(self.base.is_finite() && self.base > 1.0) {
            return Err(format!("its rotary base {} is not above 1", self.base));
        }
        let positive = |number: f64| number.is_finite() && number > 0.0;
        let sound = match &self.scaling {
            RopeScaling::None => true,
            RopeScaling::Linear { factor } => positive(*factor),
            RopeScaling::Llama3 {
                factor,
                low_frequency_factor: low,
                high_frequency_factor: high,
                original_context_tokens,
            } => {
                positive(*factor)
                    && positive(*low)
                    && positive(*high)
                    && low < high
                    && *original_context_tokens > 0
            }
            RopeScaling::Divisors(divisors) => {
                divisors.len() == head_width / 2
                    && divisors.iter().all(|by| positive(f64::from(*by)))
            }
        };
        match sound {
            true => Ok(()),
            false => Err(format!(
                "its rotary embedding cannot be scaled by {:?}",
                self.scaling
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The greatest relative difference from transformers' `ROPE_INIT_FUNCTIONS`.
    const TOLERANCE: f32 = 1e-6;

    fn assert_frequencies(rope: &Rope, expected: [f32; 4]) {
        let ours = rope.frequencies(8);
        let near = |(a, b): (&f32, &f32)| (a / b - 1.0).abs() < TOLERANCE;
        assert!(
            ours.len() == 4 && ours.iter().zip(&expected).all(near),
            "{ours:?}"
        );
    }

    #[test]
    fn frequencies_are_those_of_transformers() {
        assert_frequencies(&Rope::plain(10_000.0), [1.0, 0.1, 0.01, 0.001]);
        let linear = Rope {
            base: 10_000.0,
            scaling: RopeScaling::Linear { factor: 4.0 },
        };
        assert_frequencies(&linear, [0.25, 0.025, 0.0025, 0.00025]);
        let divided = Rope {
            base: 10_000.0,
            scaling: RopeScaling::Divisors(vec![1.0, 2.0, 4.0, 8.0]),
        };
        assert_frequencies(&divided, [1.0, 0.05, 0.0025, 0.000125]);
    }

    #[test]
    fn numbers_that_no_model_has_are_refused() {
        let scaled = |scaling| Rope {
            base: 10_000.0,
            scaling,
        };
        let wrong = [
            RopeScaling::Linear { factor: 0.0 },
            RopeScaling::Divisors(vec![1.0; 3]),
            RopeScaling::Divisors(vec![1.0, 1.0, f32::NAN, 1.0]),
            RopeScaling::Llama3 {
                factor: 8.0,
                low_frequency_factor: 4.0,
                high_frequency_factor: 1.0,
                original_context_tokens: 8192,
            },
        ];
        for scaling in wrong {
            let said = scaled(scaling).check(8).unwrap_err();
            assert!(
                said.starts_with("its rotary embedding cannot be scaled by "),
                "{said}"
            );
        }
        assert_eq!(
            Rope::plain(f64::NAN).check(8),
            Err("its rotary base NaN is not above 1".to_owned())
        );
    }
}
