//! `!=` and `not in` where the value may be missing: they are false there, which is easily overlooked.

use super::Lint;
use super::logic::{Facts as _, Term, never};
use super::sites::{Role, Site};
use crate::codes::Code;
use crate::hir::{Expr, Name, NodeId};
use crate::program::{CheckKind, CmpOp, Policy, Pred, Value};

/// What holds, or must, around a part of a condition. It is put together only for a part that needs
/// it: to copy it for each part of a condition with thousands of them takes seconds.
struct Around<'a> {
    /// Conditions outside the whole one that hold where it matters.
    outside: &'a [&'a Pred],
    /// The innermost `and` or `or` that the part stands in.
    inside: Option<Beside<'a>>,
    /// The first draft about the whole condition.
    first_draft: usize,
}

/// The other parts of an `and` or an `or`.
#[derive(Clone, Copy)]
struct Beside<'a> {
    parts: &'a [Pred],
    /// Index of the part itself.
    at: usize,
    /// An `and`, whose other parts hold where the part matters; else an `or`, whose other parts would do in
    /// its place.
    is_and: bool,
    outer: Option<&'a Beside<'a>>,
}

impl<'a> Around<'a> {
    /// The conditions that hold, or those that would do in its place.
    fn conditions(&self, is_and: bool) -> Vec<&'a Pred> {
        let mut all: Vec<&Pred> = if is_and { self.outside.to_vec() } else { Vec::new() };
        let mut next = self.inside.as_ref();
        while let Some(beside) = next {
            if beside.is_and == is_and {
                let others = beside.parts.iter().enumerate().filter(|(i, _)| *i != beside.at);
                all.extend(others.map(|(_, pred)| pred));
            }
            next = beside.outer;
        }
        all
    }
}

impl Lint<'_> {
    pub(super) fn inequalities(&mut self, site: Site<'_>, policy: Option<&Policy>) {
        // A finding where the value is missing is loud enough.
        if matches!(site.role, Role::Check(CheckKind::Require, _)) {
            return;
        }
        let mut outside: Vec<&Pred> = Vec::new();
        if let (Role::Check(..), Some(policy)) = (site.role, policy) {
            outside.extend(&policy.scope);
            let required = policy.checks.iter().filter(|check| check.kind == CheckKind::Require);
            outside.extend(required.map(|check| &check.pred));
        }
        if site.role == Role::When {
            outside.extend(self.whens.iter().filter(|other| !std::ptr::eq(**other, site.pred)));
        }
        let around = Around { outside: &outside, inside: None, first_draft: self.drafts.len() };
        self.inequality(site.expr, site.pred, &around);
    }

    fn inequality(&mut self, expr: &Expr, pred: &Pred, around: &Around<'_>) {
        match (expr, pred) {
            (Expr::And(exprs), Pred::And(preds)) | (Expr::Or(exprs), Pred::Or(preds)) => {
                let is_and = matches!(pred, Pred::And(_));
                for (at, (expr, part)) in exprs.iter().zip(preds).enumerate() {
                    let inside = Beside { parts: preds, at, is_and, outer: around.inside.as_ref() };
                    self.inequality(expr, part, &Around { inside: Some(inside), ..*around });
                }
            }
            (Expr::Compare { op_id, .. }, Pred::Compare { op: CmpOp::Ne, left: one, right: other, .. }) => {
                self.judge(*op_id, "!=", &[one, other], around);
            }
            (
                Expr::In { list_id, .. } | Expr::InNamed { name: Name { id: list_id, .. }, .. },
                Pred::In { value, negated: true, .. },
            ) => {
                self.judge(*list_id, "not in", &[value], around);
            }
            _ => {}
        }
    }

    fn judge(&mut self, place: NodeId, op: &str, sides: &[&Value], around: &Around<'_>) {
        for value in sides {
            if !self.may_be_missing(value) {
                continue;
            }
            let name = self.name(value);
            let message = format!("`{op}` is false if `{name}` is missing");
            // Once for each value is enough for a condition.
            let reported = self.drafts.get(around.first_draft..).unwrap_or_default();
            if reported.iter().any(|draft| draft.code == Code::L0002 && draft.message == message) {
                return;
            }
            if !self.is_seen_to(value, around) {
                self.report_inequality(place, op, &name, message);
                return;
            }
        }
    }

    fn report_inequality(&mut self, place: NodeId, op: &str, name: &str, message: String) {
        let help = match op {
            "!=" => format!(
                "write `not ({name} == …)` to include resources without a value, or `{name} is set and …` to exclude them"
            ),
            _ => format!(
                "write `not {name} in […]` to include resources without a value, or `{name} is set and …` to exclude them"
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
        let certain = around.conditions(true).into_iter().filter(|pred| !is_inequality(pred));
        let mut terms: Vec<Term<'_>> = certain.map(|pred| (pred, true)).collect();
        terms.push((&is_set, false));
        if never(&terms, &self.names) {
            return true;
        }
        let mut terms: Vec<Term<'_>> =
            around.conditions(false).into_iter().map(|pred| (pred, false)).collect();
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

/// Whether a condition has the same trap itself.
fn is_inequality(pred: &Pred) -> bool {
    matches!(pred, Pred::Compare { op: CmpOp::Ne, .. } | Pred::In { negated: true, .. })
}
