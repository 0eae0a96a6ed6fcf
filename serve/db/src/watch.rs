//! What happened since: for those who follow it.

use tagpol_serve_core::audit::Entry;
use tagpol_state::{Decision, Page, StateError};

use crate::Repository;
use crate::audit::{COLUMNS, entry};
use crate::jobs::{self, Job};
use crate::rows::{Cells, limit};

impl Repository<'_> {
    /// Returns entries of the audit trail about the project, the oldest first, after a number. Entries about the tenant as a
    /// whole, and about other projects, are left out.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn project_audit_after(&mut self, after: i64, most: usize) -> Result<Vec<Entry>, StateError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM serve_audit WHERE tenant = $1 AND seq > $2 AND project = $3 ORDER BY seq LIMIT $4"
        );
        let values = [self.tenant.into(), after.into(), self.project.into(), limit(most)];
        self.transaction.query(&sql, &values)?.iter().map(entry).collect()
    }

    /// Returns decisions of the project in their order, after a number. The scope must name a project.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn decisions_after(&mut self, after: i64, most: usize) -> Result<Vec<Decision>, StateError> {
        self.transaction.state().trail(None, Page::after(after, most))
    }

    /// Returns when a job of the project changed last, in microseconds since 1970; 0 if there is none.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn last_job_change(&mut self) -> Result<i64, StateError> {
        let sql = "SELECT coalesce(max(updated_at), 0) FROM serve_jobs WHERE tenant = $1 AND project = $2";
        let rows = self.transaction.query(sql, &[self.tenant.into(), self.project.into()])?;
        rows.first().map_or(Ok(0), |row| Cells::new("serve_jobs", row).int())
    }

    /// Returns the jobs of the project that changed after a time, in microseconds since 1970, the earliest change first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn jobs_changed_after(&mut self, after: i64, most: usize) -> Result<Vec<Job>, StateError> {
        let sql = format!(
            "SELECT {} FROM serve_jobs WHERE tenant = $1 AND project = $2 AND updated_at > $3 \
             ORDER BY updated_at, id LIMIT $4",
            jobs::COLUMNS
        );
        let values = [self.tenant.into(), self.project.into(), after.into(), limit(most)];
        self.transaction.query(&sql, &values)?.iter().map(jobs::job_of).collect()
    }
}
