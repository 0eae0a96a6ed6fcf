//! What became of held-out resources, in figures.

use serde::{Deserialize, Serialize};

use crate::baselines::methods::Baseline;
use crate::calibration::holdout::{HoldoutCase, HoldoutOutcome};
use crate::calibration::outcome::{Outcome, Share, precision};
use crate::calibration::reliability::{Bin, bins, calibration_error};

/// What became of a resource whose value is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct JudgedResource {
    pub(crate) outcome: Outcome,
    /// The confidence of the suggestion, from 0 to 1.
    pub(crate) confidence: f32,
    /// Logarithmic loss of the right value.
    pub(crate) log_loss: f64,
    /// Whether the right value is one that learning from values can suggest.
    pub(crate) is_possible: bool,
    /// Whether each baseline was right, in the order of [`Baseline::ALL`].
    pub(crate) baselines: [bool; Baseline::COUNT],
}

/// What a training measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The number of resources that the model was trained on.
    pub resources: usize,
    /// The figures of each tag that was learned.
    pub targets: Vec<TargetReport>,
}

/// The figures of a tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetReport {
    /// The name of the tag.
    pub name: String,
    /// The number of resources that have the tag.
    pub labelled: usize,
    /// Of resources whose family had the tag, and of the others.
    pub regimes: Vec<RegimeReport>,
    /// Of both together.
    pub all: RegimeReport,
}

/// The figures of a tag in one situation. Shares are from 0 to 1, and 0 if nothing was measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegimeReport {
    /// The number of held-out resources.
    pub measured: usize,
    /// The share whose right value at least two resources of the training data had, so that learning from values can
    /// suggest it.
    pub possible: f64,
    /// The share for which the most likely value was right.
    pub accuracy: f64,
    /// The accuracy of each baseline.
    pub baselines: Vec<(Baseline, f64)>,
    /// Mean logarithmic loss of the right values, from 0 to 6.9; less is better.
    pub loss: f64,
    /// Expected calibration error: mean distance of probabilities from the truth, from 0 to 1.
    pub calibration_error: f64,
    /// The bins of a reliability plot; bins without predictions are left out.
    pub bins: Vec<Bin>,
    /// Coverage and precision at each of [`THRESHOLDS`].
    pub thresholds: Vec<Threshold>,
}

/// What happens if suggestions are applied from a confidence on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The confidence, from 0 to 1.
    pub confidence: f64,
    /// The share of resources that get a value.
    pub coverage: f64,
    /// The share of those values that is right; 0 to 1 if there is none.
    pub precision: Share,
}

/// Returns a share, from 0 to 1, as a percentage with one digit after the point. It is rounded, but 0% and 100% are
/// exact: a share that is only close to them stays apart.
pub fn percent(share: f64) -> String {
    let percent = 100.0 * share;
    let shown = if share > 0.0 && share < 1.0 { percent.clamp(0.1, 99.9) } else { percent };
    format!("{shown:.1}%")
}

/// The confidences that reports list.
pub const THRESHOLDS: [f64; 5] = [0.5, 0.7, 0.8, 0.9, 0.95];

impl TargetReport {
    pub(crate) fn of(name: &str, labelled: usize, holdout: &[(&HoldoutCase, &HoldoutOutcome)]) -> Self {
        let of = |keep: &dyn Fn(&HoldoutOutcome) -> bool| -> RegimeReport {
            let kept = holdout.iter().filter(|(_, outcome)| keep(outcome));
            RegimeReport::of(&kept.map(|(one, outcome)| judged(one, outcome)).collect::<Vec<_>>())
        };
        let regime = |family_seen: bool| of(&|outcome| outcome.family_seen == family_seen);
        Self {
            name: name.to_owned(),
            labelled,
            regimes: vec![regime(true), regime(false)],
            all: of(&|_| true),
        }
    }
}

fn judged(one: &HoldoutCase, outcome: &HoldoutOutcome) -> JudgedResource {
    JudgedResource {
        outcome: outcome.outcome,
        confidence: outcome.confidence,
        log_loss: outcome.log_loss,
        is_possible: one.is_possible,
        baselines: one.baselines,
    }
}

impl RegimeReport {
    pub(crate) fn of(judged: &[JudgedResource]) -> Self {
        let outcomes: Vec<Outcome> = judged.iter().map(|one| one.outcome).collect();
        let share = |count: usize| count as f64 / judged.len().max(1) as f64;
        let baselines = Baseline::ALL.into_iter().enumerate().map(|(at, baseline)| {
            let right = judged.iter().filter(|one| one.baselines.get(at) == Some(&true)).count();
            (baseline, share(right))
        });
        let bins = bins(&outcomes);
        let threshold = |confidence: f64| {
            let applied = judged.iter().filter(|one| f64::from(one.confidence) >= confidence);
            let applied: Vec<Outcome> = applied.map(|one| one.outcome).collect();
            Threshold { confidence, coverage: share(applied.len()), precision: precision(&applied) }
        };
        Self {
            measured: judged.len(),
            possible: share(judged.iter().filter(|one| one.is_possible).count()),
            accuracy: share(outcomes.iter().filter(|outcome| outcome.right).count()),
            baselines: baselines.collect(),
            loss: judged.iter().map(|one| one.log_loss).sum::<f64>() / judged.len().max(1) as f64,
            calibration_error: calibration_error(&bins),
            bins,
            thresholds: THRESHOLDS.map(threshold).to_vec(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::percent;

    #[test]
    fn only_exact_shares_are_shown_as_0_or_100_percent() {
        let shown = [0.0, 0.0001, 0.1234, 0.1235, 0.9996, 1.0].map(percent);
        assert_eq!(shown, ["0.0%", "0.1%", "12.3%", "12.3%", "99.9%", "100.0%"]);
    }
}
