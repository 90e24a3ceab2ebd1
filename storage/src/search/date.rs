//! Moments as people and programs write them: a day, a day and a time, or milliseconds.

/// Milliseconds of a day, an hour, a minute.
const DAY: i64 = 86_400_000;
const HOUR: i64 = 3_600_000;
const MINUTE: i64 = 60_000;
/// Digits of milliseconds: fewer would be mistaken for a year or a day.
const MILLISECONDS_DIGITS: std::ops::RangeInclusive<usize> = 9..=15;
/// Years that a date may have, so that no sum overflows.
const YEARS: std::ops::RangeInclusive<i64> = 1..=9999;

/// The moment that a text names, in UTC milliseconds since 1970: `2026-01-31` (its first moment, in UTC),
/// `2026-01-31T18:30`, with seconds and fractions if wanted and `Z` or an offset such as `+02:00`, or the milliseconds
/// themselves.
pub fn moment(text: &str) -> Option<i64> {
    if MILLISECONDS_DIGITS.contains(&text.len())
        && let Some(milliseconds) = number(text, text.len())
    {
        return Some(milliseconds);
    }
    let (day, time) = match text.split_once(['T', 't']) {
        Some((day, time)) => (day, Some(time)),
        None => (text, None),
    };
    let day = days_since_1970(day)? * DAY;
    match time {
        None => Some(day),
        Some(time) => Some(day + time_of_day(time)?),
    }
}

fn days_since_1970(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        2 => 28 + i64::from(is_leap),
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => return None,
    };
    if parts.next().is_some() || !YEARS.contains(&year) || !(1..=days).contains(&day) {
        return None;
    }
    // Years begin in March, so that the leap day is the last of a year (Hinnant, days_from_civil).
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

/// Milliseconds after the beginning of the day in UTC.
fn time_of_day(text: &str) -> Option<i64> {
    let zone_at = text.find(['Z', 'z', '+', '-']).unwrap_or(text.len());
    let (time, zone) = text.split_at(zone_at);
    let (time, fraction) = match time.split_once('.') {
        Some((time, fraction)) => (time, Some(fraction)),
        None => (time, None),
    };
    let mut parts = time.split(':');
    let hours = number(parts.next()?, 2).filter(|hours| *hours < 24)?;
    let minutes = number(parts.next()?, 2).filter(|minutes| *minutes < 60)?;
    let seconds = match parts.next() {
        // A leap second is the moment after it.
        Some(seconds) => number(seconds, 2).filter(|seconds| *seconds <= 60)?,
        None if fraction.is_some() => return None,
        None => 0,
    };
    if parts.next().is_some() {
        return None;
    }
    let milliseconds = match fraction {
        Some(digits) if (1..=9).contains(&digits.len()) => {
            let number = number(digits, digits.len())?;
            number * 1000 / 10_i64.pow(u32::try_from(digits.len()).ok()?)
        }
        Some(_) => return None,
        None => 0,
    };
    let local = hours * HOUR + minutes * MINUTE + seconds * 1000 + milliseconds;
    Some(local - offset(zone)?)
}

fn offset(zone: &str) -> Option<i64> {
    if zone.is_empty() || zone.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let (sign, rest) = match zone.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, zone.strip_prefix('+')?),
    };
    let (hours, minutes) = rest.split_once(':')?;
    let hours = number(hours, 2).filter(|hours| *hours < 24)?;
    let minutes = number(minutes, 2).filter(|minutes| *minutes < 60)?;
    Some(sign * (hours * HOUR + minutes * MINUTE))
}

/// A number of exactly so many digits.
fn number(text: &str, digits: usize) -> Option<i64> {
    let is_number = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_and_what_is_none_is_not() {
        for (text, expected) in [
            ("1970-01-01", 0),
            ("1969-12-31", -DAY),
            ("2000-02-29", 951_782_400_000),
            ("2026-11-26", 1_795_651_200_000),
            ("9999-12-31", 253_402_214_400_000),
            ("2026-11-26T18:30", 1_795_717_800_000),
            ("2026-11-26T18:30:15Z", 1_795_717_815_000),
            ("2026-11-26t18:30:15.25+02:00", 1_795_710_615_250),
            ("2026-11-26T00:00-00:30", 1_795_653_000_000),
            ("1795717815000", 1_795_717_815_000),
            ("100000000", 100_000_000),
        ] {
            assert_eq!(moment(text), Some(expected), "{text}");
        }
        for text in [
            "",
            "today",
            "2026",
            "20260101",
            "-1795717815000",
            "1795717815000000",
            "2026-13-01",
            "2026-02-29",
            "1900-02-29",
            "2026-1-1",
            "2026-01-01-01",
            "0000-01-01",
            "2026-01-01T",
            "2026-01-01T24:00",
            "2026-01-01T10:60",
            "2026-01-01T10:00:61",
            "2026-01-01T10:00.5",
            "2026-01-01T10:00:00.",
            "2026-01-01T10:00:00.1234567890",
            "2026-01-01T10:00+2",
            "2026-01-01T10:00 Z",
            "２０２６-01-01",
        ] {
            assert_eq!(moment(text), None, "{text}");
        }
    }
}
