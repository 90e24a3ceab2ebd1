//! `digital-twin extract`: the process that reads one foreign document has given up what it might do harm with.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const PROGRAM: &str = env!("CARGO_BIN_EXE_digital-twin");

/// What the system sends who writes a file beyond its limit.
const SIGXFSZ: i32 = 25;

/// The soft limits of a process by their names, as the system tells them.
fn limits(pid: u32) -> BTreeMap<String, String> {
    let told = std::fs::read_to_string(format!("/proc/{pid}/limits")).unwrap_or_default();
    let line = |line: &str| {
        let (name, rest) = line.split_at_checked(26)?;
        let soft = rest.split_whitespace().next()?;
        Some((name.trim().to_owned(), soft.to_owned()))
    };
    told.lines().filter_map(line).collect()
}

#[test]
fn it_has_no_descriptors_but_three_and_can_open_no_more() {
    // A descriptor that its parent forgot to close.
    let mut process = Command::new("sh")
        .args(["-c", "exec 7</etc/passwd; exec \"$0\" extract", PROGRAM])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let pid = process.id();
    let begun = Instant::now();
    // It waits for its input when all limits are set; the last one says so.
    while limits(pid)
        .get("Max open files")
        .is_none_or(|most| most != "3")
    {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::yield_now();
    }
    let set = limits(pid);
    for (name, most) in [
        ("Max file size", "0"),
        ("Max core file size", "0"),
        ("Max processes", "0"),
        ("Max cpu time", "10"),
    ] {
        assert_eq!(set[name], most, "{name}");
    }
    for name in ["Max address space", "Max data size"] {
        assert!(set[name].parse::<u64>().is_ok(), "{name}: {}", set[name]);
    }
    let mut open: Vec<String> = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    open.sort();
    assert_eq!(open, ["0", "1", "2"]);
    process.stdin.take().unwrap().write_all(b"words").unwrap();
    let mut answer = String::new();
    process
        .stdout
        .take()
        .unwrap()
        .read_to_string(&mut answer)
        .unwrap();
    assert!(answer.contains("\"text\":\"words\""), "{answer}");
    assert!(process.wait().unwrap().success());
}

#[test]
fn it_can_write_no_file_not_even_one_that_is_open() {
    let folder = tempfile::tempdir().unwrap();
    let mut process = Command::new(PROGRAM)
        .arg("extract")
        .stdin(Stdio::piped())
        .stdout(File::create(folder.path().join("answer")).unwrap())
        .spawn()
        .unwrap();
    process.stdin.take().unwrap().write_all(b"words").unwrap();
    assert_eq!(process.wait().unwrap().signal(), Some(SIGXFSZ));
}
