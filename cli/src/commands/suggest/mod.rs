//! `tagpol suggest`

mod anomalies;

use std::fmt::Write as _;
use tagpol_app::models::{
    Abstained, Abstention, ActiveModel, Suggested, TrainingData, abstentions, refresh, registry, suggestions,
};

use serde::Serialize;
use tagpol_app::evaluation::Which;
use tagpol_app::learning::Reason;
use tagpol_app::state::Prediction;

use crate::args::SuggestArgs;
use crate::commands::model::no_model;
use crate::context::context;
use crate::diagnostics::one_line;
use crate::failure::{Exit, Failure};
use crate::inference;
use crate::output::{Output, counted};
use crate::project::{self, with_diagnostics};
use crate::rows;

/// Suggestions that are listed without `--all`.
const LISTED: usize = 20;

pub(crate) fn run(args: &SuggestArgs, output: &mut Output) -> Result<Exit, Failure> {
    let run_context = context(args.input.now);
    let mut project = project::open(args.input.path.as_deref(), &run_context)?;
    let scope = args.scope.as_deref().map(|text| project.condition(text, &run_context)).transpose();
    let scope = with_diagnostics(scope, &project, output)?;
    let context = inference::training(&project, &args.input, &run_context, output)?;
    let data = context.data();
    let target = args.tag.as_deref().map(|tag| data.target(tag)).transpose()?;
    if args.anomalies {
        return anomalies::run(args, &data, target, scope.as_ref(), output);
    }
    let model = refresh(&data, &run_context)?.ok_or_else(no_model)?;
    let which = scope.as_ref().map_or(Which::All, Which::Where);
    let suggested = suggestions(&data, target, which, args.at_least)?;
    match args.format {
        Some(format) => {
            let rows = suggested.iter().map(|one| row(&model, one));
            output.print_exactly(&rows::text(format, &HEADING, rows)?)?;
        }
        None => output.print(&pretty(&model, &suggested, args.all))?,
    }
    if suggested.is_empty() {
        let which = scope.as_ref().map_or(Which::All, Which::Where);
        let reasons = abstained(&abstentions(&data, &model, target, which, args.at_least)?);
        match args.format {
            // Rows are for programs.
            Some(_) => output.note(&reasons),
            None => output.print(&reasons)?,
        }
    }
    Ok(Exit::Success)
}

/// Returns why there is no suggestion, by tag, and what to do about it.
fn abstained(abstentions: &[Abstention]) -> String {
    let mut text = String::new();
    for Abstention { tag, reason } in abstentions {
        let resources = |count: u64| counted(count, "resource", "resources");
        let lacks =
            |count: u64| format!("{} {} it", resources(count), if count == 1 { "lacks" } else { "lack" });
        let reason = match *reason {
            Abstained::NothingMissing => "no resource lacks it".to_owned(),
            Abstained::NotLearned { labeled, needed } if labeled < needed => format!(
                "the model has not learned it: {} {} a value, and {needed} are needed; set it on more of them",
                resources(labeled),
                if labeled == 1 { "has" } else { "have" }
            ),
            Abstained::NotLearned { labeled, .. } => format!(
                "the model has not learned it, and {} have a value: train a new one with `tagpol train`",
                resources(labeled)
            ),
            Abstained::NoValue { missing } => {
                format!("{}, and the model expects no value that is valid", lacks(missing))
            }
            Abstained::Uncertain { missing, without_confidence, best, needed } => {
                let unsupported = match without_confidence {
                    0 => String::new(),
                    count => format!(
                        "; for {count} of them no confidence is supported, because held-out resources like them are too \
                         few, or their values were often wrong"
                    ),
                };
                format!(
                    "{}; the highest confidence is {}, and {needed:.2} is needed{unsupported}; `--at-least 0` shows what \
                     the model expects, and values that you confirm count in the next training",
                    lacks(missing),
                    two_digits(best)
                )
            }
        };
        let _ = writeln!(text, "  {tag}: {reason}");
    }
    text
}

/// Returns a confidence with two digits, rounded down: it does not reach the next one.
fn two_digits(confidence: f64) -> String {
    format!("{:.2}", (confidence * 100.0).floor() / 100.0)
}

const HEADING: [&str; 6] = ["resource", "tag", "value", "confidence", "reasons", "others"];

/// A suggestion as a row, in the order of [`HEADING`].
#[derive(Serialize)]
struct Row<'a> {
    resource: &'a str,
    tag: &'a str,
    value: &'a str,
    confidence: f64,
    reasons: String,
    others: String,
}

fn row<'a>(model: &ActiveModel, one: &'a Suggested) -> Row<'a> {
    let Prediction { resource, tag, value, confidence } = &one.prediction;
    let confidence = (confidence * 1000.0).round() / 1000.0;
    Row {
        resource,
        tag,
        value,
        confidence,
        reasons: reasons(model, one).join("; "),
        others: others(model, one),
    }
}

/// Returns a reason for a value as a line of text.
fn sentence(reason: &Reason, value: &str) -> String {
    one_line(&reason.sentence(value))
}

/// Returns the reasons for a suggestion.
fn reasons(model: &ActiveModel, one: &Suggested) -> Vec<String> {
    one.reasons(model).iter().map(|reason| sentence(reason, &one.prediction.value)).collect()
}

/// Returns other likely values with their probabilities.
fn others(model: &ActiveModel, one: &Suggested) -> String {
    let others = one.alternatives(model);
    let others: Vec<String> =
        others.iter().map(|other| format!("{} {:.2}", one_line(&other.value), other.probability)).collect();
    others.join(", ")
}

fn pretty(model: &ActiveModel, suggested: &[Suggested], all: bool) -> String {
    if suggested.is_empty() {
        return "no suggestions\n".to_owned();
    }
    let mut text = String::new();
    let shown = if all { suggested.len() } else { LISTED };
    for one in suggested.iter().take(shown) {
        text.push_str(&described(model, one));
    }
    let more = suggested.len().saturating_sub(shown);
    if more > 0 {
        let _ = writeln!(
            text,
            "… and {} (--all shows them)",
            counted(more, "more suggestion", "more suggestions")
        );
    }
    text
}

/// Returns a suggestion with its reasons, for people.
pub(in crate::commands) fn described(model: &ActiveModel, one: &Suggested) -> String {
    format!("{}\n{}", one_line(&one.prediction.resource), lines(model, one))
}

/// Returns a suggestion with its reasons, without the resource.
fn lines(model: &ActiveModel, one: &Suggested) -> String {
    let Prediction { tag, value, confidence, .. } = &one.prediction;
    let mut text = format!("  {tag} = `{}`  {confidence:.2}\n", one_line(value));
    for reason in reasons(model, one) {
        let _ = writeln!(text, "    {reason}");
    }
    let others = others(model, one);
    if !others.is_empty() {
        let _ = writeln!(text, "    or {others}");
    }
    text
}

/// Returns the suggestions for the inferred tags of a resource with their reasons: for all tags, or for one.
pub(crate) fn explain_suggestions(
    data: &TrainingData<'_>,
    id: &str,
    tag: Option<&str>,
) -> Result<String, Failure> {
    if data.program.inferences.is_empty() {
        return Ok(String::new());
    }
    let Some(model) = ActiveModel::promoted(data, &registry(data.store.folder()))? else {
        return Ok(String::new());
    };
    let mut suggested = suggestions(data, None, Which::Id(id), Some(0.0))?;
    suggested.retain(|one| {
        let own = data.tags.get(one.target);
        let inferred = data.program.inferences.iter().any(|inference| Some(&inference.tag) == own);
        inferred && tag.is_none_or(|tag| one.prediction.tag == tag)
    });
    let lines: String = suggested.iter().map(|one| lines(&model, one)).collect();
    Ok(if lines.is_empty() { lines } else { format!("\nSuggested by the model\n{lines}") })
}
