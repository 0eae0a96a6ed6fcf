//! Judging each distinct value once gives what judging each resource gives.

use std::fmt::Write as _;

use chrono::{DateTime, Utc};
use tagpol_eval::{
    Details, Distinct, Evaluation, Finding, FindingSelection, Findings, Options, RunError, State,
    StatementLimits, TOP_FINDINGS, evaluate, evaluate_in_detail,
};
use tagpol_inventory::{ImportError, ImportOptions, Snapshot, import};
use tagpol_sema::program::Program;
use tagpol_sema::{Database, analysis};
use tempfile::TempDir;

/// Findings in all states, a remedy, tags that read tags, and a value that a rule looks for in others.
const POLICIES: &str = r#"
tag environment: one of [production, staging, development]
tag owner: email
tag team: text

normalize environment {
  keys "env", "stage"
  map "prod", "prd" -> production
  map "dev*" -> development
}

rule environment-of-name {
  when resource.name has word ["prod"]
  fill environment = production
}

rule team-of-owner {
  when owner ends with "@core.example"
  fill team = "core"
}

policy owned {
  severity high
  for resource where environment == production
  require owner, team
}

policy tidy {
  severity low
  grace 30 days
  require environment
  forbid team == "core" and resource.region == "eu"
}

policy cheap {
  severity medium
  require resource.monthly-cost < 95 USD
}

exempt owned {
  for resource where resource.account == "3"
  until 2027-01-01
  because "is being closed"
}
"#;

/// More than are judged resource by resource.
const MANY: usize = 20_010;

fn now() -> DateTime<Utc> {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn program() -> Program {
    let db = Database::default();
    let project = db.project(vec![("p.tagpol".to_owned(), POLICIES.to_owned())]);
    let analysis = analysis(&db, project);
    assert!(analysis.diagnostics.is_empty(), "{:?}", analysis.diagnostics);
    Program::clone(&analysis.program)
}

/// Resources with values that are missing, empty, hostile, rare and frequent; the first so many have no
/// cost.
fn resources(count: usize, unpriced: usize) -> String {
    let environments = ["prod", "PRD", " dev-7", "", "n/a", "it's\\\"", "\\u0000", "été"];
    let owners = ["jane@core.example", "jane", "", "JANE@core.example "];
    let mut text = String::new();
    for i in 0..count {
        let mut tags = Vec::new();
        if i % 3 > 0 {
            tags.push(format!(r#""env":"{}""#, environments[i % environments.len()]));
        }
        if i % 5 > 0 {
            tags.push(format!(r#""owner":"{}""#, owners[i % owners.len()]));
        }
        if i % 7 == 0 {
            tags.push(format!(r#""Team":"team {}""#, i % 1000));
        }
        let name = if i % 11 == 0 { "web-prod" } else { "web" };
        let created = if i % 2 == 0 { "2026-10-20T00:00:00Z" } else { "2026-01-01T00:00:00Z" };
        let region = ["eu", "us"][i % 2];
        let account = i % 5;
        let cost = if i < unpriced { "null".to_owned() } else { (i % 100).to_string() };
        let tags = tags.join(",");
        let _ = writeln!(
            text,
            r#"{{"id":"r{i}","name":"{name}","account":"{account}","region":"{region}","created":"{created}","monthly_cost":{cost},"tags":{{{tags}}}}}"#
        );
    }
    text
}

fn snapshot(count: usize, unpriced: usize) -> (Snapshot, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("resources.ndjson");
    std::fs::write(&file, resources(count, unpriced)).unwrap();
    let options = ImportOptions { currency: Some("USD".to_owned()), ..ImportOptions::at(now()) };
    let import = import(&[file], &options, &mut |_| {}).unwrap();
    let snapshot = import.write(folder.path(), &mut |_| {}).unwrap();
    assert_eq!(snapshot.manifest().counts.resources, count as u64);
    (snapshot, folder)
}

fn in_detail(
    snapshot: &Snapshot,
    distinct: Distinct,
    findings: FindingSelection,
    limits: StatementLimits,
) -> (Evaluation, Details) {
    let options = Options { distinct, findings, limits, ..Options::at(now()) };
    evaluate_in_detail(&program(), snapshot, &options, None).unwrap()
}

#[test]
fn both_ways_give_the_same() {
    let (snapshot, _folder) = snapshot(3000, 30);
    let usual = StatementLimits::default();
    let (plain, details) = in_detail(&snapshot, Distinct::Large, FindingSelection::All, usual);
    let states = [State::Open, State::Pending, State::Exempt];
    assert!(states.iter().all(|state| plain.findings.iter().any(|f| f.state() == *state)), "all states");
    let (distinct, distinct_details) = in_detail(&snapshot, Distinct::Always, FindingSelection::All, usual);
    assert_eq!(distinct, plain);
    assert_eq!(distinct_details.waivers, details.waivers);
}

#[test]
fn several_statements_give_the_same_as_one() {
    let (snapshot, _folder) = snapshot(3000, 30);
    let (whole, details) =
        in_detail(&snapshot, Distinct::Large, FindingSelection::All, StatementLimits::default());
    for limit in [1, 2, 3] {
        for distinct in [Distinct::Large, Distinct::Always] {
            let (parts, details_of_parts) =
                in_detail(&snapshot, distinct, FindingSelection::All, StatementLimits::all(limit));
            assert_eq!(parts, whole, "{limit}, {distinct:?}");
            assert_eq!(details_of_parts.waivers, details.waivers, "{limit}, {distinct:?}");
        }
    }
}

#[test]
fn the_dearest_open_findings_are_among_those_that_are_read() {
    the_dearest_are_read(100, StatementLimits::default());
}

#[test]
fn the_dearest_are_read_by_several_statements() {
    the_dearest_are_read(100, StatementLimits::all(2));
    the_dearest_are_read(MANY - 2, StatementLimits::all(2));
}

#[test]
fn where_few_costs_are_known_the_first_by_id_are_read() {
    the_dearest_are_read(MANY - 2, StatementLimits::default());
}

fn the_dearest_are_read(unpriced: usize, limits: StatementLimits) {
    let (snapshot, _folder) = snapshot(MANY, unpriced);
    let (all, details) =
        in_detail(&snapshot, Distinct::Large, FindingSelection::All, StatementLimits::default());
    let (some, some_details) = in_detail(&snapshot, Distinct::Large, FindingSelection::TopByCost, limits);
    let (read, of) = (some.findings.len(), all.findings.len());
    assert!(read * 10 < of, "{read} of {of}");
    assert!(some.findings.iter().all(|finding| all.findings.iter().any(|one| one == finding)));
    for check in 0..all.checks.len() {
        assert_eq!(dearest(&some, check), dearest(&all, check));
    }
    assert_eq!(
        Evaluation { findings: Findings::default(), ..some },
        Evaluation { findings: Findings::default(), ..all }
    );
    assert_eq!(some_details.waivers.list, details.waivers.list);
}

fn dearest(evaluation: &Evaluation, check: usize) -> Vec<Finding<'_>> {
    let open = evaluation.findings.iter().filter(|f| f.check() == check && f.state() == State::Open);
    let mut open: Vec<Finding<'_>> = open.collect();
    let cost = |finding: &Finding<'_>| finding.cost().map_or(i128::MIN, |cost| cost.unscaled);
    open.sort_by(|a, b| cost(b).cmp(&cost(a)).then_with(|| a.resource().cmp(b.resource())));
    open.truncate(TOP_FINDINGS);
    open
}

#[test]
fn values_that_were_changed_are_an_error() {
    let (snapshot, _folder) = snapshot(100, 0);
    let always = Options { distinct: Distinct::Always, ..Options::at(now()) };
    let file = snapshot.dir().join("values.parquet");
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let error = evaluate(&program(), &snapshot, &always).unwrap_err();
    assert!(matches!(error, RunError::Inventory(ImportError::Damaged { .. })), "{error}");
    assert!(error.to_string().contains("`values.parquet` was changed"), "{error}");
    // Where they are not asked for, nothing depends on them.
    evaluate(&program(), &snapshot, &Options::at(now())).unwrap();
}
