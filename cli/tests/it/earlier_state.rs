//! The state of earlier versions, a DuckDB file, is taken over once.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tagpol_session::{Store, StoreOptions, quote_text};

use crate::support::Folder;

const OLD: &str = ".tagpol/state.duckdb";
const KEPT: &str = ".tagpol/state.duckdb.imported";

/// A project with the store of an earlier version: as many decisions as rows, and a run.
fn project(rows: u32) -> Folder {
    let folder = Folder::with(&[
        ("tagpol.toml", ""),
        (
            "p.tagpol",
            "tag owner: email\npolicy owned {\n  severity high\n  require owner\n  grace 3 days\n}\n",
        ),
        ("i.csv", "id,tag:owner\ni-0,\n"),
        (".tagpol/keep", ""),
    ]);
    make(&folder.path().join(OLD), rows);
    folder
}

fn make(path: &Path, rows: u32) {
    let folders = vec![path.parent().unwrap().to_owned()];
    let store = Store::in_memory(&StoreOptions { folders, ..StoreOptions::default() }).unwrap();
    let attached = quote_text(path.to_str().unwrap());
    let schema = include_str!("../../../engine/session/tests/fixtures/earlier_state.sql");
    let filled = format!(
        "INSERT INTO tagpol_state.store_version VALUES (1); \
         INSERT INTO tagpol_state.decisions SELECT range, TIMESTAMP '2020-01-01', 'jane', 'set', 'r-' || range, \
             'owner', NULL, 'a@example.com', NULL FROM range(1, {rows} + 1); \
         INSERT INTO tagpol_state.checks VALUES (1, 'owned', 'owner', 'owner'); \
         INSERT INTO tagpol_state.findings VALUES (1, 'i-0', TIMESTAMP '2020-01-01', NULL, NULL); \
         INSERT INTO tagpol_state.runs VALUES (1, TIMESTAMP '2020-01-01', 's', 'h', 50, 1, 0, 0, 1, 0, 0, 0, 0, \
             NULL, NULL, NULL)"
    );
    store
        .execute(&format!("ATTACH {attached} AS tagpol_state; {schema}; {filled}; DETACH tagpol_state"))
        .unwrap();
}

fn decisions(folder: &Folder) -> Vec<u32> {
    let trail = folder.run(&["tags", "history", "--format", "csv"]).ends_with(0);
    trail.lines().skip(1).map(|line| line.split(',').next().unwrap().parse().unwrap()).collect()
}

#[test]
fn what_was_remembered_is_taken_over_with_a_note() {
    let folder = project(3);
    let old = std::fs::read(folder.path().join(OLD)).unwrap();
    let run = folder.run(&["tags", "history"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("3 decisions, 1 runs") && run.err.contains(KEPT), "{run:?}");
    assert!(!folder.path().join(OLD).exists());
    assert_eq!(std::fs::read(folder.path().join(KEPT)).unwrap(), old, "the old file is as it was");
    // The grace goes on, and the trail too.
    let report =
        folder.run(&["eval", "-i", "i.csv", "--now", "2020-01-05", "--format", "json", "--fail-on", "none"]);
    assert!(!report.err.contains("is now in"), "reported once: {report:?}");
    assert!(report.out.contains("\"first_seen\": \"2020-01-01T00:00:00Z\""), "{report:?}");
    folder.run(&["tags", "set", "i-0", "owner=b@example.com", "--by", "jo"]).ends_with(0);
    assert_eq!(decisions(&folder), [1, 2, 3, 4]);
    assert_eq!(folder.run(&["runs", "--format", "csv"]).ends_with(0).lines().count(), 3);
}

#[test]
fn a_manifest_that_names_the_old_file_goes_on_next_to_it() {
    let folder = project(2);
    folder.write("tagpol.toml", "state = \".tagpol/state.duckdb\"\n");
    assert_eq!(decisions(&folder), [1, 2]);
    assert!(folder.path().join(".tagpol/state.db").is_file() && folder.path().join(KEPT).is_file());
}

#[test]
fn a_process_that_was_killed_before_it_renamed_the_file_doubles_nothing() {
    let folder = project(3);
    assert_eq!(decisions(&folder), [1, 2, 3]);
    std::fs::rename(folder.path().join(KEPT), folder.path().join(OLD)).unwrap();
    assert_eq!(decisions(&folder), [1, 2, 3]);
    assert!(!folder.path().join(OLD).exists() && folder.path().join(KEPT).is_file());
}

#[test]
fn killed_at_any_moment_nothing_is_lost_or_doubled() {
    let rows = 20_000;
    let folder = project(rows);
    let mut killed = 0;
    for pause in [0, 20, 60, 120, 200, 300, 450, 600] {
        let mut child =
            folder.command(&["tags", "export"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(pause));
        killed += u32::from(child.try_wait().unwrap().is_none());
        let _ = child.kill();
        child.wait().unwrap();
        assert!(folder.path().join(OLD).exists() != folder.path().join(KEPT).exists());
    }
    assert!(killed > 0);
    assert!(decisions(&folder).into_iter().eq(1..=rows));
    assert_eq!(folder.run(&["runs", "--format", "csv"]).ends_with(0).lines().count(), 2);
}

#[test]
fn a_file_of_the_kept_name_stays_and_hides_nothing() {
    let folder = project(2);
    folder.write(KEPT, "something else");
    assert_eq!(decisions(&folder), [1, 2]);
    assert_eq!(folder.read(KEPT), "something else");
    assert!(folder.path().join(format!("{KEPT}-2")).is_file() && !folder.path().join(OLD).exists());
}

#[test]
fn two_stores_are_not_mixed() {
    let folder = project(2);
    std::fs::rename(folder.path().join(OLD), folder.path().join("old")).unwrap();
    folder.run(&["tags", "set", "i-0", "owner=b@example.com", "--by", "jo"]).ends_with(0);
    std::fs::rename(folder.path().join("old"), folder.path().join(OLD)).unwrap();
    let run = folder.run(&["tags", "history"]);
    assert!(run.code == 0 && run.err.contains("was not imported"), "{run:?}");
    assert_eq!(decisions(&folder), [1]);
    assert!(folder.path().join(OLD).exists());
}

#[test]
fn a_damaged_file_is_an_error_and_stays() {
    let folder = project(1);
    folder.write(OLD, "no database");
    folder.run(&["tags", "history"]).fails_with(3, &["cannot be imported", "state.duckdb", "move it away"]);
    assert_eq!(folder.read(OLD), "no database");
}
