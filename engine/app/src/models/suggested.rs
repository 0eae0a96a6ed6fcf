//! Predictions for people: with reasons, and other values that are likely.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::prelude::ToPrimitive as _;
use tagpol_eval::Which;
use tagpol_state::Prediction;
use tagpol_suggest::{Reason, Suggestion, information, likeness};

use super::data::{TaggedResource, TrainingData};
use super::predict::ActiveModel;
use crate::AppError;

/// Values that are less likely than this are left out.
const MIN_PROBABILITY: f32 = 0.005;

/// The most other values of a suggestion.
const MOST_ALTERNATIVES: usize = 3;

/// A missing tag with the prediction of the model.
#[derive(Debug, Clone)]
pub struct Suggested {
    /// What the state store has.
    pub prediction: Prediction,
    /// The number of the tag among the targets.
    pub target: usize,
    /// The resource.
    pub one: TaggedResource,
}

/// Returns the suggestions for resources, in descending order of confidence: those of a target or of all, with at least a
/// confidence. None: that of the `infer` of the tag, else 0.5.
///
/// # Errors
/// As of the state store, and of the evaluation of the inventory.
pub fn suggestions(
    data: &TrainingData<'_>,
    target: Option<usize>,
    which: Which<'_>,
    at_least: Option<f64>,
) -> Result<Vec<Suggested>, AppError> {
    let predictions = data.store.read(|state| state.all_predictions())?;
    let mut by_resource: HashMap<String, Vec<(usize, Prediction)>> = HashMap::new();
    for prediction in predictions.unwrap_or_default() {
        let Ok(own) = data.target(&prediction.tag) else { continue };
        let is_wanted = target.is_none_or(|target| target == own);
        if is_wanted && prediction.confidence >= at_least.unwrap_or_else(|| least(data, own)) {
            by_resource.entry(prediction.resource.clone()).or_default().push((own, prediction));
        }
    }
    let mut suggested = Vec::new();
    data.for_each(which, |one| {
        for (target, prediction) in by_resource.remove(&one.resource.id).unwrap_or_default() {
            suggested.push(Suggested { prediction, target, one: one.clone() });
        }
        Ok(())
    })?;
    suggested.sort_by(|a, b| {
        let order = b.prediction.confidence.total_cmp(&a.prediction.confidence);
        order.then_with(|| {
            (&a.prediction.resource, &a.prediction.tag).cmp(&(&b.prediction.resource, &b.prediction.tag))
        })
    });
    Ok(suggested)
}

/// Suggestions that one answer decides: the same value of a tag, for resources that are alike.
#[derive(Debug, Clone)]
pub struct SuggestionGroup {
    /// At least one, in descending order of confidence.
    pub suggestions: Vec<Suggested>,
}

/// Groups suggestions, those first whose answer teaches most. Resources are alike if they share account and type, and if
/// their names differ in digits only.
pub fn grouped(suggested: Vec<Suggested>) -> Vec<SuggestionGroup> {
    let mut groups: BTreeMap<_, Vec<Suggested>> = BTreeMap::new();
    for one in suggested {
        let like = likeness(&one.one.resource);
        groups.entry((one.target, one.prediction.value.clone(), like)).or_default().push(one);
    }
    let mut groups: Vec<SuggestionGroup> =
        groups.into_values().map(|suggestions| SuggestionGroup { suggestions }).collect();
    groups.sort_by(|a, b| b.information().total_cmp(&a.information()));
    groups
}

impl SuggestionGroup {
    /// Returns how much an answer teaches, in bits: how uncertain its suggestions are together.
    fn information(&self) -> f64 {
        information(&self.suggestions.iter().map(|one| one.prediction.confidence).collect::<Vec<_>>())
    }
}

/// Returns the least confidence of a suggestion: that of the `infer` of the tag, else 0.5.
pub(super) fn least(data: &TrainingData<'_>, target: usize) -> f64 {
    let tag = data.tags.get(target);
    let inference = data.program.inferences.iter().find(|inference| Some(&inference.tag) == tag);
    inference.and_then(|inference| inference.suggest.or(inference.apply)?.to_f64()).unwrap_or(0.5)
}

impl Suggested {
    /// Returns the reasons for the value; none if the model has not learned the tag.
    pub fn reasons(&self, model: &ActiveModel) -> Vec<Reason> {
        let target = model.target(self.target);
        let reasons =
            target.map(|target| model.model.reasons(&self.one.resource, target, &self.prediction.value));
        reasons.unwrap_or_default()
    }

    /// Returns other likely values, the likeliest first.
    pub fn alternatives(&self, model: &ActiveModel) -> Vec<Suggestion> {
        let answers = model.ask(&[(&self.one, vec![self.target])]);
        let suggestions = answers.into_iter().flatten().flat_map(|(_, answer)| answer.suggestions);
        let others = suggestions
            .filter(|other| other.value != self.prediction.value && other.probability >= MIN_PROBABILITY);
        others.take(MOST_ALTERNATIVES).collect()
    }
}
