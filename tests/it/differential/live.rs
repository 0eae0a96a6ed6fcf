//! A snapshot that is asked again and again says each time what the reference says.

use std::collections::BTreeMap;
use std::path::Path;

use tagpol_eval::Distinct;
use tagpol_eval::live::{Live, Measure};
use tagpol_interp::{RowResult, State, evaluate};
use tagpol_inventory::Import;
use tagpol_sema::program::{Check, CheckKind};
use tempfile::TempDir;

use super::Case;
use super::database::{options, resource};
use super::tests::samples;

/// Programs that are asked about one snapshot.
const PROGRAMS: usize = 4;

#[test]
fn programs_one_after_the_other_over_one_snapshot() {
    let mut measured = 0;
    for (number, cases) in samples(80).chunks(PROGRAMS).enumerate() {
        let folder = TempDir::new().unwrap();
        let [first, ..] = cases else { continue };
        // Measures take what is not known yet for missing.
        let mut first = first.clone();
        for row in &mut first.resources {
            row.unknown_keys.clear();
            row.unknown_tags = false;
        }
        let resources: Vec<_> = first.resources.iter().map(resource).collect();
        let (currency, now) = (first.options.currency.clone(), first.options.now);
        let import = Import::of_resources(&resources, currency, now);
        let snapshot = import.write(folder.path(), &mut |_| {}).unwrap();
        let distinct = if number % 2 == 0 { Distinct::Large } else { Distinct::Always };
        let mut live = Live::open(snapshot, options(&first, distinct)).unwrap();
        for (at, case) in cases.iter().enumerate() {
            let mut case = case.clone();
            case.resources.clone_from(&first.resources);
            case.options.clone_from(&first.options);
            case.options.overlays = Default::default();
            write_tables(&mut case, &folder.path().join(at.to_string()));
            measured += agrees(&mut live, &case);
            // Only policies change: the tags are not computed again.
            for policy in &mut case.program.policies {
                policy.checks.iter_mut().for_each(invert);
            }
            agrees(&mut live, &case);
            case.program.policies.iter_mut().for_each(|policy| policy.scope = None);
            agrees(&mut live, &case);
        }
    }
    assert!(measured > 400, "{measured}: the programs speak of nothing");
}

fn invert(check: &mut Check) {
    check.kind = match check.kind {
        CheckKind::Require => CheckKind::Forbid,
        CheckKind::Forbid => CheckKind::Require,
    };
}

/// Compares what is measured with the reference. Returns how many resources were in scope.
fn agrees(live: &mut Live, case: &Case) -> u64 {
    let measures = live.measure(&case.program).unwrap();
    let rows = evaluate(&case.program, &case.resources, &case.options);
    let expected = |scope: &dyn Fn(&RowResult) -> bool, states: &dyn Fn(&RowResult) -> Vec<State>| {
        let of = |wanted| rows.iter().flat_map(states).filter(|state| *state == wanted).count() as u64;
        let violates = |row: &RowResult| states(row).contains(&State::Open);
        Measure {
            in_scope: rows.iter().filter(|row| scope(row)).count() as u64,
            cost: cost(case, &rows, scope, &|cost| cost),
            open: of(State::Open),
            pending: of(State::Pending),
            exempt: of(State::Exempt),
            violating: rows.iter().filter(|row| violates(row)).count() as u64,
            cost_violating: cost(case, &rows, &violates, &before_credits),
        }
    };
    let mut policies = BTreeMap::new();
    for (at, policy) in case.program.policies.iter().enumerate() {
        policies
            .insert(policy.name.clone(), expected(&|row| row.in_scope[at], &|row| row.checks[at].clone()));
    }
    assert_eq!(measures.policies, policies, "{case}");
    for (at, define) in case.program.defines.iter().enumerate() {
        let expected = expected(&|row| row.defines[at], &|_| Vec::new());
        assert_eq!(measures.defines[&define.name], expected, "{} of {case}", define.name);
    }
    let whens: Vec<_> = case.program.rules.iter().filter(|rule| rule.when.is_some()).collect();
    assert_eq!(measures.rules.keys().len(), whens.len());
    measures.policies.values().map(|measure| measure.in_scope).sum()
}

/// A cost before credits: a negative one is left out.
fn before_credits(cost: rust_decimal::Decimal) -> rust_decimal::Decimal {
    cost.max(rust_decimal::Decimal::ZERO)
}

/// The sum of the costs of some rows' resources, each as `counted`; None if no cost of them is known.
fn cost(
    case: &Case,
    rows: &[RowResult],
    wanted: &dyn Fn(&RowResult) -> bool,
    counted: &dyn Fn(rust_decimal::Decimal) -> rust_decimal::Decimal,
) -> Option<tagpol_session::Decimal> {
    let costs = case.resources.iter().zip(rows).filter(|(_, row)| wanted(row));
    let costs: Vec<_> = costs.filter_map(|(resource, _)| resource.monthly_cost).collect();
    let mut sum: rust_decimal::Decimal = costs.iter().map(|&cost| counted(cost)).sum();
    sum.rescale(12);
    let unscaled = sum.mantissa();
    (!costs.is_empty()).then_some(tagpol_session::Decimal { unscaled, scale: 12 })
}

/// Gives a case tables without rows.
fn write_tables(case: &mut Case, folder: &Path) {
    std::fs::create_dir_all(folder).unwrap();
    case.options.tables.iter_mut().for_each(BTreeMap::clear);
    for (at, table) in case.program.tables.iter_mut().enumerate() {
        let path = folder.join(format!("{at}.csv"));
        let headings: Vec<&str> = table.columns.iter().map(|column| column.heading.as_str()).collect();
        std::fs::write(&path, headings.join(",") + "\n").unwrap();
        table.path = path.to_str().unwrap().to_owned();
    }
}
