//! Mail: a message, or a mailbox, with a section for each thread: who wrote what, when.

use jiff::civil::DateTime;
use mail_parser::mailbox::mbox::MessageIterator;
use mail_parser::{Message, MessageParser};

use super::draft::Draft;
use super::{Extracted, Kind, Unreadable};

/// The section of messages that say nothing of what they are about.
const NO_SUBJECT: &str = "(no subject)";

/// Bytes in which the head of a message must have begun like one.
const HEAD_BYTES: usize = 4 * 1024;

/// Whether bytes are a mailbox: a line `From `, and then a message.
pub(super) fn is_mailbox(bytes: &[u8]) -> bool {
    let Some(rest) = bytes.strip_prefix(b"From ") else {
        return false;
    };
    let line = rest.iter().position(|byte| *byte == b'\n');
    line.is_some_and(|end| is_message(&rest[end + 1..]))
}

/// Whether bytes begin with the head of a message: fields alone, among them who wrote it and another that mails have.
pub(super) fn is_message(bytes: &[u8]) -> bool {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let (mut has_from, mut has_other) = (false, false);
    for line in head.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if line[0] == b' ' || line[0] == b'\t' {
            continue;
        }
        let Some(end) = line.iter().position(|byte| *byte == b':') else {
            // The last line may have been cut off.
            return has_from && has_other && head.len() == HEAD_BYTES;
        };
        let name = &line[..end];
        if name.is_empty()
            || !name
                .iter()
                .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
        {
            return false;
        }
        match name.to_ascii_lowercase().as_slice() {
            b"from" => has_from = true,
            b"message-id" | b"received" | b"mime-version" | b"date" | b"return-path" => {
                has_other = true;
            }
            _ => {}
        }
    }
    has_from && has_other
}

/// Reads one message.
pub(super) fn read_message(content: &[u8]) -> Result<Extracted, Unreadable> {
    let message = Mail::read(content)?;
    written(vec![message])
}

/// Reads all messages of a mailbox.
pub(super) fn read_mailbox(content: &[u8]) -> Result<Extracted, Unreadable> {
    let mut mails = Vec::new();
    for message in MessageIterator::new(content) {
        let message =
            message.map_err(|error| Unreadable::damaged("a mailbox", format!("{error:?}")))?;
        mails.push(Mail::read(message.contents())?);
    }
    written(mails)
}

struct Mail {
    who: String,
    when: Option<DateTime>,
    subject: String,
    text: String,
}

impl Mail {
    fn read(content: &[u8]) -> Result<Self, Unreadable> {
        let message = MessageParser::default()
            .parse(content)
            .ok_or_else(|| Unreadable::damaged("a mail", "it has no head"))?;
        let subject = message.thread_name().unwrap_or_default().trim();
        Ok(Self {
            who: sender(&message),
            when: message.date().and_then(|date| {
                DateTime::new(
                    i16::try_from(date.year).ok()?,
                    i8::try_from(date.month).ok()?,
                    i8::try_from(date.day).ok()?,
                    i8::try_from(date.hour).ok()?,
                    i8::try_from(date.minute).ok()?,
                    i8::try_from(date.second).ok()?,
                    0,
                )
                .ok()
            }),
            subject: match subject.is_empty() {
                true => NO_SUBJECT.to_owned(),
                false => subject.to_owned(),
            },
            text: message.body_text(0).unwrap_or_default().into_owned(),
        })
    }
}

fn sender(message: &Message<'_>) -> String {
    let address = message.from().and_then(|from| from.first());
    let name = address.and_then(|address| address.name().or_else(|| address.address()));
    name.unwrap_or("?").to_owned()
}

/// The messages thread by thread, each where its first one stands.
fn written(mails: Vec<Mail>) -> Result<Extracted, Unreadable> {
    let mut threads: Vec<(String, Vec<Mail>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for mail in mails {
        let place = *places.entry(mail.subject.clone()).or_insert(threads.len());
        if place == threads.len() {
            threads.push((mail.subject.clone(), Vec::new()));
        }
        threads[place].1.push(mail);
    }
    let mut draft = Draft::default();
    for (subject, mails) in threads {
        draft.heading(1, &subject)?;
        for mail in mails {
            draft.wrote(&mail.who, mail.when, &mail.text)?;
        }
    }
    Ok(draft.finish(Kind::Mail))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAILBOX: &[u8] = b"From ada@example.com Fri Mar  1 18:30:00 2024\n\
        From: Ada <ada@example.com>\nDate: Fri, 1 Mar 2024 18:30:00 +0100\nSubject: Ferry\n\nWhen?\n\n\
        From bo@example.com Fri Mar  1 19:00:00 2024\n\
        From: =?utf-8?q?B=C3=B6?= <bo@example.com>\nDate: Fri, 1 Mar 2024 19:00:00 +0100\nSubject: Re: Ferry\n\nTomorrow.\n";

    #[test]
    fn a_mailbox_has_a_section_for_each_thread() {
        assert!(is_mailbox(MAILBOX));
        let read = read_mailbox(MAILBOX).unwrap();
        assert_eq!(
            read.text,
            "Ferry\n\nAda (2024-03-01 18:30): When?\nBö (2024-03-01 19:00): Tomorrow."
        );
        assert_eq!(read.sections.len(), 1);
    }

    #[test]
    fn a_text_is_no_mail_for_one_line_that_looks_like_a_field() {
        assert!(is_message(b"From: a@b.c\r\nMessage-ID: <1>\r\n\r\nHi"));
        for text in [
            &b"From: here to there"[..],
            b"From: a\n\nDate: b\n",
            b"Dear Ada,\nFrom: me\nDate: now\n\n",
        ] {
            assert!(!is_message(text));
        }
    }
}
