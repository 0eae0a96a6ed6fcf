//! Which exemption waives which finding.

use tagpol_sema::program::CmpOp;

use super::queries::{index, named};
use super::{Lowering, Waiver};
use crate::ir::{AttrColumn, CheckInfo, ColumnId, Expr, Select, StateCode, Type};

impl Lowering<'_> {
    /// Returns a selection for each check that an exemption can waive: a row for each finding that is
    /// waived, with the first exemption that does.
    pub(super) fn waived(&mut self, checks: &[CheckInfo]) -> Vec<Select> {
        let id = self.attr_column(AttrColumn::Id);
        let of_check = |(at, check): (usize, &CheckInfo)| {
            let waivers: Vec<&Waiver> =
                self.waivers.iter().filter(|w| (w.policy, w.check) == (check.policy, check.check)).collect();
            let arms = waivers.iter().map(|waiver| (waiver.scope.clone(), index(waiver.exemption)));
            let exempt = Expr::integer(StateCode::Exempt.code());
            (!waivers.is_empty()).then(|| Select {
                items: vec![index(at), id.clone(), Expr::case(arms, None, Type::Integer)],
                filter: Some(Expr::compare(CmpOp::Eq, Expr::Column(check.state), exempt)),
                group_by: Vec::new(),
                note: named(check),
            })
        };
        checks.iter().enumerate().filter_map(of_check).collect()
    }

    /// Returns the columns that tell waivers apart.
    pub(super) fn waiver_columns(&self) -> impl Iterator<Item = ColumnId> {
        self.waivers.iter().filter_map(|waiver| match waiver.scope {
            Expr::Column(id) => Some(id),
            _ => None,
        })
    }
}
