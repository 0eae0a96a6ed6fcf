//! `tagpol watch`: fetches on an interval, and shows which findings are new and which are closed.
//!
//! A round either fetches everything that was requested and evaluates it, or it fails and changes nothing: what a cut-off
//! listing lacks would look closed.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::Utc;
use tagpol_app::comparison::{Side, compare};
use tagpol_app::evaluation::diff::{Change, Diff, Limits};
use tagpol_app::inventory::{ImportSettings, InventorySource, Snapshot, import_files, newest};
use tagpol_app::settings::FailOn;
use tagpol_app::{EvaluateRequest, Workspace};
use tagpol_sink::terminal::line as line_of;

use super::fetch::{Mode, fetch, not_whole, plan};
use crate::args::WatchArgs;
use crate::context::{RunContext, context};
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::project::{self, root_and_manifest, with_diagnostics};
use crate::{inference, interrupt, state};

/// Findings of each check that are listed.
const LISTED: usize = 20;

/// How many times as long as usual the pause is at most, after several rounds failed.
const LONGEST: u32 = 8;

pub(crate) fn run(args: &WatchArgs, output: &mut Output) -> Result<Exit, Failure> {
    // Mistakes in the options end the command before it begins to wait.
    for fetch in &args.fetch {
        plan(fetch)?.check()?;
    }
    root_and_manifest(args.path.as_deref())?;
    if args.once {
        return Round::new(args).run(output);
    }
    interrupt::ends_with_success();
    let (mut round, mut failures) = (Round::new(args), 0_u32);
    loop {
        let began = Instant::now();
        match round.run(output) {
            Ok(_) => failures = 0,
            Err(failure) if failure.exit() == Exit::Interrupted => return Ok(Exit::Success),
            Err(failure) => {
                failures = failures.saturating_add(1);
                output.failure(&failure);
            }
        }
        let pause = pause(args.every, failures).saturating_sub(began.elapsed());
        let next = Utc::now() + pause;
        output.note(&format!("next fetch at {}; Ctrl-C ends\n", next.format("%Y-%m-%d %H:%M:%S UTC")));
        std::thread::sleep(pause);
    }
}

/// Returns the time between the beginnings of two rounds: it doubles with each further failure.
fn pause(every: Duration, failures: u32) -> Duration {
    let times = 1_u32.checked_shl(failures.saturating_sub(1)).unwrap_or(LONGEST);
    every.saturating_mul(times.min(LONGEST))
}

/// What rounds have in common.
struct Round<'a> {
    args: &'a WatchArgs,
    /// Snapshots that earlier rounds made, the oldest first.
    made: VecDeque<Snapshot>,
}

impl<'a> Round<'a> {
    fn new(args: &'a WatchArgs) -> Self {
        Self { args, made: VecDeque::new() }
    }

    /// Fetches, evaluates, and shows what changed.
    fn run(&mut self, output: &mut Output) -> Result<Exit, Failure> {
        let context = context(None);
        let path = self.args.path.as_deref();
        let (root, manifest) = root_and_manifest(path)?;
        let folder = manifest.snapshots_in(&root)?;
        // Another import in the meantime is nothing that changed in a cloud.
        let fetched = |snapshot: &Snapshot| !snapshot.manifest().coverage.is_empty();
        let before = match self.made.back() {
            Some(before) => Some(before.clone()),
            None => newest(&folder)?.filter(fetched),
        };
        let first = self.args.fetch.first().map(|fetch| &fetch.common().import);
        let settings = ImportSettings {
            rates: manifest.rates.clone(),
            columns: manifest.columns.clone(),
            keep: manifest.keep.clone(),
            ..first.map_or_else(ImportSettings::default, Into::into)
        };
        let files = self.files(&folder, output)?;
        let after = import_files(&files, &settings, context.now, &folder, &context)?;
        let open = self.evaluate(&after, &context, output)?;
        let resources = counted(after.manifest().counts.resources, "resource", "resources");
        let time = context.now.format("%Y-%m-%d %H:%M:%S UTC");
        let open = counted(open, "open finding", "open findings");
        output.print(&format!("{time}  {resources}, {open}  (snapshot {})\n", after.id()))?;
        let exit = match before {
            None => Exit::Success,
            // The same resources within the same second: the same snapshot.
            Some(before) if before.id() == after.id() => {
                output.print(UNCHANGED)?;
                Exit::Success
            }
            Some(before) => {
                let found = self.compare(&before, &after, &context, output)?;
                output.print(&changes(&found))?;
                let asked = self.args.fail_on.map(FailOn::from);
                let gate = asked.or(manifest.fail_on).unwrap_or(FailOn::Low).severity();
                let worsens = gate.is_some_and(|gate| found.worsens_at(gate));
                if worsens { Exit::Findings } else { Exit::Success }
            }
        };
        self.made.push_back(after);
        while self.made.len() > usize::from(self.args.keep) {
            self.made.pop_front().map(Snapshot::remove).transpose().map_err(tagpol_app::AppError::from)?;
        }
        Ok(exit)
    }

    /// Fetches everything that is requested; returns the files to import.
    fn files(&self, folder: &Path, output: &mut Output) -> Result<Vec<PathBuf>, Failure> {
        let mut files = Vec::new();
        for args in &self.args.fetch {
            let common = args.common();
            let kept = fetch(&plan(args)?, folder, Mode::Changes, output)?;
            if !common.allow_partial {
                not_whole(&kept.coverage, output)?;
            }
            files.extend(common.with.iter().cloned().chain(kept.files));
        }
        Ok(files)
    }

    /// Evaluates a snapshot, and records the run; returns the number of open findings.
    fn evaluate(
        &self,
        snapshot: &Snapshot,
        context: &RunContext,
        output: &mut Output,
    ) -> Result<u64, Failure> {
        let project = project::open(self.args.path.as_deref(), context)?;
        let source = source(snapshot);
        let opened = Workspace::open(&project, &source, &state_access(), context);
        let workspace = with_diagnostics(opened, &project, output)?;
        inference::refresh(workspace.program(), workspace.snapshot(), workspace.options(), context, output)?;
        let request = EvaluateRequest { record: true, ..EvaluateRequest::default() };
        let evaluated = workspace.evaluate(&request)?;
        if let Some(Err(error)) = evaluated.details.record {
            output.note(&format!("warning: this run is not recorded: {error}\n"));
        }
        Ok(evaluated.evaluation.summary.open.iter().sum())
    }

    fn compare(
        &self,
        before: &Snapshot,
        after: &Snapshot,
        context: &RunContext,
        output: &mut Output,
    ) -> Result<Diff, Failure> {
        let side = |snapshot: &Snapshot, output: &mut Output| {
            let project = project::open(self.args.path.as_deref(), context)?;
            Side::new(project, snapshot.id().to_owned(), context).or_else(|failed| {
                let (error, project) = *failed;
                with_diagnostics(Err(error), &project, output)
            })
        };
        let (first, second) = (side(before, output)?, side(after, output)?);
        let state = state_access().store_of(second.project(), context)?;
        let limits = Limits { findings: Some(LISTED), moves: Some(0) };
        Ok(compare((&first, before), (&second, after), state.as_ref(), limits, context)?)
    }
}

fn source(snapshot: &Snapshot) -> InventorySource {
    InventorySource { snapshot: Some(snapshot.dir().display().to_string()), ..InventorySource::default() }
}

fn state_access() -> tagpol_app::StateAccess {
    state::always(&crate::args::WaitArgs { wait: None })
}

const UNCHANGED: &str = "  no finding is new, and none is closed\n";

/// The findings that are new or closed, a line each.
fn changes(found: &Diff) -> String {
    let [entered, left, _] = found.totals();
    if entered == 0 && left == 0 {
        return UNCHANGED.to_owned();
    }
    let mut text = format!("  {entered} new, {left} closed\n");
    for check in &found.checks {
        let mut listed = 0;
        for finding in &check.findings {
            let sign = match finding.change {
                Change::Entered => '+',
                Change::Left => '-',
                Change::Changed => continue,
            };
            listed += 1;
            let (severity, resource) = (check.severity().as_str(), line_of(&finding.resource));
            let _ = writeln!(text, "  {sign} {severity}  {}/{}  {resource}", check.policy, check.check);
        }
        let more = (check.entered + check.left).saturating_sub(listed);
        if more > 0 {
            let _ = writeln!(
                text,
                "    … and {more} more of {}/{}: `tagpol diff --snapshot A..B --all`",
                check.policy, check.check
            );
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_with_failures() {
        let every = Duration::from_secs(60);
        let pauses: Vec<u64> = (0..7).map(|failures| pause(every, failures).as_secs()).collect();
        assert_eq!(pauses, [60, 60, 120, 240, 480, 480, 480]);
        assert_eq!(pause(every, u32::MAX).as_secs(), 480);
    }
}
