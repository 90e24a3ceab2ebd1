//! Pieces: what retrieval finds and a reply quotes, cut along paragraphs and sentences to fit the embedding model.

use inference::TokenCounter;
use text_splitter::{ChunkConfig, ChunkSizer, MarkdownSplitter, TextSplitter};

use super::blocks::blocks;
use crate::extract::{Extracted, Kind, Section};

/// Tokens of a piece: the embedding model reads 256 and the headings above the piece take some.
pub const PIECE_TOKENS_MAX: usize = 180;

/// Letters of a token: in no language a page long are there more on average.
const LETTERS_PER_TOKEN_MAX: usize = 16;

/// A piece of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Piece {
    /// The headings above it, outermost first, joined by " › ".
    pub(super) section: String,
    /// Its text.
    pub(super) text: String,
}

/// What is embedded of a piece: the headings above it often name what its text only calls "it".
pub fn embedded_text(section: &str, text: &str) -> String {
    match section.is_empty() {
        true => text.to_owned(),
        false => format!("{section}\n{text}"),
    }
}

/// Cuts what a document says into pieces, at most this many: never across its sections, then along paragraphs, sentences and
/// words, and never inside what Markdown holds together.
pub(super) fn of(extracted: &Extracted, counter: &TokenCounter, pieces_max: usize) -> Vec<Piece> {
    let sizer = Tokens(counter);
    let config = || ChunkConfig::new(PIECE_TOKENS_MAX).with_sizer(&sizer);
    let (plain, markdown) = (TextSplitter::new(config()), MarkdownSplitter::new(config()));
    let split = |section: &Section| -> Vec<&str> {
        let body = &extracted.text[section.place.clone()];
        let chunks = blocks(body).flat_map(|block| -> Vec<&str> {
            match extracted.kind {
                Kind::Markdown => markdown.chunks(block).collect(),
                _ => plain.chunks(block).collect(),
            }
        });
        let said = chunks.filter(|text| says_something(text));
        said.take(pieces_max).collect()
    };
    let mut pieces = Vec::new();
    for section in &extracted.sections {
        let room = pieces_max - pieces.len();
        if room == 0 {
            break;
        }
        pieces.extend(split(section).into_iter().take(room).map(|text| Piece {
            section: section.path.clone(),
            text: text.to_owned(),
        }));
    }
    if pieces.is_empty() {
        // Only headings: they are all that the document says.
        let whole = Section {
            path: String::new(),
            place: 0..extracted.text.len(),
        };
        pieces.extend(split(&whole).into_iter().map(|text| Piece {
            section: String::new(),
            text: text.to_owned(),
        }));
    }
    pieces
}

fn says_something(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// Tokens as the embedding model counts them.
struct Tokens<'a>(&'a TokenCounter);

impl ChunkSizer for &Tokens<'_> {
    fn size(&self, text: &str) -> usize {
        let letters = text.chars().count();
        // Whatever is so long is too long, and is not counted: counting is most of the work.
        if letters > LETTERS_PER_TOKEN_MAX * PIECE_TOKENS_MAX {
            return letters;
        }
        // A counter of words takes a Chinese sentence for one.
        let beyond_words = text.chars().filter(|char| !char.is_ascii()).count() / 2;
        self.0.count(text).max(beyond_words)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn extracted(kind: Kind, text: &str) -> Extracted {
        let sections = match kind {
            Kind::Markdown => crate::extract::markdown_sections(text),
            _ => vec![Section {
                path: String::new(),
                place: 0..text.len(),
            }],
        };
        Extracted {
            kind,
            text: text.to_owned(),
            sections,
            said: Vec::new(),
        }
    }

    fn of_markdown(text: &str, pieces_max: usize) -> Vec<Piece> {
        of(
            &extracted(Kind::Markdown, text),
            &TokenCounter::words(),
            pieces_max,
        )
    }

    fn of_plain_text(text: &str, pieces_max: usize) -> Vec<Piece> {
        of(
            &extracted(Kind::Plain, text),
            &TokenCounter::words(),
            pieces_max,
        )
    }

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
            embedded_text(&pieces[0].section, &pieces[0].text),
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
        assert!(longest <= Some(2 * PIECE_TOKENS_MAX), "{longest:?}");
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
                    prop_assert!((&Tokens(&TokenCounter::words())).size(&piece.text) <= PIECE_TOKENS_MAX);
                }
            }
            let letters = |text: &str| text.chars().filter(|char| char.is_alphanumeric()).collect::<String>();
            let kept: String = of_plain_text(&text, 1_000).iter().map(|piece| letters(&piece.text)).collect();
            prop_assert_eq!(kept, letters(&text));
        }
    }
}
