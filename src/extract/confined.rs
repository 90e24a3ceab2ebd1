//! The process that reads one document or export: what it gives up first, and what it answers.

use std::io::{BufWriter, Read, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;

use super::export::{self, Export, NoExport, Told};
use super::{Extracted, Unreadable, extract};

/// Bytes of memory beyond what the program has before it reads: a book of pictures takes half.
pub(super) const MEMORY_BYTES_MAX: u64 = 512 * 1024 * 1024;

/// Seconds of computing time; the processor counts, so that a busy machine takes nothing away.
pub(super) const CPU_SECONDS_MAX: u64 = 10;

/// As [`CPU_SECONDS_MAX`], for an export: gigabytes are unpacked and hashed, twice.
pub(super) const EXPORT_CPU_SECONDS_MAX: u64 = 120;

/// Bytes that are handed on at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Reads a document from the standard input and writes what it says, as JSON, to the standard output.
///
/// Before the first byte is read the process may open no file or socket any more, start no other process, and use no more
/// than its share of memory and time. Exit status 0 comes with an answer, which may be that the document cannot be read.
pub fn run(ending: &str) -> ExitCode {
    #[cfg(unix)]
    limits::close_inherited();
    if !is_confined(CPU_SECONDS_MAX) {
        return ExitCode::FAILURE;
    }
    let mut content = Vec::new();
    if let Err(error) = std::io::stdin().lock().read_to_end(&mut content) {
        eprintln!("the document cannot be read: {error}");
        return ExitCode::FAILURE;
    }
    // What a parser says of a document when it fails is for nobody.
    std::panic::set_hook(Box::new(|_| {}));
    let outcome = catch_unwind(AssertUnwindSafe(|| extract(&content, ending)));
    let outcome: Result<Extracted, Unreadable> = outcome.unwrap_or_else(|_| {
        Err(Unreadable::Crashed {
            how: "the parser panicked".to_owned(),
        })
    });
    let mut output = std::io::stdout().lock();
    let written = serde_json::to_writer(&mut output, &outcome).map_err(std::io::Error::from);
    match written.and_then(|()| output.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the text cannot be handed over: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Checks the export that the standard input is, a file, and hands on to the standard output what has a place elsewhere.
///
/// It is confined as [`run`] is. Exit status 0 comes with an answer, which may be that the file is no export.
pub fn run_export() -> ExitCode {
    let archive = match archive() {
        Ok(archive) => archive,
        Err(error) => {
            eprintln!("the export cannot be opened: {error}");
            return ExitCode::FAILURE;
        }
    };
    if !is_confined(EXPORT_CPU_SECONDS_MAX) {
        return ExitCode::FAILURE;
    }
    std::panic::set_hook(Box::new(|_| {}));
    let checked = catch_unwind(AssertUnwindSafe(|| Export::checked(archive)));
    let mut output = BufWriter::with_capacity(PIECE_BYTES, std::io::stdout().lock());
    let told = match checked.unwrap_or(Err(NoExport::Crashed)) {
        Ok(export) => export.hand_on(&mut output),
        Err(why) => export::tell(&mut output, &Told::Refused(why)).and_then(|()| output.flush()),
    };
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("the export cannot be handed over: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The standard input as a file in which one can go back.
#[cfg(unix)]
fn archive() -> std::io::Result<std::fs::File> {
    use std::os::fd::AsFd;
    limits::close_inherited();
    // The one descriptor more that the process has.
    let input = std::io::stdin().as_fd().try_clone_to_owned()?;
    Ok(input.into())
}

#[cfg(not(unix))]
fn archive() -> std::io::Result<std::io::Cursor<Vec<u8>>> {
    let mut content = Vec::new();
    std::io::stdin().lock().read_to_end(&mut content)?;
    Ok(std::io::Cursor::new(content))
}

/// Whether the process has given up what it can, from here on.
fn is_confined(cpu_seconds_max: u64) -> bool {
    #[cfg(unix)]
    if let Err(error) = limits::apply(cpu_seconds_max) {
        eprintln!("the limits of this process cannot be set: {error}");
        return false;
    }
    #[cfg(not(unix))]
    let _ = cpu_seconds_max;
    true
}

/// What the process gives up; none of it comes back.
#[cfg(unix)]
mod limits {
    use nix::sys::resource::{Resource, rlim_t, setrlimit};

    use super::MEMORY_BYTES_MAX;

    /// Standard input, output and error stream: no descriptor can be added to them.
    const DESCRIPTORS: rlim_t = 3;

    pub(super) fn apply(cpu_seconds_max: u64) -> nix::Result<()> {
        let (mapped, writable) = memory_now();
        set(Resource::RLIMIT_CORE, 0)?;
        set(Resource::RLIMIT_FSIZE, 0)?;
        // The signal of the lower limit ends the process, and says why; at the upper one the system would.
        setrlimit(Resource::RLIMIT_CPU, cpu_seconds_max, cpu_seconds_max + 1)?;
        set(Resource::RLIMIT_AS, mapped + MEMORY_BYTES_MAX)?;
        set(Resource::RLIMIT_DATA, writable + MEMORY_BYTES_MAX)?;
        #[cfg(any(target_os = "linux", target_os = "macos"))]
        set(Resource::RLIMIT_NPROC, 0)?;
        set(Resource::RLIMIT_NOFILE, DESCRIPTORS)
    }

    fn set(resource: Resource, most: rlim_t) -> nix::Result<()> {
        // A limit that is lower already stays.
        let (_, hard) = nix::sys::resource::getrlimit(resource)?;
        let most = most.min(hard);
        setrlimit(resource, most, most)
    }

    /// Closes what a library of the server left open for its children. The system names open descriptors in a folder.
    pub(super) fn close_inherited() {
        let Ok(open) = std::fs::read_dir("/dev/fd") else {
            return;
        };
        let open: Vec<i32> = open
            .flatten()
            .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
            .filter(|descriptor| *descriptor > 2)
            .collect();
        for descriptor in open {
            // The one of the folder is closed already.
            let _ = nix::unistd::close(descriptor);
        }
    }

    /// Bytes that are mapped, and bytes of them that can be written: the libraries that the program is linked with.
    fn memory_now() -> (rlim_t, rlim_t) {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let bytes = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name));
            let kilobytes: Option<rlim_t> =
                line.and_then(|line| line.split_whitespace().next()?.parse().ok());
            kilobytes.map_or(0, |kilobytes| kilobytes * 1024)
        };
        (bytes("VmSize:"), bytes("VmData:"))
    }
}
