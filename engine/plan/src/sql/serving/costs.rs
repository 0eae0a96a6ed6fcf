//! Charges of bills, by the virtual tags of what they are for.
//!
//! What charges are for has tags of its own, which may be others than those of the resource in an inventory, so that there is
//! a row for each of these subjects: `subject`, `place` (NULL: no resource), `provider`, `account`, `region`, `type`,
//! `service`, `category`, `billing_account`, and `value_I` and `shared_A` as for resources.

use chrono::NaiveDate;

use super::super::charges::{Amount, ChargeDate, Period};
use super::super::text::identifier;
use super::super::{Dialect, EVALUATED};
use super::filter::{Filter, Rows, ValueColumn};
use super::read::source_number;
use super::{RESOURCES, Shape};
use crate::ir::{ColumnId, Plan};

/// Name of the relation of subjects that are about to enter the overlay: `subject`, `value_0`, …, `shared_0`, ….
pub const STAGED_SUBJECTS: &str = "staged_subjects";

/// Name of the table of subjects of resources that something was decided about.
const SUBJECTS_SINCE: &str = "subjects_since";

/// Name of the view of the subjects with these.
const SERVED_SUBJECTS: &str = "served_subjects";

/// What charges have in addition to the attributes of resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    /// The service of the provider.
    Service,
    /// Usage, purchase, tax, and others.
    Category,
    /// The account that pays.
    BillingAccount,
}

impl Subject {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Service, Self::Category, Self::BillingAccount];

    /// Returns the name of the column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Service => "service",
            Self::Category => "category",
            Self::BillingAccount => "billing_account",
        }
    }
}

/// What charges are grouped by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChargeKey {
    /// A tag or an attribute.
    Value(ValueColumn),
    /// What only charges have.
    Subject(Subject),
}

/// Returns the statement that writes what charges are for. The request of the plan keeps the number of the subject, then
/// the columns of [`Subject::ALL`], and has the conditions of the sources of allocations.
pub fn write_subjects(plan: &Plan, dialect: Dialect) -> String {
    let column = |id: ColumnId| format!("e.{}", identifier(&plan.column(id).name, dialect));
    let kept = |at: usize| plan.kept.get(at).map_or_else(|| "NULL".to_owned(), |id| column(*id));
    let mut items = vec![format!("CAST({} AS BIGINT) AS subject", kept(0)), "r.place".to_owned()];
    items.extend(["provider", "account", "region", "type", "source"].map(|name| format!("e.{name}")));
    items.extend(
        Subject::ALL.iter().enumerate().map(|(at, one)| format!("{} AS {}", kept(at + 1), one.as_str())),
    );
    items
        .extend(plan.tags.iter().enumerate().map(|(at, tag)| format!("{} AS value_{at}", column(tag.value))));
    items
        .extend(plan.predicates.iter().enumerate().map(|(at, id)| format!("{} AS shared_{at}", column(*id))));
    format!(
        "{}\nSELECT\n  {}\nFROM {EVALUATED} e LEFT JOIN {RESOURCES} r ON r.id = e.id\nORDER BY subject",
        dialect.keep_in_file("serving.subjects"),
        items.join(",\n  ")
    )
}

/// Returns the statement that writes what was charged, by subject and day.
pub fn write_charges(charges: &str, dialect: Dialect) -> String {
    let amounts = [Amount::Effective, Amount::Billed, Amount::Contracted, Amount::List].map(Amount::as_str);
    let amounts = amounts.map(|name| format!("sum({name}) AS {name}")).join(", ");
    format!(
        "{} SELECT subject, month, day, currency, {amounts} FROM {} GROUP BY subject, month, day, currency \
         ORDER BY month, day, subject, currency",
        dialect.keep_in_file("serving.charges"),
        identifier(charges, dialect)
    )
}

/// Returns the statements that make the overlay of subjects, empty, and the view of those that are served.
pub fn prepare_subjects(dialect: Dialect) -> Vec<String> {
    vec![
        format!("{} SELECT * FROM serving.subjects WHERE false", dialect.keep_in_file(SUBJECTS_SINCE)),
        format!(
            "{} SELECT * FROM serving.subjects WHERE subject NOT IN (SELECT subject FROM {SUBJECTS_SINCE}) \
             UNION ALL SELECT * FROM {SUBJECTS_SINCE}",
            dialect.name_for_all(SERVED_SUBJECTS)
        ),
    ]
}

/// Returns the statements that put the subjects of [`STAGED_SUBJECTS`] into the overlay, in the places of those that are
/// there, and drop the staged relation.
pub fn apply_subjects(shape: Shape) -> Vec<String> {
    let staying = ["subject", "place", "provider", "account", "region", "type", "source"];
    let staying =
        staying.into_iter().chain(Subject::ALL.map(Subject::as_str)).map(|name| format!("g.{name}"));
    let values = (0..shape.tags).map(|at| format!("s.value_{at}"));
    let shared = (0..shape.allocations).map(|at| format!("s.shared_{at}"));
    let items: Vec<String> = staying.chain(values).chain(shared).collect();
    vec![
        format!("DELETE FROM {SUBJECTS_SINCE} WHERE subject IN (SELECT subject FROM {STAGED_SUBJECTS})"),
        format!(
            "INSERT INTO {SUBJECTS_SINCE} SELECT {} FROM serving.subjects g \
             JOIN {STAGED_SUBJECTS} s ON s.subject = g.subject",
            items.join(", ")
        ),
        format!("DROP TABLE {STAGED_SUBJECTS}"),
    ]
}

/// Which charges are summed up, and how.
#[derive(Debug, Clone, PartialEq)]
pub struct ChargeSums {
    /// The first and the last day. None: all.
    pub days: Option<(NaiveDate, NaiveDate)>,
    /// The time that counts.
    pub date: ChargeDate,
    /// The amount.
    pub amount: Amount,
    /// The periods that are apart. None: there are none.
    pub period: Option<Period>,
}

/// Returns the query for what was charged, in groups: `key_0`, … (NULL if missing), `period` (`2026-10` or `2026-10-31`; NULL
/// without periods), `currency`, `shared` (the number of the allocation that it is a source of, 0 for none), `resources`,
/// `cost`, `no_resource` (the part in charges that name no resource), `unknown` (rows without the amount).
///
/// `values` limits the subjects; a filter of resources leaves out what is charged for no resource.
pub fn charge_sums(
    by: &[ChargeKey],
    (values, filter): (&Filter, Option<&Filter>),
    (rows, shape): (Rows, Shape),
    sums: &ChargeSums,
    allocations: &[usize],
    dialect: Dialect,
) -> String {
    let key = |key: &ChargeKey| match key {
        ChargeKey::Value(column) => column.sql(dialect),
        ChargeKey::Subject(subject) => subject.as_str().to_owned(),
    };
    let keys: String = by.iter().enumerate().map(|(at, by)| format!("{} AS key_{at}, ", key(by))).collect();
    let subjects = match rows {
        Rows::Generation => "serving.subjects",
        Rows::Overlaid => SERVED_SUBJECTS,
    };
    let amount = sums.amount.as_str();
    let (time, period) = match (sums.date, sums.period) {
        (_, Some(Period::Day)) => ("day", "CAST(day AS VARCHAR)".to_owned()),
        (ChargeDate::Invoice, period) => ("month", month(period, "month")),
        (ChargeDate::Usage, period) => ("day", month(period, "day")),
    };
    let days = sums.days.map_or_else(String::new, |(first, last)| {
        format!("\n  WHERE {time} BETWEEN DATE '{first}' AND DATE '{last}'")
    });
    let of_resources = filter.map(|filter| {
        format!("place IN (SELECT place FROM {}{})", filter.from(rows), filter.clause(shape, dialect, None))
    });
    format!(
        "SELECT {keys}c.period, c.currency, {} AS shared, count(DISTINCT place) AS resources, sum(c.cost) AS cost, \
         coalesce(sum(c.cost) FILTER (WHERE place IS NULL), 0) AS no_resource, \
         CAST(sum(c.unknown) AS BIGINT) AS unknown\nFROM (\n  SELECT subject, {period} AS period, currency, \
         coalesce(sum({amount}), 0) AS cost, count(*) FILTER (WHERE {amount} IS NULL) AS unknown\n  \
         FROM serving.charges{days}\n  GROUP BY ALL\n) c JOIN {subjects} s ON s.subject = c.subject{}\n\
         GROUP BY ALL\nORDER BY ALL",
        source_number(allocations),
        values.clause(Shape::default(), dialect, of_resources),
    )
}

fn month(period: Option<Period>, column: &str) -> String {
    match period {
        Some(_) => format!("substr(CAST({column} AS VARCHAR), 1, 7)"),
        None => "CAST(NULL AS VARCHAR)".to_owned(),
    }
}
