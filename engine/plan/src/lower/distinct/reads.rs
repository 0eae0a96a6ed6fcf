//! What a column follows from.

use super::Distinct;
use crate::ir::{ColumnId, Expr, Field, Function, Literal, Type};

/// What something follows from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reads {
    /// Nothing: it is the same for all resources.
    Nothing,
    /// This column alone.
    One(ColumnId),
    /// Several columns, or one that has no dictionary.
    Several,
}

impl Reads {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, one) | (one, Self::Nothing) => one,
            (a, b) if a == b => a,
            _ => Self::Several,
        }
    }
}

/// What is known of a column.
#[derive(Debug, Clone)]
pub(super) struct Traits {
    /// The raw column with a dictionary that it follows from.
    pub(super) root: Reads,
    /// The tag's value, or raw column with a dictionary, that it applies to.
    pub(super) subject: Reads,
    /// Whether its values are judged once for many resources: all that can be it come from columns
    /// with few distinct values.
    cheap: bool,
    /// What it was before anything was rewritten.
    pub(super) original: Expr,
}

impl Distinct<'_> {
    /// Examines the columns that have not been yet. They come after those that they read.
    pub(super) fn examine(&mut self) {
        let (first, all) = (self.traits.len(), self.columns.columns.len());
        #[expect(clippy::cast_possible_truncation, reason = "memory ends before 2^32 columns")]
        for id in (first..all).map(|id| ColumnId(id as u32)) {
            let traits = self.traits_of(id);
            self.traits.push(traits);
        }
    }

    fn traits_of(&self, id: ColumnId) -> Traits {
        let original = self.expr(id);
        if let Expr::Field(field) = &original {
            let name = source_name(field);
            let listed = name.is_some_and(|name| self.known.listed.contains(name));
            // What is known from elsewhere is known of few resources.
            let few = matches!(field, Field::Overlay(_));
            let cheap = few || listed || name.is_some_and(|name| self.known.repetitive.contains(name));
            let reads = if listed { Reads::One(id) } else { Reads::Several };
            return Traits { root: reads, subject: reads, cheap, original };
        }
        let root = self.reads(&original, |traits| traits.root);
        let cheap = root != Reads::Several || self.is_cheap(&original);
        let subject = match root {
            Reads::Several if cheap && self.tags.contains(&id) => Reads::One(id),
            Reads::Several => self.reads(&original, |traits| traits.subject),
            root => root,
        };
        Traits { root, subject, cheap, original }
    }

    fn reads(&self, expr: &Expr, of: fn(&Traits) -> Reads) -> Reads {
        let mut reads = match expr {
            Expr::Column(id) => self.traits.get(id.0 as usize).map_or(Reads::Several, of),
            Expr::Field(_) => Reads::Several,
            _ => Reads::Nothing,
        };
        expr.for_each_child(|child| reads = reads.and(self.reads(child, of)));
        reads
    }

    /// Returns the raw column with a dictionary that an expression follows from.
    pub(super) fn root(&self, expr: &Expr) -> Reads {
        self.reads(expr, |traits| traits.root)
    }

    /// Returns what an expression refers to.
    pub(super) fn subject(&self, expr: &Expr) -> Reads {
        self.reads(expr, |traits| traits.subject)
    }

    /// Whether every value that the expression can have comes from few distinct ones.
    fn is_cheap(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Column(id) => self.traits.get(id.0 as usize).is_some_and(|traits| traits.cheap),
            Expr::Case { arms, otherwise } => {
                arms.iter().map(|arm| &arm.then).chain(otherwise.as_deref()).all(|e| self.is_cheap(e))
            }
            Expr::Field(_) | Expr::Lookup { .. } => false,
            _ => {
                let mut cheap = true;
                expr.for_each_child(|child| cheap &= self.is_cheap(child));
                cheap
            }
        }
    }

    /// Whether the expression is a condition.
    pub(super) fn is_condition(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Column(_) => self.columns.get(expr).is_some_and(|column| column.ty == Type::Bool),
            Expr::And(_)
            | Expr::Or(_)
            | Expr::Not(_)
            | Expr::Truth(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::Compare(..)
            | Expr::In { .. }
            | Expr::Like { .. }
            | Expr::Matches { .. } => true,
            Expr::Call(function, _) => matches!(
                function,
                Function::Contains
                    | Function::StartsWith
                    | Function::EndsWith
                    | Function::IsEmail
                    | Function::IsUrl
                    | Function::IsNumber
                    | Function::IsDuration
            ),
            _ => false,
        }
    }
}

/// Returns the name in the snapshot of a column of texts.
pub(super) fn source_name(field: &Field) -> Option<&str> {
    match field {
        Field::Attr(attr) if attr.ty() == Type::Text => Some(attr.as_str()),
        Field::Promoted(name) => Some(name),
        Field::Attr(_)
        | Field::Key(_)
        | Field::Meta(_)
        | Field::Overlay(_)
        | Field::Related(..)
        | Field::NativeTags(_)
        | Field::NativeKey
        | Field::NativeValue
        | Field::UnknownKey(_)
        | Field::UnknownTags => None,
    }
}

/// Whether the expression is NULL if the raw column that it follows from is; `column` says it of
/// a column.
pub(super) fn is_strict(expr: &Expr, column: &impl Fn(ColumnId) -> bool) -> bool {
    match expr {
        Expr::Field(_) | Expr::Null(_) => true,
        Expr::Column(id) => column(*id),
        Expr::Compare(_, left, right) => is_strict(left, column) || is_strict(right, column),
        Expr::In { value, .. }
        | Expr::Like { value, .. }
        | Expr::Matches { value, .. }
        | Expr::Group { value, .. }
        | Expr::Lookup { key: value, .. } => is_strict(value, column),
        Expr::Call(_, args) => args.iter().any(|arg| is_strict(arg, column)),
        Expr::Coalesce(parts) => parts.iter().all(|part| is_strict(part, column)),
        Expr::Case { arms, otherwise } => {
            otherwise.as_ref().is_none_or(|otherwise| is_strict(otherwise, column))
                && arms.iter().all(|arm| never_true(&arm.when, column) || is_strict(&arm.then, column))
        }
        _ => false,
    }
}

/// Whether the condition is never true where the raw column is NULL.
fn never_true(condition: &Expr, column: &impl Fn(ColumnId) -> bool) -> bool {
    match condition {
        Expr::And(parts) => parts.iter().any(|part| never_true(part, column)),
        Expr::Or(parts) => parts.iter().all(|part| never_true(part, column)),
        Expr::Truth(inner) => never_true(inner, column),
        Expr::IsNotNull(inner) => is_strict(inner, column),
        other => is_strict(other, column),
    }
}

/// Returns the truth of a condition that is never NULL and refers to [`Expr::Null`] alone; None if
/// that is for the database to find out.
pub(super) fn truth_of_missing(condition: &Expr) -> Option<bool> {
    let no_column = |_| false;
    match condition {
        Expr::Literal(Literal::Bool(truth)) => Some(*truth),
        Expr::Not(inner) => truth_of_missing(inner).map(|truth| !truth),
        Expr::And(parts) => {
            let truths: Vec<_> = parts.iter().map(truth_of_missing).collect();
            if truths.contains(&Some(false)) {
                Some(false)
            } else {
                (!truths.contains(&None)).then_some(true)
            }
        }
        Expr::Or(parts) => {
            let truths: Vec<_> = parts.iter().map(truth_of_missing).collect();
            if truths.contains(&Some(true)) { Some(true) } else { (!truths.contains(&None)).then_some(false) }
        }
        Expr::IsNull(inner) => is_strict(inner, &no_column).then_some(true),
        Expr::IsNotNull(inner) => is_strict(inner, &no_column).then_some(false),
        Expr::Truth(inner) => never_true(inner, &no_column).then_some(false),
        _ => None,
    }
}
