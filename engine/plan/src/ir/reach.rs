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
                visit(&self.column(id).expr, &mut left);
            }
        }
        found
    }
}

fn visit(expr: &Expr, found: &mut Vec<ColumnId>) {
    if let Expr::Column(id) = expr {
        found.push(*id);
    }
    expr.for_each_child(|child| visit(child, found));
}
