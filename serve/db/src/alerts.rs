//! Findings that were sent, and what became of them.

use chrono::{DateTime, Utc};
use tagpol_state::{Row, StateError};

use crate::Repository;
use crate::rows::{Cells, numbers, optional_time, time};

/// Alerts of one statement that writes them.
const CHUNK: usize = 500;

/// A finding that was sent to a recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alert {
    /// Whose findings it was sent with.
    pub recipient: String,
    /// Id of the resource.
    pub resource: String,
    /// Name of the policy.
    pub policy: String,
    /// Id of the check in the policy.
    pub check: String,
    /// The tag that it is about. None: none.
    pub tag: Option<String>,
    /// Its severity when it was sent last.
    pub severity: String,
    /// `open`, `reminded`, `escalated`, or how it was closed: `resolved`, `waived`, `elsewhere`.
    pub state: String,
    /// When it was sent first.
    pub first_at: DateTime<Utc>,
    /// When it was sent last.
    pub last_at: DateTime<Utc>,
    /// When it was escalated. None: it was not.
    pub escalated_at: Option<DateTime<Utc>>,
    /// When it was closed. None: it is open.
    pub closed_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "recipient, resource, policy, check_id, tag, severity, state, first_at, last_at, escalated_at, \
                       closed_at";

fn alert(row: &Row) -> Result<Alert, StateError> {
    let mut cells = Cells::new("serve_alerts", row);
    Ok(Alert {
        recipient: cells.text()?,
        resource: cells.text()?,
        policy: cells.text()?,
        check: cells.text()?,
        tag: Some(cells.text()?).filter(|tag| !tag.is_empty()),
        severity: cells.text()?,
        state: cells.text()?,
        first_at: cells.time()?,
        last_at: cells.time()?,
        escalated_at: cells.optional_time()?,
        closed_at: cells.optional_time()?,
    })
}

impl Repository<'_> {
    /// Returns the open alerts of a rule of the project.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn open_alerts(&mut self, rule: &str) -> Result<Vec<Alert>, StateError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM serve_alerts WHERE tenant = $1 AND project = $2 AND rule = $3 \
             AND closed_at IS NULL ORDER BY recipient, resource, policy, check_id, tag"
        );
        let values = [self.tenant.into(), self.project.into(), rule.into()];
        self.transaction.query(&sql, &values)?.iter().map(alert).collect()
    }

    /// Writes alerts of a rule of the project, in place of those about the same finding and recipient.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn put_alerts(&mut self, rule: &str, alerts: &[Alert]) -> Result<(), StateError> {
        for chunk in alerts.chunks(CHUNK) {
            let mut values = vec![self.tenant.into(), self.project.into(), rule.into()];
            let mut rows = Vec::new();
            for alert in chunk {
                let first = values.len() + 1;
                values.extend([
                    (&alert.recipient).into(),
                    (&alert.resource).into(),
                    (&alert.policy).into(),
                    (&alert.check).into(),
                    alert.tag.as_deref().unwrap_or_default().into(),
                    (&alert.severity).into(),
                    (&alert.state).into(),
                    time(alert.first_at),
                    time(alert.last_at),
                    optional_time(alert.escalated_at),
                    optional_time(alert.closed_at),
                ]);
                rows.push(format!("($1, $2, $3, {})", numbers(first, values.len() + 1 - first)));
            }
            let sql = format!(
                "INSERT INTO serve_alerts (tenant, project, rule, {COLUMNS}) VALUES {} \
                 ON CONFLICT (tenant, project, rule, recipient, resource, policy, check_id, tag) DO UPDATE SET \
                 severity = excluded.severity, state = excluded.state, first_at = excluded.first_at, \
                 last_at = excluded.last_at, escalated_at = excluded.escalated_at, closed_at = excluded.closed_at",
                rows.join(", ")
            );
            self.transaction.execute(&sql, &values)?;
        }
        Ok(())
    }

    /// Returns how many alerts of a rule of the project are in each state.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn count_alerts(&mut self, rule: &str) -> Result<Vec<(String, i64)>, StateError> {
        let sql = "SELECT state, count(*) FROM serve_alerts WHERE tenant = $1 AND project = $2 AND rule = $3 \
                   GROUP BY state ORDER BY state";
        let values = [self.tenant.into(), self.project.into(), rule.into()];
        let count = |row| {
            let mut cells = Cells::new("serve_alerts", row);
            Ok((cells.text()?, cells.int()?))
        };
        self.transaction.query(sql, &values)?.iter().map(count).collect()
    }
}
