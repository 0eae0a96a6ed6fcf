//! Which exemption waives which finding.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Utc};
use tagpol_sema::program::{CmpOp, Program};

use super::queries::{index, named};
use super::{Lowering, note};
use crate::ir::{AttrColumn, CheckInfo, ColumnId, Expr, Select, StateCode, Type};

/// The exemptions that still count, and what is known of the checks that they waive.
#[derive(Debug, Default)]
pub(super) struct Waivers {
    /// Indexes in [`Program::exemptions`], by policy and check; None for those of the whole policy.
    exemptions: HashMap<(usize, Option<usize>), Vec<usize>>,
    /// By policy: the first exemption of the whole policy that waives, where checks share it.
    shared: HashMap<usize, Expr>,
    /// By policy and check: the index of the first exemption that waives it; NULL if none does.
    first: BTreeMap<(usize, usize), Expr>,
}

impl Waivers {
    /// Finds the exemptions that have not expired; their last day, in UTC, counts.
    pub(super) fn new(program: &Program, now: DateTime<Utc>) -> Self {
        let today = now.date_naive();
        let mut waivers = Self::default();
        for (index, exemption) in program.exemptions.iter().enumerate() {
            if today <= exemption.until {
                waivers.exemptions.entry((exemption.policy, exemption.check)).or_default().push(index);
            }
        }
        waivers
    }

    fn of(&self, policy: usize, check: Option<usize>) -> Vec<usize> {
        self.exemptions.get(&(policy, check)).cloned().unwrap_or_default()
    }
}

impl Lowering<'_> {
    /// Whether an exemption waives the check.
    pub(super) fn exempt(&mut self, policy: usize, check: usize) -> Expr {
        let (of_policy, of_check) = (self.waivers.of(policy, None), self.waivers.of(policy, Some(check)));
        // Else the plan would grow with checks times exemptions.
        if of_policy.len() > self.limits.exemptions {
            return self.exempt_or_shared(policy, check, &of_policy, &of_check);
        }
        let mut exemptions = [of_policy, of_check].concat();
        exemptions.sort_unstable();
        let arms: Vec<(Expr, Expr)> =
            exemptions.into_iter().map(|at| (self.exemption_scope(at), index(at))).collect();
        let scopes: Vec<Expr> = arms.iter().map(|(scope, _)| scope.clone()).collect();
        if !arms.is_empty() {
            let first = Expr::case(arms, None, Type::Integer);
            self.waivers.first.insert((policy, check), first);
        }
        Expr::or(scopes)
    }

    fn exempt_or_shared(&mut self, policy: usize, check: usize, all: &[usize], own: &[usize]) -> Expr {
        let shared = self.shared_waiver(policy, all);
        let mut conditions = vec![self.columns.is_set(shared.clone())];
        let mut arms = Vec::new();
        for &at in own {
            let scope = self.exemption_scope(at);
            let earlier = Expr::compare(CmpOp::Lt, shared.clone(), index(at));
            let later = self.columns.truth(earlier).negate();
            arms.push((Expr::and([scope.clone(), later]), index(at)));
            conditions.push(scope);
        }
        let first = Expr::case(arms, Some(shared), Type::Integer);
        self.waivers.first.insert((policy, check), first);
        Expr::or(conditions)
    }

    /// Returns the first exemption of a whole policy that waives.
    fn shared_waiver(&mut self, policy: usize, exemptions: &[usize]) -> Expr {
        if let Some(shared) = self.waivers.shared.get(&policy) {
            return shared.clone();
        }
        let arms: Vec<(Expr, Expr)> =
            exemptions.iter().map(|&at| (self.exemption_scope(at), index(at))).collect();
        let name = self.program.policies.get(policy).map_or("", |policy| policy.name.as_str());
        let comment = note(format!("exemption of `{name}`"), None);
        let first = Expr::case(arms, None, Type::Integer);
        let shared = self.columns.share(&format!("waiver_{name}"), first, Type::Integer, comment);
        self.waivers.shared.insert(policy, shared.clone());
        shared
    }

    /// Whether an exemption applies to a resource: a column, or a constant.
    fn exemption_scope(&mut self, at: usize) -> Expr {
        let program = self.program;
        let Some(exemption) = program.exemptions.get(at) else { return Expr::bool(false) };
        self.at = exemption.loc.clone();
        let scope = self.optional_pred(exemption.scope.as_ref());
        let policy = program.policies.get(exemption.policy).map_or("", |policy| policy.name.as_str());
        let comment = note(format!("exempt `{policy}`"), &exemption.loc);
        self.columns.share(&format!("exempt_{policy}"), scope, Type::Bool, comment)
    }

    /// Returns a selection for each check that an exemption can waive: a row for each finding that is
    /// waived, with the first exemption that does.
    pub(super) fn waived(&mut self, checks: &[CheckInfo]) -> Vec<Select> {
        let id = self.attr_column(AttrColumn::Id);
        let of_check = |(at, check): (usize, &CheckInfo)| {
            let first = self.waivers.first.get(&(check.policy, check.check))?;
            let exempt = Expr::integer(StateCode::Exempt.code());
            Some(Select {
                items: vec![index(at), id.clone(), first.clone()],
                filter: Some(Expr::compare(CmpOp::Eq, Expr::Column(check.state), exempt)),
                group_by: Vec::new(),
                note: named(check),
            })
        };
        checks.iter().enumerate().filter_map(of_check).collect()
    }

    /// Returns the columns that tell waivers apart.
    pub(super) fn waiver_columns(&self) -> BTreeSet<ColumnId> {
        self.waivers.first.values().flat_map(Expr::columns).collect()
    }
}
