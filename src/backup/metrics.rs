//! What every node tells of backups.

use std::sync::LazyLock;

use prometheus::{Gauge, Registry};
use storage::Backup;

struct Metrics {
    last: Gauge,
    last_verified: Gauge,
    last_bytes: Gauge,
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
}
});

/// Registers the metrics of backups, which all servers of this process share. A second call for the same registry fails.
pub fn register(registry: &Registry) -> Result<(), prometheus::Error> {
    registry.register(Box::new(METRICS.last.clone()))?;
    registry.register(Box::new(METRICS.last_verified.clone()))?;
    registry.register(Box::new(METRICS.last_bytes.clone()))
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_backup_and_the_newest_that_restores_are_told_apart() {
        let registry = Registry::new();
        register(&registry).unwrap();
        let told = || {
            let values = registry
                .gather()
                .iter()
                .map(|family| family.get_metric()[0].get_gauge().get_value())
                .collect::<Vec<f64>>();
            // In the order of their names: the newest one's size and moment, and the moment of the newest that restores.
            <[f64; 3]>::try_from(values).unwrap()
        };
        let backup = |taken_at: i64, verified_at: Option<i64>| Backup {
            name: taken_at.to_string(),
            taken_at,
            size_bytes: 4_321,
            verified_at,
        };
        there_are(&[]);
        assert_eq!(told(), [0.0; 3]);
        there_are(&[
            backup(9_500, None),
            backup(8_000, Some(8_100)),
            backup(7_000, Some(9_900)),
        ]);
        assert_eq!(told(), [4_321.0, 9.5, 8.0]);
    }
}
