//! `tagpol snapshot fetch`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tagpol_app::clouds::{AwsOptions, AzureOptions, DryRun, GcpOptions};
use tagpol_app::fetch::{self, KeptFiles};
use tagpol_app::inventory::{ImportSettings, SourceCoverage};

use super::snapshot::import_into;
use crate::args::{AwsArgs, AzureArgs, Cloud, CommonFetchArgs, FetchArgs, GcpArgs};
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::progress::Bar;

/// Fetches the resources of a cloud, and imports them with the files that they shall be joined with.
pub(super) fn run(
    folder: &Path,
    args: &FetchArgs,
    settings: &ImportSettings,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let common = args.common();
    let cloud = match &args.cloud {
        Cloud::Aws(args) => fetch::Cloud::Aws(aws(args)),
        Cloud::Azure(args) => fetch::Cloud::Azure(azure(args)),
        Cloud::Gcp(args) => fetch::Cloud::Gcp(gcp(args)),
    };
    common.with.iter().try_for_each(|path| check_file(path))?;
    if common.dry_run {
        return show(&cloud.dry_run()?, output);
    }
    // The snapshot is of the time from which on it needs events: nothing that is listed is older.
    let begin = context(None).now;
    let bar = Arc::new(Mutex::new(Bar::endless(output.is_watched())));
    let shared = Arc::clone(&bar);
    let progress = Arc::new(move |place: &str, resources: u64| {
        let mut bar = shared.lock().unwrap_or_else(PoisonError::into_inner);
        bar.say(format!("fetching {place}, {resources} resources"));
    });
    let fetched = cloud.fetch(folder, progress);
    drop(bar);
    let KeptFiles { files, coverage } = fetched?;
    if files.is_empty() {
        return Err(nothing(&coverage));
    }
    let files: Vec<PathBuf> = common.with.iter().cloned().chain(files).collect();
    import_into(folder, &files, settings, begin, output)?;
    note_optional(&coverage, output);
    partial(&coverage, common)
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
