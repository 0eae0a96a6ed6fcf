//! Every kind of channel, with hostile values, refusals, and attempts that are cut off.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tagpol_serve_notify::Severity;
use tagpol_serve_notify::alert::{FindingId, OpenFinding, Rule, Standing, decide};
use tagpol_serve_notify::channel::Channel;
use tagpol_serve_notify::channel::siem::{Activity, AuditEvent};
use tagpol_serve_notify::deliver::{Courier, Delivery};
use tagpol_serve_notify::message::{Context, Message, compose, test_message};
use tagpol_serve_outgoing::{AddressPolicy, Client};

use crate::peers::{Peers, client};

/// A name as somebody writes it who wants the reader to click, to be called, or to be fooled.
const HOSTILE: &str = "a\r\nBcc: x@example.com <!channel> <https://evil.example|here> [x](https://evil.example) \
                       <img src=x> *b* \u{202e}txt {{config}}";

fn now() -> DateTime<Utc> {
    Utc::now()
}

fn rule() -> Rule {
    let spec = json!({"name": "Owners", "routing": {"to": "channels", "channels": ["c1"]}});
    Rule { id: "r1".to_owned(), ..serde_json::from_value(spec).unwrap() }
}

fn findings(count: usize) -> Vec<OpenFinding> {
    (0..count)
        .map(|number| OpenFinding {
            id: FindingId {
                resource: format!("arn:aws:s3:::bucket-{number}"),
                policy: "owned".to_owned(),
                check: "1".to_owned(),
                tag: Some("owner".to_owned()),
            },
            resource_name: Some(format!("{HOSTILE} {number}")),
            severity: Severity::High,
            owner: None,
            monthly_cost: Some("12.5".parse().unwrap()),
            since: now() - TimeDelta::days(3),
        })
        .collect()
}

/// The message about `open` findings, or the one that says that they are resolved.
fn message(id: &str, open: usize, resolved: bool) -> Message {
    let rule = rule();
    let at = now();
    let first = decide(&rule, at, &findings(open), &[], &|_| Standing::Resolved);
    let notices = if resolved {
        decide(&rule, at, &[], &first.told, &|_| Standing::Resolved).notices
    } else {
        first.notices
    };
    let context = Context {
        id: id.to_owned(),
        at,
        project: "quickstart".to_owned(),
        currency: "USD".to_owned(),
        link: Some("https://tagpol.example.com/findings?policy=owned&severity=high".parse().unwrap()),
    };
    compose(&rule, &notices[0], context)
}

fn channel(config: Value) -> Channel {
    let channel: Channel = serde_json::from_value(config).unwrap();
    channel.check().unwrap();
    channel
}

fn courier() -> Courier {
    Courier::new(client())
}

const DELIVERED: Delivery = Delivery::Delivered { reference: None };

fn reference(delivery: Delivery) -> Option<String> {
    match delivery {
        Delivery::Delivered { reference } => reference,
        other => panic!("{other:?}"),
    }
}

/// Messages with nothing, one, many and too many findings.
fn sizes() -> Vec<Message> {
    vec![
        test_message("m0".to_owned(), now(), HOSTILE, None),
        message("m1", 1, false),
        message("m2", 300, false),
        message("m3", 2, true),
    ]
}

#[tokio::test]
async fn chats_get_texts_that_nothing_interprets() {
    let Some(peers) = Peers::start() else { return };
    let courier = courier();
    for kind in ["slack", "teams"] {
        let channel = channel(json!({"kind": kind, "webhook_url": peers.url(kind)}));
        for message in sizes() {
            assert_eq!(courier.deliver(&channel, &message, None, now()).await, DELIVERED, "{kind}");
        }
        let received = peers.received(kind).await;
        assert_eq!(received.len(), 4);
        let texts = received[1]["texts"].to_string();
        assert!(texts.contains("<!channel>") && texts.contains("12.50 USD a month"), "{texts}");
        assert!(!texts.contains('\u{202e}'), "{texts}");
        assert!(received[2]["texts"].to_string().contains("more changes are not listed here"), "{kind}");
    }
}

#[tokio::test]
async fn webhooks_carry_a_signature_that_the_standards_library_accepts() {
    let Some(peers) = Peers::start() else { return };
    let courier = courier();
    let webhook = channel(json!({"kind": "webhook", "url": peers.url("webhook"), "secret": peers.secret}));
    let sent = message("m1", 2, false);
    assert_eq!(courier.deliver(&webhook, &sent, None, now()).await, DELIVERED);
    assert_eq!(courier.deliver(&webhook, &sent, None, now()).await, DELIVERED);
    let received = peers.received("webhook").await;
    assert_eq!(received[0]["id"], received[1]["id"], "an attempt that is repeated has the same id");
    assert_eq!(received[0]["body"]["data"]["lines"][0]["resource"], "arn:aws:s3:::bucket-0");

    // Signed an hour ago: somebody sends an old message again.
    let old = courier.deliver(&webhook, &sent, None, now() - TimeDelta::hours(1)).await;
    assert!(matches!(old, Delivery::Failed { .. }), "{old:?}");
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    let forged = channel(json!({"kind": "webhook", "url": peers.url("webhook"), "secret": other}));
    let refused = courier.deliver(&forged, &sent, None, now()).await;
    assert!(matches!(refused, Delivery::Failed { .. }), "{refused:?}");
}

#[tokio::test]
async fn incidents_open_and_close_with_the_findings() {
    let Some(peers) = Peers::start() else { return };
    let courier = courier();
    let pagerduty = channel(json!({
        "kind": "pagerduty", "routing_key": "0123456789abcdef0123456789abcdef", "url": peers.url("pagerduty")
    }));
    for message in [message("m1", 60, false), message("m2", 60, true)] {
        assert_eq!(courier.deliver(&pagerduty, &message, None, now()).await, DELIVERED);
    }
    let received = peers.received("pagerduty").await;
    let actions: Vec<&Value> = received.iter().map(|event| &event["action"]).collect();
    assert_eq!(actions, ["trigger", "resolve"]);
    assert_eq!(received[0]["key"], received[1]["key"]);
}

#[tokio::test]
async fn a_group_has_one_open_ticket_also_when_an_attempt_was_cut_off() {
    let Some(peers) = Peers::start() else { return };
    let courier = courier();
    let jira = channel(json!({
        "kind": "jira", "site": peers.url("jira"), "user": "tagpol@example.com", "api_token": "token", "project": "OPS"
    }));
    let snow = channel(json!({
        "kind": "servicenow", "instance": peers.url("snow"), "user": "tagpol@example.com", "password": "token"
    }));
    for (channel, by, closed) in [(&jira, "jira", "close"), (&snow, "servicenow", "resolve")] {
        let opened = reference(courier.deliver(channel, &message("m1", 3, false), None, now()).await);
        assert!(opened.is_some());
        // The process ended before it could keep the number of the ticket.
        let again = reference(courier.deliver(channel, &message("m1", 3, false), None, now()).await);
        assert_eq!(again, opened);
        let next =
            reference(courier.deliver(channel, &message("m2", 4, false), again.as_deref(), now()).await);
        assert_eq!(next, opened);
        let over = courier.deliver(channel, &message("m3", 3, true), next.as_deref(), now()).await;
        assert_eq!(over, DELIVERED);
        // Closed already, and what comes next is another ticket.
        assert_eq!(courier.deliver(channel, &message("m3", 3, true), None, now()).await, DELIVERED);
        let reopened = reference(courier.deliver(channel, &message("m4", 1, false), None, now()).await);
        assert_ne!(reopened, opened);
        let received = peers.received(by).await;
        let count = |action: &str| received.iter().filter(|entry| entry["action"] == action).count();
        assert_eq!((count("create"), count(closed)), (2, 1), "{received:?}");
    }
}

#[tokio::test]
async fn mail_goes_to_owners_by_starttls_and_says_why_it_is_refused() {
    let Some(peers) = Peers::start() else { return };
    let courier = courier();
    let config = |password: &str| {
        json!({
            "kind": "email", "host": "localhost", "port": peers.mail, "encryption": "starttls",
            "login": {"user": "tagpol", "password": password}, "from": "tagpol <tagpol@example.com>",
            "to": ["ops@example.com"], "authority": peers.authority,
        })
    };
    let right = channel(config("right"));
    let to = |address: &str| Message { to: Some(address.to_owned()), ..message("m1", 2, false) };
    assert_eq!(courier.deliver(&right, &to("owner@example.com"), None, now()).await, DELIVERED);
    assert_eq!(courier.deliver(&right, &message("m2", 1, false), None, now()).await, DELIVERED);
    let received = peers.received("mail").await;
    let recipients: Vec<&Value> = received.iter().map(|mail| &mail["recipients"]).collect();
    assert_eq!(recipients, [&json!(["owner@example.com"]), &json!(["ops@example.com"])]);
    assert_eq!(received[0]["secure"], true);
    let text = received[0]["text"].as_str().unwrap().replace("\r\n", "\n");
    let (head, parts) = text.split_once("\n\n").unwrap();
    assert!(!head.contains("Bcc") && head.contains("Auto-Submitted: auto-generated"), "{head}");
    let (_, html) = parts.split_once("text/html").unwrap();
    assert!(html.contains("&lt;img") && !html.contains("<img"), "{html}");

    let cases = [("gone@example.com", false), ("later@example.com", true)];
    for (address, again) in cases {
        let end = courier.deliver(&right, &to(address), None, now()).await;
        assert_eq!(matches!(end, Delivery::Later { .. }), again, "{end:?}");
        assert_ne!(end, DELIVERED);
    }
    let nobody = courier.deliver(&right, &to("nobody"), None, now()).await;
    let Delivery::Failed { reason } = nobody else { panic!("{nobody:?}") };
    assert_eq!(reason, "`nobody` is not an email address");
    let wrong = courier.deliver(&channel(config("wrong")), &to("owner@example.com"), None, now()).await;
    assert!(matches!(wrong, Delivery::Failed { .. }), "{wrong:?}");
    // A certificate of nobody who is trusted.
    let mut untrusted = config("right");
    untrusted["authority"] = Value::Null;
    let end = courier.deliver(&channel(untrusted), &to("owner@example.com"), None, now()).await;
    assert_ne!(end, DELIVERED);
    assert_eq!(peers.received("mail").await.len(), 2);
}

#[tokio::test]
async fn the_audit_trail_is_streamed_by_webhook_and_syslog() {
    let Some(peers) = Peers::start() else { return };
    let siem = channel(json!({
        "kind": "siem", "url": peers.url("webhook"), "secret": peers.secret,
        "syslog": {"host": "127.0.0.1", "port": peers.syslog}
    }));
    let event = AuditEvent {
        number: 7,
        at: "2026-03-02T10:00:00.5Z".parse().unwrap(),
        actor: "user:12".to_owned(),
        activity: Activity::Update,
        action: "tag.set".to_owned(),
        entity_kind: "virtual tag".to_owned(),
        entity: "arn:aws:s3:::b\n7".to_owned(),
        tenant: "t1".to_owned(),
        hash: "00ff".to_owned(),
    };
    assert_eq!(courier().stream(&siem, std::slice::from_ref(&event), now()).await, DELIVERED);
    let webhook = peers.received("webhook").await;
    assert_eq!(webhook[0]["body"]["type_uid"], 300_403);
    let syslog = loop {
        let received = peers.received("syslog").await;
        if let Some(first) = received.first() {
            break first["message"].as_str().unwrap().to_owned();
        }
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    };
    let (head, json) = syslog.split_once(" - audit - ").unwrap();
    assert_eq!(head, "<110>1 2026-03-02T10:00:00.500Z - tagpol");
    assert_eq!(serde_json::from_str::<Value>(json).unwrap(), webhook[0]["body"]);
}

#[tokio::test]
async fn answers_say_whether_to_try_again() {
    let Some(peers) = Peers::start() else { return };
    let courier = courier();
    let slack = channel(json!({"kind": "slack", "webhook_url": peers.url("slack")}));
    let sent = message("m1", 1, false);
    peers
        .fail(json!([
            {"status": 429, "headers": {"retry-after": "30"}}, {"status": 503}, {"status": 404, "body": "no_service"}
        ]))
        .await;
    let ends = [
        courier.deliver(&slack, &sent, None, now()).await,
        courier.deliver(&slack, &sent, None, now()).await,
        courier.deliver(&slack, &sent, None, now()).await,
    ];
    let later = |status: &str, after| Delivery::Later {
        reason: format!("localhost answered {status}: not now"),
        after,
    };
    assert_eq!(
        ends,
        [
            later("429 Too Many Requests", Some(std::time::Duration::from_secs(30))),
            later("503 Service Unavailable", None),
            Delivery::Failed { reason: "localhost answered 404 Not Found: no_service".to_owned() },
        ]
    );
    assert_eq!(courier.deliver(&slack, &sent, None, now()).await, DELIVERED);

    // Nobody listens; the address, which is a secret, is not in the reason.
    let closed = channel(json!({"kind": "slack", "webhook_url": "http://localhost:1/services/T0/SECRET"}));
    let end = courier.deliver(&closed, &sent, None, now()).await;
    let Delivery::Later { reason, .. } = &end else { panic!("{end:?}") };
    assert!(!reason.contains("SECRET"), "{reason}");
}

#[tokio::test]
async fn nothing_leaves_to_where_only_this_machine_can_reach() {
    let Some(peers) = Peers::start() else { return };
    let sent = message("m1", 1, false);
    let strict = Courier::new(Client::new(AddressPolicy::default()).unwrap());
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("http://{host}:{}/slack", peers.http);
        let end =
            strict.deliver(&channel(json!({"kind": "slack", "webhook_url": url})), &sent, None, now()).await;
        let Delivery::Failed { reason } = &end else { panic!("{end:?}") };
        assert!(reason.contains("is not a public address"), "{reason}");
    }
    let mail = json!({"kind": "email", "host": "localhost", "port": peers.mail, "encryption": "none",
        "from": "a@example.com", "to": ["b@example.com"]});
    let end = strict.deliver(&channel(mail), &sent, None, now()).await;
    assert!(matches!(end, Delivery::Failed { .. }), "{end:?}");

    // A redirect is not followed.
    let redirect = channel(json!({"kind": "webhook", "url": peers.url("redirect"), "secret": peers.secret}));
    let end = courier().deliver(&redirect, &sent, None, now()).await;
    assert!(matches!(end, Delivery::Failed { .. }), "{end:?}");
    assert_eq!(peers.received("webhook").await, Vec::<Value>::new());
    assert_eq!(peers.received("slack").await, Vec::<Value>::new());
}

#[test]
fn wrong_configurations_are_refused_with_the_field_and_secrets_are_never_shown() {
    let wrong = [
        (json!({"kind": "slack", "webhook_url": "http://hooks.example.com/x"}), "/webhook_url"),
        (json!({"kind": "webhook", "url": "https://example.com", "secret": "secret"}), "/secret"),
        (json!({"kind": "pagerduty", "routing_key": " "}), "/routing_key"),
        (
            json!({"kind": "jira", "site": "https://x.example", "user": "u", "api_token": "t", "project": "A B"}),
            "/project",
        ),
        (
            json!({"kind": "servicenow", "instance": "https://x.example", "user": "", "password": "t"}),
            "/user",
        ),
        (
            json!({"kind": "email", "host": "mail.example.com", "encryption": "none", "from": "a@example.com"}),
            "/encryption",
        ),
        (json!({"kind": "email", "host": "mail.example.com", "from": "nobody"}), "/from"),
        (json!({"kind": "siem"}), "/url"),
        (json!({"kind": "siem", "url": "https://x.example"}), "/secret"),
    ];
    for (config, pointer) in wrong {
        let channel: Channel = serde_json::from_value(config.clone()).unwrap();
        assert_eq!(channel.check().unwrap_err().pointer, pointer, "{config}");
    }
    let secret = channel(json!({"kind": "email", "host": "mail.example.com", "from": "a@example.com",
        "login": {"user": "u", "password": "hunter2"}}));
    assert_eq!(secret.shown()["login"], json!({"user": "u", "password": "(set)"}));
    assert!(!format!("{secret:?}").contains("hunter2"));
    let slack =
        channel(json!({"kind": "slack", "webhook_url": "https://hooks.example.com/services/T0/SECRET"}));
    assert!(!format!("{slack:?}").contains("SECRET"));
}

#[test]
fn configurations_are_read_with_the_place_of_a_mistake() {
    let wrong = [
        ("pigeon", json!({}), "/kind"),
        ("webhook", json!({ "url": 7, "secret": "x" }), "/url"),
        ("webhook", json!({ "url": "https://example.com" }), ""),
        ("slack", json!(["https://example.com"]), ""),
        ("email", json!({ "host": "h", "from": "a@example.com", "login": { "user": 1 } }), "/login/user"),
        ("email", json!({ "host": "h", "from": "a@example.com", "to": ["a", 1] }), "/to/1"),
        ("siem", json!({ "syslog": { "host": "h", "port": 70_000 } }), "/syslog/port"),
        ("slack", json!({ "webhook_url": "https://example.com", "other": 1 }), "/other"),
    ];
    for (kind, config, pointer) in wrong {
        assert_eq!(Channel::parse(kind, &config).unwrap_err().0, pointer, "{kind} {config}");
    }
}

#[test]
fn secrets_stay_unless_messages_go_somewhere_else() {
    let old = channel(json!({
        "kind": "email", "host": "mail.example.com", "from": "a@example.com",
        "login": {"user": "u", "password": "hunter2"}
    }));
    let mut config = old.shown();
    config["to"] = json!(["b@example.com"]);
    old.keep_secrets(&mut config).unwrap();
    assert_eq!(config["login"]["password"], "hunter2");
    for (field, value) in [("host", "evil.example"), ("encryption", "tls")] {
        let mut config = old.shown();
        config[field] = json!(value);
        assert_eq!(old.keep_secrets(&mut config).unwrap_err().0, "/login/password", "{field}");
        // With the secret, it may go anywhere.
        config["login"]["password"] = json!("hunter3");
        old.keep_secrets(&mut config).unwrap();
    }
    // A secret that there was not.
    let open = channel(json!({"kind": "email", "host": "mail.example.com", "from": "a@example.com"}));
    assert_eq!(open.keep_secrets(&mut old.shown()).unwrap_err().0, "/login/password");
    let siem = channel(json!({"kind": "siem", "url": "https://x.example", "secret": "whsec_x"}));
    let mut elsewhere = json!({"url": "https://y.example", "secret": "(set)"});
    assert_eq!(siem.keep_secrets(&mut elsewhere).unwrap_err().0, "/secret");
}
