//! What a person sees: replies as they come, sources, notices; with colours only where they are wanted.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};

use protocol::{Attachment, Source};

/// The person's terminal, or the pipe or file that stands in for it.
#[derive(Debug)]
pub(super) struct Terminal {
    /// The reply goes to a screen, where control characters would do things.
    screen: bool,
    colours: bool,
    notices_in_colour: bool,
    /// The cursor stands behind text, so that a notice needs a line of its own.
    in_line: bool,
}

/// How text looks.
#[derive(Debug, Clone, Copy)]
enum Style {
    Bold,
    Dim,
    Red,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Self::Bold => "1",
            Self::Dim => "2",
            Self::Red => "31",
        }
    }
}

impl Terminal {
    /// The terminal of this process.
    pub(super) fn of_process() -> Self {
        let wanted = std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let screen = io::stdout().is_terminal();
        Self {
            screen,
            colours: wanted && screen,
            notices_in_colour: wanted && io::stderr().is_terminal(),
            in_line: false,
        }
    }

    /// A piece of a reply, as it comes.
    pub(super) fn piece(&mut self, text: &str) -> io::Result<()> {
        let text = match self.screen {
            true => without_control_characters(text),
            false => text.to_owned(),
        };
        let mut out = io::stdout().lock();
        out.write_all(text.as_bytes())?;
        out.flush()?;
        if let Some(last) = text.chars().next_back() {
            self.in_line = last != '\n';
        }
        Ok(())
    }

    /// The person has pressed Enter.
    pub(super) fn entered(&mut self) {
        self.in_line = false;
    }

    /// Ends the line that a reply has left open.
    pub(super) fn end_line(&mut self) -> io::Result<()> {
        if std::mem::take(&mut self.in_line) {
            writeln!(io::stdout().lock())?;
        }
        Ok(())
    }

    /// What a reply was drawn from.
    pub(super) fn sources(&mut self, sources: &[Source]) -> io::Result<()> {
        if sources.is_empty() {
            return Ok(());
        }
        let mut out = io::stdout().lock();
        writeln!(out, "\n{}", paint(self.colours, Style::Bold, "Sources"))?;
        for (number, source) in (1..).zip(sources) {
            let line = match self.screen {
                true => without_control_characters(&source_line(number, source)),
                false => source_line(number, source),
            };
            writeln!(out, "{}", paint(self.colours, Style::Dim, line))?;
        }
        out.flush()
    }

    /// The files that a message carries, each on a line of its own.
    pub(super) fn attachments(&mut self, attachments: &[Attachment]) -> io::Result<()> {
        self.end_line()?;
        let mut out = io::stdout().lock();
        for attachment in attachments {
            let line = without_control_characters(&attachment_line(attachment));
            writeln!(out, "{}", paint(self.colours, Style::Dim, line))?;
        }
        out.flush()
    }

    /// Says before whose words come.
    pub(super) fn speaker(&mut self, name: &str) -> io::Result<()> {
        self.end_line()?;
        let name = without_control_characters(name);
        let mut out = io::stdout().lock();
        write!(
            out,
            "{}",
            paint(self.colours, Style::Bold, format!("{name}> "))
        )?;
        out.flush()?;
        self.in_line = true;
        Ok(())
    }

    /// Something that is not part of the conversation, on stderr.
    pub(super) fn notice(&mut self, text: &str) -> io::Result<()> {
        self.make_room()?;
        let text = without_control_characters(text);
        let text = paint(self.notices_in_colour, Style::Dim, text);
        writeln!(io::stderr().lock(), "{text}")
    }

    /// Something that went wrong, on stderr.
    pub(super) fn problem(&mut self, text: &str) -> io::Result<()> {
        self.make_room()?;
        let text = without_control_characters(text);
        let text = paint(self.notices_in_colour, Style::Red, text);
        writeln!(io::stderr().lock(), "{text}")
    }
}

impl Terminal {
    /// On a screen a notice gets a line of its own; a pipe or file gets the reply and nothing else.
    fn make_room(&mut self) -> io::Result<()> {
        match self.screen {
            true => self.end_line(),
            false => Ok(()),
        }
    }
}

fn paint(colours: bool, style: Style, text: impl Display) -> String {
    match colours {
        true => format!("\u{1b}[{}m{text}\u{1b}[0m", style.code()),
        false => text.to_string(),
    }
}

fn source_line(number: usize, source: &Source) -> String {
    let place = match source.section.is_empty() {
        true => source.document.clone(),
        false => format!("{} › {}", source.document, source.section),
    };
    let quote = source
        .quote
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    format!(
        "  [{number}] {place} ({:.2})\n      “{}”",
        source.score,
        shorten(&quote)
    )
}

fn attachment_line(attachment: &Attachment) -> String {
    let Attachment {
        name,
        media_type,
        size_bytes,
        ..
    } = attachment;
    let size = match size_bytes {
        0..1_000 => format!("{size_bytes} bytes"),
        1_000..1_000_000 => format!("{} kB", size_bytes / 1_000),
        _ => format!(
            "{}.{} MB",
            size_bytes / 1_000_000,
            size_bytes / 100_000 % 10
        ),
    };
    format!("  [file] {name} ({media_type}, {size})")
}

/// Characters of a quote that are shown: two lines of a terminal.
const QUOTE_CHARS_MAX: usize = 150;

fn shorten(text: &str) -> String {
    match text.char_indices().nth(QUOTE_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text[..end].trim_end()),
        None => text.to_owned(),
    }
}

/// Text from elsewhere must not move the cursor, ring bells or rename windows.
fn without_control_characters(text: &str) -> String {
    let shown = |character: char| match character {
        '\n' | '\t' => character,
        _ if character.is_control() => char::REPLACEMENT_CHARACTER,
        _ => character,
    };
    text.chars().map(shown).collect()
}

#[cfg(test)]
mod tests {
    use protocol::{AttachmentId, DocumentId};

    use super::*;

    #[test]
    fn control_characters_are_shown_and_not_obeyed() {
        let shown = without_control_characters("a\u{1b}[2Jb\r\n\tc\u{9b}d\u{7}");
        assert_eq!(shown, "a\u{fffd}[2Jb\u{fffd}\n\tc\u{fffd}d\u{fffd}");
    }

    #[test]
    fn colours_are_there_only_when_wanted() {
        assert_eq!(paint(false, Style::Bold, "Ada"), "Ada");
        assert_eq!(paint(true, Style::Bold, "Ada"), "\u{1b}[1mAda\u{1b}[0m");
    }

    #[test]
    fn a_source_names_its_place_and_quotes_it_briefly() {
        let source = Source {
            document_id: DocumentId::new(),
            document: "house.md".to_owned(),
            section: "House › Keys".to_owned(),
            quote: format!("The key\n is {}", "far ".repeat(50)),
            score: 0.714,
        };
        let line = source_line(1, &source);
        assert!(line.starts_with("  [1] house.md › House › Keys (0.71)\n      “The key is far"));
        assert!(line.ends_with("far…”"), "{line}");
    }

    #[test]
    fn a_file_is_told_with_its_kind_and_size() {
        let line = |size_bytes| {
            attachment_line(&Attachment {
                id: AttachmentId::new(),
                name: "house.png".to_owned(),
                media_type: "image/png".to_owned(),
                size_bytes,
                width: Some(2),
                height: Some(3),
            })
        };
        assert_eq!(line(999), "  [file] house.png (image/png, 999 bytes)");
        assert_eq!(line(1_999), "  [file] house.png (image/png, 1 kB)");
        assert_eq!(line(1_960_000), "  [file] house.png (image/png, 1.9 MB)");
    }
}
