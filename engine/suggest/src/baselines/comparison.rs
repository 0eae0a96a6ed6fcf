//! The simple methods on resources of one's choice: what they learn from, and what they are asked.

use crate::baselines::naive_bayes::Bayes;
use crate::candidates::generator::Known;
use crate::candidates::logistic_regression::Linear;
use crate::features::grams::Grams;
use crate::features::parts::bit;
use crate::features::resource::{Labelled, Resource, Target, fold};

/// What the simple methods look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sight {
    /// Name and type.
    Name,
    /// Those, account, context and region.
    Place,
    /// Those, and the native tags that do not say the tag itself.
    Tags,
}

impl Sight {
    /// All of them.
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

/// Shares of resources for which simple methods say the right value of a tag.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compared {
    /// What they looked at.
    pub sight: Sight,
    /// Naive Bayes.
    pub bayes: f64,
    /// Logistic regression.
    pub linear: f64,
}

/// Lets simple methods learn the tag of a number from resources, and asks them about others.
pub fn compare(targets: &[Target], target: usize, learnt: &[Labelled], asked: &[Labelled]) -> Vec<Compared> {
    let known = Known::new(targets.to_vec());
    let value = |one: &Labelled| {
        let value = one.values.iter().find(|(of, _)| *of == target);
        value.map(|(_, value)| fold(value)).unwrap_or_default()
    };
    let mut values: Vec<String> = learnt.iter().map(value).collect();
    values.sort_unstable();
    values.dedup();
    let class = |one: &Labelled| values.binary_search(&value(one)).ok().map(|at| at as u32);
    Sight::ALL
        .into_iter()
        .map(|sight| {
            let mut grams = Grams::default();
            let bags: Vec<Vec<(u32, f32)>> =
                learnt.iter().map(|one| grams.learn(&sight.of(&one.resource), &known, bit(target))).collect();
            let pairs: Vec<(&[(u32, f32)], u32)> = bags
                .iter()
                .zip(learnt)
                .filter_map(|(bag, one)| Some((bag.as_slice(), class(one)?)))
                .collect();
            let bayes = Bayes::fit(pairs.iter().copied(), grams.len());
            let linear = Linear::fit(&pairs, grams.len());
            let mut right = [0, 0];
            for one in asked {
                let bag = grams.of(&sight.of(&one.resource), &known, bit(target));
                let wanted = class(one);
                let said = [bayes.best(&bag), linear.best(&bag)];
                for (count, said) in right.iter_mut().zip(said) {
                    *count += usize::from(wanted.is_some() && said == wanted);
                }
            }
            let [bayes, linear] = right.map(|count| count as f64 / asked.len().max(1) as f64);
            Compared { sight, bayes, linear }
        })
        .collect()
}
