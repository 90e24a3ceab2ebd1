//! Blocks: a text in portions that the splitter handles quickly, whatever they hold.
//!
//! The splitter looks for the best place to cut in all that follows, which takes minutes on megabytes without a place to
//! cut. Whatever is longer than a block is cut here first, in time that grows with the length alone.

/// Bytes of a block: some ten pieces, and milliseconds of splitting at the worst.
const BLOCK_BYTES_MAX: usize = 8 * 1024;

/// Where a text is cut, best first.
const CUTS: &[&str] = &["\n\n", "\n", ". ", "。", " "];

/// Cuts a text after paragraphs, else after lines, sentences or words, else anywhere between two characters.
pub(super) fn blocks(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let (block, after) = rest.split_at(block_bytes(rest));
        rest = after;
        Some(block)
    })
}

fn block_bytes(text: &str) -> usize {
    if text.len() <= BLOCK_BYTES_MAX {
        return text.len();
    }
    let window = &text[..text.floor_char_boundary(BLOCK_BYTES_MAX)];
    CUTS.iter()
        .find_map(|cut| Some(window.rfind(cut)? + cut.len()))
        .unwrap_or(window.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_paragraph_is_kept_whole_where_it_fits() {
        let paragraph = "Words. ".repeat(1_000);
        let text = format!("{paragraph}\n\n{paragraph}");
        let cut: Vec<_> = blocks(&text).collect();
        assert_eq!(cut, [format!("{paragraph}\n\n"), paragraph]);
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_no_block_is_too_long(
            parts in prop::collection::vec("[a-z灯塔é .。\n]{0,40}", 0..1_000)
        ) {
            let text = parts.concat();
            let cut: Vec<_> = blocks(&text).collect();
            prop_assert_eq!(&cut.concat(), &text);
            prop_assert!(cut.iter().all(|block| (1..=BLOCK_BYTES_MAX).contains(&block.len())));
        }
    }
}
