//! Unit tests.

use chrono::{DateTime, Utc};

use super::literal::Amount;
use super::normalize::no_loc;
use super::{Ctx, Typed, Used, sound};
use crate::codes::Code;
use crate::formats;
use crate::hir::{self, ExpectWhat, Item, Name, NodeId};
use crate::names::{Def, Wanted};
use crate::program::{self, Attr, DefineId, Expect, ExpectKind, Given};

impl Ctx<'_> {
    pub(super) fn test(&mut self, item: &Item, body: &hir::Test) -> Option<Typed> {
        self.once("at", &body.at.iter().map(|(node, _)| *node).collect::<Vec<_>>());
        let at = body.at.first().map(|(node, text)| self.time(*node, text));
        let wanted = [
            ("given", body.givens.is_empty(), "given { name \"web-1\" }"),
            ("expect", body.expects.is_empty(), "expect no violation POLICY/CHECK"),
        ];
        for (what, missing, example) in wanted {
            if missing && !item.broken {
                let draft = self.draft(Code::E0040, item.name.id, format!("this test has no `{what}`"));
                self.report(draft.help(format!("add a line like `{example}`")));
            }
        }
        self.given_labels(&body.givens);
        let givens: Vec<_> = body.givens.iter().filter_map(|given| self.given(given)).collect();
        let expects: Vec<_> =
            body.expects.iter().filter_map(|expect| self.expect(expect, &body.givens, item.broken)).collect();
        let nodes = body.expects.iter().map(|expect| expect.id).collect();
        let at = sound(at)?;
        let complete = !givens.is_empty()
            && !expects.is_empty()
            && givens.len() == body.givens.len()
            && expects.len() == body.expects.len();
        let test = program::Test { name: item.name.text.clone(), at, givens, expects, loc: no_loc() };
        complete.then(|| Typed::Test(Box::new(test), nodes))
    }

    /// Reports labels that two `given`s share.
    fn given_labels(&mut self, givens: &[hir::Given]) {
        let labels: Vec<&Name> = givens.iter().filter_map(|given| given.label.as_ref()).collect();
        for (i, label) in labels.iter().enumerate() {
            let Some(first) = labels.iter().take(i).find(|other| other.text == label.text) else { continue };
            let draft = self
                .draft(
                    Code::E0011,
                    label.id,
                    format!("two resources of this test are named `{}`", label.text),
                )
                .label("named here again")
                .related(self.anchor(first.id), "first named here");
            self.report(draft);
        }
    }

    /// A day (its first moment in UTC) or a time in RFC 3339.
    fn time(&mut self, node: NodeId, text: &str) -> Option<DateTime<Utc>> {
        let day =
            formats::parse_date(text).and_then(|date| date.and_hms_opt(0, 0, 0)).map(|time| time.and_utc());
        let time = day.or_else(|| DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc()));
        if time.is_none() {
            let draft = self
                .draft(Code::E0024, node, format!("`{text}` is not a time"))
                .help("write a day like `2026-11-01`, or a time like `\"2026-11-01T12:00:00Z\"`");
            self.report(draft);
        }
        time
    }

    fn given(&mut self, given: &hir::Given) -> Option<Given> {
        let mut typed =
            Given { label: given.label.as_ref().map(|name| name.text.clone()), ..Given::default() };
        let mut complete = true;
        let mut seen: Vec<(&str, NodeId)> = Vec::new();
        for (name, value) in &given.attrs {
            if let Some((_, first)) = seen.iter().find(|(other, _)| *other == name.text) {
                self.once(&name.text, &[*first, name.id]);
            }
            seen.push((&name.text, name.id));
            complete &= self.given_attr(name, value, &mut typed).is_some();
        }
        for (key, value) in &given.tags {
            self.escapes(key);
            if typed.tags.iter().any(|(other, _)| *other == key.value) {
                let draft =
                    self.draft(Code::E0041, key.id, format!("the tag `{}` is given twice", key.value));
                self.report(draft);
                continue;
            }
            typed.tags.push((key.value.clone(), value.clone()));
        }
        complete &= self.given_meta(&given.meta, &mut typed).is_some();
        complete.then_some(typed)
    }

    /// `meta { "sku.name": "P1" }`: what `resource.meta["sku.name"]` reads.
    fn given_meta(&mut self, fields: &[(hir::Text, hir::Value)], typed: &mut Given) -> Option<()> {
        let mut complete = true;
        for (key, value) in fields {
            let path = self.meta_path(key);
            let value = match value {
                hir::Value::Text(text) => {
                    self.escapes(text);
                    Some(program::Value::Text(text.value.clone()))
                }
                hir::Value::Number(node, number) => self.number(*node, number).map(program::Value::Number),
                hir::Value::Date(_, date) => Some(program::Value::Text(date.clone())),
                hir::Value::Bool(_, truth) => Some(program::Value::Bool(*truth)),
                _ => None,
            };
            let (Some(path), Some(value)) = (path, value) else {
                complete = false;
                continue;
            };
            if let Some((other, _)) = typed.meta.iter().find(|(other, _)| overlap(other, &path)) {
                let message = match *other == path {
                    true => format!("the field `{path}` is given twice"),
                    false => {
                        format!("`{other}` and `{path}` cannot both be given: one leads through the other")
                    }
                };
                let draft = self.draft(Code::E0041, key.id, message);
                self.report(draft);
                continue;
            }
            typed.meta.push((path, value));
        }
        complete.then_some(())
    }

    fn given_attr(&mut self, name: &Name, value: &hir::Value, typed: &mut Given) -> Option<()> {
        let attrs = Attr::ALL.into_iter().filter(|attr| *attr != Attr::Age);
        let names = attrs.clone().map(Attr::as_str);
        let Some(attr) = attrs.clone().find(|attr| attr.as_str() == name.text) else {
            let list = names.clone().collect::<Vec<_>>().join(", ");
            let draft = self
                .draft(Code::E0013, name.id, format!("a resource has no `{}`", name.text))
                .help(format!("the fields are {list}, `tags {{ … }}` and `meta {{ … }}`"))
                .did_you_mean(&name.text, names);
            self.report(draft);
            return None;
        };
        match (attr, value) {
            (Attr::MonthlyCost, hir::Value::Quantity(quantity)) => match self.amount(quantity)? {
                Amount::Money(amount, currency) => typed.monthly_cost = Some((amount, currency)),
                Amount::Duration(_) => return self.wrong_given(value, "an amount like `620 USD`"),
            },
            (Attr::MonthlyCost, _) => return self.wrong_given(value, "an amount like `620 USD`"),
            (Attr::Created, hir::Value::Date(node, text)) => typed.created = Some(self.time(*node, text)?),
            (Attr::Created, hir::Value::Text(text)) => typed.created = Some(self.time(text.id, &text.value)?),
            (Attr::Created, _) => return self.wrong_given(value, "a day like `2026-11-01`"),
            (attr, hir::Value::Text(text)) => {
                self.escapes(text);
                typed.attrs.push((attr, text.value.clone()));
            }
            _ => return self.wrong_given(value, "a text in quotes"),
        }
        Some(())
    }

    fn wrong_given(&mut self, value: &hir::Value, wanted: &str) -> Option<()> {
        let draft = self.draft(Code::E0020, value.id(), format!("expected {wanted}"));
        self.report(draft);
        None
    }

    /// Types an expectation. Of a `broken` test not all resources are known.
    fn expect(&mut self, expect: &hir::Expect, givens: &[hir::Given], broken: bool) -> Option<Expect> {
        let given = expect.given.as_ref().map(|name| self.given_named(name, givens, broken));
        let kind = match &expect.what {
            ExpectWhat::Equals { tag, value, rule } => {
                let id = self.tag(tag);
                let rule = rule.as_ref().map(|rule| self.rule_named(rule));
                let ty = self.decl(id?).ty.clone();
                let value = self.expected_value(&tag.text, ty.as_ref()?, value)?;
                ExpectKind::TagIs { tag: id?, value, rule: sound(rule)? }
            }
            ExpectWhat::Is { tag, what } => {
                let id = self.tag(tag);
                self.word(what, "state to expect after `is`", &[("missing", ())])?;
                ExpectKind::TagMissing(id?)
            }
            ExpectWhat::Holds { define, negated } => {
                ExpectKind::Holds { define: self.define_named(define)?, negated: *negated }
            }
            ExpectWhat::Violation { path, negated } => {
                let (policy, check) = self.check_path(path)?;
                ExpectKind::Violation { policy, check, negated: *negated }
            }
            ExpectWhat::Exempt(path) => {
                let (policy, check) = self.check_path(path)?;
                ExpectKind::Exempt { policy, check }
            }
        };
        Some(Expect { given: sound(given)?, kind, text: expect.text.clone(), loc: no_loc() })
    }

    /// An expected value. In quotes it may be one that is not valid for the type, since such
    /// native values are kept.
    fn expected_value(&mut self, tag: &str, ty: &program::TagType, value: &hir::Value) -> Option<String> {
        if let hir::Value::Text(text) = value {
            self.used_as_member(tag, ty, text.id, &text.value);
            return Some(self.plain_text(text));
        }
        self.tag_literal(tag, Some(ty), value)
    }

    fn define_named(&mut self, name: &Name) -> Option<DefineId> {
        let found = self.scope().names.get(&name.text).copied();
        if let Some(def @ Def::Define(define)) = found {
            self.used(name.id, Used::Def(def));
            self.reads.defines.insert(define);
            return Some(define);
        }
        if self.scope().may_define(&name.text) {
            return None;
        }
        let draft = match found {
            Some(other) => {
                let message = format!("`{}` is {}, not a predicate", name.text, other.kind());
                let draft = self.draft(Code::E0014, name.id, message);
                let of_tag = matches!(other, Def::Tag(_));
                let help = format!("test its value: `expect {} == …`, or `is missing`", name.text);
                if of_tag { draft.help(help) } else { draft }
            }
            None => self
                .draft(Code::E0010, name.id, format!("there is no predicate `{}`", name.text))
                .meant(self.similar(&name.text, Wanted::Condition).as_deref()),
        };
        self.report(draft);
        None
    }

    fn given_named(&mut self, name: &Name, givens: &[hir::Given], broken: bool) -> Option<usize> {
        let labels = givens.iter().filter_map(|given| given.label.as_ref());
        let found =
            givens.iter().position(|given| given.label.as_ref().is_some_and(|label| label.text == name.text));
        if found.is_none() && !broken {
            let draft = self
                .draft(Code::E0044, name.id, format!("this test has no `given {}`", name.text))
                .did_you_mean(&name.text, labels.map(|label| label.text.as_str()));
            self.report(draft);
        }
        if let Some(index) = found {
            self.used(name.id, Used::Given(index));
        }
        found
    }

    fn rule_named(&mut self, name: &Name) -> Option<usize> {
        if let Some(def @ Def::Rule(rule)) = self.scope().names.get(&name.text) {
            self.used(name.id, Used::Def(*def));
            return Some(*rule);
        }
        if self.scope().may_define(&name.text) {
            return None;
        }
        let draft = self
            .draft(Code::E0044, name.id, format!("there is no rule `{}`", name.text))
            .meant(self.similar(&name.text, Wanted::Rule).as_deref());
        self.report(draft);
        None
    }
}

/// Whether two paths into JSON are the same, or one leads through the other.
fn overlap(one: &str, other: &str) -> bool {
    let leads_through = |long: &str, short: &str| {
        long.strip_prefix(short).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    leads_through(one, other) || leads_through(other, one)
}
