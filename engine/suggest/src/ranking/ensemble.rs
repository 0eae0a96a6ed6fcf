//! What each voice counts for, tag by tag.
//!
//! The scorer is one for all tags, and learns what signals are worth in general. A tag that one of
//! the voices by itself knows better, as logistic regression may where an organisation is small, is
//! told apart here: the logarithms of what all voices say are added up, with a weight each.

use serde::{Deserialize, Serialize};

use crate::candidates::generator::{LOG_SCALE, Signals, VOICES, VOTE, WORDS};

/// The scorer, [`VOICES`], the neighbours, and the words of synonyms.
const HEARD: usize = VOICES.len() + 3;

/// How much each voice counts for; the scorer is the first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Pool([f64; HEARD]);

impl Default for Pool {
    fn default() -> Self {
        // Half is the scorer's and half logistic regression's: each errs where the other does not. What
        // words stand for is believed a little before anything is learnt.
        Self([0.5, 0.0, 0.25, 0.25, 0.0, 0.25])
    }
}

/// What a value counts for that no neighbour has.
const NO_VOTE: f32 = 0.02;

/// How strongly weights are drawn to those that stand at first, as if by so many resources.
const DOUBT: f64 = 10.0;

/// Times that all weights are moved; they hardly move from the tenth on.
const ROUNDS: usize = 12;

/// What is said of each value of one target of one resource; the last one is none of the others.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    logs: Vec<[f64; HEARD]>,
}

impl Said {
    /// Puts what the scorer says beside what the voices say.
    pub(crate) fn of(signals: &[Signals], scored: &[f32]) -> Self {
        let none = scored.len().saturating_sub(1);
        let logs = signals.iter().zip(scored).enumerate().map(|(at, (signals, scored))| {
            // Of none of the values only the scorer has an idea.
            let own = f64::from(scored.max(1e-6)).ln();
            let mut logs = [own; HEARD];
            if at < none {
                for (log, voice) in logs.iter_mut().skip(1).zip(VOICES) {
                    *log = f64::from(signals.get(voice).copied().unwrap_or_default() * LOG_SCALE);
                }
                let last = [neighbours(signals), words(signals)];
                for (log, likely) in logs.iter_mut().rev().zip(last.iter().rev()) {
                    *log = likely.ln();
                }
            }
            logs
        });
        Self { logs: logs.collect() }
    }
}

/// Returns how likely the neighbours say a value is.
fn neighbours(signals: &Signals) -> f64 {
    f64::from(NO_VOTE + (1.0 - NO_VOTE) * signals.get(VOTE).copied().unwrap_or_default())
}

/// Returns how likely words that stand for values say one is.
fn words(signals: &Signals) -> f64 {
    let is = |signal: usize| signals.get(signal).is_some_and(|signal| *signal > 0.0);
    let [said, others, only] = WORDS.map(is);
    match (only, said, others) {
        (true, ..) => 0.9,
        (false, true, _) => 0.4,
        (false, false, true) => 0.05,
        (false, false, false) => 0.3,
    }
}

impl Pool {
    /// Finds weights from what was said of resources, each with the number of its right value and how
    /// much it counts.
    pub(crate) fn fit(cases: &[(&Said, usize, f64)]) -> Self {
        let start = Self::default();
        let mut pool = start.clone();
        for _ in 0..ROUNDS {
            for voice in 0..HEARD {
                let (slope, bend) = pool.slope(voice, cases);
                let (Some(weight), Some(first)) = (pool.0.get_mut(voice), start.0.get(voice)) else {
                    continue;
                };
                let slope = slope + DOUBT * (*weight - first);
                // What a voice says never counts against what it says.
                *weight = (*weight - slope / (bend + DOUBT)).clamp(0.0, 4.0);
            }
        }
        pool
    }

    /// Returns how fast surprise grows with the weight of a voice, and how fast that grows.
    fn slope(&self, voice: usize, cases: &[(&Said, usize, f64)]) -> (f64, f64) {
        let (mut slope, mut bend) = (0.0, 0.0);
        for (said, right, counts) in cases {
            let likely = self.likely(said);
            let of =
                |at: usize| said.logs.get(at).and_then(|logs| logs.get(voice)).copied().unwrap_or_default();
            let mean: f64 = likely.iter().enumerate().map(|(at, likely)| likely * of(at)).sum();
            let square: f64 = likely.iter().enumerate().map(|(at, likely)| likely * of(at) * of(at)).sum();
            slope += counts * (mean - of(*right));
            bend += counts * (square - mean * mean);
        }
        (slope, bend)
    }

    fn likely(&self, said: &Said) -> Vec<f64> {
        let score = |logs: &[f64; HEARD]| logs.iter().zip(&self.0).map(|(log, weight)| log * weight).sum();
        let mut scores: Vec<f64> = said.logs.iter().map(score).collect();
        let most = scores.iter().copied().fold(f64::MIN, f64::max);
        scores.iter_mut().for_each(|score| *score = (*score - most).exp());
        let sum: f64 = scores.iter().sum();
        scores.iter_mut().for_each(|score| *score /= sum);
        scores
    }

    /// Returns how likely each value is.
    pub(crate) fn weigh(&self, said: &Said) -> Vec<f32> {
        self.likely(said).into_iter().map(|likely| likely as f32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two values and none: what the scorer and the first voice say of the first value.
    fn said(scorer: f64, voice: f64) -> Said {
        let logs = |scorer: f64, voice: f64| {
            let mut logs = [scorer.ln(); HEARD];
            logs[1] = voice.ln();
            logs
        };
        Said { logs: vec![logs(scorer, voice), logs(1.0 - scorer, 1.0 - voice), [0.01_f64.ln(); HEARD]] }
    }

    #[test]
    fn the_voice_that_knows_better_is_listened_to() {
        let cases: Vec<(Said, usize)> = (0..200)
            .map(|at| {
                (said(if at % 3 == 0 { 0.6 } else { 0.4 }, if at % 2 == 0 { 0.8 } else { 0.2 }), at % 2)
            })
            .collect();
        let cases: Vec<(&Said, usize, f64)> = cases.iter().map(|(said, right)| (said, *right, 1.0)).collect();
        let pool = Pool::fit(&cases);
        assert!(pool.0[1] > 1.0 && pool.0[0] < 1.0, "{pool:?}");
        assert!(pool.weigh(&said(0.3, 0.8))[0] > 0.5);
        // Nothing to learn from leaves all as it is.
        assert_eq!(Pool::fit(&[]), Pool::default());
    }
}
