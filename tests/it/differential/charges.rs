//! Charges: what each tag's values cost, by the database and by the reference.
//!
//! The resources of a case are billed, some charges without a resource. The subjects that the import makes of the bill
//! are read back as rows, which the reference evaluates one by one; costs are then added up by hand.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use tagpol_eval::cost::{CostRequest, Dimension, SCALE, costs};
use tagpol_eval::{Distinct, GoalResult, Measured, RunError};
use tagpol_interp::{Charge, Options, Row, RowResult, evaluate};
use tagpol_inventory::{Format, ImportOptions, Snapshot, import};
use tagpol_sema::formats::trim;
use tagpol_sema::program::{Goal, Measure, Program, TagId, TagType};
use tagpol_session::{Cell, Decimal, Store, StoreOptions};
use tempfile::TempDir;

use super::Case;
use super::inventories::Table;

/// What each value of a tag costs, in units.
type Sums = BTreeMap<Option<String>, i128>;

/// Compares the costs of a case by each of its tags. Returns whether there was something to compare: a text of the
/// program may be longer than allowed.
///
/// # Errors
/// The first tag whose values cost something else, as text.
pub(super) fn compare(case: &Case, folder: &TempDir) -> Result<bool, String> {
    let (program, tables) = with_tables(case, folder.path());
    let snapshot = billed(case, folder.path())?;
    let options = super::database::options(case, Distinct::Large);
    let (rows, amounts) = subjects(&snapshot);
    let reference = Options {
        tables,
        overlays: Default::default(),
        currency: Some("USD".to_owned()),
        ..case.options.clone()
    };
    let results = evaluate(&program, &rows, &reference);
    for (at, tag) in program.tags.iter().enumerate() {
        let id = TagId(u32::try_from(at).map_err(|e| e.to_string())?);
        let request = CostRequest { by: vec![Dimension::Tag(id)], ..CostRequest::default() };
        let found = match costs(&program, &snapshot, &options, &request) {
            Ok(found) => found,
            Err(RunError::TextTooLong(_)) => return Ok(false),
            Err(error) => return Err(error.to_string()),
        };
        let mut expected = Sums::new();
        for (result, amount) in results.iter().zip(&amounts) {
            *expected.entry(result.tags[at].value.clone()).or_default() += amount;
        }
        let found: Sums = found.lines.iter().map(|line| (line.values[0].clone(), line.own)).collect();
        if found != expected {
            return Err(format!("costs by `{}`: {found:?}, by hand {expected:?}\n{rows:?}", tag.name));
        }
    }
    // Policies are about resources, and compared with another inventory.
    let mut goals_only = program.clone();
    goals_only.retain_policies(|_| false);
    let goals = match tagpol_eval::evaluate(&goals_only, &snapshot, &options) {
        Ok(evaluation) => evaluation.goals,
        Err(RunError::TextTooLong(_)) => return Ok(false),
        Err(error) => return Err(error.to_string()),
    };
    for (at, (goal, found)) in program.goals.iter().zip(&goals).enumerate() {
        if goal.by() == Measure::Cost {
            compare_goal((at, goal), found, &rows, (&results, &amounts))?;
        }
    }
    std::fs::remove_dir_all(snapshot.dir()).map_err(|e| e.to_string())?;
    Ok(true)
}

/// Compares what a goal by cost measures of charges, in all and by value, with sums by hand.
fn compare_goal(
    (at, goal): (usize, &Goal),
    found: &GoalResult,
    rows: &[Row],
    (results, amounts): (&[RowResult], &[i128]),
) -> Result<(), String> {
    let is_budget = goal.tags().is_empty();
    let mut expected: BTreeMap<Option<String>, [i128; 2]> = BTreeMap::new();
    let mut all = [0; 2];
    for ((row, result), amount) in rows.iter().zip(results).zip(amounts) {
        let (in_scope, covered) = result.goals[at];
        if !in_scope {
            continue;
        }
        // The costs of a case are never credits.
        assert!(*amount >= 0, "a credit of {amount}");
        let costs = [*amount, if covered { *amount } else { 0 }];
        let value = goal.each.and_then(|each| super::database::value_of(each, row, result));
        let sums = expected.entry(value).or_default();
        for ((sum, total), cost) in sums.iter_mut().zip(&mut all).zip(costs) {
            *sum += cost;
            *total += cost;
        }
    }
    let costs = |measured: &Measured| {
        let units = |cost: Option<Decimal>| cost.map_or(0, |cost| cost.unscaled);
        [units(measured.cost), units(if is_budget { measured.cost } else { measured.covered_cost })]
    };
    let groups: BTreeMap<Option<String>, [i128; 2]> =
        found.groups.iter().map(|group| (group.value.clone(), costs(&group.measured))).collect();
    let is_right = match goal.each {
        Some(_) => groups == expected,
        None => groups.is_empty(),
    };
    if is_right && costs(&found.all) == all {
        return Ok(());
    }
    Err(format!("goal {at}: {all:?} and {expected:?} by hand, not {found:?}\n{rows:?}"))
}

/// Bills the resources of a case: each with a charge, and with one that names nothing but the account.
pub(super) fn billed(case: &Case, folder: &Path) -> Result<Snapshot, String> {
    let mut bill = "BillingCurrency,BillingPeriodStart,BillingPeriodEnd,ChargePeriodStart,ChargePeriodEnd,EffectiveCost,\
                    ProviderName,SubAccountId,RegionId,ResourceId,ResourceName,ServiceName,ChargeCategory,BillingAccountId,\
                    Tags\n"
        .to_owned();
    for (at, row) in case.resources.iter().enumerate() {
        let tags: serde_json::Map<String, serde_json::Value> =
            row.tags.iter().map(|(key, value)| (key.clone(), value.as_str().into())).collect();
        let tags = serde_json::Value::from(tags).to_string();
        let text = |text: &Option<String>| quoted(text.as_deref().unwrap_or_default());
        let (provider, account) =
            (row.provider.as_deref().filter(|name| !name.is_empty()), text(&row.account));
        let (provider, region) = (quoted(provider.unwrap_or("AWS")), text(&row.region));
        for (resource, name, cost) in [(row.id.as_str(), text(&row.name), at), ("", String::new(), 1000 + at)]
        {
            let day = 1 + at % 31;
            let service = ["EC2", "S3", ""][at % 3];
            let category = ["Usage", "Tax", "Purchase"][cost % 3];
            let payer = ["999", ""][at % 2];
            let _ = writeln!(
                bill,
                "USD,2026-10-01,2026-11-01,2026-10-{day:02},2026-11-01,{cost}.25,{provider},{account},{region},{},{name},{service},{category},{payer},{}",
                quoted(resource),
                quoted(&tags)
            );
        }
    }
    let path = folder.join("bill.csv");
    std::fs::write(&path, bill).map_err(|e| e.to_string())?;
    // Texts that no file of a person has are not recognized as text.
    let options = ImportOptions { format: Some(Format::FocusCsv), ..ImportOptions::at(case.options.now) };
    let import = import(&[path], &options, &mut |_| {}).map_err(|e| e.to_string())?;
    import.write(&folder.join("snapshots"), &mut |_| {}).map_err(|e| e.to_string())
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

/// Reads what charges are for, and what each costs.
fn subjects(snapshot: &Snapshot) -> (Vec<Row>, Vec<i128>) {
    let files = snapshot.database_files().into();
    let store = Store::in_memory(&StoreOptions { files, ..StoreOptions::default() }).unwrap();
    let [subjects, charges] = snapshot.charges_paths().unwrap();
    store.open_charges([&subjects, &charges], ["subjects", "charges"]).unwrap();
    let sql = "SELECT id, name, type, provider, account, region, source, meta, \
               CAST(to_json(tags) AS VARCHAR) AS tags, \
               (SELECT sum(effective) FROM charges c WHERE c.subject = s.subject) AS cost, \
               CAST(monthly_cost AS VARCHAR) AS monthly_cost, service, category, billing_account \
               FROM subjects s ORDER BY subject";
    let row = |cells: Vec<Cell>| {
        let text = |at: usize| cells[at].as_text().map(str::to_owned);
        let tags: BTreeMap<String, String> = serde_json::from_str(&text(8).unwrap()).unwrap();
        let cost = cells[9].as_decimal().unwrap();
        assert_eq!(cost.scale, SCALE);
        let row = Row {
            id: text(0).unwrap_or_default(),
            name: text(1),
            type_: text(2),
            provider: text(3),
            account: text(4),
            region: text(5),
            source: text(6),
            created: None,
            monthly_cost: text(10).map(|cost| cost.parse().unwrap()),
            meta: text(7),
            tags: tags.into_iter().collect(),
            charge: Some(Charge { service: text(11), category: text(12), billing_account: text(13) }),
            ..Row::default()
        };
        (row, cost.unscaled)
    };
    store.query(sql).unwrap().rows.into_iter().map(row).unzip()
}

/// Writes the tables of a case as files that the program names, with what is left of their cells once they are read.
pub(super) fn with_tables(case: &Case, folder: &Path) -> (Program, Vec<Table>) {
    let (mut program, mut tables) = (case.program.clone(), Vec::new());
    for (at, (table, rows)) in program.tables.iter_mut().zip(&case.options.tables).enumerate() {
        let path = folder.join(format!("table{at}.csv"));
        table.path = path.to_str().unwrap().to_owned();
        table.columns.iter_mut().for_each(|column| column.ty = TagType::Text);
        let headings: Vec<String> = table.columns.iter().map(|column| quoted(&column.heading)).collect();
        let mut text = format!("{}\n", headings.join(","));
        let mut kept = Table::new();
        for cells in rows.values() {
            let read = |cell: &Option<String>| {
                let cell = trim(cell.as_deref().unwrap_or_default());
                // No file of a person is taken for text if it has such bytes.
                (!cell.is_empty() && !cell.contains('\0')).then(|| cell.to_owned())
            };
            let cells: Vec<Option<String>> = cells.iter().map(read).collect();
            let Some(key) = cells[table.key].clone().filter(|key| !kept.contains_key(key)) else { continue };
            let line: Vec<String> =
                cells.iter().map(|cell| quoted(cell.as_deref().unwrap_or_default())).collect();
            let _ = writeln!(text, "{}", line.join(","));
            kept.insert(key, cells);
        }
        std::fs::write(&path, text).unwrap();
        tables.push(kept);
    }
    (program, tables)
}
