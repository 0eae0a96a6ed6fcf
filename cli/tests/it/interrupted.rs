//! Ctrl-C and disks that refuse: nothing half-made is ever left behind.

use std::fmt::Write as _;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::support::{DIRTY, Folder, OWNED, Run};

/// A list that takes a while to write.
fn long_list(resources: u32) -> String {
    (0..resources).fold(String::new(), |mut list, number| {
        let _ = writeln!(
            list,
            "{{\"id\":\"r-{number}\",\"tags\":{{\"Env\":\"e{number}\",\"k{}\":\"v\"}}}}",
            number % 300
        );
        list
    })
}

/// Returns the snapshots that are being written.
fn unfinished(folder: &Folder) -> usize {
    folder.entries().iter().filter(|entry| entry.contains("/.import-")).count()
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let folder = Folder::with(&[("list.ndjson", &long_list(40_000))]);
    let mut import = folder.command(&["snapshot", "import", "list.ndjson"]);
    let child = import.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    while unfinished(&folder) == 0 {
        std::thread::sleep(Duration::from_millis(2));
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let run = Run::of(child.wait_with_output().unwrap());
    assert_eq!((run.code, run.out.as_str()), (130, ""), "{run:?}");
    assert_eq!(unfinished(&folder), 0);
    assert_eq!(folder.left_behind(), Vec::<String>::new());
    folder.run(&["snapshot", "list"]).ends_with(0);
}

#[test]
fn a_disk_that_is_full_is_told_and_nothing_is_left() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("list.ndjson", &long_list(5_000))]);
    let before = folder.entries();
    // No file may be larger than 64 KiB, and nobody is killed for it.
    let script = format!(
        "trap '' XFSZ; ulimit -f 64; exec {} snapshot import list.ndjson",
        env!("CARGO_BIN_EXE_tagpol")
    );
    let mut limited = Command::new("sh");
    limited.current_dir(folder.path()).args(["-c", &script]);
    let run = Run::of(limited.output().unwrap());
    run.fails_with(3, &["cannot write the snapshot", "File too large", "the space left on the disk"]);
    let mut after = folder.entries();
    after.retain(|entry| !entry.starts_with(".tagpol"));
    assert_eq!((after, unfinished(&folder)), (before, 0));
}

#[test]
fn a_folder_that_cannot_be_written_is_told() {
    let folder = Folder::with(&[("i.csv", DIRTY), (".tagpol", "in the way")]);
    folder.run(&["snapshot", "import", "i.csv"]).fails_with(3, &["cannot write the snapshot", ".tagpol"]);
    assert_eq!(folder.read(".tagpol"), "in the way");
    // Nobody can make files in /proc, whoever runs the tests.
    let run = folder.run(&["snapshot", "import", "i.csv", "--project", "/proc/self"]);
    assert_eq!(run.code, 3, "{run:?}");
}
