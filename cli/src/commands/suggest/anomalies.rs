//! Values that contradict what else is known of their resources, and spellings of others.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use tagpol_app::evaluation::Which;
use tagpol_sema::program::Pred;
use tagpol_suggest::{fold, spellings};

use crate::args::SuggestArgs;
use crate::commands::model::no_model;
use crate::diagnostics::one_line;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::rows;
use crate::suggesting::predict::Asked;
use crate::suggesting::{Learned, Source, registry, words};

/// How sure the model must be of another value.
const SURE: f32 = 0.8;

/// Something about a value that a person should look at.
#[derive(Serialize)]
struct Anomaly {
    /// None: the value of several resources.
    resource: Option<String>,
    tag: String,
    value: String,
    /// What it should perhaps be.
    rather: String,
    /// How much speaks for that, from 0 to 1.
    confidence: f64,
    reasons: String,
}

pub(super) fn run(
    args: &SuggestArgs,
    source: &Source<'_>,
    target: Option<usize>,
    scope: Option<&Pred>,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let asked = Asked::promoted(source, &registry(source.store.path()))?.ok_or_else(no_model)?;
    let mut all = Vec::new();
    source.for_each(scope.map_or(Which::All, Which::Where), |one| {
        all.push(one);
        Ok(())
    })?;
    let wanted: Vec<usize> =
        (0..source.targets.len()).filter(|at| target.is_none_or(|target| target == *at)).collect();
    let mut found = contradictions(source, &asked, &all, &wanted, args.all);
    found.extend(wanted.iter().flat_map(|target| near_duplicates(source, &all, *target)));
    found.sort_by(|a, b| {
        b.confidence.total_cmp(&a.confidence).then_with(|| (&a.tag, &a.resource).cmp(&(&b.tag, &b.resource)))
    });
    match args.format {
        Some(format) => output.print_exactly(&rows::text(format, &HEADING, &found)?)?,
        None => output.print(&pretty(&found, args.all))?,
    }
    Ok(Exit::Success)
}

const HEADING: [&str; 6] = ["resource", "tag", "value", "rather", "confidence", "reasons"];

/// Anomalies that are shown, where not all are asked for.
const SHOWN: usize = 20;

/// Returns the values of which the model is sure that they are others.
fn contradictions(
    source: &Source<'_>,
    asked: &Asked,
    all: &[Learned],
    wanted: &[usize],
    every: bool,
) -> Vec<Anomaly> {
    let mut found: Vec<(f32, &Learned, usize, String)> = Vec::new();
    for chunk in all.chunks(4096) {
        let has = |one: &&Learned, target: usize| source.label(one, target).is_some();
        for target in wanted {
            let own: Vec<(&Learned, Vec<usize>)> =
                chunk.iter().filter(|one| has(one, *target)).map(|one| (one, vec![*target])).collect();
            for ((one, _), answers) in own.iter().zip(asked.ask(&own)) {
                let best = answers.first().and_then(|(_, answer)| answer.best().filter(|_| !answer.strange));
                let (Some(best), Some(value)) = (best, source.label(one, *target)) else { continue };
                if fold(&best.value) != fold(value) && best.probability >= SURE {
                    found.push((best.probability, *one, *target, best.value.clone()));
                }
            }
        }
    }
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.resource.id.cmp(&b.1.resource.id)));
    found.truncate(if every { usize::MAX } else { 4 * SHOWN });
    found
        .into_iter()
        .map(|(probability, one, target, rather)| {
            let reasons = asked.target(target).map(|own| asked.model.reasons(&one.resource, own, &rather));
            let reasons: Vec<String> =
                reasons.unwrap_or_default().iter().map(|reason| words::reason(reason, &rather)).collect();
            Anomaly {
                resource: Some(one.resource.id.clone()),
                tag: source.targets.get(target).map(|target| target.name.clone()).unwrap_or_default(),
                value: source.label(one, target).unwrap_or_default().to_owned(),
                rather,
                confidence: rounded(probability.into()),
                reasons: reasons.join("; "),
            }
        })
        .collect()
}

fn rounded(confidence: f64) -> f64 {
    (confidence * 1000.0).round() / 1000.0
}

/// Returns values that are slips of the pen for others.
fn near_duplicates(source: &Source<'_>, all: &[Learned], target: usize) -> Vec<Anomaly> {
    let Some(named) = source.targets.get(target) else { return Vec::new() };
    let counted_values = values(all, target);
    let values: Vec<(&str, usize, bool)> = counted_values
        .iter()
        .map(|(value, count)| (value.as_str(), *count, source.is_valid(target, value)))
        .collect();
    let found = spellings(named, &values).into_iter();
    found
        .map(|one| Anomaly {
            resource: None,
            tag: named.name.clone(),
            confidence: rounded(one.known as f64 / (one.known + one.resources) as f64),
            reasons: format!(
                "{} have it, and {} have `{}`",
                counted(one.resources, "resource", "resources"),
                counted(one.known, "resource", "resources"),
                one_line(&one.value)
            ),
            value: one.written,
            rather: one.value,
        })
        .collect()
}

/// Returns how often each value of a tag occurs.
pub(in crate::commands) fn values(all: &[Learned], target: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for (value, _) in all.iter().filter_map(|one| one.values.get(target)?.as_ref()) {
        *counts.entry(value.clone()).or_default() += 1;
    }
    counts
}

fn pretty(found: &[Anomaly], all: bool) -> String {
    if found.is_empty() {
        return "no value contradicts what else is known\n".to_owned();
    }
    let mut text = String::new();
    for one in found.iter().take(if all { found.len() } else { SHOWN }) {
        let resource = one.resource.as_deref().map(one_line).unwrap_or_else(|| "several resources".into());
        let (value, rather) = (one_line(&one.value), one_line(&one.rather));
        let _ =
            writeln!(text, "{resource}\n  {} = `{value}`, rather `{rather}`  {:.2}", one.tag, one.confidence);
        let _ = writeln!(text, "    {}", one.reasons);
    }
    if !all && found.len() > SHOWN {
        let _ = writeln!(text, "and {}: `--all` shows them", counted(found.len() - SHOWN, "more", "more"));
    }
    text
}
