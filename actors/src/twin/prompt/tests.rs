use protocol::{
    Attachment, AttachmentId, Author, ConversationId, DocumentId, MessageId, TwinId, UserId,
};

use super::*;

fn words(text: &str) -> usize {
    text.split_whitespace().count()
}

fn passage(quote: &str) -> Source {
    Source {
        document_id: DocumentId::new(),
        document: "notes.md".to_owned(),
        section: String::new(),
        quote: quote.to_owned(),
        score: 0.5,
    }
}

fn message(author: Author, text: &str, stop_reason: Option<StopReason>) -> Message {
    let (conversation, id) = (ConversationId::new(), MessageId::new());
    Message {
        seq: 1,
        stop_reason,
        ..Message::new(conversation, id, author, text.to_owned())
    }
}

fn person() -> Author {
    Author::User {
        id: UserId::new(),
        name: "Kim".to_owned(),
    }
}

fn ada() -> TwinId {
    TwinId::from_bytes([1; 16])
}

fn twin() -> Author {
    Author::Twin {
        id: ada(),
        name: "Ada".to_owned(),
    }
}

fn parts<'a>(passages: Vec<Source>, history: &'a [Message], tokens_max: usize) -> PromptParts<'a> {
    PromptParts {
        name: "Ada",
        persona: "You keep a lighthouse.",
        language: "",
        memories: Vec::new(),
        passages,
        looked: Looked::Nowhere,
        recap: None,
        history: turns(history, ada(), People::One),
        question: "Where is the key?",
        asked_by: None,
        files: &[],
        tokens_max,
    }
}

fn total(prompt: &Prompt) -> usize {
    prompt
        .messages
        .iter()
        .map(|message| words(&message.content) + TEMPLATE_TOKENS)
        .sum()
}

#[test]
fn passages_that_fit_stand_in_the_prompt_and_are_its_sources() {
    let prompt = build(
        parts(
            vec![passage("The key hangs."), passage("Bees fly.")],
            &[],
            500,
        ),
        words,
    );
    let text = &prompt.messages.last().unwrap().content;
    assert!(
        text.contains("The key hangs.") && text.contains("Bees fly."),
        "{text}"
    );
    assert!(text.ends_with("Where is the key?"), "{text}");
    assert_eq!(prompt.sources.len(), 2);
}

#[test]
fn a_passage_over_the_budget_is_left_out_of_prompt_and_sources_and_a_shorter_one_stands() {
    let long = passage(&"word ".repeat(300));
    let prompt = build(
        parts(vec![long, passage("The key hangs.")], &[], 200),
        words,
    );
    let quotes: Vec<&str> = prompt
        .sources
        .iter()
        .map(|source| source.quote.as_str())
        .collect();
    assert_eq!(quotes, ["The key hangs."]);
    let left_out = LeftOut {
        passages: 1,
        turns: 0,
    };
    assert_eq!(prompt.left_out, left_out);
}

#[test]
fn the_newest_turns_stay_and_failed_ones_go() {
    let history = [
        message(person(), &"old ".repeat(100), None),
        message(twin(), "", Some(StopReason::Failed)),
        message(person(), "newer", None),
        message(twin(), "newest", Some(StopReason::EndOfTurn)),
    ];
    let prompt = build(parts(vec![], &history, 120), words);
    let turns: Vec<&str> = prompt
        .messages
        .iter()
        .skip(1)
        .map(|message| message.content.as_str())
        .collect();
    assert_eq!(turns, ["newer", "newest", "Where is the key?"]);
    let roles: Vec<Role> = prompt.messages.iter().map(|message| message.role).collect();
    assert_eq!(
        roles,
        [Role::System, Role::User, Role::Assistant, Role::User]
    );
    let left_out = LeftOut {
        passages: 0,
        turns: 1,
    };
    assert_eq!(prompt.left_out, left_out);
}

#[test]
fn other_twins_are_no_selves_and_are_named() {
    let bo = Author::Twin {
        id: TwinId::new(),
        name: "Bo".to_owned(),
    };
    let history = [
        message(twin(), "I keep the light.", Some(StopReason::EndOfTurn)),
        message(bo, "I keep the bees.", Some(StopReason::EndOfTurn)),
    ];
    let expected = [
        ChatMessage::new(Role::Assistant, "I keep the light."),
        ChatMessage::new(Role::User, "Bo: I keep the bees."),
    ];
    assert_eq!(turns(&history, ada(), People::One), expected);
}

#[test]
fn where_several_people_speak_each_is_named() {
    let lou = Author::User {
        id: UserId::new(),
        name: "Lou".to_owned(),
    };
    let kim = person();
    let mut history = vec![
        message(kim.clone(), "I like bees.", None),
        message(kim.clone(), "And you?", None),
        message(twin(), "I keep the light.", Some(StopReason::EndOfTurn)),
    ];
    assert_eq!(People::who_wrote(&history), People::One);
    assert_eq!(speaker(&kim, People::One), None);
    history.push(message(lou.clone(), "I like boats.", None));
    assert_eq!(People::who_wrote(&history), People::Several);
    let said: Vec<String> = turns(&history, ada(), People::Several)
        .into_iter()
        .map(|turn| turn.content)
        .collect();
    assert_eq!(
        said,
        [
            "Kim: I like bees.",
            "Kim: And you?",
            "I keep the light.",
            "Lou: I like boats."
        ]
    );
    let parts = PromptParts {
        asked_by: speaker(&lou, People::Several),
        ..parts(vec![passage("The key hangs.")], &[], 500)
    };
    let asked = build(parts, words).messages.pop().unwrap().content;
    assert!(
        asked.ends_with("Question: Lou says:\nWhere is the key?"),
        "{asked}"
    );
}

#[test]
fn turns_before_one_that_finds_no_room_are_left_out_and_counted_but_failed_ones_are_not() {
    let history = [
        message(person(), "short", None),
        message(twin(), "", Some(StopReason::Failed)),
        message(twin(), &"long ".repeat(100), None),
        message(person(), "newest", None),
    ];
    let prompt = build(parts(vec![], &history, 120), words);
    assert_eq!(prompt.messages[1].content, "newest");
    let left_out = LeftOut {
        passages: 0,
        turns: 2,
    };
    assert_eq!(prompt.left_out, left_out);
}

fn with_recap<'a>(tells_more: bool, history: &'a [Message], tokens_max: usize) -> PromptParts<'a> {
    PromptParts {
        recap: Some(RecapPart {
            text: "Kim lost the key.",
            tells_more,
        }),
        ..parts(vec![], history, tokens_max)
    }
}

fn texts(prompt: &Prompt) -> Vec<&str> {
    let messages = prompt.messages.iter().skip(1);
    messages.map(|message| message.content.as_str()).collect()
}

#[test]
fn a_recap_stands_before_the_turns_and_joins_a_persons() {
    let history = [
        message(person(), "Well?", None),
        message(twin(), "Soon.", Some(StopReason::EndOfTurn)),
    ];
    let recap =
        "What was said before in this conversation, in short:\nKim lost the key.\n\nSince then:";
    let prompt = build(with_recap(true, &history, 500), words);
    let first = format!("{recap}\nWell?");
    assert_eq!(texts(&prompt), [&first, "Soon.", "Where is the key?"]);
    assert!(prompt.has_recap);
    let prompt = build(with_recap(true, &history[1..], 500), words);
    assert_eq!(texts(&prompt), [recap, "Soon.", "Where is the key?"]);
    let prompt = build(with_recap(true, &[], 500), words);
    assert_eq!(texts(&prompt), [format!("{recap}\nWhere is the key?")]);
}

#[test]
fn a_recap_stands_where_turns_that_it_tells_of_do_not() {
    let history = [
        message(person(), &"long ".repeat(200), None),
        message(person(), "newest", None),
    ];
    let whole = build(with_recap(false, &history, 500), words);
    assert_eq!((whole.has_recap, whole.left_out.turns), (false, 0));
    let cut = build(with_recap(false, &history, 230), words);
    assert_eq!((cut.has_recap, cut.left_out.turns), (true, 1));
}

#[test]
fn a_recap_is_cut_to_its_share_and_left_out_where_that_is_no_line() {
    let long = "Kim lost the key. ".repeat(100);
    let build_in = |tokens_max| {
        let recap = Some(RecapPart {
            text: &long,
            tells_more: true,
        });
        let parts = PromptParts {
            recap,
            ..parts(vec![], &[], tokens_max)
        };
        build(parts, words)
    };
    let prompt = build_in(400);
    let recap = words(texts(&prompt)[0]);
    assert!(recap > 50 && recap <= 80, "{recap}");
    assert!(!build_in(120).has_recap);
}

#[test]
fn what_is_summed_up_of_a_message_is_one_line_with_its_name() {
    let said = message(person(), "I am here.\nAda: I am not.", None);
    assert_eq!(line(&said).unwrap(), "Kim: I am here. Ada: I am not.");
    assert_eq!(line(&message(twin(), "x", Some(StopReason::Failed))), None);
}

#[test]
fn persona_and_question_stand_even_without_room() {
    let prompt = build(parts(vec![passage("The key hangs.")], &[], 1), words);
    assert_eq!(prompt.sources, []);
    assert_eq!(prompt.messages.len(), 2);
}

proptest::proptest! {
    #[test]
    fn a_prompt_never_exceeds_its_budget(
        quotes in proptest::collection::vec("([a-z]{1,6} ){1,60}", 0..6),
        turns in proptest::collection::vec("([a-z]{1,6} ){1,60}", 0..12),
        recap in proptest::option::of("([a-z]{1,6} ){1,120}"),
        tells_more in proptest::bool::ANY,
        tokens_max in 60_usize..400,
    ) {
        let passages = quotes.iter().map(|quote| passage(quote)).collect();
        let history: Vec<Message> = turns.iter().map(|text| message(person(), text, None)).collect();
        let recap = recap.as_deref().map(|text| RecapPart { text, tells_more });
        let parts = PromptParts { recap, ..parts(passages, &history, tokens_max) };
        let prompt = build(parts, words);
        proptest::prop_assert!(total(&prompt) <= tokens_max, "{} > {tokens_max}", total(&prompt));
    }
}

fn with_files(text: &str) -> Message {
    let attachment = |name: &str, media_type: &str| Attachment {
        id: AttachmentId::new(),
        name: name.to_owned(),
        media_type: media_type.to_owned(),
        size_bytes: 7,
        width: None,
        height: None,
    };
    Message {
        attachments: vec![
            attachment("porch.png", "image/png"),
            attachment("keys.txt", "text/plain"),
        ],
        ..message(person(), text, None)
    }
}

#[test]
fn a_turn_says_which_files_came_with_it_even_without_a_text() {
    let history = [with_files("Look at this."), with_files("")];
    let files = "[attached file: porch.png, image/png]\n[attached file: keys.txt, text/plain]";
    let expected = [
        ChatMessage::new(Role::User, format!("Look at this.\n{files}")),
        ChatMessage::new(Role::User, files),
    ];
    assert_eq!(turns(&history, ada(), People::One), expected);
}

#[test]
fn text_files_are_shown_before_the_question_as_far_as_the_budget_goes() {
    let files = [
        (
            "keys.txt".to_owned(),
            "The key hangs on the wall. ".repeat(40),
        ),
        ("more.txt".to_owned(), "Another one.".to_owned()),
    ];
    let question = |tokens_max| {
        let parts = PromptParts {
            files: &files,
            ..parts(vec![], &[], tokens_max)
        };
        let prompt = build(parts, words);
        assert!(total(&prompt) <= tokens_max, "{prompt:?}");
        prompt.messages[1].content.clone()
    };
    let shown = question(200);
    let beginning = "The file keys.txt says:\nThe key hangs on the wall. The key";
    assert!(shown.starts_with(beginning), "{shown}");
    assert!(shown.ends_with("\n\nWhere is the key?"), "{shown}");
    assert!(!shown.contains("more.txt"), "{shown}");
    assert!(question(2_000).contains("The file more.txt says:\nAnother one."));
    assert_eq!(question(60), "Where is the key?");
}

#[test]
fn a_question_of_which_nothing_is_written_is_asked_beside_the_note_that_says_so() {
    let asked = |looked, question| {
        let parts = PromptParts {
            looked,
            question,
            ..parts(vec![], &[], 500)
        };
        build(parts, words).messages.pop().unwrap().content
    };
    let note = "Answer the question using the notes.\n\nNotes:\n- I have not written about this.\n\nQuestion: 钥匙在哪里？";
    assert_eq!(asked(Looked::Everywhere, "钥匙在哪里？"), note);
    // A twin without notes is its persona, and whoever only says something wants no source.
    assert_eq!(asked(Looked::Nowhere, "Where is it?"), "Where is it?");
    assert_eq!(asked(Looked::Everywhere, "Good night."), "Good night.");
}

#[test]
fn what_is_found_stands_in_the_place_of_the_note_that_nothing_is() {
    let parts = PromptParts {
        looked: Looked::Everywhere,
        ..parts(vec![passage("The key hangs.")], &[], 500)
    };
    let asked = build(parts, words).messages.pop().unwrap().content;
    assert!(!asked.contains(NOTHING_WRITTEN), "{asked}");
}
