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
        "cost": 10000.0, "covered_cost": 9000.0, "share": 0.9, "at_least": 0.9, "met": true,
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
