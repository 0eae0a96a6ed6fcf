//! `tagpol suggest`

mod anomalies;

pub(in crate::commands) use anomalies::values;

use std::collections::HashMap;
use std::fmt::Write as _;

use rust_decimal::prelude::ToPrimitive as _;
use serde::Serialize;
use tagpol_app::evaluation::Which;
use tagpol_app::state::Prediction;

use crate::args::SuggestArgs;
use crate::commands::model::no_model;
use crate::context::context;
use crate::diagnostics::one_line;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::project::{self, with_diagnostics};
use crate::rows;
use crate::suggesting::predict::{Asked, refresh};
use crate::suggesting::{Ground, Learned, Source, registry, words};

/// Suggestions that are shown, where not all are asked for.
const SHOWN: usize = 20;

/// A tag that is missing, and what the model says of it.
pub(in crate::commands) struct Suggested {
    pub(in crate::commands) said: Prediction,
    pub(in crate::commands) target: usize,
    pub(in crate::commands) one: Learned,
}

pub(crate) fn run(args: &SuggestArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = context(args.ground.now);
    let mut project = project::open(args.ground.path.as_deref(), &context)?;
    let scope = args.scope.as_deref().map(|text| project.condition(text, &context)).transpose();
    let scope = with_diagnostics(scope, &project, output)?;
    let ground = Ground::open(project, &args.ground, output)?;
    let source = ground.source();
    let target = args.tag.as_deref().map(|tag| source.target(tag)).transpose()?;
    if args.anomalies {
        return anomalies::run(args, &source, target, scope.as_ref(), output);
    }
    let asked = refresh(&source, output)?.ok_or_else(no_model)?;
    let which = scope.as_ref().map_or(Which::All, Which::Where);
    let suggested = suggestions(&source, target, which, args.at_least)?;
    match args.format {
        Some(format) => {
            let rows = suggested.iter().map(|one| row(&asked, one));
            output.print_exactly(&rows::text(format, &HEADING, rows)?)?;
        }
        None => output.print(&pretty(&asked, &suggested, args.all))?,
    }
    Ok(Exit::Success)
}

/// Returns what is suggested, the surest first.
pub(in crate::commands) fn suggestions(
    source: &Source<'_>,
    target: Option<usize>,
    which: Which<'_>,
    at_least: Option<f64>,
) -> Result<Vec<Suggested>, Failure> {
    let predictions = source.store.read(&source.store.database()?, |state| state.predictions())?;
    let mut by_resource: HashMap<String, Vec<(usize, Prediction)>> = HashMap::new();
    for said in predictions.unwrap_or_default() {
        let Ok(own) = source.target(&said.tag) else { continue };
        let asked_for = target.is_none_or(|target| target == own);
        if asked_for && said.confidence >= at_least.unwrap_or_else(|| least(source, own)) {
            by_resource.entry(said.resource.clone()).or_default().push((own, said));
        }
    }
    let mut suggested = Vec::new();
    source.for_each(which, |one| {
        for (target, said) in by_resource.remove(&one.resource.id).unwrap_or_default() {
            suggested.push(Suggested { said, target, one: one.clone() });
        }
        Ok(())
    })?;
    suggested.sort_by(|a, b| {
        let order = b.said.confidence.total_cmp(&a.said.confidence);
        order.then_with(|| (&a.said.resource, &a.said.tag).cmp(&(&b.said.resource, &b.said.tag)))
    });
    Ok(suggested)
}

/// The confidence from which a tag is suggested, as its `infer` says it.
fn least(source: &Source<'_>, target: usize) -> f64 {
    let tag = source.tags.get(target);
    let inference = source.program.inferences.iter().find(|inference| Some(&inference.tag) == tag);
    inference.and_then(|inference| inference.suggest.or(inference.apply)?.to_f64()).unwrap_or(0.5)
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

fn row<'a>(asked: &Asked, one: &'a Suggested) -> Row<'a> {
    let Prediction { resource, tag, value, confidence } = &one.said;
    let confidence = (confidence * 1000.0).round() / 1000.0;
    Row {
        resource,
        tag,
        value,
        confidence,
        reasons: reasons(asked, one).join("; "),
        others: others(asked, one),
    }
}

/// Why the model says it.
pub(in crate::commands) fn reasons(asked: &Asked, one: &Suggested) -> Vec<String> {
    let Some(target) = asked.target(one.target) else { return Vec::new() };
    let reasons = asked.model.reasons(&one.one.resource, target, &one.said.value);
    reasons.iter().map(|reason| words::reason(reason, &one.said.value)).collect()
}

/// What else it could be.
pub(in crate::commands) fn others(asked: &Asked, one: &Suggested) -> String {
    let answers = asked.ask(&[(&one.one, vec![one.target])]);
    let suggestions = answers.iter().flatten().flat_map(|(_, answer)| &answer.suggestions);
    let others =
        suggestions.filter(|other| other.value != one.said.value && other.probability >= 0.005).take(3);
    let others: Vec<String> =
        others.map(|other| format!("{} {:.2}", one_line(&other.value), other.probability)).collect();
    others.join(", ")
}

fn pretty(asked: &Asked, suggested: &[Suggested], all: bool) -> String {
    if suggested.is_empty() {
        return "nothing is suggested\n".to_owned();
    }
    let mut text = String::new();
    let shown = if all { suggested.len() } else { SHOWN };
    for one in suggested.iter().take(shown) {
        text.push_str(&told(asked, one));
    }
    let more = suggested.len().saturating_sub(shown);
    if more > 0 {
        let _ = writeln!(
            text,
            "and {}: `--all` shows them",
            counted(more, "more suggestion", "more suggestions")
        );
    }
    text
}

/// A suggestion with its reasons, for people.
pub(in crate::commands) fn told(asked: &Asked, one: &Suggested) -> String {
    format!("{}\n{}", one_line(&one.said.resource), lines(asked, one))
}

/// A suggestion with its reasons, without the resource.
fn lines(asked: &Asked, one: &Suggested) -> String {
    let Prediction { tag, value, confidence, .. } = &one.said;
    let mut text = format!("  {tag} = `{}`  {confidence:.2}\n", one_line(value));
    for reason in reasons(asked, one) {
        let _ = writeln!(text, "    {reason}");
    }
    let others = others(asked, one);
    if !others.is_empty() {
        let _ = writeln!(text, "    or {others}");
    }
    text
}

/// Returns what the promoted model says of a resource that an `infer` asks for, with its reasons:
/// of all tags, or of one.
pub(crate) fn said_of(source: &Source<'_>, id: &str, tag: Option<&str>) -> Result<String, Failure> {
    if source.program.inferences.is_empty() {
        return Ok(String::new());
    }
    let Some(asked) = Asked::promoted(source, &registry(source.store.path()))? else {
        return Ok(String::new());
    };
    let mut said = suggestions(source, None, Which::Id(id), Some(0.0))?;
    said.retain(|one| {
        let own = source.tags.get(one.target);
        let inferred = source.program.inferences.iter().any(|inference| Some(&inference.tag) == own);
        inferred && tag.is_none_or(|tag| one.said.tag == tag)
    });
    let told: String = said.iter().map(|one| lines(&asked, one)).collect();
    Ok(if told.is_empty() { told } else { format!("\nwhat the model says, and why\n{told}") })
}
