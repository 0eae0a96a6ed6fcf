//! Budgets: what is spent in a month, compared with a limit.
//!
//! Of a bill it is all charges of the month, also those without a resource, each by its own tags; of a list the monthly cost of
//! resources. Credits are taken off, as on the invoice, and shared costs count where they were charged.

use std::collections::BTreeMap;

use rust_decimal::Decimal as Exact;
use tagpol_inventory::{Snapshot, amount_units};
use tagpol_plan::sql::charges::{ChargeFilter, ChargeKey, Conditions, costs_of_conditions};
use tagpol_plan::sql::requests::{GroupKey, costs_by_value};
use tagpol_plan::{CurrencyMismatch, Predicate, Request};
use tagpol_sema::program::{Budget, Goal, Pred, Program, Target};
use tagpol_session::Decimal;

use super::SCALE;
use super::groups::{Money, SUBJECT, key, units_of};
use crate::compile::{CHARGES, DIALECT};
use crate::error::RunError;
use crate::goal::{GoalGroup, GoalResult, GoalTarget, Measured};
use crate::options::Options;
use crate::run::Run;
use crate::tables::Tables;

/// What is spent, by month and value, in units.
type Spent = BTreeMap<Option<String>, BTreeMap<Option<String>, i128>>;

/// What is measured of which charges, in which currency.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The charges of which months. None: costs are those of resources.
    pub(super) filter: Option<ChargeFilter>,
    /// Months that have results of their own, even if nothing is spent in them: `2026-10`.
    pub(super) months: &'a [String],
    /// The currency of the report. None: that of the snapshot is not known.
    pub(super) currency: Option<&'a str>,
}

/// Returns the result of each budget of a program, of one after the other each month.
///
/// # Errors
/// [`RunError::Currency`] for a limit without a rate, and as [`super::costs`].
pub(super) fn of_program(
    program: &Program,
    snapshot: &Snapshot,
    options: &Options,
    scope: Scope<'_>,
) -> Result<Vec<GoalResult>, RunError> {
    let budgets: Vec<(&Goal, &Budget)> = program.goals.iter().filter_map(budget).collect();
    if budgets.is_empty() {
        return Ok(Vec::new());
    }
    let limits = limits(&budgets, options, scope.currency)?;
    let scopes = budgets.iter().map(|(goal, _)| Predicate {
        pred: goal.scope.clone().unwrap_or(Pred::Const(true)),
        loc: goal.loc.clone(),
    });
    let mut keep = vec![SUBJECT.to_owned()];
    let keys = budgets.iter().map(|(goal, _)| goal.each.map(|each| key(each, &mut keep)));
    let keys: Vec<Option<ChargeKey>> = keys.collect();
    let request = Request { keep, ..options.request().for_predicates(scopes.collect()) };
    let charged = match scope.filter {
        Some(filter) => Run::start_charges(program, snapshot, options, &request)?.map(|run| (run, filter)),
        None => None,
    };
    let mut results = Vec::new();
    let spent: Vec<Spent> = match charged {
        Some((run, filter)) => of_charges(&run, (&budgets, &keys), options, (scope, filter))?,
        None => {
            let request = Request { keep: Vec::new(), ..request };
            let run = Run::start_request(program, snapshot, &mut Tables::default(), options, &request)?;
            of_resources(&run, &budgets)?
        }
    };
    for ((budget, limit), spent) in budgets.iter().zip(limits).zip(spent) {
        let currency = scope.currency.unwrap_or(&budget.1.currency);
        let target = GoalTarget::Budget { limit, currency: currency.to_owned() };
        let budgeted = Budgeted { program, goal: budget.0, target };
        results.extend(spent.into_iter().map(|(month, values)| budgeted.result(month, values)));
    }
    Ok(results)
}

fn budget(goal: &Goal) -> Option<(&Goal, &Budget)> {
    match &goal.target {
        Target::Budget(budget) => Some((goal, budget)),
        Target::Coverage(_) => None,
    }
}

/// Returns the limits in the currency of the report.
fn limits(
    budgets: &[(&Goal, &Budget)],
    options: &Options,
    currency: Option<&str>,
) -> Result<Vec<Decimal>, RunError> {
    let mut mismatches = Vec::new();
    let mut limits = Vec::new();
    for (goal, budget) in budgets {
        let limit = match currency.filter(|currency| *currency != budget.currency) {
            None => Some(budget.limit),
            Some(currency) => {
                let rate = options.rates.between(&budget.currency, currency);
                if rate.is_none() {
                    mismatches.push(CurrencyMismatch {
                        amount: budget.limit,
                        currency: budget.currency.clone(),
                        snapshot: currency.to_owned(),
                        loc: goal.loc.clone(),
                    });
                }
                rate.and_then(|rate| rate.of(budget.limit))
            }
        };
        // A limit beyond all numbers is never reached.
        limits.push(units(limit.unwrap_or(Exact::MAX)));
    }
    if mismatches.is_empty() { Ok(limits) } else { Err(RunError::Currency(mismatches)) }
}

fn units(limit: Exact) -> Decimal {
    Decimal { unscaled: amount_units(limit), scale: SCALE }
}

fn of_charges(
    run: &Run,
    (budgets, keys): (&[(&Goal, &Budget)], &[Option<ChargeKey>]),
    options: &Options,
    (scope, filter): (Scope<'_>, ChargeFilter),
) -> Result<Vec<Spent>, RunError> {
    let mut money = Money::new(options, scope.currency);
    let mut all = Vec::new();
    for (at, ((goal, _), by)) in budgets.iter().zip(keys).enumerate() {
        let empty = || BTreeMap::from_iter(goal.each.is_none().then_some((None, 0)));
        let mut spent: Spent = scope.months.iter().map(|month| (Some(month.clone()), empty())).collect();
        let of = Conditions { predicates: &[at], by: *by, by_month: true, before_credits: false };
        let sql = costs_of_conditions(&run.compiled.plan, DIALECT, CHARGES, (of, filter));
        run.for_each_of("charges of budgets", &sql, |row| {
            let amount = units_of(row, "cost_0")?;
            let worth = money.worth(row.text("currency").as_deref(), amount);
            let worth = worth.ok_or_else(|| row.unexpected("a cost out of range"))?;
            *spent.entry(row.text("month")).or_default().entry(row.text("value")).or_default() += worth;
            Ok(())
        })?;
        all.push(spent);
    }
    match money.without_rate() {
        Some(error) => Err(RunError::NoRate(error)),
        None => Ok(all),
    }
}

fn of_resources(run: &Run, budgets: &[(&Goal, &Budget)]) -> Result<Vec<Spent>, RunError> {
    let mut all = Vec::new();
    for (at, (goal, _)) in budgets.iter().enumerate() {
        let mut values = BTreeMap::new();
        let sql = costs_by_value(&run.compiled.plan, DIALECT, at, goal.each.and_then(GroupKey::of));
        run.for_each_of("costs of budgets", &sql, |row| {
            // Resources without a cost spend nothing that is known.
            if row.money("cost").is_some() {
                values.insert(row.text("value"), units_of(row, "cost")?);
            }
            Ok(())
        })?;
        all.push(Spent::from([(None, values)]));
    }
    Ok(all)
}

/// A budget of which the results are made.
struct Budgeted<'a> {
    program: &'a Program,
    goal: &'a Goal,
    target: GoalTarget,
}

impl Budgeted<'_> {
    /// Returns the result of a month, in which nothing is known to be spent if there is no value.
    fn result(&self, month: Option<String>, values: BTreeMap<Option<String>, i128>) -> GoalResult {
        let goal = self.goal;
        let spent = |units| Some(Decimal { unscaled: units, scale: SCALE });
        let measured = |cost| Measured { cost, ..Measured::default() };
        let total = (!values.is_empty()).then(|| values.values().sum()).and_then(spent);
        let mut result = GoalResult {
            name: goal.name.clone(),
            severity: goal.severity,
            target: self.target.clone(),
            month,
            all: measured(total),
            each: goal.each.map(|each| self.program.dimension_name(each)),
            groups: Vec::new(),
            loc: goal.loc.clone(),
        };
        if goal.each.is_some() {
            let group = |(value, units)| GoalGroup { value, measured: measured(spent(units)) };
            result.set_groups(values.into_iter().map(group).collect());
        }
        result
    }
}
