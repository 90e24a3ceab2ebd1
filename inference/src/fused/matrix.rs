//! Weight matrices as the kernels read them: panels of 16 columns, in four or eight bits where the file has them so, else bf16
//! or f32.
//!
//! A matrix is never coarser than its file where that has four or eight bits, which keep their very numbers (tiles multiply with them
//! rounded to bf16); everything else is rounded to bf16, but for networks that compute in f32.

use half::{bf16, f16};

use super::cpu::Avx512Bf16;
use super::kernels::LANES;
use super::kernels::product::{EightBitGroup, FourBitGroup, GROUP, PANELS_MAX, PairLine, Panels};
use super::kernels::single::SingleLine;
use crate::model::Rows;

/// A matrix of `columns` columns (the outputs of a product), each `depth` numbers deep.
#[derive(Debug)]
pub(crate) struct Matrix {
    pub(crate) columns: usize,
    pub(crate) depth: usize,
    parts: Vec<Part>,
    /// For products with so few rows that a tile holds them all,
    few_rows: Vec<Chunk>,
    /// and with more: as narrow as tiles of as many rows as may be, for which weights are read and unpacked the least often.
    many_rows: Vec<Chunk>,
}

/// Columns of one encoding, the last panel filled up with zeros.
#[derive(Debug)]
struct Part {
    panels: Store,
    columns: usize,
}

#[derive(Debug)]
enum Store {
    Single(Vec<SingleLine>),
    Dense(Vec<PairLine>),
    FourBit(Vec<FourBitGroup>),
    EightBit(Vec<EightBitGroup>),
}

/// Panels of a chunk for more rows than that.
const MANY_ROWS_PANELS: usize = 2;

/// Neighbouring panels that are computed together.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Chunk {
    part: usize,
    first_panel: usize,
    pub(crate) panels: usize,
    /// The first column of the matrix, and how many there are.
    pub(crate) first_column: usize,
    pub(crate) columns: usize,
}

impl Matrix {
    /// Packs matrices of the same depth, one behind the other.
    pub(crate) fn join(sources: &[Rows]) -> Self {
        let depth = sources.first().map_or(0, |rows| rows.depth());
        let mut parts = Vec::new();
        // Neighbours of one encoding become one part.
        for group in sources.chunk_by(|a, b| a.encoding() == b.encoding()) {
            let order: Vec<(&Rows, usize)> = (group.iter())
                .flat_map(|rows| (0..rows.count()).map(move |row| (rows, row)))
                .collect();
            parts.push(Part::pack(&order));
        }
        Self::of(parts, depth, &[PANELS_MAX, 3, 2])
    }

    /// Packs gate and up: by turns 16 columns of the one and 16 of the other.
    ///
    /// Their columns are a multiple of 16.
    pub(crate) fn alternate(gate: Rows, up: Rows) -> Self {
        let (gate, up) = match gate.encoding() == up.encoding() {
            true => (gate, up),
            false => (gate.into_dense(), up.into_dense()),
        };
        let depth = gate.depth();
        let panels = (0..gate.count()).step_by(LANES);
        let order: Vec<(&Rows, usize)> = panels
            .flat_map(|first| [(&gate, first), (&up, first)])
            .flat_map(|(rows, first)| (first..first + LANES).map(move |row| (rows, row)))
            .collect();
        Self::of(vec![Part::pack(&order)], depth, &[PANELS_MAX, 2])
    }

    /// Cuts the parts into chunks, those for few rows of one of the given sizes: the one with which two threads end at the same
    /// time.
    fn of(parts: Vec<Part>, depth: usize, sizes: &[usize]) -> Self {
        let cut = |size: usize| {
            let mut chunks = Vec::new();
            let mut part_column = 0;
            for (index, part) in parts.iter().enumerate() {
                let panels = part.columns.div_ceil(LANES);
                for first_panel in (0..panels).step_by(size) {
                    let first = first_panel * LANES;
                    chunks.push(Chunk {
                        part: index,
                        first_panel,
                        panels: size.min(panels - first_panel),
                        first_column: part_column + first,
                        columns: (size * LANES).min(part.columns - first),
                    });
                }
                part_column += part.columns;
            }
            chunks
        };
        let slower_half = |size: &usize| (cut(*size).len().div_ceil(2) * size, usize::MAX - size);
        let best = sizes.iter().copied().min_by_key(slower_half);
        Self {
            columns: parts.iter().map(|part| part.columns).sum(),
            depth,
            few_rows: cut(best.unwrap_or(1)),
            many_rows: cut(MANY_ROWS_PANELS),
            parts,
        }
    }

    /// The chunks for a product with so few rows that a tile of the widest ones holds them all.
    pub(crate) fn few_rows(&self) -> &[Chunk] {
        &self.few_rows
    }

    /// The chunks for a product with more rows.
    pub(crate) fn many_rows(&self) -> &[Chunk] {
        &self.many_rows
    }

    /// The panels of a chunk.
    pub(crate) fn panels(&self, chunk: &Chunk) -> Panels<'_> {
        let groups = |per_panel: usize| {
            let first = chunk.first_panel * per_panel;
            first..first + chunk.panels * per_panel
        };
        match &self.parts[chunk.part].panels {
            Store::Single(lines) => Panels::Single(&lines[groups(self.depth)]),
            Store::Dense(lines) => Panels::Dense(&lines[groups(self.depth / 2)]),
            Store::FourBit(all) => Panels::FourBit(&all[groups(self.depth / GROUP)]),
            Store::EightBit(all) => Panels::EightBit(&all[groups(self.depth / GROUP)]),
        }
    }

    /// Whether products need the sums of the groups of their input: vectors multiply what has minima without them.
    pub(crate) fn needs_sums(&self, cpu: Avx512Bf16) -> bool {
        let has_minima = |part: &Part| matches!(part.panels, Store::FourBit(_));
        cpu.amx().is_none() && self.parts.iter().any(has_minima)
    }

    /// One column, such as the embedding of a token.
    pub(crate) fn column(&self, column: usize, values: &mut [f32]) {
        let mut left = column;
        for part in &self.parts {
            if left < part.columns {
                return part.column(left, values);
            }
            left -= part.columns;
        }
        unreachable!("the matrix has {} columns, not {column}", self.columns);
    }

    /// Bytes in memory.
    pub(crate) fn bytes(&self) -> usize {
        let bytes = |part: &Part| match &part.panels {
            Store::Single(lines) => size_of_val(&lines[..]),
            Store::Dense(lines) => size_of_val(&lines[..]),
            Store::FourBit(groups) => size_of_val(&groups[..]),
            Store::EightBit(groups) => size_of_val(&groups[..]),
        };
        self.parts.iter().map(bytes).sum()
    }

    /// The encodings of the parts.
    pub(crate) fn encodings(&self) -> impl Iterator<Item = &'static str> {
        self.parts.iter().map(|part| match part.panels {
            Store::Single(_) => "f32",
            Store::Dense(_) => "bf16",
            Store::FourBit(_) => "int4",
            Store::EightBit(_) => "int8",
        })
    }
}

impl Part {
    /// Packs rows of one encoding in the given order.
    fn pack(order: &[(&Rows, usize)]) -> Self {
        let panels = order.chunks(LANES);
        let panels = match order.first().map(|(rows, _)| *rows) {
            Some(Rows::Single { .. }) => Store::Single(panels.flat_map(single_panel).collect()),
            Some(Rows::FourBit { .. }) => Store::FourBit(panels.flat_map(four_bit_panel).collect()),
            Some(Rows::EightBit { .. }) => {
                Store::EightBit(panels.flat_map(eight_bit_panel).collect())
            }
            _ => Store::Dense(panels.flat_map(dense_panel).collect()),
        };
        Self {
            panels,
            columns: order.len(),
        }
    }

    fn column(&self, column: usize, values: &mut [f32]) {
        let (panel, lane) = (column / LANES, column % LANES);
        let depth = values.len();
        match &self.panels {
            Store::Single(lines) => {
                for (value, line) in values.iter_mut().zip(&lines[panel * depth..]) {
                    *value = line.0[lane];
                }
            }
            Store::Dense(lines) => {
                let lines = &lines[panel * depth / 2..];
                for (pair, line) in values.chunks_exact_mut(2).zip(lines) {
                    pair[0] = bf16::from_bits(line.0[2 * lane]).to_f32();
                    pair[1] = bf16::from_bits(line.0[2 * lane + 1]).to_f32();
                }
            }
            Store::FourBit(groups) => {
                let groups = &groups[panel * depth / GROUP..];
                for (values, group) in values.chunks_exact_mut(GROUP).zip(groups) {
                    let half = |bits| f16::from_bits(bits).to_f32();
                    let (scale, minimum) = (half(group.scales[lane]), half(group.minima[lane]));
                    for (index, value) in values.iter_mut().enumerate() {
                        let (pair, odd) = (index / 2, index % 2);
                        let word = group.nibbles[pair / 4][2 * lane + odd];
                        let nibble = word >> (4 * (pair % 4)) & 0xf;
                        *value = f32::from(nibble) * scale + minimum;
                    }
                }
            }
            Store::EightBit(groups) => {
                let groups = &groups[panel * depth / GROUP..];
                for (values, group) in values.chunks_exact_mut(GROUP).zip(groups) {
                    for (index, value) in values.iter_mut().enumerate() {
                        let (pair, odd) = (index / 2, index % 2);
                        let word = group.bytes[pair / 2][2 * lane + odd];
                        let byte = (word >> (8 * (pair % 2))) as i8;
                        *value = f32::from(byte) * group.scales[lane];
                    }
                }
            }
        }
    }
}

fn single_panel(columns: &[(&Rows, usize)]) -> Vec<SingleLine> {
    let depth = columns[0].0.depth();
    let mut lines = vec![SingleLine([0.0; LANES]); depth];
    for (lane, (rows, row)) in columns.iter().enumerate() {
        let Rows::Single { numbers, .. } = rows else {
            unreachable!("the rows of a part have one encoding")
        };
        for (number, line) in numbers[row * depth..][..depth].iter().zip(&mut lines) {
            line.0[lane] = *number;
        }
    }
    lines
}

fn dense_panel(columns: &[(&Rows, usize)]) -> Vec<PairLine> {
    let depth = columns[0].0.depth();
    let mut lines = vec![PairLine([0; 32]); depth / 2];
    for (lane, (rows, row)) in columns.iter().enumerate() {
        let Rows::Dense { numbers, .. } = rows else {
            unreachable!("the rows of a part have one encoding")
        };
        let row = &numbers[row * depth..][..depth];
        for (pair, line) in row.chunks_exact(2).zip(&mut lines) {
            line.0[2 * lane] = pair[0].to_bits();
            line.0[2 * lane + 1] = pair[1].to_bits();
        }
    }
    lines
}

fn four_bit_panel(columns: &[(&Rows, usize)]) -> Vec<FourBitGroup> {
    let empty = FourBitGroup {
        nibbles: [[0; 32]; 4],
        scales: [0; LANES],
        minima: [0; LANES],
    };
    let mut groups = vec![empty; columns[0].0.depth() / GROUP];
    for (lane, (rows, row)) in columns.iter().enumerate() {
        let Rows::FourBit { blocks, .. } = rows else {
            unreachable!("the rows of a part have one encoding")
        };
        for (block, group) in blocks[row * groups.len()..].iter().zip(&mut groups) {
            group.scales[lane] = block.scale.to_bits();
            group.minima[lane] = block.minimum.to_bits();
            for (index, number) in block.numbers.iter().enumerate() {
                let (pair, odd) = (index / 2, index % 2);
                group.nibbles[pair / 4][2 * lane + odd] |= u16::from(*number) << (4 * (pair % 4));
            }
        }
    }
    groups
}

fn eight_bit_panel(columns: &[(&Rows, usize)]) -> Vec<EightBitGroup> {
    let empty = EightBitGroup {
        bytes: [[0; 32]; 8],
        scales: [0.0; LANES],
    };
    let mut groups = vec![empty; columns[0].0.depth() / GROUP];
    for (lane, (rows, row)) in columns.iter().enumerate() {
        let Rows::EightBit { blocks, .. } = rows else {
            unreachable!("the rows of a part have one encoding")
        };
        for (block, group) in blocks[row * groups.len()..].iter().zip(&mut groups) {
            group.scales[lane] = block.scale.to_f32();
            for (index, number) in block.numbers.iter().enumerate() {
                let (pair, odd) = (index / 2, index % 2);
                let byte = u16::from(*number as u8);
                group.bytes[pair / 2][2 * lane + odd] |= byte << (8 * (pair % 2));
            }
        }
    }
    groups
}

#[cfg(test)]
mod tests;
