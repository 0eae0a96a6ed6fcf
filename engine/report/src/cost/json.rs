//! The JSON contract of costs, described by `docs/schema/cost.v1.json`.
//!
//! Within a version, fields are only added. Amounts are texts, since a double is not exact.

use serde::Serialize;

use super::{exact, rows};
use tagpol_eval::cost::{Converted, Costs, MonthTotal, Period, Shared};
use tagpol_eval::{GoalResult, GoalTarget};

/// Version of the contract.
pub const COST_SCHEMA_VERSION: u32 = 1;

/// Returns the costs as one JSON document with a newline at its end.
///
/// # Errors
/// None in fact: the document holds texts and numbers only.
pub fn json(costs: &Costs) -> Result<String, serde_json::Error> {
    let document = Document {
        schema_version: COST_SCHEMA_VERSION,
        now: costs.now.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true),
        snapshot: &costs.snapshot.id,
        month: costs.month(),
        months: costs.months.map(|(first, last)| [first.to_string(), last.to_string()]),
        period: costs.period.map(period_name),
        by_usage_date: costs.by_usage_date,
        amount: costs.amount.as_str(),
        currency: costs.currency.as_deref(),
        by: &costs.by,
        lines: rows(costs)
            .iter()
            .map(|row| {
                let [own, shared, cost] = row.amounts().map(|units| exact(units).to_string());
                let values = (0..costs.by.len()).map(|at| row.value(at).map(str::to_owned)).collect();
                LineJson {
                    kind: row.kind(),
                    period: row.period().map(str::to_owned),
                    values,
                    resources: row.resources(),
                    own,
                    shared,
                    cost,
                    no_resource: exact(row.no_resource()).to_string(),
                }
            })
            .collect(),
        shared: costs.shared.iter().map(shared).collect(),
        budgets: costs.budgets.iter().filter_map(budget).collect(),
        resources: costs.resources,
        total: exact(costs.total()).to_string(),
        no_resource: exact(costs.no_resource()).to_string(),
        converted: costs.converted.iter().map(converted).collect(),
        used_in_other_months: exact(costs.moved.used_elsewhere).to_string(),
        invoiced_in_other_months: exact(costs.moved.invoiced_elsewhere).to_string(),
        used_only_in_other_months: exact(costs.moved.not_used).to_string(),
        only_listed: exact(costs.only_listed).to_string(),
        charges_without_amount: costs.unknown_amounts,
        other_months: costs.other_months.iter().map(other_month).collect(),
        rejected_rows: costs.snapshot.rejected_rows,
        rejected_values: costs.snapshot.rejected_values,
    };
    tagpol_sink::json::pretty(&document)
}

#[derive(Serialize)]
struct Document<'a> {
    schema_version: u32,
    now: String,
    snapshot: &'a str,
    month: Option<String>,
    months: Option<[String; 2]>,
    period: Option<&'static str>,
    by_usage_date: bool,
    amount: &'static str,
    currency: Option<&'a str>,
    by: &'a [String],
    lines: Vec<LineJson>,
    shared: Vec<SharedJson<'a>>,
    budgets: Vec<BudgetJson<'a>>,
    resources: u64,
    total: String,
    no_resource: String,
    converted: Vec<ConvertedJson<'a>>,
    used_in_other_months: String,
    invoiced_in_other_months: String,
    used_only_in_other_months: String,
    only_listed: String,
    charges_without_amount: u64,
    other_months: Vec<OtherMonthJson<'a>>,
    rejected_rows: u64,
    rejected_values: u64,
}

#[derive(Serialize)]
struct LineJson {
    kind: &'static str,
    period: Option<String>,
    values: Vec<Option<String>>,
    resources: u64,
    own: String,
    shared: String,
    cost: String,
    no_resource: String,
}

#[derive(Serialize)]
struct ConvertedJson<'a> {
    currency: &'a str,
    amount: String,
    worth: String,
}

#[derive(Serialize)]
struct OtherMonthJson<'a> {
    month: String,
    currency: Option<&'a str>,
    cost: String,
}

#[derive(Serialize)]
struct BudgetJson<'a> {
    goal: &'a str,
    month: Option<&'a str>,
    limit: String,
    currency: &'a str,
    spent: Option<String>,
    met: Option<bool>,
    each: Option<&'a str>,
    groups: Vec<BudgetGroupJson<'a>>,
}

#[derive(Serialize)]
struct BudgetGroupJson<'a> {
    value: Option<&'a str>,
    spent: Option<String>,
    met: Option<bool>,
}

#[derive(Serialize)]
struct SharedJson<'a> {
    allocation: &'a str,
    to: &'a str,
    matched: bool,
    resources: u64,
    cost: String,
    kept: String,
}

fn budget(budget: &GoalResult) -> Option<BudgetJson<'_>> {
    let GoalTarget::Budget { limit, currency } = &budget.target else { return None };
    let groups = budget.groups.iter().map(|group| BudgetGroupJson {
        value: group.value.as_deref(),
        spent: group.measured.cost.map(|cost| cost.to_string()),
        met: budget.is_met(&group.measured),
    });
    Some(BudgetJson {
        goal: &budget.name,
        month: budget.month.as_deref(),
        limit: limit.to_string(),
        currency,
        spent: budget.all.cost.map(|cost| cost.to_string()),
        met: budget.met(),
        each: budget.each.as_deref(),
        groups: groups.collect(),
    })
}

fn shared(shared: &Shared) -> SharedJson<'_> {
    SharedJson {
        allocation: &shared.name,
        to: &shared.to,
        matched: shared.matched,
        resources: shared.resources,
        cost: exact(shared.cost).to_string(),
        kept: exact(shared.kept).to_string(),
    }
}

fn converted(converted: &Converted) -> ConvertedJson<'_> {
    ConvertedJson {
        currency: &converted.currency,
        amount: exact(converted.amount).to_string(),
        worth: exact(converted.worth).to_string(),
    }
}

fn other_month(total: &MonthTotal) -> OtherMonthJson<'_> {
    OtherMonthJson {
        month: total.month.to_string(),
        currency: total.currency.as_deref(),
        cost: total.cost.to_string(),
    }
}

/// Returns the name of a length of periods.
fn period_name(period: Period) -> &'static str {
    match period {
        Period::Month => "month",
        Period::Day => "day",
    }
}
