//! Plans for lists of resources, and what they take from the state and from Terraform.

use serde_json::{Value, json};
use tagpol_state::{Prediction, StateError, StateStore};

use super::{POLICIES, hash, plan, says, skipped};
use crate::support::{Folder, Run};

const JOBS: &str = "arn:aws:sqs:eu-west-1:111122223333:jobs";

fn sources(plan: &Value) -> Vec<(String, String)> {
    let resources = plan["resources"].as_array().unwrap().iter();
    let changes = resources.flat_map(|resource| resource["changes"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    changes.map(|change| (text(&change["key"]), text(&change["provenance"]["source"]))).collect()
}

#[test]
fn predictions_are_planned_on_request_and_marked() {
    let policy = "tag team: text\ninfer team { apply at 0.90  suggest at 0.70 }\n\
                  policy teamed { severity high  require team }\n";
    let row = json!({"id": JOBS, "provider": "aws", "type": "sqs", "tags": {}}).to_string();
    let folder = Folder::with(&[("tagpol.toml", ""), ("p.tagpol", policy), ("list.ndjson", &row)]);
    let (resource, tag, value) = (JOBS.to_owned(), "team".to_owned(), "web".to_owned());
    let prediction = Prediction { resource, tag, value, confidence: 0.96 };
    let store = StateStore::new(folder.path().join(".tagpol/state.db"));
    store.write::<_, StateError>(|state| state.set_predictions(&[prediction])).unwrap();
    let without = plan(&folder, &["-i", "list.ndjson"]);
    assert_eq!(without["resources"], json!([]));
    assert_eq!(skipped(&without), [(JOBS.to_owned(), "inferred".to_owned())]);
    let with = plan(&folder, &["-i", "list.ndjson", "--include-inferred"]);
    assert_eq!(sources(&with), [("team".to_owned(), "inferred".to_owned())]);
    assert_eq!(with["resources"][0]["changes"][0]["provenance"]["confidence"], "0.96");
    // What the cloud lacks is a finding for everyone without the predictions.
    assert_eq!(with["resources"][0]["changes"][0]["closes"][0]["policy"], "teamed");
    let shown = folder.run(&["remediate", "show", "plan.json"]).ends_with(0);
    assert!(shown.contains("+ team: \"web\"  INFERRED by the model, confidence 0.96"), "{shown}");
    assert!(shown.contains("with values of the model"), "{shown}");
    // Without the state nothing is known of them.
    let without = plan(&folder, &["-i", "list.ndjson", "--include-inferred", "--no-state"]);
    assert_eq!((without["resources"].clone(), without["skipped"].clone()), (json!([]), json!([])));
}

#[test]
fn what_a_terraform_state_lists_is_not_applied() {
    let state = json!({
        "version": 4, "terraform_version": "1.9.0", "serial": 1, "lineage": "l", "outputs": {},
        "resources": [{
            "mode": "managed", "type": "aws_sqs_queue", "name": "jobs",
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{"schema_version": 0, "attributes": {
                "arn": JOBS, "id": "jobs", "name": "jobs", "tags": {"team": "web"}, "tags_all": {"team": "web"}}}],
        }],
    });
    let row = json!({"id": JOBS, "provider": "aws", "type": "sqs", "size": 5, "tags": {"team": "web"}});
    let folder = Folder::with(&[
        ("tagpol.toml", ""),
        ("p.tagpol", POLICIES),
        ("terraform.tfstate", &state.to_string()),
        ("list.ndjson", &row.to_string()),
    ]);
    // Whichever comes first: metadata of the other does not replace the place in the configuration.
    for files in [["terraform.tfstate", "list.ndjson"], ["list.ndjson", "terraform.tfstate"]] {
        let plan = plan(&folder, &["-i", files[0], "-i", files[1]]);
        assert_eq!(plan["resources"].as_array().unwrap().len(), 1, "{plan:#}");
        assert_eq!(plan["resources"][0]["id"], JOBS);
        assert_eq!(plan["resources"][0]["terraform"]["address"], "aws_sqs_queue.jobs");
        let args = ["remediate", "apply", "plan.json", "--confirm", hash(&plan)];
        says(&folder.run(&args), 1, &["skipped: managed by Terraform as aws_sqs_queue.jobs", "1 skipped"]);
    }
}

#[test]
fn a_plan_is_for_the_rows_of_tables_too() {
    let policies = "tag owner: text\ntable owners from \"o.csv\" key account {\n  account: text\n  owner: text\n}\n\
                    rule r { fill owner = owners[resource.account].owner }\n";
    let row = json!({"id": JOBS, "provider": "aws", "account": "1", "tags": {}}).to_string();
    let folder = Folder::with(&[
        ("tagpol.toml", ""),
        ("p.tagpol", policies),
        ("o.csv", "account,owner\n1,ann\n"),
        ("list.ndjson", &row),
    ]);
    let args = ["-i", "list.ndjson"];
    let made = plan(&folder, &args);
    assert_eq!(made["resources"][0]["changes"][0]["after"], "ann", "{made:#}");
    folder.write("o.csv", "account,owner\n1,bob\n");
    let confirm = ["remediate", "apply", "plan.json", "--confirm", hash(&made)];
    folder.run(&confirm).fails_with(2, &["the policies have changed since the plan was made, or a table"]);
    let other = plan(&folder, &args);
    assert_ne!(other["program_hash"], made["program_hash"]);
}

#[test]
fn no_output_replaces_what_it_is_made_from() {
    let row = json!({"id": JOBS, "provider": "aws", "tags": {"team": "web"}}).to_string();
    let files =
        [("tagpol.toml", ""), ("p.tagpol", POLICIES), ("list.ndjson", row.as_str()), ("tf/a.tf", "# a\n")];
    let folder = Folder::with(&files);
    let run = |args: &[&str]| folder.run(&[&["remediate"], args].concat());
    for output in ["list.ndjson", "./list.ndjson", "p.tagpol", "tagpol.toml"] {
        run(&["plan", "-i", "list.ndjson", "-o", output]).fails_with(2, &["would replace", "another file"]);
    }
    run(&["plan", "-i", "list.ndjson", "-o", "plan.json"]).ends_with(0);
    // A plan may be made again.
    run(&["plan", "-i", "list.ndjson", "-o", "plan.json"]).ends_with(0);
    for target in ["aws", "c7n"] {
        run(&["emit", target, "plan.json", "-o", "plan.json"])
            .fails_with(2, &["would replace", "another file"]);
    }
    let patch = ["emit", "terraform", "plan.json", "--configuration", "tf", "-o", "tf/a.tf"];
    run(&patch).fails_with(2, &["would replace", "another file"]);
    run(&["rollback", "plan.json", "-o", "plan.json"]).fails_with(2, &["would replace", "another file"]);
    for (name, text) in files {
        assert_eq!(folder.read(name), text, "{name}");
    }
}

#[test]
fn the_next_commands_name_the_project() {
    let row = json!({"id": JOBS, "provider": "aws", "tags": {"team": "web"}}).to_string();
    let folder =
        Folder::with(&[("shop/tagpol.toml", ""), ("shop/p.tagpol", POLICIES), ("shop/list.ndjson", &row)]);
    let run = folder.run(&["remediate", "plan", "shop", "-i", "shop/list.ndjson", "-o", "plan.json"]);
    assert!(run.err.contains("review it with `tagpol remediate show plan.json -p shop`"), "{run:#?}");
    let shown = folder.run(&["remediate", "show", "plan.json", "-p", "shop"]).ends_with(0);
    assert!(shown.contains("to apply it: tagpol remediate apply plan.json -p shop --confirm"), "{shown}");
    // What apply would skip has no such line.
    let row = json!({"id": "i-0abc", "provider": "aws", "tags": {"team": "web"}}).to_string();
    folder.write("shop/list.ndjson", row);
    folder.run(&["remediate", "plan", "shop", "-i", "shop/list.ndjson", "-o", "plan.json"]).ends_with(0);
    let shown = folder.run(&["remediate", "show", "plan.json"]).ends_with(0);
    assert!(shown.contains("not applied: the cloud does not find it by its id"), "{shown}");
    assert!(!shown.contains("to apply it"), "{shown}");
}

#[test]
fn a_plan_without_changes_shows_what_gives_values() {
    let row = json!({"id": JOBS, "provider": "aws", "tags": {}}).to_string();
    let policies = "tag owner: email\npolicy owned { severity high\n require owner }\n";
    let folder = Folder::with(&[("tagpol.toml", ""), ("p.tagpol", policies), ("list.ndjson", &row)]);
    let run = folder.run(&["remediate", "plan", "-i", "list.ndjson", "-o", "plan.json"]);
    let reason =
        "there is nothing to change: no rule, `remediate set` or decision gives a tag another value\n";
    assert_eq!((run.code, run.err.as_str()), (0, reason), "{run:?}");
}

#[test]
fn requests_that_mean_nothing_are_usage_errors() {
    let row = json!({"id": JOBS, "provider": "aws", "tags": {}}).to_string();
    let folder = Folder::with(&[("tagpol.toml", ""), ("p.tagpol", POLICIES), ("list.ndjson", &row)]);
    let run =
        |args: &[&str]| -> Run { folder.run(&[&["remediate", "plan", "-i", "list.ndjson"], args].concat()) };
    run(&["--policy", "ownd"]).fails_with(2, &["there is no policy `ownd`", "did you mean `owned`?"]);
    run(&["--where", "resource.nam == \"x\""]).fails_with(2, &["is not a condition", "--where"]);
    folder.write("tagpol.toml", "protect = [\" \"]\n");
    run(&[]).fails_with(2, &["`protect` has an empty key"]);
    folder.write("tagpol.toml", "protect = \"Owner\"\n");
    run(&[]).fails_with(2, &["protect = [\"Owner\"]"]);
    folder.run(&["remediate", "show", "p.tagpol"]).fails_with(2, &["this is not a plan"]);
    folder.run(&["remediate", "show", "none.json"]).fails_with(2, &["none.json"]);
}

#[test]
fn the_same_input_gives_the_same_plan() {
    let rows: String = (0..50)
        .map(|n| {
            json!({"id": format!("{JOBS}-{n}"), "provider": "aws", "tags": {"team": "web"}}).to_string()
                + "\n"
        })
        .collect();
    let folder = Folder::with(&[("tagpol.toml", ""), ("p.tagpol", POLICIES), ("list.ndjson", &rows)]);
    let args = ["-i", "list.ndjson", "--now", "2026-11-30"];
    let (one, other) = (plan(&folder, &args), plan(&folder, &args));
    assert_eq!(one, other);
    assert_eq!(one["resources"].as_array().unwrap().len(), 50);
    // A condition is no policy: the plan is for the same ones.
    let with = plan(&folder, &[&args[..], &["--where", "resource.id ends with \"-7\""]].concat());
    assert_eq!(
        (with["resources"].as_array().unwrap().len(), &with["program_hash"]),
        (1, &one["program_hash"])
    );
}
