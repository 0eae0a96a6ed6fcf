//! Real bills and inventories: what a file of policies reports, a hand-written query over the raw file
//! confirms, count for count and cost for cost.
//!
//! `real/ten.tagpol` is evaluated as users do it. `real/*.sql` say the same of the raw file, read
//! by the database itself: nothing of the importer, the compiler or the plan takes part in it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_eval::cost::{CostRequest, Costs, Period, SCALE, costs, dimension};
use tagpol_eval::{Distinct, Evaluation, Options, evaluate};
use tagpol_inventory::{ImportOptions, Snapshot, import};
use tagpol_sema::program::Program;
use tagpol_sema::{Database, analysis};
use tagpol_session::{Cell, Decimal, Store, StoreOptions};
use tempfile::TempDir;

const POLICIES: &str = include_str!("real/ten.tagpol");
const BILL: &str = include_str!("real/bill.sql");
const RESOURCES: &str = include_str!("real/resources.sql");
const TAGGED: &str = include_str!("real/tagged.sql");
const CHECKS: &str = include_str!("real/checks.sql");
const CHARGED: &str = include_str!("real/charged.sql");
const COUNTS: &str = include_str!("real/counts.sql");
const TOTALS: &str = include_str!("real/totals.sql");

/// Shared costs, which change no total.
const ALLOCATION: &str = "
allocate unknown {
  from resource where environment == production
  to every environment
  split proportional
}
";

/// What is known of one check.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Line {
    in_scope: u64,
    open: u64,
    exempt: u64,
    cost_in_violation: String,
}

/// How a file is read by hand: queries, what stands for their `{names}`.
struct Reading<'a> {
    sql: &'a [&'a str],
    names: &'a [(&'a str, &'a str)],
    /// The month whose costs count, and their currency; none of an inventory.
    bill: Option<(&'a str, &'a str)>,
}

const LIST: Reading<'_> =
    Reading { sql: &[include_str!("real/list.sql"), RESOURCES], names: &[], bill: None };

fn focus(file: &str, month: &str) -> Option<u64> {
    let sql = [include_str!("real/focus.sql"), BILL];
    confirmed(file, &Reading { sql: &sql, names: &[], bill: Some((month, "USD")) })
}

fn azure(file: &str, cost: &str, currency: &str) -> Option<u64> {
    let sql = [include_str!("real/azure.sql"), BILL];
    confirmed(file, &Reading { sql: &sql, names: &[("cost", cost)], bill: Some(("2023-09", currency)) })
}

/// Recorded answers of an AWS command.
fn answers(file: &str, sql: &str, names: &[(&str, &str)]) -> Option<u64> {
    confirmed(file, &Reading { sql: &[sql, RESOURCES], names, bill: None })
}

/// Recorded answers of an AWS describe command: what lists its resources, their ids, names and tags.
fn described(file: &str, [list, id, name, tags]: [&str; 4]) -> Option<u64> {
    let names = [("list", list), ("id", id), ("name", name), ("tags", tags)];
    answers(file, include_str!("real/described.sql"), &names)
}

#[test]
fn focus_1_0_sample() {
    let open = focus("billing/focus_1_0_sample_1000.csv", "2024-09");
    assert!(open.is_none_or(|open| open > 1000), "{open:?}");
}

#[test]
fn focus_1_2_aws() {
    let open = focus("synthetic/focus_1_2_generated_aws_1500.csv.gz", "2026-05");
    assert!(open.is_none_or(|open| open > 1000), "{open:?}");
}

#[test]
fn focus_1_2_azure() {
    let open = focus("synthetic/focus_1_2_generated_azure_1500.csv.gz", "2026-05");
    assert!(open.is_none_or(|open| open > 400), "{open:?}");
}

#[test]
fn focus_1_2_gcp() {
    let open = focus("synthetic/focus_1_2_generated_gcp_1500.csv.gz", "2026-05");
    assert!(open.is_none_or(|open| open > 1000), "{open:?}");
}

#[test]
fn azure_exports() {
    let open = [
        azure("billing/azure_ea_actualcost_small.csv", "Cost", "USD"),
        azure("billing/azure_ea_amortizedcost_small.csv", "Cost", "USD"),
        azure("billing/azure_ea_sample.csv", "CostInBillingCurrency", "CAD"),
    ];
    assert!(open == [None; 3] || open.iter().all(|open| open.is_some_and(|open| open > 1)), "{open:?}");
}

/// A report without resource ids: only charges, and no tag.
#[test]
fn a_cost_and_usage_report() {
    let path = shared().join("billing/aws_cur_sample.csv.gz");
    if !path.is_file() {
        println!("skipped: there is no {}", path.display());
        return;
    }
    let (program, snapshot, _folder) = imported(&path, "USD");
    let sql = [include_str!("real/cur.sql"), BILL];
    let by_hand = ByHand::of(&path, &Reading { sql: &sql, names: &[], bill: Some(("2023-11", "USD")) });
    by_hand.charges_ties(&program, &snapshot, &Options::at(now()), "2023-11");
}

#[test]
fn answers_of_the_tagging_api() {
    let open = answers("raw/aws_tagging_GetResources.ndjson", include_str!("real/tagging.sql"), &[]);
    assert!(open.is_none_or(|open| open > 1000), "{open:?}");
}

#[test]
fn answers_of_describe_instances() {
    let open = answers("raw/aws_ec2_DescribeInstances.ndjson", include_str!("real/instances.sql"), &[]);
    assert!(open.is_none_or(|open| open > 100), "{open:?}");
}

#[test]
fn answers_of_other_describe_commands() {
    let open = [
        described("raw/aws_ec2_DescribeVolumes.ndjson", ["Volumes", "VolumeId", "", "Tags"]),
        described(
            "raw/aws_rds_DescribeDBInstances.ndjson",
            ["DBInstances", "DBInstanceArn", "DBInstanceIdentifier", "TagList"],
        ),
        described(
            "raw/aws_autoscaling_DescribeAutoScalingGroups.ndjson",
            ["AutoScalingGroups", "AutoScalingGroupARN", "AutoScalingGroupName", "Tags"],
        ),
    ];
    assert!(open == [None; 3] || open.iter().all(|open| open.is_some_and(|open| open > 100)), "{open:?}");
}

#[test]
fn answers_of_config() {
    let open = answers("raw/aws_config_SelectResourceConfig.ndjson", include_str!("real/config.sql"), &[]);
    assert!(open.is_none_or(|open| open > 100), "{open:?}");
}

#[test]
fn resources_of_many_organisations() {
    let open = confirmed("train/inventory_train.ndjson.gz", &LIST);
    assert!(open.is_none_or(|open| open > 50_000), "{open:?}");
}

#[test]
fn resources_with_costs() {
    let open = confirmed("train/inventory_billing.ndjson", &LIST);
    assert!(open.is_none_or(|open| open > 1000), "{open:?}");
}

/// Compares evaluation and query; returns the number of open findings, none where the file is not
/// at hand.
fn confirmed(file: &str, by_hand: &Reading<'_>) -> Option<u64> {
    let path = shared().join(file);
    if !path.is_file() {
        println!("skipped: there is no {}", path.display());
        return None;
    }
    let currency = by_hand.bill.map_or("USD", |(_, currency)| currency);
    let (program, snapshot, _folder) = imported(&path, currency);
    let options = Options::at(now());
    let evaluation = evaluate(&program, &snapshot, &options).unwrap();
    let always = Options { distinct: Distinct::Always, ..options.clone() };
    assert_eq!(
        evaluate(&program, &snapshot, &always).unwrap(),
        evaluation,
        "each distinct value judged once"
    );
    let bill = by_hand.bill;
    let by_hand = ByHand::of(&path, by_hand);
    assert_eq!(lines(&evaluation), by_hand.lines());
    assert_eq!(totals(&evaluation), by_hand.totals());
    if let Some((month, currency)) = bill {
        assert_eq!(evaluation.snapshot.rejected_rows, 0);
        assert_eq!(evaluation.snapshot.month.as_deref(), Some(month));
        assert_eq!(evaluation.snapshot.currency.as_deref(), Some(currency));
        by_hand.charges_ties(&program, &snapshot, &options, month);
    }
    Some(evaluation.summary.open.iter().sum())
}

fn now() -> DateTime<Utc> {
    "2026-06-01T00:00:00Z".parse().unwrap()
}

/// Returns the policies, the file as a snapshot, and the folder that it lies in.
fn imported(file: &Path, currency: &str) -> (Program, Snapshot, TempDir) {
    let db = Database::default();
    let policies = format!("{POLICIES}{ALLOCATION}").replace(" USD", &format!(" {currency}"));
    let project = db.project(vec![("ten.tagpol".to_owned(), policies)]);
    let analysis = analysis(&db, project);
    assert!(analysis.diagnostics.is_empty(), "{:?}", analysis.diagnostics);
    let folder = tempfile::tempdir().unwrap();
    let file =
        if file.starts_with(shared().join("raw")) { unwrapped(file, folder.path()) } else { file.to_owned() };
    let import = import(&[file], &ImportOptions::at(now()), &mut |_| {}).unwrap();
    let snapshot = import.write(folder.path(), &mut |_| {}).unwrap();
    (Program::clone(&analysis.program), snapshot, folder)
}

fn shared() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data")
}

/// Writes recorded answers without the names of the recordings, as users have them; returns where.
fn unwrapped(recordings: &Path, folder: &Path) -> PathBuf {
    let answer = |line: &str| serde_json::from_str::<serde_json::Value>(line).unwrap()["response"].take();
    let text = std::fs::read_to_string(recordings).unwrap();
    let answers: String = text.lines().map(|line| format!("{}\n", answer(line))).collect();
    let path = folder.join("answers.json");
    std::fs::write(&path, answers).unwrap();
    path
}

/// Dimensions of costs, and the same as columns by hand.
const DIMENSIONS: [(&[&str], &str); 7] = [
    (&["application", "environment"], "application, environment"),
    (&["owner"], "owner"),
    (&["resource.provider", "resource.account"], "provider, account"),
    (&["resource.region"], "region"),
    (&["charge.category", "cost-center"], "category, cost_center"),
    (&["charge.service"], "service"),
    (&["resource.provider", "business-unit", "charge.category"], "provider, business_unit, category"),
];

/// Resources and own costs by values.
fn own_costs(costs: &Costs) -> BTreeMap<String, (u64, String)> {
    let line = |line: &tagpol_eval::cost::Line| {
        let period = line.period.as_deref().unwrap_or_default();
        (format!("{period}{:?}", line.values), (line.resources, exact(line.own)))
    };
    // What only a share of others was spread to is not by hand.
    let own = costs.lines.iter().filter(|line| line.resources > 0 || line.own != 0);
    own.map(line).collect()
}

/// An amount to its last decimal.
fn exact(unscaled: i128) -> String {
    Decimal { unscaled, scale: SCALE }.to_string()
}

fn lines(evaluation: &Evaluation) -> BTreeMap<String, Line> {
    let of_check = evaluation.checks.iter().filter(|check| check.in_scope > 0);
    of_check
        .map(|check| {
            let findings = evaluation.findings.iter();
            let of_it = findings.filter(|f| evaluation.checks[f.check()].loc == check.loc);
            assert_eq!(of_it.count() as u64, check.open + check.exempt);
            let line = Line {
                in_scope: check.in_scope,
                open: check.open,
                exempt: check.exempt,
                cost_in_violation: money(check.cost_in_violation),
            };
            (format!("{}/{}", check.policy, check.check), line)
        })
        .collect()
}

/// As the database writes it.
fn money(amount: Option<Decimal>) -> String {
    amount.map_or_else(|| "NULL".to_owned(), |amount| amount.to_string())
}

fn totals(evaluation: &Evaluation) -> Vec<String> {
    let summary = &evaluation.summary;
    let mut totals = vec![
        summary.resources.to_string(),
        summary.compliant.to_string(),
        money(summary.cost),
        money(summary.cost_in_violation),
    ];
    totals.extend(summary.open.iter().map(u64::to_string));
    totals.push(summary.exempt.to_string());
    totals
}

/// The hand-written queries over one file.
struct ByHand {
    store: Store,
}

impl ByHand {
    fn of(file: &Path, by_hand: &Reading<'_>) -> Self {
        let file: PathBuf = file.canonicalize().unwrap();
        let options = StoreOptions { files: vec![file.clone()], ..StoreOptions::default() };
        let store = Store::in_memory(&options).unwrap();
        let file = file.to_str().unwrap().replace('\'', "''");
        let month = by_hand.bill.map(|(month, _)| format!("{month}-01")).unwrap_or_default();
        for sql in by_hand.sql {
            let sql = sql.replace("{file}", &file).replace("{month}", &month);
            let named =
                |sql: String, (name, value): &(&str, &str)| sql.replace(&format!("{{{name}}}"), value);
            store.execute(&by_hand.names.iter().fold(sql, named)).unwrap();
        }
        store.execute(TAGGED).unwrap();
        store.execute(CHECKS).unwrap();
        Self { store }
    }

    fn lines(&self) -> BTreeMap<String, Line> {
        let table = self.store.query(COUNTS).unwrap();
        table
            .rows
            .iter()
            .map(|row| {
                let count = |at: usize| u64::try_from(row[at].as_int().unwrap()).unwrap();
                let line = Line {
                    in_scope: count(1),
                    open: count(2),
                    exempt: count(3),
                    cost_in_violation: row[4].to_string(),
                };
                (row[0].to_string(), line)
            })
            .collect()
    }

    /// Compares what charges come to by many dimensions, by the month of the invoice and by the day of use, to the
    /// last decimal.
    fn charges_ties(self, program: &Program, snapshot: &Snapshot, options: &Options, month: &str) {
        self.store.execute(CHARGED).unwrap();
        self.store.execute(TAGGED).unwrap();
        for (names, columns) in DIMENSIONS {
            let by: Vec<_> = names.iter().map(|name| dimension(program, snapshot, name).unwrap()).collect();
            let request = CostRequest { by, ..CostRequest::default() };
            let found = costs(program, snapshot, options, &request).unwrap();
            let of_month = format!("month = DATE '{month}-01'");
            assert_eq!(own_costs(&found), self.costs("''", columns, &of_month), "{columns}");
            assert_eq!(exact(found.total()), self.total("cost", &of_month), "{columns}");
            let without_resource = format!("{of_month} AND resource IS NULL");
            assert_eq!(exact(found.no_resource()), self.total("cost", &without_resource), "{columns}");
            assert_eq!(found.lines.iter().map(|line| line.shared).sum::<i128>(), 0);
            let spreads = names.contains(&"environment") && self.spreads(&of_month);
            assert_eq!(found.lines.iter().any(|line| line.shared != 0), spreads);
            let months = snapshot.manifest().month.as_ref().map(|month| (month.month, month.month));
            let daily = CostRequest { period: Some(Period::Day), by_usage_date: true, months, ..request };
            let found = costs(program, snapshot, options, &daily).unwrap();
            let used = format!("date_trunc('month', start) = DATE '{month}-01'");
            assert_eq!(own_costs(&found), self.costs("start::DATE::VARCHAR", columns, &used), "{columns}");
        }
    }

    fn costs(&self, period: &str, columns: &str, condition: &str) -> BTreeMap<String, (u64, String)> {
        let text = |cell: &Cell| cell.as_text().map(str::to_owned);
        let by_values = format!(
            "SELECT {period}, count(DISTINCT resource), sum(cost), {columns} FROM tagged WHERE {condition} GROUP BY ALL \
             HAVING count(DISTINCT resource) > 0 OR sum(cost) <> 0"
        );
        let rows = self.store.query(&by_values).unwrap().rows.into_iter();
        let line = |row: Vec<Cell>| {
            let values: Vec<Option<String>> = row[3..].iter().map(text).collect();
            let period = text(&row[0]).unwrap_or_default();
            let count = u64::try_from(row[1].as_int().unwrap()).unwrap();
            (format!("{period}{values:?}"), (count, row[2].to_string()))
        };
        rows.map(line).collect()
    }

    fn total(&self, amount: &str, condition: &str) -> String {
        let sql = format!("SELECT coalesce(sum({amount}), 0)::DECIMAL(38, 18) FROM tagged WHERE {condition}");
        self.store.query(&sql).unwrap().single().unwrap().to_string()
    }

    /// Whether there is production whose costs are shared, and another environment that bears them.
    fn spreads(&self, condition: &str) -> bool {
        let sql = format!(
            "SELECT count(DISTINCT environment) FILTER (cost_of > 0 AND environment <> 'production') > 0 \
             AND count(*) FILTER (environment = 'production' AND cost_of <> 0) > 0 \
             FROM (SELECT environment, sum(cost) AS cost_of FROM tagged WHERE {condition} GROUP BY environment)"
        );
        self.store.query(&sql).unwrap().single().unwrap().to_string() == "true"
    }

    fn totals(&self) -> Vec<String> {
        let table = self.store.query(TOTALS).unwrap();
        let [row] = table.rows.as_slice() else {
            panic!("{} rows of totals", table.rows.len());
        };
        row.iter().map(Cell::to_string).collect()
    }
}
