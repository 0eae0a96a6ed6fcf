//! `tagpol model`

use std::fmt::Write as _;
use std::path::Path;
use tagpol_app::models::registry;

use tagpol_app::learning::{Entry, Registry, card, percent, reliability};

use crate::args::{ModelArgs, ModelCommand};
use crate::failure::{Exit, Failure};
use crate::files::write_whole;
use crate::output::{Output, counted};
use crate::project::state_path;

pub(crate) fn run(args: &ModelArgs, output: &mut Output) -> Result<Exit, Failure> {
    let registry = registry(state_path(args.project.as_deref())?.parent().unwrap_or(Path::new("")));
    match &args.command {
        ModelCommand::List => list(&registry, output)?,
        ModelCommand::Show { id } => output.print(&show(&entry(&registry, id.as_deref())?))?,
        ModelCommand::Promote { id } => {
            let id = registry.find(id)?;
            registry.promote(&id)?;
            output.print(&format!("promoted {id}\n"))?;
        }
        ModelCommand::Rollback => {
            let id = registry.roll_back()?;
            output.print(&format!("rolled back to {id}\n"))?;
        }
        ModelCommand::Card { id, output: path } => {
            write_card(&entry(&registry, id.as_deref())?, path.as_deref(), output)?;
        }
    }
    Ok(Exit::Success)
}

fn entry(registry: &Registry, id: Option<&str>) -> Result<Entry, Failure> {
    let id = match id {
        Some(id) => registry.find(id)?,
        None => registry.promoted()?.ok_or_else(no_model)?,
    };
    Ok(registry.entry(&id)?)
}

/// The failure if no model is in use.
pub(super) fn no_model() -> Failure {
    Failure::usage("no model is in use")
        .help("train a model with `tagpol train`, or promote one with `tagpol model promote`")
}

fn list(registry: &Registry, output: &mut Output) -> Result<(), Failure> {
    let promoted = registry.promoted()?;
    let mut text = String::new();
    for id in registry.ids()?.iter().rev() {
        let mark = if promoted.as_ref() == Some(id) { '*' } else { ' ' };
        let line = match registry.entry(id) {
            Ok(Entry { report, .. }) => format!(
                "{}, {}",
                counted(report.targets.len(), "tag", "tags"),
                counted(report.resources, "resource", "resources")
            ),
            Err(error) => error.to_string(),
        };
        let _ = writeln!(text, "{mark} {id}  {line}");
    }
    if text.is_empty() {
        output.note("no models yet: train one with `tagpol train`\n");
    }
    output.print(&text)
}

fn show(entry: &Entry) -> String {
    let about = &entry.about;
    let mut text = format!(
        "model     {}\ntrained   {} by tagpol {}, seed {}\nsnapshot  {}\nresources {}\n\n",
        entry.id, about.trained_at, about.program, about.seed, about.snapshot, entry.report.resources
    );
    for target in &entry.report.targets {
        let _ = writeln!(
            text,
            "{}: {} accuracy on {}",
            target.name,
            percent(target.all.accuracy),
            counted(target.all.measured, "held-out value", "held-out values")
        );
        for (baseline, share) in &target.all.baselines {
            let _ = writeln!(text, "  {}: {}", baseline.as_str(), percent(*share));
        }
        // Confidences are measured in each situation by itself.
        let situations = ["family has the tag", "new family"].into_iter().zip(&target.regimes);
        let claims =
            situations.flat_map(|(name, regime)| regime.thresholds.iter().map(move |one| (name, one)));
        for (name, threshold) in claims.filter(|(_, threshold)| threshold.coverage > 0.0) {
            let share = threshold.precision;
            let _ = writeln!(
                text,
                "  {name}, at confidence {:.2}: {} coverage, {} precision ({} to {})",
                threshold.confidence,
                percent(threshold.coverage),
                percent(share.share),
                percent(share.low),
                percent(share.high)
            );
        }
    }
    text
}

/// Writes the card to standard output, or to a file with its plots next to it.
fn write_card(entry: &Entry, path: Option<&Path>, output: &mut Output) -> Result<(), Failure> {
    let Some(path) = path else { return output.print_exactly(card(entry, None)) };
    let picture = path.with_extension("svg");
    let name = picture.file_name().map(|name| name.to_string_lossy().into_owned());
    write_whole(&picture, &reliability(&entry.report.targets))?;
    write_whole(path, &card(entry, name.as_deref()))
}
