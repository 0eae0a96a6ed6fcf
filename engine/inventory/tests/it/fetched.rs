//! Files of a fetch, and what `coverage.json` records about them.

use std::path::PathBuf;

use tagpol_inventory::{CoverageStatus, Import, ImportError, ImportOptions, import};

use crate::support::*;

const EXPLORER: &str = r#"{"Resources":[
    {"Arn":"arn:aws:sqs:eu-west-1:111122223333:a","OwningAccountId":"111122223333","Region":"eu-west-1","Properties":[]},
    {"Arn":"arn:aws:sqs:eu-west-1:111122223333:b","OwningAccountId":"111122223333","Region":"eu-west-1","Properties":[]}]}"#;
const TAGGING: &str = r#"{"ResourceTagMappingList":[
    {"ResourceARN":"arn:aws:sqs:eu-west-1:111122223333:b","Tags":[{"Key":"owner","Value":"ana"}]}]}"#;

fn coverage(status: &str) -> String {
    format!(
        r#"{{"tagpol_coverage":1,
        "files":[{{"name":"explorer.json","has_tags":false}},{{"name":"a-tagging.json","has_tags":true}}],
        "sources":[
            {{"source":"aws-tagging","account":"111122223333","region":"eu-west-1","status":"whole",
              "lists_untagged":false,"has_tags":true,"resources":1,"files":["a-tagging.json"]}},
            {{"source":"aws-explorer","account":"111122223333","region":"eu-west-1","status":"{status}",
              "lists_untagged":true,"has_tags":false,"resources":2,"reason":"page 2 failed",
              "help":"fetch again","files":["explorer.json"]}}]}}"#
    )
}

/// Writes a fetched folder; returns it, and the paths of its files with answers.
fn fetched(status: &str) -> (Files, [PathBuf; 2]) {
    let files = Files::new();
    let paths = [files.add("explorer.json", EXPLORER), files.add("a-tagging.json", TAGGING)];
    files.add("coverage.json", coverage(status));
    files.add("accounts.csv", "id,name\n111122223333,web\n");
    (files, paths)
}

fn read(paths: &[PathBuf]) -> Import {
    import(paths, &options(), &mut |_| {}).unwrap()
}

/// Returns each resource with its tags, and whether it may have others.
fn tags(import: &Import) -> Vec<(String, usize, bool)> {
    let tags =
        |resource: tagpol_inventory::Resource| (resource.id, resource.tags.len(), resource.unknown.others);
    import.resources().map(tags).collect()
}

fn ids(unknown: [bool; 2]) -> Vec<(String, usize, bool)> {
    let [a, b] = unknown;
    vec![
        ("arn:aws:sqs:eu-west-1:111122223333:a".to_owned(), 0, a),
        ("arn:aws:sqs:eu-west-1:111122223333:b".to_owned(), 1, b),
    ]
}

#[test]
fn a_resource_that_no_file_lists_with_tags_has_unknown_tags() {
    let (_files, [explorer, tagging]) = fetched("whole");
    // Whatever the order, what lists the tags of a resource makes them known.
    assert_eq!(tags(&read(&[explorer.clone(), tagging.clone()])), ids([true, false]));
    assert_eq!(tags(&read(&[tagging.clone(), explorer.clone()])), ids([true, false]));
    let alone = read(&[explorer]);
    assert!(alone.resources().all(|resource| resource.unknown.others && resource.tags.is_empty()));
    assert_eq!(alone.coverage().len(), 1);
    let note = "no source listed the tags of 2 resources, such as `arn:aws:sqs:eu-west-1:111122223333:a`";
    assert!(alone.rejects().iter().any(|reject| reject.reason.starts_with(note)), "{:?}", alone.rejects());
    // A file with tags, and files that nothing is recorded about, have known tags.
    assert!(read(&[tagging]).resources().all(|resource| resource.unknown.is_empty()));
    let files = Files::new();
    let unrecorded = read(&[files.add("explorer.json", EXPLORER)]);
    assert!(unrecorded.resources().all(|resource| resource.unknown.is_empty()));
    assert!(unrecorded.coverage().is_empty());
}

#[test]
fn a_bill_does_not_make_tags_known() {
    let (files, [explorer, _]) = fetched("whole");
    let bill = "ResourceId,ProviderName,ChargePeriodStart,BillingCurrency,EffectiveCost,Tags\n\
                arn:aws:sqs:eu-west-1:111122223333:b,AWS,2026-09-30,USD,1,\"{\"\"team\"\": \"\"x\"\"}\"\n";
    let import = read(&[files.add("bill.csv", bill), explorer]);
    assert_eq!(tags(&import), ids([true, true]));
}

#[test]
fn a_fetched_folder_is_imported_in_the_order_of_its_record() {
    let (files, _) = fetched("whole");
    let folder = files.add("x", "").parent().unwrap().to_owned();
    std::fs::remove_file(folder.join("x")).unwrap();
    let whole = read(std::slice::from_ref(&folder));
    assert_eq!(tags(&whole), ids([true, false]));
    let names: Vec<&str> =
        whole.sources().iter().map(|source| source.path.rsplit('/').next().unwrap()).collect();
    assert_eq!(names, ["explorer.json", "a-tagging.json"]);
    // The record itself stands for its files.
    assert_eq!(tags(&read(&[folder.join("coverage.json")])), ids([true, false]));
    std::fs::remove_file(folder.join("a-tagging.json")).unwrap();
    let error = import(&[folder], &options(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, ImportError::MissingPart { part, .. } if part == "a-tagging.json"));
}

#[test]
fn coverage_is_kept_in_the_manifest() {
    let (_files, paths) = fetched("cut-off");
    let folder = tempfile::tempdir().unwrap();
    let snapshot = read(&paths).write(folder.path(), &mut |_| {}).unwrap();
    let manifest = tagpol_inventory::Snapshot::open(snapshot.dir()).unwrap().manifest().clone();
    let statuses: Vec<_> = manifest.coverage.iter().map(|part| (part.source.as_str(), part.status)).collect();
    assert_eq!(statuses, [("aws-explorer", CoverageStatus::CutOff), ("aws-tagging", CoverageStatus::Whole)]);
    assert!(!manifest.completeness.complete);
    assert_eq!(manifest.counts.unknown, 1);
    let strict = ImportOptions { strict: true, ..options() };
    let error = import(&paths, &strict, &mut |_| {}).unwrap_err();
    assert_eq!(error.to_string(), "aws-explorer is cut off in 111122223333, eu-west-1: page 2 failed");
    assert_eq!(error.help().unwrap(), "fetch again");
}

#[test]
fn a_damaged_record_is_an_error_and_a_foreign_file_is_not() {
    let (files, paths) = fetched("whole");
    for (text, message) in [
        ("{\"tagpol_coverage\":1,", "EOF"),
        (r#"{"tagpol_coverage":2,"files":[],"sources":[]}"#, "its version is 2, not 1"),
    ] {
        files.add("coverage.json", text);
        let error = import(&paths, &options(), &mut |_| {}).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
    files.add("coverage.json", r#"{"lines": 98.5}"#);
    assert!(read(&paths).coverage().is_empty());
}
