//! Events of clouds, and the snapshots that they make.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use proptest::prelude::*;
use proptest::sample::SizeRange;
use tagpol_inventory::{AppliedEvents, EventOptions, ImportError, Snapshot, apply_events, import};

use crate::support::*;

const LIST: &str = r#"{"id":"arn:aws:ec2:eu-west-1:111122223333:instance/i-0000000aaaaaaaaaa","name":"web","tags":{"Name":"web","env":"prod","aws:autoscaling:groupName":"web"}}
{"id":"arn:aws:ec2:eu-west-1:111122223333:volume/vol-0000000bbbbbbbbbb","tags":{"env":"prod","owner":"ana"}}
{"id":"arn:aws:sqs:eu-west-1:111122223333:jobs","tags":{}}
{"id":"arn:aws:lambda:eu-west-1:111122223333:function:resize","tags":{"team":"web"}}
{"id":"arn:aws:s3:::logs","tags":{"owner":"ana","env":"prod"}}
{"id":"/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/web/providers/microsoft.compute/disks/data","tags":{"owner":"ana"}}
{"id":"/subscriptions/00000000-0000-0000-0000-000000000001/resourcegroups/web/providers/microsoft.compute/disks/old","tags":{"owner":"ana"}}
{"id":"//storage.googleapis.com/web-photos","tags":{"owner":"ana","env":"prod"}}
{"id":"//storage.googleapis.com/web-tmp","tags":{}}
"#;

const COVERAGE: &str = r#"{"tagpol_coverage":1,"files":[{"name":"list.ndjson","has_tags":true}],
    "sources":[{"source":"aws-tagging","status":"whole","lists_untagged":true,"has_tags":true,"resources":9,
    "files":["list.ndjson"]}]}"#;

fn fixture() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/events.jsonl");
    std::fs::read_to_string(path).unwrap()
}

/// A folder with a snapshot of [`LIST`].
struct Project {
    files: Files,
    listed: Snapshot,
}

impl Project {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(prepare: impl FnOnce(&Files)) -> Self {
        let files = Files::new();
        prepare(&files);
        let list = files.add("list.ndjson", LIST);
        let listed = import(&[list], &options(), &mut |_| {}).unwrap();
        let listed = listed.write(&files.path("snapshots"), &mut |_| {}).unwrap();
        Self { files, listed }
    }

    fn apply_to(&self, snapshot: &Snapshot, events: &[&str]) -> Result<AppliedEvents, ImportError> {
        let paths: Vec<PathBuf> = (0..)
            .zip(events)
            .map(|(number, text)| self.files.add(&format!("events-{number}.jsonl"), text))
            .collect();
        // Each run is later than the one before.
        let now = snapshot.manifest().taken_at + TimeDelta::days(1);
        let options = EventOptions { strict: false, standard_input: None, now };
        apply_events(snapshot, &self.files.path("snapshots"), &paths, &options)
    }

    fn apply(&self, events: &[&str]) -> AppliedEvents {
        self.apply_to(&self.listed, events).unwrap()
    }
}

/// Returns the resources with their names and tags, a line each; `?` stands for tags that are not known.
fn shown(snapshot: &Snapshot) -> String {
    let mut text = String::new();
    for resource in read_back(snapshot) {
        let unknown = if resource.unknown.others { " ?" } else { "" };
        let name = resource.name.as_deref().unwrap_or("-");
        let end = resource.id.rsplit(['/', ':']).next().unwrap();
        let _ = writeln!(text, "{end} ({name}) {:?}{unknown}", tags(&resource));
    }
    text
}

/// Returns what identifies the resources and events of a snapshot, whatever the files and the time were.
fn content(snapshot: &Snapshot) -> (String, Option<String>) {
    let files = &snapshot.manifest().files;
    (files.resources.sha256.clone(), files.events.as_ref().map(|file| file.sha256.clone()))
}

#[test]
fn events_of_all_clouds_change_their_resources() {
    let project = Project::new();
    let applied = project.apply(&[&fixture()]);
    insta::assert_snapshot!(shown(&applied.snapshot), @r#"
    web-photos (web-photos) [("owner", "eva")]
    data (data) [] ?
    i-0000000aaaaaaaaaa (web) [("aws:autoscaling:groupName", "web"), ("cost", "42"), ("owner", "ana"), ("team", "web")]
    vol-0000000bbbbbbbbbb (vol-0000000bbbbbbbbbb) [("cost", "42"), ("owner", "ana")]
    resize (resize) [("owner", "cy"), ("team", "web")]
    logs (logs) [("owner", "di")]
    jobs (jobs) [("mail", "yes"), ("owner", "bo")]
    "#);
    insta::assert_debug_snapshot!(applied.report, @r#"
    EventReport {
        applied: 12,
        repeated: 0,
        outdated: 0,
        others: {
            "calls that change no tags": 1,
            "calls that failed": 1,
            "operations that failed or were canceled": 1,
        },
        changed: 7,
        removed: 2,
        unknown: 1,
    }
    "#);
    assert_eq!(applied.rejects, []);
    let manifest = applied.snapshot.manifest();
    let info = manifest.events.clone().unwrap();
    assert_eq!((info.base.as_str(), info.events), (project.listed.id(), 12));
    assert_eq!(info.latest.to_rfc3339(), "2026-11-23T20:48:00+00:00");
    assert_eq!(info.files.len(), 1);
    assert_eq!(manifest.sources, project.listed.manifest().sources);
    applied.snapshot.verify().unwrap();
    applied.snapshot.check().unwrap();
}

#[test]
fn nothing_is_applied_twice() {
    let project = Project::new();
    let once = project.apply(&[&fixture()]);
    let twice = project.apply_to(&once.snapshot, &[&fixture()]).unwrap();
    assert_eq!(twice.snapshot, once.snapshot);
    assert_eq!((twice.report.applied, twice.report.repeated), (0, 12));
}

#[test]
fn what_cannot_be_applied_is_reported() {
    let project = Project::new();
    let tag = |id: &str, time: &str| {
        format!(
            r#"{{"detail-type":"Tag Change on Resource","source":"aws.tag","time":"{time}","resources":["{id}"],"detail":{{"tags":{{}}}}}}"#
        )
    };
    let known = "arn:aws:sqs:eu-west-1:111122223333:jobs";
    let text = [
        tag("arn:aws:sqs:eu-west-1:111122223333:other", "2026-11-23T00:00:00Z"),
        tag(known, "2036-11-23T00:00:00Z"),
        tag(known, "yesterday"),
        "{\"a\": 1}".to_owned(),
        "{\n  \"cut\": [\n    1,\n    {\n".to_owned(),
        r#"{"message":{"data":"bm8ganNvbg=="}}"#.to_owned(),
        r#"{"eventName":"TagRole","eventTime":"2026-11-23T00:00:00Z","requestParameters":{"roleName":"web","tags":[]}}"#
            .to_owned(),
        tag(known, "2026-11-23T00:00:00Z"),
    ]
    .join("\n");
    let applied = project.apply(&[&text]);
    assert_eq!(applied.report.applied, 1);
    let reject = |reject: &tagpol_inventory::Reject| format!("{}: {}", reject.line, reject.reason);
    let reasons: Vec<String> = applied.rejects.iter().map(reject).collect();
    insta::assert_snapshot!(reasons.join("\n"), @"
    1: the snapshot has no such resource; a fetch lists it if it is there
    2: its time is in the future
    3: its `time` is not a time: `yesterday`
    4: it is not an event of EventBridge, CloudTrail, Event Grid or Cloud Asset Inventory
    5: it is not valid JSON: key must be a string
    10: its message is neither JSON nor base64 of JSON
    11: `TagRole` does not identify its resource by an ARN
    ");
    // They are in the snapshot too, which is not complete.
    assert_eq!(applied.snapshot.rejects().unwrap(), applied.rejects);
    assert_eq!(applied.snapshot.manifest().completeness.rejected_rows, 7);
    assert!(!applied.snapshot.manifest().completeness.complete);
}

#[test]
fn files_without_events_are_errors() {
    let project = Project::new();
    for text in ["id,owner\na,b\n", "{\"a\": 1}", "[[1, \"x\"]]"] {
        let error = project.apply_to(&project.listed, &[text]).unwrap_err();
        assert!(matches!(error, ImportError::NoEvents { .. }), "{error}");
    }
    // A queue without messages is none.
    for text in ["", "[]", "{\"Messages\": []}\n"] {
        let applied = project.apply(&[text]);
        assert_eq!((applied.report.applied, applied.snapshot.id()), (0, project.listed.id()), "{text}");
    }
    let missing = apply_events(
        &project.listed,
        &project.files.path("snapshots"),
        &[project.files.path("none.json")],
        &EventOptions { strict: false, standard_input: None, now: noon() },
    );
    assert!(matches!(missing.unwrap_err(), ImportError::NotFound { .. }));
}

#[test]
fn a_listing_has_what_happened_before_it() {
    let event = |time: &str| {
        format!(
            r#"{{"detail-type":"Tag Change on Resource","source":"aws.tag","time":"{time}","detail":{{"tags":{{"owner":"bo"}}}},
            "resources":["arn:aws:s3:::logs"]}}"#
        )
    };
    let (before, after) = (event("2026-11-22T13:45:00Z"), event("2026-11-22T13:45:01Z"));
    // When a file that somebody imports was listed is not known.
    assert_eq!(Project::new().apply(&[&before]).report.applied, 1);
    let project = Project::with(|files| {
        files.add("coverage.json", COVERAGE);
    });
    let applied = project.apply(&[&before, &after]);
    assert_eq!((applied.report.applied, applied.report.outdated), (1, 1));
}

#[test]
fn only_events_that_the_cloud_itself_sends_change_tags() {
    let event = |members: &str| {
        format!(
            r#"{{"detail-type":{members},"time":"2026-11-23T00:00:00Z","resources":["arn:aws:s3:::logs"]}}"#
        )
    };
    let call = r#"{"eventName":"PutBucketTagging","eventTime":"2026-11-23T00:00:00Z","requestParameters":{
        "bucketName":"logs","Tagging":{"TagSet":{"Tag":{"Key":"owner","Value":"eve"}}}}}"#;
    for (members, reason) in [
        (
            r#""Tag Change on Resource","source":"evil","detail":{"tags":{"owner":"eve"}}"#.to_owned(),
            "`source` is `evil`",
        ),
        (
            r#""Tag Change on Resource","source":"aws.tags","detail":{"tags":{}}"#.to_owned(),
            "`source` is `aws.tags`",
        ),
        (r#""Tag Change on Resource","detail":{"tags":{}}"#.to_owned(), "`source` is ``"),
        (
            r#""Tag Change on Resource","source":"aws.tag","detail":{"tags":{"owner":5}}"#.to_owned(),
            "not an object of texts",
        ),
        (
            r#""Tag Change on Resource","source":"aws.tag","detail":{"tags":["owner"]}"#.to_owned(),
            "not an object of texts",
        ),
        (r#""Tag Change on Resource","source":"aws.tag","detail":{}"#.to_owned(), "has no `tags`"),
        (format!(r#""AWS API Call via CloudTrail","source":"evil","detail":{call}"#), "`source` is `evil`"),
    ] {
        let project = Project::new();
        let applied = project.apply(&[&event(&members)]);
        assert_eq!(applied.report.applied, 0, "{members}");
        assert!(applied.rejects[0].reason.contains(reason), "{:?}", applied.rejects);
    }
    let sent = event(&format!(r#""AWS API Call via CloudTrail","source":"aws.s3","detail":{call}"#));
    assert_eq!(Project::new().apply(&[&sent]).report.applied, 1);
}

#[test]
fn versions_beat_clocks() {
    let event = |time: &str, version: u32, owner: &str| {
        format!(
            r#"{{"detail-type":"Tag Change on Resource","source":"aws.tag","time":"2026-11-23T00:00:{time}Z","resources":["arn:aws:s3:::logs"],
            "detail":{{"version":{version},"tags":{{"owner":"{owner}"}}}}}}"#
        )
    };
    let project = Project::new();
    let applied =
        project.apply(&[&event("07", 7, "seven"), &event("05", 8, "eight"), &event("07", 6, "six")]);
    assert!(shown(&applied.snapshot).contains("logs (logs) [(\"owner\", \"eight\")]"));
}

#[test]
fn charges_stay_as_they_were_billed() {
    let project = Project::new();
    let bill = "ResourceId,ProviderName,ChargePeriodStart,BillingCurrency,EffectiveCost,Tags\n\
                arn:aws:s3:::logs,AWS,2026-09-30,USD,2,\"{\"\"owner\"\": \"\"ana\"\"}\"\n";
    let (bill, list) = (project.files.add("bill.csv", bill), project.files.path("list.ndjson"));
    let joined = import(&[bill, list], &options(), &mut |_| {}).unwrap();
    let joined = joined.write(&project.files.path("snapshots"), &mut |_| {}).unwrap();
    let applied = project.apply_to(&joined, &[&fixture()]).unwrap().snapshot;
    applied.verify().unwrap();
    applied.check().unwrap();
    let (before, after) = (joined.manifest(), applied.manifest());
    assert!(before.files.charges.is_some() && before.files.orphans.is_some());
    assert_eq!(after.files.charges, before.files.charges);
    assert_eq!(after.files.subjects, before.files.subjects);
    assert_eq!(after.files.orphans, before.files.orphans);
    assert_eq!((&after.charges, &after.month), (&before.charges, &before.month));
    assert_eq!(after.counts.matches, before.counts.matches);
}

#[test]
fn without_the_listing_there_is_nothing_to_apply_to() {
    let project = Project::new();
    let once = project.apply(&[&fixture()]).snapshot;
    project.listed.clone().remove().unwrap();
    let error = project.apply_to(&once, &[&fixture()]).unwrap_err();
    assert!(matches!(&error, ImportError::NoBase { .. }), "{error}");
}

#[test]
fn strict_runs_end_with_the_first_reject() {
    let project = Project::new();
    let text = r#"{"asset":{"name":"//x.googleapis.com/y"},"window":{"startTime":"2026-11-23T00:00:00Z"}}"#;
    let path = project.files.add("events.json", text);
    let options = EventOptions { strict: true, standard_input: None, now: noon() + TimeDelta::days(1) };
    let applied = apply_events(&project.listed, &project.files.path("snapshots"), &[path], &options);
    assert!(matches!(applied.unwrap_err(), ImportError::Strict { .. }));
    assert_eq!(Snapshot::list(&project.files.path("snapshots")).unwrap().snapshots.len(), 1);
}

/// Events of a few resources, keys and seconds, so that they meet, in the forms of all clouds.
fn event() -> impl Strategy<Value = String> {
    let resource = prop::sample::select(vec![
        "arn:aws:ec2:eu-west-1:111122223333:volume/vol-0000000bbbbbbbbbb",
        "arn:aws:s3:::logs",
        "//storage.googleapis.com/web-photos",
        "/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/WEB/providers/Microsoft.Compute/disks/data",
    ]);
    let tags = prop::collection::btree_map("[ab]", "[xy]", SizeRange::from(0..3));
    (resource, 0..6_u32, 0..4_u32, tags, 0..5_u32).prop_map(|(id, second, version, tags, form)| {
        let time = format!("2026-11-23T00:00:0{second}Z");
        let json = serde_json::to_string(&tags).unwrap();
        let keys = serde_json::to_string(&tags.keys().collect::<Vec<_>>()).unwrap();
        let deleted = version == 0;
        match form {
            _ if id.starts_with("/subscriptions") => {
                let done = if deleted { "Delete" } else { "Write" };
                format!(
                    r#"{{"eventType":"Microsoft.Resources.Resource{done}Success","eventTime":"{time}","data":{{"resourceUri":"{id}"}}}}"#
                )
            }
            _ if id.starts_with("//") => format!(
                r#"{{"asset":{{"name":"{id}","resource":{{"data":{{"labels":{json}}}}}}},"deleted":{deleted},"window":{{"startTime":"{time}"}}}}"#
            ),
            0 | 1 => format!(
                r#"{{"detail-type":"Tag Change on Resource","source":"aws.tag","time":"{time}","resources":["{id}"],"detail":{{"version":{version},"tags":{json}}}}}"#
            ),
            2 | 3 => format!(
                r#"{{"eventName":"TagResources","eventTime":"{time}","requestParameters":{{"resourceARNList":["{id}"],"tags":{json}}}}}"#
            ),
            _ => format!(
                r#"{{"eventName":"UntagResources","eventTime":"{time}","requestParameters":{{"resourceARNList":["{id}"],"tagKeys":{keys}}}}}"#
            ),
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Any order, any repetition, and any division into files and runs give the same resources.
    #[test]
    fn only_the_set_of_events_counts(
        (events, shuffled) in prop::collection::vec(event(), 1..12).prop_flat_map(|events| {
            let repeated: Vec<String> = events.iter().chain(&events).cloned().collect();
            (Just(events), Just(repeated).prop_shuffle())
        }),
        cut in 0.0..1.0_f64,
    ) {
        let project = Project::new();
        let at_once = project.apply(&[&events.join("\n")]).snapshot;
        let (first, second) = shuffled.split_at((shuffled.len() as f64 * cut) as usize);
        let files = project.apply(&[&first.join("\n"), &second.join("\n")]).snapshot;
        prop_assert_eq!(content(&files), content(&at_once));
        let before = project.apply(&[&first.join("\n")]).snapshot;
        let runs = project.apply_to(&before, &[&second.join("\n")]).unwrap().snapshot;
        prop_assert_eq!(content(&runs), content(&at_once));
    }

    /// Whatever a queue delivers, it is read, reported or an error.
    #[test]
    fn damaged_events_are_reported(edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let project = Project::new();
        let mut bytes = fixture().into_bytes();
        for (at, byte) in &edits {
            let at = at.index(bytes.len());
            match byte % 3 {
                0 => bytes[at] = *byte,
                1 => bytes.truncate(at.max(1)),
                _ => bytes.insert(at, b"{}[]\",:"[usize::from(*byte) % 7]),
            }
        }
        let text = String::from_utf8_lossy(&bytes).into_owned();
        match project.apply_to(&project.listed, &[&text]) {
            Ok(applied) => applied.snapshot.check().unwrap(),
            Err(error) => prop_assert!(matches!(error, ImportError::NoEvents { .. }), "{error}"),
        }
    }
}
