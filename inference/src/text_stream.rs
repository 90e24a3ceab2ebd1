//! From the bytes of tokens to whole pieces of text: holds back half characters and what may become a stop text.

/// The text of one reply as it grows.
#[derive(Debug)]
pub(crate) struct TextStream {
    stop_texts: Vec<String>,
    /// Bytes that do not make a whole character yet; at most 3.
    partial: Vec<u8>,
    text: String,
    /// How much of `text` was handed out.
    handed_out: usize,
    stopped: bool,
}

/// What one push sets free.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Piece<'a> {
    /// Whole characters, perhaps none.
    pub(crate) text: &'a str,
    /// A stop text came up; the reply ends before it.
    pub(crate) stopped: bool,
}

impl TextStream {
    /// An empty text that ends before the first of the given stop texts.
    pub(crate) fn new(stop_texts: &[String]) -> Self {
        Self {
            stop_texts: stop_texts.to_vec(),
            partial: Vec::new(),
            text: String::new(),
            handed_out: 0,
            stopped: false,
        }
    }

    /// Takes the bytes of one token and gives what is certain now. Bytes that can never become a character turn into U+FFFD.
    pub(crate) fn push(&mut self, token: &[u8]) -> Piece<'_> {
        if self.stopped {
            return Piece {
                text: "",
                stopped: true,
            };
        }
        self.partial.extend_from_slice(token);
        let bytes = std::mem::take(&mut self.partial);
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            self.text.push_str(chunk.valid());
            let at_end = chunks.peek().is_none();
            if at_end && may_become_character(chunk.invalid()) {
                self.partial = chunk.invalid().to_vec();
            } else if !chunk.invalid().is_empty() {
                self.text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        self.release()
    }

    /// Takes the bytes of tokens whose text begins with what was `said` before: it is what comes behind that from now on.
    /// Gives what of it can be said already, or `None` when their text begins otherwise or holds a stop text.
    pub(crate) fn go_on<'a>(
        &mut self,
        tokens: impl IntoIterator<Item = &'a [u8]>,
        said: &str,
    ) -> Option<&str> {
        for token in tokens {
            if self.push(token).stopped {
                return None;
            }
        }
        if !self.text[..self.handed_out].starts_with(said) {
            return None;
        }
        self.text.drain(..said.len());
        self.handed_out -= said.len();
        Some(&self.text[..self.handed_out])
    }

    /// Gives what was held back, since nothing follows.
    pub(crate) fn finish(&mut self) -> &str {
        if !self.stopped && !std::mem::take(&mut self.partial).is_empty() {
            self.text.push(char::REPLACEMENT_CHARACTER);
        }
        let start = std::mem::replace(&mut self.handed_out, self.text.len());
        &self.text[start..]
    }

    /// The text that was handed out.
    pub(crate) fn into_text(mut self) -> String {
        self.text.truncate(self.handed_out);
        self.text
    }

    fn release(&mut self) -> Piece<'_> {
        let start = self.handed_out;
        let fresh = &self.text[start..];
        // What was handed out holds no beginning of a stop text, so the search starts behind it.
        if let Some(at) = self
            .stop_texts
            .iter()
            .filter_map(|stop| fresh.find(stop.as_str()))
            .min()
        {
            self.text.truncate(start + at);
            self.stopped = true;
            self.handed_out = self.text.len();
        } else {
            let held = self
                .stop_texts
                .iter()
                .map(|stop| overlap(fresh, stop))
                .max()
                .unwrap_or(0);
            self.handed_out = self.text.len() - held;
        }
        Piece {
            text: &self.text[start..self.handed_out],
            stopped: self.stopped,
        }
    }
}

/// The length of the longest end of `text` that is a true beginning of `stop`.
fn overlap(text: &str, stop: &str) -> usize {
    stop.char_indices()
        .map(|(length, _)| length)
        .rev()
        .find(|length| text.ends_with(&stop[..*length]))
        .unwrap_or(0)
}

/// Whether an invalid chunk at the end of the bytes is the beginning of a character (and not bytes that can never be one).
fn may_become_character(bytes: &[u8]) -> bool {
    matches!(std::str::from_utf8(bytes), Err(error) if error.valid_up_to() == 0 && error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pushes the bytes cut at the given sizes and gives the pieces and whether a stop text came up.
    fn stream(bytes: &[u8], stop: &[String], sizes: &[usize]) -> (Vec<String>, bool, String) {
        let mut stream = TextStream::new(stop);
        let mut pieces = Vec::new();
        let mut rest = bytes;
        let mut sizes = sizes.iter().cycle();
        while !rest.is_empty() {
            let (token, after) = rest.split_at((*sizes.next().unwrap()).min(rest.len()));
            rest = after;
            let piece = stream.push(token);
            pieces.push(piece.text.to_owned());
            if piece.stopped {
                return (pieces, true, stream.into_text());
            }
        }
        pieces.push(stream.finish().to_owned());
        (pieces, false, stream.into_text())
    }

    #[test]
    fn a_stream_goes_on_behind_what_was_said_with_what_was_held_back() {
        let stop = ["END".to_owned()];
        let tokens = ["one t", "wo ", "\u{1f642}E"];
        let resumed = |said: &str| {
            let mut stream = TextStream::new(&stop);
            let rest = stream
                .go_on(tokens.iter().map(|token| token.as_bytes()), said)?
                .to_owned();
            let next = stream.push(b"ASY").text.to_owned();
            Some((rest, next, stream.into_text()))
        };
        let of = |texts: [&str; 3]| Some(texts.map(str::to_owned).into());
        assert_eq!(resumed("one two \u{1f642}"), of(["", "EASY", "EASY"]));
        assert_eq!(
            resumed("one "),
            of(["two \u{1f642}", "EASY", "two \u{1f642}EASY"])
        );
        assert_eq!(resumed("one two \u{1f642}E"), None);
        assert_eq!(resumed("eins"), None);
        let mut stream = TextStream::new(&stop);
        assert_eq!(stream.go_on([b"the END".as_slice()], "the "), None);
    }

    #[test]
    fn a_character_is_handed_out_when_its_last_byte_comes() {
        let (pieces, _, text) = stream("é🙂".as_bytes(), &[], &[1]);
        assert_eq!(pieces, ["", "é", "", "", "", "🙂", ""]);
        assert_eq!(text, "é🙂");
    }

    #[test]
    fn bytes_that_can_never_be_a_character_become_a_replacement_character() {
        let (pieces, _, text) = stream(b"a\xffb\xe2\x82", &[], &[1]);
        assert_eq!(pieces, ["a", "\u{fffd}", "b", "", "", "\u{fffd}"]);
        assert_eq!(text, "a\u{fffd}b\u{fffd}");
    }

    #[test]
    fn the_beginning_of_a_stop_text_is_held_back_until_it_is_known_to_be_none() {
        let stop = ["\nUser:".to_owned()];
        let (pieces, stopped, text) = stream(b"one\nUse two\nUser: three", &stop, &[1]);
        assert!(stopped);
        assert_eq!(text, "one\nUse two");
        assert_eq!(pieces.concat(), text);
        assert_eq!(pieces[3..8], ["", "", "", "", "\nUse "]);
    }

    #[test]
    fn the_earliest_of_several_stop_texts_ends_the_reply() {
        let stop = ["cd".to_owned(), "b".to_owned()];
        assert_eq!(
            stream(b"abcd", &stop, &[4]),
            (vec!["a".to_owned()], true, "a".to_owned())
        );
    }

    proptest! {
        #[test]
        fn however_the_bytes_are_cut_the_text_is_that_of_the_whole(
            bytes in prop_oneof![".{0,40}".prop_map(String::into_bytes), proptest::collection::vec(any::<u8>(), 0..60)],
            sizes in proptest::collection::vec(1_usize..5, 1..6),
        ) {
            let (pieces, stopped, text) = stream(&bytes, &[], &sizes);
            prop_assert!(!stopped);
            prop_assert_eq!(pieces.concat(), &text[..]);
            prop_assert_eq!(text, String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn however_the_text_is_cut_it_ends_before_the_first_stop_text(
            text in "[abé]{0,30}",
            stop in proptest::collection::vec("[abé]{1,4}", 0..3),
            sizes in proptest::collection::vec(1_usize..5, 1..6),
        ) {
            let (pieces, stopped, streamed) = stream(text.as_bytes(), &stop, &sizes);
            prop_assert_eq!(pieces.concat(), &streamed[..]);
            prop_assert!(text.starts_with(&streamed));
            prop_assert!(stop.iter().all(|stop| !streamed.contains(stop.as_str())));
            prop_assert_eq!(stopped, stop.iter().any(|stop| text.contains(stop.as_str())));
            if !stopped {
                prop_assert_eq!(streamed, text);
            }
        }
    }
}
