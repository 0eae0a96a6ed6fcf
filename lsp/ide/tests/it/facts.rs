//! What an inventory tells beside the text.

use tagpol_ide::{
    Coverage, Facts, HintKind, LensAction, Matches, PolicyFacts, Presence, Seen, Subject, Versioned, actions,
    completions, hints, hover, lenses,
};
use tagpol_syntax::{TextRange, TextSize};

use crate::support::Fixture;

/// An inventory of one bucket.
struct Bucket;

fn seen(text: &str) -> Seen {
    Seen { text: text.to_owned(), count: 7, cost: Some("$12".to_owned()) }
}

impl Facts for Bucket {
    fn keys(&self) -> Vec<Seen> {
        vec![seen("Owner")]
    }

    fn values(&self, of: &Subject) -> Vec<Seen> {
        match of {
            Subject::Attribute(name) => vec![seen(&format!("{name}-1"))],
            Subject::Native(key) => vec![seen(&format!("{key}="))],
            Subject::Tag(_) => vec![seen("a")],
        }
    }

    fn tag(&self, _: &str) -> Option<Versioned<Presence>> {
        let answer = Presence { present: 3, all: 9, top: vec![seen("jane@company.com")] };
        Some(Versioned { answer, is_stale: false })
    }

    fn matches(&self, name: &str) -> Option<Versioned<Matches>> {
        Some(Versioned {
            answer: Matches { count: if name == "all" { 9 } else { 5 }, all: 9, cost: None },
            is_stale: true,
        })
    }

    fn policy(&self, _: &str) -> Option<Versioned<PolicyFacts>> {
        let answer = PolicyFacts { in_scope: 1204, violations: 37, cost: Some("$4,120".to_owned()) };
        Some(Versioned { answer, is_stale: false })
    }

    fn unmapped(&self, tag: &str) -> Option<Versioned<Vec<Seen>>> {
        let answer = match tag {
            "env" => vec![seen("prodution"), seen("say \"x\"")],
            "stage" => vec![seen("pay-production"), seen("web-production"), seen("non-test"), seen("a-test")],
            _ => Vec::new(),
        };
        Some(Versioned { answer, is_stale: false })
    }

    fn coverage(&self, _: &str, lines: std::ops::RangeInclusive<u32>) -> Option<Coverage> {
        (lines == (0..=3)).then_some(Coverage { covered: 2, all: 3 })
    }
}

#[test]
fn values_and_keys_that_occur() {
    let offered = |text: &str| {
        let fixture = Fixture::new(text);
        let found = completions(&fixture.db, fixture.project, fixture.file, fixture.offset, &Bucket);
        found.items.first().map(|item| format!("{}: {}", item.insert, item.detail)).unwrap_or_default()
    };
    assert_eq!(offered("define d = resource.region == $0"), "\"region-1\": 7 resources · $12/month");
    assert_eq!(offered("define d = native[\"$0\"] is set"), "Owner: 7 resources · $12/month");
    assert_eq!(offered("tag t: text\nnormalize t {\n  keys \"$0\"\n}"), "Owner: 7 resources · $12/month");
    assert_eq!(offered("define d = resource.region == \"$0\""), "region-1: 7 resources · $12/month");
    assert_eq!(offered("define d = native[\"Owner\"] in [\"a\", \"$0\"]"), "Owner=: 7 resources · $12/month");
    let normalize = |rest: &str| format!("tag env: one of [production]\nnormalize env {{\n  {rest}\n}}");
    assert_eq!(offered(&normalize("map \"$0\"")), "prodution: 7 resources · $12/month");
}

#[test]
fn numbers_in_hovers() {
    let told = |text: &str| {
        let fixture = Fixture::new(text);
        hover(&fixture.db, fixture.project, fixture.file, fixture.offset, &Bucket).unwrap().markdown
    };
    assert!(
        told("tag own$0er: email")
            .ends_with("present on 3 of 9\n- `jane@company.com`: 7 resources · $12/month")
    );
    assert!(told("define own$0ed = resource.id is set").ends_with("matches 5 resources (of an older text)"));
}

#[test]
fn numbers_above_policies() {
    let fixture = Fixture::new(
        "policy p {\n  severity low\n  require x: resource.id is set\n}\ntest \"t\" {\n  given { name \"a\" }\n  expect no violation p\n}\n",
    );
    let told: Vec<LensAction> =
        lenses(&fixture.db, fixture.file, &Bucket).into_iter().map(|lens| lens.action).collect();
    let summary = "1,204 in scope · 37 violations · $4,120/month";
    let expected = [
        LensAction::ShowViolations("p".to_owned(), summary.to_owned()),
        LensAction::Coverage("covered 2 of 3".to_owned()),
        LensAction::RunTest("t".to_owned()),
    ];
    assert_eq!(told, expected);
    let whole = TextRange::up_to(TextSize::of(fixture.file.text(&fixture.db)));
    let hints = hints(&fixture.db, fixture.project, fixture.file, whole, &Bucket);
    assert!(hints.iter().any(|hint| hint.kind == HintKind::Policy && hint.label == summary));
}

#[test]
fn numbers_of_members_keys_and_conditions() {
    let told = |text: &str| {
        let fixture = Fixture::new(text);
        let found = hover(&fixture.db, fixture.project, fixture.file, fixture.offset, &Bucket);
        found.map(|hover| hover.markdown).unwrap_or_default()
    };
    assert!(told("tag e: one of [$0a, b]").contains("in use on 7 resources · $12/month"));
    let key = told("define d = native[\"Ow$0ner\"] is set");
    assert_eq!(key, "native key `Owner`: 7 resources · $12/month\n\n- `Owner=`: 7 resources · $12/month");
    let when = told("tag a: text\nrule r {\n  wh$0en resource.id is set\n  fill a = \"b\"\n}");
    assert!(when.ends_with("matches 5 resources (of an older text)"), "{when}");
}

#[test]
fn what_is_remarkable_stands_beside_the_text() {
    let fixture = Fixture::new(
        "define all = resource.id is set\ndefine some = resource.name is set\ntag env: one of [production]\nnormalize env {\n  keys \"e\"\n}\n",
    );
    let whole = TextRange::up_to(TextSize::of(fixture.file.text(&fixture.db)));
    let hints = hints(&fixture.db, fixture.project, fixture.file, whole, &Bucket).into_iter();
    let labels: Vec<String> =
        hints.filter(|hint| hint.kind == HintKind::Fact).map(|hint| hint.label).collect();
    let expected =
        ["matches all 9 resources (of an older text)", "2 values unmapped: `prodution`, `say \"x\"`"];
    assert_eq!(labels, expected);
}

#[test]
fn values_that_are_not_mapped_can_be() {
    let fixture = Fixture::new("tag env: one of [production]\nnormalize env {$0\n  keys \"e\"\n}\n");
    let found = actions(&fixture.db, fixture.project, fixture.file, fixture.range, &Bucket);
    let after = |title: &str| {
        let action = found.iter().find(|action| action.title.starts_with(title)).unwrap();
        fixture.edited(action.edits[0].0, &action.edits[0].1)
    };
    assert!(
        after("map `prodution` to production").contains("keys \"e\"\n  map \"prodution\" -> production\n}")
    );
    let both = "keys \"e\"\n  map \"prodution\", \"say \\\"x\\\"\" -> missing\n}";
    assert!(after("map all 2 unmapped values to missing").contains(both));
}

#[test]
fn values_with_a_common_part_are_mapped_by_a_pattern() {
    let fixture =
        Fixture::new("tag stage: one of [production, test]\nnormalize stage {$0\n  keys \"e\"\n}\n");
    let found = actions(&fixture.db, fixture.project, fixture.file, fixture.range, &Bucket);
    let pattern = found.iter().find(|action| action.title == "map `*-production` to production (2 values)");
    let edited = fixture.edited(pattern.unwrap().edits[0].0, &pattern.unwrap().edits[0].1);
    assert!(edited.contains("  map \"*-production\" -> production\n}"), "{edited}");
    // `non-test` is not a test.
    assert!(!found.iter().any(|action| action.title.contains("*-test")));
}
