//! Probabilities that mean what they say, and thresholds that keep what they promise.

use serde::{Deserialize, Serialize};

/// A prediction whose truth is known, of a resource that nothing was learnt from.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outcome {
    /// How likely it was said to be.
    pub(crate) probability: f32,
    /// Whether it was right.
    pub(crate) right: bool,
    /// The group of near-identical resources that it belongs to.
    pub(crate) group: u64,
}

/// A map from scores to probabilities: a line in log-odds (Platt).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub(crate) struct Calibration {
    slope: f64,
    offset: f64,
}

impl Default for Calibration {
    fn default() -> Self {
        Self { slope: 1.0, offset: 0.0 }
    }
}

/// How strongly a line is drawn towards the one that changes nothing, as if by so many outcomes.
const DOUBT: f64 = 4.0;

impl Calibration {
    /// Fits one by Newton's method.
    pub(crate) fn fit(outcomes: &[Outcome]) -> Self {
        let mut line = Self::default();
        for _ in 0..30 {
            let (mut g0, mut g1) = (DOUBT * line.offset, DOUBT * (line.slope - 1.0));
            let (mut h00, mut h01, mut h11) = (DOUBT, 0.0, DOUBT);
            for outcome in outcomes {
                let x = log_odds(outcome.probability);
                let p = logistic(line.slope * x + line.offset);
                let error = p - f64::from(u8::from(outcome.right));
                let weight = (p * (1.0 - p)).max(1e-9);
                g0 += error;
                g1 += error * x;
                h00 += weight;
                h01 += weight * x;
                h11 += weight * x * x;
            }
            let determinant = h00 * h11 - h01 * h01;
            if determinant <= 1e-12 {
                break;
            }
            line.offset -= (h11 * g0 - h01 * g1) / determinant;
            line.slope -= (h00 * g1 - h01 * g0) / determinant;
            // A line that falls would call what is less likely surer.
            line.slope = line.slope.clamp(0.05, 5.0);
            line.offset = line.offset.clamp(-6.0, 6.0);
        }
        line
    }

    pub(crate) fn apply(&self, probability: f32) -> f32 {
        logistic(self.slope * log_odds(probability) + self.offset) as f32
    }
}

fn log_odds(probability: f32) -> f64 {
    let p = f64::from(probability).clamp(1e-5, 1.0 - 1e-5);
    (p / (1.0 - p)).ln()
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// A bin of a reliability plot.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Bin {
    /// Mean of the probabilities in it.
    pub said: f64,
    /// Share of them that were right.
    pub right: f64,
    /// How many there are.
    pub count: u64,
}

/// Bins of equal width.
const BINS: usize = 10;

/// Returns the bins of outcomes that hold any.
pub(crate) fn bins(outcomes: &[Outcome]) -> Vec<Bin> {
    let mut bins = [(0.0, 0.0, 0u64); BINS];
    for outcome in outcomes {
        let at = ((outcome.probability * BINS as f32) as usize).min(BINS - 1);
        if let Some((said, right, count)) = bins.get_mut(at) {
            *said += f64::from(outcome.probability);
            *right += f64::from(u8::from(outcome.right));
            *count += 1;
        }
    }
    let filled = bins.into_iter().filter(|(.., count)| *count > 0);
    filled
        .map(|(said, right, count)| Bin { said: said / count as f64, right: right / count as f64, count })
        .collect()
}

/// Returns the expected calibration error: how far bins are from the truth in the mean.
pub(crate) fn calibration_error(bins: &[Bin]) -> f64 {
    let all: u64 = bins.iter().map(|bin| bin.count).sum();
    let off = bins.iter().map(|bin| (bin.said - bin.right).abs() * bin.count as f64);
    off.sum::<f64>() / all.max(1) as f64
}

/// A share with the interval in which it lies with a probability of 95%.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The share, from 0 to 1.
    pub share: f64,
    /// The low end of the interval.
    pub low: f64,
    /// The high end of the interval.
    pub high: f64,
}

/// Returns the share that is right, and its interval (Wilson). Near-identical resources are no
/// independent witnesses: no more count than there are groups of them, and fewer where mistakes
/// come in groups.
pub(crate) fn precision(outcomes: &[Outcome]) -> Share {
    let n = outcomes.len() as f64;
    if outcomes.is_empty() {
        return Share { share: 0.0, low: 0.0, high: 1.0 };
    }
    let right = outcomes.iter().filter(|outcome| outcome.right).count() as f64;
    let share = right / n;
    let (groups, scatter) = scatter(outcomes, share);
    let variance = share * (1.0 - share);
    let witnesses = if variance > 0.0 && scatter > 0.0 { variance * n * n / scatter } else { groups };
    wilson(share, witnesses.clamp(1.0, groups))
}

/// Returns the number of groups, and the sum of the squares of how far each is from what it should
/// be at a share.
fn scatter(outcomes: &[Outcome], share: f64) -> (f64, f64) {
    let mut sorted: Vec<(u64, f64)> =
        outcomes.iter().map(|outcome| (outcome.group, f64::from(u8::from(outcome.right)) - share)).collect();
    sorted.sort_by_key(|(group, _)| *group);
    let groups = sorted.chunk_by(|a, b| a.0 == b.0);
    groups.fold((0.0, 0.0), |(count, sum), group| {
        let off: f64 = group.iter().map(|(_, off)| off).sum();
        (count + 1.0, sum + off * off)
    })
}

/// Returns the interval of Wilson for a share of `n`, at 95%.
fn wilson(share: f64, n: f64) -> Share {
    const Z: f64 = 1.959_963_985;
    let z2 = Z * Z;
    let middle = (share + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (share * (1.0 - share) / n + z2 / (4.0 * n * n)).sqrt();
    Share { share, low: (middle - half).max(0.0), high: (middle + half).min(1.0) }
}

/// What may be claimed from which probability on: of all that is at least as probable, at least this
/// share was right, by the low end of its interval.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Assurance {
    /// Probability and share, both rising.
    steps: Vec<(f32, f32)>,
}

impl Assurance {
    /// Finds it out for the usual shares.
    pub(crate) fn of(outcomes: &[Outcome]) -> Self {
        let mut sorted = outcomes.to_vec();
        sorted.sort_by(|a, b| b.probability.total_cmp(&a.probability));
        let mut cuts: Vec<usize> = (1..=sorted.len()).filter(|len| is_cut(&sorted, *len)).collect();
        // A long tail is cut at about a hundred places.
        let step = cuts.len().div_ceil(100).max(1);
        cuts = cuts.iter().rev().copied().step_by(step).collect();
        let mut steps: Vec<(f32, f32)> = Vec::new();
        for len in cuts {
            let above = sorted.get(..len).unwrap_or_default();
            let Some(last) = above.last() else { continue };
            let low = precision(above).low as f32;
            // What held from a lower probability on still holds from a higher one.
            let best = steps.last().map_or(0.0, |(_, share)| *share);
            if low > best {
                steps.push((last.probability, low));
            }
        }
        Self { steps }
    }

    /// Returns what may be claimed of a probability: never more than itself.
    pub(crate) fn confidence(&self, probability: f32) -> f32 {
        let claimed = self.steps.iter().take_while(|(from, _)| *from <= probability).last();
        claimed.map_or(0.0, |(_, share)| *share).min(probability)
    }
}

fn is_cut(sorted: &[Outcome], len: usize) -> bool {
    let at = |at: usize| sorted.get(at).map(|outcome| outcome.probability);
    at(len) != at(len - 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::random::Random;

    fn outcomes(n: u64, say: impl Fn(f32) -> f32) -> Vec<Outcome> {
        let mut random = Random::new(7);
        let outcome = |group| {
            let truth = random.unit();
            Outcome { probability: say(truth), right: random.unit() < truth, group }
        };
        (0..n).map(outcome).collect()
    }

    #[test]
    fn what_is_said_too_surely_is_said_less_surely() {
        let sure = |truth: f32| logistic(3.0 * log_odds(truth)) as f32;
        let said = outcomes(5000, sure);
        let before = calibration_error(&bins(&said));
        let line = Calibration::fit(&said);
        let after: Vec<Outcome> =
            said.iter().map(|one| Outcome { probability: line.apply(one.probability), ..*one }).collect();
        let after = calibration_error(&bins(&after));
        assert!(before > 0.1 && after < 0.02, "{before} {after}");
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

    #[test]
    fn confidence_is_a_promise_that_is_kept() {
        let said = outcomes(4000, |truth| truth);
        let assurance = Assurance::of(&said);
        for wanted in [0.5, 0.7, 0.9] {
            let fresh: Vec<Outcome> =
                said.iter().copied().filter(|one| assurance.confidence(one.probability) >= wanted).collect();
            assert!(!fresh.is_empty());
            assert!(precision(&fresh).share >= f64::from(wanted), "{wanted}");
        }
        assert!(assurance.confidence(0.3) <= 0.3);
        assert_eq!(Assurance::of(&[]).confidence(0.99), 0.0);
    }
}
