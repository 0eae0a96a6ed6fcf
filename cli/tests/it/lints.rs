//! Lints: their levels, and what they do to exit codes.

use crate::support::{CLEAN, Folder, NOW};

/// A trap, and a policy to evaluate.
const TRAP: &str = "tag owner: email
tag environment: one of [production, staging]
rule by-name { when resource.name contains \"prod\"  fill environment = production }
policy owned { severity high  require owner }
test \"none\" { given { name \"x\" } expect owner is missing }
";

const WAIVED: &str = "tag owner: email
policy owned { severity high  require owner }
exempt owned {
  for resource where resource.account == \"1\"
  until 2027-03-31
  because \"T-1: later\"
}
";

fn folder(manifest: &str) -> Folder {
    Folder::with(&[("p.tagpol", TRAP), ("clean.csv", CLEAN), ("tagpol.toml", manifest)])
}

#[test]
fn warnings_are_shown_and_fail_nothing() {
    let folder = folder("");
    let out = folder.run(&["check", "--format", "short"]).ends_with(0);
    let expected = "p.tagpol:3:44: warning[L0001 substring-trap]: `contains \"prod\"` is also true of `preprod`, \
                    `nonprod` and `product` (compare whole words: `has word \"prod\"`)\n";
    assert_eq!(out, expected);
    let human = folder.run(&["check"]).ends_with(0);
    assert!(human.contains("L0001 substring-trap") && human.contains("\n1 warning; "), "{human}");
    for args in [&["test"][..], &["eval", "-i", "clean.csv"]] {
        let run = folder.run(args);
        assert_eq!(run.err, "1 warning; see `tagpol check`\n", "{args:?}");
        assert_eq!(run.code, 0, "{args:?}");
    }
}

#[test]
fn warnings_may_be_denied() {
    let folder = folder("");
    folder.run(&["check", "--deny", "warnings"]).ends_with(2);
    folder.write("p.tagpol", TRAP.replace("contains", "has word"));
    folder.run(&["check", "--deny", "warnings"]).ends_with(0);
}

#[test]
fn programs_are_told_level_and_name() {
    let out = folder("").run(&["check", "--format", "json"]).ends_with(0);
    let list: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(list[0]["code"], "L0001");
    assert_eq!(list[0]["lint"], "substring-trap");
    assert_eq!(list[0]["severity"], "warning");
    let folder = folder("[lints]\nsubstring-trap = \"error\"\n");
    let list: serde_json::Value =
        serde_json::from_str(&folder.run(&["check", "--format", "json"]).ends_with(2)).unwrap();
    assert_eq!(list[0]["severity"], "error");
    folder.write("p.tagpol", "polcy p {}\n");
    let list: serde_json::Value =
        serde_json::from_str(&folder.run(&["check", "--format", "json"]).ends_with(2)).unwrap();
    assert_eq!(list[0]["lint"], serde_json::Value::Null);
}

#[test]
fn the_manifest_sets_levels() {
    let allowed = folder("[lints]\nsubstring-trap = \"allow\"\n");
    let out = allowed.run(&["check", "--deny", "warnings"]).ends_with(0);
    assert!(out.starts_with("ok: "), "{out}");
    let error = folder("[lints]\nsubstring-trap = \"error\"\n");
    error.run(&["check"]).ends_with(2);
    for args in [&["test"][..], &["eval", "-i", "clean.csv"], &["compile"]] {
        error.run(args).fails_with(2, &["substring-trap", "1 error"]);
    }
}

#[test]
fn levels_that_do_not_exist_are_mistakes() {
    folder("[lints]\nsubstring-tarp = \"error\"\n").run(&["check"]).fails_with(
        2,
        &["there is no lint `substring-tarp`", "tagpol.toml", "did you mean `substring-trap`?"],
    );
    folder("[lints]\nsubstring-trap = \"deny\"\n")
        .run(&["check"])
        .fails_with(2, &["deny", "tagpol.toml:2:18"]);
    folder("[lints]\nE0012 = \"allow\"\n").run(&["check"]).fails_with(2, &["there is no lint `E0012`"]);
}

#[test]
fn waivers_end_by_the_clock() {
    let folder = Folder::with(&[("p.tagpol", WAIVED)]);
    let out = folder.run(&["check", "--now", NOW]).ends_with(0);
    assert!(out.starts_with("ok: "), "{out}");
    let out = folder.run(&["check", "--now", "2027-04-01", "--format", "short"]).ends_with(0);
    assert!(out.contains("warning[L0011 expired-exemption]: this waiver expired on 2027-03-31"), "{out}");
    folder.run(&["check", "--now", "2027-03-31", "--deny", "warnings"]).ends_with(0);
}

#[test]
fn a_lint_is_explained_by_its_name() {
    let folder = Folder::new();
    let by_name = folder.run(&["explain-code", "substring-trap"]).ends_with(0);
    assert_eq!(by_name, folder.run(&["explain-code", "L0001"]).ends_with(0));
    assert!(by_name.starts_with("# L0001: "), "{by_name}");
    let list = folder.run(&["explain-code"]).ends_with(0);
    assert!(list.contains("\nL0001  substring-trap: "), "{list}");
    folder.run(&["explain-code", "substring-tarp"]).fails_with(2, &["did you mean `substring-trap`?"]);
}
