//! `tagpol snapshot apply-events`.

use std::io::Write as _;
use std::process::Stdio;

use crate::support::{Folder, OWNED, Run};

const LIST: &str = "id,tag:owner\narn:aws:s3:::logs,ana@example.com\narn:aws:s3:::photos,\n";

fn tag_change(bucket: &str, tags: &str) -> String {
    format!(
        r#"{{"detail-type":"Tag Change on Resource","source":"aws.tag","time":"2026-11-23T20:41:38Z",
        "resources":["arn:aws:s3:::{bucket}"],"detail":{{"version":2,"tags":{tags}}}}}"#
    )
}

/// A project with a snapshot of [`LIST`].
fn project() -> Folder {
    let folder = Folder::with(&[("tagpol.toml", ""), ("p.tagpol", OWNED), ("list.csv", LIST)]);
    folder.run(&["snapshot", "import", "list.csv"]).ends_with(0);
    folder
}

#[test]
fn events_make_a_snapshot_that_is_evaluated_next() {
    let folder = project();
    let events = [
        tag_change("photos", r#"{"owner":"bo@example.com"}"#),
        tag_change("logs", "{}"),
        r#"{"eventType":"Microsoft.Resources.ResourceWriteFailure"}"#.to_owned(),
    ];
    folder.write("events/1.json", events.join("\n"));
    folder.write("events/2.json", tag_change("gone", "{}"));
    let run = folder.run(&["snapshot", "apply-events", "events/*.json"]);
    assert!(run.err.contains("2 changes applied\n"), "{}", run.err);
    assert!(run.err.contains("left out: 1 of operations that failed or were canceled\n"), "{}", run.err);
    assert!(run.err.contains("2 resources differ from the listing\n"), "{}", run.err);
    assert!(run.err.contains("events/2.json:1: the snapshot has no such resource"), "{}", run.err);
    assert!(run.err.contains("(resource arn:aws:s3:::gone)"), "{}", run.err);
    let out = run.ends_with(0);
    assert!(out.contains("resources   2 (1 with tags)"), "{out}");
    assert!(out.contains("events      2 changes since snapshot 2"), "{out}");
    let report = folder.run(&["eval", "--format", "jsonl"]).ends_with(1);
    assert!(report.contains("arn:aws:s3:::logs") && !report.contains("arn:aws:s3:::photos"), "{report}");
    // The same events again change nothing.
    let again = folder.run(&["snapshot", "apply-events", "events/*.json"]);
    assert!(again.err.contains("no change is new"), "{}", again.err);
    assert_eq!(again.ends_with(0), "");
    let diff = folder.run(&["snapshot", "diff"]).ends_with(0);
    assert!(diff.contains("tag owner: removed \"ana@example.com\""), "{diff}");
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn events_may_come_from_standard_input() {
    let folder = project();
    let mut command = folder.command(&["snapshot", "apply-events", "-"]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(tag_change("logs", "{}").as_bytes()).unwrap();
    let run = Run::of(child.wait_with_output().unwrap());
    assert!(run.err.contains("1 change applied"), "{}", run.err);
    run.ends_with(0);
}

#[test]
fn bad_events_are_errors_with_what_to_do() {
    let folder = project();
    folder.write("list.json", "{\"id\": 1}");
    folder.write("unknown.json", tag_change("gone", "{}"));
    let run = |args: &[&str]| folder.run(&[&["snapshot", "apply-events"], args].concat());
    run(&["list.json"]).fails_with(3, &["`list.json` has no events that can be read", "EventBridge"]);
    run(&["none.json"]).fails_with(3, &["there is no file `none.json`"]);
    run(&["unknown.json", "--snapshot", "1999"]).fails_with(2, &["there is no snapshot `1999`"]);
    run(&["unknown.json", "--strict"]).fails_with(3, &["`unknown.json` has a bad row", "no such resource"]);
    run(&[]).fails_with(2, &["EVENTS"]);
    let empty = Folder::with(&[("tagpol.toml", ""), ("e.json", "[]")]);
    empty.run(&["snapshot", "apply-events", "e.json"]).fails_with(3, &["there is no snapshot"]);
}
