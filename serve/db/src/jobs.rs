//! The queues: jobs are enqueued in the transaction of what they follow from, claimed under a lease, and ended with the
//! fencing token of their claim.

use chrono::{DateTime, Utc};
use tagpol_serve_core::jobs::{ATTEMPTS, Ended, LEASE, Outcome, Queue, Status, after};
use tagpol_serve_core::new_id;
use tagpol_state::{Row, StateError, Value};

use crate::Repository;
use crate::rows::{Cells, limit, numbers, optional_time, time};

/// A job to be enqueued.
#[derive(Debug, Clone)]
pub struct NewJob<'a> {
    /// Its queue.
    pub queue: Queue,
    /// What it does.
    pub kind: &'a str,
    /// What it does it to: of one queue and key, one job waits at most.
    pub key: &'a str,
    /// What it needs to know.
    pub payload: serde_json::Value,
    /// Who wants it.
    pub actor: &'a str,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its id.
    pub id: String,
    /// Its tenant.
    pub tenant: String,
    /// Its project. Empty: none.
    pub project: String,
    /// Its queue.
    pub queue: Queue,
    /// What it does.
    pub kind: String,
    /// What it does it to.
    pub key: String,
    /// What it needs to know, as JSON.
    pub payload: String,
    /// Its state.
    pub status: Status,
    /// When it may run.
    pub run_at: DateTime<Utc>,
    /// How often it was started.
    pub attempt: i64,
    /// How far it is, as JSON.
    pub progress: Option<String>,
    /// Its result, as JSON.
    pub result: Option<String>,
    /// The reason of its last failure.
    pub error: Option<String>,
    /// Who wanted it.
    pub actor: String,
    /// When it was enqueued.
    pub created_at: DateTime<Utc>,
    /// When it changed last.
    pub updated_at: DateTime<Utc>,
}

/// A job that a worker has, with the token that its result must carry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The job.
    pub job: Job,
    /// The fencing token: a later claim has a greater one.
    pub fence: i64,
}

/// An attempt of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// Its number, from 1.
    pub attempt: i64,
    /// Who made it.
    pub worker: String,
    /// When it began.
    pub started_at: DateTime<Utc>,
    /// When it ended. None: it has not, or its worker died.
    pub ended_at: Option<DateTime<Utc>>,
    /// How it ended: the state that the job then had.
    pub outcome: Option<String>,
    /// The reason of a failure.
    pub error: Option<String>,
}

/// Which jobs are read; all conditions must be met.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JobFilter {
    /// Only of this queue.
    pub queue: Option<Queue>,
    /// Only in this state.
    pub status: Option<Status>,
}

pub(crate) const COLUMNS: &str = "id, tenant, project, queue, kind, key, payload, status, run_at, attempt, progress, result, \
                       error, actor, created_at, updated_at";

fn job(cells: &mut Cells<'_>) -> Result<Job, StateError> {
    Ok(Job {
        id: cells.text()?,
        tenant: cells.text()?,
        project: cells.text()?,
        queue: cells.parsed("a queue", Queue::parse)?,
        kind: cells.text()?,
        key: cells.text()?,
        payload: cells.text()?,
        status: cells.parsed("a status", Status::parse)?,
        run_at: cells.time()?,
        attempt: cells.int()?,
        progress: cells.optional_text()?,
        result: cells.optional_text()?,
        error: cells.optional_text()?,
        actor: cells.text()?,
        created_at: cells.time()?,
        updated_at: cells.time()?,
    })
}

pub(crate) fn job_of(row: &Row) -> Result<Job, StateError> {
    job(&mut Cells::new("serve_jobs", row))
}

impl Repository<'_> {
    /// Enqueues a job of the project. If one of this queue and key waits already, it stands for both, and waits no longer; returns
    /// the id of the job, and whether it is new.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn enqueue(&mut self, new: &NewJob<'_>) -> Result<(String, bool), StateError> {
        let (id, now) = (new_id("job", self.source), self.now());
        let payload = new.payload.to_string();
        let values = [
            (&id).into(),
            self.tenant.into(),
            self.project.into(),
            new.queue.as_str().into(),
            new.kind.into(),
            new.key.into(),
            (&payload).into(),
            new.actor.into(),
            time(now),
        ];
        let sql = "INSERT INTO serve_jobs (id, tenant, project, queue, kind, key, payload, status, run_at, attempt, \
                   fence, actor, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'queued', $9, 0, 0, $8, \
                   $9, $9) ON CONFLICT (tenant, project, queue, key) WHERE status = 'queued' DO NOTHING";
        if self.transaction.execute(sql, &values)? > 0 {
            return Ok((id, true));
        }
        let sql = "SELECT id FROM serve_jobs WHERE tenant = $1 AND project = $2 AND queue = $3 AND key = $4 \
                   AND status = 'queued'";
        let values = [self.tenant.into(), self.project.into(), new.queue.as_str().into(), new.key.into()];
        let rows = self.transaction.query(sql, &values)?;
        // Whoever wants it now does not wait for the end of a pause after a failure.
        let forward = "UPDATE serve_jobs SET run_at = $5 WHERE tenant = $1 AND project = $2 AND queue = $3 AND key = $4 \
                       AND status = 'queued' AND run_at > $5";
        let [tenant, project, queue, key] = values;
        self.transaction.execute(forward, &[tenant, project, queue, key, time(now)])?;
        let waiting = rows.first().map(|row| Cells::new("serve_jobs", row).text()).transpose()?;
        Ok((waiting.unwrap_or(id), false))
    }

    /// Enqueues a job that runs at `run_at`, and after all jobs that were put into the same lane before it: a lane is done in
    /// order, by one worker. Those of them that only wait for their time wait no longer than this one. Returns the id; the key
    /// of the job must be new.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn enqueue_in_lane(
        &mut self,
        new: &NewJob<'_>,
        lane: &str,
        run_at: DateTime<Utc>,
    ) -> Result<String, StateError> {
        let sql = "UPDATE serve_jobs SET run_at = $2 WHERE lane = $1 AND status = 'queued' AND attempt = 0 AND run_at > $2";
        self.transaction.execute(sql, &[lane.into(), time(run_at)])?;
        let (id, _) = self.enqueue(new)?;
        let sql = "UPDATE serve_jobs SET lane = $2, run_at = $3 WHERE id = $1";
        self.transaction.execute(sql, &[(&id).into(), lane.into(), time(run_at)])?;
        Ok(id)
    }

    /// Whether a job of a queue and key of the project waits or runs.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn has_unfinished_job(&mut self, queue: Queue, key: &str) -> Result<bool, StateError> {
        let sql = "SELECT id FROM serve_jobs WHERE tenant = $1 AND project = $2 AND queue = $3 AND key = $4 \
                   AND status IN ('queued', 'running') LIMIT 1";
        let values = [self.tenant.into(), self.project.into(), queue.as_str().into(), key.into()];
        Ok(!self.transaction.query(sql, &values)?.is_empty())
    }

    /// Claims the next job of some queues, of whatever tenant: one that waits, or one whose worker let its lease end.
    /// For workers, which then work in the scope of the job.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn claim(&mut self, queues: &[Queue], worker: &str) -> Result<Option<Claimed>, StateError> {
        let now = self.now();
        self.bury_killers(now)?;
        let mut values: Vec<Value<'_>> = vec![time(now)];
        values.extend(queues.iter().map(|queue| Value::from(queue.as_str())));
        let sql = format!(
            "SELECT id FROM serve_jobs WHERE queue IN ({}) AND ((status = 'queued' AND run_at <= $1) \
             OR (status = 'running' AND lease_until < $1)) \
             AND (lane IS NULL OR NOT EXISTS (SELECT 1 FROM serve_jobs AS e WHERE e.lane = serve_jobs.lane \
             AND e.status IN ('queued', 'running') AND (e.created_at < serve_jobs.created_at \
             OR (e.created_at = serve_jobs.created_at AND e.id < serve_jobs.id)))) \
             ORDER BY run_at, id LIMIT 1 {{skip_locked}}",
            numbers(2, queues.len())
        );
        let rows = self.transaction.query(&sql, &values)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let id = Cells::new("serve_jobs", row).text()?;
        let sql = format!(
            "UPDATE serve_jobs SET status = 'running', attempt = attempt + 1, fence = fence + 1, worker = $2, \
             lease_until = $3, updated_at = $4 WHERE id = $1 RETURNING {COLUMNS}, fence"
        );
        let values = [(&id).into(), worker.into(), time(now + LEASE), time(now)];
        let rows = self.transaction.query(&sql, &values)?;
        let Some(row) = rows.first() else { return Ok(None) };
        let mut cells = Cells::new("serve_jobs", row);
        let claimed = Claimed { job: job(&mut cells)?, fence: cells.int()? };
        let sql = "INSERT INTO serve_job_attempts (job, attempt, worker, started_at) VALUES ($1, $2, $3, $4)";
        self.transaction
            .execute(sql, &[(&id).into(), claimed.job.attempt.into(), worker.into(), time(now)])?;
        Ok(Some(claimed))
    }

    /// Ends the jobs whose workers died in each of their attempts. Messages have as many attempts as their time allows.
    fn bury_killers(&mut self, now: DateTime<Utc>) -> Result<(), StateError> {
        // Named one by one, so that the index of the queues is used.
        let queues = Queue::ALL.iter().filter(|queue| **queue != Queue::Notify);
        let mut values: Vec<Value<'_>> = vec![time(now), ATTEMPTS.into()];
        values.extend(queues.map(|queue| Value::from(queue.as_str())));
        let sql = format!(
            "UPDATE serve_jobs SET status = 'dead', worker = NULL, lease_until = NULL, updated_at = $1, \
             error = 'the worker died, or was away for too long, in each attempt' \
             WHERE status = 'running' AND lease_until < $1 AND attempt >= $2 AND queue IN ({}) \
             RETURNING tenant, project, kind, key",
            numbers(3, values.len() - 2)
        );
        for row in self.transaction.query(&sql, &values)? {
            let mut cells = Cells::new("serve_jobs", &row);
            let (tenant, project) = (cells.text()?, cells.text()?);
            let (kind, key) = (cells.text()?, cells.text()?);
            let source = self.source;
            let mut of_job = Repository {
                transaction: &mut *self.transaction,
                tenant: &tenant,
                project: &project,
                source,
            };
            of_job.stop_bulk_of(&kind, &key)?;
        }
        Ok(())
    }

    /// Extends the lease of a claim, and reports how far the job is. False: the claim is no longer valid, because
    /// another worker has the job or a person cancelled it, and the worker must stop.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn heartbeat(&mut self, claimed: &Claimed, progress: Option<&str>) -> Result<bool, StateError> {
        let now = self.now();
        let sql = "UPDATE serve_jobs SET lease_until = $3, updated_at = $4, progress = coalesce($5, progress) \
                   WHERE id = $1 AND fence = $2 AND status = 'running'";
        let id = &claimed.job.id;
        let values = [id.into(), claimed.fence.into(), time(now + LEASE), time(now), progress.into()];
        Ok(self.transaction.execute(sql, &values)? > 0)
    }

    /// Ends a claim. False: the claim is no longer valid, and nothing changes.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn finish(&mut self, claimed: &Claimed, outcome: Outcome) -> Result<bool, StateError> {
        let now = self.now();
        let sql = "SELECT min(started_at) FROM serve_job_attempts WHERE job = $1";
        let rows = self.transaction.query(sql, &[(&claimed.job.id).into()])?;
        let first = rows.first().map(|row| Cells::new("serve_job_attempts", row).optional_time());
        let ended = Ended {
            queue: claimed.job.queue,
            attempt: claimed.job.attempt,
            first_at: first.transpose()?.flatten().unwrap_or(now),
        };
        let next = after(outcome, &ended, self.source);
        // Another job of the same key may wait already, which then stands for both.
        let sql = "SELECT id FROM serve_jobs WHERE tenant = $1 AND project = $2 AND queue = $3 AND key = $4 \
                   AND status = 'queued'";
        let Job { id, tenant, project, queue, key, .. } = &claimed.job;
        let values = [tenant.into(), project.into(), queue.as_str().into(), key.into()];
        let has_successor =
            next.status == Status::Queued && !self.transaction.query(sql, &values)?.is_empty();
        let status = if has_successor { Status::Cancelled } else { next.status };
        let values = [
            id.into(),
            claimed.fence.into(),
            status.as_str().into(),
            optional_time(next.run_at),
            next.error.as_deref().into(),
            next.result.as_deref().into(),
            time(now),
        ];
        let sql = "UPDATE serve_jobs SET status = $3, run_at = coalesce($4, run_at), error = $5, result = $6, \
                   worker = NULL, lease_until = NULL, updated_at = $7 \
                   WHERE id = $1 AND fence = $2 AND status = 'running'";
        if self.transaction.execute(sql, &values)? == 0 {
            return Ok(false);
        }
        let sql = "UPDATE serve_job_attempts SET ended_at = $3, outcome = $4, error = $5 WHERE job = $1 AND attempt = $2";
        let values = [
            id.into(),
            claimed.job.attempt.into(),
            time(now),
            status.as_str().into(),
            next.error.as_deref().into(),
        ];
        self.transaction.execute(sql, &values)?;
        if matches!(status, Status::Dead | Status::Cancelled) {
            self.stop_bulk_of(&claimed.job.kind, &claimed.job.key)?;
        }
        Ok(true)
    }

    /// Returns jobs of the tenant, the newest first, behind a job.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn jobs(
        &mut self,
        filter: JobFilter,
        after: Option<(DateTime<Utc>, &str)>,
        most: usize,
    ) -> Result<Vec<Job>, StateError> {
        let last = (DateTime::<Utc>::MAX_UTC, "");
        let (at, id) = after.unwrap_or(last);
        let sql = format!(
            "SELECT {COLUMNS} FROM serve_jobs WHERE tenant = $1 AND project = $2 \
             AND (created_at < $3 OR (created_at = $3 AND id < $4)) \
             AND ($5 = '' OR queue = $5) AND ($6 = '' OR status = $6) ORDER BY created_at DESC, id DESC LIMIT $7"
        );
        let values = [
            self.tenant.into(),
            self.project.into(),
            time(at),
            id.into(),
            filter.queue.map_or("", Queue::as_str).into(),
            filter.status.map_or("", Status::as_str).into(),
            limit(most),
        ];
        self.transaction.query(&sql, &values)?.iter().map(job_of).collect()
    }

    /// Returns a job of the tenant.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn job(&mut self, id: &str) -> Result<Option<Job>, StateError> {
        let sql = format!("SELECT {COLUMNS} FROM serve_jobs WHERE tenant = $1 AND project = $2 AND id = $3");
        let rows = self.transaction.query(&sql, &[self.tenant.into(), self.project.into(), id.into()])?;
        rows.first().map(job_of).transpose()
    }

    /// Returns the attempts of a job, in their order.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn attempts(&mut self, job: &str) -> Result<Vec<Attempt>, StateError> {
        let sql = "SELECT attempt, worker, started_at, ended_at, outcome, error FROM serve_job_attempts \
                   WHERE job = $1 ORDER BY attempt";
        let rows = self.transaction.query(sql, &[job.into()])?;
        let attempt = |row| {
            let mut cells = Cells::new("serve_job_attempts", row);
            Ok(Attempt {
                attempt: cells.int()?,
                worker: cells.text()?,
                started_at: cells.time()?,
                ended_at: cells.optional_time()?,
                outcome: cells.optional_text()?,
                error: cells.optional_text()?,
            })
        };
        rows.iter().map(attempt).collect()
    }

    /// Cancels a job of the tenant that has not ended. False: it has, or it does not exist.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn cancel_job(&mut self, id: &str) -> Result<bool, StateError> {
        let sql = "UPDATE serve_jobs SET status = 'cancelled', worker = NULL, lease_until = NULL, updated_at = $4 \
                   WHERE tenant = $1 AND project = $2 AND id = $3 AND status IN ('queued', 'running') RETURNING kind, key";
        let values = [self.tenant.into(), self.project.into(), id.into(), time(self.now())];
        let rows = self.transaction.query(sql, &values)?;
        let Some(row) = rows.first() else { return Ok(false) };
        let mut cells = Cells::new("serve_jobs", row);
        let (kind, key) = (cells.text()?, cells.text()?);
        self.stop_bulk_of(&kind, &key)?;
        Ok(true)
    }

    /// Queues a dead or cancelled job of the tenant once more, with all its attempts. False: it is neither, or a job of
    /// the same key waits already.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn retry_job(&mut self, id: &str) -> Result<bool, StateError> {
        let sql = "UPDATE serve_jobs SET status = 'queued', attempt = 0, run_at = $4, error = NULL, updated_at = $4 \
                   WHERE tenant = $1 AND project = $2 AND id = $3 AND status IN ('dead', 'cancelled') \
                   AND NOT EXISTS (SELECT 1 FROM serve_jobs AS w WHERE w.tenant = serve_jobs.tenant \
                   AND w.project = serve_jobs.project AND w.queue = serve_jobs.queue AND w.key = serve_jobs.key \
                   AND w.status = 'queued')";
        let values = [self.tenant.into(), self.project.into(), id.into(), time(self.now())];
        if self.transaction.execute(sql, &values)? == 0 {
            return Ok(false);
        }
        self.transaction.execute("DELETE FROM serve_job_attempts WHERE job = $1", &[id.into()])?;
        Ok(true)
    }

    /// Returns the number of jobs of each queue and state, of all tenants: for metrics.
    ///
    /// # Errors
    /// [`StateError`].
    pub fn queue_depths(&mut self) -> Result<Vec<(Queue, Status, i64)>, StateError> {
        let sql =
            "SELECT queue, status, count(*) FROM serve_jobs GROUP BY queue, status ORDER BY queue, status";
        let rows = self.transaction.query(sql, &[])?;
        let depth = |row| {
            let mut cells = Cells::new("serve_jobs", row);
            Ok((
                cells.parsed("a queue", Queue::parse)?,
                cells.parsed("a status", Status::parse)?,
                cells.int()?,
            ))
        };
        rows.iter().map(depth).collect()
    }
}
