//! Findings from run to run.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike as _, Utc};
use tagpol_state::{
    FindingKey, ObservedFinding, Page, RecordSource, Recorded, RunRecord, StateError, StateStore,
};

use crate::database::Database;
use crate::runs::run;
use crate::{day, error, on_both_databases};

on_both_databases!(
    findings_are_followed_from_run_to_run,
    what_was_open_at_a_time_is_read_for_that_time,
    more_findings_than_a_page_are_merged,
    runs_at_one_clock_agree,
    a_source_out_of_order_is_an_error,
    any_history_is_that_of_a_model,
);

pub(crate) fn key(check: &str) -> FindingKey {
    FindingKey { policy: "p".to_owned(), check: check.to_owned(), tag: Some("owner".to_owned()) }
}

/// A run: the resources that it evaluated, and its findings.
pub(crate) struct Source<'a> {
    pub(crate) resources: &'a [&'a str],
    pub(crate) found: &'a [(usize, &'a str)],
}

impl RecordSource for Source<'_> {
    fn each_finding(
        &mut self,
        f: &mut dyn FnMut(ObservedFinding<'_>) -> Result<(), StateError>,
    ) -> Result<(), StateError> {
        self.found
            .iter()
            .try_for_each(|(check, resource)| f(ObservedFinding { check: *check, resource, since: None }))
    }

    fn evaluated(&mut self, resources: &[&str]) -> Result<Vec<bool>, StateError> {
        Ok(resources.iter().map(|id| self.resources.contains(id)).collect())
    }
}

pub(crate) fn record_run(
    store: &StateStore,
    run: &RunRecord,
    checks: &[FindingKey],
    resources: &[&str],
    found: &[(usize, &str)],
) -> Recorded {
    store.write(|state| state.record(run, checks, &mut Source { resources, found })).unwrap()
}

fn record(
    store: &StateStore,
    at: DateTime<Utc>,
    checks: &[FindingKey],
    resources: &[&str],
    found: &[(usize, &str)],
) -> Recorded {
    record_run(store, &run(at), checks, resources, found)
}

/// Each period: check, resource, days of first seen, last seen, resolved.
type Line = (String, String, u32, u32, Option<u32>);

fn seen(store: &StateStore) -> Vec<Line> {
    let mut lines = Vec::new();
    let read = store.read(|state| {
        state.each_finding(&mut |f| {
            let resolved = f.resolved_at.map(|at| at.day());
            lines.push((f.key.check, f.resource, f.first_seen.day(), f.last_seen.day(), resolved));
            Ok(())
        })
    });
    read.unwrap();
    lines
}

fn line(check: &str, id: &str, first: u32, last: u32, resolved: Option<u32>) -> Line {
    (check.to_owned(), id.to_owned(), first, last, resolved)
}

fn findings_are_followed_from_run_to_run(database: &Database) {
    let store = database.store();
    let checks = [key("a"), key("b")];
    let all = ["i-1", "i-2", "i-3"];
    let first = record(&store, day(1), &checks, &all, &[(0, "i-1"), (0, "i-2"), (1, "i-3")]);
    assert_eq!(first, Recorded::Added);
    // Found once more, resolved, and not evaluated: the check is not there any more.
    record(&store, day(2), &checks[..1], &all, &[(0, "i-1")]);
    let expected =
        [line("a", "i-1", 1, 2, None), line("a", "i-2", 1, 1, Some(2)), line("b", "i-3", 1, 1, None)];
    assert_eq!(seen(&store), expected);
    // The resource is not in this inventory; what was resolved comes back.
    record(&store, day(3), &checks, &["i-2"], &[(0, "i-2")]);
    // Everything is evaluated again.
    record(&store, day(4), &checks, &all, &[(0, "i-1"), (1, "i-3")]);
    let expected = [
        line("a", "i-1", 1, 4, None),
        line("a", "i-2", 1, 1, Some(2)),
        line("a", "i-2", 3, 3, Some(4)),
        line("b", "i-3", 1, 4, None),
    ];
    assert_eq!(seen(&store), expected);
    // The past is not rewritten, and the same run is the same run.
    assert_eq!(record(&store, day(3), &checks, &all, &[]), Recorded::Older(day(4)));
    assert_eq!(record(&store, day(4), &checks, &all, &[]), Recorded::Again);
    assert_eq!(seen(&store), expected);
    // Checks may come in another order, and be new.
    let others = [key("c"), key("b"), key("a")];
    record(&store, day(5), &others, &all, &[(2, "i-3"), (0, "i-1")]);
    let expected = [
        line("a", "i-1", 1, 4, Some(5)),
        line("a", "i-2", 1, 1, Some(2)),
        line("a", "i-2", 3, 3, Some(4)),
        line("a", "i-3", 5, 5, None),
        line("b", "i-3", 1, 4, Some(5)),
        line("c", "i-1", 5, 5, None),
    ];
    assert_eq!(seen(&store), expected);
}

fn what_was_open_at_a_time_is_read_for_that_time(database: &Database) {
    let store = database.store();
    let at = |now| {
        let read = store.read(|state| {
            if state.newest_run()?.is_none() {
                return Ok::<_, StateError>(None);
            }
            let open = state.open_findings(now, Page::first(100))?;
            Ok(Some(open.into_iter().map(|open| open.since.day()).collect::<Vec<_>>()))
        });
        read.unwrap().flatten()
    };
    crate::decide(&store, 1, &[crate::set("i-1", "you")]);
    assert_eq!(at(day(1)), None, "no run has been recorded");
    record(&store, day(2), &[key("a"), key("b")], &["i-1"], &[(0, "i-1"), (1, "i-1")]);
    record(&store, day(4), &[key("a"), key("b")], &["i-1"], &[(0, "i-1")]);
    assert_eq!(at(day(1)), Some(vec![]));
    assert_eq!(at(day(3)), Some(vec![2, 2]));
    assert_eq!(at(day(4)), Some(vec![2]));
}

fn more_findings_than_a_page_are_merged(database: &Database) {
    let store = database.store();
    let ids: Vec<String> = (0..25_000).map(|at| format!("i-{at:06}")).collect();
    let all: Vec<&str> = ids.iter().map(String::as_str).collect();
    let every = |step: usize, offset: usize| -> Vec<(usize, &str)> {
        (0..2).flat_map(|check| all.iter().skip(offset).step_by(step).map(move |id| (check, *id))).collect()
    };
    let checks = [key("a"), key("b")];
    record(&store, day(1), &checks, &all, &every(1, 0));
    record(&store, day(2), &checks, &all, &every(3, 1));
    record(&store, day(3), &checks, &all, &every(1, 0));
    let mut counts: BTreeMap<(u32, Option<u32>), usize> = BTreeMap::new();
    for (_, _, first, _, resolved) in seen(&store) {
        *counts.entry((first, resolved)).or_default() += 1;
    }
    let kept = 2 * every(3, 1).len() / 2;
    let (all, gone) = (2 * all.len(), 2 * all.len() - kept);
    assert_eq!(counts, [((1, None), kept), ((1, Some(2)), gone), ((3, None), gone)].into());
    assert_eq!(seen(&store).len(), all + gone);
}

fn runs_at_one_clock_agree(database: &Database) {
    let store = database.store();
    let checks = [key("a")];
    let of = |program: &str, at| RunRecord { program: program.to_owned(), ..run(day(at)) };
    record_run(&store, &of("p1", 1), &checks, &["i-1"], &[(0, "i-1")]);
    record_run(&store, &of("p2", 1), &checks, &["i-1"], &[]);
    record_run(&store, &of("p3", 1), &checks, &["i-1"], &[(0, "i-1")]);
    assert_eq!(seen(&store), [line("a", "i-1", 1, 1, None)]);
    record_run(&store, &of("p2", 2), &checks, &["i-1"], &[]);
    assert_eq!(seen(&store), [line("a", "i-1", 1, 1, Some(2))]);
}

fn a_source_out_of_order_is_an_error(database: &Database) {
    let store = database.store();
    let checks = [key("a"), key("b")];
    record(&store, day(1), &checks, &["i-1", "i-2"], &[(0, "i-1"), (0, "i-2")]);
    for found in [&[(0, "i-2"), (0, "i-1")][..], &[(0, "i-1"), (1, "i-1"), (0, "i-2")], &[(2, "i-1")]] {
        let mut source = Source { resources: &["i-1", "i-2"], found };
        let failed = error(store.write(|state| state.record(&run(day(2)), &checks, &mut source)));
        assert!(failed.to_string().contains("not in order"), "{failed}");
    }
    assert_eq!(seen(&store).len(), 2);
    assert_eq!(store.read(|state| state.newest_run()).unwrap().flatten(), Some(day(1)));
}

/// Days of first seen, last seen, resolved.
type Period = (u32, u32, Option<u32>);

/// A model of the semantics: the periods of each check and resource.
#[derive(Default)]
struct Model {
    periods: BTreeMap<(String, String), Vec<Period>>,
    newest: u32,
}

impl Model {
    fn record(&mut self, now: u32, checks: &[&str], resources: &[&str], found: &BTreeSet<(usize, &str)>) {
        let before = if self.newest == 0 { now } else { self.newest };
        let is_found = |check: &str, resource: &str| {
            found.iter().any(|(at, id)| checks[*at] == check && *id == resource)
        };
        for ((check, resource), periods) in &mut self.periods {
            let Some(last) = periods.last_mut().filter(|period| period.2.is_none()) else { continue };
            if is_found(check, resource) {
                last.1 = now;
            } else if checks.contains(&check.as_str()) && resources.contains(&resource.as_str()) {
                last.1 = last.1.min(before);
                last.2 = Some(now);
            }
        }
        for (at, id) in found {
            let periods = self.periods.entry((checks[*at].to_owned(), (*id).to_owned())).or_default();
            if periods.last().is_none_or(|last| last.2.is_some()) {
                periods.push((now, now, None));
            }
        }
        self.newest = now;
    }
}

fn any_history_is_that_of_a_model(database: &Database) {
    let mut random = 42_u64;
    let mut below = |end: u64| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) % end
    };
    for history in 0..8 {
        let store = database.store().for_project("", format!("history-{history}"));
        let mut model = Model::default();
        for now in 1..=12 {
            let checks: Vec<&str> = ["a", "b", "c"].into_iter().filter(|_| below(4) > 0).collect();
            let resources: Vec<&str> =
                ["r1", "r2", "r3", "r4"].into_iter().filter(|_| below(4) > 0).collect();
            let mut found = BTreeSet::new();
            for check in 0..checks.len() {
                found.extend(resources.iter().filter(|_| below(2) > 0).map(|id| (check, *id)));
            }
            model.record(now, &checks, &resources, &found);
            let keys: Vec<FindingKey> = checks.iter().map(|check| key(check)).collect();
            let found: Vec<(usize, &str)> = found.into_iter().collect();
            record(&store, day(now), &keys, &resources, &found);
            let mut expected: Vec<Line> = Vec::new();
            for ((check, resource), periods) in &model.periods {
                expected.extend(periods.iter().map(|p| line(check, resource, p.0, p.1, p.2)));
            }
            let mut found = seen(&store);
            found.sort();
            assert_eq!(found, expected, "history {history}, run {now}");
        }
    }
}
