//! Exports of accounts: an archive that holds what its manifest names and nothing else is handed on, file by file.
//!
//! All of it is checked before the first file is handed on, so that nobody begins with an archive that turns out damaged.

use std::collections::{BTreeMap, HashSet};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zip::ZipArchive;

use crate::hexadecimal::hexadecimal;

/// The version of what an export looks like.
pub const EXPORT_FORMAT: &str = "digital-twin-export/1";

/// The file that names all others.
pub const MANIFEST: &str = "manifest.json";

/// Files of an export: each conversation is one, and each file that was sent.
const FILES_MAX: usize = 100_000;

/// Bytes of the manifest: each file takes some two hundred.
const MANIFEST_BYTES_MAX: u64 = 32 * 1024 * 1024;

/// Bytes of all files together.
const UNPACKED_BYTES_MAX: u64 = 8 * 1024 * 1024 * 1024;

/// Bytes of the lists together, which whoever takes them in holds in memory: thousands of memories are a tenth.
pub const LISTS_BYTES_MAX: u64 = 64 * 1024 * 1024;

/// Bytes of a file's name with its folders: those of an export have three ids and a hundred characters.
pub(super) const PATH_BYTES_MAX: usize = 1_024;

/// Characters of foreign words in a sentence about what is wrong with them.
const SHOWN_CHARS_MAX: usize = 160;

/// A file, as the manifest names it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ListedFile {
    /// Its name with its folders.
    pub path: String,
    /// Its size.
    pub bytes: u64,
    /// Its SHA-256 in hexadecimal digits.
    pub sha256: String,
}

/// Why an archive is no export that can be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
#[serde(tag = "why", rename_all = "snake_case")]
pub enum NoExport {
    /// It is no archive, or a damaged one.
    #[error("the file is no ZIP archive that can be read: {reason}")]
    NotZip {
        /// What is wrong.
        reason: String,
    },
    /// It has too many files.
    #[error("the archive has more than {max} files")]
    TooManyFiles {
        /// How many it may have.
        max: usize,
    },
    /// Two files have one name.
    #[error("two files of the archive have the name {path:?}")]
    TwiceNamed {
        /// The name.
        path: String,
    },
    /// A name is no name of a file below the archive.
    #[error("a file of the archive has the name {path:?}, which leads out of it or cannot be one")]
    LeadsElsewhere {
        /// The name.
        path: String,
    },
    /// Nothing says what it holds.
    #[error("the archive has no manifest.json: it was cut short, or is no export")]
    NoManifest,
    /// What says what it holds cannot be read.
    #[error("manifest.json cannot be read: {reason}")]
    BadManifest {
        /// What is wrong.
        reason: String,
    },
    /// It is of another version.
    #[error("the archive has the format {format:?}; this server reads {EXPORT_FORMAT}")]
    OtherFormat {
        /// The format.
        format: String,
    },
    /// A file is there that the manifest does not name.
    #[error("the archive has the file {path:?}, which its manifest does not name")]
    NotListed {
        /// The name.
        path: String,
    },
    /// A file is missing.
    #[error("the archive lacks the file {path:?}, which its manifest names")]
    Missing {
        /// The name.
        path: String,
    },
    /// A file is not the one that the manifest names.
    #[error("the file {path:?} has another size or hash than the manifest says")]
    OtherContent {
        /// The name.
        path: String,
    },
    /// A file cannot be unpacked.
    #[error("the file {path:?} cannot be unpacked: {reason}")]
    Packed {
        /// The name.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// It unpacks to too much.
    #[error("the archive unpacks to more than {max} bytes")]
    TooMuchUnpacked {
        /// How many there may be.
        max: u64,
    },
    /// The lists are too long.
    #[error("the lists in the archive have more than {max} bytes together")]
    TooMuchListed {
        /// How many they may have.
        max: u64,
    },
    /// Reading it failed.
    #[error("the archive is damaged: reading it failed")]
    Crashed,
}

/// What is told of an export, each a line of JSON; the bytes of a file follow its line.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "told", rename_all = "snake_case")]
pub(super) enum Told {
    /// A file.
    File {
        /// Its name with its folders.
        path: String,
        /// How many bytes follow.
        bytes: u64,
    },
    /// That was all; of the rest there is only so much.
    Whole {
        /// Conversations.
        conversations: u64,
        /// Files that were sent in them.
        attachments: u64,
    },
    /// Nothing of it can be read.
    Refused(NoExport),
}

/// An export in which everything is as its manifest says.
pub(super) struct Export<R: Read + Seek> {
    zip: ZipArchive<R>,
    files: Vec<ListedFile>,
}

impl<R: Read + Seek> Export<R> {
    /// Checks an archive to its end.
    pub(super) fn checked(mut archive: R) -> Result<Self, NoExport> {
        check_names(&mut archive)?;
        let mut zip = ZipArchive::new(archive).map_err(not_zip)?;
        let files = manifest(&mut zip)?;
        check_lists(&zip, &files)?;
        for file in &files {
            check_content(&mut zip, file)?;
        }
        Ok(Self { zip, files })
    }

    /// Hands on what has a place elsewhere: the lists first, then the files of one twin after the other.
    pub(super) fn hand_on(mut self, output: &mut impl Write) -> io::Result<()> {
        let mut handed: Vec<(Kind, &ListedFile)> = (self.files.iter())
            .filter_map(|file| Some((Kind::of(&file.path)?, file)))
            .collect();
        handed.sort_by(|(kind, file), (other, others)| {
            (*kind, &file.path).cmp(&(*other, &others.path))
        });
        for (_, file) in handed {
            let told = Told::File {
                path: file.path.clone(),
                bytes: file.bytes,
            };
            tell(output, &told)?;
            let mut content = self.zip.by_name(&file.path).map_err(io::Error::other)?;
            let copied = io::copy(&mut (&mut content).take(file.bytes), output)?;
            if copied != file.bytes {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        let count = |ending: &[&str]| {
            let is_one = |file: &&ListedFile| {
                let parts: Vec<&str> = file.path.split('/').collect();
                parts.len() == 3
                    && parts[0] == ending[0]
                    && ending.get(1).is_none_or(|name| parts[2] == *name)
            };
            self.files.iter().filter(is_one).count() as u64
        };
        let whole = Told::Whole {
            conversations: count(&["conversations", "messages.ndjson"]),
            attachments: count(&["attachments"]),
        };
        tell(output, &whole)?;
        output.flush()
    }
}

/// Writes a line.
pub(super) fn tell(output: &mut impl Write, told: &Told) -> io::Result<()> {
    serde_json::to_writer(&mut *output, told)?;
    output.write_all(b"\n")
}

/// What a file of an export is, as far as it is handed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    /// A list of the account, or of a twin.
    List,
    /// A document.
    Document,
}

impl Kind {
    fn of(path: &str) -> Option<Self> {
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            ["account.json" | "groups.json" | "twins.json"]
            | ["bots.json" | "keys.json" | "blocks.json" | "drafts.json" | "receipts.json"]
            | ["twins", _, "documents.json" | "memories.ndjson"] => Some(Self::List),
            ["twins", _, _, _] => Some(Self::Document),
            _ => None,
        }
    }
}

/// That each name is one that a file may have, and that no two are alike: the reader of archives keeps the last of them.
fn check_names(archive: &mut (impl Read + Seek)) -> Result<(), NoExport> {
    let zip = ZipArchive::new(&mut *archive).map_err(not_zip)?;
    let begin = zip.central_directory_start();
    drop(zip);
    let damaged = |error: io::Error| NoExport::NotZip {
        reason: shown(&error.to_string()),
    };
    let mut names = HashSet::new();
    archive.seek(SeekFrom::Start(begin)).map_err(damaged)?;
    let mut directory = BufReader::new(archive);
    while let Some(name) = next_name(&mut directory).map_err(damaged)? {
        if names.len() == FILES_MAX {
            return Err(NoExport::TooManyFiles { max: FILES_MAX });
        }
        let path = String::from_utf8_lossy(&name);
        if !is_path(&path) {
            return Err(NoExport::LeadsElsewhere { path: shown(&path) });
        }
        let path = shown(&path);
        if !names.insert(name) {
            return Err(NoExport::TwiceNamed { path });
        }
    }
    Ok(())
}

/// The name of the next entry of an archive's directory (APPNOTE.TXT, 4.3.12).
fn next_name(directory: &mut impl BufRead) -> io::Result<Option<Vec<u8>>> {
    const SIGNATURE: [u8; 4] = *b"PK\x01\x02";
    let mut signature = [0; 4];
    directory.read_exact(&mut signature)?;
    if signature != SIGNATURE {
        return Ok(None);
    }
    let mut rest = [0; 42];
    directory.read_exact(&mut rest)?;
    let length = |at: usize| usize::from(u16::from_le_bytes([rest[at], rest[at + 1]]));
    let (name_bytes, more_bytes) = (length(24), length(26) + length(28));
    let mut name = vec![0; name_bytes];
    directory.read_exact(&mut name)?;
    let skipped = io::copy(&mut directory.take(more_bytes as u64), &mut io::sink())?;
    match skipped == more_bytes as u64 {
        true => Ok(Some(name)),
        false => Err(io::ErrorKind::UnexpectedEof.into()),
    }
}

/// Whether this is the name of a file below a folder, on every system.
fn is_path(path: &str) -> bool {
    let is_plain = |symbol: char| !symbol.is_control() && !matches!(symbol, '\\' | ':');
    let mut parts = path.split('/');
    path.len() <= PATH_BYTES_MAX
        && path.chars().all(is_plain)
        && parts.all(|part| !matches!(part, "" | "." | ".."))
}

fn manifest<R: Read + Seek>(zip: &mut ZipArchive<R>) -> Result<Vec<ListedFile>, NoExport> {
    #[derive(Deserialize)]
    struct Format {
        format: String,
    }
    #[derive(Deserialize)]
    struct Manifest {
        files: Vec<ListedFile>,
    }
    let bad = |reason: String| NoExport::BadManifest {
        reason: shown(&reason),
    };
    if zip.index_for_name(MANIFEST).is_none() {
        return Err(NoExport::NoManifest);
    }
    let packed = zip.by_name(MANIFEST);
    let packed = packed.map_err(|error| bad(error.to_string()))?;
    let mut text = Vec::new();
    let read = packed.take(MANIFEST_BYTES_MAX + 1).read_to_end(&mut text);
    read.map_err(|error| bad(error.to_string()))?;
    if text.len() as u64 > MANIFEST_BYTES_MAX {
        return Err(bad(format!("it has more than {MANIFEST_BYTES_MAX} bytes")));
    }
    let format: Format = serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
    if format.format != EXPORT_FORMAT {
        return Err(NoExport::OtherFormat {
            format: shown(&format.format),
        });
    }
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| bad(error.to_string()))?;
    Ok(manifest.files)
}

/// That archive and manifest name the same files, and no more of them than is read.
fn check_lists<R: Read + Seek>(zip: &ZipArchive<R>, files: &[ListedFile]) -> Result<(), NoExport> {
    let mut listed = BTreeMap::new();
    for file in files {
        let path = || shown(&file.path);
        if listed.insert(file.path.as_str(), file.bytes).is_some() || file.path == MANIFEST {
            return Err(NoExport::TwiceNamed { path: path() });
        }
        if zip.index_for_name(&file.path).is_none() {
            return Err(NoExport::Missing { path: path() });
        }
    }
    let unlisted = |name: &&str| *name != MANIFEST && !listed.contains_key(name);
    if let Some(name) = zip.file_names().find(unlisted) {
        return Err(NoExport::NotListed { path: shown(name) });
    }
    if together(listed.values()) > UNPACKED_BYTES_MAX {
        let max = UNPACKED_BYTES_MAX;
        return Err(NoExport::TooMuchUnpacked { max });
    }
    let lists = listed.iter();
    let lists = lists.filter(|(path, _)| Kind::of(path) == Some(Kind::List));
    if together(lists.map(|(_, bytes)| bytes)) > LISTS_BYTES_MAX {
        let max = LISTS_BYTES_MAX;
        return Err(NoExport::TooMuchListed { max });
    }
    Ok(())
}

/// The sum, or the most that there is.
fn together<'a>(bytes: impl Iterator<Item = &'a u64>) -> u64 {
    bytes.fold(0, |sum: u64, bytes| sum.saturating_add(*bytes))
}

/// That a file is the one that the manifest names. No more of it is unpacked than it is to have.
fn check_content<R: Read + Seek>(
    zip: &mut ZipArchive<R>,
    file: &ListedFile,
) -> Result<(), NoExport> {
    let packed = |reason: String| NoExport::Packed {
        path: shown(&file.path),
        reason: shown(&reason),
    };
    let content = zip.by_name(&file.path);
    let content = content.map_err(|error| packed(error.to_string()))?;
    let mut hash = Sha256::new();
    let mut content = BufReader::new(content.take(file.bytes.saturating_add(1)));
    let mut bytes = 0;
    loop {
        let piece = content.fill_buf();
        let piece = piece.map_err(|error| packed(error.to_string()))?;
        if piece.is_empty() {
            break;
        }
        hash.update(piece);
        let length = piece.len();
        bytes += length as u64;
        content.consume(length);
    }
    match bytes == file.bytes && hexadecimal(&hash.finalize()) == file.sha256 {
        true => Ok(()),
        false => Err(NoExport::OtherContent {
            path: shown(&file.path),
        }),
    }
}

fn not_zip(error: zip::result::ZipError) -> NoExport {
    NoExport::NotZip {
        reason: shown(&error.to_string()),
    }
}

/// The beginning of foreign words, without what would not show.
fn shown(words: &str) -> String {
    let visible = words.chars().filter(|symbol| !symbol.is_control());
    visible.take(SHOWN_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use serde_json::json;
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    type Files<'a> = &'a [(&'a str, &'a [u8])];

    fn packed(files: Files<'_>) -> Vec<u8> {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in files {
            zip.start_file(*name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn listed((path, content): &(&str, &[u8])) -> serde_json::Value {
        let sha256 = hexadecimal(&Sha256::digest(content));
        json!({"path": path, "bytes": content.len(), "sha256": sha256})
    }

    /// An export of these files, whose manifest is changed.
    fn export(files: Files<'_>, change: impl FnOnce(&mut serde_json::Value)) -> Vec<u8> {
        let listed: Vec<_> = files.iter().map(listed).collect();
        let mut manifest = json!({"format": EXPORT_FORMAT, "program": "x", "files": listed});
        change(&mut manifest);
        let manifest = manifest.to_string();
        packed(&[files, &[(MANIFEST, manifest.as_bytes())]].concat())
    }

    fn refused(archive: Vec<u8>) -> Option<NoExport> {
        Export::checked(Cursor::new(archive)).err()
    }

    /// Names the first file a second time.
    fn twice(manifest: &mut serde_json::Value) {
        let first = manifest["files"][0].clone();
        manifest["files"].as_array_mut().unwrap().push(first);
    }

    const ONE: Files<'_> = &[("account.json", b"{}")];

    #[test]
    fn what_is_as_the_manifest_says_is_handed_on_lists_first() {
        let files: Files<'_> = &[
            ("twins/a/d/notes.md", b"words"),
            ("conversations/c/messages.ndjson", b"x"),
            ("attachments/f/picture.png", b"y"),
            ("sessions.json", b"{}"),
            ("twins/a/documents.json", b"[]"),
            ("account.json", b"{}"),
        ];
        let export = Export::checked(Cursor::new(export(files, |_| {}))).unwrap();
        let mut output = Vec::new();
        export.hand_on(&mut output).unwrap();
        let expected = concat!(
            r#"{"told":"file","path":"account.json","bytes":2}"#,
            "\n{}",
            r#"{"told":"file","path":"twins/a/documents.json","bytes":2}"#,
            "\n[]",
            r#"{"told":"file","path":"twins/a/d/notes.md","bytes":5}"#,
            "\nwords",
            r#"{"told":"whole","conversations":1,"attachments":1}"#,
            "\n"
        );
        assert_eq!(String::from_utf8(output).unwrap(), expected);
    }

    #[test]
    fn what_differs_from_the_manifest_is_refused_with_what_it_is() {
        let path = || "account.json".to_owned();
        for (archive, expected) in [
            (packed(ONE), NoExport::NoManifest),
            (
                export(ONE, |manifest| {
                    manifest["format"] = json!("digital-twin-export/2")
                }),
                NoExport::OtherFormat {
                    format: "digital-twin-export/2".to_owned(),
                },
            ),
            (
                export(ONE, |manifest| manifest["files"] = json!([])),
                NoExport::NotListed { path: path() },
            ),
            (
                export(ONE, |manifest| {
                    twice(manifest);
                    manifest["files"][1]["path"] = json!("gone");
                }),
                NoExport::Missing {
                    path: "gone".to_owned(),
                },
            ),
            (
                export(ONE, |manifest| {
                    twice(manifest);
                }),
                NoExport::TwiceNamed { path: path() },
            ),
            (
                export(ONE, |manifest| manifest["files"][0]["sha256"] = json!("0")),
                NoExport::OtherContent { path: path() },
            ),
            (
                export(ONE, |manifest| manifest["files"][0]["bytes"] = json!(1)),
                NoExport::OtherContent { path: path() },
            ),
            (
                export(ONE, |manifest| {
                    manifest["files"][0]["bytes"] = json!(u64::MAX)
                }),
                NoExport::TooMuchUnpacked {
                    max: UNPACKED_BYTES_MAX,
                },
            ),
            (
                export(ONE, |manifest| {
                    manifest["files"][0]["bytes"] = json!(LISTS_BYTES_MAX + 1);
                }),
                NoExport::TooMuchListed {
                    max: LISTS_BYTES_MAX,
                },
            ),
        ] {
            assert_eq!(refused(archive), Some(expected));
        }
        for (archive, expected) in [
            (b"no archive".to_vec(), "no ZIP archive"),
            (packed(&[(MANIFEST, b"{")]), "manifest.json cannot be read"),
            (
                export(ONE, |manifest| manifest["files"] = json!(7)),
                "manifest.json cannot be read",
            ),
        ] {
            let said = refused(archive).unwrap().to_string();
            assert!(said.contains(expected), "{said}");
        }
    }

    #[test]
    fn names_that_lead_out_or_stand_twice_are_refused() {
        for name in [
            "../a", "/a", "a/../b", "a\\b", "C:/a", "a//b", "a/", "a\u{7f}b",
        ] {
            let archive = export(&[(name, b"x")], |_| {});
            let expected = |found: &NoExport| matches!(found, NoExport::LeadsElsewhere { .. });
            assert!(
                refused(archive).is_some_and(|found| expected(&found)),
                "{name:?}"
            );
        }
        // A writer of archives does not write a name twice: the second is made like the first afterwards.
        let mut archive = export(&[("twin.json", b"x"), ("twix.json", b"x")], |_| {});
        let places: Vec<usize> = (0..archive.len() - 9)
            .filter(|at| archive[*at..].starts_with(b"twix.json"))
            .collect();
        for at in places {
            archive[at..at + 9].copy_from_slice(b"twin.json");
        }
        let path = "twin.json".to_owned();
        assert_eq!(refused(archive), Some(NoExport::TwiceNamed { path }));
    }

    #[test]
    fn a_bomb_is_unpacked_no_further_than_its_manifest_says() {
        let zeros = vec![0; 10 * 1024 * 1024];
        let archive = export(&[("account.json", &zeros)], |manifest| {
            manifest["files"][0]["bytes"] = json!(2);
        });
        assert!(archive.len() < 100_000);
        let path = "account.json".to_owned();
        assert_eq!(refused(archive), Some(NoExport::OtherContent { path }));
    }

    #[test]
    fn an_archive_that_was_cut_short_or_altered_anywhere_is_refused_or_the_same() {
        let whole = export(&[("account.json", br#"{"id": 1}"#)], |_| {});
        for length in 0..whole.len() {
            assert!(refused(whole[..length].to_vec()).is_some(), "{length}");
        }
        for at in 0..whole.len() {
            let mut altered = whole.clone();
            altered[at] ^= 0xff;
            // Times and the like may differ; what is handed on may not.
            if let Ok(export) = Export::checked(Cursor::new(altered)) {
                let mut output = Vec::new();
                if export.hand_on(&mut output).is_ok() {
                    assert!(
                        output.windows(9).any(|part| part == br#"{"id": 1}"#),
                        "{at}"
                    );
                }
            }
        }
    }
}
