//! The words of a text as the search knows them: the same for a message and for what is looked for.
//!
//! 1. Characters are folded: width and other compatibility forms, case, and accents fall away.
//! 2. Letters and digits in a row are a word. In scripts that have no blanks between words (Chinese, Japanese, Thai, …),
//!    in Korean, and of emoji, each character is a word by itself.
//! 3. Blanks and punctuation end a word, and do not count otherwise.

use std::ops::Range;

use unicode_normalization::char::decompose_compatible;

/// A word of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    /// Which word it is: two that are folded alike have the same.
    pub(super) hash: u64,
    /// It is one character of a script without blanks.
    pub(super) is_character: bool,
    /// Where it stands, in code points of the text.
    pub(super) place: Range<usize>,
}

/// What the index knows a message by: a word, two characters that follow each other, or a fact about the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Term(pub(super) u64);

/// The words of a text, in order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut words = Words::default();
    for (place, character) in text.chars().enumerate() {
        fold(character, |folded| words.add(place, folded));
    }
    words.end();
    words.done
}

/// Where the last word of a text begins, in bytes, when it may go on in what follows.
pub(super) fn unfinished(text: &str) -> Option<usize> {
    let mut words = Words::default();
    for (place, character) in text.char_indices() {
        fold(character, |folded| words.add(place, folded));
    }
    words.open.map(|(_, place)| place.start)
}

/// The terms of words that follow each other in a message.
pub(super) fn terms_of_message(words: &[Word], mut found: impl FnMut(Term)) {
    for word in words {
        found(Term(word.hash));
    }
    pairs(words, |_, term| found(term));
}

/// The terms that a message has in any case when it has these words one after the other.
pub(super) fn terms_of_phrase(words: &[Word]) -> Vec<Term> {
    let mut terms = Vec::new();
    let mut in_pair = vec![false; words.len()];
    pairs(words, |first, term| {
        in_pair[first] = true;
        in_pair[first + 1] = true;
        terms.push(term);
    });
    // A character that stands in a pair says nothing more alone.
    let alone = words.iter().zip(in_pair).filter(|(_, in_pair)| !in_pair);
    terms.extend(alone.map(|(word, _)| Term(word.hash)));
    terms.sort_unstable();
    terms.dedup();
    terms
}

/// Where the words of a phrase stand one after the other, in code points of the text; places may overlap.
pub(super) fn occurrences(text: &[Word], phrase: &[u64]) -> Vec<Range<usize>> {
    if phrase.is_empty() {
        return Vec::new();
    }
    let stands = |window: &&[Word]| {
        window
            .iter()
            .map(|word| word.hash)
            .eq(phrase.iter().copied())
    };
    let places = text.windows(phrase.len()).filter(stands);
    places
        .map(|window| window[0].place.start..window[window.len() - 1].place.end)
        .collect()
}

/// The number of some bytes that is the same on every machine and in every version.
pub(super) fn hash(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(HASH_BEGIN, |hash, byte| step(hash, *byte))
        .mixed()
}

fn pairs(words: &[Word], mut found: impl FnMut(usize, Term)) {
    for (first, pair) in words.windows(2).enumerate() {
        if pair[0].is_character && pair[1].is_character {
            let both = pair[0].hash.rotate_left(17) ^ pair[1].hash;
            found(first, Term(both.mixed()));
        }
    }
}

/// FNV-1a's offset and prime (RFC 9923).
const HASH_BEGIN: u64 = 0xcbf2_9ce4_8422_2325;
const HASH_PRIME: u64 = 0x0000_0100_0000_01b3;

const fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ byte as u64).wrapping_mul(HASH_PRIME)
}

trait Mixed {
    /// Every bit depends on every bit (the end of MurmurHash3).
    fn mixed(self) -> Self;
}

impl Mixed for u64 {
    fn mixed(mut self) -> Self {
        self ^= self >> 33;
        self = self.wrapping_mul(0xff51_afd7_ed55_8ccd);
        self ^= self >> 33;
        self = self.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
        self ^ (self >> 33)
    }
}

/// The words so far.
#[derive(Default)]
struct Words {
    done: Vec<Word>,
    /// The word that is being read: its unmixed hash and its place.
    open: Option<(u64, Range<usize>)>,
}

impl Words {
    fn add(&mut self, place: usize, character: char) {
        if is_nothing(character) {
            return;
        }
        if is_voicing(character)
            && let Some(last) = self.done.last_mut()
            && last.is_character
            && last.place.end >= place
        {
            last.hash = (last.hash ^ u64::from(character)).mixed();
            last.place.end = place + 1;
            return;
        }
        if is_word_alone(character) {
            self.end();
            self.done.push(Word {
                hash: of_character(HASH_BEGIN, character).mixed(),
                is_character: true,
                place: place..place + 1,
            });
        } else if character.is_alphanumeric() {
            let (hash, word) = self.open.get_or_insert((HASH_BEGIN, place..place));
            *hash = of_character(*hash, character);
            word.end = place + 1;
        } else {
            self.end();
        }
    }

    fn end(&mut self) {
        if let Some((hash, place)) = self.open.take() {
            self.done.push(Word {
                hash: hash.mixed(),
                is_character: false,
                place,
            });
        }
    }
}

fn of_character(hash: u64, character: char) -> u64 {
    let bytes = u32::from(character).to_le_bytes();
    bytes.into_iter().fold(hash, step)
}

/// Gives what is left of a character when the differences that nobody types are gone.
fn fold(character: char, mut give: impl FnMut(char)) {
    if character.is_ascii() {
        return give(character.to_ascii_lowercase());
    }
    if matches!(character, '\u{ac00}'..='\u{d7a3}') {
        // A Korean syllable would become its letters.
        return give(character);
    }
    decompose_compatible(character, |part| {
        // To upper case and back: so ß is ss, and the two lower-case sigmas are one.
        let folded = part.to_uppercase().flat_map(char::to_lowercase);
        folded
            .filter(|folded| !is_accent(*folded))
            .for_each(&mut give);
    });
}

/// An accent above or below a letter.
fn is_accent(character: char) -> bool {
    matches!(character, '\u{300}'..='\u{36f}')
}

/// The marks that voice a Japanese character: か and が are different words.
fn is_voicing(character: char) -> bool {
    matches!(character, '\u{3099}' | '\u{309a}')
}

/// A character that nobody sees: soft hyphens, joiners, variants and skin tones of emoji.
fn is_nothing(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{200b}'..='\u{200d}'
            | '\u{2060}'
            | '\u{fe00}'..='\u{fe0f}'
            | '\u{feff}'
            | '\u{1f3fb}'..='\u{1f3ff}'
    )
}

/// A character of a script without blanks between words, a Korean syllable or an emoji.
fn is_word_alone(character: char) -> bool {
    matches!(
        character,
        // Thai, Lao, Myanmar and Khmer.
        '\u{e01}'..='\u{e3a}'
            | '\u{e40}'..='\u{e4e}'
            | '\u{e81}'..='\u{ece}'
            | '\u{1000}'..='\u{103f}'
            | '\u{1050}'..='\u{108f}'
            | '\u{1780}'..='\u{17d3}'
            // Emoji and other signs.
            | '\u{2600}'..='\u{27bf}'
            | '\u{2b00}'..='\u{2bff}'
            | '\u{1f000}'..='\u{1faff}'
            // Chinese, Japanese, Bopomofo.
            | '\u{3005}'..='\u{3007}'
            | '\u{3021}'..='\u{3029}'
            | '\u{3041}'..='\u{3096}'
            | '\u{30a1}'..='\u{30fa}'
            | '\u{30fc}'..='\u{30ff}'
            | '\u{3105}'..='\u{312f}'
            | '\u{31a0}'..='\u{31bf}'
            | '\u{31f0}'..='\u{31ff}'
            | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}'
            | '\u{ac00}'..='\u{d7a3}'
            | '\u{f900}'..='\u{faff}'
            | '\u{20000}'..='\u{3ffff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(text: &str) -> Vec<u64> {
        words(text).into_iter().map(|word| word.hash).collect()
    }

    #[test]
    fn what_is_typed_differently_is_the_same_word() {
        for (one, other) in [
            ("Spare KEY", "spare key"),
            ("ﬁne １２ ＡＢＣ", "fine 12 abc"),
            ("Café", "cafe\u{301}"),
            ("café", "cafe"),
            ("STRASSE", "straße"),
            ("ΟΔΟΣ", "οδός"),
            ("İstanbul", "istanbul"),
            ("soft\u{ad}ware", "software"),
            ("ｶﾞｰﾄﾞ", "ガード"),
            ("が", "か\u{3099}"),
            ("👍🏽", "👍"),
            ("don't, stop!", "don t stop"),
        ] {
            assert_eq!(hashes(one), hashes(other), "{one} and {other}");
        }
        for (one, other) in [
            ("か", "が"),
            ("key", "keys"),
            ("ab c", "a bc"),
            ("知识", "识知"),
            ("1", "一"),
        ] {
            assert_ne!(hashes(one), hashes(other), "{one} and {other}");
        }
    }

    #[test]
    fn words_stand_where_a_reader_sees_them() {
        let places = |text: &str| -> Vec<String> {
            let characters: Vec<char> = text.chars().collect();
            let words = words(text);
            words
                .into_iter()
                .map(|word| characters[word.place].iter().collect())
                .collect()
        };
        for (text, expected) in [
            ("", vec![]),
            (" -- …", vec![]),
            ("Hello, wörld!", vec!["Hello", "wörld"]),
            ("x=1;y_2", vec!["x", "1", "y", "2"]),
            ("我用Rust写", vec!["我", "用", "Rust", "写"]),
            ("가나 다", vec!["가", "나", "다"]),
            ("か\u{3099}き", vec!["か\u{3099}", "き"]),
            ("a½b", vec!["a½", "½b"]),
            ("🧮brass", vec!["🧮", "brass"]),
        ] {
            assert_eq!(places(text), expected, "{text}");
        }
    }

    #[test]
    fn a_message_has_the_terms_of_every_phrase_that_stands_in_it() {
        let text = "知识图谱 and the Rust写 knowledge 图";
        let message = words(text);
        let mut of_message = std::collections::HashSet::new();
        terms_of_message(&message, |term| {
            of_message.insert(term);
        });
        for start in 0..message.len() {
            for end in start + 1..=message.len() {
                let phrase = &message[start..end];
                let terms = terms_of_phrase(phrase);
                assert!(!terms.is_empty());
                assert!(terms.iter().all(|term| of_message.contains(term)));
                let hashes: Vec<u64> = phrase.iter().map(|word| word.hash).collect();
                let place = phrase[0].place.start..phrase[phrase.len() - 1].place.end;
                assert!(occurrences(&message, &hashes).contains(&place));
            }
        }
        let other = terms_of_phrase(&words("识知"));
        assert!(!other.iter().any(|term| of_message.contains(term)));
    }

    #[test]
    fn numbers_of_words_are_the_same_for_ever() {
        // The index on disk has them: another number is another index.
        assert_eq!(
            [hash(b""), hash(b"a"), words("spare")[0].hash],
            [
                0xefd0_1f60_ba99_2926,
                0x82a2_a958_a9be_ce5b,
                0x7178_ca27_860b_8048,
            ]
        );
    }
}
