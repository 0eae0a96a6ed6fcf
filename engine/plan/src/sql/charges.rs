//! Queries over charges: what was billed, by the virtual tags of what it was billed for.
//!
//! The evaluated relation has a row for each subject; charges are joined with it by its number.

use chrono::NaiveDate;

use super::requests::GroupKey;
use super::text::identifier;
use super::{Dialect, EVALUATED};
use crate::ir::{ColumnId, Plan};

/// What charges are grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeKey {
    /// What their resource, or what else they are for, is grouped by.
    Subject(GroupKey),
    /// A column of the subjects that the request keeps, by its index.
    Kept(usize),
}

/// The time that charges are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChargeDate {
    /// The month of their invoice.
    Invoice,
    /// The day on which they start.
    Usage,
}

/// The length of the periods that charges are summed up in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// A calendar month.
    Month,
    /// A calendar day, by the day on which a charge starts.
    Day,
}

/// An amount of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Amount {
    /// Amortized: what was paid in advance is spread over what it covers.
    #[default]
    Effective,
    /// As the invoice has it.
    Billed,
    /// At contracted prices, before commitments.
    Contracted,
    /// At public prices.
    List,
}

impl Amount {
    /// Returns its name, which is that of its column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Effective => "effective",
            Self::Billed => "billed",
            Self::Contracted => "contracted",
            Self::List => "list",
        }
    }
}

/// Which charges are summed up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChargeFilter {
    /// The first and the last day. With [`ChargeDate::Invoice`], whole months are meant.
    pub days: (NaiveDate, NaiveDate),
    /// The time that counts.
    pub date: ChargeDate,
    /// The amount.
    pub amount: Amount,
}

/// How charges are grouped besides by keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grouping {
    /// The periods that are apart. None: there are none.
    pub period: Option<Period>,
    /// Whether currencies are apart. Otherwise amounts of several are added up, and only counts mean something.
    pub by_currency: bool,
}

/// Returns the query for what charges come to, in groups. The first column that the request keeps must be the number
/// of the subject.
///
/// Its columns: `key_0`, … (texts, NULL if missing), `period` (a text such as `2026-10` or `2026-10-31`; NULL without
/// periods), `currency`, `predicate` (the number, from 1, of the first condition of the request that holds; 0 for
/// none), `resources`, `cost`, `unknown` (the number of charges without this amount, which count as 0), `no_resource`
/// (the part of the cost in charges that name no resource).
pub fn charge_costs(
    plan: &Plan,
    dialect: Dialect,
    charges: &str,
    by: &[ChargeKey],
    (filter, Grouping { period, by_currency }): (ChargeFilter, Grouping),
) -> String {
    let column = |id| format!("e.{}", identifier(&plan.column(id).name, dialect));
    let keys = by.iter().enumerate();
    let keys: String =
        keys.map(|(at, by)| format!("{} AS key_{at}, ", charge_key(plan, dialect, *by))).collect();
    let arms: String = (1..)
        .zip(&plan.predicates)
        .map(|(number, id)| format!(" WHEN {} THEN {number}", column(*id)))
        .collect();
    let predicate = if arms.is_empty() { "0".to_owned() } else { format!("CASE{arms} ELSE 0 END") };
    let subject = subject(plan, dialect);
    let amount = filter.amount.as_str();
    let (time, condition) = charge_days(filter);
    let period = match period {
        None => null_text(),
        Some(Period::Month) => month_of(time),
        Some(Period::Day) => "CAST(day AS VARCHAR)".to_owned(),
    };
    let currency = if by_currency { "currency" } else { "CAST(NULL AS VARCHAR) AS currency" };
    format!(
        "SELECT {keys}c.period, c.currency, {predicate} AS predicate, count(DISTINCT e.id) AS resources, \
         sum(c.cost) AS cost, sum(c.unknown) AS unknown,\n  \
         coalesce(sum(c.cost) FILTER (WHERE e.id IS NULL), 0) AS no_resource\n\
         FROM (\n  SELECT subject, {period} AS period, {currency}, coalesce(sum({amount}), 0) AS cost, \
         count(*) FILTER (WHERE {amount} IS NULL) AS unknown\n  \
         FROM {}\n  WHERE {condition}\n  GROUP BY ALL\n\
         ) c JOIN {EVALUATED} e ON e.{subject} = c.subject\nGROUP BY ALL\nORDER BY ALL",
        identifier(charges, dialect)
    )
}

/// What the charges of conditions are summed up for.
#[derive(Debug, Clone, Copy)]
pub struct Conditions<'a> {
    /// Conditions of the request, by their indexes.
    pub predicates: &'a [usize],
    /// Values that are apart. None: there are none.
    pub by: Option<ChargeKey>,
    /// Whether months are apart, by the time of the filter.
    pub by_month: bool,
    /// Whether credits are left out: the charges of a subject, if they come to less than nothing.
    pub before_credits: bool,
}

/// Returns the query for what the charges come to for which conditions of the request are true: `month` (a text such as
/// `2026-10`; NULL unless months are apart), `currency`, `value` (a text, NULL if it is missing or nothing is grouped by),
/// and `cost_0`, … in the order of the conditions. There is a row for each value of charges for which one is true.
pub fn costs_of_conditions(
    plan: &Plan,
    dialect: Dialect,
    charges: &str,
    (conditions, filter): (Conditions<'_>, ChargeFilter),
) -> String {
    let holds = |at: &usize| {
        let id = plan.predicates.get(*at);
        id.map_or_else(
            || "false".to_owned(),
            |id| format!("e.{}", identifier(&plan.column(*id).name, dialect)),
        )
    };
    let conditions_sql: Vec<String> = conditions.predicates.iter().map(holds).collect();
    let positive = if conditions.before_credits { " AND c.cost > 0" } else { "" };
    let cost = |(at, holds): (usize, &String)| {
        format!(", coalesce(sum(c.cost) FILTER (WHERE {holds}{positive}), 0) AS cost_{at}")
    };
    let costs: String = conditions_sql.iter().enumerate().map(cost).collect();
    let value = conditions.by.map_or_else(null_text, |by| charge_key(plan, dialect, by));
    let subject = subject(plan, dialect);
    let amount = filter.amount.as_str();
    let (time, condition) = charge_days(filter);
    let month = if conditions.by_month { month_of(time) } else { null_text() };
    let any = if conditions_sql.is_empty() { "false".to_owned() } else { conditions_sql.join(" OR ") };
    format!(
        "SELECT c.month, c.currency, {value} AS value{costs}\nFROM (\n  \
         SELECT subject, currency, {month} AS month, coalesce(sum({amount}), 0) AS cost\n  \
         FROM {}\n  WHERE {condition}\n  GROUP BY ALL\n) c JOIN {EVALUATED} e ON e.{subject} = c.subject\n\
         WHERE {any}\nGROUP BY ALL\nORDER BY ALL",
        identifier(charges, dialect)
    )
}

fn null_text() -> String {
    "CAST(NULL AS VARCHAR)".to_owned()
}

/// The month of a day: `2026-10`.
fn month_of(day: &str) -> String {
    format!("substr(CAST({day} AS VARCHAR), 1, 7)")
}

/// The column of the evaluated subjects that charges are grouped by.
fn charge_key(plan: &Plan, dialect: Dialect, key: ChargeKey) -> String {
    let column = |id: ColumnId| format!("e.{}", identifier(&plan.column(id).name, dialect));
    match key {
        ChargeKey::Subject(GroupKey::Tag(tag)) => {
            plan.tag(tag).map_or("NULL".to_owned(), |tag| column(tag.value))
        }
        ChargeKey::Subject(GroupKey::Attr(attr)) => format!("e.{}", identifier(attr.as_str(), dialect)),
        ChargeKey::Kept(at) => plan.kept.get(at).map_or("NULL".to_owned(), |id| column(*id)),
    }
}

/// Returns the query for the number of resources that have charges of a filter: one row with `resources`.
pub fn charged_resources(plan: &Plan, dialect: Dialect, charges: &str, filter: ChargeFilter) -> String {
    let subject = subject(plan, dialect);
    let (_, condition) = charge_days(filter);
    format!(
        "SELECT count(DISTINCT id) AS resources\nFROM {EVALUATED}\nWHERE {subject} IN (SELECT subject FROM {} \
         WHERE {condition})",
        identifier(charges, dialect)
    )
}

/// Returns the column with the number of the subject: the first that the request keeps.
fn subject(plan: &Plan, dialect: Dialect) -> String {
    plan.kept.first().map_or("NULL".to_owned(), |id| identifier(&plan.column(*id).name, dialect))
}

/// Returns the column with the time of charges, and the condition of those of a filter.
fn charge_days(filter: ChargeFilter) -> (&'static str, String) {
    let (first, last) = filter.days;
    let time = match filter.date {
        ChargeDate::Invoice => "month",
        ChargeDate::Usage => "day",
    };
    (time, format!("{time} BETWEEN DATE '{first}' AND DATE '{last}'"))
}

/// Returns the query for what is of the days of a filter by one time and not by the other, one row for each
/// currency: `currency`, `used_elsewhere` (invoiced on these days, used on others), `invoiced_elsewhere` (used on
/// these days, invoiced on others), `not_used` (used on any other days).
pub fn moved_costs(dialect: Dialect, charges: &str, filter: ChargeFilter) -> String {
    let of = |date| charge_days(ChargeFilter { date, ..filter }).1;
    let (invoiced, used) = (of(ChargeDate::Invoice), of(ChargeDate::Usage));
    let amount = filter.amount.as_str();
    format!(
        "SELECT currency, \
         coalesce(sum({amount}) FILTER (WHERE {invoiced} AND NOT ({used})), 0) AS used_elsewhere, \
         coalesce(sum({amount}) FILTER (WHERE {used} AND NOT ({invoiced})), 0) AS invoiced_elsewhere, \
         coalesce(sum({amount}) FILTER (WHERE NOT ({used})), 0) AS not_used, \
         coalesce(sum(billed) FILTER (WHERE {invoiced}), 0) AS billed, \
         count(*) FILTER (WHERE {invoiced} AND billed IS NULL) AS not_billed\n\
         FROM {}\nGROUP BY currency\nORDER BY currency",
        identifier(charges, dialect)
    )
}
