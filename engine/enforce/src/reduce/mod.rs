//! Conditions of policies, reduced to what a cloud can test about the request that makes a resource.
//!
//! A finding is what a guard refuses. So a part of a condition that has no counterpart may drop out only if fewer
//! requests are refused without it; otherwise the whole check is lost. Approximations are noted with their direction,
//! which follows from the negations around them.
//!
//! - `tags`: tests of virtual and native tags
//! - `literals`: conditions that compare with plain values, as [`Matcher`]s

mod literals;
mod tags;

use std::collections::BTreeMap;

use tagpol_interp::{Options, Patterns, Resource, Row};
use tagpol_sema::clouds::Cloud;
use tagpol_sema::formats::lower;
use tagpol_sema::pretty::Words;
use tagpol_sema::program::{Attr, DefineId, NativePart, Pred, Program, Value};

use crate::guard::{Attribute, Form, Guard, Key, Matcher, Test};
use literals::{Literal, literal};

/// Tests that a guard may have. Predicates that use others twice could otherwise be written out to any size.
const MAX_TESTS: usize = 10_000;

/// What a guard of a cloud can test.
pub(crate) trait Dialect {
    /// Returns the cloud.
    fn cloud(&self) -> Cloud;

    /// Returns how a test comes out differently in the cloud. The error is why the cloud cannot test it.
    fn fit(&self, test: &Test) -> Result<Fit, String>;
}

/// How a test in a cloud differs from what it stands for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Fit {
    /// Why it is also true for other requests.
    pub(crate) over: Option<String>,
    /// Why it is false for some requests.
    pub(crate) under: Option<String>,
}

impl Fit {
    /// A test that is also true for other requests.
    pub(crate) fn over(reason: impl Into<String>) -> Self {
        Self { over: Some(reason.into()), under: None }
    }

    /// A test that is false for some requests.
    pub(crate) fn under(reason: impl Into<String>) -> Self {
        Self { over: None, under: Some(reason.into()) }
    }
}

/// How the findings of a guard differ from those of a policy: reasons in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Differences {
    /// Why it refuses more.
    pub(crate) broader: Vec<String>,
    /// Why it refuses less.
    pub(crate) narrower: Vec<String>,
}

impl Differences {
    fn add(list: &mut Vec<String>, reason: String) {
        if !list.contains(&reason) {
            list.push(reason);
        }
    }

    pub(crate) fn broader(&mut self, reason: impl Into<String>) {
        Self::add(&mut self.broader, reason.into());
    }

    pub(crate) fn narrower(&mut self, reason: impl Into<String>) {
        Self::add(&mut self.narrower, reason.into());
    }

    pub(crate) fn extend(&mut self, other: Self) {
        other.broader.into_iter().for_each(|reason| self.broader(reason));
        other.narrower.into_iter().for_each(|reason| self.narrower(reason));
    }
}

/// Reduces conditions about resources of one cloud, and of one type if that is known.
pub(crate) struct Reducer<'a> {
    program: &'a Program,
    dialect: &'a dyn Dialect,
    /// What is known of the resource: its provider, and its type or none.
    known: Row,
    options: &'a Options,
    patterns: &'a Patterns,
    tests: usize,
    /// By predicate and polarity: what it was reduced to.
    known_predicates: BTreeMap<(DefineId, bool), (Result<Guard, String>, Differences)>,
    pub(crate) differences: Differences,
}

impl<'a> Reducer<'a> {
    /// None as the type: it is known only to the cloud.
    pub(crate) fn new(
        program: &'a Program,
        dialect: &'a dyn Dialect,
        type_: Option<&str>,
        options: &'a Options,
        patterns: &'a Patterns,
    ) -> Self {
        let known = Row {
            id: "new".to_owned(),
            provider: Some(dialect.cloud().provider().to_owned()),
            type_: type_.map(str::to_owned),
            ..Row::default()
        };
        Self {
            program,
            dialect,
            known,
            options,
            patterns,
            tests: 0,
            known_predicates: BTreeMap::new(),
            differences: Differences::default(),
        }
    }

    /// Reduces a condition. `positive`: whether more findings follow if it is true for more requests. The error is why it
    /// has no counterpart.
    pub(crate) fn reduce(&mut self, pred: &Pred, positive: bool) -> Result<Guard, String> {
        self.tests += 1;
        if self.tests > MAX_TESTS {
            return Err(format!("the condition has more than {MAX_TESTS} tests"));
        }
        match pred {
            Pred::Const(truth) => Ok(Guard::Const(*truth)),
            Pred::And(parts) => self.group(parts, positive, true),
            Pred::Or(parts) => self.group(parts, positive, false),
            Pred::Not(inner) => self.reduce(inner, !positive).map(Guard::not),
            Pred::Named(id) => self.named(*id, positive),
            leaf => self.leaf(leaf, positive),
        }
    }

    /// A predicate, which is reduced once.
    fn named(&mut self, id: DefineId, positive: bool) -> Result<Guard, String> {
        if let Some((guard, differences)) = self.known_predicates.get(&(id, positive)).cloned() {
            self.tests += guard.as_ref().map_or(1, Guard::size);
            self.differences.extend(differences);
            return guard;
        }
        let before = std::mem::take(&mut self.differences);
        let guard = self.reduce(&self.program.define(id).pred, positive);
        let differences = std::mem::replace(&mut self.differences, before);
        self.known_predicates.insert((id, positive), (guard.clone(), differences.clone()));
        self.differences.extend(differences);
        guard
    }

    fn group(&mut self, parts: &[Pred], positive: bool, all: bool) -> Result<Guard, String> {
        let before = self.differences.clone();
        let mut kept = Vec::new();
        let mut lost: Vec<String> = Vec::new();
        for part in parts {
            match self.reduce(part, positive) {
                Ok(Guard::Const(truth)) if truth != all => {
                    // The other parts do not matter, whatever became of them.
                    self.differences = before;
                    return Ok(Guard::Const(truth));
                }
                Ok(Guard::Const(_)) => {}
                Ok(guard) => kept.push(guard),
                Err(reason) => lost.push(reason),
            }
        }
        if lost.is_empty() {
            return Ok(Guard::join(kept, all));
        }
        // Without a part, `and` is true for more requests, and `or` for fewer.
        if all == positive || kept.is_empty() {
            return Err(lost.join("; "));
        }
        lost.into_iter().for_each(|reason| self.differences.narrower(reason));
        Ok(Guard::join(kept, all))
    }

    fn leaf(&mut self, pred: &Pred, positive: bool) -> Result<Guard, String> {
        match pred {
            Pred::IsValid(tag) => self.valid_tag(*tag, positive),
            Pred::OfNative { every, tags, test } => match (tags.of, every, tags.part, tags.unknown) {
                (None, false, NativePart::Key, false) => self.any_key(pred, test, positive),
                (Some(tag), true, NativePart::Key, _) => self.spelling(pred, tag, test, positive),
                (Some(tag), true, NativePart::Value, _) => self.every_value(pred, tag, test, positive),
                _ => Err(self.no_counterpart(pred)),
            },
            _ => {
                let literal = literal(pred).ok_or_else(|| self.no_counterpart(pred))?;
                self.value_test(pred, literal, positive)
            }
        }
    }

    fn value_test(&mut self, pred: &Pred, literal: Literal<'_>, positive: bool) -> Result<Guard, String> {
        match literal.value {
            Value::Attr(Attr::Provider) => Ok(Guard::Const(self.holds(pred))),
            Value::Attr(Attr::Type) if self.known.type_.is_some() => Ok(Guard::Const(self.holds(pred))),
            Value::Attr(attr) => {
                let attribute = match attr {
                    Attr::Account => Attribute::Account,
                    Attr::Name => Attribute::Name,
                    Attr::Region => Attribute::Region,
                    Attr::Type => Attribute::Type,
                    _ => return Err(self.no_counterpart(pred)),
                };
                self.attribute(pred, attribute, &literal, positive)
            }
            Value::Native(key) => self.native(key, &literal, positive),
            Value::Tag(tag) => self.tag(pred, *tag, &literal, false, positive),
            Value::NativeTag(tag) => self.tag(pred, *tag, &literal, true, positive),
            Value::CountNative(_) => self.one_spelling(pred, positive),
            _ => Err(self.no_counterpart(pred)),
        }
    }

    fn attribute(
        &mut self,
        pred: &Pred,
        attribute: Attribute,
        literal: &Literal<'_>,
        positive: bool,
    ) -> Result<Guard, String> {
        let Some(matcher) = &literal.matcher else {
            return match attribute {
                // Every resource has them; a guard is never asked about one without.
                Attribute::Type | Attribute::Account => Ok(Guard::Const(!literal.negated)),
                _ => Err(self.no_counterpart(pred)),
            };
        };
        let mut matcher = matcher.clone();
        if attribute == Attribute::Type && matcher.form == Form::Equal {
            // Types of other clouds, which no resource of this one has.
            matcher.texts.retain(|text| is_azure_type(text));
            if matcher.texts.is_empty() {
                return Ok(Guard::Const(literal.negated));
            }
        }
        let test = Test::Attribute(attribute, matcher);
        let guard = self.test(test, positive != literal.negated)?;
        Ok(if literal.negated { guard.not() } else { guard })
    }

    /// A test of a native tag with exactly one spelling.
    fn native(&mut self, key: &str, literal: &Literal<'_>, positive: bool) -> Result<Guard, String> {
        self.legal_key(key)?;
        literal.matcher.iter().try_for_each(|matcher| self.can_match(matcher))?;
        let key = Key::exact(key);
        self.key_test(&[key], literal.matcher.as_ref(), literal.negated, positive)
    }

    /// Requires of any of the keys that it is there and, if there is a matcher, that its value matches. `negated`: that it
    /// does not match, or without a matcher that none is there.
    fn key_test(
        &mut self,
        keys: &[Key],
        matcher: Option<&Matcher>,
        negated: bool,
        positive: bool,
    ) -> Result<Guard, String> {
        let presence = |reducer: &mut Self, positive: bool| {
            let keys = keys.iter().map(|key| reducer.test(Test::Key(key.clone()), positive));
            Ok::<Guard, String>(Guard::join(keys.collect::<Result<_, _>>()?, false))
        };
        let Some(matcher) = matcher else {
            let guard = presence(self, positive != negated)?;
            return Ok(if negated { guard.not() } else { guard });
        };
        let before = self.differences.clone();
        let values = keys
            .iter()
            .map(|key| self.test(Test::Value(key.clone(), matcher.clone()), positive != negated))
            .collect::<Result<Vec<_>, _>>();
        match values {
            Ok(values) if negated => {
                let present = presence(self, positive)?;
                Ok(Guard::join(vec![present, Guard::join(values, false).not()], true))
            }
            Ok(values) => Ok(Guard::join(values, false)),
            // A value that is not set matches nothing, so that the key stands for more than the value.
            Err(reason) if !positive => {
                self.differences = before;
                let guard = presence(self, positive)?;
                self.differences.narrower(format!("{reason}, so that only the key is checked"));
                Ok(guard)
            }
            Err(reason) => Err(reason),
        }
    }

    /// Adds a test, and how it differs in the cloud.
    fn test(&mut self, test: Test, positive: bool) -> Result<Guard, String> {
        let Fit { over, under } = self.dialect.fit(&test)?;
        self.differs(Fit { over, under }, positive);
        Ok(Guard::Test(test))
    }

    fn differs(&mut self, fit: Fit, positive: bool) {
        let (more, less) = if positive { (fit.over, fit.under) } else { (fit.under, fit.over) };
        more.into_iter().for_each(|reason| self.differences.broader(reason));
        less.into_iter().for_each(|reason| self.differences.narrower(reason));
    }

    /// Whether a condition holds for what is known of the resource.
    fn holds(&self, pred: &Pred) -> bool {
        Resource::evaluated(self.program, self.options, self.patterns, &self.known).holds(pred)
    }

    /// Whether a condition holds for a resource with one native tag.
    pub(crate) fn holds_with(&self, key: &str, value: &str, pred: &Pred) -> bool {
        let row = Row { tags: vec![(key.to_owned(), value.to_owned())], ..self.known.clone() };
        Resource::evaluated(self.program, self.options, self.patterns, &row).holds(pred)
    }

    fn legal_key(&self, key: &str) -> Result<(), String> {
        match self.dialect.cloud().wrong_name(key) {
            Some(reason) => Err(format!("{} has no tag `{key}`, since {reason}", self.cloud_name())),
            None => Ok(()),
        }
    }

    fn no_counterpart(&self, pred: &Pred) -> String {
        let words = Words::new(self.program).pred(pred);
        format!("`{words}` has no counterpart in a guard of {}", self.cloud_name())
    }

    fn cloud_name(&self) -> &'static str {
        cloud_name(self.dialect.cloud())
    }
}

/// Whether a type may be one of Azure: `Microsoft.Compute/virtualMachines`.
fn is_azure_type(text: &str) -> bool {
    let namespace = text.split_once('/').map(|(namespace, _)| lower(namespace));
    namespace.is_some_and(|namespace| namespace.contains('.') && !namespace.ends_with("googleapis.com"))
}

/// Whether a type is certainly one of another cloud: `ec2:instance`, `compute.googleapis.com/Instance`.
pub(crate) fn is_of_other_cloud(text: &str, cloud: Cloud) -> bool {
    let is_of = |other: Cloud| match other {
        Cloud::Aws => text.contains(':') && !text.contains('/'),
        Cloud::Azure => is_azure_type(text),
        Cloud::Gcp => text.contains(".googleapis.com/"),
    };
    Cloud::ALL.into_iter().any(|other| other != cloud && is_of(other))
}

/// Returns the name of a cloud in sentences.
pub(crate) fn cloud_name(cloud: Cloud) -> &'static str {
    match cloud {
        Cloud::Aws => "AWS",
        Cloud::Azure => "Azure",
        Cloud::Gcp => "Google Cloud",
    }
}
