//! What simple methods say, to measure the model against in the same run.

use serde::{Deserialize, Serialize};

use crate::baselines::naive_bayes::Bayes;
use crate::candidates::generator::{Asked, Base, Known, Seen};
use crate::candidates::history::Kind;
use crate::features::grams::Grams;
use crate::features::resource::{Labelled, Resource};

/// A simple method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// The most frequent value of the account, else of what else says where the resource belongs,
    /// else of all.
    Account,
    /// The ten nearest neighbours vote.
    Neighbours,
    /// Naive Bayes on runs of letters.
    Bayes,
    /// The value that the words of the name stand for.
    NameRules,
}

impl Baseline {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Account, Self::Neighbours, Self::Bayes, Self::NameRules];
    /// How many there are.
    pub const COUNT: usize = 4;

    /// Returns what it is called.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "majority by account",
            Self::Neighbours => "nearest neighbours",
            Self::Bayes => "naive Bayes",
            Self::NameRules => "name rules",
        }
    }
}

/// What has to be learnt for baselines beside the base.
#[derive(Debug)]
pub(crate) struct Judges {
    grams: Grams,
    /// One a target.
    bayes: Vec<Bayes>,
}

impl Judges {
    pub(crate) fn fit(known: &Known, base: &Base, resources: &[&Labelled]) -> Self {
        let mut grams = Grams::default();
        let bags: Vec<Vec<(u32, f32)>> =
            resources.iter().map(|one| grams.learn(&one.resource, known, u64::MAX)).collect();
        let of = |target: usize| {
            let classes = base.classes.get(target);
            let pairs = resources.iter().zip(&bags).filter_map(|(one, bag)| {
                let (_, value) = one.values.iter().find(|(of, _)| *of == target)?;
                Some((bag.as_slice(), classes?.class(value)))
            });
            Bayes::fit(pairs.filter(|(_, class)| *class > 0), grams.len())
        };
        let bayes = (0..known.targets.len()).map(of).collect();
        Self { grams, bayes }
    }

    /// Returns which baselines say what is right.
    pub(crate) fn judge(
        &self,
        known: &Known,
        base: &Base,
        (target, resource, seen, asked): (usize, &Resource, &Seen, &Asked),
        is_right: &dyn Fn(&str) -> bool,
    ) -> [bool; Baseline::COUNT] {
        let bayes = self.bayes.get(target);
        let bayes = bayes.and_then(|bayes| bayes.best(&self.grams.of(resource, known, u64::MAX)));
        judge(known, base, (target, resource, seen, asked), bayes, is_right)
    }
}

/// Returns which baselines say what is right, of which naive Bayes said a class.
pub(crate) fn judge(
    known: &Known,
    base: &Base,
    (target, resource, seen, asked): (usize, &Resource, &Seen, &Asked),
    bayes: Option<u32>,
    is_right: &dyn Fn(&str) -> bool,
) -> [bool; Baseline::COUNT] {
    let Some(classes) = base.classes.get(target) else { return [false; Baseline::COUNT] };
    let is_class = |class: Option<u32>| class.and_then(|class| classes.value(class)).is_some_and(is_right);
    let (votes, _) = base.neighbours.vote(&asked.nearest, target);
    let said = known.prior.said(target, resource);
    [
        is_class(Some(majority(base, target, seen))),
        is_class(votes.first().map(|(class, _)| *class)),
        is_class(bayes),
        said.only().is_some_and(|(value, ..)| is_right(value)),
    ]
}

/// Returns the most frequent class of the account, else of the context, else of all.
fn majority(base: &Base, target: usize, seen: &Seen) -> u32 {
    let best = |kind: Kind| {
        let keys = seen.keys.iter().filter(move |(key, _)| key.kind == kind);
        let mut counts = keys.filter_map(|(key, _)| base.history.get(target, *key));
        let known = |class: &&(u32, u32)| class.0 > 0;
        counts.find_map(|counts| counts.classes.iter().find(known)).map(|(class, _)| *class)
    };
    best(Kind::Account).or_else(|| best(Kind::Context)).unwrap_or(1)
}
