//! What to do next: the few steps that fix most, and facts that the numbers do not show.

use tagpol_eval::{CheckResult, Evaluation};
use tagpol_session::Decimal;

use super::text::several;

/// Checks that are named.
const CHECKS: usize = 3;

/// Returns the steps, most useful first.
pub(super) fn next_steps(evaluation: &Evaluation, amount: impl Fn(Decimal) -> String) -> Vec<String> {
    let mut steps: Vec<String> = worst(&evaluation.checks).map(|check| fix_step(check, &amount)).collect();
    let info = &evaluation.snapshot;
    let rejected = [(info.rejected_rows, "row"), (info.rejected_values, "value")];
    let rejected: Vec<String> =
        rejected.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| several(n, what)).collect();
    if !rejected.is_empty() {
        let rejected = rejected.join(" and ");
        steps.push(format!(
            "{rejected} of the inventory could not be read: `tagpol snapshot import` lists them"
        ));
    }
    if !evaluation.conflicts.is_empty() {
        let tags = several(evaluation.conflicts.len() as u64, "tag");
        steps.push(format!(
            "{tags} with two different values of equal rank: the first value is used (--all lists them)"
        ));
    }
    steps.extend(silent(evaluation));
    steps
}

/// The checks whose findings cost most, or are most.
fn worst(checks: &[CheckResult]) -> impl Iterator<Item = &CheckResult> {
    let mut open: Vec<&CheckResult> = checks.iter().filter(|check| check.open > 0).collect();
    open.sort_by_key(|check| {
        let cost = check.cost_in_violation.map_or(0, |cost| cost.unscaled);
        std::cmp::Reverse((check.severity, cost, check.open))
    });
    open.into_iter().take(CHECKS)
}

fn fix_step(check: &CheckResult, amount: impl Fn(Decimal) -> String) -> String {
    let cost = check.cost_in_violation.map(|cost| format!(" ({} a month)", amount(cost))).unwrap_or_default();
    let resources = several(check.open, "resource");
    format!("fix `{}` on {resources}{cost}: {}/{}", check.check, check.policy, check.check)
}

/// Policies that apply to no resource: a misspelled scope looks just like compliance.
fn silent(evaluation: &Evaluation) -> Option<String> {
    let mut names: Vec<&str> = Vec::new();
    for check in evaluation.checks.iter().filter(|check| check.in_scope == 0) {
        if !names.contains(&check.policy.as_str()) {
            names.push(&check.policy);
        }
    }
    (!names.is_empty() && evaluation.summary.resources > 0)
        .then(|| format!("no resource is in the scope of {}: check `for resource where …`", names.join(", ")))
}
