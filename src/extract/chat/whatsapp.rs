//! WhatsApp: the text that "export chat" makes, as phones of many countries write it.
//!
//! Each message begins with a date and a time, in brackets or before a dash; what stands on the lines below belongs to it. The
//! order of day and month is that of the phone's country, and no line says which: it is the one under which all dates exist
//! and, where both do, time goes forward more often.

use jiff::civil::DateTime;

use super::super::draft::Draft;
use super::super::{Extracted, Kind, Unreadable};

/// Lines in which the first message must stand.
const FIRST_LINES: usize = 5;

/// Whether a text begins like such a chat: with messages, one of which somebody said.
pub(super) fn is_chat(text: &str) -> bool {
    let mut messages = text.lines().take(FIRST_LINES).filter_map(line);
    messages
        .next()
        .is_some_and(|first| first.is_said() || messages.any(|next| next.is_said()))
}

/// Reads the chat.
pub(super) fn read(text: &str) -> Result<Extracted, Unreadable> {
    let lines: Vec<Result<Line<'_>, &str>> =
        text.lines().map(|text| line(text).ok_or(text)).collect();
    let order = order_of(lines.iter().filter_map(|line| line.as_ref().ok()));
    let mut draft = Draft::default();
    let mut open: Option<(&str, DateTime, String)> = None;
    for line in lines {
        match line {
            Ok(line) => {
                if let Some((who, when, text)) = open.take() {
                    draft.said(who, when, &text)?;
                }
                // What nobody said, such as that somebody joined, has no name and is no part of the talk.
                if let (Some((who, text)), Some(when)) = (line.said, line.when(order)) {
                    open = Some((who, when, text.to_owned()));
                }
            }
            Err(more) => {
                if let Some((_, _, text)) = &mut open {
                    text.push('\n');
                    text.push_str(more);
                }
            }
        }
    }
    if let Some((who, when, text)) = open {
        draft.said(who, when, &text)?;
    }
    Ok(draft.finish(Kind::WhatsApp))
}

/// The first line of a message.
struct Line<'a> {
    numbers: [i16; 3],
    hour: i8,
    minute: i8,
    second: i8,
    said: Option<(&'a str, &'a str)>,
}

/// In which order a date is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    DayMonthYear,
    MonthDayYear,
    YearMonthDay,
}

impl Line<'_> {
    fn is_said(&self) -> bool {
        self.said.is_some()
    }

    fn when(&self, order: Order) -> Option<DateTime> {
        let [first, second, third] = self.numbers;
        let (year, month, day) = match order {
            Order::DayMonthYear => (third, second, first),
            Order::MonthDayYear => (third, first, second),
            Order::YearMonthDay => (first, second, third),
        };
        let year = if year < 100 { year + 2000 } else { year };
        let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
        DateTime::new(year, month, day, self.hour, self.minute, self.second, 0).ok()
    }
}

fn order_of<'a>(lines: impl Iterator<Item = &'a Line<'a>> + Clone) -> Order {
    if lines.clone().any(|line| line.numbers[0] >= 1000) {
        return Order::YearMonthDay;
    }
    let fits = |order: Order| {
        let times: Vec<Option<DateTime>> = lines.clone().map(|line| line.when(order)).collect();
        let missing = times.iter().filter(|time| time.is_none()).count();
        let backwards = times.windows(2).filter(|pair| pair[1] < pair[0]).count();
        (missing, backwards)
    };
    match fits(Order::MonthDayYear) < fits(Order::DayMonthYear) {
        true => Order::MonthDayYear,
        false => Order::DayMonthYear,
    }
}

/// Reads the first line of a message; `None` when it is none.
fn line(text: &str) -> Option<Line<'_>> {
    let mut rest = Rest(text.trim_start_matches(['\u{feff}', '\u{200e}', '\u{200f}', '\u{202a}']));
    let in_brackets = rest.take("[");
    let first = rest.number()?;
    let separator = ["/", ".", "-"]
        .into_iter()
        .find(|separator| rest.take(separator))?;
    rest.take(" ");
    let second = rest.number()?;
    if !rest.take(separator) {
        return None;
    }
    rest.take(" ");
    let third = rest.number()?;
    rest.take(".");
    rest.take(",");
    rest.spaces();
    let hour = rest.number()?;
    if !rest.take(":") && !rest.take(".") {
        return None;
    }
    let minute = rest.number()?;
    let second_of_minute = match rest.take(":") || rest.take(".") {
        true => rest.number()?,
        false => 0,
    };
    rest.spaces();
    let hour = rest.half_of_day(hour)?;
    let ends = match in_brackets {
        true => rest.take("]") && rest.spaces(),
        false => rest.spaces_before("-") && rest.spaces(),
    };
    if !ends {
        return None;
    }
    let body = rest
        .0
        .trim_start_matches(['\u{200e}', '\u{200f}', '\u{202a}']);
    Some(Line {
        numbers: [first, second, third],
        hour: i8::try_from(hour).ok()?,
        minute: i8::try_from(minute).ok()?,
        second: i8::try_from(second_of_minute).ok()?,
        said: said(body),
    })
}

/// Who said what; a name has no line end, and is no sentence.
fn said(body: &str) -> Option<(&str, &str)> {
    let (who, text) = body.split_once(": ").or_else(|| {
        // The text may begin on the next line.
        body.strip_suffix(':').map(|who| (who, ""))
    })?;
    (!who.trim().is_empty()).then_some((who.trim(), text.trim_start_matches('\u{200e}')))
}

/// What is left of a line.
struct Rest<'a>(&'a str);

impl Rest<'_> {
    fn take(&mut self, wanted: &str) -> bool {
        match self.0.strip_prefix(wanted) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn number(&mut self) -> Option<i16> {
        let digits = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        (1..=4).contains(&digits).then(|| number.parse().ok())?
    }

    fn spaces(&mut self) -> bool {
        self.0 = self
            .0
            .trim_start_matches([' ', '\u{a0}', '\u{202f}', '\u{200e}']);
        true
    }

    fn spaces_before(&mut self, wanted: &str) -> bool {
        self.spaces();
        self.take(wanted)
    }

    /// The hour of 24, where one of 12 is followed by its half of the day.
    fn half_of_day(&mut self, hour: i16) -> Option<i16> {
        let start: String = self
            .0
            .chars()
            .take(4)
            .collect::<String>()
            .to_ascii_lowercase();
        for (mark, afternoon) in [("a.m.", false), ("p.m.", true), ("am", false), ("pm", true)] {
            if start.starts_with(mark) {
                self.0 = &self.0[mark.len()..];
                return (1..=12)
                    .contains(&hour)
                    .then_some(hour % 12 + if afternoon { 12 } else { 0 });
            }
        }
        Some(hour)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said_in(text: &str) -> Vec<(String, String, String)> {
        assert!(is_chat(text), "{text}");
        let read = read(text).unwrap();
        (read.said.iter())
            .map(|said| {
                let text = read.text[said.place.clone()].to_owned();
                (said.who.clone(), said.when.clone(), text)
            })
            .collect()
    }

    #[test]
    fn phones_of_many_countries_are_understood() {
        for (text, when) in [
            ("31/12/2023, 18:30 - Ada: Hi", "2023-12-31T18:30:00"),
            ("[31.12.23, 18:30:05] Ada: Hi", "2023-12-31T18:30:05"),
            ("12/31/23, 6:30\u{202f}PM - Ada: Hi", "2023-12-31T18:30:00"),
            (
                "\u{200e}[2023-12-31, 6:30:05 p.m.] Ada: Hi",
                "2023-12-31T18:30:05",
            ),
            ("2023/12/31 18:30 - Ada: Hi", "2023-12-31T18:30:00"),
            ("31.12.23, 12:30 am - Ada: Hi", "2023-12-31T00:30:00"),
        ] {
            let expected = ("Ada".to_owned(), when.to_owned(), "Hi".to_owned());
            assert_eq!(said_in(text), [expected], "{text}");
        }
    }

    #[test]
    fn lines_below_belong_to_a_message_and_what_nobody_said_is_left_out() {
        let text = "01/02/2024, 10:00 - Messages are end-to-end encrypted.\n\
            01/02/2024, 10:01 - Ada: One\ntwo: three\n\
            02/02/2024, 09:00 - Bo left\n02/02/2024, 09:01 - Bo: Bye";
        let said = said_in(text);
        assert_eq!(said.len(), 2);
        assert_eq!(said[0].2, "One\ntwo: three");

        assert_eq!(said[1].1, "2024-02-02T09:01:00");
    }

    #[test]
    fn the_order_of_day_and_month_is_the_one_in_which_time_goes_forward() {
        let month_first = "01/09/2024, 10:00 - Ada: One\n02/03/2024, 10:00 - Ada: Two\n03/01/2024, 10:00 - Ada: Three";
        let whens: Vec<String> = said_in(month_first)
            .into_iter()
            .map(|said| said.1)
            .collect();
        assert_eq!(
            whens,
            [
                "2024-01-09T10:00:00",
                "2024-02-03T10:00:00",
                "2024-03-01T10:00:00"
            ]
        );
    }

    #[test]
    fn a_list_of_dates_is_no_chat() {
        for text in [
            "12/31/2023 New Year\n",
            "1.2.3 - version: notes",
            "10:30 - Ada: Hi",
            "",
        ] {
            assert!(!is_chat(text), "{text}");
        }
    }
}
