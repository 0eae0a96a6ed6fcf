//! How far probabilities are from the truth.

use serde::{Deserialize, Serialize};

use super::outcome::Outcome;

/// A bin of a reliability plot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Mean of the predicted probabilities in the bin.
    #[serde(alias = "said")]
    pub predicted: f64,
    /// Share of the predictions in the bin that were right.
    pub right: f64,
    /// Number of predictions in the bin; never 0.
    pub count: u64,
}

/// Bins of equal width.
const BINS: usize = 10;

/// Returns the bins of outcomes that are not empty, in ascending order of probability.
pub(crate) fn bins(outcomes: &[Outcome]) -> Vec<Bin> {
    let mut bins = [(0.0, 0.0, 0u64); BINS];
    for outcome in outcomes {
        let at = ((outcome.probability * BINS as f32) as usize).min(BINS - 1);
        if let Some((predicted, right, count)) = bins.get_mut(at) {
            *predicted += f64::from(outcome.probability);
            *right += f64::from(u8::from(outcome.right));
            *count += 1;
        }
    }
    let filled = bins.into_iter().filter(|(.., count)| *count > 0);
    filled
        .map(|(predicted, right, count)| Bin {
            predicted: predicted / count as f64,
            right: right / count as f64,
            count,
        })
        .collect()
}

/// Returns the expected calibration error (Naeini, Cooper and Hauskrecht 2015): the mean distance of the bins from the
/// truth, weighted by how many predictions each has; 0 of nothing.
pub(crate) fn calibration_error(bins: &[Bin]) -> f64 {
    let all: u64 = bins.iter().map(|bin| bin.count).sum();
    let distances = bins.iter().map(|bin| (bin.predicted - bin.right).abs() * bin.count as f64);
    distances.sum::<f64>() / all.max(1) as f64
}
