//! Random policies over random resources: a guard that is exact refuses what has a finding, a narrower one nothing else, a
//! broader one that and more.
//!
//! `TAGPOL_TEST_CASES=20000` tries more policies than a run in CI does.

use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{TestError, TestRunner};
use tagpol_enforce::{Construct, EnforceError, Outcome, Target};
use tagpol_interp::{Options, Row, State, evaluate};

use crate::clouds::{CREATIONS, Guard};
use crate::random::{policies, rows};
use crate::support::{mode, program, run, shown};

/// Random policies of each target.
pub(crate) fn cases() -> u32 {
    std::env::var("TAGPOL_TEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(100)
}

/// How the findings of a guard may differ: whether it may refuse more, and less.
pub(crate) fn allowed(constructs: &[Construct]) -> (bool, bool) {
    let mut allowed = (false, false);
    for construct in constructs {
        let reason = construct.reason.as_deref().unwrap_or_default();
        let is_mixed = reason.contains("refuses less: ");
        match construct.outcome {
            Outcome::Exact => {}
            Outcome::Narrower => allowed.1 = true,
            Outcome::Broader => allowed = (true, allowed.1 | is_mixed),
            Outcome::Lost => allowed.1 = true,
        }
    }
    allowed
}

/// Returns for each resource whether the policy `p` has a finding.
pub(crate) fn findings(text: &str, rows: &[Row]) -> Vec<bool> {
    let program = program(text);
    let results = evaluate(&program, rows, &Options::default());
    results.iter().map(|result| result.checks.iter().flatten().any(|state| *state == State::Open)).collect()
}

fn compare(target: Target) {
    let config = ProptestConfig {
        cases: cases(),
        failure_persistence: None,
        max_shrink_iters: 300,
        ..ProptestConfig::default()
    };
    let outcomes = [const { AtomicUsize::new(0) }; 4];
    let mut runner = TestRunner::new(config);
    let strategy = (policies(target), prop::collection::vec(rows(target), 40));
    let result = runner.run(&strategy, |(text, rows)| {
        let enforcement = match run(target, mode(target), &text) {
            Ok(enforcement) => enforcement,
            Err(EnforceError::TooMany { .. }) => return Ok(()),
            Err(error) => return Err(TestCaseError::fail(error.to_string())),
        };
        let worst = enforcement.constructs.iter().map(|construct| construct.outcome).max().unwrap();
        outcomes[worst as usize].fetch_add(1, Ordering::Relaxed);
        let (may_be_broader, may_be_narrower) = allowed(&enforcement.constructs);
        let guard = Guard::of(&enforcement);
        for (row, found) in rows.iter().zip(findings(&text, &rows)) {
            let refused = guard.refuses(row);
            let shown = || format!("{row:?}\n{text}\n{}", shown(&enforcement));
            prop_assert!(may_be_broader || !refused || found, "refused without a finding: {}", shown());
            prop_assert!(may_be_narrower || refused || !found, "not refused: {}", shown());
        }
        Ok(())
    });
    if let Err(TestError::Fail(reason, _)) = result {
        panic!("{reason}");
    }
    let reached: Vec<usize> = outcomes.iter().map(|count| count.load(Ordering::Relaxed)).collect();
    // `round_trip` has policies whose guards are exact. A hundred random policies can leave out one of the others.
    let least = if cases() < 1000 { 2 } else { 3 };
    let tried = reached.iter().skip(1).filter(|count| **count > 0).count();
    assert!(tried >= least, "too few outcomes were tried: {reached:?}");
}

#[test]
fn resources_that_a_request_uses_need_no_tags() {
    let text = "tag owner: text\npolicy p {\n  severity high\n  require owner\n}\n";
    let guard = Guard::of(&run(Target::AwsScp, mode(Target::AwsScp), text).unwrap());
    for request in &CREATIONS {
        let row = |tags: &[(&str, &str)]| Row {
            id: "r".to_owned(),
            provider: Some("aws".to_owned()),
            type_: Some(request.1.to_owned()),
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            ..Row::default()
        };
        assert!(!guard.denies(request, &row(&[("owner", "ann")])), "{request:?}");
        assert!(guard.denies(request, &row(&[("other", "ann")])), "{request:?}");
    }
}

#[test]
fn service_control_policies_refuse_what_has_findings() {
    compare(Target::AwsScp);
}

#[test]
fn tag_policies_report_what_has_findings() {
    compare(Target::AwsTagPolicy);
}

#[test]
fn azure_policies_refuse_what_has_findings() {
    compare(Target::AzurePolicy);
}

#[test]
fn constraints_refuse_what_has_findings() {
    compare(Target::GcpOrgPolicy);
}
