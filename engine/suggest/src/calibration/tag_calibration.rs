//! Calibration of each tag: the weights of its models, its probabilities, and the confidence that these support.
//!
//! All of it is measured on held-out resources, and each of those is judged by what was measured without its fold.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::confidence_bound::{ConfidenceBound, KeptConfidences};
use super::holdout::{FOLDS, HoldoutCase, HoldoutOutcome, ranking_cases};
use super::outcome::{Outcome, log_loss};
use super::platt::PlattScaling;
use crate::candidates::signals::Signals;
use crate::features::target_context::TargetContext;
use crate::ranking::ensemble::{EnsembleWeights, ModelLogProbs};
use crate::ranking::scorer::Scorer;

/// The calibration of a target, in one of two situations: resources of the same family had the tag, or none had it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct TagCalibration {
    #[serde(alias = "pool")]
    weights: EnsembleWeights,
    #[serde(alias = "calibration")]
    scaling: PlattScaling,
    #[serde(alias = "assurance")]
    bound: ConfidenceBound,
    /// The confidences of `bound` that were kept on resources which it was not fitted on. None: a model of an
    /// earlier version, whose confidences are those of `bound`.
    #[serde(default)]
    kept: Option<KeptConfidences>,
}

/// Returns the situation of a resource as the number of its [`TagCalibration`]: 0 if resources of the same family had the
/// tag, else 1.
pub(crate) fn regime(family_seen: bool) -> usize {
    usize::from(!family_seen)
}

impl TagCalibration {
    fn fit(cases: &[(&ModelLogProbs, &HoldoutCase)]) -> Self {
        // Near-identical resources count as one observation, and so does a family of which nothing was seen: otherwise
        // one application with a thousand machines would decide the weights of a whole tag.
        let mut groups: FxHashMap<u64, f64> = FxHashMap::default();
        cases.iter().for_each(|(_, one)| *groups.entry(one.group).or_default() += 1.0);
        let weight = |one: &HoldoutCase| groups.get(&one.group).map_or(1.0, |count| count.recip());
        let weighted: Vec<(&ModelLogProbs, usize, f64)> =
            cases.iter().map(|(logs, one)| (*logs, one.right, weight(one))).collect();
        let weights = EnsembleWeights::fit(&weighted);
        let outcomes: Vec<Outcome> =
            cases.iter().map(|(logs, one)| outcome(one, &weights.probabilities(logs)).0).collect();
        let scaling = PlattScaling::fit(&outcomes);
        let calibrated: Vec<Outcome> = outcomes
            .iter()
            .map(|one| Outcome { probability: scaling.apply(one.probability), ..*one })
            .collect();
        Self { weights, scaling, bound: ConfidenceBound::fit(&calibrated), kept: None }
    }

    /// Returns the score of each candidate, from what the scorer and the other models give it; they add up to 1.
    pub(crate) fn scores(&self, signals: &[Signals], scored: &[f32]) -> Vec<f32> {
        self.weights.probabilities(&ModelLogProbs::of(signals, scored))
    }

    /// Returns the calibrated probability of a score.
    pub(crate) fn probability(&self, score: f32) -> f32 {
        self.scaling.apply(score)
    }

    /// Returns the confidence that a probability supports, of those that were kept: reports claim the same.
    pub(crate) fn confidence(&self, probability: f32) -> f32 {
        let confidence = self.bound.confidence(probability);
        self.kept.as_ref().map_or(confidence, |kept| kept.of(confidence))
    }
}

/// Calibrates each target in both situations, and returns what became of each case, judged without its fold.
pub(crate) fn calibrate(
    context: &TargetContext,
    holdout: &[HoldoutCase],
    seed: u64,
) -> (Vec<[TagCalibration; 2]>, Vec<HoldoutOutcome>) {
    let logs = cross_validated_logs(holdout, seed);
    let fit = |target: usize, family_seen: bool, without: Option<u64>| -> TagCalibration {
        let chosen = logs.iter().zip(holdout).filter(|(_, one)| {
            one.target == target && one.candidates.family_seen == family_seen && Some(one.fold) != without
        });
        TagCalibration::fit(&chosen.collect::<Vec<_>>())
    };
    let targets = 0..context.targets.len();
    let calibrations = targets.clone().map(|target| [true, false].map(|seen| fit(target, seen, None)));
    let mut by_fold: FxHashMap<(usize, bool, u64), TagCalibration> = FxHashMap::default();
    for target in targets.clone() {
        for family_seen in [true, false] {
            for fold in 0..FOLDS {
                by_fold.insert((target, family_seen, fold), fit(target, family_seen, Some(fold)));
            }
        }
    }
    let outcomes = holdout.iter().zip(&logs).map(|(one, logs)| {
        let key = (one.target, one.candidates.family_seen, one.fold);
        judge(one, logs, &by_fold.get(&key).cloned().unwrap_or_default())
    });
    let mut outcomes: Vec<HoldoutOutcome> = outcomes.collect();
    let mut calibrations: Vec<[TagCalibration; 2]> = calibrations.collect();
    limit(holdout, &mut calibrations, &mut outcomes);
    (calibrations, outcomes)
}

/// Limits the confidences of each calibration, and those of its outcomes, to those that were kept on the outcomes, each of which was
/// judged without its fold: a bound that was chosen among many looks better on what it was chosen by.
fn limit(holdout: &[HoldoutCase], calibrations: &mut [[TagCalibration; 2]], outcomes: &mut [HoldoutOutcome]) {
    for (target, both) in calibrations.iter_mut().enumerate() {
        for (at, calibration) in both.iter_mut().enumerate() {
            let is_own = |one: &HoldoutCase| one.target == target && regime(one.candidates.family_seen) == at;
            let own = holdout.iter().zip(outcomes.iter()).filter(|(one, _)| is_own(one));
            let claimed: Vec<Outcome> =
                own.map(|(_, judged)| Outcome { probability: judged.confidence, ..judged.outcome }).collect();
            let kept = KeptConfidences::fit(&claimed);
            for (_, judged) in holdout.iter().zip(outcomes.iter_mut()).filter(|(one, _)| is_own(one)) {
                judged.confidence = kept.of(judged.confidence);
            }
            calibration.kept = Some(kept);
        }
    }
}

fn judge(one: &HoldoutCase, logs: &ModelLogProbs, calibration: &TagCalibration) -> HoldoutOutcome {
    let (outcome, of_right) = outcome(one, &calibration.weights.probabilities(logs));
    let outcome = Outcome { probability: calibration.probability(outcome.probability), ..outcome };
    HoldoutOutcome {
        confidence: calibration.confidence(outcome.probability),
        log_loss: log_loss(if of_right > 0.0 { calibration.probability(of_right) } else { 0.0 }),
        outcome,
        family_seen: one.candidates.family_seen,
    }
}

/// Returns what all models give each case, the scorer being one that was trained on the other folds.
fn cross_validated_logs(holdout: &[HoldoutCase], seed: u64) -> Vec<ModelLogProbs> {
    let mut logs: Vec<Option<ModelLogProbs>> = vec![None; holdout.len()];
    for fold in 0..FOLDS {
        let scorer = Scorer::train(&ranking_cases(holdout, |one| one.fold != fold), seed + fold + 1);
        let own: Vec<(usize, &HoldoutCase)> =
            holdout.iter().enumerate().filter(|(_, one)| one.fold == fold).collect();
        let scored = scorer.score(own.iter().map(|(_, one)| one.candidates.signals()).collect());
        for ((at, one), scored) in own.iter().zip(scored) {
            if let Some(logs) = logs.get_mut(*at) {
                *logs = Some(ModelLogProbs::of(&one.candidates.signals(), &scored));
            }
        }
    }
    logs.into_iter().flatten().collect()
}

/// Returns what became of a case with these scores, and the score of its right value; 0 if it is not a candidate.
fn outcome(one: &HoldoutCase, scores: &[f32]) -> (Outcome, f32) {
    let values = scores.len().saturating_sub(1);
    let greater = |a: &(usize, f32), b: &(usize, f32)| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0));
    let best = scores.iter().copied().enumerate().take(values).max_by(greater);
    let (best, probability) = best.unwrap_or((usize::MAX, 0.0));
    let right = best == one.right && best < values;
    let of_right = scores.iter().take(values).nth(one.right).copied().unwrap_or_default();
    (Outcome { probability, right, group: one.group }, of_right)
}
