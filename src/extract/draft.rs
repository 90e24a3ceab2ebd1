//! A draft: the text of a document while it is read, with the headings that are open and what was said so far.

use std::ops::Range;

use jiff::civil::{Date, DateTime};

use super::markdown::Path;
use super::{Extracted, Kind, Said, Section, TEXT_BYTES_MAX, Unreadable};

/// What a reader of a format writes into.
#[derive(Debug, Default)]
pub(super) struct Draft {
    text: String,
    open: Path,
    section_start: usize,
    sections: Vec<Section>,
    said: Vec<Said>,
    day: Option<Date>,
}

impl Draft {
    /// Begins a section under a heading; level 1 is the outermost.
    pub(super) fn heading(&mut self, level: u8, title: &str) -> Result<(), Unreadable> {
        let title = title.split_whitespace().collect::<Vec<_>>().join(" ");
        if title.is_empty() {
            return Ok(());
        }
        self.end_section();
        self.blank_line();
        self.write(&title)?;
        self.write("\n\n")?;
        self.open.enter(level, title);
        self.section_start = self.text.len();
        Ok(())
    }

    /// Adds a paragraph; one without a word is none.
    pub(super) fn paragraph(&mut self, text: &str) -> Result<(), Unreadable> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        self.blank_line();
        self.write(text)
    }

    /// Adds a line right under the one before.
    pub(super) fn line(&mut self, text: &str) -> Result<(), Unreadable> {
        let text = text.trim();
        if text.is_empty() {
            return Ok(());
        }
        self.new_line();
        self.write(text)
    }

    /// Adds what somebody said, under a heading for each day.
    pub(super) fn said(&mut self, who: &str, when: DateTime, text: &str) -> Result<(), Unreadable> {
        if text.trim().is_empty() {
            return Ok(());
        }
        if self.day != Some(when.date()) {
            self.heading(DAY_LEVEL, &when.date().to_string())?;
            self.day = Some(when.date());
        }
        self.say(who, &when.strftime("%H:%M").to_string(), when, text)
    }

    /// Adds what somebody wrote in a conversation that has a heading of its own, with day and time.
    pub(super) fn wrote(
        &mut self,
        who: &str,
        when: Option<DateTime>,
        text: &str,
    ) -> Result<(), Unreadable> {
        let shown = when.map_or_else(String::new, |when| {
            when.strftime("%Y-%m-%d %H:%M").to_string()
        });
        self.say(who, &shown, when.unwrap_or_default(), text)
    }

    /// Begins another conversation: its days are counted anew.
    pub(super) fn conversation(&mut self, title: &str) -> Result<(), Unreadable> {
        self.day = None;
        self.heading(DAY_LEVEL - 1, title)
    }

    /// What was drafted.
    pub(super) fn finish(mut self, kind: Kind) -> Extracted {
        self.end_section();
        Extracted {
            kind,
            text: self.text,
            sections: self.sections,
            said: self.said,
        }
    }

    fn say(
        &mut self,
        who: &str,
        shown: &str,
        when: DateTime,
        text: &str,
    ) -> Result<(), Unreadable> {
        let who = who.split_whitespace().collect::<Vec<_>>().join(" ");
        self.new_line();
        match shown.is_empty() {
            true => self.write(&format!("{who}: "))?,
            false => self.write(&format!("{who} ({shown}): "))?,
        }
        let start = self.text.len();
        self.write(text.trim())?;
        self.said.push(Said {
            who,
            when: when.strftime("%Y-%m-%dT%H:%M:%S").to_string(),
            place: start..self.text.len(),
        });
        Ok(())
    }

    fn end_section(&mut self) {
        let place = trimmed(&self.text, self.section_start..self.text.len());
        if !place.is_empty() {
            self.sections.push(Section {
                path: self.open.joined(),
                place,
            });
        }
        self.section_start = self.text.len();
    }

    fn blank_line(&mut self) {
        if !self.text.is_empty() {
            self.new_line();
            if !self.text.ends_with("\n\n") {
                self.text.push('\n');
            }
        }
    }

    fn new_line(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with('\n') {
            self.text.push('\n');
        }
    }

    /// Adds a text without the characters that no database keeps and no screen shows.
    fn write(&mut self, text: &str) -> Result<(), Unreadable> {
        if self.text.len() + text.len() > TEXT_BYTES_MAX {
            return Err(Unreadable::TooMuchText);
        }
        let is_shown = |char: &char| !char.is_control() || matches!(char, '\n' | '\t');
        self.text.extend(text.chars().filter(is_shown));
        Ok(())
    }
}

/// The level of the heading of a day; the conversation's is above it.
const DAY_LEVEL: u8 = 2;

/// A place without the white space at its ends.
pub(super) fn trimmed(text: &str, place: Range<usize>) -> Range<usize> {
    let part = &text[place.clone()];
    let start = place.start + (part.len() - part.trim_start().len());
    let end = start + part.trim().len();
    start..end
}

#[cfg(test)]
mod tests {
    use jiff::civil::datetime;

    use super::*;

    #[test]
    fn sections_stand_under_their_headings_and_quote_the_text() {
        let mut draft = Draft::default();
        draft.paragraph("Before.").unwrap();
        draft.heading(1, "One").unwrap();
        draft.paragraph("First.").unwrap();
        draft.heading(2, "Two").unwrap();
        draft.line("a").unwrap();
        draft.line("b").unwrap();
        let drafted = draft.finish(Kind::Html);
        assert_eq!(drafted.text, "Before.\n\nOne\n\nFirst.\n\nTwo\n\na\nb");
        let sections: Vec<(&str, &str)> = (drafted.sections.iter())
            .map(|section| (section.path.as_str(), &drafted.text[section.place.clone()]))
            .collect();
        assert_eq!(
            sections,
            [("", "Before."), ("One", "First."), ("One › Two", "a\nb")]
        );
    }

    #[test]
    fn a_chat_has_a_section_for_each_day_and_says_who_said_what_when() {
        let mut draft = Draft::default();
        draft.conversation("Ferry").unwrap();
        draft
            .said("Ada", datetime(2024, 3, 1, 18, 30, 5, 0), "When?\nToday?")
            .unwrap();
        draft
            .said("Bo", datetime(2024, 3, 2, 9, 0, 0, 0), "Tomorrow.")
            .unwrap();
        let drafted = draft.finish(Kind::WhatsApp);
        let paths: Vec<&str> = (drafted.sections.iter())
            .map(|section| section.path.as_str())
            .collect();
        assert_eq!(paths, ["Ferry › 2024-03-01", "Ferry › 2024-03-02"]);
        let said: Vec<(&str, &str, &str)> = (drafted.said.iter())
            .map(|said| {
                let text = &drafted.text[said.place.clone()];
                (said.who.as_str(), said.when.as_str(), text)
            })
            .collect();
        assert_eq!(
            said,
            [
                ("Ada", "2024-03-01T18:30:05", "When?\nToday?"),
                ("Bo", "2024-03-02T09:00:00", "Tomorrow.")
            ]
        );
        assert!(drafted.text.contains("Ada (18:30): When?"));
    }

    #[test]
    fn more_text_than_a_document_may_have_is_refused() {
        let mut draft = Draft::default();
        let page = "x".repeat(TEXT_BYTES_MAX / 2);
        draft.paragraph(&page).unwrap();
        assert_eq!(draft.paragraph(&page), Err(Unreadable::TooMuchText));
    }
}
