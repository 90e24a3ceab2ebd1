//! One step as rows of tensors: which token stands where, where its keys and values go, and who looks at whom.

use tch::{Device, Kind, TchError, Tensor};

use super::paged_cache::{BLOCK_TOKENS, slot};
use crate::scheduler::Segment;

/// Rows of a step that attend together.
pub(super) struct Group {
    /// The first row and how many there are.
    pub(super) rows: (i64, i64),
    pub(super) attention: Attention,
    /// The blocks of the group's sequences, equally many each.
    pub(super) tables: Tensor,
}

/// How a group attends.
pub(super) enum Attention {
    /// One row looks at all `tokens` of its sequence: the last of them is its own.
    Row { tokens: i64 },
    /// One row each of several sequences, whose tables are filled up to the same length: masks [sequences, 1, 1, tokens].
    Rows { full: Tensor, sliding: Tensor },
    /// Neighbouring rows of one sequence of `tokens` tokens, the last of them being theirs: masks [rows, tokens]; `None`
    /// where they are the whole sequence and each simply sees those before it.
    Chunk {
        tokens: i64,
        full: Option<Tensor>,
        sliding: Option<Tensor>,
    },
}

/// A step, laid out.
pub(super) struct Batch {
    pub(super) rows: i64,
    /// Tokens, positions and slots of the rows: [rows].
    pub(super) tokens: Tensor,
    pub(super) positions: Tensor,
    pub(super) slots: Tensor,
    pub(super) groups: Vec<Group>,
    /// The rows whose logits are wanted, in the order of the segments.
    pub(super) wanted: Vec<i64>,
    /// Blocks below this one are used.
    pub(super) blocks: usize,
}

/// What masks depend on.
pub(super) struct Layout {
    pub(super) device: Device,
    pub(super) kind: Kind,
    pub(super) window_tokens: Option<usize>,
    /// Every row attends alone.
    pub(super) alone: bool,
    /// Rows are filled up to a multiple of this.
    pub(super) tile_rows: usize,
}

impl Layout {
    /// Numbers, on the device.
    fn place(&self, numbers: &[i64]) -> Result<Tensor, TchError> {
        Tensor::f_from_slice(numbers)?.f_to_device(self.device)
    }
}

impl Batch {
    /// Lays the segments out. Rows that decode come first, longest sequence first; `layout` says how rows are grouped.
    pub(super) fn new(segments: &[Segment], layout: &Layout) -> Result<Self, TchError> {
        let mut order: Vec<usize> = (0..segments.len()).collect();
        let decodes = |index: usize| segments[index].tokens.len() == 1;
        order.sort_by_key(|index| (!decodes(*index), usize::MAX - segments[*index].start));
        let (mut tokens, mut positions, mut slots) = (Vec::new(), Vec::new(), Vec::new());
        let mut last_rows = vec![0; segments.len()];
        let mut groups = Vec::new();
        let mut decoding: Vec<&Segment> = Vec::new();
        for index in order {
            let segment = &segments[index];
            let first_row = tokens.len() as i64;
            tokens.extend(segment.tokens.iter().map(|token| i64::from(*token)));
            let end = segment.start + segment.tokens.len();
            positions.extend((segment.start..end).map(|position| position as i64));
            slots.extend((segment.start..end).map(|position| slot(&segment.blocks, position)));
            last_rows[index] = tokens.len() as i64 - 1;
            if layout.alone {
                for (row, position) in (first_row..).zip(segment.start..end) {
                    groups.push(Group::row(segment, row, position, layout)?);
                }
            } else if decodes(index) {
                // One that is less than half as long as the longest would copy and compute more filling than content.
                let longest = decoding.first().map_or(0, |longest| longest.start);
                if segment.start * 2 < longest {
                    groups.push(Group::rows(&decoding, first_row, layout)?);
                    decoding.clear();
                }
                decoding.push(segment);
            } else {
                if !decoding.is_empty() {
                    groups.push(Group::rows(&decoding, first_row, layout)?);
                    decoding.clear();
                }
                groups.push(Group::chunk(segment, first_row, layout)?);
            }
        }
        if !decoding.is_empty() {
            groups.push(Group::rows(&decoding, tokens.len() as i64, layout)?);
        }
        let rows = tokens.len();
        // Filled up rows compute something that nobody reads; they have no slots.
        let filled = rows.next_multiple_of(layout.tile_rows);
        tokens.resize(filled, 0);
        positions.resize(filled, 0);
        let wanted = (segments.iter().zip(last_rows))
            .filter(|(segment, _)| segment.wants_logits)
            .map(|(_, row)| row)
            .collect();
        let used = segments.iter().flat_map(|segment| &segment.blocks);
        Ok(Self {
            rows: rows as i64,
            tokens: layout.place(&tokens)?,
            positions: layout.place(&positions)?,
            slots: layout.place(&slots)?,
            groups,
            wanted,
            blocks: used.map(|block| block.index() + 1).max().unwrap_or(0),
        })
    }
}

impl Group {
    fn row(
        segment: &Segment,
        row: i64,
        position: usize,
        layout: &Layout,
    ) -> Result<Self, TchError> {
        let blocks = position / BLOCK_TOKENS + 1;
        Ok(Self {
            rows: (row, 1),
            attention: Attention::Row {
                tokens: position as i64 + 1,
            },
            tables: table(segment, blocks, blocks, layout)?,
        })
    }

    /// Segments of one token, the longest sequence first; `end` is the row behind them.
    fn rows(segments: &[&Segment], end: i64, layout: &Layout) -> Result<Self, TchError> {
        let count = segments.len() as i64;
        if let [segment] = segments {
            return Self::row(segment, end - 1, segment.start, layout);
        }
        let blocks = segments[0].blocks.len();
        let tables: Result<Vec<Tensor>, TchError> = segments
            .iter()
            .map(|segment| table(segment, segment.blocks.len(), blocks, layout))
            .collect();
        let width = (blocks * BLOCK_TOKENS) as i64;
        let ends: Vec<i64> = segments.iter().map(|one| one.start as i64 + 1).collect();
        let ends = layout.place(&ends)?.f_view([count, 1, 1, 1])?;
        let places = Tensor::f_arange(width, (Kind::Int64, layout.device))?;
        let later = places.f_ge_tensor(&ends)?;
        let hide = |hidden: &Tensor| {
            Tensor::f_zeros([count, 1, 1, width], (layout.kind, layout.device))?
                .f_masked_fill(hidden, f64::NEG_INFINITY)
        };
        let full = hide(&later)?;
        let sliding = match layout.window_tokens {
            None => full.shallow_clone(),
            Some(window) => {
                let behind = places.f_lt_tensor(&ends.f_sub_scalar(window as i64)?)?;
                hide(&later.f_logical_or(&behind)?)?
            }
        };
        Ok(Self {
            rows: (end - count, count),
            attention: Attention::Rows { full, sliding },
            tables: Tensor::f_cat(&tables?, 0)?,
        })
    }

    fn chunk(segment: &Segment, row: i64, layout: &Layout) -> Result<Self, TchError> {
        let (before, t) = (segment.start, segment.tokens.len());
        let size = [t as i64, (before + t) as i64];
        let all = || Tensor::f_full(size, f64::NEG_INFINITY, (layout.kind, layout.device));
        let later = || all()?.f_triu(before as i64 + 1);
        let full = match before {
            0 => None,
            _ => Some(later()?),
        };
        let sliding = match layout.window_tokens {
            Some(window) if before + t > window => {
                let behind = all()?.f_tril(before as i64 - window as i64)?;
                Some(later()?.f_add(&behind)?)
            }
            _ => full.as_ref().map(Tensor::shallow_clone),
        };
        let blocks = segment.blocks.len();
        Ok(Self {
            rows: (row, t as i64),
            attention: Attention::Chunk {
                tokens: (before + t) as i64,
                full,
                sliding,
            },
            tables: table(segment, blocks, blocks, layout)?,
        })
    }
}

/// The first `blocks` of a segment, filled up to `width` with its first one.
fn table(
    segment: &Segment,
    blocks: usize,
    width: usize,
    layout: &Layout,
) -> Result<Tensor, TchError> {
    let mut table: Vec<i64> = segment.blocks[..blocks]
        .iter()
        .map(|block| block.index() as i64)
        .collect();
    table.resize(width, table[0]);
    layout.place(&table)
}
