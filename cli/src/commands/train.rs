//! `tagpol train`

use std::fmt::Write as _;
use tagpol_app::models::{promoted, registry};

use tagpol_app::learning::{
    About, Basis, FEWEST, ModelComparison, Options, RegimeReport, Registry, Report, Step, compare_models,
    percent, train,
};

use crate::args::TrainArgs;
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::inference;
use crate::output::{Output, counted};
use crate::progress::Steps;
use crate::project;
use crate::rows;

pub(crate) fn run(args: &TrainArgs, output: &mut Output) -> Result<Exit, Failure> {
    let run_context = context(args.input.now);
    let project = project::open(args.input.path.as_deref(), &run_context)?;
    let context = inference::training(&project, &args.input, &run_context, output)?;
    let now = context.options.now;
    let data = context.data();
    let labelled = data.labelled()?;
    let options = Options { seed: args.seed, ..Options::default() };
    let steps = Steps::new(output.is_watched(), "training");
    let trained = train(data.targets.clone(), &labelled, &options, &mut |step| show_progress(&steps, step));
    drop(steps);
    let Some(trained) = trained else {
        return Err(Failure::engine("there is too little to learn from").help(format!(
            "a tag is learned if at least {FEWEST} resources have a valid value that does not come from a rule"
        )));
    };
    let registry = registry(data.store.folder());
    let about = About {
        trained_at: rows::time(now),
        snapshot: data.snapshot.id().to_owned(),
        seed: args.seed,
        program: env!("CARGO_PKG_VERSION").to_owned(),
    };
    // The model in use is read before anything is written.
    let champion = promoted(&registry)?;
    let id = registry.add(&trained.model, &about, &trained.report)?;
    output.print(&table(&id, &trained.report))?;
    let verdict = match champion {
        None => promote(&registry, &id, args, "it is the first model")?,
        Some((old, _)) if old == id => format!("{id} is already in use\n"),
        Some((old, model)) => {
            let comparison = compare_models(&model, &trained.model, &labelled);
            decide(&registry, (&old, &id), args, &comparison)?
        }
    };
    output.print(&verdict)?;
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

fn promote(registry: &Registry, id: &str, args: &TrainArgs, why: &str) -> Result<String, Failure> {
    if args.no_promote {
        return Ok(format!("kept {id} without promoting it: use it with `tagpol model promote {id}`\n"));
    }
    registry.promote(id)?;
    Ok(format!("promoted {id}: {why}\n"))
}

fn decide(
    registry: &Registry,
    (old, new): (&str, &str),
    args: &TrainArgs,
    comparison: &ModelComparison,
) -> Result<String, Failure> {
    let compared = counted(comparison.compared, "value", "values");
    let on = match comparison.basis {
        Basis::Fresh => format!("on {compared} that neither was trained on"),
        Basis::HeldOut => format!("on {compared} that both held out of training"),
        Basis::OtherTags => {
            return promote(registry, new, args, &format!("{old} has learned none of these tags"));
        }
        Basis::TooFew => {
            return Ok(format!("{old} stays in use: there are too few values to compare {new} with it\n"));
        }
    };
    let (a, b) = (comparison.champion, comparison.challenger);
    let figures = format!(
        "{on}: accuracy {} (loss {:.3}); {old} has {} (loss {:.3})",
        percent(b.accuracy),
        b.loss,
        percent(a.accuracy),
        a.loss
    );
    if comparison.is_won() {
        return promote(registry, new, args, &format!("it is better {figures}"));
    }
    Ok(format!("{old} stays in use: {new} is not better {figures}\n"))
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
