//! Which values are not known yet: those of a Terraform plan before it is applied.
//!
//! A value is unknown if it follows from an unknown one and nothing known decides it. A condition is unknown if
//! it may be true or false.

use tagpol_sema::program::{Action, ActionKind, Func, NativePart, Normalize, Pred, Rule, Tag, TagId, Value};

use super::Resource;

/// What is known of a value or a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Certainty {
    /// The value is there, or the condition holds.
    Yes,
    /// There is no value, or the condition does not hold.
    No,
    Unknown,
}

impl Certainty {
    fn of(holds: bool, unknown: bool) -> Self {
        match (unknown, holds) {
            (true, _) => Self::Unknown,
            (false, true) => Self::Yes,
            (false, false) => Self::No,
        }
    }
}

/// Returns whether the first of these that is there is unknown.
fn first_unknown(parts: impl IntoIterator<Item = Certainty>) -> bool {
    parts.into_iter().find(|part| *part != Certainty::No) == Some(Certainty::Unknown)
}

/// Returns whether something is there that a condition gives a value.
fn given(when: Certainty, value: Certainty) -> Certainty {
    match (when, value) {
        (Certainty::No, _) | (_, Certainty::No) => Certainty::No,
        (Certainty::Yes, Certainty::Yes) => Certainty::Yes,
        _ => Certainty::Unknown,
    }
}

impl Resource<'_> {
    /// Whether everything is known of the resource.
    fn is_known(&self) -> bool {
        self.row.unknown_keys.is_empty() && !self.row.unknown_tags
    }

    /// Whether the value is unknown.
    pub(super) fn is_unknown(&self, value: &Value) -> bool {
        if self.is_known() {
            return false;
        }
        match value {
            Value::Tag(id) | Value::SourceOf(id) | Value::ConfidenceOf(id) => {
                self.tag(*id).is_some_and(|tag| tag.unknown)
            }
            Value::Native(key) => {
                let is_set = self.row.tags.iter().any(|(found, _)| found == key);
                self.has_unknown_key(key) || (self.row.unknown_tags && !is_set)
            }
            Value::NativeTag(id) => first_unknown(self.native_certainty(self.declaration(*id))),
            Value::Lookup { key, .. } => self.is_unknown(key),
            Value::Template(parts) => parts.iter().any(|part| self.is_unknown(part)),
            Value::Call(Func::Coalesce, args) => first_unknown(args.iter().map(|arg| self.certainty(arg))),
            Value::Call(_, args) => args.iter().any(|arg| self.is_unknown(arg)),
            Value::Extract(inner, _) => self.is_unknown(inner),
            Value::Shift { from, by, .. } => self.is_unknown(from) || self.is_unknown(by),
            Value::CountNative(_) => self.row.unknown_tags,
            Value::Text(_)
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Money(..)
            | Value::Date(_)
            | Value::Duration(_)
            | Value::Attr(_)
            | Value::Charge(_)
            | Value::Meta(_)
            | Value::Related { .. }
            | Value::Element
            | Value::Today
            | Value::Now => false,
        }
    }

    fn certainty(&self, value: &Value) -> Certainty {
        Certainty::of(self.value(value).is_some(), self.is_unknown(value))
    }

    fn has_unknown_key(&self, key: &str) -> bool {
        self.row.unknown_keys.iter().any(|unknown| unknown == key)
    }

    /// Returns what is known of the native tags that may refer to a tag, in order of trust.
    fn native_certainty(&self, tag: &Tag) -> Vec<Certainty> {
        let mut found = Vec::new();
        let mut none_applies = Certainty::Yes;
        for normalize in &tag.normalizes {
            let applies = self.condition_certainty(normalize.scope.as_ref());
            none_applies = match (none_applies, applies) {
                (Certainty::No, _) | (_, Certainty::Yes) => Certainty::No,
                (Certainty::Yes, Certainty::No) => Certainty::Yes,
                _ => Certainty::Unknown,
            };
            found.extend(self.normalized_certainty(tag, normalize, applies));
        }
        let implicit = Normalize::implicit(tag);
        found.extend(self.normalized_certainty(tag, &implicit, none_applies));
        found
    }

    fn normalized_certainty(&self, tag: &Tag, normalize: &Normalize, applies: Certainty) -> Vec<Certainty> {
        let of_spelling = |(key, raw): &(String, String)| {
            let is_set = self.normalise(tag, normalize, raw).1.is_some();
            given(applies, Certainty::of(is_set, self.has_unknown_key(key)))
        };
        normalize.keys.iter().flat_map(|key| self.spellings(key)).map(of_spelling).collect()
    }

    fn condition_certainty(&self, condition: Option<&Pred>) -> Certainty {
        condition
            .map_or(Certainty::Yes, |pred| Certainty::of(self.holds(pred), self.is_unknown_condition(pred)))
    }

    /// Whether the value of a tag is unknown, by the same precedence that gives it. All tags that the tag's rules
    /// read must have been evaluated.
    pub(super) fn is_unknown_tag(&self, id: TagId) -> bool {
        if self.is_known() {
            return false;
        }
        let tag = self.declaration(id);
        let decided = self.by_decision(id).is_some();
        let mut parts = vec![Certainty::of(decided, false)];
        parts.extend(self.rule_certainty(id, ActionKind::Set));
        parts.extend(self.native_certainty(tag));
        // A native tag that is known counts before any that may be there.
        parts.push(Certainty::of(false, self.row.unknown_tags));
        parts.extend(self.rule_certainty(id, ActionKind::Fill));
        parts.push(Certainty::of(self.by_model(id).is_some(), false));
        first_unknown(parts)
    }

    /// Returns what is known of the actions of rules for a tag: the highest priority first, then in the order of the
    /// program.
    fn rule_certainty(&self, id: TagId, kind: ActionKind) -> Vec<Certainty> {
        let mut rules: Vec<_> = self.program.rules.iter().collect();
        rules.sort_by_key(|rule| std::cmp::Reverse(rule.priority));
        let actions =
            rules.into_iter().flat_map(|rule| rule.actions.iter().map(move |action| (rule, action)));
        let actions = actions.filter(|(_, action)| action.tag == id && action.kind == kind);
        let one = |(rule, action): (&Rule, &Action)| {
            let is_set = self.given(&action.value).is_some();
            let value = Certainty::of(is_set, self.is_unknown(&action.value));
            given(self.condition_certainty(rule.when.as_ref()), value)
        };
        actions.map(one).collect()
    }

    /// Whether a condition is unknown.
    pub(super) fn is_unknown_condition(&self, pred: &Pred) -> bool {
        if self.is_known() {
            return false;
        }
        match pred {
            Pred::Const(_) | Pred::IsUnknown(_) => false,
            Pred::And(parts) => self.is_open(parts, false),
            Pred::Or(parts) => self.is_open(parts, true),
            Pred::Not(inner) => self.is_unknown_condition(inner),
            Pred::Named(id) => self.named(*id).1,
            Pred::IsValid(id) => self.is_unknown(&Value::Tag(*id)),
            Pred::IsSet(value)
            | Pred::IsMissing(value)
            | Pred::IsFormat(value, _)
            | Pred::Text { value, .. }
            | Pred::Matches { value, .. }
            | Pred::Within { value, .. } => self.is_unknown(value),
            Pred::Compare { left, right, .. } | Pred::ComputedText { value: left, operand: right, .. } => {
                self.is_unknown(left) || self.is_unknown(right)
            }
            Pred::In { value, list, .. } => {
                self.is_unknown(value) || list.iter().any(|literal| self.is_unknown(literal))
            }
            Pred::OfNative { every, tags, .. } => match tags.part {
                // One key that is there may decide it, whatever others there are.
                NativePart::Key => self.row.unknown_tags && self.holds(pred) == *every,
                NativePart::Value => {
                    self.row.unknown_tags || self.row.tags.iter().any(|(key, _)| self.has_unknown_key(key))
                }
            },
        }
    }

    /// Whether one of the parts of `and` or `or` is unknown, and none decides it.
    fn is_open(&self, parts: &[Pred], deciding: bool) -> bool {
        let mut is_open = false;
        for part in parts {
            if self.is_unknown_condition(part) {
                is_open = true;
            } else if self.holds(part) == deciding {
                return false;
            }
        }
        is_open
    }

    /// Whether a check of a policy with this scope is undetermined: it may be broken or not.
    pub(super) fn is_undetermined(&self, scope: Option<&Pred>, check: &Pred, broken: bool) -> bool {
        let scope = self.condition_certainty(scope);
        let broken = Certainty::of(broken, self.is_unknown_condition(check));
        given(scope, broken) == Certainty::Unknown
    }
}
