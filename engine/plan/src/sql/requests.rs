//! Queries over the evaluated inventory in addition to those of a plan.

use tagpol_sema::program::{Attr, CmpOp, Dimension, TagId};

use super::expr::Printer;
use super::text::{identifier, literal};
use super::{Dialect, EVALUATED, columns};
use crate::ir::{CheckInfo, ColumnId, Expr, GoalInfo, Plan, Query, QueryKind, Select, StateCode, Type};

/// Attributes of [`observed`], in the order of its columns.
pub const OBSERVED_ATTRIBUTES: [&str; 6] = ["id", "name", "type", "provider", "account", "region"];

/// Which resources are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResourceFilter<'a> {
    /// All of them.
    All,
    /// Those for which a condition of the request is true, by its index.
    Predicate(usize),
    /// The one with an id.
    Id(&'a str),
}

/// What resources are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupKey {
    /// The value of a tag.
    Tag(TagId),
    /// An attribute that is a text.
    Attr(Attr),
}

impl GroupKey {
    /// Returns what resources are grouped by for a dimension; None for one that only charges have.
    pub fn of(dimension: Dimension) -> Option<Self> {
        match dimension {
            Dimension::Tag(tag) => Some(Self::Tag(tag)),
            Dimension::Attr(attr) => Some(Self::Attr(attr)),
            Dimension::Charge(_) => None,
        }
    }
}

/// Returns the query for resources as their sources have them, by id: the [`OBSERVED_ATTRIBUTES`], `meta` (JSON
/// text), `monthly_cost` (a double), `tags` (native tags as JSON text), and for each of some tags its value and
/// the code of its source (`value_0`, `source_0`, …; NULL if it is missing).
pub fn observed(plan: &Plan, dialect: Dialect, tags: &[TagId], filter: ResourceFilter<'_>) -> String {
    let column = |id| format!("e.{}", identifier(&plan.column(id).name, dialect));
    let mut items: Vec<String> = OBSERVED_ATTRIBUTES.iter().map(|name| format!("r.{name}")).collect();
    items.push("CAST(r.meta AS VARCHAR) AS meta".to_owned());
    items.push("CAST(r.monthly_cost AS DOUBLE) AS monthly_cost".to_owned());
    items.push("CAST(to_json(r.tags) AS VARCHAR) AS tags".to_owned());
    for (at, tag) in tags.iter().enumerate() {
        let (value, source) = match plan.tag(*tag) {
            Some(tag) => (column(tag.value), column(tag.source)),
            None => ("NULL".to_owned(), "NULL".to_owned()),
        };
        items.push(format!("{value} AS value_{at}, {source} AS source_{at}"));
    }
    let condition = match filter {
        ResourceFilter::All => None,
        // A condition that was not requested is true of nothing.
        ResourceFilter::Predicate(at) => {
            Some(plan.predicates.get(at).map_or_else(|| "false".to_owned(), |id| column(*id)))
        }
        ResourceFilter::Id(id) => Some(format!("r.id = {}", literal(id, dialect))),
    };
    let condition = condition.map(|condition| format!("\nWHERE {condition}")).unwrap_or_default();
    let relation = identifier(&plan.relation, dialect);
    let items = items.join(",\n  ");
    format!(
        "SELECT\n  {items}\nFROM {EVALUATED} e JOIN {relation} r ON r.id = e.id{condition}\nORDER BY r.id"
    )
}

/// Returns the query for what resources cost, in groups: `key_0`, … (texts, NULL if missing), `predicate` (the
/// number, from 1, of the first condition of the request that is true; 0 for none), `resources`, `cost`.
pub fn grouped_costs(plan: &Plan, dialect: Dialect, by: &[GroupKey]) -> String {
    let column = |id| identifier(&plan.column(id).name, dialect);
    let keys =
        by.iter().enumerate().map(|(at, by)| format!("{} AS key_{at}, ", group_key(plan, dialect, *by)));
    let keys: String = keys.collect();
    let arms: String = (1..)
        .zip(&plan.predicates)
        .map(|(number, id)| format!(" WHEN {} THEN {number}", column(*id)))
        .collect();
    let predicate = if arms.is_empty() { "0".to_owned() } else { format!("CASE{arms} ELSE 0 END") };
    format!(
        "SELECT {keys}{predicate} AS predicate, count(*) AS resources, sum(monthly_cost) AS cost\n\
         FROM {EVALUATED}\nGROUP BY ALL\nORDER BY ALL"
    )
}

/// Returns the query for what a goal covers of each value that resources in its scope have, one row each: `value` (a
/// text, NULL if it is missing), and `in_scope`, `covered`, `cost` and `covered_cost` as in [`QueryKind::Goals`].
pub fn covered_by_value(plan: &Plan, dialect: Dialect, goal: &GoalInfo, by: Option<GroupKey>) -> String {
    let column = |id: ColumnId| identifier(&plan.column(id).name, dialect);
    let (scope, covered) = (column(goal.scope), column(goal.covered));
    let value = optional_key(plan, dialect, by);
    let cost = |condition: &str| {
        format!(
            "CASE WHEN count(monthly_cost) > 0 \
             THEN coalesce(sum(monthly_cost) FILTER (WHERE {condition} AND monthly_cost > 0), 0) END"
        )
    };
    format!(
        "SELECT {value} AS value, count(*) AS in_scope, count(*) FILTER (WHERE {covered}) AS covered, \
         {} AS cost, {} AS covered_cost\nFROM {EVALUATED}\nWHERE {}{}",
        cost(&scope),
        cost(&covered),
        dialect.row_filter(&scope),
        dialect.groups_of(&value)
    )
}

/// Returns the query for what resources cost for which a condition of the request is true, by its index: `value` (NULL if
/// it is missing or nothing is grouped by) and `cost`, one row for each value; credits are taken off.
pub fn costs_by_value(plan: &Plan, dialect: Dialect, predicate: usize, by: Option<GroupKey>) -> String {
    let condition = plan.predicates.get(predicate);
    let condition =
        condition.map_or_else(|| "false".to_owned(), |id| identifier(&plan.column(*id).name, dialect));
    let value = optional_key(plan, dialect, by);
    format!(
        "SELECT {value} AS value, sum(monthly_cost) AS cost\n\
         FROM {EVALUATED}\nWHERE {condition}\nGROUP BY ALL\nHAVING count(*) > 0\nORDER BY ALL"
    )
}

/// The column that resources are grouped by; a constant NULL, which makes a group even of no rows, where they are not, or where they have no value.
fn optional_key(plan: &Plan, dialect: Dialect, key: Option<GroupKey>) -> String {
    let none = || format!("CAST(NULL AS {})", dialect.type_name(Type::Text));
    key.map_or_else(none, |key| group_key(plan, dialect, key))
}

/// The column that resources are grouped by.
fn group_key(plan: &Plan, dialect: Dialect, key: GroupKey) -> String {
    match key {
        GroupKey::Tag(tag) => {
            let tag = plan.tag(tag);
            tag.map_or("NULL".to_owned(), |tag| identifier(&plan.column(tag.value).name, dialect))
        }
        GroupKey::Attr(attr) => identifier(attr.as_str(), dialect),
    }
}

/// Returns the query for the resources for which each condition of the request is true: `predicate`, its index,
/// and `id`.
pub fn holding(plan: &Plan, dialect: Dialect) -> String {
    let selects = plan.predicates.iter().enumerate().map(|(at, id)| {
        let column = identifier(&plan.column(*id).name, dialect);
        format!("SELECT {at} AS predicate, id FROM {EVALUATED} WHERE {column}")
    });
    let selects: Vec<String> = selects.collect();
    if selects.is_empty() {
        return format!("SELECT 0 AS predicate, id FROM {EVALUATED} WHERE false");
    }
    selects.join("\nUNION ALL ")
}

/// Returns the query for the first resource, by id, for which a text came out longer than allowed: `text` (its
/// index in [`ComputedTexts::texts`](crate::ir::ComputedTexts)) and `id`. None if no text can.
pub fn text_too_long(plan: &Plan, dialect: Dialect) -> Option<String> {
    let column = identifier(&plan.column(plan.computed.too_long?).name, dialect);
    Some(format!(
        "SELECT {column} AS text, id FROM {EVALUATED} WHERE {} ORDER BY id LIMIT 1",
        dialect.row_filter(&format!("{column} IS NOT NULL"))
    ))
}

/// Returns the queries for what a run remembers of its findings: the columns `check_index`, `resource_id` and
/// `since` of [`QueryKind::Findings`], in the same order. What is undetermined is no finding, and not remembered.
pub fn recorded_findings(plan: &Plan, dialect: Dialect) -> Vec<String> {
    let tables = columns::Tables::of(plan);
    let printer = Printer { tables: tables.as_ref(), ..Printer::new(plan, dialect) };
    let query = plan.query(QueryKind::Findings).determined().only(&["check_index", "resource_id", "since"]);
    printer.query_of(&query)
}

/// Returns the query for the resources for which some checks are undetermined, one row: for each check
/// `undetermined_0`, … and `in_scope_0`, …, those of them that its policy applies to.
pub fn undetermined(plan: &Plan, checks: &[CheckInfo], dialect: Dialect) -> String {
    let column = |id| identifier(&plan.column(id).name, dialect);
    let counts = checks.iter().enumerate().map(|(at, check)| {
        let (scope, state) = (column(check.scope), column(check.state));
        let is_undetermined = format!("{state} = {}", StateCode::Undetermined.code());
        format!(
            "count(*) FILTER (WHERE {is_undetermined}) AS undetermined_{at}, \
             count(*) FILTER (WHERE {scope} AND {is_undetermined}) AS in_scope_{at}"
        )
    });
    format!("SELECT {} FROM {EVALUATED}", counts.collect::<Vec<_>>().join(", "))
}

/// Returns the query for those ids of a relation (`id`) that are ids of evaluated resources: `id`.
pub fn evaluated_among(relation: &str, dialect: Dialect) -> String {
    let relation = identifier(relation, dialect);
    // The few are looked up in, while the many pass by.
    format!("SELECT id FROM {EVALUATED} WHERE id IN (SELECT id FROM {relation})")
}

impl Query {
    /// Returns a query for findings without those that are undetermined.
    fn determined(&self) -> Self {
        let state = self.columns.iter().position(|column| column.name == "state");
        let undetermined = Expr::integer(StateCode::Undetermined.code());
        let select = |select: &Select| {
            let Some(state) = state.and_then(|at| select.items.get(at)).cloned() else {
                return select.clone();
            };
            let is_known = Expr::compare(CmpOp::Ne, state, undetermined.clone());
            let filter = Expr::and(select.filter.clone().into_iter().chain([is_known]));
            Select { filter: Some(filter), ..select.clone() }
        };
        Self { branches: self.branches.iter().map(select).collect(), ..self.clone() }
    }

    /// Returns the query with only some of its columns.
    fn only(&self, names: &[&str]) -> Self {
        let is_kept: Vec<bool> = self.columns.iter().map(|column| names.contains(&column.name)).collect();
        let select = |select: &Select| Select { items: kept(&select.items, &is_kept), ..select.clone() };
        Self {
            kind: self.kind,
            columns: kept(&self.columns, &is_kept),
            branches: self.branches.iter().map(select).collect(),
            order: self.order.clone(),
        }
    }
}

fn kept<T: Clone>(all: &[T], is_kept: &[bool]) -> Vec<T> {
    all.iter().zip(is_kept).filter(|(_, is_kept)| **is_kept).map(|(one, _)| one.clone()).collect()
}
