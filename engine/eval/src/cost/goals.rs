//! Goals by cost, over charges.
//!
//! Of a bill, the share of the spend that is covered is a share of all charges, also of those without a resource.

use tagpol_inventory::{Snapshot, amount_units};
use tagpol_plan::sql::charges::{Amount, ChargeDate, ChargeFilter, predicate_costs};
use tagpol_plan::{Predicate, Request};
use tagpol_sema::program::{Goal, Measure, Pred, Program};
use tagpol_session::Decimal;

use super::SCALE;
use super::groups::{Money, SUBJECT, units_of};
use crate::compile::{CHARGES, DIALECT};
use crate::error::RunError;
use crate::goal::GoalResult;
use crate::options::Options;
use crate::run::Run;

/// Puts what charges come to in the place of the costs of resources, in goals by cost.
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
    let by_cost: Vec<&Goal> = program.goals.iter().filter(|goal| goal.by == Measure::Cost).collect();
    let Some(month) = manifest.month.as_ref().filter(|_| !by_cost.is_empty()) else { return Ok(()) };
    let request = Request {
        keep: vec![SUBJECT.to_owned()],
        ..options.request().for_predicates(by_cost.iter().flat_map(|goal| conditions(goal)).collect())
    };
    let Some(run) = Run::start_charges(program, snapshot, options, &request)? else { return Ok(()) };
    let days = (month.month.first_day(), month.month.last_day());
    let filter = ChargeFilter { days, date: ChargeDate::Invoice, amount: Amount::Effective };
    let mut costs = vec![0_i128; 2 * by_cost.len()];
    let mut money = Money::new(options, manifest.currency.as_deref());
    let sql = predicate_costs(&run.compiled.plan, DIALECT, CHARGES, filter);
    run.for_each_of("costs of goals", &sql, |row| {
        let code = row.text("currency");
        for (at, cost) in costs.iter_mut().enumerate() {
            let amount = units_of(row, &format!("cost_{at}"))?;
            let worth = match amount {
                0 => Some(0),
                amount => money.convert(code.as_deref(), amount),
            };
            *cost += worth.ok_or_else(|| row.unexpected("a cost out of range"))?;
        }
        Ok(())
    })?;
    // What is reported is what was charged in the month, as for `costs`.
    let totals = manifest.charges.iter().flat_map(|charges| &charges.months);
    for total in totals.filter(|total| total.month == month.month) {
        money.add_total(total.currency.as_deref(), amount_units(total.cost));
    }
    if let Some(error) = money.without_rate() {
        return Err(RunError::NoRate(error));
    }
    let amount = |unscaled| Some(Decimal { unscaled, scale: SCALE });
    for (goal, costs) in by_cost.iter().zip(costs.chunks(2)) {
        if let ([cost, covered], Some(result)) = (costs, goals.iter_mut().find(|one| one.name == goal.name)) {
            (result.cost, result.covered_cost) = (amount(*cost), amount(*covered));
        }
    }
    Ok(())
}

/// What a goal applies to, and what of it is covered.
fn conditions(goal: &Goal) -> [Predicate; 2] {
    let scope = goal.scope.clone().unwrap_or(Pred::Const(true));
    let valid = goal.tags.iter().map(|tag| Pred::IsValid(*tag));
    let covered = Pred::And([scope.clone()].into_iter().chain(valid).collect());
    [scope, covered].map(|pred| Predicate { pred, loc: goal.loc.clone() })
}
