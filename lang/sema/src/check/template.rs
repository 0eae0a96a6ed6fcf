//! Policies with parameters, and their instances.
//!
//! An instance is checked like the policy that it stands for: the body of the policy with its parameters replaced by the
//! arguments. Places of arguments are told apart from those of the body by their number ([`ARGUMENTS`]). The policy
//! itself is checked once without arguments, with names for its parameters that are taken for mistakes that have been
//! reported; what is found there is not reported again for each instance.

mod substitute;

use std::collections::BTreeMap;

use self::substitute::{Substitution, shifted};
use super::{Ctx, Typed, Used, checked};
use crate::codes::Code;
use crate::diagnostic::{Anchor, Draft};
use crate::hir::{Argument, Body, Instance, Item, Name, NodeId, Param, Template, Value};
use crate::names::{Def, ItemRef, PARAMETER, Wanted};
use crate::program::Severity;

/// Added to the places of arguments, so that they are none of the body.
const ARGUMENTS: u32 = 1 << 31;

/// Returns the place of a node of an instance: of an argument, or of the body of its policy.
pub(super) fn anchor(instance: &ItemRef, template: &ItemRef, node: NodeId) -> Anchor {
    match node.0.checked_sub(ARGUMENTS) {
        Some(own) => instance.anchor(NodeId(own)),
        None => template.anchor(node),
    }
}

/// What the argument for a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ParamType {
    Tag,
    Predicate,
    Text,
    Number,
    Money,
    Duration,
    Date,
    Severity,
    List,
    Value,
}

impl ParamType {
    const ALL: [(&'static str, Self); 10] = [
        ("tag", Self::Tag),
        ("predicate", Self::Predicate),
        ("text", Self::Text),
        ("number", Self::Number),
        ("money", Self::Money),
        ("duration", Self::Duration),
        ("date", Self::Date),
        ("severity", Self::Severity),
        ("list", Self::List),
        ("value", Self::Value),
    ];

    /// The type in words, with an example.
    fn describe(self) -> &'static str {
        match self {
            Self::Tag => "the name of a tag",
            Self::Predicate => "the name of a predicate",
            Self::Text => "a text in quotes",
            Self::Number => "a number",
            Self::Money => "an amount like `500 USD`",
            Self::Duration => "a length of time like `30 days`",
            Self::Date => "a date like `2027-03-31`",
            Self::Severity => "`critical`, `high`, `medium` or `low`",
            Self::List => "a list like `[\"a\", \"b\"]`, or the name of a list or a table",
            Self::Value => "a plain value",
        }
    }
}

impl Ctx<'_> {
    /// Checks a policy with parameters by itself: what is wrong whatever the arguments are.
    pub(super) fn policy_template(&mut self, item: &Item, body: &Template) -> Option<Typed> {
        let mut first: Vec<(&str, NodeId)> = Vec::new();
        let mut is_sound = true;
        for param in &body.params {
            self.kebab_case(&param.name);
            match first.iter().find(|(name, _)| *name == param.name.text) {
                Some((name, node)) => self.once(name, &[*node, param.name.id]),
                None => first.push((&param.name.text, param.name.id)),
            }
            let ty = self.param_type(param);
            let default = param.default.as_ref();
            is_sound &= ty.is_some_and(|ty| default.is_none_or(|value| self.fits(param, ty, value)));
        }
        let values = body.params.iter().map(|param| (param.name.text.as_str(), placeholder(param)));
        let substitution = Substitution { values: values.collect(), is_generic: true };
        let drafts = self.drafts.len();
        self.policy(item, &substitution.policy(&body.policy));
        (is_sound && self.drafts.len() == drafts).then_some(Typed::Template)
    }

    fn param_type(&mut self, param: &Param) -> Option<ParamType> {
        self.word(&param.ty, "type of a parameter", &ParamType::ALL)
    }

    /// Whether a value is of the type of a parameter; otherwise that is reported.
    fn fits(&mut self, param: &Param, ty: ParamType, value: &Value) -> bool {
        let name = match value {
            Value::Path(_, name, steps) if steps.is_empty() => Some(name),
            _ => None,
        };
        let is_right = match ty {
            ParamType::Tag => match name {
                Some(name) => return self.tag(name).is_some(),
                None => false,
            },
            ParamType::Severity => match name {
                Some(name) => return self.severity(name).is_some(),
                None => false,
            },
            ParamType::Predicate => name.is_some_and(|name| self.is_predicate(name)),
            ParamType::List => {
                matches!(value, Value::List(..)) || name.is_some_and(|name| self.is_collection(name))
            }
            ParamType::Text => matches!(value, Value::Text(_)),
            ParamType::Number => matches!(value, Value::Number(..)),
            ParamType::Date => matches!(value, Value::Date(..)),
            ParamType::Money | ParamType::Duration => match value {
                Value::Quantity(quantity) => {
                    let Some(amount) = self.amount(quantity) else { return false };
                    matches!(amount, super::literal::Amount::Money(..)) == (ty == ParamType::Money)
                }
                _ => false,
            },
            ParamType::Value => {
                name.is_some()
                    || matches!(value, Value::Text(_) | Value::Number(..) | Value::Date(..) | Value::Bool(..))
                    || matches!(value, Value::Quantity(_))
            }
        };
        if !is_right {
            let message = format!("the parameter `{}` needs {}", param.name.text, ty.describe());
            let draft = self.draft(Code::E0049, value.id(), message);
            self.report(draft.label("this does not fit the parameter"));
        }
        is_right
    }

    fn is_predicate(&mut self, name: &Name) -> bool {
        match self.scope().names.get(&name.text).copied() {
            Some(def @ (Def::Define(_) | Def::Tag(_))) => {
                self.used(name.id, Used::Def(def));
                true
            }
            _ => self.scope().may_define(&name.text),
        }
    }

    fn is_collection(&mut self, name: &Name) -> bool {
        match self.scope().names.get(&name.text).copied() {
            Some(def @ (Def::List(_) | Def::Table(_))) => {
                self.used(name.id, Used::Def(def));
                true
            }
            _ => self.scope().may_define(&name.text),
        }
    }

    /// Checks an instance: the body of its policy with the arguments in it.
    pub(super) fn policy_instance(&mut self, item: &Item, body: &Instance) -> Option<Typed> {
        let template = self.template_of(&body.template)?;
        let hir = template.item(self.db)?;
        let Body::Template(Template { params, policy }) = &hir.body else { return None };
        let arguments = self.arguments(&template, params, body)?;
        let values = params.iter().filter_map(|param| {
            let argument = arguments.get(param.name.text.as_str()).map(|value| shifted(value, ARGUMENTS));
            Some((param.name.text.as_str(), argument.or_else(|| param.default.clone())?))
        });
        let substitution = Substitution { values: values.collect(), is_generic: false };
        let doc = if item.doc.is_empty() { hir.doc.clone() } else { item.doc.clone() };
        let broken = item.broken || hir.broken;
        let expanded = Item { doc, broken, ..item.clone() };
        let typed = self.expanded(&template, body, |ctx| ctx.policy(&expanded, &substitution.policy(policy)));
        match typed? {
            // Findings are about the instance: the body says the same for all of them.
            Typed::Policy(policy, checks, remedies) => {
                let here = |nodes: Vec<NodeId>| vec![item.name.id; nodes.len()];
                Some(Typed::Policy(policy, here(checks), here(remedies)))
            }
            _ => None,
        }
    }

    fn template_of(&mut self, name: &Name) -> Option<ItemRef> {
        match self.scope().names.get(&name.text).copied() {
            Some(def @ Def::Template(_)) => {
                self.used(name.id, Used::Def(def));
                self.scope().item_of(def).cloned()
            }
            _ if self.scope().may_define(&name.text) => None,
            Some(other) => {
                let message = format!("`{}` is {}, not a policy with parameters", name.text, other.kind());
                let draft = self.draft(Code::E0014, name.id, message);
                let help = "a policy with parameters is written `policy required-tag(required: tag) { … }`";
                self.report(draft.help(help));
                None
            }
            None => {
                let message = format!("there is no policy `{}`", name.text);
                let similar = self.similar(&name.text, Wanted::Template);
                let draft = self.draft(Code::E0010, name.id, message).meant(similar.as_deref());
                self.report(draft);
                None
            }
        }
    }

    /// Returns the arguments by the names of their parameters. None: one is wrong, or missing.
    fn arguments<'i>(
        &mut self,
        template: &ItemRef,
        params: &[Param],
        body: &'i Instance,
    ) -> Option<BTreeMap<String, &'i Value>> {
        let mut found: BTreeMap<String, (&'i Value, NodeId)> = BTreeMap::new();
        let mut is_sound = true;
        for (at, Argument { name, value }) in body.arguments.iter().enumerate() {
            let node = name.as_ref().map_or(value.id(), |name| name.id);
            let param = match name {
                Some(name) => params.iter().find(|param| param.name.text == name.text),
                None => params.get(at),
            };
            let Some(param) = param else {
                self.no_parameter(template, params, name.as_ref(), node);
                is_sound = false;
                continue;
            };
            if let Some((_, first)) = found.get(&param.name.text) {
                self.once(&param.name.text, &[*first, node]);
                is_sound = false;
                continue;
            }
            found.insert(param.name.text.clone(), (value, node));
            // The type is wrong where the policy is, which has been reported there.
            let ty = ParamType::ALL.into_iter().find(|(word, _)| *word == param.ty.text);
            is_sound &= ty.is_some_and(|(_, ty)| self.fits(param, ty, value));
        }
        for param in params {
            if param.default.is_none() && !found.contains_key(&param.name.text) {
                let message = format!("`{}` has no value for `{}`", body.template.text, param.name.text);
                let ty = ParamType::ALL.into_iter().find(|(word, _)| *word == param.ty.text);
                let what = ty.map_or("a value", |(_, ty)| ty.describe());
                let draft = self
                    .draft(Code::E0049, body.template.id, message)
                    .related(template.anchor(param.name.id), "the parameter")
                    .help(format!("add `{}: …`: {what}", param.name.text));
                self.report(draft);
                is_sound = false;
            }
        }
        is_sound.then(|| found.into_iter().map(|(name, (value, _))| (name, value)).collect())
    }

    fn no_parameter(&mut self, template: &ItemRef, params: &[Param], name: Option<&Name>, node: NodeId) {
        let policy = &template.key.name;
        let names: Vec<&str> = params.iter().map(|param| param.name.text.as_str()).collect();
        let draft = match name {
            Some(name) => self
                .draft(Code::E0049, node, format!("`{policy}` has no parameter `{}`", name.text))
                .help(format!("its parameters are {}", names.join(", ")))
                .did_you_mean(&name.text, names.iter().copied()),
            None => self
                .draft(Code::E0049, node, format!("`{policy}` has {} parameters", names.len()))
                .help(format!("they are {}", names.join(", "))),
        };
        self.report(draft.related(template.name_anchor(), "the policy"));
    }

    /// Checks the body of a policy for an instance.
    fn expanded(
        &mut self,
        template: &ItemRef,
        body: &Instance,
        check: impl FnOnce(&mut Self) -> Option<Typed>,
    ) -> Option<Typed> {
        let (uses, drafts) = (std::mem::take(&mut self.uses), std::mem::take(&mut self.drafts));
        self.template = Some(template.clone());
        let typed = check(self);
        self.template = None;
        let in_arguments = std::mem::replace(&mut self.uses, uses).into_iter().filter_map(|mut found| {
            found.node = NodeId(found.node.0.checked_sub(ARGUMENTS)?);
            Some(found)
        });
        let in_arguments: Vec<super::Use> = in_arguments.collect();
        for found in in_arguments {
            if !self.uses.contains(&found) {
                self.uses.push(found);
            }
        }
        let found = std::mem::replace(&mut self.drafts, drafts);
        // What is wrong whatever the arguments are is reported once, where the policy is.
        let is_sound = checked(self.db, self.project, template.clone()).typed.is_some();
        for draft in found {
            let is_argument = draft.at.key == self.item.key && draft.at.file == self.item.file;
            match is_argument {
                true => self.report(draft),
                false if !is_sound => {}
                false => {
                    let draft = self.within_policy(body, draft);
                    self.report(draft);
                }
            }
        }
        typed
    }

    /// Turns what is wrong with the body for these arguments into a message about the instance.
    fn within_policy(&self, body: &Instance, draft: Draft) -> Draft {
        let message =
            format!("`{}` does not work with these arguments: {}", body.template.text, draft.message);
        let mut about = Draft::new(draft.code, self.item.anchor(body.template.id), message)
            .related(draft.at, "in this part of the policy");
        about.help = draft.help;
        about
    }
}

/// What stands for a parameter where its argument is not known.
fn placeholder(param: &Param) -> Value {
    let id = param.name.id;
    let text = match param.ty.text.as_str() {
        "severity" => Severity::High.as_str().to_owned(),
        _ => format!("{PARAMETER}{}", param.name.text),
    };
    Value::Path(id, Name { id, text }, Vec::new())
}
