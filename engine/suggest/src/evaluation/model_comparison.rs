//! Whether a new model is better than the one in use.
//!
//! Both are compared on the same labels, which neither was trained on when it was asked about them, and in the same
//! situation: both had seen other resources of the family, or neither had.

use rustc_hash::FxHashMap;

use crate::calibration::holdout::{HoldoutScore, label_hash};
use crate::calibration::outcome::log_loss;
use crate::features::resource::{Labelled, fold};
use crate::model::Model;

/// What two models were compared on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// Labels that neither was trained on.
    Fresh,
    /// Labels that both held out while they were trained.
    HeldOut,
    /// Nothing: the model in use has learned none of the tags.
    OtherTags,
    /// Too few labels, or none.
    TooFew,
}

/// The comparison of two models.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ModelComparison {
    /// The number of labels that both were compared on; 0 without a basis.
    pub compared: usize,
    /// Which labels these are.
    pub basis: Basis,
    /// The model in use.
    pub champion: Score,
    /// The new model.
    pub challenger: Score,
}

/// How good a model is.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Score {
    /// The share for which the most likely value was right, from 0 to 1.
    pub accuracy: f64,
    /// Mean logarithmic loss of the right values, from 0 to 6.9; less is better.
    pub loss: f64,
}

/// Differences of mean losses that rounding can make.
const ROUNDING: f64 = 1e-6;

impl ModelComparison {
    /// Whether the new model is better.
    pub fn is_won(&self) -> bool {
        match self.basis {
            Basis::Fresh | Basis::HeldOut => self.challenger.loss < self.champion.loss - ROUNDING,
            // A model of other tags does not compete with the one in use.
            Basis::OtherTags => true,
            Basis::TooFew => false,
        }
    }

    fn without(basis: Basis) -> Self {
        Self { compared: 0, basis, champion: Score::default(), challenger: Score::default() }
    }
}

/// The least number of labels that two models are compared on.
const MIN_LABELS: usize = 20;

/// The scores of the model in use and of the new one for a label.
type Pair = (HoldoutScore, HoldoutScore);

/// Compares the model in use with a new one that was trained on `resources`: on labels that are new to both, else on
/// those that both held out.
pub fn compare_models(champion: &Model, challenger: &Model, resources: &[Labelled]) -> ModelComparison {
    let names = challenger.targets().iter().enumerate().filter(|(at, _)| challenger.is_learned(*at));
    let mut shared = names.filter(|(_, target)| learned(champion, &target.name).is_some());
    if shared.next().is_none() {
        return ModelComparison::without(Basis::OtherTags);
    }
    let fresh = fresh(champion, challenger, resources);
    if fresh.len() >= MIN_LABELS {
        return scored(Basis::Fresh, &fresh);
    }
    let held_out = held_out(champion, challenger);
    if held_out.len() >= MIN_LABELS {
        scored(Basis::HeldOut, &held_out)
    } else {
        ModelComparison::without(Basis::TooFew)
    }
}

/// Returns the number of a tag that a model has learned.
fn learned(model: &Model, name: &str) -> Option<usize> {
    model.target(name).filter(|target| model.is_learned(*target))
}

fn by_label(model: &Model) -> FxHashMap<(u64, bool), HoldoutScore> {
    model.holdout_scores.iter().map(|one| ((one.label_hash, one.family_seen), *one)).collect()
}

/// Asks the model in use about the labels that it was not trained on.
fn fresh(champion: &Model, challenger: &Model, resources: &[Labelled]) -> Vec<Pair> {
    let scores = by_label(challenger);
    let mut pairs = Vec::new();
    for one in resources {
        for (target, value) in &one.values {
            let Some(name) = challenger.targets().get(*target).map(|target| &target.name) else { continue };
            let hash = label_hash(&one.resource.id, name, value);
            let is_scored = [true, false].iter().any(|seen| scores.contains_key(&(hash, *seen)));
            let Some(own) = learned(champion, name).filter(|_| is_scored) else { continue };
            if champion.was_trained_on(hash) {
                continue;
            }
            let score = score(champion, own, one, value, hash);
            pairs.extend(scores.get(&(hash, score.family_seen)).map(|other| (score, *other)));
        }
    }
    pairs
}

fn score(model: &Model, target: usize, one: &Labelled, value: &str, label_hash: u64) -> HoldoutScore {
    let answers = model.suggest(&[(&one.resource, &[target])]);
    let answer = answers.iter().flatten().next();
    let suggestions = answer.map(|answer| answer.suggestions.as_slice()).unwrap_or_default();
    let is_right = |other: &str| fold(other) == fold(value);
    let of_right = suggestions.iter().find(|one| is_right(&one.value)).map_or(0.0, |one| one.probability);
    HoldoutScore {
        label_hash,
        family_seen: answer.is_some_and(|answer| answer.family_seen),
        right: suggestions.first().is_some_and(|one| is_right(&one.value)),
        log_loss: log_loss(of_right) as f32,
    }
}

/// Returns the scores of labels that both held out.
fn held_out(champion: &Model, challenger: &Model) -> Vec<Pair> {
    let own = by_label(champion);
    let mut pairs: Vec<Pair> =
        by_label(challenger).into_iter().filter_map(|(key, score)| Some((*own.get(&key)?, score))).collect();
    pairs.sort_unstable_by_key(|(one, _)| (one.label_hash, one.family_seen));
    pairs
}

fn scored(basis: Basis, pairs: &[Pair]) -> ModelComparison {
    let compared = pairs.len();
    let score = |of: fn(&Pair) -> &HoldoutScore| Score {
        accuracy: pairs.iter().filter(|pair| of(pair).right).count() as f64 / compared as f64,
        loss: pairs.iter().map(|pair| f64::from(of(pair).log_loss)).sum::<f64>() / compared as f64,
    };
    ModelComparison { compared, basis, champion: score(|pair| &pair.0), challenger: score(|pair| &pair.1) }
}
