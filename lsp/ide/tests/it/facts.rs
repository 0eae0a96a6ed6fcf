//! What an inventory tells beside the text.

use tagpol_ide::{
    Facts, HintKind, Known, LensAction, Matches, PolicyFacts, Presence, Seen, Subject, completions, hints,
    hover, lenses,
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
            _ => Vec::new(),
        }
    }

    fn tag(&self, _: &str) -> Option<Known<Presence>> {
        let answer = Presence { present: 3, all: 9, top: vec![seen("jane@company.com")] };
        Some(Known { answer, is_stale: false })
    }

    fn matches(&self, _: &str) -> Option<Known<Matches>> {
        Some(Known { answer: Matches { count: 5, cost: None }, is_stale: true })
    }

    fn policy(&self, _: &str) -> Option<Known<PolicyFacts>> {
        let answer = PolicyFacts { in_scope: 1204, violations: 37, cost: Some("$4,120".to_owned()) };
        Some(Known { answer, is_stale: false })
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
    let summary = "1204 in scope · 37 violations · $4,120/month";
    assert_eq!(told, [LensAction::Tell(summary.to_owned()), LensAction::RunTest("t".to_owned())]);
    let whole = TextRange::up_to(TextSize::of(fixture.file.text(&fixture.db)));
    let hints = hints(&fixture.db, fixture.project, fixture.file, whole, &Bucket);
    assert!(hints.iter().any(|hint| hint.kind == HintKind::Fact && hint.label == summary));
}
