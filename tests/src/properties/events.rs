//! Events of clouds.

use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use tagpol_inventory::{
    AppliedEvents, EventOptions, EventReport, Import, ImportError, Reject, Resource, Snapshot, apply_events,
};

use super::{Scratch, now, same};

/// Resources that events may be about, in the forms of their clouds.
const RESOURCES: [&str; 7] = [
    "arn:aws:ec2:eu-west-1:111122223333:instance/i-0000000aaaaaaaaaa",
    "arn:aws:ec2:eu-west-1:111122223333:volume/vol-0000000bbbbbbbbbb",
    "arn:aws:lambda:eu-west-1:111122223333:function:resize",
    "arn:aws:s3:::logs",
    "arn:aws:sqs:eu-west-1:111122223333:jobs",
    "/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/web/providers/microsoft.compute/disks/data",
    "//storage.googleapis.com/web-photos",
];

/// Any file of events changes resources of the snapshot, or is refused: every event is counted or rejected, and how often
/// a file is applied, and in how many parts, makes no difference.
///
/// The input is the content of the file.
pub fn events(input: &[u8]) {
    let folder = Scratch::new();
    let snapshots = folder.path().join("snapshots");
    let resource = |id: &&str| Resource {
        id: (*id).to_owned(),
        tags: vec![("env".to_owned(), "prod".to_owned()), ("owner".to_owned(), "ana".to_owned())],
        ..Resource::default()
    };
    let resources: Vec<Resource> = RESOURCES.iter().map(resource).collect();
    let listed = Import::of_resources(&resources, None, now()).write(&snapshots, &mut |_| {});
    let listed = listed.expect("an import can be written");
    let path = folder.write("events.jsonl", input);
    let applied = |paths: &[PathBuf]| apply(&listed, &snapshots, paths, false);
    let (first, second) = (applied(std::slice::from_ref(&path)), applied(std::slice::from_ref(&path)));
    let strictly = apply(&listed, &snapshots, std::slice::from_ref(&path), true).is_ok();
    let Some((after, report, rejects)) = same(first.as_ref().map(parts), second.as_ref().map(parts)) else {
        return assert!(!strictly, "what cannot be read cannot be read strictly");
    };
    assert_eq!(strictly, rejects.is_empty(), "a strict run rejects nothing: {rejects:?}");
    accounted(&resources, &after, &report);
    let Ok(first) = first else { return };
    // Once more, on top of the result: nothing is new.
    let again = apply(&first.snapshot, &snapshots, std::slice::from_ref(&path), false);
    let again = again.expect("events that were applied can be applied again");
    assert_eq!(again.report.applied, 0, "an event is applied once");
    assert_eq!(parts(&again).0, after, "the same events give the same resources");
    in_parts(&folder, &listed, &snapshots, input, &after);
}

fn apply(
    snapshot: &Snapshot,
    snapshots: &Path,
    paths: &[PathBuf],
    strict: bool,
) -> Result<AppliedEvents, ImportError> {
    let now = snapshot.manifest().taken_at + TimeDelta::seconds(1);
    apply_events(snapshot, snapshots, paths, &EventOptions { strict, standard_input: None, now })
}

fn parts(applied: &AppliedEvents) -> (Vec<Resource>, EventReport, Vec<Reject>) {
    let resources = applied.snapshot.resources().expect("a snapshot that was written can be read");
    let resources = resources.collect::<Result<_, _>>().expect("a snapshot that was written can be read");
    (resources, applied.report.clone(), applied.rejects.clone())
}

/// Asserts that events change what the report counts, and nothing else.
fn accounted(before: &[Resource], after: &[Resource], report: &EventReport) {
    assert_eq!(before.len() - after.len(), report.removed as usize, "{report:?}");
    let mut changed = 0;
    for resource in after {
        let old = before.iter().find(|old| old.id == resource.id).expect("events add no resources");
        changed += u64::from(old.tags != resource.tags || old.unknown != resource.unknown);
        if !resource.unknown.others {
            assert!(resource.tags.is_sorted_by(|one, other| one.0 < other.0), "each key once, in order");
        }
    }
    assert!(changed <= report.changed && changed + report.removed <= report.applied, "{report:?}");
}

/// Asserts that lines which are events each give the same resources from the last file to the first.
fn in_parts(folder: &Scratch, listed: &Snapshot, snapshots: &Path, input: &[u8], after: &[Resource]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let lines: Vec<&str> = text.split('\n').filter(|line| !line.trim().is_empty()).collect();
    let is_json = |line: &&str| serde_json::from_str::<serde_json::Value>(line).is_ok();
    if lines.len() > 16 || !lines.iter().all(is_json) {
        return;
    }
    let mut snapshot = listed.clone();
    for (number, line) in lines.iter().enumerate().rev() {
        let path = folder.write(&format!("part-{number}.jsonl"), line.as_bytes());
        // A file without an event that can be read is refused as a whole.
        let Ok(applied) = apply(&snapshot, snapshots, &[path], false) else { continue };
        snapshot = applied.snapshot;
    }
    let found = snapshot.resources().expect("a snapshot that was written can be read");
    let found: Vec<Resource> =
        found.map(|resource| resource.expect("a snapshot that was written can be read")).collect();
    assert_eq!(found, after, "the order of events and of files makes no difference");
}
