//! What is offered at cursors.

use tagpol_ide::{Completions, Docs, NoFacts, completion_docs, completion_import, completions};

use crate::support::Fixture;

fn at(fixture: &Fixture) -> Completions {
    completions(&fixture.db, fixture.project, fixture.file, fixture.offset, &NoFacts)
}

const PROJECT: &str = "
//- tags.tagpol
tag environment: one of [production, \"pre prod\"]
/// Who answers.
tag owner: email
tag on: bool
table accounts from \"accounts.csv\" key id { id: text  mail: email }
define live = environment == production
list addresses = [\"a@b.c\", \"d@e.f\"]
rule by-name { when live  fill owner = accounts[resource.account].mail }
policy owned { severity high  require owner  require region: resource.region is set }
";

/// The labels of the likeliest offers.
fn first(line: &str, count: usize) -> String {
    let fixture = Fixture::new(&format!("{PROJECT}//- z.tagpol\n{line}"));
    let labels: Vec<String> = at(&fixture).items.into_iter().take(count).map(|item| item.label).collect();
    labels.join(" ")
}

fn has(line: &str, label: &str) -> bool {
    let fixture = Fixture::new(&format!("{PROJECT}//- z.tagpol\n{line}"));
    at(&fixture).items.iter().any(|item| item.label == label)
}

#[test]
fn the_likeliest_first() {
    for (line, expected) in [
        ("define z = environment == $0", "production pre prod"),
        ("define z = environment in [$0", "production pre prod"),
        ("rule z { fill environment = $0 }", "production pre prod"),
        ("normalize environment {\n  map \"x\" -> $0\n}", "production pre prod missing"),
        ("define z = on == $0", "true false"),
        ("define z = resource.provider == $0", "aws azure"),
        ("rule z { fill owner = accounts[resource.id].$0 }", "id mail"),
        ("exempt owned/$0", "owner region"),
        ("exempt $0", "owned"),
        ("exempt owned/owner, owned/$0", "owner region"),
        ("define z = owner in $0", "addresses accounts"),
        ("define z = resource.$0", "name type"),
        ("define z = owner is $0", "set missing not"),
        ("policy z {\n  severity $0\n}", "critical high"),
        ("policy z {\n  grace 24 $0\n}", "days hours"),
        ("tag z: $0", "text text matching"),
        ("use $0", "std::aws std::azure"),
        ("use std::$0", "aws azure"),
        ("test \"z\" {\n  given g { name \"x\" }\n  expect owner is missing for $0\n}", "g"),
        ("test \"z\" {\n  expect owner == \"x\" from rule $0\n}", "by-name"),
    ] {
        assert!(first(line, 4).starts_with(expected), "{line}: {}", first(line, 4));
    }
}

#[test]
fn what_can_stand_there_and_what_cannot() {
    for (line, yes, no) in [
        ("$0", "policy", "severity"),
        ("policy z {\n  $0\n}", "severity", "policy"),
        ("policy z {\n  severity high\n  req$0\n}", "require", "when"),
        ("rule z {\n  $0", "fill", "require"),
        ("policy z {\n  require owner $0\n}", "is set", "severity high"),
        ("policy z {\n  require owner is set $0\n}", "else", "owner"),
        ("define z = $0", "live", "by-name"),
        ("define z = not $0", "in", "policy"),
        ("rule z { fill $0", "owner", "live"),
        ("rule z {\n  when owner == \"x\" $0", "fill", "require"),
        ("@allow($0)\ndefine z = live", "substring-trap", "policy"),
        ("goal z {\n  coverage of [$0", "owner", "live"),
        ("test \"z\" { given { $0", "monthly-cost", "expect"),
        ("test \"z\" { given { $0", "meta", "expect"),
        ("define z = owner like $0", "addresses", "accounts"),
        ("define z = owner contains $0", "owner", "live"),
        ("$0", "list", "severity"),
        ("policy z {\n  severity high\n  $0\n}", "require", "and"),
        ("policy z {\n  severity high\n  $0\n}", "require", "severity"),
        ("policy z {\n  severity high\n  grace $0\n}", "7 days", "require"),
        ("policy z {\n  severity high\n  escalate to \"a\" after $0\n}", "7 days", "require"),
        ("rule z { fill owner = accounts[$0].mail }", "resource.account", "when"),
        ("normalize environment {\n  map \"x\" -> $0\n}", "missing", "lower"),
        ("test \"z\" {\n  expect environment == $0\n}", "production", "lower"),
        ("test \"z\" { given { meta { \"$0", "InstanceId", "Owner"),
    ] {
        assert!(has(line, yes), "{line}: {yes}");
        assert!(!has(line, no), "{line}: {no}");
    }
}

#[test]
fn nothing_where_nothing_is_known() {
    for line in [
        "exempt owned {\n  until $0\n}",
        "exempt owned {\n  because $0\n}",
        "tag z: text { default $0 }",
        "policy z {\n  severity high\n  control soc2 $0\n}",
    ] {
        assert_eq!(first(line, 9), "", "{line}");
    }
}

#[test]
fn editors_without_stops() {
    let plain = |line: &str, label: &str| {
        let fixture = Fixture::new(&format!("{PROJECT}//- z.tagpol\n{line}"));
        let items = at(&fixture).items.into_iter().filter(|item| item.label == label);
        items.filter_map(tagpol_ide::Completion::without_stops).map(|item| item.insert).collect::<Vec<_>>()
    };
    assert_eq!(plain("$0", "policy"), ["policy"]);
    assert_eq!(plain("policy z {\n  severity high\n  $0\n}", "for resource where"), ["for resource where"]);
    assert_eq!(plain("define z = owner $0", "in"), ["in"]);
    assert_eq!(plain("define z = owner $0", "has word"), ["has word"]);
    assert_eq!(plain("define z = $0", "native"), ["native"]);
    assert_eq!(plain("define z = $0", "lower"), ["lower"]);
    assert_eq!(plain("define z = on == $0", "accounts"), ["accounts"]);
}

#[test]
fn nothing_in_comments_and_expressions() {
    for line in ["// own$0", "define z = owner matches /own$0", "define z = owner == \"own$0\"", "tag $0"] {
        assert_eq!(first(line, 9), "", "{line}");
    }
}

#[test]
fn what_is_inserted() {
    let edited = |line: &str, label: &str| {
        let fixture = Fixture::new(&format!("{PROJECT}//- z.tagpol\n{line}"));
        let found = at(&fixture);
        let item = found.items.iter().find(|item| item.label == label).unwrap();
        let import = |module: &String| completion_import(&fixture.db, fixture.file, module, &item.label);
        let mut edits: Vec<_> = item.module.as_ref().and_then(import).into_iter().collect();
        edits.push(tagpol_ide::Edit { range: found.replace, text: item.insert.clone() });
        fixture.edited(fixture.file, &edits)
    };
    assert_eq!(
        edited("define z = environment == pr$0e", "pre prod"),
        "define z = environment == \"pre prod\""
    );
    assert_eq!(edited("define z = own$0r is set", "owner"), "define z = owner is set");
    assert_eq!(edited("define z = resource.na$0", "name"), "define z = resource.name");
    assert_eq!(edited("tag `in`: text\ndefine z = i$0", "in"), "tag `in`: text\ndefine z = `in`");
    assert_eq!(edited("define z = tea$0", "team"), "use std::taxonomy::{team}\n\ndefine z = team");
    assert_eq!(
        edited("use std::taxonomy::{backup}\ndefine z = tea$0", "team"),
        "use std::taxonomy::{backup, team}\ndefine z = team"
    );
    assert_eq!(
        edited(
            "use std::taxonomy::{backup}\npolicy z {\n  severity high\n  require bus$0\n}",
            "business-unit"
        ),
        "use std::taxonomy::{backup, business-unit}\npolicy z {\n  severity high\n  require business-unit\n}"
    );
}

#[test]
fn explanations() {
    let fixture = Fixture::new(&format!("{PROJECT}//- z.tagpol\n$0"));
    let docs = |docs: Docs| completion_docs(&fixture.db, fixture.project, &docs);
    assert!(docs(Docs::Item("owner".into(), None)).unwrap().contains("Who answers."));
    assert!(docs(Docs::Item("team".into(), Some("std::taxonomy".into()))).unwrap().contains("tag team"));
    assert!(docs(Docs::Word("severity".into())).unwrap().starts_with("How severe"));
    assert!(docs(Docs::Lint("substring-trap".into())).unwrap().contains("has word"));
    assert_eq!(docs(Docs::Item("nothing".into(), None)), None);
}

#[test]
fn snippets_are_right_when_filled_in() {
    let fixture = Fixture::new("$0");
    for item in at(&fixture).items.iter().filter(|item| item.is_snippet) {
        let text = filled(&item.insert);
        let parse = tagpol_syntax::parse(&text);
        assert_eq!(parse.errors(), [], "{text}");
    }
}

/// A snippet with its stops as they are shown at first.
fn filled(snippet: &str) -> String {
    let mut out = String::new();
    let mut rest = snippet;
    while let Some((before, after)) = rest.split_once("${") {
        out.push_str(before);
        let (stop, tail) = after.split_once('}').unwrap();
        let text = stop.trim_start_matches(|c: char| c.is_ascii_digit());
        match text.strip_prefix('|') {
            Some(choices) => out.push_str(choices.split([',', '|']).next().unwrap()),
            None => out.push_str(text.trim_start_matches(':')),
        }
        rest = tail;
    }
    out + rest
}
