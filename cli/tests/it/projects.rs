//! `tagpol init`, and what `check` says of the manifest

use std::collections::BTreeSet;

use crate::support::{Folder, OWNED};

#[test]
fn a_new_project_checks_tests_and_evaluates() {
    let folder = Folder::new();
    let out = folder.run(&["init", "my-tags"]).ends_with(0);
    assert!(out.contains("tagpol eval my-tags"), "{out}");
    let expected = [".gitignore", "inventory.csv", "policies", "policies/tags.tagpol", "tagpol.toml"];
    let expected = expected.map(|name| format!("my-tags/{name}")).into_iter().chain(["my-tags".to_owned()]);
    assert_eq!(folder.entries(), expected.collect::<BTreeSet<_>>());
    let before = folder.entries();
    let ok = folder.run(&["check", "my-tags"]).ends_with(0);
    assert!(ok.starts_with("ok: "), "{ok}");
    let passed = folder.run(&["test", "my-tags"]).ends_with(0);
    assert!(passed.ends_with("\n2 passed, 0 failed\n"), "{passed}");
    let report = folder.run(&["eval", "my-tags", "--now", "2026-11-01"]).ends_with(1);
    assert!(report.contains("HIGH · 2 open"), "{report}");
    let mut after = folder.entries();
    after.retain(|name| !name.starts_with("my-tags/.tagpol"));
    assert_eq!(after, before, "evaluating leaves nothing behind but what the project remembers");
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn a_project_is_made_in_the_folder_one_is_in() {
    let folder = Folder::new();
    folder.run(&["init"]).ends_with(0);
    folder.run(&["check"]).ends_with(0);
    folder.run(&["eval"]).ends_with(1);
}

#[test]
fn nothing_of_the_user_is_overwritten() {
    let folder = Folder::new();
    folder.run(&["init", "p"]).ends_with(0);
    folder.run(&["init", "p"]).fails_with(2, &["`p/tagpol.toml` exists already"]);
    let own = Folder::with(&[("inventory.csv", "id\n"), (".gitignore", "mine\n")]);
    let before = own.entries();
    own.run(&["init"]).fails_with(2, &["inventory.csv` exists already"]);
    assert_eq!(own.entries(), before);
    std::fs::remove_file(own.path().join("inventory.csv")).unwrap();
    own.run(&["init"]).ends_with(0);
    assert_eq!(own.read(".gitignore"), "mine\n");
}

#[test]
fn a_folder_with_policies_becomes_a_project_without_an_example() {
    let own = Folder::with(&[("tags/policies/tags.tagpol", OWNED), ("tags/more.tagpol", "// mine\n")]);
    let mut expected = own.entries();
    let out = own.run(&["init", "tags"]).ends_with(0);
    assert!(out.starts_with("created `tags/tagpol.toml` for the 2 .tagpol files in `tags`"), "{out}");
    expected.extend(["tags/.gitignore", "tags/tagpol.toml"].map(str::to_owned));
    assert_eq!(own.entries(), expected);
    assert_eq!(own.read("tags/more.tagpol"), "// mine\n");
    let manifest = own.read("tags/tagpol.toml");
    assert!(manifest.contains("name = \"tags\"") && manifest.contains("policies = \".\""), "{manifest}");
    let checked = own.run(&["check", "tags"]).ends_with(0);
    assert!(checked.contains("in 2 files"), "{checked}");
}

#[test]
fn settings_that_are_not_used_are_noted() {
    let folder = Folder::with(&[("tags/tags.tagpol", OWNED), ("tags/tagpol.toml", "fail-on = \"none\"\n")]);
    folder.write("i.csv", "id,tag:owner\na,\n");
    let note =
        "the settings in `tags/tagpol.toml` are not used here; name that project, as in `tagpol eval tags`";
    let run = folder.run(&["eval", "-i", "i.csv"]);
    assert!(run.code == 1 && run.err.contains(note), "{run:?}");
    let named = folder.run(&["eval", "tags", "-i", "i.csv", "--no-state"]);
    assert!(named.code == 0 && !named.err.contains("not used"), "{named:?}");
    let file = folder.run(&["check", "tags/tags.tagpol"]);
    assert!(!file.err.contains("not used"), "{file:?}");
}

#[test]
fn values_of_the_wrong_type_are_shown_in_the_right_form() {
    for (manifest, form) in [
        ("keep = \"x_project\"\n", "write `keep = [\"x_project\"]`"),
        ("name = 3\n", "write `name = \"3\"`"),
        ("snapshots = true\n", "write `snapshots = \"true\"`"),
        ("[rates]\nEUR = 1.08\n", "write `EUR = \"1.08 USD\"`"),
        ("[policy.owned]\nenabled = \"false\"\n", "write `enabled = false`"),
        (
            "[packages]\nacme = { git = \"https://example.com/acme.git\", rev = 2.1 }\n",
            "write `rev = \"2.1\"`",
        ),
    ] {
        let folder = Folder::with(&[("tagpol.toml", manifest), ("p.tagpol", OWNED)]);
        folder.run(&["check"]).fails_with(2, &["tagpol.toml:", "invalid type", form]);
    }
    // Here it cannot be concluded what was meant.
    let folder = Folder::with(&[("tagpol.toml", "keep = 7\n"), ("p.tagpol", OWNED)]);
    let run = folder.run(&["check"]);
    assert!(run.err.contains("expected a sequence") && !run.err.contains("write `"), "{run:?}");
}

#[test]
fn check_judges_what_the_manifest_says_of_policies() {
    for (manifest, said) in [
        ("[policy.ownd]\nenabled = false\n", "no policy `ownd`"),
        ("[policy.owned]\nseverity = \"urgent\"\n", "`urgent` is not a severity"),
    ] {
        let folder = Folder::with(&[("tagpol.toml", manifest), ("p.tagpol", OWNED)]);
        folder.run(&["check"]).fails_with(2, &[said]);
    }
}
