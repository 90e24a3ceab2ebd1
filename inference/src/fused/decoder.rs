//! The forward pass of a decoder, for the mixed batches of the scheduler.
//!
//! ```text
//! batch           a step as rows, and which of them attend together
//! layer           weights
//! cache           keys and values by blocks, in the order in which attention reads them
//! attention       rows over the blocks of their sequences
//! ```
//!
//! The residual stream and all sums are f32, what is multiplied is bf16.

#![expect(unsafe_code, reason = "tasks write disjoint rows of the same buffers")]

mod attention;
mod batch;

mod layer;

mod cache;
mod rotary;

use std::collections::BTreeSet;
use std::ops::Range;
use std::time::Instant;

use super::cpu::Avx512Bf16;
use super::kernels::product::GROUP;
use super::kernels::{attend, rows};
use super::matrix::Matrix;
use super::pool::Pool;
use super::product::{Activations, Into, multiply};
use super::shared_slice::SharedSlice;
use super::vector;
use crate::LoadError;
use crate::forward::StepSplit;
use crate::model::{DecoderConfig, TensorReader};
use crate::scheduler::Segment;
use batch::Batch;
use cache::{BlockCache, BlockShape};
use layer::Layer;
use rotary::Rotary;

/// Rows that one task normalises: less is not worth waking anyone.
const ROWS_A_TASK: usize = 8;

/// The weights of a network and the keys and values of its sequences, owned by one thread at a time.
pub(crate) struct FusedDecoder {
    cpu: Avx512Bf16,
    config: DecoderConfig,
    /// A column a token; none if it is the head.
    embedding: Option<Matrix>,
    layers: Vec<Layer>,
    /// [h]
    norm: Vec<f32>,
    /// A column a token.
    head: Matrix,
    rotary: Rotary,
    /// Of the layers that see only the last tokens.
    sliding_rotary: Option<Rotary>,
    cache: BlockCache,
    pool: Pool,
    room: Room,
    split: StepSplit,
}

/// Room for the intermediate results of a step, to be used again.
#[derive(Default)]
struct Room {
    /// [t, h]
    hidden: Vec<f32>,
    /// [t, h]: what post norms have to see before it is added.
    branch: Vec<f32>,
    /// [t, h]
    normal: Activations,
    /// [t, (q + 2k) w]
    qkv: Vec<f32>,
    /// [t, q w] as bf16 pairs.
    queries: Vec<u32>,
    /// [t, q w]
    attended: Activations,
    /// [t, f]
    gated: Activations,
    /// [wanted, vocabulary]
    logits: Vec<f32>,
}

impl FusedDecoder {
    /// Whether networks of these sizes can be computed here.
    pub(crate) fn supports(config: &DecoderConfig) -> bool {
        config.hidden.is_multiple_of(GROUP)
            && config.feed_forward.is_multiple_of(GROUP)
            && config.head_width.is_multiple_of(4)
            && (config.heads * config.head_width).is_multiple_of(GROUP)
    }

    /// Reads all weights of a model and packs them, for sequences of up to `context_tokens` tokens.
    pub(crate) fn load(
        cpu: Avx512Bf16,
        config: DecoderConfig,
        mut reader: TensorReader<'_>,
        context_tokens: usize,
        threads: usize,
    ) -> Result<Self, LoadError> {
        let (h, vocabulary) = (config.hidden, config.vocabulary);
        let embedding = Matrix::join(&[reader.read_rows("embedding.weight", vocabulary, h)?]);
        let mut layers = Vec::with_capacity(config.layers);
        for index in 0..config.layers {
            layers.push(Layer::load(&config, &mut reader, index)?);
        }
        let norm = vector(&mut reader, "norm.weight", h)?;
        let (embedding, head) = match config.tied_head {
            true => (None, embedding),
            false => {
                let head = reader.read_rows("head.weight", vocabulary, h)?;
                (Some(embedding), Matrix::join(&[head]))
            }
        };
        reader.finish(&[])?;
        let pool = Pool::new(threads).map_err(|error| LoadError::io(reader.path(), error))?;
        let rotary = |rope| Rotary::new(rope, config.head_width, context_tokens);
        let shape = BlockShape {
            heads: config.kv_heads,
            width: config.head_width,
        };
        Ok(Self {
            cpu,
            rotary: rotary(&config.rope),
            sliding_rotary: config.sliding.as_ref().map(|sliding| rotary(&sliding.rope)),
            cache: BlockCache::new(config.layers, shape),
            config,
            embedding,
            layers,
            norm,
            head,
            pool,
            room: Room::default(),
            split: StepSplit::default(),
        })
    }

    /// What it computes with, such as `fused avx512-bf16, weights int4 int8`.
    pub(crate) fn name(&self) -> String {
        let encodings: BTreeSet<&str> = self.matrices().flat_map(Matrix::encodings).collect();
        let encodings: Vec<&str> = encodings.into_iter().collect();
        format!("fused {}, weights {}", self.cpu.name(), encodings.join(" "))
    }

    fn matrices(&self) -> impl Iterator<Item = &Matrix> {
        let layers = self.layers.iter().flat_map(Layer::matrices);
        layers.chain([&self.head]).chain(&self.embedding)
    }

    /// Bytes of all packed matrices.
    pub(crate) fn weight_bytes(&self) -> usize {
        self.matrices().map(Matrix::bytes).sum()
    }

    /// Where the time of the last step went.
    pub(crate) fn split(&self) -> StepSplit {
        self.split
    }

    /// Computes without the processor's tiles from now on, as on a processor that has none.
    #[cfg(test)]
    pub(crate) fn leave_tiles(&mut self) {
        self.cpu = self.cpu.without_tiles();
    }

    /// Makes every result not a number, for tests of what follows from that.
    #[cfg(test)]
    pub(crate) fn spoil(&mut self) {
        self.norm.fill(f32::NAN);
    }

    /// Computes a step: writes the keys and values of its tokens to their blocks, and keeps the logits behind each segment that
    /// wants them.
    ///
    /// The segments keep to the context that the network was loaded for.
    pub(crate) fn forward(&mut self, segments: &[Segment]) {
        self.pool.begin_step();
        self.split = StepSplit::default();
        let tile_rows_max = attend::rows_max(self.cpu, self.config.head_width / 2);
        let batch = Batch::new(segments, &self.config, self.pool.active(), tile_rows_max);
        self.cache.reserve(batch.blocks);
        self.embed(&batch);
        for index in 0..self.layers.len() {
            self.attention(index, &batch);
            self.feed_forward(index);
        }
        self.head(&batch);
        self.pool.end_step();
    }

    /// The logits of the `row`th segment of the last step that wanted them.
    pub(crate) fn logits(&mut self, row: usize) -> &mut [f32] {
        let vocabulary = self.config.vocabulary;
        &mut self.room.logits[row * vocabulary..][..vocabulary]
    }

    fn embed(&mut self, batch: &Batch<'_>) {
        let h = self.config.hidden;
        let embedding = self.embedding.as_ref().unwrap_or(&self.head);
        let scale = self.config.embedding_scale as f32;
        self.room.hidden.resize(batch.rows.len() * h, 0.0);
        let hidden = SharedSlice::new(&mut self.room.hidden);
        let rows_total = batch.rows.len();
        self.pool.run(row_tasks(rows_total), &|task| {
            for row in rows_of(task, rows_total) {
                // SAFETY: each row is one task's.
                let hidden = unsafe { hidden.piece(row * h, h) };
                embedding.column(batch.rows[row].token as usize, hidden);
                if scale != 1.0 {
                    hidden.iter_mut().for_each(|number| *number *= scale);
                }
            }
        });
    }

    fn feed_forward(&mut self, index: usize) {
        let began = Instant::now();
        let layer = &self.layers[index];
        let room = &mut self.room;
        normalise(
            self.cpu,
            &mut self.pool,
            &self.config,
            (&room.hidden, &layer.feed_forward_norm),
            &mut room.normal,
            &layer.gate_up,
        );
        let normalised = Instant::now();
        room.gated
            .resize(room.normal.rows, self.config.feed_forward);
        let gate = Into::Gate {
            output: room.gated.parts_mut().0,
            activation: self.config.activation,
        };
        multiply(
            self.cpu,
            &mut self.pool,
            room.normal.all(),
            &layer.gate_up,
            gate,
        );
        add_up_groups(self.cpu, &mut self.pool, &mut room.gated, &layer.down);
        add_branch(
            self.cpu,
            &mut self.pool,
            &self.config,
            &layer.down,
            layer.feed_forward_post_norm.as_deref(),
            (&room.gated, &mut room.branch, &mut room.hidden),
        );
        self.split.rest += normalised - began;
        self.split.linear += normalised.elapsed();
    }

    /// The logits of the rows that want them.
    fn head(&mut self, batch: &Batch<'_>) {
        let began = Instant::now();
        let h = self.config.hidden;
        let room = &mut self.room;
        room.normal.resize(batch.wanted.len(), h);
        let (numbers, _) = room.normal.parts_mut();
        for (index, row) in batch.wanted.iter().enumerate() {
            rows::normalise_to_bf16(
                self.cpu,
                &room.hidden[row * h..][..h],
                &self.norm,
                self.config.norm_epsilon as f32,
                &mut numbers[index * h..][..h],
            );
        }
        add_up_groups(self.cpu, &mut self.pool, &mut room.normal, &self.head);
        room.logits
            .resize(batch.wanted.len() * self.config.vocabulary, 0.0);
        if !batch.wanted.is_empty() {
            let write = Into::Write {
                output: &mut room.logits,
                bias: None,
            };
            multiply(
                self.cpu,
                &mut self.pool,
                room.normal.all(),
                &self.head,
                write,
            );
        }
        if let Some(cap) = self.config.logit_softcap {
            let cap = cap as f32;
            room.logits
                .iter_mut()
                .for_each(|logit| *logit = cap * (*logit / cap).tanh());
        }
        self.split.head = began.elapsed();
    }
}

/// Adds the product of `input` with `matrix` to the hidden state, by way of `branch` if it is normalised before.
fn add_branch(
    cpu: Avx512Bf16,
    pool: &mut Pool,
    config: &DecoderConfig,
    matrix: &Matrix,
    post_norm: Option<&[f32]>,
    (input, branch, hidden): (&Activations, &mut Vec<f32>, &mut [f32]),
) {
    let Some(factors) = post_norm else {
        let add = Into::Add {
            output: hidden,
            bias: None,
        };
        return multiply(cpu, pool, input.all(), matrix, add);
    };
    branch.resize(hidden.len(), 0.0);
    let write = Into::Write {
        output: branch,
        bias: None,
    };
    multiply(cpu, pool, input.all(), matrix, write);
    let h = config.hidden;
    for (branch, hidden) in branch.chunks_exact_mut(h).zip(hidden.chunks_exact_mut(h)) {
        rows::normalise(cpu, branch, factors, config.norm_epsilon as f32);
        rows::add(cpu, hidden, branch);
    }
}

/// Tasks of a job that goes through all rows.
fn row_tasks(rows: usize) -> usize {
    rows.div_ceil(ROWS_A_TASK)
}

/// The rows of one of them.
fn rows_of(task: usize, rows: usize) -> Range<usize> {
    let first = task * ROWS_A_TASK;
    first..rows.min(first + ROWS_A_TASK)
}

/// Normalises all rows to bf16, to be multiplied with `matrix`.
fn normalise(
    cpu: Avx512Bf16,
    pool: &mut Pool,
    config: &DecoderConfig,
    (hidden, factors): (&[f32], &[f32]),
    normal: &mut Activations,
    matrix: &Matrix,
) {
    let h = config.hidden;
    let epsilon = config.norm_epsilon as f32;
    normal.resize(hidden.len() / h, h);
    let groups = h / GROUP;
    let rows_total = normal.rows;
    let needs_sums = matrix.needs_sums(cpu);
    let (numbers, sums) = normal.parts_mut();
    let (numbers, sums) = (SharedSlice::new(numbers), SharedSlice::new(sums));
    pool.run(row_tasks(rows_total), &|task| {
        for row in rows_of(task, rows_total) {
            // SAFETY: each row is one task's.
            let numbers = unsafe { numbers.piece(row * h, h) };
            rows::normalise_to_bf16(cpu, &hidden[row * h..][..h], factors, epsilon, numbers);
            if needs_sums {
                // SAFETY: as above.
                let sums = unsafe { sums.piece(row * groups, groups) };
                rows::group_sums(cpu, numbers, sums);
            }
        }
    });
}

/// Adds up the groups of all rows, if `matrix` asks for that.
fn add_up_groups(cpu: Avx512Bf16, pool: &mut Pool, activations: &mut Activations, matrix: &Matrix) {
    if !matrix.needs_sums(cpu) {
        return;
    }
    let (count, depth) = (activations.rows, activations.depth);
    let groups = depth / GROUP;
    let (numbers, sums) = activations.parts_mut();
    let (numbers, sums) = (&*numbers, SharedSlice::new(sums));
    pool.run(row_tasks(count), &|task| {
        let rows = rows_of(task, count);
        // SAFETY: each row is one task's.
        let sums = unsafe { sums.piece(rows.start * groups, rows.len() * groups) };
        let numbers = &numbers[rows.start * depth..rows.end * depth];
        rows::group_sums(cpu, numbers, sums);
    });
}

#[cfg(test)]
mod tests;
