//! Walks over conditions and values.

use std::collections::BTreeSet;

use super::{DefineId, Pred, Program, Value};

impl Pred {
    /// Calls `f` with each condition in it, itself first; what named predicates stand for is left
    /// out.
    pub fn each<'a>(&'a self, f: &mut impl FnMut(&'a Self)) {
        f(self);
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each(f)),
            Self::Not(inner) | Self::OfNative { test: inner, .. } => inner.each(f),
            Self::Const(_)
            | Self::Named(_)
            | Self::IsSet(_)
            | Self::IsMissing(_)
            | Self::IsUnknown(_)
            | Self::IsValid(_)
            | Self::IsFormat(..)
            | Self::Compare { .. }
            | Self::In { .. }
            | Self::Text { .. }
            | Self::ComputedText { .. }
            | Self::Matches { .. }
            | Self::Within { .. } => {}
        }
    }

    /// Returns how deep it is nested: 1 where it is made of no others. The name of a predicate counts as 1.
    pub fn nesting(&self) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => 1 + parts.iter().map(Self::nesting).max().unwrap_or(0),
            Self::Not(inner) => 1 + inner.nesting(),
            _ => 1,
        }
    }

    /// Calls `f` with each value in it, and each value in those; [`Pred::IsValid`] reads a tag and
    /// holds no value.
    pub fn each_value<'a>(&'a self, f: &mut impl FnMut(&'a Value)) {
        self.each(&mut |pred| match pred {
            Self::IsSet(value)
            | Self::IsMissing(value)
            | Self::IsUnknown(value)
            | Self::IsFormat(value, _)
            | Self::Text { value, .. }
            | Self::Matches { value, .. }
            | Self::Within { value, .. } => value.each(f),
            Self::Compare { left, right, .. } | Self::ComputedText { value: left, operand: right, .. } => {
                left.each(f);
                right.each(f);
            }
            Self::In { value, list, .. } => {
                value.each(f);
                list.iter().for_each(|value| value.each(f));
            }
            Self::Const(_)
            | Self::And(_)
            | Self::Or(_)
            | Self::Not(_)
            | Self::Named(_)
            | Self::OfNative { .. }
            | Self::IsValid(_) => {}
        });
    }
}

impl Program {
    /// Returns a named predicate with all predicates that it uses and that are not `known`, each once and
    /// after those that it uses itself.
    ///
    /// Whoever works them off in this order shares what is used more than once, and goes no deeper than one
    /// definition is nested.
    pub fn defines_within(&self, id: DefineId, known: impl Fn(DefineId) -> bool) -> Vec<DefineId> {
        let mut order = Vec::new();
        let mut done = BTreeSet::new();
        let mut open = vec![(id, false)];
        while let Some((next, is_ready)) = open.pop() {
            if is_ready {
                order.push(next);
                continue;
            }
            if known(next) || !done.insert(next) {
                continue;
            }
            open.push((next, true));
            let inner = open.len();
            self.define(next).pred.each(&mut |part| {
                if let Pred::Named(used) = part {
                    open.push((*used, false));
                }
            });
            // The first that is used comes first.
            open.get_mut(inner..).into_iter().for_each(<[_]>::reverse);
        }
        order
    }
}

impl Value {
    /// Calls `f` with each value in it, itself first.
    pub fn each<'a>(&'a self, f: &mut impl FnMut(&'a Self)) {
        f(self);
        match self {
            Self::Template(parts) | Self::Call(_, parts) => parts.iter().for_each(|part| part.each(f)),
            Self::Extract(inner, _) | Self::Lookup { key: inner, .. } => inner.each(f),
            Self::Shift { from, by, .. } => {
                from.each(f);
                by.each(f);
            }
            Self::Text(_)
            | Self::Number(_)
            | Self::Money(..)
            | Self::Date(_)
            | Self::Bool(_)
            | Self::Duration(_)
            | Self::Tag(_)
            | Self::Native(_)
            | Self::NativeTag(_)
            | Self::SourceOf(_)
            | Self::ConfidenceOf(_)
            | Self::Attr(_)
            | Self::Charge(_)
            | Self::CountNative(_)
            | Self::Element
            | Self::Today
            | Self::Related { .. }
            | Self::Now
            | Self::Meta(_) => {}
        }
    }
}
