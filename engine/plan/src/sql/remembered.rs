//! Requests about what a project remembers: the relations of [`Overlays`](crate::Overlays).
//!
//! Each function returns one statement and documents the columns of its rows, which readers decode by these names.

use super::Dialect;
use super::text::{identifier, literal};

/// Returns the query for the decisions about one resource: `tag`, `value`.
pub fn decisions_of(relation: &str, resource: &str, dialect: Dialect) -> String {
    of_resource("tag, value", relation, resource, dialect)
}

/// Returns the query for the predictions of one resource: `tag`, `value`, `confidence` (an exact text, so that it
/// can be compared as a decimal number).
pub fn predictions_of(relation: &str, resource: &str, dialect: Dialect) -> String {
    let text = dialect.type_name(crate::ir::Type::Text);
    of_resource(&format!("tag, value, CAST(confidence AS {text}) AS confidence"), relation, resource, dialect)
}

/// Returns the query for when findings of one resource first appeared: `policy`, `check_id`, `since`.
pub fn first_seen_of(relation: &str, resource: &str, dialect: Dialect) -> String {
    of_resource("policy, check_id, since", relation, resource, dialect)
}

fn of_resource(columns: &str, relation: &str, resource: &str, dialect: Dialect) -> String {
    let (from, id) = (identifier(relation, dialect), literal(resource, dialect));
    format!("SELECT {columns} FROM {from} WHERE resource = {id}")
}

/// The relations that [`first_seen`] joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NumberedFindings<'a> {
    /// Open findings: `check_no`, `resource`, `since` (microseconds since 1970).
    pub findings: &'a str,
    /// Their checks: `check_no`, `policy`, `check_id`.
    pub checks: &'a str,
}

/// Returns the statements that make the relation of [`FirstSeen`](crate::FirstSeen) from findings that refer to
/// their checks by number, since the names of checks are long and the same for many. Both relations are dropped.
pub fn first_seen(relation: &str, from: NumberedFindings<'_>, dialect: Dialect) -> Vec<String> {
    let (findings, checks) = (identifier(from.findings, dialect), identifier(from.checks, dialect));
    let since = dialect.time_of_micros("since");
    let keep = dialect.keep_rows(&identifier(relation, dialect));
    vec![
        format!(
            "{keep} SELECT policy, check_id, resource, {since} AS since FROM {findings} JOIN {checks} USING (check_no)"
        ),
        format!("DROP TABLE {findings}"),
        format!("DROP TABLE {checks}"),
    ]
}
