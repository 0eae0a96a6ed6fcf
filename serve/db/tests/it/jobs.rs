//! Queues and schedules.

use chrono::Duration;
use serde_json::json;
use tagpol_serve_core::Source as _;
use tagpol_serve_core::jobs::{ATTEMPTS, BULK_APPLY, BULK_UNDO, Outcome, Queue, Status};
use tagpol_serve_db::{
    AccessFilter, Bulk, BulkItem, Claimed, Database, Evaluation, JobFilter, NewAccess, NewJob, Scope, cutoff,
};
use tagpol_state::StateError;

use crate::database::Place;
use crate::{on_both_databases, project, read, write};

on_both_databases!(
    jobs_of_a_key_coalesce_while_they_wait,
    a_late_worker_changes_nothing,
    a_job_that_fails_often_is_dead_and_can_be_retried,
    a_cancelled_job_stops_its_worker,
    a_bulk_follows_its_job,
    a_job_that_kills_its_workers_is_dead,
    all_replicas_show_the_newest_evaluation,
    schedules_start_once,
    ended_jobs_are_deleted_after_90_days,
    what_is_deleted_can_be_read_before,
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
    // Whoever wants it again does not wait for the end of the pause.
    let (other, _) = enqueue(&database, "other");
    let claimed = claim(&database, "w").unwrap();
    assert!(finish(&database, &claimed, Outcome::Retry("no network".to_owned())));
    assert_eq!(claim(&database, "w"), None);
    assert_eq!(enqueue(&database, "other"), (other, false));
    let claimed = claim(&database, "w").unwrap();
    assert!(finish(&database, &claimed, done()));
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

/// A bulk whose job was cancelled or is dead is not running.
fn a_bulk_follows_its_job(place: &Place) {
    let (database, _) = place.open();
    let scope = project("acme");
    let text = || String::new();
    let new = Bulk {
        id: text(),
        actor: "user:a".to_owned(),
        request: text(),
        summary: text(),
        generation: text(),
        decisions: 0,
        status: text(),
        created_at: chrono::DateTime::UNIX_EPOCH,
    };
    let item = |position| BulkItem {
        position,
        resource: format!("i-{position}"),
        tag: "team".to_owned(),
        old_value: None,
        new_value: Some("x".to_owned()),
    };
    let id = write(&database, &scope, |r| r.add_bulk(&new, &[item(0), item(1)]));
    let state = || read(&database, &scope, |r| r.bulk(&id)).unwrap().status;
    // Starts the job of the bulk; lets it decide about some items; ends it.
    let end = |from: &str, kind: &str, items: Option<(i64, i64)>, end: &dyn Fn(&Claimed)| {
        let to = if kind == BULK_APPLY { "running" } else { "undoing" };
        assert!(write(&database, &scope, |r| r.move_bulk(&id, from, to)));
        let job = NewJob { queue: Queue::Normalization, kind, key: &id, payload: json!({}), actor: "user:a" };
        write(&database, &scope, |r| r.enqueue(&job));
        let claimed = claim(&database, "w").unwrap();
        if let Some(items) = items {
            write(&database, &scope, |r| r.mark_bulk_items(&id, kind == BULK_UNDO, items, 1));
        }
        end(&claimed);
        state()
    };
    let cancel = |claimed: &Claimed| {
        assert!(write(&database, &scope, |r| r.cancel_job(&claimed.job.id)));
    };
    let fail = |claimed: &Claimed| {
        assert!(finish(&database, claimed, Outcome::Fail("broken".to_owned())));
    };
    assert_eq!(end("previewed", BULK_APPLY, None, &cancel), "previewed");
    assert_eq!(end("previewed", BULK_APPLY, None, &fail), "previewed");
    assert_eq!(end("previewed", BULK_APPLY, Some((0, 0)), &cancel), "stopped");
    assert_eq!(end("stopped", BULK_APPLY, Some((1, 1)), &fail), "stopped");
    assert!(write(&database, &scope, |r| r.move_bulk(&id, "stopped", "done")));
    assert_eq!(end("done", BULK_UNDO, None, &cancel), "done");
    assert_eq!(end("done", BULK_UNDO, Some((0, 0)), &fail), "stopped");
    // A job that is tried again still runs.
    let again = |claimed: &Claimed| {
        assert!(finish(&database, claimed, Outcome::Retry("later".to_owned())));
    };
    assert_eq!(end("stopped", BULK_UNDO, None, &again), "undoing");
}

/// Its workers end without a word, each time.
fn a_job_that_kills_its_workers_is_dead(place: &Place) {
    let (database, source) = place.open();
    let (id, _) = enqueue(&database, "all");
    for _ in 0..ATTEMPTS {
        assert!(claim(&database, "w").is_some());
        source.advance(Duration::seconds(61));
    }
    assert_eq!(claim(&database, "w"), None);
    let job = read(&database, &project("acme"), |r| r.job(&id)).unwrap();
    assert_eq!(job.status, Status::Dead);
    assert!(job.error.unwrap().contains("worker died"));
}

fn all_replicas_show_the_newest_evaluation(place: &Place) {
    let (database, _) = place.open();
    let scope = project("acme");
    let known = || read(&database, &scope, |r| r.evaluation());
    assert_eq!(known(), Evaluation::default());
    write(&database, &scope, |r| r.set_evaluation_failure("no inventory"));
    assert_eq!(known().failure.as_deref(), Some("no inventory"));
    assert!(write(&database, &scope, |r| r.set_generation("20261130T090005Z", 5)));
    // One that began earlier, and one of the same second.
    assert!(!write(&database, &scope, |r| r.set_generation("20261130T090003Z", 3)));
    assert!(write(&database, &scope, |r| r.set_generation("20261130T090005Z-0002", 5)));
    let expected =
        Evaluation { generation: Some("20261130T090005Z-0002".to_owned()), clock: 5, failure: None };
    assert_eq!(known(), expected);
    write(&database, &scope, |r| r.set_evaluation_failure("typo"));
    assert_eq!(known(), Evaluation { failure: Some("typo".to_owned()), ..expected });
    assert_eq!(read(&database, &project("other"), |r| r.evaluation()), Evaluation::default());
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
    let delete = |scope: &Scope| write(&database, scope, |r| r.delete_old(cutoff(source.now())));
    source.advance(Duration::days(90));
    assert_eq!(delete(&project("acme")), 0);
    source.advance(Duration::seconds(1));
    assert_eq!(delete(&project("other")), 0);
    // The job and its attempt.
    assert_eq!(delete(&project("acme")), 2);
    assert_eq!(read(&database, &project("acme"), |r| r.job(&ended)), None);
    assert_eq!(status(&database, &waiting), Status::Queued);
}

fn what_is_deleted_can_be_read_before(place: &Place) {
    let (database, source) = place.open();
    let request = NewAccess {
        at: source.now(),
        project: "shop".to_owned(),
        actor: "user:usr_1".to_owned(),
        method: "GET".to_owned(),
        route: "/api/v1/resources".to_owned(),
        status: 200,
        milliseconds: 3,
        address: "203.0.113.9".to_owned(),
        trace_id: "t".to_owned(),
    };
    let of_none = NewAccess { project: String::new(), ..request.clone() };
    let of_other = NewAccess { project: "other".to_owned(), ..request.clone() };
    let requests = [vec![request; 5_001], vec![of_none, of_other]].concat();
    let acme = Scope { tenant: "acme".to_owned(), project: None };
    write(&database, &acme, |r| r.add_access(&requests));
    enqueue(&database, "ended");
    let claimed = claim(&database, "w").unwrap();
    assert!(finish(&database, &claimed, done()));
    source.advance(Duration::days(91));
    let (before, scope) = (cutoff(source.now()), project("acme"));
    let mut found = Vec::new();
    let read_all = database.read::<_, StateError>(&scope, |r| {
        r.each_old_row(before, |table, rows| {
            found.push((table.name.clone(), rows.len()));
            Ok(())
        })
    });
    read_all.unwrap();
    let found: Vec<(&str, usize)> = found.iter().map(|(table, rows)| (table.as_str(), *rows)).collect();
    let expected =
        [("serve_job_attempts", 1), ("serve_jobs", 1), ("serve_access", 5_000), ("serve_access", 2)];
    assert_eq!(found, expected);
    assert_eq!(write(&database, &scope, |r| r.delete_old(before)), 5_004);
    let left = read(&database, &acme, |r| r.access_log(&AccessFilter::default(), None, 9));
    assert_eq!(left.iter().map(|one| one.project.as_str()).collect::<Vec<_>>(), ["other"]);
}
