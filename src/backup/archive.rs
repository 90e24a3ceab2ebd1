//! The archive: a tar file that begins with what it is (`about.json`), then has the rows of each table in pieces
//! (`tables/NAME/000001.jsonl`), the files (`files/KEY`) and secrets (`secrets/NAME`), and ends with what all of it must be
//! (`manifest.json`).
//!
//! Whoever reads one checks it against its manifest on the way, and knows that it is whole only at the end.

use std::io::{self, Read, Write};

use anyhow::{Context, bail, ensure};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};
use storage::{FileKey, PIECE_BYTES};

use super::manifest::{About, FORMAT, FilesSum, Manifest, RowsSum};

const ABOUT: &str = "about.json";
const MANIFEST: &str = "manifest.json";
const TABLES: &str = "tables";
const FILES: &str = "files";
const SECRETS: &str = "secrets";

/// Bytes of the largest piece of rows: a full one and one row more, which has a message of an upload's size at most.
const PIECE_BYTES_MAX: u64 = PIECE_BYTES as u64 + (64 << 20);
/// Bytes of what an archive says of itself.
const ABOUT_BYTES_MAX: u64 = 16 << 20;
/// Bytes of a secret.
const SECRET_BYTES_MAX: u64 = 64 << 10;

/// Writes an archive, and adds up what goes into it.
pub(super) struct ArchiveWriter<W: Write> {
    tar: tar::Builder<W>,
    about: About,
    rows: RowsSum,
    files: FilesSum,
    secrets: Vec<String>,
    /// The table whose piece came last, and its number.
    piece: (usize, u32),
}

impl<W: Write> ArchiveWriter<W> {
    pub(super) fn begin(output: W, about: About) -> anyhow::Result<Self> {
        let mut writer = Self {
            tar: tar::Builder::new(output),
            about,
            rows: RowsSum::default(),
            files: FilesSum::default(),
            secrets: Vec::new(),
            piece: (0, 0),
        };
        let content = serde_json::to_vec_pretty(&writer.about)?;
        writer.add(ABOUT, content.len() as u64, &content[..])?;
        Ok(writer)
    }

    /// Adds rows of a table, which is named by its place.
    pub(super) fn add_rows(&mut self, table: usize, lines: &[u8]) -> anyhow::Result<()> {
        self.piece = match self.piece {
            (last, number) if last == table => (table, number + 1),
            _ => (table, 1),
        };
        let name = format!(
            "{TABLES}/{}/{:06}.jsonl",
            self.about.tables[table].name, self.piece.1
        );
        self.rows.add(table, lines);
        self.add(&name, lines.len() as u64, lines)
    }

    /// Adds a file of so many bytes.
    pub(super) fn add_file(
        &mut self,
        key: FileKey,
        bytes: u64,
        content: impl Read,
    ) -> anyhow::Result<()> {
        let mut content = Summed::new(content.take(bytes));
        self.add(&format!("{FILES}/{key}"), bytes, &mut content)?;
        ensure!(
            content.bytes == bytes,
            "the file {key} became shorter while it was read"
        );
        let (bytes, sum) = content.finish();
        self.files.add(key, bytes, &sum);
        Ok(())
    }

    /// Adds a secret.
    pub(super) fn add_secret(&mut self, name: &str, content: &[u8]) -> anyhow::Result<()> {
        self.secrets.push(name.to_owned());
        self.add(&format!("{SECRETS}/{name}"), content.len() as u64, content)
    }

    /// Adds what the archive must be, and gives back where it went.
    pub(super) fn finish(mut self, files_gone: Vec<String>) -> anyhow::Result<(W, Manifest)> {
        let manifest = Manifest {
            tables: std::mem::take(&mut self.rows).of(&self.about.tables),
            files: std::mem::take(&mut self.files).of_all(),
            files_gone,
            secrets: std::mem::take(&mut self.secrets),
        };
        let content = serde_json::to_vec_pretty(&manifest)?;
        self.add(MANIFEST, content.len() as u64, &content[..])?;
        Ok((self.tar.into_inner()?, manifest))
    }

    fn add(&mut self, name: &str, bytes: u64, content: impl Read) -> anyhow::Result<()> {
        let mut header = tar::Header::new_ustar();
        header.set_size(bytes);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(self.about.taken_at / 1_000).unwrap_or_default());
        let added = self.tar.append_data(&mut header, name, content);
        added.with_context(|| format!("{name} cannot be written"))
    }
}

/// What is done with the contents of an archive.
pub(super) trait Take {
    /// Says what the archive is; comes first.
    fn about(&mut self, about: &About) -> anyhow::Result<()>;
    /// Rows of a table, which is named by its place; those of one table come together.
    fn rows(&mut self, table: usize, lines: Vec<u8>) -> anyhow::Result<()>;
    /// A file.
    fn file(&mut self, key: FileKey, content: &mut dyn Read) -> anyhow::Result<()>;
    /// A secret.
    fn secret(&mut self, name: &str, content: Vec<u8>) -> anyhow::Result<()>;
}

/// Nothing is done with them: the archive is only read.
pub(super) struct OnlyRead;

impl Take for OnlyRead {
    fn about(&mut self, _: &About) -> anyhow::Result<()> {
        Ok(())
    }

    fn rows(&mut self, _: usize, _: Vec<u8>) -> anyhow::Result<()> {
        Ok(())
    }

    fn file(&mut self, _: FileKey, _: &mut dyn Read) -> anyhow::Result<()> {
        Ok(())
    }

    fn secret(&mut self, _: &str, _: Vec<u8>) -> anyhow::Result<()> {
        Ok(())
    }
}

/// Reads an archive to its end.
///
/// # Errors
/// When it is damaged, cut off, of another format, or not what its manifest says; and when what is done with its contents fails.
pub(super) fn read(input: impl Read, take: &mut impl Take) -> anyhow::Result<(About, Manifest)> {
    let mut archive = tar::Archive::new(input);
    let mut contents = Contents::default();
    let mut about: Option<About> = None;
    let mut manifest: Option<Manifest> = None;
    for entry in archive.entries().context(DAMAGED)? {
        let mut entry = entry.context(DAMAGED)?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        ensure!(
            manifest.is_none(),
            "{DAMAGED}: {name} stands behind the manifest"
        );
        let Some(about) = &about else {
            ensure!(
                name == ABOUT,
                "it is no backup of digital-twin: it begins with {name}"
            );
            let read = read_about(&mut entry)?;
            take.about(&read)?;
            about = Some(read);
            continue;
        };
        if name == MANIFEST {
            manifest = Some(read_json(&mut entry)?);
        } else {
            contents.take(about, &name, &mut entry, take)?;
        }
    }
    // What stands behind the archive belongs to its encryption, which is whole only when its end was seen.
    io::copy(&mut archive.into_inner(), &mut io::sink()).context(DAMAGED)?;
    let (Some(about), Some(manifest)) = (about, manifest) else {
        bail!("{DAMAGED}: its end is missing");
    };
    contents.check(&about, &manifest)?;
    Ok((about, manifest))
}

const DAMAGED: &str = "the archive is damaged";

/// Adds up what was read.
#[derive(Default)]
struct Contents {
    rows: RowsSum,
    files: FilesSum,
    secrets: Vec<String>,
}

impl Contents {
    fn take(
        &mut self,
        about: &About,
        name: &str,
        content: &mut impl Read,
        take: &mut impl Take,
    ) -> anyhow::Result<()> {
        let unknown = || format!("{DAMAGED}: nobody knows what {name} is");
        let (folder, rest) = name.split_once('/').with_context(unknown)?;
        match folder {
            TABLES => {
                let (table, _) = rest.split_once('/').with_context(unknown)?;
                let place = about.tables.iter().position(|known| known.name == table);
                let place = place.with_context(unknown)?;
                let lines = read_whole(content, PIECE_BYTES_MAX)?;
                self.rows.add(place, &lines);
                take.rows(place, lines)
            }
            FILES => {
                let key: FileKey = rest.parse().with_context(unknown)?;
                let mut content = Summed::new(content);
                take.file(key, &mut content)?;
                io::copy(&mut content, &mut io::sink()).context(DAMAGED)?;
                let (bytes, sum) = content.finish();
                self.files.add(key, bytes, &sum);
                Ok(())
            }
            SECRETS => {
                self.secrets.push(rest.to_owned());
                take.secret(rest, read_whole(content, SECRET_BYTES_MAX)?)
            }
            _ => bail!(unknown()),
        }
    }

    fn check(self, about: &About, manifest: &Manifest) -> anyhow::Result<()> {
        let tables = self.rows.of(&about.tables);
        for (found, expected) in tables.iter().zip(&manifest.tables) {
            ensure!(
                found == expected,
                "{DAMAGED}: the rows of {} are not those of its manifest",
                expected.name
            );
        }
        ensure!(
            tables.len() == manifest.tables.len(),
            "{DAMAGED}: tables are missing"
        );
        ensure!(
            self.files.of_all() == manifest.files,
            "{DAMAGED}: the files are not those of its manifest"
        );
        ensure!(
            self.secrets == manifest.secrets,
            "{DAMAGED}: the secrets are not those of its manifest"
        );
        Ok(())
    }
}

fn read_about(content: &mut impl Read) -> anyhow::Result<About> {
    #[derive(Deserialize)]
    struct Format {
        format: u32,
    }

    let text = read_whole(content, ABOUT_BYTES_MAX)?;
    let Format { format } = serde_json::from_slice(&text).context(DAMAGED)?;
    ensure!(
        format == FORMAT,
        "the archive has the format {format}, this program knows format {FORMAT}: run the newer program"
    );
    serde_json::from_slice(&text).context(DAMAGED)
}

fn read_json<T: DeserializeOwned>(content: &mut impl Read) -> anyhow::Result<T> {
    serde_json::from_slice(&read_whole(content, ABOUT_BYTES_MAX)?).context(DAMAGED)
}

fn read_whole(content: &mut impl Read, bytes_max: u64) -> anyhow::Result<Vec<u8>> {
    let mut whole = Vec::new();
    let read = content.take(bytes_max + 1).read_to_end(&mut whole);
    ensure!(
        read.context(DAMAGED)? as u64 <= bytes_max,
        "{DAMAGED}: a part of it is too large"
    );
    Ok(whole)
}

/// Adds up the bytes that are read.
struct Summed<R> {
    content: R,
    bytes: u64,
    sum: Sha256,
}

impl<R> Summed<R> {
    fn new(content: R) -> Self {
        Self {
            content,
            bytes: 0,
            sum: Sha256::new(),
        }
    }

    /// How many there were, and their SHA-256.
    fn finish(self) -> (u64, [u8; 32]) {
        (self.bytes, self.sum.finalize().into())
    }
}

impl<R: Read> Read for Summed<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.content.read(buffer)?;
        self.bytes += read as u64;
        self.sum.update(&buffer[..read]);
        Ok(read)
    }
}
