//! Runs.

use chrono::{DateTime, Utc};
use tagpol_state::{Amount, GoalRecord, Page, RunRecord};

use crate::database::Database;
use crate::findings::record_run;
use crate::{day, on_both_databases};

on_both_databases!(runs_come_back_as_they_were, runs_are_read_in_pages);

pub(crate) fn run(at: DateTime<Utc>) -> RunRecord {
    RunRecord {
        id: 0,
        at,
        actor: Some("ci".to_owned()),
        snapshot: "s-1".to_owned(),
        program: "0123456789abcdef".to_owned(),
        score: 51.25,
        resources: 12,
        compliant: 7,
        open: [1, 2, 3, 4],
        pending: 5,
        exempt: 6,
        currency: Some("USD".to_owned()),
        cost: Amount::parse("99999999999999999999999999.999999999999"),
        cost_in_violation: None,
        goals: vec![
            GoalRecord { goal: "z".to_owned(), share: Some(0.1), at_least: 0.95 },
            GoalRecord { goal: "a".to_owned(), share: None, at_least: 1.0 },
        ],
    }
}

fn runs_come_back_as_they_were(database: &Database) {
    let store = database.store();
    assert_eq!(store.read(|state| state.newest_run()).unwrap(), None);
    for at in 1..=3 {
        record_run(&store, &run(day(at)), &[], &[], &[]);
    }
    let runs = store.read(|state| state.runs(Page::first(100))).unwrap().unwrap();
    let expected: Vec<RunRecord> =
        (1..).zip(1..=3).map(|(id, at)| RunRecord { id, ..run(day(at)) }).collect();
    assert_eq!(runs, expected);
    assert_eq!(store.read(|state| state.newest_run()).unwrap().flatten(), Some(day(3)));
}

fn runs_are_read_in_pages(database: &Database) {
    let store = database.store();
    for at in 1..=5 {
        record_run(&store, &run(day(at)), &[], &[], &[]);
    }
    let page = |after| {
        let runs = store.read(|state| state.runs(Page { after, limit: 2 })).unwrap().unwrap();
        assert!(runs.iter().all(|run| run.goals.len() == 2));
        runs.iter().map(|run| run.id).collect::<Vec<_>>()
    };
    assert_eq!(
        [page(None), page(Some(2)), page(Some(4)), page(Some(5))],
        [vec![1, 2], vec![3, 4], vec![5], vec![]]
    );
}
