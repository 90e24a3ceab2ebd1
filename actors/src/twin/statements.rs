//! What of a message is worth remembering: sentences in which its author says something of themselves.
//!
//! They are kept in the author's own words, so that nothing is remembered that nobody said. The words that tell them are those
//! of English, German, French, Spanish and Chinese.

use unicode_segmentation::UnicodeSegmentation;

use super::quotes::sentences;

/// Sentences of one message that are remembered: whoever tells more at once tells a story.
const STATEMENTS_MAX: usize = 3;

/// Characters of a sentence that is remembered.
const STATEMENT_CHARS_MAX: usize = 300;

/// Words without which a sentence says nothing of anybody.
const WORDS_MIN: usize = 3;

/// Words by which their author speaks of themselves.
const OWN_WORDS: &[&str] = &[
    "i", "i'm", "i've", "i'd", "i'll", "my", "mine", "me", "we", "we're", "we've", "our",
    "us", //
    "ich", "mein", "meine", "meinen", "meiner", "meinem", "mir", "mich", "wir", "unser", "unsere",
    "je", "j'ai", "j'aime", "j'habite", "mon", "ma", "mes", "moi", "nous", "notre", "nos", //
    "yo", "mi", "mis", "soy", "tengo", "vivo", "nosotros", "nuestra", "nuestro",
];

/// Chinese stands without spaces: the characters are looked for anywhere.
const OWN_CHARACTERS: &[char] = &['我', '咱', '俺'];

/// How sentences begin that ask or order something.
const REQUESTS: &[&str] = &[
    "tell me",
    "show me",
    "give me",
    "help me",
    "let me",
    "remind me",
    "send me",
    "ask me",
    "write me",
    "can ",
    "could ",
    "would ",
    "will ",
    "shall ",
    "do ",
    "does ",
    "did ",
    "what",
    "where",
    "when",
    "who",
    "why",
    "how",
    "which",
    "is ",
    "are ",
    "am i",
    "please",
    "i want you",
    "i need you",
    "i'd like you",
    "i wonder",
    "i would like you",
    "let's ", //
    "sag mir",
    "zeig mir",
    "bitte",
    "kannst",
    "könntest",
    "was ",
    "wo ",
    "wer ",
    "wie ",
    "warum ",
    "wann ", //
    "dis-moi",
    "peux-tu",
    "pouvez",
    "que ",
    "qui ",
    "où ",
    "comment ",
    "pourquoi ",
    "quand ", //
    "dime",
    "puedes",
    "por favor",
    "qué ",
    "quién ",
    "dónde ",
    "cómo ",
    "cuándo ", //
    "请",
    "告诉我",
    "帮我",
    "给我",
    "你能",
    "能不能",
    "可以",
    "为什么",
    "什么",
    "怎么",
    "哪",
];

/// How somebody begins who says that it is otherwise.
const CORRECTIONS: &[&str] = &[
    "no,",
    "no.",
    "no -",
    "nope,",
    "not any more,",
    "not anymore,",
    "actually,",
    "actually ",
    "correction:",
    "that's wrong,",
    "that is wrong,",
    "that's not true,",
    "wrong,", //
    "nein,",
    "falsch,",
    "eigentlich ",
    "non,",
    "en fait,",
    "no es así,",
    "en realidad,", //
    "不对",
    "不是\u{ff0c}",
    "不\u{ff0c}",
    "其实",
    "更正",
];

/// Something that somebody said of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    /// The sentence, without the word that says that it is otherwise.
    pub(super) text: String,
    /// Whether it says that something is otherwise than it was said.
    pub(super) corrects: bool,
}

/// What the author of a message says of themselves, in order.
pub(super) fn statements(message: &str) -> Vec<Statement> {
    let mut statements = Vec::new();
    // "No. I moved to Oslo." corrects as much as "No, I moved to Oslo." does.
    let mut corrected_before = false;
    for sentence in sentences(message) {
        let (text, corrects) = without_correction(&sentence);
        let corrects = corrects || corrected_before;
        corrected_before = corrects && text.is_empty();
        if says_something(text) {
            statements.push(Statement {
                text: text.to_owned(),
                corrects,
            });
        }
        if statements.len() == STATEMENTS_MAX {
            break;
        }
    }
    statements
}

/// A sentence without the words that say that it corrects, and whether there were any.
fn without_correction(sentence: &str) -> (&str, bool) {
    let folded = sentence.to_lowercase();
    let length = CORRECTIONS
        .iter()
        .filter(|begins| folded.starts_with(**begins))
        .map(|begins| begins.len())
        .max();
    match length {
        // Case folding leaves the lengths of these words as they are.
        Some(length) if sentence.is_char_boundary(length) => {
            let rest =
                sentence[length..].trim_start_matches([' ', ',', '\u{ff0c}', '-', ':', '。', '.']);
            (rest, true)
        }
        _ => (sentence, false),
    }
}

fn says_something(sentence: &str) -> bool {
    let asks = sentence.ends_with(['吗', '呢']) || sentence.contains(['?', '\u{ff1f}']);
    let folded = sentence.to_lowercase();
    let requests = REQUESTS.iter().any(|begins| folded.starts_with(begins));
    if asks || requests || sentence.chars().count() > STATEMENT_CHARS_MAX {
        return false;
    }
    if sentence.contains(OWN_CHARACTERS) {
        return true;
    }
    let words: Vec<String> = folded
        .replace('’', "'")
        .unicode_words()
        .map(str::to_owned)
        .collect();
    let own = words.iter().any(|word| OWN_WORDS.contains(&word.as_str()));
    own && words.len() >= WORDS_MIN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(message: &str) -> Vec<(String, bool)> {
        let statements = statements(message).into_iter();
        statements
            .map(|statement| (statement.text, statement.corrects))
            .collect()
    }

    #[test]
    fn what_people_say_of_themselves_is_remembered_in_their_words() {
        for message in [
            "I moved to Oslo in May.",
            "My dog is called Rufus.",
            "I’m allergic to nuts.",
            "Ich wohne jetzt in Kiel.",
            "J'habite à Lyon.",
            "Vivo en Bogotá desde marzo.",
            "我在上海工作。",
        ] {
            assert_eq!(said(message), [(message.to_owned(), false)]);
        }
    }

    #[test]
    fn questions_orders_and_talk_of_others_are_not() {
        for message in [
            "Where do I find the key?",
            "Tell me about my day.",
            "Can you help me with my tax.",
            "The lighthouse is old.",
            "Me too!",
            "我住在哪里\u{ff1f}",
            "请告诉我时间。",
            "",
        ] {
            assert_eq!(said(message), [], "{message}");
        }
        let story = "I walk ".repeat(60);
        assert_eq!(said(&story), []);
    }

    #[test]
    fn a_correction_is_one_also_over_two_sentences() {
        let expected = [("I moved to Oslo in May.".to_owned(), true)];
        for message in [
            "No, I moved to Oslo in May.",
            "no. I moved to Oslo in May.",
            "Actually, I moved to Oslo in May.",
            "That's wrong, I moved to Oslo in May.",
        ] {
            assert_eq!(said(message), expected, "{message}");
        }
        assert_eq!(
            said("其实我住在北京。"),
            [("我住在北京。".to_owned(), true)]
        );
        assert_eq!(
            said("不\u{ff0c}我在上海。"),
            [("我在上海。".to_owned(), true)]
        );
        assert_eq!(said("No way, said the cat."), []);
    }

    #[test]
    fn of_a_story_the_beginning_is_remembered() {
        let message = "I am one. I am only two. I am three now. I am four today. I am five then.";
        let texts: Vec<String> = said(message).into_iter().map(|(text, _)| text).collect();
        assert_eq!(texts, ["I am one.", "I am only two.", "I am three now."]);
    }
}
