//! The forward pass of BERT and XLM-RoBERTa over texts of any lengths, which lie one behind the other without padding.
//!
//! The residual stream, attention and all sums are f32; what is multiplied with weights is f32 or bf16. A text's numbers
//! never depend on the texts beside it nor on the number of threads.
//!
//! Names of dimensions in the shapes below: `t` tokens of all texts, `h` hidden width, `f` feed-forward width.

#![expect(unsafe_code, reason = "tasks write disjoint rows of the same buffers")]

mod attention;
mod layer;

use std::ops::Range;

use tch::Kind;

use super::cpu::Avx512Bf16;
use super::kernels::rows;
use super::pool::Pool;
use super::product::{Activations, Input, Into, multiply};
use super::shared_slice::SharedSlice;
use crate::LoadError;
use crate::bert::BertConfig;
use crate::model::{Rows, TensorReader};
use layer::{Layer, Norm};

/// Numbers that one task normalises: less is not worth waking anyone.
const NUMBERS_A_TASK: usize = 8_192;

/// The weights of a network, owned by one thread at a time.
pub(crate) struct FusedEncoder {
    how: How,
    /// [vocabulary, h]
    words: Rows,
    /// [positions, h] from the first that a text uses, the embedding of token type 0 added: we embed single texts only.
    positions: Vec<f32>,
    embedding_norm: Norm,
    layers: Vec<Layer>,
    pool: Pool,
    room: Room,
}

/// What the computing of every layer depends on.
#[derive(Debug, Clone, Copy)]
struct How {
    cpu: Avx512Bf16,
    /// What is multiplied with weights: f32 or bf16.
    kind: Kind,
    heads: usize,
    epsilon: f32,
}

/// Room for the intermediate results of a batch, to be used again.
#[derive(Default)]
struct Room {
    /// [t, h]
    hidden: Vec<f32>,
    /// [t, h]: the same as bf16, if that is what is multiplied.
    hidden_pairs: Activations,
    /// [t, 3h]
    qkv: Vec<f32>,
    attended: Numbers,
    gelu: Numbers,
}

/// Rows that are multiplied next: of f32 or of bf16, the others being empty.
#[derive(Default)]
struct Numbers {
    singles: Vec<f32>,
    pairs: Activations,
}

impl Numbers {
    fn resize(&mut self, rows: usize, depth: usize, kind: Kind) {
        match kind {
            Kind::Float => self.singles.resize(rows * depth, 0.0),
            _ => self.pairs.resize(rows, depth),
        }
    }

    fn all(&self, depth: usize, kind: Kind) -> Input<'_> {
        match kind {
            Kind::Float => Input::singles(&self.singles, depth),
            _ => self.pairs.all(),
        }
    }
}

impl FusedEncoder {
    /// Whether networks of these sizes can be computed here: bf16 numbers are multiplied in pairs.
    pub(crate) fn supports(config: &BertConfig) -> bool {
        config.hidden_size.is_multiple_of(2) && config.intermediate_size.is_multiple_of(2)
    }

    /// Reads all weights of a network and packs them, to be multiplied in `kind`: f32 or bf16.
    pub(crate) fn load(
        cpu: Avx512Bf16,
        config: &BertConfig,
        mut reader: TensorReader<'_>,
        kind: Kind,
        threads: usize,
    ) -> Result<Self, LoadError> {
        let (h, places) = (config.hidden_size, config.max_position_embeddings);
        let size = (config.vocab_size, h);
        let words = layer::rows(&mut reader, "embeddings.word_embeddings.weight", size, kind)?;
        let read = &mut reader;
        let table = read.read_single_rows("embeddings.position_embeddings.weight", places, h)?;
        let name = "embeddings.token_type_embeddings.weight";
        let types = read.read_single_rows(name, config.type_vocab_size, h)?;
        let mut first_type = vec![0.0; h];
        types.widen(0, &mut first_type);
        let first = config.first_position();
        let mut positions = vec![0.0; (places - first) * h];
        for (position, numbers) in (first..).zip(positions.chunks_exact_mut(h)) {
            table.widen(position, numbers);
            rows::add(cpu, numbers, &first_type);
        }
        let embedding_norm = Norm::load(&mut reader, "embeddings.LayerNorm", h)?;
        let mut layers = Vec::with_capacity(config.num_hidden_layers);
        for index in 0..config.num_hidden_layers {
            layers.push(Layer::load(config, &mut reader, index, kind)?);
        }
        reader.finish(&["pooler."])?;
        let pool = Pool::new(threads).map_err(|error| LoadError::io(reader.path(), error))?;
        Ok(Self {
            how: How {
                cpu,
                kind,
                heads: config.num_attention_heads,
                epsilon: config.layer_norm_eps as f32,
            },
            words,
            positions,
            embedding_norm,
            layers,
            pool,
            room: Room::default(),
        })
    }

    /// What it computes with, such as `fused avx512, weights f32`.
    pub(crate) fn name(&self) -> String {
        match self.how.kind {
            Kind::Float => "fused avx512, weights f32".into(),
            _ => format!("fused {}, weights bf16", self.how.cpu.name()),
        }
    }

    /// Numbers of a hidden state.
    pub(crate) fn hidden_size(&self) -> usize {
        self.embedding_norm.factors.len()
    }

    /// The last hidden states of all tokens of the texts, one text behind the other: [t, h].
    ///
    /// Every token is one of the vocabulary, and no text is longer than the network's positions.
    pub(crate) fn forward(&mut self, texts: &[&[u32]]) -> &[f32] {
        self.pool.begin_step();
        let mut places = Vec::with_capacity(texts.len());
        let mut end = 0;
        for text in texts {
            places.push(end..end + text.len());
            end += text.len();
        }
        self.embed(texts, end);
        for index in 0..self.layers.len() {
            self.attention(index, &places);
            self.feed_forward(index);
        }
        self.pool.end_step();
        &self.room.hidden
    }

    /// The normalised sums of word and position.
    fn embed(&mut self, texts: &[&[u32]], tokens: usize) {
        let h = self.hidden_size();
        self.room.hidden.resize(tokens * h, 0.0);
        let all = texts.iter().flat_map(|text| text.iter().enumerate());
        let rows_of_all = self.room.hidden.chunks_exact_mut(h);
        for ((position, token), hidden) in all.zip(rows_of_all) {
            self.words.widen(*token as usize, hidden);
            rows::add(self.how.cpu, hidden, &self.positions[position * h..][..h]);
        }
        let room = &mut self.room;
        normalise(self.how, &mut self.pool, &self.embedding_norm, room);
    }

    /// Adds a layer's attention to the hidden state, and normalises it.
    fn attention(&mut self, index: usize, places: &[Range<usize>]) {
        let (h, How { cpu, kind, .. }) = (self.hidden_size(), self.how);
        let layer = &self.layers[index];
        let room = &mut self.room;
        room.qkv.resize(room.hidden.len() * 3, 0.0);
        let input = match kind {
            Kind::Float => Input::singles(&room.hidden, h),
            _ => room.hidden_pairs.all(),
        };
        let write = Into::Write {
            output: &mut room.qkv,
            bias: Some(&layer.qkv.bias),
        };
        multiply(cpu, &mut self.pool, input, &layer.qkv.weight, write);
        room.attended.resize(room.hidden.len() / h, h, kind);
        attention::attend(
            self.how,
            &mut self.pool,
            places,
            &room.qkv,
            &mut room.attended,
        );
        let add = Into::Add {
            output: &mut room.hidden,
            bias: Some(&layer.attention_out.bias),
        };
        let attended = room.attended.all(h, kind);
        multiply(
            cpu,
            &mut self.pool,
            attended,
            &layer.attention_out.weight,
            add,
        );
        normalise(self.how, &mut self.pool, &layer.attention_norm, room);
    }

    /// Adds a layer's feed-forward network to the hidden state, and normalises it.
    fn feed_forward(&mut self, index: usize) {
        let (h, How { cpu, kind, .. }) = (self.hidden_size(), self.how);
        let layer = &self.layers[index];
        let f = layer.inner.bias.len();
        let room = &mut self.room;
        room.gelu.resize(room.hidden.len() / h, f, kind);
        let bias = &layer.inner.bias;
        let (input, into) = match kind {
            Kind::Float => {
                let output = &mut room.gelu.singles;
                (Input::singles(&room.hidden, h), Into::Gelu { output, bias })
            }
            _ => {
                let output = room.gelu.pairs.parts_mut().0;
                (room.hidden_pairs.all(), Into::GeluToBf16 { output, bias })
            }
        };
        multiply(cpu, &mut self.pool, input, &layer.inner.weight, into);
        let add = Into::Add {
            output: &mut room.hidden,
            bias: Some(&layer.outer.bias),
        };
        let gelu = room.gelu.all(f, kind);
        multiply(cpu, &mut self.pool, gelu, &layer.outer.weight, add);
        normalise(self.how, &mut self.pool, &layer.norm, room);
    }
}

/// Normalises all hidden states, and rounds them if bf16 is what is multiplied next.
fn normalise(how: How, pool: &mut Pool, norm: &Norm, room: &mut Room) {
    let How {
        cpu, kind, epsilon, ..
    } = how;
    let (hidden, pairs) = (&mut room.hidden, &mut room.hidden_pairs);
    let h = norm.factors.len();
    let count = hidden.len() / h;
    let rounds = kind != Kind::Float;
    pairs.resize(if rounds { count } else { 0 }, h);
    let rows_a_task = NUMBERS_A_TASK.div_ceil(h);
    let (hidden, rounded) = (
        SharedSlice::new(hidden),
        SharedSlice::new(pairs.parts_mut().0),
    );
    pool.run(count.div_ceil(rows_a_task), &|task| {
        let first = task * rows_a_task;
        for row in first..count.min(first + rows_a_task) {
            // SAFETY: each row is one task's.
            let numbers = unsafe { hidden.piece(row * h, h) };
            rows::layer_norm(cpu, numbers, &norm.factors, &norm.biases, epsilon);
            if rounds {
                // SAFETY: as above.
                rows::to_bf16(cpu, numbers, unsafe { rounded.piece(row * h, h) });
            }
        }
    });
}
