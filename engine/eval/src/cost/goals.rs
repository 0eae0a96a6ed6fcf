//! Goals by cost, over charges.
//!
//! Of a bill, the share of the spend that is covered is a share of all charges, also of those without a resource.

use std::collections::BTreeMap;

use tagpol_inventory::{Snapshot, amount_units};
use tagpol_plan::sql::charges::{
    Amount, ChargeDate, ChargeFilter, ChargeKey, Conditions, costs_of_conditions,
};
use tagpol_plan::{Predicate, Request};
use tagpol_sema::program::{Goal, Pred, Program, Target};
use tagpol_session::Decimal;

use super::SCALE;
use super::groups::{Money, SUBJECT, key, units_of};
use crate::compile::{CHARGES, DIALECT};
use crate::error::RunError;
use crate::goal::{GoalGroup, GoalResult, Measured};
use crate::options::Options;
use crate::run::Run;

/// What is in scope of a goal and what of it is covered, in units.
type Costs = [i128; 2];

/// Puts what charges come to in the place of the costs of resources, in coverages by cost.
///
/// # Errors
/// As [`super::costs`].
pub(crate) fn measure_by_charges(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    goals: &mut [GoalResult],
) -> Result<(), RunError> {
    let manifest = snapshot.manifest();
    let is_by_cost = |goal: &&Goal| {
        matches!(&goal.target, Target::Coverage(coverage)
            if coverage.by == tagpol_sema::program::Measure::Cost)
    };
    let by_cost: Vec<&Goal> = program.goals.iter().filter(is_by_cost).collect();
    let Some(month) = manifest.month.as_ref().filter(|_| !by_cost.is_empty()) else { return Ok(()) };
    let mut keep = vec![SUBJECT.to_owned()];
    let keys = by_cost.iter().map(|goal| goal.each.map(|each| key(each, &mut keep)));
    let keys: Vec<Option<ChargeKey>> = keys.collect();
    let request = Request {
        keep,
        ..options.request().for_predicates(by_cost.iter().flat_map(|goal| conditions(goal)).collect())
    };
    let Some(run) = Run::start_charges(program, snapshot, options, &request)? else { return Ok(()) };
    let days = (month.month.first_day(), month.month.last_day());
    let filter = ChargeFilter { days, date: ChargeDate::Invoice, amount: Amount::Effective };
    let mut money = Money::new(options, manifest.currency.as_deref());
    for (at, (goal, by)) in by_cost.iter().zip(keys).enumerate() {
        let Some(result) = goals.iter_mut().find(|one| one.name == goal.name) else { continue };
        let predicates = [2 * at, 2 * at + 1];
        let of = Conditions { predicates: &predicates, by, by_month: false, before_credits: true };
        let values = sum_by_value(&run, (of, filter), &mut money)?;
        measure(result, values);
    }
    // What is reported is what was charged in the month, as for `costs`.
    let totals = manifest.charges.iter().flat_map(|charges| &charges.months);
    for total in totals.filter(|total| total.month == month.month) {
        money.add_total(total.currency.as_deref(), amount_units(total.cost));
    }
    match money.without_rate() {
        Some(error) => Err(RunError::NoRate(error)),
        None => Ok(()),
    }
}

/// Sums up what is in scope of a goal and what of it is covered, by value.
fn sum_by_value(
    run: &Run,
    of: (Conditions<'_>, ChargeFilter),
    money: &mut Money<'_>,
) -> Result<BTreeMap<Option<String>, Costs>, RunError> {
    let mut values: BTreeMap<Option<String>, Costs> = BTreeMap::new();
    let sql = costs_of_conditions(&run.compiled.plan, DIALECT, CHARGES, of);
    run.for_each_of("costs of goals", &sql, |row| {
        let code = row.text("currency");
        let sums = values.entry(row.text("value")).or_default();
        for (sum, column) in sums.iter_mut().zip(["cost_0", "cost_1"]) {
            let worth = match units_of(row, column)? {
                0 => Some(0),
                amount => money.convert(code.as_deref(), amount),
            };
            *sum += worth.ok_or_else(|| row.unexpected("a cost out of range"))?;
        }
        Ok(())
    })?;
    Ok(values)
}

/// Sets the costs of a goal, and of each value that it is about. Values that no charge has are left out: they cost
/// nothing. Those that no resource has are added.
fn measure(goal: &mut GoalResult, values: BTreeMap<Option<String>, Costs>) {
    let amount = |unscaled| Some(Decimal { unscaled, scale: SCALE });
    let set = |measured: Measured, [cost, covered]: Costs| Measured {
        cost: amount(cost),
        covered_cost: amount(covered),
        ..measured
    };
    let sum = |at: usize| values.values().filter_map(|costs| costs.get(at)).sum();
    goal.all = set(goal.all, [sum(0), sum(1)]);
    if goal.each.is_none() {
        return;
    }
    let counted: BTreeMap<Option<String>, Measured> =
        goal.groups.drain(..).map(|group| (group.value, group.measured)).collect();
    let group = |(value, costs): (Option<String>, Costs)| {
        let measured = set(counted.get(&value).copied().unwrap_or_default(), costs);
        GoalGroup { value, measured }
    };
    goal.set_groups(values.into_iter().map(group).collect());
}

/// What a goal applies to, and what of it is covered.
fn conditions(goal: &Goal) -> [Predicate; 2] {
    let scope = goal.scope.clone().unwrap_or(Pred::Const(true));
    let valid = goal.tags().iter().map(|tag| Pred::IsValid(*tag));
    let covered = Pred::And([scope.clone()].into_iter().chain(valid).collect());
    [scope, covered].map(|pred| Predicate { pred, loc: goal.loc.clone() })
}
