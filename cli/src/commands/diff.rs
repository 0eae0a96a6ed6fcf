//! `tagpol diff`

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_eval::Options;
use tagpol_eval::diff::{Diff, Limits, Subject, diff};
use tagpol_inventory::Snapshot;
use tagpol_project::FailOn;
use tagpol_report::diff::{json, markdown, pretty};
use tagpol_sema::program::Program;
use tagpol_store::state::StateStore;

use super::clock;
use crate::args::{DiffArgs, DiffFormat, SourceArgs};
use crate::failure::{Exit, Failure};
use crate::files::{self, write_whole};
use crate::git::{Checkout, Range, Repository};
use crate::inventory::{self, Opened};
use crate::output::Output;
use crate::project::{Project, root_of};
use crate::state;

/// Findings of each check and moves of each tag that are shown to people.
const SHOWN: Limits = Limits { findings: Some(3), moves: Some(5) };
/// The same in a comment, where they are folded.
const FOLDED: Limits = Limits { findings: Some(20), moves: Some(20) };

pub(crate) fn run(args: &DiffArgs, output: &mut Output) -> Result<Exit, Failure> {
    let now = clock(args.now);
    let comparison = Comparison::of(args, now, output)?;
    let scratch = files::scratch()?;
    let options = |side: &Side| Options {
        threads: args.threads.map(usize::from),
        temp_dir: Some(scratch.path().to_owned()),
        rates: side.project.manifest.rates.clone(),
        state: comparison.state.clone(),
        text_limit: args.limits.text_limit(),
        ..Options::at(now)
    };
    let Comparison { before, after, first, second, state: _ } = &comparison;
    let (before_options, after_options) = (options(before), options(after));
    let second = second.as_ref().unwrap_or(first);
    let found = diff(
        before.subject(&first.snapshot, &before_options),
        after.subject(&second.snapshot, &after_options),
        limits(args),
    )?;
    show(args, &found, output)?;
    let gate = args.fail_on.map(FailOn::from).and_then(FailOn::severity);
    Ok(if gate.is_some_and(|gate| found.worsens_at(gate)) { Exit::Findings } else { Exit::Success })
}

/// Returns the form that is asked for, else the usual one of the file's extension.
fn format(args: &DiffArgs) -> DiffFormat {
    let extension = args.output.as_deref().and_then(Path::extension).and_then(|extension| extension.to_str());
    args.format.unwrap_or(match extension {
        Some("md" | "markdown") => DiffFormat::Markdown,
        Some("json") => DiffFormat::Json,
        _ => DiffFormat::Pretty,
    })
}

fn limits(args: &DiffArgs) -> Limits {
    match format(args) {
        DiffFormat::Pretty if !args.all => SHOWN,
        DiffFormat::Markdown if !args.all => FOLDED,
        _ => Limits::default(),
    }
}

fn show(args: &DiffArgs, found: &Diff, output: &mut Output) -> Result<(), Failure> {
    let text = match format(args) {
        DiffFormat::Pretty => return output.deliver(&pretty(found), args.output.as_deref()),
        DiffFormat::Markdown => markdown(found),
        DiffFormat::Json => json(found).map_err(|error| Failure::engine(error.to_string()))?,
    };
    match &args.output {
        None => output.print_exactly(&text),
        Some(path) => write_whole(path, &text),
    }
}

/// Two sides, and what they are compared over.
struct Comparison {
    before: Side,
    after: Side,
    first: Opened,
    /// None: the same.
    second: Option<Opened>,
    /// What both remember: were it not the same, differences would not be those of the policies.
    state: Option<StateStore>,
}

/// A version of the policies.
struct Side {
    label: String,
    program: Program,
    project: Project,
    /// Where its files are for as long as it is needed.
    _checkout: Option<Checkout>,
}

impl Side {
    fn load(
        path: Option<&Path>,
        label: String,
        checkout: Option<Checkout>,
        now: DateTime<Utc>,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let mut project = Project::load(path)?;
        project.set_now(now);
        let program = project.program_to_evaluate(output).inspect_err(|_| {
            output.note(&format!("these are the policies of {label}\n"));
        })?;
        Ok(Self { label, program, project, _checkout: checkout })
    }

    fn subject<'a>(&'a self, snapshot: &'a Snapshot, options: &'a Options) -> Subject<'a> {
        Subject { label: &self.label, program: &self.program, snapshot, options }
    }
}

impl Comparison {
    fn of(args: &DiffArgs, now: DateTime<Utc>, output: &mut Output) -> Result<Self, Failure> {
        let snapshots = args.source.snapshot.as_deref().and_then(two_snapshots);
        match (args.paths.as_slice(), &args.rev, snapshots) {
            ([before, after], None, None) => Self::of_folders(args, [before, after], now, output),
            ([] | [_], Some(rev), None) => Self::of_revisions(args, rev, now, output),
            ([] | [_], None, Some(ids)) => Self::of_snapshots(args, ids, now, output),
            ([] | [_], None, None) => Err(Failure::usage("there is nothing to compare").help(
                "name two revisions (`--rev main..HEAD`), two snapshots (`--snapshot A..B`), or two folders of policies",
            )),
            _ => Err(Failure::usage("only one of two folders, `--rev` and `--snapshot A..B` can be compared")),
        }
    }

    fn of_folders(
        args: &DiffArgs,
        [before, after]: [&PathBuf; 2],
        now: DateTime<Utc>,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let mut load = |path: &PathBuf| Side::load(Some(path), path.display().to_string(), None, now, output);
        let (before, after) = (load(before)?, load(after)?);
        let first = inventory::open(&after.project, &args.source, now, output)?;
        let state = remembered(args, &[&after.project, &before.project])?;
        Ok(Self { before, after, first, second: None, state })
    }

    fn of_revisions(
        args: &DiffArgs,
        rev: &str,
        now: DateTime<Utc>,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let path = args.paths.first().map(PathBuf::as_path);
        let repository = Repository::around(&root_of(path))?;
        let (from, to) = match Range::parse(rev)? {
            Range::Two(a, b) => ((repository.resolve(&a)?, a), Some((repository.resolve(&b)?, b))),
            Range::Branch(a, b) => {
                let base = (repository.merge_base(&a, &b)?, format!("the base of {a} and {b}"));
                (base, Some((repository.resolve(&b)?, b)))
            }
            Range::WorkTree(a) => ((repository.resolve(&a)?, a), None),
        };
        // Where the inventory and the state store are is told by the manifest as it is now.
        let here = Project::load(path)?;
        let first = inventory::open(&here, &args.source, now, output)?;
        let file = path.filter(|path| path.is_file());
        let mut side = |(commit, name): (String, String)| {
            let short: String = commit.chars().take(8).collect();
            let checkout = repository.check_out(&commit, file)?;
            let path = checkout.path.clone();
            Side::load(Some(&path), format!("{name} ({short})"), Some(checkout), now, output)
        };
        let before = side(from)?;
        let after = match to {
            Some(to) => side(to)?,
            None => Side::load(path, "the files as they are".to_owned(), None, now, output)?,
        };
        Ok(Self { before, after, first, second: None, state: remembered(args, &[&here])? })
    }

    fn of_snapshots(
        args: &DiffArgs,
        (from, to): (String, String),
        now: DateTime<Utc>,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let path = args.paths.first().map(PathBuf::as_path);
        let load = |output: &mut Output| Side::load(path, String::new(), None, now, output);
        let (mut before, mut after) = (load(output)?, load(output)?);
        let mut open = |id: String| {
            let source = SourceArgs { snapshot: Some(id), ..args.source.clone() };
            inventory::open(&after.project, &source, now, output)
        };
        let (first, second) = (open(from)?, open(to)?);
        before.label = format!("snapshot {}", first.snapshot.id());
        after.label = format!("snapshot {}", second.snapshot.id());
        let state = remembered(args, &[&after.project])?;
        Ok(Self { before, after, first, second: Some(second), state })
    }
}

/// Returns the first state store that is there, else where the first project would have one.
fn remembered(args: &DiffArgs, projects: &[&Project]) -> Result<Option<StateStore>, Failure> {
    let stores: Result<Vec<Option<StateStore>>, Failure> =
        projects.iter().map(|project| state::of(project, &args.state)).collect();
    let stores: Vec<StateStore> = stores?.into_iter().flatten().collect();
    Ok(stores.iter().find(|store| store.exists()).or(stores.first()).cloned())
}

/// `A..B`, where neither side is empty and the dots are not those of a path.
fn two_snapshots(text: &str) -> Option<(String, String)> {
    let (from, to) = text.split_once("..").filter(|(from, to)| {
        !from.is_empty() && !from.ends_with('/') && !to.is_empty() && !to.starts_with('/')
    })?;
    Some((from.to_owned(), to.to_owned()))
}
