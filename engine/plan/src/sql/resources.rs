//! Requests about the resources of a snapshot, which need no program: they read its relation as it is.
//!
//! Each function returns one query and documents the columns of its rows, which readers decode by these names.

use super::Dialect;
use super::text::{identifier, literal};
use crate::ir::Function;

/// The attributes by which a list distinguishes resources.
const LISTED: &str = "id, name, type";

/// How similar a name must be to be suggested, from 0 to 1.
const SIMILARITY: &str = "0.8";

/// What a text that a person typed is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NamedBy {
    /// The id of a resource.
    Id,
    /// Its name.
    Name,
    /// The end of its id.
    IdEnding,
}

/// A column of resources whose values are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueColumn<'a> {
    /// A column of the relation.
    Column(&'a str),
    /// A native key that has no column of its own.
    NativeKey(&'a str),
    /// A column with the values of a tag, and the column with the codes of their sources.
    Tag {
        /// The values.
        value: &'a str,
        /// The codes.
        source: &'a str,
        /// The code of values that come from a native key.
        native: i64,
    },
}

/// Returns the query for the resources that have one of some ids, in no order: `id`, `name`, `type`.
pub fn with_ids<'a>(relation: &str, ids: impl IntoIterator<Item = &'a str>, dialect: Dialect) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| literal(id, dialect)).collect();
    let from = identifier(relation, dialect);
    match ids.as_slice() {
        [] => format!("SELECT {LISTED} FROM {from} WHERE false"),
        _ => format!("SELECT {LISTED} FROM {from} WHERE id IN ({})", ids.join(", ")),
    }
}

/// Returns the query for the resources that a text names, by id: `id`, `name`, `type`; at most `limit`.
pub fn named(relation: &str, text: &str, by: NamedBy, limit: usize, dialect: Dialect) -> String {
    let text = literal(text, dialect);
    let condition = match by {
        NamedBy::Id => format!("id = {text}"),
        NamedBy::Name => format!("name = {text}"),
        NamedBy::IdEnding => dialect.call(Function::EndsWith, &["id".to_owned(), text]),
    };
    let from = identifier(relation, dialect);
    format!("SELECT {LISTED} FROM {from} WHERE {condition} ORDER BY id LIMIT {limit}")
}

/// Returns the query for the resources whose id or name contains a text or is similar to it, the most similar
/// first: `id`, `name`, `type`; at most `limit`.
pub fn similar(relation: &str, text: &str, limit: usize, dialect: Dialect) -> String {
    let text = literal(&text.to_lowercase(), dialect);
    let similarity = |column: &str| dialect.similarity(&format!("lower({column})"), &text);
    let similarity = format!("greatest({}, {})", similarity("id"), similarity("coalesce(name, '')"));
    let [in_id, in_name] = contained(&text, dialect);
    let from = identifier(relation, dialect);
    format!(
        "SELECT {LISTED} FROM {from} WHERE {in_id} OR {in_name} OR {similarity} >= {SIMILARITY} \
         ORDER BY coalesce({in_name}, false) DESC, {similarity} DESC, id LIMIT {limit}"
    )
}

/// Returns the query for the resources whose id or name contains a text, those whose name does first, then the
/// most expensive: `id`, `name`, `type`, `provider`, `account`, `region`, `monthly_cost`; at most `limit`.
pub fn containing(relation: &str, text: &str, limit: u64, dialect: Dialect) -> String {
    let text = literal(&text.to_lowercase(), dialect);
    let [in_id, in_name] = contained(&text, dialect);
    let from = identifier(relation, dialect);
    format!(
        "SELECT {LISTED}, provider, account, region, monthly_cost FROM {from} WHERE {in_id} OR {in_name} \
         ORDER BY coalesce({in_name}, false) DESC, monthly_cost DESC NULLS LAST, id LIMIT {limit}"
    )
}

/// Whether the id, and whether the name contains a text in lower case. NULL without a name.
fn contained(text: &str, dialect: Dialect) -> [String; 2] {
    ["id", "name"].map(|column| {
        let lower = dialect.call(Function::Lower, &[column.to_owned()]);
        dialect.call(Function::Contains, &[lower, text.to_owned()])
    })
}

/// Returns the query for the attributes of one resource, one row: `id`, `name`, `type`, `provider`, `account`,
/// `region`, `source`, `meta` (JSON text), `created`, `monthly_cost`.
pub fn attributes(relation: &str, id: &str, dialect: Dialect) -> String {
    let (from, id) = (identifier(relation, dialect), literal(id, dialect));
    format!(
        "SELECT {LISTED}, provider, account, region, source, meta, created, monthly_cost FROM {from} WHERE id = {id}"
    )
}

/// Returns the query for all there is of what is charged for the resources with some ids: as [`whole`], with `subject` (its number),
/// `service`, `category` and `billing_account`.
pub fn whole_subjects<'a>(
    relation: &str,
    ids: impl IntoIterator<Item = &'a str>,
    dialect: Dialect,
) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| literal(id, dialect)).collect();
    let ids = if ids.is_empty() { "NULL".to_owned() } else { ids.join(", ") };
    let (from, tags) = (identifier(relation, dialect), dialect.json_text("tags"));
    format!(
        "SELECT subject, service, category, billing_account, {LISTED}, provider, account, region, source, meta, \
         created, monthly_cost, {tags} AS tags FROM {from} WHERE id IN ({ids}) ORDER BY subject"
    )
}

/// Returns the query for all there is of the resources with some ids, by id: the columns of [`attributes`], `tags` (native tags
/// as a JSON object), and, where the snapshot has them (`has_unknown`), `unknown_keys` (JSON) and `unknown_tags`.
pub fn whole<'a>(
    relation: &str,
    ids: impl IntoIterator<Item = &'a str>,
    has_unknown: bool,
    dialect: Dialect,
) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| literal(id, dialect)).collect();
    let ids = if ids.is_empty() { "NULL".to_owned() } else { ids.join(", ") };
    let unknown = match has_unknown {
        true => format!(", {} AS unknown_keys, unknown_tags", dialect.json_text("unknown_keys")),
        false => String::new(),
    };
    let (from, tags) = (identifier(relation, dialect), dialect.json_text("tags"));
    format!(
        "SELECT {LISTED}, provider, account, region, source, meta, created, monthly_cost, {tags} AS tags{unknown} \
         FROM {from} WHERE id IN ({ids}) ORDER BY id"
    )
}

/// Returns the query for the native tags of one resource, a row for each: `key`, `value`.
pub fn native_tags(relation: &str, id: &str, dialect: Dialect) -> String {
    let (from, id) = (identifier(relation, dialect), literal(id, dialect));
    let [key, value] = dialect.map_entries("tags");
    format!("SELECT {key} AS key, {value} AS value FROM {from} WHERE id = {id}")
}

/// Returns the query for the tags of one resource that are not known yet, a row for each of their keys, or one without:
/// `unknown_tags` (whether all keys that it lacks are unknown), `key`. Only where the snapshot has such columns.
pub fn unknown_tags(relation: &str, id: &str, dialect: Dialect) -> String {
    let (from, id) = (identifier(relation, dialect), literal(id, dialect));
    let keys = dialect.list_items("unknown_keys");
    format!(
        "SELECT unknown_tags, CAST(NULL AS VARCHAR) AS key FROM {from} WHERE id = {id}\n\
         UNION ALL SELECT unknown_tags, {keys} AS key FROM {from} WHERE id = {id}"
    )
}

/// Returns the query for the number of resources, one row: `resources`.
pub fn count(relation: &str, dialect: Dialect) -> String {
    format!("SELECT count(*) AS resources FROM {}", identifier(relation, dialect))
}

/// Returns the query for the monthly cost of all resources, one row: `cost`; NULL if no cost is known.
pub fn total_cost(relation: &str, dialect: Dialect) -> String {
    format!("SELECT sum(monthly_cost) AS cost FROM {}", identifier(relation, dialect))
}

/// Returns the query for the monthly cost of the resources that have a value in each of some columns, one row:
/// `cost_0`, `cost_1`, …; NULL if no cost is known.
pub fn costs_with(relation: &str, columns: &[&str], dialect: Dialect) -> String {
    let sum = |(at, column): (usize, &&str)| {
        format!("sum(monthly_cost) FILTER (WHERE {} IS NOT NULL) AS cost_{at}", identifier(column, dialect))
    };
    let sums: Vec<String> = columns.iter().enumerate().map(sum).collect();
    format!("SELECT {} FROM {}", sums.join(", "), identifier(relation, dialect))
}

/// Returns the query for the distinct values of a column, the most frequent first: `value`, `resources`, `cost`
/// (NULL if no cost is known), `is_native` (whether a resource has it from a native key; false for what is not a
/// tag), and `present`, the number of resources with any value. At most `limit` rows.
pub fn values(relation: &str, column: ValueColumn<'_>, limit: u64, dialect: Dialect) -> String {
    let (value, is_native) = match column {
        ValueColumn::Column(name) => (identifier(name, dialect), "false".to_owned()),
        ValueColumn::NativeKey(key) => (dialect.map_value(key), "false".to_owned()),
        ValueColumn::Tag { value, source, native } => {
            let source = identifier(source, dialect);
            (identifier(value, dialect), format!("coalesce(bool_or({source} = {native}), false)"))
        }
    };
    let from = identifier(relation, dialect);
    format!(
        "SELECT value, resources, cost, is_native, CAST(sum(resources) OVER () AS BIGINT) AS present FROM (\n  \
         SELECT {value} AS value, count(*) AS resources, sum(monthly_cost) AS cost, {is_native} AS is_native \
         FROM {from} WHERE {value} IS NOT NULL GROUP BY 1\n\
         )\nORDER BY resources DESC, value LIMIT {limit}"
    )
}
