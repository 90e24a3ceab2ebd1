//! Finds libtorch's CUDA library and opens it, so that one program serves machines with and without a GPU.
//!
//! The program is linked with libtorch_cpu alone. libtorch_cuda registers itself with libtorch_cpu when it is opened; all
//! its symbols are resolved at once, so that one of another build of libtorch is refused here and not in the middle of a step.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The library's file.
const NAME: &str = "libtorch_cuda.so";

/// Where Linux shows that there is an NVIDIA driver, the last under Windows.
const DRIVER_SIGNS: [&str; 3] = ["/dev/nvidiactl", "/proc/driver/nvidia/version", "/dev/dxg"];

/// Whether there are signs of a driver: without one, opening the library costs time and memory for nothing.
pub(super) fn is_driver_there() -> bool {
    DRIVER_SIGNS.iter().any(|sign| Path::new(sign).exists())
}

/// Opens the library once in this process, whoever asks first, and says which file it is.
pub(super) fn open(named: Option<&Path>) -> Result<PathBuf, String> {
    static OPENED: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    let opened = OPENED.get_or_init(|| {
        let file = find(named, &usual_folders())?;
        load(&file)?;
        Ok(file)
    });
    opened.clone()
}

/// The library's file: the one that was named, by itself or by its folder, or the first in the usual folders.
fn find(named: Option<&Path>, usual: &[PathBuf]) -> Result<PathBuf, String> {
    if let Some(named) = named {
        let file = match named.is_dir() {
            true => named.join(NAME),
            false => named.to_owned(),
        };
        return match file.is_file() {
            true => Ok(file),
            false => Err(format!("{} does not exist", file.display())),
        };
    }
    let mut files = usual.iter().map(|folder| folder.join(NAME));
    files.find(|file| file.is_file()).ok_or_else(|| {
        let folders: Vec<String> = usual.iter().map(|one| one.display().to_string()).collect();
        format!("{NAME} is in none of these folders: {}", folders.join(", "))
    })
}

/// The folder of the libtorch that this process runs with, and those that the dynamic linker was told.
fn usual_folders() -> Vec<PathBuf> {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let mut folders: Vec<PathBuf> = folder_of("libtorch_cpu.so", &maps).into_iter().collect();
    let told = std::env::var_os("LD_LIBRARY_PATH").unwrap_or_default();
    for folder in std::env::split_paths(&told) {
        if folder.is_absolute() && !folders.contains(&folder) {
            folders.push(folder);
        }
    }
    folders
}

/// The folder of a library in a list of mapped files, as Linux gives it: the path is the sixth column.
fn folder_of(library: &str, maps: &str) -> Option<PathBuf> {
    let mut paths = maps.lines().filter_map(|line| {
        let start = line.find('/')?;
        Some(Path::new(&line[start..]))
    });
    let path = paths.find(|path| path.file_name().is_some_and(|name| name == library))?;
    path.parent().map(Path::to_owned)
}

#[cfg(target_os = "linux")]
fn load(file: &Path) -> Result<(), String> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};

    #[expect(
        unsafe_code,
        reason = "opening a library runs its initialisers; this one is libtorch's own, named by whoever runs the server"
    )]
    // SAFETY: the initialisers of libtorch_cuda register kernels in tables of libtorch_cpu under its locks, and expect nothing
    // of the program. A file that is not libtorch_cuda is code that the operator chose to run.
    let opened = unsafe { Library::open(Some(file), RTLD_NOW | RTLD_GLOBAL) };
    let library =
        opened.map_err(|error| format!("{} cannot be opened: {error}", file.display()))?;
    // The tables point into it from now on: it stays until the process ends.
    std::mem::forget(library);
    Ok(())
}

#[cfg(not(target_os = "linux"))]
fn load(_: &Path) -> Result<(), String> {
    Err("CUDA is used on Linux only".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_of_a_mapped_library_is_found_even_with_spaces_in_it() {
        let maps = "\
7f00-7f01 r-xp 00000000 08:01 11 /usr/lib/libc.so.6
7f02-7f03 r--p 00000000 00:00 0
7f04-7f05 r--p 00000000 08:01 12 /opt/my models/libtorch/lib/libtorch_cpu.so
7f06-7f07 r-xp 00000000 08:01 12 /opt/my models/libtorch/lib/libtorch_cpu.so
7f08-7f09 rw-p 00000000 00:00 0 [stack]";
        let expected = Path::new("/opt/my models/libtorch/lib");
        assert_eq!(
            folder_of("libtorch_cpu.so", maps).as_deref(),
            Some(expected)
        );
        assert_eq!(folder_of("libtorch.so", maps), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_libtorch_of_this_process_is_looked_beside_first() {
        tch::set_num_threads(1);
        let folders = usual_folders();
        assert!(folders[0].join("libtorch_cpu.so").is_file(), "{folders:?}");
    }

    #[test]
    fn a_named_file_or_folder_goes_before_the_usual_ones() {
        let (named, usual) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let folders = [PathBuf::from("/no/such/folder"), usual.path().to_owned()];
        let error = find(None, &folders).unwrap_err();
        assert!(error.contains("/no/such/folder, "), "{error}");
        std::fs::write(usual.path().join(NAME), "").unwrap();
        assert_eq!(find(None, &folders), Ok(usual.path().join(NAME)));
        let error = find(Some(named.path()), &folders).unwrap_err();
        assert!(
            error.ends_with("libtorch_cuda.so does not exist"),
            "{error}"
        );
        let file = named.path().join(NAME);
        std::fs::write(&file, "").unwrap();
        assert_eq!(find(Some(named.path()), &folders).as_ref(), Ok(&file));
        assert_eq!(find(Some(&file), &folders).as_ref(), Ok(&file));
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_file_that_is_no_library_is_refused_by_name() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(NAME);
        std::fs::write(&file, "not a library").unwrap();
        let error = load(&file).unwrap_err();
        let name = file.display().to_string();
        assert!(error.starts_with(&name), "{error}");
        assert!(error.contains("cannot be opened"), "{error}");
    }
}
