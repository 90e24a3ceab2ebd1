//! The log as files: another is begun when one is large enough; of those before it a few are kept, for some days.

use std::collections::BTreeSet;
use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use file_rotate::compression::Compression;
use file_rotate::suffix::{AppendTimestamp, FileLimit, SuffixScheme, TimestampSuffix};
use file_rotate::{ContentLimit, FileRotate, SuffixInfo};

use crate::config::LogFile;

/// Files that are kept beside the one that is written.
const FILES_MAX: usize = 10;

/// Opens the file that the log is written to, and its folder.
///
/// # Errors
/// When the folder cannot be made, or the file cannot be written.
pub(super) fn open(config: &LogFile) -> io::Result<Mutex<FileRotate<Kept>>> {
    if let Some(folder) = config.path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    // The library takes for granted that it can.
    OpenOptions::new()
        .create(true)
        .append(true)
        .open(&config.path)?;
    let kept = Kept {
        names: AppendTimestamp::default(FileLimit::Unlimited),
        lifetime: config.kept,
    };
    let limit = ContentLimit::BytesSurpassed(config.bytes_max);
    let file = FileRotate::new(&config.path, kept, limit, Compression::None, None);
    Ok(Mutex::new(file))
}

/// Files are named after when they were ended, and deleted by their number and by that time.
pub(super) struct Kept {
    names: AppendTimestamp,
    lifetime: Duration,
}

impl SuffixScheme for Kept {
    type Repr = TimestampSuffix;

    fn rotate_file(
        &mut self,
        path: &Path,
        newest: Option<&TimestampSuffix>,
        suffix: &Option<TimestampSuffix>,
    ) -> io::Result<TimestampSuffix> {
        self.names.rotate_file(path, newest, suffix)
    }

    fn parse(&self, suffix: &str) -> Option<TimestampSuffix> {
        self.names.parse(suffix)
    }

    fn too_old(&self, suffix: &TimestampSuffix, number: usize) -> bool {
        // The names have local time: a day is at most fourteen hours longer or shorter.
        let oldest = jiff::Timestamp::now().checked_sub(self.lifetime);
        let is_over = oldest.is_ok_and(|oldest| {
            let oldest = oldest.strftime(self.names.format).to_string();
            suffix.timestamp < oldest
        });
        number >= FILES_MAX || is_over
    }

    fn scan_suffixes(&self, path: &Path) -> BTreeSet<SuffixInfo<TimestampSuffix>> {
        self.names.scan_suffixes(path)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn names_in(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).unwrap();
        let mut names: Vec<String> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn another_file_is_begun_by_size_and_old_and_superfluous_ones_are_deleted() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("logs").join("twin.log");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path.with_extension("log.20200101T000000"), "long ago").unwrap();
        std::fs::write(path.with_extension("txt"), "of somebody else").unwrap();
        let log = open(&LogFile {
            path: path.clone(),
            bytes_max: 100,
            kept: Duration::from_secs(24 * 60 * 60),
        })
        .unwrap();
        let mut log = log.lock().unwrap();
        let line = |number: usize| format!("{{\"line\":{number:040}}}\n");
        for number in 0..100 {
            log.write_all(line(number).as_bytes()).unwrap();
        }
        let names = names_in(path.parent().unwrap());
        assert_eq!(names.len(), FILES_MAX + 2, "{names:?}");
        assert!(names.contains(&"twin.txt".to_owned()), "{names:?}");
        assert!(!names.iter().any(|name| name.contains("2020")), "{names:?}");
        for name in names.iter().filter(|name| name.contains(".log")) {
            let text = std::fs::read_to_string(path.with_file_name(name)).unwrap();
            let whole = |line: &str| line.starts_with('{') && line.ends_with('}');
            assert!(
                text.lines().all(whole) && text.len() <= 200,
                "{name}: {text}"
            );
        }
    }

    #[test]
    fn a_file_that_cannot_be_written_is_said_to_be_so() {
        let folder = tempfile::tempdir().unwrap();
        let config = LogFile {
            path: folder.path().to_owned(),
            bytes_max: 100,
            kept: Duration::from_secs(60),
        };
        assert!(open(&config).is_err());
    }
}
