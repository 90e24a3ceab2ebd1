//! Why a model could not be loaded; every text names the file and what was wrong with it.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a model could not be loaded.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A file or directory that must be there is not.
    #[error("{} does not exist", .path.display())]
    NotFound {
        /// What was looked for.
        path: PathBuf,
    },
    /// The operating system could not read it.
    #[error("{} cannot be read: {source}", .path.display())]
    Read {
        /// What was read.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// It is cut short, contradicts itself, or is no model at all.
    #[error("{} is damaged or is not what it claims to be: {reason}", .path.display())]
    Malformed {
        /// The file at fault.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A network of a family that this program does not know.
    #[error("{} has the architecture {architecture:?}; known here: {known}", .path.display())]
    UnknownArchitecture {
        /// The file that names the architecture.
        path: PathBuf,
        /// The name it gives.
        architecture: String,
        /// The names that would have done.
        known: &'static str,
    },
    /// A sound model that needs something this program does not do.
    #[error("{} cannot be used: {reason}", .path.display())]
    Unsupported {
        /// The file that asks for it.
        path: PathBuf,
        /// What it asks for.
        reason: String,
    },
    /// It would take more memory than the machine has to give.
    #[error("{} needs {needed_mib} MiB of memory to load, {available_mib} MiB are available", .path.display())]
    TooLarge {
        /// The model.
        path: PathBuf,
        /// What loading takes at its height, in MiB.
        needed_mib: u64,
        /// What the kernel could give, in MiB.
        available_mib: u64,
    },
    /// Its weights fit into memory, but no context beside them.
    #[error(
        "{} needs {weights_mib} MiB of memory for its weights and {cache_mib} MiB for the keys and values of one context, \
         {available_mib} MiB are available", .path.display()
    )]
    NoRoomForContext {
        /// The model.
        path: PathBuf,
        /// What the weights take, in MiB.
        weights_mib: u64,
        /// What the keys and values of one whole context take, in MiB.
        cache_mib: u64,
        /// What the kernel could give, in MiB.
        available_mib: u64,
    },
    /// libtorch failed, most likely for want of memory.
    #[error("{} could not be loaded into libtorch: {reason}", .path.display())]
    Torch {
        /// The model.
        path: PathBuf,
        /// The first line of what libtorch said.
        reason: String,
    },
}

impl LoadError {
    pub(crate) fn io(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::NotFound => Self::NotFound {
                path: path.to_owned(),
            },
            _ => Self::Read {
                path: path.to_owned(),
                source,
            },
        }
    }

    pub(crate) fn malformed(path: &Path, reason: impl Into<String>) -> Self {
        Self::Malformed {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    pub(crate) fn unsupported(path: &Path, reason: impl Into<String>) -> Self {
        Self::Unsupported {
            path: path.to_owned(),
            reason: reason.into(),
        }
    }

    pub(crate) fn torch(path: &Path, error: &tch::TchError) -> Self {
        Self::Torch {
            path: path.to_owned(),
            reason: first_line(error),
        }
    }
}

/// What libtorch said, without the C++ stack that follows it.
pub(crate) fn first_line(error: &tch::TchError) -> String {
    error
        .to_string()
        .lines()
        .next()
        .unwrap_or_default()
        .to_owned()
}
