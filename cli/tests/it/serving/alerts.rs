//! Alerts, from findings to receivers that judge what they get.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::client::{Client, Server, Shop};
use super::on_both_databases;
use super::peers::{Peers, mail_text};

on_both_databases!(
    each_owner_gets_one_digest_with_only_their_resources,
    messages_wait_for_a_channel_that_is_down_and_for_a_server_that_was_killed,
    what_stays_open_is_escalated_and_tickets_are_closed,
    receivers_know_what_is_open_after_servers_were_killed,
);

const POLICIES: &str = r#"
tag environment: one of [production, staging]
tag owner: email
tag team: text

policy has-team {
  severity high
  for resource where environment == production
  require team else "write the name of the team"
}

policy has-owner {
  severity low
  require owner
}
"#;

const INVENTORY: &str = "id,name,type,provider,account,region,monthly_cost,currency,tag:environment,tag:owner,tag:team\n\
    a-1,ann-web,ec2:instance,aws,111,eu-1,100,USD,production,ann@example.com,\n\
    a-2,ann-db,rds:db,aws,111,eu-1,2,USD,production,ann@example.com,\n\
    b-1,bob-web,ec2:instance,aws,222,eu-1,30,USD,production,bob@example.com,\n\
    n-1,nobody-web,ec2:instance,aws,222,eu-1,40,USD,production,,\n\
    s-1,fine,ec2:instance,aws,222,eu-1,50,USD,staging,ann@example.com,\n";

/// Starts a server for these policies that may send to this machine.
fn serve(shop: &Shop) -> Server {
    std::fs::write(shop.path().join("shop.tagpol"), POLICIES).unwrap();
    std::fs::write(shop.path().join("list.csv"), INVENTORY).unwrap();
    std::fs::write(shop.path().join("serve.toml"), "outgoing = [\"127.0.0.0/8\", \"::1\"]\n").unwrap();
    restart(shop)
}

fn restart(shop: &Shop) -> Server {
    let server = shop.start(&["--config", "serve.toml"]);
    server.wait_until_ready();
    server
}

fn add_channel(client: &Client, name: &str, kind: &str, config: &Value) -> String {
    let added = client.post("/api/v1/channels", &json!({ "name": name, "kind": kind, "config": config }));
    assert_eq!(added.status, 201, "{}", added.text);
    added.json()["id"].as_str().unwrap().to_owned()
}

fn add_rule(client: &Client, rule: &Value) -> String {
    let added = client.post("/api/v1/rules", rule);
    assert_eq!(added.status, 201, "{}", added.text);
    added.json()["id"].as_str().unwrap().to_owned()
}

/// A rule about `has-team` that sends everything to one channel.
fn team_rule(channel: &str) -> Value {
    json!({
        "name": "Teams", "filter": { "policies": ["has-team"] }, "routing": { "to": "channels", "channels": [channel] },
    })
}

fn set_team(client: &Client, resource: &str, team: &str) {
    let change = json!({ "action": "set", "key": "team", "value": team });
    let body = json!({ "resources": [resource], "changes": [change] });
    let response = client.post("/api/v1/virtual-tags/apply", &body);
    assert_eq!(response.status, 200, "{}", response.text);
}

/// Waits until a document meets a condition.
fn wait(client: &Client, path: &str, is_met: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let seen = client.get(path).json();
        if is_met(&seen) {
            return seen;
        }
        assert!(began.elapsed() < Duration::from_secs(60), "{path}: {seen}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until all messages are delivered; returns them, the oldest first.
fn wait_for_deliveries(client: &Client, count: usize) -> Vec<Value> {
    let page = wait(client, "/api/v1/deliveries", |page| {
        let items = page["items"].as_array().unwrap();
        items.len() >= count && items.iter().all(|one| one["status"] == "delivered")
    });
    let mut items = page["items"].as_array().unwrap().clone();
    assert_eq!(items.len(), count, "{page}");
    items.reverse();
    items
}

/// Returns the numbers of alerts of a rule in each state.
fn alerts(client: &Client, rule: &str) -> Vec<(String, i64)> {
    let found = client.get(&format!("/api/v1/rules/{rule}")).json();
    let count = |one: &Value| (one["state"].as_str().unwrap().to_owned(), one["count"].as_i64().unwrap());
    found["alerts"].as_array().map(|all| all.iter().map(count).collect()).unwrap_or_default()
}

/// Returns the ids of the resources that are shown at the address in a message.
fn behind_link(client: &Client, text: &str) -> Vec<String> {
    let (_, rest) = text.split_once("/resources?facets=").unwrap();
    let encoded: String = rest.chars().take_while(|char| !char.is_whitespace()).collect();
    let facets: Value = serde_json::from_str(&percent_decoded(&encoded)).unwrap();
    // As the dashboard does it.
    let owner = match &facets["tag:owner"][0] {
        Value::Null => "owner is missing".to_owned(),
        owner => format!("owner == {owner}"),
    };
    let list = |name: &str| facets[name].as_array().map(|all| all[0].as_str().unwrap().to_owned());
    let path = format!(
        "/api/v1/resources?sort=id&where={}&policy={}&compliance={}",
        owner.replace(' ', "%20").replace('"', "%22").replace('=', "%3D"),
        list("policy").unwrap(),
        list("compliance").unwrap(),
    );
    let page = client.get(&path).json();
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
    items.iter().map(|one| one["resource_id"].as_str().unwrap().to_owned()).collect()
}

fn percent_decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits = [rest.clone().next(), rest.clone().nth(1)];
        match (byte, digits) {
            (b'%', [Some(high), Some(low)]) => {
                let digits = [high, low];
                bytes.push(u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap());
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8(bytes).unwrap()
}

fn each_owner_gets_one_digest_with_only_their_resources(shop: &Shop) {
    let Some(peers) = Peers::start() else { return };
    let server = serve(shop);
    let client = server.administrator();
    let mail = add_channel(&client, "Mail", "email", &peers.config("email"));
    let chat = add_channel(&client, "Chat", "slack", &peers.config("slack"));
    let rule = json!({
        "name": "Owners", "filter": { "policies": ["has-team"], "min_severity": "medium" },
        "routing": { "to": "owners", "channel": mail, "unowned_channel": chat },
    });
    let preview = client.post("/api/v1/rules/preview", &rule).json();
    let id = add_rule(&client, &rule);

    let sent = wait_for_deliveries(&client, 3);
    assert!(sent.iter().all(|one| one["attempt"] == 1 && one["rule"] == *id), "{sent:?}");
    let mails = peers.received("mail");
    let of = |owner: &str| -> Vec<String> {
        let own = peers.received("mail").into_iter().filter(|mail| mail["recipients"] == json!([owner]));
        own.map(|mail| mail_text(&mail)).collect()
    };
    assert_eq!(mails.len(), 2);
    let (ann, bob) = (of("ann@example.com").remove(0), of("bob@example.com").remove(0));
    for (text, own, others) in [
        (&ann, vec!["ann-web", "ann-db"], vec!["bob-web", "nobody-web", "fine"]),
        (&bob, vec!["bob-web"], vec!["ann-web", "ann-db", "nobody-web", "fine"]),
    ] {
        assert!(own.iter().all(|name| text.contains(name)), "{text}");
        assert!(!others.iter().any(|name| text.contains(name)), "{text}");
    }
    assert_eq!(behind_link(&client, &ann), ["a-1", "a-2"]);
    assert_eq!(behind_link(&client, &bob), ["b-1"]);
    assert!(peers.received("slack")[0]["texts"].to_string().contains("nobody-web"));
    assert_eq!(alerts(&client, &id), [("open".to_owned(), 4)]);
    // The preview said so.
    let messages = preview["messages"].as_array().unwrap();
    let previewed: Vec<(&str, u64)> = messages
        .iter()
        .map(|one| (one["recipient"].as_str().unwrap(), one["changes"].as_u64().unwrap()))
        .collect();
    assert_eq!(previewed, [("owner:ann@example.com", 2), ("owner:bob@example.com", 1), ("unowned", 1)]);
    assert_eq!(preview["total"], 4);

    // One is fixed: only its owner hears of it, and of what is left.
    set_team(&client, "a-1", "web");
    wait_for_deliveries(&client, 4);
    let second = of("ann@example.com").remove(1);
    assert!(second.contains("(resolved)") && second.contains("1 finding is open"), "{second}");
    // By the command line, which the server is not asked about.
    shop.run(&["tags", "set", "a-2", "team=web", "--by", "ann", "--project", "."]);
    let sent = wait_for_deliveries(&client, 5);
    assert!(sent[4]["title"].as_str().unwrap().contains("everything resolved"), "{sent:?}");
    assert_eq!(alerts(&client, &id), [("open".to_owned(), 2), ("resolved".to_owned(), 2)]);

    // A new evaluation finds the same, and nothing is sent again.
    let enqueued = client.post("/api/v1/compliance/recheck", &json!({})).json();
    let job = format!("/api/v1/jobs/{}", enqueued["job"].as_str().unwrap());
    let done = wait(&client, &job, |job| job["status"] == "done");
    let path = format!("/api/v1/rules/{id}");
    wait(&client, &path, |rule| rule["generation"] == done["result"]["generation"]);
    wait_for_deliveries(&client, 5);
    assert_eq!(client.get(&format!("{path}/preview")).json()["total"], 0);
    // It opens again, for another owner.
    shop.run(&["tags", "unset", "a-2", "team", "--by", "ann", "--project", "."]);
    wait_for_deliveries(&client, 6);
    assert_eq!(of("ann@example.com").len(), 4);
}

fn messages_wait_for_a_channel_that_is_down_and_for_a_server_that_was_killed(shop: &Shop) {
    let Some(peers) = Peers::start() else { return };
    let server = serve(shop);
    let client = server.administrator();
    let token = client.post("/api/v1/tokens", &json!({ "name": "t" })).json();
    let hook = add_channel(&client, "Hook", "webhook", &peers.config("webhook"));
    peers.fail(&[503, 500]);
    let id = add_rule(&client, &team_rule(&hook));
    let sent = wait_for_deliveries(&client, 1);
    let job = client.get(&format!("/api/v1/jobs/{}", text_of(&sent[0]["job"]))).json();
    let ends = |attempt: usize| text_of(&job["attempts"][attempt]["error"]);
    assert!(ends(0).contains("503") && ends(1).contains("500"), "{job}");
    let first = peers.received("webhook").remove(0);
    assert_eq!((&first["id"], first["body"]["data"]["open"].as_u64()), (&sent[0]["id"], Some(4)));

    // Two messages wait when the server is killed; both arrive once, in their order.
    let message = |number: usize| peers.received("webhook")[number]["body"]["data"].clone();
    peers.fail(&[503; 20]);
    set_team(&client, "a-1", "web");
    wait(&client, "/api/v1/deliveries", |page| {
        page["items"][0]["error"].as_str().is_some_and(|error| error.contains("503"))
    });
    server.kill();
    let server = restart(shop);
    let client = server.anonymous().with_bearer(token["secret"].as_str().unwrap());
    set_team(&client, "a-2", "web");
    wait(&client, "/api/v1/deliveries", |page| page["items"].as_array().unwrap().len() == 3);
    peers.fail(&[]);
    wait_for_deliveries(&client, 3);
    let received = peers.received("webhook");
    assert_eq!(received.len(), 3, "{received:?}");
    let changed = |number: usize| message(number)["lines"][0]["resource"].clone();
    assert_eq!((changed(1), changed(2)), (json!("a-1"), json!("a-2")));
    assert_eq!(alerts(&client, &id), [("open".to_owned(), 2), ("resolved".to_owned(), 2)]);

    // A refusal ends it at once; it is delivered when somebody has fixed the receiver.
    peers.fail(&[404]);
    set_team(&client, "b-1", "web");
    let dead = wait(&client, "/api/v1/deliveries?status=dead", |page| page["items"][0].is_object());
    let dead = &dead["items"][0];
    assert!(dead["error"].as_str().unwrap().contains("404"), "{dead}");
    let path = format!("/api/v1/deliveries/{}", dead["id"].as_str().unwrap());
    assert_eq!(client.post(&format!("{path}/retry"), &json!({})).status, 204);
    let delivered = wait(&client, &path, |one| one["status"] == "delivered");
    assert_eq!(delivered["message"]["lines"][0]["resource"], "b-1");
    assert_eq!(peers.received("webhook").len(), 4);
    let again = client.post(&format!("{path}/retry"), &json!({}));
    assert_eq!((again.status, again.problem().as_str()), (409, "conflict"));
    assert_eq!(client.post("/api/v1/audit-trail/verify", &json!({})).json()["intact"], true);
}

fn what_stays_open_is_escalated_and_tickets_are_closed(shop: &Shop) {
    let Some(peers) = Peers::start() else { return };
    let server = serve(shop);
    let client = server.administrator();
    let tickets = add_channel(&client, "Tickets", "jira", &peers.config("jira"));
    let pager = add_channel(&client, "Pager", "pagerduty", &peers.config("pagerduty"));
    let mut rule = team_rule(&tickets);
    rule["escalation"] = json!({ "after_hours": 48, "channels": [pager] });
    rule["remind_after_hours"] = json!(24);
    let id = add_rule(&client, &rule);
    let sent = wait_for_deliveries(&client, 1);
    assert_eq!(sent[0]["reference"], "OPS-1");

    // Three days later.
    shop.run_sql(
        "UPDATE serve_alerts SET first_at = first_at - 259200000000, last_at = last_at - 259200000000",
    );
    shop.run_sql("UPDATE serve_rules SET next_at = 0");
    wait_for_deliveries(&client, 3);
    assert_eq!(alerts(&client, &id), [("escalated".to_owned(), 4)]);
    assert_eq!(peers.received("pagerduty")[0]["action"], "trigger");
    for (resource, count) in [("a-1", 5), ("a-2", 7), ("b-1", 9), ("n-1", 11)] {
        set_team(&client, resource, "web");
        wait_for_deliveries(&client, count);
    }
    assert_eq!(alerts(&client, &id), [("resolved".to_owned(), 4)]);
    let actions =
        |by: &str| -> Vec<Value> { peers.received(by).iter().map(|entry| entry["action"].clone()).collect() };
    assert_eq!(actions("jira"), ["create", "comment", "comment", "comment", "comment", "comment", "close"]);
    assert_eq!(actions("pagerduty").last().unwrap(), "resolve");
}

/// Servers are killed while tags change and messages are sent: from the messages alone, a receiver that recognizes those that
/// arrive twice knows exactly what is open. `TAGPOL_KILL_ROUNDS` is the number of servers.
fn receivers_know_what_is_open_after_servers_were_killed(shop: &Shop) {
    let Some(peers) = Peers::start() else { return };
    let rounds = std::env::var("TAGPOL_KILL_ROUNDS").ok().and_then(|text| text.parse().ok()).unwrap_or(1u64);
    let mut server = serve(shop);
    let client = server.administrator();
    let token = client.post("/api/v1/tokens", &json!({ "name": "t" })).json();
    let secret = token["secret"].as_str().unwrap().to_owned();
    let hook = add_channel(&client, "Hook", "webhook", &peers.config("webhook"));
    let id = add_rule(&client, &team_rule(&hook));
    wait_for_deliveries(&client, 1);
    for round in 0..rounds {
        let client = server.anonymous().with_bearer(&secret);
        std::thread::scope(|scope| {
            scope.spawn(|| toggle_until_killed(&client));
            std::thread::sleep(Duration::from_millis(300 + round * 137 % 900));
            server.kill();
        });
        server = restart(shop);
    }
    let client = server.anonymous().with_bearer(&secret);
    wait(&client, &format!("/api/v1/rules/{id}/preview"), |preview| preview["total"] == 0);
    let began = Instant::now();
    let is_unfinished = || {
        let page = client.get("/api/v1/deliveries?limit=500").json();
        page["items"].as_array().unwrap().iter().any(|one| one["status"] != "delivered")
    };
    while is_unfinished() {
        // A lease of a server that was killed takes a minute to end.
        assert!(began.elapsed() < Duration::from_secs(180));
        std::thread::sleep(Duration::from_millis(200));
    }
    let findings = client.get("/api/v1/compliance/findings?policy=has-team&limit=500").json();
    let open: BTreeSet<String> =
        findings["items"].as_array().unwrap().iter().map(|one| text_of(&one["resource_id"])).collect();
    assert_eq!(believed(&peers.received("webhook")), open);
}

/// Sets and unsets the team of all resources until the server is gone.
fn toggle_until_killed(client: &Client) {
    for number in 0_u32.. {
        let change = match number % 2 {
            0 => json!({ "action": "set", "key": "team", "value": "web" }),
            _ => json!({ "action": "unset", "key": "team" }),
        };
        for resource in ["a-1", "a-2", "b-1", "n-1"] {
            let body = json!({ "resources": [resource], "changes": [change] }).to_string();
            let headers = [("content-type", "application/json")];
            let sent = client.try_send("POST", "/api/v1/virtual-tags/apply", body.as_bytes(), &headers);
            if sent.is_none() {
                return;
            }
        }
    }
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Returns the resources that messages leave open.
fn believed(messages: &[Value]) -> BTreeSet<String> {
    let (mut seen, mut open) = (BTreeMap::new(), BTreeSet::new());
    for message in messages {
        if let Some(before) = seen.insert(text_of(&message["id"]), message["body"].clone()) {
            assert_eq!(before, message["body"], "one id, two messages");
            continue;
        }
        for line in message["body"]["data"]["lines"].as_array().unwrap() {
            let resource = text_of(&line["resource"]);
            match line["change"].as_str().unwrap() {
                "new" => assert!(open.insert(resource), "sent twice: {line}"),
                "resolved" => assert!(open.remove(&resource), "closed, and was never open: {line}"),
                other => panic!("{other}"),
            }
        }
    }
    open
}

/// Everything that is open on a schedule, and what quiet hours hold back.
#[test]
fn reports_are_sent_on_schedule_and_quiet_hours_are_kept() {
    let Some(peers) = Peers::start() else { return };
    let shop = Shop::new();
    let server = serve(&shop);
    let client = server.administrator();
    let mail = add_channel(&client, "Mail", "email", &peers.config("email"));
    let chat = add_channel(&client, "Chat", "teams", &peers.config("teams"));
    let routing = json!({ "to": "owners", "channel": mail, "unowned_channel": chat });
    // Quiet all day but for a minute that is not now.
    let noon = chrono::Utc::now() + chrono::TimeDelta::hours(12);
    let minute = |at: chrono::DateTime<chrono::Utc>| at.format("%H:%M").to_string();
    let quiet = json!({
        "zone": "UTC", "from": minute(noon + chrono::TimeDelta::minutes(1)), "to": minute(noon),
    });
    let filter = json!({ "policies": ["has-team"] });
    let rule = json!({
        "name": "Weekdays", "filter": filter, "routing": routing, "report": true, "quiet_hours": quiet,
    });
    add_rule(&client, &rule);
    let held = wait(&client, "/api/v1/deliveries", |page| page["items"].as_array().unwrap().len() == 3);
    let next: chrono::DateTime<chrono::Utc> = held["items"][0]["next_at"].as_str().unwrap().parse().unwrap();
    assert_eq!((held["items"][0]["status"].as_str(), minute(next)), (Some("queued"), minute(noon)));
    shop.run_sql("UPDATE serve_schedules SET next_at = 0 WHERE name = 'generate-reports'");
    let reports = peers.wait("mail", 2);
    let texts: Vec<String> = reports.iter().map(mail_text).collect();
    let ann = texts.iter().find(|text| text.contains("ann-web")).unwrap();
    assert!(ann.contains("report: Weekdays: 2 open") && !ann.contains("bob-web"), "{ann}");
    assert!(peers.wait("teams", 1)[0]["texts"].to_string().contains("nobody-web"));
    let page = client.get("/api/v1/deliveries").json();
    let kinds: Vec<&Value> = page["items"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == "report").count(), 3, "{page}");
    assert_eq!(peers.received("mail").len(), 2);
}

#[test]
fn the_audit_trail_is_streamed_whole_and_in_order() {
    let Some(peers) = Peers::start() else { return };
    let shop = Shop::new();
    let server = serve(&shop);
    let client = server.administrator();
    peers.fail(&[503]);
    let siem = add_channel(&client, "SIEM", "siem", &peers.config("siem"));
    let test = client.post(&format!("/api/v1/channels/{siem}/test"), &json!({}));
    assert_eq!((test.status, test.problem().as_str()), (409, "conflict"));
    for team in ["x", "y"] {
        set_team(&client, "a-1", team);
    }
    let channel = format!("/api/v1/channels/{siem}");
    let behind = |channel: &Value| channel["stream"]["waiting"].as_i64().unwrap();
    let caught_up = wait(&client, &channel, |channel| behind(channel) == 0);
    let trail = client.get("/api/v1/audit-trail?limit=500").json();
    let begin =
        trail["items"].as_array().unwrap().iter().find(|entry| entry["action"] == "channel.add").unwrap();
    let (first, last) = (begin["seq"].as_i64().unwrap(), caught_up["stream"]["delivered"].as_i64().unwrap());
    let numbers: Vec<i64> = peers
        .wait("webhook", usize::try_from(last - first + 1).unwrap())
        .iter()
        .map(|entry| entry["body"]["metadata"]["sequence"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, (first..=last).collect::<Vec<_>>());
    let set = peers.received("webhook").pop().unwrap();
    assert_eq!((&set["body"]["comment"], &set["body"]["entity"]["uid"]), (&json!("tag.set"), &json!("a-1")));
    assert!(peers.wait("syslog", numbers.len())[0]["message"].as_str().unwrap().contains("channel.add"));
}

#[test]
fn channels_are_tested_and_keep_their_secrets() {
    let Some(peers) = Peers::start() else { return };
    let shop = Shop::new();
    let server = serve(&shop);
    let client = server.administrator();
    let mail = add_channel(&client, "Mail", "email", &peers.config("email"));
    let path = format!("/api/v1/channels/{mail}");
    let test = client.post(&format!("{path}/test"), &json!({ "to": "me@example.com" }));
    assert_eq!(test.status, 202, "{}", test.text);
    let delivery = format!("/api/v1/deliveries/{}", test.json()["delivery"].as_str().unwrap());
    wait(&client, &delivery, |one| one["status"] == "delivered");
    assert_eq!(peers.received("mail")[0]["recipients"], json!(["me@example.com"]));

    let shown = client.get(&path);
    assert!(!shown.text.contains("right"), "{}", shown.text);
    let mut config = shown.json()["config"].clone();
    assert_eq!(config["login"]["password"], "(set)");
    let set = |config: &Value, kind: &str| {
        let body = json!({ "name": "Post", "kind": kind, "config": config });
        client.send("PUT", &path, Some(&body), &[])
    };
    // The secret stays, unless it would go somewhere else.
    config["to"] = json!(["others@example.com"]);
    assert_eq!(set(&config, "email").status, 200);
    let test = client.post(&format!("{path}/test"), &json!({})).json();
    let delivery = format!("/api/v1/deliveries/{}", test["delivery"].as_str().unwrap());
    wait(&client, &delivery, |one| one["status"] == "delivered");
    assert_eq!(peers.received("mail")[1]["recipients"], json!(["others@example.com"]));
    config["host"] = json!("mail.evil.example");
    let refused = set(&config, "email");
    assert_eq!((refused.status, refused.json()["pointer"].as_str()), (422, Some("/config/login/password")));
    assert_eq!(set(&peers.config("slack"), "slack").json()["pointer"], "/kind");

    let rule = add_rule(&client, &team_rule(&mail));
    let used = client.send("DELETE", &path, None, &[]);
    assert_eq!((used.status, used.problem().as_str()), (409, "conflict"));
    assert_eq!(client.send("DELETE", &format!("/api/v1/rules/{rule}"), None, &[]).status, 204);
    assert_eq!(client.send("DELETE", &path, None, &[]).status, 204);
    assert_eq!(client.get(&path).status, 404);
    for secret in ["right", "whsec_"] {
        assert!(!client.get("/api/v1/audit-trail?limit=500").text.contains(secret), "{secret}");
    }
}

#[test]
fn wrong_channels_and_rules_are_refused_with_their_place() {
    let shop = Shop::new();
    let server = serve(&shop);
    let client = server.administrator();
    let hook = json!({ "url": "https://example.com/", "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" });
    let channel = |name: &str, kind: &str, config: Value| {
        client.post("/api/v1/channels", &json!({ "name": name, "kind": kind, "config": config }))
    };
    for (response, pointer) in [
        (channel(" ", "webhook", hook.clone()), "/name"),
        (channel("x", "pigeon", hook.clone()), "/kind"),
        (channel("x", "webhook", json!({ "url": "http://example.com/", "secret": "x" })), "/config/url"),
        (channel("x", "webhook", json!({ "url": 7, "secret": "x" })), "/config/url"),
        (
            channel("x", "webhook", json!({ "url": "https://example.com/", "secret": "(set)" })),
            "/config/secret",
        ),
        (channel("x", "webhook", json!("x")), "/config"),
        (channel("x", "slack", hook.clone()), "/config/url"),
        (channel("x", "siem", json!({})), "/config/url"),
    ] {
        assert_eq!(response.status, 422, "{pointer}: {}", response.text);
        assert_eq!(
            (response.problem().as_str(), &response.json()["pointer"]),
            ("invalid-value", &json!(pointer))
        );
    }
    let id = add_channel(&client, "Hook", "webhook", &hook);
    let jira = json!({ "site": "https://x.example", "user": "u", "api_token": "t", "project": "OPS" });
    let tickets = add_channel(&client, "Tickets", "jira", &jira);
    let with = |name: &str, value: Value| {
        let mut rule = team_rule(&id);
        rule[name] = value;
        rule
    };
    for (rule, pointer) in [
        (with("name", json!("")), "/name"),
        (team_rule("chn_nothing"), "/routing/channels/0"),
        (with("routing", json!({ "to": "channels", "channels": [] })), "/routing/channels"),
        (with("filter", json!({ "policies": ["has-tema"] })), "/filter/policies/0"),
        (with("filter", json!({ "min_monthly_cost": "much" })), "/filter/min_monthly_cost"),
        (with("filter", json!({ "min_severity": "worst" })), "/filter/min_severity"),
        (with("remind_after_hours", json!(0)), "/remind_after_hours"),
        (with("grace_hours", json!(4_000_000_000_u32)), "/grace_hours"),
        (with("escalation", json!({ "after_hours": 1, "channels": [] })), "/escalation/channels"),
        (with("escalation", json!({ "after_hours": 1, "channels": ["x"] })), "/escalation/channels/0"),
        (with("quiet_hours", json!({ "zone": "UTC", "from": "08:00", "to": "08:00" })), "/quiet_hours"),
        (
            with("quiet_hours", json!({ "zone": "Atlantis", "from": "08:00", "to": "09:00" })),
            "/quiet_hours/zone",
        ),
        (with("quiet_hours", json!({ "zone": "UTC", "from": "8 am", "to": "09:00" })), "/quiet_hours/from"),
        (with("other", json!(1)), "/other"),
        (
            json!({
                "name": "x", "report": true, "routing": { "to": "channels", "channels": [tickets] },
            }),
            "/routing/channels/0",
        ),
        (
            json!({
                "name": "x", "owner_tag": "woner",
                "routing": { "to": "owners", "channel": id, "unowned_channel": id },
            }),
            "/owner_tag",
        ),
    ] {
        let response = client.post("/api/v1/rules", &rule);
        assert!(matches!(response.status, 400 | 422), "{pointer}: {}", response.text);
        response.problem();
        assert_eq!(response.json()["pointer"], pointer, "{}", response.text);
        let previewed = client.post("/api/v1/rules/preview", &rule);
        assert_eq!(previewed.json()["pointer"], pointer, "{}", previewed.text);
    }
    let misspelled = client.post("/api/v1/rules", &with("filter", json!({ "policies": ["has-tema"] })));
    assert_eq!(misspelled.json()["did_you_mean"], "has-team");
    for path in
        ["/api/v1/deliveries?status=lost", "/api/v1/deliveries?limit=0", "/api/v1/deliveries?cursor=x"]
    {
        assert_eq!(client.get(path).status, 400, "{path}");
    }
    assert_eq!(client.get("/api/v1/rules").json()["items"], json!([]));
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

/// Whoever configures a channel does not reach what only this machine can reach.
#[test]
fn nothing_is_sent_to_machines_nearby_unless_it_is_allowed() {
    let shop = Shop::new();
    let server = shop.serve();
    let client = server.administrator();
    let config = json!({ "webhook_url": "http://127.0.0.1:1/services/SECRET" });
    let chat = add_channel(&client, "Chat", "slack", &config);
    let test = client.post(&format!("/api/v1/channels/{chat}/test"), &json!({})).json();
    let delivery = format!("/api/v1/deliveries/{}", test["delivery"].as_str().unwrap());
    let dead = wait(&client, &delivery, |one| one["status"] == "dead");
    let error = dead["error"].as_str().unwrap();
    assert!(error.contains("is not a public address") && !error.contains("SECRET"), "{error}");
}

#[test]
fn the_channels_and_rules_of_the_documentation_are_accepted() {
    let shop = Shop::new();
    let server = serve(&shop);
    let client = server.administrator();
    let fences = crate::documents::fences(&crate::support::repository().join("docs/serve.md"));
    let of = |kind: &str| fences.iter().filter(|fence| fence.info == kind).collect::<Vec<_>>();
    let (channels, rules) = (of("json channel"), of("json rule"));
    assert_eq!((channels.len(), rules.len()), (2, 2));
    let mut ids = Vec::new();
    for fence in channels {
        let added = client.post("/api/v1/channels", &serde_json::from_str(&fence.text).unwrap());
        assert_eq!(added.status, 201, "{}: {}", fence.place, added.text);
        ids.push(added.json()["id"].as_str().unwrap().to_owned());
    }
    for fence in rules {
        let text = fence.text.replace("chn_mail", &ids[0]).replace("chn_chat", &ids[1]);
        // Nothing is sent to the services of the examples.
        let mut rule: Value = serde_json::from_str(&text).unwrap();
        rule["enabled"] = json!(false);
        let added = client.post("/api/v1/rules", &rule);
        assert_eq!(added.status, 201, "{}: {}", fence.place, added.text);
    }
}
