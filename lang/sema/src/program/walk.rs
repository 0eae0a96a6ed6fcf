//! Walks over conditions and values.

use super::{Pred, Value};

impl Pred {
    /// Calls `f` with each condition in it, itself first; what named predicates stand for is left
    /// out.
    pub fn each<'a>(&'a self, f: &mut impl FnMut(&'a Self)) {
        f(self);
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().for_each(|part| part.each(f)),
            Self::Not(inner) => inner.each(f),
            Self::Const(_)
            | Self::Named(_)
            | Self::IsSet(_)
            | Self::IsMissing(_)
            | Self::IsValid(_)
            | Self::IsFormat(..)
            | Self::Compare { .. }
            | Self::In { .. }
            | Self::Text { .. }
            | Self::Matches { .. }
            | Self::Within { .. } => {}
        }
    }

    /// Calls `f` with each value in it, and each value in those; [`Pred::IsValid`] reads a tag and
    /// holds no value.
    pub fn each_value<'a>(&'a self, f: &mut impl FnMut(&'a Value)) {
        self.each(&mut |pred| match pred {
            Self::IsSet(value)
            | Self::IsMissing(value)
            | Self::IsFormat(value, _)
            | Self::Text { value, .. }
            | Self::Matches { value, .. }
            | Self::Within { value, .. } => value.each(f),
            Self::Compare { left, right, .. } => {
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
            | Self::IsValid(_) => {}
        });
    }
}

impl Value {
    /// Calls `f` with each value in it, itself first.
    pub fn each<'a>(&'a self, f: &mut impl FnMut(&'a Self)) {
        f(self);
        match self {
            Self::Template(parts) | Self::Call(_, parts) => parts.iter().for_each(|part| part.each(f)),
            Self::Extract(inner, _) | Self::Lookup { key: inner, .. } => inner.each(f),
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
            | Self::Meta(_) => {}
        }
    }
}
