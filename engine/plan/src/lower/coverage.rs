//! How far tags cover the inventory, and what a breakdown by tags counts.

use tagpol_sema::program::TagType;

use super::queries::{index, rows, sum_money};
use super::{Lowering, note};
use crate::ir::{AttrColumn, Expr, Function, Select, TagInfo, Tallies};

impl Lowering<'_> {
    /// Returns a selection for each tag: a row for each source of its values and whether they are
    /// valid, one more for the resources that have none.
    pub(super) fn coverage(&mut self, tags: &[TagInfo]) -> Vec<Select> {
        tags.iter().enumerate().map(|(i, tag)| self.coverage_of(i, tag)).collect()
    }

    fn coverage_of(&mut self, at: usize, tag: &TagInfo) -> Select {
        let ty = self.program.tags.get(at).map_or(&TagType::Text, |tag| &tag.ty);
        let source = Expr::Column(tag.source);
        let valid = Expr::call(Function::ToInteger, [self.is_valid_value(Expr::Column(tag.value), ty)]);
        let cost = self.attr_column(AttrColumn::MonthlyCost);
        Select {
            items: vec![index(at), source.clone(), valid.clone(), rows(), sum_money(cost)],
            filter: None,
            group_by: vec![source, valid],
            note: note(format!("tag `{}`", tag.name), &tag.loc),
        }
    }

    /// Whether a value is there and valid; made of the value itself, since queries see no columns
    /// but those of the evaluated inventory.
    fn is_valid_value(&mut self, value: Expr, ty: &TagType) -> Expr {
        let valid = match ty {
            TagType::Date => Expr::IsNotNull(Box::new(Expr::call(Function::ParseDate, [value]))),
            _ => self.fits_type(value, ty),
        };
        self.columns.truth(valid)
    }

    /// Returns what is counted of each group of a breakdown.
    pub(super) fn measures(&mut self, tallies: &Tallies) -> Vec<Expr> {
        let cost = self.attr_column(AttrColumn::MonthlyCost);
        let [in_scope, passing] = tallies.scope_counts();
        vec![rows(), in_scope, passing, sum_money(cost)]
    }
}
