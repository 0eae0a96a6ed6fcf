//! A trained model: what it learnt, what that is worth, and what it may claim.

use crate::calibration::tag_calibration::{Trust, regime};
use crate::candidates::generator::{Asked, Base, Found, Known, Seen};
use crate::evaluation::model_comparison::Measured;
use crate::features::parts::bit;
use crate::features::resource::{Resource, Target};
use crate::ranking::scorer::{MOST_CANDIDATES, Scorer};

/// A model that suggests tags.
#[derive(Debug)]
pub struct Model {
    pub(crate) known: Known,
    pub(crate) base: Base,
    pub(crate) scorer: Scorer,
    /// By target: for resources whose family had the tag, and for those whose had not.
    pub(crate) trust: Vec<[Trust; 2]>,
    /// Which targets had enough resources.
    pub(crate) learnt: Vec<bool>,
    /// What it learnt from, sorted.
    pub(crate) lessons: Vec<u64>,
    /// What was said of what was kept aside, to compare it with a later model.
    pub(crate) measured: Vec<Measured>,
    /// Share of features that must have been seen in training for anything to be claimed.
    /// By situation, as in `trust`.
    pub(crate) least_known: [f32; 2],
}

/// A value that could be that of a tag.
#[derive(Debug, Clone, PartialEq)]
pub struct Suggestion {
    /// The value.
    pub value: String,
    /// How likely it is, from 0 to 1: of many that are as likely, this share is right.
    pub probability: f32,
    /// What may be claimed, from 0 to 1: of all that is claimed as surely, at least this share is
    /// right, by the low end of the interval. Never more than the probability.
    pub confidence: f32,
}

/// What the model says of a tag of a resource.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// Values, the most likely first.
    pub suggestions: Vec<Suggestion>,
    /// Whether the resource is too unlike all that was learnt from, so nothing is claimed.
    pub strange: bool,
    /// Whether resources of the same family had the tag.
    pub familiar: bool,
}

impl Answer {
    /// Returns the most likely value.
    pub fn best(&self) -> Option<&Suggestion> {
        self.suggestions.first()
    }
}

/// Resources that are looked at together.
const BATCH: usize = 512;

impl Model {
    /// Returns the targets, in the order of their numbers.
    pub fn targets(&self) -> &[Target] {
        &self.known.targets
    }

    /// Returns the number of a target.
    pub fn target(&self, name: &str) -> Option<usize> {
        self.known.targets.iter().position(|target| target.name == name)
    }

    /// Whether enough resources had the tag for it to be learnt.
    pub fn is_learnt(&self, target: usize) -> bool {
        self.learnt.get(target) == Some(&true)
    }

    /// Whether it learnt a value of a tag of a resource.
    pub(crate) fn has_learnt(&self, lesson: u64) -> bool {
        self.lessons.binary_search(&lesson).is_ok()
    }

    /// Says what the tags of resources could be. Native tags that say one of those that are asked
    /// for are not looked at.
    pub fn suggest(&self, resources: &[(&Resource, &[usize])]) -> Vec<Vec<Answer>> {
        let in_turn = |resources: &[(&Resource, &[usize])]| -> Vec<Vec<Answer>> {
            resources.chunks(BATCH).flat_map(|chunk| self.suggest_some(chunk)).collect()
        };
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        if threads == 1 || resources.len() <= BATCH {
            return in_turn(resources);
        }
        let shares = resources.chunks(resources.len().div_ceil(threads).next_multiple_of(BATCH));
        std::thread::scope(|scope| {
            let running: Vec<_> = shares.map(|share| (share, scope.spawn(move || in_turn(share)))).collect();
            // A thread that could not end is asked for again, so that an answer never stands by another.
            let answers =
                running.into_iter().map(|(share, one)| one.join().unwrap_or_else(|_| in_turn(share)));
            answers.flatten().collect()
        })
    }

    fn suggest_some(&self, resources: &[(&Resource, &[usize])]) -> Vec<Vec<Answer>> {
        let seen: Vec<Seen> =
            resources.iter().map(|(resource, _)| self.base.see(&self.known, resource)).collect();
        let hidden = resources.iter().map(|(_, targets)| targets.iter().fold(0, |bits, at| bits | bit(*at)));
        let pairs: Vec<(&Seen, u64)> = seen.iter().zip(hidden).collect();
        let asked = self.base.ask(&pairs);
        let found: Vec<Vec<Found>> = resources
            .iter()
            .zip(&seen)
            .zip(&asked)
            .map(|(((resource, targets), seen), asked)| self.look(resource, targets, seen, asked))
            .collect();
        let mut weighed = weigh(&self.scorer, found.iter().flatten()).into_iter();
        let answers = resources.iter().zip(found).map(|((_, targets), found)| {
            let answers = targets.iter().zip(found);
            answers
                .map(|(target, found)| self.answer(*target, found, &weighed.next().unwrap_or_default()))
                .collect()
        });
        answers.collect()
    }

    fn look(&self, resource: &Resource, targets: &[usize], seen: &Seen, asked: &Asked) -> Vec<Found> {
        let found = targets.iter().map(|target| self.base.look(&self.known, *target, resource, seen, asked));
        found.map(Found::limited).collect()
    }

    fn answer(&self, target: usize, found: Found, scored: &[f32]) -> Answer {
        let regime = regime(found.familiar);
        let strange = self.least_known.get(regime).is_none_or(|least| found.known_share < *least);
        let trust = self.trust.get(target).and_then(|trust| trust.get(regime));
        let weighed = trust.map(|trust| trust.weigh(&found.signals(), scored)).unwrap_or_default();
        let values = found.candidates.into_iter().zip(weighed);
        let mut suggestions: Vec<Suggestion> = values
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
            let Some(trust) = trust else { continue };
            suggestion.probability = trust.probability(suggestion.probability);
            if at == 0 && !strange {
                suggestion.confidence = trust.confidence(suggestion.probability);
            }
        }
        Answer { suggestions, strange, familiar: found.familiar }
    }
}

impl Found {
    /// Leaves out what is too many to be weighed; the last one stays the last.
    pub(crate) fn limited(mut self) -> Self {
        if self.candidates.len() > MOST_CANDIDATES
            && let Some(none) = self.candidates.pop()
        {
            self.candidates.truncate(MOST_CANDIDATES - 1);
            self.candidates.push(none);
        }
        self
    }

    pub(crate) fn signals(&self) -> Vec<crate::candidates::generator::Signals> {
        self.candidates.iter().map(|candidate| candidate.signals).collect()
    }
}

/// Returns how likely each value of what was found is.
pub(crate) fn weigh<'a>(scorer: &Scorer, found: impl Iterator<Item = &'a Found>) -> Vec<Vec<f32>> {
    let signals: Vec<Vec<crate::candidates::generator::Signals>> = found.map(Found::signals).collect();
    scorer.weigh(&signals.iter().map(Vec::as_slice).collect::<Vec<_>>())
}
