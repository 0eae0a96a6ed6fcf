//! `tagpol eval --terraform`, and other inventories of the clouds' own.

use serde_json::Value;

use crate::support::{Folder, OWNED, repository};

fn fixture(name: &str) -> String {
    std::fs::read_to_string(repository().join("engine/inventory/tests/fixtures").join(name)).unwrap()
}

/// Returns the resources that open findings are about.
fn found(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap();
    let findings = report["findings"].as_array().unwrap().iter().filter(|finding| finding["state"] == "open");
    findings.map(|finding| finding["resource"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn findings_of_a_plan_point_at_addresses() {
    let policy = "tag environment: one of [production, staging]
policy has-environment { severity high  for resource where resource.provider == aws  require environment }
";
    let folder = Folder::with(&[("p.tagpol", policy), ("plan.json", &fixture("terraform_plan.json"))]);
    let run = folder.run(&["eval", "p.tagpol", "--terraform", "plan.json", "--format", "json"]);
    // What will be deleted is not there, and default tags count.
    let expected = [
        "aws_autoscaling_group.workers",
        "aws_autoscaling_group.workers.instances",
        "aws_autoscaling_group.workers.volumes",
        "aws_instance.web[0].ebs_block_device[0]",
        "aws_instance.web[0].root_block_device[0]",
    ];
    let note = "note: plan.json: resources of types without tags are not evaluated: `aws_iam_role_policy_attachment` (1)";
    assert!(run.err.contains(note), "{run:?}");
    assert_eq!(found(&run.ends_with(1)), expected);
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn a_plan_without_taggable_resources_is_nothing_to_judge() {
    let plan = r#"{"format_version": "1.2", "terraform_version": "1.9.0", "resource_changes": []}"#;
    let folder = Folder::with(&[("p.tagpol", OWNED), ("plan.json", plan)]);
    let run = folder.run(&["eval", "p.tagpol", "--terraform", "plan.json"]);
    assert!(run.err.contains("no resources with tags"), "{run:?}");
    run.ends_with(0);
}

#[test]
fn a_plan_that_is_none_says_how_to_make_one() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("main.tf", "resource \"aws_instance\" \"web\" {}\n")]);
    folder.write("tfplan", b"PK\x03\x04");
    for name in ["main.tf", "tfplan"] {
        let said = ["it is not a Terraform plan or state", "terraform show -json PLAN"];
        folder.run(&["eval", "p.tagpol", "--terraform", name]).fails_with(3, &said);
    }
    let both = ["eval", "p.tagpol", "--terraform", "a", "--inventory", "b"];
    folder.run(&both).fails_with(2, &["cannot be used with"]);
}

#[test]
fn a_bill_and_an_inventory_are_joined() {
    let folder = Folder::with(&[
        ("cost.csv", &fixture("azure_cost.csv")),
        ("resources.json", &fixture("azure_graph.json")),
    ]);
    let out = folder.run(&["snapshot", "import", "cost.csv", "resources.json"]).ends_with(0);
    for line in [
        "  costs of    2026-09 (EUR)\n",
        "              1 charge without a resource: 29 EUR in that month\n",
        "  2026-09     30.751 EUR\n",
        "  matching    1 in both, 1 only in a bill (0.001), 1 only in an inventory\n",
        "  from        cost.csv (azure-cost, 4 rows)\n",
    ] {
        assert!(out.contains(line), "no {line:?} in {out}");
    }
    let orphans = folder.run(&["snapshot", "show", "--orphans"]).ends_with(0);
    let lines: Vec<&str> = orphans.lines().collect();
    assert_eq!(lines.len(), 2, "{orphans}");
    assert!(lines[0].starts_with("bill only       /subscriptions/") && lines[0].ends_with("/gone  0.001"));
    assert!(lines[1].starts_with("inventory only  ") && lines[1].ends_with("/weblogs"));
}

#[test]
fn formats_are_listed() {
    let out = Folder::new().run(&["snapshot", "formats"]).ends_with(0);
    for format in ["focus-csv", "aws-cur", "azure-resources", "gcp-assets", "terraform", "csv"] {
        assert!(out.lines().any(|line| line.split(' ').next() == Some(format)), "{format} in {out}");
    }
    let unknown = ["snapshot", "import", "x", "--inventory-format", "xml"];
    Folder::new().run(&unknown).fails_with(2, &["`xml` is not an inventory format", "`aws-cur`"]);
}

/// A plan in which the owner of one instance, all tags of a queue and some default tags of a bucket are known only
/// after apply.
const UNKNOWN_TAGS: &str = r#"{"format_version": "1.2", "terraform_version": "1.9.8", "resource_changes": [
  {"address": "aws_instance.web", "type": "aws_instance", "name": "web", "provider_name": "registry.terraform.io/hashicorp/aws",
   "change": {"actions": ["create"], "after": {"tags": {"team": "core"}, "tags_all": {"team": "core"}},
    "after_unknown": {"tags": {"owner": true}, "tags_all": {"owner": true}}}},
  {"address": "aws_sqs_queue.jobs", "type": "aws_sqs_queue", "name": "jobs", "provider_name": "registry.terraform.io/hashicorp/aws",
   "change": {"actions": ["create"], "after": {"tags": {"team": "core"}, "tags_all": {"team": "core"}}, "after_unknown": {}}},
  {"address": "aws_sqs_queue.later", "type": "aws_sqs_queue", "name": "later", "provider_name": "registry.terraform.io/hashicorp/aws",
   "change": {"actions": ["create"], "after": {}, "after_unknown": {"tags": true, "tags_all": true}}},
  {"address": "aws_s3_bucket.logs", "type": "aws_s3_bucket", "name": "logs", "provider_name": "registry.terraform.io/hashicorp/aws",
   "change": {"actions": ["create"], "after": {"tags": {"team": "core"}}, "after_unknown": {"tags_all": true}}}
 ], "configuration": {"provider_config": {"aws": {"name": "aws", "expressions": {"default_tags": [{"tags": {"references": ["local.tags"]}}]}}},
  "root_module": {"resources": [{"address": "aws_s3_bucket.logs", "provider_config_key": "aws"}]}}}"#;

/// Returns the checks and resources of a state, from a report in JSON.
fn in_state(report: &str, state: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    let of_state = findings.filter(|finding| finding["state"] == state);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    of_state.map(|finding| format!("{} {}", text(&finding["check"]), text(&finding["resource"]))).collect()
}

#[test]
fn checks_of_unknown_values_are_undetermined() {
    let policy = "tag owner: email\ntag team: text\npolicy owned { severity high  require owner, team }\n";
    let folder = Folder::with(&[("p.tagpol", policy), ("plan.json", UNKNOWN_TAGS)]);
    let eval = ["eval", "p.tagpol", "--terraform", "plan.json", "--no-state"];
    let run = folder.run(&[&eval[..], &["--format", "json"]].concat());
    let json = run.ends_with(1);
    assert_eq!(in_state(&json, "open"), ["owner aws_sqs_queue.jobs"]);
    assert_eq!(
        in_state(&json, "undetermined"),
        [
            "owner aws_instance.web",
            "owner aws_s3_bucket.logs",
            "owner aws_sqs_queue.later",
            "team aws_sqs_queue.later"
        ]
    );
    let report: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(report["summary"]["undetermined"], 4);
    assert_eq!(report["checks"][0]["in_scope"], 1);
    let run = folder.run(&eval);
    assert!(
        run.err.contains("values are known only after apply, such as tag `owner` of `aws_instance.web`"),
        "{run:?}"
    );
    let text = run.ends_with(1);
    assert!(text.contains("Undetermined        4 checks depend on values that are not known"), "{text}");
    assert!(text.contains("Compliant           0 of 4 resources in scope"), "{text}");
    let explain = ["explain", "aws_sqs_queue.later", "-p", "p.tagpol", "--no-state", "-i", "plan.json"];
    let explained = folder.run(&explain).ends_with(0);
    assert!(
        explained.contains("owned/team  undetermined\n    it depends on a value that is not known"),
        "{explained}"
    );
    let markdown = folder.run(&[&eval[..], &["--format", "markdown"]].concat()).ends_with(1);
    assert!(markdown.contains("\nUndetermined: 4 checks depend"), "{markdown}");
    let sarif = folder.run(&[&eval[..], &["--format", "sarif"]].concat()).ends_with(1);
    assert_eq!(sarif.matches("undetermined: it depends on a value").count(), 4, "{sarif}");
}

#[test]
fn undetermined_checks_fail_only_if_they_shall() {
    let policy = "tag owner: email\nrule fills { fill owner = \"jane@example.com\" }\n\
                  policy owned { severity medium  require owner }\n";
    let folder = Folder::with(&[("p.tagpol", policy), ("plan.json", UNKNOWN_TAGS)]);
    let eval = ["eval", "p.tagpol", "--terraform", "plan.json", "--no-state"];
    // A rule fills what is missing, but what is not known may come to something else.
    let json = folder.run(&[&eval[..], &["--format", "json"]].concat()).ends_with(0);
    assert_eq!(in_state(&json, "undetermined").len(), 3, "{json}");
    let run = folder.run(&[&eval[..], &["--undetermined", "fail"]].concat());
    assert!(run.err.contains("failed: 3 undetermined checks at or above low"), "{run:?}");
    run.ends_with(1);
    folder.run(&[&eval[..], &["--undetermined", "fail", "--fail-on", "high"]].concat()).ends_with(0);
}

#[test]
fn policies_can_ask_what_is_unknown() {
    let policy = "tag owner: email\ntag team: text\n\
                  policy decided-before-apply { severity low  forbid late-owner: owner is unknown }\n\
                  policy core { severity low  for resource where team == \"core\"  require owner }\n";
    let folder = Folder::with(&[("p.tagpol", policy), ("plan.json", UNKNOWN_TAGS)]);
    folder.run(&["check", "p.tagpol"]).ends_with(0);
    let eval = ["eval", "p.tagpol", "--terraform", "plan.json", "--no-state", "--format", "json"];
    let json = folder.run(&eval).ends_with(1);
    assert_eq!(
        in_state(&json, "open"),
        [
            "owner aws_sqs_queue.jobs",
            "late-owner aws_instance.web",
            "late-owner aws_s3_bucket.logs",
            "late-owner aws_sqs_queue.later"
        ]
    );
    // Whether the policy applies to it is not known.
    assert!(in_state(&json, "undetermined").contains(&"owner aws_sqs_queue.later".to_owned()), "{json}");
}
