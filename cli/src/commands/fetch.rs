//! `tagpol snapshot fetch`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tagpol_app::clouds::{AwsOptions, AzureOptions, DryRun, GcpOptions, Since};
use tagpol_app::fetch::{self, KeptFiles};
use tagpol_app::inventory::{ImportSettings, SourceCoverage};

use super::snapshot::{find, import_into};
use super::snapshot_diff;
use crate::args::{AwsArgs, AzureArgs, Cloud, CommonFetchArgs, FetchArgs, GcpArgs};
use crate::context::{context, partial_coverage};
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::progress::Bar;

/// Whether everything is listed, or only what changed since the last fetch, where the cloud reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    All,
    Changes,
}

/// Fetches the resources of a cloud, and imports them with the files that they shall be joined with.
pub(super) fn run(
    folder: &Path,
    args: &FetchArgs,
    settings: &ImportSettings,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let (common, plan) = (args.common(), plan(args)?);
    if common.dry_run {
        return show(&plan.cloud.dry_run()?, output);
    }
    plan.check()?;
    // Without it, there is nothing to compare with.
    let former = match common.since.as_deref() {
        None => None,
        Some("") => Some(find(folder, None)?),
        Some(id) => Some(find(folder, Some(id))?),
    };
    // The snapshot is of the time from which on it needs events: nothing that is listed is older.
    let begin = context(None).now;
    let mode = if former.is_some() { Mode::Changes } else { Mode::All };
    let KeptFiles { files, coverage, .. } = fetch(&plan, folder, mode, output)?;
    let files: Vec<PathBuf> = common.with.iter().cloned().chain(files).collect();
    import_into(folder, &files, settings, begin, output)?;
    note_optional(&coverage, output);
    if let Some(former) = former {
        let (former, format) = (former.dir().display().to_string(), (None, false));
        output.print("\n")?;
        snapshot_diff::run(folder, (Some(&former), None), format, output)?;
    }
    partial(&coverage, common)
}

/// A cloud with what is fetched of it.
pub(super) struct Plan {
    cloud: fetch::Cloud,
}

impl Plan {
    /// Fails if the options are wrong; requests nothing.
    pub(super) fn check(&self) -> Result<(), Failure> {
        self.cloud.dry_run()?;
        Ok(())
    }
}

/// Returns what is fetched, after the files that it is joined with are found.
pub(super) fn plan(args: &FetchArgs) -> Result<Plan, Failure> {
    args.common().with.iter().try_for_each(|path| check_file(path))?;
    let cloud = match &args.cloud {
        Cloud::Aws(args) => fetch::Cloud::Aws(aws(args)),
        Cloud::Azure(args) => fetch::Cloud::Azure(azure(args)),
        Cloud::Gcp(args) => fetch::Cloud::Gcp(gcp(args)),
    };
    Ok(Plan { cloud })
}

/// Fetches the resources of a cloud; an error if nothing at all could be listed.
pub(super) fn fetch(
    plan: &Plan,
    folder: &Path,
    mode: Mode,
    output: &mut Output,
) -> Result<KeptFiles, Failure> {
    let bar = Arc::new(Mutex::new(Bar::endless(output.is_watched())));
    let shared = Arc::clone(&bar);
    let progress = Arc::new(move |place: &str, resources: u64| {
        let mut bar = shared.lock().unwrap_or_else(PoisonError::into_inner);
        bar.say(format!("fetching {place}, {resources} resources"));
    });
    let fetched = match mode {
        Mode::All => plan.cloud.fetch(folder, progress),
        Mode::Changes => plan.cloud.fetch_changes(folder, progress),
    };
    drop(bar);
    let kept = fetched?;
    if kept.files.is_empty() {
        return Err(nothing(&kept.coverage));
    }
    match &kept.since {
        None => {}
        Some(Since::Changes(time)) => {
            let time = time.format("%Y-%m-%d %H:%M:%S UTC");
            output.note(&format!("read what changed since the fetch of {time}\n"));
        }
        Some(Since::Whole(reason)) => output.note(&format!("listed everything again: {reason}\n")),
    }
    Ok(kept)
}

/// Fails if a file to join with is not there, before anything is requested.
fn check_file(path: &Path) -> Result<(), Failure> {
    if path.exists() || path.to_string_lossy().contains(['*', '?', '[']) {
        return Ok(());
    }
    let name = |path: &Path| path.file_name().map(|name| name.to_string_lossy().into_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let others: Vec<String> = std::fs::read_dir(folder)
        .map(|entries| entries.flatten().filter_map(|entry| name(&entry.path())).collect())
        .unwrap_or_default();
    let wanted = name(path).unwrap_or_default();
    let near = tagpol_app::clouds::nearest(&wanted, others.iter().map(String::as_str));
    let near = near.map(|near| path.with_file_name(near).display().to_string());
    Err(Failure::usage(format!("there is no file `{}`", path.display()))
        .closest_or(near.as_deref(), "`--with` joins a bill or an export with the fetched resources"))
}

fn aws(args: &AwsArgs) -> AwsOptions {
    AwsOptions {
        profile: args.profile.clone(),
        regions: args.region.clone(),
        types: args.types.clone(),
        sources: args.source.clone(),
        role: args.role.clone(),
        accounts: args.account.clone(),
        aggregator: args.aggregator.clone(),
        attempts: args.common.attempts,
    }
}

fn azure(args: &AzureArgs) -> AzureOptions {
    AzureOptions {
        subscriptions: args.subscription.clone(),
        types: args.types.clone(),
        endpoint: args.endpoint.clone(),
        attempts: args.common.attempts,
        former: None,
    }
}

fn gcp(args: &GcpArgs) -> GcpOptions {
    GcpOptions {
        scope: args.scope.clone(),
        types: args.types.clone(),
        endpoint: args.endpoint.clone(),
        attempts: args.common.attempts,
    }
}

/// Shows the requests on standard error, and the policies that allow them on standard output, so that these can be
/// written to a file.
fn show(dry_run: &DryRun, output: &mut Output) -> Result<Exit, Failure> {
    let mut text = String::from("nothing is requested now; a fetch makes these requests\n");
    for (when, calls) in &dry_run.steps {
        let _ = writeln!(text, "  {when}");
        for call in calls {
            let _ = writeln!(text, "    {call}");
        }
    }
    output.note(&text);
    for grant in &dry_run.grants {
        output.note(&format!("{}\n", grant.title));
        output.print(&grant.text)?;
    }
    Ok(Exit::Success)
}

/// The failure of a fetch that read nothing at all.
fn nothing(coverage: &[SourceCoverage]) -> Failure {
    let mut reasons: Vec<String> =
        coverage.iter().filter(|part| !part.is_whole()).map(ToString::to_string).collect();
    reasons.dedup();
    let more = reasons.len().saturating_sub(3);
    reasons.truncate(3);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let failure = Failure::engine(format!("nothing could be listed: {}{more}", reasons.join("; ")));
    match coverage.iter().find_map(|part| part.help.as_ref().filter(|_| part.is_deficient())) {
        Some(help) => failure.help(help),
        None => failure,
    }
}

/// Mentions sources that would list more, if they were enabled.
fn note_optional(coverage: &[SourceCoverage], output: &mut Output) {
    for part in coverage.iter().filter(|part| !part.is_whole() && !part.is_deficient()) {
        let help = part.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        output.note(&format!("note: {part}{help}\n"));
    }
}

/// Fails if something was not listed, after it is shown.
pub(super) fn not_whole(coverage: &[SourceCoverage], output: &mut Output) -> Result<(), Failure> {
    let deficient: Vec<&SourceCoverage> = coverage.iter().filter(|part| part.is_deficient()).collect();
    for part in &deficient {
        output.note(&partial_coverage(part));
    }
    match deficient.len() as u64 {
        0 => Ok(()),
        count => {
            let listings = counted(count, "listing is", "listings are");
            Err(Failure::engine(format!("{listings} not whole, so that findings cannot be compared"))
                .help("`--allow-partial` in the line of `--fetch` accepts it"))
        }
    }
}

/// Fails if not everything was listed, unless that is allowed.
fn partial(coverage: &[SourceCoverage], common: &CommonFetchArgs) -> Result<Exit, Failure> {
    let deficient = coverage.iter().filter(|part| part.is_deficient()).count() as u64;
    if deficient == 0 || common.allow_partial {
        return Ok(Exit::Success);
    }
    let listings = counted(deficient, "listing is", "listings are");
    Err(Failure::engine(format!("{listings} not whole; the snapshot has what was listed"))
        .help("`tagpol snapshot show` lists what is missing; `--allow-partial` accepts it"))
}
