//! `tagpol snapshot`

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_app::AppError;
use tagpol_app::inventory::{
    ChargeInfo, CoverageStatus, EventInfo, Format, ImportSettings, Manifest, Matches, Orphan, Reject,
    RejectKind, Side, Snapshot, SourceCoverage,
};
use tagpol_app::inventory::{by_id, import_files, newest, report_gaps, report_notes};

use tagpol_sink::terminal::line as line_of;

use super::{apply_events, fetch, snapshot_diff};
use crate::args::{ImportArgs, SnapshotArgs, SnapshotCommand};
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::output::{Output, counted};
use crate::project::root_and_manifest;

/// Native keys that `show` lists.
const KEYS: usize = 15;
/// Rejects that an import shows at once.
const REJECTS: usize = 5;

pub(crate) fn run(args: &SnapshotArgs, output: &mut Output) -> Result<Exit, Failure> {
    let (root, manifest) = root_and_manifest(args.project.as_deref())?;
    let folder = manifest.snapshots_in(&root)?;
    let settings = |import: &ImportArgs| ImportSettings {
        rates: manifest.rates.clone(),
        columns: manifest.columns.clone(),
        keep: manifest.keep.clone(),
        ..import.into()
    };
    match &args.command {
        SnapshotCommand::Import { files, import } => {
            let context = context(None);
            import_into(&folder, files, &settings(import), context.now, output)
        }
        SnapshotCommand::Fetch(args) => fetch::run(&folder, args, &settings(&args.common().import), output),
        SnapshotCommand::ApplyEvents { events, snapshot, strict } => {
            apply_events::run(&folder, events, (snapshot.as_deref(), *strict), output)
        }
        SnapshotCommand::List => list(&folder, output),
        SnapshotCommand::Show { id, rejects, orphans, keys } => {
            let snapshot = find(&folder, id.as_deref())?;
            match (rejects, orphans) {
                (true, _) => show_rejects(&snapshot, output),
                (_, true) => show_orphans(&snapshot, output),
                _ => show(snapshot.manifest(), *keys, output),
            }
        }
        SnapshotCommand::Diff { before, after, format, all } => {
            snapshot_diff::run(&folder, (before.as_deref(), after.as_deref()), (*format, *all), output)
        }
        SnapshotCommand::Remove { ids } => remove(&folder, ids, output),
        SnapshotCommand::Formats => formats(output),
    }
}

/// Imports files into the folder of the snapshots as of a time, and shows what was imported.
pub(super) fn import_into(
    folder: &Path,
    files: &[PathBuf],
    settings: &ImportSettings,
    taken_at: DateTime<Utc>,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let context = context(None);
    let snapshot = import_files(files, settings, taken_at, folder, &context)?;
    output.print(&describe(snapshot.manifest()))?;
    output.note(&format!("evaluate it: tagpol eval --snapshot {}\n", snapshot.id()));
    report_gaps(snapshot.manifest(), &context);
    report_notes(snapshot.manifest(), &context);
    let mut rejects = snapshot.rejects()?;
    rejects.retain(|reject| reject.kind != RejectKind::Note);
    note_rejects("read", &rejects, snapshot.manifest().completeness.unlisted_rejects, output);
    Ok(Exit::Success)
}

/// Shows the first of what could not be read or applied.
pub(super) fn note_rejects(done: &str, rejects: &[Reject], unlisted: u64, output: &mut Output) {
    if rejects.is_empty() {
        return;
    }
    let mut text: String = rejects.iter().take(REJECTS).map(line).collect();
    let more = (rejects.len().saturating_sub(REJECTS) as u64).saturating_add(unlisted);
    if more > 0 {
        let _ = writeln!(text, "… and {more} more: `tagpol snapshot show --rejects`");
    }
    output.note(&format!("\nnot everything could be {done}:\n{text}"));
}

fn list(folder: &Path, output: &mut Output) -> Result<Exit, Failure> {
    if !folder.is_dir() {
        output.note("no snapshot yet: `tagpol snapshot import FILE` makes one\n");
        return Ok(Exit::Success);
    }
    let listing = Snapshot::list(folder)?;
    let mut text = String::new();
    for snapshot in &listing.snapshots {
        let manifest = snapshot.manifest();
        let month =
            manifest.month.as_ref().map(|month| format!(", costs of {}", month.month)).unwrap_or_default();
        let sources: Vec<&str> = manifest.sources.iter().map(|source| source.path.as_str()).collect();
        let _ = writeln!(
            text,
            "{}  {}{month}  {}",
            manifest.id,
            counted(manifest.counts.resources, "resource", "resources"),
            sources.join(", ")
        );
    }
    output.print(&text)?;
    for damaged in &listing.damaged {
        output.note(&format!("warning: {}: {}\n", damaged.dir.display(), damaged.error));
    }
    Ok(Exit::Success)
}

/// Returns the snapshot that is meant.
pub(super) fn find(folder: &Path, id: Option<&str>) -> Result<Snapshot, Failure> {
    match id {
        Some(id) => Ok(by_id(folder, id)?),
        None => newest(folder)?.ok_or_else(|| {
            Failure::engine(format!("there is no snapshot in `{}`", folder.display()))
                .help("`tagpol snapshot import FILE` makes one")
        }),
    }
}

/// Removes snapshots, all or, where one cannot be found, none.
fn remove(folder: &Path, ids: &[String], output: &mut Output) -> Result<Exit, Failure> {
    let found: Result<Vec<Snapshot>, AppError> = ids.iter().map(|id| by_id(folder, id)).collect();
    let mut found = found?;
    found.sort_by(|a, b| a.dir().cmp(b.dir()));
    found.dedup_by(|a, b| a.dir() == b.dir());
    for snapshot in found {
        let id = snapshot.id().to_owned();
        snapshot.remove()?;
        output.note(&format!("removed snapshot {id}\n"));
    }
    Ok(Exit::Success)
}

fn show_rejects(snapshot: &Snapshot, output: &mut Output) -> Result<Exit, Failure> {
    let text: String = snapshot.rejects()?.iter().map(line).collect();
    output.print(&text)?;
    let unlisted = snapshot.manifest().completeness.unlisted_rejects;
    if unlisted > 0 {
        output.note(&format!("{unlisted} more were counted and not listed\n"));
    }
    Ok(Exit::Success)
}

/// Lists the resources of one side, with who has them and what they cost.
fn show_orphans(snapshot: &Snapshot, output: &mut Output) -> Result<Exit, Failure> {
    if snapshot.manifest().counts.matches.is_none() {
        output.note("the snapshot is not made of a bill and an inventory, so that nothing could match\n");
    }
    for orphan in snapshot.orphans()? {
        let Orphan { id, side, cost } = orphan?;
        let side = match side {
            Side::Bill => "bill only",
            Side::Inventory => "inventory only",
        };
        let cost = cost.map(|cost| format!("  {cost}")).unwrap_or_default();
        output.print(&format!("{side:<14}  {}{cost}\n", id.escape_debug()))?;
    }
    Ok(Exit::Success)
}

fn formats(output: &mut Output) -> Result<Exit, Failure> {
    let line = |format: Format| format!("{:<16} {}\n", format.as_str(), format.about());
    output.print(&Format::ALL.map(line).concat())?;
    Ok(Exit::Success)
}

fn show(manifest: &Manifest, shows_all_keys: bool, output: &mut Output) -> Result<Exit, Failure> {
    let mut text = describe(manifest);
    text.push_str(&not_covered(&manifest.coverage));
    let mut keys: Vec<_> = manifest.keys.iter().collect();
    keys.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
    if !keys.is_empty() {
        let _ = writeln!(text, "\nnative keys");
    }
    let shown = if shows_all_keys { keys.len() } else { KEYS };
    for key in keys.iter().take(shown) {
        let _ = writeln!(text, "  {:>8}  {}", key.count, shown_key(&key.key));
    }
    if keys.len() > shown {
        let _ = writeln!(text, "  … and {} more (--keys shows them)", keys.len() - shown);
    }
    output.print(&text)?;
    Ok(Exit::Success)
}

/// Returns a native key on one line; in quotes if it begins or ends with white space, which nobody sees otherwise.
fn shown_key(key: &str) -> String {
    if key.trim() == key { key.escape_debug().to_string() } else { format!("\"{}\"", key.escape_debug()) }
}

/// What each month of the bills comes to.
fn months(charges: &ChargeInfo) -> String {
    let mut text = String::new();
    for total in &charges.months {
        let currency = total.currency.as_deref().unwrap_or_default();
        let _ = writeln!(text, "  {}     {} {currency}", total.month, total.cost);
    }
    if !charges.unconverted.is_empty() {
        let currencies = charges.unconverted.join(", ");
        let _ = writeln!(
            text,
            "              no rate for {currencies}: the costs of resources leave these charges out"
        );
    }
    text
}

/// How much each source of fetched resources listed, a line each.
fn coverage(coverage: &[SourceCoverage]) -> String {
    let mut text = String::new();
    for of_source in coverage.chunk_by(|one, other| one.source == other.source) {
        let Some(first) = of_source.first() else { continue };
        let resources: u64 = of_source.iter().map(|part| part.resources).sum();
        let statuses = [
            CoverageStatus::Whole,
            CoverageStatus::Denied,
            CoverageStatus::NotEnabled,
            CoverageStatus::CutOff,
        ];
        let places = statuses.iter().filter_map(|status| {
            // A place has several records if types have their own.
            let places = of_source.iter().filter(|part| part.status == *status).map(SourceCoverage::place);
            let places = places.collect::<BTreeSet<String>>().len() as u64;
            (places > 0).then(|| format!("{} in {}", status.as_str(), counted(places, "place", "places")))
        });
        let places: Vec<String> = places.collect();
        let resources = counted(resources, "resource", "resources");
        let _ = writeln!(text, "  listed by   {}: {resources}; {}", first.source, places.join(", "));
    }
    text
}

/// What is not listed, with the reasons, and which resources may be missing; empty if nothing is.
fn not_covered(coverage: &[SourceCoverage]) -> String {
    let mut text = String::new();
    for part in coverage.iter().filter(|part| !part.is_whole()) {
        let help = part.help.as_ref().map(|help| format!("; {help}")).unwrap_or_default();
        let _ = writeln!(text, "  {}", line_of(&format!("{part}{help}")));
    }
    if text.is_empty() { text } else { format!("\nnot listed\n{text}") }
}

/// What a snapshot is made of, in a few lines.
pub(super) fn describe(manifest: &Manifest) -> String {
    let mut text = format!("snapshot {}\n", manifest.id);
    let counts = &manifest.counts;
    let _ = writeln!(text, "  resources   {} ({} with tags)", counts.resources, counts.tagged);
    if let Some(month) = &manifest.month {
        let whole = if month.whole { "" } else { ", incomplete month" };
        let currency = manifest.currency.as_deref().unwrap_or("no currency");
        let _ = writeln!(text, "  costs of    {}{whole} ({currency})", month.month);
    }
    if let Some(part) = counts.unattributed.as_ref().filter(|part| part.rows > 0) {
        let charges = counted(part.rows, "charge", "charges");
        let cost = part.cost.normalize();
        let currency = manifest.currency.as_ref().map(|currency| format!(" {currency}")).unwrap_or_default();
        let _ = writeln!(text, "              {charges} without a resource: {cost}{currency} in that month");
    }
    if let Some(charges) = &manifest.charges {
        text.push_str(&months(charges));
    }
    if let Some(matches) = &counts.matches {
        let Matches { both, bill_only, bill_only_cost, inventory_only } = matches;
        let cost = bill_only_cost.normalize();
        let _ = writeln!(
            text,
            "  matching    {both} in both, {bill_only} only in a bill ({cost}), {inventory_only} only in an inventory"
        );
    }
    for source in &manifest.sources {
        let version = source.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let left_out = match source.left_out_rows {
            0 => String::new(),
            rows => format!(", {rows} left out"),
        };
        let _ = writeln!(
            text,
            "  from        {} ({}{version}, {} rows{left_out})",
            source.path,
            source.format.as_str(),
            source.rows
        );
    }
    text.push_str(&coverage(&manifest.coverage));
    if let Some(EventInfo { base, events, latest, .. }) = &manifest.events {
        let (changes, latest) =
            (counted(*events, "change", "changes"), latest.format("%Y-%m-%d %H:%M:%S UTC"));
        let _ = writeln!(text, "  events      {changes} since snapshot {base}, the latest of {latest}");
    }
    let completeness = &manifest.completeness;
    if completeness.gap_count > 0 {
        let answers = counted(
            completeness.gap_count,
            "answer shows that there are more resources",
            "answers show that there are more resources",
        );
        let _ = writeln!(text, "  incomplete  {answers}");
    }
    if completeness.rejected_rows > 0 {
        let (rows, values) = (completeness.rejected_rows, completeness.rejected_values);
        let (rows, values) = (counted(rows, "row", "rows"), counted(values, "value", "values"));
        let _ = writeln!(text, "  rejected    {rows}, {values}");
    }
    text
}

/// `file:line:column: reason`
fn line(reject: &Reject) -> String {
    let column = reject.column.map(|column| format!(":{column}")).unwrap_or_default();
    let resource =
        reject.resource.as_ref().map(|id| format!(" (resource {})", id.escape_debug())).unwrap_or_default();
    format!("{}:{}{column}: {}{resource}\n", reject.file, reject.line, reject.reason)
}
