//! Training: a cross-validation to measure, then everything from all resources.
//!
//! Each fold holds out whole families of resources, and some resources of the others. The scorer learns from the
//! candidates that a generator trained without them proposes; probabilities are calibrated on, and reports made of,
//! what a scorer trained without their fold gives them.

use rustc_hash::FxHashSet;

use crate::baselines::methods::TrainedBaselines;
use crate::calibration::holdout::{
    FOLDS, HoldoutCase, HoldoutOutcome, HoldoutScore, label_hash, ranking_cases,
};
use crate::calibration::tag_calibration::{calibrate, regime};
use crate::candidates::generator::{CandidateGenerator, PreparedResource};
use crate::candidates::network::Settings;
use crate::evaluation::measure::group;
use crate::evaluation::report::{Report, TargetReport};
use crate::features::parts::bit;
use crate::features::resource::{Labelled, Target, fold};
use crate::features::target_context::TargetContext;
use crate::model::Model;
use crate::numerics::random::hash;
use crate::ranking::scorer::Scorer;

/// Settings of a training.
#[derive(Debug, Clone)]
pub struct Options {
    /// Seed of the random numbers; the same seed and resources give the same model.
    pub seed: u64,
    /// Passes over the resources, if there are few of them; of many, fewer are made, but at least 4.
    pub epochs: usize,
    /// The most resources to learn from; of more, as many are drawn by their ids.
    pub most: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, epochs: 20, most: 120_000 }
    }
}

/// One in so many resources is held out by a fold that is not its family's.
const SIBLINGS: u64 = 2;

/// The most resources of a target that a fold measures.
const MEASURED: usize = 3000;

/// The number of resources that must have a tag for it to be learned.
pub const FEWEST: usize = 20;

/// Progress of a training.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The fold that is being measured, from 0; None while the model is trained on all resources.
    pub fold: Option<u64>,
    /// The number of folds.
    pub folds: u64,
    /// The share of the step that is done, from 0 to 1.
    pub done: f32,
}

/// A model with what its training measured.
#[derive(Debug)]
pub struct Trained {
    /// Trained on all resources.
    pub model: Model,
    /// Measured on held-out resources.
    pub report: Report,
}

/// Trains a model. `tick` receives the progress. None if no tag has enough resources.
pub fn train(
    targets: Vec<Target>,
    resources: &[Labelled],
    options: &Options,
    tick: &mut dyn FnMut(Step),
) -> Option<Trained> {
    let context = TargetContext::new(targets);
    let drawn = draw(resources, options.most);
    let learned = learnable(&context, &drawn);
    if !learned.iter().any(|learned| *learned) {
        return None;
    }
    // From some number of resources on, the number of steps stays about the same.
    let epochs = (options.epochs * 6_000 / drawn.len().max(1)).clamp(4, options.epochs.max(4));
    let settings = Settings { epochs, seed: options.seed, ..Settings::default() };
    let training =
        Training { regressed: regressed(&context, &drawn), learned, settings, context, resources: drawn };
    let holdout = training.cross_validate(tick);
    let generator = training.fit(&training.resources, &training.settings, &mut |done| {
        tick(Step { fold: None, folds: FOLDS, done });
    });
    let scorer = Scorer::train(&ranking_cases(&holdout, |_| true), options.seed);
    let (calibrations, outcomes) = calibrate(&training.context, &holdout, options.seed);
    let report =
        Report { targets: training.report(&holdout, &outcomes), resources: training.resources.len() };
    let holdout_scores = training.scores(&holdout, &outcomes);
    let label_hashes = training.label_hashes();
    let Training { context, learned, .. } = training;
    let min_known_share = min_known_share(&holdout);
    let model = Model {
        context,
        generator,
        scorer,
        calibrations,
        learned,
        label_hashes,
        holdout_scores,
        min_known_share,
    };
    Some(Trained { model, report })
}

/// What all steps of a training have in common.
struct Training<'r> {
    context: TargetContext,
    /// The resources to learn from, sorted by id.
    resources: Vec<&'r Labelled>,
    /// By target: whether enough resources have it.
    learned: Vec<bool>,
    /// By target: whether logistic regression learns it as well.
    regressed: Vec<bool>,
    settings: Settings,
}

impl Training<'_> {
    fn fit(
        &self,
        resources: &[&Labelled],
        settings: &Settings,
        tick: &mut dyn FnMut(f32),
    ) -> CandidateGenerator {
        CandidateGenerator::fit(&self.context, resources, &self.regressed, settings, tick)
    }

    /// Returns how the model did on each held-out label.
    fn scores(&self, holdout: &[HoldoutCase], outcomes: &[HoldoutOutcome]) -> Vec<HoldoutScore> {
        let scores = holdout.iter().zip(outcomes).filter_map(|(one, outcome)| {
            let labelled = self.resources.get(one.resource)?;
            let (_, value) = labelled.values.iter().find(|(of, _)| *of == one.target)?;
            let tag = &self.context.targets.get(one.target)?.name;
            Some(HoldoutScore {
                label_hash: label_hash(&labelled.resource.id, tag, value),
                family_seen: outcome.family_seen,
                right: outcome.outcome.right,
                log_loss: outcome.log_loss as f32,
            })
        });
        scores.collect()
    }

    /// Returns the hashes of all labels, sorted.
    fn label_hashes(&self) -> Vec<u64> {
        let of = |one: &Labelled| -> Vec<u64> {
            let labels = one.values.iter().filter_map(|(target, value)| {
                Some(label_hash(&one.resource.id, &self.context.targets.get(*target)?.name, value))
            });
            labels.collect()
        };
        let mut hashes: Vec<u64> = self.resources.iter().flat_map(|one| of(one)).collect();
        hashes.sort_unstable();
        hashes
    }

    /// Returns what was measured of each target that was learned.
    fn report(&self, holdout: &[HoldoutCase], outcomes: &[HoldoutOutcome]) -> Vec<TargetReport> {
        let mut reports = Vec::new();
        for (number, target) in self.context.targets.iter().enumerate() {
            let own: Vec<(&HoldoutCase, &HoldoutOutcome)> =
                holdout.iter().zip(outcomes).filter(|(one, _)| one.target == number).collect();
            let has = |one: &&&Labelled| one.values.iter().any(|(of, _)| *of == number);
            let labelled = self.resources.iter().filter(has).count();
            if self.learned.get(number) == Some(&true) {
                reports.push(TargetReport::of(&target.name, labelled, &own));
            }
        }
        reports
    }

    /// Measures all folds.
    fn cross_validate(&self, tick: &mut dyn FnMut(Step)) -> Vec<HoldoutCase> {
        let families: Vec<u64> = self
            .resources
            .iter()
            .map(|one| hash(&[&one.resource.family(&self.context.stop_words)]))
            .collect();
        let mut holdout = Vec::new();
        for fold in 0..FOLDS {
            let tick = &mut |done| tick(Step { fold: Some(fold), folds: FOLDS, done });
            holdout.extend(self.measure_fold(fold, &families, tick));
        }
        holdout
    }

    /// Trains a generator without a fold, and asks it about the fold.
    fn measure_fold(&self, fold: u64, families: &[u64], tick: &mut dyn FnMut(f32)) -> Vec<HoldoutCase> {
        let aside: Vec<bool> = self
            .resources
            .iter()
            .zip(families)
            .map(|(one, family)| is_held_out(one, *family, fold))
            .collect();
        let training: Vec<&Labelled> =
            self.resources.iter().zip(&aside).filter(|(_, aside)| !**aside).map(|(one, _)| *one).collect();
        let settings = Settings { seed: self.settings.seed + fold + 1, ..self.settings.clone() };
        let generator = self.fit(&training, &settings, tick);
        let baselines = TrainedBaselines::fit(&self.context, &generator, &training);
        let fold = Fold { training: self, number: fold, generator, baselines, families };
        let mut counts = vec![0; self.context.targets.len()];
        let mut order: Vec<usize> =
            (0..self.resources.len()).filter(|at| aside.get(*at) == Some(&true)).collect();
        let id = |at: usize| self.resources.get(at).map_or("", |one| &one.resource.id);
        order.sort_by_cached_key(|at| hash(&["measure", id(*at)]));
        let mut cases = Vec::new();
        for chunk in order.chunks(512) {
            let chosen: Vec<(usize, &Labelled, Vec<usize>)> = chunk
                .iter()
                .filter_map(|at| Some((*at, *self.resources.get(*at)?)))
                .map(|(at, one)| (at, one, choose(one, &self.learned, &mut counts)))
                .filter(|(.., targets)| !targets.is_empty())
                .collect();
            cases.extend(fold.cases(&chosen));
        }
        cases
    }
}

/// Draws resources, if there are more than `most`. Returns them sorted by id.
fn draw(resources: &[Labelled], most: usize) -> Vec<&Labelled> {
    let mut drawn: Vec<&Labelled> =
        resources.iter().filter(|one| !one.values.is_empty() || !one.refused.is_empty()).collect();
    if drawn.len() > most {
        drawn.sort_by_cached_key(|one| hash(&["draw", &one.resource.id]));
        drawn.truncate(most);
    }
    drawn.sort_by(|a, b| a.resource.id.cmp(&b.resource.id));
    drawn
}

/// Returns which targets have enough resources.
fn learnable(context: &TargetContext, resources: &[&Labelled]) -> Vec<bool> {
    let count =
        |target: usize| resources.iter().filter(|one| one.values.iter().any(|(of, _)| *of == target)).count();
    (0..context.targets.len()).map(|target| count(target) >= FEWEST).collect()
}

/// The most resources that logistic regression learns a target from. With more, the network does as well alone.
const MAX_REGRESSED_RESOURCES: usize = 20_000;

/// The most resources times values that logistic regression learns. With more, suggesting takes longer than it is worth.
const MAX_REGRESSED_SIZE: usize = 6_000_000;

/// Returns which targets logistic regression learns as well: the same in each fold.
fn regressed(context: &TargetContext, resources: &[&Labelled]) -> Vec<bool> {
    let is_small = |target: usize| {
        let own = resources.iter().flat_map(|one| &one.values).filter(|(of, _)| *of == target);
        let values: Vec<&str> = own.map(|(_, value)| value.as_str()).collect();
        let different: FxHashSet<&str> = values.iter().copied().collect();
        values.len() <= MAX_REGRESSED_RESOURCES && values.len() * different.len() <= MAX_REGRESSED_SIZE
    };
    (0..context.targets.len()).map(is_small).collect()
}

/// Whether a fold holds out a resource: all of its family, or it alone.
fn is_held_out(one: &Labelled, family: u64, fold: u64) -> bool {
    family % FOLDS == fold || hash(&["sibling", &one.resource.id]) % (FOLDS * SIBLINGS) == fold
}

/// Returns the targets of a resource to measure, and counts them.
fn choose(one: &Labelled, learned: &[bool], counts: &mut [usize]) -> Vec<usize> {
    let targets =
        one.values.iter().map(|(target, _)| *target).filter(|target| learned.get(*target) == Some(&true));
    let mut chosen = Vec::new();
    for target in targets {
        if let Some(count) = counts.get_mut(target).filter(|count| **count < MEASURED) {
            *count += 1;
            chosen.push(target);
        }
    }
    chosen
}

/// A fold with what was trained without it.
struct Fold<'a> {
    training: &'a Training<'a>,
    number: u64,
    generator: CandidateGenerator,
    baselines: TrainedBaselines,
    /// Hash of the family of each resource.
    families: &'a [u64],
}

impl Fold<'_> {
    /// Asks about held-out resources, each given with its number and the targets to measure.
    fn cases(&self, chosen: &[(usize, &Labelled, Vec<usize>)]) -> Vec<HoldoutCase> {
        let context = &self.training.context;
        let prepared: Vec<PreparedResource> =
            chosen.iter().map(|(_, one, _)| self.generator.prepare(context, &one.resource)).collect();
        let mut questions: Vec<(usize, usize, u64)> = Vec::new();
        for (number, (_, one, targets)) in chosen.iter().enumerate() {
            for target in targets {
                // Half of the time the resource is shown without any tag, as most are that lack one.
                let bare = hash(&["bare", &one.resource.id, &target.to_string()]).is_multiple_of(2);
                questions.push((number, *target, if bare { u64::MAX } else { bit(*target) }));
            }
        }
        let pairs: Vec<(&PreparedResource, u64)> = questions
            .iter()
            .filter_map(|(number, _, hidden)| Some((prepared.get(*number)?, *hidden)))
            .collect();
        let predictions = self.generator.predict(&pairs);
        let cases = questions.iter().zip(&predictions).filter_map(|((number, target, _), prediction)| {
            let (at, one, _) = chosen.get(*number)?;
            let (_, truth) = one.values.iter().find(|(of, _)| of == target)?;
            let views = (prepared.get(*number)?, prediction);
            let candidates = self.generator.candidates(context, *target, &one.resource, views);
            let folded = fold(truth);
            let is_right = |value: &str| !value.is_empty() && fold(value) == folded;
            let right = candidates.candidates.iter().position(|candidate| is_right(&candidate.value));
            let family = self.families.get(*at).copied().unwrap_or_default();
            let classes = self.generator.classes.get(*target);
            Some(HoldoutCase {
                resource: *at,
                target: *target,
                fold: self.number,
                group: group(context, &one.resource, family, candidates.family_seen),
                right: right.unwrap_or(candidates.candidates.len().saturating_sub(1)),
                is_possible: classes.is_some_and(|classes| classes.class(truth) > 0),
                baselines: self.baselines.are_right(
                    context,
                    &self.generator,
                    (*target, &one.resource, views),
                    &is_right,
                ),
                candidates,
            })
        });
        cases.collect()
    }
}

/// One in so many held-out resources is too unlike the training data for any confidence: of those whose family had the
/// tag, and of the others, where more depends on the features of the resource itself.
const OUT_OF_DISTRIBUTION: [usize; 2] = [100, 20];

/// Returns the share of known features that a resource must have, in each of the two situations. Resources whose family
/// had the tag are nearly all alike in small inventories, so that they are compared with all.
fn min_known_share(holdout: &[HoldoutCase]) -> [f32; 2] {
    let mut least = [0.0; 2];
    for (family_seen, one_in) in [true, false].into_iter().zip(OUT_OF_DISTRIBUTION) {
        let own = holdout.iter().filter(|one| family_seen || !one.candidates.family_seen);
        let mut shares: Vec<f32> = own.map(|one| one.candidates.known_share).collect();
        shares.sort_by(f32::total_cmp);
        if let Some(least) = least.get_mut(regime(family_seen)) {
            *least = shares.get(shares.len() / one_in).copied().unwrap_or_default();
        }
    }
    least
}
