//! The two stages of [`crate::lower::staged`] as SQL: the relation between them, and what is counted of
//! each policy.
//!
//! A policy is counted in two steps. Resources are put into groups that it cannot distinguish: equal in all
//! that its conditions read. Then the conditions are judged once a group. The groups depend on what a policy
//! reads and not on its values, so that a change of a value in a policy can use them again.

use std::collections::BTreeSet;

use super::expr::Printer;
use super::text::identifier;
use super::{Dialect, EVALUATED, Script, overlays};
use crate::ir::{AttrColumn, CheckInfo, ColumnId, Expr, Function, Plan, StateCode};
use crate::lower::staged::{Kept, TagStage};

/// Name of the relation between the stages.
pub const TAGGED: &str = "tagged";

/// Columns of groups; no column of a plan has such a name.
const RESOURCES: &str = "\"#resources\"";
const COST: &str = "\"#cost\"";
/// The cost before credits: the sum of the positive costs.
const SPEND: &str = "\"#spend\"";

/// Returns the statements that make the relation [`TAGGED`]. They replace what an earlier run in the
/// session has left.
pub fn keep_tagged(stage: &TagStage, dialect: Dialect) -> Vec<String> {
    let script = Script::new(&stage.plan, dialect);
    let mut statements: Vec<String> = script.statements().map(str::to_owned).collect();
    let attrs = AttrColumn::ALL.map(|attr| identifier(attr.as_str(), dialect));
    let Kept { tags, fields } = &stage.kept;
    let tags = tags.iter().flat_map(|(value, source)| [value, source]);
    let named = tags.chain(fields.iter().map(|(_, name)| name)).map(|name| identifier(name, dialect));
    let columns: BTreeSet<String> = attrs.into_iter().chain(named).collect();
    let columns: Vec<String> = columns.into_iter().collect();
    statements.push(format!(
        "{}\nSELECT\n  {}\nFROM {EVALUATED}",
        dialect.keep_rows(TAGGED),
        columns.join(",\n  ")
    ));
    statements.push(script.forget().to_owned());
    statements
}

/// Returns the statements that the queries of a second stage need to have been run before.
pub fn prepare(plan: &Plan, dialect: Dialect) -> Vec<String> {
    let functions = super::functions(plan).into_iter().filter_map(|function| dialect.definition(function));
    functions.chain(overlays::gather(plan, dialect)).collect()
}

/// Returns the statement that keeps the groups of a policy, see [`PolicyQueries::groups`].
pub fn keep_groups(relation: &str, groups: &str, dialect: Dialect) -> String {
    format!("{} {groups}", dialect.keep_rows(&identifier(relation, dialect)))
}

/// Returns the statement that drops the groups of a policy, if there are any.
pub fn drop_groups(relation: &str, dialect: Dialect) -> String {
    format!("DROP TABLE IF EXISTS {}", identifier(relation, dialect))
}

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// A policy, by its index in the program.
    Policy(usize),
    /// A condition of the request, by its index: only the resources in scope, which are those for which it is true.
    Predicate(usize),
}

/// The queries for one policy or condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyQueries {
    /// What it is.
    pub of: Counted,
    /// The resources in groups that the policy cannot tell apart.
    pub groups: String,
    counts: [String; 2],
    /// Ids of its checks, in the order of the columns of [`Self::violations`].
    pub checks: Vec<String>,
    violations: String,
}

impl PolicyQueries {
    /// Returns the query for one row of counts over the relation of the groups: the resources `in_scope` and
    /// their `cost`, the findings that are `open`, `pending` and `exempt` (waived), the resources with an open finding
    /// (`violating`) and their cost before credits (`cost_violating`). Costs are NULL if none is known.
    pub fn counts(&self, groups: &str) -> String {
        let [before, after] = &self.counts;
        format!("{before}{groups}{after}")
    }

    /// Returns the query for the most expensive resources with an open finding: `id`, `name`, `type`, `provider`,
    /// `account`, `region`, `monthly_cost`, and for each of [`Self::checks`] whether it has an open finding
    /// (`found_0`, `found_1`, …).
    pub fn violations(&self, limit: u64) -> String {
        format!("{}\nLIMIT {limit}", self.violations)
    }
}

/// Returns the queries for each policy of a second stage, in the order of the program, then for each condition.
pub fn policy_queries(plan: &Plan, dialect: Dialect) -> Vec<PolicyQueries> {
    let printer = Printer::new(plan, dialect);
    let policies: BTreeSet<usize> = plan.checks.iter().map(|check| check.policy).collect();
    let queries = policies.into_iter().map(|policy| {
        let checks: Vec<&CheckInfo> = plan.checks.iter().filter(|check| check.policy == policy).collect();
        let scope = checks.first().map(|check| check.scope);
        printer.counted(Counted::Policy(policy), scope, &checks)
    });
    let predicates = plan.predicates.iter().enumerate();
    let predicates = predicates.map(|(at, id)| printer.counted(Counted::Predicate(at), Some(*id), &[]));
    queries.chain(predicates).collect()
}

impl Printer<'_> {
    fn counted(self, of: Counted, scope: Option<ColumnId>, checks: &[&CheckInfo]) -> PolicyQueries {
        let states = checks.iter().flat_map(|check| [check.scope, check.state]);
        let wanted: Vec<ColumnId> = scope.into_iter().chain(states).collect();
        let read = self.plan.reach(&wanted, |id| self.plan.is_given(id));
        let given: Vec<ColumnId> = read.iter().copied().filter(|&id| self.plan.is_given(id)).collect();
        let judged: BTreeSet<ColumnId> = read.into_iter().filter(|&id| !self.plan.is_given(id)).collect();
        PolicyQueries {
            of,
            groups: self.groups(&given),
            counts: self.counts(&judged, scope, checks),
            checks: checks.iter().map(|check| check.id.clone()).collect(),
            violations: self.violations(&wanted, checks),
        }
    }

    fn groups(self, given: &[ColumnId]) -> String {
        let cost = self.plan.attr_column(AttrColumn::MonthlyCost);
        let all = self.plan.reach(&given.iter().copied().chain(cost).collect::<Vec<_>>(), |_| false);
        let names: Vec<String> = given.iter().map(|&id| self.named(id)).collect();
        let columns: String = names.iter().map(|name| format!("{name}, ")).collect();
        let group = if names.is_empty() { String::new() } else { format!("\nGROUP BY {}", names.join(", ")) };
        let from = overlays::joined(self.plan, self.dialect);
        let cost = AttrColumn::MonthlyCost.as_str();
        self.projected(&all, &from, true, |last| {
            format!(
                "SELECT {columns}count(*) AS {RESOURCES}, sum({cost}) AS {COST}, \
                 sum({cost}) FILTER (WHERE {cost} > 0) AS {SPEND}\nFROM {last}{group}"
            )
        })
    }

    /// The query over groups, before and behind the name of their relation.
    fn counts(
        self,
        judged: &BTreeSet<ColumnId>,
        scope: Option<ColumnId>,
        checks: &[&CheckInfo],
    ) -> [String; 2] {
        const HERE: &str = "\u{0}";
        let scope = scope.map_or("false".to_owned(), |scope| self.named(scope));
        let found = |state: StateCode| {
            let each = checks
                .iter()
                .map(|check| format!("CAST({} = {} AS INTEGER)", self.named(check.state), state.code()));
            let each: Vec<String> = each.collect();
            let sum = if each.is_empty() { "0".to_owned() } else { each.join(" + ") };
            format!("CAST(coalesce(sum({RESOURCES} * ({sum})), 0) AS BIGINT)")
        };
        let open = self.any_open(checks);
        let number =
            |filter: &str| format!("CAST(coalesce(sum({RESOURCES}) FILTER (WHERE {filter}), 0) AS BIGINT)");
        let cost = |filter: &str| format!("sum({COST}) FILTER (WHERE {filter})");
        // Credits do not reduce what is in violation; unknown only where no cost of these resources is known.
        let spend_in_violation = format!(
            "CASE WHEN count({COST}) FILTER (WHERE {open}) > 0 \
             THEN coalesce(sum({SPEND}) FILTER (WHERE {open}), 0) END"
        );
        let items = [
            (number(&scope), "in_scope"),
            (cost(&scope), "cost"),
            (found(StateCode::Open), "open"),
            (found(StateCode::Pending), "pending"),
            (found(StateCode::Exempt), "exempt"),
            (number(&open), "violating"),
            (spend_in_violation, "cost_violating"),
        ];
        let items = items.map(|(item, name)| format!("{item} AS {name}"));
        let sql = self
            .projected(judged, HERE, false, |last| format!("SELECT\n  {}\nFROM {last}", items.join(",\n  ")));
        let (before, after) = sql.split_once(HERE).unwrap_or((&sql, ""));
        [before.to_owned(), after.to_owned()]
    }

    fn violations(self, wanted: &[ColumnId], checks: &[&CheckInfo]) -> String {
        let shown = AttrColumn::TOLD;
        let attrs = shown.iter().filter_map(|&attr| self.plan.attr_column(attr));
        let all = self.plan.reach(&wanted.iter().copied().chain(attrs).collect::<Vec<_>>(), |_| false);
        let open = checks.iter().enumerate().map(|(at, check)| {
            format!("{} = {} AS found_{at}", self.named(check.state), StateCode::Open.code())
        });
        let items: Vec<String> =
            shown.iter().map(|attr| identifier(attr.as_str(), self.dialect)).chain(open).collect();
        let from = overlays::joined(self.plan, self.dialect);
        let (any, cost) = (self.any_open(checks), AttrColumn::MonthlyCost.as_str());
        self.projected(&all, &from, true, |last| {
            let items = items.join(",\n  ");
            format!("SELECT\n  {items}\nFROM {last}\nWHERE {any}\nORDER BY {cost} DESC NULLS LAST, id")
        })
    }

    /// Whether a check has found something.
    fn any_open(self, checks: &[&CheckInfo]) -> String {
        let open =
            checks.iter().map(|check| format!("{} = {}", self.named(check.state), StateCode::Open.code()));
        let open: Vec<String> = open.collect();
        if open.is_empty() { "false".to_owned() } else { format!("({})", open.join(" OR ")) }
    }

    /// Returns a query over columns, each of which reads those of lower layers. The first projection has
    /// the columns of the relation too, unless it reads the snapshot's.
    fn projected(
        self,
        columns: &BTreeSet<ColumnId>,
        from: &str,
        is_first: bool,
        query: impl FnOnce(&str) -> String,
    ) -> String {
        let mut layers: Vec<Vec<ColumnId>> = Vec::new();
        for &id in columns {
            let layer = self.plan.column(id).layer;
            if layers.len() <= layer {
                layers.resize(layer + 1, Vec::new());
            }
            layers.get_mut(layer).into_iter().for_each(|layer| layer.push(id));
        }
        layers.retain(|layer| !layer.is_empty());
        let (mut out, mut below) = (String::new(), from.to_owned());
        for (number, layer) in layers.iter().enumerate() {
            let start = if number == 0 { "WITH " } else { ",\n" };
            let all = if number == 0 && is_first { "" } else { "*, " };
            let items: Vec<String> = layer.iter().map(|&id| self.defined(id)).collect();
            out += &format!("{start}step_{number} AS (SELECT {all}{} FROM {below})", items.join(", "));
            below = format!("step_{number}");
        }
        if layers.is_empty() { query(&below) } else { format!("{out}\n{}", query(&below)) }
    }

    fn defined(self, id: ColumnId) -> String {
        let (expr, name) = (self.flat(&self.plan.column(id).expr), self.named(id));
        if expr == name { name } else { format!("{expr} AS {name}") }
    }

    fn named(self, id: ColumnId) -> String {
        identifier(&self.plan.column(id).name, self.dialect)
    }
}

impl Plan {
    /// Whether groups have the column as it is: what stands in the relation, and what takes time to find
    /// out of it.
    fn is_given(&self, id: ColumnId) -> bool {
        let column = self.column(id);
        let takes_time = match &column.expr {
            Expr::Call(
                Function::Trim
                | Function::Tidy
                | Function::Compose
                | Function::Lower
                | Function::Upper
                | Function::Words
                | Function::ParseDate
                | Function::ParseNumber
                | Function::ParseDuration,
                of,
            ) => matches!(of.as_slice(), [Expr::Column(_)]),
            Expr::Lookup { .. } => true,
            _ => false,
        };
        column.layer == 0 || takes_time
    }
}
