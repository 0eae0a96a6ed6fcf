//! Short policies that would make much of little: texts that double, predicates that use others twice.

use serde_json::Value;

use crate::support::{Folder, NOW};

const INVENTORY: &str = "{\"id\":\"i-1\",\"tags\":{}}\n{\"id\":\"i-2\",\"tags\":{\"a\":\"x\"}}\n";

/// Rules that make a text four times as long, one after the other.
fn doubling(tags: usize) -> String {
    let mut text = "tag t0: text\nrule r0 { fill t0 = \"xxxxxxxxxx\" }\n".to_owned();
    for i in 1..tags {
        let part = format!("{{t{}}}", i - 1);
        text += &format!("tag t{i}: text\nrule r{i} {{ fill t{i} = \"{part}{part}{part}{part}\" }}\n");
    }
    text + "policy p { severity low  require t0 }\n"
}

#[test]
fn a_text_that_grows_beyond_the_limit_ends_the_run() {
    let test = "test \"x\" { given { }  expect no violation p }\n";
    let folder = Folder::with(&[("p.tagpol", &(doubling(30) + test)), ("i.ndjson", INVENTORY)]);
    let expected =
        ["`t7`", "`\"{t6}{t6}{t6}{t6}\"`", "65536 bytes", "`i-1`", "p.tagpol:16:11", "--text-limit"];
    for command in [&["eval"][..], &["explain", "i-1", "-p", "p.tagpol"], &["cost", "--by", "t0"]] {
        let run = folder.run(&[command, &["-i", "i.ndjson", "--now", NOW]].concat());
        run.fails_with(2, &expected);
    }
    let out = folder.run(&["test"]).ends_with(1);
    assert!(out.contains("texts within the limit") && out.contains("65536 bytes"), "{out}");
    let args = ["eval", "-i", "i.ndjson", "--now", NOW, "--text-limit", "1000000"];
    folder.run(&args).fails_with(2, &["`t9`", "1000000 bytes"]);
}

#[test]
fn each_way_to_make_texts_has_the_limit() {
    let longer = "\"x\", \"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"";
    let cases = [
        ("rule r { fill a = \"{native[\\\"k\\\"]}{native[\\\"k\\\"]}\" }", "{native["),
        (&format!("rule r {{ fill a = replace(replace(native[\"k\"], {longer}), {longer}) }}"), "replace("),
        ("normalize a { keys \"k\"  map /(x+)/ -> \"$1-$0\" }", "$1-$0"),
        ("policy q { severity low  forbid c: \"{native[\\\"k\\\"]}-\" == \"y\" }", "{native["),
    ];
    let inventory = format!("{{\"id\":\"i-1\",\"tags\":{{\"k\":\"{}\"}}}}\n", "x".repeat(65_536));
    for (item, written) in cases {
        let item = item.replace("\\\"", "\"").replace("{native[\"k\"]}", "{native.k}");
        let text = format!("tag a: text\ntag k: text\n{item}\npolicy p {{ severity low  require a }}\n");
        let folder = Folder::with(&[("p.tagpol", &text), ("i.ndjson", &inventory)]);
        let written = written.replace("{native[", "{native.k}");
        let args = ["eval", "-i", "i.ndjson", "--now", NOW];
        folder.run(&args).fails_with(2, &[&written, "65536 bytes"]);
    }
    // What is not computed has no limit.
    let text = "tag a: text\ntag k: text\nrule r { fill a = k }\npolicy p { severity low  require a }\n";
    let long = inventory.replace("\"}}", "xxx\"}}");
    let folder = Folder::with(&[("p.tagpol", text), ("i.ndjson", &long)]);
    folder.run(&["eval", "-i", "i.ndjson", "--now", NOW]).ends_with(0);
}

/// Predicates each of which uses the one before twice.
fn chain(levels: usize, first: &str, next: impl Fn(&str) -> String) -> String {
    let mut text = format!("tag a: text\ndefine d0 = {first}\n");
    for i in 1..=levels {
        text += &format!("define d{i} = {}\n", next(&format!("d{}", i - 1)));
    }
    text + &format!(
        "policy p {{ severity low  require c: d{levels} }}\n\
         test \"x\" {{ given {{ }}  expect d{levels} }}\n\
         test \"y\" {{ given {{ tags {{ \"a\": \"x\" }} }}  expect d{levels} }}\n"
    )
}

/// Predicates that are false for a resource without tags, and predicates that are true for it.
fn chains(levels: usize) -> [String; 4] {
    let either = |d: &str| format!("({d} or a == \"1\") and ({d} or a == \"2\")");
    [
        chain(levels, "a is set", |d| format!("{d} and {d}")),
        chain(levels, "a is missing", |d| format!("{d} and {d}")),
        chain(levels, "a is set", |d| format!("{d} or {d}")),
        chain(levels, "a == \"x\"", either),
    ]
}

#[test]
fn predicates_that_use_others_twice_are_not_unfolded() {
    for levels in [30, 60] {
        for text in chains(levels) {
            let folder = Folder::with(&[("p.tagpol", &text), ("i.ndjson", INVENTORY)]);
            for command in [&["check"][..], &["compile"], &["doc", "-o", "doc"], &["test", "--coverage"]] {
                let run = folder.run(command);
                assert!(matches!(run.code, 0 | 1), "{command:?}: {}", run.err);
                assert!(run.out.len() < 200_000, "{command:?}");
            }
            folder.run(&["test", "--mutate"]);
            for command in [&["eval"][..], &["explain", "i-1", "-p", "p.tagpol"]] {
                let run = folder.run(&[command, &["-i", "i.ndjson", "--now", NOW]].concat());
                assert!(matches!(run.code, 0 | 1), "{command:?}: {}", run.err);
                assert!(run.out.len() < 200_000, "{command:?}");
            }
        }
    }
}

#[test]
fn predicates_that_lead_too_deep_are_reported() {
    for text in chains(1000) {
        let folder = Folder::with(&[("p.tagpol", &text), ("i.ndjson", INVENTORY)]);
        folder.run(&["check"]).ends_with(2);
        folder.run(&["eval", "-i", "i.ndjson", "--now", NOW]).fails_with(2, &["E0005"]);
    }
}

/// Counts the parts of a condition.
fn parts(part: &Value) -> usize {
    1 + part["parts"].as_array().unwrap().iter().map(parts).sum::<usize>()
}

#[test]
fn an_explanation_has_each_predicate_once() {
    let text = chain(40, "a == \"x\"", |d| format!("{d} and {d}"));
    let folder = Folder::with(&[("p.tagpol", &text), ("i.ndjson", INVENTORY)]);
    let args = ["explain", "i-1", "-p", "p.tagpol", "-i", "i.ndjson", "--now", NOW];
    let shown = folder.run(&args).ends_with(0);
    assert!(shown.contains("`a == \"x\"` is false (p.tagpol:2): a is missing"), "{shown}");
    let json = folder.run(&[&args[..], &["--format", "json"]].concat()).ends_with(0);
    let json: Value = serde_json::from_str(&json).unwrap();
    let condition = &json["checks"][0]["condition"];
    // The name, then for each of 28 definitions an `and` of a name that is taken apart and one that is not.
    assert!(parts(condition) < 200, "{}", parts(condition));
    let first = &condition["parts"][0];
    assert_eq!(first["parts"][0]["parts_omitted"], Value::Null);
    assert_eq!(first["parts"][1]["parts_omitted"], "above");
    assert_eq!(first["parts"][1]["parts"], Value::Array(Vec::new()));
}

#[test]
fn a_reason_shows_the_first_values_only() {
    let tags: String = (0..30).map(|i| format!("tag a{i}: text\n")).collect();
    let parts: Vec<String> = (0..30).map(|i| format!("a{i} is missing")).collect();
    let text = format!("{tags}policy p {{ severity low  forbid c: {} }}\n", parts.join(" and "));
    let folder = Folder::with(&[("p.tagpol", &text), ("i.ndjson", INVENTORY)]);
    let args = ["explain", "i-1", "-p", "p.tagpol", "-i", "i.ndjson", "--now", NOW];
    let shown = folder.run(&args).ends_with(0);
    assert!(shown.contains("a19 is missing, and 10 more values"), "{shown}");
    assert!(!shown.contains("a20 is missing, "), "{shown}");
}
