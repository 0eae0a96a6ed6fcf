//! Queries over the rows of a filter.

use super::super::Dialect;
use super::super::text::literal;
use super::Shape;
use super::filter::{Filter, Rows, TextAttribute, ValueColumn};

/// What resources are ordered by. Ties are in the order of their places: the most expensive first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortKey {
    /// Monthly cost, the highest first.
    Cost,
    /// Id.
    Id,
    /// Name, regardless of case.
    Name,
    /// When it was created, the newest first.
    Created,
    /// Number of open findings.
    Open,
    /// Compliance, what violates first.
    Compliance,
    /// A tag or an attribute.
    Value(ValueColumn),
}

impl SortKey {
    fn column(&self, dialect: Dialect) -> String {
        match self {
            Self::Cost => "place".to_owned(),
            Self::Id => "by_id".to_owned(),
            Self::Name => "by_name".to_owned(),
            Self::Created => "by_created".to_owned(),
            Self::Open => "open".to_owned(),
            Self::Compliance => "compliance".to_owned(),
            Self::Value(column) => column.sql(dialect),
        }
    }

    /// Whether its column is a number, and never missing.
    fn is_number(&self) -> bool {
        !matches!(self, Self::Value(_))
    }
}

/// The place of a row in an order: a page begins after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The value that rows are ordered by, as a text; None if it is missing.
    pub value: Option<String>,
    /// The place.
    pub place: u64,
}

/// The part of an order that a page has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order<'a> {
    /// What rows are ordered by.
    pub key: &'a SortKey,
    /// Whether the order is the other way round; what is missing comes last all the same.
    pub reverse: bool,
    /// The row that the page follows. None: it is the first page.
    pub after: Option<&'a Position>,
}

/// The attributes of a page: the first of its columns.
const ATTRIBUTES: [&str; 15] = [
    "place",
    "key",
    "id",
    "name",
    "type",
    "provider",
    "account",
    "region",
    "source",
    "created",
    "monthly_cost",
    "compliance",
    "open_critical",
    "open_high",
    "open_medium",
];

/// Returns the query for a page: attributes (`place`, `key`, `id`, `name`, `type`, `provider`, `account`, `region`,
/// `source`, `created`, `monthly_cost`), `compliance`, `open_critical` to `open_low`, `sort_value` (a text), and for each
/// of some tags `value_I`, `source_I`, `rule_I`, `confidence_I`, `unknown_I`. None of the values: all there is of each resource, with
/// `scope_P`, `state_C`, `since_C`, `remedy_C` and `goal_G`.
pub fn page(
    filter: &Filter,
    (rows, shape): (Rows, Shape),
    tags: Option<&[usize]>,
    order: &Order<'_>,
    limit: u64,
    dialect: Dialect,
) -> String {
    let column = order.key.column(dialect);
    let items = items(shape, tags, &column);
    let direction = if order.reverse { " DESC" } else { "" };
    let after = order.after.map(|after| follows(order, after, &column, dialect));
    format!(
        "SELECT {items}\nFROM {}{}\nORDER BY {column}{direction} NULLS LAST, place\nLIMIT {limit}",
        filter.from(rows),
        filter.clause(shape, dialect, after),
    )
}

fn items(shape: Shape, tags: Option<&[usize]>, sorted: &str) -> String {
    let mut items: Vec<String> = ATTRIBUTES.map(str::to_owned).into();
    items.push("open_low".to_owned());
    items.push(format!("CAST({sorted} AS VARCHAR) AS sort_value"));
    let all: Vec<usize> = (0..shape.tags).collect();
    for tag in tags.unwrap_or(&all) {
        items
            .extend(["value", "source", "rule", "confidence", "unknown"].map(|part| format!("{part}_{tag}")));
    }
    if tags.is_none() {
        items.extend((0..shape.policies).map(|policy| format!("scope_{policy}")));
        for check in 0..shape.checks {
            items.extend(["state", "since", "remedy"].map(|part| format!("{part}_{check}")));
        }
        items.extend((0..shape.goals).map(|goal| format!("goal_{goal}")));
    }
    items.join(", ")
}

/// Whether a row comes after a position.
fn follows(order: &Order<'_>, after: &Position, column: &str, dialect: Dialect) -> String {
    let beyond = if order.reverse { "<" } else { ">" };
    let place = after.place;
    let Some(value) = &after.value else { return format!("({column} IS NULL AND place > {place})") };
    let value = match order.key.is_number() {
        // Whatever a cursor has is no more than a number.
        true => value.parse::<i64>().unwrap_or_default().to_string(),
        false => literal(value, dialect),
    };
    match order.key {
        SortKey::Cost | SortKey::Id | SortKey::Name | SortKey::Created => {
            format!("{column} {beyond} {value}")
        }
        SortKey::Open | SortKey::Compliance => {
            format!("({column} {beyond} {value} OR {column} = {value} AND place > {place})")
        }
        SortKey::Value(_) => {
            format!(
                "({column} {beyond} {value} OR {column} = {value} AND place > {place} OR {column} IS NULL)"
            )
        }
    }
}

/// Returns the query for the places of the resources of some keys: `key`, `place`.
pub fn places_of<'a>(keys: impl IntoIterator<Item = &'a str>, dialect: Dialect) -> String {
    let keys: Vec<String> = keys.into_iter().map(|key| literal(key, dialect)).collect();
    let keys = if keys.is_empty() { "NULL".to_owned() } else { keys.join(", ") };
    format!("SELECT key, place FROM serving.keys WHERE key IN ({keys})")
}

/// Returns the query for the key of an id: one row with `key`.
pub fn key_of(id: &str, dialect: Dialect) -> String {
    format!("SELECT {} AS key", dialect.digest(&literal(id, dialect)))
}

/// Returns the query for all there is of the resource at a place, as [`page`] returns it.
pub fn at_place(place: u64, (rows, shape): (Rows, Shape)) -> String {
    format!("SELECT {} FROM {} WHERE place = {place}", items(shape, None, "place"), rows.relation())
}

/// Returns the query for who decided the tags of a resource when the database was written: `tag`, `made_at`, `actor`, `note`.
pub fn decisions_of(place: u64) -> String {
    format!("SELECT tag, made_at, actor, note FROM serving.decided WHERE place = {place} ORDER BY tag")
}

/// Returns the query for what the model suggests for a resource: `tag`, `value`, `confidence`.
pub fn suggestions_of(place: u64) -> String {
    format!("SELECT tag, value, confidence FROM serving.suggestions WHERE place = {place} ORDER BY tag")
}

/// Returns the query for how many rows a filter has and what they cost, one row: `resources`, `cost`, `spend` (without
/// credits) and `violating` (resources), `cost_violating` (their spend). Costs are NULL if none is known.
pub fn counts(filter: &Filter, (rows, shape): (Rows, Shape), dialect: Dialect) -> String {
    let spend = |condition: &str| {
        format!(
            "CASE WHEN count(monthly_cost) > 0 THEN \
             coalesce(sum(monthly_cost) FILTER (WHERE monthly_cost > 0{condition}), 0) END"
        )
    };
    format!(
        "SELECT count(*) AS resources, sum(monthly_cost) AS cost, {} AS spend, \
         count(*) FILTER (WHERE open > 0) AS violating, {} AS cost_violating\nFROM {}{}",
        spend(""),
        spend(" AND open > 0"),
        filter.from(rows),
        filter.clause(shape, dialect, None),
    )
}

/// Attributes that facets count.
pub const FACETS: [TextAttribute; 4] =
    [TextAttribute::Provider, TextAttribute::Account, TextAttribute::Region, TextAttribute::Type];
