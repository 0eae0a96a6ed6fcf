//! Queues and schedules.

use chrono::Duration;
use serde_json::json;
use tagpol_serve_core::jobs::{ATTEMPTS, Outcome, Queue, Status};
use tagpol_serve_db::{Claimed, Database, JobFilter, NewJob, Scope};

use crate::database::Place;
use crate::{on_both_databases, project, read, write};

on_both_databases!(
    jobs_of_a_key_coalesce_while_they_wait,
    a_late_worker_changes_nothing,
    a_job_that_fails_often_is_dead_and_can_be_retried,
    a_cancelled_job_stops_its_worker,
    schedules_start_once,
    ended_jobs_are_deleted_after_90_days,
    several_workers_share_the_jobs,
);

fn enqueue(database: &Database, key: &str) -> (String, bool) {
    let job = NewJob { queue: Queue::Compliance, kind: "recheck", key, payload: json!({}), actor: "user:a" };
    write(database, &project("acme"), |r| r.enqueue(&job))
}

fn claim(database: &Database, worker: &str) -> Option<Claimed> {
    write(database, &Scope::tenant(""), |r| r.claim(&Queue::ALL, worker))
}

fn finish(database: &Database, claimed: &Claimed, outcome: Outcome) -> bool {
    write(database, &project("acme"), |r| r.finish(claimed, outcome))
}

fn done() -> Outcome {
    Outcome::Done("{}".to_owned())
}

fn status(database: &Database, id: &str) -> Status {
    read(database, &project("acme"), |r| r.job(id)).unwrap().status
}

fn jobs_of_a_key_coalesce_while_they_wait(place: &Place) {
    let (database, _) = place.open();
    let (first, is_new) = enqueue(&database, "all");
    assert!(is_new);
    assert_eq!(enqueue(&database, "all"), (first.clone(), false));
    assert!(enqueue(&database, "other").1);
    let claimed = claim(&database, "w1").unwrap();
    assert_eq!((claimed.job.id.as_str(), claimed.job.attempt), (first.as_str(), 1));
    // What changed since the job began needs another one.
    assert!(enqueue(&database, "all").1);
    assert!(finish(&database, &claimed, done()));
    assert_eq!(status(&database, &first), Status::Done);
    let jobs = read(&database, &project("acme"), |r| r.jobs(JobFilter::default(), None, 10));
    assert_eq!(jobs.len(), 3);
    assert_eq!(read(&database, &project("other"), |r| r.jobs(JobFilter::default(), None, 10)), []);
    let filter = JobFilter { status: Some(Status::Done), ..JobFilter::default() };
    assert_eq!(read(&database, &project("acme"), |r| r.jobs(filter, None, 10)).len(), 1);
}

fn a_late_worker_changes_nothing(place: &Place) {
    let (database, source) = place.open();
    let (id, _) = enqueue(&database, "all");
    let late = claim(&database, "w1").unwrap();
    assert_eq!(claim(&database, "w2"), None);
    source.advance(Duration::seconds(50));
    assert!(write(&database, &project("acme"), |r| r.heartbeat(&late, Some("{\"done\":1}"))));
    source.advance(Duration::seconds(59));
    assert_eq!(claim(&database, "w2"), None);
    source.advance(Duration::seconds(2));
    let second = claim(&database, "w2").unwrap();
    assert_eq!((second.job.id.as_str(), second.job.attempt), (id.as_str(), 2));
    assert!(second.fence > late.fence);
    assert!(!write(&database, &project("acme"), |r| r.heartbeat(&late, None)));
    assert!(!finish(&database, &late, Outcome::Fail("late".to_owned())));
    assert_eq!(status(&database, &id), Status::Running);
    assert!(finish(&database, &second, done()));
    assert!(!finish(&database, &second, done()));
    let attempts = read(&database, &project("acme"), |r| r.attempts(&id));
    assert_eq!(attempts.iter().map(|one| one.outcome.as_deref()).collect::<Vec<_>>(), [None, Some("done")]);
}

fn a_job_that_fails_often_is_dead_and_can_be_retried(place: &Place) {
    let (database, source) = place.open();
    let (id, _) = enqueue(&database, "all");
    for attempt in 1..=ATTEMPTS {
        let claimed = claim(&database, "w").unwrap();
        assert_eq!(claimed.job.attempt, attempt);
        assert!(finish(&database, &claimed, Outcome::Retry("no network".to_owned())));
        assert_eq!(claim(&database, "w"), None);
        source.advance(Duration::seconds(128));
    }
    let job = read(&database, &project("acme"), |r| r.job(&id)).unwrap();
    assert_eq!((job.status, job.error.as_deref()), (Status::Dead, Some("no network")));
    assert!(write(&database, &project("acme"), |r| r.retry_job(&id)));
    assert!(!write(&database, &project("acme"), |r| r.retry_job(&id)));
    let claimed = claim(&database, "w").unwrap();
    assert_eq!(claimed.job.attempt, 1);
    assert!(finish(&database, &claimed, done()));
}

fn a_cancelled_job_stops_its_worker(place: &Place) {
    let (database, _) = place.open();
    let (id, _) = enqueue(&database, "all");
    let claimed = claim(&database, "w").unwrap();
    assert!(!write(&database, &project("other"), |r| r.cancel_job(&id)));
    assert!(write(&database, &project("acme"), |r| r.cancel_job(&id)));
    assert!(!write(&database, &project("acme"), |r| r.heartbeat(&claimed, None)));
    assert!(!finish(&database, &claimed, done()));
    assert_eq!(status(&database, &id), Status::Cancelled);
}

fn schedules_start_once(place: &Place) {
    let (database, source) = place.open();
    let scope = project("acme");
    write(&database, &scope, |r| r.add_default_schedules());
    write(&database, &scope, |r| r.add_default_schedules());
    assert_eq!(read(&database, &scope, |r| r.schedules()).len(), 5);
    let due = || read(&database, &Scope::tenant(""), |r| r.due_schedules());
    assert_eq!(due(), []);
    // Three times of the six-hourly one were missed.
    source.advance(Duration::hours(16));
    let first = due().into_iter().find(|one| one.name == "reingest-resources").unwrap();
    assert!(write(&database, &scope, |r| r.start_schedule(&first)).is_some());
    // Another replica saw it due as well.
    assert_eq!(write(&database, &scope, |r| r.start_schedule(&first)), None);
    assert_eq!(due().iter().filter(|one| one.name == "reingest-resources").count(), 0);
    let jobs = read(&database, &scope, |r| r.jobs(JobFilter::default(), None, 10));
    assert_eq!(jobs.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["reingest-resources"]);
}

fn several_workers_share_the_jobs(place: &Place) {
    let (database, _) = place.open();
    for key in 0..40 {
        enqueue(&database, &key.to_string());
    }
    let claimed: Vec<String> = std::thread::scope(|scope| {
        let work = |worker: usize| {
            let database = database.clone();
            move || {
                let mut mine = Vec::new();
                while let Some(claimed) = claim(&database, &worker.to_string()) {
                    mine.push(claimed.job.id.clone());
                    assert!(finish(&database, &claimed, done()));
                }
                mine
            }
        };
        let workers: Vec<_> = (0..4).map(|worker| scope.spawn(work(worker))).collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    let mut distinct = claimed.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!((claimed.len(), distinct.len()), (40, 40));
    let depths = read(&database, &Scope::tenant(""), |r| r.queue_depths());
    assert_eq!(depths, [(Queue::Compliance, Status::Done, 40)]);
}

fn ended_jobs_are_deleted_after_90_days(place: &Place) {
    let (database, source) = place.open();
    let (ended, _) = enqueue(&database, "ended");
    let claimed = claim(&database, "w").unwrap();
    assert!(finish(&database, &claimed, done()));
    let (waiting, _) = enqueue(&database, "waiting");
    let delete = |scope: &Scope| write(&database, scope, |r| r.delete_old());
    source.advance(Duration::days(90));
    assert_eq!(delete(&project("acme")), 0);
    source.advance(Duration::seconds(1));
    assert_eq!(delete(&project("other")), 0);
    // The job and its attempt.
    assert_eq!(delete(&project("acme")), 2);
    assert_eq!(read(&database, &project("acme"), |r| r.job(&ended)), None);
    assert_eq!(status(&database, &waiting), Status::Queued);
}
