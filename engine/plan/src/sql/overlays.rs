//! The overlays on the snapshot: gathered into one row a resource, joined once.

use super::names::overlay_column;
use super::text::{identifier, literal};
use super::{Dialect, OVERLAYS, RELATED};
use crate::ir::{OverlayKind, Plan, Type};

/// Returns what layer 0 reads.
pub(super) fn joined(plan: &Plan, dialect: Dialect) -> String {
    let resources = identifier(&plan.relation, dialect);
    let related = joined_related(plan, &resources);
    match plan.overlays.is_empty() {
        true => format!("{resources}{related}"),
        false => {
            format!("{resources} LEFT JOIN {OVERLAYS} ON {OVERLAYS}.resource = {resources}.id{related}")
        }
    }
}

/// Returns the join with what was found of related resources.
fn joined_related(plan: &Plan, resources: &str) -> String {
    match &plan.related {
        None => String::new(),
        Some(_) => format!(" LEFT JOIN {RELATED} ON {RELATED}.resource = {resources}.id"),
    }
}

/// Returns the statement that gathers it. None: nothing is read but the snapshot.
pub(super) fn gather(plan: &Plan, dialect: Dialect) -> Option<String> {
    if plan.overlays.is_empty() {
        return None;
    }
    let column = |(at, overlay): (usize, &crate::ir::OverlayColumn)| {
        let (of, kind) = (literal(&overlay.of, dialect), literal(family(overlay.kind), dialect));
        let value = match overlay.kind {
            OverlayKind::Decided | OverlayKind::Predicted => "value",
            OverlayKind::Confidence => "confidence",
            OverlayKind::Since => "since",
        };
        format!("max({value}) FILTER (WHERE kind = {kind} AND item = {of}) AS {}", overlay_column(at))
    };
    let columns: Vec<String> = plan.overlays.iter().enumerate().map(column).collect();
    let mut sources: Vec<String> = Vec::new();
    for overlay in &plan.overlays {
        let source = source(overlay.kind, &overlay.relation, dialect);
        if !sources.contains(&source) {
            sources.push(source);
        }
    }
    Some(format!(
        "{}\nSELECT\n  resource,\n  {}\nFROM (\n  {}\n)\nGROUP BY resource",
        dialect.keep_rows(OVERLAYS),
        columns.join(",\n  "),
        sources.join("\n  UNION ALL\n  "),
    ))
}

/// What a row of a relation tells of.
fn family(kind: OverlayKind) -> &'static str {
    match kind {
        OverlayKind::Decided => "decided",
        OverlayKind::Predicted | OverlayKind::Confidence => "predicted",
        OverlayKind::Since => "seen",
    }
}

fn source(kind: OverlayKind, relation: &str, dialect: Dialect) -> String {
    let null = |ty| format!("CAST(NULL AS {})", dialect.type_name(ty));
    let (item, value, confidence, since) = match kind {
        OverlayKind::Decided => ("tag", "value".to_owned(), null(Type::Number), null(Type::Time)),
        OverlayKind::Predicted | OverlayKind::Confidence => {
            ("tag", "value".to_owned(), "confidence".to_owned(), null(Type::Time))
        }
        OverlayKind::Since => {
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
