//! Arguments in the place of parameters.

use std::collections::BTreeMap;

use crate::hir::{
    Action, Check, Expr, Length, Name, NativeTags, NodeId, Policy, Quantity, RegexLit, Step, Text, TextPart,
    Value,
};

/// What the parameters of a policy stand for.
pub(super) struct Substitution<'a> {
    /// By the name of the parameter.
    pub(super) values: BTreeMap<&'a str, Value>,
    /// Whether the values are placeholders, of which texts show nothing.
    pub(super) is_generic: bool,
}

impl Substitution<'_> {
    pub(super) fn policy(&self, policy: &Policy) -> Policy {
        let scopes = policy.scopes.iter();
        let scopes = scopes.map(|(id, scope)| (*id, scope.as_ref().map(|expr| self.expr(expr))));
        let escalate = policy.escalate.iter();
        let escalate = escalate
            .map(|(id, to, after)| (*id, self.plain(to), after.as_ref().map(|length| self.length(length))));
        Policy {
            severity: policy.severity.iter().map(|name| self.name(name)).collect(),
            scopes: scopes.collect(),
            checks: policy.checks.iter().map(|check| self.check(check)).collect(),
            grace: policy.grace.iter().map(|length| self.length(length)).collect(),
            escalate: escalate.collect(),
            controls: policy.controls.clone(),
            remedies: policy.remedies.iter().map(|remedy| self.remedy(remedy)).collect(),
        }
    }

    fn check(&self, check: &Check) -> Check {
        Check {
            expr: self.expr(&check.expr),
            message: check.message.as_ref().map(|text| self.plain(text)),
            ..check.clone()
        }
    }

    fn remedy(&self, remedy: &Action) -> Action {
        Action { tag: self.name(&remedy.tag), value: self.value(&remedy.value), ..remedy.clone() }
    }

    fn length(&self, length: &Length) -> Length {
        match length {
            Length::Name(name) => match self.values.get(name.text.as_str()) {
                Some(Value::Quantity(quantity)) => Length::Quantity(quantity.clone()),
                _ => Length::Name(self.name(name)),
            },
            Length::Quantity(_) => length.clone(),
        }
    }

    /// A name where only a name can stand: that of a tag, a severity.
    fn name(&self, name: &Name) -> Name {
        match self.values.get(name.text.as_str()) {
            Some(Value::Path(_, other, steps)) if steps.is_empty() => other.clone(),
            _ => name.clone(),
        }
    }

    fn exprs(&self, exprs: &[Expr]) -> Vec<Expr> {
        exprs.iter().map(|expr| self.expr(expr)).collect()
    }

    fn expr(&self, expr: &Expr) -> Expr {
        match expr {
            Expr::Or(parts) => Expr::Or(self.exprs(parts)),
            Expr::And(parts) => Expr::And(self.exprs(parts)),
            Expr::Not(inner) => Expr::Not(Box::new(self.expr(inner))),
            Expr::Value(value) => Expr::Value(self.value(value)),
            Expr::Compare { op_id, op, left, right } => {
                let (left, right) = (self.value(left), self.value(right));
                Expr::Compare { op_id: *op_id, op: op.clone(), left, right }
            }
            Expr::In { value, negated, list_id, list } => Expr::In {
                value: self.value(value),
                negated: *negated,
                list_id: *list_id,
                list: list.iter().map(|member| self.value(member)).collect(),
            },
            Expr::InNamed { value, negated, name } => self.in_named(self.value(value), *negated, name),
            Expr::Text { value, op_id, op, operand } => {
                let (value, operand) = (self.value(value), self.value(operand));
                Expr::Text { value, op_id: *op_id, op: op.clone(), operand }
            }
            Expr::Is { value, negated, what } => {
                Expr::Is { value: self.value(value), negated: *negated, what: what.clone() }
            }
            Expr::Within { value, last, span } => {
                Expr::Within { value: self.value(value), last: *last, span: span.clone() }
            }
        }
    }

    /// `owner in allowed`: a list in the place of its name.
    fn in_named(&self, value: Value, negated: bool, name: &Name) -> Expr {
        match self.values.get(name.text.as_str()) {
            Some(Value::List(id, members)) => {
                Expr::In { value, negated, list_id: *id, list: members.clone() }
            }
            Some(Value::Path(_, other, steps)) if steps.is_empty() => {
                Expr::InNamed { value, negated, name: other.clone() }
            }
            Some(other) => Expr::In { value, negated, list_id: other.id(), list: vec![other.clone()] },
            None => Expr::InNamed { value, negated, name: name.clone() },
        }
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::Text(text) => Value::Text(self.text(text)),
            Value::Path(id, name, steps) => self.path(*id, name, steps),
            Value::Call(id, name, arguments) => {
                Value::Call(*id, name.clone(), arguments.iter().map(|value| self.value(value)).collect())
            }
            Value::List(id, members) => {
                Value::List(*id, members.iter().map(|value| self.value(value)).collect())
            }
            Value::Native(tags) => {
                Value::Native(NativeTags { of: tags.of.as_ref().map(|tag| self.name(tag)), ..tags.clone() })
            }
            Value::Sum(id, first, rest) => {
                let rest = rest.iter().map(|(back, by)| (*back, self.value(by)));
                Value::Sum(*id, Box::new(self.value(first)), rest.collect())
            }
            Value::Regex(_) | Value::Number(..) | Value::Date(..) | Value::Bool(..) | Value::Quantity(_) => {
                value.clone()
            }
        }
    }

    fn path(&self, id: NodeId, name: &Name, steps: &[Step]) -> Value {
        if let ([], Some(value)) = (steps, self.values.get(name.text.as_str())) {
            return value.clone();
        }
        // `native.required` and `instance.required` read the tag that a parameter stands for.
        let reads_tag = name.text != "resource" && !self.values.contains_key(name.text.as_str());
        let steps = steps.iter().map(|step| match step {
            Step::Field(field) if reads_tag => Step::Field(self.name(field)),
            Step::Field(field) => Step::Field(field.clone()),
            Step::Index(value) => Step::Index(Box::new(self.value(value))),
        });
        Value::Path(id, self.name(name), steps.collect())
    }

    /// A text that may be a template.
    fn text(&self, text: &Text) -> Text {
        let part = |part: &TextPart| match part {
            TextPart::Path(id, first, rest) => match self.values.get(first.text.as_str()) {
                Some(_) if self.is_generic => TextPart::Text(String::new()),
                Some(Value::Path(..)) => TextPart::Path(*id, self.name(first), rest.clone()),
                Some(value) if rest.is_empty() => TextPart::Text(shown(value)),
                _ => part.clone(),
            },
            part => part.clone(),
        };
        let parts: Vec<TextPart> = text.parts.iter().map(part).collect();
        let is_plain = parts.iter().all(|part| matches!(part, TextPart::Text(_)));
        let value = if is_plain && parts != text.parts { joined(&parts) } else { text.value.clone() };
        Text { value, parts, ..text.clone() }
    }

    /// A text that is shown as it is, with arguments in the place of `{parameter}`.
    fn plain(&self, text: &Text) -> Text {
        let names = text.parts.iter().any(|part| match part {
            TextPart::Path(_, first, rest) => {
                rest.is_empty() && self.values.contains_key(first.text.as_str())
            }
            _ => false,
        });
        if !names {
            return text.clone();
        }
        let part = |part: &TextPart| match part {
            TextPart::Path(_, first, rest) if rest.is_empty() => {
                let value = self.values.get(first.text.as_str());
                value.map_or_else(|| format!("{{{}}}", first.text), shown)
            }
            TextPart::Path(_, first, rest) => {
                let rest: String = rest.iter().map(|name| format!(".{}", name.text)).collect();
                format!("{{{}{rest}}}", first.text)
            }
            TextPart::Text(text) => text.clone(),
            TextPart::OpenBrace(_) => "{".to_owned(),
        };
        let value: String = text.parts.iter().map(part).collect();
        Text { parts: vec![TextPart::Text(value.clone())], value, ..text.clone() }
    }
}

fn joined(parts: &[TextPart]) -> String {
    let text = |part: &TextPart| match part {
        TextPart::Text(text) => text.clone(),
        TextPart::Path(..) | TextPart::OpenBrace(_) => String::new(),
    };
    parts.iter().map(text).collect()
}

/// An argument as a text shows it.
fn shown(value: &Value) -> String {
    match value {
        Value::Text(text) => text.value.clone(),
        Value::Number(_, text) | Value::Date(_, text) => text.clone(),
        Value::Bool(_, truth) => truth.to_string(),
        Value::Quantity(quantity) => format!("{} {}", quantity.number, quantity.unit.text),
        Value::Path(_, name, _) => name.text.trim_start_matches('\0').to_owned(),
        Value::List(_, members) => members.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Regex(regex) => format!("/{}/", regex.pattern),
        Value::Call(..) | Value::Native(_) | Value::Sum(..) => String::new(),
    }
}

/// Returns a value with its places moved, so that they are apart from those of another item.
pub(super) fn shifted(value: &Value, by: u32) -> Value {
    let at = |id: &NodeId| NodeId(id.0.saturating_add(by));
    let name = |name: &Name| Name { id: at(&name.id), text: name.text.clone() };
    let values = |values: &[Value]| values.iter().map(|value| shifted(value, by)).collect();
    match value {
        Value::Text(text) => Value::Text(shifted_text(text, by)),
        Value::Regex(regex) => Value::Regex(RegexLit { id: at(&regex.id), ..regex.clone() }),
        Value::Number(id, text) => Value::Number(at(id), text.clone()),
        Value::Date(id, text) => Value::Date(at(id), text.clone()),
        Value::Bool(id, truth) => Value::Bool(at(id), *truth),
        Value::Quantity(quantity) => Value::Quantity(Quantity {
            id: at(&quantity.id),
            number: quantity.number.clone(),
            unit: name(&quantity.unit),
        }),
        Value::Call(id, function, arguments) => Value::Call(at(id), name(function), values(arguments)),
        Value::Path(id, first, steps) => {
            let step = |step: &Step| match step {
                Step::Field(field) => Step::Field(name(field)),
                Step::Index(value) => Step::Index(Box::new(shifted(value, by))),
            };
            Value::Path(at(id), name(first), steps.iter().map(step).collect())
        }
        Value::List(id, members) => Value::List(at(id), values(members)),
        Value::Native(tags) => {
            Value::Native(NativeTags { id: at(&tags.id), of: tags.of.as_ref().map(name), ..tags.clone() })
        }
        Value::Sum(id, first, rest) => {
            let rest = rest.iter().map(|(back, value)| (*back, shifted(value, by)));
            Value::Sum(at(id), Box::new(shifted(first, by)), rest.collect())
        }
    }
}

fn shifted_text(text: &Text, by: u32) -> Text {
    let at = |id: &NodeId| NodeId(id.0.saturating_add(by));
    let name = |name: &Name| Name { id: at(&name.id), text: name.text.clone() };
    let part = |part: &TextPart| match part {
        TextPart::Text(text) => TextPart::Text(text.clone()),
        TextPart::Path(id, first, rest) => {
            TextPart::Path(at(id), name(first), rest.iter().map(name).collect())
        }
        TextPart::OpenBrace(id) => TextPart::OpenBrace(at(id)),
    };
    Text {
        id: at(&text.id),
        value: text.value.clone(),
        bad_escapes: text.bad_escapes.iter().map(|(id, escape)| (at(id), escape.clone())).collect(),
        parts: text.parts.iter().map(part).collect(),
        dollars: text.dollars.iter().map(at).collect(),
    }
}
