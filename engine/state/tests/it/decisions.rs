//! Decisions and predictions.

use tagpol_state::{Action, AnswerCount, CurrentDecision, Page, Prediction, StateError, StateStore, TagOf};

use crate::database::Database;
use crate::{change, day, decide, on_both_databases, set};

on_both_databases!(
    the_trail_only_grows_and_shows_what_is_decided,
    a_rejected_prediction_does_not_come_back_until_it_is_agreed_to,
    pages_hold_every_row_once,
    projects_and_tenants_are_apart,
    many_changes_are_decided_together,
    a_failure_leaves_nothing,
    answers_to_suggestions_are_counted,
);

fn current(store: &StateStore) -> Vec<(String, String, String)> {
    let decided = store.read(|state| state.decisions(Page::first(1000))).unwrap().unwrap();
    decided.into_iter().map(|d: CurrentDecision| (d.resource, d.tag, d.value)).collect()
}

fn texts(triples: &[(&str, &str, &str)]) -> Vec<(String, String, String)> {
    triples.iter().map(|(a, b, c)| ((*a).to_owned(), (*b).to_owned(), (*c).to_owned())).collect()
}

fn the_trail_only_grows_and_shows_what_is_decided(database: &Database) {
    let store = database.store();
    assert!(store.read(|state| state.decisions(Page::first(1))).unwrap().is_none());
    let first = [
        set("i-1", "it's \0 me \u{1} 0"),
        set("i-1", "you"),
        change(Action::Unset, "i-2", "owner", None),
        change(Action::Confirm, "i-2", "environment", Some("production")),
    ];
    assert_eq!(decide(&store, 1, &first), [1, 2, 3]);
    assert_eq!(current(&store), texts(&[("i-1", "owner", "you"), ("i-2", "environment", "production")]));
    // What is decided already is no new decision.
    assert_eq!(decide(&store, 2, &[set("i-1", "you")]), Vec::<i64>::new());
    let second = [
        change(Action::Unset, "i-1", "owner", None),
        change(Action::Reject, "i-1", "owner", Some("the model's")),
        change(Action::Reject, "i-1", "owner", None),
    ];
    assert_eq!(decide(&store, 2, &second), [4, 5]);
    assert_eq!(current(&store), texts(&[("i-2", "environment", "production")]));
    let trail = store.read(|state| state.trail(Some("i-1"), Page::first(10))).unwrap().unwrap();
    let shown: Vec<_> =
        trail.iter().map(|d| (d.seq, d.action, d.old_value.as_deref(), d.new_value.as_deref())).collect();
    let expected = [
        (1, Action::Set, None, Some("it's \0 me \u{1} 0")),
        (2, Action::Set, Some("it's \0 me \u{1} 0"), Some("you")),
        (4, Action::Unset, Some("you"), None),
        (5, Action::Reject, Some("the model's"), None),
    ];
    assert_eq!(shown, expected);
    assert_eq!((trail[0].actor.as_str(), trail[0].at, trail[0].note.as_deref()), ("jane", day(1), None));
    assert_eq!(store.read(|state| state.decision_count()).unwrap(), Some(5));
}

fn a_rejected_prediction_does_not_come_back_until_it_is_agreed_to(database: &Database) {
    let store = database.store();
    let prediction = |value: &str| Prediction {
        resource: "i-1".to_owned(),
        tag: "team".to_owned(),
        value: value.to_owned(),
        confidence: 0.731,
    };
    let standing = || {
        let predictions = store.read(|state| state.predictions(Page::first(10))).unwrap().unwrap();
        predictions.into_iter().map(|p| (p.value, p.confidence)).collect::<Vec<_>>()
    };
    let predict = |values: &[&str]| {
        let predictions: Vec<Prediction> = values.iter().map(|value| prediction(value)).collect();
        store.write(|state| state.set_predictions(&predictions)).unwrap();
    };
    predict(&["green", "red"]);
    assert_eq!(standing(), [("red".to_owned(), 0.731)], "the last one of a tag counts");
    decide(&store, 1, &[change(Action::Reject, "i-1", "team", Some("red"))]);
    predict(&["red"]);
    assert_eq!(standing(), []);
    let rejections = store.read(|state| state.rejections(Page::first(10))).unwrap().unwrap();
    assert_eq!(rejections.iter().map(|r| r.value.as_str()).collect::<Vec<_>>(), ["red"]);
    predict(&["blue"]);
    assert_eq!(standing(), [("blue".to_owned(), 0.731)]);
    decide(&store, 2, &[change(Action::Confirm, "i-1", "team", Some("red"))]);
    predict(&["red"]);
    assert_eq!(standing(), [("red".to_owned(), 0.731)]);
    assert_eq!(store.read(|state| state.rejections(Page::first(10))).unwrap().unwrap(), []);
}

fn pages_hold_every_row_once(database: &Database) {
    let store = database.store();
    // Neither the order of insertion nor that of a locale is the order of bytes.
    let resources = ["é", "b", "B", "a", "aa", "Z", "a\0", "a b", "\u{10000}"];
    let changes: Vec<_> = resources
        .iter()
        .flat_map(|id| [set(id, "x"), change(Action::Reject, id, "team", Some("red"))])
        .collect();
    decide(&store, 1, &changes);
    let predictions: Vec<Prediction> = resources
        .iter()
        .map(|id| Prediction {
            resource: (*id).to_owned(),
            tag: "t".to_owned(),
            value: "v".to_owned(),
            confidence: 1.0,
        })
        .collect();
    store.write(|state| state.set_predictions(&predictions)).unwrap();
    let mut sorted = resources.to_vec();
    sorted.sort_unstable();
    for limit in [1, 2, 4, 9, 10] {
        let mut found = [Vec::new(), Vec::new(), Vec::new()];
        let mut seqs = Vec::new();
        store
            .read(|state| {
                let mut after: Option<TagOf> = None;
                loop {
                    let page = state.decisions(Page { after: after.take(), limit })?;
                    after = page.last().map(|d| TagOf::new(&d.resource, &d.tag));
                    found[0].extend(page.into_iter().map(|d| d.resource));
                    if after.is_none() {
                        break;
                    }
                }
                let mut after: Option<TagOf> = None;
                loop {
                    let page = state.predictions(Page { after: after.take(), limit })?;
                    after = page.last().map(|p| TagOf::new(&p.resource, &p.tag));
                    found[1].extend(page.into_iter().map(|p| p.resource));
                    if after.is_none() {
                        break;
                    }
                }
                let mut after = None;
                loop {
                    let page = state.rejections(Page { after: after.take(), limit })?;
                    after = page.last().map(|r| (TagOf::new(&r.resource, &r.tag), r.value.clone()));
                    found[2].extend(page.into_iter().map(|r| r.resource));
                    if after.is_none() {
                        break;
                    }
                }
                let mut after = None;
                loop {
                    let page = state.trail(None, Page { after, limit })?;
                    after = page.last().map(|d| d.seq);
                    seqs.extend(page.into_iter().map(|d| d.seq));
                    if after.is_none() {
                        break;
                    }
                }
                Ok::<_, StateError>(())
            })
            .unwrap();
        for found in found {
            assert_eq!(found, sorted, "pages of {limit}");
        }
        assert_eq!(seqs, (1..=18).collect::<Vec<i64>>());
    }
}

fn projects_and_tenants_are_apart(database: &Database) {
    let stores = [("", ""), ("", "shop"), ("acme", ""), ("acme", "shop")]
        .map(|(tenant, project)| database.store().for_project(tenant, project));
    for (number, store) in (1..).zip(&stores) {
        assert_eq!(decide(store, number, &[set("i-1", &number.to_string())]), [1]);
        let prediction = Prediction {
            resource: "i-1".to_owned(),
            tag: "t".to_owned(),
            value: number.to_string(),
            confidence: 0.5,
        };
        store.write(|state| state.set_predictions(&[prediction])).unwrap();
    }
    for (number, store) in (1..).zip(&stores) {
        let number: u32 = number;
        assert_eq!(current(store), texts(&[("i-1", "owner", &number.to_string())]));
        let predictions = store.read(|state| state.predictions(Page::first(9))).unwrap().unwrap();
        assert_eq!(predictions.iter().map(|p| p.value.clone()).collect::<Vec<_>>(), [number.to_string()]);
        assert_eq!(store.read(|state| state.decision_count()).unwrap(), Some(1));
    }
}

fn many_changes_are_decided_together(database: &Database) {
    let store = database.store();
    let changes: Vec<_> = (0..25_000).map(|at| set(&format!("i-{at}"), "x")).collect();
    assert_eq!(decide(&store, 1, &changes).len(), 25_000);
    assert_eq!(decide(&store, 2, &changes), Vec::<i64>::new(), "each is decided already");
    let mut count = 0;
    store
        .read(|state| {
            state.each_decision(None, &mut |decision| {
                count += 1;
                assert_eq!(decision.seq, count);
                Ok(())
            })
        })
        .unwrap();
    assert_eq!(count, 25_000);
}

fn answers_to_suggestions_are_counted(database: &Database) {
    let store = database.store();
    let confirmed = |resource: &str| change(Action::Confirm, resource, "owner", Some("x"));
    let rejected = |resource: &str, tag: &str| change(Action::Reject, resource, tag, Some("x"));
    decide(&store, 1, &[set("i-1", "x"), confirmed("i-2"), confirmed("i-3"), rejected("i-4", "owner")]);
    decide(&store, 2, &[rejected("i-1", "team")]);
    let mut counts = store.read(|state| state.answer_counts()).unwrap().unwrap();
    counts.sort_by(|a, b| a.tag.cmp(&b.tag));
    let count = |tag: &str, confirmed, rejected| AnswerCount { tag: tag.to_owned(), confirmed, rejected };
    assert_eq!(counts, [count("owner", 2, 1), count("team", 0, 1)]);
}

fn a_failure_leaves_nothing(database: &Database) {
    let store = database.store();
    decide(&store, 1, &[set("i-1", "x")]);
    let failed = store.write(|state| {
        state.decide(day(2), "jane", &[set("i-1", "y")])?;
        Err::<(), StateError>(StateError::Source("stopped".into()))
    });
    assert_eq!(failed.unwrap_err().to_string(), "stopped");
    assert_eq!(current(&store), texts(&[("i-1", "owner", "x")]));
    assert_eq!(decide(&store, 3, &[set("i-1", "z")]), [2]);
}
