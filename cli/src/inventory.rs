//! Which resources a command works on.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_files::Scratch;
use tagpol_inventory::{Damaged, Format, ImportError, ImportOptions, Listing, Manifest, Snapshot, import};

use crate::args::{ImportArgs, SourceArgs};
use crate::failure::Failure;
use crate::files;
use crate::output::Output;
use crate::progress::Bar;
use crate::project::Project;

/// Incomplete files that a warning names.
const GAPS: usize = 3;

/// An opened snapshot, and the temporary folder that it lives in if it is not kept.
pub(crate) struct Opened {
    pub(crate) snapshot: Snapshot,
    folder: Option<Scratch>,
}

impl Opened {
    /// Whether it is still there after the run.
    pub(crate) fn is_kept(&self) -> bool {
        self.folder.is_none()
    }
}

/// Opens what the command line names, else what the manifest names, else the newest snapshot.
pub(crate) fn open(
    project: &Project,
    args: &SourceArgs,
    taken_at: DateTime<Utc>,
    output: &mut Output,
) -> Result<Opened, Failure> {
    match find(project, args, taken_at, output)? {
        Some(opened) => Ok(opened),
        None => Err(Failure::engine("there is no inventory to evaluate").help(
            "name one with `--inventory FILE`, list it in tagpol.toml (`inventory = [\"bill.csv\"]`), or import one with `tagpol snapshot import FILE`",
        )),
    }
}

/// As [`open`]; None where nothing is named and there is no snapshot.
pub(crate) fn find(
    project: &Project,
    args: &SourceArgs,
    taken_at: DateTime<Utc>,
    output: &mut Output,
) -> Result<Option<Opened>, Failure> {
    let opened = find_source(project, args, taken_at, output)?;
    if let Some(opened) = &opened {
        warn_of_gaps(opened.snapshot.manifest(), output);
        if let Some(gap) = opened.snapshot.manifest().completeness.gaps.first()
            && args.import.strict
        {
            return Err(ImportError::Incomplete { gap: Box::new(gap.clone()) }.into());
        }
    }
    Ok(opened)
}

/// Warns that files are only a part of what there is, as the first page of an answer.
pub(crate) fn warn_of_gaps(manifest: &Manifest, output: &mut Output) {
    let completeness = &manifest.completeness;
    for gap in completeness.gaps.iter().take(GAPS) {
        output.note(&format!("warning: {gap}; {}\n", gap.advice()));
    }
    let more = completeness.gap_count.saturating_sub(GAPS as u64);
    if more > 0 {
        output.note(&format!("warning: {more} more answers are incomplete\n"));
    }
}

fn find_source(
    project: &Project,
    args: &SourceArgs,
    taken_at: DateTime<Utc>,
    output: &Output,
) -> Result<Option<Opened>, Failure> {
    let kept = |snapshot: Snapshot| {
        // It may have come with the repository: what is evaluated is what was written.
        snapshot.verify()?;
        snapshot.check()?;
        Ok(Some(Opened { snapshot, folder: None }))
    };
    if let [dir] = args.inventory.as_slice()
        && dir.join("manifest.json").is_file()
    {
        return kept(Snapshot::open(dir)?);
    }
    if let Some(plan) = &args.terraform {
        let import = ImportArgs { inventory_format: Some(Format::Terraform), ..args.import.clone() };
        return import_for_now(std::slice::from_ref(plan), &import, taken_at, output).map(Some);
    }
    if let Some(id) = &args.snapshot {
        return kept(by_id(&project.snapshots()?, id)?);
    }
    let files: Vec<PathBuf> = if args.inventory.is_empty() {
        project.manifest.inventory_in(&project.root)?
    } else {
        args.inventory.clone()
    };
    if files.is_empty() {
        return match newest(&project.snapshots()?)? {
            Some(snapshot) => kept(snapshot),
            None => Ok(None),
        };
    }
    import_for_now(&files, &args.import, taken_at, output).map(Some)
}

/// Imports files into a snapshot that is gone after the run.
fn import_for_now(
    files: &[PathBuf],
    args: &ImportArgs,
    taken_at: DateTime<Utc>,
    output: &Output,
) -> Result<Opened, Failure> {
    let folder = files::scratch()?;
    let snapshot = import_files(files, args, taken_at, folder.path(), output)?;
    Ok(Opened { snapshot, folder: Some(folder) })
}

/// Imports files into a snapshot in a folder.
pub(crate) fn import_files(
    files: &[PathBuf],
    args: &ImportArgs,
    taken_at: DateTime<Utc>,
    folder: &Path,
    output: &Output,
) -> Result<Snapshot, Failure> {
    let options = ImportOptions {
        format: args.inventory_format,
        month: args.month,
        strict: args.strict,
        currency: args.currency.clone(),
        ..ImportOptions::at(taken_at)
    };
    let mut bar = Bar::new(output.is_watched());
    let import = import(files, &options, &mut |progress| bar.update(&progress))?;
    Ok(import.write(folder, &mut |progress| bar.update(&progress))?)
}

/// Returns the newest snapshot of a folder.
pub(crate) fn newest(folder: &Path) -> Result<Option<Snapshot>, Failure> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let Listing { snapshots, damaged } = Snapshot::list(folder)?;
    let newest = snapshots.into_iter().next();
    // Their names begin with their times. An older one in place of a damaged one would go unnoticed.
    let is_newer = |damaged: &Damaged| {
        let name = damaged.dir.file_name().unwrap_or_default();
        newest.as_ref().is_none_or(|newest| name > OsStr::new(newest.id()))
    };
    match damaged.into_iter().find(is_newer) {
        Some(damaged) => Err(damaged.error.into()),
        None => Ok(newest),
    }
}

/// Returns the one snapshot whose id begins with a text, or the snapshot in a folder of that name.
pub(crate) fn by_id(folder: &Path, id: &str) -> Result<Snapshot, Failure> {
    if Path::new(id).join("manifest.json").is_file() {
        return Ok(Snapshot::open(Path::new(id))?);
    }
    let Listing { snapshots: all, damaged } = Snapshot::list(folder)?;
    let is_meant = |damaged: &Damaged| {
        damaged.dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with(id))
    };
    if let Some(damaged) = damaged.into_iter().find(is_meant) {
        return Err(damaged.error.into());
    }
    let mut found: Vec<Snapshot> = all.into_iter().filter(|snapshot| snapshot.id().starts_with(id)).collect();
    match found.len() {
        1 => found.pop().ok_or_else(|| Failure::engine("no snapshot")),
        0 => Err(Failure::usage(format!("there is no snapshot `{id}` in `{}`", folder.display()))
            .help("`tagpol snapshot list` shows them")),
        many => {
            Err(Failure::usage(format!("{many} snapshots begin with `{id}`")).help("write more of the id"))
        }
    }
}
