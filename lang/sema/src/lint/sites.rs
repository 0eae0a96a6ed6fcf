//! Conditions of an item, as they are written and as they were typed, side by side.

use crate::check::Typed;
use crate::hir::{Body, Expr, Item, NodeId};
use crate::program::{CheckKind, Pred};

/// A condition of an item.
#[derive(Debug, Clone, Copy)]
pub(super) struct Site<'a> {
    pub(super) role: Role,
    pub(super) expr: &'a Expr,
    pub(super) pred: &'a Pred,
}

/// What a condition is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// `define`
    Define,
    /// `normalize T where`
    Where,
    /// `when`
    When,
    /// `for resource where` of a policy or a goal, `from resource where` of an allocation.
    Scope,
    /// A check of a policy, and its index.
    Check(CheckKind, usize),
    /// `for resource where` of a waiver.
    Waived,
}

/// Lists the conditions of an item.
pub(super) fn sites<'a>(item: &'a Item, typed: &'a Typed) -> Vec<Site<'a>> {
    let site = |role| move |(expr, pred)| Site { role, expr, pred };
    match (&item.body, typed) {
        (Body::Define(expr), Typed::Define(pred)) => vec![Site { role: Role::Define, expr, pred }],
        (Body::Normalize(hir), Typed::Normalize(_, typed, _)) => {
            hir.scope.iter().zip(&typed.scope).map(site(Role::Where)).collect()
        }
        (Body::Rule(hir), Typed::Rule(typed, _)) => {
            let preds = match (&typed.when, hir.when.as_slice()) {
                (Some(pred), [_]) => std::slice::from_ref(pred),
                (Some(Pred::And(preds)), _) => preds,
                _ => &[],
            };
            hir.when.iter().zip(preds).map(site(Role::When)).collect()
        }
        (Body::Policy(hir), Typed::Policy(typed, ..)) => {
            let checks = hir.checks.iter().zip(&typed.checks).enumerate();
            let checks = checks.map(|(index, (hir, check))| Site {
                role: Role::Check(check.kind, index),
                expr: &hir.expr,
                pred: &check.pred,
            });
            scope(&hir.scopes).zip(&typed.scope).map(site(Role::Scope)).chain(checks).collect()
        }
        (Body::Goal(hir), Typed::Goal(typed)) => {
            scope(&hir.scopes).zip(&typed.scope).map(site(Role::Scope)).collect()
        }
        (Body::Allocate(hir), Typed::Allocate(typed)) => {
            scope(&hir.from).zip(&typed.from).map(site(Role::Scope)).collect()
        }
        (Body::Exempt(hir), Typed::Exempt(typed, _)) => {
            // All checks of a waiver have its scope.
            let typed = typed.first().and_then(|exemption| exemption.scope.as_ref());
            scope(&hir.scopes).zip(typed).map(site(Role::Waived)).collect()
        }
        _ => Vec::new(),
    }
}

/// The condition of the first of some scopes: the one that counts.
fn scope(scopes: &[(NodeId, Option<Expr>)]) -> impl Iterator<Item = &Expr> {
    scopes.first().into_iter().filter_map(|(_, expr)| expr.as_ref())
}

/// Calls `visit` with each part of a condition, the whole first, as written and as typed.
pub(super) fn walk<'a>(expr: &'a Expr, pred: &'a Pred, visit: &mut impl FnMut(&'a Expr, &'a Pred)) {
    visit(expr, pred);
    match (expr, pred) {
        (Expr::Or(exprs), Pred::Or(preds)) | (Expr::And(exprs), Pred::And(preds)) => {
            exprs.iter().zip(preds).for_each(|(expr, pred)| walk(expr, pred, visit));
        }
        (Expr::Not(expr), Pred::Not(pred)) => walk(expr, pred, visit),
        _ => {}
    }
}
