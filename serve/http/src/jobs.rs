//! The workers of the queues, and the scheduler: threads next to those of requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::jobs::{HEARTBEAT, Outcome, Queue};
use tagpol_serve_db::{Claimed, NewJob, Scope};
use tokio::runtime::Runtime;

use crate::alerts;
use crate::app::App;
use crate::host::ProjectHost;
use crate::routes::bulk;
use crate::timestamp::Timestamp;

/// The job that evaluates the policies, which is also a schedule.
pub(crate) const SWEEP: &str = "compliance-sweep";

/// The job that reads the inventory again, which is also a schedule.
const REINGEST: &str = "reingest-resources";

/// The job that deletes old records, which is also a schedule.
const CLEANUP: &str = "cleanup-audit";

/// The queues of one of the workers; the other one has [`Queue::Notify`].
const OTHER_QUEUES: [Queue; 5] =
    [Queue::Ingestion, Queue::Normalization, Queue::Inference, Queue::Compliance, Queue::Audit];

/// How often queues and schedules are looked at.
const POLL: Duration = Duration::from_millis(500);

/// Starts the threads, which end when `stop` becomes true.
pub(crate) fn start(app: &Arc<App>, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<()>> {
    let spawn = |work: fn(&App, &AtomicBool)| {
        let (app, stop) = (Arc::clone(app), Arc::clone(stop));
        std::thread::spawn(move || work(&app, &stop))
    };
    // A mail server that does not answer must not hold up evaluations, nor a long evaluation the mail.
    vec![
        spawn(first_evaluations),
        spawn(|app, stop| work(app, stop, &OTHER_QUEUES)),
        spawn(|app, stop| work(app, stop, &[Queue::Notify])),
        spawn(schedule),
    ]
}

/// Serves what an earlier process left, and evaluates anew.
fn first_evaluations(app: &App, _: &AtomicBool) {
    for project in &app.projects {
        // What cannot be opened is evaluated again.
        let _ = project.open_newest(&app.database, app.database.source().now());
        // The log has the reason of a failure.
        let _ = evaluate(app, project, false);
    }
}

/// Evaluates, and reports it in the log.
fn evaluate(app: &App, project: &ProjectHost, record: bool) -> Result<String, String> {
    let began = Instant::now();
    let built = project.build(&app.settings, &app.database, record);
    app.metrics.count_evaluation(began.elapsed(), built.is_err());
    let mut line = json!({
        "time": Timestamp(app.database.source().now()),
        "message": "evaluation",
        "project": project.id(),
        "milliseconds": u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    if let Some(members) = line.as_object_mut() {
        match &built {
            Ok(id) => members
                .extend([("level".to_owned(), "info".into()), ("generation".to_owned(), id.as_str().into())]),
            Err(reason) => {
                members.extend([
                    ("level".to_owned(), "error".into()),
                    ("error".to_owned(), reason.as_str().into()),
                ]);
            }
        }
    }
    (app.settings.log)(&line);
    built
}

fn report(app: &App, message: &str, error: &dyn std::error::Error) {
    let line = json!({
        "time": Timestamp(app.database.source().now()), "level": "error", "message": message, "error": error.to_string(),
    });
    (app.settings.log)(&line);
}

fn sleep(stop: &AtomicBool, time: Duration) {
    let began = Instant::now();
    while !stop.load(Ordering::Relaxed) && began.elapsed() < time {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Starts the schedules whose time has come.
fn schedule(app: &App, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        if let Err(error) = start_due(app) {
            report(app, "schedules", &error);
        }
        sleep(stop, POLL);
    }
}

fn start_due(app: &App) -> Result<(), StateError> {
    for project in app.projects.iter().filter(|project| project.take_outdated()) {
        let payload = json!({});
        let job =
            NewJob { queue: Queue::Compliance, kind: REINGEST, key: REINGEST, payload, actor: "system" };
        app.database.write::<_, StateError>(&project.scope(), |r| r.enqueue(&job).map(drop))?;
    }
    let due = app.database.read::<_, StateError>(&Scope::tenant(""), |r| r.due_schedules())?;
    for one in due {
        if let Some(project) = find(app, &one.tenant, &one.project) {
            app.database.write::<_, StateError>(&project.scope(), |r| r.start_schedule(&one))?;
        }
    }
    alerts::enqueue_due(app)
}

fn find<'a>(app: &'a App, tenant: &str, project: &str) -> Option<&'a Arc<ProjectHost>> {
    app.projects.iter().find(|host| host.tenant() == tenant && host.id() == project)
}

/// Does the jobs of some queues, one after the other.
fn work(app: &App, stop: &AtomicBool, queues: &[Queue]) {
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return report(app, "worker", &error),
    };
    let worker = tagpol_serve_core::new_id("wrk", &**app.database.source());
    while !stop.load(Ordering::Relaxed) {
        let claimed = app.database.write::<_, StateError>(&Scope::tenant(""), |r| r.claim(queues, &worker));
        match claimed {
            Ok(Some(claimed)) => perform(app, &claimed, &runtime),
            Ok(None) => sleep(stop, POLL),
            Err(error) => {
                report(app, "queues", &error);
                sleep(stop, POLL * 10);
            }
        }
    }
}

/// Does a job under its lease.
fn perform(app: &App, claimed: &Claimed, runtime: &Runtime) {
    let job = &claimed.job;
    let project = find(app, &job.tenant, &job.project);
    let scope = project.map_or_else(|| Scope::tenant(&job.tenant), |project| project.scope());
    let has_ended = AtomicBool::new(false);
    let outcome = std::thread::scope(|threads| {
        threads.spawn(|| keep_lease(app, &scope, claimed, &has_ended));
        let outcome = match project {
            _ if job.kind == alerts::STREAM => alerts::stream(app, claimed, runtime),
            Some(project) => outcome_of(app, project, claimed, runtime),
            None => Outcome::Fail("the project is not served".to_owned()),
        };
        has_ended.store(true, Ordering::Relaxed);
        outcome
    });
    finish(app, &scope, claimed, outcome);
}

fn outcome_of(app: &App, project: &ProjectHost, claimed: &Claimed, runtime: &Runtime) -> Outcome {
    match claimed.job.kind.as_str() {
        kind @ (SWEEP | REINGEST) => match evaluate(app, project, kind == SWEEP) {
            Ok(generation) => Outcome::Done(json!({ "generation": generation }).to_string()),
            Err(reason) => Outcome::Retry(reason),
        },
        CLEANUP => match app.database.write::<_, StateError>(&project.scope(), |r| r.delete_old()) {
            Ok(deleted) => Outcome::Done(json!({ "deleted": deleted }).to_string()),
            Err(error) => Outcome::Retry(error.to_string()),
        },
        bulk::APPLY | bulk::UNDO => bulk::perform(app, project, claimed),
        other => alerts::perform(app, project, claimed, runtime)
            .unwrap_or_else(|| Outcome::Fail(format!("this server does not know jobs named `{other}`"))),
    }
}

/// Extends the lease until the job has ended.
fn keep_lease(app: &App, scope: &Scope, claimed: &Claimed, has_ended: &AtomicBool) {
    let every = HEARTBEAT.to_std().unwrap_or(Duration::from_secs(15));
    loop {
        sleep(has_ended, every);
        if has_ended.load(Ordering::Relaxed) {
            return;
        }
        if let Err(error) = app.database.write::<_, StateError>(scope, |r| r.heartbeat(claimed, None)) {
            report(app, "lease", &error);
        }
    }
}

fn finish(app: &App, scope: &Scope, claimed: &Claimed, outcome: Outcome) {
    // Without an acknowledgement the lease ends, and another attempt follows.
    if let Err(error) = app.database.write::<_, StateError>(scope, |r| r.finish(claimed, outcome)) {
        report(app, "job", &error);
    }
}
