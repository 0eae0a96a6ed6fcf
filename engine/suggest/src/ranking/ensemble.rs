//! The weights of the models, tag by tag.
//!
//! The scorer is one for all tags, and learns what signals are worth in general. A tag that one model by itself knows
//! better, as logistic regression may in a small organization, is told apart here: the probabilities of all models are
//! combined in a logarithmic opinion pool (Genest and Zidek 1986) whose weights are fitted to the tag.

use serde::{Deserialize, Serialize};

use crate::candidates::signals::{LOG_SCALE, Signal, Signals};

/// The models whose log-probabilities are among the signals.
const BASE_MODELS: [Signal; 3] =
    [Signal::NetworkLog, Signal::FeatureRegressionLog, Signal::NgramRegressionLog];

/// The scorer, the [`BASE_MODELS`], the neighbors, and the synonyms, in this order.
const ENSEMBLE_SIZE: usize = BASE_MODELS.len() + 3;

/// The weight of each model, from 0 to 4.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct EnsembleWeights([f64; ENSEMBLE_SIZE]);

impl Default for EnsembleWeights {
    /// Half for the scorer and half for logistic regression, since each errs where the other does not, and a little for
    /// synonyms, which are all there is before anything is learned.
    fn default() -> Self {
        Self([0.5, 0.0, 0.25, 0.25, 0.0, 0.25])
    }
}

/// The probability of a value that no neighbor has; 0 would rule it out.
const NO_VOTE: f32 = 0.02;

/// How strongly weights are drawn toward the default, as if by so many resources.
const PRIOR_STRENGTH: f64 = 10.0;

/// Rounds of coordinate descent; weights hardly change from the tenth on.
const ROUNDS: usize = 12;

/// The least probability of the scorer whose logarithm is taken.
const MIN_SCORE: f32 = 1e-6;

/// Log-probabilities that each model gives each candidate of one target of one resource; the last candidate stands for
/// none of the others.
#[derive(Debug, Clone)]
pub(crate) struct ModelLogProbs {
    logs: Vec<[f64; ENSEMBLE_SIZE]>,
}

impl ModelLogProbs {
    /// Combines the probabilities of the scorer with those that are among the signals.
    pub(crate) fn of(signals: &[Signals], scored: &[f32]) -> Self {
        let none = scored.len().saturating_sub(1);
        let logs = signals.iter().zip(scored).enumerate().map(|(at, (signals, scored))| {
            // Only the scorer knows how likely none of the values is. With the same number for all models the weights
            // change the comparison with the others only by their sum.
            let mut logs = [f64::from(scored.max(MIN_SCORE)).ln(); ENSEMBLE_SIZE];
            if at < none {
                for (log, model) in logs.iter_mut().skip(1).zip(BASE_MODELS) {
                    *log = f64::from(signals.get(model) * LOG_SCALE);
                }
                let last = [neighbors(signals), synonyms(signals)];
                for (log, probability) in logs.iter_mut().rev().zip(last.iter().rev()) {
                    *log = probability.ln();
                }
            }
            logs
        });
        Self { logs: logs.collect() }
    }
}

/// Returns the probability of a value by the votes of its neighbors.
fn neighbors(signals: &Signals) -> f64 {
    f64::from(NO_VOTE + (1.0 - NO_VOTE) * signals.get(Signal::NeighborVote))
}

/// Returns the probability of a value by its synonyms, as it is before anything is learned.
fn synonyms(signals: &Signals) -> f64 {
    let is = |signal: Signal| signals.get(signal) > 0.0;
    match (is(Signal::OnlySynonym), is(Signal::Synonym), is(Signal::SynonymOfOther)) {
        (true, ..) => 0.9,
        (false, true, _) => 0.4,
        (false, false, true) => 0.05,
        (false, false, false) => 0.3,
    }
}

impl EnsembleWeights {
    /// Fits weights by coordinate descent with Newton steps on the log loss. A case is what models give the candidates
    /// of a resource, the number of the right one, and the weight of the case. Without cases it is the default.
    pub(crate) fn fit(cases: &[(&ModelLogProbs, usize, f64)]) -> Self {
        let prior = Self::default();
        let mut weights = prior.clone();
        for _ in 0..ROUNDS {
            for model in 0..ENSEMBLE_SIZE {
                let (slope, curvature) = weights.derivatives(model, cases);
                let (Some(weight), Some(prior)) = (weights.0.get_mut(model), prior.0.get(model)) else {
                    continue;
                };
                let slope = slope + PRIOR_STRENGTH * (*weight - prior);
                // The loss is convex, so that the curvature is never negative, and the prior keeps the divisor away
                // from 0. A negative weight would make a model count against its own probabilities.
                *weight = (*weight - slope / (curvature + PRIOR_STRENGTH)).clamp(0.0, 4.0);
            }
        }
        weights
    }

    /// Returns the first and the second derivative of the log loss by the weight of a model.
    fn derivatives(&self, model: usize, cases: &[(&ModelLogProbs, usize, f64)]) -> (f64, f64) {
        let (mut slope, mut curvature) = (0.0, 0.0);
        for (candidates, right, weight) in cases {
            let probabilities = self.softmax(candidates);
            let log = |at: usize| {
                candidates.logs.get(at).and_then(|logs| logs.get(model)).copied().unwrap_or_default()
            };
            let mean: f64 = probabilities.iter().enumerate().map(|(at, p)| p * log(at)).sum();
            let square: f64 = probabilities.iter().enumerate().map(|(at, p)| p * log(at) * log(at)).sum();
            slope += weight * (mean - log(*right));
            curvature += weight * (square - mean * mean);
        }
        (slope, curvature)
    }

    /// Returns the probability of each candidate. The greatest score is subtracted first, so that the exponentials
    /// neither overflow nor all become 0.
    fn softmax(&self, candidates: &ModelLogProbs) -> Vec<f64> {
        let score =
            |logs: &[f64; ENSEMBLE_SIZE]| logs.iter().zip(&self.0).map(|(log, weight)| log * weight).sum();
        let mut scores: Vec<f64> = candidates.logs.iter().map(score).collect();
        let greatest = scores.iter().copied().fold(f64::MIN, f64::max);
        scores.iter_mut().for_each(|score| *score = (*score - greatest).exp());
        let sum: f64 = scores.iter().sum();
        scores.iter_mut().for_each(|score| *score /= sum);
        scores
    }

    /// Returns the probability of each candidate, from 0 to 1; they add up to 1.
    pub(crate) fn probabilities(&self, candidates: &ModelLogProbs) -> Vec<f32> {
        self.softmax(candidates).into_iter().map(|probability| probability as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two values and none: the probabilities of the first value by the scorer and by the first base model.
    fn logs(scorer: f64, model: f64) -> ModelLogProbs {
        let logs = |scorer: f64, model: f64| {
            let mut logs = [scorer.ln(); ENSEMBLE_SIZE];
            logs[1] = model.ln();
            logs
        };
        ModelLogProbs {
            logs: vec![logs(scorer, model), logs(1.0 - scorer, 1.0 - model), [0.01_f64.ln(); ENSEMBLE_SIZE]],
        }
    }

    #[test]
    fn the_better_model_gets_the_greater_weight() {
        let cases: Vec<(ModelLogProbs, usize)> = (0..200)
            .map(|at| {
                (logs(if at % 3 == 0 { 0.6 } else { 0.4 }, if at % 2 == 0 { 0.8 } else { 0.2 }), at % 2)
            })
            .collect();
        let cases: Vec<(&ModelLogProbs, usize, f64)> =
            cases.iter().map(|(logs, right)| (logs, *right, 1.0)).collect();
        let weights = EnsembleWeights::fit(&cases);
        assert!(weights.0[1] > 1.0 && weights.0[0] < 1.0, "{weights:?}");
        assert!(weights.probabilities(&logs(0.3, 0.8))[0] > 0.5);
        assert_eq!(EnsembleWeights::fit(&[]), EnsembleWeights::default());
    }
}
