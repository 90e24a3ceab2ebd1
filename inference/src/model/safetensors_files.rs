//! The tensors of a Hugging Face directory: one `model.safetensors`, or shards named by an index.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::Dtype;
use safetensors::tensor::Metadata;
use serde::Deserialize;
use tch::{Kind, Tensor};

use super::hugging_face::read_json;
use super::{Weights, check_finite};
use crate::LoadError;

/// The format's own limit of a header.
const HEADER_BYTES_MAX: u64 = 100_000_000;

/// All `.safetensors` files of a model, open, with their headers checked against their lengths.
pub(crate) struct SafetensorsFiles {
    directory: PathBuf,
    shards: Vec<Shard>,
    /// Tensor name -> shard.
    places: BTreeMap<String, usize>,
    read: BTreeSet<String>,
}

struct Shard {
    path: PathBuf,
    file: File,
    bytes: u64,
    metadata: Metadata,
    data_start: u64,
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

impl SafetensorsFiles {
    /// Opens `model.safetensors`, or the shards that `model.safetensors.index.json` names.
    pub(crate) fn open(directory: &Path) -> Result<Self, LoadError> {
        let index_path = directory.join("model.safetensors.index.json");
        let names: BTreeSet<String> = if index_path.exists() {
            read_json::<Index>(&index_path)?
                .weight_map
                .into_values()
                .collect()
        } else {
            BTreeSet::from(["model.safetensors".to_owned()])
        };
        let mut shards = Vec::new();
        let mut places = BTreeMap::new();
        for name in names {
            if Path::new(&name).components().count() != 1 || !name.ends_with(".safetensors") {
                return Err(LoadError::malformed(
                    &index_path,
                    format!("{name:?} is not a shard beside it"),
                ));
            }
            let shard = Shard::open(&directory.join(name))?;
            for tensor in shard.metadata.tensors().into_keys() {
                if places.insert(tensor.clone(), shards.len()).is_some() {
                    return Err(LoadError::malformed(
                        &shard.path,
                        format!("another shard has its tensor {tensor} too"),
                    ));
                }
            }
            shards.push(shard);
        }
        Ok(Self {
            directory: directory.to_owned(),
            shards,
            places,
            read: BTreeSet::new(),
        })
    }

    /// Whether there is a tensor of that name.
    pub(crate) fn contains(&self, name: &str) -> bool {
        self.places.contains_key(name)
    }

    /// The length of all files together.
    pub(crate) fn bytes(&self) -> u64 {
        self.shards.iter().map(|shard| shard.bytes).sum()
    }

    /// The number type of the largest tensor.
    pub(crate) fn main_dtype(&self) -> String {
        let tensors = self
            .shards
            .iter()
            .flat_map(|shard| shard.metadata.tensors().into_values());
        let largest = tensors.max_by_key(|info| info.data_offsets.1 - info.data_offsets.0);
        largest.map_or_else(|| "none".into(), |info| format!("{:?}", info.dtype))
    }
}

impl Shard {
    fn open(path: &Path) -> Result<Self, LoadError> {
        let io = |error| LoadError::io(path, error);
        let malformed = |reason: String| LoadError::malformed(path, reason);
        let mut file = File::open(path).map_err(io)?;
        let bytes = file.metadata().map_err(io)?.len();
        if bytes < 8 {
            return Err(malformed(format!(
                "its {bytes} bytes do not even hold the length of a header"
            )));
        }
        let mut length = [0; 8];
        file.read_exact(&mut length).map_err(io)?;
        let header_bytes = u64::from_le_bytes(length);
        if header_bytes > HEADER_BYTES_MAX || header_bytes > bytes - 8 {
            return Err(malformed(format!(
                "its header claims {header_bytes} bytes, the file has {bytes}"
            )));
        }
        let mut header = vec![0; header_bytes as usize];
        file.read_exact(&mut header).map_err(io)?;
        let metadata: Metadata = serde_json::from_slice(&header)
            .map_err(|error| malformed(format!("its header: {error}")))?;
        let (due, there) = (metadata.data_len() as u64, bytes - 8 - header_bytes);
        if due != there {
            return Err(malformed(format!(
                "its tensors should take {due} bytes, but {there} follow the header"
            )));
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            bytes,
            metadata,
            data_start: 8 + header_bytes,
        })
    }

    fn read(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, LoadError> {
        let missing = || LoadError::malformed(&self.path, format!("the tensor {name} is missing"));
        let info = self.metadata.info(name).ok_or_else(missing)?;
        let stored: Vec<i64> = info.shape.iter().map(|size| *size as i64).collect();
        if stored != shape {
            let reason = format!("the tensor {name} has the shape {stored:?} instead of {shape:?}");
            return Err(LoadError::malformed(&self.path, reason));
        }
        let kind = match info.dtype {
            Dtype::F32 => Kind::Float,
            Dtype::F16 => Kind::Half,
            Dtype::BF16 => Kind::BFloat16,
            other => {
                let reason = format!(
                    "the tensor {name} is stored as {other:?}; F32, F16 and BF16 are read here"
                );
                return Err(LoadError::unsupported(&self.path, reason));
            }
        };
        let (start, end) = info.data_offsets;
        let mut bytes = vec![0; end - start];
        let seek = SeekFrom::Start(self.data_start + start as u64);
        let read = self
            .file
            .seek(seek)
            .and_then(|_| self.file.read_exact(&mut bytes));
        read.map_err(|error| LoadError::io(&self.path, error))?;
        Tensor::f_from_data_size(&bytes, shape, kind)
            .map_err(|error| LoadError::torch(&self.path, &error))
    }
}

impl Weights for SafetensorsFiles {
    fn read(&mut self, name: &str, shape: &[i64]) -> Result<Tensor, LoadError> {
        let Some(shard) = self.places.get(name) else {
            return Err(LoadError::malformed(
                &self.directory,
                format!("the tensor {name} is missing"),
            ));
        };
        let shard = &mut self.shards[*shard];
        let tensor = shard.read(name, shape)?;
        check_finite(&shard.path, name, &tensor)?;
        self.read.insert(name.to_owned());
        Ok(tensor)
    }

    fn unread(&self) -> Vec<&str> {
        // Buffers that old exporters saved although they follow from the configuration.
        let needless =
            |name: &str| name.ends_with("rotary_emb.inv_freq") || name.ends_with("position_ids");
        let names = self.places.keys().map(String::as_str);
        names
            .filter(|name| !self.read.contains(*name) && !needless(name))
            .collect()
    }

    fn path(&self) -> &Path {
        &self.directory
    }
}

#[cfg(test)]
mod tests;
