//! How far everything is, for those who follow it.
//!
//! One thread looks at the numbers of each project, for as long as anybody follows it, and wakes those who do: what they cost
//! the database does not grow with them. Other replicas and the command line are seen in the same way, as rows of the database.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tagpol_app::state::StateError;

use crate::app::App;
use crate::host::ProjectHost;

/// How often the numbers are looked at.
const POLL: Duration = Duration::from_millis(500);

/// How far everything is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Heads {
    /// Number of the last entry of the audit trail.
    pub(crate) audit: i64,
    /// Number of the last decision.
    pub(crate) decisions: i64,
    /// When a job changed last, in microseconds since 1970.
    pub(crate) jobs: i64,
    /// The evaluation that is served. Empty: none is yet.
    pub(crate) generation: String,
}

/// Reads how far a project is.
///
/// # Errors
/// [`StateError`].
pub(crate) fn read(app: &App, project: &ProjectHost) -> Result<Heads, StateError> {
    let (audit, decisions, jobs) = app.database.read::<_, StateError>(&project.scope(), |r| {
        Ok((r.audit_head()?, r.state().decision_count()?, r.last_job_change()?))
    })?;
    let serving = project.serving().ok();
    let generation = serving.map(|serving| serving.generation.contents().id.clone()).unwrap_or_default();
    Ok(Heads { audit, decisions, jobs, generation })
}

/// Looks at the numbers until `stop` becomes true.
pub(crate) fn watch(app: &App, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        for project in app.projects.iter().filter(|project| project.heads.receiver_count() > 0) {
            // Whoever follows it waits for as long as the database is away.
            let Ok(heads) = read(app, project) else { continue };
            project.heads.send_if_modified(|known| {
                let is_new = *known != heads;
                *known = heads;
                is_new
            });
        }
        std::thread::sleep(POLL);
    }
    // Wakes those who wait, so that they see the end.
    app.projects.iter().for_each(|project| project.heads.send_modify(|_| ()));
}
