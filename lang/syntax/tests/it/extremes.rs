//! Texts that no person writes: deep, long, or both. Each ends with an item that must survive.

use tagpol_syntax::ast::{AstNode, File, Item};
use tagpol_syntax::{MAX_NESTING, SyntaxErrorKind};

use crate::lossless::check;

/// Parses the text with an item below it. Returns the kinds of the errors.
fn survive(text: &str) -> Vec<SyntaxErrorKind> {
    let text = format!("{text}\n\n/// Documented.\ntag last: text\n");
    let parse = check(&text);
    let last = File::cast(parse.root()).unwrap().items().last();
    let last = last.unwrap_or_else(|| panic!("no item is left, {} errors", parse.errors().len()));
    assert_eq!(
        (last.syntax().text().to_string().as_str(), last.doc().as_str()),
        ("tag last: text", "Documented.")
    );
    parse.errors().iter().map(|error| error.kind).collect()
}

fn nested(open: &str, depth: usize, close: &str) -> String {
    format!("{}x{}", open.repeat(depth), close.repeat(depth))
}

#[test]
fn as_deep_as_allowed() {
    assert_eq!(survive(&format!("define a = {}", nested("(", MAX_NESTING, ")"))), []);
}

#[test]
fn too_deep_is_one_error() {
    for depth in [MAX_NESTING + 1, 1000] {
        for (open, close) in [("(", ")"), ("f(", ")"), ("a[", "]"), ("((", "))")] {
            let condition = nested(open, depth, close);
            let unclosed = format!("{}x", open.repeat(depth));
            for text in [format!("define a = {condition}"), format!("define a = {unclosed}")] {
                assert_eq!(survive(&text), [SyntaxErrorKind::TooDeep], "{open} {depth}");
            }
            let policy = format!("policy p {{\n  severity low\n  require {unclosed}\n}}");
            assert_eq!(survive(&policy), [SyntaxErrorKind::TooDeep], "{open} {depth} in a policy");
        }
    }
}

#[test]
fn a_hundred_thousand_deep() {
    let deep = 100_000;
    assert_eq!(survive(&format!("define a = {}", nested("(", deep, ")"))), [SyntaxErrorKind::TooDeep]);
    assert_eq!(survive(&format!("define a = {}", "[".repeat(deep))), [SyntaxErrorKind::TooDeep]);
}

#[test]
fn open_brackets_that_are_never_closed_cost_no_time() {
    for open in ["(", "[", "{", "([{", "\"(", "(\"", "/(", "a.b(", "not ("] {
        survive(&format!("policy p {{\n  require {}\n}}", open.repeat(MAX_NESTING / open.len())));
        survive(&format!("oops {}", open.repeat(2000)));
    }
}

#[test]
fn not_ten_thousand_times() {
    assert_eq!(survive(&format!("define a = {}x", "not ".repeat(10_000))), []);
    let wrong = survive(&format!("define a = {}x", "!".repeat(10_000)));
    assert_eq!(wrong.len(), 10_000);
    assert!(wrong.iter().all(|kind| *kind == SyntaxErrorKind::WrongOperator));
}

#[test]
fn long_lines_and_many_lines() {
    let megabyte = 1 << 20;
    assert_eq!(survive(&format!("tag a: text matching /{}/", "x".repeat(megabyte))), []);
    assert_eq!(survive(&format!("// {}", "(".repeat(megabyte))), []);
    // The rest is as long as a quadratic parser would not forgive.
    let many = 20_000;
    assert_eq!(survive(&"x ".repeat(many)).len(), 1);
    assert_eq!(survive(&format!("oops\n{}", "// comment\n".repeat(many))).len(), 1);
    assert_eq!(survive(&format!("oops\n{}", "\n".repeat(many))).len(), 1);
    assert_eq!(survive(&format!("define a = b{}", " or b".repeat(many))), []);
    assert_eq!(survive(&format!("tag a: one of [{}]", "\"m\", ".repeat(many))), []);
    assert_eq!(survive(&"}".repeat(many)).len(), 1);
}

#[test]
fn many_errors() {
    let lines = 500;
    assert_eq!(survive(&format!("policy p {{\n{}}}", "  oops x\n".repeat(lines))).len(), lines);
    assert_eq!(survive(&"oops\n\n".repeat(lines)).len(), lines);
    assert_eq!(survive(&"policy p {\n".repeat(lines)).len(), lines);
    assert_eq!(survive(&format!("define a = {}x\n", "(".repeat(70)).repeat(lines)).len(), lines);
    assert_eq!(survive(&"define a = x bad ".repeat(lines)).len(), 1);
}

#[test]
fn brackets_in_a_regex_hide_nothing() {
    let text = format!("define a = {}x", "x matches /)/ and (".repeat(2000));
    assert_eq!(survive(&text), [SyntaxErrorKind::TooDeep]);
    assert_eq!(survive(&format!("define a = x{}", r" or x matches /\(/".repeat(500))), []);
}

#[test]
fn names_of_items_may_be_keywords() {
    let text = "tag test: text\ntag rule: text\ntag severity: text\ntag `or`: text\ndefine policy = rule == \"x\" or severity is set\n";
    let parse = check(text);
    assert_eq!(parse.errors(), []);
    let names: Vec<String> = File::cast(parse.root())
        .unwrap()
        .items()
        .filter_map(|item| match item {
            Item::Tag(tag) => tag.name().map(|name| name.text().to_owned()),
            _ => None,
        })
        .collect();
    assert_eq!(names, ["test", "rule", "severity", "or"]);
}
