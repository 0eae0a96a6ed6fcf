//! What all methods report about one target of one resource, sorted by candidates.

use super::classes::Classes;
use super::copies::CopiedValue;
use super::history::{Counts, SharedAttribute};
use super::signals::{Signal, Signals};
use crate::features::resource::fold;
use crate::features::synonyms::SynonymMatches;

/// How likely a value is taken to be at first that the network has no class for.
const NEW_VALUE: f32 = 0.03;

/// The reliability from which a copied value becomes a candidate that no resource had before.
const RELIABLE_COPY: f32 = 0.3;

/// How many values each method may propose.
const FROM_NETWORK: usize = 5;
const FROM_REGRESSION: usize = 2;
const FROM_NEIGHBORS: usize = 3;
const FROM_HISTORY: usize = 2;
const FROM_COPIES: usize = 6;

/// The reports of all methods, before they are sorted by candidates.
pub(super) struct Evidence<'a> {
    pub(super) classes: &'a Classes,
    /// The network's probability of each class, 0 included.
    pub(super) probabilities: &'a [f32],
    /// Classes with their probabilities: of logistic regression on features, and on n-grams without tags. Empty if
    /// the target is not regressed.
    pub(super) regressions: [Vec<(u32, f32)>; 2],
    /// Classes with their shares of the votes of the nearest neighbors, the most first.
    pub(super) votes: Vec<(u32, f32)>,
    /// Similarity of the nearest neighbor that has the tag, from 0 to about 1.
    pub(super) similarity: f32,
    /// Copies, the most reliable first.
    pub(super) copies: Vec<CopiedValue>,
    pub(super) synonyms: SynonymMatches,
    /// What resources have that share something.
    pub(super) shared: Vec<(SharedAttribute, &'a Counts)>,
    /// Share of the resource's features that training saw.
    pub(super) known_share: f32,
}

impl Evidence<'_> {
    /// Returns the values that any method proposes, with their classes; class 0 for values that are new, which are
    /// proposed only where the target is `open` to any value.
    pub(super) fn proposals(&self, open: bool) -> Vec<(u32, String)> {
        let mut classes: Vec<u32> = Vec::new();
        let mut add = |class: u32| {
            if class > 0 && !classes.contains(&class) {
                classes.push(class);
            }
        };
        let by_network = by_probability((0..).zip(self.probabilities.iter().copied()).skip(1).collect());
        by_network.iter().take(FROM_NETWORK).for_each(|(class, _)| add(*class));
        for regression in &self.regressions {
            let sorted = by_probability(regression.clone());
            sorted.iter().take(FROM_REGRESSION).for_each(|(class, _)| add(*class));
        }
        self.votes.iter().take(FROM_NEIGHBORS).for_each(|(class, _)| add(*class));
        for (_, counts) in &self.shared {
            counts.classes.iter().take(FROM_HISTORY).for_each(|(class, _)| add(*class));
        }
        let mut new: Vec<String> = Vec::new();
        for copy in self.copies.iter().take(FROM_COPIES) {
            match self.classes.class(&copy.value) {
                0 if open && copy.hits.reliability() >= RELIABLE_COPY => {
                    if !new.iter().any(|value| fold(value) == fold(&copy.value)) {
                        new.push(copy.value.clone());
                    }
                }
                class => add(class),
            }
        }
        for (value, ..) in &self.synonyms.values {
            match self.classes.class(value) {
                0 => new.push(value.clone()),
                class => add(class),
            }
        }
        let known =
            classes.into_iter().filter_map(|class| Some((class, self.classes.value(class)?.to_owned())));
        known.chain(new.into_iter().map(|value| (0, value))).collect()
    }

    fn probability(&self, class: u32) -> f32 {
        self.probabilities.get(class as usize).copied().unwrap_or_default()
    }

    /// Returns the signals of a value.
    pub(super) fn signals(&self, class: u32, value: &str) -> Signals {
        let folded = fold(value);
        let mut signals = Signals::default();
        self.add_network(class, &mut signals);
        self.add_neighbors(class, &mut signals);
        self.add_copies(&folded, &mut signals);
        self.add_synonyms(&folded, &mut signals);
        signals.flag(Signal::IsNew, class == 0);
        signals.set(Signal::LogFrequency, (self.classes.count(class) as f32).ln_1p() / 10.0);
        signals.set(Signal::KnownShare, self.known_share);
        self.add_history(class, &mut signals);
        self.add_regressions(class, &mut signals);
        signals
    }

    /// Returns the signals of the candidate that no proposed value is right.
    pub(super) fn none_of_these(&self) -> Signals {
        let mut signals = Signals::default();
        let best = self.probabilities.iter().skip(1).copied().fold(0.0, f32::max);
        signals.log(Signal::NetworkLog, 1.0 - best);
        signals.set(Signal::NeighborSimilarity, self.similarity);
        signals.flag(Signal::IsNoneOfThese, true);
        signals.set(Signal::KnownShare, self.known_share);
        signals.set(Signal::NetworkNone, self.probability(0));
        self.add_history(0, &mut signals);
        signals
    }

    fn add_network(&self, class: u32, signals: &mut Signals) {
        let own = if class > 0 { self.probability(class) } else { NEW_VALUE };
        let others = (1..).zip(self.probabilities.iter().skip(1)).filter(|(other, _)| *other != class);
        let rival = others.map(|(_, probability)| *probability).fold(0.0, f32::max);
        signals.log(Signal::NetworkLog, own);
        signals.set(Signal::Network, own);
        signals.flag(Signal::NetworkIsBest, own > rival);
        signals.set(Signal::NetworkMargin, own - rival);
        signals.set(Signal::NetworkNone, self.probability(0));
    }

    fn add_neighbors(&self, class: u32, signals: &mut Signals) {
        let own = self.votes.iter().find(|(other, _)| *other == class && class > 0);
        let vote = own.map_or(0.0, |(_, vote)| *vote);
        signals.set(Signal::NeighborVote, vote);
        signals.set(Signal::NeighborVoteBySimilarity, vote * self.similarity);
        signals.set(Signal::NeighborSimilarity, self.similarity);
    }

    fn add_copies(&self, folded: &str, signals: &mut Signals) {
        let best = |same: bool, mentions_only: bool| {
            let copies = self.copies.iter().filter(|copy| !mentions_only || copy.origin.is_mention());
            let matching = copies.filter(|copy| (fold(&copy.value) == folded) == same);
            matching.map(|copy| copy.hits.reliability()).fold(0.0, f32::max)
        };
        signals.set(Signal::Copy, best(true, false));
        signals.set(Signal::CopyOfOther, best(false, false));
        signals.set(Signal::Mention, best(true, true));
        signals.set(Signal::MentionOfOther, best(false, true));
    }

    fn add_synonyms(&self, folded: &str, signals: &mut Signals) {
        let is_this = |value: &str| fold(value) == folded;
        let mut values = self.synonyms.values.iter().map(|(value, ..)| value.as_str());
        signals.flag(Signal::Synonym, values.clone().any(is_this));
        signals.flag(Signal::SynonymOfOther, values.any(|value| !is_this(value)));
        signals.flag(Signal::OnlySynonym, self.synonyms.only().is_some_and(|(value, ..)| is_this(value)));
    }

    /// Adds, for each attribute that can be shared, the share of a class and how much was counted.
    fn add_history(&self, class: u32, signals: &mut Signals) {
        for attribute in SharedAttribute::ALL {
            let counts = self.shared.iter().filter(|(of, _)| *of == attribute).map(|(_, counts)| *counts);
            // Of several, as there are of tags, the one that is surest of anything.
            let Some(counts) = counts.max_by(|a, b| certainty(a).total_cmp(&certainty(b))) else { continue };
            let share = match class {
                0 => counts.count(0) as f32 / counts.total.max(1) as f32,
                class => counts.share(class),
            };
            let [share_of, amount_of] = Signal::of_history(attribute);
            signals.set(share_of, share);
            signals.set(amount_of, (counts.total as f32).ln_1p() / 8.0);
        }
        let best = self.shared.iter().map(|(_, counts)| counts.share(class)).fold(0.0, f32::max);
        signals.set(Signal::BestShare, best);
        signals.flag(Signal::FamilySeen, self.is_family_seen());
        signals.set(Signal::Bias, 1.0);
    }

    fn add_regressions(&self, class: u32, signals: &mut Signals) {
        use Signal::{
            FeatureRegression, FeatureRegressionIsBest, FeatureRegressionLog, NgramRegression,
            NgramRegressionIsBest, NgramRegressionLog,
        };
        let of = [
            [FeatureRegressionLog, FeatureRegression, FeatureRegressionIsBest],
            [NgramRegressionLog, NgramRegression, NgramRegressionIsBest],
        ];
        for (regression, [log, probability, is_best]) in self.regressions.iter().zip(of) {
            let own = regression.iter().find(|(of, _)| *of == class).map_or(0.0, |(_, likely)| *likely);
            let others = regression.iter().filter(|(of, _)| *of != class);
            let rival = others.map(|(_, likely)| *likely).fold(0.0, f32::max);
            signals.log(log, own);
            signals.set(probability, own);
            signals.flag(is_best, own > rival);
        }
    }

    /// Whether resources of the same family had the tag.
    pub(super) fn is_family_seen(&self) -> bool {
        self.shared.iter().any(|(attribute, _)| *attribute == SharedAttribute::Family)
    }
}

/// Sorts classes by descending probability; ties by class, so that the order is the same each time.
fn by_probability(mut classes: Vec<(u32, f32)>) -> Vec<(u32, f32)> {
    classes.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    classes
}

fn certainty(counts: &Counts) -> f32 {
    counts.classes.first().map_or(0.0, |(class, _)| counts.share(*class))
}
