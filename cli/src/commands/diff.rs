//! `tagpol diff`

use std::path::{Path, PathBuf};

use tagpol_app::comparison::{Side, compare};
use tagpol_app::evaluation::diff::{Diff, Limits};
use tagpol_app::inventory::{self, InventorySource, OpenedInventory};
use tagpol_app::report::diff::{json, markdown, pretty};
use tagpol_app::settings::FailOn;
use tagpol_app::state::StateStore;

use crate::args::{DiffArgs, DiffFormat};
use crate::context::{RunContext, context};
use crate::failure::{Exit, Failure};
use crate::files::write_whole;
use crate::git::{Checkout, Range, Repository};
use crate::inventory::named;
use crate::output::Output;
use crate::project::{self, Project, root_of, with_diagnostics};
use crate::state;
use crate::targets::format_of_extension;

/// Findings of each check and moves of each tag that are shown to people.
const SHOWN: Limits = Limits { findings: Some(3), moves: Some(5) };
/// The same in a comment, where they are folded.
const FOLDED: Limits = Limits { findings: Some(20), moves: Some(20) };

pub(crate) fn run(args: &DiffArgs, output: &mut Output) -> Result<Exit, Failure> {
    let context = RunContext {
        threads: args.threads.map(usize::from),
        text_limit: args.limits.text_limit(),
        ..context(args.now)
    };
    let format = format(args)?;
    let Comparison { before, after, first, second, state, checkouts: _checkouts } =
        Comparison::of(args, &context, output)?;
    let second = second.as_ref().unwrap_or(&first);
    let (before, after) = ((&before, &first.snapshot), (&after, &second.snapshot));
    let found = compare(before, after, state.as_ref(), limits(args, format), &context)?;
    show(args, format, &found, output)?;
    let gate = args.fail_on.map(FailOn::from).and_then(FailOn::severity);
    Ok(if gate.is_some_and(|gate| found.worsens_at(gate)) { Exit::Findings } else { Exit::Success })
}

/// Returns the requested format, else the usual one of the extension of the file.
fn format(args: &DiffArgs) -> Result<DiffFormat, Failure> {
    let known =
        [("md", DiffFormat::Markdown), ("markdown", DiffFormat::Markdown), ("json", DiffFormat::Json)];
    match args.format {
        Some(format) => Ok(format),
        None => format_of_extension(args.output.as_deref(), &known, DiffFormat::Pretty),
    }
}

fn limits(args: &DiffArgs, format: DiffFormat) -> Limits {
    match format {
        DiffFormat::Pretty if !args.all => SHOWN,
        DiffFormat::Markdown if !args.all => FOLDED,
        _ => Limits::default(),
    }
}

fn show(args: &DiffArgs, format: DiffFormat, found: &Diff, output: &mut Output) -> Result<(), Failure> {
    let text = match format {
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
    first: OpenedInventory,
    /// None: the same.
    second: Option<OpenedInventory>,
    /// What both remember: were it not the same, differences would not be those of the policies.
    state: Option<StateStore>,
    /// Where the files of revisions are: their tables are read when they are evaluated.
    checkouts: Vec<Checkout>,
}

/// Opens and checks one side.
fn side(
    path: Option<&Path>,
    label: String,
    context: &RunContext,
    output: &mut Output,
) -> Result<Side, Failure> {
    let project = project::open(path, context)?;
    Side::new(project, label.clone(), context).or_else(|failed| {
        let (error, project) = *failed;
        let shown = with_diagnostics(Err(error), &project, output);
        output.note(&format!("these are the policies of {label}\n"));
        shown
    })
}

impl Comparison {
    fn of(args: &DiffArgs, context: &RunContext, output: &mut Output) -> Result<Self, Failure> {
        let snapshots = args.source.snapshot.as_deref().and_then(two_snapshots);
        match (args.paths.as_slice(), &args.rev, snapshots) {
            ([before, after], None, None) => Self::of_folders(args, [before, after], context, output),
            ([] | [_], Some(rev), None) => Self::of_revisions(args, rev, context, output),
            ([] | [_], None, Some(ids)) => Self::of_snapshots(args, ids, context, output),
            ([] | [_], None, None) => Err(Failure::usage("there is nothing to compare").help(
                "name two revisions (`--rev main..HEAD`), two snapshots (`--snapshot A..B`), or two folders of policies",
            )),
            _ => Err(Failure::usage("only one of two folders, `--rev` and `--snapshot A..B` can be compared")),
        }
    }

    fn of_folders(
        args: &DiffArgs,
        [before, after]: [&PathBuf; 2],
        context: &RunContext,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let mut load = |path: &PathBuf| side(Some(path), path.display().to_string(), context, output);
        let (before, after) = (load(before)?, load(after)?);
        let first = inventory::open(after.project(), &named(&args.source)?.source, context)?;
        let state = remembered(args, &[after.project(), before.project()], context)?;
        Ok(Self { before, after, first, second: None, state, checkouts: Vec::new() })
    }

    fn of_revisions(
        args: &DiffArgs,
        rev: &str,
        context: &RunContext,
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
        // The manifest as it is now names the inventory and the state store.
        let here = project::open(path, context)?;
        let first = inventory::open(&here, &named(&args.source)?.source, context)?;
        let file = path.filter(|path| path.is_file());
        let mut of_commit = |(commit, name): (String, String)| {
            let short: String = commit.chars().take(8).collect();
            let checkout: Checkout = repository.check_out(&commit, file)?;
            let side = side(Some(&checkout.path), format!("{name} ({short})"), context, output)?;
            Ok::<_, Failure>((side, checkout))
        };
        let (before, checkout) = of_commit(from)?;
        let mut checkouts = vec![checkout];
        let after = match to {
            Some(to) => {
                let (after, checkout) = of_commit(to)?;
                checkouts.push(checkout);
                after
            }
            None => side(path, "the working tree".to_owned(), context, output)?,
        };
        Ok(Self {
            before,
            after,
            first,
            second: None,
            state: remembered(args, &[&here], context)?,
            checkouts,
        })
    }

    fn of_snapshots(
        args: &DiffArgs,
        (from, to): (String, String),
        context: &RunContext,
        output: &mut Output,
    ) -> Result<Self, Failure> {
        let path = args.paths.first().map(PathBuf::as_path);
        let mut load = || side(path, String::new(), context, output);
        let (mut before, mut after) = (load()?, load()?);
        let import = (&args.source.import).into();
        let source = InventorySource { import, ..InventorySource::default() };
        let open = |id: String| {
            let source = InventorySource { snapshot: Some(id), ..source.clone() };
            inventory::open(after.project(), &source, context)
        };
        let (first, second) = (open(from)?, open(to)?);
        before.set_label(format!("snapshot {}", first.snapshot.id()));
        after.set_label(format!("snapshot {}", second.snapshot.id()));
        let state = remembered(args, &[after.project()], context)?;
        Ok(Self { before, after, first, second: Some(second), state, checkouts: Vec::new() })
    }
}

/// Returns the first state store that exists, else where the first project would have one.
fn remembered(
    args: &DiffArgs,
    projects: &[&Project],
    context: &RunContext,
) -> Result<Option<StateStore>, Failure> {
    let access = state::access(&args.state);
    let mut stores = Vec::new();
    for project in projects {
        stores.extend(access.store_of(project, context)?);
    }
    Ok(stores.iter().find(|store| store.exists()).or(stores.first()).cloned())
}

/// `A..B`, where neither side is empty and the dots are not those of a path.
fn two_snapshots(text: &str) -> Option<(String, String)> {
    let (from, to) = text.split_once("..").filter(|(from, to)| {
        !from.is_empty() && !from.ends_with('/') && !to.is_empty() && !to.starts_with('/')
    })?;
    Some((from.to_owned(), to.to_owned()))
}
