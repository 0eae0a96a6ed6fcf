//! Values that contradict the model, and misspelled ones.

use std::collections::BTreeMap;

use tagpol_suggest::{Reason, fold, spellings};

use super::data::{TaggedResource, TrainingData};
use super::predict::ActiveModel;

/// The least probability of another value.
const MIN_PROBABILITY: f32 = 0.8;

/// Resources that are asked about together.
const BATCH: usize = 4096;

/// A value that a person should check.
#[derive(Debug, Clone)]
pub struct Anomaly<'d> {
    /// The resource. None: several have the value.
    pub resource: Option<&'d TaggedResource>,
    /// The number of the tag among the targets.
    pub target: usize,
    /// The name of the tag.
    pub tag: String,
    /// The value that it has.
    pub value: String,
    /// The value that is more likely.
    pub suggested: String,
    /// How likely that is, from 0 to 1.
    pub probability: f64,
    /// Why.
    pub evidence: Evidence,
}

/// Why a value should be checked.
#[derive(Debug, Clone)]
pub enum Evidence {
    /// The model predicts another one, for reasons.
    Model(Vec<Reason>),
    /// It is spelled nearly as another one.
    Spelling {
        /// Resources with this value.
        resources: usize,
        /// Resources with the other one.
        known: usize,
    },
}

/// Returns anomalies of some targets among resources, the likeliest first. At most `most` of those that contradict the model
/// are explained and returned.
pub fn anomalies<'d>(
    data: &TrainingData<'_>,
    model: &ActiveModel,
    all: &'d [TaggedResource],
    targets: &[usize],
    most: usize,
) -> Vec<Anomaly<'d>> {
    let mut found = contradictions(data, model, all, targets, most);
    found.extend(targets.iter().flat_map(|target| near_duplicates(data, all, *target)));
    let id = |one: &Anomaly<'_>| one.resource.map(|one| one.resource.id.clone());
    found.sort_by(|a, b| {
        let order = b.probability.total_cmp(&a.probability);
        order.then_with(|| (&a.tag, id(a)).cmp(&(&b.tag, id(b))))
    });
    found
}

/// Returns the values for which the model finds another one at least [`MIN_PROBABILITY`] likely.
fn contradictions<'d>(
    data: &TrainingData<'_>,
    model: &ActiveModel,
    all: &'d [TaggedResource],
    targets: &[usize],
    most: usize,
) -> Vec<Anomaly<'d>> {
    let mut found: Vec<(f32, &TaggedResource, usize, String)> = Vec::new();
    for chunk in all.chunks(BATCH) {
        for target in targets {
            let has = |one: &&TaggedResource| data.label(one, *target).is_some();
            let own: Vec<(&TaggedResource, Vec<usize>)> =
                chunk.iter().filter(has).map(|one| (one, vec![*target])).collect();
            for ((one, _), answers) in own.iter().zip(model.ask(&own)) {
                let best = answers
                    .first()
                    .and_then(|(_, answer)| answer.best().filter(|_| !answer.out_of_distribution));
                let (Some(best), Some(value)) = (best, data.label(one, *target)) else { continue };
                if fold(&best.value) != fold(value) && best.probability >= MIN_PROBABILITY {
                    found.push((best.probability, *one, *target, best.value.clone()));
                }
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.resource.id.cmp(&b.1.resource.id)));
    found.truncate(most);
    let anomaly = |(probability, one, target, suggested): (f32, &'d TaggedResource, usize, String)| {
        let reasons = model.target(target).map(|own| model.model.reasons(&one.resource, own, &suggested));
        Anomaly {
            resource: Some(one),
            target,
            tag: data.targets.get(target).map(|target| target.name.clone()).unwrap_or_default(),
            value: data.label(one, target).unwrap_or_default().to_owned(),
            suggested,
            probability: probability.into(),
            evidence: Evidence::Model(reasons.unwrap_or_default()),
        }
    };
    found.into_iter().map(anomaly).collect()
}

/// Returns values that are typos of others.
fn near_duplicates<'d>(data: &TrainingData<'_>, all: &[TaggedResource], target: usize) -> Vec<Anomaly<'d>> {
    let Some(named) = data.targets.get(target) else { return Vec::new() };
    let counted = value_counts(all, target);
    let values: Vec<(&str, usize, bool)> =
        counted.iter().map(|(value, count)| (value.as_str(), *count, data.is_valid(target, value))).collect();
    let anomaly = |one: tagpol_suggest::Spelling| Anomaly {
        resource: None,
        target,
        tag: named.name.clone(),
        probability: one.known as f64 / (one.known + one.resources) as f64,
        evidence: Evidence::Spelling { resources: one.resources, known: one.known },
        value: one.written,
        suggested: one.value,
    };
    spellings(named, &values).into_iter().map(anomaly).collect()
}

/// Returns the number of resources with each value of a tag.
pub fn value_counts(all: &[TaggedResource], target: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (value, _) in all.iter().filter_map(|one| one.values.get(target)?.as_ref()) {
        *counts.entry(value.clone()).or_default() += 1;
    }
    counts
}
