//! What people do with the server, from beginning to end. Alerts, single sign-on, backups and erasure have files of their own.
//!
//! `TAGPOL_TEST_MATCHES=12345` makes the inventory of the bulk change as large as that.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value, json};
use tagpol_serve_core::roles::Role;

use super::client::{Client, Shop, wait};
use super::on_both_databases;
use super::roles::user_with;

on_both_databases!(
    an_editor_accepts_a_suggestion_for_a_violation,
    all_matches_are_changed_and_changed_back_although_the_server_is_killed,
    costs_by_cost_center_are_those_of_the_bill,
    an_auditor_finds_who_changed_what_and_that_nothing_was_changed_afterwards,
);

fn items(page: &Value) -> &Vec<Value> {
    page["items"].as_array().unwrap()
}

fn an_editor_accepts_a_suggestion_for_a_violation(shop: &Shop) {
    shop.predict(&[("i-2", "owner", "ann@example.com", 0.9)]);
    let server = shop.serve();
    let admin = server.administrator();
    let (editor, viewer) = (user_with(Role::Editor, &admin), user_with(Role::Viewer, &admin));
    let before = editor.get("/api/v1/compliance/status").json();
    let violating = editor.get("/api/v1/resources?compliance=violating").json();
    assert_eq!((violating["total"].as_u64(), &items(&violating)[0]["resource_id"]), (Some(1), &json!("i-2")));
    let opened = editor.get("/api/v1/resources/i-2/virtual-tags").json();
    let suggestion = &opened["ml_suggestions"][0];
    assert_eq!((&suggestion["key"], &suggestion["value"]), (&json!("owner"), &json!("ann@example.com")));
    let listed = editor.get("/api/v1/suggestions?tag=owner").json();
    let id = items(&listed)[0]["id"].as_str().unwrap();
    let accepted = editor.post(&format!("/api/v1/suggestions/{id}/accept"), &json!({ "note": "known" }));
    assert_eq!(accepted.status, 200, "{}", accepted.text);

    // The next request shows it, whoever makes it.
    let owner = |client: &Client| {
        let resource = client.get("/api/v1/resources/i-2/virtual-tags").json();
        assert_eq!(resource["compliance_status"]["is_compliant"], true, "{resource}");
        let tags = resource["virtual_tags"].as_array().unwrap();
        let owner = tags.iter().find(|tag| tag["key"] == "owner").unwrap();
        (owner["value"].clone(), owner["source"].clone())
    };
    for client in [&editor, &viewer] {
        assert_eq!(owner(client), (json!("ann@example.com"), json!("user_confirmed")));
        let after = client.get("/api/v1/compliance/status").json();
        assert!(after["score"].as_f64() > before["score"].as_f64(), "{before} {after}");
        assert_eq!(client.get("/api/v1/compliance/findings").json()["total"], 0);
    }
    let trail = admin.get("/api/v1/audit-trail?action=tag.").json();
    let entry = &items(&trail)[0];
    assert_eq!((&entry["action"], &entry["object"]), (&json!("tag.confirm"), &json!("i-2")));
    let history = shop.run(&["tags", "history", "--project", "."]);
    assert!(
        history.contains(entry["performed_by"].as_str().unwrap()) && history.contains("known"),
        "{history}"
    );
}

/// Returns how many resources have each team.
fn teams(client: &Client) -> BTreeMap<Option<String>, u64> {
    let facets = client.get("/api/v1/facets?by=tag:team").json();
    let values = items(&facets)[0]["values"].as_array().unwrap().iter();
    values.map(|one| (one["value"].as_str().map(str::to_owned), one["resources"].as_u64().unwrap())).collect()
}

fn all_matches_are_changed_and_changed_back_although_the_server_is_killed(shop: &Shop) {
    let matches: u64 =
        std::env::var("TAGPOL_TEST_MATCHES").ok().and_then(|text| text.parse().ok()).unwrap_or(1_234);
    let mut rows = String::from("id,name,type,monthly_cost,currency,tag:env,tag:team\n");
    for number in 0..matches {
        let team = ["", "old", "older"][usize::try_from(number % 3).unwrap()];
        let _ = writeln!(rows, "r-{number},web-{number},vm,1,USD,staging,{team}");
    }
    rows.push_str("other,other,vm,1,USD,prd,old\n");
    shop.write("list.csv", &rows);
    let server = shop.serve();
    let password = json!({ "new": "correct horse battery" });
    server.administrator().send("PUT", "/api/v1/auth/password", Some(&password), &[]);
    let login = json!({ "email": "admin@localhost", "password": "correct horse battery" });
    let client = server.anonymous().sign_in(&login);
    let before = teams(&client);
    let request = json!({
        "where": "environment == staging",
        "changes": [{ "action": "set", "key": "team", "value": "new" }],
    });
    let preview = client.post("/api/v1/bulk", &request).json();
    assert_eq!((preview["resources"].as_u64(), preview["changed"].as_u64()), (Some(matches), Some(matches)));
    let of_old = |old: &Value| {
        let values = preview["values"].as_array().unwrap().iter();
        values
            .filter(|one| one["old"] == *old && one["new"] == "new")
            .map(|one| one["resources"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!(of_old(&Value::Null) + of_old(&json!("old")) + of_old(&json!("older")), matches);
    let path = format!("/api/v1/bulk/{}", preview["id"].as_str().unwrap());
    assert_eq!(client.post(&format!("{path}/apply"), &json!({})).status, 202);
    wait(&client, &path, |bulk| bulk["done"].as_u64() > Some(0));
    server.kill();

    // Nobody waits a minute for the lease of a worker that is gone.
    shop.run_sql("UPDATE serve_jobs SET lease_until = 0 WHERE status = 'running'");
    let server = shop.serve();
    let client = server.anonymous().sign_in(&login);
    let done = wait(&client, &path, |bulk| bulk["state"] == "done");
    assert_eq!(done["done"].as_u64(), Some(matches));
    let expected = BTreeMap::from([(Some("new".to_owned()), matches), (Some("old".to_owned()), 1)]);
    assert_eq!(teams(&client), expected);
    assert_eq!(decisions(&client), matches);
    assert_eq!(client.post(&format!("{path}/undo"), &json!({})).status, 202);
    wait(&client, &path, |bulk| bulk["state"] == "undone");
    assert_eq!(teams(&client), before);
    assert_eq!(client.post("/api/v1/audit-trail/verify", &json!({})).json()["intact"], true);
}

/// Returns the number of resources that were decided about by setting a tag; fails if one was twice.
fn decisions(client: &Client) -> u64 {
    let mut times: BTreeMap<String, u64> = BTreeMap::new();
    let mut path = "/api/v1/audit-trail?action=tag.set&limit=500".to_owned();
    loop {
        let page = client.get(&path).json();
        for entry in items(&page) {
            *times.entry(entry["object"].as_str().unwrap().to_owned()).or_default() += 1;
        }
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/api/v1/audit-trail?action=tag.set&limit=500&cursor={next}");
    }
    assert!(times.values().all(|count| *count == 1), "{times:?}");
    times.len() as u64
}

fn costs_by_cost_center_are_those_of_the_bill(shop: &Shop) {
    let mut bill = String::from(
        "BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,\
         EffectiveCost,BilledCost,ProviderName,SubAccountId,ResourceId,ServiceName,Tags\n",
    );
    // In cents, so that the sum is exact.
    let mut billed: i64 = 0;
    for number in 0..60 {
        let cents = 101 + number * 7;
        billed += cents;
        let center = ["cc-1", "cc-2", ""][usize::try_from(number % 3).unwrap()];
        let tags = match center {
            "" => "{}".to_owned(),
            center => format!("\"{{\"\"cost-center\"\":\"\"{center}\"\"}}\""),
        };
        let cost = format!("{}.{:02}", cents / 100, cents % 100);
        let _ = writeln!(
            bill,
            "USD,2026-11-01T00:00:00Z,2026-12-01T00:00:00Z,Usage,2026-11-02T00:00:00Z,2026-11-03T00:00:00Z,\
             {cost},{cost},AWS,111,i-{number},EC2,{tags}"
        );
    }
    shop.write("list.csv", &bill);
    shop.write("shop.tagpol", "tag cost-center: text\npolicy p { severity low require cost-center }\n");
    let server = shop.serve();
    let client = user_with(Role::Viewer, &server.administrator());
    let cents = |text: &Value| {
        let text = text.as_str().unwrap();
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        whole.parse::<i64>().unwrap() * 100 + format!("{part:0<2}").parse::<i64>().unwrap()
    };
    let costs = client.get("/api/v1/costs?by=cost-center").json();
    let part = &costs["parts"][0];
    let lines = part["lines"].as_array().unwrap();
    assert_eq!((cents(&part["total"]), lines.len()), (billed, 3), "{costs}");
    assert_eq!(lines.iter().map(|line| cents(&line["cost"])).sum::<i64>(), billed);
    let missing = lines.iter().find(|line| line["values"][0].is_null()).unwrap();

    // Into those without a cost center, and what a spreadsheet gets of them.
    let condition = "where=cost-center%20is%20missing";
    let page = client.get(&format!("/api/v1/resources?{condition}&limit=500")).json();
    assert_eq!((page["total"].as_u64(), cents(&page["monthly_cost"])), (Some(20), cents(&missing["cost"])));
    let csv = client.get(&format!("/api/v1/exports?format=csv&{condition}")).text;
    let mut rows = csv.lines();
    let id = rows.next().unwrap().split(',').position(|name| name == "resource").unwrap();
    let mut exported: Vec<&str> = rows.map(|row| row.split(',').nth(id).unwrap()).collect();
    let mut listed: Vec<&str> = items(&page).iter().map(|one| one["resource_id"].as_str().unwrap()).collect();
    exported.sort_unstable();
    listed.sort_unstable();
    assert_eq!(exported, listed);
}

fn an_auditor_finds_who_changed_what_and_that_nothing_was_changed_afterwards(shop: &Shop) {
    let server = shop.serve();
    let admin = server.administrator();
    let editor = user_with(Role::Editor, &admin);
    let set = |client: &Client, resource: &str, team: &str| {
        let change = json!({ "action": "set", "key": "team", "value": team });
        let body = json!({ "resources": [resource], "changes": [change], "note": "asked" });
        assert_eq!(client.post("/api/v1/virtual-tags/apply", &body).status, 200);
    };
    set(&admin, "i-1", "web");
    set(&editor, "i-1", "shop");
    set(&editor, "i-3", "logs");
    let auditor = user_with(Role::Admin, &admin);
    let trail = |query: &str| {
        let response = auditor.get(&format!("/api/v1/audit-trail?{query}"));
        assert_eq!(response.status, 200, "{}", response.text);
        response.json()
    };
    let me = editor.get("/api/v1/auth/me").json();
    let actor = format!("user:{}", me["id"].as_str().unwrap());
    let objects = |page: &Value| -> Vec<String> {
        items(page).iter().map(|entry| entry["object"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(objects(&trail(&format!("actor={actor}&action=tag."))), ["i-3", "i-1"]);
    assert_eq!(objects(&trail("object=i-1&action=tag.set")).len(), 2);
    let changed = trail("object=i-1&action=tag.set&limit=1");
    let entry = &items(&changed)[0];
    assert_eq!(
        (&entry["details"]["old"], &entry["details"]["new"]),
        (&json!("web"), &json!("shop")),
        "{entry}"
    );
    assert_eq!(objects(&trail("until=2020-01-01T00:00:00Z")), Vec::<String>::new());

    // All of it, page by page, without gaps.
    let (mut numbers, mut query) = (Vec::new(), "limit=2".to_owned());
    loop {
        let page = trail(&query);
        numbers.extend(items(&page).iter().map(|entry| entry["seq"].as_i64().unwrap()));
        let Some(next) = page["next"].as_str() else { break };
        query = format!("limit=2&cursor={next}");
    }
    let last = numbers[0];
    assert_eq!(numbers, (1..=last).rev().collect::<Vec<_>>());
    let verify = || auditor.post("/api/v1/audit-trail/verify", &json!({})).json();
    assert_eq!(verify()["intact"], true);
    let seq = entry["seq"].as_i64().unwrap();
    shop.run_sql(&format!("UPDATE serve_audit SET actor = 'user:nobody' WHERE seq = {seq}"));
    let broken = verify();
    assert_eq!((&broken["intact"], broken["broken_at"].as_i64()), (&json!(false), Some(seq)), "{broken}");
}
