//! What every node tells of backups.

use std::sync::LazyLock;

use prometheus::{Gauge, Registry};
use storage::Backup;

struct Metrics {
    last: Gauge,
    last_verified: Gauge,
    last_bytes: Gauge,
    last_copied: Gauge,
    copies_missing: Gauge,
}

static METRICS: LazyLock<Metrics> = LazyLock::new(|| {
    Metrics {
    last: Gauge::new(
        "twin_backup_last_timestamp_seconds",
        "When the newest backup was taken, in seconds since 1970; 0 without one",
    )
    .expect("the name is valid"),
    last_verified: Gauge::new(
        "twin_backup_last_verified_timestamp_seconds",
        "When the newest backup was taken that was seen to restore, in seconds since 1970; 0 without one",
    )
    .expect("the name is valid"),
    last_bytes: Gauge::new(
        "twin_backup_last_bytes",
        "Size of the newest backup",
    )
    .expect("the name is valid"),
    last_copied: Gauge::new(
        "twin_backup_last_copied_timestamp_seconds",
        "When the newest backup was taken that was copied away, in seconds since 1970; 0 without one",
    )
    .expect("the name is valid"),
    copies_missing: Gauge::new(
        "twin_backup_copies_missing",
        "Backups that were to be copied away and are not, or not yet",
    )
    .expect("the name is valid"),
}
});

/// Registers the metrics of backups, which all servers of this process share. A second call for the same registry fails.
pub fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    registry.register(Box::new(METRICS.last.clone()))?;
    registry.register(Box::new(METRICS.last_verified.clone()))?;
    registry.register(Box::new(METRICS.last_bytes.clone()))?;
    registry.register(Box::new(METRICS.last_copied.clone()))?;
    registry.register(Box::new(METRICS.copies_missing.clone()))
}

/// These are the backups that there are, newest first.
pub fn there_are(backups: &[Backup]) {
    let taken =
        |backup: Option<&Backup>| backup.map_or(0.0, |backup| backup.taken_at as f64 / 1_000.0);
    let last = backups.first();
    METRICS.last.set(taken(last));
    METRICS
        .last_bytes
        .set(last.map_or(0.0, |backup| backup.size_bytes as f64));
    let mut verified = backups.iter().filter(|backup| backup.verified_at.is_some());
    METRICS.last_verified.set(taken(verified.next()));
    let mut copied = backups.iter().filter(|backup| backup.copied_at.is_some());
    METRICS.last_copied.set(taken(copied.next()));
    let missing = backups
        .iter()
        .filter(|backup| backup.copy_begun_at.is_some() && backup.copied_at.is_none());
    METRICS.copies_missing.set(missing.count() as f64);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_backup_the_newest_that_restores_and_the_newest_that_was_copied_are_told_apart() {
        let registry = Registry::new();
        register(&registry).unwrap();
        let told = || {
            let values = registry
                .gather()
                .iter()
                .map(|family| family.get_metric()[0].get_gauge().get_value())
                .collect::<Vec<f64>>();
            // In the order of their names: copies missing; the newest one's size; the moments of the newest that was copied, of the
            // newest, and of the newest that restores.
            <[f64; 5]>::try_from(values).unwrap()
        };
        let backup = |taken_at: i64, verified_at: Option<i64>| Backup {
            name: taken_at.to_string(),
            taken_at,
            size_bytes: 4_321,
            verified_at,
            copy_begun_at: None,
            copied_at: None,
        };
        there_are(&[]);
        assert_eq!(told(), [0.0; 5]);
        there_are(&[
            backup(9_500, None),
            backup(8_000, Some(8_100)),
            Backup {
                copy_begun_at: Some(9_000),
                ..backup(7_000, Some(9_900))
            },
            Backup {
                copy_begun_at: Some(9_000),
                copied_at: Some(9_400),
                ..backup(6_000, None)
            },
        ]);
        assert_eq!(told(), [1.0, 4_321.0, 6.0, 9.5, 8.0]);
    }
}
