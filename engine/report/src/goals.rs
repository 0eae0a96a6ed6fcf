//! Goals in words: what they have reached, and which values miss their target.

use tagpol_eval::{GoalGroup, GoalResult, GoalTarget, Measured};
use tagpol_sema::program::Measure;
use tagpol_session::Decimal;

use crate::text::{clean, count, money, several, shorten};

/// Values that a sentence names; the others are counted.
const NAMED: usize = 3;

/// Values that a list shows; the others are counted.
const LISTED: usize = 10;

/// Returns what a goal has reached, in a sentence: `71.2% of cost is covered by owner, team; the target is 90%`.
pub(crate) fn goal_text(goal: &GoalResult) -> String {
    match (&goal.target, &goal.each) {
        (_, Some(each)) => each_text(goal, each),
        (GoalTarget::Coverage { tags, by, .. }, None) => {
            let share = goal.share_text().unwrap_or_else(|| "nothing".to_owned());
            let of = match by {
                Measure::Count => "of resources are",
                Measure::Cost => "of cost is",
            };
            format!("{share} {of} covered by {}; the target is {}", tags.join(", "), target_text(goal))
        }
        (GoalTarget::Budget { .. }, None) => {
            let spent = spent(goal, &goal.all).unwrap_or_else(|| "nothing".to_owned());
            let share = goal.share_text().map(|share| format!(" ({share})")).unwrap_or_default();
            format!("{spent} spent{}{share}; the budget is {}", in_month(goal), target_text(goal))
        }
    }
}

fn each_text(goal: &GoalResult, each: &str) -> String {
    let of = match &goal.target {
        GoalTarget::Coverage { tags, by: Measure::Count, .. } => {
            format!("the target of {} of resources covered by {}", target_text(goal), tags.join(", "))
        }
        GoalTarget::Coverage { tags, by: Measure::Cost, .. } => {
            format!("the target of {} of cost covered by {}", target_text(goal), tags.join(", "))
        }
        GoalTarget::Budget { .. } => format!("the budget of {}{}", target_text(goal), in_month(goal)),
    };
    let is_budget = goal.limit().is_some();
    let values = values_of(goal.groups.len(), each);
    let missed: Vec<&GoalGroup> = goal.missed().collect();
    if missed.is_empty() {
        let verb = match (is_budget, goal.groups.len()) {
            (true, 1) => "stays within",
            (true, _) => "stay within",
            (false, 1) => "reaches",
            (false, _) => "reach",
        };
        return match goal.met() {
            Some(_) => format!("{values} {verb} {of}"),
            None if is_budget => format!("no value of {} is in scope of {of}", clean(each)),
            None => format!("no value of {} is in scope; it must reach {of}", clean(each)),
        };
    }
    let verb = match (is_budget, missed.len()) {
        (true, 1) => "exceeds",
        (true, _) => "exceed",
        (false, 1) => "misses",
        (false, _) => "miss",
    };
    let mut named: Vec<String> = missed.iter().take(NAMED).map(|group| named(goal, group)).collect();
    if missed.len() > NAMED {
        named.push(format!("{} more", count((missed.len() - NAMED) as u64)));
    }
    format!("{} of {values} {verb} {of}: {}", count(missed.len() as u64), named.join(", "))
}

/// `5 values of team`
fn values_of(number: usize, each: &str) -> String {
    format!("{} of {}", several(number as u64, "value"), clean(each))
}

/// `data 71.2%`, `data 6,000.00 USD (120.0%)`
fn named(goal: &GoalResult, group: &GoalGroup) -> String {
    let share = goal.share_text_of(&group.measured);
    match (spent(goal, &group.measured).filter(|_| goal.limit().is_some()), share) {
        (Some(spent), Some(share)) => format!("{} {spent} ({share})", label(group)),
        (Some(text), None) | (None, Some(text)) => format!("{} {text}", label(group)),
        (None, None) => label(group),
    }
}

/// Returns the value of a group: `(missing)` if there is none.
pub(crate) fn label(group: &GoalGroup) -> String {
    group.value.as_deref().map_or_else(|| "(missing)".to_owned(), |value| clean(&shorten(value, 40)))
}

/// Returns the values that lists show, the worst first: those that miss the target. The number is that of the others
/// that miss it.
pub(crate) fn listed(goal: &GoalResult) -> (Vec<&GoalGroup>, u64) {
    let missed: Vec<&GoalGroup> = goal.missed().collect();
    let others = missed.len().saturating_sub(LISTED) as u64;
    (missed.into_iter().take(LISTED).collect(), others)
}

/// Returns the target: `90%`, `5,000.00 USD`.
pub(crate) fn target_text(goal: &GoalResult) -> String {
    match goal.limit() {
        Some(limit) => amount(goal, limit),
        None => goal.target_text().unwrap_or_default(),
    }
}

/// Returns what is spent: `5,100.00 USD`. None if no cost is known.
pub(crate) fn spent(goal: &GoalResult, measured: &Measured) -> Option<String> {
    measured.cost.map(|cost| amount(goal, cost))
}

fn amount(goal: &GoalResult, amount: Decimal) -> String {
    let currency = match &goal.target {
        GoalTarget::Budget { currency, .. } => currency.as_str(),
        GoalTarget::Coverage { .. } => "",
    };
    format!("{} {}", money(amount), clean(currency)).trim_end().to_owned()
}

/// ` in 2026-10`, and nothing where costs are those of resources.
pub(crate) fn in_month(goal: &GoalResult) -> String {
    goal.month.as_ref().map(|month| format!(" in {}", clean(month))).unwrap_or_default()
}
