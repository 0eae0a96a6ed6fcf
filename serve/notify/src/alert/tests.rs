//! Rules against random histories of findings, and examples by hand.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use proptest::prelude::*;

use super::*;
use crate::severity::Severity;

fn at(hour: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 2, 0, 0, 0).unwrap() + TimeDelta::hours(hour)
}

fn id(resource: &str) -> FindingId {
    FindingId {
        resource: resource.to_owned(),
        policy: "owned".to_owned(),
        check: "1".to_owned(),
        tag: Some("owner".to_owned()),
    }
}

fn finding(resource: &str, owner: Option<&str>, since: i64) -> OpenFinding {
    OpenFinding {
        id: id(resource),
        resource_name: None,
        severity: Severity::High,
        owner: owner.map(str::to_owned),
        monthly_cost: None,
        since: at(since),
    }
}

fn by_owner() -> Rule {
    Rule {
        id: "r1".to_owned(),
        name: "Owners".to_owned(),
        enabled: true,
        owner_tag: "owner".to_owned(),
        filter: Filter::default(),
        routing: Routing::Owners { channel: "mail".to_owned(), unowned_channel: "ops".to_owned() },
        grace_hours: 0,
        remind_after_hours: None,
        escalation: None,
        quiet_hours: None,
        report: false,
    }
}

fn resolved(_: &FindingId) -> Standing {
    Standing::Resolved
}

#[test]
fn each_owner_gets_one_message_with_only_their_resources() {
    let open = [
        finding("a", Some("x@example.com"), 0),
        finding("b", Some("y@example.com"), 0),
        finding("c", Some("x@example.com"), 0),
        finding("d", None, 0),
    ];
    let rule = by_owner();
    let decision = decide(&rule, at(1), &open, &[], &resolved);
    let got: Vec<(Recipient, Vec<&str>, Vec<&str>)> = decision
        .notices
        .iter()
        .map(|notice| {
            let resources = notice.lines.iter().map(|line| line.finding().resource.as_str()).collect();
            (notice.recipient.clone(), resources, notice.channels(&rule))
        })
        .collect();
    assert_eq!(
        got,
        [
            (Recipient::Owner("x@example.com".to_owned()), vec!["a", "c"], vec!["mail"]),
            (Recipient::Owner("y@example.com".to_owned()), vec!["b"], vec!["mail"]),
            (Recipient::Unowned, vec!["d"], vec!["ops"]),
        ]
    );
}

#[test]
fn a_check_that_was_not_evaluated_resolves_nothing() {
    let rule = by_owner();
    let first = decide(&rule, at(1), &[finding("a", None, 0)], &[], &resolved);
    let second = decide(&rule, at(2), &[], &first.told, &|_| Standing::NotEvaluated);
    assert_eq!(second.notices, []);
    assert_eq!(second.told, first.told);
    let third = decide(&rule, at(3), &[], &second.told, &resolved);
    assert_eq!(third.notices.len(), 1);
    assert_eq!(third.notices[0].lines, [NoticeLine::Resolved(id("a"))]);
    assert_eq!((third.notices[0].open, third.notices[0].worst), (0, None));
    assert_eq!(third.told, []);
}

#[test]
fn a_resource_that_changes_hands_is_new_for_one_and_over_for_the_other() {
    let rule = by_owner();
    let first = decide(&rule, at(1), &[finding("a", Some("x"), 0)], &[], &resolved);
    let second = decide(&rule, at(2), &[finding("a", Some("y"), 0)], &first.told, &resolved);
    let said: Vec<(Recipient, NoticeLine)> =
        second.notices.into_iter().map(|notice| (notice.recipient, notice.lines[0].clone())).collect();
    assert_eq!(
        said,
        [
            (Recipient::Owner("x".to_owned()), NoticeLine::Elsewhere(id("a"))),
            (Recipient::Owner("y".to_owned()), NoticeLine::New(finding("a", Some("y"), 0))),
        ]
    );
}

#[test]
fn what_stays_open_is_escalated_once_and_those_above_hear_of_its_end() {
    let mut rule = by_owner();
    rule.escalation = Some(Escalation { after_hours: 48, channels: vec!["boss".to_owned()] });
    let open = [finding("a", Some("x"), 0)];
    let mut told = decide(&rule, at(0), &open, &[], &resolved).told;
    let mut escalations = 0;
    for hour in 1..100 {
        let next = decide(&rule, at(hour), &open, &told, &resolved);
        escalations += next.notices.iter().filter(|notice| notice.channels(&rule) == ["boss"]).count();
        if next.notices.iter().any(|notice| notice.target == Target::Escalation) {
            assert_eq!(hour, 48);
        }
        told = next.told;
    }
    assert_eq!(escalations, 1);
    let over = decide(&rule, at(100), &[], &told, &resolved);
    let targets: Vec<Target> = over.notices.iter().map(|notice| notice.target).collect();
    assert_eq!(targets, [Target::Routing, Target::Escalation]);
}

#[test]
fn the_next_time_is_that_of_the_next_grace_reminder_or_escalation() {
    let mut rule = by_owner();
    rule.grace_hours = 4;
    let open = [finding("a", None, 0), finding("b", None, 2)];
    let next = |rule: &Rule, hour, told: &[Told]| decide(rule, at(hour), &open, told, &resolved).next;
    assert_eq!(next(&rule, 1, &[]), Some(at(4)));
    let first = decide(&rule, at(4), &open, &[], &resolved);
    assert_eq!(first.next, Some(at(6)));
    assert_eq!(next(&rule, 6, &first.told), None);
    rule.remind_after_hours = Some(24);
    rule.escalation = Some(Escalation { after_hours: 10, channels: vec!["boss".to_owned()] });
    assert_eq!(next(&rule, 6, &first.told), Some(at(14)));
    let escalated = decide(&rule, at(14), &open, &first.told, &resolved);
    // `b` was sent now, and `a` is escalated already.
    assert_eq!(escalated.next, Some(at(24)));
    // What is due only in the past changes nothing.
    assert_eq!(next(&rule, 15, &escalated.told), Some(at(24)));
}

#[test]
fn a_report_has_everything_that_is_open_for_each_recipient() {
    let rule = by_owner();
    let open = [finding("a", Some("x"), 0), finding("b", None, 0), finding("c", Some("x"), 0)];
    let notices = report(&rule, at(1), &open);
    let sent: Vec<(Recipient, usize, Vec<&str>)> = notices
        .iter()
        .map(|notice| (notice.recipient.clone(), notice.open, notice.channels(&rule)))
        .collect();
    assert_eq!(
        sent,
        [(Recipient::Owner("x".to_owned()), 2, vec!["mail"]), (Recipient::Unowned, 1, vec!["ops"]),]
    );
    assert_eq!(report(&rule, at(1), &[]), []);
}

#[test]
fn recipients_are_read_as_they_are_written() {
    for recipient in [
        Recipient::Unowned,
        Recipient::Everyone,
        Recipient::Owner("unowned".to_owned()),
        Recipient::Owner(String::new()),
    ] {
        assert_eq!(Recipient::parse(&recipient.to_text()), Some(recipient));
    }
    assert_eq!(Recipient::parse("x"), None);
}

#[test]
fn quiet_hours_hold_messages_back_across_midnight_weekends_and_changed_clocks() {
    let quiet: QuietHours = serde_json::from_value(serde_json::json!({
        "zone": "Europe/Berlin", "from": "22:00", "to": "07:00", "days": ["Sat", "Sun"], "except_critical": true
    }))
    .unwrap();
    quiet.check().unwrap();
    let end = |text: &str| quiet.end(text.parse().unwrap()).to_rfc3339();
    // A weekday at noon is not quiet.
    assert_eq!(end("2026-03-03T11:00:00.5Z"), "2026-03-03T11:00:00.500+00:00");
    // Tuesday 23:30 in Berlin: until Wednesday 07:00.
    assert_eq!(end("2026-03-03T22:30:10Z"), "2026-03-04T06:00:00+00:00");
    // Friday evening: until Monday 07:00. The clock changes on Sunday 2026-03-29.
    assert_eq!(end("2026-03-27T21:30:00Z"), "2026-03-30T05:00:00+00:00");

    let mut rule = by_owner();
    rule.quiet_hours = Some(quiet);
    let night = "2026-03-03T22:30:00Z".parse().unwrap();
    let mut open = finding("a", None, 0);
    let held = decide(&rule, night, std::slice::from_ref(&open), &[], &resolved);
    assert!(held.notices[0].not_before > night);
    open.severity = Severity::Critical;
    let sent = decide(&rule, night, &[open], &[], &resolved);
    assert_eq!(sent.notices[0].not_before, night);
}

#[test]
fn wrong_rules_are_refused_with_the_field() {
    let mut rule = by_owner();
    rule.routing = Routing::Channels { channels: vec![] };
    assert_eq!(rule.check().unwrap_err().pointer(), "/routing/channels");
    rule.routing = Routing::Owners { channel: "mail".to_owned(), unowned_channel: String::new() };
    assert_eq!(rule.check().unwrap_err().pointer(), "/routing/unowned_channel");
    let mut rule = by_owner();
    rule.quiet_hours = serde_json::from_value(serde_json::json!({
        "zone": "UTC", "from": "08:00", "to": "08:00"
    }))
    .unwrap();
    assert_eq!(rule.check().unwrap_err().pointer(), "/quiet_hours");
    for (field, rule) in [
        ("/remind_after_hours", Rule { remind_after_hours: Some(0), ..by_owner() }),
        ("/grace_hours", Rule { grace_hours: u32::MAX, ..by_owner() }),
        (
            "/escalation/after_hours",
            Rule {
                escalation: Some(Escalation { after_hours: 0, channels: vec!["boss".to_owned()] }),
                ..by_owner()
            },
        ),
    ] {
        assert_eq!(rule.check().unwrap_err().pointer(), field);
    }
}

/// A step of a history: which resources have an open finding, and who owns each.
type Step = BTreeMap<u8, Option<u8>>;

fn history() -> impl Strategy<Value = Vec<Step>> {
    let step = proptest::collection::btree_map(0..6_u8, proptest::option::of(0..3_u8), 0..6);
    proptest::collection::vec(step, 1..12)
}

proptest! {
    /// What recipients believe to be open, from the messages alone, is what is open.
    #[test]
    fn messages_add_up_to_what_is_open(history in history(), grace in 0..4_u32) {
        let mut rule = by_owner();
        rule.grace_hours = grace;
        let mut told: Vec<Told> = Vec::new();
        let mut believed: BTreeSet<(Recipient, FindingId)> = BTreeSet::new();
        let mut since: BTreeMap<u8, i64> = BTreeMap::new();
        for (hour, step) in (0_i64..).zip(&history) {
            since.retain(|resource, _| step.contains_key(resource));
            for resource in step.keys() {
                since.entry(*resource).or_insert(hour);
            }
            let open: Vec<OpenFinding> = step
                .iter()
                .map(|(resource, owner)| {
                    let owner = owner.map(|owner| format!("o{owner}"));
                    finding(&format!("r{resource}"), owner.as_deref(), since[resource])
                })
                .collect();
            let decision = decide(&rule, at(hour), &open, &told, &resolved);
            for notice in &decision.notices {
                for line in &notice.lines {
                    let entry = (notice.recipient.clone(), line.finding().clone());
                    match line {
                        NoticeLine::New(_) => prop_assert!(believed.insert(entry), "sent twice"),
                        NoticeLine::StillOpen(_) => prop_assert!(believed.contains(&entry)),
                        _ => prop_assert!(believed.remove(&entry), "over, and was never sent"),
                    }
                }
            }
            let expected: BTreeSet<(Recipient, FindingId)> = open
                .iter()
                .filter(|finding| finding.since + TimeDelta::hours(i64::from(grace)) <= at(hour))
                .map(|finding| (rule.recipient(finding.owner.as_deref()), finding.id.clone()))
                .collect();
            prop_assert_eq!(&believed, &expected);
            for notice in &decision.notices {
                let open = believed.iter().filter(|(recipient, _)| *recipient == notice.recipient).count();
                prop_assert_eq!(notice.open, open);
            }
            let again = decide(&rule, at(hour), &open, &decision.told, &resolved);
            prop_assert_eq!(&again.notices, &vec![]);
            prop_assert_eq!(&again.told, &decision.told);
            told = decision.told;
        }
    }
}
