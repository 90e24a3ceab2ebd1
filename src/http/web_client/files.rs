//! The files of the browser client, read once at the start.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use actix_web::http::header::ContentEncoding;
use anyhow::{Context, ensure};
use bytes::Bytes;
use sha2::{Digest, Sha256};

use crate::hexadecimal::hexadecimal;

/// The compressed forms that the build leaves beside a file, shortest first: how each is called, and the end of its name.
const ENCODINGS: [(ContentEncoding, &str); 2] = [
    (ContentEncoding::Brotli, ".br"),
    (ContentEncoding::Gzip, ".gz"),
];

/// Which page may run and load what: the build writes it beside the pages, since it knows their scripts.
const POLICIES_FILE: &str = "policies.json";

/// Files of a client; a build has some hundreds.
const FILES_MAX: usize = 10_000;

/// Bytes of all files, which are held in memory; a build has a few million.
const BYTES_MAX: u64 = 256 << 20;

/// The files by their paths.
#[derive(Debug)]
pub struct WebFiles(HashMap<String, WebFile>);

/// A file as it is served.
#[derive(Debug)]
pub(super) struct WebFile {
    /// Where it stands in the folder, with slashes.
    pub(super) path: String,
    pub(super) content: Bytes,
    /// Its compressed forms, shortest first.
    pub(super) compressed: Vec<(ContentEncoding, Bytes)>,
    pub(super) media_type: &'static str,
    /// Names the content.
    pub(super) tag: String,
    /// What a page may run and load; absent where it is no page.
    pub(super) page_policy: Option<String>,
}

impl WebFiles {
    /// Reads a folder as `next build` and what follows it leave it.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or holds a page without a policy.
    pub fn read(folder: &Path) -> anyhow::Result<Self> {
        let mut contents = BTreeMap::new();
        let mut bytes = 0;
        collect(folder, "", &mut contents, &mut bytes)?;
        let policies = contents
            .remove(POLICIES_FILE)
            .with_context(|| format!("{POLICIES_FILE} is missing; build the client again"))?;
        let policies: HashMap<String, String> = serde_json::from_slice(&policies)
            .with_context(|| format!("{POLICIES_FILE} cannot be read"))?;
        let mut compressed: HashMap<String, Vec<(ContentEncoding, Bytes)>> = HashMap::new();
        for (encoding, ending) in ENCODINGS {
            let of_this = |path: &String, _: &mut Bytes| path.ends_with(ending);
            for (path, content) in contents.extract_if(.., of_this) {
                let path = path.trim_end_matches(ending).to_owned();
                compressed
                    .entry(path)
                    .or_default()
                    .push((encoding, content));
            }
        }
        let mut files = HashMap::new();
        for (path, content) in contents {
            let page_policy = policies.get(&path).cloned();
            ensure!(
                page_policy.is_some() || !path.ends_with(".html"),
                "{POLICIES_FILE} does not name {path}; build the client again"
            );
            let file = WebFile {
                media_type: media_type(&path),
                tag: tag(&content),
                content,
                compressed: compressed.remove(&path).unwrap_or_default(),
                page_policy,
                path: path.clone(),
            };
            files.insert(path, file);
        }
        Ok(Self(files))
    }

    /// The file that a path of a request names: a page without its ending, too.
    pub(super) fn at(&self, path: &str) -> Option<&WebFile> {
        let path = path.strip_prefix('/').unwrap_or(path);
        match path {
            "" => self.0.get("index.html"),
            _ => self
                .0
                .get(path)
                .or_else(|| self.0.get(&format!("{path}.html"))),
        }
    }
}

fn collect(
    folder: &Path,
    prefix: &str,
    contents: &mut BTreeMap<String, Bytes>,
    bytes: &mut u64,
) -> anyhow::Result<()> {
    let unreadable = || format!("{} cannot be read", folder.display());
    for entry in std::fs::read_dir(folder).with_context(unreadable)? {
        let entry = entry.with_context(unreadable)?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let path = format!("{prefix}{name}");
        let metadata = entry.metadata().with_context(unreadable)?;
        if metadata.is_dir() {
            collect(&entry.path(), &format!("{path}/"), contents, bytes)?;
        } else if metadata.is_file() {
            *bytes += metadata.len();
            ensure!(
                contents.len() < FILES_MAX && *bytes <= BYTES_MAX,
                "there are more than {FILES_MAX} files or {BYTES_MAX} bytes: this is no browser client"
            );
            let content = std::fs::read(entry.path()).with_context(unreadable)?;
            contents.insert(path, Bytes::from(content));
        }
    }
    Ok(())
}

fn tag(content: &[u8]) -> String {
    let hash = Sha256::digest(content);
    hexadecimal(&hash[..16])
}

fn media_type(path: &str) -> &'static str {
    let (_, ending) = path.rsplit_once('.').unwrap_or(("", ""));
    match ending {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        // What pages of Next.js read when one goes from page to page.
        "txt" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}
