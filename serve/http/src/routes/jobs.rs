//! Jobs and schedules.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::jobs::{BULK_APPLY, BULK_UNDO, Queue, Status};
use tagpol_serve_core::schedules;
use tagpol_serve_db::{Attempt, Job, JobFilter, NewEntry, NewJob, Repository, Schedule};
use utoipa::{IntoParams, ToSchema};

use super::audit::page_size;
use super::names::Names;
use crate::cursor;
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::jobs::SWEEP;
use crate::permission::{ManageSchedules, ReadTags, Recheck};
use crate::problem::Failure;
use crate::timestamp::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::write(
            Method::POST,
            "/api/v1/compliance/recheck",
            ("recheck", "Evaluates the inventory again, in the background", &[202]),
            About::Project,
            recheck,
        ),
        Route::read("/api/v1/jobs", ("listJobs", "Returns a page of jobs, the newest first", &[200]), list),
        Route::read("/api/v1/jobs/{id}", ("getJob", "Returns a job with its attempts", &[200]), get),
        Route::write(
            Method::POST,
            "/api/v1/jobs/{id}/cancel",
            ("cancelJob", "Ends a job that has not ended", &[204]),
            About::Project,
            cancel,
        ),
        Route::write(
            Method::POST,
            "/api/v1/jobs/{id}/retry",
            ("retryJob", "Queues a dead or cancelled job once more", &[204]),
            About::Project,
            retry,
        ),
        Route::read(
            "/api/v1/schedules",
            ("listSchedules", "Returns the recurring jobs", &[200]),
            list_schedules,
        ),
        Route::write(
            Method::PUT,
            "/api/v1/schedules/{name}",
            ("setSchedule", "Changes when a recurring job is started", &[204]),
            About::Project,
            set_schedule,
        ),
    ]
}

/// A job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobView {
    /// Its id.
    pub(crate) id: String,
    /// Its queue.
    pub(crate) queue: &'static str,
    /// What it does.
    pub(crate) kind: String,
    /// `queued`, `running`, `done`, `dead` or `cancelled`.
    pub(crate) status: &'static str,
    /// How often it was started.
    pub(crate) attempt: i64,
    /// How far it is. Null: it does not report it.
    pub(crate) progress: Option<serde_json::Value>,
    /// Its result. Null: none yet.
    pub(crate) result: Option<serde_json::Value>,
    /// The reason of its last failure. Null: none.
    pub(crate) error: Option<String>,
    /// Who wanted it.
    pub(crate) requested_by: String,
    /// The name of the person, of the person and the token, or of the actor if it has no other.
    pub(crate) requested_by_name: String,
    /// When it may run.
    pub(crate) run_at: Timestamp,
    /// When it was enqueued.
    pub(crate) created_at: Timestamp,
    /// When it changed last.
    pub(crate) updated_at: Timestamp,
    /// Its attempts, for a single job.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) attempts: Vec<AttemptView>,
}

/// An attempt of a job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AttemptView {
    /// Its number, from 1.
    attempt: i64,
    /// When it began.
    started_at: Timestamp,
    /// When it ended. Null: it has not, or its worker died.
    ended_at: Option<Timestamp>,
    /// The state that the job then had.
    outcome: Option<String>,
    /// The reason of a failure.
    error: Option<String>,
}

fn shown(job: Job, attempts: Vec<Attempt>, names: &Names) -> JobView {
    let value = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    let attempt = |one: Attempt| AttemptView {
        attempt: one.attempt,
        started_at: Timestamp(one.started_at),
        ended_at: one.ended_at.map(Timestamp),
        outcome: one.outcome,
        error: one.error,
    };
    JobView {
        id: job.id,
        queue: job.queue.as_str(),
        kind: job.kind,
        status: job.status.as_str(),
        attempt: job.attempt,
        progress: value(job.progress),
        result: value(job.result),
        error: job.error,
        requested_by_name: names.of(&job.actor),
        requested_by: job.actor,
        run_at: Timestamp(job.run_at),
        created_at: Timestamp(job.created_at),
        updated_at: Timestamp(job.updated_at),
        attempts: attempts.into_iter().map(attempt).collect(),
    }
}

/// A job that was enqueued.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Enqueued {
    /// The id of the job.
    pub(crate) job: String,
    /// Whether it is a new one. If not, one that waits already does the same.
    pub(crate) is_new: bool,
}

impl Enqueued {
    pub(super) fn new(job: String, is_new: bool) -> Self {
        Self { job, is_new }
    }
}

fn recheck(call: &Call<'_, Recheck>, r: &mut Repository<'_>, _: Nothing) -> Result<Reply<Enqueued>, Failure> {
    enqueue_recheck(call, r).map(Reply::accepted)
}

/// Enqueues an evaluation.
///
/// # Errors
/// Those of the database.
pub(crate) fn enqueue_recheck(call: &Call<'_, Recheck>, r: &mut Repository<'_>) -> Result<Enqueued, Failure> {
    let actor = &call.holder.actor;
    let new = NewJob { queue: Queue::Compliance, kind: SWEEP, key: SWEEP, payload: json!({}), actor };
    let (job, is_new) = r.enqueue(&new)?;
    r.audit(&NewEntry { actor, action: "compliance.recheck", object: &job, details: json!({}) })?;
    Ok(Enqueued { job, is_new })
}

/// Which jobs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct JobQuery {
    /// Only of this queue.
    #[serde(default)]
    queue: Option<String>,
    /// Only in this state.
    #[serde(default)]
    status: Option<String>,
    /// Where the page begins: `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// Most jobs of the page: 1 to 500.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// A page of jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobPage {
    /// The jobs, the newest first.
    items: Vec<JobView>,
    /// The cursor of the next page. Null: this is the last one.
    next: Option<String>,
}

fn list(call: &Call<'_, ReadTags>, query: JobQuery) -> Result<Reply<JobPage>, Failure> {
    let limit = page_size(query.limit)?;
    let unknown = |what: &str, name: &str| {
        ApiError::new(Code::InvalidRequest, format!("there is no {what} `{name}`")).in_parameter(what)
    };
    let queue = query.queue.as_deref().map(|name| Queue::parse(name).ok_or_else(|| unknown("queue", name)));
    let status =
        query.status.as_deref().map(|name| Status::parse(name).ok_or_else(|| unknown("status", name)));
    let filter = JobFilter { queue: queue.transpose()?, status: status.transpose()? };
    let (key, scope) = (&call.app.master_key, call.project()?.scope());
    let list = format!("jobs {scope:?} {filter:?}");
    let after: Option<(Timestamp, String)> = cursor::decode(key, &list, query.cursor.as_deref())?;
    let (jobs, names) = call.app.database.read::<_, StateError>(&scope, |r| {
        let jobs = r.jobs(filter, after.as_ref().map(|(at, id)| (at.0, id.as_str())), limit + 1)?;
        let names = Names::read(r, jobs.iter().map(|job| job.actor.as_str()))?;
        Ok((jobs, names))
    })?;
    let next = jobs.get(limit).and_then(|_| jobs.get(limit - 1));
    let next = next.map(|last| cursor::encode(key, &list, (Timestamp(last.created_at), &last.id)));
    let items = jobs.into_iter().take(limit).map(|job| shown(job, Vec::new(), &names)).collect();
    Ok(Reply::ok(JobPage { items, next }))
}

fn get(call: &Call<'_, ReadTags>, _: NoQuery) -> Result<Reply<JobView>, Failure> {
    read_job(call).map(Reply::ok)
}

/// Reads the job of the address.
///
/// # Errors
/// [`Code::NotFound`].
pub(crate) fn read_job(call: &Call<'_, ReadTags>) -> Result<JobView, Failure> {
    let id = call.path("id");
    let found = call.app.database.read::<_, StateError>(&call.project()?.scope(), |r| {
        let Some(job) = r.job(id)? else { return Ok(None) };
        let names = Names::read(r, [job.actor.as_str()])?;
        Ok(Some((job, r.attempts(id)?, names)))
    })?;
    let (job, attempts, names) = found.ok_or_else(|| ApiError::not_found("job", id))?;
    Ok(shown(job, attempts, &names))
}

/// Does something to a job of the project, which must exist.
fn change(
    call: &Call<'_, ManageSchedules>,
    r: &mut Repository<'_>,
    action: &str,
    changed: impl FnOnce(&mut Repository<'_>, &str) -> Result<bool, StateError>,
) -> Result<Reply<Nothing>, Failure> {
    let id = call.path("id");
    let job = r.job(id)?.ok_or_else(|| ApiError::not_found("job", id))?;
    if !changed(r, id)? {
        let detail = format!("the job is `{}`, or another one does the same already", job.status.as_str());
        return Err(ApiError::new(Code::Conflict, detail).into());
    }
    r.audit(&NewEntry {
        actor: &call.holder.actor,
        action,
        object: id,
        details: json!({ "kind": job.kind }),
    })?;
    Ok(Reply::empty())
}

fn cancel(
    call: &Call<'_, ManageSchedules>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    change(call, r, "job.cancel", |r, id| r.cancel_job(id))
}

fn retry(
    call: &Call<'_, ManageSchedules>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    let id = call.path("id");
    let job = r.job(id)?.ok_or_else(|| ApiError::not_found("job", id))?;
    if matches!(job.kind.as_str(), BULK_APPLY | BULK_UNDO) {
        // What was decided meanwhile has to be compared with its preview.
        let detail = "the job belongs to a bulk change, which is continued or undone as a whole";
        let help = format!("send `POST /api/v1/bulk/{0}/apply` or `POST /api/v1/bulk/{0}/undo`", job.key);
        return Err(ApiError::new(Code::Conflict, detail).help(help).into());
    }
    change(call, r, "job.retry", |r, id| r.retry_job(id))
}

/// A recurring job.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ScheduleView {
    /// Its name.
    name: String,
    /// When: minute, hour, day of the month, month, day of the week.
    cron: String,
    /// The zone of these: `UTC` or an offset.
    zone: String,
    /// The queue of its job.
    queue: &'static str,
    /// Whether it is started.
    enabled: bool,
    /// When it is started next.
    next_at: Timestamp,
    /// When it was started last. Null: never.
    last_at: Option<Timestamp>,
}

/// The recurring jobs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Schedules {
    /// All of them, by name.
    items: Vec<ScheduleView>,
}

fn list_schedules(call: &Call<'_, ReadTags>, _: NoQuery) -> Result<Reply<Schedules>, Failure> {
    let found = call.app.database.read::<_, StateError>(&call.project()?.scope(), |r| r.schedules())?;
    let shown = |one: Schedule| ScheduleView {
        name: one.name,
        cron: one.cron,
        zone: one.zone,
        queue: one.queue.as_str(),
        enabled: one.enabled,
        next_at: Timestamp(one.next_at),
        last_at: one.last_at.map(Timestamp),
    };
    Ok(Reply::ok(Schedules { items: found.into_iter().map(shown).collect() }))
}

/// When a recurring job is started.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ScheduleUpdate {
    /// When: minute, hour, day of the month, month, day of the week.
    cron: String,
    /// The zone of these: `UTC` or an offset such as `+02:00`.
    zone: String,
    /// Whether it is started.
    enabled: bool,
}

fn set_schedule(
    call: &Call<'_, ManageSchedules>,
    r: &mut Repository<'_>,
    body: ScheduleUpdate,
) -> Result<Reply<Nothing>, Failure> {
    let name = call.path("name");
    let now = call.app.database.source().now();
    let next_at = schedules::next(&body.cron, &body.zone, now).map_err(|error| {
        let pointer = if matches!(error, schedules::ScheduleError::Zone(_)) { "/zone" } else { "/cron" };
        ApiError::new(Code::InvalidValue, error.to_string()).at(pointer)
    })?;
    if !r.set_schedule(name, (&body.cron, &body.zone), body.enabled, next_at)? {
        return Err(ApiError::not_found("schedule", name).into());
    }
    let details = serde_json::to_value(&body).unwrap_or_default();
    r.audit(&NewEntry { actor: &call.holder.actor, action: "schedule.set", object: name, details })?;
    Ok(Reply::empty())
}
