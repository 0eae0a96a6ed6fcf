//! All methods that look at a resource on their own: network, history, neighbors, copies, synonyms and logistic
//! regression.
//!
//! [`CandidateGenerator::candidates`] asks each of them about a target of a resource. Every value that any of them
//! proposes becomes a candidate, with what each of them reports about it. What that is worth in sum is decided by the
//! ranking.

use super::classes::{Classes, MIN_RESOURCES};
use super::copies::CopyRules;
use super::evidence::Evidence;
use super::history::{Counts, History, HistoryKey, SharedAttribute, history_keys};
use super::logistic_regression::LogisticRegression;
use super::neighbors::Neighbors;
use super::network::{Example, Network, Settings};
use super::signals::Signals;
use crate::features::dictionary::{Dictionary, Feature, Numbered};
use crate::features::grams;
use crate::features::parts::{ANY_TAG, Part, bit, parts};
use crate::features::resource::{Labelled, Resource};
use crate::features::target_context::TargetContext;

/// The methods, trained on the same resources.
#[derive(Debug)]
pub(crate) struct CandidateGenerator {
    /// One a target, as `feature_regressions` and `ngram_regressions`.
    pub(crate) classes: Vec<Classes>,
    pub(crate) dictionary: Dictionary,
    pub(crate) network: Network,
    pub(crate) history: History,
    pub(crate) neighbors: Neighbors,
    pub(crate) copies: CopyRules,
    /// Logistic regression on features; without classes if there is too much to learn.
    pub(crate) feature_regressions: Vec<LogisticRegression>,
    /// Logistic regression on letter n-grams of resources without their tags.
    pub(crate) ngram_regressions: Vec<LogisticRegression>,
    /// Those n-grams; empty if no target is regressed.
    pub(crate) ngrams: Dictionary,
}

/// A value that a method proposes for a target.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    /// Empty for the candidate that stands for none of the others.
    pub(crate) value: String,
    pub(crate) signals: Signals,
}

/// The most candidates that are ranked against each other.
pub(crate) const MAX_CANDIDATES: usize = 12;

/// A resource, prepared to be asked about.
#[derive(Debug, Clone)]
pub(crate) struct PreparedResource {
    pub(crate) numbered: Numbered,
    pub(crate) history_keys: Vec<(HistoryKey, String)>,
    /// Letter n-grams with their weights.
    ngrams: Vec<(u32, f32)>,
}

/// What network and neighbors report about a resource while some targets are hidden.
#[derive(Debug, Clone)]
pub(crate) struct ResourcePrediction {
    /// Of all classes of all targets.
    probabilities: Vec<f32>,
    /// Numbers of resources with their similarity, the most alike first.
    pub(crate) nearest: Vec<(u32, f32)>,
    bag: Vec<(u32, f32)>,
    /// The hidden targets, as bits.
    hidden: u64,
}

/// The candidates for a target of a resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct CandidateSet {
    /// At most [`MAX_CANDIDATES`]; the last one stands for none of the others.
    pub(crate) candidates: Vec<Candidate>,
    /// Whether resources of the same family had the tag.
    pub(crate) family_seen: bool,
    /// Share of the resource's features that training saw, from 0 to 1.
    pub(crate) known_share: f32,
}

impl CandidateSet {
    /// Returns the signals of each candidate.
    pub(crate) fn signals(&self) -> Vec<Signals> {
        self.candidates.iter().map(|candidate| candidate.signals).collect()
    }

    /// Drops what exceeds [`MAX_CANDIDATES`]; the last one stays the last.
    fn limited(mut self) -> Self {
        if self.candidates.len() > MAX_CANDIDATES
            && let Some(none) = self.candidates.pop()
        {
            self.candidates.truncate(MAX_CANDIDATES - 1);
            self.candidates.push(none);
        }
        self
    }
}

impl CandidateGenerator {
    /// Trains all methods on resources. `regressed` is true for the targets that logistic regression learns as well;
    /// `tick` receives the share that is done.
    pub(crate) fn fit(
        context: &TargetContext,
        resources: &[&Labelled],
        regressed: &[bool],
        settings: &Settings,
        tick: &mut dyn FnMut(f32),
    ) -> Self {
        let classes = classes_of(context, resources);
        let parts: Vec<Vec<Part>> =
            resources.iter().map(|one| parts(&one.resource, &context.own_keys)).collect();
        let dictionary = Dictionary::of(parts.iter().map(Vec::as_slice), MIN_RESOURCES);
        let examples = examples(resources, &parts, &dictionary, &classes);
        let sizes: Vec<usize> = classes.iter().map(Classes::len).collect();
        let network = Network::train(&examples, dictionary.len(), &sizes, settings, tick);
        let history = history(context, resources, &examples);
        let feature_regressions = feature_regressions(&examples, &dictionary, regressed);
        let (ngrams, ngram_regressions) = ngram_regressions(resources, &examples, regressed);
        let bags: Vec<Vec<Feature>> = examples.iter().map(|example| example.parts.bag(0)).collect();
        let neighbors = Neighbors::of(&bags, examples.iter().map(known_classes).collect(), &dictionary);
        let pairs = resources.iter().map(|one| (&one.resource, one.values.as_slice()));
        let copies = CopyRules::of(pairs, &classes, context);
        Self {
            classes,
            dictionary,
            network,
            history,
            neighbors,
            copies,
            feature_regressions,
            ngram_regressions,
            ngrams,
        }
    }

    /// Prepares a resource.
    pub(crate) fn prepare(&self, context: &TargetContext, resource: &Resource) -> PreparedResource {
        let numbered = self.dictionary.number(&parts(resource, &context.own_keys));
        let ngrams = match self.ngrams.len() {
            0 => Vec::new(),
            _ => summed(&self.ngrams.number(&grams::parts(resource)).bag(0)),
        };
        PreparedResource { numbered, history_keys: history_keys(resource, context), ngrams }
    }

    /// Asks the network and the neighbors about resources, each with the targets that are hidden, as bits.
    pub(crate) fn predict(&self, prepared: &[(&PreparedResource, u64)]) -> Vec<ResourcePrediction> {
        let bags: Vec<Vec<Feature>> =
            prepared.iter().map(|(one, hidden)| one.numbered.bag(*hidden)).collect();
        let rows = self.network.predict(&bags).into_iter();
        rows.zip(&bags)
            .zip(prepared)
            .map(|((probabilities, bag), (_, hidden))| ResourcePrediction {
                probabilities,
                nearest: self.neighbors.nearest(bag, &self.dictionary),
                bag: summed(bag),
                hidden: *hidden,
            })
            .collect()
    }

    /// Returns the candidates for a target that is hidden.
    pub(crate) fn candidates(
        &self,
        context: &TargetContext,
        target: usize,
        resource: &Resource,
        (prepared, prediction): (&PreparedResource, &ResourcePrediction),
    ) -> CandidateSet {
        let Some(evidence) = self.evidence(context, target, resource, (prepared, prediction)) else {
            return CandidateSet { candidates: Vec::new(), family_seen: false, known_share: 0.0 };
        };
        let open = context.targets.get(target).is_some_and(|target| target.allowed.is_empty());
        let mut candidates: Vec<Candidate> = evidence
            .proposals(open)
            .into_iter()
            .map(|(class, value)| Candidate { signals: evidence.signals(class, &value), value })
            .collect();
        candidates.push(Candidate { value: String::new(), signals: evidence.none_of_these() });
        CandidateSet { candidates, family_seen: evidence.is_family_seen(), known_share: evidence.known_share }
            .limited()
    }

    /// Collects what all methods report about a target. None if there is no such target.
    fn evidence<'a>(
        &'a self,
        context: &TargetContext,
        target: usize,
        resource: &Resource,
        (prepared, prediction): (&PreparedResource, &'a ResourcePrediction),
    ) -> Option<Evidence<'a>> {
        let classes = self.classes.get(target)?;
        let hidden = prediction.hidden;
        let probabilities = prediction.probabilities.get(self.network.head(target)).unwrap_or_default();
        let (votes, similarity) = self.neighbors.vote(&prediction.nearest, target);
        let resource = without_hidden_tags(resource, context, hidden);
        let shared: Vec<(SharedAttribute, &Counts)> = prepared
            .history_keys
            .iter()
            .filter(|(key, _)| !key.is_hidden(hidden))
            .filter_map(|(key, _)| Some((key.attribute, self.history.get(target, *key)?)))
            .collect();
        let likely = |regressions: &[LogisticRegression], bag: &[(u32, f32)]| {
            regressions.get(target).map(|regression| regression.probabilities(bag)).unwrap_or_default()
        };
        Some(Evidence {
            classes,
            probabilities,
            regressions: [
                likely(&self.feature_regressions, &prediction.bag),
                likely(&self.ngram_regressions, &prepared.ngrams),
            ],
            votes,
            similarity,
            copies: self.copies.get((target, classes), &resource, context),
            synonyms: context.synonyms.matches(target, &resource),
            shared,
            known_share: prepared.numbered.known_share(hidden),
        })
    }
}

/// Returns the resource without the native tags that reveal a hidden target.
fn without_hidden_tags<'r>(
    resource: &'r Resource,
    context: &TargetContext,
    hidden: u64,
) -> std::borrow::Cow<'r, Resource> {
    let mut resource = std::borrow::Cow::Borrowed(resource);
    let is_hidden = |key: &str| (context.own_keys.targets_of(key) | ANY_TAG) & hidden != 0;
    if resource.tags.iter().any(|(key, _)| is_hidden(key)) {
        resource.to_mut().tags.retain(|(key, _)| !is_hidden(key));
    }
    resource
}

/// Returns the classes of each target.
fn classes_of(context: &TargetContext, resources: &[&Labelled]) -> Vec<Classes> {
    let of = |target: usize| {
        let values = resources.iter().flat_map(|one| &one.values);
        Classes::of(values.filter(|(of, _)| *of == target).map(|(_, value)| value.as_str()))
    };
    (0..context.targets.len()).map(of).collect()
}

/// Returns what the network learns of each resource.
fn examples(
    resources: &[&Labelled],
    parts: &[Vec<Part>],
    dictionary: &Dictionary,
    classes: &[Classes],
) -> Vec<Example> {
    let class_of = |(target, value): &(usize, String)| Some((*target, classes.get(*target)?.class(value)));
    let example = |(parts, one): (&Vec<Part>, &&Labelled)| Example {
        parts: dictionary.number(parts),
        classes: one.values.iter().filter_map(class_of).collect(),
        refused: one.refused.iter().filter_map(class_of).filter(|(_, class)| *class > 0).collect(),
    };
    parts.iter().zip(resources).map(example).collect()
}

/// Returns the targets of an example with their classes, without class 0.
fn known_classes(example: &Example) -> Vec<(usize, u32)> {
    example.classes.iter().copied().filter(|(_, class)| *class > 0).collect()
}

/// Counts which values resources have that share something.
fn history(context: &TargetContext, resources: &[&Labelled], examples: &[Example]) -> History {
    let keys: Vec<Vec<HistoryKey>> = resources
        .iter()
        .map(|one| history_keys(&one.resource, context).into_iter().map(|(key, _)| key).collect())
        .collect();
    let counted: Vec<Vec<(usize, u32)>> = examples.iter().map(Example::counted).collect();
    History::of(keys.iter().map(Vec::as_slice).zip(counted.iter().map(Vec::as_slice)))
}

/// Returns the class of a target, if it is one that can be suggested.
fn class_in(example: &Example, target: usize) -> Option<u32> {
    let class = example.classes.iter().find(|(of, class)| *of == target && *class > 0);
    class.map(|(_, class)| *class)
}

/// Trains logistic regression on resources that have a class.
fn regression<T>(
    resources: impl Iterator<Item = (Option<u32>, T)>,
    features: usize,
    bag: impl Fn(T) -> Vec<(u32, f32)>,
) -> LogisticRegression {
    let labelled: Vec<(u32, T)> = resources.filter_map(|(class, one)| Some((class?, one))).collect();
    let bags: Vec<(Vec<(u32, f32)>, u32)> =
        labelled.into_iter().map(|(class, one)| (bag(one), class)).collect();
    let bags: Vec<(&[(u32, f32)], u32)> = bags.iter().map(|(bag, class)| (bag.as_slice(), *class)).collect();
    LogisticRegression::fit(&bags, features)
}

/// Trains logistic regression on features, for each target that is regressed.
fn feature_regressions(
    examples: &[Example],
    dictionary: &Dictionary,
    regressed: &[bool],
) -> Vec<LogisticRegression> {
    let of = |(target, regressed): (usize, &bool)| {
        let own = examples.iter().filter(|_| *regressed).map(|example| (class_in(example, target), example));
        regression(own, dictionary.len(), |example| summed(&example.parts.bag(bit(target))))
    };
    regressed.iter().enumerate().map(of).collect()
}

/// Trains logistic regression on letter n-grams of resources without their tags. Returns the n-grams as well.
fn ngram_regressions(
    resources: &[&Labelled],
    examples: &[Example],
    regressed: &[bool],
) -> (Dictionary, Vec<LogisticRegression>) {
    if !regressed.contains(&true) {
        return (Dictionary::default(), vec![LogisticRegression::default(); regressed.len()]);
    }
    let parts: Vec<[Part; 1]> = resources.iter().map(|one| grams::parts(&one.resource)).collect();
    let ngrams = Dictionary::of(parts.iter().map(<[Part; 1]>::as_slice), MIN_RESOURCES);
    let bags: Vec<Vec<(u32, f32)>> = parts.iter().map(|parts| summed(&ngrams.number(parts).bag(0))).collect();
    let of = |(target, regressed): (usize, &bool)| {
        let own = examples.iter().zip(&bags).filter(|_| *regressed);
        regression(own.map(|(example, bag)| (class_in(example, target), bag)), ngrams.len(), Vec::clone)
    };
    let regressions = regressed.iter().enumerate().map(of).collect();
    (ngrams, regressions)
}

/// Adds up the weights of each feature in a bag.
fn summed(bag: &[Feature]) -> Vec<(u32, f32)> {
    let mut pairs: Vec<(u32, f32)> = bag.iter().map(|feature| (feature.number, feature.weight)).collect();
    // A float sum depends on the order of its terms. An unstable sort leaves equal numbers in an order that is the same
    // for the same bag, which is all that reproducible models need.
    pairs.sort_unstable_by_key(|(number, _)| *number);
    pairs.dedup_by(|later, first| {
        let same = later.0 == first.0;
        if same {
            first.1 += later.1;
        }
        same
    });
    pairs
}
