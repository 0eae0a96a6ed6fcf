//! What is deleted after its time. The audit trail and decisions stay.

use chrono::Duration;
use tagpol_state::StateError;

use crate::Repository;
use crate::rows::time;

/// How long ended jobs, bulk changes, messages and closed alerts are kept.
const KEPT: Duration = Duration::days(90);

impl Repository<'_> {
    /// Deletes ended jobs, bulk changes, messages that were delivered or are dead, and closed alerts of the project whose time
    /// is over; returns the number of rows.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn delete_old(&mut self) -> Result<u64, StateError> {
        const OLD_JOBS: &str = "SELECT id FROM serve_jobs WHERE tenant = $1 AND project = $2 AND updated_at < $3 \
                                AND status IN ('done', 'dead', 'cancelled')";
        const OLD_BULK: &str =
            "SELECT id FROM serve_bulk WHERE tenant = $1 AND project = $2 AND created_at < $3";
        let statements = [
            format!(
                "DELETE FROM serve_deliveries WHERE tenant = $1 AND project = $2 AND created_at < $3 AND job IN ({OLD_JOBS})"
            ),
            format!("DELETE FROM serve_job_attempts WHERE job IN ({OLD_JOBS})"),
            format!("DELETE FROM serve_jobs WHERE id IN ({OLD_JOBS})"),
            format!("DELETE FROM serve_bulk_items WHERE bulk IN ({OLD_BULK})"),
            format!("DELETE FROM serve_bulk WHERE id IN ({OLD_BULK})"),
            "DELETE FROM serve_alerts WHERE tenant = $1 AND project = $2 AND closed_at < $3".to_owned(),
            // Of a version that wrote it and never delivered anything.
            "DELETE FROM serve_outbox WHERE tenant = $1 AND project = $2 AND created_at < $3".to_owned(),
        ];
        let values = [self.tenant.into(), self.project.into(), time(self.now() - KEPT)];
        let mut deleted = 0;
        for statement in statements {
            deleted += self.transaction.execute(&statement, &values)?;
        }
        Ok(deleted)
    }
}
