//! Real bills and API answers, where the shared data is at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rust_decimal::Decimal;
use tagpol_inventory::{Import, ImportError, detect, import};

use crate::support::*;

/// Returns the path of a shared file; none, with a word about it, where it is absent.
fn shared(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if path.exists() {
        return Some(path);
    }
    println!("skipped: {name} is not at hand");
    None
}

fn import_shared(names: &[&str]) -> Option<Import> {
    let paths: Option<Vec<PathBuf>> = names.iter().map(|name| shared(name)).collect();
    Some(import(&paths?, &options(), &mut |_| {}).unwrap())
}

fn total(import: &Import) -> Decimal {
    resources(import).iter().filter_map(|r| r.monthly_cost).sum::<Decimal>()
        + import.counts().unattributed_cost.unwrap()
}

/// Sums a bill with nothing but the `csv` crate: ids, charges without id, total cost.
fn sum_by_hand(name: &str) -> Option<(BTreeSet<String>, u64, Decimal)> {
    let mut text = Vec::new();
    let file = std::fs::File::open(shared(name)?).unwrap();
    let mut reader: Box<dyn std::io::Read> =
        if name.ends_with(".gz") { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    reader.read_to_end(&mut text).unwrap();
    let (mut ids, mut unattributed, mut cost) = (BTreeSet::new(), 0, Decimal::ZERO);
    for row in csv::Reader::from_reader(&text[..]).deserialize::<BTreeMap<String, String>>() {
        let row = row.unwrap();
        cost += decimal(&row["EffectiveCost"]);
        match row["ResourceId"].as_str() {
            "" | "NULL" => unattributed += 1,
            id => drop(ids.insert(id.to_owned())),
        }
    }
    Some((ids, unattributed, cost))
}

#[test]
fn the_focus_1_0_sample() {
    let name = "billing/focus_1_0_sample_1000.csv";
    let (Some(import), Some((ids, unattributed, cost))) = (import_shared(&[name]), sum_by_hand(name)) else {
        return;
    };
    assert_eq!(rejects(&import), Vec::<String>::new());
    assert_eq!(resources(&import).into_iter().map(|r| r.id).collect::<BTreeSet<_>>(), ids);
    assert_eq!((import.counts().rows, import.counts().unattributed_rows), (1000, unattributed));
    assert_eq!(total(&import), cost, "all charges of the sample are in one month");
    let month = import.month().unwrap();
    assert_eq!((month.month.to_string(), month.whole), ("2024-09".to_owned(), true));
    assert_eq!(import.sources()[0].version.as_deref(), Some("1.0"));
    let providers: BTreeSet<String> = resources(&import).into_iter().filter_map(|r| r.provider).collect();
    assert_eq!(providers.into_iter().collect::<Vec<_>>(), ["aws", "azure", "oci"]);
    assert!(
        resources(&import).iter().any(|r| r.type_.as_deref() == Some("microsoft.storage/storageaccounts"))
    );
    assert!(
        resources(&import).iter().any(|r| r.tags.iter().any(|(key, _)| key == " org")),
        "a key with a leading space"
    );
}

#[test]
fn three_clouds_in_one_snapshot() {
    let names =
        ["aws", "azure", "gcp"].map(|cloud| format!("synthetic/focus_1_2_generated_{cloud}_1500.csv.gz"));
    let Some(import) = import_shared(&names.each_ref().map(String::as_str)) else {
        return;
    };
    let sums: Vec<_> = names.iter().filter_map(|name| sum_by_hand(name)).collect();
    assert_eq!(import.counts().resources as usize, sums.iter().map(|(ids, ..)| ids.len()).sum::<usize>());
    // These costs have up to 18 decimals, and a snapshot keeps 12 of each resource's sum.
    let lost = total(&import) - sums.iter().map(|(.., cost)| *cost).sum::<Decimal>();
    assert!(lost.abs() < decimal("0.0000000000005") * Decimal::from(import.counts().resources), "{lost}");
    assert!(
        import.sources().iter().all(|source| source.version.as_deref() == Some("1.2") && source.rows == 1500)
    );
    assert_eq!(rejects(&import), Vec::<String>::new());
    let types: BTreeSet<String> = resources(&import).into_iter().filter_map(|r| r.type_).collect();
    for expected in [
        "ec2:reservation",
        "microsoft.web/sites",
        "compute.googleapis.com/Instance",
        "container.googleapis.com/Cluster",
    ] {
        assert!(types.contains(expected), "{expected} in {types:?}");
    }
    let files = Files::new();
    let given = resources(&import);
    assert!(given.is_sorted_by(|a, b| a.id < b.id));
    let snapshot = import.write(&files.path("snapshots"), &mut |_| {}).unwrap();
    assert_eq!(read_back(&snapshot), given);
}

#[test]
fn recorded_tagging_answers() {
    let Some(path) = shared("raw/aws_tagging_GetResources.ndjson") else {
        return;
    };
    // The recordings are wrapped with the name of the test they are from; users have bare answers.
    let mut pages = String::new();
    let mut ids = BTreeSet::new();
    for line in std::fs::read_to_string(path).unwrap().lines() {
        let page = &serde_json::from_str::<serde_json::Value>(line).unwrap()["response"];
        ids.extend(
            page["ResourceTagMappingList"]
                .as_array()
                .unwrap()
                .iter()
                .map(|r| r["ResourceARN"].as_str().unwrap().to_owned()),
        );
        pages += &serde_json::to_string_pretty(page).unwrap();
        pages.push('\n');
    }
    let import = read("pages.json", pages).unwrap();
    assert_eq!(resources(&import).into_iter().map(|r| r.id).collect::<BTreeSet<_>>(), ids);
    assert_eq!((import.counts().rows, import.counts().rejected_rows), (609, 0));
    assert!(resources(&import).iter().all(|r| r.provider.as_deref() == Some("aws") && r.type_.is_some()));
}

#[test]
fn a_list_with_fields_of_its_own() {
    let Some(import) = import_shared(&["train/inventory_billing.ndjson"]) else {
        return;
    };
    assert_eq!(import.counts().rows, 863);
    assert_eq!(import.counts().rejected_rows, 0);
    assert!(
        resources(&import)
            .iter()
            .all(|r| { r.meta.as_deref().is_some_and(|meta| meta.contains("\"evidence\":")) })
    );
}

#[test]
fn bills_that_are_not_focus() {
    for name in [
        "aws_cur_sample.csv.gz",
        "azure_ea_sample.csv",
        "azure_ea_actualcost_small.csv",
        "azure_ea_amortizedcost_small.csv",
    ] {
        let Some(path) = shared(&format!("billing/{name}")) else {
            return;
        };
        assert!(matches!(detect(&path), Err(ImportError::ForeignBill { .. })), "{name}: {:?}", detect(&path));
    }
}
