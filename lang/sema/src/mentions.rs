//! The names that an item mentions, whatever they stand for.
//!
//! Members of enumerations and providers are among them: which bare word is which only the check
//! knows, and it needs the names first.

use std::collections::BTreeSet;

use crate::hir::{Action, Body, Expr, Item, Name, Policy, Rule, Step, TextPart, Value};

/// Returns the names of tags, predicates, lists, tables and policies that an item may read or write.
pub(crate) fn mentions(item: &Item) -> BTreeSet<&str> {
    let mut names = Names::default();
    match &item.body {
        Body::Define(expr) => names.expr(expr),
        Body::Rule(rule) => names.rule(rule),
        Body::Policy(policy) => names.policy(policy),
        Body::Template(template) => {
            names.policy(&template.policy);
            template.params.iter().for_each(|param| {
                names.0.remove(param.name.text.as_str());
            });
            names.values(template.params.iter().filter_map(|param| param.default.as_ref()));
        }
        Body::Instance(instance) => {
            names.name(&instance.template);
            names.values(instance.arguments.iter().map(|argument| &argument.value));
        }
        Body::Normalize(normalize) => names.exprs(&normalize.scope),
        Body::Exempt(exempt) => {
            // The first policy is what the item goes by: it comes in with it.
            exempt.paths.iter().skip(1).for_each(|path| names.name(&path.policy));
            names.exprs(exempt.scopes.iter().flat_map(|(_, scope)| scope));
        }
        Body::Infer(infer) => infer.tags.iter().for_each(|tag| names.name(tag)),
        Body::Goal(goal) => {
            names.values(goal.coverage.iter().flat_map(|coverage| &coverage.tags));
            names.values(&goal.each);
            names.exprs(goal.scopes.iter().flat_map(|(_, scope)| scope));
        }
        Body::Allocate(allocate) => {
            names.exprs(allocate.from.iter().flat_map(|(_, scope)| scope));
            allocate.to.iter().for_each(|to| names.name(&to.tag));
        }
        Body::List(list) => names.values(&list.members),
        // Its bare names are attributes.
        Body::Relation(_) => {}
        Body::Use(_) | Body::Tag(_) | Body::Table(_) | Body::Test(_) => {}
    }
    names.0
}

#[derive(Default)]
struct Names<'a>(BTreeSet<&'a str>);

impl<'a> Names<'a> {
    fn name(&mut self, name: &'a Name) {
        self.0.insert(&name.text);
    }

    fn rule(&mut self, rule: &'a Rule) {
        self.exprs(&rule.when);
        self.actions(&rule.actions);
    }

    fn actions(&mut self, actions: &'a [Action]) {
        for action in actions {
            self.name(&action.tag);
            self.value(&action.value);
        }
    }

    fn policy(&mut self, policy: &'a Policy) {
        self.exprs(policy.scopes.iter().flat_map(|(_, scope)| scope));
        self.exprs(policy.checks.iter().map(|check| &check.expr));
        self.actions(&policy.remedies);
    }

    fn exprs(&mut self, exprs: impl IntoIterator<Item = &'a Expr>) {
        exprs.into_iter().for_each(|expr| self.expr(expr));
    }

    fn expr(&mut self, expr: &'a Expr) {
        match expr {
            Expr::Or(parts) | Expr::And(parts) => self.exprs(parts),
            Expr::Not(inner) => self.expr(inner),
            Expr::Value(value) | Expr::Is { value, .. } | Expr::Within { value, .. } => self.value(value),
            Expr::Compare { left, right, .. } => self.values([left, right]),
            Expr::In { value, list, .. } => {
                self.value(value);
                self.values(list);
            }
            Expr::InNamed { value, name, .. } => {
                self.value(value);
                self.name(name);
            }
            Expr::Text { value, operand, .. } => self.values([value, operand]),
        }
    }

    fn values(&mut self, values: impl IntoIterator<Item = &'a Value>) {
        values.into_iter().for_each(|value| self.value(value));
    }

    fn value(&mut self, value: &'a Value) {
        match value {
            Value::Path(_, first, steps) => {
                let fields = steps.iter().filter_map(|step| match step {
                    Step::Field(name) => Some(name),
                    Step::Index(_) => None,
                });
                self.path(first, fields);
                for step in steps {
                    if let Step::Index(key) = step {
                        self.value(key);
                    }
                }
            }
            Value::Text(text) => {
                for part in &text.parts {
                    if let TextPart::Path(_, first, rest) = part {
                        self.path(first, rest);
                    }
                }
            }
            Value::Call(_, _, values) | Value::List(_, values) => self.values(values),
            Value::Native(tags) => tags.of.iter().for_each(|tag| self.name(tag)),
            Value::Sum(_, first, rest) => {
                self.value(first);
                self.values(rest.iter().map(|(_, value)| value));
            }
            Value::Regex(_) | Value::Number(..) | Value::Date(..) | Value::Bool(..) | Value::Quantity(_) => {}
        }
    }

    /// `native.owner` mentions the tag `owner`, and `owner.source` does too.
    fn path(&mut self, first: &'a Name, rest: impl IntoIterator<Item = &'a Name>) {
        match first.text.as_str() {
            "resource" | "charge" => {}
            "native" => rest.into_iter().take(1).for_each(|tag| self.name(tag)),
            _ => self.name(first),
        }
    }
}

#[cfg(test)]
mod tests {
    use tagpol_syntax::ast::{AstNode as _, File};

    use super::*;

    #[test]
    fn all_places_of_names() {
        let cases = [
            (
                "define a = b == c or not (d in [e, \"{f}-{resource.name}-{native.g}\"] and h)",
                "b c d e f g h",
            ),
            ("define a = lower(b) like \"c\" and native.d is set and native[\"e\"] is set", "b d"),
            ("define a = resource.type in [\"x\"] and b.source == set and c within last 9 days", "b c set"),
            ("rule r {\n when a\n fill b = \"{c}\"\n set d = coalesce(e, f)\n}", "a b c d e f"),
            (
                "policy p {\n severity low\n for resource where a\n require b, c > 5\n forbid x: d like e\n}",
                "a b c d e",
            ),
            ("exempt p {\n for resource where a\n until 2027-01-01\n because \"{b}\"\n}", "a"),
            ("normalize t where a {\n keys \"b\"\n map \"c\" -> d\n}", "a"),
            ("test \"t\" { given { tags { a: \"b\" } } expect c == d }", ""),
            ("tag t: one of [a, b] { default a }", ""),
            ("use std::a::{b}", ""),
            ("rule r {\n fill a = b[c].d\n}", "a b c"),
            ("table t from \"a\" key b { b: text }", ""),
            ("infer a, b { apply at 0.9 }", "a b"),
            (
                "goal g {\n coverage of [a, b] by cost\n for resource where c\n for each d\n at least 9%\n}",
                "a b c d",
            ),
            ("allocate g {\n from resource where a\n to b in [c]\n split even\n}", "a b"),
            ("policy p {\n severity low\n require a\n remediate set a = b\n}", "a b"),
        ];
        for (text, expected) in cases {
            let file = File::cast(tagpol_syntax::parse(text).root()).unwrap();
            let lowered = crate::lower::lower(&file);
            let names = mentions(&lowered.items[0].item);
            assert_eq!(names.into_iter().collect::<Vec<_>>().join(" "), expected, "{text}");
        }
    }
}
