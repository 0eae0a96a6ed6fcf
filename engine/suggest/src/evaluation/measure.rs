//! What a model is worth on resources that it was not trained on.

use crate::baselines::methods::are_right;
use crate::calibration::outcome::{Outcome, log_loss};
use crate::candidates::generator::{PreparedResource, ResourcePrediction};
use crate::evaluation::report::{JudgedResource, RegimeReport};
use crate::features::parts::bit;
use crate::features::resource::{Labelled, Resource, fold, skeleton};
use crate::features::target_context::TargetContext;
use crate::model::{Answer, Model};
use crate::numerics::random::hash;

/// What a model does on resources whose value is known.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// The figures. Naive Bayes is not measured: its accuracy is 0.
    pub report: RegimeReport,
    /// The number of groups that the resources belong to: of near-identical ones, or of a family if nothing of it was
    /// seen.
    pub groups: usize,
    /// The share of resources whose right value is among the three most likely, from 0 to 1.
    pub top3: f64,
}

/// Asks a model about a tag of resources that have it, as if they lacked it, and compares.
pub fn measure(model: &Model, target: usize, resources: &[Labelled]) -> Measurement {
    let mut judged = Vec::new();
    let mut top3 = 0;
    for chunk in resources.chunks(512) {
        let questions: Vec<(&Resource, &[usize])> =
            chunk.iter().map(|one| (&one.resource, std::slice::from_ref(&target))).collect();
        let answers = model.suggest(&questions);
        let prepared: Vec<PreparedResource> =
            chunk.iter().map(|one| model.generator.prepare(&model.context, &one.resource)).collect();
        let pairs: Vec<(&PreparedResource, u64)> = prepared.iter().map(|one| (one, bit(target))).collect();
        let predictions = model.generator.predict(&pairs);
        let views = prepared.iter().zip(&predictions);
        for ((one, answer), views) in chunk.iter().zip(answers.iter().flatten()).zip(views) {
            let Some((_, truth)) = one.values.iter().find(|(of, _)| *of == target) else { continue };
            let is_right = |value: &str| fold(value) == fold(truth);
            top3 += usize::from(answer.suggestions.iter().take(3).any(|one| is_right(&one.value)));
            judged.push(judge(model, target, one, answer, truth, views));
        }
    }
    let mut groups: Vec<u64> = judged.iter().map(|one| one.outcome.group).collect();
    groups.sort_unstable();
    groups.dedup();
    let top3 = top3 as f64 / judged.len().max(1) as f64;
    Measurement { report: RegimeReport::of(&judged), groups: groups.len(), top3 }
}

fn judge(
    model: &Model,
    target: usize,
    one: &Labelled,
    answer: &Answer,
    truth: &str,
    views: (&PreparedResource, &ResourcePrediction),
) -> JudgedResource {
    let is_right = |value: &str| fold(value) == fold(truth);
    let best = answer.best();
    let of_right = answer.suggestions.iter().find(|suggestion| is_right(&suggestion.value));
    let family = hash(&[&one.resource.family(&model.context.stop_words)]);
    let asked = (target, &one.resource, views);
    JudgedResource {
        outcome: Outcome {
            probability: best.map_or(0.0, |best| best.probability),
            right: best.is_some_and(|best| is_right(&best.value)),
            group: group(&model.context, &one.resource, family, answer.family_seen),
        },
        confidence: best.map_or(0.0, |best| best.confidence),
        log_loss: log_loss(of_right.map_or(0.0, |suggestion| suggestion.probability)),
        is_possible: model.generator.classes.get(target).is_some_and(|classes| classes.class(truth) > 0),
        baselines: are_right(&model.context, &model.generator, asked, None, &is_right),
    }
}

/// Returns a number for what near-identical resources share: name without digits, type, and place. If nothing of the family
/// was seen, all of it is right or wrong together, and the family is the group.
pub(crate) fn group(context: &TargetContext, resource: &Resource, family: u64, family_seen: bool) -> u64 {
    if !family_seen {
        return family;
    }
    let name = skeleton(resource.name.as_deref().unwrap_or_default(), &context.stop_words);
    hash(&[resource.place(), resource.type_.as_deref().unwrap_or_default(), &name])
}
