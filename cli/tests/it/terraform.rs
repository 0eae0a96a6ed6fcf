//! `tagpol eval --terraform`, and other inventories of the clouds' own.

use serde_json::Value;

use crate::support::{Folder, OWNED, repository};

fn fixture(name: &str) -> String {
    std::fs::read_to_string(repository().join("engine/inventory/tests/fixtures").join(name)).unwrap()
}

/// Returns the resources that findings are about.
fn found(report: &str) -> Vec<String> {
    let report: Value = serde_json::from_str(report).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
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
    let note = "note: plan.json: resources of types without tags are not judged: `aws_iam_role_policy_attachment` (1)";
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
        "              1 charge without a resource: 29 in that month\n",
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
