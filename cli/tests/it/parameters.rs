//! Policies with parameters: their instances in reports, in the manifest, and across packages.

use serde_json::{Value, json};

use crate::support::{Folder, NOW};

const LIBRARY: &str = r#"tag owner: email
tag team: text
define everywhere = true

policy required-tag(required: tag, only: predicate = everywhere, level: severity = high, wait: duration = 0 days) {
  severity level
  for resource where only
  require required  else "every resource needs {required}"
  grace wait
}
"#;

const USE: &str = "policy owned = required-tag(owner)\n\
    define in-one = resource.account == \"1\"\n\
    policy team-known = required-tag(team, in-one, level: low)\n\
    exempt owned/owner { for resource where resource.account == \"2\"  until 2027-01-01  because \"moved\" }\n";

const LIST: &str = "id,account\na,1\nb,2\n";

fn findings(folder: &Folder, args: &[&str]) -> Value {
    let usual = ["eval", "-i", "list.csv", "--now", NOW, "--no-state", "--format", "json"];
    let json: Value = serde_json::from_str(&folder.run(&[&usual[..], args].concat()).ends_with(1)).unwrap();
    let of = |finding: &Value| {
        json!([
            finding["policy"],
            finding["severity"],
            finding["resource"],
            finding["state"],
            finding["message"]
        ])
    };
    json!(json["findings"].as_array().unwrap().iter().map(of).collect::<Vec<_>>())
}

#[test]
fn findings_waivers_and_the_manifest_name_the_instance() {
    let folder =
        Folder::with(&[("tagpol.toml", ""), ("a.tagpol", LIBRARY), ("b.tagpol", USE), ("list.csv", LIST)]);
    let owned = "every resource needs owner";
    let expected = json!([
        ["owned", "high", "a", "open", owned],
        ["owned", "high", "b", "exempt", owned],
        ["team-known", "low", "a", "open", "every resource needs team"],
    ]);
    assert_eq!(findings(&folder, &[]), expected);
    folder.write(
        "tagpol.toml",
        "[policy.owned]\nseverity = \"medium\"\n[policy.team-known]\nenabled = false\n",
    );
    let expected =
        json!([["owned", "medium", "a", "open", owned], ["owned", "medium", "b", "exempt", owned]]);
    assert_eq!(findings(&folder, &[]), expected);
    folder.write("tagpol.toml", "[policy.required-tag]\nseverity = \"medium\"\n");
    folder.run(&["check"]).fails_with(2, &["required-tag"]);
}

#[test]
fn errors_point_at_the_argument_or_at_the_policy() {
    let wrong = LIBRARY.replace("grace wait", "grace wait\n  require long: required > 5");
    let folder = Folder::with(&[("a.tagpol", &wrong), ("b.tagpol", "policy owned = required-tag(owner)\n")]);
    let check = |shown: &[&str]| {
        let run = folder.run(&["check", "."]);
        assert!(run.code == 2 && shown.iter().all(|text| run.out.contains(text)), "{shown:?} {run:#?}");
    };
    check(&[
        "b.tagpol:1:16",
        "does not work with these arguments",
        "in this part of the policy",
        "a.tagpol:10:",
    ]);
    folder.write("a.tagpol", LIBRARY.replace("grace wait", "grace wait\n  require ownr"));
    check(&["a.tagpol:10:11", "`ownr`", "1 error"]);
    folder.write("a.tagpol", LIBRARY);
    folder.write("b.tagpol", "policy owned = required-tag(owner, wait: \"1 day\")\n");
    check(&["b.tagpol:1:42", "the parameter `wait` needs a length of time"]);
}

#[test]
fn a_package_may_have_policies_with_parameters() {
    let folder = Folder::with(&[
        ("company/library.tagpol", LIBRARY),
        ("shop/tagpol.toml", "[packages]\ncompany = { path = \"../company\" }\n"),
        ("shop/shop.tagpol", &format!("use company\n{USE}")),
        ("list.csv", LIST),
    ]);
    folder.run(&["vendor", "shop"]).ends_with(0);
    let found = findings(&folder, &["shop"]);
    assert_eq!(found.as_array().unwrap().len(), 3, "{found}");
    // An item that is named brings in what it needs.
    folder.write("shop/shop.tagpol", format!("use company::library::{{required-tag, owner, team}}\n{USE}"));
    assert_eq!(findings(&folder, &["shop"]), found);
}
