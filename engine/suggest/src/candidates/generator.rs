//! All that looks at resources by itself: the network, history, neighbours, copies, and the prior.
//!
//! [`Base::look`] asks each of them about a target of a resource and puts what they say of each
//! value that any of them names next to each other. What that is worth in sum is not decided here.

use rustc_hash::{FxHashMap, FxHashSet};

use crate::candidates::copies::{Derivations, Derived};
use crate::candidates::history::{History, Key, Kind, keys};
use crate::candidates::logistic_regression::Linear;
use crate::candidates::neighbors::Neighbours;
use crate::candidates::network::{Example, Network, Settings};
use crate::features::dictionary::{Dictionary, Feature, Numbered};
use crate::features::grams as text;
use crate::features::parts::{ANY_TAG, OwnKeys, Part, bit, parts};
use crate::features::resource::{Labelled, Resource, Target, fold, stop_words};
use crate::features::synonyms::{Prior, Said};

/// Resources that have a value, for it to be one that can be suggested.
const LEAST: u32 = 2;

/// The most values of a tag that can be suggested, the most frequent.
const MOST_VALUES: usize = 2000;

/// The values of a target. Class 0 is "none of these".
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Classes {
    values: Vec<String>,
    counts: Vec<u32>,
    /// Classes by the folded value.
    folded: FxHashMap<String, u32>,
}

impl Classes {
    fn of<'a>(values: impl Iterator<Item = &'a str>) -> Self {
        let mut counts: FxHashMap<&str, u32> = FxHashMap::default();
        for value in values {
            *counts.entry(value).or_default() += 1;
        }
        let mut counts: Vec<(&str, u32)> = counts.into_iter().filter(|(_, count)| *count >= LEAST).collect();
        counts.sort_unstable_by_key(|(value, count)| (std::cmp::Reverse(*count), *value));
        counts.truncate(MOST_VALUES);
        Self::from_entries(counts.into_iter().map(|(value, count)| (value.to_owned(), count)))
    }

    pub(crate) fn from_entries(entries: impl Iterator<Item = (String, u32)>) -> Self {
        let (values, counts): (Vec<String>, Vec<u32>) = entries.unzip();
        let mut folded = FxHashMap::default();
        for (class, value) in (1..).zip(&values) {
            folded.entry(fold(value)).or_insert(class);
        }
        Self { values, counts, folded }
    }

    /// Returns the number of classes.
    pub(crate) fn len(&self) -> usize {
        self.values.len() + 1
    }

    pub(crate) fn value(&self, class: u32) -> Option<&str> {
        self.values.get((class as usize).checked_sub(1)?).map(String::as_str)
    }

    /// Returns the class of a value, in any spelling; 0 where it has none.
    pub(crate) fn class(&self, value: &str) -> u32 {
        self.folded.get(&fold(value)).copied().unwrap_or_default()
    }

    pub(crate) fn count(&self, class: u32) -> u32 {
        (class as usize).checked_sub(1).and_then(|at| self.counts.get(at)).copied().unwrap_or_default()
    }

    pub(crate) fn entries(&self) -> impl Iterator<Item = (&str, u32)> {
        self.values.iter().map(String::as_str).zip(self.counts.iter().copied())
    }
}

/// What the parts need to know about the targets.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) targets: Vec<Target>,
    pub(crate) own: OwnKeys,
    pub(crate) stop: FxHashSet<String>,
    pub(crate) prior: Prior,
}

impl Known {
    pub(crate) fn new(targets: Vec<Target>) -> Self {
        Self { own: OwnKeys::new(&targets), stop: stop_words(&targets), prior: Prior::new(&targets), targets }
    }
}

/// All that looks at resources by itself.
#[derive(Debug)]
pub(crate) struct Base {
    pub(crate) classes: Vec<Classes>,
    pub(crate) dictionary: Dictionary,
    pub(crate) network: Network,
    pub(crate) history: History,
    pub(crate) neighbours: Neighbours,
    pub(crate) derivations: Derivations,
    /// One a target; without classes where there is too much to learn.
    pub(crate) linear: Vec<Linear>,
    /// The same, of runs of letters of resources without their tags.
    pub(crate) bare: Vec<Linear>,
    /// Those runs; none where nothing is learnt of them.
    pub(crate) runs: Dictionary,
}

/// A value that something names for a target, and what each says of it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Candidate {
    pub(crate) value: String,
    /// Its class; 0 where training did not see it often enough.
    pub(crate) class: u32,
    pub(crate) signals: Signals,
}

/// Number of [`Signals`].
pub(crate) const SIGNALS: usize = 42;

/// The [`Signals`] that are logarithms of probabilities: of the network, and of logistic regression.
pub(crate) const VOICES: [usize; 3] = [0, 34, 37];

/// The one of the [`Signals`] that is what the neighbours say.
pub(crate) const VOTE: usize = 4;

/// Those that are what words stand for: this value, another one, nothing but this one.
pub(crate) const WORDS: [usize; 3] = [9, 10, 11];

/// What logarithms of probabilities are divided by, to be numbers from -1 to 0.
pub(crate) const LOG_SCALE: f32 = 9.0;

/// How likely a value is taken to be at first that the network cannot say.
const NEW: f32 = 0.03;

/// What is said of a value, as numbers from about -1 to 1.
pub(crate) type Signals = [f32; SIGNALS];

/// A resource, prepared to be looked at.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) numbered: Numbered,
    pub(crate) keys: Vec<(Key, String)>,
    /// Runs of letters.
    runs: Vec<(u32, f32)>,
}

/// What network and neighbours say of a resource.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    probabilities: Vec<f32>,
    pub(crate) nearest: Vec<(u32, f32)>,
    bag: Vec<(u32, f32)>,
    hidden: u64,
}

/// What is found of a target of a resource.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Found {
    /// What could be the value; the last one stands for none of the others.
    pub(crate) candidates: Vec<Candidate>,
    /// Whether resources of the same family had the tag.
    pub(crate) familiar: bool,
    /// Share of the features that training saw.
    pub(crate) known_share: f32,
}

impl Base {
    /// Learns from resources; of the targets, which logistic regression learns as well.
    pub(crate) fn fit(
        known: &Known,
        resources: &[&Labelled],
        regressed: &[bool],
        settings: &Settings,
        tick: &mut dyn FnMut(f32),
    ) -> Self {
        let classes: Vec<Classes> = (0..known.targets.len())
            .map(|target| {
                let values = resources.iter().flat_map(|one| &one.values);
                Classes::of(values.filter(|(of, _)| *of == target).map(|(_, value)| value.as_str()))
            })
            .collect();
        let parts: Vec<Vec<Part>> = resources.iter().map(|one| parts(&one.resource, &known.own)).collect();
        let dictionary = Dictionary::of(parts.iter().map(Vec::as_slice), LEAST);
        let class_of =
            |(target, value): &(usize, String)| Some((*target, classes.get(*target)?.class(value)));
        let examples: Vec<Example> = parts
            .iter()
            .zip(resources)
            .map(|(parts, one)| Example {
                parts: dictionary.number(parts),
                classes: one.values.iter().filter_map(class_of).collect(),
                not: one.refused.iter().filter_map(class_of).filter(|(_, class)| *class > 0).collect(),
            })
            .collect();
        let sizes: Vec<usize> = classes.iter().map(Classes::len).collect();
        let network = Network::train(&examples, dictionary.len(), &sizes, settings, tick);
        let known_classes = |example: &Example| {
            let known = example.classes.iter().copied().filter(|(_, class)| *class > 0);
            known.collect::<Vec<_>>()
        };
        let labelled: Vec<Vec<(usize, u32)>> = examples.iter().map(known_classes).collect();
        let shared: Vec<Vec<Key>> = resources
            .iter()
            .map(|one| keys(&one.resource, &known.own, &known.stop).into_iter().map(|(key, _)| key).collect())
            .collect();
        let told: Vec<Vec<(usize, u32)>> = examples.iter().map(Example::told).collect();
        let history = History::of(shared.iter().map(Vec::as_slice).zip(told.iter().map(Vec::as_slice)));
        let bag = |target: usize, example: &Example| pairs(&example.parts.bag(bit(target)));
        let linear = regressed.iter().enumerate().map(|(target, regressed)| {
            let own = examples.iter().filter(|_| *regressed);
            let own = own.map(|example| (class_in(example, target), example));
            linear(own, dictionary.len(), |example| bag(target, example))
        });
        let linear = linear.collect();
        let (runs, bare) = bare(resources, &examples, regressed);
        let bags: Vec<Vec<Feature>> = examples.iter().map(|example| example.parts.bag(0)).collect();
        let neighbours = Neighbours::of(&bags, labelled, &dictionary);
        let pairs = resources.iter().map(|one| (&one.resource, one.values.as_slice()));
        let derivations = Derivations::of(pairs, &classes, &known.own, &known.stop);
        Self { classes, dictionary, network, history, neighbours, derivations, linear, bare, runs }
    }

    /// Prepares a resource.
    pub(crate) fn see(&self, known: &Known, resource: &Resource) -> Seen {
        let parts = parts(resource, &known.own);
        let numbered = self.dictionary.number(&parts);
        let runs = match self.runs.len() {
            0 => Vec::new(),
            _ => pairs(&self.runs.number(&text::parts(resource)).bag(0)),
        };
        Seen { numbered, keys: keys(resource, &known.own, &known.stop), runs }
    }

    /// Asks the network and the neighbours about resources, each with the targets that are hidden.
    pub(crate) fn ask(&self, seen: &[(&Seen, u64)]) -> Vec<Asked> {
        let bags: Vec<Vec<Feature>> = seen.iter().map(|(seen, hidden)| seen.numbered.bag(*hidden)).collect();
        let rows = self.network.predict(&bags).into_iter();
        let asked = rows.zip(&bags).zip(seen);
        asked
            .map(|((probabilities, bag), (_, hidden))| Asked {
                probabilities,
                nearest: self.neighbours.nearest(bag, &self.dictionary),
                bag: pairs(bag),
                hidden: *hidden,
            })
            .collect()
    }

    /// Finds what could be the value of a target that is hidden.
    pub(crate) fn look(
        &self,
        known: &Known,
        target: usize,
        resource: &Resource,
        seen: &Seen,
        asked: &Asked,
    ) -> Found {
        let Some(classes) = self.classes.get(target) else {
            return Found { candidates: Vec::new(), familiar: false, known_share: 0.0 };
        };
        let hidden = asked.hidden;
        let probabilities = asked.probabilities.get(self.network.head(target)).unwrap_or_default();
        let (votes, nearness) = self.neighbours.vote(&asked.nearest, target);
        let mut resource = std::borrow::Cow::Borrowed(resource);
        let is_hidden = |key: &str| (known.own.says(key) | ANY_TAG) & hidden != 0;
        if resource.tags.iter().any(|(key, _)| is_hidden(key)) {
            resource.to_mut().tags.retain(|(key, _)| !is_hidden(key));
        }
        let derived = self.derivations.get((target, classes), &resource, &known.own, &known.stop);
        let said = known.prior.said(target, &resource);
        let shared: Vec<(Kind, &crate::candidates::history::Counts)> = seen
            .keys
            .iter()
            .filter(|(key, _)| !key.is_hidden(hidden))
            .filter_map(|(key, _)| Some((key.kind, self.history.get(target, *key)?)))
            .collect();
        let likely = |linear: &[Linear], bag: &[(u32, f32)]| {
            linear.get(target).map(|linear| linear.likely(bag)).unwrap_or_default()
        };
        let linear = [likely(&self.linear, &asked.bag), likely(&self.bare, &seen.runs)];
        let view = View { linear, classes, probabilities, votes, nearness, derived, said, shared };
        let free = known.targets.get(target).is_some_and(|target| target.allowed.is_empty());
        let known_share = seen.numbered.known_share(hidden);
        let mut candidates: Vec<Candidate> = view
            .named(free)
            .into_iter()
            .map(|(class, value)| Candidate {
                signals: view.signals(class, &value, known_share),
                class,
                value,
            })
            .collect();
        candidates.push(Candidate { value: String::new(), class: 0, signals: view.none(known_share) });
        let familiar = view.shared.iter().any(|(kind, _)| *kind == Kind::Family);
        Found { candidates, familiar, known_share }
    }
}

/// Returns the class of a target that can be suggested.
fn class_in(example: &Example, target: usize) -> Option<u32> {
    let class = example.classes.iter().find(|(of, class)| *of == target && *class > 0);
    class.map(|(_, class)| *class)
}

/// Learns classes of resources by logistic regression.
fn linear<T>(
    resources: impl Iterator<Item = (Option<u32>, T)>,
    features: usize,
    bag: impl Fn(T) -> Vec<(u32, f32)>,
) -> Linear {
    let labelled: Vec<(u32, T)> = resources.filter_map(|(class, one)| Some((class?, one))).collect();
    let bags: Vec<(Vec<(u32, f32)>, u32)> =
        labelled.into_iter().map(|(class, one)| (bag(one), class)).collect();
    let bags: Vec<(&[(u32, f32)], u32)> = bags.iter().map(|(bag, class)| (bag.as_slice(), *class)).collect();
    Linear::fit(&bags, features)
}

/// Learns targets from runs of letters of resources without their tags.
fn bare(resources: &[&Labelled], examples: &[Example], regressed: &[bool]) -> (Dictionary, Vec<Linear>) {
    if !regressed.contains(&true) {
        return (Dictionary::default(), vec![Linear::default(); regressed.len()]);
    }
    let parts: Vec<[Part; 1]> = resources.iter().map(|one| text::parts(&one.resource)).collect();
    let runs = Dictionary::of(parts.iter().map(<[Part; 1]>::as_slice), LEAST);
    let bags: Vec<Vec<(u32, f32)>> = parts.iter().map(|parts| pairs(&runs.number(parts).bag(0))).collect();
    let bare = regressed.iter().enumerate().map(|(target, regressed)| {
        let own = examples.iter().zip(&bags).filter(|_| *regressed);
        linear(own.map(|(example, bag)| (class_in(example, target), bag)), runs.len(), Vec::clone)
    });
    let bare = bare.collect();
    (runs, bare)
}

/// Adds up what a bag has of each feature.
fn pairs(bag: &[Feature]) -> Vec<(u32, f32)> {
    let mut pairs: Vec<(u32, f32)> = bag.iter().map(|feature| (feature.number, feature.weight)).collect();
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

/// What is said of a target of a resource, before it is sorted by values.
struct View<'a> {
    /// Of all that is known, and without tags.
    linear: [Vec<(u32, f32)>; 2],
    classes: &'a Classes,
    probabilities: &'a [f32],
    votes: Vec<(u32, f32)>,
    nearness: f32,
    derived: Vec<Derived>,
    said: Said,
    shared: Vec<(Kind, &'a crate::candidates::history::Counts)>,
}

impl View<'_> {
    /// Returns the values that anything names: their classes, and the values themselves.
    fn named(&self, free: bool) -> Vec<(u32, String)> {
        let mut classes: Vec<u32> = Vec::new();
        let mut add = |class: u32| {
            if class > 0 && !classes.contains(&class) {
                classes.push(class);
            }
        };
        let mut likely: Vec<(u32, f32)> = (0..).zip(self.probabilities.iter().copied()).skip(1).collect();
        likely.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        likely.iter().take(5).for_each(|(class, _)| add(*class));
        for linear in &self.linear {
            let mut linear = linear.clone();
            linear.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
            linear.iter().take(2).for_each(|(class, _)| add(*class));
        }
        self.votes.iter().take(3).for_each(|(class, _)| add(*class));
        for (_, counts) in &self.shared {
            counts.classes.iter().take(2).for_each(|(class, _)| add(*class));
        }
        let mut new: Vec<String> = Vec::new();
        for derived in self.derived.iter().take(6) {
            match self.classes.class(&derived.value) {
                0 if free && derived.record.share() >= 0.3 => {
                    if !new.iter().any(|value| fold(value) == fold(&derived.value)) {
                        new.push(derived.value.clone());
                    }
                }
                class => add(class),
            }
        }
        for (value, ..) in &self.said.values {
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

    /// Returns what is said of a value.
    fn signals(&self, class: u32, value: &str, known_share: f32) -> Signals {
        let own = if class > 0 { self.probability(class) } else { NEW };
        let others = (1..).zip(self.probabilities.iter().skip(1));
        let rival = others.filter(|(other, _)| *other != class).map(|(_, p)| *p).fold(0.0, f32::max);
        let folded = fold(value);
        let copy = |same: bool| {
            let matching = self.derived.iter().filter(|derived| (fold(&derived.value) == folded) == same);
            matching.map(|derived| derived.record.share()).fold(0.0, f32::max)
        };
        let said = self.said.values.iter().find(|(said, ..)| fold(said) == folded);
        let vote =
            self.votes.iter().find(|(other, _)| *other == class && class > 0).map_or(0.0, |(_, vote)| *vote);
        let mention = |same: bool| {
            let mentions = self.derived.iter().filter(|derived| derived.origin.is_mention());
            let matching = mentions.filter(|derived| (fold(&derived.value) == folded) == same);
            matching.map(|derived| derived.record.share()).fold(0.0, f32::max)
        };
        let mut signals = vec![
            own.max(1e-4).ln() / LOG_SCALE,
            own,
            f32::from(own > rival),
            own - rival,
            vote,
            vote * self.nearness,
            self.nearness,
            copy(true),
            copy(false),
            f32::from(said.is_some()),
            f32::from(self.said.values.iter().any(|(said, ..)| fold(said) != folded)),
            f32::from(self.said.only().is_some_and(|(said, ..)| fold(said) == folded)),
            f32::from(class == 0),
            (self.classes.count(class) as f32).ln_1p() / 10.0,
            0.0,
            known_share,
            self.probability(0),
        ];
        signals.extend(self.by_kind(class));
        signals.extend(self.linear.iter().flat_map(|linear| by_line(linear, class)));
        signals.extend([mention(true), mention(false)]);
        fixed(&signals)
    }

    /// Returns what is said of none of the values being right.
    fn none(&self, known_share: f32) -> Signals {
        let mut signals = vec![0.0; 14];
        let best = self.probabilities.iter().skip(1).copied().fold(0.0, f32::max);
        if let Some(first) = signals.first_mut() {
            *first = (1.0 - best).max(1e-4).ln() / LOG_SCALE;
        }
        if let Some(nearness) = signals.get_mut(6) {
            *nearness = self.nearness;
        }
        signals.extend([1.0, known_share, self.probability(0)]);
        signals.extend(self.by_kind(0));
        fixed(&signals)
    }

    /// Returns for each kind of history the share of a class, and how much there is.
    fn by_kind(&self, class: u32) -> Vec<f32> {
        let of_kind = |kind: Kind| {
            let counts = self.shared.iter().filter(move |(of, _)| *of == kind).map(|(_, counts)| *counts);
            // Of several of a kind, as tags are, the one that is surest of anything.
            counts.max_by(|a, b| certainty(a).total_cmp(&certainty(b)))
        };
        let signals = Kind::ALL.into_iter().flat_map(|kind| match of_kind(kind) {
            None => [0.0, 0.0],
            Some(counts) => {
                let share = if class > 0 {
                    counts.share(class)
                } else {
                    counts.count(0) as f32 / counts.total.max(1) as f32
                };
                [share, (counts.total as f32).ln_1p() / 8.0]
            }
        });
        let mut signals: Vec<f32> = signals.collect();
        let best = self.shared.iter().map(|(_, counts)| counts.share(class)).fold(0.0, f32::max);
        signals.extend([best, f32::from(self.shared.iter().any(|(kind, _)| *kind == Kind::Family)), 1.0]);
        signals
    }
}

/// Returns what logistic regression says of a class.
fn by_line(linear: &[(u32, f32)], class: u32) -> [f32; 3] {
    let own = linear.iter().find(|(of, _)| *of == class).map_or(0.0, |(_, likely)| *likely);
    let rival = linear.iter().filter(|(of, _)| *of != class).map(|(_, likely)| *likely).fold(0.0, f32::max);
    [own.max(1e-4).ln() / LOG_SCALE, own, f32::from(own > rival)]
}

fn certainty(counts: &crate::candidates::history::Counts) -> f32 {
    counts.classes.first().map_or(0.0, |(class, _)| counts.share(*class))
}

fn fixed(signals: &[f32]) -> Signals {
    let mut fixed = [0.0; SIGNALS];
    for (slot, signal) in fixed.iter_mut().zip(signals) {
        *slot = *signal;
    }
    fixed
}
