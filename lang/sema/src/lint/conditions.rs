//! Conditions that say less than they seem to: sides that are the same, parts written twice, parts
//! that are always or never true, and providers that do not exist.

use std::collections::HashMap;

use super::Lint;
use super::logic::never;
use super::sites::{Role, Site, walk};
use crate::codes::Code;
use crate::hir::{Expr, NodeId, Value as Operand};
use crate::program::{Attr, CmpOp, Pred, Value};

/// The names that clouds go by, and the ones that inventories give them.
const ALIASES: [(&str, &str); 15] = [
    ("amazon", "aws"),
    ("amazon web services", "aws"),
    ("microsoft", "azure"),
    ("microsoft azure", "azure"),
    ("azurerm", "azure"),
    ("google", "gcp"),
    ("google cloud", "gcp"),
    ("google cloud platform", "gcp"),
    ("gcloud", "gcp"),
    ("oracle", "oci"),
    ("oracle cloud", "oci"),
    ("alibaba cloud", "alibaba"),
    ("aliyun", "alibaba"),
    ("ibm cloud", "ibm"),
    ("tencent cloud", "tencent"),
];

/// The providers that inventories usually name.
const PROVIDERS: [&str; 8] = ["aws", "azure", "gcp", "oci", "alibaba", "ibm", "tencent", "huawei"];

impl Lint<'_> {
    pub(super) fn same_sides(&mut self, site: Site<'_>) {
        walk(site.expr, site.pred, &mut |expr, pred| {
            let (Expr::Compare { op_id, .. }, Pred::Compare { op, left, right, .. }) = (expr, pred) else {
                return;
            };
            if left != right {
                return;
            }
            let (found, instead) = match op {
                CmpOp::Eq | CmpOp::Le | CmpOp::Ge => ("true if the value is set", "is set"),
                CmpOp::Ne | CmpOp::Lt | CmpOp::Gt => ("never true", "is missing"),
            };
            let draft = self
                .draft(Code::L0016, *op_id, format!("both sides are the same, so this is {found}"))
                .help(format!("compare with another value, or write `{instead}`"));
            self.report(draft);
        });
    }

    pub(super) fn written_twice(&mut self, site: Site<'_>) {
        walk(site.expr, site.pred, &mut |expr, pred| {
            let Some((exprs, preds)) = parts(expr, pred) else { return };
            let word = if matches!(expr, Expr::And(_)) { "and" } else { "or" };
            let mut places_of: HashMap<&Pred, usize> = HashMap::new();
            for (i, pred) in preds.iter().enumerate() {
                let first = Some(*places_of.entry(pred).or_insert(i)).filter(|first| *first < i);
                let places = (exprs.get(i).and_then(place), first.and_then(|j| place(exprs.get(j)?)));
                let (Some(again), Some(first)) = places else { continue };
                let message = format!("the same condition is written twice between `{word}`s");
                let draft = self
                    .draft(Code::L0017, again, message)
                    .label("written here again")
                    .related(self.anchor(first), "first written here")
                    .help("remove one of them, or correct the one that is wrong");
                self.report(draft);
            }
        });
    }

    /// Parts of `and` and `or` that are always or never true, where the whole is neither.
    pub(super) fn constant_parts(&mut self, site: Site<'_>) {
        walk(site.expr, site.pred, &mut |expr, pred| {
            let Some((exprs, preds)) = parts(expr, pred) else { return };
            for (expr, pred) in exprs.iter().zip(preds) {
                // Of a predicate its own lint tells.
                if let (Some(place), false) = (place(expr), is_named(pred)) {
                    self.constant(place, pred, "this part of the condition");
                }
            }
        });
    }

    /// A condition that is always or never true; what is written as `true` or `false` is meant so.
    pub(super) fn constant(&mut self, place: NodeId, pred: &Pred, what: &str) -> bool {
        if matches!(pred, Pred::Const(_)) {
            return false;
        }
        let (found, help) = if never(&[(pred, true)], &self.names) {
            ("can never be true", "correct the part that contradicts the rest")
        } else if never(&[(pred, false)], &self.names) {
            ("is always true", "remove it, or correct the part that makes it so")
        } else {
            return false;
        };
        let draft = self.draft(Code::L0003, place, format!("{what} {found}")).help(help);
        self.report(draft);
        true
    }

    pub(super) fn providers(&mut self, site: Site<'_>) {
        walk(site.expr, site.pred, &mut |expr, pred| {
            let provider = Value::Attr(Attr::Provider);
            match (expr, pred) {
                (Expr::Compare { left, .. }, Pred::Compare { left: value, right: other, .. })
                    if *other == provider =>
                {
                    self.provider(left, value);
                }
                (Expr::Compare { right, .. }, Pred::Compare { left: other, right: value, .. })
                    if *other == provider =>
                {
                    self.provider(right, value);
                }
                (Expr::In { list, .. }, Pred::In { value, list: values, .. }) if *value == provider => {
                    list.iter().zip(values).for_each(|(operand, value)| self.provider(operand, value));
                }
                _ => {}
            }
        });
    }

    fn provider(&mut self, operand: &Operand, value: &Value) {
        let Value::Text(name) = value else { return };
        let Some(meant) = provider_meant(name) else { return };
        let written =
            if matches!(operand, Operand::Text(_)) { format!("\"{meant}\"") } else { meant.clone() };
        let draft = self
            .draft(Code::L0015, operand.id(), format!("no inventory has a provider `{name}`"))
            .help(format!("did you mean `{meant}`?"))
            .fix(written);
        self.report(draft);
    }
}

/// The name of a provider that was probably meant. None: it may be one.
fn provider_meant(name: &str) -> Option<String> {
    let folded = name.trim().to_lowercase();
    let spaced = folded.replace(['-', '_'], " ");
    if let Some((_, meant)) = ALIASES.iter().find(|(alias, _)| *alias == spaced) {
        return Some((*meant).to_owned());
    }
    if PROVIDERS.contains(&folded.as_str()) {
        return (folded != name).then_some(folded);
    }
    let joined = folded.split_whitespace().collect::<Vec<_>>().join("-");
    match tagpol_syntax::similar::closest(&folded, PROVIDERS) {
        Some(meant) => Some(meant.to_owned()),
        None => (joined != name && !joined.is_empty()).then_some(joined),
    }
}

fn is_named(pred: &Pred) -> bool {
    match pred {
        Pred::Named(_) => true,
        Pred::Not(inner) => is_named(inner),
        _ => false,
    }
}

/// The parts of an `and` or `or`.
fn parts<'a>(expr: &'a Expr, pred: &'a Pred) -> Option<(&'a [Expr], &'a [Pred])> {
    match (expr, pred) {
        (Expr::And(exprs), Pred::And(preds)) | (Expr::Or(exprs), Pred::Or(preds)) => Some((exprs, preds)),
        _ => None,
    }
}

/// The place of a condition: of the value that it begins with.
pub(super) fn place(expr: &Expr) -> Option<NodeId> {
    expr.subject().map(Operand::id)
}

/// What a condition that is always or never true is called in messages.
pub(super) fn what(role: Role) -> &'static str {
    match role {
        Role::Define => "this predicate",
        Role::Where => "this scope",
        _ => "this condition",
    }
}

#[cfg(test)]
mod tests {
    use super::provider_meant;

    #[test]
    fn providers() {
        for (name, meant) in [
            ("AWS", "aws"),
            ("amazon", "aws"),
            ("Amazon-Web-Services", "aws"),
            ("azur", "azure"),
            ("GCP", "gcp"),
            ("google", "gcp"),
            ("On Prem", "on-prem"),
        ] {
            assert_eq!(provider_meant(name).as_deref(), Some(meant), "{name}");
        }
        for name in ["aws", "azure", "gcp", "oci", "ovh", "on-prem", "kubernetes", "digitalocean", ""] {
            assert_eq!(provider_meant(name), None, "{name}");
        }
    }
}
