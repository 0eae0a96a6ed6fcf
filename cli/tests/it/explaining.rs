//! `tagpol explain`: which resource is meant, what is reported of it, and the contract of its JSON.

use serde_json::Value;

use crate::schema::{errors, undescribed};
use crate::support::{Folder, NOW, Run, repository};

const POLICIES: &str = r#"
tag environment: one of [production, staging]
tag owner: email
tag team: text
rule team-from-name { when resource.name has word "web"  fill team = "web-{environment}" }
policy owned {
  severity high
  for resource where environment == production
  require owner ends with "@company.com"
  require team
  grace 24 hours
  escalate to "x@company.com" after 48 hours
  control soc2 "CC6.1"
  remediate set owner = "ops@company.com"
}
policy named { severity low  require resource.name matches /[a-z0-9-]+/ }
exempt owned/team {
  for resource where resource.account == "1"
  until 2026-12-31
  because "later"
}
"#;

const INVENTORY: &str = "id,name,account,created,tag:environment,tag:Owner\n\
    a/1,web,1,2020-01-01,production,jane\n\
    b/1,api,1,2026-10-31T12:00:00Z,Production,\n\
    b/2,api,2,2020-01-01,production,\"\u{1b}[31mx\"\n\
    c/3,Web App,2,,staging,joe@company.com\n";

fn folder() -> Folder {
    Folder::with(&[("p.tagpol", POLICIES), ("i.csv", INVENTORY)])
}

fn explain(folder: &Folder, args: &[&str]) -> Run {
    folder.run(&[&["explain"], args, &["-p", "p.tagpol", "-i", "i.csv", "--now", NOW]].concat())
}

fn json(folder: &Folder, args: &[&str]) -> Value {
    let run = explain(folder, &[args, &["--format", "json"]].concat());
    serde_json::from_str(&run.ends_with(0)).unwrap()
}

#[test]
fn a_resource_is_found_by_its_id_its_name_or_the_end_of_its_id() {
    let folder = folder();
    for text in ["a/1", "web"] {
        assert_eq!(json(&folder, &[text])["resource"]["id"], "a/1", "{text}");
    }
    assert_eq!(json(&folder, &["/3"])["resource"]["id"], "c/3");
    explain(&folder, &["api"]).fails_with(2, &["several resources", "b/1  (api)", "b/2  (api)", "whole id"]);
    explain(&folder, &["1"]).fails_with(2, &["a/1  (web)", "b/1  (api)"]);
    explain(&folder, &["WEB"]).fails_with(2, &["no resource `WEB`", "did you mean", "a/1", "c/3"]);
    explain(&folder, &["it's \" nothing"]).fails_with(2, &["its id, its name, or the end of its id"]);
}

#[test]
fn what_is_asked_about_must_be_there() {
    let folder = folder();
    explain(&folder, &["web", "onwer"]).fails_with(2, &["`onwer`", "did you mean `owner`?"]);
    explain(&folder, &["web", "owned/taem"]).fails_with(2, &["did you mean `owned/team`?"]);
    let about = json(&folder, &["web", "owned/team"]);
    assert_eq!((about["tags"].as_array().unwrap().len(), about["checks"].as_array().unwrap().len()), (0, 1));
    assert_eq!(json(&folder, &["web", "team"])["tags"][0]["value"], "web-production");
}

#[test]
fn the_contract_describes_every_field() {
    let text = std::fs::read_to_string(repository().join("docs/schema/explain.v1.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(undescribed(&schema), Vec::<String>::new());
    let folder = folder();
    for args in [&["a/1"][..], &["b/1"], &["b/2"], &["c/3"], &["c/3", "named"], &["a/1", "team"]] {
        assert_eq!(errors(&schema, &json(&folder, args)), Vec::<String>::new(), "{args:?}");
    }
}

#[test]
fn states_and_changes_are_told() {
    let folder = folder();
    let state = |explained: &Value, check: &str| {
        let checks = explained["checks"].as_array().unwrap();
        checks.iter().find(|c| c["check"] == check).unwrap()["state"].clone()
    };
    let old = json(&folder, &["a/1"]);
    assert_eq!((state(&old, "owner"), state(&old, "team")), ("open".into(), "holds".into()));
    let change = &old["advice"]["smallest"][0];
    // What the policy names as its remedy comes first, and is not an example.
    assert_eq!((&change["tag"], &change["to"]), (&"owner".into(), &"ops@company.com".into()));
    assert_eq!(change["example_of"], Value::Null);
    let young = json(&folder, &["b/1"]);
    assert_eq!((state(&young, "owner"), state(&young, "team")), ("pending".into(), "exempt".into()));
    assert_eq!(young["advice"]["open"], 0);
    let named = json(&folder, &["c/3"]);
    assert_eq!(
        (state(&named, "owner"), &named["advice"]["stuck"][0]),
        ("out-of-scope".into(), &"named/name".into())
    );
    assert_eq!(named["advice"]["smallest"], Value::Null);
}

#[test]
fn a_value_steers_no_terminal() {
    let text = explain(&folder(), &["b/2"]).ends_with(0);
    assert!(!text.contains('\u{1b}') && text.contains("[31mx"), "{text}");
    assert!(explain(&folder(), &["b/2", "--color", "always"]).ends_with(0).contains("\u{1b}[1m"));
}

#[test]
fn a_policy_that_the_manifest_disables_is_not_told() {
    let folder = folder();
    folder.write("tagpol.toml", "[policy.named]\nenabled = false\n");
    let run = folder.run(&["explain", "c/3", "-i", "i.csv", "--now", NOW, "--format", "json"]);
    let told: Value = serde_json::from_str(&run.ends_with(0)).unwrap();
    assert!(told["checks"].as_array().unwrap().iter().all(|check| check["policy"] == "owned"));
    assert_eq!(told["checks"][0]["scope"]["place"]["line"], 8);
}
