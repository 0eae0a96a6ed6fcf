//! The findings of the resources that cost most, without asking for all where the evaluated inventory is a
//! view: first from which cost on they are wanted, then the few resources from there on.

use super::expr::Printer;
use super::found::Found;
use super::{TOP_BY_COST, TOP_FINDINGS, counted};
use crate::ir::{AttrColumn, CheckInfo, Query, StateCode};

/// What finds the open findings of each check's [`TOP_FINDINGS`] most expensive resources, ties in the order of ids, and
/// a few more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopByCost {
    /// Statement that finds out from the counts from which cost on findings are wanted.
    pub guess: String,
    /// Query of one truth: whether the counts do not tell, since a check's findings are too much alike or
    /// have no cost.
    pub is_unclear: String,
    /// Statement that finds it out from the resources.
    pub settle: String,
    /// Statement that keeps the resources, where the counts told.
    pub keep: String,
    /// Statement that keeps the resources, where they did not.
    pub keep_settled: String,
    /// Query for their findings.
    pub found: Found,
}

/// Some checks, and the relations that have their states.
pub(super) struct Source<'a> {
    pub(super) checks: &'a [CheckInfo],
    /// Index of the first of them in the plan.
    pub(super) first: usize,
    /// The table with what is counted of them.
    pub(super) counted: &'a str,
    /// The resources, with what the query for the findings reads.
    pub(super) evaluated: &'a str,
}

impl TopByCost {
    pub(super) fn new(printer: Printer<'_>, findings: &Query, source: &Source<'_>) -> Self {
        let cost = AttrColumn::MonthlyCost.as_str();
        let keep = format!(
            "{}\nSELECT *\nFROM {}\nWHERE {cost} >= getvariable('{TOP_BY_COST}').cost",
            printer.dialect.keep_rows(TOP_BY_COST),
            source.evaluated
        );
        Self {
            guess: guess(printer, source),
            is_unclear: format!("SELECT getvariable('{TOP_BY_COST}').unclear"),
            settle: settle(printer, source),
            keep_settled: format!("{keep} OR list_contains(getvariable('{TOP_BY_COST}').ids, id)"),
            keep,
            found: printer.findings_of(findings, source.first, TOP_BY_COST),
        }
    }
}

fn is_open(check: &CheckInfo, printer: Printer<'_>) -> String {
    format!("{} = {}", printer.name(check.state), StateCode::Open.code())
}

/// Each of the rows with the highest costs has a resource of that cost, so the lowest of these costs is low
/// enough. Rows of one resource each are all that there is.
fn guess(printer: Printer<'_>, source: &Source<'_>) -> String {
    let of_check = |check: &CheckInfo| {
        let open = is_open(check, printer);
        format!(
            "  SELECT min(cost) AS cost, count(cost) < {TOP_FINDINGS} AND max(resources) > count(cost) AS unclear FROM (\
             SELECT {highest} AS cost, sum({resources}) OVER () AS resources FROM {counted} WHERE {open} \
             ORDER BY cost DESC NULLS LAST LIMIT {TOP_FINDINGS})",
            highest = counted::HIGHEST,
            resources = counted::RESOURCES,
            counted = source.counted,
        )
    };
    let mut checks: Vec<String> = source.checks.iter().map(of_check).collect();
    if checks.is_empty() {
        checks.push("  SELECT CAST(NULL AS DECIMAL(38, 12)) AS cost, false AS unclear".to_owned());
    }
    format!(
        "SET VARIABLE {TOP_BY_COST} = (SELECT {{'cost': min(cost), 'unclear': coalesce(bool_or(unclear), false)}} \
         FROM (\n{}\n))",
        checks.join("\n  UNION ALL\n")
    )
}

fn settle(printer: Printer<'_>, source: &Source<'_>) -> String {
    let cost = AttrColumn::MonthlyCost.as_str();
    let of_checks = |of: &dyn Fn(String) -> String| {
        let lists: Vec<String> = source.checks.iter().map(|check| of(is_open(check, printer))).collect();
        format!("flatten([\n    {}\n  ])", lists.join(",\n    "))
    };
    let costs = of_checks(&|open| format!("max({cost}, {TOP_FINDINGS}) FILTER (WHERE {open})"));
    let ids = of_checks(&|open| format!("min(id, {TOP_FINDINGS}) FILTER (WHERE {open} AND {cost} IS NULL)"));
    format!(
        "SET VARIABLE {TOP_BY_COST} = (SELECT {{'cost': list_min({costs}), 'unclear': false, 'ids': {ids}}} \
         FROM {})",
        source.evaluated
    )
}
