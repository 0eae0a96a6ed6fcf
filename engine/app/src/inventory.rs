//! Which resources a use case works on.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_files::Scratch;
pub use tagpol_inventory::SCHEMA_VERSION as SNAPSHOT_SCHEMA_VERSION;
pub use tagpol_inventory::{
    AppliedEvents, Change, ChargeInfo, CoverageStatus, Difference, EventInfo, EventReport, Format,
    ImportError, Listing, LookupError, Manifest, Matches, Of, Orphan, Progress, Reject, RejectKind, Resource,
    STANDARD_INPUT, Side, Snapshot, SourceCoverage, SourceNote, YearMonth, check_events,
};
use tagpol_inventory::{Damaged, EventOptions, ImportOptions, apply_events, changes, import};
use tagpol_plan::Rates;

use crate::patterns::expand_patterns;
use crate::{AppError, Notice, Project, RunContext};

/// Incomplete files that are named in notices; the rest are counted.
const NAMED_GAPS: usize = 3;

/// Notes on files that are repeated in notices; the rest are counted.
const SHOWN_NOTES: usize = 5;

/// What names an inventory. Nothing: the manifest's inventory, else the newest snapshot.
#[derive(Debug, Clone, Default)]
pub struct InventorySource {
    /// Files and folders, or the folder of one snapshot.
    pub files: Vec<PathBuf>,
    /// The JSON form of a Terraform plan or state.
    pub terraform: Option<PathBuf>,
    /// The beginning of a snapshot's id, or its folder.
    pub snapshot: Option<String>,
    /// How files are read.
    pub import: ImportSettings,
}

/// How files of an inventory are read.
#[derive(Debug, Clone, Default)]
pub struct ImportSettings {
    /// The format of all files. None: it is detected.
    pub format: Option<Format>,
    /// The month of bills whose costs count. None: the newest whole one.
    pub month: Option<YearMonth>,
    /// Whether anything that cannot be read is an error.
    pub strict: bool,
    /// The currency of the costs of resources, and of costs whose file has none.
    pub currency: Option<String>,
    /// What other currencies are worth.
    pub rates: Rates,
    /// What the columns of CSV lists mean, by their headings.
    pub columns: BTreeMap<String, String>,
    /// Columns of bills that stay readable as metadata.
    pub keep: Vec<String>,
    /// The file with what was read from standard input; [`STANDARD_INPUT`] among the files stands for it.
    pub standard_input: Option<PathBuf>,
}

/// An opened snapshot, and the temporary folder that it lives in if it is not kept.
#[derive(Debug)]
pub struct OpenedInventory {
    /// The snapshot.
    pub snapshot: Snapshot,
    folder: Option<Scratch>,
}

impl OpenedInventory {
    /// Whether it still exists after the run.
    pub fn is_kept(&self) -> bool {
        self.folder.is_none()
    }
}

/// Opens the inventory that a source names for a project; None if nothing is named and there is no snapshot.
///
/// # Errors
/// [`AppError::Import`], [`AppError::UnknownSnapshot`], [`AppError::AmbiguousSnapshot`] or
/// [`AppError::Project`].
pub fn find(
    project: &Project,
    source: &InventorySource,
    context: &RunContext<'_>,
) -> Result<Option<OpenedInventory>, AppError> {
    let opened = find_source(project, source, context)?;
    if let Some(opened) = &opened {
        let manifest = opened.snapshot.manifest();
        report_gaps(manifest, context);
        report_notes(manifest, context);
        if source.import.strict {
            check_strictly(&opened.snapshot)?;
        }
    }
    Ok(opened)
}

/// Fails where the files of a snapshot are not all of what there is, or something of them could not be read.
fn check_strictly(snapshot: &Snapshot) -> Result<(), AppError> {
    let completeness = &snapshot.manifest().completeness;
    if let Some(gap) = completeness.gaps.first() {
        return Err(ImportError::Incomplete { gap: Box::new(gap.clone()) }.into());
    }
    if let Some(part) = snapshot.manifest().coverage.iter().find(|part| part.is_deficient()) {
        return Err(ImportError::NotCovered { part: Box::new(part.clone()) }.into());
    }
    if completeness.rejected_rows + completeness.rejected_values == 0 {
        return Ok(());
    }
    match snapshot.rejects()?.into_iter().find(|reject| reject.kind != RejectKind::Note) {
        Some(reject) => Err(ImportError::Strict { reject: Box::new(reject) }.into()),
        None => Ok(()),
    }
}

/// As [`find`]; no inventory is an error.
///
/// # Errors
/// As [`find`], and [`AppError::NoInventory`].
pub fn open(
    project: &Project,
    source: &InventorySource,
    context: &RunContext<'_>,
) -> Result<OpenedInventory, AppError> {
    find(project, source, context)?.ok_or(AppError::NoInventory)
}

/// Gives a notice of each file and of each source that is only a part of what there is, such as the first page of a
/// listing.
pub fn report_gaps(manifest: &Manifest, context: &RunContext<'_>) {
    let completeness = &manifest.completeness;
    for gap in completeness.gaps.iter().take(NAMED_GAPS) {
        context.observer.notice(Notice::IncompleteSource(Box::new(gap.clone())));
    }
    let more = completeness.gap_count.saturating_sub(NAMED_GAPS as u64);
    if more > 0 {
        context.observer.notice(Notice::MoreIncompleteSources(more));
    }
    let mut deficient = manifest.coverage.iter().filter(|source| source.is_deficient());
    for source in deficient.by_ref().take(NAMED_GAPS) {
        context.observer.notice(Notice::PartialCoverage(Box::new(source.clone())));
    }
    let more = deficient.count();
    if more > 0 {
        context.observer.notice(Notice::MorePartialCoverage(more as u64));
    }
}

/// Gives a notice of what a reader may not expect of the files, as a column that is not read.
pub fn report_notes(manifest: &Manifest, context: &RunContext<'_>) {
    let notes = &manifest.completeness.notes;
    for note in notes.iter().take(SHOWN_NOTES) {
        context.observer.notice(Notice::SourceNote(Box::new(note.clone())));
    }
    let more = notes.len().saturating_sub(SHOWN_NOTES);
    if more > 0 {
        context.observer.notice(Notice::MoreSourceNotes(more as u64));
    }
}

fn find_source(
    project: &Project,
    source: &InventorySource,
    context: &RunContext<'_>,
) -> Result<Option<OpenedInventory>, AppError> {
    let kept = |snapshot: Snapshot| {
        // It may have come with the repository: what is evaluated must be what was written.
        snapshot.verify()?;
        snapshot.check()?;
        Ok(Some(OpenedInventory { snapshot, folder: None }))
    };
    let manifest = project.manifest();
    let settings = ImportSettings {
        rates: manifest.rates.clone(),
        columns: manifest.columns.clone(),
        keep: manifest.keep.clone(),
        ..source.import.clone()
    };
    if let [folder] = source.files.as_slice()
        && Snapshot::is_at(folder)
    {
        return kept(Snapshot::open(folder)?);
    }
    if let Some(plan) = &source.terraform {
        let settings = ImportSettings { format: Some(Format::Terraform), ..settings };
        return import_temporarily(std::slice::from_ref(plan), &settings, context).map(Some);
    }
    if let Some(id) = &source.snapshot {
        return kept(by_id(&project.snapshots_folder()?, id)?);
    }
    let files = if source.files.is_empty() {
        manifest.inventory_in(project.root())?
    } else {
        // Patterns of the project's own files are not replaced: they could lead out of it through links.
        expand_patterns(&source.files)?
    };
    if files.is_empty() {
        return match newest(&project.snapshots_folder()?)? {
            Some(snapshot) => kept(snapshot),
            None => Ok(None),
        };
    }
    import_temporarily(&files, &settings, context).map(Some)
}

/// Imports files into a snapshot that is gone after the run.
fn import_temporarily(
    files: &[PathBuf],
    settings: &ImportSettings,
    context: &RunContext<'_>,
) -> Result<OpenedInventory, AppError> {
    let folder = Scratch::new().map_err(AppError::TemporaryFolder)?;
    let snapshot = import_into(files, settings, context.now, folder.path(), context)?;
    Ok(OpenedInventory { snapshot, folder: Some(folder) })
}

/// Imports files that a user named, or patterns of their paths, into a snapshot in a folder, as of a time.
///
/// # Errors
/// [`AppError::Import`], [`AppError::Cancelled`].
pub fn import_files(
    files: &[PathBuf],
    settings: &ImportSettings,
    taken_at: DateTime<Utc>,
    folder: &Path,
    context: &RunContext<'_>,
) -> Result<Snapshot, AppError> {
    import_into(&expand_patterns(files)?, settings, taken_at, folder, context)
}

fn import_into(
    files: &[PathBuf],
    settings: &ImportSettings,
    taken_at: DateTime<Utc>,
    folder: &Path,
    context: &RunContext<'_>,
) -> Result<Snapshot, AppError> {
    let ImportSettings { format, month, strict, currency, rates, columns, keep, standard_input } =
        settings.clone();
    let options =
        ImportOptions { format, month, strict, currency, rates, columns, keep, standard_input, taken_at };
    let mut progress = context.observer.import_progress();
    context.check()?;
    let import = import(files, &options, &mut |step| progress(&step))?;
    context.check()?;
    Ok(import.write(folder, &mut |step| progress(&step))?)
}

/// Applies the events in files to a snapshot, and writes the result into a folder of snapshots.
///
/// `standard_input` is the file that [`STANDARD_INPUT`] among the files stands for; in strict mode the first event that
/// cannot be applied is an error.
///
/// # Errors
/// [`AppError::Import`], [`AppError::Cancelled`].
pub fn apply_event_files(
    files: &[PathBuf],
    (standard_input, strict): (Option<PathBuf>, bool),
    snapshot: &Snapshot,
    folder: &Path,
    context: &RunContext<'_>,
) -> Result<AppliedEvents, AppError> {
    context.check()?;
    let files = expand_patterns(files)?;
    let options = EventOptions { strict, standard_input, now: context.now };
    Ok(apply_events(snapshot, folder, &files, &options)?)
}

/// Returns the newest snapshot of a folder; None if there is none.
///
/// # Errors
/// [`AppError::Import`] if the newest one is damaged, or the folder cannot be read.
pub fn newest(folder: &Path) -> Result<Option<Snapshot>, AppError> {
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
///
/// # Errors
/// [`AppError::UnknownSnapshot`], [`AppError::AmbiguousSnapshot`], or [`AppError::Import`] if it is damaged.
pub fn by_id(folder: &Path, id: &str) -> Result<Snapshot, AppError> {
    if Path::new(id).join("manifest.json").is_file() {
        return Ok(Snapshot::open(Path::new(id))?);
    }
    let Listing { snapshots, damaged } = Snapshot::list(folder)?;
    let is_meant = |damaged: &Damaged| {
        damaged.dir.file_name().is_some_and(|name| name.to_string_lossy().starts_with(id))
    };
    if let Some(damaged) = damaged.into_iter().find(is_meant) {
        return Err(damaged.error.into());
    }
    let mut found = snapshots.into_iter().filter(|snapshot| snapshot.id().starts_with(id));
    match (found.next(), found.count()) {
        (Some(snapshot), 0) => Ok(snapshot),
        (None, _) => Err(AppError::UnknownSnapshot { id: id.to_owned(), folder: folder.to_owned() }),
        (Some(_), more) => Err(AppError::AmbiguousSnapshot { id: id.to_owned(), count: more + 1 }),
    }
}

/// Compares what two snapshots say about resources, without policies, and calls back for each resource that differs, in
/// the order of their ids.
///
/// # Errors
/// [`AppError::Import`] if a snapshot cannot be read; [`AppError::Cancelled`].
pub fn compare_snapshots(
    (before, after): (&Snapshot, &Snapshot),
    context: &RunContext<'_>,
    mut each: impl FnMut(Change),
) -> Result<(), AppError> {
    changes(before, after, |change| {
        context.check()?;
        each(change);
        Ok(())
    })
}

/// Returns the two newest snapshots of a folder, the older first; None if there are fewer.
///
/// # Errors
/// As [`newest`].
pub fn two_newest(folder: &Path) -> Result<Option<(Snapshot, Snapshot)>, AppError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut snapshots = Snapshot::list(folder)?.snapshots.into_iter();
    let after = snapshots.next();
    Ok(snapshots.next().zip(after))
}

/// Returns the newest snapshot of a folder that was taken before another one; None if there is none.
///
/// # Errors
/// As [`newest`].
pub fn newest_before(folder: &Path, snapshot: &Snapshot) -> Result<Option<Snapshot>, AppError> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let taken_at = snapshot.manifest().taken_at;
    let is_before = |one: &Snapshot| one.manifest().taken_at < taken_at && one.id() != snapshot.id();
    Ok(Snapshot::list(folder)?.snapshots.into_iter().find(is_before))
}
