//! The columns of the plan while it is made: unique names, layers, and no expression twice.

use std::collections::{BTreeSet, HashMap};

use crate::ir::{Column, ColumnId, Expr, Field, Function, Note, Type};

/// Longest part of a column's name that is taken from a name or a key of the program, in bytes.
const NAME_LIMIT: usize = 48;

/// Columns, each after those that it reads.
#[derive(Debug, Default)]
pub(super) struct Columns {
    pub(super) columns: Vec<Column>,
    pub(super) layers: Vec<Vec<ColumnId>>,
    names: BTreeSet<String>,
    /// The number that the last column of a name that was taken has behind it.
    numbers: HashMap<String, usize>,
    shared: HashMap<Expr, ColumnId>,
    /// Whether a row of the relation may have no id.
    id_may_be_missing: bool,
}

impl Columns {
    /// Returns no columns, none of which will ever have one of these names.
    pub(super) fn without<'n>(names: impl IntoIterator<Item = &'n String>, id_may_be_missing: bool) -> Self {
        Self { names: names.into_iter().cloned().collect(), id_may_be_missing, ..Self::default() }
    }

    /// Adds a column and returns its id. The name is made unique.
    pub(super) fn add(&mut self, name: &str, expr: Expr, ty: Type, note: Option<Note>) -> ColumnId {
        #[expect(clippy::cast_possible_truncation, reason = "memory ends before 2^32 columns")]
        let id = ColumnId(self.columns.len() as u32);
        let layer = self.layer_for(&expr);
        let nullable = self.is_nullable(&expr);
        let name = self.unique_name(name);
        self.columns.push(Column { name, expr, ty, nullable, layer, note, judged: None });
        if self.layers.len() <= layer {
            self.layers.resize(layer + 1, Vec::new());
        }
        if let Some(columns) = self.layers.get_mut(layer) {
            columns.push(id);
        }
        id
    }

    /// Returns a column that holds the expression: a new one, unless there is one already.
    /// Constants and columns are returned as they are.
    pub(super) fn share(&mut self, name: &str, expr: Expr, ty: Type, note: Option<Note>) -> Expr {
        if matches!(expr, Expr::Column(_) | Expr::Literal(_) | Expr::Null(_)) || expr.tests_native_tags() {
            return expr;
        }
        if let Some(&id) = self.shared.get(&expr) {
            return Expr::Column(id);
        }
        let id = self.add(name, expr.clone(), ty, note);
        self.shared.insert(expr, id);
        Expr::Column(id)
    }

    /// Returns a column with a function's value of an expression, named after both.
    pub(super) fn derive(&mut self, function: Function, of: Expr, ty: Type) -> Expr {
        if matches!(of, Expr::Null(_)) {
            return Expr::Null(ty);
        }
        let (prefix, call) = (prefix_of(function), Expr::call(function, [of.clone()]));
        match self.get(&of) {
            Some(column) => {
                let base = column.name.strip_prefix("raw_").unwrap_or(&column.name);
                let name = format!("{prefix}_{base}");
                self.share(&name, call, ty, None)
            }
            None if matches!(of, Expr::Literal(_)) => call,
            None => self.share(prefix, call, ty, None),
        }
    }

    /// Whether the expression may be NULL.
    pub(super) fn is_nullable(&self, expr: &Expr) -> bool {
        match expr {
            Expr::Field(Field::Attr(attr)) => *attr != crate::ir::AttrColumn::Id || self.id_may_be_missing,
            Expr::Field(Field::NativeTags(_) | Field::NativeKey | Field::NativeValue) => false,
            Expr::Field(_) | Expr::Null(_) | Expr::Group { .. } | Expr::Lookup { .. } => true,
            Expr::Call(
                Function::ParseNumber | Function::ParseDate | Function::ParseDuration | Function::Tidy,
                _,
            ) => true,
            Expr::Column(_) => self.get(expr).is_none_or(|column| column.nullable),
            Expr::Literal(_)
            | Expr::Truth(_)
            | Expr::IsNull(_)
            | Expr::IsNotNull(_)
            | Expr::Sum(_)
            | Expr::Bits(_)
            | Expr::Aggregate(_) => false,
            Expr::Coalesce(parts) => parts.iter().all(|part| self.is_nullable(part)),
            Expr::Case { arms, otherwise } => {
                otherwise.as_ref().is_none_or(|e| self.is_nullable(e))
                    || arms.iter().any(|arm| self.is_nullable(&arm.then))
            }
            _ => {
                let mut nullable = false;
                expr.for_each_child(|child| nullable |= self.is_nullable(child));
                nullable
            }
        }
    }

    /// Returns the condition with NULL as false.
    pub(super) fn truth(&self, condition: Expr) -> Expr {
        if self.is_nullable(&condition) { Expr::Truth(Box::new(condition)) } else { condition }
    }

    /// Returns whether there is a value.
    pub(super) fn is_set(&self, value: Expr) -> Expr {
        match value {
            Expr::Null(_) => Expr::bool(false),
            value if self.is_nullable(&value) => Expr::IsNotNull(Box::new(value)),
            _ => Expr::bool(true),
        }
    }

    /// Returns the first that is not NULL, without those that are never reached.
    pub(super) fn coalesce(&self, parts: impl IntoIterator<Item = Expr>, ty: Type) -> Expr {
        let mut kept = Vec::new();
        for part in parts {
            if matches!(part, Expr::Null(_)) {
                continue;
            }
            let decides = !self.is_nullable(&part);
            kept.push(part);
            if decides {
                break;
            }
        }
        match kept.pop() {
            None => Expr::Null(ty),
            Some(only) if kept.is_empty() => only,
            Some(last) => {
                kept.push(last);
                Expr::Coalesce(kept)
            }
        }
    }

    pub(super) fn get(&self, expr: &Expr) -> Option<&Column> {
        match expr {
            Expr::Column(id) => self.columns.get(id.0 as usize),
            _ => None,
        }
    }

    /// A column reads earlier layers only; the snapshot is read by layer 0 only.
    fn layer_for(&self, expr: &Expr) -> usize {
        if matches!(expr, Expr::Field(_)) {
            return 0;
        }
        let mut layer = 1;
        self.raise(expr, &mut layer);
        layer
    }

    fn raise(&self, expr: &Expr, layer: &mut usize) {
        if let Some(column) = self.get(expr) {
            *layer = (*layer).max(column.layer + 1);
        }
        expr.for_each_child(|child| self.raise(child, layer));
    }

    fn unique_name(&mut self, wanted: &str) -> String {
        let base = plain_name(wanted);
        if self.names.insert(base.clone()) {
            return base;
        }
        let number = self.numbers.entry(base.clone()).or_insert(1);
        loop {
            *number += 1;
            let name = format!("{base}_{number}");
            if self.names.insert(name.clone()) {
                return name;
            }
        }
    }
}

/// Returns a name of lower-case ASCII letters, digits and `_` after what a program or a snapshot
/// calls something.
pub(super) fn plain_name(text: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }
    };
    text.chars().map(plain).take(NAME_LIMIT).collect()
}

fn prefix_of(function: Function) -> &'static str {
    match function {
        Function::Tidy => "tidy",
        Function::Compose => "composed",
        Function::Lower => "folded",
        Function::Words => "words",
        Function::ParseDate => "date",
        Function::ParseNumber => "number",
        Function::ParseDuration => "duration",
        _ => "derived",
    }
}
