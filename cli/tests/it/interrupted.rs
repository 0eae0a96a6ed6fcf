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
    folder.entries().iter().filter(|entry| entry.contains("/.tagpol-scratch-")).count()
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
fn ctrl_c_leaves_the_state_store_whole() {
    let rows = 20_000;
    let list = (0..rows).fold("resource,tag,value\n".to_owned(), |mut list, number| {
        let _ = writeln!(list, "r-{number},owner,a{number}@example.com");
        list
    });
    let folder = Folder::with(&[("tagpol.toml", ""), ("p.tagpol", OWNED), ("list.csv", &list)]);
    folder.run(&["tags", "set", "x", "owner=a@example.com", "--by", "jo"]).ends_with(0);
    let mut interrupted = 0;
    for pause in [0, 10, 40] {
        let mut import = folder.command(&["tags", "import", "list.csv", "--by", "jo"]);
        let mut child = import.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let id = child.id().to_string();
        // A writer has a journal while it writes.
        let journal = folder.path().join(".tagpol/state.db-journal");
        while !journal.exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_micros(200));
        }
        std::thread::sleep(Duration::from_millis(pause));
        Command::new("kill").args(["-INT", &id]).stderr(Stdio::null()).status().unwrap();
        let run = Run::of(child.wait_with_output().unwrap());
        // All of it or nothing, and others can go on.
        let decided = folder.run(&["tags", "export"]).ends_with(0).lines().count() - 2;
        match run.code {
            130 => assert!([0, rows].contains(&decided) && run.out.is_empty(), "{decided}: {run:?}"),
            code => assert_eq!((code, decided), (0, rows), "it was faster: {run:?}"),
        }
        interrupted += u32::from(run.code == 130);
        let resource = format!("after-{pause}");
        folder.run(&["tags", "set", &resource, "owner=a@example.com", "--by", "jo"]).ends_with(0);
        folder.run(&["tags", "unset", &resource, "owner", "--by", "jo"]).ends_with(0);
    }
    assert!(interrupted > 0);
    let trail = folder.run(&["tags", "history", "--format", "csv"]).ends_with(0);
    let numbers = trail.lines().skip(1).map(|line| line.split(',').next().unwrap().parse::<usize>().unwrap());
    assert!(numbers.eq(1..trail.lines().count()), "the trail has gaps");
    assert_eq!(folder.left_behind(), Vec::<String>::new());
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

/// Policies that take the database several seconds over a long list.
fn slow_policies() -> String {
    let policies = (0..150).map(|number| {
        format!(
            "policy p{number} {{ severity low  require slow: \"{{env}}-{number}-{{env}}\" matches /(e[0-9]+-?)+x{number}$/ }}\n"
        )
    });
    format!("tag env: text\n{}", policies.collect::<String>())
}

#[test]
fn ctrl_c_ends_an_evaluation_with_one_line_and_no_half_written_report() {
    let folder = Folder::with(&[
        ("tagpol.toml", ""),
        ("p.tagpol", &slow_policies()),
        ("list.ndjson", &long_list(30_000)),
        ("tmp/keep", ""),
    ]);
    folder.run(&["snapshot", "import", "list.ndjson"]).ends_with(0);
    let temporary = folder.path().join("tmp");
    let scratch = || std::fs::read_dir(&temporary).unwrap().count() > 1;
    let mut eval = folder.command(&["eval", "-o", "json=report.json"]);
    eval.env("TMPDIR", &temporary).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = eval.spawn().unwrap();
    while !scratch() {
        assert!(child.try_wait().unwrap().is_none(), "it ended before it evaluated");
        std::thread::sleep(Duration::from_millis(2));
    }
    // The policies have been checked; the database is at work from now on.
    std::thread::sleep(Duration::from_millis(200));
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let run = Run::of(child.wait_with_output().unwrap());
    let lines: Vec<&str> = run.err.lines().filter(|line| !line.contains("warnings")).collect();
    assert_eq!(
        (run.code, run.out.as_str(), lines.as_slice()),
        (130, "", &["error: interrupted"][..]),
        "{run:?}"
    );
    assert!(!folder.path().join("report.json").exists());
    assert!(!scratch(), "a folder for temporary files was left behind");
    assert_eq!(folder.left_behind(), Vec::<String>::new());
    // It is as if it had not been started.
    assert!(!folder.path().join(".tagpol/state.db").exists());
}

/// Runs the program where no file may be larger than this one, and nobody is killed for it.
fn run_limited_to(folder: &Folder, file: &str, args: &str) -> Run {
    let blocks = std::fs::metadata(folder.path().join(file)).unwrap().len() / 512;
    let program = env!("CARGO_BIN_EXE_tagpol");
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec {program} {args}");
    Run::of(Command::new("sh").current_dir(folder.path()).args(["-c", &script]).output().unwrap())
}

#[test]
fn what_a_full_disk_left_of_the_state_store_is_told_exactly() {
    let folder = Folder::with(&[("tagpol.toml", ""), ("p.tagpol", OWNED), ("i.csv", DIRTY)]);
    folder.run(&["tags", "set", "x", "owner=a@example.com", "--by", "jo"]).ends_with(0);
    let rows = 3_000_u32;
    let list = (0..rows).fold("resource,tag,value\n".to_owned(), |mut list, number| {
        let _ = writeln!(list, "r-{number},owner,a{number}x{}@example.com", number.wrapping_mul(7919));
        list
    });
    folder.write("list.csv", list);
    let (store, kept) =
        (".tagpol/state.db", || folder.run(&["tags", "export"]).ends_with(0).lines().count() - 1);
    run_limited_to(&folder, store, "tags import list.csv --by jo")
        .fails_with(3, &["cannot write", "state.db", "nothing of this change was kept"]);
    assert_eq!(kept(), 1);
    // With room it works, and nothing is left over.
    folder.run(&["tags", "import", "list.csv", "--by", "jo"]).ends_with(0);
    assert_eq!(kept(), 3_001);
    folder.run(&["eval", "-i", "i.csv", "--fail-on", "none"]).ends_with(0);
    assert_eq!(folder.run(&["runs", "--format", "csv"]).ends_with(0).lines().count(), 2);
    assert!(!folder.path().join(".tagpol/state.db-journal").exists());
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
