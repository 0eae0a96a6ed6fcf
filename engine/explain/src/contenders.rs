//! Everything that could give a tag its value, and what became of it.

use rust_decimal::Decimal;
use tagpol_interp::{NativeJudge, NativeStep, Resource};
use tagpol_sema::program::{Action, ActionKind, Loc, Rule, Source, TagId};

use super::condition::{Explainer, Part};
use tagpol_sema::words::Words;

/// Something that could give a tag its value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contender {
    /// What it is.
    pub giver: Giver,
    /// Where it was written: the action, the arm of the map, the tag with the default.
    pub loc: Option<Loc>,
    /// The value that it gives; None where it gives none.
    pub value: Option<String>,
    /// What became of it.
    pub fate: Fate,
}

/// The kinds of things that give values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Giver {
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

impl Giver {
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

    /// Equals stand beside each other: the first wins, another value is a conflict.
    fn rank(&self) -> (Source, i64) {
        match self {
            Self::Rule { priority, .. } => (self.source(), *priority),
            _ => (self.source(), 0),
        }
    }
}

/// What became of a contender.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fate {
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
pub fn contenders(explainer: &Explainer<'_, '_>, tag: TagId) -> Vec<Contender> {
    let resource = explainer.resource;
    let known = |giver, loc: &Loc, value: Option<String>| {
        value.map(|value| Contender { giver, loc: Some(loc.clone()), value: Some(value), fate: Fate::Won })
    };
    let declared = resource.program().tag(tag);
    let mut all: Vec<Contender> =
        known(Giver::Decision, &declared.loc, resource.decision(tag)).into_iter().collect();
    all.extend(by_rules(explainer, tag, ActionKind::Set));
    all.extend(resource.native_steps(declared).into_iter().map(|step| native(resource, tag, step)));
    all.extend(by_rules(explainer, tag, ActionKind::Fill));
    all.extend(
        resource
            .inference(tag)
            .and_then(|(value, confidence)| known(Giver::Model { confidence }, &declared.loc, Some(value))),
    );
    all.extend(declared.default.as_ref().map(|default| Contender {
        giver: Giver::Default,
        loc: Some(declared.loc.clone()),
        value: Some(default.clone()),
        fate: Fate::Won,
    }));
    settle(&mut all);
    all
}

/// The first that has a value wins; the others that have one are beaten.
fn settle(all: &mut [Contender]) {
    let mut contenders = all.iter_mut().filter(|contender| contender.value.is_some());
    let Some(winner) = contenders.next() else { return };
    winner.fate = Fate::Won;
    for beaten in contenders {
        let is_same = match (&winner.giver, &beaten.giver) {
            (Giver::Native { key, .. }, Giver::Native { key: other, .. }) => key == other,
            _ => false,
        };
        let conflict = winner.giver.rank() == beaten.giver.rank() && winner.value != beaten.value && !is_same;
        beaten.fate = Fate::Beaten { conflict };
    }
}

fn by_rules(explainer: &Explainer<'_, '_>, tag: TagId, kind: ActionKind) -> Vec<Contender> {
    let rules = explainer.resource.program().rules.iter().enumerate();
    let mut actions: Vec<(usize, &Rule, &Action)> = rules
        .flat_map(|(at, rule)| rule.actions.iter().map(move |action| (at, rule, action)))
        .filter(|(_, _, action)| action.tag == tag && action.kind == kind)
        .collect();
    actions.sort_by_key(|(_, rule, _)| std::cmp::Reverse(rule.priority));
    let contender = |(at, rule, action): (usize, &Rule, &Action)| {
        let (value, fate) = outcome(explainer, at, rule, action);
        let giver = Giver::Rule { name: rule.name.clone(), kind, priority: rule.priority };
        Contender { giver, loc: Some(action.loc.clone()), value, fate }
    };
    actions.into_iter().map(contender).collect()
}

fn outcome(explainer: &Explainer<'_, '_>, at: usize, rule: &Rule, action: &Action) -> (Option<String>, Fate) {
    let resource = explainer.resource;
    if let Some(when) = rule.when.as_ref().filter(|when| !resource.holds(when)) {
        let place = explainer.places.rules.get(at).and_then(Option::as_ref);
        return (None, Fate::DidNotFire(Box::new(explainer.condition(when, place))));
    }
    match resource.shown(&action.value) {
        Some(value) => (Some(value), Fate::Won),
        None => (None, Fate::NoValue(Words::new(resource.program()).value(&action.value))),
    }
}

fn native(resource: &Resource<'_>, tag: TagId, step: NativeStep) -> Contender {
    let declared = resource.program().tag(tag);
    let normalize = step.normalize.and_then(|at| declared.normalizes.get(at));
    let loc = match step.by {
        NativeJudge::Arm(arm) => normalize.and_then(|n| n.arms.get(arm)).map(|arm| arm.loc.clone()),
        NativeJudge::Otherwise => normalize.map(|normalize| normalize.loc.clone()),
        NativeJudge::Type => None,
    };
    let fate = if step.value.is_some() { Fate::Won } else { Fate::Discarded };
    let giver = Giver::Native { key: step.spelling, raw: step.raw };
    Contender { giver, loc, value: step.value, fate }
}
