//! Training: folds, what is learnt in each, and what is learnt from all.
//!
//! Each fold keeps whole families of resources aside, and some resources of the others: what parts of
//! the base say of those is what the scorer learns from, and what it then says of resources that it
//! did not learn from either is what probabilities are calibrated on, and what is reported.

use rustc_hash::FxHashMap;

use crate::base::{Base, Found, Known, Seen};
use crate::baselines::{Baseline, Judges};
use crate::calibrate::{Assurance, Calibration, Outcome};
use crate::contest::{Measured, lesson, surprise};
use crate::features::bit;
use crate::model::{Model, Trust, weigh};
use crate::network::Settings;
use crate::random::hash;
use crate::report::{Report, TargetReport};
use crate::resource::{self, Labelled, Resource, Target, skeleton};
use crate::scorer::{Case, Scorer};

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
const FOLDS: u64 = 4;

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
    found: Found,
    /// Number of the right one among what was found; the last where none is.
    right: usize,
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
    /// What was measured of single resources.
    pub measured: Vec<Measured>,
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
    let families: Vec<u64> = drawn.iter().map(|one| hash(&[&one.resource.family(&known.stop)])).collect();
    let mut held = Vec::new();
    for fold in 0..FOLDS {
        let tick = &mut |done| tick(Step { fold: Some(fold), folds: FOLDS, done });
        held.extend(measure_fold(&known, &drawn, &families, &learnt, fold, &settings, tick));
    }
    let base = Base::fit(&known, &drawn, &settings, &mut |done| {
        tick(Step { fold: None, folds: FOLDS, done });
    });
    let scorer = Scorer::train(&cases(&held, |_| true), options.seed);
    let (trust, outcomes) = trust(&known, &held, options.seed);
    let least_known = least_known(&held);
    let report =
        Report { targets: targets_report(&known, &learnt, &held, &outcomes, &drawn), resources: drawn.len() };
    let mut lessons: Vec<u64> = drawn.iter().flat_map(|one| lessons(&known, one)).collect();
    lessons.sort_unstable();
    let measured = held.iter().zip(&outcomes).filter_map(|(one, judged)| {
        Some(Measured {
            resource: drawn.get(one.at)?.resource.id.clone(),
            target: one.target,
            right: judged.outcome.right,
            loss: judged.loss,
        })
    });
    let measured = measured.collect();
    let model = Model { known, base, scorer, trust, learnt, lessons, least_known };
    Some(Trained { model, report, measured })
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
    tick: &mut dyn FnMut(f32),
) -> Vec<Held> {
    let aside: Vec<bool> =
        resources.iter().zip(families).map(|(one, family)| is_held(one, *family, fold)).collect();
    let training: Vec<&Labelled> =
        resources.iter().zip(&aside).filter(|(_, aside)| !**aside).map(|(one, _)| *one).collect();
    let settings = Settings { seed: settings.seed + fold + 1, ..settings.clone() };
    let base = Base::fit(known, &training, &settings, tick);
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
fn group(known: &Known, resource: &Resource, family: u64, familiar: bool) -> u64 {
    if !familiar {
        return family;
    }
    let name = skeleton(resource.name.as_deref().unwrap_or_default(), &known.stop);
    hash(&[resource.place(), resource.type_.as_deref().unwrap_or_default(), &name])
}

fn cases(held: &[Held], keep: impl Fn(&Held) -> bool) -> Vec<Case> {
    let kept = held.iter().filter(|one| keep(one));
    kept.map(|one| Case { signals: one.found.signals(), right: one.right }).collect()
}

/// What became of a resource that was kept aside.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judged {
    /// With a probability that was calibrated without it.
    pub(crate) outcome: Outcome,
    /// What may be claimed of it.
    pub(crate) confidence: f32,
    pub(crate) familiar: bool,
    /// How surprising the right value was.
    pub(crate) loss: f64,
}

/// Finds out what may be claimed of each target, and returns what became of what was kept aside,
/// each judged by a scorer and a calibration that did not learn from its fold.
fn trust(known: &Known, held: &[Held], seed: u64) -> (Vec<Trust>, Vec<Judged>) {
    let (raw, likely) = cross_weighed(held, seed);
    let of = |target: usize, regime: usize, but: Option<u64>| -> Vec<Outcome> {
        let chosen = held.iter().zip(&raw).filter(|(one, _)| {
            one.target == target && usize::from(!one.found.familiar) == regime && Some(one.fold) != but
        });
        chosen.map(|(_, outcome)| *outcome).collect()
    };
    let calibrated = |line: Calibration, outcomes: &[Outcome]| -> Vec<Outcome> {
        outcomes.iter().map(|one| Outcome { probability: line.apply(one.probability), ..*one }).collect()
    };
    let mut parts: FxHashMap<(usize, usize, u64), (Calibration, Assurance)> = FxHashMap::default();
    let mut trust = Vec::new();
    for target in 0..known.targets.len() {
        let mut own = Trust::default();
        for regime in 0..2 {
            for fold in 0..FOLDS {
                let others = of(target, regime, Some(fold));
                let line = Calibration::fit(&others);
                let assurance = Assurance::of(&calibrated(line, &others));
                parts.insert((target, regime, fold), (line, assurance));
            }
            let all = of(target, regime, None);
            let line = Calibration::fit(&all);
            let assurance = Assurance::of(&calibrated(line, &all));
            if let (Some(lines), Some(assurances)) =
                (own.calibrations.get_mut(regime), own.assurances.get_mut(regime))
            {
                *lines = line;
                *assurances = assurance;
            }
        }
        trust.push(own);
    }
    let judged = held.iter().zip(&raw).zip(&likely).map(|((one, outcome), likely)| {
        let key = (one.target, usize::from(!one.found.familiar), one.fold);
        let (line, assurance) = parts.get(&key).cloned().unwrap_or_default();
        let outcome = Outcome { probability: line.apply(outcome.probability), ..*outcome };
        Judged {
            confidence: assurance.confidence(outcome.probability),
            loss: surprise(if *likely > 0.0 { line.apply(*likely) } else { 0.0 }),
            outcome,
            familiar: one.found.familiar,
        }
    });
    (trust, judged.collect())
}

/// Weighs what was kept aside, each fold by a scorer that learnt from the others.
fn cross_weighed(held: &[Held], seed: u64) -> (Vec<Outcome>, Vec<f32>) {
    let mut outcomes = vec![Outcome { probability: 0.0, right: false, group: 0 }; held.len()];
    let mut likely = vec![0.0; held.len()];
    for fold in 0..FOLDS {
        let scorer = Scorer::train(&cases(held, |one| one.fold != fold), seed + fold + 1);
        let own: Vec<(usize, &Held)> = held.iter().enumerate().filter(|(_, one)| one.fold == fold).collect();
        let weighed = weigh(&scorer, own.iter().map(|(_, one)| &one.found));
        for ((at, one), weights) in own.iter().zip(weighed) {
            if let (Some(outcomes), Some(likely)) = (outcomes.get_mut(*at), likely.get_mut(*at)) {
                *outcomes = outcome(one, &weights);
                let values = weights.len().saturating_sub(1);
                *likely = weights.iter().take(values).nth(one.right).copied().unwrap_or_default();
            }
        }
    }
    (outcomes, likely)
}

fn outcome(one: &Held, weights: &[f32]) -> Outcome {
    let values = weights.len().saturating_sub(1);
    let best = weights
        .iter()
        .copied()
        .enumerate()
        .take(values)
        .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
    let (best, probability) = best.unwrap_or((usize::MAX, 0.0));
    Outcome { probability, right: best == one.right && best < values, group: one.group }
}

/// Returns the share of known features that all but one in a hundred of what was kept aside have.
fn least_known(held: &[Held]) -> f32 {
    let mut shares: Vec<f32> = held.iter().map(|one| one.found.known_share).collect();
    shares.sort_by(f32::total_cmp);
    shares.get(shares.len() / 100).copied().unwrap_or_default()
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
