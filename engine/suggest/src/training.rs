//! Training: folds, what is learnt in each, and what is learnt from all.
//!
//! Each fold keeps whole families of resources aside, and some resources of the others: what parts of
//! the base say of those is what the scorer learns from, and what it then says of resources that it
//! did not learn from either is what probabilities are calibrated on, and what is reported.

use rustc_hash::FxHashSet;

use crate::baselines::methods::{Baseline, Judges};
use crate::calibration::tag_calibration::{Judged, regime, trust};
use crate::candidates::generator::{Base, Found, Known, Seen};
use crate::candidates::network::Settings;
use crate::evaluation::model_comparison::{Measured, lesson};
use crate::evaluation::report::{Report, TargetReport};
use crate::features::parts::bit;
use crate::features::resource::{self, Labelled, Resource, Target, skeleton};
use crate::model::Model;
use crate::numerics::random::hash;
use crate::ranking::scorer::{Case, Scorer};

/// What training depends on besides the resources.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where the random numbers start.
    pub seed: u64,
    /// Times that each resource is looked at, where there are few of them.
    pub epochs: usize,
    /// The most resources that are learnt from; of more, some are drawn.
    pub most: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { seed: 1, epochs: 20, most: 120_000 }
    }
}

/// Folds that resources are dealt to.
pub(crate) const FOLDS: u64 = 4;

/// One in so many resources is also kept aside together with another fold than its family's.
const SIBLINGS: u64 = 2;

/// The most resources of a target that a fold is measured on.
const MEASURED: usize = 3000;

/// Resources with a tag, below which it is not learnt.
pub const FEWEST: usize = 20;

/// Something that training does, of which some share is done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Step {
    /// The number of the fold that is learnt from; None for all resources.
    pub fold: Option<u64>,
    /// Number of folds.
    pub folds: u64,
    /// Share that is done, from 0 to 1.
    pub done: f32,
}

/// A resource that was kept aside, one of its targets, and what a base found of it.
pub(crate) struct Held {
    /// The number of the resource.
    at: usize,
    pub(crate) target: usize,
    pub(crate) fold: u64,
    pub(crate) group: u64,
    pub(crate) found: Found,
    /// Number of the right one among what was found; the last where none is.
    pub(crate) right: usize,
    /// Whether it has a value that can be suggested at all.
    known: bool,
    /// What each baseline said, whether that was right.
    pub(crate) baselines: [bool; Baseline::COUNT],
}

/// A model that was trained, and what that showed.
#[derive(Debug)]
pub struct Trained {
    /// The model.
    pub model: Model,
    /// What was measured.
    pub report: Report,
}

/// Learns from resources. None where no tag has enough of them.
pub fn train(
    targets: Vec<Target>,
    resources: &[Labelled],
    options: &Options,
    tick: &mut dyn FnMut(Step),
) -> Option<Trained> {
    let known = Known::new(targets);
    let drawn = draw(resources, options.most);
    let learnt = learnable(&known, &drawn);
    if !learnt.iter().any(|learnt| *learnt) {
        return None;
    }
    // What is looked at in all stays about the same from some number of resources on.
    let epochs = (options.epochs * 6_000 / drawn.len().max(1)).clamp(4, options.epochs.max(4));
    let settings = Settings { epochs, seed: options.seed, ..Settings::default() };
    let regressed = regressed(&known, &drawn);
    let families: Vec<u64> = drawn.iter().map(|one| hash(&[&one.resource.family(&known.stop)])).collect();
    let mut held = Vec::new();
    for fold in 0..FOLDS {
        let tick = &mut |done| tick(Step { fold: Some(fold), folds: FOLDS, done });
        let fit = |training: &[&Labelled], settings: &Settings| {
            Base::fit(&known, training, &regressed, settings, tick)
        };
        held.extend(measure_fold(&known, &drawn, &families, &learnt, fold, &settings, fit));
    }
    let base = Base::fit(&known, &drawn, &regressed, &settings, &mut |done| {
        tick(Step { fold: None, folds: FOLDS, done });
    });
    let scorer = Scorer::train(&cases(&held, |_| true), options.seed);
    let (trust, outcomes) = trust(&known, &held, options.seed);
    let least_known = least_known(&held);
    let report =
        Report { targets: targets_report(&known, &learnt, &held, &outcomes, &drawn), resources: drawn.len() };
    let mut lessons: Vec<u64> = drawn.iter().flat_map(|one| lessons(&known, one)).collect();
    lessons.sort_unstable();
    let measured = measured(&known, &drawn, &held, &outcomes);
    let model = Model { known, base, scorer, trust, learnt, lessons, measured, least_known };
    Some(Trained { model, report })
}

/// Returns what was said of what was kept aside.
fn measured(known: &Known, resources: &[&Labelled], held: &[Held], judged: &[Judged]) -> Vec<Measured> {
    let measured = held.iter().zip(judged).filter_map(|(one, judged)| {
        let resource = resources.get(one.at)?;
        let (_, value) = resource.values.iter().find(|(of, _)| *of == one.target)?;
        Some(Measured {
            lesson: lesson(&resource.resource.id, &known.targets.get(one.target)?.name, value),
            familiar: judged.familiar,
            right: judged.outcome.right,
            loss: judged.loss as f32,
        })
    });
    measured.collect()
}

/// What tells the values of a resource from all others.
fn lessons(known: &Known, one: &Labelled) -> Vec<u64> {
    let values = one.values.iter();
    values
        .filter_map(|(target, value)| {
            Some(lesson(&one.resource.id, &known.targets.get(*target)?.name, value))
        })
        .collect()
}

/// Draws resources, where there are more than are learnt from.
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
fn learnable(known: &Known, resources: &[&Labelled]) -> Vec<bool> {
    let count =
        |target: usize| resources.iter().filter(|one| one.values.iter().any(|(of, _)| *of == target)).count();
    (0..known.targets.len()).map(|target| count(target) >= FEWEST).collect()
}

/// The most resources that logistic regression learns a target from, and the most resources by values:
/// of more the network knows enough, and suggesting takes longer than it is worth.
const REGRESSED: (usize, usize) = (20_000, 6_000_000);

/// Returns which targets logistic regression learns as well: the same in each fold.
fn regressed(known: &Known, resources: &[&Labelled]) -> Vec<bool> {
    let is_small = |target: usize| {
        let own = resources.iter().flat_map(|one| &one.values).filter(|(of, _)| *of == target);
        let values: Vec<&str> = own.map(|(_, value)| value.as_str()).collect();
        let different: FxHashSet<&str> = values.iter().copied().collect();
        values.len() <= REGRESSED.0 && values.len() * different.len() <= REGRESSED.1
    };
    (0..known.targets.len()).map(is_small).collect()
}

fn is_held(one: &Labelled, family: u64, fold: u64) -> bool {
    family % FOLDS == fold || hash(&["sibling", &one.resource.id]) % (FOLDS * SIBLINGS) == fold
}

/// Learns from what is not of a fold, and looks at what is.
fn measure_fold(
    known: &Known,
    resources: &[&Labelled],
    families: &[u64],
    learnt: &[bool],
    fold: u64,
    settings: &Settings,
    fit: impl FnOnce(&[&Labelled], &Settings) -> Base,
) -> Vec<Held> {
    let aside: Vec<bool> =
        resources.iter().zip(families).map(|(one, family)| is_held(one, *family, fold)).collect();
    let training: Vec<&Labelled> =
        resources.iter().zip(&aside).filter(|(_, aside)| !**aside).map(|(one, _)| *one).collect();
    let settings = Settings { seed: settings.seed + fold + 1, ..settings.clone() };
    let base = fit(&training, &settings);
    let judges = Judges::fit(known, &base, &training);
    let mut held = Vec::new();
    let mut counts = vec![0; known.targets.len()];
    let mut order: Vec<usize> = (0..resources.len()).filter(|at| aside.get(*at) == Some(&true)).collect();
    order.sort_by_cached_key(|at| hash(&["measure", resources.get(*at).map_or("", |one| &one.resource.id)]));
    for chunk in order.chunks(512) {
        let chosen: Vec<(usize, &Labelled, Vec<usize>)> = chunk
            .iter()
            .filter_map(|at| Some((*at, *resources.get(*at)?)))
            .map(|(at, one)| (at, one, choose(one, learnt, &mut counts)))
            .filter(|(.., targets)| !targets.is_empty())
            .collect();
        held.extend(look_at(known, &base, &judges, &chosen, families, fold));
    }
    held
}

/// Returns the targets of a resource that it is to be measured on.
fn choose(one: &Labelled, learnt: &[bool], counts: &mut [usize]) -> Vec<usize> {
    let targets =
        one.values.iter().map(|(target, _)| *target).filter(|target| learnt.get(*target) == Some(&true));
    let mut chosen = Vec::new();
    for target in targets {
        if let Some(count) = counts.get_mut(target).filter(|count| **count < MEASURED) {
            *count += 1;
            chosen.push(target);
        }
    }
    chosen
}

fn look_at(
    known: &Known,
    base: &Base,
    judges: &Judges,
    chosen: &[(usize, &Labelled, Vec<usize>)],
    families: &[u64],
    fold: u64,
) -> Vec<Held> {
    let seen: Vec<Seen> = chosen.iter().map(|(_, one, _)| base.see(known, &one.resource)).collect();
    let mut questions: Vec<(usize, usize, u64)> = Vec::new();
    for (number, (_, one, targets)) in chosen.iter().enumerate() {
        for target in targets {
            // Half the time the resource is shown as one that has no tags at all.
            let bare = hash(&["bare", &one.resource.id, &target.to_string()]).is_multiple_of(2);
            questions.push((number, *target, if bare { u64::MAX } else { bit(*target) }));
        }
    }
    let pairs: Vec<(&Seen, u64)> =
        questions.iter().filter_map(|(number, _, hidden)| Some((seen.get(*number)?, *hidden))).collect();
    let asked = base.ask(&pairs);
    let mut held = Vec::new();
    for ((number, target, _), asked) in questions.iter().zip(&asked) {
        let (Some((at, one, _)), Some(seen)) = (chosen.get(*number), seen.get(*number)) else { continue };
        let Some((_, truth)) = one.values.iter().find(|(of, _)| of == target) else { continue };
        let found = base.look(known, *target, &one.resource, seen, asked).limited();
        let folded = resource::fold(truth);
        let is_right = |value: &str| !value.is_empty() && resource::fold(value) == folded;
        let right = found.candidates.iter().position(|candidate| is_right(&candidate.value));
        held.push(Held {
            at: *at,
            target: *target,
            fold,
            group: group(
                known,
                &one.resource,
                families.get(*at).copied().unwrap_or_default(),
                found.familiar,
            ),
            right: right.unwrap_or(found.candidates.len().saturating_sub(1)),
            known: base.classes.get(*target).is_some_and(|classes| classes.class(truth) > 0),
            baselines: judges.judge(known, base, (*target, &one.resource, seen, asked), &is_right),
            found,
        });
    }
    held
}

/// Returns what near-identical resources share: those of one name and type in one place. Where nothing
/// of a family was seen, all of it stands or falls together.
pub(crate) fn group(known: &Known, resource: &Resource, family: u64, familiar: bool) -> u64 {
    if !familiar {
        return family;
    }
    let name = skeleton(resource.name.as_deref().unwrap_or_default(), &known.stop);
    hash(&[resource.place(), resource.type_.as_deref().unwrap_or_default(), &name])
}

pub(crate) fn cases(held: &[Held], keep: impl Fn(&Held) -> bool) -> Vec<Case> {
    let kept = held.iter().filter(|one| keep(one));
    kept.map(|one| Case { signals: one.found.signals(), right: one.right }).collect()
}

/// One in so many of what was kept aside is too strange to claim anything of it; and of resources whose
/// family is new, where more depends on what is seen of the resource itself.
const STRANGE: [usize; 2] = [100, 20];

/// Returns the share of known features that a resource must have, in each of the two situations. Those
/// that know their family are all alike in small inventories, so they are held against all.
fn least_known(held: &[Held]) -> [f32; 2] {
    let mut least = [0.0; 2];
    for (familiar, one_in) in [true, false].into_iter().zip(STRANGE) {
        let own = held.iter().filter(|one| familiar || !one.found.familiar);
        let mut shares: Vec<f32> = own.map(|one| one.found.known_share).collect();
        shares.sort_by(f32::total_cmp);
        if let Some(least) = least.get_mut(regime(familiar)) {
            *least = shares.get(shares.len() / one_in).copied().unwrap_or_default();
        }
    }
    least
}

fn targets_report(
    known: &Known,
    learnt: &[bool],
    held: &[Held],
    outcomes: &[Judged],
    resources: &[&Labelled],
) -> Vec<TargetReport> {
    let mut reports = Vec::new();
    for (number, target) in known.targets.iter().enumerate() {
        let own: Vec<(&Held, &Judged)> =
            held.iter().zip(outcomes).filter(|(one, _)| one.target == number).collect();
        let labelled = resources.iter().filter(|one| one.values.iter().any(|(of, _)| *of == number)).count();
        if learnt.get(number) == Some(&true) {
            reports.push(TargetReport::of(&target.name, labelled, &own));
        }
    }
    reports
}

impl Held {
    /// Whether the right value was one that can be suggested.
    pub(crate) fn is_known(&self) -> bool {
        self.known
    }
}
