//! Rules.

use super::normalize::no_loc;
use super::value::Ty;
use super::{Ctx, Reads, Typed};
use crate::codes::Code;
use crate::hir::{self, Item};
use crate::names::Def;
use crate::program::{self, ActionKind, Pred, TagId, TagType, Value};

impl Ctx<'_> {
    pub(super) fn rule(&mut self, item: &Item, body: &hir::Rule) -> Option<Typed> {
        let priority = match &body.priority {
            None => Some(0),
            Some((node, text)) => self.priority(*node, text),
        };
        let mut when: Vec<Option<Pred>> = body.when.iter().map(|expr| self.condition(expr)).collect();
        if body.actions.is_empty() && !item.broken {
            let draft = self
                .draft(Code::E0040, item.name.id, format!("rule `{}` gives no value", item.name.text))
                .help("add `set TAG = VALUE` or `fill TAG = VALUE`");
            self.report(draft);
        }
        let circular = self.asks_for_its_own(body);
        let nodes = body.actions.iter().map(|action| action.id).collect();
        let actions: Vec<_> = body.actions.iter().filter_map(|action| self.action(action)).collect();
        let when = match when.len() {
            0 => None,
            1 => Some(when.pop()??),
            _ => Some(Pred::And(when.into_iter().collect::<Option<_>>()?)),
        };
        (actions.len() == body.actions.len() && !circular).then_some(())?;
        let rule = program::Rule {
            name: item.name.text.clone(),
            doc: item.doc.clone(),
            priority: priority?,
            when,
            actions,
            loc: no_loc(),
        };
        Some(Typed::Rule(Box::new(rule), nodes))
    }

    /// Reports a `fill` of a tag that the condition asks for. Called when the condition has been
    /// read, and nothing else.
    fn asks_for_its_own(&mut self, body: &hir::Rule) -> bool {
        let mut found = false;
        for action in body.actions.iter().filter(|action| !action.set) {
            let name = &action.tag.text;
            let Some(Def::Tag(tag)) = self.scope().names.get(name) else { continue };
            if self.reads.tags.contains(tag) {
                let draft = self
                    .draft(Code::E0031, action.tag.id, format!("the condition of `fill {name}` reads `{name}` itself"))
                    .help(format!("remove that part: `fill` only applies if `{name}` would be missing; the native value is `native.{name}`"));
                self.report(draft);
                found = true;
            }
        }
        found
    }

    fn priority(&mut self, node: hir::NodeId, text: &str) -> Option<i64> {
        let priority = text.parse().ok();
        if priority.is_none() {
            let draft = self.draft(Code::E0024, node, format!("`{text}` is not a priority"));
            self.report(draft.help("a priority is a whole number; higher ones win"));
        }
        priority
    }

    fn action(&mut self, action: &hir::Action) -> Option<program::Action> {
        let tag = self.tag(&action.tag)?;
        let ty = self.decl(tag).ty.clone()?;
        let value = self.action_value(tag, &ty, &action.value)?;
        let kind = if action.set { ActionKind::Set } else { ActionKind::Fill };
        if kind == ActionKind::Fill && reads_tag(&value, tag) {
            let name = &action.tag.text;
            let draft = self
                .draft(Code::E0031, action.value.id(), format!("`fill {name}` reads `{name}` itself"))
                .help(format!(
                    "`fill` only applies if `{name}` would be missing; the native value is `native.{name}`"
                ));
            self.report(draft);
            return None;
        }
        Some(program::Action { kind, tag, value, loc: no_loc() })
    }

    /// The value of an action: a literal that is valid for the tag, or something to compute.
    pub(super) fn action_value(&mut self, tag: TagId, ty: &TagType, value: &hir::Value) -> Option<Value> {
        let name = self.tag_name(tag);
        let computed = match value {
            hir::Value::Call(..) | hir::Value::Sum(..) => true,
            hir::Value::Text(text) => text.parts.iter().any(|part| matches!(part, hir::TextPart::Path(..))),
            hir::Value::Path(_, first, steps) => {
                !steps.is_empty()
                    || self.is_other_tag(ty, &first.text)
                    || (*ty == TagType::Date && self.clock(first).is_some())
            }
            _ => false,
        };
        if !computed {
            return self.tag_literal(&name, Some(ty), value).map(Value::Text);
        }
        let (typed, value_ty) = self.value(value, None)?;
        let is_tag = matches!(typed, Value::Tag(_) | Value::NativeTag(_) | Value::Lookup { .. });
        if matches!(value_ty, Ty::Time | Ty::Money | Ty::Duration) && !is_tag {
            let message = format!("{} cannot be the value of a tag", value_ty.describe());
            let draft = self.draft(Code::E0020, value.id(), message);
            self.report(draft);
            return None;
        }
        Some(typed)
    }

    /// Whether a bare name on the right is a tag, and not a member of the enumeration on the left.
    fn is_other_tag(&self, ty: &TagType, name: &str) -> bool {
        let is_member = matches!(ty, TagType::OneOf(members) if members.iter().any(|member| member == name));
        !is_member && matches!(self.scope().names.get(name), Some(Def::Tag(_)))
    }
}

fn reads_tag(value: &Value, tag: TagId) -> bool {
    let mut reads = Reads::default();
    reads.add_value(value);
    reads.tags.contains(&tag)
}
