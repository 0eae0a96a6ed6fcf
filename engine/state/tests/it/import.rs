//! Taking over an earlier store.

use tagpol_state::{Action, Decision, Import, ImportedRow, Page, Prediction, RunRecord, StateError};

use crate::database::Database;
use crate::findings::key;
use crate::runs::run;
use crate::{day, decide, error, on_both_databases, set};

on_both_databases!(an_earlier_store_is_taken_over_once, a_gap_in_the_trail_is_an_error, nothing_is_mixed);

fn decision(seq: i64) -> Decision {
    Decision {
        seq,
        at: day(1),
        actor: "jane".to_owned(),
        action: Action::Set,
        resource: format!("i-{seq}"),
        tag: "owner".to_owned(),
        old_value: None,
        new_value: Some("me".to_owned()),
        note: Some("a note".to_owned()),
    }
}

fn finding(check: i64, id: &str, first: u32, last: Option<u32>, resolved: Option<u32>) -> ImportedRow {
    ImportedRow::Finding {
        check,
        resource: id.to_owned(),
        first_seen: day(first),
        last_seen: last.map(day),
        resolved_at: resolved.map(day),
    }
}

fn rows() -> Vec<ImportedRow> {
    let prediction = Prediction {
        resource: "i-9".to_owned(),
        tag: "t".to_owned(),
        value: "v".to_owned(),
        confidence: 0.25,
    };
    vec![
        ImportedRow::Check(7, key("a")),
        ImportedRow::Check(9, key("b")),
        finding(7, "i-1", 1, Some(1), Some(2)),
        finding(7, "i-1", 3, Some(3), Some(3)),
        finding(7, "i-1", 3, None, None),
        finding(9, "i-2", 2, None, None),
        ImportedRow::Decision(decision(1)),
        ImportedRow::Decision(decision(2)),
        ImportedRow::Prediction(prediction),
        ImportedRow::Run(RunRecord { id: 1, ..run(day(1)) }),
        ImportedRow::Run(RunRecord { id: 3, ..run(day(3)) }),
    ]
}

fn an_earlier_store_is_taken_over_once(database: &Database) {
    let store = database.store();
    let import = || {
        store.write(|state| {
            state.import("state.duckdb", day(9), &mut |f| rows().into_iter().try_for_each(&mut *f))
        })
    };
    assert_eq!(import().unwrap(), Import::Done { decisions: 2, findings: 3, runs: 2 });
    // As after a process that was killed before it could rename the file.
    assert_eq!(import().unwrap(), Import::Again);
    store
        .read(|state| {
            assert_eq!(state.trail(None, Page::first(9))?, [decision(1), decision(2)]);
            assert_eq!(state.runs(Page::first(9))?.iter().map(|run| run.id).collect::<Vec<_>>(), [1, 3]);
            assert_eq!(state.predictions(Page::first(9))?.len(), 1);
            let findings = state.findings(Page::first(9))?;
            let periods: Vec<_> = findings
                .iter()
                .map(|f| {
                    (f.key.check.as_str(), f.resource.as_str(), f.first_seen, f.last_seen, f.resolved_at)
                })
                .collect();
            let expected = [
                ("a", "i-1", day(1), day(1), Some(day(2))),
                ("a", "i-1", day(3), day(3), None),
                ("b", "i-2", day(2), day(3), None),
            ];
            assert_eq!(periods, expected);
            Ok::<_, StateError>(())
        })
        .unwrap();
    assert_eq!(decide(&store, 9, &[set("i-1", "you")]), [3]);
}

fn a_gap_in_the_trail_is_an_error(database: &Database) {
    let store = database.store();
    let rows = [ImportedRow::Decision(decision(1)), ImportedRow::Decision(decision(3))];
    let gap = error(store.write(|state| {
        state.import("state.duckdb", day(9), &mut |f| rows.iter().cloned().try_for_each(&mut *f))
    }));
    assert!(gap.to_string().contains("decision 3 follows decision 1"), "{gap}");
    assert_eq!(store.read(|state| state.decision_count()).unwrap().unwrap_or_default(), 0);
}

fn nothing_is_mixed(database: &Database) {
    let store = database.store();
    decide(&store, 1, &[set("i-1", "me")]);
    let import = store.write(|state| {
        state.import("state.duckdb", day(9), &mut |f| rows().into_iter().try_for_each(&mut *f))
    });
    assert_eq!(import.unwrap(), Import::NotEmpty);
    assert_eq!(store.read(|state| state.decision_count()).unwrap(), Some(1));
}
