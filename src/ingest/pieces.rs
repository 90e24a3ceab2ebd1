//! Pieces: what retrieval finds and a reply quotes, cut along paragraphs and sentences to fit the embedding model.

use text_splitter::{ChunkConfig, ChunkSizer, MarkdownSplitter, TextSplitter};

use super::blocks::blocks;
use super::sections::sections;

/// Estimated tokens of a piece: the embedding model reads 256 and the headings above the piece take some.
pub const PIECE_TOKENS_MAX: usize = 180;

/// Letters of an alphabet that make about one token of English.
const LETTERS_PER_TOKEN: usize = 4;

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The headings above it, outermost first, joined by " › ".
    pub section: String,
    /// Its text.
    pub text: String,
}

impl Piece {
    /// What is embedded: the headings often name what the text only calls "it".
    pub fn embedded_text(&self) -> String {
        match self.section.is_empty() {
            true => self.text.clone(),
            false => format!("{}\n{}", self.section, self.text),
        }
    }
}

/// Cuts Markdown: first at headings, then as plain text is cut, but never inside what Markdown holds together.
///
/// Makes at most this many pieces.
pub(super) fn of_markdown(text: &str, pieces_max: usize) -> Vec<Piece> {
    let splitter =
        MarkdownSplitter::new(ChunkConfig::new(PIECE_TOKENS_MAX).with_sizer(EstimatedTokens));
    let mut pieces = Vec::new();
    for section in sections(text) {
        let texts = blocks(section.body)
            .flat_map(|block| splitter.chunks(block))
            .filter(|text| says_something(text));
        let room = pieces_max - pieces.len();
        pieces.extend(texts.take(room).map(|text| Piece {
            section: section.path.clone(),
            text: text.to_owned(),
        }));
    }
    if pieces.is_empty() {
        // Only headings: they are all that the document says.
        return of_plain_text(text, pieces_max);
    }
    pieces
}

/// Cuts plain text along paragraphs, then sentences, then words. Makes at most this many pieces.
pub(super) fn of_plain_text(text: &str, pieces_max: usize) -> Vec<Piece> {
    let splitter =
        TextSplitter::new(ChunkConfig::new(PIECE_TOKENS_MAX).with_sizer(EstimatedTokens));
    blocks(text)
        .flat_map(|block| splitter.chunks(block))
        .filter(|text| says_something(text))
        .take(pieces_max)
        .map(|text| Piece {
            section: String::new(),
            text: text.to_owned(),
        })
        .collect()
}

fn says_something(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Tokens without a tokenizer: four letters of an alphabet make about one, every other character makes one.
///
/// This holds for BERT's vocabulary in English and errs towards small pieces elsewhere: a Chinese character is a token.
struct EstimatedTokens;

impl ChunkSizer for EstimatedTokens {
    fn size(&self, text: &str) -> usize {
        let ascii = text.bytes().filter(u8::is_ascii).count();
        let others = text.chars().filter(|char| !char.is_ascii()).count();
        ascii.div_ceil(LETTERS_PER_TOKEN) + others
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_piece_knows_the_headings_above_it() {
        let pieces = of_markdown("# Ada\n\n## Work\n\nShe mends lighthouses.\n", 10);
        assert_eq!(
            pieces,
            [Piece {
                section: "Ada › Work".to_owned(),
                text: "She mends lighthouses.".to_owned()
            }]
        );
        assert_eq!(
            pieces[0].embedded_text(),
            "Ada › Work\nShe mends lighthouses."
        );
    }

    #[test]
    fn a_document_of_headings_alone_still_says_what_they_say() {
        assert_eq!(of_markdown("# One\n## Two\n", 10).len(), 1);
    }

    #[test]
    fn chinese_is_cut_into_pieces_that_the_model_reads_whole() {
        let text = "灯塔的光每十秒闪一次。".repeat(100);
        let pieces = of_plain_text(&text, 1_000);
        let longest = pieces.iter().map(|piece| piece.text.chars().count()).max();
        assert!(longest <= Some(PIECE_TOKENS_MAX), "{longest:?}");
    }

    #[test]
    fn text_without_a_place_to_cut_takes_no_longer_than_other_text() {
        // Each of these kept the splitter busy for minutes when it was given whole.
        for part in ["x", "a [", "> ", "a**b_", "a\n", "- a\n", "`a", "灯"] {
            let text = part.repeat(1_000_000 / part.len());
            assert!(of_plain_text(&text, 50).len() <= 50, "{part:?}");
            assert!(of_markdown(&text, 50).len() <= 50, "{part:?}");
        }
    }

    proptest! {
        #[test]
        fn no_word_is_lost_and_no_piece_is_too_long(
            words in prop::collection::vec("[a-zä-ü数字]{1,12}[.\\n #]{0,3}", 1..400)
        ) {
            let text = words.join(" ");
            for pieces in [of_plain_text(&text, 1_000), of_markdown(&text, 1_000)] {
                for piece in &pieces {
                    prop_assert!(EstimatedTokens.size(&piece.text) <= PIECE_TOKENS_MAX);
                }
            }
            let letters = |text: &str| text.chars().filter(|char| char.is_alphanumeric()).collect::<String>();
            let kept: String = of_plain_text(&text, 1_000).iter().map(|piece| letters(&piece.text)).collect();
            prop_assert_eq!(kept, letters(&text));
        }
    }
}
