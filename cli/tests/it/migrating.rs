//! Policies of other tools: exit codes, what is written, and that it checks, is formatted and passes its tests.

use std::path::Path;

use crate::schema;
use crate::support::{Folder, NOW, repository};

/// A document of each format.
const DOCUMENTS: [(&str, &str); 10] = [
    ("aws-tag-policy", "tag-policy-root.json"),
    ("aws-config", "config-template.yaml"),
    ("azure-policy", "azure-definitions.json"),
    ("cost-categories", "cost-categories.json"),
    ("costformation", "costformation.yaml"),
    ("custodian", "custodian.yaml"),
    ("terratags", "terratags-exempt.yaml"),
    ("powerpipe", "powerpipe.ppvars"),
    ("infracost", "infracost.json"),
    ("optscale", "optscale.json"),
];

const POLICY: &str = r#"{"tags": {"owner": {"tag_value": {"@@assign": ["a", "b"]}}}}"#;

fn fixture(name: &str) -> String {
    repository().join("engine/migrate/tests/it/fixtures").join(name).display().to_string()
}

/// Asserts that a folder of policies checks, is formatted, and passes its tests.
fn assert_complete(folder: &Folder, out: &str, has_tests: bool) {
    folder.run(&["check", out, "--now", NOW]).ends_with(0);
    folder.run(&["fmt", "--check", out]).ends_with(0);
    if has_tests {
        let tests = folder.run(&["test", out, "--now", NOW]).ends_with(0);
        assert!(tests.contains(" passed, 0 failed"), "{tests}");
    }
}

#[test]
fn what_is_written_checks_is_formatted_and_passes_its_tests() {
    let schema = std::fs::read_to_string(repository().join("docs/schema/migration.v1.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema::undescribed(&schema), [""; 0]);
    for (format, document) in DOCUMENTS {
        let folder = Folder::new();
        let args = ["migrate", format, &fixture(document), "-o", "out", "--accept-loss", "--now", NOW];
        let shown = folder.run(&args).ends_with(0);
        assert!(shown.contains(" exact, "), "{format}: {shown}");
        let report: serde_json::Value = serde_json::from_str(&folder.read("out/migration.json")).unwrap();
        assert_eq!(report["from"], format);
        let errors = schema::errors(&schema, &report);
        assert!(errors.is_empty(), "{format}: {errors:#?}");
        assert_complete(&folder, "out", true);
        assert!(folder.left_behind().is_empty(), "{format}");
    }
}

#[test]
fn loss_is_1_and_everything_is_written() {
    let folder = Folder::new();
    let document = fixture("custodian.yaml");
    let run = folder.run(&["migrate", "custodian", &document, "-o", "out"]);
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(
        run.out.contains(": lost: ec2-tag-compliance: action stop (") && run.err.contains("--accept-loss"),
        "{run:#?}"
    );
    assert!(folder.read("out/custodian.tagpol").contains("policy ec2-tag-compliance"));
    folder.run(&["migrate", "custodian", &document, "-o", "accepted", "--accept-loss"]).ends_with(0);
    assert_eq!(folder.read("out/migration.json"), folder.read("accepted/migration.json"));
}

#[test]
fn nothing_is_overwritten() {
    let folder = Folder::with(&[("p.json", POLICY), ("out/mine.txt", "mine")]);
    folder
        .run(&["migrate", "aws-tag-policy", "p.json", "-o", "out"])
        .fails_with(2, &["`out` is not empty", "nothing is overwritten"]);
    folder
        .run(&["migrate", "aws-tag-policy", "p.json", "-o", "p.json"])
        .fails_with(2, &["cannot write to `p.json`"]);
    std::fs::create_dir(folder.path().join("empty")).unwrap();
    folder.run(&["migrate", "aws-tag-policy", "p.json", "-o", "empty"]).ends_with(0);
    folder.run(&["migrate", "aws-tag-policy", "p.json", "-o", "deep/er"]).ends_with(0);
    let names = |path: &str| -> Vec<String> {
        folder.entries().into_iter().filter(|entry| entry.starts_with(path)).collect()
    };
    assert_eq!(names("empty"), ["empty", "empty/migration.json", "empty/p.tagpol"]);
    assert_eq!(names("out"), ["out", "out/mine.txt"]);
}

#[test]
fn bad_documents_are_3_with_their_place_and_leave_nothing() {
    let deep = format!("{{\"tags\": {}1{}}}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    let folder = Folder::with(&[
        ("broken.json", "{\"tags\": {\n  \"a\": \n}"),
        ("other.json", "{\"x\": 1}"),
        ("deep.json", &deep),
    ]);
    folder.write("latin.json", b"{\"tags\": {\"caf\xe9\": {}}}");
    folder.write("nul.yaml", b"policies:\n  - \0");
    folder.write("folds.json", "{\"tags\": {\"a-b\": {}, \"A_B\": {}}}");
    let large = std::fs::File::create(folder.path().join("large.json")).unwrap();
    large.set_len((16 << 20) + 1).unwrap();
    for (format, file, said) in [
        ("aws-tag-policy", "broken.json", "the file is not valid JSON: expected value --> broken.json:3"),
        (
            "aws-tag-policy",
            "other.json",
            "this is not a tag policy: a tag policy has `tags` with `tag_key` and `tag_value` in it --> other.json",
        ),
        ("custodian", "other.json", "this is not a file of Cloud Custodian"),
        ("azure-policy", "other.json", "this is not a definition of Azure Policy"),
        ("aws-tag-policy", "deep.json", "nested more than 64 levels deep"),
        ("aws-tag-policy", "latin.json", "`latin.json` is not UTF-8"),
        ("aws-tag-policy", "large.json", "`large.json` is larger than 16 MiB"),
        ("aws-tag-policy", "folds.json", "--> folds.json#/tags/A_B"),
        ("aws-tag-policy", "missing.json", "cannot read `missing.json`"),
        ("custodian", "nul.yaml", "nul.yaml"),
    ] {
        let run = folder.run(&["migrate", format, file, "-o", "out"]);
        let joined = run.err.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(run.code, 3, "{file}: {run:#?}");
        assert!(joined.contains(said), "{file}: no {said:?} in {joined:?}");
        assert!(!folder.path().join("out").exists(), "{file}");
    }
    folder.run(&["migrate", "rego", "broken.json", "-o", "out"]).fails_with(2, &["rego", "aws-tag-policy"]);
    folder.run(&["migrate", "custodian", "broken.json"]).fails_with(2, &["--output"]);
}

#[test]
fn published_documents_migrate() {
    let data = repository().join("../shared/data/policies");
    if !data.exists() {
        eprintln!("skipped: {} is not present", data.display());
        return;
    }
    let files = |folder: &str| -> Vec<String> {
        let entries = std::fs::read_dir(data.join(folder)).unwrap();
        let mut paths: Vec<String> =
            entries.map(|entry| entry.unwrap().path().display().to_string()).collect();
        paths.retain(|path| {
            !Path::new(path).ends_with("moj_business_unit_synonyms.json")
                && !path.ends_with("active_tags.json")
                && !path.contains("Sagemaker")
        });
        paths.sort();
        paths
    };
    for (format, documents) in [
        ("azure-policy", [files("azure_policy_builtin"), files("azure_policy_samples")].concat()),
        ("cost-categories", files("cost_categories")),
        ("aws-config", files("aws_config")),
        ("aws-tag-policy", files("aws_tag_policies")),
        ("custodian", vec![data.join("cloud_custodian_tag_policies.ndjson").display().to_string()]),
    ] {
        let folder = Folder::new();
        let mut args = vec![
            "migrate",
            format,
            "-o",
            "out",
            "--accept-loss",
            "--set",
            "tagName=cost-center",
            "--set",
            "tagValue=x",
        ];
        args.extend(documents.iter().map(String::as_str));
        folder.run(&args).ends_with(0);
        assert_complete(&folder, "out", true);
    }
}

#[test]
fn verdicts_are_those_that_the_clouds_document() {
    let data = repository().join("../shared/data");
    let script = repository().join("scripts/migration_oracle.py");
    if !data.exists() || std::process::Command::new("python3").arg("--version").output().is_err() {
        eprintln!("skipped: {} or python3 is not present", data.display());
        return;
    }
    let files = |folder: &str, names: &[&str]| -> Vec<std::path::PathBuf> {
        names.iter().map(|name| data.join("policies").join(folder).join(name)).collect()
    };
    let definitions = ["azure_policy_builtin", "azure_policy_samples"].map(|folder| {
        let entries = std::fs::read_dir(data.join("policies").join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect::<Vec<_>>()
    });
    let categories = ["moj_environment.json", "moj_business_unit.json", "moj_budgets.json"];
    for (format, documents, policies) in [
        ("azure-policy", definitions.concat(), 25),
        ("aws-tag-policy", files("aws_tag_policies", &["moj_mandatory_tags.json"]), 5),
        ("aws-config", files("aws_config", &["custom-conformance-pack.yaml"]), 1),
        ("cost-categories", files("cost_categories", &categories), 18),
    ] {
        let mut command = std::process::Command::new("python3");
        command.arg(&script).args(["--tagpol", env!("CARGO_BIN_EXE_tagpol"), "--limit", "300"]);
        command.arg("--inventory").arg(data.join("train/inventory_train.ndjson.gz"));
        let output = command.arg(format).args(documents).output().unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{format}: {out}\n{err}");
        assert!(out.contains(&format!(" resources, {policies} policies: ")), "{format}: {out}");
    }
}

/// A python with Cloud Custodian, for comparisons of verdicts; `pip install c7n` in an environment of its own makes one.
const PYTHON: &str = "TAGPOL_TEST_C7N_PYTHON";

#[test]
fn verdicts_are_those_of_custodian() {
    let python = std::env::var(PYTHON).unwrap_or_else(|_| "python3".to_owned());
    let script = repository().join("scripts/custodian_oracle.py");
    let data = repository().join("../shared/data");
    for policies in
        [fixture("custodian.yaml").into(), data.join("policies/cloud_custodian_tag_policies.ndjson")]
    {
        let mut command = std::process::Command::new(&python);
        command.arg(&script).args(["--tagpol", env!("CARGO_BIN_EXE_tagpol"), "--limit", "300"]);
        command.arg("--policies").arg(&policies);
        command.arg("--inventory").arg(data.join("train/inventory_train.ndjson.gz"));
        let Ok(output) = command.output() else {
            eprintln!("skipped: `{python}` does not run; {PYTHON} names one with c7n");
            return;
        };
        let out = String::from_utf8_lossy(&output.stdout);
        if out.starts_with("skipped") {
            eprintln!("{}; {PYTHON} names a python with c7n", out.trim());
            continue;
        }
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {out}\n{err}", policies.display());
        assert!(out.contains(" policies: ") && !out.contains("WRONG"), "{out}");
    }
}
