//! What is known besides the snapshot: gathered into one row a resource, joined once.

use super::text::{identifier, literal};
use super::{Dialect, KNOWN};
use crate::ir::{KnownKind, Plan, Type};

/// Returns the name of a column in the table [`KNOWN`].
pub(super) fn column_name(at: usize) -> String {
    format!("known_{at}")
}

/// Returns what layer 0 reads.
pub(super) fn beside(plan: &Plan, dialect: Dialect) -> String {
    let resources = identifier(&plan.relation, dialect);
    match plan.known.is_empty() {
        true => resources,
        false => format!("{resources} LEFT JOIN {KNOWN} ON {KNOWN}.resource = {resources}.id"),
    }
}

/// Returns the statement that gathers it. None: nothing is read but the snapshot.
pub(super) fn gather(plan: &Plan, dialect: Dialect) -> Option<String> {
    if plan.known.is_empty() {
        return None;
    }
    let column = |(at, known): (usize, &crate::ir::KnownColumn)| {
        let (of, kind) = (literal(&known.of, dialect), literal(family(known.kind), dialect));
        let value = match known.kind {
            KnownKind::Decided | KnownKind::Predicted => "value",
            KnownKind::Confidence => "confidence",
            KnownKind::Since => "since",
        };
        format!("max({value}) FILTER (WHERE kind = {kind} AND item = {of}) AS {}", column_name(at))
    };
    let columns: Vec<String> = plan.known.iter().enumerate().map(column).collect();
    let mut sources: Vec<String> = Vec::new();
    for known in &plan.known {
        let source = source(known.kind, &known.relation, dialect);
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    Some(format!(
        "{}\nSELECT\n  resource,\n  {}\nFROM (\n  {}\n)\nGROUP BY resource",
        dialect.keep_rows(KNOWN),
        columns.join(",\n  "),
        sources.join("\n  UNION ALL\n  "),
    ))
}

/// What a row of a relation tells of.
fn family(kind: KnownKind) -> &'static str {
    match kind {
        KnownKind::Decided => "decided",
        KnownKind::Predicted | KnownKind::Confidence => "predicted",
        KnownKind::Since => "seen",
    }
}

fn source(kind: KnownKind, relation: &str, dialect: Dialect) -> String {
    let null = |ty| format!("CAST(NULL AS {})", dialect.type_name(ty));
    let (item, value, confidence, since) = match kind {
        KnownKind::Decided => ("tag", "value".to_owned(), null(Type::Number), null(Type::Time)),
        KnownKind::Predicted | KnownKind::Confidence => {
            ("tag", "value".to_owned(), "confidence".to_owned(), null(Type::Time))
        }
        KnownKind::Since => {
            ("policy || '/' || check_id", null(Type::Text), null(Type::Number), "since".to_owned())
        }
    };
    format!(
        "SELECT resource, {} AS kind, {item} AS item, {value} AS value, {confidence} AS confidence, \
         {since} AS since FROM {}",
        literal(family(kind), dialect),
        identifier(relation, dialect)
    )
}
