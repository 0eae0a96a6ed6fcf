//! `tagpol train`

use std::fmt::Write as _;

use tagpol_app::learning::{Basis, FEWEST, ModelComparison, RegimeReport, Report, Step, percent};
use tagpol_app::models::{TrainedModel, TrainingRequest, Verdict, train};

use crate::args::TrainArgs;
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::inference;
use crate::output::{Output, counted};
use crate::progress::Steps;
use crate::project;

pub(crate) fn run(args: &TrainArgs, output: &mut Output) -> Result<Exit, Failure> {
    let run_context = context(args.input.now);
    let project = project::open(args.input.path.as_deref(), &run_context)?;
    let context = inference::training(&project, &args.input, &run_context, output)?;
    let request = TrainingRequest {
        now: context.options.now,
        seed: args.seed,
        promotes: !args.no_promote,
        program: env!("CARGO_PKG_VERSION"),
    };
    let steps = Steps::new(output.is_watched(), "training");
    let trained = train(&context.data(), &request, &mut |step| show_progress(&steps, step))?;
    drop(steps);
    let Some(trained) = trained else {
        return Err(Failure::engine("there is too little to learn from").help(format!(
            "a tag is learned if at least {FEWEST} resources have a valid value that does not come from a rule"
        )));
    };
    output.print(&table(&trained.id, &trained.report))?;
    output.print(&verdict(&trained))?;
    Ok(Exit::Success)
}

fn show_progress(steps: &Steps, step: Step) {
    let parts = step.folds + 1;
    let (at, what) = match step.fold {
        Some(fold) => (fold, format!("fold {} of {}", fold + 1, step.folds)),
        None => (step.folds, "all resources".to_owned()),
    };
    steps.tell(&what);
    steps.done((at as f32 + step.done) / parts as f32);
}

/// Returns what became of a new model.
fn verdict(trained: &TrainedModel) -> String {
    let id = &trained.id;
    let won = |why: &str| match trained.is_promoted {
        true => format!("promoted {id}: {why}\n"),
        false => format!("kept {id} without promoting it: use it with `tagpol model promote {id}`\n"),
    };
    match &trained.verdict {
        Verdict::First => won("it is the first model"),
        Verdict::Same => format!("{id} is already in use\n"),
        Verdict::Compared(old, comparison) => match comparison.basis {
            Basis::OtherTags => won(&format!("{old} has learned none of these tags")),
            Basis::TooFew => {
                format!("{old} stays in use: there are too few values to compare {id} with it\n")
            }
            Basis::Fresh | Basis::HeldOut => {
                let figures = figures(old, comparison);
                if comparison.is_won() {
                    return won(&format!("it is better {figures}"));
                }
                format!("{old} stays in use: {id} is not better {figures}\n")
            }
        },
    }
}

/// Returns the figures of a comparison with the model that was in use.
fn figures(old: &str, comparison: &ModelComparison) -> String {
    let compared = counted(comparison.compared, "value", "values");
    let on = match comparison.basis {
        Basis::Fresh => format!("on {compared} that neither was trained on"),
        _ => format!("on {compared} that both held out of training"),
    };
    let (a, b) = (comparison.champion, comparison.challenger);
    format!(
        "{on}: accuracy {} (loss {:.3}); {old} has {} (loss {:.3})",
        percent(b.accuracy),
        b.loss,
        percent(a.accuracy),
        a.loss
    )
}

/// Returns the figures of a training as a table.
fn table(id: &str, report: &Report) -> String {
    let mut text =
        format!("model {id}, trained on {}\n\n", counted(report.resources, "resource", "resources"));
    let width = report.targets.iter().map(|target| target.name.chars().count()).max().unwrap_or(0).max(3);
    // The width of a format has a limit, and the length of a name has none.
    let width = width.min(100);
    let _ = writeln!(
        text,
        "{:width$}  {:>8}  {:>8}  {:>13}  {:>12}  applied at 0.90",
        "tag", "measured", "accuracy", "best baseline", "calib. error"
    );
    for target in &report.targets {
        let all = &target.all;
        let best = all.baselines.iter().map(|(_, share)| *share).fold(0.0, f64::max);
        let _ = writeln!(
            text,
            "{:width$}  {:>8}  {:>8}  {:>13}  {:>12.3}  {}",
            target.name,
            all.measured,
            percent(all.accuracy),
            percent(best),
            all.calibration_error,
            applied(all)
        );
    }
    text.push('\n');
    text
}

fn applied(regime: &RegimeReport) -> String {
    let threshold = regime.thresholds.iter().find(|threshold| (threshold.confidence - 0.9).abs() < 1e-9);
    match threshold {
        Some(threshold) if threshold.coverage > 0.0 => {
            format!(
                "{} coverage, {} precision",
                percent(threshold.coverage),
                percent(threshold.precision.share)
            )
        }
        _ => "none".to_owned(),
    }
}
