//! Tags of resources that a fold held out of training, and what became of them.

use crate::baselines::methods::Baseline;
use crate::candidates::generator::CandidateSet;
use crate::features::resource::fold;
use crate::numerics::random::hash;
use crate::ranking::scorer::RankingCase;

use super::outcome::Outcome;

/// Folds of the cross-validation.
pub(crate) const FOLDS: u64 = 4;

/// A tag of a resource that a fold held out, with the candidates of the generator that was trained without it.
pub(crate) struct HoldoutCase {
    /// The number of the resource.
    pub(crate) resource: usize,
    pub(crate) target: usize,
    pub(crate) fold: u64,
    /// The group of near-identical resources, or the family if nothing of it was seen.
    pub(crate) group: u64,
    pub(crate) candidates: CandidateSet,
    /// The number of the right candidate; the last one if none is right.
    pub(crate) right: usize,
    /// Whether the right value is a class of the target, so that learning from values can suggest it.
    pub(crate) is_possible: bool,
    /// Whether each baseline was right, in the order of [`Baseline::ALL`].
    pub(crate) baselines: [bool; Baseline::COUNT],
}

/// What became of a [`HoldoutCase`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct HoldoutOutcome {
    /// With a probability that was calibrated without the case's fold.
    pub(crate) outcome: Outcome,
    /// The confidence of the suggestion, measured without the case's fold.
    pub(crate) confidence: f32,
    /// Whether resources of the same family had the tag.
    pub(crate) family_seen: bool,
    /// [`log_loss`](super::outcome::log_loss) of the right value.
    pub(crate) log_loss: f64,
}

/// How a model did on a label that it was not trained on; saved in models, to compare them with later ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct HoldoutScore {
    /// [`label_hash`] of the label.
    pub(crate) label_hash: u64,
    /// Whether resources of the same family had the tag.
    pub(crate) family_seen: bool,
    /// Whether the most probable value was right.
    pub(crate) right: bool,
    /// [`log_loss`](super::outcome::log_loss) of the right value.
    pub(crate) log_loss: f32,
}

/// Returns a number that identifies a label: a value of a tag of a resource.
pub(crate) fn label_hash(resource: &str, tag: &str, value: &str) -> u64 {
    hash(&[resource, tag, &fold(value)])
}

/// Returns what the scorer learns from the cases that `keep` accepts.
pub(crate) fn ranking_cases(
    holdout: &[HoldoutCase],
    keep: impl Fn(&HoldoutCase) -> bool,
) -> Vec<RankingCase> {
    let kept = holdout.iter().filter(|one| keep(one));
    kept.map(|one| RankingCase { signals: one.candidates.signals(), right: one.right }).collect()
}
