//! Values that contradict the model, and misspelled ones.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use tagpol_app::models::{ActiveModel, TaggedResource, TrainingData, registry};

use serde::Serialize;
use tagpol_app::evaluation::Which;
use tagpol_app::learning::{fold, spellings};
use tagpol_sema::program::Pred;

use super::words;
use crate::args::SuggestArgs;
use crate::commands::model::no_model;
use crate::diagnostics::one_line;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::rows;

/// The least probability of another value.
const MIN_PROBABILITY: f32 = 0.8;

/// A value that a person should check.
#[derive(Serialize)]
struct Anomaly {
    /// None if several resources have the value.
    resource: Option<String>,
    tag: String,
    value: String,
    /// The value that is more likely.
    suggested: String,
    /// How likely that is, from 0 to 1.
    confidence: f64,
    reasons: String,
}

pub(super) fn run(
    args: &SuggestArgs,
    data: &TrainingData<'_>,
    target: Option<usize>,
    scope: Option<&Pred>,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let model = ActiveModel::promoted(data, &registry(data.store.folder()))?.ok_or_else(no_model)?;
    let mut all = Vec::new();
    data.for_each(scope.map_or(Which::All, Which::Where), |one| {
        all.push(one);
        Ok(())
    })?;
    let wanted: Vec<usize> =
        (0..data.targets.len()).filter(|at| target.is_none_or(|target| target == *at)).collect();
    let mut found = contradictions(data, &model, &all, &wanted, args.all);
    found.extend(wanted.iter().flat_map(|target| near_duplicates(data, &all, *target)));
    found.sort_by(|a, b| {
        b.confidence.total_cmp(&a.confidence).then_with(|| (&a.tag, &a.resource).cmp(&(&b.tag, &b.resource)))
    });
    match args.format {
        Some(format) => output.print_exactly(&rows::text(format, &HEADING, &found)?)?,
        None => output.print(&pretty(&found, args.all))?,
    }
    Ok(Exit::Success)
}

const HEADING: [&str; 6] = ["resource", "tag", "value", "suggested", "confidence", "reasons"];

/// Anomalies that are listed without `--all`.
const LISTED: usize = 20;

/// Returns the values for which the model finds another one at least [`MIN_PROBABILITY`] likely.
fn contradictions(
    data: &TrainingData<'_>,
    model: &ActiveModel,
    all: &[TaggedResource],
    wanted: &[usize],
    every: bool,
) -> Vec<Anomaly> {
    let mut found: Vec<(f32, &TaggedResource, usize, String)> = Vec::new();
    for chunk in all.chunks(4096) {
        let has = |one: &&TaggedResource, target: usize| data.label(one, target).is_some();
        for target in wanted {
            let own: Vec<(&TaggedResource, Vec<usize>)> =
                chunk.iter().filter(|one| has(one, *target)).map(|one| (one, vec![*target])).collect();
            for ((one, _), answers) in own.iter().zip(model.ask(&own)) {
                let best = answers
                    .first()
                    .and_then(|(_, answer)| answer.best().filter(|_| !answer.out_of_distribution));
                let (Some(best), Some(value)) = (best, data.label(one, *target)) else { continue };
                if fold(&best.value) != fold(value) && best.probability >= MIN_PROBABILITY {
                    found.push((best.probability, *one, *target, best.value.clone()));
                }
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.resource.id.cmp(&b.1.resource.id)));
    found.truncate(if every { usize::MAX } else { 4 * LISTED });
    found
        .into_iter()
        .map(|(probability, one, target, suggested)| {
            let reasons = model.target(target).map(|own| model.model.reasons(&one.resource, own, &suggested));
            let reasons: Vec<String> =
                reasons.unwrap_or_default().iter().map(|reason| words::reason(reason, &suggested)).collect();
            Anomaly {
                resource: Some(one.resource.id.clone()),
                tag: data.targets.get(target).map(|target| target.name.clone()).unwrap_or_default(),
                value: data.label(one, target).unwrap_or_default().to_owned(),
                suggested,
                confidence: rounded(probability.into()),
                reasons: reasons.join("; "),
            }
        })
        .collect()
}

fn rounded(confidence: f64) -> f64 {
    (confidence * 1000.0).round() / 1000.0
}

/// Returns values that are typos of others.
fn near_duplicates(data: &TrainingData<'_>, all: &[TaggedResource], target: usize) -> Vec<Anomaly> {
    let Some(named) = data.targets.get(target) else { return Vec::new() };
    let counted_values = values(all, target);
    let values: Vec<(&str, usize, bool)> = counted_values
        .iter()
        .map(|(value, count)| (value.as_str(), *count, data.is_valid(target, value)))
        .collect();
    let found = spellings(named, &values).into_iter();
    found
        .map(|one| Anomaly {
            resource: None,
            tag: named.name.clone(),
            confidence: rounded(one.known as f64 / (one.known + one.resources) as f64),
            reasons: format!(
                "{} with this value, {} with `{}`",
                counted(one.resources, "resource", "resources"),
                counted(one.known, "resource", "resources"),
                one_line(&one.value)
            ),
            value: one.written,
            suggested: one.value,
        })
        .collect()
}

/// Returns the number of resources with each value of a tag.
pub(in crate::commands) fn values(all: &[TaggedResource], target: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (value, _) in all.iter().filter_map(|one| one.values.get(target)?.as_ref()) {
        *counts.entry(value.clone()).or_default() += 1;
    }
    counts
}

fn pretty(found: &[Anomaly], all: bool) -> String {
    if found.is_empty() {
        return "no anomalies\n".to_owned();
    }
    let mut text = String::new();
    for one in found.iter().take(if all { found.len() } else { LISTED }) {
        let resource = one.resource.as_deref().map(one_line).unwrap_or_else(|| "several resources".into());
        let (value, suggested) = (one_line(&one.value), one_line(&one.suggested));
        let _ = writeln!(
            text,
            "{resource}\n  {} = `{value}`; more likely `{suggested}`  {:.2}",
            one.tag, one.confidence
        );
        let _ = writeln!(text, "    {}", one.reasons);
    }
    if !all && found.len() > LISTED {
        let _ = writeln!(text, "… and {} more (--all shows them)", found.len() - LISTED);
    }
    text
}
