//! What a dialect cannot say.

use std::collections::BTreeSet;
use std::fmt;

use tagpol_sema::program::{Loc, Regex};

use super::Dialect;
use super::spark;
use crate::ir::{Column, ColumnId, Expr, Field, Note, Plan};

/// A part of a program that a dialect cannot say.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unsupported {
    /// What it is, and what to do about it.
    pub reason: String,
    /// What it belongs to, in words of the language: ``tag `environment` ``. None: unknown.
    pub of: Option<String>,
    /// Where that was written.
    pub place: Option<(String, u32)>,
}

impl fmt::Display for Unsupported {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some((file, line)) = &self.place {
            write!(f, "{file}:{line}: ")?;
        }
        if let Some(of) = &self.of {
            write!(f, "{of}: ")?;
        }
        f.write_str(&self.reason)
    }
}

impl std::error::Error for Unsupported {}

/// Returns what a dialect cannot say of a plan, each once.
pub(super) fn find(plan: &Plan, dialect: Dialect) -> Vec<Unsupported> {
    match dialect {
        Dialect::DuckDb => Vec::new(),
        Dialect::Spark => {
            let of_related = plan.related.iter().flat_map(|related| in_plan(&related.base));
            let all: BTreeSet<Unsupported> = in_plan(plan).into_iter().chain(of_related).collect();
            all.into_iter().collect()
        }
    }
}

fn in_plan(plan: &Plan) -> Vec<Unsupported> {
    let mut found = Vec::new();
    if !plan.dictionaries.is_empty() {
        let reason = "dictionaries of distinct values are not offered in Spark SQL".to_owned();
        found.push(Unsupported { reason, of: None, place: None });
    }
    let used: BTreeSet<ColumnId> = plan.layers.iter().flatten().copied().collect();
    for id in used {
        let column = plan.column(id);
        for reason in reasons(&column.expr) {
            let note = note_of(plan, id, column);
            let place = note
                .and_then(|note| note.loc.as_ref())
                .map(|Loc { file, line, .. }| (file.to_string(), *line));
            found.push(Unsupported { reason, of: note.map(|note| note.text.clone()), place });
        }
    }
    found
}

/// Returns the note of a column, or of the first column with a place that reads it, directly or not.
fn note_of<'p>(plan: &'p Plan, id: ColumnId, column: &'p Column) -> Option<&'p Note> {
    let mut readers = BTreeSet::from([id]);
    if let Some(note) = column.note.as_ref().filter(|note| note.loc.is_some()) {
        return Some(note);
    }
    for &other in plan.layers.iter().flatten() {
        let reader = plan.column(other);
        if !reader.expr.columns().into_iter().any(|read| readers.contains(&read)) {
            continue;
        }
        readers.insert(other);
        if let Some(note) = reader.note.as_ref().filter(|note| note.loc.is_some()) {
            return Some(note);
        }
    }
    column.note.as_ref()
}

fn reasons(expr: &Expr) -> Vec<String> {
    let mut found = Vec::new();
    let untranslatable = |regex: &Regex| spark::portable(regex, false).err();
    match expr {
        Expr::Matches { regex, .. } | Expr::Group { regex, .. } => {
            let hint = "evaluate locally, or write the expression without it";
            found.extend(untranslatable(regex).map(|why| format!("{why}: {hint}")));
        }
        Expr::Field(Field::Meta(path)) => {
            found.push(format!("the field `{path}` of `meta` is not offered in Spark SQL: evaluate locally"));
        }
        Expr::Field(Field::NativeTags(test)) => found.extend(reasons(test)),
        _ => {}
    }
    expr.for_each_child(|child| found.extend(reasons(child)));
    found
}
