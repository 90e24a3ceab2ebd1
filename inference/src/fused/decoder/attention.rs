//! The attention of one layer: queries, keys and values, their turns, the cache, and what each row sees of it.

#![expect(
    unsafe_code,
    reason = "tasks write disjoint heads and rows of the same buffers"
)]

use std::cell::RefCell;
use std::time::Instant;

use half::bf16;

use super::batch::{Batch, Row, Tile};
use super::rotary::Rotary;
use super::{FusedDecoder, ROWS_A_TASK, add_branch, add_up_groups, normalise, row_tasks, rows_of};
use crate::decoder::BLOCK_TOKENS;
use crate::fused::kernels::attend::{HeadBlocks, QueryRow, Scratch, attend};
use crate::fused::kernels::{LANES, rows};
use crate::fused::product::{Into, as_numbers_mut, multiply};
use crate::fused::shared_slice::SharedSlice;
use crate::model::DecoderConfig;

/// The widest head that a configuration may have.
const WIDTH_MAX: usize = 1024;

thread_local! {
    /// Room for scores, kept from task to task.
    static SCRATCH: RefCell<(Scratch, Vec<f32>)> = RefCell::default();
}

impl FusedDecoder {
    /// Adds a layer's attention to the hidden state, and its keys and values to the cache.
    pub(super) fn attention(&mut self, index: usize, batch: &Batch<'_>) {
        let began = Instant::now();
        let layer = &self.layers[index];
        let room = &mut self.room;
        normalise(
            self.cpu,
            &mut self.pool,
            &self.config,
            (&room.hidden, &layer.attention_norm),
            &mut room.normal,
            &layer.qkv,
        );
        let normalised = Instant::now();
        room.qkv.resize(batch.rows.len() * layer.qkv.columns, 0.0);
        let write = Into::Write {
            output: &mut room.qkv,
            bias: layer.qkv_bias.as_deref(),
        };
        multiply(
            self.cpu,
            &mut self.pool,
            room.normal.all(),
            &layer.qkv,
            write,
        );
        let multiplied = Instant::now();
        self.place(index, batch);
        self.attend(index, batch);
        let attended = Instant::now();
        let layer = &self.layers[index];
        let room = &mut self.room;
        add_branch(
            self.cpu,
            &mut self.pool,
            &self.config,
            &layer.attention_out,
            layer.attention_post_norm.as_deref(),
            (&room.attended, &mut room.branch, &mut room.hidden),
        );
        self.split.rest += normalised - began;
        self.split.attention += attended - multiplied;
        self.split.linear += (multiplied - normalised) + attended.elapsed();
    }

    /// Normalises and turns queries and keys; keys and values go to their slots.
    fn place(&mut self, index: usize, batch: &Batch<'_>) {
        let config = &self.config;
        let (cpu, w, epsilon) = (self.cpu, config.head_width, config.norm_epsilon as f32);
        let (heads, kv_heads) = (config.heads, config.kv_heads);
        let rotary = rotary(config, index, &self.rotary, self.sliding_rotary.as_ref());
        let norms = self.layers[index].head_norms.as_ref();
        let room = &mut self.room;
        room.queries.resize(batch.rows.len() * heads * w / 2, 0);
        let queries = SharedSlice::new(as_numbers_mut(&mut room.queries));
        let blocks = self.cache.layer_mut(index);
        let qkv = &room.qkv;
        let head_of =
            |row: usize, head: usize| &qkv[(row * (heads + 2 * kv_heads) + head) * w..][..w];
        let turned = |row: usize, head: usize, factors: Option<&Vec<f32>>, room: &mut [f32]| {
            room.copy_from_slice(head_of(row, head));
            if let Some(factors) = factors {
                rows::normalise(cpu, room, factors, epsilon);
            }
            let (cosines, sines) = rotary.at(batch.rows[row].position);
            rows::turn(cpu, room, cosines, sines);
        };
        let place_queries = |row: usize| {
            let mut room = [0.0; WIDTH_MAX];
            for head in 0..heads {
                turned(row, head, norms.map(|norms| &norms.0), &mut room[..w]);
                // SAFETY: each row is one task's.
                let query = unsafe { queries.piece((row * heads + head) * w, w) };
                rows::to_bf16(cpu, &room[..w], query);
            }
        };
        let place_key_value = |head: usize| {
            let mut room = [0.0; WIDTH_MAX];
            let (mut key, mut value) = ([bf16::ZERO; WIDTH_MAX], [bf16::ZERO; WIDTH_MAX]);
            for (index, Row { slot, .. }) in batch.rows.iter().enumerate() {
                turned(
                    index,
                    heads + head,
                    norms.map(|norms| &norms.1),
                    &mut room[..w],
                );
                rows::to_bf16(cpu, &room[..w], &mut key[..w]);
                rows::to_bf16(
                    cpu,
                    head_of(index, heads + kv_heads + head),
                    &mut value[..w],
                );
                // SAFETY: each head is one task's.
                unsafe { blocks[head].write(*slot, &key[..w], &value[..w]) };
            }
        };
        if batch.rows.len() < ROWS_A_TASK {
            (0..batch.rows.len()).for_each(place_queries);
            (0..kv_heads).for_each(place_key_value);
            return;
        }
        self.pool
            .run(
                kv_heads + row_tasks(batch.rows.len()),
                &|task| match task.checked_sub(kv_heads) {
                    None => place_key_value(task),
                    Some(task) => rows_of(task, batch.rows.len()).for_each(place_queries),
                },
            );
    }

    /// What each row sees of the values of its sequence, by its queries: into `attended`.
    fn attend(&mut self, index: usize, batch: &Batch<'_>) {
        let config = &self.config;
        let (heads, kv_heads, w) = (config.heads, config.kv_heads, config.head_width);
        let room = &mut self.room;
        room.attended.resize(batch.rows.len(), heads * w);
        let output = SharedSlice::new(room.attended.parts_mut().0);
        let (cpu, cache, queries) = (self.cpu, &self.cache, &room.queries);
        let window = config.window_tokens(index);
        let one = |task: usize| {
            let (tile, kv_head) = (&batch.tiles[task / kv_heads], task % kv_heads);
            let job = TileJob::new(tile, window, batch);
            SCRATCH.with_borrow_mut(|(scratch, sums)| {
                let seen = job.seen(window, batch);
                let (keys, values) = job.places(cache.shape, &seen);
                let blocks = cache.head(index, kv_head);
                let head_blocks = HeadBlocks {
                    keys: &blocks.keys,
                    values: &blocks.values,
                    key_places: &keys,
                    value_places: &values,
                    width_pairs: w / 2,
                    value_vectors: cache.shape.value_vectors(),
                };
                let vectors = cache.shape.value_vectors() * LANES;
                let first_head = kv_head * (heads / kv_heads);
                let members = tile.rows.clone().flat_map(|row| {
                    tile.heads
                        .clone()
                        .map(move |head| row * heads + first_head + head)
                });
                let members: Vec<usize> = members.collect();
                let query_rows: Vec<QueryRow<'_>> = members
                    .iter()
                    .map(|member| {
                        let (from, to) = seen[member / heads - tile.rows.start];
                        QueryRow {
                            query: &queries[member * w / 2..][..w / 2],
                            from,
                            to,
                        }
                    })
                    .collect();
                sums.resize(members.len() * vectors, 0.0);
                attend(
                    cpu,
                    head_blocks,
                    &query_rows,
                    config.attention_scale as f32,
                    scratch,
                    sums,
                );
                for (member, sums) in members.iter().zip(sums.chunks_exact(vectors)) {
                    // SAFETY: each head of each row is in one tile.
                    let output = unsafe { output.piece(member * w, w) };
                    rows::to_bf16(cpu, &sums[..w], output);
                }
            });
        };
        self.pool.run(batch.tiles.len() * kv_heads, &one);
        let out = &self.layers[index].attention_out;
        add_up_groups(cpu, &mut self.pool, &mut room.attended, out);
    }
}

/// The turns of a layer.
fn rotary<'a>(
    config: &DecoderConfig,
    layer: usize,
    full: &'a Rotary,
    sliding: Option<&'a Rotary>,
) -> &'a Rotary {
    match config.window_tokens(layer) {
        None => full,
        Some(_) => sliding.unwrap_or(full),
    }
}

/// A tile of one key-value head.
struct TileJob<'a> {
    tile: &'a Tile<'a>,
    /// The first block that any of the rows sees.
    first_block: usize,
}

impl<'a> TileJob<'a> {
    /// Leaves out the blocks that lie before the window of every row.
    fn new(tile: &'a Tile<'a>, window: Option<usize>, batch: &Batch<'_>) -> Self {
        let end = batch.rows[tile.rows.start].position + 1;
        let hidden = window.map_or(0, |window| end.saturating_sub(window));
        Self {
            tile,
            first_block: hidden / BLOCK_TOKENS,
        }
    }

    /// The tokens that each row sees, counted from the first block.
    fn seen(&self, window: Option<usize>, batch: &Batch<'_>) -> Vec<(usize, usize)> {
        let before = self.first_block * BLOCK_TOKENS;
        let rows = batch.rows[self.tile.rows.clone()].iter();
        rows.map(|row| {
            let end = row.position + 1;
            let start = window.map_or(0, |window| end.saturating_sub(window));
            (start.saturating_sub(before), end - before)
        })
        .collect()
    }

    /// Where the head's keys and values of the blocks begin that are seen.
    fn places(
        &self,
        shape: super::cache::BlockShape,
        seen: &[(usize, usize)],
    ) -> (Vec<usize>, Vec<usize>) {
        let end = seen.iter().map(|(_, end)| *end).max().unwrap_or(0);
        let blocks = &self.tile.segment.blocks[self.first_block..][..end.div_ceil(BLOCK_TOKENS)];
        let indices = blocks.iter().map(|block| block.index());
        indices
            .map(|block| (shape.key_place(block), shape.value_place(block)))
            .unzip()
    }
}
