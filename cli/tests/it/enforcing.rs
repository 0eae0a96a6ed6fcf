//! Guards of clouds: exit codes, what is written, and what the clouds' own clients read of it.

use crate::schema;
use crate::support::{Folder, NOW, repository};

/// The options of each target, and how many documents it has of [`POLICIES`].
const TARGETS: [(&str, &[&str], usize); 4] = [
    ("aws-tag-policy", &[], 1),
    ("aws-scp", &["--mode", "deny"], 2),
    ("azure-policy", &[], 2),
    ("gcp-org-policy", &["--organization", "123456789012"], 16),
];

const POLICIES: &str = r#"
tag owner: text
tag environment: one of [production, staging]

policy tagged {
  severity high
  require owner
  require environment
}
"#;

/// A condition that no cloud can test.
const COSTLY: &str = "policy costly {\n  severity low\n  require cheap: resource.monthly-cost < 5 USD\n}\n";

#[test]
fn documents_and_a_report_are_written_for_each_target() {
    let text = std::fs::read_to_string(repository().join("docs/schema/enforcement.v1.json")).unwrap();
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema::undescribed(&schema), [""; 0]);
    for (target, options, documents) in TARGETS {
        let folder = Folder::with(&[("p.tagpol", POLICIES)]);
        let args = ["enforce", target, "p.tagpol", "-o", "out", "--now", NOW];
        let run = folder.run(&[&args, options].concat());
        assert_eq!(run.code, 0, "{run:#?}");
        assert!(run.out.contains(" lost\nwrote ") && run.err.contains("ROLLOUT.md"), "{run:#?}");
        let report: serde_json::Value = serde_json::from_str(&folder.read("out/enforcement.json")).unwrap();
        let errors = schema::errors(&schema, &report);
        assert!(errors.is_empty(), "{target}: {errors:#?}");
        assert_eq!(report["target"], target);
        assert_eq!(report["files"].as_array().unwrap().len(), documents + 1, "{target}");
        assert!(folder.left_behind().is_empty(), "{target}");
    }
}

#[test]
fn loss_is_1_and_everything_is_written() {
    let folder = Folder::with(&[("p.tagpol", &format!("{POLICIES}{COSTLY}"))]);
    let run = folder.run(&["enforce", "azure-policy", "p.tagpol", "-o", "out"]);
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.out.contains("p.tagpol:12: lost: check costly/cheap ("), "{run:#?}");
    assert!(run.err.contains("--accept-loss"), "{run:#?}");
    folder.run(&["enforce", "azure-policy", "p.tagpol", "-o", "accepted", "--accept-loss"]).ends_with(0);
    assert_eq!(folder.read("out/enforcement.json"), folder.read("accepted/enforcement.json"));
}

#[test]
fn what_cannot_be_written_is_2_and_leaves_nothing() {
    let wrong = POLICIES.replace("owner\n  require", "onwer\n  require");
    let folder = Folder::with(&[("p.tagpol", POLICIES), ("wrong.tagpol", &wrong), ("full/mine.txt", "mine")]);
    for (args, said) in [
        (&["aws-scp", "p.tagpol", "-o", "out"][..], &["only refuse requests", "--mode deny"][..]),
        (&["gcp-org-policy", "p.tagpol", "-o", "out"], &["the number of the organization", "--organization"]),
        (
            &["gcp-org-policy", "p.tagpol", "-o", "out", "--organization", "acme"],
            &["`acme` is not the number"],
        ),
        (
            &["aws-tag-policy", "p.tagpol", "-o", "out", "--mode", "modify"],
            &["only Azure Policy changes tags", "tagpol remediate"],
        ),
        (&["azure-policy", "p.tagpol", "-o", "full"], &["`full` is not empty", "nothing is overwritten"]),
        (&["azure-policy", "wrong.tagpol", "-o", "out"], &["`onwer`"]),
        (&["oracle", "p.tagpol", "-o", "out"], &["aws-tag-policy", "gcp-org-policy"]),
        (&["azure-policy", "p.tagpol"], &["--output"]),
    ] {
        folder.run(&[&["enforce"], args].concat()).fails_with(2, said);
        assert!(!folder.path().join("out").exists(), "{args:?}");
    }
}

#[test]
fn the_manifest_leaves_policies_out() {
    let manifest = "[policy.costly]\nenabled = false\n";
    let folder = Folder::with(&[("tagpol.toml", manifest), ("p.tagpol", &format!("{POLICIES}{COSTLY}"))]);
    folder.run(&["enforce", "azure-policy", "-o", "out"]).ends_with(0);
    assert!(!folder.read("out/enforcement.json").contains("costly"));
}

#[test]
fn clients_of_the_clouds_read_the_documents() {
    let Ok(python) = std::env::var("TAGPOL_TEST_PYTHON") else {
        eprintln!("skipped: TAGPOL_TEST_PYTHON names a python with cli/tests/peers/requirements.txt");
        return;
    };
    let script = repository().join("cli/tests/peers/guards.py");
    let project = repository().join("engine/enforce/tests/it/fixtures/project.tagpol").display().to_string();
    for (target, options, _) in TARGETS.iter().filter(|(target, ..)| *target != "azure-policy") {
        let folder = Folder::new();
        let args = ["enforce", target, &project, "-o", "out", "--accept-loss", "--now", NOW];
        folder.run(&[&args, *options].concat()).ends_with(0);
        let output = std::process::Command::new(&python)
            .arg(&script)
            .args([*target, &folder.path().join("out").display().to_string()])
            .output()
            .unwrap();
        let out = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{target}: {out}{}", String::from_utf8_lossy(&output.stderr));
    }
}
