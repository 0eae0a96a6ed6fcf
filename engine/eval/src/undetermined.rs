//! Checks whose result depends on a value that is not known yet.

use tagpol_plan::sql::requests;

use crate::error::RunError;
use crate::finding::CheckResult;
use crate::run::Run;

/// Checks whose undetermined resources are counted by one statement.
const COUNTED_TOGETHER: usize = 128;

impl Run {
    /// Counts the resources for which each check is undetermined, and takes them out of its scope.
    pub(crate) fn count_undetermined(&self, checks: &mut [CheckResult]) -> Result<(), RunError> {
        let plan = &self.compiled.plan;
        for (infos, checks) in plan.checks.chunks(COUNTED_TOGETHER).zip(checks.chunks_mut(COUNTED_TOGETHER)) {
            let sql = requests::undetermined(plan, infos, self.dialect());
            self.for_each_of("undetermined checks", &sql, |row| {
                for (at, check) in checks.iter_mut().enumerate() {
                    check.undetermined = row.count(&format!("undetermined_{at}"))?;
                    check.in_scope = check.in_scope.saturating_sub(row.count(&format!("in_scope_{at}"))?);
                }
                Ok(())
            })?;
        }
        Ok(())
    }
}
