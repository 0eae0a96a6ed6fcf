//! Channels, rules, alerts, and messages that are delivered in order.

use chrono::{DateTime, Duration, Utc};
use serde_json::json;
use tagpol_serve_core::Source as _;
use tagpol_serve_core::jobs::{GIVE_UP_AFTER, Outcome, Queue, Status};
use tagpol_serve_db::{
    Alert, Claimed, Database, Decided, Delivery, DeliveryFilter, NewChannel, NewDelivery, NewEntry, NewJob,
    NewRule, Scope, cutoff,
};

use crate::database::Place;
use crate::{on_both_databases, project, read, write};

on_both_databases!(
    messages_of_a_conversation_are_delivered_in_order,
    a_message_that_is_held_back_does_not_hold_up_an_urgent_one,
    a_message_is_dead_after_a_day_and_can_be_delivered_once_more,
    a_worker_that_dies_delivers_again_under_the_same_id,
    a_rule_is_stale_until_it_has_seen_evaluation_decision_and_time,
    alerts_are_replaced_and_closed,
    a_stream_is_behind_until_it_has_the_whole_trail,
    old_messages_and_closed_alerts_are_deleted,
);

fn deliver(database: &Database, id: &str, lane: &str, not_before: DateTime<Utc>) {
    let new = NewDelivery {
        id,
        channel: "chn_1",
        rule: "rul_1",
        lane,
        kind: "findings",
        title: "1 new",
        message: "{}",
        not_before,
        actor: "system",
    };
    write(database, &project("acme"), |r| r.deliver(&new, "deliver-message"));
}

/// Claims the next message; returns its id as well.
fn claim(database: &Database) -> Option<(String, Claimed)> {
    let claimed = write(database, &Scope::tenant(""), |r| r.claim(&[Queue::Notify], "w"))?;
    Some((claimed.job.key.clone(), claimed))
}

fn finish(database: &Database, claimed: &Claimed, outcome: Outcome) {
    assert!(write(database, &project("acme"), |r| r.finish(claimed, outcome)));
}

fn delivery(database: &Database, id: &str) -> Delivery {
    read(database, &project("acme"), |r| r.delivery(id)).unwrap()
}

fn done() -> Outcome {
    Outcome::Done("{}".to_owned())
}

fn messages_of_a_conversation_are_delivered_in_order(place: &Place) {
    let (database, source) = place.open();
    for (id, lane) in [("m1", "a"), ("m2", "a"), ("m3", "b"), ("m4", "a")] {
        deliver(&database, id, lane, source.now());
        source.advance(Duration::milliseconds(1));
    }
    let (first, opened) = claim(&database).unwrap();
    let (other, _) = claim(&database).unwrap();
    assert_eq!((first.as_str(), other.as_str()), ("m1", "m3"));
    // The first one runs, fails and waits: nothing behind it is delivered meanwhile.
    assert_eq!(claim(&database), None);
    finish(&database, &opened, Outcome::Retry("503".to_owned()));
    assert_eq!(claim(&database), None);
    source.advance(Duration::seconds(2));
    let (again, opened) = claim(&database).unwrap();
    assert_eq!(again, "m1");
    write(&database, &project("acme"), |r| r.set_delivered("m1", Some("OPS-1")));
    finish(&database, &opened, done());
    assert_eq!(read(&database, &project("acme"), |r| r.reference("a")).as_deref(), Some("OPS-1"));
    assert_eq!(read(&database, &project("acme"), |r| r.reference("b")), None);
    let (second, claimed) = claim(&database).unwrap();
    assert_eq!(second, "m2");
    // Dead: the next one has its turn.
    finish(&database, &claimed, Outcome::Fail("404".to_owned()));
    let (third, claimed) = claim(&database).unwrap();
    assert_eq!(third, "m4");
    write(&database, &project("acme"), |r| r.set_delivered("m4", None));
    finish(&database, &claimed, done());
    assert_eq!(read(&database, &project("acme"), |r| r.reference("a")), None);
    let second = delivery(&database, "m2");
    assert_eq!((second.status, second.error.as_deref()), (Status::Dead, Some("404")));
    assert!(read(&database, &project("acme"), |r| r.is_overtaken(&second)));

    // Pages of the list, and filters.
    let page = |filter: &DeliveryFilter, after: Option<(DateTime<Utc>, &str)>| -> Vec<String> {
        let found = read(&database, &project("acme"), |r| r.deliveries(filter, after, 3));
        found.into_iter().map(|one| one.id).collect()
    };
    let all = DeliveryFilter::default();
    assert_eq!(page(&all, None), ["m4", "m3", "m2"]);
    assert_eq!(page(&all, Some((second.created_at, "m2"))), ["m1"]);
    assert_eq!(page(&DeliveryFilter { status: Some(Status::Dead), ..all.clone() }, None), ["m2"]);
    assert_eq!(
        page(&DeliveryFilter { channel: Some("other".to_owned()), ..all }, None),
        Vec::<String>::new()
    );
    assert_eq!(read(&database, &project("other"), |r| r.delivery("m1")), None);
}

fn a_message_that_is_held_back_does_not_hold_up_an_urgent_one(place: &Place) {
    let (database, source) = place.open();
    deliver(&database, "held", "a", source.now() + Duration::hours(8));
    assert_eq!(claim(&database), None);
    source.advance(Duration::seconds(1));
    deliver(&database, "urgent", "a", source.now());
    for id in ["held", "urgent"] {
        let (next, claimed) = claim(&database).unwrap();
        assert_eq!(next, id);
        finish(&database, &claimed, done());
    }
    assert_eq!(claim(&database), None);
}

fn a_message_is_dead_after_a_day_and_can_be_delivered_once_more(place: &Place) {
    let (database, source) = place.open();
    deliver(&database, "m1", "a", source.now());
    let began = source.now();
    let mut attempts = 0;
    while delivery(&database, "m1").status != Status::Dead {
        match claim(&database) {
            Some((_, claimed)) => {
                attempts += 1;
                finish(&database, &claimed, Outcome::Retry("the mail server does not answer".to_owned()));
            }
            None => source.advance(Duration::minutes(5)),
        }
    }
    let took = source.now() - began;
    assert!(took > Duration::hours(22) && took <= GIVE_UP_AFTER, "{took}");
    assert!((20..=70).contains(&attempts), "{attempts}");
    let dead = delivery(&database, "m1");
    assert_eq!(dead.error.as_deref(), Some("the mail server does not answer"));
    assert!(write(&database, &project("acme"), |r| r.retry_job(&dead.job)));
    let (id, claimed) = claim(&database).unwrap();
    assert_eq!((id.as_str(), claimed.job.attempt), ("m1", 1));
    // It has a whole day again.
    finish(&database, &claimed, Outcome::RetryAfter("429".to_owned(), Duration::hours(20)));
    assert_eq!(delivery(&database, "m1").run_at, source.now() + Duration::hours(20));
}

fn a_worker_that_dies_delivers_again_under_the_same_id(place: &Place) {
    let (database, source) = place.open();
    deliver(&database, "m1", "a", source.now());
    let (_, lost) = claim(&database).unwrap();
    assert_eq!(claim(&database), None);
    source.advance(Duration::seconds(61));
    let (id, claimed) = claim(&database).unwrap();
    assert_eq!((id.as_str(), claimed.job.attempt), ("m1", 2));
    assert!(!write(&database, &project("acme"), |r| r.finish(&lost, Outcome::Fail("late".to_owned()))));
    finish(&database, &claimed, done());
    assert_eq!(delivery(&database, "m1").status, Status::Done);
}

fn a_rule_is_stale_until_it_has_seen_evaluation_decision_and_time(place: &Place) {
    let (database, source) = place.open();
    let scope = project("acme");
    let is_stale =
        |generation: &str, decisions| read(&database, &scope, |r| r.has_stale_rules(generation, decisions));
    assert!(!is_stale("g1", 0));
    let new = NewRule { name: "r", rule: "{}", enabled: true };
    let id = write(&database, &scope, |r| r.add_rule(&new));
    assert!(is_stale("g1", 0));
    let next_at = Some(source.now() + Duration::hours(1));
    let decided = Decided { generation: "g2".to_owned(), decisions: 3, next_at, error: None };
    write(&database, &scope, |r| r.set_decided(&id, &decided));
    assert_eq!(read(&database, &scope, |r| r.rule(&id)).unwrap().decided, decided);
    // Another replica still has the evaluation before.
    assert!(!is_stale("g1", 9) && !is_stale("g2", 3));
    assert!(is_stale("g2", 4) && is_stale("g3", 0));
    source.advance(Duration::hours(1));
    assert!(is_stale("g2", 3) && !is_stale("g1", 3));
    assert!(!read(&database, &project("other"), |r| r.has_stale_rules("g9", 9)));
    assert!(write(&database, &scope, |r| r.set_rule(&id, &NewRule { enabled: false, ..new })));
    assert!(!is_stale("g3", 9));
    assert_eq!(read(&database, &scope, |r| r.rules_of_tenant()).len(), 1);
    assert!(!write(&database, &project("other"), |r| r.remove_rule(&id)));
    assert!(write(&database, &scope, |r| r.remove_rule(&id)));
    assert_eq!(read(&database, &scope, |r| r.rules()), []);
}

fn alert(resource: &str, at: DateTime<Utc>) -> Alert {
    Alert {
        recipient: "owner:ann@example.com".to_owned(),
        resource: resource.to_owned(),
        policy: "owned".to_owned(),
        check: "1".to_owned(),
        tag: None,
        severity: "high".to_owned(),
        state: "open".to_owned(),
        first_at: at,
        last_at: at,
        escalated_at: None,
        closed_at: None,
    }
}

fn alerts_are_replaced_and_closed(place: &Place) {
    let (database, source) = place.open();
    let (scope, now) = (project("acme"), source.now());
    let put = |alerts: &[Alert]| write(&database, &scope, |r| r.put_alerts("rul_1", alerts));
    // More than one statement takes.
    let many: Vec<Alert> = (0..1_200).map(|number| alert(&format!("r{number:04}"), now)).collect();
    put(&many);
    assert_eq!(read(&database, &scope, |r| r.open_alerts("rul_1")), many);
    let tagged = Alert { tag: Some("owner".to_owned()), ..alert("r0000", now) };
    let escalated = Alert {
        state: "escalated".to_owned(),
        escalated_at: Some(now),
        severity: "low".to_owned(),
        ..alert("r0001", now)
    };
    let closed = Alert { state: "resolved".to_owned(), closed_at: Some(now), ..alert("r0002", now) };
    put(&[tagged, escalated.clone(), closed]);
    let open = read(&database, &scope, |r| r.open_alerts("rul_1"));
    assert_eq!(open.len(), 1_200);
    assert_eq!(open.iter().find(|one| one.resource == "r0001"), Some(&escalated));
    let counts = read(&database, &scope, |r| r.count_alerts("rul_1"));
    let expected = [("escalated", 1), ("open", 1_199), ("resolved", 1)];
    assert_eq!(counts, expected.map(|(state, count)| (state.to_owned(), count)));
    assert_eq!(read(&database, &project("other"), |r| r.open_alerts("rul_1")), []);
}

fn a_stream_is_behind_until_it_has_the_whole_trail(place: &Place) {
    let (database, _) = place.open();
    let scope = Scope::tenant("acme");
    let entry = NewEntry { actor: "user:a", action: "tag.set", object: "r", details: json!({}) };
    write(&database, &scope, |r| r.audit(&entry));
    for (id, kind) in [("chn_1", "siem"), ("chn_2", "email")] {
        let new = NewChannel { id, name: "n", kind, sealed: "s" };
        write(&database, &scope, |r| r.add_channel(&new));
    }
    let behind = || -> Vec<(String, String)> {
        let found = read(&database, &Scope::tenant(""), |r| r.streams_behind());
        found.into_iter().map(|stream| (stream.tenant, stream.channel)).collect()
    };
    assert_eq!(behind(), []);
    write(&database, &scope, |r| r.audit(&entry));
    assert_eq!(behind(), [("acme".to_owned(), "chn_1".to_owned())]);
    let job = NewJob {
        queue: Queue::Notify,
        kind: "stream-audit-trail",
        key: "chn_1",
        payload: json!({}),
        actor: "system",
    };
    write(&database, &scope, |r| r.enqueue(&job));
    assert_eq!(behind(), []);
    let claimed = write(&database, &Scope::tenant(""), |r| r.claim(&[Queue::Notify], "w")).unwrap();
    assert_eq!(behind(), []);
    let streamed = read(&database, &scope, |r| r.channel("chn_1")).unwrap().streamed;
    let missing = read(&database, &scope, |r| r.audit_after(streamed, 9));
    assert_eq!(missing.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [2]);
    assert!(write(&database, &scope, |r| r.finish(&claimed, done())));
    assert_eq!(behind().len(), 1);
    write(&database, &scope, |r| r.set_streamed("chn_1", 2));
    // A late worker sets nothing back.
    write(&database, &scope, |r| r.set_streamed("chn_1", 1));
    assert_eq!(behind(), []);
    assert!(!write(&database, &Scope::tenant("other"), |r| r.remove_channel("chn_1")));
    assert!(write(&database, &scope, |r| r.remove_channel("chn_1")));
}

fn old_messages_and_closed_alerts_are_deleted(place: &Place) {
    let (database, source) = place.open();
    let scope = project("acme");
    deliver(&database, "old", "a", source.now());
    deliver(&database, "waits", "b", source.now() + Duration::days(200));
    let (_, claimed) = claim(&database).unwrap();
    finish(&database, &claimed, done());
    let closed = Alert { closed_at: Some(source.now()), ..alert("r1", source.now()) };
    write(&database, &scope, |r| r.put_alerts("rul_1", &[closed, alert("r2", source.now())]));
    source.advance(Duration::days(89));
    deliver(&database, "new", "c", source.now());
    assert_eq!(write(&database, &scope, |r| r.delete_old(cutoff(source.now()))), 0);
    source.advance(Duration::days(2));
    // The message with its job and its attempt, and the alert.
    assert_eq!(write(&database, &scope, |r| r.delete_old(cutoff(source.now()))), 4);
    let left = read(&database, &scope, |r| r.deliveries(&DeliveryFilter::default(), None, 9));
    assert_eq!(left.iter().map(|one| one.id.as_str()).collect::<Vec<_>>(), ["new", "waits"]);
    assert_eq!(read(&database, &scope, |r| r.open_alerts("rul_1")).len(), 1);
}
