//! Which evaluations and snapshots are removed: those that no replica shows any more.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, SystemTime};

use tagpol_app::inventory::Snapshot;
use tagpol_serve_data::Generations;

use crate::worker::DEADLINE;

/// Evaluations that are kept, the newest ones: to compare with, and for requests that have begun.
const KEPT: usize = 3;

/// For how long an evaluation is kept after another one has replaced it. Replicas notice that within a second; one that was
/// away for longer opens the newer one when it is back.
const GRACE: Duration = Duration::from_secs(10 * 60);

/// For how long a snapshot of no evaluation is kept: another replica may be evaluating it.
const UNUSED: Duration = DEADLINE.saturating_add(GRACE);

/// Removes old evaluations, their snapshots, and snapshots that were never evaluated. What cannot be removed now is removed
/// next time.
pub(crate) fn remove_old(generations: &Generations, snapshots: &Path) {
    let now = SystemTime::now();
    let before = snapshots_of(generations);
    if generations.remove_old(KEPT, GRACE, now).is_err() {
        return;
    }
    let used = snapshots_of(generations);
    // Behind a link would be folders of somebody else.
    if !snapshots.symlink_metadata().is_ok_and(|found| found.is_dir()) {
        return;
    }
    let Ok(entries) = std::fs::read_dir(snapshots) else { return };
    for name in entries.flatten().filter_map(|entry| entry.file_name().into_string().ok()) {
        let folder = snapshots.join(&name);
        if used.contains(&name) || name.starts_with('.') || !Snapshot::is_at(&folder) {
            continue;
        }
        let changed = folder.metadata().and_then(|found| found.modified());
        let age = changed.ok().and_then(|changed| now.duration_since(changed).ok()).unwrap_or_default();
        if before.contains(&name) || age > UNUSED {
            let _ = std::fs::remove_dir_all(&folder);
        }
    }
}

/// Returns the ids of the snapshots that evaluations were made of.
fn snapshots_of(generations: &Generations) -> BTreeSet<String> {
    let ids = generations.list().unwrap_or_default();
    ids.iter().filter_map(|id| Some(generations.contents(id).ok()?.snapshot)).collect()
}
