//! The hours in which nothing is sent, in the time zone of whoever sleeps.

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, ZonedDateTime};
use storage::QuietHours;

/// Whether a text is the IANA name of a time zone.
pub fn is_time_zone(name: &str) -> bool {
    TimeZone::get(name).is_ok()
}

/// When the quiet hours end that this moment lies in, in UTC milliseconds; `None` outside of them.
pub fn quiet_until(quiet: &QuietHours, now_ms: i64) -> Option<i64> {
    let zone = TimeZone::get(&quiet.time_zone).ok()?;
    let now = Timestamp::from_millisecond(now_ms)
        .ok()?
        .to_zoned_datetime(zone);
    let (from, until) = (time(quiet.from)?, time(quiet.until)?);
    let time_now = now.time();
    let is_quiet = match from <= until {
        true => from <= time_now && time_now < until,
        // The night lies between.
        false => from <= time_now || time_now < until,
    };
    if !is_quiet {
        return None;
    }
    let mut end = at(&now, until)?;
    if end <= now {
        end = at(&now.checked_add(1.day()).ok()?, until)?;
    }
    Some(end.timestamp().as_millisecond())
}

/// This time on the day of another; where clocks skip it, when they have.
fn at(day: &ZonedDateTime, time: Time) -> Option<ZonedDateTime> {
    day.date()
        .to_datetime(time)
        .to_zoned_datetime(day.time_zone().clone())
        .ok()
}

/// The time so many minutes after midnight.
fn time(minutes: u32) -> Option<Time> {
    let hour = i8::try_from(minutes / 60).ok()?;
    let minute = i8::try_from(minutes % 60).ok()?;
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(from: u32, to: u32, zone: &str, now: &str) -> Option<String> {
        let quiet = QuietHours {
            from,
            until: to,
            time_zone: zone.to_owned(),
        };
        let now: Timestamp = now.parse().unwrap();
        let end = quiet_until(&quiet, now.as_millisecond())?;
        Some(Timestamp::from_millisecond(end).unwrap().to_string())
    }

    #[test]
    fn a_night_ends_in_the_morning_of_its_time_zone() {
        let night = |now| until(22 * 60, 7 * 60 + 30, "Europe/Berlin", now);
        // Berlin is two hours ahead of UTC in summer, and one in winter.
        assert_eq!(night("2026-07-01T19:59:59Z"), None);
        let morning = Some("2026-07-02T05:30:00Z".to_owned());
        assert_eq!(night("2026-07-01T20:00:00Z"), morning);
        assert_eq!(night("2026-07-02T05:29:59Z"), morning);
        assert_eq!(night("2026-07-02T05:30:00Z"), None);
        let winter = Some("2026-12-02T06:30:00Z".to_owned());
        assert_eq!(night("2026-12-01T21:00:00Z"), winter);
    }

    #[test]
    fn hours_of_one_day_end_on_it_and_none_never_begin() {
        let noon = |now| until(12 * 60, 13 * 60, "Asia/Shanghai", now);
        assert_eq!(
            noon("2026-07-01T04:30:00Z").as_deref(),
            Some("2026-07-01T05:00:00Z")
        );
        assert_eq!(noon("2026-07-01T05:00:00Z"), None);
        assert_eq!(until(60, 60, "UTC", "2026-07-01T01:00:00Z"), None);
    }

    #[test]
    fn an_end_that_the_clocks_skip_is_when_they_have() {
        // In Berlin 2026-03-29 has no 02:30: at 02:00 clocks go to 03:00.
        let end = until(
            22 * 60,
            2 * 60 + 30,
            "Europe/Berlin",
            "2026-03-29T00:30:00Z",
        );
        assert_eq!(end.as_deref(), Some("2026-03-29T01:30:00Z"));
    }

    #[test]
    fn time_zones_have_names() {
        assert!(is_time_zone("Europe/Berlin") && is_time_zone("UTC"));
        assert!(!is_time_zone("Mars/Olympus") && !is_time_zone(""));
    }
}
