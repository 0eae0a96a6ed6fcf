//! `tagpol eval`

use serde_json::Value;

use crate::schema;
use crate::support::{DIRTY, Folder, NOW, OWNED, repository};

const POLICIES: &str = "\
tag environment: one of [production, staging]
tag owner: email
tag backup: one of [daily, weekly]

normalize environment {
  keys \"env\"
  map \"prd\" -> production
}

policy owned {
  severity critical
  for resource where environment == production
  require owner
  grace 24 hours
  escalate to \"#cloud\" after 48 hours
  control soc2 \"CC6.1\"
}

policy backed-up {
  severity medium
  require backup else \"say how often\"
}

policy free {
  severity low
  forbid credit: resource.monthly-cost < 0 USD
}

exempt backed-up/backup {
  for resource where resource.account == \"2\"
  until 2026-12-31
  because \"it is being closed\"
}
";

const INVENTORY: &str = "\
id,name,type,provider,account,region,created,monthly_cost,currency,tag:env,tag:Env,tag:owner,tag:backup
a,web,ec2:instance,aws,1,eu-west-1,2026-01-01,12.345678901234,USD,prd,,jane@example.com,daily
b,api,ec2:instance,aws,1,eu-west-1,2026-01-01,100,USD,prd,staging,nobody,never
c,db,rds:db,aws,2,eu-west-1,2026-10-31T12:00:00Z,-3.5,USD,production,,,
d,,,,,,,,,,,,
";

fn folder() -> Folder {
    Folder::with(&[("p.tagpol", POLICIES), ("i.csv", INVENTORY)])
}

const EVAL_JSON: [&str; 8] = ["eval", "p.tagpol", "-i", "i.csv", "--now", NOW, "--format", "json"];

#[test]
fn the_json_keeps_its_contract() {
    let schema = std::fs::read_to_string(repository().join("docs/schema/evaluation.v1.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    assert_eq!(schema::undescribed(&schema), Vec::<String>::new());
    let cases: [&[&str]; 3] = [
        &EVAL_JSON,
        &["eval", "p.tagpol", "-i", "bare.ndjson", "--format", "json"],
        &["eval", "p.tagpol", "-i", "bill.csv", "--format", "json", "--fail-on", "none"],
    ];
    let folder = folder();
    folder.write("bare.ndjson", "{\"id\": \"x\"}\nno json\n");
    let bill = "ResourceId,ProviderName,ChargePeriodStart,ChargePeriodEnd,BillingCurrency,EffectiveCost,Tags
r,AWS,2026-09-01,2026-10-01,USD,1.5,\"{\"\"env\"\": \"\"prd\"\"}\"
,AWS,2026-09-01,2026-10-01,USD,9,
";
    folder.write("bill.csv", bill);
    for args in cases {
        let json: Value = serde_json::from_str(&folder.run(args).out).unwrap();
        assert_eq!(schema::errors(&schema, &json), Vec::<String>::new());
    }
}

#[test]
fn the_json_says_what_was_found() {
    let out = folder().run(&EVAL_JSON).ends_with(1);
    let json: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["now"], "2026-11-01T00:00:00Z");
    let summary = serde_json::json!({
        "resources": 4, "compliant": 1, "in_scope": 4, "passing": 1, "score": 64.3, "score_with_pending": 40.5,
        "findings": {"critical": 1, "high": 0, "medium": 2, "low": 1},
        "pending": 1, "exempt": 1, "conflicts": 1,
        "cost": 108.845_678_901_234, "spend": 112.345_678_901_234, "cost_in_violation": 100.0, "currency": "USD",
    });
    assert_eq!(json["summary"], summary);
    let check = serde_json::json!({
        "policy": "owned", "check": "owner", "severity": "critical",
        "in_scope": 3, "open": 1, "pending": 1, "exempt": 0, "cost_in_violation": 100.0,
        "escalate": {"to": "#cloud", "after_seconds": 172_800}, "escalation_due": 1,
        "controls": [{"framework": "soc2", "id": "CC6.1"}],
        "file": "p.tagpol", "line": 13, "column": 11,
    });
    assert_eq!(json["checks"][0], check);
    let mut finding = json["findings"][0].clone();
    let fingerprint = finding.as_object_mut().unwrap().remove("fingerprint").unwrap();
    assert_eq!(fingerprint.as_str().unwrap().len(), 32);
    let expected = serde_json::json!({
        "policy": "owned", "check": "owner", "severity": "critical", "state": "open",
        "first_seen": "2026-01-01T00:00:00Z", "escalation_due": true,
        "resource": "b", "name": "api", "type": "ec2:instance", "provider": "aws", "account": "1",
        "region": "eu-west-1", "tag": "owner", "attribute": null, "value": "nobody", "remedy": null,
        "message": "owner is `nobody`; it must be an email address", "cost": 100.0,
    });
    assert_eq!(finding, expected);
    let states: Vec<(&str, &str, &str)> = json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|f| {
            (f["check"].as_str().unwrap(), f["resource"].as_str().unwrap(), f["state"].as_str().unwrap())
        })
        .collect();
    let expected = [
        ("owner", "b", "open"),
        ("owner", "c", "pending"),
        ("backup", "b", "open"),
        ("backup", "c", "exempt"),
        ("backup", "d", "open"),
        ("credit", "c", "open"),
    ];
    assert_eq!(states, expected);
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let folder = folder();
    for format in ["json", "table"] {
        let args = |threads| {
            ["eval", "p.tagpol", "-i", "i.csv", "--now", NOW, "--format", format, "--threads", threads]
        };
        let first = folder.run(&args("1")).ends_with(1);
        for threads in ["1", "2", "5"] {
            assert_eq!(folder.run(&args(threads)).ends_with(1), first, "{threads} threads");
        }
    }
    assert_eq!(folder.left_behind(), Vec::<String>::new());
}

#[test]
fn the_report_can_be_written_to_a_file() {
    let folder = folder();
    let shown = folder.run(&EVAL_JSON).ends_with(1);
    folder.write("report.json", "an older and much longer report\n".repeat(1000));
    let before = folder.entries();
    let args = [&EVAL_JSON[..], &["--output", "report.json"]].concat();
    assert_eq!(folder.run(&args).ends_with(1), "");
    assert_eq!(folder.read("report.json"), shown);
    assert_eq!(folder.entries(), before, "nothing is left beside it");
}

#[test]
fn the_table_has_totals_findings_accounts_and_what_to_do() {
    let out = folder().run(&["eval", "p.tagpol", "-i", "i.csv", "--now", NOW]).ends_with(1);
    for part in [
        "  Score               40.5 of 100 (64.3 without pending findings)\n",
        "  Compliant           1 of 4 resources in scope (25.0%)\n",
        "  Spend in violation  100.00 USD of 112.35 USD a month, before 3.50 USD in credits\n",
        "  Open findings       1 critical, 2 medium, 1 low\n",
        "  Pending             1 finding, counted as failing; grace ends 2026-11-01\n",
        "  Waived              1\n",
        "\nCRITICAL · 1 open\n  owned  p.tagpol:13\n    owner  1 of 3 in scope, 100.00 USD a month\n",
        "\nMEDIUM · 2 open\n  backed-up  p.tagpol:",
        "\nWorst accounts\n",
        "\nWaivers\n  backed-up/backup  1 finding  until 2026-12-31  it is being closed\n",
        "\nNext\n  1. fix `owner` on 1 resource (100.00 USD a month), and 1 pending: owned/owner\n",
    ] {
        assert!(out.contains(part), "no {part:?} in {out}");
    }
}

#[test]
fn a_waiver_that_has_ended_is_still_listed() {
    let out = folder().run(&["eval", "p.tagpol", "-i", "i.csv", "--now", "2027-01-01"]).ends_with(1);
    let ended = "\nWaivers\n  backed-up/backup  0 findings  ended 2026-12-31  it is being closed\n";
    assert!(out.contains(ended), "{out}");
}

#[test]
fn a_report_of_an_unknown_extension_is_refused_with_the_formats() {
    let run = folder().run(&["eval", "p.tagpol", "-i", "i.csv", "-o", "report.xlsx"]);
    run.fails_with(2, &["use one of the formats table, json", "as in `-o html=report.html`"]);
}

/// A project whose policies have a grace and apply to two of three resources; no creation time is known.
fn first_run() -> Folder {
    let policies = "tag owner: text\ntag team: text\n\
        policy owned { severity high  for resource where resource.account == \"1\"  require owner  grace 14 days }\n\
        policy teams { severity low  for resource where resource.account == \"1\"  require team  grace 30 days }\n";
    let inventory = "id,account,tag:owner,tag:team\na,1,,\nb,1,x,\nc,2,,\n";
    Folder::with(&[("tagpol.toml", ""), ("p.tagpol", policies), ("i.csv", inventory)])
}

fn summary_of(out: &str) -> Value {
    serde_json::from_str::<Value>(out).unwrap()["summary"].clone()
}

#[test]
fn the_headline_of_a_first_run_counts_what_is_pending_as_failing() {
    let folder = first_run();
    let eval = |format| {
        let args = ["eval", "-i", "i.csv", "--now", NOW, "--no-record", "--format", format];
        folder.run(&args).ends_with(0)
    };
    let table = eval("table");
    for part in [
        "  Score               41.7 of 100 (100.0 without pending findings)\n",
        "  Compliant           0 of 2 resources in scope (0.0%); 1 resource is not in the scope of any policy\n",
        "  Open findings       none\n",
        "  Pending             3 findings, counted as failing; grace ends 2026-11-15 to 2026-12-01; first seen in this run\n",
    ] {
        assert!(table.contains(part), "no {part:?} in {table}");
    }
    let markdown = eval("markdown");
    for part in
        [": 41.7 of 100\n", "| 0 of 2 (0.0%) |", "Pending: 3 findings, counted as failing; grace ends "]
    {
        assert!(markdown.contains(part), "no {part:?} in {markdown}");
    }
    let summary = summary_of(&eval("json"));
    let expected = [("resources", 3), ("compliant", 3), ("in_scope", 2), ("passing", 0), ("pending", 3)];
    for (name, number) in expected {
        assert_eq!(summary[name], number, "{name}");
    }
    let scores = [&summary["score"], &summary["score_with_pending"]];
    assert_eq!(scores.map(Value::as_f64), [100.0, 41.7].map(Some));
}

#[test]
fn the_score_that_is_recorded_is_the_one_that_is_shown() {
    let folder = first_run();
    folder.run(&["eval", "-i", "i.csv", "--now", NOW]).ends_with(0);
    let runs = folder.run(&["runs", "--format", "csv"]).ends_with(0);
    assert!(runs.contains(",41.7,3,"), "{runs}");
}

#[test]
fn an_empty_scope_has_neither_score_nor_compliance() {
    let folder = first_run();
    folder.write("i.csv", "id,account\na,2\n");
    let eval = |format| {
        let args = ["eval", "-i", "i.csv", "--now", NOW, "--no-record", "--format", format];
        folder.run(&args).ends_with(0)
    };
    let table = eval("table");
    assert!(table.contains("  Score               n/a\n"), "{table}");
    assert!(
        table.contains("  Compliant           n/a; 1 resource is not in the scope of any policy\n"),
        "{table}"
    );
    assert!(eval("markdown").contains(": n/a\n"));
    let summary = summary_of(&eval("json"));
    assert_eq!((&summary["score_with_pending"], &summary["in_scope"]), (&Value::Null, &Value::from(0)));
    let schema = std::fs::read_to_string(repository().join("docs/schema/evaluation.v1.json")).unwrap();
    let schema: Value = serde_json::from_str(&schema).unwrap();
    let json: Value = serde_json::from_str(&eval("json")).unwrap();
    assert_eq!(schema::errors(&schema, &json), Vec::<String>::new());
}

#[test]
fn credits_neither_reduce_spend_in_violation_nor_raise_coverage_above_all() {
    let policies = "tag owner: text\npolicy owned { severity low  require owner }\n\
        goal owners { coverage of [owner] by cost  at least 80% }\n";
    let inventory = "id,monthly_cost,currency,tag:owner\na,100,USD,\nb,-60,USD,\nc,300,USD,x\nd,-250,USD,\n";
    let folder = Folder::with(&[("p.tagpol", policies), ("i.csv", inventory)]);
    let eval = |format| folder.run(&["eval", "p.tagpol", "-i", "i.csv", "--now", NOW, "--format", format]);
    let table = eval("table").ends_with(1);
    for part in [
        "  Spend in violation  100.00 USD of 400.00 USD a month, before 310.00 USD in credits\n",
        "  owners  75.0%  of 400.00 USD a month",
    ] {
        assert!(table.contains(part), "no {part:?} in {table}");
    }
    let json: Value = serde_json::from_str(&eval("json").ends_with(1)).unwrap();
    let summary = &json["summary"];
    let numbers = [&summary["cost"], &summary["spend"], &summary["cost_in_violation"]];
    assert_eq!(numbers.map(Value::as_f64), [90.0, 400.0, 100.0].map(Some));
    let numbers = [&json["goals"][0]["share"], &json["checks"][0]["cost_in_violation"]];
    assert_eq!(numbers.map(Value::as_f64), [0.75, 100.0].map(Some));
}

#[test]
fn the_dearest_findings_are_shown_and_all_if_asked() {
    let rows: String = (0..9).map(|n| format!("r{n},{n},USD,\n")).collect();
    let folder = Folder::with(&[("p.tagpol", OWNED)]);
    folder.write("i.csv", format!("id,monthly_cost,currency,tag:owner\n{rows}"));
    let some = folder.run(&["eval", "p.tagpol", "-i", "i.csv"]).ends_with(1);
    assert!(some.contains("r8") && some.contains("r6") && !some.contains("r5"), "{some}");
    assert!(some.contains("… and 6 more (--all shows them)"), "{some}");
    let all = folder.run(&["eval", "p.tagpol", "-i", "i.csv", "--all"]).ends_with(1);
    assert!(all.contains("r0") && !all.contains("more (--all"), "{all}");
}

#[test]
fn the_manifest_changes_policies_and_the_gate() {
    let manifest = "inventory = [\"i.csv\"]\nfail-on = \"critical\"\n[policy.owned]\nseverity = \"low\"\n";
    let folder = Folder::with(&[("p.tagpol", OWNED), ("i.csv", DIRTY), ("tagpol.toml", manifest)]);
    let out = folder.run(&["eval"]).ends_with(0);
    assert!(out.contains("LOW · 1 open"), "{out}");
    folder.run(&["eval", "--fail-on", "low"]).ends_with(1);
    folder.write("tagpol.toml", "inventory = [\"i.csv\"]\n[policy.owned]\nenabled = false\n");
    folder.write("q.tagpol", "policy identified { severity high  require known: resource.id is set }\n");
    let out = folder.run(&["eval", "--format", "json"]).ends_with(0);
    assert!(out.contains("identified") && !out.contains("owned"), "{out}");
}

#[test]
fn a_project_is_found_from_a_folder_in_it() {
    let folder =
        Folder::with(&[("tagpol.toml", "inventory = [\"i.csv\"]\n"), ("p.tagpol", OWNED), ("i.csv", DIRTY)]);
    folder.write("deep/er/readme.txt", "");
    let run = folder.command(&["eval"]).current_dir(folder.path().join("deep/er")).output().unwrap();
    assert_eq!(run.status.code(), Some(1), "{run:?}");
}

#[test]
fn files_are_joined() {
    let folder = Folder::with(&[("p.tagpol", OWNED), ("a.csv", DIRTY)]);
    folder
        .write("b.ndjson", "{\"id\": \"a\", \"tags\": {\"Owner\": \"jane@example.com\"}}\n{\"id\": \"b\"}\n");
    let args = ["eval", "p.tagpol", "-i", "a.csv", "-i", "b.ndjson", "--format", "json"];
    let json: Value = serde_json::from_str(&folder.run(&args).ends_with(1)).unwrap();
    assert_eq!(json["summary"]["resources"], 2);
    assert_eq!(json["summary"]["findings"]["high"], 1);
}
