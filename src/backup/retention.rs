//! Which archives are kept: one for each of the last days and weeks that have any, the newest, and the newest that is known to restore.

use std::collections::BTreeSet;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::strtime;

/// How every archive's name begins.
const BEGIN: &str = "digital-twin-";
/// The moment of the snapshot in an archive's name, in UTC.
const MOMENT: &str = "%Y%m%dT%H%M%S%.3fZ";
/// How an encrypted archive's name ends.
pub(super) const ENCRYPTED: &str = ".tar.zst.age";
/// How the name of one ends that is not encrypted.
pub(super) const OPEN: &str = ".tar.zst";

/// How many archives are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// The newest of each of so many days.
    pub daily: usize,
    /// The newest of each of so many weeks, which begin with Monday.
    pub weekly: usize,
}

/// The name of an archive; the mark tells those of one moment apart.
pub(super) fn name_of(taken_at: i64, mark: &str, end: &str) -> anyhow::Result<String> {
    let moment = Timestamp::from_millisecond(taken_at)?;
    Ok(format!("{BEGIN}{}-{mark}{end}", moment.strftime(MOMENT)))
}

/// The day on which the snapshot of this name was taken; none for a file that we did not write.
fn day_of(name: &str) -> Option<Date> {
    let rest = name.strip_suffix(ENCRYPTED).or(name.strip_suffix(OPEN))?;
    let (moment, _) = rest.strip_prefix(BEGIN)?.split_once('-')?;
    strtime::parse(MOMENT, moment)
        .ok()?
        .to_datetime()
        .ok()
        .map(|moment| moment.date())
}

/// Whether a file of this name is an archive of ours.
pub(super) fn is_archive(name: &str) -> bool {
    day_of(name).is_some()
}

/// The names of archives that need not be kept any more, of all that there are. What is no name of ours is nobody's to delete.
pub(super) fn expired<'a>(
    names: &[&'a str],
    keep: Keep,
    is_verified: impl Fn(&str) -> bool,
) -> Vec<&'a str> {
    let mut ours: Vec<(&str, Date)> = names
        .iter()
        .filter_map(|name| Some((*name, day_of(name)?)))
        .collect();
    // The names of archives stand in the order of their snapshots.
    ours.sort_by(|(one, _), (other, _)| other.cmp(one));
    let mut kept: BTreeSet<&str> = BTreeSet::new();
    kept.extend(ours.first().map(|(name, _)| *name));
    kept.extend(
        ours.iter()
            .map(|(name, _)| *name)
            .find(|name| is_verified(name)),
    );
    let (mut days, mut weeks) = (BTreeSet::new(), BTreeSet::new());
    for (name, day) in &ours {
        let week = day.iso_week_date();
        let is_first_of_day = days.len() < keep.daily && days.insert(*day);
        let is_first_of_week =
            weeks.len() < keep.weekly && weeks.insert((week.year(), week.week()));
        if is_first_of_day || is_first_of_week {
            kept.insert(*name);
        }
    }
    let names = ours.into_iter().map(|(name, _)| name);
    names.filter(|name| !kept.contains(name)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const DAY_MS: i64 = 24 * 60 * 60 * 1_000;
    /// Monday, 16 November 2026, at noon.
    const MONDAY: i64 = 1_794_830_400_000;

    fn at(taken_at: i64) -> String {
        name_of(taken_at, "abc123", ENCRYPTED).unwrap()
    }

    fn expired_of(names: &[String], keep: Keep, verified: &[&str]) -> Vec<String> {
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let expired = expired(&names, keep, |name| verified.contains(&name));
        expired.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn a_name_says_when_the_snapshot_was_taken() {
        assert_eq!(
            at(MONDAY),
            "digital-twin-20261116T120000.000Z-abc123.tar.zst.age"
        );
        assert_eq!(day_of(&at(MONDAY)), Some(jiff::civil::date(2026, 11, 16)));
        let others = [
            "notes.txt",
            "digital-twin-20261116T120000.000Z-abc123.tar.zst.age.part",
            "digital-twin-yesterday-abc123.tar.zst.age",
            "digital-twin.sqlite",
        ];
        assert_eq!(others.map(day_of), [None; 4]);
    }

    #[test]
    fn the_newest_of_each_day_and_of_each_week_is_kept() {
        // Two a day for three weeks, the newest on a Sunday.
        let names: Vec<String> = (0..42).map(|half| at(MONDAY + half * DAY_MS / 2)).collect();
        let keep = Keep {
            daily: 3,
            weekly: 3,
        };
        let expired = expired_of(&names, keep, &[]);
        let mut kept: Vec<&str> = names
            .iter()
            .map(String::as_str)
            .filter(|name| !expired.iter().any(|gone| gone == name))
            .collect();
        kept.sort_unstable();
        // At midnight a half day is already the next one.
        assert_eq!(
            kept,
            [
                "digital-twin-20261129T120000.000Z-abc123.tar.zst.age",
                "digital-twin-20261205T120000.000Z-abc123.tar.zst.age",
                "digital-twin-20261206T120000.000Z-abc123.tar.zst.age",
                "digital-twin-20261207T000000.000Z-abc123.tar.zst.age",
            ]
        );
    }

    #[test]
    fn the_newest_verified_one_is_kept_however_old() {
        let names: Vec<String> = (0..10).map(|day| at(MONDAY + day * DAY_MS)).collect();
        let keep = Keep {
            daily: 2,
            weekly: 0,
        };
        let verified = [names[0].as_str(), names[1].as_str()];
        let expired = expired_of(&names, keep, &verified);
        assert!(!expired.contains(&names[1]), "{expired:?}");
        assert!(expired.contains(&names[0]), "{expired:?}");
    }

    proptest! {
        #[test]
        fn neither_the_newest_nor_the_newest_verified_ever_goes(
            moments in proptest::collection::btree_set(0_i64..400 * 24, 1..60),
            verified in proptest::collection::vec(any::<bool>(), 60),
            daily in 0_usize..9,
            weekly in 0_usize..9,
        ) {
            let names: Vec<String> = moments.iter().map(|hour| at(MONDAY + hour * DAY_MS / 24)).collect();
            let verified: Vec<&str> = names
                .iter()
                .zip(verified)
                .filter(|(_, is_verified)| *is_verified)
                .map(|(name, _)| name.as_str())
                .collect();
            let expired = expired_of(&names, Keep { daily, weekly }, &verified);
            prop_assert!(!expired.contains(names.last().unwrap()));
            if let Some(newest) = verified.last() {
                prop_assert!(!expired.iter().any(|name| name == newest));
            }
            prop_assert!(names.len() - expired.len() <= daily + weekly + 2);
            let days: BTreeSet<_> = names.iter().filter_map(|name| day_of(name)).collect();
            let kept: BTreeSet<_> = names
                .iter()
                .filter(|name| !expired.contains(name))
                .filter_map(|name| day_of(name))
                .collect();
            for day in days.iter().rev().take(daily) {
                prop_assert!(kept.contains(day), "{day} has no archive any more");
            }
        }
    }
}
