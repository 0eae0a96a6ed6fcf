//! What a model says of tags: where it applies, and what people answer.

use serde_json::Value;
use tagpol_state::{Prediction, StateError, StateStore};

use crate::schema::errors;
use crate::support::{Folder, NOW, Run, repository};

const POLICY: &str = "\
tag team: text
tag owner: text
infer team { apply at 0.90  suggest at 0.70 }
policy teamed { severity high  require team }
policy by-people { severity low  forbid team.source == inferred }
policy sure { severity medium  forbid team.confidence < 0.95 }
";

/// Returns a project in whose store a model has said: `red` of `sure` (0.96), of `just` (0.9) and,
/// not sure enough, of `hardly` (0.89); the owner, whom no `infer` names, of `sure` (1).
fn project() -> Folder {
    let folder = Folder::with(&[
        ("tagpol.toml", ""),
        ("p.tagpol", POLICY),
        ("i.csv", "id,tag:owner\nsure,\njust,\nhardly,\n"),
    ]);
    let said = |resource: &str, tag: &str, confidence| Prediction {
        resource: resource.to_owned(),
        tag: tag.to_owned(),
        value: "red".to_owned(),
        confidence,
    };
    let predictions = [
        said("sure", "team", 0.96),
        said("just", "team", 0.9),
        said("hardly", "team", 0.89),
        said("sure", "owner", 1.0),
    ];
    let store = StateStore::new(folder.path().join(".tagpol/state.db"));
    store.write::<_, StateError>(|state| state.set_predictions(&predictions)).unwrap();
    folder
}

fn tags(folder: &Folder, args: &[&str]) -> Run {
    folder.run(&[&["tags"], args, &["--by", "jane"]].concat())
}

/// The findings: policy and resource, in the order of their names.
fn findings(folder: &Folder) -> Vec<[String; 2]> {
    let args = ["eval", "-i", "i.csv", "--now", NOW, "--format", "json", "--fail-on", "none", "--no-record"];
    let report: Value = serde_json::from_str(&folder.run(&args).ends_with(0)).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let findings = report["findings"].as_array().unwrap().iter();
    let mut found: Vec<_> =
        findings.map(|finding| [text(&finding["policy"]), text(&finding["resource"])]).collect();
    found.sort();
    found
}

fn pairs(expected: &[[&str; 2]]) -> Vec<[String; 2]> {
    expected.iter().map(|pair| pair.map(str::to_owned)).collect()
}

fn explain(folder: &Folder, resource: &str, more: &[&str]) -> String {
    let args = ["explain", resource, "team", "-i", "i.csv", "--now", NOW, "--color", "never"];
    folder.run(&[&args[..], more].concat()).ends_with(0)
}

/// Source, value and fate of what could give a resource its team, by a JSON that keeps its contract.
fn contenders(folder: &Folder, resource: &str) -> Vec<[String; 3]> {
    let schema = std::fs::read_to_string(repository().join("docs/schema/explain.v1.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let told: Value = serde_json::from_str(&explain(folder, resource, &["--format", "json"])).unwrap();
    assert_eq!(errors(&schema, &told), Vec::<String>::new());
    let team = &told["tags"][0];
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let contenders = team["contenders"].as_array().unwrap().iter();
    let told: Vec<[String; 3]> =
        contenders.map(|one| ["source", "value", "fate"].map(|key| text(&one[key]))).collect();
    let winner = told.iter().find(|one| one[2] == "won");
    assert_eq!(text(&team["source"]), winner.map(|one| one[0].clone()).unwrap_or_default());
    told
}

#[test]
fn what_is_said_surely_enough_applies() {
    let folder = project();
    let expected =
        pairs(&[["by-people", "just"], ["by-people", "sure"], ["sure", "just"], ["teamed", "hardly"]]);
    assert_eq!(findings(&folder), expected);
    assert_eq!(contenders(&folder, "just"), [["inferred", "red", "won"]]);
    assert_eq!(contenders(&folder, "hardly"), Vec::<[String; 3]>::new());
    let told = explain(&folder, "sure", &[]);
    assert!(told.contains("the model predicts `red` with confidence 0.96"), "{told}");
    let told: Value = serde_json::from_str(&explain(&folder, "sure", &["--format", "json"])).unwrap();
    assert_eq!(told["tags"][0]["contenders"][0]["confidence"], 0.96);
    assert!(!explain(&folder, "hardly", &[]).contains("red"));
}

#[test]
fn what_is_confirmed_is_decided() {
    let folder = project();
    let said = tags(&folder, &["confirm", "just", "team"]).ends_with(0);
    assert_eq!(said, "just: team = `red`\n");
    tags(&folder, &["confirm", "hardly", "team=blue"]).ends_with(0);
    assert_eq!(findings(&folder), pairs(&[["by-people", "sure"]]));
    assert_eq!(contenders(&folder, "just"), [["decided", "red", "won"], ["inferred", "red", "beaten"]]);
    assert_eq!(contenders(&folder, "hardly"), [["decided", "blue", "won"]]);
    let told = explain(&folder, "just", &[]);
    assert!(told.contains("jane decided `red` on "), "{told}");
    assert!(told.contains("the model predicts `red` with confidence 0.9, overridden by a person"), "{told}");
    // Without the decision it is the model's again.
    tags(&folder, &["unset", "just", "team"]).ends_with(0);
    assert_eq!(contenders(&folder, "just"), [["inferred", "red", "won"]]);
}

#[test]
fn what_is_rejected_does_not_apply() {
    let folder = project();
    let said = tags(&folder, &["reject", "sure", "team"]).ends_with(0);
    assert_eq!(said, "sure: team = not `red`\n");
    // Another value than the one that is said.
    tags(&folder, &["reject", "just", "team=blue"]).ends_with(0);
    let expected = [["by-people", "just"], ["sure", "just"], ["teamed", "hardly"], ["teamed", "sure"]];
    assert_eq!(findings(&folder), pairs(&expected));
    assert_eq!(contenders(&folder, "sure"), Vec::<[String; 3]>::new());
    tags(&folder, &["reject", "sure", "team"])
        .fails_with(2, &["there is no suggestion for `team` of `sure`"]);
    // Agreeing later ends the refusal.
    tags(&folder, &["confirm", "sure", "team=red"]).ends_with(0);
    tags(&folder, &["unset", "sure", "team"]).ends_with(0);
    assert_eq!(contenders(&folder, "sure"), [["inferred", "red", "won"]]);
    let history = folder.run(&["tags", "history", "sure"]).ends_with(0);
    assert!(history.contains("jane  reject  sure: team = not `red`"), "{history}");
}
