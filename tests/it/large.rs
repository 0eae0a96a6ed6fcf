//! Programs of thousands of items, which would take minutes and gigabytes if the time or memory for them grew
//! faster than they do.

use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, Utc};
use tagpol_eval::{Evaluation, FindingSelection, Options, State, evaluate};
use tagpol_inventory::{ImportOptions, Snapshot, import, lookup_headings};
use tagpol_sema::{Database, Level, analysis, table_files};
use tempfile::TempDir;

/// Number of resources.
const RESOURCES: usize = 60;

fn now() -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

/// Resources `r0`, `r1`, … of as many types, of which every third has a tag.
fn snapshot() -> (Snapshot, TempDir) {
    let mut text = String::new();
    for i in 0..RESOURCES {
        let tags = if i % 3 == 0 { format!(r#"{{"a":"m{i}"}}"#) } else { "{}".to_owned() };
        let _ = writeln!(text, r#"{{"id":"r{i}","name":"n{i}","type":"t{i}","tags":{tags}}}"#);
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resources.ndjson");
    std::fs::write(&file, text).unwrap();
    let import = import(&[file], &ImportOptions::at(now()), &mut |_| {}).unwrap();
    (import.write(folder.path(), &mut |_| {}).unwrap(), folder)
}

fn evaluated(policies: String) -> Evaluation {
    let (snapshot, folder) = snapshot();
    std::fs::write(folder.path().join("t.csv"), "k,v\nn7-7,x\n").unwrap();
    let path = folder.path().join("policies.tagpol").to_str().unwrap().to_owned();
    let mut db = Database::default();
    let project = db.project([(path, policies)]);
    let tables = table_files(&db, project).iter().filter_map(|file| {
        let headings = lookup_headings(Path::new(file)).map_err(|error| error.reason);
        Some((file.clone(), headings.transpose()?))
    });
    let tables = tables.collect();
    db.set_tables(project, tables);
    let found = analysis(&db, project);
    let mut errors = found.diagnostics.iter().filter(|found| found.level() == Level::Error);
    assert_eq!(errors.next(), None);
    let options = Options { findings: FindingSelection::All, ..Options::at(now()) };
    evaluate(&found.program, &snapshot, &options).unwrap()
}

/// A program that has so many items of one kind, each made of its number.
fn items(before: &str, count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).fold(before.to_owned(), |text, i| text + &item(i) + "\n")
}

#[test]
fn two_thousand_policies() {
    let policy = |i: usize| {
        format!(
            "policy p{i} {{\n severity low\n for resource where resource.type == \"t{i}\"\n require a\n}}"
        )
    };
    let evaluation = evaluated(items("tag a: text\n", 2000, policy));
    assert_eq!(evaluation.checks.len(), 2000);
    assert_eq!(evaluation.checks.iter().map(|check| check.in_scope).sum::<u64>(), RESOURCES as u64);
    assert_eq!(evaluation.findings.len(), RESOURCES * 2 / 3);
    assert!(evaluation.findings.iter().is_sorted_by_key(|finding| finding.check()));
    assert!(evaluation.findings.iter().all(|finding| {
        let number = finding.resource().trim_start_matches('r');
        finding.state() == State::Open && evaluation.checks[finding.check()].policy == format!("p{number}")
    }));
}

#[test]
fn a_policy_with_a_thousand_checks_and_exemptions() {
    let check = |i: usize| format!(" require c{i}: resource.name != \"n{i}\"");
    let exempt = |i: usize| {
        format!(
            "exempt p {{\n for resource where resource.name == \"n{}\"\n until 2027-01-01\n because \"a reason\"\n}}",
            2 * i
        )
    };
    let policy = items("tag a: text\npolicy p {\n severity low\n", 1000, check) + "}\n";
    let evaluation = evaluated(items(&policy, 1000, exempt));
    let of = |state| evaluation.findings.iter().filter(|finding| finding.state() == state).count();
    assert_eq!((of(State::Open), of(State::Exempt)), (RESOURCES / 2, RESOURCES / 2));
}

#[test]
fn a_thousand_tags_and_goals() {
    let tag =
        |i: usize| format!("tag t{i}: one of [a, b] {{ default a }}\nnormalize t{i} {{ map \"x{i}\" -> b }}");
    let goal = |i: usize| {
        format!(
            "goal g{i} {{\n coverage of [t{i}] by count\n for resource where resource.name == \"n{i}\"\n at least 90%\n}}"
        )
    };
    let tags = items("policy p {\n severity low\n require t7 == a\n}\n", 1000, tag);
    let evaluation = evaluated(items(&tags, 1000, goal));
    assert_eq!((evaluation.goals.len(), evaluation.findings.len()), (1000, 0));
    assert_eq!(evaluation.goals.iter().map(|goal| goal.all.in_scope).sum::<u64>(), RESOURCES as u64);
    assert!(evaluation.goals.iter().all(|goal| goal.all.in_scope == goal.all.covered));
}

#[test]
fn an_enumeration_of_sixteen_thousand_members() {
    let list =
        |members: std::ops::Range<usize>| members.map(|i| format!("m{i}")).collect::<Vec<_>>().join(", ");
    let (all, half) = (list(0..16_000), list(0..8000));
    let policy =
        format!("policy p {{\n severity low\n require a in [{half}]\n require valid: a is valid\n}}");
    let evaluation = evaluated(format!("tag a: one of [{all}]\n{policy}\n"));
    assert_eq!(evaluation.checks.iter().map(|check| check.open).collect::<Vec<_>>(), [40, 40]);
}

#[test]
fn a_thousand_lookups() {
    let table = "tag a: text\ntable t from \"t.csv\" key k {\n k: text\n v: text\n}\n";
    let policy = |i: usize| {
        format!(
            "policy p{i} {{\n severity low\n for resource where t[\"{{resource.name}}-{i}\"].v == \"x\"\n require a\n}}"
        )
    };
    let evaluation = evaluated(items(table, 1100, policy));
    let found: Vec<_> = evaluation.findings.iter().map(|finding| finding.resource()).collect();
    assert_eq!(found, ["r7"]);
    assert_eq!(evaluation.checks[evaluation.findings.iter().next().unwrap().check()].policy, "p7");
}
