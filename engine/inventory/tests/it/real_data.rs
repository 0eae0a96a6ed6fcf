//! Real bills and API answers, where the shared data is at hand.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rust_decimal::Decimal;
use tagpol_inventory::{Import, import};

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

/// Reads a bill with nothing but the `csv` crate: each row by the names of its columns.
fn rows_by_hand(name: &str) -> Option<Vec<BTreeMap<String, String>>> {
    let mut text = Vec::new();
    let file = std::fs::File::open(shared(name)?).unwrap();
    let mut reader: Box<dyn std::io::Read> =
        if name.ends_with(".gz") { Box::new(flate2::read::GzDecoder::new(file)) } else { Box::new(file) };
    reader.read_to_end(&mut text).unwrap();
    Some(csv::Reader::from_reader(&text[..]).deserialize().map(Result::unwrap).collect())
}

/// Sums a FOCUS bill by hand: ids, charges without id, total cost.
fn sum_by_hand(name: &str) -> Option<(BTreeSet<String>, u64, Decimal)> {
    let (mut ids, mut unattributed, mut cost) = (BTreeSet::new(), 0, Decimal::ZERO);
    for row in rows_by_hand(name)? {
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
    let lost_zeros = "1 note [account] -: accounts such as `51738928782` lost their zeros at the start and are read as `051738928782`";
    assert_eq!(rejects(&import), [lost_zeros]);
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
fn the_azure_exports() {
    for (name, column, currency, version) in [
        ("azure_ea_actualcost_small.csv", "Cost", "USD", Some("actual")),
        ("azure_ea_amortizedcost_small.csv", "Cost", "USD", Some("amortized")),
        ("azure_ea_sample.csv", "CostInBillingCurrency", "CAD", None),
    ] {
        let name = format!("billing/{name}");
        let (Some(import), Some(rows)) = (import_shared(&[&name]), rows_by_hand(&name)) else {
            return;
        };
        assert_eq!(rejects(&import), Vec::<String>::new(), "{name}");
        let sum: Decimal = rows.iter().map(|row| decimal(&row[column])).sum();
        let ids: BTreeSet<String> = rows.iter().map(|row| row["ResourceId"].to_lowercase()).collect();
        let found: BTreeSet<String> = resources(&import).iter().map(|r| r.id.to_lowercase()).collect();
        assert_eq!(found, ids, "{name}");
        // A snapshot keeps 12 decimals of each resource's sum.
        let lost = (total(&import) - sum).abs();
        assert!(lost <= decimal("0.0000000000005") * Decimal::from(ids.len()), "{name}: {lost}");
        assert_eq!((import.currency(), import.sources()[0].version.as_deref()), (Some(currency), version));
        // The tags have no braces around them here.
        let tagged: BTreeSet<String> =
            rows.iter().filter(|r| !r["Tags"].is_empty()).map(|r| r["ResourceId"].to_lowercase()).collect();
        let with_tags = resources(&import).iter().filter(|r| !r.tags.is_empty()).count();
        assert_eq!(with_tags, tagged.len(), "{name}");
        assert!(resources(&import).iter().all(|r| r.provider.as_deref() == Some("azure")));
    }
    let both = ["azure_ea_actualcost_small.csv", "azure_ea_amortizedcost_small.csv"];
    let paths: Option<Vec<PathBuf>> = both.iter().map(|name| shared(&format!("billing/{name}"))).collect();
    let error = import(&paths.unwrap(), &options(), &mut |_| {}).unwrap_err();
    assert!(error.to_string().contains("has amortized cost, but actual cost is in"), "{error}");
}

#[test]
fn the_aws_report() {
    let name = "billing/aws_cur_sample.csv.gz";
    let (Some(import), Some(rows)) = (import_shared(&[name]), rows_by_hand(name)) else {
        return;
    };
    let sum: Decimal = rows.iter().map(|row| decimal(&row["lineItem/UnblendedCost"])).sum();
    assert_eq!(total(&import), sum, "nothing in it is covered by a reservation or a plan");
    let counts = import.counts();
    assert_eq!((counts.rows, counts.unattributed_rows, counts.resources), (1281, 1281, 0));
    assert_eq!(import.month().unwrap().month.to_string(), "2023-11");
    let noted: Vec<_> = import.rejects().iter().map(|r| r.field.clone().unwrap()).collect();
    assert_eq!(noted, ["lineItem/ResourceId", "resourceTags"]);
}

/// Returns the recorded answers of a command, without the names of the tests they are from, and with
/// times as the command line writes them.
fn answers(name: &str) -> Option<Vec<serde_json::Value>> {
    fn plain_times(value: &mut serde_json::Value) {
        if value["__class__"] == "datetime" {
            let part = |name: &str| value[name].as_u64().unwrap();
            let [year, month, day] = ["year", "month", "day"].map(part);
            let [hour, minute, second] = ["hour", "minute", "second"].map(part);
            *value = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}+00:00").into();
            return;
        }
        match value {
            serde_json::Value::Array(elements) => elements.iter_mut().for_each(plain_times),
            serde_json::Value::Object(members) => members.values_mut().for_each(plain_times),
            _ => {}
        }
    }
    let text = std::fs::read_to_string(shared(&format!("raw/{name}.ndjson"))?).unwrap();
    let answer = |line: &str| {
        let mut answer = serde_json::from_str::<serde_json::Value>(line).unwrap()["response"].take();
        plain_times(&mut answer);
        answer
    };
    Some(text.lines().map(answer).collect())
}

/// Imports answers, one after the other.
fn import_answers(answers: &[serde_json::Value]) -> Import {
    let text: String = answers.iter().map(|answer| format!("{answer:#}\n")).collect();
    read("answers.json", text).unwrap()
}

/// Returns the elements of a list of all answers.
fn elements<'a>(answers: &'a [serde_json::Value], list: &str) -> Vec<&'a serde_json::Value> {
    answers.iter().filter_map(|answer| answer[list].as_array()).flatten().collect()
}

#[test]
fn recorded_answers_of_describe_commands() {
    let lists = [
        ("aws_ec2_DescribeVolumes", "Volumes", "VolumeId", "Tags"),
        ("aws_rds_DescribeDBInstances", "DBInstances", "DBInstanceArn", "TagList"),
        ("aws_autoscaling_DescribeAutoScalingGroups", "AutoScalingGroups", "AutoScalingGroupARN", "Tags"),
        ("aws_elasticloadbalancing_DescribeTags", "TagDescriptions", "ResourceArn", "Tags"),
    ];
    for (name, list, id, tags) in lists {
        let Some(answers) = answers(name) else { return };
        let import = import_answers(&answers);
        let elements = elements(&answers, list);
        assert_eq!(import.counts().rows, elements.len() as u64, "{name}");
        let named = |element: &&&serde_json::Value| element[id].is_string();
        let ids: BTreeSet<&str> = elements.iter().filter(named).map(|e| e[id].as_str().unwrap()).collect();
        let found = resources(&import);
        let matched = found.iter().filter(|r| ids.contains(r.id.as_str())).count();
        assert_eq!(matched, ids.len(), "{name}");
        // Every key of every answer is there.
        let keys: BTreeSet<&str> = elements
            .iter()
            .filter_map(|element| element[tags].as_array())
            .flatten()
            .map(|tag| tag["Key"].as_str().unwrap())
            .collect();
        let found: BTreeSet<&str> = found.iter().flat_map(|r| &r.tags).map(|(key, _)| key.as_str()).collect();
        assert_eq!(found, keys, "{name}");
        // Two database instances have no ARN, and some times were anonymised away.
        let is_nameless = |e: &&&serde_json::Value| !e[id].is_string() && !e["LoadBalancerName"].is_string();
        let nameless = elements.iter().filter(is_nameless).count() as u64;
        assert_eq!(import.counts().rejected_rows, nameless, "{name}");
        let fields: BTreeSet<&str> = import.rejects().iter().filter_map(|r| r.field.as_deref()).collect();
        assert!(fields.is_subset(&BTreeSet::from(["created", "id"])), "{name}: {:?}", rejects(&import));
    }
}

#[test]
fn recorded_instances() {
    let Some(answers) = answers("aws_ec2_DescribeInstances") else { return };
    let import = import_answers(&answers);
    let mut ids = BTreeSet::new();
    let mut rows = 0;
    for reservation in elements(&answers, "Reservations") {
        let owner = reservation["OwnerId"].as_str().filter(|owner| !owner.is_empty());
        for instance in reservation["Instances"].as_array().unwrap() {
            rows += 1;
            let id = instance["InstanceId"].as_str().unwrap();
            let zone = instance["Placement"]["AvailabilityZone"].as_str();
            ids.insert(match (owner, zone) {
                (Some(owner), Some(zone)) => {
                    let region = &zone[..zone.len() - 1];
                    format!("arn:aws:ec2:{region}:{owner}:instance/{id}")
                }
                _ => id.to_owned(),
            });
        }
    }
    let found: BTreeSet<String> = resources(&import).into_iter().map(|r| r.id).collect();
    // An instance that is recorded with and without its account is one.
    assert!(found.is_subset(&ids), "{:?}", found.difference(&ids).collect::<Vec<_>>());
    let bare = |id: &&String| !found.contains(*id);
    for id in ids.iter().filter(bare) {
        assert!(found.iter().any(|arn| arn.ends_with(&format!("/{id}"))), "{id}");
    }
    assert_eq!(import.counts().rows, rows);
    assert!(resources(&import).iter().all(|r| r.type_.as_deref() == Some("ec2:instance")));
}

#[test]
fn recorded_answers_of_config() {
    let Some(answers) = answers("aws_config_SelectResourceConfig") else { return };
    let import = import_answers(&answers);
    let items: Vec<serde_json::Value> = elements(&answers, "Results")
        .into_iter()
        .map(|result| serde_json::from_str(result.as_str().unwrap()).unwrap())
        .collect();
    assert_eq!(import.counts().rows, items.len() as u64);
    let id = |item: &serde_json::Value| {
        let named = ["arn", "ARN", "resourceId"].into_iter().find_map(|name| item[name].as_str());
        named.map(str::to_owned)
    };
    let ids: BTreeSet<String> = items.iter().filter_map(id).collect();
    let found: BTreeSet<String> = resources(&import).into_iter().map(|r| r.id).collect();
    assert_eq!(found, ids);
    assert_eq!(import.counts().rejected_rows, items.iter().filter(|item| id(item).is_none()).count() as u64);
}
