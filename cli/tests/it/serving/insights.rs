//! Models, explanations and trends of costs over HTTP.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::client::{Shop, wait};
use super::on_both_databases;
use super::roles::user_with;
use tagpol_serve_core::roles::Role;

on_both_databases!(explanations_show_native_keys_to_administrators_only);

fn explanations_show_native_keys_to_administrators_only(shop: &Shop) {
    shop.write(
        "more.tagpol",
        "rule by-key {\n  when native[\"secret-key\"] == \"nope\"\n  set team = \"secret\"\n}\n\
         rule by-region {\n  when resource.region == \"mars\"\n  fill team = \"space\"\n}\n",
    );
    let server = shop.serve();
    let admin = server.administrator();
    let viewer = user_with(Role::Viewer, &admin);
    let path = "/api/v1/resources/i-2/explanation";
    let (of_admin, of_viewer) = (admin.get(path), viewer.get(path));
    assert_eq!(of_viewer.status, 200, "{}", of_viewer.text);
    assert!(!of_viewer.text.contains("secret-key") && !of_viewer.text.contains("prd"), "{}", of_viewer.text);
    assert!(of_admin.text.contains("secret-key") && of_admin.text.contains("prd"), "{}", of_admin.text);
    let explained = of_viewer.json();
    let environment = &explained["tags"][0];
    assert_eq!(
        (environment["key"].as_str(), environment["value"].as_str()),
        (Some("environment"), Some("production"))
    );
    assert_eq!(environment["candidates"][0]["outcome"], "won");
    let team = explained["tags"][2]["candidates"].as_array().unwrap();
    let of = |rule: &str| team.iter().find(|one| one["rule"] == rule).unwrap();
    assert_eq!(
        (of("by-key")["outcome"].as_str(), &of("by-key")["reason"]),
        (Some("not_applied"), &Value::Null)
    );
    assert!(of("by-region")["reason"].as_str().unwrap().contains("resource.region is `eu-1`"), "{team:?}");
    let check = &explained["checks"][0];
    assert_eq!(
        (check["result"].as_str(), check["policy"].as_str()),
        (Some("open"), Some("production-is-owned"))
    );
    assert_eq!(explained["fix"][0]["key"], "owner", "{explained}");
    // A decision shows at once.
    let change = json!({ "action": "set", "key": "owner", "value": "ann@example.com" });
    let body = json!({ "resources": ["i-2"], "changes": [change] });
    assert_eq!(admin.post("/api/v1/virtual-tags/apply", &body).status, 200);
    let decided = viewer.get(path).json();
    assert_eq!(
        (&decided["checks"][0]["result"], &decided["fix"]),
        (&json!("passed"), &Value::Null),
        "{decided}"
    );
    assert_eq!(viewer.get("/api/v1/resources/i-9/explanation").problem(), "not-found");
}

/// Resources whose account tells the team, but for one of each, and one with the team of another account.
fn inventory() -> String {
    let mut rows = String::from("id,name,type,account,monthly_cost,currency,tag:team\n");
    for team in ["orders", "billing", "search"] {
        for number in 0..24 {
            let value = match (team, number) {
                (_, 7) => "",
                ("orders", 9) => "billing",
                _ => team,
            };
            let _ = writeln!(rows, "{team}-{number},api-{team}-{number},vm,{team},1,USD,{value}");
        }
    }
    rows
}

#[test]
fn insights_have_the_figures_of_the_model_and_how_suggestions_are_received() {
    let shop = Shop::new();
    shop.write("shop.tagpol", "tag team: text\ninfer team { apply at 0.99  suggest at 0.3 }\npolicy p { severity low require team }\n");
    shop.write("list.csv", &inventory());
    let server = shop.serve();
    let client = server.administrator();
    let nothing = client.get("/api/v1/insights").json();
    assert_eq!((&nothing["models"], &nothing["acceptance"]["rate"]), (&json!([]), &Value::Null), "{nothing}");
    assert_eq!(client.get("/api/v1/anomalies").json()["items"], json!([]));
    shop.run(&["train"]);
    let job = client.post("/api/v1/compliance/recheck", &json!({})).json();
    let path = format!("/api/v1/jobs/{}", job["job"].as_str().unwrap());
    wait(&client, &path, |job| job["status"] == "done");
    let insights = client.get("/api/v1/insights").json();
    assert_eq!(insights["models"][0]["in_use"], true, "{insights}");
    let team = &insights["tags"][0];
    assert_eq!(team["key"], "team");
    assert!(
        team["accuracy"].as_f64().unwrap() > 0.5 && !team["bins"].as_array().unwrap().is_empty(),
        "{team}"
    );
    assert!(team["baselines"].as_array().unwrap().iter().any(|one| one["name"] == "naive Bayes"), "{team}");
    let page = client.get("/api/v1/suggestions?tag=team").json();
    let first = &page["items"][0];
    assert!(page["total"].as_u64().unwrap() >= 1, "{page}");
    assert!(first["reasons"].to_string().contains("resources with account"), "{page}");
    assert!(first["alternatives"].is_array(), "{page}");
    let resource =
        client.get(&format!("/api/v1/resources/{}", first["resource_id"].as_str().unwrap())).json();
    assert_eq!(resource["ml_suggestions"][0]["reasons"], first["reasons"]);
    let anomalies = client.get("/api/v1/anomalies?tag=team").json();
    let found = anomalies["items"].as_array().unwrap().iter().find(|one| one["resource_id"] == "orders-9");
    assert_eq!(found.unwrap()["suggested"], "orders", "{anomalies}");
    // A decision about it settles it.
    let change = json!({ "action": "set", "key": "team", "value": "orders" });
    let body = json!({ "resources": ["orders-9"], "changes": [change] });
    assert_eq!(client.post("/api/v1/virtual-tags/apply", &body).status, 200);
    assert!(!client.get("/api/v1/anomalies").text.contains("orders-9"));
    let accept = format!("/api/v1/suggestions/{}/accept", first["id"].as_str().unwrap());
    assert_eq!(client.post(&accept, &json!({})).status, 200);
    let acceptance = client.get("/api/v1/insights").json()["acceptance"].clone();
    assert_eq!((acceptance["accepted"].as_u64(), acceptance["rate"].as_f64()), (Some(1), Some(1.0)));
    assert_eq!(client.get("/api/v1/anomalies?tag=teem").json()["did_you_mean"], "team");
}

#[test]
fn models_are_trained_promoted_and_rolled_back() {
    let shop = Shop::new();
    shop.write("shop.tagpol", "tag team: text\ninfer team { apply at 0.99  suggest at 0.3 }\npolicy p { severity low require team }\n");
    shop.write("list.csv", &inventory());
    shop.run(&["train"]);
    shop.run(&["train", "--seed", "2", "--no-promote"]);
    let server = shop.serve();
    let client = server.administrator();
    let models = || client.get("/api/v1/insights").json()["models"].clone();
    let id_where = |what: &str| -> Value {
        let found = models();
        let found = found.as_array().unwrap().iter().find(|model| model[what] == true);
        found.map_or(Value::Null, |model| model["id"].clone())
    };
    let done = |path: &str| -> Value {
        let started = client.post(path, &json!({}));
        assert_eq!(started.status, 202, "{}", started.text);
        let path = format!("/api/v1/jobs/{}", started.json()["job"].as_str().unwrap());
        let job = wait(&client, &path, |job| job["status"] != "queued" && job["status"] != "running");
        assert_eq!(job["status"], "done", "{job}");
        job["result"].clone()
    };
    let first = id_where("in_use");
    let second =
        models().as_array().unwrap().iter().find(|model| model["in_use"] == false).unwrap()["id"].clone();
    assert_eq!(client.post("/api/v1/models/rollback", &json!({})).problem(), "conflict");
    let promote = |id: &Value| format!("/api/v1/models/{}/promote", id.as_str().unwrap());
    assert_eq!(client.post(&promote(&first), &json!({})).problem(), "conflict");
    assert_eq!(client.post("/api/v1/models/nothing/promote", &json!({})).problem(), "not-found");

    assert_eq!(done(&promote(&second))["model"], second);
    assert_eq!((id_where("in_use"), id_where("was_in_use")), (second.clone(), first.clone()));
    assert_eq!(done("/api/v1/models/rollback")["model"], first);
    assert_eq!((id_where("in_use"), id_where("was_in_use")), (first.clone(), Value::Null));
    // The same resources and seed give the model that is in use.
    let trained = done("/api/v1/models/train");
    assert!(trained["reason"].is_string() && trained["model"].is_string(), "{trained}");
    let trail = client.get("/api/v1/audit-trail?action=model.").json();
    let actions: Vec<&Value> =
        trail["items"].as_array().unwrap().iter().map(|entry| &entry["action"]).collect();
    assert_eq!(actions, ["model.train", "model.rollback", "model.promote"]);
    let editor = user_with(Role::Editor, &client);
    assert_eq!(editor.post("/api/v1/models/rollback", &json!({})).problem(), "forbidden");
}

#[test]
fn costs_have_months_days_and_a_projection() {
    let shop = Shop::new();
    let mut bill = String::from(
        "BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargeCategory,ChargePeriodStart,ChargePeriodEnd,\
         EffectiveCost,BilledCost,ProviderName,SubAccountId,ResourceId,ServiceName,Tags\n",
    );
    let mut charge = |month: &str, until: &str, day: u32, cost: &str, team: &str| {
        let tags = format!("\"{{\"\"team\"\":\"\"{team}\"\"}}\"");
        let _ = writeln!(
            bill,
            "USD,{month}-01T00:00:00Z,{until}-01T00:00:00Z,Usage,{month}-{day:02}T00:00:00Z,{month}-{day:02}T12:00:00Z,\
             {cost},{cost},AWS,111,i-{team},EC2,{tags}"
        );
    };
    for day in 1..=31 {
        charge("2026-10", "2026-11", day, "2", "web");
    }
    for day in 1..=10 {
        charge("2026-11", "2026-12", day, "3", "web");
        charge("2026-11", "2026-12", day, "1", "data");
    }
    shop.write("list.csv", &bill);
    shop.write("shop.tagpol", "tag team: text\npolicy p { severity low require team }\n");
    let server = shop.serve();
    let client = server.administrator();
    let trend = client.get("/api/v1/costs/trend?by=team");
    assert_eq!(trend.status, 200, "{}", trend.text);
    let part = trend.json()["parts"][0].clone();
    assert_eq!(part["periods"], json!(["2026-10", "2026-11"]), "{part}");
    assert_eq!(part["totals"], json!(["62", "40"]), "{part}");
    assert_eq!(
        (&part["series"][0]["value"], &part["series"][0]["costs"]),
        (&json!("web"), &json!(["62", "30"]))
    );
    assert_eq!(part["series"][1]["costs"], json!(["0", "10"]));
    // 28 days: 18 of 2 and 10 of 4.
    let projection = &part["projection"];
    assert_eq!(
        (projection["spent"].as_str(), projection["days"].as_u64()),
        (Some("40"), Some(28)),
        "{projection}"
    );
    assert_eq!(projection["expected"], "94.29", "{projection}");
    let days =
        client.get("/api/v1/costs/trend?period=day&from=2026-11-01&to=2026-11-03&series=1&by=team").json();
    assert_eq!(days["parts"][0]["totals"], json!(["4", "4", "4"]), "{days}");
    assert_eq!(days["parts"][0]["series"][1]["is_rest"], true, "{days}");
    for (query, parameter) in [
        ("period=year", "period"),
        ("series=51", "series"),
        ("from=2026-11-01", "to"),
        ("from=x&to=y", "from"),
    ] {
        let wrong = client.get(&format!("/api/v1/costs/trend?{query}"));
        assert_eq!(
            (wrong.status, wrong.json()["parameter"].as_str()),
            (400, Some(parameter)),
            "{}",
            wrong.text
        );
    }
    assert_eq!(client.get("/api/v1/costs/trend?by=nope").status, 400);
}

#[test]
fn costs_without_a_bill_have_no_trend() {
    let shop = Shop::new();
    let server = shop.serve();
    let trend = server.administrator().get("/api/v1/costs/trend");
    assert_eq!((trend.status, trend.problem().as_str()), (400, "invalid-request"));
}
