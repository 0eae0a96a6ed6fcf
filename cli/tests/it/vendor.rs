//! Packages: policies of another folder or repository, copied into the project.

use crate::support::{Folder, git};

/// The policies of a company, in a folder of their own.
const LIBRARY: [(&str, &str); 6] = [
    ("library/tagpol.toml", "policies = \"policies\"\n"),
    ("library/LICENSE", "Do what you want.\n"),
    ("library/policies/tags.tagpol", "tag owner: email\ntag team: text\n"),
    (
        "library/policies/aws/owned.tagpol",
        "policy owned {\n  severity high\n  require owner else \"name the owner\"\n}\n",
    ),
    (
        "library/policies/teams.tagpol",
        "table teams from \"teams.csv\" key account { account: text  team: text }\nrule team-of-account { fill team = teams[resource.account].team }\n",
    ),
    ("library/policies/teams.csv", "account,team\n111111111111,payments\n"),
];

const PROJECT: [(&str, &str); 3] = [
    ("project/tagpol.toml", "[packages]\nacme = { path = \"../library\" }\n"),
    ("project/own.tagpol", "use acme\n\npolicy has-team { severity low  require team }\n"),
    ("project/list.csv", "id,account,tag:owner\nr1,111111111111,\nr2,222222222222,a@example.com\n"),
];

const EVAL: [&str; 7] = ["eval", "project", "-i", "project/list.csv", "--no-state", "--format", "csv"];

fn folder() -> Folder {
    Folder::with(&[&LIBRARY[..], &PROJECT[..]].concat())
}

#[test]
fn a_folder_is_copied_and_used() {
    let folder = folder();
    folder.run(&["check", "project"]).fails_with(2, &["package `acme` is not vendored", "tagpol vendor"]);
    let told = folder.run(&["vendor", "project"]).ends_with(0);
    assert_eq!(
        told,
        "acme: new, from ../library\n1 package in project/vendor/tagpol; commit this folder and project/tagpol.lock\n"
    );
    let copied: Vec<String> =
        folder.entries().into_iter().filter(|path| path.starts_with("project/vendor/tagpol/acme/")).collect();
    let expected = ["LICENSE", "aws", "aws/owned.tagpol", "tags.tagpol", "teams.csv", "teams.tagpol"];
    assert_eq!(copied, expected.map(|path| format!("project/vendor/tagpol/acme/{path}")));
    // Neither the folder nor a network is needed from here on.
    std::fs::remove_dir_all(folder.path().join("library")).unwrap();
    folder.run(&["check", "project"]).ends_with(0);
    let findings = folder.run(&EVAL).ends_with(1);
    assert!(findings.contains("owned") && findings.contains("has-team"), "{findings}");
}

#[test]
fn a_copy_that_was_changed_is_an_error() {
    let folder = folder();
    folder.run(&["vendor", "project"]).ends_with(0);
    let path = "project/vendor/tagpol/acme/tags.tagpol";
    let text = folder.read(path);
    folder.write(path, format!("{text}tag more: text\n"));
    let said = ["the copy of package `acme` in `project/vendor/tagpol/acme` was changed", "tagpol vendor"];
    folder.run(&["check", "project"]).fails_with(2, &said);
    assert!(folder.run(&["vendor", "project", "--check"]).ends_with(1).starts_with(said[0]));
    let told = folder.run(&["vendor", "project"]).ends_with(0);
    assert!(told.starts_with("acme: restored, changes of the copy were discarded"), "{told}");
    assert_eq!(folder.read(path), text);
    // A file more is a change as well.
    folder.write("project/vendor/tagpol/acme/more.tagpol", "tag more: text\n");
    folder.run(&["check", "project"]).fails_with(2, &said);
    folder.run(&["vendor", "project"]).ends_with(0);
    // What is not a copy is never removed.
    folder.write("project/vendor/tagpol/mine/own.tagpol", "tag more: text\n");
    folder.run(&["vendor", "project"]).fails_with(2, &["`project/vendor/tagpol/mine` is not a copy"]);
    folder.run(&["vendor", "project", "--check"]).ends_with(1);
    assert!(folder.path().join("project/vendor/tagpol/mine/own.tagpol").exists());
    // The formatter does not touch the copies.
    folder.write("library/policies/tags.tagpol", "tag   owner: email\ntag team: text\n");
    std::fs::remove_dir_all(folder.path().join("project/vendor/tagpol/mine")).unwrap();
    folder.run(&["vendor", "project"]).ends_with(0);
    folder.run(&["fmt", "project"]).ends_with(0);
    folder.run(&["check", "project"]).ends_with(0);
}

#[test]
fn a_check_tells_that_a_folder_has_changed() {
    let folder = folder();
    folder.run(&["vendor", "project"]).ends_with(0);
    assert_eq!(folder.run(&["vendor", "project", "--check"]).ends_with(0), "1 package: as locked\n");
    let lock = folder.read("project/tagpol.lock");
    folder.write("library/policies/tags.tagpol", "tag owner: email\ntag team: text\ntag cost-center: text\n");
    assert_eq!(
        folder.run(&["vendor", "project", "--check"]).ends_with(1),
        "`../library`, the source of package `acme`, has changed\n"
    );
    assert_eq!(folder.read("project/tagpol.lock"), lock);
    let told = folder.run(&["vendor", "project"]).ends_with(0);
    assert!(told.starts_with("acme: changed, from ../library\n"), "{told}");
    assert_ne!(folder.read("project/tagpol.lock"), lock);
}

#[test]
fn mistakes_of_a_package_are_shown_in_its_copy() {
    let folder = folder();
    folder.write("library/policies/tags.tagpol", "tag owner: email\ntag team: txt\n");
    folder.run(&["vendor", "project"]).ends_with(0);
    let told = folder.run(&["check", "project"]).ends_with(2);
    assert!(told.contains("[project/vendor/tagpol/acme/tags.tagpol:2:11]"), "{told}");
}

#[test]
fn a_package_brings_those_that_it_needs() {
    let folder = folder();
    folder
        .write("library/tagpol.toml", "policies = \"policies\"\n[packages]\nbase = { path = \"../base\" }\n");
    folder
        .write("library/policies/based.tagpol", "use base\npolicy stages { severity low  require stage }\n");
    folder.write("base/all.tagpol", "tag stage: text\n");
    let told = folder.run(&["vendor", "project"]).ends_with(0);
    assert!(told.contains("base: new, from ../base\n"), "{told}");
    assert!(folder.read("project/tagpol.lock").contains("needed-by = [\"acme\"]"));
    folder.run(&["check", "project"]).ends_with(0);
    // Two places for one name.
    folder.write("other/all.tagpol", "tag stage: text\n");
    folder.write(
        "project/tagpol.toml",
        "[packages]\nacme = { path = \"../library\" }\nbase = { path = \"../other\" }\n",
    );
    let said =
        ["package `base` comes from two places", "the project has ../other", "package `acme` has ../base"];
    folder.run(&["vendor", "project"]).fails_with(2, &said);
    // What was there is still there.
    assert_eq!(folder.read("project/vendor/tagpol/base/all.tagpol"), "tag stage: text\n");
}

#[test]
fn packages_that_need_each_other_are_copied_once() {
    let folder = folder();
    folder
        .write("library/tagpol.toml", "policies = \"policies\"\n[packages]\nbase = { path = \"../base\" }\n");
    folder.write("base/tagpol.toml", "[packages]\nacme = { path = \"../library\" }\n");
    folder.write("base/all.tagpol", "use acme\ntag stage: text\n");
    folder.run(&["vendor", "project"]).ends_with(0);
    folder.run(&["check", "project"]).ends_with(0);
    // None of them can have a copy of itself.
    folder.run(&["vendor", "base"]).fails_with(2, &["package `base` is this project itself"]);
    folder.write("base/tagpol.toml", "[packages]\nself = { path = \".\" }\n");
    folder.run(&["vendor", "base"]).fails_with(2, &["package `self` is this project itself"]);
}

#[test]
fn a_revision_of_a_repository_is_pinned() {
    let folder = folder();
    git(&folder, &["init", "-q", "library"]);
    let in_library = |args: &[&str]| git(&folder, &[&["-C", "library"][..], args].concat());
    in_library(&["add", "."]);
    in_library(&["commit", "-qm", "one"]);
    in_library(&["tag", "v1"]);
    let first = in_library(&["rev-parse", "HEAD"]);
    let manifest = |rev: &str| {
        let text = format!("[packages]\nacme = {{ git = \"../library\", rev = \"{rev}\" }}\n");
        folder.write("project/tagpol.toml", text);
    };
    manifest("main");
    let told = folder.run(&["vendor", "project"]).ends_with(0);
    assert!(
        told.starts_with(&format!("acme: new, from ../library at main ({})\n", first.get(..12).unwrap())),
        "{told}"
    );
    assert!(folder.read("project/tagpol.lock").contains(first.trim()));
    folder.run(&["check", "project"]).ends_with(0);
    // The branch moves, and the project stays until it is told to follow.
    folder.write("library/policies/tags.tagpol", "tag owner: email\ntag team: text\ntag stage: text\n");
    in_library(&["commit", "-qam", "two"]);
    let second = in_library(&["rev-parse", "HEAD"]);
    let told = folder.run(&["vendor", "project"]).ends_with(0);
    assert!(told.starts_with("acme: unchanged"), "{told}");
    let told = folder.run(&["vendor", "project", "--update"]).ends_with(0);
    assert!(told.starts_with("acme: changed") && told.contains(second.get(..12).unwrap()), "{told}");
    // Tags, commits and beginnings of commits.
    for (rev, commit) in [("v1", &first), (first.trim(), &first), (second.get(..10).unwrap(), &second)] {
        manifest(rev);
        folder
            .run(&["check", "project"])
            .fails_with(2, &["the source of package `acme` has changed in the manifest"]);
        let told = folder.run(&["vendor", "project"]).ends_with(0);
        assert!(told.contains(commit.get(..12).unwrap()), "{rev}: {told}");
        folder.run(&["check", "project"]).ends_with(0);
    }
    manifest("v7");
    folder.run(&["vendor", "project"]).fails_with(2, &["package `acme`", "there is no revision `v7`"]);
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn a_folder_of_a_repository_is_a_package() {
    let folder = folder();
    git(&folder, &["init", "-q", "."]);
    git(&folder, &["add", "library"]);
    git(&folder, &["commit", "-qm", "one"]);
    folder.write(
        "project/tagpol.toml",
        "[packages]\nacme = { git = \"..\", rev = \"main\", path = \"library\" }\n",
    );
    folder.run(&["vendor", "project"]).ends_with(0);
    assert!(folder.entries().contains("project/vendor/tagpol/acme/LICENSE"));
    folder.run(&["check", "project"]).ends_with(0);
    // Revisions of the project have the copies of their time.
    git(&folder, &["add", "project"]);
    git(&folder, &["commit", "-qm", "two"]);
    folder.write("project/own.tagpol", "use acme\n");
    let diff = ["diff", "project", "--rev", "HEAD", "-i", "project/list.csv", "--no-state"];
    assert!(folder.run(&diff).ends_with(0).contains("has-team"));
}

#[test]
fn what_is_no_package_is_refused() {
    let cases: [(&str, &[&str]); 11] = [
        ("std = { path = \"../library\" }", &["`std` cannot be the name of a package"]),
        ("\"../x\" = { path = \"../library\" }", &["`../x` cannot be the name of a package"]),
        ("Acme = { path = \"../library\" }", &["`Acme` cannot be the name of a package", "small letters"]),
        ("acme = \"../library\"", &["expected a table such as", "git"]),
        ("acme = {}", &["package `acme` has no source"]),
        ("acme = { git = \"../library\" }", &["package `acme` has no `rev`"]),
        ("acme = { path = \"../library\", rev = \"v1\" }", &["package `acme` has a `rev` but no `git`"]),
        (
            "acme = { git = \"--upload-pack=touch x\", rev = \"v1\" }",
            &["an invalid repository address or revision"],
        ),
        ("acme = { git = \"../library\", rev = \"v1\", path = \"../x\" }", &["leads out of the repository"]),
        ("acme = { path = \"../nothing\" }", &["there is no folder `project/../nothing`"]),
        ("acme = { git = \"ext::touch x\", rev = \"v1\" }", &["package `acme`", "git"]),
    ];
    for (package, said) in cases {
        let folder = folder();
        folder.write("project/tagpol.toml", format!("[packages]\n{package}\n"));
        folder.run(&["vendor", "project"]).fails_with(2, said);
        assert!(!folder.path().join("project/x").exists() && !folder.path().join("x").exists());
        assert!(!folder.path().join("project/vendor").exists(), "{package}");
    }
}

#[test]
fn files_of_a_package_need_names_of_modules() {
    let folder = folder();
    folder.write("library/policies/my tags.tagpol", "tag more: text\n");
    folder.run(&["vendor", "project"]).fails_with(2, &["`my tags` cannot be part of the name of a module"]);
}

#[test]
fn a_package_that_nothing_names_any_more_is_removed() {
    let folder = folder();
    folder.run(&["vendor", "project"]).ends_with(0);
    folder.write("project/tagpol.toml", "");
    folder.write("project/own.tagpol", "tag team: text\n");
    let told = folder.run(&["vendor", "project"]).ends_with(0);
    assert!(told.starts_with("acme: removed\n"), "{told}");
    assert!(!folder.path().join("project/vendor/tagpol/acme").exists());
    folder.run(&["check", "project"]).ends_with(0);
}

#[test]
fn a_lock_file_that_is_damaged_or_newer_is_an_error() {
    let folder = folder();
    folder.run(&["vendor", "project"]).ends_with(0);
    let lock = folder.read("project/tagpol.lock");
    for bad in ["[".to_owned(), lock.replace("version = 1", "version = 2")] {
        folder.write("project/tagpol.lock", bad);
        let run = folder.run(&["vendor", "project"]);
        assert!(run.err.contains("tagpol.lock cannot be read and is written again"), "{run:?}");
        run.ends_with(0);
        folder.run(&["check", "project"]).ends_with(0);
    }
    for (bad, said) in [
        (lock.replace("version = 1", "version = 2"), "version"),
        (lock.replace("name = \"acme\"", "name = \"../acme\""), "`../acme` cannot be the name of a package"),
        (lock.replace("sha256", "sha1"), "sha1"),
        ("[".to_owned(), "tagpol.lock"),
    ] {
        folder.write("project/tagpol.lock", bad);
        folder.run(&["check", "project"]).fails_with(2, &[said, "tagpol vendor"]);
    }
}

/// A package must not be able to write or read anything but its own files.
#[test]
fn tables_outside_of_a_package_are_refused() {
    let cases =
        ["../outside.csv", "../../../outside.csv", "aws/../../outside.csv", "/etc/hostname", "link.csv"];
    for table in cases {
        let folder = folder();
        for name in ["library/outside.csv", "outside.csv", "project/outside.csv"] {
            folder.write(name, format!("id,name\n1,{name}\n"));
        }
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("library/policies/link.csv")).unwrap();
        let text = format!("table t from \"{table}\" key id {{ id: text  name: text }}\n");
        folder.write("library/policies/bad.tagpol", text);
        let before = folder.entries();
        folder.run(&["vendor", "project"]).fails_with(2, &["package `acme`"]);
        assert_eq!(folder.entries(), before, "{table}");
        assert_eq!(folder.read("project/outside.csv"), "id,name\n1,project/outside.csv\n");
    }
}

/// A policy of a package that does not parse does not vanish, even if nothing of its file is used.
#[test]
fn files_of_a_package_that_do_not_parse_are_errors() {
    let folder = folder();
    folder.write("library/policies/broken.tagpol", "polcy stages { severity high  require owner }\n");
    folder.run(&["vendor", "project"]).ends_with(0);
    let told = folder.run(&["check", "project"]).ends_with(2);
    assert!(told.contains("[project/vendor/tagpol/acme/broken.tagpol:1:1]"), "{told}");
}

#[test]
fn what_two_packages_define_is_left_out_of_one() {
    let folder = folder();
    folder.write("other/all.tagpol", "tag owner: text\n");
    folder.write(
        "project/tagpol.toml",
        "[packages]\nacme = { path = \"../library\" }\nother = { path = \"../other\" }\n",
    );
    folder.write("project/own.tagpol", "use acme\nuse other\n");
    folder.run(&["vendor", "project"]).ends_with(0);
    let told = folder.run(&["check", "project"]).ends_with(2);
    assert!(told.contains("`use acme except [owner]` or `use other except [owner]`"), "{told}");
    folder.write("project/own.tagpol", "use acme\nuse other except [owner]\n");
    folder.run(&["check", "project"]).ends_with(0);
    let doc = folder.run(&["doc", "project"]).ends_with(0);
    assert!(doc.contains("acme::tags") && !doc.contains("vendor::"), "{doc}");
}
