//! Why a model suggests nothing for a tag.

use std::collections::HashMap;

use tagpol_eval::Which;
use tagpol_suggest::FEWEST;

use super::data::TrainingData;
use super::predict::ActiveModel;
use super::suggested::least;
use crate::AppError;

/// Why there is no suggestion for a tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Abstention {
    /// The name of the tag.
    pub tag: String,
    /// The reason.
    pub reason: Abstained,
}

/// A reason for no suggestion.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Abstained {
    /// No resource lacks the tag.
    NothingMissing,
    /// The model has not learned the tag.
    NotLearned {
        /// Resources with a value that a model can be trained on.
        labeled: u64,
        /// As many are needed.
        needed: u64,
    },
    /// No value that it expects is valid, or it expects none.
    NoValue {
        /// Resources that lack the tag.
        missing: u64,
    },
    /// All that it expects is less certain than it must be.
    Uncertain {
        /// Resources that lack the tag.
        missing: u64,
        /// Of these, the ones that are too unlike those that it was trained on for any confidence, or for which no
        /// confidence is supported.
        without_confidence: u64,
        /// The highest confidence.
        best: f64,
        /// Minimum confidence of a suggestion.
        needed: f64,
    },
}

/// Returns why there is no suggestion for a target, or for any of those without one. `at_least` is as in
/// [`suggestions`](super::suggestions).
///
/// # Errors
/// As of the state store, and of the evaluation of the inventory.
pub fn abstentions(
    data: &TrainingData<'_>,
    model: &ActiveModel,
    target: Option<usize>,
    which: Which<'_>,
    at_least: Option<f64>,
) -> Result<Vec<Abstention>, AppError> {
    let count = data.targets.len();
    let (mut labeled, mut missing) = (vec![0_u64; count], vec![0_u64; count]);
    let mut lacking: Vec<(String, usize)> = Vec::new();
    data.for_each(which, |one| {
        for at in (0..count).filter(|at| data.label(&one, *at).is_some()) {
            add(&mut labeled, at);
        }
        for at in TrainingData::missing(&one) {
            add(&mut missing, at);
            lacking.push((one.resource.id.clone(), at));
        }
        Ok(())
    })?;
    let confidences = confidences(data, &lacking)?;
    let of = |counts: &[u64], at: usize| counts.get(at).copied().unwrap_or_default();
    let mut abstentions = Vec::new();
    for (at, named) in data.targets.iter().enumerate() {
        if target.is_some_and(|target| target != at) {
            continue;
        }
        let found = confidences.get(&at).map_or(&[][..], Vec::as_slice);
        let needed = at_least.unwrap_or_else(|| least(data, at));
        let best = found.iter().copied().fold(0.0, f64::max);
        let missing = of(&missing, at);
        let reason = if missing == 0 {
            Abstained::NothingMissing
        } else if model.target(at).is_none() {
            Abstained::NotLearned { labeled: of(&labeled, at), needed: FEWEST as u64 }
        } else if found.is_empty() {
            Abstained::NoValue { missing }
        } else if best < needed {
            let without_confidence = found.iter().filter(|confidence| **confidence == 0.0).count() as u64;
            Abstained::Uncertain { missing, without_confidence, best, needed }
        } else {
            continue;
        };
        abstentions.push(Abstention { tag: named.name.clone(), reason });
    }
    Ok(abstentions)
}

fn add(counts: &mut [u64], at: usize) {
    if let Some(count) = counts.get_mut(at) {
        *count += 1;
    }
}

/// Returns the confidences of what the model expects for missing tags, by target.
fn confidences(
    data: &TrainingData<'_>,
    lacking: &[(String, usize)],
) -> Result<HashMap<usize, Vec<f64>>, AppError> {
    let predictions = data.store.read(|state| state.all_predictions())?.unwrap_or_default();
    let known: HashMap<(&str, &str), f64> =
        predictions.iter().map(|one| ((one.resource.as_str(), one.tag.as_str()), one.confidence)).collect();
    let mut by_target: HashMap<usize, Vec<f64>> = HashMap::new();
    for (resource, at) in lacking {
        let Some(target) = data.targets.get(*at) else { continue };
        if let Some(confidence) = known.get(&(resource.as_str(), target.name.as_str())) {
            by_target.entry(*at).or_default().push(*confidence);
        }
    }
    Ok(by_target)
}
