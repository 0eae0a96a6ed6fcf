//! `tagpol doc`: where it writes, what it never overwrites, and what is stale.

use crate::support::{Folder, OWNED};

fn folder(manifest: &str) -> Folder {
    Folder::with(&[("tagpol.toml", manifest), ("p.tagpol", OWNED)])
}

#[test]
fn without_a_place_it_is_printed() {
    let folder = folder("");
    let markdown = folder.run(&["doc"]).ends_with(0);
    assert!(
        markdown.contains("# Tags and policies\n") && markdown.contains("### Policy owned\n"),
        "{markdown}"
    );
    assert!(folder.run(&["doc", "--format", "html"]).ends_with(0).starts_with("<!doctype html>\n"));
    folder.run(&["doc", "--check"]).fails_with(2, &["no documentation to check", "--output"]);
}

#[test]
fn the_manifest_says_where() {
    let folder = folder("[doc]\noutput = \"docs/tags\"\nformat = \"html\"\n");
    folder.run(&["doc", "--check"]).ends_with(1);
    folder.run(&["doc"]).ends_with(0);
    assert!(folder.entries().contains("docs/tags/policies.html"));
    assert_eq!(folder.run(&["doc", "--check"]).ends_with(0), "7 files up to date\n");
    folder.run(&["doc", "-o", "all.md"]).ends_with(0);
    assert!(folder.read("all.md").starts_with("<!doctype html>"), "the manifest names the form");
    folder.write("tagpol.toml", "[doc]\nouput = \"docs\"\n");
    folder.run(&["doc"]).fails_with(2, &["ouput", "tagpol.toml:2:1"]);
}

#[test]
fn stale_and_missing_files_are_named() {
    let folder = folder("");
    folder.run(&["doc", "-o", "docs"]).ends_with(0);
    folder.write("p.tagpol", format!("{OWNED}tag team: text\n"));
    std::fs::remove_file(folder.path().join("docs/goals.md")).unwrap();
    let out = folder.run(&["doc", "-o", "docs", "--check"]).ends_with(1);
    let expected =
        "stale docs/index.md\nstale docs/tags.md\nmissing docs/goals.md\nrun `tagpol doc` to update\n";
    assert_eq!(out, expected);
    let out = folder.run(&["doc", "-o", "docs"]).ends_with(0);
    assert_eq!(
        out,
        "wrote docs/index.md\nwrote docs/tags.md\nwrote docs/goals.md\n3 files written, 4 unchanged\n"
    );
    folder.run(&["doc", "-o", "docs", "--check"]).ends_with(0);
}

#[test]
fn other_ends_of_lines_are_not_stale() {
    let folder = folder("");
    folder.run(&["doc", "-o", "tags.md"]).ends_with(0);
    folder.write("tags.md", folder.read("tags.md").replace('\n', "\r\n"));
    folder.run(&["doc", "-o", "tags.md", "--check"]).ends_with(0);
}

#[test]
fn files_of_others_stay() {
    let folder = folder("");
    folder.write("docs/tags.md", "# My own\n");
    folder.run(&["doc", "-o", "docs"]).fails_with(2, &["docs/tags.md", "not made by"]);
    assert_eq!(folder.read("docs/tags.md"), "# My own\n");
    assert!(!folder.entries().contains("docs/index.md"), "nothing was written");
}

#[test]
fn changes_of_the_manifest_are_told() {
    let folder = folder("[policy.owned]\nseverity = \"low\"\n");
    assert!(folder.run(&["doc"]).ends_with(0).contains("**low** in `tagpol.toml`; the policy has high"));
    folder.write("tagpol.toml", "[policy.owend]\nseverity = \"low\"\n");
    folder.run(&["doc"]).fails_with(2, &["owend", "did you mean `owned`?"]);
}

#[test]
fn wrong_policies_are_not_documented() {
    let folder = Folder::with(&[("p.tagpol", "tag owner: emial\n")]);
    folder.run(&["doc", "-o", "docs"]).fails_with(2, &["emial"]);
    assert!(!folder.entries().contains("docs"));
}
