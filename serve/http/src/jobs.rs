//! The workers of the queues, and the scheduler: threads next to those of requests.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::jobs::{HEARTBEAT, Outcome, Queue};
use tagpol_serve_db::{Claimed, NewJob, Scope};
use tokio::runtime::Runtime;

use crate::alerts;
use crate::app::App;
use crate::archive::{Archived, archive};
use crate::heads;
use crate::host::ProjectHost;
use crate::routes::{bulk, models, snapshots};
use crate::timestamp::Timestamp;
use crate::training;

/// The job that evaluates the policies, which is also a schedule.
pub(crate) const SWEEP: &str = "compliance-sweep";

/// The job that reads the inventory again, which is also a schedule.
const REINGEST: &str = "reingest-resources";

/// The job that deletes old records, which is also a schedule.
const CLEANUP: &str = "cleanup-audit";

/// The job that trains a model, which is also a schedule.
pub(crate) const RETRAIN: &str = "retrain-models";

/// The queues of one of the workers; [`Queue::Notify`] and [`Queue::Inference`] have one each.
const OTHER_QUEUES: [Queue; 4] = [Queue::Ingestion, Queue::Normalization, Queue::Compliance, Queue::Audit];

/// How often the files of a project are looked at.
const WATCH: Duration = Duration::from_secs(2);

/// How long after a failed evaluation another one is tried, in addition to the attempts of its job.
const AGAIN: Duration = Duration::from_secs(5 * 60);

/// How often queues, schedules and evaluations of other replicas are looked at.
const POLL: Duration = Duration::from_millis(500);

/// How long requests wait for the access log.
const ACCESS: Duration = Duration::from_secs(1);

/// Writes the access log, and reports what was lost of it.
pub(crate) fn write_access(app: &App) {
    match app.access.write(&app.database) {
        Ok(0) => {}
        Ok(lost) => report(app, "access log", &format!("{lost} requests are not in it")),
        Err(error) => report(app, "access log", &error),
    }
}

/// Starts the threads, which end when `stop` becomes true.
pub(crate) fn start(app: &Arc<App>, stop: &Arc<AtomicBool>) -> Vec<JoinHandle<()>> {
    let spawn = |work: fn(&App, &AtomicBool)| {
        let (app, stop) = (Arc::clone(app), Arc::clone(stop));
        std::thread::spawn(move || work(&app, &stop))
    };
    // A mail server that does not answer must not hold up evaluations, nor a long evaluation the mail, nor a training either.
    vec![
        spawn(follow),
        spawn(|app, stop| work(app, stop, &OTHER_QUEUES)),
        spawn(|app, stop| work(app, stop, &[Queue::Notify])),
        spawn(|app, stop| work(app, stop, &[Queue::Inference])),
        spawn(schedule),
        spawn(heads::watch),
        spawn(|app, stop| {
            while !stop.load(Ordering::Relaxed) {
                sleep(stop, ACCESS);
                write_access(app);
            }
        }),
    ]
}

/// Shows what any replica evaluates, and has the inventory evaluated at the start, after a change of what it is evaluated from,
/// and again after a failure.
fn follow(app: &App, stop: &AtomicBool) {
    let mut watched: Vec<Watched> = app.projects.iter().map(|_| Watched::default()).collect();
    while !stop.load(Ordering::Relaxed) {
        for (project, watched) in app.projects.iter().zip(&mut watched) {
            if let Some(trouble) = project.follow(&app.settings, &app.database) {
                report(app, "evaluation", &trouble);
            }
            if watched.is_due(project)
                && let Err(error) = enqueue_evaluation(app, project)
            {
                *watched = Watched::default();
                report(app, "queues", &error);
            }
            if let Err(error) = audit_others(app, project) {
                report(app, "audit", &error);
            }
        }
        sleep(stop, POLL);
    }
}

/// Adds what the command line has decided to the audit trail.
fn audit_others(app: &App, project: &ProjectHost) -> Result<(), StateError> {
    let scope = project.scope();
    if app.database.read::<_, StateError>(&scope, |r| r.has_unaudited_decisions())? {
        app.database.write::<_, StateError>(&scope, |r| r.audit_decisions_of_others(None).map(drop))?;
    }
    Ok(())
}

/// Which inputs of a project an evaluation was asked for, and when.
#[derive(Default)]
struct Watched {
    /// The inputs that were evaluated last, or are being evaluated. None: nothing was asked for yet.
    evaluated: Option<String>,
    /// The inputs when they were looked at last.
    seen: String,
    looked_at: Option<Instant>,
    asked_at: Option<Instant>,
}

impl Watched {
    /// Whether an evaluation is to be asked for now.
    fn is_due(&mut self, project: &ProjectHost) -> bool {
        if self.looked_at.is_some_and(|at| at.elapsed() < WATCH) {
            return false;
        }
        self.looked_at = Some(Instant::now());
        let inputs = project.inputs();
        // Whoever writes several files, or a long one, has not finished while they change.
        let is_at_rest = std::mem::replace(&mut self.seen, inputs.clone()) == inputs;
        // What a job has imported or applied, it has evaluated as well.
        let is_changed =
            is_at_rest && self.evaluated.as_ref() != Some(&inputs) && !project.has_evaluated(&inputs);
        let failed = project.failure().is_some() && self.asked_at.is_some_and(|at| at.elapsed() > AGAIN);
        let is_first = self.evaluated.is_none();
        if is_first || is_changed || failed {
            self.evaluated = Some(inputs);
            self.asked_at = Some(Instant::now());
        }
        is_first || is_changed || failed
    }
}

/// Has the inventory evaluated, by whichever replica is free.
fn enqueue_evaluation(app: &App, project: &ProjectHost) -> Result<(), StateError> {
    // Another key than that of the schedule, which also fetches.
    let (payload, key) = (json!({}), "changed-inputs");
    let job = NewJob { queue: Queue::Ingestion, kind: REINGEST, key, payload, actor: "system" };
    app.database.write::<_, StateError>(&project.scope(), |r| r.enqueue(&job).map(drop))
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

fn report(app: &App, message: &str, error: &dyn std::fmt::Display) {
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
        enqueue_evaluation(app, project)?;
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
    let is_done = matches!(outcome, Outcome::Done(_));
    let evaluated = project.filter(|_| match job.kind.as_str() {
        // A cloud that cannot be reached, or a file that cannot be read, is not a failed evaluation.
        REINGEST if project.is_some_and(|project| is_fetch(project, claimed)) => is_done,
        SWEEP | REINGEST => true,
        snapshots::IMPORT | snapshots::APPLY_EVENTS | snapshots::FETCH | models::PROMOTE | RETRAIN => is_done,
        _ => false,
    });
    finish(app, &scope, claimed, outcome, evaluated.map(|project| &**project));
    if let Some(project) = evaluated {
        project.remove_old();
    }
}

fn outcome_of(app: &App, project: &ProjectHost, claimed: &Claimed, runtime: &Runtime) -> Outcome {
    match claimed.job.kind.as_str() {
        REINGEST if is_fetch(project, claimed) || (project.has_clouds() && project.has_no_snapshot()) => {
            evaluated(app, project, snapshots::fetch(app, project))
        }
        kind @ (SWEEP | REINGEST) => match evaluate(app, project, kind == SWEEP) {
            Ok(generation) => Outcome::Done(json!({ "generation": generation }).to_string()),
            Err(reason) => Outcome::Retry(reason),
        },
        // Another attempt archives the same rows.
        CLEANUP => {
            project.policies().remove_old_changes(SystemTime::now());
            let archived =
                archive(&app.database, &project.scope(), &project.archive(), claimed.job.created_at);
            match archived {
                Ok(Archived { archived, deleted }) => {
                    Outcome::Done(json!({ "archived": archived, "deleted": deleted }).to_string())
                }
                Err(error) => Outcome::Retry(error.to_string()),
            }
        }
        // What is served then shows the new model, whether it is in use or not.
        RETRAIN => {
            let trained = project.train(&app.settings, app.database.source().now());
            evaluated(app, project, trained.map_err(Outcome::Retry))
        }
        models::PROMOTE => evaluated(app, project, training::promote(project, claimed)),
        snapshots::FETCH => evaluated(app, project, snapshots::fetch(app, project)),
        bulk::APPLY | bulk::UNDO => bulk::perform(app, project, claimed),
        snapshots::IMPORT => evaluated(app, project, snapshots::import(app, project, claimed)),
        snapshots::APPLY_EVENTS => evaluated(app, project, snapshots::apply_events(app, project)),
        other => alerts::perform(app, project, claimed, runtime)
            .unwrap_or_else(|| Outcome::Fail(format!("this server does not know jobs named `{other}`"))),
    }
}

/// Whether a job that reads the inventory again is to fetch it from clouds: if a schedule started it.
fn is_fetch(project: &ProjectHost, claimed: &Claimed) -> bool {
    let payload: serde_json::Value = serde_json::from_str(&claimed.job.payload).unwrap_or_default();
    project.has_clouds() && payload.get("schedule").is_some()
}

/// Evaluates after a snapshot or a model was made.
fn evaluated(app: &App, project: &ProjectHost, made: Result<serde_json::Value, Outcome>) -> Outcome {
    let mut made = match made {
        Ok(made) => made,
        Err(outcome) => return outcome,
    };
    match (evaluate(app, project, true), made.as_object_mut()) {
        (Ok(generation), Some(members)) => {
            members.insert("generation".to_owned(), generation.into());
            Outcome::Done(made.to_string())
        }
        (Ok(_), None) => Outcome::Done(made.to_string()),
        (Err(reason), _) => {
            Outcome::Fail(format!("the snapshot or the model was made, but not evaluated: {reason}"))
        }
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

/// Ends a job. If it was an evaluation of a project, all replicas show its result from then on.
fn finish(app: &App, scope: &Scope, claimed: &Claimed, outcome: Outcome, evaluated: Option<&ProjectHost>) {
    let name = match &outcome {
        Outcome::Done(_) => "done",
        Outcome::Retry(_) | Outcome::RetryAfter(..) => "retry",
        Outcome::Fail(_) => "failed",
    };
    app.metrics.count_ended(claimed.job.queue.as_str(), name);
    let finished = app.database.write::<_, StateError>(scope, |r| {
        let counts = r.finish(claimed, outcome.clone())?;
        match evaluated {
            Some(project) if counts => project.conclude(r, &outcome),
            _ => Ok(()),
        }
    });
    // Without an acknowledgement the lease ends, and another attempt follows.
    if let Err(error) = finished {
        report(app, "job", &error);
    }
}
