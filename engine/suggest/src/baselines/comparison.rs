//! The simple methods on given resources, with a choice of what they see.

use super::naive_bayes::NaiveBayes;
use crate::candidates::logistic_regression::LogisticRegression;
use crate::features::grams::Ngrams;
use crate::features::parts::bit;
use crate::features::resource::{Labelled, Resource, Target, fold};
use crate::features::target_context::TargetContext;

/// What the simple methods see of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Name and type.
    Name,
    /// Name, type, account, context and region.
    Place,
    /// All of that, and the native tags that do not reveal the tag itself.
    Tags,
}

impl Sight {
    /// All choices.
    pub const ALL: [Self; 3] = [Self::Name, Self::Place, Self::Tags];

    fn of(self, resource: &Resource) -> Resource {
        match self {
            Self::Name => {
                Resource { name: resource.name.clone(), type_: resource.type_.clone(), ..Resource::default() }
            }
            Self::Place => Resource { tags: Vec::new(), ..resource.clone() },
            Self::Tags => resource.clone(),
        }
    }
}

/// The accuracy of simple methods for a tag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// What the methods saw.
    pub sight: Sight,
    /// Accuracy of naive Bayes, from 0 to 1.
    pub bayes: f64,
    /// Accuracy of logistic regression, from 0 to 1.
    pub linear: f64,
}

/// Trains simple methods for a target on resources, and measures them on others.
pub fn compare(
    targets: &[Target],
    target: usize,
    training: &[Labelled],
    asked: &[Labelled],
) -> Vec<Compared> {
    let context = TargetContext::new(targets.to_vec());
    let value = |one: &Labelled| {
        let value = one.values.iter().find(|(of, _)| *of == target);
        value.map(|(_, value)| fold(value)).unwrap_or_default()
    };
    let mut values: Vec<String> = training.iter().map(value).collect();
    values.sort_unstable();
    values.dedup();
    let class = |one: &Labelled| values.binary_search(&value(one)).ok().map(|at| at as u32);
    Sight::ALL
        .into_iter()
        .map(|sight| {
            let mut ngrams = Ngrams::default();
            let bags: Vec<Vec<(u32, f32)>> = training
                .iter()
                .map(|one| ngrams.learn(&sight.of(&one.resource), &context, bit(target)))
                .collect();
            let pairs: Vec<(&[(u32, f32)], u32)> = bags
                .iter()
                .zip(training)
                .filter_map(|(bag, one)| Some((bag.as_slice(), class(one)?)))
                .collect();
            let bayes = NaiveBayes::fit(pairs.iter().copied(), ngrams.len());
            let linear = LogisticRegression::fit(&pairs, ngrams.len());
            let mut right = [0, 0];
            for one in asked {
                let bag = ngrams.of(&sight.of(&one.resource), &context, bit(target));
                let wanted = class(one);
                let predicted = [bayes.best(&bag), linear.best(&bag)];
                for (count, predicted) in right.iter_mut().zip(predicted) {
                    *count += usize::from(wanted.is_some() && predicted == wanted);
                }
            }
            let [bayes, linear] = right.map(|count| count as f64 / asked.len().max(1) as f64);
            Compared { sight, bayes, linear }
        })
        .collect()
}
