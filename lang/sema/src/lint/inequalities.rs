//! `!=` and `not in` where the value may be missing: they are false there, which is easily missed.

use super::Lint;
use super::logic::{Facts as _, Term, never};
use super::sites::{Role, Site};
use crate::codes::Code;
use crate::hir::{Expr, NodeId};
use crate::program::{CheckKind, CmpOp, Policy, Pred, Value};

/// What holds, or must, around a part of a condition.
#[derive(Clone, Default)]
struct Around<'a> {
    /// Conditions beside it that hold where it matters.
    and: Vec<&'a Pred>,
    /// Conditions that would do in its place.
    or: Vec<&'a Pred>,
    /// Where what is told of the whole condition begins.
    told_from: usize,
}

impl Lint<'_> {
    pub(super) fn inequalities(&mut self, site: Site<'_>, policy: Option<&Policy>) {
        // A finding where the value is missing is loud enough.
        if matches!(site.role, Role::Check(CheckKind::Require, _)) {
            return;
        }
        let mut around = Around { told_from: self.drafts.len(), ..Around::default() };
        if let (Role::Check(..), Some(policy)) = (site.role, policy) {
            around.and.extend(&policy.scope);
            let required = policy.checks.iter().filter(|check| check.kind == CheckKind::Require);
            around.and.extend(required.map(|check| &check.pred));
        }
        if site.role == Role::When {
            around.and.extend(self.whens.iter().filter(|other| !std::ptr::eq(**other, site.pred)));
        }
        self.inequality(site.expr, site.pred, &around);
    }

    fn inequality(&mut self, expr: &Expr, pred: &Pred, around: &Around<'_>) {
        match (expr, pred) {
            (Expr::And(exprs), Pred::And(preds)) => {
                for (i, (expr, pred)) in exprs.iter().zip(preds).enumerate() {
                    let mut inner = around.clone();
                    inner.and.extend(others(preds, i));
                    self.inequality(expr, pred, &inner);
                }
            }
            (Expr::Or(exprs), Pred::Or(preds)) => {
                for (i, (expr, pred)) in exprs.iter().zip(preds).enumerate() {
                    let mut inner = around.clone();
                    inner.or.extend(others(preds, i));
                    self.inequality(expr, pred, &inner);
                }
            }
            (Expr::Compare { op_id, .. }, Pred::Compare { op: CmpOp::Ne, left: one, right: other, .. }) => {
                self.judge(*op_id, "!=", &[one, other], around);
            }
            (Expr::In { list_id, .. }, Pred::In { value, negated: true, .. }) => {
                self.judge(*list_id, "not in", &[value], around);
            }
            _ => {}
        }
    }

    fn judge(&mut self, place: NodeId, op: &str, sides: &[&Value], around: &Around<'_>) {
        let is_open = |value: &&&Value| self.may_be_missing(value) && !self.is_seen_to(value, around);
        let Some(value) = sides.iter().find(is_open) else { return };
        let name = self.name(value);
        let message = format!("`{op}` is false where `{name}` is missing");
        // Once for each value is enough for a condition.
        let told = self.drafts.get(around.told_from..).unwrap_or_default();
        if told.iter().any(|draft| draft.code == Code::L0002 && draft.message == message) {
            return;
        }
        let help = match op {
            "!=" => format!(
                "write `not ({name} == …)` to count those without a value too, or `{name} is set and …` to leave them out"
            ),
            _ => format!(
                "write `not {name} in […]` to count those without a value too, or `{name} is set and …` to leave them out"
            ),
        };
        let draft = self.draft(Code::L0002, place, message).help(help);
        self.report(draft);
    }

    fn may_be_missing(&self, value: &Value) -> bool {
        match value {
            Value::Tag(tag) => !self.names.never_missing(*tag),
            Value::NativeTag(_) | Value::Native(_) => true,
            _ => false,
        }
    }

    /// Whether the author has thought of the value being missing.
    fn is_seen_to(&self, value: &Value, around: &Around<'_>) -> bool {
        let is_set = Pred::IsSet(value.clone());
        let sure = around.and.iter().filter(|pred| !is_inequality(pred));
        let mut terms: Vec<Term<'_>> = sure.map(|pred| (*pred, true)).collect();
        terms.push((&is_set, false));
        if never(&terms, &self.names) {
            return true;
        }
        let mut terms: Vec<Term<'_>> = around.or.iter().map(|pred| (*pred, false)).collect();
        terms.push((&is_set, false));
        never(&terms, &self.names)
    }

    /// A value as it is written.
    fn name(&self, value: &Value) -> String {
        match value {
            Value::Tag(tag) => self.names.tag(*tag).to_owned(),
            Value::NativeTag(tag) => format!("native.{}", self.names.tag(*tag)),
            Value::Native(key) => format!("native[\"{key}\"]"),
            _ => "it".to_owned(),
        }
    }
}

/// All but one.
fn others(preds: &[Pred], index: usize) -> impl Iterator<Item = &Pred> {
    preds.iter().enumerate().filter(move |(i, _)| *i != index).map(|(_, pred)| pred)
}

/// Whether a condition has the same trap itself.
fn is_inequality(pred: &Pred) -> bool {
    matches!(pred, Pred::Compare { op: CmpOp::Ne, .. } | Pred::In { negated: true, .. })
}
