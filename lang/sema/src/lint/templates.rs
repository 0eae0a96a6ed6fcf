//! Texts in the form of other languages: `"${team}"` of shells and Terraform, which is `"{team}"` here, and `like "web%"` of
//! SQL, which is `like "web*"`.

use super::Lint;
use crate::codes::Code;
use crate::hir::{Action, Body, Check, Expr, Item, Step, Template, Text, Value};
use crate::pretty::quoted;

impl Lint<'_> {
    /// Reports dollar signs before the braces of templates.
    pub(super) fn templates(&mut self, item: &Item) {
        let mut texts = Texts::default();
        match &item.body {
            Body::Define(expr) => of_expr(expr, &mut texts),
            Body::Normalize(normalize) => normalize.scope.iter().for_each(|expr| of_expr(expr, &mut texts)),
            Body::Rule(rule) => {
                rule.when.iter().for_each(|expr| of_expr(expr, &mut texts));
                of_actions(&rule.actions, &mut texts);
            }
            Body::Policy(policy) | Body::Template(Template { policy, .. }) => {
                of_scopes(policy.scopes.iter().map(|(_, scope)| scope), &mut texts);
                policy.checks.iter().for_each(|Check { expr, .. }| of_expr(expr, &mut texts));
                of_actions(&policy.remedies, &mut texts);
            }
            Body::Exempt(exempt) => of_scopes(exempt.scopes.iter().map(|(_, scope)| scope), &mut texts),
            Body::Goal(goal) => of_scopes(goal.scopes.iter().map(|(_, scope)| scope), &mut texts),
            Body::Allocate(allocate) => {
                of_scopes(allocate.from.iter().map(|(_, scope)| scope), &mut texts);
            }
            Body::Relation(relation) => of_expr(&relation.condition, &mut texts),
            Body::Instance(instance) => {
                let values = instance.arguments.iter().map(|argument| &argument.value);
                values.for_each(|value| of_value(value, &mut texts));
            }
            Body::Use(_) | Body::Tag(_) | Body::Test(_) | Body::Table(_) | Body::Infer(_) | Body::List(_) => {
            }
        }
        let is_foreign = |text: &&&Text| text.value.contains('%') && !text.value.contains('*');
        for pattern in texts.patterns.iter().filter(is_foreign) {
            let right = pattern.value.replace('%', "*");
            let draft = self
                .draft(Code::L0029, pattern.id, "`%` is a character like any other in a pattern of `like`")
                .help(format!("any text is written `*`: `{right}`"))
                .fix(quoted(&right));
            self.report(draft);
        }
        for dollar in texts.all.into_iter().flat_map(|text| &text.dollars) {
            let draft = self
                .draft(Code::L0027, *dollar, "this `$` is a part of the text")
                .help("braces alone put a value into a text: `\"{team}\"`")
                .fix("");
            self.report(draft);
        }
    }
}

/// The texts of an item.
#[derive(Default)]
struct Texts<'a> {
    all: Vec<&'a Text>,
    /// Those on the right of `like`, which are in `all` as well.
    patterns: Vec<&'a Text>,
}

fn of_scopes<'a>(scopes: impl Iterator<Item = &'a Option<Expr>>, texts: &mut Texts<'a>) {
    scopes.flatten().for_each(|expr| of_expr(expr, texts));
}

fn of_actions<'a>(actions: &'a [Action], texts: &mut Texts<'a>) {
    actions.iter().for_each(|action| of_value(&action.value, texts));
}

fn of_expr<'a>(expr: &'a Expr, texts: &mut Texts<'a>) {
    match expr {
        Expr::Or(parts) | Expr::And(parts) => parts.iter().for_each(|part| of_expr(part, texts)),
        Expr::Not(inner) => of_expr(inner, texts),
        Expr::Value(value)
        | Expr::In { value, .. }
        | Expr::InNamed { value, .. }
        | Expr::Is { value, .. }
        | Expr::Within { value, .. } => of_value(value, texts),
        Expr::Compare { left, right, .. } => {
            of_value(left, texts);
            of_value(right, texts);
        }
        Expr::Text { value, op, operand, .. } => {
            of_value(value, texts);
            let before = texts.all.len();
            of_value(operand, texts);
            if op == "like" {
                texts.patterns.extend_from_slice(texts.all.get(before..).unwrap_or_default());
            }
        }
    }
}

fn of_value<'a>(value: &'a Value, texts: &mut Texts<'a>) {
    match value {
        Value::Text(text) => texts.all.push(text),
        Value::Call(_, _, values) | Value::List(_, values) => {
            values.iter().for_each(|value| of_value(value, texts));
        }
        Value::Sum(_, first, rest) => {
            of_value(first, texts);
            rest.iter().for_each(|(_, value)| of_value(value, texts));
        }
        Value::Path(_, _, steps) => {
            for step in steps {
                if let Step::Index(key) = step {
                    of_value(key, texts);
                }
            }
        }
        Value::Regex(_)
        | Value::Number(..)
        | Value::Date(..)
        | Value::Bool(..)
        | Value::Native(_)
        | Value::Quantity(_) => {}
    }
}
