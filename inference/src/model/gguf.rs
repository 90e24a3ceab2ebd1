//! Reads GGUF files (versions 2 and 3, little-endian) without believing anything that they say about themselves.
//!
//! Format: <https://github.com/ggml-org/ggml/blob/master/docs/gguf.md>.

mod encoding;
mod value;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use crate::LoadError;
use crate::model::{BLOCK_NUMBERS, Rows};
pub(crate) use encoding::Encoding;
pub(crate) use value::Value;
use value::{Cursor, Fault};

/// Real files have some dozens of keys.
const KEYS_MAX: u64 = 4096;
/// The largest models we know have some thousands of tensors.
const TENSORS_MAX: u64 = 65_536;
/// The header holds the vocabulary; the largest we know takes 12 MB.
const HEADER_BYTES_MAX: u64 = 64 << 20;
/// ggml has no tensors of more dimensions.
const DIMENSIONS_MAX: u32 = 4;

/// An open file whose header was read and found consistent with the file's length.
#[derive(Debug)]
pub(crate) struct Gguf {
    path: PathBuf,
    file: File,
    bytes: u64,
    header: Header,
}

#[derive(Debug, Default)]
struct Header {
    keys: BTreeMap<String, Value>,
    tensors: BTreeMap<String, Entry>,
    /// Where the tensors' data begins in the file.
    data_start: u64,
}

/// Where and how a tensor is stored.
#[derive(Debug, Clone, PartialEq)]
struct Entry {
    /// Outermost dimension first, as libtorch has it (the file has it the other way round).
    shape: Vec<i64>,
    encoding: Encoding,
    /// From the start of the data.
    offset: u64,
    bytes: u64,
}

impl Gguf {
    /// Opens a file and reads its header.
    pub(crate) fn open(path: &Path) -> Result<Self, LoadError> {
        let file = File::open(path).map_err(|error| LoadError::io(path, error))?;
        let bytes = file
            .metadata()
            .map_err(|error| LoadError::io(path, error))?
            .len();
        let header = read_header(BufReader::new(&file), bytes).map_err(|fault| match fault {
            Fault::Io(error) => LoadError::io(path, error),
            Fault::Wrong(reason) => LoadError::malformed(path, reason),
            Fault::Foreign(reason) => LoadError::unsupported(path, reason),
        })?;
        Ok(Self {
            path: path.to_owned(),
            file,
            bytes,
            header,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The length of the file.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes
    }

    pub(crate) fn key(&self, name: &str) -> Option<&Value> {
        self.header.keys.get(name)
    }

    /// Changes a key, for tests.
    #[cfg(test)]
    pub(crate) fn set(&mut self, name: &str, value: Value) {
        self.header.keys.insert(name.to_owned(), value);
    }

    /// The text under a key that must be there.
    pub(crate) fn text(&self, name: &str) -> Result<&str, LoadError> {
        match self.key(name) {
            Some(Value::Text(text)) => Ok(text),
            found => Err(self.wrong_key(name, "a text", found)),
        }
    }

    /// The number under a key that must be there, which must not be negative.
    pub(crate) fn count(&self, name: &str) -> Result<usize, LoadError> {
        match self.key(name) {
            Some(Value::Integer(number)) if *number >= 0 => Ok(*number as usize),
            found => Err(self.wrong_key(name, "a count", found)),
        }
    }

    /// The number under a key that must be there.
    pub(crate) fn float(&self, name: &str) -> Result<f64, LoadError> {
        match self.key(name) {
            Some(Value::Float(number)) => Ok(*number),
            found => Err(self.wrong_key(name, "a float", found)),
        }
    }

    /// The texts under a key that must be there.
    pub(crate) fn texts(&self, name: &str) -> Result<&[String], LoadError> {
        match self.key(name) {
            Some(Value::Texts(texts)) => Ok(texts),
            found => Err(self.wrong_key(name, "an array of texts", found)),
        }
    }

    pub(crate) fn wrong_key(&self, name: &str, wanted: &str, found: Option<&Value>) -> LoadError {
        let found = found.map_or("nothing", Value::kind);
        LoadError::malformed(
            &self.path,
            format!("the key {name} should hold {wanted}, but holds {found}"),
        )
    }

    pub(crate) fn tensor_names(&self) -> impl Iterator<Item = &str> {
        self.header.tensors.keys().map(String::as_str)
    }

    pub(crate) fn has_tensor(&self, name: &str) -> bool {
        self.header.tensors.contains_key(name)
    }

    /// The shape of a tensor, outermost dimension first.
    pub(crate) fn shape(&self, name: &str) -> Option<&[i64]> {
        self.header
            .tensors
            .get(name)
            .map(|entry| entry.shape.as_slice())
    }

    /// The format that holds most of the bytes, which is what people call the file's quantisation.
    pub(crate) fn main_encoding(&self) -> Option<Encoding> {
        let mut bytes_by_encoding = BTreeMap::<Encoding, u64>::new();
        for entry in self.header.tensors.values() {
            *bytes_by_encoding.entry(entry.encoding).or_default() += entry.bytes;
        }
        bytes_by_encoding
            .into_iter()
            .max_by_key(|(_, bytes)| *bytes)
            .map(|(encoding, _)| encoding)
    }

    /// Bytes of all tensors, those that [`Rows`] holds in four or eight bits packed so and the others in bf16.
    pub(crate) fn packed_bytes(&self) -> u64 {
        let bytes = |entry: &Entry| {
            let (block_values, block_bytes) = entry.encoding.block();
            let numbers = entry.bytes / block_bytes as u64 * block_values as u64;
            numbers * entry.encoding.packed_block_bytes() / BLOCK_NUMBERS as u64
        };
        self.header.tensors.values().map(bytes).sum()
    }

    /// Reads a tensor that must be there and have the given shape.
    pub(crate) fn read(&mut self, name: &str, shape: &[i64]) -> Result<Vec<f32>, LoadError> {
        let entry = self.entry(name, shape)?;
        Ok(entry.encoding.decode(&self.bytes_of(&entry)?))
    }

    /// Reads the same in the numbers that the file has, if [`Rows`] has them too.
    pub(crate) fn read_blocks(
        &mut self,
        name: &str,
        shape: &[i64],
    ) -> Result<Option<Rows>, LoadError> {
        let entry = self.entry(name, shape)?;
        let depth = shape.last().map_or(0, |depth| *depth as usize);
        match entry.encoding {
            Encoding::Q4_0 | Encoding::Q4_1 | Encoding::Q8_0
                if depth.is_multiple_of(BLOCK_NUMBERS) =>
            {
                Ok(entry.encoding.rows(&self.bytes_of(&entry)?, depth))
            }
            _ => Ok(None),
        }
    }

    fn entry(&self, name: &str, shape: &[i64]) -> Result<Entry, LoadError> {
        let entry = self.header.tensors.get(name);
        let entry = entry.ok_or_else(|| {
            LoadError::malformed(&self.path, format!("the tensor {name} is missing"))
        })?;
        if entry.shape != shape {
            let reason = format!(
                "the tensor {name} has the shape {:?} instead of {shape:?}",
                entry.shape
            );
            return Err(LoadError::malformed(&self.path, reason));
        }
        Ok(entry.clone())
    }

    fn bytes_of(&mut self, entry: &Entry) -> Result<Vec<u8>, LoadError> {
        // The header's check holds this to the length of the file.
        let mut bytes = vec![0; entry.bytes as usize];
        let start = SeekFrom::Start(self.header.data_start + entry.offset);
        let read = self
            .file
            .seek(start)
            .and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|error| LoadError::io(&self.path, error))?;
        Ok(bytes)
    }
}

fn read_header(reader: impl Read, file_bytes: u64) -> Result<Header, Fault> {
    // A cursor that ends at the limit would blame the file for being short, hence the check below.
    let mut cursor = Cursor::new(reader, file_bytes);
    if cursor.bytes::<4>()? != *b"GGUF" {
        return Err(Fault::Wrong(
            "it does not begin with the letters GGUF".into(),
        ));
    }
    match cursor.u32()? {
        2 | 3 => {}
        version if version.swap_bytes() <= 3 => {
            return Err(Fault::Foreign("it is big-endian".into()));
        }
        version => {
            let reason = format!("it has the GGUF version {version}; known here: 2 and 3");
            return Err(Fault::Foreign(reason));
        }
    }
    let tensor_count = within(cursor.u64()?, TENSORS_MAX, "tensors")?;
    let key_count = within(cursor.u64()?, KEYS_MAX, "keys")?;

    let mut header = Header::default();
    for _ in 0..key_count {
        let name = cursor.text()?;
        let kind = cursor.u32()?;
        let value = cursor.value(kind)?;
        within(cursor.position(), HEADER_BYTES_MAX, "bytes of header")?;
        if header.keys.contains_key(&name) {
            return Err(format!("the key {name} occurs twice").into());
        }
        header.keys.insert(name, value);
    }
    for _ in 0..tensor_count {
        let name = cursor.text()?;
        let entry = read_entry(&mut cursor, &name)?;
        within(cursor.position(), HEADER_BYTES_MAX, "bytes of header")?;
        if header.tensors.contains_key(&name) {
            return Err(format!("the tensor {name} occurs twice").into());
        }
        header.tensors.insert(name, entry);
    }
    let alignment = match header.keys.get("general.alignment") {
        None => 32,
        Some(Value::Integer(bytes)) if (1..=65_536).contains(bytes) => *bytes as u64,
        Some(_) => {
            return Err(Fault::Wrong(
                "the key general.alignment does not hold an alignment".into(),
            ));
        }
    };
    header.data_start = cursor.position().next_multiple_of(alignment);
    check_places(&header, file_bytes)?;
    Ok(header)
}

fn within(count: u64, limit: u64, what: &str) -> Result<u64, Fault> {
    if count > limit {
        Err(format!("{count} {what} are more than the {limit} believed").into())
    } else {
        Ok(count)
    }
}

fn read_entry(cursor: &mut Cursor<impl Read>, name: &str) -> Result<Entry, Fault> {
    let dimension_count = cursor.u32()?;
    if !(1..=DIMENSIONS_MAX).contains(&dimension_count) {
        return Err(format!("the tensor {name} has {dimension_count} dimensions").into());
    }
    let mut shape = Vec::new();
    let mut values = 1_u64;
    for _ in 0..dimension_count {
        let size = cursor.u64()?;
        values = values
            .checked_mul(size)
            .filter(|values| *values <= i64::MAX as u64)
            .ok_or_else(|| too_large(name))?;
        shape.push(size as i64);
    }
    let encoding = Encoding::from_code(cursor.u32()?).map_err(|format| {
        let known = Encoding::KNOWN;
        Fault::Foreign(format!(
            "its tensor {name} is stored as {format}; read here are {known}"
        ))
    })?;
    let (block_values, block_bytes) = encoding.block();
    let row_values = shape[0] as u64;
    if !row_values.is_multiple_of(block_values as u64) {
        return Err(format!(
            "the rows of the tensor {name} are not whole blocks of {}",
            encoding.name()
        )
        .into());
    }
    let bytes = (values / block_values as u64)
        .checked_mul(block_bytes as u64)
        .ok_or_else(|| too_large(name))?;
    let offset = cursor.u64()?;
    shape.reverse();
    Ok(Entry {
        shape,
        encoding,
        offset,
        bytes,
    })
}

fn too_large(name: &str) -> Fault {
    Fault::Wrong(format!("the tensor {name} is larger than any memory"))
}

/// Every tensor must lie within the file, and no two may share a byte.
fn check_places(header: &Header, file_bytes: u64) -> Result<(), Fault> {
    let data_bytes = file_bytes.saturating_sub(header.data_start);
    let mut places: Vec<(u64, u64, &str)> = Vec::with_capacity(header.tensors.len());
    for (name, entry) in &header.tensors {
        let end = entry
            .offset
            .checked_add(entry.bytes)
            .filter(|end| *end <= data_bytes);
        let end = end.ok_or_else(|| format!("it ends within or before the tensor {name}"))?;
        places.push((entry.offset, end, name));
    }
    places.sort_unstable();
    for pair in places.windows(2) {
        let ((_, end, first), (start, _, second)) = (pair[0], pair[1]);
        if start < end {
            return Err(format!("the tensors {first} and {second} overlap").into());
        }
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests;
