//! What a model is worth on resources that it has not learnt from.

use crate::baselines::methods::judge;
use crate::calibration::probability::Outcome;
use crate::candidates::generator::{Asked, Seen};
use crate::evaluation::model_comparison::surprise;
use crate::evaluation::report::{Fate, RegimeReport};
use crate::features::parts::bit;
use crate::features::resource::{Labelled, fold};
use crate::model::{Answer, Model};
use crate::numerics::random::hash;
use crate::training::group;

/// What became of resources that a model was asked about.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// Figures. Naive Bayes is not asked, and is right of none.
    pub report: RegimeReport,
    /// How many groups of near-identical resources, or families where nothing of them was known, they
    /// belong to.
    pub groups: usize,
    /// Share of them whose right value was among the three likeliest.
    pub top3: f64,
}

/// Asks a model about a tag of resources that have it, as if they lacked it, and compares.
pub fn measure(model: &Model, target: usize, asked: &[Labelled]) -> Measurement {
    let mut fates = Vec::new();
    let mut top3 = 0;
    for chunk in asked.chunks(512) {
        let questions: Vec<(&crate::Resource, &[usize])> =
            chunk.iter().map(|one| (&one.resource, std::slice::from_ref(&target))).collect();
        let answers = model.suggest(&questions);
        let seen: Vec<Seen> = chunk.iter().map(|one| model.base.see(&model.known, &one.resource)).collect();
        let pairs: Vec<(&Seen, u64)> = seen.iter().map(|seen| (seen, bit(target))).collect();
        let views = seen.iter().zip(model.base.ask(&pairs));
        for ((one, answer), view) in chunk.iter().zip(answers.iter().flatten()).zip(views) {
            let Some((_, truth)) = one.values.iter().find(|(of, _)| *of == target) else { continue };
            let is_right = |value: &str| fold(value) == fold(truth);
            top3 += usize::from(answer.suggestions.iter().take(3).any(|one| is_right(&one.value)));
            fates.push(fate(model, target, one, answer, truth, (view.0, &view.1)));
        }
    }
    let mut groups: Vec<u64> = fates.iter().map(|fate| fate.outcome.group).collect();
    groups.sort_unstable();
    groups.dedup();
    let top3 = top3 as f64 / fates.len().max(1) as f64;
    Measurement { report: RegimeReport::of(&fates), groups: groups.len(), top3 }
}

fn fate(
    model: &Model,
    target: usize,
    one: &Labelled,
    answer: &Answer,
    truth: &str,
    (seen, asked): (&Seen, &Asked),
) -> Fate {
    let is_right = |value: &str| fold(value) == fold(truth);
    let best = answer.best();
    let likely = answer.suggestions.iter().find(|said| is_right(&said.value));
    let family = hash(&[&one.resource.family(&model.known.stop)]);
    Fate {
        outcome: Outcome {
            probability: best.map_or(0.0, |best| best.probability),
            right: best.is_some_and(|best| is_right(&best.value)),
            group: group(&model.known, &one.resource, family, answer.familiar),
        },
        confidence: best.map_or(0.0, |best| best.confidence),
        loss: surprise(likely.map_or(0.0, |said| said.probability)),
        known: model.base.classes.get(target).is_some_and(|classes| classes.class(truth) > 0),
        baselines: judge(&model.known, &model.base, (target, &one.resource, seen, asked), None, &is_right),
    }
}
