//! Statements that change the overlay.

use super::super::text::literal;
use super::super::{Dialect, RELATED};
use super::{OVERLAY, RESOURCES, STAYING, Shape, changing, search_text};

/// Name of the relation of rows that are about to enter the overlay; its columns are those of [`staged_columns`].
pub const STAGED: &str = "staged";

/// Name of the relation of what is decided for them: `place`, `tag`, `value`, `made_at` (microseconds), `actor`, `note`.
pub const STAGED_DECIDED: &str = "staged_decided";

/// Name of the relation of what the model suggests for them: `place`, `tag`, `value`, `confidence`.
pub const STAGED_SUGGESTED: &str = "staged_suggested";

/// Name of the table of what is decided for resources of the overlay.
pub(super) const DECIDED_SINCE: &str = "decided_since";

/// Name of the table of what the model suggests for resources of the overlay.
pub(super) const SUGGESTED_SINCE: &str = "suggested_since";

/// The type of a column of [`STAGED`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StagedType {
    /// A whole number; a truth value as 0 or 1, a time as microseconds since 1970.
    Int,
    /// A floating-point number.
    Double,
    /// A text.
    Text,
}

/// Returns the columns of [`STAGED`]: `place`, then for each tag value, source, rule, confidence and unknown, for each
/// policy its scope, for each check state, since and remedy, each goal, and the totals `open`, `open_critical`, …,
/// `compliance`.
pub fn staged_columns(shape: Shape) -> Vec<(String, StagedType)> {
    let ty = |name: &str| match name.split('_').next() {
        Some("value" | "remedy") => StagedType::Text,
        Some("confidence") => StagedType::Double,
        _ => StagedType::Int,
    };
    let columns = changing(shape).into_iter().filter(|name| name != "search");
    let typed = columns.map(|name| {
        let ty = ty(&name);
        (name, ty)
    });
    [("place".to_owned(), StagedType::Int)].into_iter().chain(typed).collect()
}

/// Returns the statements that put the rows of [`STAGED`] into the overlay, in the places of those that are there, and
/// drop the staged relations. They belong into one transaction.
pub fn apply(shape: Shape, dialect: Dialect) -> Vec<String> {
    let time = |name: &str| name.starts_with("since_");
    let item = |name: String| match name.as_str() {
        "search" => {
            let values = (0..shape.tags).map(|at| format!("s.value_{at}"));
            format!("{} AS search", search_text("g.", values, dialect))
        }
        since if time(since) => format!("{} AS {since}", dialect.time_of_micros(&format!("s.{since}"))),
        other => format!("s.{other}"),
    };
    let staying = STAYING.iter().map(|name| format!("g.{name}"));
    let items: Vec<String> = staying.chain(changing(shape).into_iter().map(item)).collect();
    let made_at = dialect.time_of_micros("made_at");
    let staged = format!("place IN (SELECT place FROM {STAGED})");
    let mut statements = Vec::new();
    for table in [OVERLAY, DECIDED_SINCE, SUGGESTED_SINCE] {
        statements.push(format!("DELETE FROM {table} WHERE {staged}"));
    }
    statements.push(format!(
        "INSERT INTO {OVERLAY} SELECT {} FROM {RESOURCES} g JOIN {STAGED} s ON s.place = g.place",
        items.join(", ")
    ));
    statements.push(format!(
        "INSERT INTO {DECIDED_SINCE} SELECT place, tag, value, {made_at}, actor, note FROM {STAGED_DECIDED}"
    ));
    statements.push(format!(
        "INSERT INTO {SUGGESTED_SINCE} SELECT place, tag, value, confidence FROM {STAGED_SUGGESTED}"
    ));
    statements.extend([STAGED, STAGED_DECIDED, STAGED_SUGGESTED].map(|table| format!("DROP TABLE {table}")));
    statements
}

/// Returns the query for the resources for which relations find something else than when the database was written, after
/// the statements of [`Script::related`](crate::Script::related) have run in a session that has it attached: `id`.
pub fn related_since() -> String {
    let (now, then) = (format!("SELECT * FROM {RELATED}"), "SELECT * FROM serving.related");
    format!(
        "SELECT DISTINCT resource AS id FROM (({now} EXCEPT {then}) UNION ALL ({then} EXCEPT {now})) ORDER BY id"
    )
}

/// Returns the query for the places of the resources of some ids: `id`, `place`.
pub fn places_of_ids<'a>(ids: impl IntoIterator<Item = &'a str>, dialect: Dialect) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| literal(id, dialect)).collect();
    let keys: Vec<String> = ids.iter().map(|id| dialect.digest(id)).collect();
    let list = |items: &[String]| if items.is_empty() { "NULL".to_owned() } else { items.join(", ") };
    format!(
        "SELECT r.id, r.place FROM serving.keys k JOIN {RESOURCES} r ON r.place = k.place \
         WHERE k.key IN ({}) AND r.id IN ({}) ORDER BY r.place",
        list(&keys),
        list(&ids)
    )
}

/// Returns the query for the number of rows of the overlay: `resources`.
pub fn overlay_size() -> String {
    format!("SELECT count(*) AS resources FROM {OVERLAY}")
}

/// Returns the query for the ids of the resources of the overlay: `id`.
pub fn overlay_ids() -> String {
    format!("SELECT id FROM {OVERLAY} ORDER BY id")
}
