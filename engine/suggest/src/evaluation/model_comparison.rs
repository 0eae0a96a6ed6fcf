//! Whether a new model is better than the one that is used.
//!
//! Both are compared on the same tags of the same resources, which neither had learnt from when it
//! was asked about them, and of which both had seen as much: either resources of the same family, or
//! none.

use rustc_hash::FxHashMap;

use crate::features::resource::{Labelled, fold};
use crate::model::Model;
use crate::numerics::random::hash;

/// What was said of a tag of a resource before it was learnt from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Measured {
    /// What tells the tag of the resource with its value from all others.
    pub(crate) lesson: u64,
    /// Whether resources of the same family had the tag.
    pub(crate) familiar: bool,
    /// Whether the likeliest value was right.
    pub(crate) right: bool,
    /// How surprising the right value was.
    pub(crate) loss: f32,
}

/// What two models were compared on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Tags that neither has learnt from.
    Fresh,
    /// Tags that both kept aside while they were trained.
    Aside,
    /// Nothing: the one that is used has learnt none of the tags.
    Other,
    /// Nothing, or too little.
    Little,
}

/// What two models said of the same tags.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contest {
    /// How many tags of resources they were compared on.
    pub compared: usize,
    /// Which these are.
    pub basis: Basis,
    /// The one that is used.
    pub champion: Score,
    /// The new one.
    pub challenger: Score,
}

/// How good a model is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// Share for which the likeliest value was right.
    pub accuracy: f64,
    /// How surprising right values were in the mean; less is better.
    pub loss: f64,
}

impl Contest {
    /// Whether the new one is better.
    pub fn is_won(&self) -> bool {
        match self.basis {
            Basis::Fresh | Basis::Aside => self.challenger.loss < self.champion.loss - 1e-6,
            // A model of other tags than before is no rival of the one before.
            Basis::Other => true,
            Basis::Little => false,
        }
    }

    fn none(basis: Basis) -> Self {
        Self { compared: 0, basis, champion: Score::default(), challenger: Score::default() }
    }
}

/// Tags that two models must be compared on at least.
const FEWEST: usize = 20;

/// What surprises most.
const LEAST: f64 = 1e-3;

/// Returns how surprising it is that something happens that is so likely.
pub(crate) fn surprise(probability: f32) -> f64 {
    -f64::from(probability).max(LEAST).ln()
}

/// Returns what tells a value of a tag of a resource from all others.
pub(crate) fn lesson(resource: &str, tag: &str, value: &str) -> u64 {
    hash(&[resource, tag, &fold(value)])
}

/// What the one that is used and the new one said of a tag.
type Pair = (Measured, Measured);

/// Compares the model that is used with a new one that learnt from `resources`: on tags that are new
/// to both, else on those that both kept aside.
pub fn contest(champion: &Model, challenger: &Model, resources: &[Labelled]) -> Contest {
    let names = challenger.targets().iter().enumerate().filter(|(at, _)| challenger.is_learnt(*at));
    let mut shared = names.filter(|(_, target)| learnt(champion, &target.name).is_some());
    if shared.next().is_none() {
        return Contest::none(Basis::Other);
    }
    let fresh = fresh(champion, challenger, resources);
    if fresh.len() >= FEWEST {
        return scored(Basis::Fresh, &fresh);
    }
    let aside = aside(champion, challenger);
    if aside.len() >= FEWEST { scored(Basis::Aside, &aside) } else { Contest::none(Basis::Little) }
}

/// Returns the number of a tag that a model has learnt.
fn learnt(model: &Model, name: &str) -> Option<usize> {
    model.target(name).filter(|target| model.is_learnt(*target))
}

fn by_lesson(model: &Model) -> FxHashMap<(u64, bool), Measured> {
    model.measured.iter().map(|one| ((one.lesson, one.familiar), *one)).collect()
}

/// Asks the model that is used about the tags that it has not learnt from.
fn fresh(champion: &Model, challenger: &Model, resources: &[Labelled]) -> Vec<Pair> {
    let measured = by_lesson(challenger);
    let mut pairs = Vec::new();
    for one in resources {
        for (target, value) in &one.values {
            let Some(name) = challenger.targets().get(*target).map(|target| &target.name) else { continue };
            let lesson = lesson(&one.resource.id, name, value);
            let is_measured =
                [true, false].iter().any(|familiar| measured.contains_key(&(lesson, *familiar)));
            let Some(own) = learnt(champion, name).filter(|_| is_measured) else { continue };
            if champion.has_learnt(lesson) {
                continue;
            }
            let said = ask(champion, own, one, value, lesson);
            pairs.extend(measured.get(&(lesson, said.familiar)).map(|measured| (said, *measured)));
        }
    }
    pairs
}

fn ask(model: &Model, target: usize, one: &Labelled, value: &str, lesson: u64) -> Measured {
    let answers = model.suggest(&[(&one.resource, &[target])]);
    let answer = answers.iter().flatten().next();
    let suggestions = answer.map(|answer| answer.suggestions.as_slice()).unwrap_or_default();
    let is_right = |said: &str| fold(said) == fold(value);
    let likely = suggestions.iter().find(|said| is_right(&said.value)).map_or(0.0, |said| said.probability);
    Measured {
        lesson,
        familiar: answer.is_some_and(|answer| answer.familiar),
        right: suggestions.first().is_some_and(|said| is_right(&said.value)),
        loss: surprise(likely) as f32,
    }
}

/// Returns what both said of tags that both kept aside.
fn aside(champion: &Model, challenger: &Model) -> Vec<Pair> {
    let own = by_lesson(champion);
    let mut pairs: Vec<Pair> = by_lesson(challenger)
        .into_iter()
        .filter_map(|(key, measured)| Some((*own.get(&key)?, measured)))
        .collect();
    pairs.sort_unstable_by_key(|(one, _)| (one.lesson, one.familiar));
    pairs
}

fn scored(basis: Basis, pairs: &[Pair]) -> Contest {
    let compared = pairs.len();
    let score = |of: fn(&Pair) -> &Measured| Score {
        accuracy: pairs.iter().filter(|pair| of(pair).right).count() as f64 / compared as f64,
        loss: pairs.iter().map(|pair| f64::from(of(pair).loss)).sum::<f64>() / compared as f64,
    };
    Contest { compared, basis, champion: score(|pair| &pair.0), challenger: score(|pair| &pair.1) }
}
