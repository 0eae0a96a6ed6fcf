//! `tagpol snapshot apply-events`

use std::path::{Path, PathBuf};

use tagpol_app::inventory::{AppliedEvents, EventReport, apply_event_files};

use super::snapshot::{describe, find, note_rejects};
use crate::context::context;
use crate::failure::{Exit, Failure};
use crate::inventory::named_files;
use crate::output::{Output, counted};

/// Applies events to a snapshot, and shows the new one and what became of the events.
pub(super) fn run(
    folder: &Path,
    events: &[PathBuf],
    (snapshot, strict): (Option<&str>, bool),
    output: &mut Output,
) -> Result<Exit, Failure> {
    let snapshot = find(folder, snapshot)?;
    let named = named_files(events)?;
    let standard_input = named.source.import.standard_input.clone();
    let files = &named.source.files;
    let applied = apply_event_files(files, (standard_input, strict), &snapshot, folder, &context(None))?;
    let AppliedEvents { snapshot, report, rejects } = applied;
    if report.applied > 0 {
        output.print(&describe(snapshot.manifest()))?;
        output.note(&format!("evaluate it: tagpol eval --snapshot {}\n", snapshot.id()));
    }
    output.note(&summary(&report));
    note_rejects("applied", &rejects, 0, output);
    Ok(Exit::Success)
}

/// What became of the events, and of the resources, a line each.
fn summary(report: &EventReport) -> String {
    let EventReport { applied, repeated, outdated, others, changed, removed, unknown } = report;
    let mut text = match applied {
        0 => "no change is new: the snapshot stays as it is\n".to_owned(),
        applied => format!("{} applied\n", counted(*applied, "change", "changes")),
    };
    let mut line = |count: u64, what: String| {
        if count > 0 {
            text.push_str(&what);
            text.push('\n');
        }
    };
    let changes = |count: u64| counted(count, "change", "changes");
    line(*repeated, format!("{} more than once or applied before", changes(*repeated)));
    line(*outdated, format!("{} from before the resources were fetched", changes(*outdated)));
    for (what, count) in others {
        line(*count, format!("left out: {count} of {what}"));
    }
    if *applied > 0 {
        let resources = |count: u64| counted(count, "resource", "resources");
        line(
            *changed,
            counted(*changed, "resource differs from the listing", "resources differ from the listing"),
        );
        line(*removed, format!("{} removed", resources(*removed)));
        let unknown_tags = format!("{} with unknown tags; fetch again to read them", resources(*unknown));
        line(*unknown, unknown_tags);
    }
    text
}
