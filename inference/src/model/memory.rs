//! Whether a model fits in memory, asked before any of it is read.

use std::path::Path;

use tch::Kind;

use super::DecoderConfig;
use crate::LoadError;

/// While a tensor is read, its numbers are in memory twice in f32, beside what was read before.
const BYTES_A_NUMBER_BEING_READ: u64 = 8;

/// What keys and values leave to the rest of the program.
const SPARE_BYTES: u64 = 128 << 20;

/// The numbers of a network's weights, of which those of norms and biases are too few to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WeightCount {
    /// All together.
    pub(crate) all: u64,
    /// Those of the largest tensor.
    pub(crate) largest: u64,
}

impl WeightCount {
    /// Counts the weights of a decoder whose sizes were checked.
    pub(crate) fn of(config: &DecoderConfig) -> Self {
        let hidden = config.hidden as u64;
        let query = hidden * (config.heads * config.head_width) as u64;
        let key = hidden * (config.kv_heads * config.head_width) as u64;
        let feed_forward = hidden * config.feed_forward as u64;
        let embedding = hidden * config.vocabulary as u64;
        let layer = 2 * query + 2 * key + 3 * feed_forward;
        let embeddings = if config.tied_head { 1 } else { 2 };
        Self {
            all: config.layers as u64 * layer + embeddings * embedding,
            largest: query.max(feed_forward).max(embedding),
        }
    }

    /// The memory that the weights take when they are loaded, in bytes, if the network computes in `kind`.
    pub(crate) fn kept_bytes(self, kind: Kind) -> u64 {
        self.all * kind.elt_size_in_bytes() as u64
    }

    /// What is in memory twice while the largest tensor is read, in bytes.
    pub(crate) fn read_bytes(self) -> u64 {
        self.largest * BYTES_A_NUMBER_BEING_READ
    }

    /// The most memory that loading takes, in bytes, if the network computes in `kind`.
    pub(crate) fn load_bytes(self, kind: Kind) -> u64 {
        self.kept_bytes(kind) + self.read_bytes()
    }
}

/// The room that keys and values should have, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CacheRoom {
    /// For one whole context, without which the model is of no use.
    pub(crate) least: u64,
    /// As configured; less is taken where there is not so much.
    pub(crate) wanted: u64,
}

/// Refuses a model that does not fit in the bytes that are available, and says how many of them keys and values may take
/// beside its weights, of which `kept` bytes stay and `read` bytes more are needed while they are read.
pub(crate) fn fit(
    path: &Path,
    kept: u64,
    read: u64,
    room: CacheRoom,
    available: Option<u64>,
) -> Result<u64, LoadError> {
    check(path, kept + read, available)?;
    let wanted = room.wanted.max(room.least);
    let Some(available) = available else {
        return Ok(wanted);
    };
    let left = available.saturating_sub(kept);
    if room.least > left {
        return Err(LoadError::NoRoomForContext {
            path: path.to_owned(),
            weights_mib: kept.div_ceil(1 << 20),
            cache_mib: room.least.div_ceil(1 << 20),
            available_mib: available >> 20,
        });
    }
    let given = wanted.min(left.saturating_sub(SPARE_BYTES).max(room.least));
    if given < wanted {
        tracing::warn!(
            model = %path.display(),
            wanted_mib = wanted >> 20,
            given_mib = given >> 20,
            weights_mib = kept >> 20,
            available_mib = available >> 20,
            "keys and values have less memory than configured"
        );
    }
    Ok(given)
}

/// Refuses a model whose loading takes more bytes than are available; what is unknown refuses nothing.
pub(crate) fn check(path: &Path, needed: u64, available: Option<u64>) -> Result<(), LoadError> {
    match available {
        Some(available) if needed > available => Err(LoadError::TooLarge {
            path: path.to_owned(),
            needed_mib: needed.div_ceil(1 << 20),
            available_mib: available >> 20,
        }),
        _ => Ok(()),
    }
}

/// The bytes that the kernel could give without swapping; none where it does not say so.
pub(crate) fn available_bytes() -> Option<u64> {
    let meminfo = std::fs::read_to_string("/proc/meminfo").ok()?;
    available_in(&meminfo)
}

fn available_in(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{fixtures, model};

    #[test]
    fn the_kernel_says_what_is_available() {
        let meminfo = "MemTotal:       24616092 kB\nMemFree:          812344 kB\nMemAvailable:   20000000 kB\n";
        assert_eq!(available_in(meminfo), Some(20_480_000_000));
        assert_eq!(available_in("MemTotal: 24616092 kB\n"), None);
        assert_eq!(available_in("MemAvailable: lots kB\n"), None);
        assert_eq!(
            available_in("MemAvailable: 18446744073709551615 kB\n"),
            None
        );
    }

    #[test]
    fn smollm2_has_the_weights_that_its_name_says() {
        let path = fixtures::cached_model("smollm2-135m-instruct.gguf");
        let count = WeightCount::of(&model::open(&path).unwrap().config);
        // 134,515,008 parameters, of which 61 norms of 576 are not counted.
        assert_eq!(count.all, 134_515_008 - 61 * 576);
        assert_eq!(count.largest, 49_152 * 576);
        assert_eq!(
            count.load_bytes(Kind::BFloat16),
            2 * count.all + 8 * count.largest
        );
    }

    #[test]
    fn keys_and_values_get_what_the_weights_leave_and_a_context_at_least() {
        const MIB: u64 = 1 << 20;
        let room = CacheRoom {
            least: 100 * MIB,
            wanted: 500 * MIB,
        };
        let fit = |available: Option<u64>| {
            let available = available.map(|mib| mib * MIB);
            fit(Path::new("m.gguf"), 2_000 * MIB, 400 * MIB, room, available)
                .map(|bytes| bytes / MIB)
                .map_err(|error| error.to_string())
        };
        assert_eq!(fit(None), Ok(500));
        assert_eq!(fit(Some(4_000)), Ok(500));
        assert_eq!(fit(Some(2_500)), Ok(372), "128 MiB are left to others");
        let refusal = "m.gguf needs 2400 MiB of memory to load, 2399 MiB are available";
        assert_eq!(fit(Some(2_399)), Err(refusal.to_owned()));
    }

    #[test]
    fn a_model_whose_context_finds_no_room_is_refused_with_the_numbers() {
        let room = CacheRoom {
            least: 300 << 20,
            wanted: 0,
        };
        let fit = |available_mib: u64| {
            let available = Some(available_mib << 20);
            fit(Path::new("m.gguf"), 400 << 20, 8 << 20, room, available)
        };
        assert_eq!(
            fit(699).unwrap_err().to_string(),
            "m.gguf needs 400 MiB of memory for its weights and 300 MiB for the keys and values of one context, \
             699 MiB are available"
        );
        assert_eq!(fit(700).unwrap(), 300 << 20);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_the_numbers() {
        let path = Path::new("m.gguf");
        let refusal = check(path, (5 << 30) + 1, Some(5 << 30)).unwrap_err();
        assert_eq!(
            refusal.to_string(),
            "m.gguf needs 5121 MiB of memory to load, 5120 MiB are available"
        );
        assert!(check(path, 5 << 30, Some(5 << 30)).is_ok());
        assert!(check(path, u64::MAX, None).is_ok());
    }
}
