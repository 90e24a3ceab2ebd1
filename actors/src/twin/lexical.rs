//! Which texts hold the words of a question: an inverted index, scored by Okapi BM25.
//!
//! **Invariant**: nothing is read of a text that may not be searched, and nothing counted of it. How rare a word is, how long
//! texts are and how many there are is worked out for each question over the texts that may be searched, so that scores tell
//! nothing of the others: they are those of an index that never had them.

use std::collections::HashMap;

use super::words::each_word;

/// How soon more of the same word counts no more; Lucene's.
const SATURATION: f32 = 1.2;

/// How much a long text is held to its length, 0 to 1; Lucene's.
const LENGTH_SHARE: f32 = 0.75;

/// Different words of a question that are looked for: whoever pastes a page asks with its beginning.
const QUESTION_WORDS_MAX: usize = 256;

/// The words of texts, which are known by their place: 0, 1, 2, …
#[derive(Default)]
pub(super) struct Lexical {
    /// The number of each word.
    numbers: HashMap<Box<str>, u32>,
    /// Where in `postings` those of each word begin; one more for the end.
    begins: Vec<u32>,
    /// In which texts a word stands, in the order of the texts.
    postings: Vec<Posting>,
    /// Words of each text.
    lengths: Vec<u32>,
}

/// That a word stands in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Posting {
    text: u32,
    count: u32,
}

/// What a question asks for, among texts that may be searched.
#[derive(Debug, Default, PartialEq)]
pub struct Asked {
    /// Each word once, and how rare it is.
    words: Vec<(Box<str>, f32)>,
    /// The sum of that.
    all: f32,
}

/// Gathers the words of texts, one after the other.
#[derive(Default)]
pub(super) struct LexicalBuilder {
    numbers: HashMap<Box<str>, u32>,
    /// Word and posting, text by text.
    found: Vec<(u32, Posting)>,
    lengths: Vec<u32>,
    /// How often each word stands in the text that is read.
    counts: HashMap<u32, u32>,
}

impl LexicalBuilder {
    /// Adds the next text, which may come in parts.
    pub(super) fn add(&mut self, parts: &[&str]) {
        let text = self.lengths.len() as u32;
        let mut length = 0;
        for part in parts {
            each_word(part, |word| {
                length += 1;
                let number = match self.numbers.get(word) {
                    Some(number) => *number,
                    None => {
                        let next = self.numbers.len() as u32;
                        self.numbers.insert(word.into(), next);
                        next
                    }
                };
                *self.counts.entry(number).or_default() += 1;
            });
        }
        self.lengths.push(length);
        let found = self.counts.drain();
        self.found
            .extend(found.map(|(word, count)| (word, Posting { text, count })));
    }

    /// The index of all that was added.
    pub(super) fn finish(self) -> Lexical {
        let mut begins = vec![0_u32; self.numbers.len() + 1];
        for (word, _) in &self.found {
            begins[*word as usize + 1] += 1;
        }
        let mut before = 0;
        for begin in &mut begins {
            before += *begin;
            *begin = before;
        }
        let mut next = begins.clone();
        let mut postings = vec![Posting { text: 0, count: 0 }; self.found.len()];
        for (word, posting) in self.found {
            let place = &mut next[word as usize];
            postings[*place as usize] = posting;
            *place += 1;
        }
        Lexical {
            numbers: self.numbers,
            begins,
            postings,
            lengths: self.lengths,
        }
    }
}

impl Lexical {
    /// How well each text that holds a word of the question answers it, with its place, in no order; of those that may be searched.
    pub(super) fn search(
        &self,
        question: &str,
        may_search: impl Fn(u32) -> bool,
    ) -> (Asked, Vec<(u32, f32)>) {
        let (mut texts, mut all_words) = (0_u32, 0_u64);
        for (text, length) in (0_u32..).zip(&self.lengths) {
            if may_search(text) {
                texts += 1;
                all_words += u64::from(*length);
            }
        }
        let mean_length = all_words as f32 / texts.max(1) as f32;
        let mut asked = Asked::default();
        let mut scores = vec![0.0_f32; self.lengths.len()];
        let mut postings = Vec::new();
        for word in words_of(question) {
            postings.clear();
            let of_word = self.postings_of(&word).iter().copied();
            postings.extend(of_word.filter(|posting| may_search(posting.text)));
            let rarity = rarity(postings.len() as u32, texts);
            for posting in &postings {
                let length = self.lengths[posting.text as usize] as f32 / mean_length;
                let damped = SATURATION * (1.0 - LENGTH_SHARE + LENGTH_SHARE * length);
                let count = posting.count as f32;
                scores[posting.text as usize] += rarity * count / (count + damped);
            }
            asked.all += rarity;
            asked.words.push((word, rarity));
        }
        let found = (0_u32..).zip(scores).filter(|(_, score)| *score > 0.0);
        (asked, found.collect())
    }

    fn postings_of(&self, word: &str) -> &[Posting] {
        let Some(number) = self.numbers.get(word) else {
            return &[];
        };
        let number = *number as usize;
        &self.postings[self.begins[number] as usize..self.begins[number + 1] as usize]
    }

    /// Bytes that the index holds.
    pub(super) fn bytes(&self) -> usize {
        let word = |word: &str| word.len() + size_of::<(Box<str>, u32)>() + 1;
        let numbers: usize = self.numbers.keys().map(|key| word(key)).sum();
        numbers
            + size_of_val(self.begins.as_slice())
            + size_of_val(self.postings.as_slice())
            + size_of_val(self.lengths.as_slice())
    }
}

impl Asked {
    /// How much of what a question asks for a text speaks of, 0 to 1: the share of its words, a rare one counting for more.
    pub(super) fn share_in(&self, parts: &[&str]) -> f32 {
        if self.all == 0.0 {
            return 0.0;
        }
        let mut found = vec![false; self.words.len()];
        for part in parts {
            each_word(part, |word| {
                if let Some(place) = self.words.iter().position(|(asked, _)| **asked == *word) {
                    found[place] = true;
                }
            });
        }
        let words = self.words.iter().zip(found);
        let found = words.filter(|(_, found)| *found);
        found.map(|((_, rarity), _)| rarity).sum::<f32>() / self.all
    }
}

/// The different words of a question, in their order.
fn words_of(question: &str) -> Vec<Box<str>> {
    let mut words: Vec<Box<str>> = Vec::new();
    each_word(question, |word| {
        let is_new =
            words.len() < QUESTION_WORDS_MAX && !words.iter().any(|known| **known == *word);
        if is_new {
            words.push(word.into());
        }
    });
    words
}

/// How much a word tells that stands in so many of the texts: its inverse document frequency, never negative.
fn rarity(with_it: u32, texts: u32) -> f32 {
    let (with_it, texts) = (with_it as f32, texts as f32);
    (1.0 + (texts - with_it + 0.5) / (with_it + 0.5)).ln()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How far the scores of bm25s, which computes in its own order, may be from ours.
    const TOLERANCE: f32 = 1e-5;

    fn index(texts: &[&str]) -> Lexical {
        let mut builder = LexicalBuilder::default();
        for text in texts {
            builder.add(&[text]);
        }
        builder.finish()
    }

    #[test]
    fn scores_are_those_of_bm25s() {
        let index = index(&[
            "The canary sings at noon",
            "a lighthouse, a canary and another canary",
            "storms break lenses",
            "noon",
        ]);
        let (_, found) = index.search("canaries at noon", |_| true);
        // bm25s 0.3.16, method "lucene", k1 1.2, b 0.75, on the stems of PyStemmer 3.1.0.
        let expected = [(0, 1.068_151_5), (1, 0.357_753_4), (3, 0.454_522_73)];
        assert_eq!(found.len(), expected.len());
        for ((text, score), (expected_text, expected_score)) in found.into_iter().zip(expected) {
            assert_eq!(text, expected_text);
            assert!(
                (score - expected_score).abs() < TOLERANCE,
                "{text}: {score}"
            );
        }
    }

    #[test]
    fn the_share_of_a_question_in_a_text_counts_a_rare_word_for_more() {
        let index = index(&["canary noon", "noon", "noon", "noon"]);
        let (asked, _) = index.search("Canaries? Noon!", |_| true);
        let canary = asked.share_in(&["the canary"]);
        assert!(canary > 0.5 && canary < 1.0, "{canary}");
        assert_eq!(asked.share_in(&["canary", "noon"]), 1.0);
        assert_eq!(asked.share_in(&["storm"]), 0.0);
        let (nothing, _) = index.search("?", |_| true);
        assert_eq!(nothing.share_in(&["?"]), 0.0);
    }

    proptest! {
        #[test]
        fn what_may_not_be_searched_leaves_no_trace_in_the_scores(
            texts in prop::collection::vec(("([a-e]{1,2} ){0,12}", any::<bool>()), 0..20),
            question in "([a-e]{1,2} ){1,4}",
        ) {
            let all: Vec<&str> = texts.iter().map(|(text, _)| text.as_str()).collect();
            let allowed: Vec<&str> = texts.iter().filter(|(_, may)| *may).map(|(text, _)| text.as_str()).collect();
            let places: Vec<u32> = (0..).zip(&texts).filter(|(_, (_, may))| *may).map(|(place, _)| place).collect();
            let (asked, found) = index(&all).search(&question, |text| texts[text as usize].1);
            let (expected_asked, expected) = index(&allowed).search(&question, |_| true);
            let expected: Vec<(u32, f32)> = expected
                .into_iter()
                .map(|(text, score)| (places[text as usize], score))
                .collect();
            prop_assert_eq!(asked, expected_asked);
            prop_assert_eq!(found, expected);
        }
    }
}
