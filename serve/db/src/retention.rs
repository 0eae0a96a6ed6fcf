//! What is deleted after its time. The audit trail and decisions stay.

use chrono::{DateTime, Duration, Utc};
use tagpol_state::{Cell, Row, StateError, Table, Value};

use crate::Repository;
use crate::rows::{limit, time};

/// How long the access log, ended jobs, bulk changes, messages and closed alerts are kept, in days.
const KEPT: i64 = 90;

/// How long each kind of record is kept, in days. None: for good.
pub const RETENTION: [(&str, Option<i64>); 7] = [
    ("access_log", Some(KEPT)),
    ("jobs", Some(KEPT)),
    ("bulk_changes", Some(KEPT)),
    ("messages", Some(KEPT)),
    ("alerts", Some(KEPT)),
    ("audit_trail", None),
    ("decisions", None),
];

/// Rows that are read at a time.
const CHUNK: usize = 5_000;

/// The jobs of the project that ended long ago, and its old bulk changes.
const OLD_JOBS: &str = "SELECT id FROM serve_jobs WHERE tenant = $1 AND project = $2 AND updated_at < $3 \
                        AND status IN ('done', 'dead', 'cancelled')";
const OLD_BULK: &str = "SELECT id FROM serve_bulk WHERE tenant = $1 AND project = $2 AND created_at < $3";

/// Tables with rows that are deleted after their time, in an order in which they can be, and which rows these are.
fn expired() -> [(&'static str, String); 8] {
    let of_project = "tenant = $1 AND project = $2";
    [
        ("serve_deliveries", format!("{of_project} AND created_at < $3 AND job IN ({OLD_JOBS})")),
        ("serve_job_attempts", format!("job IN ({OLD_JOBS})")),
        ("serve_jobs", format!("id IN ({OLD_JOBS})")),
        ("serve_bulk_items", format!("bulk IN ({OLD_BULK})")),
        ("serve_bulk", format!("id IN ({OLD_BULK})")),
        ("serve_alerts", format!("{of_project} AND closed_at < $3")),
        ("serve_access", "tenant = $1 AND project IN ($2, '') AND at < $3".to_owned()),
        // Of a version that wrote it and never delivered anything.
        ("serve_outbox", format!("{of_project} AND created_at < $3")),
    ]
}

/// Returns when what is deleted at a moment must have ended.
pub fn cutoff(now: DateTime<Utc>) -> DateTime<Utc> {
    now - Duration::days(KEPT)
}

impl Repository<'_> {
    /// Calls a function with the rows of the project whose time was over at a moment, table by table: the table, and up to
    /// 5,000 of its rows.
    ///
    /// # Errors
    /// What the function returns; [`StateError`].
    pub fn each_old_row<E: From<StateError>>(
        &mut self,
        before: DateTime<Utc>,
        mut take: impl FnMut(&Table, &[Row]) -> Result<(), E>,
    ) -> Result<(), E> {
        let tables = self.transaction.tables()?;
        for (name, condition) in expired() {
            let Some(table) = tables.iter().find(|table| table.name == name) else { continue };
            let key = table.key();
            let places: Vec<usize> =
                key.iter().filter_map(|key| table.columns().position(|column| column == key)).collect();
            let after: Vec<String> = (5..5 + key.len()).map(|number| format!("${number}")).collect();
            let (list, key) = (table.columns().collect::<Vec<_>>().join(", "), key.join(", "));
            let mut last: Option<Row> = None;
            loop {
                let behind = match &last {
                    Some(_) => format!(" AND ({key}) > ({})", after.join(", ")),
                    None => String::new(),
                };
                let sql =
                    format!("SELECT {list} FROM {name} WHERE {condition}{behind} ORDER BY {key} LIMIT $4");
                let mut values: Vec<Value<'_>> =
                    vec![self.tenant.into(), self.project.into(), time(before), limit(CHUNK)];
                values.extend(last.iter().flatten().map(Cell::to_value));
                let rows = self.transaction.query(&sql, &values)?;
                if !rows.is_empty() {
                    take(table, &rows)?;
                }
                if rows.len() < CHUNK {
                    break;
                }
                last = rows.last().map(|row| places.iter().filter_map(|&at| row.get(at).cloned()).collect());
            }
        }
        Ok(())
    }

    /// Deletes the rows of the project whose time was over at a moment; returns their number.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn delete_old(&mut self, before: DateTime<Utc>) -> Result<u64, StateError> {
        let values = [self.tenant.into(), self.project.into(), time(before)];
        let mut deleted = 0;
        for (name, condition) in expired() {
            deleted += self.transaction.execute(&format!("DELETE FROM {name} WHERE {condition}"), &values)?;
        }
        Ok(deleted)
    }
}
