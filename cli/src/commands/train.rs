//! `tagpol train`

use std::fmt::Write as _;

use tagpol_suggest::{About, Basis, Contest, Options, RegimeReport, Registry, Report, Step, contest, train};

use crate::args::TrainArgs;
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::progress::Steps;
use crate::project;
use crate::rows;
use crate::suggesting::words::percent;
use crate::suggesting::{Ground, promoted, registry};

pub(crate) fn run(args: &TrainArgs, output: &mut Output) -> Result<Exit, Failure> {
    let project = project::open(args.ground.path.as_deref(), &context(args.ground.now))?;
    let ground = Ground::open(project, &args.ground, output)?;
    let now = ground.options.now;
    let source = ground.source();
    let labelled = source.labelled()?;
    let options = Options { seed: args.seed, ..Options::default() };
    let steps = Steps::new(output.is_watched(), "learning");
    let trained = train(source.targets.clone(), &labelled, &options, &mut |step| tell(&steps, step));
    drop(steps);
    let Some(trained) = trained else {
        return Err(Failure::engine("there is nothing to learn from")
            .help("a tag is learnt where at least 20 resources have a valid value that no rule gave"));
    };
    let registry = registry(source.store.path());
    let about = About {
        trained_at: rows::time(now),
        snapshot: source.snapshot.id().to_owned(),
        seed: args.seed,
        program: env!("CARGO_PKG_VERSION").to_owned(),
    };
    // The one that is used now, read before anything is written.
    let champion = promoted(&registry)?;
    let id = registry.add(&trained.model, &about, &trained.report)?;
    output.print(&table(&id, &trained.report))?;
    let verdict = match champion {
        None => promote(&registry, &id, args, "it is the first")?,
        Some((old, _)) if old == id => format!("{id} is used already\n"),
        Some((old, model)) => {
            let contest = contest(&model, &trained.model, &labelled);
            decide(&registry, (&old, &id), args, &contest)?
        }
    };
    output.print(&verdict)?;
    Ok(Exit::Success)
}

fn tell(steps: &Steps, step: Step) {
    let parts = step.folds + 1;
    let (at, what) = match step.fold {
        Some(fold) => (fold, format!("measuring {} of {}", fold + 1, step.folds)),
        None => (step.folds, "all resources".to_owned()),
    };
    steps.tell(&what);
    steps.done((at as f32 + step.done) / parts as f32);
}

fn promote(registry: &Registry, id: &str, args: &TrainArgs, why: &str) -> Result<String, Failure> {
    if args.no_promote {
        return Ok(format!("{id} is kept and not used: `tagpol model promote {id}`\n"));
    }
    registry.promote(id)?;
    Ok(format!("{id} is used from now on: {why}\n"))
}

fn decide(
    registry: &Registry,
    (old, new): (&str, &str),
    args: &TrainArgs,
    contest: &Contest,
) -> Result<String, Failure> {
    let compared = counted(contest.compared, "tag", "tags");
    let on = match contest.basis {
        Basis::Fresh => format!("on {compared} that neither had learnt"),
        Basis::Aside => format!("on {compared} that both kept aside"),
        Basis::Other => return promote(registry, new, args, &format!("{old} knows none of these tags")),
        Basis::Little => {
            return Ok(format!("{old} stays in use: there is too little to compare {new} with it on\n"));
        }
    };
    let (a, b) = (contest.champion, contest.challenger);
    let figures = format!(
        "{on}: {} right (loss {:.3}) against {} (loss {:.3}) of {old}",
        percent(b.accuracy),
        b.loss,
        percent(a.accuracy),
        a.loss
    );
    if contest.is_won() {
        return promote(registry, new, args, &format!("it is better {figures}"));
    }
    Ok(format!("{old} stays in use: {new} is no better {figures}\n"))
}

/// What was measured, for people.
fn table(id: &str, report: &Report) -> String {
    let mut text = format!("model {id}, of {}\n\n", counted(report.resources, "resource", "resources"));
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
                "{} of resources, {} right",
                percent(threshold.coverage),
                percent(threshold.precision.share)
            )
        }
        _ => "none".to_owned(),
    }
}
