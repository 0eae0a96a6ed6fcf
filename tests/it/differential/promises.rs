//! What every `Program` promises, checked on generated ones.

use std::collections::BTreeSet;

use tagpol_sema::formats::fold_key;
use tagpol_sema::program::{Pred, Program, TagId, Value};

/// Returns a line for each promise that the program breaks.
pub(super) fn broken(program: &Program) -> Vec<String> {
    let mut broken = Vec::new();
    let mut promise = |kept: bool, text: String| {
        if !kept {
            broken.push(text);
        }
    };
    promise(program.tags.is_sorted_by(|a, b| a.name < b.name), "tags in order".to_owned());
    let mut evaluated = BTreeSet::new();
    for group in &program.strata {
        for &id in group {
            let read = tags_read_by_rules_of(program, id);
            promise(read.is_subset(&evaluated), format!("{id:?} reads earlier strata only"));
        }
        evaluated.extend(group);
    }
    let listed: usize = program.strata.iter().map(Vec::len).sum();
    let once = listed == program.tags.len() && evaluated.len() == listed;
    promise(once, "every tag in one stratum".to_owned());
    for tag in &program.tags {
        for normalize in &tag.normalizes {
            let own = normalize.keys.iter().any(|key| fold_key(key) == fold_key(&tag.name));
            promise(own, format!("{} among its own keys", tag.name));
            let mut read = Read::default();
            normalize.scope.iter().for_each(|scope| read.pred(program, scope));
            let only_native = read.tags.is_empty() && read.natives.is_empty();
            promise(only_native, format!("the scope of {} reads no tags", tag.name));
        }
    }
    for policy in &program.policies {
        for (r, remedy) in policy.remedies.iter().enumerate() {
            let told = policy.checks.iter().any(|check| check.tag == Some(remedy.tag));
            let once = !policy.remedies[..r].iter().any(|other| other.tag == remedy.tag);
            promise(told && once, "one remedy for a tag that a check is about".to_owned());
        }
    }
    for exemption in &program.exemptions {
        let policy = program.policies.get(exemption.policy);
        let in_range = policy.is_some_and(|p| exemption.check.is_none_or(|c| c < p.checks.len()));
        promise(in_range, "exemptions of checks that exist".to_owned());
    }
    broken
}

/// Returns the tags that a tag's rules read, through named predicates too.
pub(super) fn tags_read_by_rules_of(program: &Program, id: TagId) -> BTreeSet<TagId> {
    let mut read = Read::default();
    for rule in program.rules.iter().filter(|rule| rule.actions.iter().any(|a| a.tag == id)) {
        rule.when.iter().for_each(|when| read.pred(program, when));
        let own = rule.actions.iter().filter(|action| action.tag == id);
        own.for_each(|action| read.value(&action.value));
    }
    read.tags
}

/// The tags that expressions read.
#[derive(Default)]
struct Read {
    /// Their virtual values, sources or validity.
    tags: BTreeSet<TagId>,
    /// Their normalized native values.
    natives: BTreeSet<TagId>,
}

impl Read {
    fn pred(&mut self, program: &Program, pred: &Pred) {
        match pred {
            Pred::Const(_) => {}
            Pred::And(all) | Pred::Or(all) => all.iter().for_each(|p| self.pred(program, p)),
            Pred::Not(inner) => self.pred(program, inner),
            Pred::Named(id) => self.pred(program, &program.define(*id).pred),
            Pred::IsValid(id) => {
                self.tags.insert(*id);
            }
            Pred::Compare { left, right, .. } | Pred::ComputedText { value: left, operand: right, .. } => {
                self.value(left);
                self.value(right);
            }
            Pred::In { value, list, .. } => {
                self.value(value);
                list.iter().for_each(|literal| self.value(literal));
            }
            Pred::OfNative { tags, test, .. } => {
                self.natives.extend(tags.of);
                self.pred(program, test);
            }
            Pred::IsSet(value)
            | Pred::IsMissing(value)
            | Pred::IsUnknown(value)
            | Pred::IsFormat(value, _)
            | Pred::Text { value, .. }
            | Pred::Matches { value, .. }
            | Pred::Within { value, .. } => self.value(value),
        }
    }

    fn value(&mut self, value: &Value) {
        match value {
            Value::Tag(id) | Value::SourceOf(id) | Value::ConfidenceOf(id) => {
                self.tags.insert(*id);
            }
            Value::NativeTag(id) => {
                self.natives.insert(*id);
            }
            Value::Template(parts) | Value::Call(_, parts) => {
                parts.iter().for_each(|part| self.value(part));
            }
            Value::CountNative(tags) => self.natives.extend(tags.of),
            Value::Shift { from, by, .. } => {
                self.value(from);
                self.value(by);
            }
            Value::Extract(inner, _) | Value::Lookup { key: inner, .. } => self.value(inner),
            Value::Text(_)
            | Value::Number(_)
            | Value::Money(..)
            | Value::Date(_)
            | Value::Bool(_)
            | Value::Duration(_)
            | Value::Native(_)
            | Value::Meta(_)
            | Value::Related { .. }
            | Value::Element
            | Value::Today
            | Value::Now
            | Value::Charge(_)
            | Value::Attr(_) => {}
        }
    }
}
