//! What to do next: the few steps that fix most, and facts that the numbers do not show.

use tagpol_eval::{CheckResult, Evaluation};
use tagpol_session::Decimal;

use super::text::{count, several};

/// Checks that are named.
const CHECKS: usize = 3;

/// Returns the steps, most useful first.
pub(super) fn next_steps(evaluation: &Evaluation, amount: impl Fn(Decimal) -> String) -> Vec<String> {
    let mut steps: Vec<String> = worst(&evaluation.checks).map(|check| fix_step(check, &amount)).collect();
    let info = &evaluation.snapshot;
    let rows = (info.rejected_rows > 0)
        .then(|| format!("{} of the inventory could not be read", several(info.rejected_rows, "row")));
    let values = (info.rejected_values > 0).then(|| {
        let verb = if info.rejected_values == 1 { "was" } else { "were" };
        format!("{} of the inventory {verb} left out or changed", several(info.rejected_values, "value"))
    });
    let rejected: Vec<String> = rows.into_iter().chain(values).collect();
    if !rejected.is_empty() {
        steps.push(format!("{}: `tagpol snapshot import` lists them", rejected.join(", and ")));
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

/// The checks whose findings cost most, or are most; those with open findings before those whose findings are all
/// within a grace period.
fn worst(checks: &[CheckResult]) -> impl Iterator<Item = &CheckResult> {
    let mut failing: Vec<&CheckResult> =
        checks.iter().filter(|check| check.open + check.pending > 0).collect();
    failing.sort_by_key(|check| {
        let cost = check.cost_in_violation.map_or(0, |cost| cost.unscaled);
        std::cmp::Reverse((check.open > 0, check.severity, cost, check.open + check.pending))
    });
    failing.into_iter().take(CHECKS)
}

fn fix_step(check: &CheckResult, amount: impl Fn(Decimal) -> String) -> String {
    let cost = check.cost_in_violation.filter(|_| check.open > 0);
    let cost = cost.map(|cost| format!(" ({} a month)", amount(cost))).unwrap_or_default();
    let resources = match (check.open, check.pending) {
        (open, 0) => format!("{}{cost}", several(open, "resource")),
        (0, pending) => format!("{} before the grace period ends", several(pending, "resource")),
        (open, pending) => format!("{}{cost}, and {} pending", several(open, "resource"), count(pending)),
    };
    format!("fix `{}` on {resources}: {}/{}", check.check, check.policy, check.check)
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
