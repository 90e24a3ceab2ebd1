//! The fields of requests: what is allowed in each, the same here as in the description of the API.

use super::limits::{
    EMAIL_CHARS_MAX, GREETING_CHARS_MAX, LANGUAGE_CHARS_MAX, MEMORY_CHARS_MAX, NAME_CHARS_MAX,
    NOTE_CHARS_MAX, PERSONA_CHARS_MAX, REASON_CHARS_MAX, TOPIC_CHARS_MAX,
};
use super::problem::Problem;
use crate::auth::{PASSWORD_CHARS_MAX, PASSWORD_CHARS_MIN};

/// A name of a person or a twin, or a title, without the blanks around it.
pub(super) fn line(field: &str, text: &str) -> Result<String, Problem> {
    let has_control = text.chars().any(char::is_control);
    let trimmed = text.trim();
    if has_control || trimmed.is_empty() || text.chars().count() > NAME_CHARS_MAX {
        let reason =
            format!("must have 1 to {NAME_CHARS_MAX} characters on one line, not only blanks");
        return Err(Problem::invalid(field, &reason));
    }
    Ok(trimmed.to_owned())
}

/// An e-mail address.
pub(super) fn email(text: &str) -> Result<String, Problem> {
    let parts = text.split_once('@');
    let is_address = parts
        .is_some_and(|(name, host)| !name.is_empty() && !host.is_empty() && !host.contains('@'));
    let is_ascii = text.bytes().all(|byte| byte.is_ascii_graphic());
    if !is_address || !is_ascii || text.len() > EMAIL_CHARS_MAX {
        let reason = format!(
            "must be an address such as ada@example.com, in ASCII, of at most {EMAIL_CHARS_MAX} characters"
        );
        return Err(Problem::invalid("email", &reason));
    }
    Ok(text.to_owned())
}

/// A password that somebody wants to have.
pub(super) fn new_password(field: &str, text: String) -> Result<String, Problem> {
    if !(PASSWORD_CHARS_MIN..=PASSWORD_CHARS_MAX).contains(&text.chars().count()) {
        let reason = format!("must have {PASSWORD_CHARS_MIN} to {PASSWORD_CHARS_MAX} characters");
        return Err(Problem::invalid(field, &reason));
    }
    Ok(text)
}

/// A password that somebody claims to have: one that nobody can have is wrong without any work.
pub(super) fn claimed_password(name: &str, text: String) -> Result<String, Problem> {
    if text.chars().count() > PASSWORD_CHARS_MAX {
        let reason = format!("must have at most {PASSWORD_CHARS_MAX} characters");
        return Err(Problem::invalid(name, &reason));
    }
    Ok(text)
}

/// What a conversation is about.
pub(super) fn topic(text: &str) -> Result<String, Problem> {
    long_text("topic", text, TOPIC_CHARS_MAX)
}

/// A persona.
pub(super) fn persona(text: &str) -> Result<String, Problem> {
    long_text("persona", text, PERSONA_CHARS_MAX)
}

/// A greeting.
pub(super) fn greeting(text: &str) -> Result<String, Problem> {
    long_text("greeting", text, GREETING_CHARS_MAX)
}

/// What a twin is to remember.
pub(super) fn memory(text: &str) -> Result<String, Problem> {
    let text = long_text("text", text, MEMORY_CHARS_MAX)?;
    if text.is_empty() {
        return Err(Problem::invalid("text", "must not be blank"));
    }
    Ok(text)
}

/// Why somebody thinks something of a reply.
pub(super) fn reason(text: &str) -> Result<String, Problem> {
    long_text("reason", text, REASON_CHARS_MAX)
}

/// What somebody says about a message that they report.
pub(super) fn note(text: &str) -> Result<String, Problem> {
    long_text("note", text, NOTE_CHARS_MAX)
}

/// A language tag, or nothing.
pub(super) fn language(text: &str) -> Result<String, Problem> {
    let mut subtags = text.split('-');
    let primary = subtags.next().unwrap_or_default();
    let is_primary =
        (2..=3).contains(&primary.len()) && primary.bytes().all(|byte| byte.is_ascii_alphabetic());
    let are_subtags = subtags.all(|subtag| {
        (2..=8).contains(&subtag.len()) && subtag.bytes().all(|byte| byte.is_ascii_alphanumeric())
    });
    let is_tag = is_primary && are_subtags && text.len() <= LANGUAGE_CHARS_MAX;
    if !text.is_empty() && !is_tag {
        let reason = "must be empty or a language tag such as de or zh-Hans";
        return Err(Problem::invalid("language", reason));
    }
    Ok(text.to_owned())
}

fn long_text(field: &str, text: &str, chars_max: usize) -> Result<String, Problem> {
    let has_control = text
        .chars()
        .any(|char| char.is_control() && !matches!(char, '\n' | '\r' | '\t'));
    if has_control || text.chars().count() > chars_max {
        let reason =
            format!("must have at most {chars_max} characters, none of them a control character");
        return Err(Problem::invalid(field, &reason));
    }
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_visible_line() {
        assert_eq!(line("name", "  Ada Lovelace ").unwrap(), "Ada Lovelace");
        assert_eq!(
            line("name", &"é".repeat(NAME_CHARS_MAX))
                .unwrap()
                .chars()
                .count(),
            NAME_CHARS_MAX
        );
        for text in [
            "",
            "   ",
            "a\nb",
            "a\0",
            "\u{9b}x",
            &"x".repeat(NAME_CHARS_MAX + 1),
        ] {
            assert!(line("name", text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn addresses_have_two_sides() {
        assert_eq!(email("Ada@example.com").unwrap(), "Ada@example.com");
        for text in [
            "",
            "ada",
            "@example.com",
            "ada@",
            "a@b@c",
            "a b@c",
            "ä@example.com",
            "a@b\n",
        ] {
            assert!(email(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn languages_are_tags_or_absent() {
        for text in ["", "de", "zh-Hans", "en-GB-oxendict", "es-419"] {
            assert_eq!(language(text).unwrap(), text);
        }
        for text in [
            "d",
            "german!",
            "de-",
            "-de",
            "de_DE",
            "de-d",
            "de-toolongsubtag",
        ] {
            assert!(language(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_persona_may_have_lines_but_no_nul() {
        assert!(persona("one\ntwo\tthree").is_ok());
        assert!(persona("one\0two").is_err());
        assert!(persona(&"x".repeat(PERSONA_CHARS_MAX + 1)).is_err());
    }
}
