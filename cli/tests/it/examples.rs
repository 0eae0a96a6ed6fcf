//! Each folder of `examples/` is a project that works.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::support::{Folder, NOW, Run, tagpol};

fn examples(copy: &Folder) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(copy.path().join("examples")).unwrap();
    let mut folders: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    assert!(!folders.is_empty());
    folders
}

fn run(command: &str, project: &Path, args: &[&str]) -> Run {
    Run::of(tagpol().arg(command).arg(project).args(args).output().unwrap())
}

#[test]
fn examples_check_pass_their_tests_and_evaluate() {
    let copy = Folder::with_examples();
    for project in examples(&copy) {
        let checked = run("check", &project, &[]).ends_with(0);
        assert!(checked.starts_with("ok: "), "{checked}");
        let tested = run("test", &project, &[]).ends_with(0);
        assert!(!tested.contains("\n0 passed"), "{tested}");
        let evaluated = run("eval", &project, &["--now", NOW, "--no-state", "--format", "json"]);
        assert!(matches!(evaluated.code, 0 | 1), "{evaluated:#?}");
        let report: serde_json::Value = serde_json::from_str(&evaluated.out).unwrap();
        assert!(report["summary"]["resources"].as_u64().unwrap() > 0);
        for check in report["checks"].as_array().unwrap() {
            assert!(check["in_scope"].as_u64().unwrap() > 0, "{check} is about nothing");
        }
    }
}

#[test]
fn documentation_of_examples_is_fresh() {
    let copy = Folder::with_examples();
    for project in examples(&copy) {
        run("doc", &project, &["--check"]).ends_with(0);
    }
}

#[test]
fn inventories_are_what_their_scripts_make() {
    if Command::new("python3").arg("--version").output().is_err() {
        println!("skipped: there is no python3");
        return;
    }
    let all = Folder::with_examples();
    for project in examples(&all) {
        let script = project.join("make_inventory.py");
        if !script.is_file() {
            continue;
        }
        let copy = Folder::new();
        std::fs::copy(&script, copy.path().join("make_inventory.py")).unwrap();
        let made =
            Command::new("python3").arg("make_inventory.py").current_dir(copy.path()).output().unwrap();
        assert!(made.status.success(), "{made:?}");
        let names: Vec<String> =
            copy.entries().into_iter().filter(|name| name != "make_inventory.py").collect();
        assert!(!names.is_empty(), "{} makes nothing", script.display());
        for name in names {
            let committed = std::fs::read(project.join(&name)).unwrap();
            assert!(
                std::fs::read(copy.path().join(&name)).unwrap() == committed,
                "{name} of {}",
                project.display()
            );
        }
    }
}
