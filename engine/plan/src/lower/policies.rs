//! Policies become the state of each check for each resource.

use tagpol_sema::pretty::Words;
use tagpol_sema::program::{Check, CheckKind, CmpOp, Policy};

use super::pred::shift;
use super::{Lowering, note};
use crate::ir::{CheckInfo, ColumnId, Expr, Function, Literal, StateCode, Type};

impl Lowering<'_> {
    /// Makes the columns of all policies. Those of all tags must have been made. Returns the checks,
    /// those of the worst severity first.
    pub(super) fn policies(&mut self) -> Vec<CheckInfo> {
        let program = self.program;
        let mut policies: Vec<(usize, &Policy)> = program.policies.iter().enumerate().collect();
        policies.sort_by_key(|(_, policy)| std::cmp::Reverse(policy.severity));
        let count: usize = program.policies.iter().map(|policy| policy.checks.len()).sum();
        let mut checks = Vec::new();
        for (index, policy) in policies {
            checks.extend(self.policy(index, policy));
            if count > self.limits.selections {
                self.subtotal(&checks);
            }
        }
        checks
    }

    fn policy(&mut self, index: usize, policy: &Policy) -> Vec<CheckInfo> {
        self.at = policy.loc.clone();
        let scope = self.optional_pred(policy.scope.as_ref());
        let comment = note(format!("policy `{}` applies", policy.name), &policy.loc);
        let name = format!("scope_{}", policy.name);
        let scope = self.columns.add(&name, scope, Type::Bool, comment);
        let unknown = self.unknown_optional(policy.scope.as_ref());
        let unknown =
            self.columns.share(&format!("unknown_scope_{}", policy.name), unknown, Type::Bool, None);
        let checks = policy.checks.iter().enumerate();
        checks.map(|(c, check)| self.check(index, policy, (scope, unknown.clone()), c, check)).collect()
    }

    fn check(
        &mut self,
        policy_index: usize,
        policy: &Policy,
        (scope, unknown_scope): (ColumnId, Expr),
        check_index: usize,
        check: &Check,
    ) -> CheckInfo {
        let exempt = self.exempt(policy_index, check_index);
        self.at = check.loc.clone();
        let pred = self.pred(&check.pred);
        let holds = match check.kind {
            CheckKind::Require => pred,
            CheckKind::Forbid => pred.negate(),
        };
        let out_of_scope = match policy.scope {
            Some(_) => Expr::Column(scope).negate(),
            None => Expr::bool(false),
        };
        let unknown = self.unknown_pred(&check.pred);
        let unknown = self.columns.share("unknown_check", unknown, Type::Bool, None);
        let is_in_scope = match policy.scope {
            Some(_) => Expr::Column(scope),
            None => Expr::bool(true),
        };
        let parts = vec![(is_in_scope, unknown_scope), (holds.clone().negate(), unknown)];
        let undetermined = self.unknown_of(parts, false);
        let since = self.since(policy, &check.id);
        let code = |state: StateCode| Expr::integer(state.code());
        let arms = [
            (undetermined, code(StateCode::Undetermined)),
            (Expr::or([out_of_scope, holds]), code(StateCode::None)),
            (exempt, code(StateCode::Exempt)),
            (self.in_grace(policy, since.clone()), code(StateCode::Pending)),
        ];
        let state = Expr::case(arms, Some(code(StateCode::Open)), Type::Code);
        let state = Expr::call(Function::ToCode, [state]);
        let comment = note(format!("check `{}/{}`", policy.name, check.id), &check.loc);
        let name = format!("check_{}__{}", policy.name, check.id);
        let state = self.columns.add(&name, state, Type::Code, comment);
        let remedy = self.remedy(policy, check);
        let since = if let Expr::Column(since) = since { Some(since) } else { None };
        let subject = Words::new(self.program).subject(check);
        let info = check_info(policy_index, policy, check_index, check, subject, (scope, state));
        CheckInfo { remedy, since, ..info }
    }

    /// The value that would fix the check, where the policy names one for its tag.
    fn remedy(&mut self, policy: &Policy, check: &Check) -> Option<ColumnId> {
        let remedy = policy.remedies.iter().find(|remedy| Some(remedy.tag) == check.tag)?;
        self.at = remedy.loc.clone();
        let value = self.text_value(&remedy.value);
        let comment = note(format!("remedy of `{}/{}`", policy.name, check.id), &remedy.loc);
        let name = format!("remedy_{}__{}", policy.name, check.id);
        Some(self.columns.add(&name, value, Type::Text, comment))
    }

    /// Whether `now < since + grace`; false where it is unknown since when.
    fn in_grace(&self, policy: &Policy, since: Expr) -> Expr {
        match (policy.grace, &since) {
            (None, _) => Expr::bool(false),
            (Some(grace), Expr::Literal(_)) => Expr::bool(grace.seconds > 0),
            (Some(grace), _) => {
                let limit = Expr::Literal(Literal::Time(shift(self.now, -grace.seconds)));
                self.columns.truth(Expr::compare(CmpOp::Gt, since, limit))
            }
        }
    }
}

fn check_info(
    policy_index: usize,
    policy: &Policy,
    check_index: usize,
    check: &Check,
    subject: String,
    (scope, state): (ColumnId, ColumnId),
) -> CheckInfo {
    CheckInfo {
        policy: policy_index,
        check: check_index,
        policy_name: policy.name.clone(),
        id: check.id.clone(),
        severity: policy.severity,
        kind: check.kind,
        message: check.message.clone(),
        expectation: check.expectation.clone(),
        subject,
        tag: check.tag,
        attr: check.attr(),
        escalate: policy.escalate.clone(),
        controls: policy.controls.clone(),
        scope,
        state,
        remedy: None,
        since: None,
        loc: check.loc.clone(),
    }
}
