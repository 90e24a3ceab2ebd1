//! The words of a text as retrieval compares them: folded, English ones by their stems, Chinese ones as a dictionary divides them.

use std::sync::LazyLock;

use jieba_rs::Jieba;
use rust_stemmers::{Algorithm, Stemmer};
use unicode_normalization::UnicodeNormalization;
use unicode_segmentation::UnicodeSegmentation;

/// Bytes of a word that count: longer "words" are keys and digests, of which the beginning tells enough.
const WORD_BYTES_MAX: usize = 64;

/// The dictionary of Chinese words: some megabytes, unpacked when the first Chinese text is read, once for the process.
static CHINESE: LazyLock<Jieba> = LazyLock::new(Jieba::new);

/// The rules of English stems.
static ENGLISH: LazyLock<Stemmer> = LazyLock::new(|| Stemmer::create(Algorithm::English));

/// Calls `take` with each word of a text, in no particular order; a Chinese word comes with the shorter ones in it.
pub(super) fn each_word(text: &str, mut take: impl FnMut(&str)) {
    let folded: String = match text.is_ascii() {
        true => text.to_ascii_lowercase(),
        // Full-width letters and ligatures are the letters that they show.
        false => text.nfkc().flat_map(char::to_lowercase).collect(),
    };
    let mut rest = folded.as_str();
    while !rest.is_empty() {
        let is_han = rest.starts_with(is_han);
        let end = rest.find(|char| self::is_han(char) != is_han);
        let (run, after) = rest.split_at(end.unwrap_or(rest.len()));
        rest = after;
        if is_han {
            for word in CHINESE.cut_for_search(run, true) {
                take(word.word);
            }
        } else {
            for word in run.unicode_words() {
                take(shown(&stem(word)));
            }
        }
    }
}

fn stem(word: &str) -> std::borrow::Cow<'_, str> {
    match word.is_ascii() {
        true => ENGLISH.stem(word),
        false => word.into(),
    }
}

/// What of a word counts.
fn shown(word: &str) -> &str {
    &word[..word.floor_char_boundary(WORD_BYTES_MAX)]
}

/// Whether a letter is a Chinese character (the ideographs of Unicode's CJK blocks).
fn is_han(char: char) -> bool {
    matches!(char,
        '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}' | '々' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn words_are_folded_and_english_ones_cut_to_their_stems() {
        assert_eq!(
            words("Repairing ＬＥＮＳＥＳ, repaired: Ångström's ﬁre!"),
            ["repair", "lens", "repair", "ångström's", "fire"]
        );
    }

    #[test]
    fn chinese_is_divided_into_its_words_beside_others() {
        let expected = [
            "灯塔",
            "管理",
            "管理员",
            "每天",
            "use",
            "lv2",
            "测量",
            "风速",
        ];
        assert_eq!(words("灯塔管理员每天 used LV2，测量风速。"), expected);
    }

    #[test]
    fn of_a_word_without_an_end_the_beginning_counts() {
        let long = "ü".repeat(10_000);
        assert_eq!(words(&long), ["ü".repeat(WORD_BYTES_MAX / 2)]);
    }
}
