//! A trained model, and what it suggests.

use crate::calibration::holdout::HoldoutScore;
use crate::calibration::tag_calibration::{TagCalibration, regime};
use crate::candidates::generator::{CandidateGenerator, CandidateSet, PreparedResource};
use crate::features::parts::bit;
use crate::features::resource::{Resource, Target};
use crate::features::target_context::TargetContext;
use crate::ranking::scorer::Scorer;

/// A model that suggests tags.
#[derive(Debug)]
pub struct Model {
    pub(crate) context: TargetContext,
    pub(crate) generator: CandidateGenerator,
    pub(crate) scorer: Scorer,
    /// By target: for resources whose family had the tag, and for those whose had not.
    pub(crate) calibrations: Vec<[TagCalibration; 2]>,
    /// Which targets had enough resources.
    pub(crate) learned: Vec<bool>,
    /// Hashes of the labels that it was trained on, sorted.
    pub(crate) label_hashes: Vec<u64>,
    /// How it did on held-out labels, to compare it with a later model.
    pub(crate) holdout_scores: Vec<HoldoutScore>,
    /// The share of its features that a resource must have in common with training for any confidence, from 0 to 1, by
    /// situation as in `calibrations`.
    pub(crate) min_known_share: [f32; 2],
}

/// A value that a tag could have.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The value.
    pub value: String,
    /// How likely it is, from 0 to 1: of many that are as likely, this share is right.
    pub probability: f32,
    /// The confidence, from 0 to 1: of all suggestions with at least this confidence, at least this share is right, by
    /// the low end of the interval. Never more than the probability, and 0 for all but the most likely value.
    pub confidence: f32,
}

/// What the model suggests for a tag of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Values, the most likely first; empty if nothing proposes any.
    pub suggestions: Vec<Suggestion>,
    /// Whether the resource is too unlike all training data for any confidence.
    pub out_of_distribution: bool,
    /// Whether resources of the same family had the tag.
    pub family_seen: bool,
}

impl Answer {
    /// Returns the most likely value; None if there is none.
    pub fn best(&self) -> Option<&Suggestion> {
        self.suggestions.first()
    }
}

/// Resources that are asked about together.
const BATCH: usize = 512;

impl Model {
    /// Returns the targets, in the order of their numbers.
    pub fn targets(&self) -> &[Target] {
        &self.context.targets
    }

    /// Returns the number of a target; None if the model does not know the tag.
    pub fn target(&self, name: &str) -> Option<usize> {
        self.context.targets.iter().position(|target| target.name == name)
    }

    /// Whether enough resources had the tag for it to be learned.
    pub fn is_learned(&self, target: usize) -> bool {
        self.learned.get(target) == Some(&true)
    }

    /// Whether the model was trained on a label.
    pub(crate) fn was_trained_on(&self, label_hash: u64) -> bool {
        self.label_hashes.binary_search(&label_hash).is_ok()
    }

    /// Suggests values for targets of resources, given by their numbers. Native tags that reveal one of the targets are
    /// ignored. Returns an answer for each target of each resource, in their order.
    pub fn suggest(&self, resources: &[(&Resource, &[usize])]) -> Vec<Vec<Answer>> {
        let in_turn = |resources: &[(&Resource, &[usize])]| -> Vec<Vec<Answer>> {
            resources.chunks(BATCH).flat_map(|chunk| self.suggest_batch(chunk)).collect()
        };
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if threads == 1 || resources.len() <= BATCH {
            return in_turn(resources);
        }
        let shares = resources.chunks(resources.len().div_ceil(threads).next_multiple_of(BATCH));
        std::thread::scope(|scope| {
            let running: Vec<_> = shares.map(|share| (share, scope.spawn(move || in_turn(share)))).collect();
            // The share of a thread that did not finish is computed again: a gap would put answers beside the wrong
            // resources.
            let answers =
                running.into_iter().map(|(share, one)| one.join().unwrap_or_else(|_| in_turn(share)));
            answers.flatten().collect()
        })
    }

    fn suggest_batch(&self, resources: &[(&Resource, &[usize])]) -> Vec<Vec<Answer>> {
        let prepared: Vec<PreparedResource> =
            resources.iter().map(|(resource, _)| self.generator.prepare(&self.context, resource)).collect();
        let hidden = resources.iter().map(|(_, targets)| targets.iter().fold(0, |bits, at| bits | bit(*at)));
        let pairs: Vec<(&PreparedResource, u64)> = prepared.iter().zip(hidden).collect();
        let predictions = self.generator.predict(&pairs);
        let sets: Vec<Vec<CandidateSet>> = resources
            .iter()
            .zip(prepared.iter().zip(&predictions))
            .map(|((resource, targets), views)| {
                let of = |target: &usize| self.generator.candidates(&self.context, *target, resource, views);
                targets.iter().map(of).collect()
            })
            .collect();
        let signals = sets.iter().flatten().map(CandidateSet::signals).collect();
        let mut scored = self.scorer.score(signals).into_iter();
        let answers = resources.iter().zip(sets).map(|((_, targets), sets)| {
            let answers = targets.iter().zip(sets);
            answers
                .map(|(target, set)| self.answer(*target, set, &scored.next().unwrap_or_default()))
                .collect()
        });
        answers.collect()
    }

    fn answer(&self, target: usize, set: CandidateSet, scored: &[f32]) -> Answer {
        let regime = regime(set.family_seen);
        let out_of_distribution =
            self.min_known_share.get(regime).is_none_or(|least| set.known_share < *least);
        let calibration = self.calibrations.get(target).and_then(|both| both.get(regime));
        let scores = calibration.map(|one| one.scores(&set.signals(), scored)).unwrap_or_default();
        let mut suggestions: Vec<Suggestion> = set
            .candidates
            .into_iter()
            .zip(scores)
            .filter(|(candidate, _)| !candidate.value.is_empty())
            .map(|(candidate, probability)| Suggestion {
                value: candidate.value,
                probability,
                confidence: 0.0,
            })
            .collect();
        suggestions
            .sort_by(|a, b| b.probability.total_cmp(&a.probability).then_with(|| a.value.cmp(&b.value)));
        for (at, suggestion) in suggestions.iter_mut().enumerate() {
            let Some(calibration) = calibration else { continue };
            suggestion.probability = calibration.probability(suggestion.probability);
            if at == 0 && !out_of_distribution {
                suggestion.confidence = calibration.confidence(suggestion.probability);
            }
        }
        Answer { suggestions, out_of_distribution, family_seen: set.family_seen }
    }
}
