//! `tagpol check`

use crate::support::{Folder, OWNED};

const FIVE_MISTAKES: &str = "\
tag environment: one of [production, staging]
tag owner: emial

rule from-name {
  when resource.nmae has word \"prod\"
  fill enviroment = production
}

policy owned {
  severity high
  for resource where environment == prodution
  require owner
}

policy cheap {
  severty low
  forbid dear: resource.monthly-cost > 5 USD
}
";

#[test]
fn five_mistakes_in_one_file_are_five_located_diagnostics() {
    let folder = Folder::with(&[("five.tagpol", FIVE_MISTAKES)]);
    let short = folder.run(&["check", "five.tagpol", "--format", "short"]).ends_with(2);
    let expected = "\
five.tagpol:2:12: error[E0021]: there is no type `emial` (did you mean `email`?)
five.tagpol:5:17: error[E0013]: a resource has no `nmae` (did you mean `name`?)
five.tagpol:6:8: error[E0010]: there is no tag `enviroment` (did you mean `environment`?)
five.tagpol:11:37: error[E0012]: `prodution` is no value of `environment`: `environment` is one of \
production, staging (did you mean `production`?)
five.tagpol:16:3: error[E0001]: unexpected `severty`: not known here (did you mean `severity`?)
";
    assert_eq!(short, expected);
}

#[test]
fn the_source_is_shown_and_underlined() {
    let folder = Folder::with(&[("five.tagpol", FIVE_MISTAKES)]);
    let human = folder.run(&["check", "five.tagpol"]).ends_with(2);
    let underlined = [
        " 2 │ tag owner: emial\n   ·            ─────\n",
        " 5 │   when resource.nmae has word \"prod\"\n   ·                 ────\n",
        " 6 │   fill enviroment = production\n   ·        ──────────\n",
        " 11 │   for resource where environment == prodution\n    ·                                     ────┬────\n",
    ];
    for part in underlined.iter().chain(&["help: did you mean `production`?", "5 errors;"]) {
        assert!(human.contains(part), "no {part:?} in {human}");
    }
}

#[test]
fn mistakes_come_as_json_too() {
    let folder = Folder::with(&[("five.tagpol", FIVE_MISTAKES)]);
    let json = folder.run(&["check", "five.tagpol", "--format", "json"]).ends_with(2);
    let list: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(list.as_array().unwrap().len(), 5);
    let first = serde_json::json!({
        "code": "E0021",
        "lint": null,
        "severity": "error",
        "message": "there is no type `emial`",
        "file": "five.tagpol",
        "line": 2,
        "column": 12,
        "end_line": 2,
        "end_column": 17,
        "help": "did you mean `email`?",
    });
    assert_eq!(list[0], first);
}

#[test]
fn mistakes_in_several_files_are_all_told() {
    let files = [("a.tagpol", OWNED), ("b/c.tagpol", "tag owner: text\n"), ("d.tagpol", "tag x: nmber\n")];
    let folder = Folder::with(&files);
    let short = folder.run(&["check", "--format", "short"]).ends_with(2);
    assert!(short.contains("b/c.tagpol:1:5: error[E0011]: `owner` is defined twice"), "{short}");
    assert!(short.contains("d.tagpol:1:8: error[E0021]"), "{short}");
    let human = folder.run(&["check"]).ends_with(2);
    assert!(human.contains("a.tagpol:1:5"), "{human}");
}

#[test]
fn what_is_right_is_counted() {
    let folder = Folder::with(&[("a.tagpol", OWNED)]);
    let out = folder.run(&["check"]).ends_with(0);
    assert!(out.starts_with("ok: "), "{out}");
    assert_eq!(folder.run(&["check", "--format", "short"]).ends_with(0), "");
    assert_eq!(folder.run(&["check", "--format", "json"]).ends_with(0), "[]\n");
}

#[test]
fn codes_are_explained() {
    let folder = Folder::new();
    let list = folder.run(&["explain-code"]).ends_with(0);
    assert!(list.contains("E0012  a value outside the tag's type\n"), "{list}");
    for line in list.lines() {
        let code = line.split(' ').next().unwrap();
        let page = folder.run(&["explain-code", code]).ends_with(0);
        assert!(page.starts_with(&format!("# {code}")) && page.contains("\n## Wrong\n"), "{page}");
    }
    let (lower, upper) = (folder.run(&["explain-code", "e0012"]), folder.run(&["explain-code", "E0012"]));
    assert_eq!(lower.ends_with(0), upper.ends_with(0));
    let said = ["there is no code `E012`", "did you mean `E0012`?"];
    folder.run(&["explain-code", "E012"]).fails_with(2, &said);
}
