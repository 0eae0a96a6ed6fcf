//! The audit trail, decisions in the same transaction, and repeated requests.

use chrono::Duration;
use serde_json::json;
use tagpol_serve_core::audit::Verdict;
use tagpol_serve_core::jobs::Queue;
use tagpol_serve_db::{Answered, AuditFilter, Lookup, NewEntry, NewJob, Scope};
use tagpol_state::{Action, Change, StateError};

use crate::database::Place;
use crate::{on_both_databases, project, read, write};

on_both_databases!(
    a_changed_row_breaks_the_chain,
    a_decision_and_all_that_follows_are_one_transaction,
    entries_are_filtered_and_paged,
    a_request_is_answered_once,
    a_replaced_store_is_noticed,
);

fn entry<'a>(actor: &'a str, action: &'a str, object: &'a str) -> NewEntry<'a> {
    NewEntry { actor, action, object, details: json!({ "new": "x" }) }
}

fn a_changed_row_breaks_the_chain(place: &Place) {
    let (database, source) = place.open();
    let (acme, other) = (project("acme"), Scope::tenant("other"));
    for at in 0..7 {
        source.advance(Duration::nanoseconds(1_234_567));
        write(&database, &acme, |r| r.audit(&entry("user:a", "tag.set", &format!("r{at}"))));
        write(&database, &other, |r| r.audit(&entry("user:b", "tag.set", "x")));
    }
    assert_eq!(read(&database, &acme, |r| r.verify_audit()), Verdict::Intact(7));
    place.run("UPDATE serve_audit SET actor = 'user:z' WHERE tenant = 'acme' AND seq = 4");
    assert!(matches!(read(&database, &acme, |r| r.verify_audit()), Verdict::Broken { seq: 4, .. }));
    assert_eq!(read(&database, &other, |r| r.verify_audit()), Verdict::Intact(7));
    place.run("DELETE FROM serve_audit WHERE tenant = 'other' AND seq = 7");
    assert!(matches!(read(&database, &other, |r| r.verify_audit()), Verdict::Broken { seq: 7, .. }));
}

fn a_decision_and_all_that_follows_are_one_transaction(place: &Place) {
    let (database, source) = place.open();
    let scope = project("acme");
    let now = tagpol_serve_core::Source::now(&*source);
    let change = Change {
        action: Action::Set,
        resource: "r1".to_owned(),
        tag: "owner".to_owned(),
        value: Some("ann@example.com".to_owned()),
        note: None,
    };
    let decide = |fail: bool| {
        database.write(&scope, |r| {
            r.state().decide(now, "user:a", std::slice::from_ref(&change))?;
            r.audit(&entry("user:a", "tag.set", "r1"))?;
            let job = NewJob {
                queue: Queue::Compliance,
                kind: "recheck",
                key: "recheck",
                payload: json!({}),
                actor: "a",
            };
            r.enqueue(&job)?;
            if fail { Err(StateError::Source("stop".into())) } else { Ok(()) }
        })
    };
    assert!(decide(true).is_err());
    let counts = || {
        read(&database, &scope, |r| {
            let jobs = r.jobs(tagpol_serve_db::JobFilter::default(), None, 9)?.len();
            Ok((r.state().decision_count()?, r.audit_trail(&AuditFilter::default(), None, 9)?.len(), jobs))
        })
    };
    assert_eq!(counts(), (0, 0, 0));
    decide(false).unwrap();
    assert_eq!(counts(), (1, 1, 1));
    // The command line reads the same decision.
    let store = place.store().for_project("", "acme");
    let trail = store.read::<_, StateError>(|state| state.whole_trail(None)).unwrap().unwrap();
    assert_eq!(trail.first().map(|decision| decision.actor.as_str()), Some("user:a"));
}

fn entries_are_filtered_and_paged(place: &Place) {
    let (database, source) = place.open();
    let acme = Scope::tenant("acme");
    for (actor, action, object) in
        [("user:a", "tag.set", "r1"), ("user:b", "tag.unset", "r1"), ("user:a", "auth.sign_in", "a")]
    {
        write(&database, &acme, |r| r.audit(&entry(actor, action, object)));
        source.advance(Duration::hours(1));
    }
    let found = |filter: AuditFilter, before| {
        let entries = read(&database, &acme, |r| r.audit_trail(&filter, before, 2));
        entries.iter().map(|entry| entry.seq).collect::<Vec<_>>()
    };
    let all = AuditFilter::default;
    assert_eq!(found(all(), None), [3, 2]);
    assert_eq!(found(all(), Some(2)), [1]);
    assert_eq!(found(AuditFilter { actor: Some("user:a".to_owned()), ..all() }, None), [3, 1]);
    assert_eq!(found(AuditFilter { action: Some("tag.".to_owned()), ..all() }, None), [2, 1]);
    assert_eq!(found(AuditFilter { action: Some("tag.set".to_owned()), ..all() }, None), [1]);
    assert_eq!(found(AuditFilter { object: Some("r1".to_owned()), ..all() }, None), [2, 1]);
    let since = "2026-11-30T10:00:00Z".parse().ok();
    assert_eq!(found(AuditFilter { since, ..all() }, None), [3, 2]);
    assert_eq!(found(AuditFilter { until: since, ..all() }, None), [1]);
}

fn a_request_is_answered_once(place: &Place) {
    let (database, source) = place.open();
    let (acme, other) = (Scope::tenant("acme"), Scope::tenant("other"));
    let answered = Answered { status: 201, body: "{\"id\":1}".to_owned() };
    write(&database, &acme, |r| r.remember_answer("user:a", "k", "hash", &answered));
    let found = |scope, actor, request| read(&database, scope, |r| r.answered(actor, "k", request));
    assert_eq!(found(&acme, "user:a", "hash"), Lookup::Same(answered));
    assert_eq!(found(&acme, "user:a", "other"), Lookup::Other);
    assert_eq!(found(&acme, "user:b", "hash"), Lookup::New);
    assert_eq!(found(&other, "user:a", "hash"), Lookup::New);
    source.advance(Duration::hours(24));
    assert_eq!(found(&acme, "user:a", "hash"), Lookup::New);
}

/// Connections stay open, but not beyond the file or the schema that they were opened on.
fn a_replaced_store_is_noticed(place: &Place) {
    let (database, _) = place.open();
    let acme = Scope::tenant("acme");
    write(&database, &acme, |r| r.add_tenant("Acme"));
    assert_eq!(read(&database, &acme, |r| r.tenants()).len(), 1);
    if let Place::Sqlite(folder) = place {
        let path = folder.path().join("state.db");
        std::fs::rename(&path, folder.path().join("moved.db")).unwrap();
        drop(place.open());
        assert_eq!(read(&database, &acme, |r| r.tenants()), []);
    }
    place.run("CREATE TABLE serve_other (x INTEGER)");
    if let Place::Sqlite(_) = place {
        let error = database.read(&acme, |r| r.tenants()).unwrap_err();
        assert!(error.to_string().contains("serve_other"), "{error}");
    }
}
