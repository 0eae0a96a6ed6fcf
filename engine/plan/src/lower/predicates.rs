//! The conditions of a request become columns.

use super::{Lowering, note};
use crate::ir::{ColumnId, Type};
use crate::request::Predicate;

impl Lowering<'_> {
    /// Makes the columns of conditions, which the output keeps. Those of all tags must have been made.
    pub(super) fn predicates(&mut self, predicates: &[Predicate]) -> Vec<ColumnId> {
        let columns: Vec<ColumnId> = predicates
            .iter()
            .enumerate()
            .map(|(at, predicate)| {
                self.at = predicate.loc.clone();
                let holds = self.pred(&predicate.pred);
                let comment = note("requested condition".to_owned(), &predicate.loc);
                self.columns.add(&format!("requested_{at}"), holds, Type::Bool, comment)
            })
            .collect();
        self.kept.extend(&columns);
        columns
    }
}
