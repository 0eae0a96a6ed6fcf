//! Importing a bill and summing it up by a tag, compared with DuckDB on the same file.
//!
//! A day of hourly lines is the worst that a bill is made of: nothing but the hour distinguishes them. Here a line in
//! four is of another hour of the same day, as in exports of AWS.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use tagpol_eval::Options;
use tagpol_eval::cost::{CostRequest, Dimension, SCALE, costs};
use tagpol_inventory::{ImportOptions, Snapshot, import};
use tagpol_sema::Database;
use tagpol_sema::program::TagId;
use tagpol_session::{Decimal, Store, StoreOptions};

use crate::measure::{Aim, Table, load_average, median};

const POLICIES: &str = "tag team: text\n";

/// Measures a bill of so many charges.
pub(crate) fn measure(charges: u64, folder: &Path, repeats: usize) {
    println!("{charges} charges, load {} before", load_average());
    let bill = bill(folder, charges);
    let parquet = folder.join("bill.parquet");
    let mut table = Table::default();
    let options = StoreOptions {
        files: vec![bill.clone(), parquet.clone()],
        folders: vec![folder.to_owned()],
        ..StoreOptions::default()
    };
    let store = Store::in_memory(&options).expect("a database");
    let (from, to) = (bill.display(), parquet.display());
    let copy = format!(
        "COPY (SELECT * FROM read_csv('{from}', all_varchar = true, header = true)) TO '{to}' (FORMAT parquet, COMPRESSION zstd)"
    );
    let ((), read) = median(repeats.min(3), || store.execute(&copy).expect("the bill as Parquet"));
    table.reference(read);
    table.add("DuckDB: the bill into Parquet", read, None);
    let imported = || imported(&bill, folder);
    let (snapshot, time) = median(repeats.min(3), imported);
    table.add("tagpol: the bill into a snapshot", time, Some(Aim::Times(1.5)));
    let by_hand = format!(
        "SELECT json_extract_string(Tags, '$.team') AS team, sum(CAST(EffectiveCost AS DECIMAL(38, 12))) AS cost \
         FROM read_parquet('{to}') GROUP BY team ORDER BY team NULLS LAST"
    );
    let (expected, hand) = median(repeats, || {
        let rows = store.query(&by_hand).expect("the query by hand").rows;
        rows.iter().filter_map(|row| row.get(1).map(ToString::to_string)).collect::<Vec<_>>()
    });
    table.add("hand-written SQL: cost by a tag", hand, None);
    let program = program();
    let request = CostRequest { by: vec![Dimension::Tag(TagId(0))], ..CostRequest::default() };
    let (mut found, time) = median(repeats, || {
        let found = costs(&program, &snapshot, &Options::at(now()), &request).expect("the costs");
        found.lines.into_iter().map(|line| (line.values, line.own)).collect::<Vec<_>>()
    });
    found.sort_by_key(|(values, _)| {
        values.first().cloned().flatten().map_or((true, String::new()), |team| (false, team))
    });
    let exact = |(_, own): &(Vec<Option<String>>, i128)| Decimal { unscaled: *own, scale: SCALE }.to_string();
    assert_eq!(found.iter().map(exact).collect::<Vec<_>>(), expected, "costs by team");
    table.add_beside("tagpol: cost by a tag", time, ("by hand", hand), Aim::Times(2.0));
    println!("all agree: {} teams\n\n{table}\nload {} after", expected.len(), load_average());
}

fn imported(bill: &Path, folder: &Path) -> Snapshot {
    let read = import(&[bill.to_owned()], &ImportOptions::at(now()), &mut |_| {}).expect("the bill");
    read.write(&folder.join("snapshots"), &mut |_| {}).expect("room for the snapshot")
}

fn program() -> std::sync::Arc<tagpol_sema::program::Program> {
    let db = Database::default();
    let project = db.project(vec![("p.tagpol".to_owned(), POLICIES.to_owned())]);
    tagpol_sema::analysis(&db, project).program.clone()
}

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_793_491_200, 0).expect("a time")
}

/// Returns the bill, made unless it is there already.
fn bill(folder: &Path, charges: u64) -> PathBuf {
    let path = folder.join(format!("bill-{charges}.csv"));
    if !path.is_file() {
        let file = File::create(&path).expect("the bill's file");
        write(charges, BufWriter::with_capacity(1 << 20, file)).expect("room for the bill");
    }
    path
}

/// Writes a FOCUS bill of a month: one resource for a hundred lines, a line in twenty without a resource, a team in
/// eight of ten.
fn write(charges: u64, mut out: impl Write) -> io::Result<()> {
    writeln!(
        out,
        "BilledCost,BillingAccountId,BillingCurrency,BillingPeriodEnd,BillingPeriodStart,ChargeCategory,ChargeClass,\
         ChargeDescription,ChargePeriodEnd,ChargePeriodStart,ContractedCost,EffectiveCost,InvoiceIssuerName,ListCost,\
         PricingQuantity,ProviderName,RegionId,ResourceId,ResourceName,ResourceType,ServiceCategory,ServiceName,SkuId,\
         SubAccountId,Tags"
    )?;
    let resources = (charges / 100).max(1);
    for line in 0..charges {
        let number = line.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 24;
        let resource = number % resources;
        let (day, hour) = (1 + (number / resources) % 30, line % 4);
        let account = 111_122_220_000 + resource % 40;
        let (id, name) = match number % 20 {
            0 => (String::new(), String::new()),
            _ => (
                format!("arn:aws:ec2:eu-west-1:{account}:instance/i-{resource:017x}"),
                format!("node-{resource}"),
            ),
        };
        let tags = match resource % 10 {
            0 | 1 => String::new(),
            other => format!(
                "\"{{\"\"team\"\":\"\"team-{}\"\",\"\"environment\"\":\"\"{}\"\",\"\"app\"\":\"\"app-{}\"\"}}\"",
                resource % 97,
                if other < 6 { "production" } else { "staging" },
                resource % 400
            ),
        };
        let cost = number % 100_000;
        let cost = format!("{}.{:06}", cost / 10_000, cost * 97 % 1_000_000);
        writeln!(
            out,
            "{cost},999900001111,USD,2026-11-01T00:00:00Z,2026-10-01T00:00:00Z,Usage,,Hours of an instance,\
             2026-10-{day:02}T{hour:02}:59:59Z,2026-10-{day:02}T{hour:02}:00:00Z,{cost},{cost},AWS,{cost},1,AWS,eu-west-1,{id},\
             {name},Instance,Compute,Amazon Elastic Compute Cloud,SKU{},{account},{tags}",
            resource % 50
        )?;
    }
    out.flush()
}
