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
five.tagpol:11:37: error[E0012]: `prodution` is not a value of `environment`: `environment` is one of \
production, staging (did you mean `production`?)
five.tagpol:16:3: error[E0001]: unexpected `severty`: unknown keyword (did you mean `severity`?)
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

/// A mistake behind `width` characters of one line.
fn behind(width: usize) -> String {
    format!("tag a: one of [\"{}\", \"b\", \"b\"]\n", "a".repeat(width))
}

#[test]
fn a_long_line_is_shown_around_the_mistake() {
    for width in [300, 65_000, 65_536, 70_000, 3_000_000] {
        let folder = Folder::with(&[("long.tagpol", &behind(width))]);
        let human = folder.run(&["check", "long.tagpol"]).ends_with(2);
        let column = width + 25;
        assert!(human.contains(&format!("[long.tagpol:1:{column}]")), "{human}");
        assert!(human.contains("\", \"b\", \"b\"]"), "{human}");
        assert!(human.len() < 2_000, "{} bytes", human.len());
        let short = folder.run(&["check", "long.tagpol", "--format", "short"]).ends_with(2);
        assert!(short.starts_with(&format!("long.tagpol:1:{column}: error[")), "{}", short.len());
    }
}

#[test]
fn columns_are_those_of_characters() {
    for text in ["ß", "字", "🦀", "e\u{301}", "\t", "\u{200b}"] {
        let folder = Folder::with(&[(
            "wide.tagpol",
            &format!("tag a: /* */ one of [\"{}\", b, b]\n", text.repeat(50_000)),
        )]);
        let human = folder.run(&["check", "wide.tagpol"]).ends_with(2);
        let json = folder.run(&["check", "wide.tagpol", "--format", "json"]).ends_with(2);
        let found: serde_json::Value = serde_json::from_str(&json).unwrap();
        let (line, column) = (&found[0]["line"], &found[0]["column"]);
        assert!(human.contains(&format!("[wide.tagpol:{line}:{column}]")), "{line} {column}\n{human}");
    }
}

#[test]
fn names_and_places_of_any_length_are_shown() {
    let name = "n".repeat(70_000);
    for text in [
        format!("tag {name}: text\ntag {name}: text\n"),
        format!("define d = {name}\n"),
        format!("tag a: {name}\n"),
        format!("{name}\n"),
        format!("tag a: \"{name}\n"),
        format!("policy p {{ severity low  require {name} }}\n"),
        format!("tag a: text\n{}policy p {{ severity low  require b }}\n", " ".repeat(70_000)),
        format!("tag a: one of [{}]\n", "b, ".repeat(30_000)),
        format!("policy p {{\n{}", "  severity low\n".repeat(30_000)),
        format!("define a = {}b or c\n", format!("{} or ", "a".repeat(60)).repeat(1_500)),
    ] {
        let folder = Folder::with(&[("long.tagpol", &text)]);
        let human = folder.run(&["check", "long.tagpol"]).ends_with(2);
        assert!(human.lines().all(|line| line.chars().count() < 2_500), "{}", human.len());
    }
    let text = format!(
        "tag {name}: text\npolicy p {{ severity low  require {name} }}\ntest \"{name}\" {{\n  given db {{ name \"x\" }}\n  expect violation p for db\n}}\n"
    );
    let folder = Folder::with(&[("long.tagpol", &text)]);
    folder.run(&["compile", "long.tagpol"]).ends_with(0);
    folder.run(&["test", "long.tagpol", "--coverage", "--mutate"]);
}

#[test]
fn fixes_are_applied() {
    let folder = Folder::with(&[("five.tagpol", FIVE_MISTAKES)]);
    let run = folder.run(&["check", "five.tagpol", "--fix"]);
    assert!(run.err.contains("fixed 5 problems in 1 file"), "{run:#?}");
    let text = std::fs::read_to_string(folder.path().join("five.tagpol")).unwrap();
    for part in
        ["tag owner: email", "resource.name has", "fill environment", "== production", "  severity low"]
    {
        assert!(text.contains(part), "no {part} in {text}");
    }
    run.ends_with(0);
}

#[test]
#[cfg(unix)]
fn no_file_is_fixed_if_one_of_them_cannot_be_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let files = [("a.tagpol", "tag Team: text\n"), ("b.tagpol", "tag Owner: text\n")];
    let folder = Folder::with(&files);
    let read_only = std::fs::Permissions::from_mode(0o444);
    std::fs::set_permissions(folder.path().join("b.tagpol"), read_only).unwrap();
    folder.run(&["check", ".", "--fix"]).fails_with(2, &["cannot write", "b.tagpol"]);
    for (name, text) in files {
        assert_eq!(folder.read(name), text);
    }
}

#[test]
fn fixes_of_lints_are_applied_if_they_are_asked_for() {
    let text = "tag team: text\nrule a {\n  fill team = \"${resource.name}\"\n}\n";
    let folder = Folder::with(&[("a.tagpol", text)]);
    let read = || std::fs::read_to_string(folder.path().join("a.tagpol")).unwrap();
    folder.run(&["check", "a.tagpol", "--fix"]).ends_with(0);
    assert_eq!(read(), text);
    folder.run(&["check", "a.tagpol", "--fix", "--unsafe-fixes"]).ends_with(0);
    assert_eq!(read(), text.replace('$', ""));
    folder.run(&["check", "a.tagpol", "--unsafe-fixes"]).ends_with(2);
}

#[test]
fn code_hosts_get_annotations_and_sarif() {
    let folder = Folder::with(&[("five.tagpol", FIVE_MISTAKES)]);
    let github = folder.run(&["check", "five.tagpol", "-o", "github"]).ends_with(2);
    let first = "::error file=five.tagpol,line=2,col=12,endLine=2,endColumn=17,title=E0021 an unknown type::there is no type `emial`%0Adid you mean `email`?\n";
    assert!(github.starts_with(first), "{github}");
    assert_eq!(github.lines().count(), 5);
    let sarif = folder.run(&["check", "five.tagpol", "-o", "sarif"]).ends_with(2);
    let sarif: serde_json::Value = serde_json::from_str(&sarif).unwrap();
    let run = &sarif["runs"][0];
    assert_eq!(run["results"].as_array().unwrap().len(), 5);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        assert!(rules.iter().any(|rule| rule["id"] == result["ruleId"]), "{result}");
        let place = &result["locations"][0]["physicalLocation"];
        assert_eq!(place["artifactLocation"]["uri"], "five.tagpol");
        assert!(
            result["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"]
                .is_string()
        );
    }
}
