//! `tagpol cost`: totals, shared costs, and the forms they are reported in.

use serde_json::Value;

use crate::schema::{errors, undescribed};
use crate::support::{Folder, NOW, repository};

const POLICIES: &str = r#"
tag team: text
tag environment: one of [production, staging]
allocate network {
  from resource where resource.type == "ec2:natgateway"
  to every team
  split proportional
}
"#;

/// A bill of two months with a charge that names no resource, a credit and an untagged resource.
const BILL: &str = "BilledCost,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,EffectiveCost,ProviderName,ResourceId,ResourceType,SubAccountId,Tags\n\
    10,USD,2026-09-01T00:00:00Z,2026-09-02T00:00:00Z,10.00,AWS,i-1,ec2:instance,1,\"{\"\"team\"\": \"\"web\"\"}\"\n\
    10,USD,2026-10-01T00:00:00Z,2026-10-31T00:00:00Z,20.005,AWS,i-1,ec2:instance,1,\"{\"\"team\"\": \"\"web\"\"}\"\n\
    10,USD,2026-10-01T00:00:00Z,2026-11-01T00:00:00Z,10.005,AWS,i-2,ec2:instance,2,\"{\"\"team\"\": \"\"data\"\", \"\"environment\"\": \"\"production\"\"}\"\n\
    10,USD,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,5.01,AWS,i-3,ec2:instance,2,\n\
    10,USD,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,10,AWS,nat-1,ec2:natgateway,1,\"{\"\"team\"\": \"\"infra\"\"}\"\n\
    10,USD,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,-1.5,AWS,i-4,ec2:instance,2,\"{\"\"team\"\": \"\"=ml\"\"}\"\n\
    10,USD,2026-10-01T00:00:00Z,2026-10-02T00:00:00Z,3.333333,AWS,,,1,\n";

fn folder() -> Folder {
    Folder::with(&[("p.tagpol", POLICIES), ("bill.csv", BILL)])
}

fn cost(folder: &Folder, args: &[&str]) -> String {
    let month: &[&str] = if args.contains(&"--month") { &[] } else { &["--month", "2026-10"] };
    folder.run(&[&["cost", "p.tagpol", "-i", "bill.csv"], args, month].concat()).ends_with(0)
}

fn json(folder: &Folder, args: &[&str]) -> Value {
    serde_json::from_str(&cost(folder, &[args, &["--format", "json"]].concat())).unwrap()
}

#[test]
fn every_way_of_telling_it_comes_to_the_bill() {
    let folder = folder();
    for by in [
        &["--by", "team"][..],
        &["--by", "team,environment"],
        &["--by", "resource.account"],
        &["--by", "resource.id", "--by", "environment"],
    ] {
        assert_eq!(json(&folder, by)["total"], "46.853333", "{by:?}");
    }
    assert_eq!(json(&folder, &["--by", "team", "--month", "2026-09"])["total"], "10");
}

#[test]
fn charges_that_cannot_be_read_are_told() {
    let folder = folder();
    let quiet = folder.run(&["cost", "p.tagpol", "-i", "bill.csv", "--by", "team"]);
    assert!(!quiet.err.contains("warning"), "{quiet:?}");
    folder.write("bill.csv", BILL.replace("5.01", "abc"));
    let run = folder.run(&["cost", "p.tagpol", "-i", "bill.csv", "--by", "team", "-o", "costs.json"]);
    assert!(run.err.contains("may be missing in these costs: 0 rows, 1 value"), "{run:?}");
    let told: Value = serde_json::from_str(&folder.read("costs.json")).unwrap();
    assert_eq!((&told["rejected_rows"], &told["rejected_values"]), (&Value::from(0), &Value::from(1)));
    // Nothing counts as 0 if the command ends there.
    let strict = folder.run(&["cost", "p.tagpol", "-i", "bill.csv", "--by", "team", "--strict"]);
    assert!(!strict.err.contains("counts as 0"), "{strict:?}");
    strict.fails_with(3, &["expected a number"]);
}

#[test]
fn effective_costs_are_compared_with_the_invoice() {
    let folder = folder();
    let invoice = "effective (amortized) costs; the invoice has 60.00 USD (`--amount billed`)";
    assert!(cost(&folder, &["--by", "team"]).contains(invoice));
    assert!(cost(&folder, &["--by", "team", "-o", "html"]).contains("the invoice has 60.00 USD"));
    let billed = cost(&folder, &["--by", "team", "--amount", "billed"]);
    assert!(billed.contains("60.00") && !billed.contains("invoice"), "{billed}");
    // In September both are the same, and what is used in a month is on no invoice of its own.
    for args in [&["--by", "team", "--month", "2026-09"][..], &["--by", "team", "--by-usage-date"]] {
        let same = cost(&folder, args);
        assert!(!same.contains("invoice has"), "{same}");
    }
    folder.write(
        "bill.csv",
        BILL.replace("10,USD,2026-10-01T00:00:00Z,2026-11-01", ",USD,2026-10-01T00:00:00Z,2026-11-01"),
    );
    let unknown = cost(&folder, &["--by", "team"]);
    assert!(!unknown.contains("invoice has"), "{unknown}");
}

#[test]
fn a_month_that_is_cut_short_is_noted() {
    let folder = folder();
    for month in ["2026-09", "2026-10"] {
        let short = cost(&folder, &["--by", "team", "--month", month]);
        let note = format!("{month} is not complete: no charge reaches its last day");
        assert!(short.contains(&note), "{short}");
    }
    let last_day = "2026-10-31T00:00:00Z,2026-11-01T00:00:00Z";
    folder.write("bill.csv", BILL.replace("2026-10-01T00:00:00Z,2026-10-02T00:00:00Z", last_day));
    let whole = cost(&folder, &["--by", "team"]);
    assert!(!whole.contains("not complete"), "{whole}");
}

#[test]
fn one_currency_without_a_rate_is_not_several() {
    let args = ["cost", "p.tagpol", "-i", "bill.csv", "--by", "team", "--currency", "EUR"];
    folder().run(&args).fails_with(2, &["the charges are in a currency that cannot be added up in EUR"]);
}

#[test]
fn shared_costs_are_spread_by_what_others_cost() {
    let told = json(&folder(), &["--by", "team"]);
    let line = |value: &str| {
        let lines = told["lines"].as_array().unwrap().iter();
        let found = lines.into_iter().find(|line| line["values"][0] == value).unwrap();
        ["own", "shared", "cost"].map(|key| found[key].as_str().unwrap().to_owned())
    };
    // 20.005 and 10.005 of 30.01, of 10, in units of 10^-18.
    assert_eq!(line("web"), ["20.005", "6.666111296234588471", "26.671111296234588471"]);
    assert_eq!(line("data"), ["10.005", "3.333888703765411529", "13.338888703765411529"]);
    assert_eq!(line("infra"), ["10", "-10", "0"]);
    assert_eq!(line("=ml"), ["-1.5", "0", "-1.5"]);
    let shared = &told["shared"][0];
    assert_eq!(
        (&shared["allocation"], &shared["cost"], &shared["resources"]),
        (&"network".into(), &"10".into(), &1.into())
    );
    // A charge without a resource has no team either.
    let lines = told["lines"].as_array().unwrap();
    let missing = lines.iter().find(|line| line["values"][0].is_null()).unwrap();
    assert_eq!((&missing["cost"], &missing["no_resource"]), (&"8.343333".into(), &"3.333333".into()));
    assert_eq!(told["no_resource"], "3.333333");
}

#[test]
fn the_table_adds_up() {
    let table = cost(&folder(), &["--by", "team"]);
    let cents = |line: &str| {
        let amounts = line.split_whitespace().filter(|word| word.contains('.') && !word.ends_with('%'));
        amounts.map(|word| word.replace(['.', ','], "").parse::<i64>().unwrap()).collect::<Vec<_>>()
    };
    let rows: Vec<Vec<i64>> = table.lines().map(cents).filter(|cells| cells.len() == 3).collect();
    let (total, lines) = rows.split_last().unwrap();
    assert_eq!(lines.len(), 5);
    for column in 0..3 {
        assert_eq!(lines.iter().map(|line| line[column]).sum::<i64>(), total[column], "{table}");
    }
    assert_eq!(total[2], 4685);
    assert!(table.contains("(missing)") && table.contains("includes 3.33 USD in charges without a resource"));
}

#[test]
fn files_have_exact_amounts() {
    let folder = folder();
    let csv = cost(&folder, &["--by", "team", "--format", "csv"]);
    let mut lines = csv.lines();
    assert_eq!(lines.next(), Some("team,kind,resources,own_cost,shared_cost,cost,no_resource_cost,currency"));
    assert!(csv.contains("web,resources,1,20.005,6.666111296234588471,26.671111296234588471,0,USD"), "{csv}");
    assert!(
        csv.contains("'=ml,resources,1,-1.5,0,-1.5,0,USD")
            && csv.contains("\r\n,resources,1,8.343333,0,8.343333,3.333333,USD")
    );
    cost(&folder, &["--by", "team", "--format", "parquet", "-o", "costs.parquet"]);
    assert!(std::fs::read(folder.path().join("costs.parquet")).unwrap().starts_with(b"PAR1"));
    let args = ["cost", "p.tagpol", "-i", "bill.csv", "--by", "team", "--format", "parquet"];
    // Standard output is not a terminal here, so that it may be binary, as with `eval`.
    assert!(folder.command(&args).output().unwrap().stdout.starts_with(b"PAR1"));
}

#[test]
fn several_formats_are_written_in_one_run() {
    let folder = folder();
    let outputs = ["-o", "html=costs.html", "-o", "costs.csv", "-o", "json=costs", "-o", "table"];
    let now = ["--by", "team", "--now", NOW];
    let table = cost(&folder, &[&now[..], &outputs].concat());
    assert!(table.starts_with("costs of 2026-10 in USD, by team\n"), "{table}");
    assert_eq!(folder.read("costs.csv"), cost(&folder, &["--by", "team", "--format", "csv"]));
    assert_eq!(folder.read("costs"), cost(&folder, &[&now[..], &["--format", "json"]].concat()));
    assert!(folder.read("costs.html").starts_with("<!doctype html>"));
}

#[test]
fn an_unknown_format_or_extension_writes_nothing() {
    let folder = folder();
    for output in ["costs.xlsx", "costs", "docx=costs.html"] {
        let args = ["cost", "p.tagpol", "-i", "bill.csv", "--by", "team", "-o", output];
        folder.run(&args).fails_with(2, &["html", "parquet"]);
    }
    for file in ["costs.xlsx", "costs", "costs.html"] {
        assert!(!folder.path().join(file).exists(), "{file}");
    }
}

#[test]
fn the_lines_beyond_the_top_are_added_up_in_one() {
    let folder = folder();
    let json = |args: &[&str]| json(&folder, &[args, &["--now", NOW]].concat());
    let all = json(&["--by", "team"]);
    let lines = |costs: &Value| -> Vec<(String, u64)> {
        let lines = costs["lines"].as_array().unwrap().iter();
        let line =
            |line: &Value| (line["kind"].as_str().unwrap().to_owned(), line["resources"].as_u64().unwrap());
        lines.map(line).collect()
    };
    let kinds = |expected: &[(&str, u64)]| -> Vec<(String, u64)> {
        expected.iter().map(|(kind, resources)| ((*kind).to_owned(), *resources)).collect()
    };
    // Five teams: web, data, a missing one, infra and one with a credit.
    let top = json(&["--by", "team", "--top", "2"]);
    assert_eq!(lines(&top), kinds(&[("resources", 1), ("resources", 1), ("others", 3)]));
    assert_eq!(top["total"], all["total"]);
    let others = &top["lines"][2];
    assert_eq!(others["values"], serde_json::json!([null]));
    // 5.01 of the missing team and 3.333333 of no resource, 10 of infra, which is spread over web and data, and the
    // credit of 1.5.
    let amounts = ["own", "shared", "cost"].map(|key| others[key].as_str().unwrap());
    assert_eq!(amounts, ["16.843333", "-10", "6.843333"]);
    // As many as there are, or more: nothing is left over.
    for number in ["5", "9"] {
        assert_eq!(json(&["--by", "team", "--top", number]), all, "{number}");
    }
    let table = cost(&folder, &["--by", "team,environment", "--top", "1"]);
    assert!(table.contains("(others: 5 lines)"), "{table}");
    let csv = cost(&folder, &["--by", "team", "--top", "4", "--format", "csv"]);
    assert!(csv.lines().any(|line| line == ",others,1,-1.5,0,-1.5,0,USD"), "{csv}");
    folder
        .run(&["cost", "p.tagpol", "-i", "bill.csv", "--by", "team", "--top", "0"])
        .fails_with(2, &["--top"]);
}

#[test]
fn the_page_shows_the_table_and_runs_nothing() {
    let folder = folder();
    let bill = BILL.replace("=ml", "</td><script>alert(1)</script>");
    folder.write("bill.csv", bill);
    let page = cost(&folder, &["--by", "team", "--top", "3", "--format", "html"]);
    for text in [
        "Content-Security-Policy\" content=\"default-src 'none';",
        "<td>web</td>",
        "(others: 2 lines)",
        "includes 3.33 USD in charges without a resource",
        "46.85",
    ] {
        assert!(page.contains(text), "no {text} in {page}");
    }
    let page = cost(&folder, &["--by", "team", "--format", "html"]);
    assert!(!page.contains("<script") && page.contains("&lt;/td&gt;&lt;script&gt;alert"), "{page}");
}

#[test]
fn the_contract_describes_every_field() {
    let text = std::fs::read_to_string(repository().join("docs/schema/cost.v1.json")).unwrap();
    let schema: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(undescribed(&schema), Vec::<String>::new());
    for args in [&["--by", "team,environment"][..], &["--by", "team", "--top", "1"]] {
        assert_eq!(errors(&schema, &json(&folder(), args)), Vec::<String>::new(), "{args:?}");
    }
}

#[test]
fn what_cannot_be_told_is_said() {
    let folder = folder();
    let run = |args: &[&str]| folder.run(&[&["cost", "p.tagpol"], args].concat());
    run(&["-i", "bill.csv", "--by", "taem"]).fails_with(2, &["`taem`", "did you mean `team`?"]);
    run(&["-i", "bill.csv"]).fails_with(2, &["--by"]);
    folder.write("plain.csv", "id,tag:team\na,web\n");
    run(&["-i", "plain.csv", "--by", "team"]).fails_with(3, &["has no cost data"]);
    folder.write("header.csv", BILL.lines().next().unwrap());
    run(&["-i", "header.csv", "--by", "team"]).fails_with(3, &["the bill `header.csv` has no rows"]);
    run(&["-i", "bill.csv", "-i", "bill.csv", "--by", "team"]).fails_with(3, &["`bill.csv` is listed twice"]);
    run(&["-i", "bill.csv", "--by", "team", "--top", "0"])
        .fails_with(2, &["write a whole number, 1 or more"]);
    folder.write("unread.csv", "day,amount,service\n2026-10-01,5,search\n");
    run(&["-i", "unread.csv", "--by", "team"]).fails_with(3, &["`[columns]`"]);
    folder.run(&["snapshot", "import", "bill.csv"]).ends_with(0);
    let listed = folder.run(&["snapshot", "list"]).ends_with(0);
    let id = listed.split_whitespace().next().unwrap();
    let dir = format!(".tagpol/snapshots/{id}");
    // A snapshot has the charges of all months.
    let october = run(&["-i", &dir, "--by", "team", "--month", "2026-10"]).ends_with(0);
    assert!(october.starts_with("costs of 2026-10") && october.contains("46.85"), "{october}");
    run(&["-i", &dir, "--by", "team", "--month", "2026-11"]).fails_with(3, &["no charges in 2026-11"]);
    run(&["-i", &dir, "--by", "team", "--from", "2026-10", "--to", "2026-09"]).fails_with(2, &["later than"]);
    folder.write("listed.csv", "id,tag:team,monthly_cost,currency\na,web,1,USD\n");
    run(&["-i", "listed.csv", "--by", "team", "--granularity", "day"]).fails_with(2, &["has no charges"]);
}
