//! Thresholds that keep what they promise.

use serde::{Deserialize, Serialize};

use super::outcome::{Outcome, precision};

/// The confidence that a probability supports: of all predictions that are at least as probable, at least this share was
/// right, by the low end of its interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ConfidenceBound {
    /// Probabilities with the confidence that holds from each on, both ascending.
    steps: Vec<(f32, f32)>,
}

/// The confidences that were kept on resources which [`ConfidenceBound`] was not fitted on: of all predictions with at least
/// such a confidence, at least this share was right, by the low end of its interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct KeptConfidences {
    /// Confidences of a bound with the one that was kept from each on, which is not higher; both ascending.
    steps: Vec<(f32, f32)>,
}

impl KeptConfidences {
    /// Measures them on outcomes, whose probabilities are confidences of a bound.
    pub(crate) fn fit(outcomes: &[Outcome]) -> Self {
        let mut sorted: Vec<Outcome> =
            outcomes.iter().copied().filter(|outcome| outcome.probability > 0.0).collect();
        sorted.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let mut steps: Vec<(f32, f32)> = Vec::new();
        for len in thresholds(&sorted) {
            let above = sorted.get(..len).unwrap_or_default();
            let Some(least) = above.last() else { continue };
            let kept = least.probability.min(precision(above).low as f32);
            // Ascending, so that the predictions with at least a kept confidence are those that it was measured on.
            if kept > steps.last().map_or(0.0, |(_, before)| *before) {
                steps.push((least.probability, kept));
            }
        }
        Self { steps }
    }

    /// Returns what was kept of a confidence; 0 if nothing was.
    pub(crate) fn of(&self, confidence: f32) -> f32 {
        let reached = self.steps.iter().take_while(|(from, _)| *from <= confidence).last();
        reached.map_or(0.0, |(_, kept)| *kept)
    }
}

/// The most thresholds that are tried.
const MAX_THRESHOLDS: usize = 100;

impl ConfidenceBound {
    /// Measures the bound on outcomes. Without outcomes the confidence is always 0.
    pub(crate) fn fit(outcomes: &[Outcome]) -> Self {
        let mut sorted = outcomes.to_vec();
        sorted.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let mut steps: Vec<(f32, f32)> = Vec::new();
        for len in thresholds(&sorted) {
            let above = sorted.get(..len).unwrap_or_default();
            let Some(last) = above.last() else { continue };
            let low = precision(above).low as f32;
            // What holds from a lower probability on also holds from a higher one.
            let best = steps.last().map_or(0.0, |(_, confidence)| *confidence);
            if low > best {
                steps.push((last.probability, low));
            }
        }
        Self { steps }
    }

    /// Returns the confidence that a probability supports, from 0 to the probability itself.
    pub(crate) fn confidence(&self, probability: f32) -> f32 {
        let reached = self.steps.iter().take_while(|(from, _)| *from <= probability).last();
        reached.map_or(0.0, |(_, confidence)| *confidence).min(probability)
    }
}

/// Returns how many of the most probable outcomes are above each threshold, from the lowest threshold on. Outcomes that are
/// equally probable are on the same side of every threshold.
fn thresholds(sorted: &[Outcome]) -> Vec<usize> {
    let lengths: Vec<usize> = (1..=sorted.len()).filter(|len| is_threshold(sorted, *len)).collect();
    let step = lengths.len().div_ceil(MAX_THRESHOLDS).max(1);
    lengths.iter().rev().copied().step_by(step).collect()
}

/// Whether the outcome behind the first `len` is less probable than the last of them.
fn is_threshold(sorted: &[Outcome], len: usize) -> bool {
    let at = |at: usize| sorted.get(at).map(|outcome| outcome.probability);
    at(len) != at(len - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calibration::outcome::tests::outcomes;

    #[test]
    fn what_is_kept_is_what_was_measured() {
        // Confidences that promise too much.
        let claimed = outcomes(4000, |truth| truth.sqrt());
        let kept = KeptConfidences::fit(&claimed);
        assert!(!kept.steps.is_empty());
        let mut lower = 0;
        for threshold in (1..100_u8).map(|percent| f32::from(percent) / 100.0) {
            let above: Vec<Outcome> =
                claimed.iter().copied().filter(|one| kept.of(one.probability) >= threshold).collect();
            assert!(above.is_empty() || precision(&above).low >= f64::from(threshold), "{threshold}");
            lower += usize::from(kept.of(threshold) < threshold);
        }
        assert!(lower > 0);
        assert_eq!(KeptConfidences::fit(&[]).of(0.99), 0.0);
    }

    #[test]
    fn confidence_is_a_promise_that_is_kept() {
        let predicted = outcomes(4000, |truth| truth);
        let bound = ConfidenceBound::fit(&predicted);
        for wanted in [0.5, 0.7, 0.9] {
            let above: Vec<Outcome> =
                predicted.iter().copied().filter(|one| bound.confidence(one.probability) >= wanted).collect();
            assert!(!above.is_empty());
            assert!(precision(&above).share >= f64::from(wanted), "{wanted}");
        }
        assert!(bound.confidence(0.3) <= 0.3);
        assert_eq!(ConfidenceBound::fit(&[]).confidence(0.99), 0.0);
    }
}
