//! The standard library: modules that check, are formatted and tested whole, and projects that use
//! them.

use crate::support::{Folder, Run, repository, tagpol};

/// The files of the modules, relative to the repository.
fn files() -> Vec<String> {
    let path = |name: &str| format!("stdlib/{}.tagpol", name.replace("::", "/"));
    tagpol_stdlib::MODULES.iter().map(|module| path(module.name)).collect()
}

fn in_repository(args: &[&str]) -> Run {
    Run::of(tagpol().current_dir(repository()).args(args).output().unwrap())
}

#[test]
fn every_file_is_a_module() {
    let mut found = Vec::new();
    for folder in ["stdlib/std", "stdlib/std/packs"] {
        for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
            let entry = entry.unwrap();
            if entry.path().is_file() {
                found.push(format!("{folder}/{}", entry.file_name().to_str().unwrap()));
            }
        }
    }
    found.sort();
    let mut modules = files();
    modules.sort();
    assert_eq!(found, modules);
}

#[test]
fn modules_check_without_a_warning_and_are_formatted() {
    for file in files() {
        in_repository(&["check", "--deny", "warnings", &file]).ends_with(0);
    }
    in_repository(&["fmt", "--check", "stdlib/std"]).ends_with(0);
}

/// Their tests reach everything in them, and notice every mistake.
#[test]
fn modules_are_tested_whole() {
    for file in files() {
        in_repository(&["test", "--coverage", "--mutate", "--threshold", "100", &file]).ends_with(0);
    }
}

#[test]
fn modules_are_used_alone_and_together() {
    let uses: Vec<String> =
        tagpol_stdlib::MODULES.iter().map(|module| format!("use {}\n", module.name)).collect();
    for text in uses.iter().chain([&uses.concat()]) {
        let folder = Folder::with(&[("p.tagpol", text.as_str())]);
        folder.run(&["check", "--deny", "warnings"]).ends_with(0);
    }
}

/// A policy says which controls it supports, why, and what it does not prove.
#[test]
fn packs_say_what_they_prove() {
    for module in tagpol_stdlib::MODULES.iter().filter(|module| module.name.contains("::packs::")) {
        let mut policies = 0;
        for item in module.text.split("\n\n").filter(|item| item.contains("\npolicy ")) {
            policies += 1;
            let (doc, policy) = item.split_once("\npolicy ").unwrap();
            let doc = doc.replace("\n///", "");
            let name = policy.split(' ').next().unwrap();
            assert!(doc.contains("not prove"), "{name} says what it does not prove: {doc}");
            let (_, controls) = policy.split_once("\n  control ").expect(name);
            for id in controls.split('"').skip(1).step_by(2) {
                let told = id.trim_start_matches("Art. ");
                assert!(doc.contains(told), "{name} says why it supports {id}: {doc}");
            }
        }
        assert!(policies >= 4, "{} has {policies} policies", module.name);
    }
}

/// Resources with ids as the clouds give them are in the group that the inventory expects.
#[test]
fn resources_of_three_clouds_are_in_their_groups() {
    let inventory = "stdlib/tests/clouds/resources.csv";
    let args =
        ["eval", "stdlib/tests/clouds", "--inventory", inventory, "--format", "json", "--now", "2026-11-01"];
    let out = in_repository(&args).ends_with(0);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["findings"], serde_json::json!([]));
    assert_eq!(report["summary"]["conflicts"], 0, "no resource is in two groups");
    let rows = std::fs::read_to_string(repository().join(inventory)).unwrap().lines().count() - 1;
    assert_eq!(report["summary"]["resources"], rows);
    let in_a_sum = report["checks"].as_array().unwrap().iter().find(|check| check["check"] == "in-a-sum");
    assert!(in_a_sum.unwrap()["in_scope"].as_u64().unwrap() > 100, "{in_a_sum:?}");
}
