//! `tagpol snapshot fetch`

use std::fmt::Write as _;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tagpol_app::files::Scratch;
use tagpol_app::inventory::{ImportSettings, SourceCoverage};
use tagpol_app::settings::Jail;
use tagpol_collect::{
    AwsOptions, AzureOptions, CollectError, DryRun, Fetched, GcpOptions, dry_run_aws, dry_run_azure,
    dry_run_gcp, fetch_aws, fetch_azure, fetch_gcp,
};

use super::snapshot::import_into;
use crate::args::{AwsArgs, AzureArgs, Cloud, CommonFetchArgs, FetchArgs, GcpArgs};
use crate::failure::{Exit, Failure};
use crate::files;
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
    let cloud = Selected::of(args);
    if common.dry_run {
        return show(&cloud.dry_run().map_err(failure)?, output);
    }
    let scratch = files::scratch()?;
    let bar = Arc::new(Mutex::new(Bar::endless(output.is_watched())));
    let shared = Arc::clone(&bar);
    let progress = Arc::new(move |place: &str, resources: u64| {
        let mut bar = shared.lock().unwrap_or_else(PoisonError::into_inner);
        bar.say(format!("fetching {place}, {resources} resources"));
    });
    let fetched = cloud.fetch(scratch.path(), progress);
    drop(bar);
    let fetched = fetched.map_err(failure)?;
    if fetched.files.is_empty() {
        return Err(nothing(&fetched.coverage));
    }
    let kept = keep(scratch.path(), &folder.with_file_name("fetched"), cloud.name())?;
    let names = fetched.files.iter().map(|file| kept.join(file.file_name().unwrap_or_default()));
    let files: Vec<PathBuf> = common.with.iter().cloned().chain(names).collect();
    import_into(folder, &files, settings, output)?;
    note_optional(&fetched.coverage, output);
    partial(&fetched.coverage, common)
}

/// The cloud with its options.
enum Selected {
    Aws(AwsOptions),
    Azure(AzureOptions),
    Gcp(GcpOptions),
}

impl Selected {
    fn of(args: &FetchArgs) -> Self {
        match &args.cloud {
            Cloud::Aws(args) => Self::Aws(aws(args)),
            Cloud::Azure(args) => Self::Azure(azure(args)),
            Cloud::Gcp(args) => Self::Gcp(gcp(args)),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::Aws(_) => "aws",
            Self::Azure(_) => "azure",
            Self::Gcp(_) => "gcp",
        }
    }

    fn dry_run(&self) -> Result<DryRun, CollectError> {
        match self {
            Self::Aws(options) => dry_run_aws(options),
            Self::Azure(options) => dry_run_azure(options),
            Self::Gcp(options) => dry_run_gcp(options),
        }
    }

    fn fetch(&self, folder: &Path, progress: tagpol_collect::Progress) -> Result<Fetched, CollectError> {
        match self {
            Self::Aws(options) => fetch_aws(options, folder, progress),
            Self::Azure(options) => fetch_azure(options, folder, progress),
            Self::Gcp(options) => fetch_gcp(options, folder, progress),
        }
    }
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

fn failure(error: CollectError) -> Failure {
    let message = error.to_string();
    let failure = match &error {
        CollectError::Options(_) => Failure::usage(message),
        _ => Failure::engine(message),
    };
    match error.help() {
        Some(help) => failure.help(help),
        None => failure,
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

/// Moves the files of a fetch into the folder of the cloud, all at once, in place of those of an earlier time; returns
/// the folder.
fn keep(from: &Path, fetched: &Path, cloud: &str) -> Result<PathBuf, Failure> {
    let jail = Jail::new(fetched.parent().unwrap_or(fetched));
    let kept = fetched.join(cloud);
    jail.folder(&kept)?;
    std::fs::create_dir_all(fetched).map_err(|error| Failure::io("make", fetched, &error))?;
    // Next to its place, so that it can be renamed.
    let scratch = Scratch::inside(fetched).map_err(|error| Failure::io("make", fetched, &error))?;
    let (new, old) = (scratch.path().join("new"), scratch.path().join("old"));
    copy_files(from, &new).map_err(|error| Failure::io("write", &kept, &error))?;
    if kept.exists() {
        std::fs::rename(&kept, &old).map_err(|error| Failure::io("replace", &kept, &error))?;
    }
    std::fs::rename(&new, &kept).map_err(|error| Failure::io("write", &kept, &error))?;
    Ok(kept)
}

/// Copies the files of a folder into a new one.
fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    std::fs::create_dir(to)?;
    for entry in std::fs::read_dir(from)? {
        let entry = entry?;
        // The mark of the scratch folder is hidden.
        if entry.file_type()?.is_file() && !entry.file_name().as_encoded_bytes().starts_with(b".") {
            std::fs::copy(entry.path(), to.join(entry.file_name()))?;
        }
    }
    Ok(())
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
