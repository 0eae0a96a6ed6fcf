//! Why a tag has its value.

use tagpol_interp::{NativeJudge, NativeStep, Resource, Winner};
use tagpol_sema::program::{ActionKind, Loc, TagId};

use super::condition::{Explainer, Part};
use tagpol_sema::pretty::Words;

/// Where the value of a tag came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A rule.
    Rule {
        /// Its name.
        name: String,
        /// Place of the action.
        loc: Loc,
    },
    /// A native tag.
    Native {
        /// Its key, as the resource spells it.
        key: String,
        /// Its value, as found.
        raw: String,
        /// The arm of the map that made it what it is.
        arm: Option<Loc>,
    },
    /// A person.
    Decided,
    /// The model, which an `infer` lets apply.
    Inferred,
    /// The tag's default.
    Default(Loc),
}

/// Returns where the value of a tag came from; None if it is missing.
pub fn origin(resource: &Resource<'_>, tag: TagId) -> Option<Origin> {
    let program = resource.program();
    Some(match resource.tag(tag)?.winner.as_ref()? {
        Winner::Rule { rule, action } => {
            let rule = program.rules.get(*rule)?;
            Origin::Rule { name: rule.name.clone(), loc: rule.actions.get(*action)?.loc.clone() }
        }
        Winner::Native { key } => {
            let steps = resource.native_steps(program.tag(tag));
            let step = steps.into_iter().find(|step| step.value.is_some())?;
            let arm = arm_of(resource, tag, &step);
            Origin::Native { key: key.clone(), raw: step.raw, arm }
        }
        Winner::Decided => Origin::Decided,
        Winner::Inferred => Origin::Inferred,
        Winner::Default => Origin::Default(program.tag(tag).loc.clone()),
    })
}

fn arm_of(resource: &Resource<'_>, tag: TagId, step: &NativeStep) -> Option<Loc> {
    let NativeJudge::Arm(arm) = step.by else { return None };
    let normalize = resource.program().tag(tag).normalizes.get(step.normalize?)?;
    Some(normalize.arms.get(arm)?.loc.clone())
}

/// Whether a rule gave a tag its value, and the reason if it did not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It gave the value.
    Won,
    /// Its condition does not hold.
    DidNotFire(Box<Part>),
    /// It fires, but its value is missing.
    NoValue {
        /// The value as the language writes it.
        value: String,
        /// Place of the action.
        loc: Loc,
    },
    /// It fires and has a value, and something stronger has one too.
    Beaten {
        /// Whether it only fills.
        kind: ActionKind,
        /// Its priority.
        priority: i64,
        /// Place of the action.
        loc: Loc,
    },
    /// It gives the tag no value at all.
    NotAboutIt,
}

/// Returns what became of a rule for a tag.
pub fn verdict(explainer: &Explainer<'_, '_>, rule_index: usize, tag: TagId) -> Verdict {
    let resource = explainer.resource;
    let Some(rule) = resource.program().rules.get(rule_index) else { return Verdict::NotAboutIt };
    let winner = resource.tag(tag).and_then(|result| result.winner.clone());
    if matches!(winner, Some(Winner::Rule { rule, .. }) if rule == rule_index) {
        return Verdict::Won;
    }
    let Some(action) = rule.actions.iter().find(|action| action.tag == tag) else {
        return Verdict::NotAboutIt;
    };
    if let Some(when) = &rule.when
        && !resource.holds(when)
    {
        let place = explainer.places.rules.get(rule_index).and_then(Option::as_ref);
        return Verdict::DidNotFire(Box::new(explainer.condition(when, place)));
    }
    let loc = action.loc.clone();
    if resource.given(&action.value).is_none() {
        return Verdict::NoValue { value: Words::new(resource.program()).value(&action.value), loc };
    }
    Verdict::Beaten { kind: action.kind, priority: rule.priority, loc }
}

/// Native tags that may refer to a tag, and count as absent.
pub fn discarded(resource: &Resource<'_>, tag: TagId) -> Vec<(NativeStep, Option<Loc>)> {
    let steps = resource.native_steps(resource.program().tag(tag)).into_iter();
    let discarded = steps.filter(|step| step.value.is_none());
    discarded.map(|step| (step.clone(), arm_of(resource, tag, &step))).collect()
}
