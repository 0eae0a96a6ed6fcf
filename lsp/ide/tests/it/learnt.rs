//! What an inventory teaches: the order of offers, and what can be added.

use std::sync::Arc;

use tagpol_ide::{Facts, Seen, Subject, Versioned, actions, completions};
use tagpol_worker_protocol::{Clue, Learnt, LearntRule, LearntSpelling, LearntTag, Likely, Trait};

use crate::support::Fixture;

struct Taught;

fn likely(value: &str, resources: u64, confidence: f64) -> Likely {
    Likely { value: value.to_owned(), resources, confidence }
}

fn clue(about: Trait, text: &str, values: Vec<Likely>) -> Clue {
    Clue { about, text: text.to_owned(), lacking: 4, values }
}

fn spelling(written: &str, value: &str, confidence: Option<f64>) -> LearntSpelling {
    LearntSpelling { written: written.to_owned(), value: value.to_owned(), resources: 14, confidence }
}

impl Facts for Taught {
    fn values(&self, of: &Subject) -> Vec<Seen> {
        let seen = |text: &str, count| Seen { text: text.to_owned(), count, cost: None };
        match of {
            Subject::Tag(tag) if tag == "team" => vec![seen("web", 1204), seen("ads", 80)],
            Subject::Tag(_) => vec![seen("production", 9), seen("prdo", 14), seen("staging", 400)],
            Subject::Attribute(_) => vec![seen("111", 50), seen("222", 90)],
            Subject::Native(_) => Vec::new(),
        }
    }

    fn unmapped(&self, _: &str) -> Option<Versioned<Vec<Seen>>> {
        let seen = |text: &str, count| Seen { text: text.to_owned(), count, cost: None };
        let answer = vec![seen("whatever", 100), seen("prdo", 14), seen("live-eu", 3)];
        Some(Versioned { answer, is_stale: false })
    }

    fn learnt(&self) -> Option<Arc<Learnt>> {
        let team = LearntTag {
            inferred: vec![likely("ops", 7, 0.8)],
            clues: vec![
                clue(Trait::Account, "111", vec![likely("ads", 40, 0.94), likely("web", 2, 0.01)]),
                clue(Trait::Account, "222", vec![likely("web", 88, 0.9)]),
                clue(Trait::Word, "banner", vec![likely("ads", 30, 0.9)]),
            ],
            rules: vec![LearntRule {
                name: "learnt-team-1".to_owned(),
                asks: "account `111`".to_owned(),
                value: "ads".to_owned(),
                support: 1204,
                precision: 0.986,
                fills: 3,
                text: "rule learnt-team-1 {\n  when resource.account == \"111\"\n  fill team = \"ads\"\n}\n"
                    .to_owned(),
            }],
            ..LearntTag::default()
        };
        let environment = LearntTag {
            clues: vec![
                clue(Trait::Word, "prd", vec![likely("production", 9, 0.95)]),
                clue(Trait::Word, "stg", vec![likely("staging", 400, 0.97)]),
            ],
            spellings: vec![
                spelling("prdo", "production", None),
                spelling("live-eu", "production", Some(0.9)),
            ],
            ..LearntTag::default()
        };
        let tags = [("team".to_owned(), team), ("environment".to_owned(), environment)];
        Some(Arc::new(Learnt { tags: tags.into_iter().collect() }))
    }
}

const TAGS: &str = "tag team: text\ntag environment: one of [production, staging]\n";

/// The first offers at the cursor, with what stands beside them.
fn offered(text: &str, count: usize) -> Vec<String> {
    let fixture = Fixture::new(&format!("{TAGS}{text}"));
    let found = completions(&fixture.db, fixture.project, fixture.file, fixture.offset, &Taught);
    found.items.into_iter().take(count).map(|item| format!("{}: {}", item.insert, item.detail)).collect()
}

#[test]
fn values_are_ranked_by_what_the_item_asks_for() {
    let asks = |condition: &str| format!("rule r {{\n  when {condition}\n  fill team = $0\n}}\n");
    let by_count = ["\"web\": 1,204 resources", "\"ads\": 80 resources", "\"ops\": 0.80 · 7 resources"];
    assert_eq!(offered(&asks("resource.id is set"), 3), by_count);
    let here = ["\"ads\": 0.94 · 40 resources", "\"web\": 0.01 · 2 resources", "\"ops\": 0.80 · 7 resources"];
    assert_eq!(offered(&asks("resource.account == \"111\""), 3), here);
    assert_eq!(offered(&asks("resource.account in [\"222\"]"), 1), ["\"web\": 0.90 · 88 resources"]);
    let members = ["production: 0.95 · 9 resources", "staging: 400 resources"];
    let rule = "rule r {\n  when resource.name has word \"prd\"\n  fill environment = $0\n}\n";
    assert_eq!(offered(rule, 2), members);
    // In quotes nothing is offered that is not a member.
    let within = ["staging: 400 resources", "production: 9 resources"];
    assert_eq!(offered("define d = environment == \"$0\"", 3), within);
}

#[test]
fn what_tells_a_value_comes_first() {
    let fills = |action: &str| {
        offered(&format!("rule r {{\n  when resource.name has word \"$0\"\n  {action}\n}}\n"), 1)
    };
    assert_eq!(fills("fill team = \"ads\""), ["banner: team = ads: 0.90 · 30 resources"]);
    assert_eq!(fills("set environment = production"), ["prd: environment = production: 0.95 · 9 resources"]);
    assert_eq!(fills("fill environment = staging"), ["stg: environment = staging: 0.97 · 400 resources"]);
    let named = offered("define production-like = resource.name has word $0", 2);
    assert_eq!(named, ["\"prd\": environment = production: 0.95 · 9 resources"]);
    // Accounts stand by their number, but where a rule gives a tag a value that they tell.
    let by_count = ["\"222\": 90 resources", "\"111\": 50 resources"];
    assert_eq!(offered("define d = resource.account == $0", 2), by_count);
    let rule = "rule r {\n  when resource.account == $0\n  fill team = \"ads\"\n}\n";
    assert_eq!(offered(rule, 2), ["\"111\": team = ads: 0.94 · 40 resources", by_count[0]]);
}

#[test]
fn spellings_say_what_they_mean() {
    let normalize = |line: &str| format!("normalize environment {{\n  {line}\n}}\n");
    let unmapped = [
        "prdo: → production · 14 resources",
        "live-eu: → production 0.90 · 3 resources",
        "whatever: 100 resources",
    ];
    assert_eq!(offered(&normalize("map \"$0\""), 3), unmapped);
    assert_eq!(offered(&normalize("map $0"), 1), ["\"prdo\": → production · 14 resources"]);
    // What is mapped already is left out.
    assert_eq!(offered(&normalize("map \"prdo\", \"$0\" -> production"), 1), [unmapped[1]]);
    let meant = ["production: similar spelling · 14 resources", "staging: 400 resources"];
    assert_eq!(offered(&normalize("map \"prdo\" -> $0"), 2), meant);
    assert_eq!(offered(&normalize("map \"live-eu\" -> $0"), 1), ["production: 0.90 · 14 resources"]);
}

#[test]
fn rules_and_maps_are_added_in_canonical_form() {
    let added = |text: &str, title: &str| {
        let fixture = Fixture::new(text);
        let found = actions(&fixture.db, fixture.project, fixture.file, fixture.range, &Taught);
        let action = found.iter().find(|action| action.title == title);
        action.map(|action| fixture.edited(action.edits[0].0, &action.edits[0].1))
    };
    let title = "add rule learned from 1,204 resources (98%): account `111` → ads";
    let rule = "rule learnt-team-1 {\n  when resource.account == \"111\"\n  fill team = \"ads\"\n}\n";
    let declared = added("tag team: te$0xt\n", title).unwrap();
    assert_eq!(declared, format!("tag team: text\n\n{rule}"));
    let filled = added("tag team: text\n\nrule a {\n  fill t$0eam = \"x\"\n}\n", title).unwrap();
    assert!(filled.ends_with(rule), "{filled}");
    let crowded = added("tag team: te$0xt  // who\ntag owner: text\n", title).unwrap();
    assert_eq!(crowded, format!("tag team: text  // who\n\n{rule}\ntag owner: text\n"));
    // What was added is not offered again, and nothing about other tags.
    assert_eq!(added(&declared.replace("team: text", "team: te$0xt"), title), None);
    assert_eq!(added("tag ow$0ner: text\n", title), None);

    let normalize = "tag environment: one of [production, staging]\n\nnormalize environment {\n  map \"live\"$0          -> production\n  map \"a very long spelling\" -> staging\n}\n";
    let mapped = added(normalize, "map these 2 spellings").unwrap();
    let arms = "  map \"live\"                 -> production\n  map \"a very long spelling\" -> staging\n  map \"prdo\", \"live-eu\"      -> production\n}\n";
    assert!(mapped.ends_with(arms), "{mapped}");
    let db = tagpol_sema::Database::default();
    let file = db.file("a".to_owned(), mapped.clone());
    assert_eq!(tagpol_ide::format(&db, file), []);
}
