//! Predictions whose truth is known, and what they say about precision.

use serde::{Deserialize, Serialize};

/// A prediction whose truth is known, about a resource that nothing was learned from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outcome {
    /// The predicted probability, from 0 to 1.
    pub(crate) probability: f32,
    /// Whether the predicted value was right.
    pub(crate) right: bool,
    /// The group of near-identical resources that the resource belongs to.
    pub(crate) group: u64,
}

/// The least probability that [`log_loss`] distinguishes from 0: one value that was ruled out must not outweigh a thousand that
/// were right.
const MIN_PROBABILITY: f64 = 1e-3;

/// Returns the logarithmic loss (cross-entropy) of the probability that was given to what turned out to be right: 0 if
/// that was 1, at most 6.9.
pub(crate) fn log_loss(probability: f32) -> f64 {
    -f64::from(probability).max(MIN_PROBABILITY).ln()
}

/// A share with its interval of 95%.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The share, from 0 to 1; 0 of nothing.
    pub share: f64,
    /// The low end of the interval, from 0 to 1; 0 of nothing.
    pub low: f64,
    /// The high end of the interval, from 0 to 1; 1 of nothing.
    pub high: f64,
}

/// Returns the share that is right with its interval (Wilson's score interval, 1927). Near-identical resources are not
/// independent: they count as one observation at most as many times as there are groups, and less where mistakes come in
/// groups (the effective sample size of a cluster sample, Kish 1965).
pub(crate) fn precision(outcomes: &[Outcome]) -> Share {
    let n = outcomes.len() as f64;
    if outcomes.is_empty() {
        return Share { share: 0.0, low: 0.0, high: 1.0 };
    }
    let right = outcomes.iter().filter(|outcome| outcome.right).count() as f64;
    let share = right / n;
    let (groups, scatter) = scatter(outcomes, share);
    let variance = share * (1.0 - share);
    // With independent resources `scatter` is `n * variance` on average, and the effective sample size is `n`. Where
    // all are right, or all wrong, neither is informative, and each group counts once.
    let effective = if variance > 0.0 && scatter > 0.0 { variance * n * n / scatter } else { groups };
    wilson(share, effective.clamp(1.0, groups))
}

/// Returns the number of groups, and the sum over groups of the squared deviation from what a share predicts.
fn scatter(outcomes: &[Outcome], share: f64) -> (f64, f64) {
    let mut sorted: Vec<(u64, f64)> =
        outcomes.iter().map(|outcome| (outcome.group, f64::from(u8::from(outcome.right)) - share)).collect();
    sorted.sort_by_key(|(group, _)| *group);
    let groups = sorted.chunk_by(|a, b| a.0 == b.0);
    groups.fold((0.0, 0.0), |(count, sum), group| {
        let deviation: f64 = group.iter().map(|(_, deviation)| deviation).sum();
        (count + 1.0, sum + deviation * deviation)
    })
}

/// Returns Wilson's score interval for a share of `n`, at 95%.
fn wilson(share: f64, n: f64) -> Share {
    const Z: f64 = 1.959_963_985;
    let z2 = Z * Z;
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    Share { share, low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::numerics::random::Random;

    /// Outcomes of random probabilities, each reported as `say` of it.
    pub(crate) fn outcomes(n: u64, say: impl Fn(f32) -> f32) -> Vec<Outcome> {
        let mut random = Random::new(7);
        let outcome = |group| {
            let truth = random.unit();
            Outcome { probability: say(truth), right: random.unit() < truth, group }
        };
        (0..n).map(outcome).collect()
    }

    #[test]
    fn intervals_count_groups_and_not_copies() {
        let of = |groups: u64, each: u64| {
            let one = |at| Outcome { probability: 1.0, right: at % groups != 0, group: at % groups };
            precision(&(0..groups * each).map(one).collect::<Vec<_>>())
        };
        let (alone, copied) = (of(20, 1), of(20, 50));
        assert!((alone.share - 0.95).abs() < 1e-9 && (copied.share - 0.95).abs() < 1e-9);
        assert!((copied.low - alone.low).abs() < 0.05, "{alone:?} {copied:?}");
        // The textbook's interval of 19 of 20.
        assert!((alone.low - 0.764).abs() < 0.001 && (alone.high - 0.991).abs() < 0.001, "{alone:?}");
        let none = precision(&[]);
        assert_eq!((none.low, none.high), (0.0, 1.0));
    }
}
