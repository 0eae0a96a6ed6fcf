//! Which rows of the database are meant.

use tagpol_sema::program::Severity;

use super::super::Dialect;
use super::super::expr::Printer;
use super::super::text::{identifier, literal};
use super::update::{DECIDED_SINCE, SUGGESTED_SINCE};
use super::{ComplianceCode, OVERLAY, RESOURCES, SERVED, Shape};
use crate::ir::{Function, Plan, StateCode};
use crate::lower::served::ServedTag;

/// Which rows are meant: those that fulfill all parts. An empty part asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The rows for which a condition holds, see [`condition_relation`](super::condition_relation). None: no condition.
    pub condition: Option<String>,
    /// Words; each is somewhere in id, name or values of tags, regardless of case.
    pub words: Vec<String>,
    /// Columns that have one of some values; None is a missing value.
    pub values: Vec<(ValueColumn, Vec<Option<String>>)>,
    /// Any of these.
    pub compliance: Vec<ComplianceCode>,
    /// An open finding of any of these.
    pub severities: Vec<Severity>,
    /// An open finding of any of these checks. None: no check is asked for.
    pub checks: Option<Vec<usize>>,
    /// A tag from any of these sources, by their codes.
    pub sources: Vec<i64>,
    /// Resources with one of these keys.
    pub keys: Vec<String>,
}

/// A column of texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ValueColumn {
    /// The id.
    Id,
    /// The name.
    Name,
    /// The values of a tag, by its index.
    Tag(usize),
    /// An attribute.
    Attribute(TextAttribute),
}

/// An attribute that is a text of which many resources have the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum TextAttribute {
    /// The cloud.
    Provider,
    /// Account, subscription or project.
    Account,
    /// Region.
    Region,
    /// The provider's name of the type.
    Type,
    /// The inventory source.
    Source,
}

impl TextAttribute {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Provider, Self::Account, Self::Region, Self::Type, Self::Source];

    /// Returns the name of the column.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Provider => "provider",
            Self::Account => "account",
            Self::Region => "region",
            Self::Type => "type",
            Self::Source => "source",
        }
    }
}

impl ValueColumn {
    /// Returns the column in SQL.
    pub(super) fn sql(&self, dialect: Dialect) -> String {
        match self {
            Self::Id => "id".to_owned(),
            Self::Name => "name".to_owned(),
            Self::Tag(at) => format!("value_{at}"),
            Self::Attribute(attribute) => identifier(attribute.as_str(), dialect),
        }
    }
}

/// The rows that are read: with or without those of the overlay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rows {
    /// As the generation was written: nothing was decided since.
    Generation,
    /// With newer decisions.
    Overlaid,
}

impl Rows {
    /// Returns the relation.
    pub fn relation(self) -> &'static str {
        match self {
            Self::Generation => RESOURCES,
            Self::Overlaid => SERVED,
        }
    }
}

impl Filter {
    /// Returns the relation that is read.
    pub(super) fn from(&self, rows: Rows) -> &str {
        self.condition.as_deref().unwrap_or(rows.relation())
    }

    /// Returns ` WHERE …` with more conditions, or nothing.
    pub(super) fn clause(
        &self,
        shape: Shape,
        dialect: Dialect,
        more: impl IntoIterator<Item = String>,
    ) -> String {
        let parts: Vec<String> = self.parts(shape, dialect).into_iter().chain(more).collect();
        if parts.is_empty() { String::new() } else { format!("\nWHERE {}", parts.join("\n  AND ")) }
    }

    fn parts(&self, shape: Shape, dialect: Dialect) -> Vec<String> {
        // The same letters as in the column.
        let lower = |word: &String| dialect.call(Function::Lower, &[literal(word, dialect)]);
        let word = |word: &String| dialect.call(Function::Contains, &["search".to_owned(), lower(word)]);
        let mut parts: Vec<String> = self.words.iter().map(word).collect();
        parts
            .extend(self.values.iter().map(|(column, values)| is_any(&column.sql(dialect), values, dialect)));
        if !self.compliance.is_empty() {
            parts.push(format!("compliance IN ({})", list(self.compliance.iter().map(|code| code.code()))));
        }
        if !self.severities.is_empty() {
            let any = self.severities.iter().map(|severity| format!("open_{} > 0", severity.as_str()));
            parts.push(any_of(any));
        }
        if let Some(checks) = &self.checks {
            let open = StateCode::Open.code();
            parts.push(any_of(checks.iter().map(|check| format!("state_{check} = {open}"))));
        }
        if !self.sources.is_empty() {
            let sources = list(self.sources.iter().copied());
            let any = (0..shape.tags).map(|tag| format!("coalesce(source_{tag} IN ({sources}), false)"));
            parts.push(any_of(any));
        }
        if !self.keys.is_empty() {
            let keys: Vec<String> = self.keys.iter().map(|key| literal(key, dialect)).collect();
            parts.push(format!("key IN ({})", keys.join(", ")));
        }
        parts
    }
}

fn list(codes: impl Iterator<Item = i64>) -> String {
    codes.map(|code| code.to_string()).collect::<Vec<_>>().join(", ")
}

/// One of some conditions; false of none.
fn any_of(conditions: impl Iterator<Item = String>) -> String {
    let conditions: Vec<String> = conditions.collect();
    if conditions.is_empty() { "false".to_owned() } else { format!("({})", conditions.join(" OR ")) }
}

fn is_any(column: &str, values: &[Option<String>], dialect: Dialect) -> String {
    let set: Vec<String> = values.iter().flatten().map(|value| literal(value, dialect)).collect();
    let set = (!set.is_empty()).then(|| format!("{column} IN ({})", set.join(", ")));
    let missing = values.contains(&None).then(|| format!("{column} IS NULL"));
    any_of(set.into_iter().chain(missing))
}

/// Returns the columns of the tags, as conditions read them.
pub fn served_tags(shape: Shape) -> Vec<ServedTag> {
    let tag = |at: usize| ServedTag {
        value: format!("value_{at}"),
        source: format!("source_{at}"),
        confidence: format!("confidence_{at}"),
        unknown: format!("unknown_{at}"),
    };
    (0..shape.tags).map(tag).collect()
}

/// Returns the functions that a condition calls: statements to run once in a session.
pub fn condition_functions(plan: &Plan, dialect: Dialect) -> Vec<String> {
    super::super::functions(plan).into_iter().filter_map(|function| dialect.definition(function)).collect()
}

/// Returns the relation of the rows for which the condition of a plan holds, with all their columns.
pub fn condition_relation(plan: &Plan, rows: Rows, dialect: Dialect) -> String {
    let printer = Printer::new(plan, dialect);
    let mut sql = String::new();
    let mut below = rows.relation().to_owned();
    for (number, layer) in plan.layers_of(plan.predicates.iter().copied()).iter().enumerate() {
        let own: Vec<String> = (layer.iter())
            .map(|id| (printer.flat(&plan.column(*id).expr), printer.name(*id)))
            // Attributes are among the columns of the relation.
            .filter(|(expr, name)| expr != name)
            .map(|(expr, name)| format!(", {expr} AS {name}"))
            .collect();
        let start = if number == 0 { "WITH " } else { ",\n" };
        sql += &format!("{start}step_{number} AS (SELECT *{} FROM {below})", own.concat());
        below = format!("step_{number}");
    }
    let holds = plan.predicates.first().map_or_else(|| "false".to_owned(), |id| printer.name(*id));
    format!("({sql}\nSELECT * FROM {below} WHERE {holds})")
}

/// Returns the statements that make the overlay, empty, and the view of what is served.
pub fn prepare_overlay(dialect: Dialect) -> Vec<String> {
    let keep = dialect.keep_in_file(OVERLAY);
    let name = dialect.name_for_all(SERVED);
    vec![
        format!("{keep} SELECT * FROM {RESOURCES} WHERE false"),
        format!(
            "{name} SELECT * FROM {RESOURCES} WHERE place NOT IN (SELECT place FROM {OVERLAY}) \
             UNION ALL SELECT * FROM {OVERLAY}"
        ),
        beside(DECIDED_SINCE, "serving.decided", dialect),
        served_beside("served_decided", "serving.decided", DECIDED_SINCE, dialect),
        beside(SUGGESTED_SINCE, "serving.suggestions", dialect),
        served_beside("served_suggestions", "serving.suggestions", SUGGESTED_SINCE, dialect),
    ]
}

/// The statement for a table of rows about resources of the overlay.
fn beside(name: &str, like: &str, dialect: Dialect) -> String {
    format!("{} SELECT * FROM {like} WHERE false", dialect.keep_in_file(name))
}

/// The statement for the view of such rows and those of other resources.
fn served_beside(name: &str, of: &str, since: &str, dialect: Dialect) -> String {
    format!(
        "{} SELECT * FROM {of} WHERE place NOT IN (SELECT place FROM {OVERLAY}) UNION ALL SELECT * FROM {since}",
        dialect.name_for_all(name)
    )
}
