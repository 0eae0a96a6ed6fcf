//! When recurring jobs are enqueued.

use chrono::{DateTime, Utc};
use tagpol_serve_core::jobs::Queue;
use tagpol_serve_core::schedules::{DEFAULTS, next};
use tagpol_state::{Row, StateError};

use crate::Repository;
use crate::jobs::NewJob;
use crate::rows::{Cells, time};

/// A recurring job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// The tenant.
    pub tenant: String,
    /// The project.
    pub project: String,
    /// Its name, which is also that of its job.
    pub name: String,
    /// When, as a cron text.
    pub cron: String,
    /// The zone of the cron text.
    pub zone: String,
    /// The queue of the job.
    pub queue: Queue,
    /// Whether it is started.
    pub enabled: bool,
    /// When it is started next.
    pub next_at: DateTime<Utc>,
    /// When it was started last. None: never.
    pub last_at: Option<DateTime<Utc>>,
}

const COLUMNS: &str = "tenant, project, name, cron, zone, queue, enabled, next_at, last_at";

fn schedule(row: &Row) -> Result<Schedule, StateError> {
    let mut cells = Cells::new("serve_schedules", row);
    Ok(Schedule {
        tenant: cells.text()?,
        project: cells.text()?,
        name: cells.text()?,
        cron: cells.text()?,
        zone: cells.text()?,
        queue: cells.parsed("a queue", Queue::parse)?,
        enabled: cells.flag()?,
        next_at: cells.time()?,
        last_at: cells.optional_time()?,
    })
}

impl Repository<'_> {
    /// Adds the usual schedules of the project unless they exist.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn add_default_schedules(&mut self) -> Result<(), StateError> {
        let now = self.now();
        for one in DEFAULTS {
            let Ok(next_at) = next(one.cron, "UTC", now) else { continue };
            let values = [
                self.tenant.into(),
                self.project.into(),
                one.name.into(),
                one.cron.into(),
                one.queue.as_str().into(),
                time(next_at),
            ];
            let sql = "INSERT INTO serve_schedules (tenant, project, name, cron, zone, queue, enabled, next_at) \
                       VALUES ($1, $2, $3, $4, 'UTC', $5, 1, $6) ON CONFLICT DO NOTHING";
            self.transaction.execute(sql, &values)?;
        }
        Ok(())
    }

    /// Returns the schedules of the project, by name.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn schedules(&mut self) -> Result<Vec<Schedule>, StateError> {
        let sql =
            format!("SELECT {COLUMNS} FROM serve_schedules WHERE tenant = $1 AND project = $2 ORDER BY name");
        let rows = self.transaction.query(&sql, &[self.tenant.into(), self.project.into()])?;
        rows.iter().map(schedule).collect()
    }

    /// Changes a schedule of the project. False: it does not exist.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn set_schedule(
        &mut self,
        name: &str,
        (cron, zone): (&str, &str),
        enabled: bool,
        next_at: DateTime<Utc>,
    ) -> Result<bool, StateError> {
        let sql = "UPDATE serve_schedules SET cron = $4, zone = $5, enabled = $6, next_at = $7 \
                   WHERE tenant = $1 AND project = $2 AND name = $3";
        let values = [
            self.tenant.into(),
            self.project.into(),
            name.into(),
            cron.into(),
            zone.into(),
            i64::from(enabled).into(),
            time(next_at),
        ];
        Ok(self.transaction.execute(sql, &values)? > 0)
    }

    /// Returns the schedules of all tenants whose time has come: for the scheduler.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn due_schedules(&mut self) -> Result<Vec<Schedule>, StateError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM serve_schedules WHERE enabled = 1 AND next_at <= $1 ORDER BY next_at, tenant, project, name"
        );
        self.transaction.query(&sql, &[time(self.now())])?.iter().map(schedule).collect()
    }

    /// Starts a schedule of the project that is due: enqueues its job, and moves it to its next time. However many times
    /// were missed, there is one job. Returns the job's id. None: another scheduler was first.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn start_schedule(&mut self, due: &Schedule) -> Result<Option<String>, StateError> {
        let now = self.now();
        // A text that no longer parses, because its program is older, is left alone for a day.
        let next_at = next(&due.cron, &due.zone, now).unwrap_or(now + chrono::Duration::days(1));
        // Whoever changes the time that it was due at has started it.
        let sql = "UPDATE serve_schedules SET next_at = $5, last_at = $6 \
                   WHERE tenant = $1 AND project = $2 AND name = $3 AND next_at = $4 AND enabled = 1";
        let values = [
            self.tenant.into(),
            self.project.into(),
            (&due.name).into(),
            time(due.next_at),
            time(next_at),
            time(now),
        ];
        if self.transaction.execute(sql, &values)? == 0 {
            return Ok(None);
        }
        let payload = serde_json::json!({ "schedule": due.name });
        let job = NewJob { queue: due.queue, kind: &due.name, key: &due.name, payload, actor: "system" };
        self.enqueue(&job).map(|(id, _)| Some(id))
    }
}
