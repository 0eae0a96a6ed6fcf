//! What became of the resources that were kept aside, in numbers.

use serde::{Deserialize, Serialize};

use crate::baselines::methods::Baseline;
use crate::calibration::probability::{Bin, Outcome, Share, bins, calibration_error, precision};
use crate::calibration::tag_calibration::Judged;
use crate::training::Held;

/// What became of a resource that a model was asked about, and whose value is known.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fate {
    pub(crate) outcome: Outcome,
    /// What was claimed of it.
    pub(crate) confidence: f32,
    /// How surprising the right value was.
    pub(crate) loss: f64,
    /// Whether the right value was one that can be suggested.
    pub(crate) known: bool,
    /// Whether each baseline was right.
    pub(crate) baselines: [bool; Baseline::COUNT],
}

/// What a training measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// How many resources were learnt from.
    pub resources: usize,
    /// What was measured of each tag that was learnt.
    pub targets: Vec<TargetReport>,
}

/// What was measured of a tag.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TargetReport {
    /// Name of the tag.
    pub name: String,
    /// Resources that have it.
    pub labelled: usize,
    /// Of resources whose family had the tag, and of those whose had not.
    pub regimes: Vec<RegimeReport>,
    /// Of all.
    pub all: RegimeReport,
}

/// What was measured of a tag in one situation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RegimeReport {
    /// Resources that were kept aside.
    pub measured: usize,
    /// Share of them whose right value had been seen at least twice, so it could be suggested.
    pub possible: f64,
    /// Share of them for which the likeliest value was right.
    pub accuracy: f64,
    /// The same of each baseline.
    pub baselines: Vec<(Baseline, f64)>,
    /// How surprising right values were in the mean; less is better.
    pub loss: f64,
    /// Mean of how far probabilities are from the truth.
    pub calibration_error: f64,
    /// The bins of a reliability plot.
    pub bins: Vec<Bin>,
    /// What is claimed at thresholds.
    pub thresholds: Vec<Threshold>,
}

/// What is claimed from a confidence on.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Threshold {
    /// The confidence.
    pub confidence: f64,
    /// Share of the resources that get a value.
    pub coverage: f64,
    /// Share of those values that are right.
    pub precision: Share,
}

/// Confidences that reports tell of.
pub const THRESHOLDS: [f64; 5] = [0.5, 0.7, 0.8, 0.9, 0.95];

impl TargetReport {
    pub(crate) fn of(name: &str, labelled: usize, held: &[(&Held, &Judged)]) -> Self {
        let fates = |keep: &dyn Fn(&Judged) -> bool| -> Vec<Fate> {
            let kept = held.iter().filter(|(_, judged)| keep(judged));
            kept.map(|(one, judged)| fate(one, judged)).collect()
        };
        let regime = |familiar: bool| RegimeReport::of(&fates(&|judged| judged.familiar == familiar));
        Self {
            name: name.to_owned(),
            labelled,
            regimes: vec![regime(true), regime(false)],
            all: RegimeReport::of(&fates(&|_| true)),
        }
    }
}

fn fate(one: &Held, judged: &Judged) -> Fate {
    Fate {
        outcome: judged.outcome,
        confidence: judged.confidence,
        loss: judged.loss,
        known: one.is_known(),
        baselines: one.baselines,
    }
}

impl RegimeReport {
    pub(crate) fn of(fates: &[Fate]) -> Self {
        let outcomes: Vec<Outcome> = fates.iter().map(|fate| fate.outcome).collect();
        let share = |count: usize| count as f64 / fates.len().max(1) as f64;
        let baselines = Baseline::ALL.into_iter().enumerate().map(|(at, baseline)| {
            let right = fates.iter().filter(|fate| fate.baselines.get(at) == Some(&true)).count();
            (baseline, share(right))
        });
        let bins = bins(&outcomes);
        let threshold = |confidence: f64| {
            let claimed = fates.iter().filter(|fate| f64::from(fate.confidence) >= confidence);
            let claimed: Vec<Outcome> = claimed.map(|fate| fate.outcome).collect();
            Threshold { confidence, coverage: share(claimed.len()), precision: precision(&claimed) }
        };
        Self {
            measured: fates.len(),
            possible: share(fates.iter().filter(|fate| fate.known).count()),
            accuracy: share(outcomes.iter().filter(|outcome| outcome.right).count()),
            baselines: baselines.collect(),
            loss: fates.iter().map(|fate| fate.loss).sum::<f64>() / fates.len().max(1) as f64,
            calibration_error: calibration_error(&bins),
            bins,
            thresholds: THRESHOLDS.map(threshold).to_vec(),
        }
    }
}
