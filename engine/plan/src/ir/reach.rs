//! What columns are made of.

use std::collections::BTreeSet;

use super::{ColumnId, Expr, Plan};

impl Plan {
    /// Returns columns with all that they are made of, as far as the columns for which `is_end` says yes.
    pub(crate) fn reach(&self, from: &[ColumnId], is_end: impl Fn(ColumnId) -> bool) -> BTreeSet<ColumnId> {
        let mut found = BTreeSet::new();
        let mut left = from.to_vec();
        while let Some(id) = left.pop() {
            if found.insert(id) && !is_end(id) {
                left.extend(self.column(id).expr.columns());
            }
        }
        found
    }

    /// Returns the layers without the columns that some columns do not need. A column that is looked up
    /// in a dictionary needs the column that it is looked up by, and nothing else.
    pub(crate) fn layers_of(&self, wanted: impl IntoIterator<Item = ColumnId>) -> Vec<Vec<ColumnId>> {
        let mut needed = BTreeSet::new();
        let mut left: Vec<ColumnId> = wanted.into_iter().collect();
        while let Some(id) = left.pop() {
            if !needed.insert(id) {
                continue;
            }
            match self.column(id).judged {
                Some(judged) => left.push(judged.raw),
                None => left.extend(self.column(id).expr.columns()),
            }
        }
        let mut layers: Vec<Vec<ColumnId>> = Vec::new();
        for id in needed {
            let layer = self.column(id).layer;
            if layers.len() <= layer {
                layers.resize(layer + 1, Vec::new());
            }
            layers.get_mut(layer).into_iter().for_each(|columns| columns.push(id));
        }
        layers.retain(|columns| !columns.is_empty());
        layers
    }
}

impl Expr {
    /// Returns the columns that it reads, one that it reads several times as often.
    pub(crate) fn columns(&self) -> Vec<ColumnId> {
        fn visit(expr: &Expr, found: &mut Vec<ColumnId>) {
            if let Expr::Column(id) = expr {
                found.push(*id);
            }
            expr.for_each_child(|child| visit(child, found));
        }
        let mut found = Vec::new();
        visit(self, &mut found);
        found
    }
}
