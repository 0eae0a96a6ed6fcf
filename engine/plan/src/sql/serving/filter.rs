//! Which rows of the database are meant.

use tagpol_sema::program::Severity;

use super::super::Dialect;
use super::super::text::{identifier, literal};
use super::{ComplianceCode, OVERLAY, RESOURCES, SERVED, Shape};
use crate::ir::{Function, StateCode};

/// Which rows are meant: those that fulfill all parts. An empty part asks for nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// The rows for which a condition holds, see [`condition_relation`](super::condition_relation). None: no condition.
    pub condition: Option<String>,
    /// Words in lower case; each is somewhere in id, name or values of tags.
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
        let word =
            |word: &String| dialect.call(Function::Contains, &["search".to_owned(), literal(word, dialect)]);
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
    ]
}
