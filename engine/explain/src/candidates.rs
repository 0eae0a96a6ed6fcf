//! The candidates for the value of a tag, and the outcome of each.

use std::collections::BTreeSet;

use rust_decimal::Decimal;
use tagpol_interp::{NativeJudge, NativeStep, Resource};
use tagpol_sema::program::{Action, ActionKind, Loc, RelationId, Rule, Source, TagId, Value};

use super::condition::{Explainer, Part};
use tagpol_sema::pretty::Words;

/// A candidate for the value of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its kind, with what the kind needs.
    pub value_source: ValueSource,
    /// Where it was written: the action, the arm of the map, the tag with the default.
    pub loc: Option<Loc>,
    /// The value that it gives; None if it gives none.
    pub value: Option<String>,
    /// Whether it won, and the reason if it did not.
    pub outcome: Outcome,
    /// The related resources that its value is read of.
    pub related: Vec<RelatedSource>,
}

/// A related resource that a value is read of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelatedSource {
    /// Name of the relation.
    pub relation: String,
    /// Id of the resource.
    pub resource: String,
    /// How many resources the relation finds; this is the first.
    pub candidates: usize,
}

/// The kinds of sources of values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueSource {
    /// A person.
    Decision,
    /// An action of a rule.
    Rule {
        /// Name of the rule.
        name: String,
        /// Whether it sets or fills.
        kind: ActionKind,
        /// Priority of the rule.
        priority: i64,
    },
    /// A native tag.
    Native {
        /// Its key, as the resource spells it.
        key: String,
        /// Its value, as found.
        raw: String,
    },
    /// The model, which an `infer` lets apply.
    Model {
        /// How sure it is, from 0 to 1.
        confidence: Decimal,
    },
    /// The tag's default.
    Default,
}

impl ValueSource {
    /// Returns the source of the values that it gives.
    pub fn source(&self) -> Source {
        match self {
            Self::Decision => Source::Decided,
            Self::Model { .. } => Source::Inferred,
            Self::Rule { kind: ActionKind::Set, .. } => Source::Set,
            Self::Native { .. } => Source::Native,
            Self::Rule { kind: ActionKind::Fill, .. } => Source::Fill,
            Self::Default => Source::Default,
        }
    }

    /// Equals stand next to each other: the first wins, another value is a conflict.
    fn rank(&self) -> (Source, i64) {
        match self {
            Self::Rule { priority, .. } => (self.source(), *priority),
            _ => (self.source(), 0),
        }
    }
}

/// Whether a candidate won, and the reason if it did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It gave the value.
    Won,
    /// It has a value, and something stronger has one too.
    Beaten {
        /// Whether the winner is its equal and says something else.
        conflict: bool,
    },
    /// The condition of its rule does not hold.
    DidNotFire(Box<Part>),
    /// Its rule fires, but its value is missing: the value as the language writes it.
    NoValue(String),
    /// It is a native value that counts as absent.
    Discarded,
}

/// Returns all that could give a tag its value, the strongest first.
pub fn candidates(explainer: &Explainer<'_, '_>, tag: TagId) -> Vec<Candidate> {
    let resource = explainer.resource;
    let known = |value_source, loc: &Loc, value: Option<String>| {
        value.map(|value| Candidate {
            value_source,
            loc: Some(loc.clone()),
            value: Some(value),
            outcome: Outcome::Won,
            related: Vec::new(),
        })
    };
    let declared = resource.program().tag(tag);
    let mut all: Vec<Candidate> =
        known(ValueSource::Decision, &declared.loc, resource.decision(tag)).into_iter().collect();
    all.extend(by_rules(explainer, tag, ActionKind::Set));
    all.extend(resource.native_steps(declared).into_iter().map(|step| native(resource, tag, step)));
    all.extend(by_rules(explainer, tag, ActionKind::Fill));
    all.extend(resource.inference(tag).and_then(|(value, confidence)| {
        known(ValueSource::Model { confidence }, &declared.loc, Some(value))
    }));
    all.extend(declared.default.as_ref().map(|default| Candidate {
        value_source: ValueSource::Default,
        loc: Some(declared.loc.clone()),
        value: Some(default.clone()),
        outcome: Outcome::Won,
        related: Vec::new(),
    }));
    settle(&mut all);
    all
}

/// The first that has a value wins; the others that have one are beaten.
fn settle(all: &mut [Candidate]) {
    let mut candidates = all.iter_mut().filter(|candidate| candidate.value.is_some());
    let Some(winner) = candidates.next() else { return };
    winner.outcome = Outcome::Won;
    for beaten in candidates {
        let is_same = match (&winner.value_source, &beaten.value_source) {
            (ValueSource::Native { key, .. }, ValueSource::Native { key: other, .. }) => key == other,
            _ => false,
        };
        let conflict = winner.value_source.rank() == beaten.value_source.rank()
            && winner.value != beaten.value
            && !is_same;
        beaten.outcome = Outcome::Beaten { conflict };
    }
}

fn by_rules(explainer: &Explainer<'_, '_>, tag: TagId, kind: ActionKind) -> Vec<Candidate> {
    let rules = explainer.resource.program().rules.iter().enumerate();
    let mut actions: Vec<(usize, &Rule, &Action)> = rules
        .flat_map(|(at, rule)| rule.actions.iter().map(move |action| (at, rule, action)))
        .filter(|(_, _, action)| action.tag == tag && action.kind == kind)
        .collect();
    actions.sort_by_key(|(_, rule, _)| std::cmp::Reverse(rule.priority));
    let candidate = |(at, rule, action): (usize, &Rule, &Action)| {
        let (value, outcome) = outcome(explainer, at, rule, action);
        let value_source = ValueSource::Rule { name: rule.name.clone(), kind, priority: rule.priority };
        let related = related(explainer.resource, &action.value);
        Candidate { value_source, loc: Some(action.loc.clone()), value, outcome, related }
    };
    actions.into_iter().map(candidate).collect()
}

/// The related resources that a value reads.
fn related(resource: &Resource<'_>, value: &Value) -> Vec<RelatedSource> {
    let mut relations = BTreeSet::new();
    value.each(&mut |value| {
        if let Value::Related { relation, .. } = value {
            relations.insert(*relation);
        }
    });
    let source = |id: RelationId| {
        let (other, candidates) = resource.related(id)?;
        let relation = resource.program().relation(id).name.clone();
        Some(RelatedSource { relation, resource: other.to_owned(), candidates })
    };
    relations.into_iter().filter_map(source).collect()
}

fn outcome(
    explainer: &Explainer<'_, '_>,
    at: usize,
    rule: &Rule,
    action: &Action,
) -> (Option<String>, Outcome) {
    let resource = explainer.resource;
    if let Some(when) = rule.when.as_ref().filter(|when| !resource.holds(when)) {
        let place = explainer.places.rules.get(at).and_then(Option::as_ref);
        return (None, Outcome::DidNotFire(Box::new(explainer.condition(when, place))));
    }
    match resource.given(&action.value) {
        Some(value) => (Some(value), Outcome::Won),
        None => (None, Outcome::NoValue(Words::new(resource.program()).value(&action.value))),
    }
}

fn native(resource: &Resource<'_>, tag: TagId, step: NativeStep) -> Candidate {
    let declared = resource.program().tag(tag);
    let normalize = step.normalize.and_then(|at| declared.normalizes.get(at));
    let loc = match step.by {
        NativeJudge::Arm(arm) => normalize.and_then(|n| n.arms.get(arm)).map(|arm| arm.loc.clone()),
        NativeJudge::Otherwise => normalize.map(|normalize| normalize.loc.clone()),
        NativeJudge::Type | NativeJudge::Blank => None,
    };
    let outcome = if step.value.is_some() { Outcome::Won } else { Outcome::Discarded };
    let value_source = ValueSource::Native { key: step.spelling, raw: step.raw };
    Candidate { value_source, loc, value: step.value, outcome, related: Vec::new() }
}
