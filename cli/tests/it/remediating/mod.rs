//! `tagpol remediate`: plans, and what becomes of them in clouds.

mod aws;
mod emitting;
mod lists;
mod other_clouds;
mod walk_through;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::schema::{errors, undescribed};
use crate::support::{Folder, Run, repository};

/// Policies whose findings have remedies, and a rule that gives values.
const POLICIES: &str = r#"
tag environment: one of [production, staging, development]
tag owner: email
tag team: text
tag cost-center: text matching /CC-[0-9]{3}/

normalize environment {
  keys "env", "stage"
  write aws "Environment" gcp "env"
  map "prod", "prd" -> production
  map "n/a"         -> missing
}

normalize owner { write aws "Owner" azure "Owner" gcp "owner" }

rule cost-center-of-team {
  when team == "web"
  fill cost-center = "CC-100"
}

policy owned {
  severity high
  require owner
  remediate set owner = "{team}@example.com"
}

policy placed {
  severity medium
  require environment
  remediate set environment = development
}

policy production-has-a-cost-center {
  severity critical
  for resource where environment == production
  require cost-center
}
"#;

/// Makes a plan in `plan.json`, and returns it.
fn plan(folder: &Folder, args: &[&str]) -> Value {
    let run = folder.run(&[&["remediate", "plan", "-o", "plan.json"], args].concat());
    assert_eq!(run.code, 0, "{run:#?}");
    read_plan(folder, "plan.json")
}

/// Reads a plan, which is as its schema describes it.
fn read_plan(folder: &Folder, name: &str) -> Value {
    let plan = serde_json::from_str(&folder.read(name)).unwrap();
    let schema = std::fs::read_to_string(repository().join("docs/schema/remediation-plan.v1.json")).unwrap();
    let schema = serde_json::from_str(&schema).unwrap();
    assert_eq!(undescribed(&schema), [""; 0]);
    assert_eq!(errors(&schema, &plan), [""; 0]);
    plan
}

fn hash(plan: &Value) -> &str {
    plan["content_hash"].as_str().unwrap()
}

/// The fingerprints of the findings that a plan promises to close.
fn promised(plan: &Value) -> BTreeSet<String> {
    let resources = plan["resources"].as_array().unwrap().iter();
    let changes = resources.flat_map(|resource| resource["changes"].as_array().unwrap());
    let findings = changes.flat_map(|change| change["closes"].as_array().unwrap());
    findings.map(|finding| finding["fingerprint"].as_str().unwrap().to_owned()).collect()
}

/// The fingerprints of the open findings of an evaluation without the state of the project.
fn findings(folder: &Folder) -> BTreeSet<String> {
    let run = folder.run(&["eval", "--no-state", "--format", "json", "--fail-on", "none"]);
    let report: Value = serde_json::from_str(&run.ends_with(0)).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    findings.map(|finding| finding["fingerprint"].as_str().unwrap().to_owned()).collect()
}

/// The tags of resources, by id.
type Rows = BTreeMap<String, BTreeMap<String, String>>;

/// The reasons why wanted changes are not planned, by resource.
fn skipped(plan: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let skipped = plan["skipped"].as_array().unwrap().iter();
    skipped.map(|skip| (text(&skip["resource"]), text(&skip["reason"]))).collect()
}

/// Asserts that a run ends with a code and says these things, on either stream.
fn says(run: &Run, code: i32, said: &[&str]) {
    assert_eq!(run.code, code, "{run:#?}");
    for part in said {
        assert!(run.out.contains(part) || run.err.contains(part), "no {part:?} in {run:#?}");
    }
}
