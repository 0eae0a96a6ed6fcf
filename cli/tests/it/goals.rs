//! Goals, remedies, rates between currencies, and the provider's own JSON.

use serde_json::{Value, json};

use crate::support::{Folder, NOW};

const POLICY: &str = r#"tag owner: email
tag tier: one of [gold, basic]
goal allocation { coverage of [owner] by cost  at least 90% }
goal owned {
  severity low
  coverage of [owner] by count
  for resource where resource.region is missing
  at least 0.6
}
policy p {
  severity low
  forbid tier: tier == gold
  remediate set tier = "basic"
}
"#;

const LIST: &str = "id,name,cost,currency,tag:owner,tag:tier\n\
    a,a,8999.99,USD,jane@example.com,\nb,b,1000,USD,,\nc,c,0.01,USD,joe@example.com,\n";

fn evaluate(policy: &str, list: &str, args: &[&str]) -> (i32, Value, String) {
    let folder = Folder::with(&[("p.tagpol", policy), ("list.csv", list)]);
    let run = |format| {
        let usual = ["eval", "p.tagpol", "-i", "list.csv", "--now", NOW, "--format", format];
        folder.run(&[&usual[..], args].concat())
    };
    let (table, run) = (run("table"), run("json"));
    assert_eq!(table.code, run.code, "{table:#?}");
    (run.code, serde_json::from_str(&run.out).unwrap(), table.out)
}

#[test]
fn a_goal_that_is_missed_fails_the_run_as_a_finding_does() {
    let missed =
        LIST.replace("8999.99", "8999.98").replace("c,c,0.01", "c,c,0.02").replace("1000", "1000.01");
    for (list, args, code) in [
        (LIST, &[][..], 0),
        (&missed, &[][..], 1),
        (&missed, &["--fail-on", "high"], 1),
        (&missed, &["--fail-on", "critical"], 0),
        (&missed, &["--fail-on", "none"], 0),
    ] {
        assert_eq!(evaluate(POLICY, list, args).0, code, "{args:?}");
    }
}

#[test]
fn goals_are_reported() {
    let (_, json, table) = evaluate(POLICY, LIST, &[]);
    let expected = json!({
        "goal": "allocation", "severity": "high", "tags": ["owner"], "by": "cost", "in_scope": 3, "covered": 2,
        "cost": 10000.0, "covered_cost": 9000.0, "share": 0.9, "at_least": 0.9, "met": true, "each": null, "groups": [],
        "file": "p.tagpol", "line": 3, "column": 6,
    });
    assert_eq!(json["goals"][0], expected);
    assert_eq!(json["goals"][1]["share"], json!(0.666_666));
    let expected = "
Goals
  allocation  90.0%  of 10,000.00 USD a month  target 90%  met
  owned       66.7%  of 3 resources            target 60%  met
";
    assert!(table.contains(expected), "{table}");
    let (_, _, table) = evaluate(POLICY, &LIST.replace("jane@example.com", ""), &[]);
    let expected = "
Goals
  allocation  <0.1%  of 10,000.00 USD a month  target 90%  missed by 8,999.99 USD a month (high)
  owned       33.3%  of 3 resources            target 60%  missed by 1 resource (low)
";
    assert!(table.contains(expected), "{table}");
}

#[test]
fn nothing_to_be_a_share_of_is_no_miss() {
    let (code, json, table) = evaluate(POLICY, "id,region\na,eu\n", &[]);
    assert_eq!(code, 0);
    let goals = json["goals"].as_array().unwrap();
    assert!(goals.iter().all(|goal| goal["share"].is_null() && goal["met"].is_null()), "{json}");
    let expected = "
Goals
  allocation  -  of 1 resource   target 90%  no cost data
  owned       -  of 0 resources  target 60%  nothing in scope
";
    assert!(table.contains(expected), "{table}");
}

const EACH: &str = "tag owner: email
goal owned {
  coverage of [owner] by count
  for each resource.account
  at least 80%
}
";

const ACCOUNTS: &str = "id,account,tag:owner\na,111,x@y.com\nb,111,x@y.com\nc,222,\nd,222,x@y.com\ne,,\n";

#[test]
fn a_goal_for_each_account_is_met_only_if_every_account_meets_it() {
    let (code, json, table) = evaluate(EACH, ACCOUNTS, &[]);
    assert_eq!(code, 1);
    let group = |value: Value, in_scope: u64, covered: u64, share: f64, met: bool| {
        json!({
            "value": value, "in_scope": in_scope, "covered": covered, "cost": null, "covered_cost": null,
            "share": share, "met": met,
        })
    };
    let groups = json!([
        group(Value::Null, 1, 0, 0.0, false),
        group(json!("222"), 2, 1, 0.5, false),
        group(json!("111"), 2, 2, 1.0, true),
    ]);
    let goal = &json["goals"][0];
    assert_eq!(goal["groups"], groups);
    let expected = json!(["resource.account", 5, 3, 0.0, false]);
    assert_eq!(
        json!([goal["each"], goal["in_scope"], goal["covered"], goal["share"], goal["met"]]),
        expected
    );
    let expected = "
Goals
  owned         0.0%  for each resource.account  target 80%  missed by 2 of 3 values (high)
    (missing)   0.0%  of 1 resource                          missed by 1 resource
    222        50.0%  of 2 resources                         missed by 1 resource
";
    assert!(table.contains(expected), "{table}");
    let complete = ACCOUNTS.replace("c,222,", "c,222,x@y.com").replace("e,,", "e,,x@y.com");
    let (code, _, table) = evaluate(EACH, &complete, &[]);
    assert_eq!(code, 0);
    assert!(table.contains("for each resource.account  target 80%  met by 3 values\n"), "{table}");
}

#[test]
fn groups_without_anything_in_scope_do_not_fail() {
    let policy = EACH.replace("at least", "for resource where resource.account == \"111\"\n  at least");
    let (code, json, _) = evaluate(&policy, ACCOUNTS, &[]);
    assert_eq!((code, json["goals"][0]["groups"].as_array().unwrap().len()), (0, 1));
    let policy = EACH.replace("at least", "for resource where resource.account == \"999\"\n  at least");
    let (code, json, table) = evaluate(&policy, ACCOUNTS, &[]);
    assert_eq!((code, &json["goals"][0]["met"], &json["goals"][0]["groups"]), (0, &Value::Null, &json!([])));
    assert!(table.contains("nothing in scope"), "{table}");
}

#[test]
fn values_that_miss_a_goal_are_named_in_every_report() {
    let folder = Folder::with(&[("p.tagpol", EACH), ("list.csv", ACCOUNTS)]);
    let report = |format: &str| {
        folder.run(&["eval", "p.tagpol", "-i", "list.csv", "--now", NOW, "--format", format]).ends_with(1)
    };
    let text = "2 of 3 values of resource.account miss the target of 80% of resources covered by owner: (missing) 0.0%, \
                222 50.0%";
    for format in ["junit", "tap", "sarif", "github"] {
        let report = report(format).replace("%25", "%");
        assert!(report.contains(text), "{format}: {report}");
    }
    let markdown = report("markdown").replace('\\', "");
    assert!(markdown.contains(text), "{markdown}");
    let html = report("html");
    assert!(html.contains("[[\"(missing)\",\"0.0%\"],[\"222\",\"50.0%\"]]"), "{html}");
}

const BUDGET: &str = "tag team: text
tag env: text
goal team-budget {
  at most 5000 USD
  for each team
  for resource where env == \"dev\"
}
goal total { severity low  at most 6000 USD }
";

const SPENT: &str = "id,cost,currency,tag:team,tag:env\na,5000,USD,web,dev\nb,0.01,USD,web,dev\nc,900,USD,data,dev\n\
    d,70000,USD,data,prod\ne,5,USD,,dev\nf,-65905.01,USD,,prod\n";

#[test]
fn a_budget_is_exceeded_by_the_values_that_spend_more() {
    let (code, json, table) = evaluate(BUDGET, SPENT, &[]);
    assert_eq!(code, 1);
    let budget = &json["budgets"][0];
    let group = |value: Value, spent: f64, share: f64, met: bool| json!({"value": value, "spent": spent, "share": share, "met": met});
    let groups = json!([
        group(json!("web"), 5000.01, 1.000_002, false),
        group(json!("data"), 900.0, 0.18, true),
        group(Value::Null, 5.0, 0.001, true),
    ]);
    assert_eq!(budget["groups"], groups);
    let expected = json!(["team-budget", "team", 5000.0, "USD", 5905.01, false]);
    let found = ["goal", "each", "limit", "currency", "spent", "met"].map(|name| &budget[name]);
    assert_eq!(json!(found), expected);
    assert_eq!(json!([json["budgets"][1]["spent"], json["budgets"][1]["met"]]), json!([10000.0, false]));
    assert_eq!(json["goals"], json!([]));
    let expected = "
Goals
  team-budget  100.1%  for each team  at most 5,000.00 USD  exceeded by 1 of 3 values (high)
    web        100.1%  5,000.01 USD                         exceeded by 0.01 USD
  total        166.7%  10,000.00 USD  at most 6,000.00 USD  exceeded by 4,000.00 USD (low)
";
    assert!(table.contains(expected), "{table}");
    // Without a known cost nothing is exceeded.
    let (code, json, table) = evaluate(BUDGET, "id,tag:team,tag:env\na,web,dev\n", &[]);
    assert_eq!(
        (code, &json["budgets"][0]["met"], &json["budgets"][1]["spent"]),
        (0, &Value::Null, &Value::Null)
    );
    assert!(table.contains("at most 6,000.00 USD  no cost data\n"), "{table}");
}

#[test]
fn a_budget_is_compared_in_the_currency_of_the_costs() {
    let policy = "goal total { at most 100 EUR }\n";
    let folder = Folder::with(&[("p.tagpol", policy), ("usd.csv", "id,cost,currency\na,108.01,USD\n")]);
    let eval = |expected: i32| {
        let run = folder.run(&["eval", ".", "-i", "usd.csv", "--format", "json", "--no-state"]);
        assert_eq!(run.code, expected, "{run:?}");
        run
    };
    eval(2).fails_with(2, &["p.tagpol:1:6", "`100 EUR`", "`USD`", "`[rates]`", "EUR = \"… USD\""]);
    folder.write("tagpol.toml", "[rates]\nEUR = \"1.08 USD\"\n");
    let json: Value = serde_json::from_str(&eval(1).out).unwrap();
    assert_eq!(json!([json["budgets"][0]["limit"], json["budgets"][0]["currency"]]), json!([108.0, "USD"]));
    folder.write("usd.csv", "id,cost,currency\na,108.00,USD\n");
    eval(0);
}

#[test]
fn a_budget_that_was_exceeded_before_is_known_to_a_baseline() {
    let folder = Folder::with(&[("p.tagpol", BUDGET), ("list.csv", SPENT)]);
    let usual = ["eval", "p.tagpol", "-i", "list.csv", "--no-state"];
    folder.run(&[&usual[..], &["-o", "json=before.json"]].concat()).ends_with(1);
    folder.run(&[&usual[..], &["--baseline", "before.json"]].concat()).ends_with(0);
}

#[test]
fn a_project_may_have_goals_only() {
    let policy = "tag owner: email\ngoal owned { coverage of [owner] by count  at least 90% }\n";
    assert_eq!(evaluate(policy, LIST, &[]).0, 1);
}

#[test]
fn a_finding_says_what_would_mend_it() {
    let (_, json, table) = evaluate(POLICY, &LIST.replace("b,b,1000,USD,,", "b,b,1000,USD,,gold"), &[]);
    assert_eq!(json["findings"][0]["remedy"], json!("basic"));
    assert!(table.contains("`gold`  fix: `tier` = `basic`\n"), "{table}");
    // What the tag has already fixes nothing.
    let useless = POLICY.replace("set tier = \"basic\"", "set tier = \"gold\"");
    let (_, json, table) = evaluate(&useless, &LIST.replace("b,b,1000,USD,,", "b,b,1000,USD,,gold"), &[]);
    assert_eq!(json["findings"][0]["remedy"], Value::Null);
    assert!(!table.contains("fix: "), "{table}");
}

#[test]
fn a_finding_about_an_attribute_tells_it() {
    let policy = "policy p {\n  severity low\n  require placed: resource.region is set\n  \
                  forbid resource.name contains \"b\"\n  forbid dear: resource.monthly-cost > 500 USD\n}\n";
    let (_, json, table) = evaluate(policy, &LIST.replace("8999.99", "1"), &[]);
    let found: Vec<Value> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["resource"] == "b")
        .map(|finding| json!([finding["attribute"], finding["value"], finding["message"]]))
        .collect();
    let expected = json!([
        ["region", null, "resource.region is missing"],
        ["name", "b", "resource.name is `b`; it must not contain b"],
        ["monthly-cost", null, "resource.monthly-cost must not be more than 500 USD"],
    ]);
    assert_eq!(json!(found), expected, "{table}");
    assert!(table.contains("`b`\n"), "{table}");
}

#[test]
fn amounts_in_other_currencies_compare_by_their_rate() {
    let policy = "policy p { severity low  forbid dear: resource.monthly-cost > 100 EUR }\n";
    let list = |currency: &str| {
        format!("id,cost,currency\na,108,{currency}\nb,108.01,{currency}\nc,100.01,{currency}\n")
    };
    let folder = Folder::with(&[("p.tagpol", policy), ("usd.csv", &list("USD")), ("chf.csv", &list("CHF"))]);
    folder
        .run(&["eval", ".", "-i", "usd.csv"])
        .fails_with(2, &["`[rates]`", "EUR = \"… USD\"", "p.tagpol:1:"]);
    let resources = |list: &str| {
        let out = folder.run(&["eval", ".", "-i", list, "--format", "json"]).ends_with(1);
        let json: Value = serde_json::from_str(&out).unwrap();
        let findings = json["findings"].as_array().unwrap();
        findings.iter().map(|f| f["resource"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for rates in
        ["EUR = \"1.08 USD\"\nCHF = \"1.08 USD\"", "USD = \"0.5 XXX\"\nEUR = \"0.54 XXX\"\nCHF = \"1 EUR\""]
    {
        folder.write("tagpol.toml", format!("[rates]\n{rates}\n"));
        assert_eq!(resources("usd.csv"), ["b"], "{rates}");
        assert_eq!(resources("chf.csv"), ["a", "b", "c"], "{rates}");
    }
    // A quotient that no decimal holds: 108 USD are exactly 100 EUR.
    folder.write("p.tagpol", policy.replace("100 EUR", "108 USD"));
    folder.write("eur.csv", list("EUR").replace("108,EUR", "100,EUR"));
    folder.write("tagpol.toml", "[rates]\nEUR = \"1.08 USD\"\n");
    assert_eq!(resources("eur.csv"), ["b", "c"]);
}

#[test]
fn rates_that_are_none_are_told_with_their_place() {
    let folder = Folder::with(&[("p.tagpol", "tag owner: email\n")]);
    for (rates, said) in [
        ("EUR = 1.08", &["tagpol.toml:2:7", "expected a string"][..]),
        ("EUR = \"1.08\"", &["tagpol.toml:2:7", "`1.08` is not a rate", "EUR = \"1.08 USD\""]),
        ("EUR = \"1.08 usd\"", &["tagpol.toml:2:7"]),
        ("EUR = \"USD 1.08\"", &["tagpol.toml:2:7"]),
        ("EUR = \"0 USD\"", &["tagpol.toml:2:7", "a rate is more than 0"]),
        ("EUR = \"1 EUR\"", &["lead back"]),
        ("EUR = \"1.08 USD\"\nUSD = \"0.9 EUR\"", &["tagpol.toml:3:7", "lead back"]),
        ("euro = \"1.08 USD\"", &["tagpol.toml:2:1", "`euro` is not a currency"]),
    ] {
        folder.write("tagpol.toml", format!("[rates]\n{rates}\n"));
        folder.run(&["check"]).fails_with(2, said);
    }
}

#[test]
fn fields_of_the_providers_json() {
    let paths = [
        ("plain", "text"),
        ("n", "7"),
        ("f", "1.5"),
        ("yes", "true"),
        ("a.b", "nested"),
        ("list.1.x", "second"),
        ("dotted.key", "whole"),
        ("sl/ash", "s"),
        ("til~de", "t"),
        ("quo\\\"te", "q"),
        ("it's", "i"),
        ("a", "{\\\"b\\\":\\\"nested\\\"}"),
    ];
    let meta = json!({
        "plain": "text", "n": 7, "f": 1.5, "yes": true, "a": {"b": "nested"}, "list": [{}, {"x": "second"}],
        "dotted.key": "whole", "dotted": {"key": "not this"}, "sl/ash": "s", "til~de": "t", "quo\"te": "q",
        "it's": "i", "none": null,
    });
    let mut policy = "policy p {\n  severity low\n".to_owned();
    for (index, (path, value)) in paths.iter().enumerate() {
        policy
            .push_str(&format!("  require c{}: resource.meta[\"{path}\"] == \"{value}\"\n", letters(index)));
    }
    policy.push_str(
        "  forbid none: resource.meta[\"none\"] is set\n  forbid gone: resource.meta[\"a.c\"] is set\n}\n",
    );
    let mut full = json!({"id": "full"});
    full["meta"] = meta;
    let list = format!("{full}\n{{\"id\":\"bare\"}}\n{{\"id\":\"empty\",\"meta\":{{}}}}\n");
    let folder = Folder::with(&[("p.tagpol", &policy), ("list.ndjson", &list)]);
    let out = folder.run(&["eval", ".", "-i", "list.ndjson", "--format", "json"]).ends_with(1);
    let json: Value = serde_json::from_str(&out).unwrap();
    let of = |id: &str| json["findings"].as_array().unwrap().iter().filter(|f| f["resource"] == id).count();
    assert_eq!([of("full"), of("bare"), of("empty")], [0, paths.len(), paths.len()], "{out}");
}

/// `a`, `b`, … as checks have no digits alone.
fn letters(index: usize) -> char {
    char::from(b'a' + u8::try_from(index).unwrap())
}
