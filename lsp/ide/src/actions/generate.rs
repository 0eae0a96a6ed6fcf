//! Tests made from rules and policies.

use std::collections::BTreeSet;

use tagpol_sema::check::{Typed, checked};
use tagpol_sema::program::{Attr, CmpOp, Policy, Pred, Rule, TextOp, Value};
use tagpol_sema::{Def, ItemRef, Scope, scope};
use tagpol_syntax::{SyntaxKind, TextRange};

use super::{Action, ActionKind, Site};
use crate::place::Edit;
use crate::symbol::item_at;

/// Offers a test of the rule or policy at the cursor, if the cursor is on its first line.
pub(super) fn generated(site: &Site<'_>, actions: &mut Vec<Action>) {
    let Some(node) = site.item() else { return };
    let title = match node.kind() {
        SyntaxKind::RuleItem => "generate a test of this rule",
        SyntaxKind::PolicyItem => "generate a test of this policy",
        _ => return,
    };
    let before = site.text().get(usize::from(node.text_range().start())..usize::from(site.range.start()));
    if before.is_none_or(|before| before.contains('\n')) {
        return;
    }
    let Some(item) = item_at(site.db, site.file, node.text_range().start()) else { return };
    let names = scope(site.db, site.project);
    let text = match &checked(site.db, site.project, item.clone()).typed {
        Some(Typed::Rule(rule, _)) => of_rule(site, names, rule),
        Some(Typed::Policy(policy, ..)) => of_policy(site, names, policy),
        _ => return,
    };
    let edit = Edit::replace(TextRange::empty(node.text_range().end()), format!("\n\n{text}"));
    actions.push(site.action(title, ActionKind::Extract, vec![edit]));
}

fn of_rule(site: &Site<'_>, names: &Scope, rule: &Rule) -> String {
    let given = Given::of(site, names, rule.when.iter().collect());
    let expects = rule.actions.iter().map(|action| {
        let tag = name_of(names, Def::Tag(action.tag));
        match &action.value {
            Value::Text(text) => format!("  expect {tag} == \"{}\" from rule {}\n", escaped(text), rule.name),
            _ => format!("  // expect {tag} == … from rule {}\n", rule.name),
        }
    });
    let body: String = expects.collect();
    let needs = if body.contains("\n  expect") || body.starts_with("  expect") {
        ""
    } else {
        "  expect no violation POLICY\n"
    };
    format!("test \"{} gives its value\" {{\n  {}\n{body}{needs}}}", escaped(&rule.name), given.text())
}

fn of_policy(site: &Site<'_>, names: &Scope, policy: &Policy) -> String {
    let given = Given::of(site, names, policy.scope.iter().collect());
    let expects: String = policy
        .checks
        .iter()
        .map(|check| format!("  expect violation {}/{}\n", policy.name, check.id))
        .collect();
    format!("test \"{} finds what breaks it\" {{\n  {}\n{expects}}}", escaped(&policy.name), given.text())
}

fn name_of(names: &Scope, def: Def) -> String {
    names.item_of(def).map(|item: &ItemRef| item.key.name.clone()).unwrap_or_default()
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('{', "\\{").replace('}', "\\}")
}

/// A made-up resource.
#[derive(Default)]
struct Given {
    attributes: Vec<(Attr, String)>,
    tags: Vec<(String, String)>,
}

impl Given {
    /// A resource that most probably meets some conditions.
    fn of<'a>(site: &Site<'a>, names: &'a Scope, mut conditions: Vec<&'a Pred>) -> Self {
        let mut given = Self::default();
        let mut used = BTreeSet::new();
        while let Some(pred) = conditions.pop() {
            match pred {
                Pred::And(parts) => conditions.extend(parts),
                Pred::Or(parts) => conditions.extend(parts.first()),
                Pred::Named(define) if used.insert(*define) => {
                    let item = names.item_of(Def::Define(*define));
                    if let Some(Typed::Define(pred)) =
                        item.and_then(|item| checked(site.db, site.project, item.clone()).typed.as_ref())
                    {
                        conditions.push(pred);
                    }
                }
                Pred::Compare { op: CmpOp::Eq, left, right: Value::Text(text), .. } => {
                    given.set(names, left, text)
                }
                Pred::In { value, list, negated: false, .. } => {
                    if let Some(Value::Text(text)) = list.first() {
                        given.set(names, value, text);
                    }
                }
                Pred::Text { op, value, patterns } => {
                    if let Some(pattern) = patterns.first() {
                        given.set(names, value, &meets(*op, pattern));
                    }
                }
                _ => {}
            }
        }
        given
    }

    fn set(&mut self, names: &Scope, of: &Value, text: &str) {
        match of {
            Value::Attr(attr) => self.attribute(*attr, text),
            Value::Tag(tag) | Value::NativeTag(tag) => {
                self.tag(name_of(names, Def::Tag(*tag)), text);
            }
            Value::Native(key) => self.tag(key.clone(), text),
            _ => {}
        }
    }

    fn attribute(&mut self, attr: Attr, text: &str) {
        let is_text = !matches!(attr, Attr::Age | Attr::Created | Attr::MonthlyCost);
        if is_text && !self.attributes.iter().any(|(other, _)| *other == attr) {
            self.attributes.push((attr, text.to_owned()));
        }
    }

    fn tag(&mut self, key: String, text: &str) {
        if !self.tags.iter().any(|(other, _)| *other == key) {
            self.tags.push((key, text.to_owned()));
        }
    }

    fn text(&self) -> String {
        let mut fields: Vec<String> = Vec::new();
        if !self.attributes.iter().any(|(attr, _)| *attr == Attr::Name) {
            fields.push("name \"web-1\"".to_owned());
        }
        fields.extend(
            self.attributes.iter().map(|(attr, text)| format!("{} \"{}\"", attr.as_str(), escaped(text))),
        );
        if !self.tags.is_empty() {
            let tags =
                self.tags.iter().map(|(key, text)| format!("\"{}\": \"{}\"", escaped(key), escaped(text)));
            fields.push(format!("tags {{ {} }}", tags.collect::<Vec<_>>().join(", ")));
        }
        format!("given {{ {} }}", fields.join("  "))
    }
}

/// A text that a test of texts is true of.
fn meets(op: TextOp, pattern: &str) -> String {
    match op {
        TextOp::Contains | TextOp::HasWord => format!("web-{pattern}-1"),
        TextOp::StartsWith => format!("{pattern}1"),
        TextOp::EndsWith => format!("web{pattern}"),
        TextOp::Like => pattern.replace('*', "web").replace('?', "x"),
    }
}
