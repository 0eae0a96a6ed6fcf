//! `tagpol snapshot`

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tagpol_inventory::{Manifest, Reject, Snapshot};

use super::clock;
use crate::args::{ImportArgs, SnapshotArgs, SnapshotCommand};
use crate::failure::{Exit, Failure};
use crate::inventory::{by_id, import_files, newest};
use crate::output::Output;
use crate::project::snapshots_dir;

/// Native keys that `show` lists.
const KEYS: usize = 15;
/// Rejects that an import shows at once.
const REJECTS: usize = 5;

pub(crate) fn run(args: &SnapshotArgs, output: &mut Output) -> Result<Exit, Failure> {
    let folder = snapshots_dir(args.project.as_deref())?;
    match &args.command {
        SnapshotCommand::Import { files, import } => import_into(&folder, files, import, output),
        SnapshotCommand::List => list(&folder, output),
        SnapshotCommand::Show { id, rejects } => show(&folder, id.as_deref(), *rejects, output),
    }
}

fn import_into(
    folder: &Path,
    files: &[PathBuf],
    args: &ImportArgs,
    output: &mut Output,
) -> Result<Exit, Failure> {
    let snapshot = import_files(files, args, clock(None), folder, output)?;
    output.print(&describe(snapshot.manifest()))?;
    output.note(&format!("evaluate it: tagpol eval --snapshot {}\n", snapshot.id()));
    let rejects = snapshot.rejects()?;
    if !rejects.is_empty() {
        let mut text: String = rejects.iter().take(REJECTS).map(line).collect();
        let more = rejects.len().saturating_sub(REJECTS);
        if more > 0 {
            let _ = writeln!(text, "… and {more} more: `tagpol snapshot show --rejects`");
        }
        output.note(&format!("\nnot everything could be read:\n{text}"));
    }
    Ok(Exit::Success)
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
            "{}  {} resources{month}  {}",
            manifest.id,
            manifest.counts.resources,
            sources.join(", ")
        );
    }
    output.print(&text)?;
    for damaged in &listing.damaged {
        output.note(&format!("warning: {}: {}\n", damaged.dir.display(), damaged.error));
    }
    Ok(Exit::Success)
}

fn show(folder: &Path, id: Option<&str>, rejects: bool, output: &mut Output) -> Result<Exit, Failure> {
    let snapshot = match id {
        Some(id) => by_id(folder, id)?,
        None => newest(folder)?.ok_or_else(|| {
            Failure::engine(format!("there is no snapshot in `{}`", folder.display()))
                .help("`tagpol snapshot import FILE` makes one")
        })?,
    };
    if rejects {
        let text: String = snapshot.rejects()?.iter().map(line).collect();
        output.print(&text)?;
        return Ok(Exit::Success);
    }
    let manifest = snapshot.manifest();
    let mut text = describe(manifest);
    let mut keys: Vec<_> = manifest.keys.iter().collect();
    keys.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.key.cmp(&b.key)));
    if !keys.is_empty() {
        let _ = writeln!(text, "\nnative keys");
    }
    for key in keys.iter().take(KEYS) {
        let _ = writeln!(text, "  {:>8}  {}", key.count, key.key.escape_debug());
    }
    if keys.len() > KEYS {
        let _ = writeln!(text, "  … and {} more", keys.len() - KEYS);
    }
    output.print(&text)?;
    Ok(Exit::Success)
}

/// What a snapshot is made of, in a few lines.
fn describe(manifest: &Manifest) -> String {
    let mut text = format!("snapshot {}\n", manifest.id);
    let counts = &manifest.counts;
    let _ = writeln!(text, "  resources   {} ({} with tags)", counts.resources, counts.tagged);
    if let Some(month) = &manifest.month {
        let whole = if month.whole { "" } else { ", not a whole one" };
        let currency = manifest.currency.as_deref().unwrap_or("no currency");
        let _ = writeln!(text, "  costs of    {}{whole} ({currency})", month.month);
    }
    if let Some(part) = counts.unattributed.as_ref().filter(|part| part.rows > 0) {
        let _ = writeln!(
            text,
            "  no resource {} charges of {} in all name none",
            part.rows,
            part.cost.normalize()
        );
    }
    for source in &manifest.sources {
        let version = source.version.as_ref().map(|version| format!(" {version}")).unwrap_or_default();
        let _ = writeln!(
            text,
            "  from        {} ({}{version}, {} rows)",
            source.path,
            source.format.as_str(),
            source.rows
        );
    }
    let completeness = &manifest.completeness;
    if !completeness.complete {
        let (rows, values) = (completeness.rejected_rows, completeness.rejected_values);
        let _ = writeln!(text, "  rejected    {rows} rows, {values} values");
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
