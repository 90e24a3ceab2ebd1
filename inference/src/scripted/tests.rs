//! What the scripted engine promises to the tests that lean on it.

use std::ops::ControlFlow;

use super::*;
use crate::{ChatMessage, GenerateRequest};

fn request(messages: &[(Role, &str)]) -> GenerateRequest {
    let messages = messages
        .iter()
        .map(|(role, content)| ChatMessage::new(*role, *content))
        .collect();
    GenerateRequest {
        prompt: Prompt::Conversation(messages),
        ..GenerateRequest::default()
    }
}

/// Runs a request, and breaks off when `stop_after` pieces have come.
fn run(
    request: GenerateRequest,
    stop_after: usize,
) -> (Vec<String>, Result<Generation, EngineError>) {
    let mut pieces = Vec::new();
    let result = ScriptedEngine::new().generate(&request.validate().unwrap(), &mut |piece| {
        pieces.push(piece.to_owned());
        if pieces.len() >= stop_after {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    (pieces, result)
}

#[test]
fn a_question_is_answered_with_the_note_that_shares_most_words() {
    let system = "You are Ada.\n- The boathouse was built in 1908.\n- The spare key to the boathouse hangs behind the barometer.";
    let (pieces, result) = run(
        request(&[
            (Role::System, system),
            (Role::User, "Where is the boathouse key? The spare one."),
        ]),
        99,
    );
    let generation = result.unwrap();
    assert_eq!(
        generation.text,
        "The spare key to the boathouse hangs behind the barometer."
    );
    assert_eq!(pieces.concat(), generation.text);
    assert_eq!(generation.stop_reason, StopReason::EndOfTurn);
}

#[test]
fn a_reply_goes_on_from_its_beginning() {
    for (beginning, rest) in [("one two", " three"), ("uno", "one two three")] {
        let request = GenerateRequest {
            beginning: beginning.into(),
            ..request(&[(Role::User, "!say one two three")])
        };
        assert_eq!(run(request, 99).1.unwrap().text, rest);
    }
}

#[test]
fn notes_may_stand_above_the_question_in_the_same_message() {
    let (_, result) = run(
        request(&[(
            Role::User,
            "Notes:\n* Tea is at four.\n\nWhen do we have tea? At four or five",
        )]),
        99,
    );
    assert_eq!(result.unwrap().text, "Tea is at four.");
}

#[test]
fn a_question_without_a_note_is_echoed() {
    let (_, result) = run(
        request(&[(Role::System, "You are Ada."), (Role::User, "hello there")]),
        99,
    );
    assert_eq!(result.unwrap().text, "You said: hello there");
}

#[test]
fn slow_writes_token_by_token_and_stops_within_one_step() {
    let (pieces, result) = run(request(&[(Role::User, "!slow 1000")]), 3);
    let generation = result.unwrap();
    assert_eq!(pieces, ["tick", " 1", " tick"]);
    assert_eq!(generation.text, "tick 1 tick");
    assert_eq!(generation.stop_reason, StopReason::Cancelled);
}

#[test]
fn wait_ends_when_its_caller_breaks_off() {
    let (pieces, result) = run(request(&[(Role::User, "!wait")]), 4);
    assert_eq!(pieces, ["", "", "", ""]);
    assert_eq!(result.unwrap().stop_reason, StopReason::Cancelled);
}

#[test]
fn late_holds_its_last_word_back_and_stops_within_one_step() {
    let (pieces, result) = run(request(&[(Role::User, "!late 1000 to the end")]), 4);
    assert_eq!(pieces, ["to", " the", "", ""]);
    assert_eq!(result.unwrap().stop_reason, StopReason::Cancelled);
    let (_, result) = run(request(&[(Role::User, "!late 0 to the end")]), 99);
    assert_eq!(result.unwrap().text, "to the end");
}

#[test]
fn spread_writes_one_word_after_the_other() {
    let (pieces, _) = run(request(&[(Role::User, "!spread 1000 to the end")]), 4);
    assert_eq!(pieces, ["to", "", "", ""]);
    let begun = Instant::now();
    let (_, result) = run(request(&[(Role::User, "!spread 1 to the end")]), 9999);
    assert_eq!(result.unwrap().text, "to the end");
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[test]
fn error_is_an_error_and_panic_is_a_panic() {
    let (_, result) = run(request(&[(Role::User, "!error")]), 99);
    assert_eq!(result, Err(EngineError::Scripted));
    let panicked = std::panic::catch_unwind(|| run(request(&[(Role::User, "!panic")]), 99));
    assert!(panicked.is_err());
}

#[test]
fn length_and_stop_texts_end_a_reply_as_they_do_in_a_model() {
    let (_, short) = run(
        GenerateRequest {
            max_tokens: 3,
            ..request(&[(Role::User, "!slow 9")])
        },
        99,
    );
    assert_eq!(
        short.map(|g| (g.text, g.stop_reason)),
        Ok(("tick 1 tick".into(), StopReason::Length))
    );
    let (pieces, stopped) = run(
        GenerateRequest {
            stop: vec![" 2 t".into()],
            ..request(&[(Role::User, "!slow 9")])
        },
        99,
    );
    assert_eq!(
        stopped.map(|g| (g.text, g.stop_reason)),
        Ok(("tick 1 tick".into(), StopReason::StopSequence))
    );
    assert_eq!(pieces.concat(), "tick 1 tick");
}

#[test]
fn a_prompt_over_the_context_is_refused_with_the_numbers() {
    let request = request(&[(Role::User, "one two three four")])
        .validate()
        .unwrap();
    let result =
        ScriptedEngine::with_context(4).generate(&request, &mut |_| ControlFlow::Continue(()));
    assert_eq!(
        result,
        Err(EngineError::PromptTooLong {
            tokens: 4,
            limit: 3
        })
    );
}

#[test]
fn many_are_written_at_once_and_the_others_wait_in_their_order() {
    let mut engine = ScriptedEngine::new();
    for ticket in 0..RUNNING_MAX as u64 + 1 {
        let request = request(&[(Role::User, "!slow 1")]).validate().unwrap();
        engine.submit(Ticket(ticket), request, None);
    }
    let told = |events: &[(Ticket, EngineEvent)], wanted: &EngineEvent| {
        let told = events.iter().filter(|(_, event)| event == wanted);
        told.map(|(ticket, _)| ticket.0).collect::<Vec<_>>()
    };
    let first = engine.step(Instant::now()).unwrap();
    let all: Vec<u64> = (0..RUNNING_MAX as u64).collect();
    assert_eq!(told(&first, &EngineEvent::Begun), all);
    assert_eq!(
        told(&first, &EngineEvent::Text("tick".to_owned().into())),
        all
    );
    let cancelled = engine.cancel(Ticket(3)).unwrap();
    assert_eq!(cancelled.text, "tick");
    let second = engine.step(Instant::now()).unwrap();
    assert_eq!(told(&second, &EngineEvent::Begun), [RUNNING_MAX as u64]);
}

#[test]
fn a_request_whose_time_is_over_ends_with_what_it_has() {
    let mut engine = ScriptedEngine::new();
    let request = request(&[(Role::User, "!slow 9")]).validate().unwrap();
    let start = Instant::now();
    let deadline = start + Duration::from_secs(60);
    engine.submit(Ticket(1), request, Some(deadline));
    engine.step(start).unwrap();
    let events = engine.step(deadline).unwrap();
    let [(Ticket(1), EngineEvent::Finished(generation))] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(
        (&generation.text[..], generation.stop_reason),
        ("tick", StopReason::Deadline)
    );
    assert!(engine.is_idle());
}
