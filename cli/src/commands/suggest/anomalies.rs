//! Values that contradict the model, and misspelled ones.

use std::fmt::Write as _;
use tagpol_app::models::{self, ActiveModel, Evidence, TrainingData, registry};

use serde::Serialize;
use tagpol_app::evaluation::Which;
use tagpol_sema::program::Pred;

use super::sentence;
use crate::args::SuggestArgs;
use crate::commands::model::no_model;
use crate::diagnostics::one_line;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::rows;

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
    let most = if args.all { usize::MAX } else { 4 * LISTED };
    let found = models::anomalies(data, &model, &all, &wanted, most);
    let found: Vec<Anomaly> = found.into_iter().map(anomaly).collect();
    match args.format {
        Some(format) => output.print_exactly(&rows::text(format, &HEADING, &found)?)?,
        None => output.print(&pretty(&found, args.all))?,
    }
    Ok(Exit::Success)
}

const HEADING: [&str; 6] = ["resource", "tag", "value", "suggested", "confidence", "reasons"];

/// Anomalies that are listed without `--all`.
const LISTED: usize = 20;

fn anomaly(one: models::Anomaly<'_>) -> Anomaly {
    let reasons = match &one.evidence {
        Evidence::Model(reasons) => {
            reasons.iter().map(|reason| sentence(reason, &one.suggested)).collect::<Vec<_>>().join("; ")
        }
        Evidence::Spelling { resources, known } => format!(
            "{} with this value, {} with `{}`",
            counted(*resources, "resource", "resources"),
            counted(*known, "resource", "resources"),
            one_line(&one.suggested)
        ),
    };
    Anomaly {
        resource: one.resource.map(|one| one.resource.id.clone()),
        tag: one.tag,
        value: one.value,
        suggested: one.suggested,
        confidence: (one.probability * 1000.0).round() / 1000.0,
        reasons,
    }
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
