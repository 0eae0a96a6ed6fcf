//! Requests that compare two evaluated inventories.
//!
//! Each side is kept as a relation of the same columns: attributes, `tag_N` and `state_N`, where N is the place of
//! the tag or check in the [`Comparison`]. One full join by id keeps the resources of which anything differs; all
//! other requests read only those, because two large inventories are mostly alike.

use tagpol_sema::program::Attr;

use super::text::identifier;
use super::{Dialect, EVALUATED};
use crate::ir::{ColumnId, Plan, Type};

/// Attributes of resources that are kept.
const ATTRIBUTES: [&str; 7] = ["name", "type", "provider", "account", "region", "source", "monthly_cost"];

/// The resources that differ.
const MOVED: &str = "diff_moved";
/// The findings that differ.
const FINDINGS: &str = "diff_findings";

/// What two evaluated inventories are compared by.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Comparison {
    /// Number of tags that either side has.
    pub tags: usize,
    /// The checks that either side has.
    pub checks: Vec<ComparedCheck>,
}

/// A check of either side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ComparedCheck {
    /// Whether its severity changes, so that each finding of both sides does.
    pub changes_severity: bool,
    /// The value that findings of the first side show.
    pub before: ComparedValue,
    /// The value that findings of the second side show.
    pub after: ComparedValue,
}

/// The value that a finding shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComparedValue {
    /// None.
    Nothing,
    /// A tag's, by its place in the comparison.
    Tag(usize),
    /// An attribute's.
    Attr(Attr),
}

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The first.
    Before,
    /// The second.
    After,
}

impl Side {
    /// The relation that it is kept as.
    fn relation(self) -> &'static str {
        match self {
            Self::Before => "diff_before",
            Self::After => "diff_after",
        }
    }

    /// What names of its columns start with, where they are next to those of the other.
    fn prefix(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }
}

/// Codes of the column `change`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChangeCode {
    /// Only the second side has the finding.
    Entered = 1,
    /// Only the first side has it.
    Left = 2,
    /// Both have it, with another state, severity or value.
    Changed = 3,
}

impl ChangeCode {
    /// Returns the change with a code; None if there is none.
    pub fn from_code(code: u64) -> Option<Self> {
        [Self::Entered, Self::Left, Self::Changed].into_iter().find(|change| *change as u64 == code)
    }
}

/// Returns the statement that keeps an evaluated inventory as a side. `tags` and `checks` are those of its plan, by
/// their places in the comparison; None if the side has no such tag or check.
pub fn keep(
    plan: &Plan,
    dialect: Dialect,
    side: Side,
    tags: &[Option<usize>],
    checks: &[Option<usize>],
) -> String {
    let column = |id: ColumnId| identifier(&plan.column(id).name, dialect);
    let mut items: Vec<String> = ["id"].into_iter().chain(ATTRIBUTES).map(str::to_owned).collect();
    for (at, tag) in tags.iter().enumerate() {
        let tag = tag.and_then(|tag| plan.tags.get(tag));
        let value = tag.map_or_else(|| null(Type::Text, dialect), |tag| column(tag.value));
        items.push(format!("{value} AS tag_{at}"));
    }
    for (at, check) in checks.iter().enumerate() {
        let check = check.and_then(|check| plan.checks.get(check));
        let none = || format!("CAST(0 AS {})", dialect.type_name(Type::Code));
        items.push(format!("{} AS state_{at}", check.map_or_else(none, |check| column(check.state))));
    }
    format!("{} SELECT {} FROM {EVALUATED}", dialect.keep_rows(side.relation()), items.join(", "))
}

/// Returns the statements that find what differs, after both sides have been kept. They come before all queries
/// of this module.
pub fn compare(comparison: &Comparison, dialect: Dialect) -> Vec<String> {
    vec![moved(comparison, dialect), findings_that_differ(comparison, dialect)]
}

/// The resources of which a tag, a state, or the value of a finding differs, with the columns of both sides.
fn moved(comparison: &Comparison, dialect: Dialect) -> String {
    let mut names: Vec<String> = ATTRIBUTES.map(str::to_owned).into();
    names.extend((0..comparison.tags).map(|at| format!("tag_{at}")));
    let mut items = vec![
        "coalesce(a.id, b.id) AS id".to_owned(),
        "b.id IS NOT NULL AS was".to_owned(),
        "a.id IS NOT NULL AS stays".to_owned(),
    ];
    items.extend(
        names
            .iter()
            .flat_map(|name| [format!("b.{name} AS before_{name}"), format!("a.{name} AS after_{name}")]),
    );
    let mut differs = vec!["b.id IS NULL".to_owned(), "a.id IS NULL".to_owned()];
    for at in 0..comparison.tags {
        differs.push(format!("b.tag_{at} IS DISTINCT FROM a.tag_{at}"));
    }
    for (at, check) in comparison.checks.iter().enumerate() {
        items.push(format!("coalesce(b.state_{at}, 0) AS before_state_{at}"));
        items.push(format!("coalesce(a.state_{at}, 0) AS after_state_{at}"));
        differs.push(format!("b.state_{at} <> a.state_{at}"));
        if check.changes_severity {
            differs.push(format!("(b.state_{at} > 0 AND a.state_{at} > 0)"));
        }
        if let ComparedValue::Attr(attr) = check.after
            && attr != Attr::Id
        {
            let attr = identifier(attr.as_str(), dialect);
            differs.push(format!("(a.state_{at} > 0 AND b.{attr} IS DISTINCT FROM a.{attr})"));
        }
    }
    let (before, after) = (Side::Before.relation(), Side::After.relation());
    format!(
        "{} SELECT {}\nFROM {before} b FULL JOIN {after} a ON b.id = a.id\nWHERE {}",
        dialect.keep_rows(MOVED),
        items.join(", "),
        differs.join("\n  OR ")
    )
}

/// A row for each finding that differs.
fn findings_that_differ(comparison: &Comparison, dialect: Dialect) -> String {
    let mut selects: Vec<String> =
        comparison.checks.iter().enumerate().map(|(at, check)| findings_of(at, check, dialect)).collect();
    if selects.is_empty() {
        selects.push(no_findings(dialect));
    }
    format!("{} {}", dialect.keep_rows(FINDINGS), selects.join("\nUNION ALL "))
}

fn findings_of(at: usize, check: &ComparedCheck, dialect: Dialect) -> String {
    let (entered, left, changed) =
        (ChangeCode::Entered as u64, ChangeCode::Left as u64, ChangeCode::Changed as u64);
    let before = value(check.before, Side::Before, dialect);
    let after = value(check.after, Side::After, dialect);
    let integer = dialect.type_name(Type::Integer);
    format!(
        "SELECT CAST({at} AS {integer}) AS check_index, CASE WHEN before_state_{at} = 0 THEN {entered} \
         WHEN after_state_{at} = 0 THEN {left} ELSE {changed} END AS change, \
         id, coalesce(after_name, before_name) AS name, coalesce(after_type, before_type) AS type, \
         coalesce(after_account, before_account) AS account, \
         coalesce(after_monthly_cost, before_monthly_cost) AS cost, \
         before_state_{at} AS before_state, after_state_{at} AS after_state, \
         {before} AS before_value, {after} AS after_value, NOT (was AND stays) AS resource_moved \
         FROM {MOVED} WHERE (before_state_{at} > 0 OR after_state_{at} > 0) \
         AND (before_state_{at} <> after_state_{at} OR {before} IS DISTINCT FROM {after} OR {})",
        check.changes_severity
    )
}

/// The table of findings where there is no check, and so none.
fn no_findings(dialect: Dialect) -> String {
    let columns = [
        ("check_index", Type::Integer),
        ("change", Type::Integer),
        ("id", Type::Text),
        ("name", Type::Text),
        ("type", Type::Text),
        ("account", Type::Text),
        ("cost", Type::Money),
        ("before_state", Type::Code),
        ("after_state", Type::Code),
        ("before_value", Type::Text),
        ("after_value", Type::Text),
        ("resource_moved", Type::Bool),
    ];
    let columns = columns.map(|(name, ty)| format!("{} AS {name}", null(ty, dialect)));
    format!("SELECT {} WHERE false", columns.join(", "))
}

/// The value that findings show, in the columns of one side.
fn value(value: ComparedValue, side: Side, dialect: Dialect) -> String {
    let side = side.prefix();
    match value {
        ComparedValue::Nothing => null(Type::Text, dialect),
        ComparedValue::Tag(at) => format!("{side}_tag_{at}"),
        // Both sides are joined by it.
        ComparedValue::Attr(Attr::Id) => "id".to_owned(),
        ComparedValue::Attr(attr) => format!("{side}_{}", attr.as_str()),
    }
}

fn null(ty: Type, dialect: Dialect) -> String {
    format!("CAST(NULL AS {})", dialect.type_name(ty))
}

/// Returns the query for how many resources only one side has, one row: `entered`, `gone`.
pub fn resource_counts() -> String {
    format!(
        "SELECT count(*) FILTER (WHERE NOT was) AS entered, count(*) FILTER (WHERE NOT stays) AS gone FROM {MOVED}"
    )
}

/// Returns the query for the numbers of findings that differ: `check_index`, `change` (a [`ChangeCode`]),
/// `before_state`, `after_state`, `findings`, `cost` (of their resources; NULL if none is known).
pub fn finding_counts() -> String {
    let keys = "check_index, change, before_state, after_state";
    format!(
        "SELECT {keys}, count(*) AS findings, sum(cost) AS cost FROM {FINDINGS} GROUP BY {keys} ORDER BY {keys}"
    )
}

/// Returns the query for the findings that differ, by check and change, the most expensive first: `check_index`,
/// `change` (a [`ChangeCode`]), `before_state`, `after_state`, `id`, `name`, `type`, `account`, `cost`,
/// `before_value`, `after_value`, `resource_moved`. `most` limits those of each check and change.
pub fn findings(most: Option<usize>, dialect: Dialect) -> String {
    let order = "cost DESC NULLS LAST, id";
    let limit =
        most.map(|most| dialect.first_rows_of("check_index, change", order, most)).unwrap_or_default();
    format!(
        "SELECT check_index, change, before_state, after_state, id, name, type, account, cost, before_value, \
         after_value, resource_moved FROM {FINDINGS}{limit} ORDER BY check_index, change, {order}"
    )
}

/// Returns the query for the number of resources of both sides on which a tag differs, one row: `resources`.
pub fn tag_count(tag: usize) -> String {
    format!("SELECT count(*) AS resources FROM {}", differing(tag))
}

/// Returns the query for the changes of a tag's value, the most frequent first: `before_value`, `after_value`
/// (NULL if missing), `resources`, and the ids `first_id` and `last_id` of two of them, or of one twice. `most`
/// limits the rows.
pub fn tag_moves(tag: usize, most: Option<usize>) -> String {
    let limit = most.map_or(String::new(), |most| format!(" LIMIT {most}"));
    let (before, after) = (format!("before_tag_{tag}"), format!("after_tag_{tag}"));
    format!(
        "SELECT {before} AS before_value, {after} AS after_value, count(*) AS resources, min(id) AS first_id, \
         max(id) AS last_id FROM {} GROUP BY {before}, {after} \
         ORDER BY resources DESC, before_value NULLS LAST, after_value NULLS LAST{limit}",
        differing(tag)
    )
}

fn differing(tag: usize) -> String {
    format!("{MOVED} WHERE was AND stays AND before_tag_{tag} IS DISTINCT FROM after_tag_{tag}")
}
