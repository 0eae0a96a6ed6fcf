//! Whether a new model is better than the one that is used.

use rustc_hash::FxHashMap;

use crate::model::Model;
use crate::random::hash;
use crate::report::Report;
use crate::resource::{Labelled, fold};

/// What a model that did not learn from a tag of a resource said of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Id of the resource.
    pub(crate) resource: String,
    /// Number of the target.
    pub(crate) target: usize,
    /// Whether the likeliest value was right.
    pub(crate) right: bool,
    /// How surprising the right value was.
    pub(crate) loss: f64,
}

/// What two models said of the same tags.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contest {
    /// How many tags of resources they were compared on.
    pub compared: usize,
    /// Whether neither had learnt from those; else each was measured on what it had.
    pub fresh: bool,
    /// The one that is used.
    pub champion: Score,
    /// The new one.
    pub challenger: Score,
}

/// How good a model is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Score {
    /// Share for which the likeliest value was right.
    pub accuracy: f64,
    /// How surprising right values were in the mean; less is better.
    pub loss: f64,
}

impl Contest {
    /// Whether the new one is better.
    pub fn is_won(&self) -> bool {
        self.challenger.loss < self.champion.loss - 1e-6
    }
}

/// Tags that neither learnt from, below which their own measurements are compared.
const FEWEST: usize = 30;

/// What surprises most.
const LEAST: f64 = 1e-3;

/// Returns how surprising it is that something happens that is so likely.
pub(crate) fn surprise(probability: f32) -> f64 {
    -f64::from(probability).max(LEAST).ln()
}

/// Returns what tells a value of a tag of a resource from all others.
pub(crate) fn lesson(resource: &str, tag: &str, value: &str) -> u64 {
    hash(&[resource, tag, &fold(value)])
}

/// Compares the model that is used with a new one, of which is known what it said of resources before
/// it learnt from them: on the tags that the other did not learn from, if there are enough of them.
pub fn contest(
    champion: (&Model, &Report),
    challenger: (&Model, &Report),
    resources: &[Labelled],
    measured: &[Measured],
) -> Contest {
    fresh_contest(champion.0, challenger.0, resources, measured)
        .unwrap_or_else(|| by_reports(champion.1, challenger.1))
}

fn fresh_contest(
    champion: &Model,
    challenger: &Model,
    resources: &[Labelled],
    measured: &[Measured],
) -> Option<Contest> {
    let of_challenger: FxHashMap<(&str, usize), &Measured> =
        measured.iter().map(|one| ((one.resource.as_str(), one.target), one)).collect();
    let mut scores = [Vec::new(), Vec::new()];
    for one in resources {
        for (target, value) in &one.values {
            let name = challenger.targets().get(*target).map_or("", |target| &target.name);
            let own = champion.target(name).filter(|own| champion.is_learnt(*own));
            let (Some(own), Some(measured)) = (own, of_challenger.get(&(one.resource.id.as_str(), *target)))
            else {
                continue;
            };
            if champion.has_learnt(lesson(&one.resource.id, name, value)) {
                continue;
            }
            let answers = champion.suggest(&[(&one.resource, &[own])]);
            let suggestions = answers.iter().flatten().flat_map(|answer| &answer.suggestions);
            let suggestions: Vec<_> = suggestions.collect();
            let is_right = |said: &str| fold(said) == fold(value);
            let likely =
                suggestions.iter().find(|said| is_right(&said.value)).map_or(0.0, |said| said.probability);
            let right = suggestions.first().is_some_and(|said| is_right(&said.value));
            let pairs = [(right, surprise(likely)), (measured.right, measured.loss)];
            scores.iter_mut().zip(pairs).for_each(|(scores, pair)| scores.push(pair));
        }
    }
    let [champion, challenger] = scores;
    let compared = champion.len();
    let score = |pairs: &[(bool, f64)]| Score {
        accuracy: pairs.iter().filter(|(right, _)| *right).count() as f64 / compared as f64,
        loss: pairs.iter().map(|(_, loss)| loss).sum::<f64>() / compared as f64,
    };
    (compared >= FEWEST).then(|| Contest {
        compared,
        fresh: true,
        champion: score(&champion),
        challenger: score(&challenger),
    })
}

/// Compares what each was measured to be, over the tags that both learnt.
fn by_reports(champion: &Report, challenger: &Report) -> Contest {
    let mut scores = [Score { accuracy: 0.0, loss: 0.0 }; 2];
    let mut tags = 0.0;
    let mut compared = 0;
    for new in &challenger.targets {
        let Some(old) = champion.targets.iter().find(|old| old.name == new.name) else { continue };
        tags += 1.0;
        compared += new.all.measured;
        for (score, own) in scores.iter_mut().zip([old, new]) {
            score.accuracy += own.all.accuracy;
            score.loss += own.all.loss;
        }
    }
    let [champion, challenger] = scores.map(|sum| Score {
        accuracy: sum.accuracy / f64::max(tags, 1.0),
        loss: sum.loss / f64::max(tags, 1.0),
    });
    // A model of other tags than before is no rival of the one before.
    let champion = if tags > 0.0 { champion } else { Score { accuracy: 0.0, loss: f64::MAX } };
    Contest { compared, fresh: false, champion, challenger }
}
