//! What may be claimed of each tag: how its voices are heard, what is made of probabilities, and which
//! thresholds keep what they promise.
//!
//! All of it is found by what became of resources that were kept aside, and each of those is judged
//! by what was found without its fold.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::calibration::probability::{Assurance, Calibration, Outcome};
use crate::candidates::generator::{Known, Signals};
use crate::evaluation::model_comparison::surprise;
use crate::model::weigh;
use crate::ranking::ensemble::{Pool, Said};
use crate::ranking::scorer::Scorer;
use crate::training::{FOLDS, Held, cases};

/// What the model makes of probabilities of a target in one situation.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Trust {
    pool: Pool,
    calibration: Calibration,
    assurance: Assurance,
}

/// Whether resources of the same family had the tag, as a number of a [`Trust`].
pub(crate) fn regime(familiar: bool) -> usize {
    usize::from(!familiar)
}

impl Trust {
    /// Finds it out from what was said of resources, each with the number of the right value and the
    /// group of near-identical ones that it belongs to.
    fn of(cases: &[(&Said, &Held)]) -> Self {
        // Near-identical resources are one witness, and so is a family that nothing was seen of.
        let mut groups: FxHashMap<u64, f64> = FxHashMap::default();
        cases.iter().for_each(|(_, one)| *groups.entry(one.group).or_default() += 1.0);
        let counts = |one: &Held| groups.get(&one.group).map_or(1.0, |count| count.recip());
        let weighted: Vec<(&Said, usize, f64)> =
            cases.iter().map(|(said, one)| (*said, one.right, counts(one))).collect();
        let pool = Pool::fit(&weighted);
        let outcomes: Vec<Outcome> =
            cases.iter().map(|(said, one)| outcome(one, &pool.weigh(said)).0).collect();
        let calibration = Calibration::fit(&outcomes);
        let calibrated: Vec<Outcome> = outcomes
            .iter()
            .map(|one| Outcome { probability: calibration.apply(one.probability), ..*one })
            .collect();
        Self { pool, calibration, assurance: Assurance::of(&calibrated) }
    }

    /// Returns how likely each value is, of what the scorer says: the best of them as a probability.
    pub(crate) fn weigh(&self, signals: &[Signals], scored: &[f32]) -> Vec<f32> {
        self.pool.weigh(&Said::of(signals, scored))
    }

    /// Returns the probability that is meant by a weight.
    pub(crate) fn probability(&self, weight: f32) -> f32 {
        self.calibration.apply(weight)
    }

    /// Returns what may be claimed of a probability.
    pub(crate) fn confidence(&self, probability: f32) -> f32 {
        self.assurance.confidence(probability)
    }
}

/// What became of a resource that was kept aside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    /// With a probability that was calibrated without it.
    pub(crate) outcome: Outcome,
    /// What may be claimed of it.
    pub(crate) confidence: f32,
    pub(crate) familiar: bool,
    /// How surprising the right value was.
    pub(crate) loss: f64,
}

/// Finds out what may be claimed of each target, of resources whose family had it and of others, and
/// returns what became of what was kept aside, each judged by what did not learn from its fold.
pub(crate) fn trust(known: &Known, held: &[Held], seed: u64) -> (Vec<[Trust; 2]>, Vec<Judged>) {
    let said = cross_said(held, seed);
    let of = |target: usize, familiar: bool, but: Option<u64>| -> Trust {
        let chosen = said.iter().zip(held).filter(|(_, one)| {
            one.target == target && one.found.familiar == familiar && Some(one.fold) != but
        });
        Trust::of(&chosen.collect::<Vec<_>>())
    };
    let targets = 0..known.targets.len();
    let trust = targets.clone().map(|target| [true, false].map(|familiar| of(target, familiar, None)));
    let mut parts: FxHashMap<(usize, bool, u64), Trust> = FxHashMap::default();
    for target in targets.clone() {
        for familiar in [true, false] {
            for fold in 0..FOLDS {
                parts.insert((target, familiar, fold), of(target, familiar, Some(fold)));
            }
        }
    }
    let judged = held.iter().zip(&said).map(|(one, said)| {
        let trust = parts.get(&(one.target, one.found.familiar, one.fold)).cloned().unwrap_or_default();
        judge(one, said, &trust)
    });
    let judged = judged.collect();
    (trust.collect(), judged)
}

fn judge(one: &Held, said: &Said, trust: &Trust) -> Judged {
    let (outcome, likely) = outcome(one, &trust.pool.weigh(said));
    let outcome = Outcome { probability: trust.probability(outcome.probability), ..outcome };
    Judged {
        confidence: trust.confidence(outcome.probability),
        loss: surprise(if likely > 0.0 { trust.probability(likely) } else { 0.0 }),
        outcome,
        familiar: one.found.familiar,
    }
}

/// Asks scorers of what was kept aside, each fold one that learnt from the others.
fn cross_said(held: &[Held], seed: u64) -> Vec<Said> {
    let mut said: Vec<Option<Said>> = vec![None; held.len()];
    for fold in 0..FOLDS {
        let scorer = Scorer::train(&cases(held, |one| one.fold != fold), seed + fold + 1);
        let own: Vec<(usize, &Held)> = held.iter().enumerate().filter(|(_, one)| one.fold == fold).collect();
        let weighed = weigh(&scorer, own.iter().map(|(_, one)| &one.found));
        for ((at, one), weights) in own.iter().zip(weighed) {
            if let Some(said) = said.get_mut(*at) {
                *said = Some(Said::of(&one.found.signals(), &weights));
            }
        }
    }
    said.into_iter().flatten().collect()
}

/// Returns what became of a resource, and how likely the right value was said to be.
fn outcome(one: &Held, weights: &[f32]) -> (Outcome, f32) {
    let values = weights.len().saturating_sub(1);
    let likelier = |a: &(usize, f32), b: &(usize, f32)| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0));
    let best = weights.iter().copied().enumerate().take(values).max_by(likelier);
    let (best, probability) = best.unwrap_or((usize::MAX, 0.0));
    let right = best == one.right && best < values;
    let likely = weights.iter().take(values).nth(one.right).copied().unwrap_or_default();
    (Outcome { probability, right, group: one.group }, likely)
}
