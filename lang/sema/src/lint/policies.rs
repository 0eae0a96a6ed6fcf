//! Policies by themselves: scopes that hold nothing, and checks whose answer is known beforehand.

use super::Lint;
use super::conditions::place;
use super::logic::{Term, never};
use crate::codes::Code;
use crate::hir::{self, Expr, NodeId};
use crate::program::{Check, CheckKind, Policy, Pred};

impl Lint<'_> {
    /// A scope that no resource is in. Returns whether it is one.
    pub(super) fn empty_scope(&mut self, scopes: &[(NodeId, Option<Expr>)], scope: Option<&Pred>) -> bool {
        let (Some((_, Some(expr))), Some(scope)) = (scopes.first(), scope) else { return false };
        if matches!(scope, Pred::Const(_)) || !never(&[(scope, true)], &self.names) {
            return false;
        }
        if let Some(place) = place(expr) {
            let draft = self
                .draft(Code::L0005, place, "no resource can be in this scope")
                .help("its conditions contradict each other; correct one of them");
            self.report(draft);
        }
        true
    }

    pub(super) fn fixed_checks(&mut self, hir: &hir::Policy, policy: &Policy) {
        // Of no resource both are so.
        if policy.scope.as_ref().is_some_and(|scope| never(&[(scope, true)], &self.names)) {
            return;
        }
        for (hir, check) in hir.checks.iter().zip(&policy.checks) {
            if !matches!(check.pred, Pred::Const(_)) {
                self.fixed_check(hir, check, policy.scope.as_ref());
            }
        }
    }

    fn fixed_check(&mut self, hir: &hir::Check, check: &Check, scope: Option<&Pred>) {
        let required = check.kind == CheckKind::Require;
        let with_scope = |wanted| -> Vec<Term<'_>> {
            scope.map(|scope| (scope, true)).into_iter().chain([(&check.pred, wanted)]).collect()
        };
        let (message, help) = if never(&with_scope(!required), &self.names) {
            let alone = scope.is_none() || never(&[(&check.pred, !required)], &self.names);
            let message = if alone {
                "this check always passes"
            } else {
                "every resource in the scope passes this check"
            };
            (message, "remove it, or correct the condition or the scope")
        } else if never(&with_scope(required), &self.names) {
            // Asking for resources without a tag in order to require it is a way to list them.
            if is_presence(&check.pred) && !never(&[(&check.pred, required)], &self.names) {
                return;
            }
            ("no resource in the scope can pass this check", "correct the condition, or the scope")
        } else {
            return;
        };
        let draft = self.draft(Code::L0006, hir.id, message).help(help);
        self.report(draft);
    }
}

fn is_presence(pred: &Pred) -> bool {
    match pred {
        Pred::IsSet(_) | Pred::IsMissing(_) | Pred::IsValid(_) => true,
        Pred::Not(inner) => is_presence(inner),
        _ => false,
    }
}
