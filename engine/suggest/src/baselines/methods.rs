//! The simple methods that each training measures beside the model.

use serde::{Deserialize, Serialize};

use super::naive_bayes::NaiveBayes;
use crate::candidates::generator::{CandidateGenerator, PreparedResource, ResourcePrediction};
use crate::candidates::history::SharedAttribute;
use crate::features::grams::Ngrams;
use crate::features::resource::{Labelled, Resource};
use crate::features::target_context::TargetContext;

/// A simple method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Baseline {
    /// The most frequent value of the account, else of another group of the resource, else of all.
    Account,
    /// The ten nearest neighbors vote.
    #[serde(alias = "neighbours")]
    Neighbors,
    /// Naive Bayes on character n-grams.
    Bayes,
    /// The value that words of the name stand for, if it is only one.
    NameRules,
}

impl Baseline {
    /// All methods, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Account, Self::Neighbors, Self::Bayes, Self::NameRules];
    /// The number of methods.
    pub const COUNT: usize = 4;

    /// Returns the name in reports.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Account => "majority by account",
            Self::Neighbors => "nearest neighbors",
            Self::Bayes => "naive Bayes",
            Self::NameRules => "name rules",
        }
    }
}

/// The baselines that have to be trained.
#[derive(Debug)]
pub(crate) struct TrainedBaselines {
    ngrams: Ngrams,
    /// One a target.
    bayes: Vec<NaiveBayes>,
}

impl TrainedBaselines {
    pub(crate) fn fit(
        context: &TargetContext,
        generator: &CandidateGenerator,
        resources: &[&Labelled],
    ) -> Self {
        let mut ngrams = Ngrams::default();
        let bags: Vec<Vec<(u32, f32)>> =
            resources.iter().map(|one| ngrams.learn(&one.resource, context, u64::MAX)).collect();
        let of = |target: usize| {
            let classes = generator.classes.get(target);
            let pairs = resources.iter().zip(&bags).filter_map(|(one, bag)| {
                let (_, value) = one.values.iter().find(|(of, _)| *of == target)?;
                Some((bag.as_slice(), classes?.class(value)))
            });
            NaiveBayes::fit(pairs.filter(|(_, class)| *class > 0), ngrams.len())
        };
        let bayes = (0..context.targets.len()).map(of).collect();
        Self { ngrams, bayes }
    }

    /// Returns whether each baseline is right about a target of a resource.
    pub(crate) fn are_right(
        &self,
        context: &TargetContext,
        generator: &CandidateGenerator,
        (target, resource, views): Question<'_>,
        is_right: &dyn Fn(&str) -> bool,
    ) -> [bool; Baseline::COUNT] {
        let bayes = self.bayes.get(target);
        let bayes = bayes.and_then(|bayes| bayes.best(&self.ngrams.of(resource, context, u64::MAX)));
        are_right(context, generator, (target, resource, views), bayes, is_right)
    }
}

/// A target of a resource, with the resource as the generator sees it.
type Question<'a> = (usize, &'a Resource, (&'a PreparedResource, &'a ResourcePrediction));

/// Returns whether each baseline is right, given the class that naive Bayes predicts.
pub(crate) fn are_right(
    context: &TargetContext,
    generator: &CandidateGenerator,
    (target, resource, (prepared, prediction)): Question<'_>,
    bayes: Option<u32>,
    is_right: &dyn Fn(&str) -> bool,
) -> [bool; Baseline::COUNT] {
    let Some(classes) = generator.classes.get(target) else { return [false; Baseline::COUNT] };
    let is_class = |class: Option<u32>| class.and_then(|class| classes.value(class)).is_some_and(is_right);
    let (votes, _) = generator.neighbors.vote(&prediction.nearest, target);
    let synonyms = context.synonyms.matches(target, resource);
    [
        is_class(Some(majority(generator, target, prepared))),
        is_class(votes.first().map(|(class, _)| *class)),
        is_class(bayes),
        synonyms.only().is_some_and(|(value, ..)| is_right(value)),
    ]
}

/// Returns the most frequent class of the account, else of the context, else of all.
fn majority(generator: &CandidateGenerator, target: usize, prepared: &PreparedResource) -> u32 {
    let best = |attribute: SharedAttribute| {
        let keys = prepared.history_keys.iter().filter(move |(key, _)| key.attribute == attribute);
        let mut counts = keys.filter_map(|(key, _)| generator.history.get(target, *key));
        let known = |class: &&(u32, u32)| class.0 > 0;
        counts.find_map(|counts| counts.classes.iter().find(known)).map(|(class, _)| *class)
    };
    best(SharedAttribute::Account).or_else(|| best(SharedAttribute::Context)).unwrap_or(1)
}
