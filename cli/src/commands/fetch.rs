//! `tagpol snapshot fetch`

use std::path::{Path, PathBuf};

use tagpol_app::inventory::ImportSettings;
use tagpol_app::settings::Jail;
use tagpol_collect::{AwsOptions, fetch_aws};

use super::snapshot::import_into;
use crate::args::{Cloud, FetchArgs};
use crate::failure::{Exit, Failure};
use crate::files::{self, write_whole_with};
use crate::output::Output;
use crate::progress::Bar;

/// Fetches the resources of a cloud, and imports them with the files that they shall be joined with.
pub(super) fn run(
    folder: &Path,
    args: &FetchArgs,
    settings: &ImportSettings,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let scratch = files::scratch()?;
    let Cloud::Aws = args.cloud;
    let options =
        AwsOptions { profile: args.profile.clone(), regions: args.region.clone(), types: args.types.clone() };
    let mut bar = Bar::endless(output.is_watched());
    let fetched = fetch_aws(&options, scratch.path(), &mut |fetched| {
        bar.say(format!("fetching {}, {} resources", fetched.region, fetched.resources));
    });
    drop(bar);
    let fetched = fetched.map_err(|error| match (Failure::engine(error.to_string()), error.help()) {
        (failure, Some(help)) => failure.help(help),
        (failure, None) => failure,
    })?;
    let kept = folder.with_file_name("fetched");
    let jail = Jail::new(kept.parent().unwrap_or(folder));
    jail.folder(&kept)?;
    for file in &fetched {
        jail.target(&kept.join(file.file_name().unwrap_or_default()))?;
    }
    let kept = keep(&fetched, &kept)?;
    let files: Vec<PathBuf> = args.with.iter().cloned().chain(kept).collect();
    import_into(folder, &files, settings, output)
}

/// Copies whole files into a folder, over those of an earlier time; returns where they are.
fn keep(files: &[PathBuf], folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| Failure::io("make", folder, &error))?;
    let copy = |file: &PathBuf| {
        let kept = folder.join(file.file_name().unwrap_or_default());
        write_whole_with(&kept, |out| std::io::copy(&mut std::fs::File::open(file)?, out).map(|_| ()))?;
        Ok(kept)
    };
    files.iter().map(copy).collect()
}
