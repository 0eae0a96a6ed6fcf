//! Bills and inventories in one snapshot: what matches, whose word counts, and that no cost is lost
//! or counted twice.

use proptest::prelude::*;
use rust_decimal::Decimal;
use tagpol_inventory::{Import, ImportError, ImportOptions, Orphan, Side, import};

use crate::support::*;

/// Imports files of these names and contents together.
fn together(given: &[(&str, String)]) -> Result<Import, ImportError> {
    let files = Files::new();
    let paths: Vec<_> = given.iter().map(|(name, content)| files.add(name, content)).collect();
    import(&paths, &options(), &mut |_| {})
}

fn of_fixtures(names: &[&str]) -> Import {
    let paths: Vec<_> = names.iter().map(|name| fixtures().join(name)).collect();
    import(&paths, &options(), &mut |_| {}).unwrap()
}

/// Returns the cost of all resources and of the charges without one.
fn total(import: &Import) -> Decimal {
    let costs = import.resources().filter_map(|resource| resource.monthly_cost);
    costs.sum::<Decimal>() + import.counts().unattributed_cost.unwrap_or_default()
}

fn focus(rows: &[(&str, &str, &str)]) -> String {
    let mut text =
        "ResourceId,ProviderName,ChargePeriodStart,BillingCurrency,EffectiveCost,Tags\n".to_owned();
    for (id, cost, tags) in rows {
        text += &format!("{id},AWS,2026-09-30,USD,{cost},\"{}\"\n", tags.replace('"', "\"\""));
    }
    text
}

#[test]
fn azure_ids_match_without_case() {
    let import = of_fixtures(&["azure_cost.csv", "azure_graph.json"]);
    let matches = import.counts().matches.unwrap();
    assert_eq!((matches.both, matches.bill_only, matches.inventory_only), (1, 1, 1));
    assert_eq!(matches.bill_only_cost, decimal("0.001"));
    assert_eq!(total(&import), decimal("30.751"));
    let web = import.resources().find(|r| r.name.as_deref() == Some("web-01")).unwrap();
    assert!(web.id.contains("/rg-Web/"), "the inventory's spelling stands: {}", web.id);
    assert_eq!((web.monthly_cost, web.region.as_deref()), (Some(decimal("1.75")), Some("eastus2")));
    // `environment` of the bill is `Environment` of the inventory; `team` only the bill knows.
    assert_eq!(tags(&web), [("Environment", "Production"), ("owner", ""), ("team", "shop")]);
    assert_eq!(web.source.as_deref(), Some("azure-resources"));
}

#[test]
fn bare_ids_of_a_report_match_arns() {
    let import = of_fixtures(&["cur_legacy.csv", "aws_config_snapshot.json"]);
    // The report charges the instance to another account than the inventory's: they are two.
    assert_eq!(import.counts().matches.unwrap().both, 0);
    let config = std::fs::read_to_string(fixtures().join("aws_config_snapshot.json")).unwrap();
    let report = std::fs::read_to_string(fixtures().join("cur_legacy.csv")).unwrap();
    let config = config.replace("111122223333", "444455556666");
    for files in [
        [("cur.csv", report.clone()), ("config.json", config.clone())],
        [("config.json", config.clone()), ("cur.csv", report.clone())],
    ] {
        let import = together(&files).unwrap();
        let matches = import.counts().matches.unwrap();
        assert_eq!((matches.both, matches.inventory_only), (1, 1));
        assert_eq!(total(&import), decimal("7.85"));
        let web = import.resources().find(|r| r.name.as_deref() == Some("web")).unwrap();
        assert_eq!(web.id, "arn:aws:ec2:eu-west-1:444455556666:instance/i-0a1b2c3d4e5f67890");
        assert_eq!(web.monthly_cost, Some(decimal("1.85")));
        assert_eq!(
            tags(&web),
            [
                ("Environment", "prod"),
                ("Name", "web"),
                ("Owner", "jane@example.com"),
                ("aws:createdBy", "Root:1")
            ]
        );
    }
}

#[test]
fn what_is_billed_under_two_ids_of_one_resource_adds_up() {
    let arn = "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c3d4e5f67890";
    let bill = focus(&[("i-0a1b2c3d4e5f67890", "1.25", ""), (arn, "0.5", r#"{"env":"dev"}"#)]);
    let list = "{\"id\":\"i-0a1b2c3d4e5f67890\",\"tags\":{\"Env\":\"prod\"}}\n".to_owned();
    let import = together(&[("bill.csv", bill), ("list.ndjson", list)]).unwrap();
    let instance = only(&import);
    assert_eq!((instance.id.as_str(), instance.monthly_cost), (arn, Some(decimal("1.75"))));
    assert_eq!(tags(&instance), [("Env", "prod")]);
    assert_eq!(import.counts().matches.unwrap().both, 1);
}

#[test]
fn an_id_at_the_end_of_two_arns_is_neither() {
    let list = "{\"id\":\"arn:aws:ec2:eu-west-1:1:instance/i-0a1b2c3d\"}\n{\"id\":\"arn:aws:ec2:us-east-1:1:instance/i-0a1b2c3d\"}\n";
    let import =
        together(&[("bill.csv", focus(&[("i-0a1b2c3d", "1", "")])), ("list.ndjson", list.to_owned())]);
    let import = import.unwrap();
    assert_eq!(import.counts().resources, 3);
    assert_eq!(import.counts().matches.unwrap().bill_only_cost, decimal("1"));
}

#[test]
fn costs_are_those_of_the_bill() {
    let list = "{\"id\":\"a\",\"cost\":7,\"name\":\"A\"}\n{\"id\":\"c\",\"cost\":3}\n".to_owned();
    let bill = focus(&[("a", "1.5", r#"{"env":"dev"}"#), ("b", "2", ""), ("", "0.25", "")]);
    let import = together(&[("list.ndjson", list), ("bill.csv", bill)]).unwrap();
    let costs: Vec<_> = import.resources().map(|r| (r.id, r.monthly_cost.unwrap().to_string())).collect();
    let expected = [("a", "1.5"), ("b", "2"), ("c", "3")].map(|(id, cost)| (id.to_owned(), cost.to_owned()));
    assert_eq!(costs, expected);
    assert_eq!(
        rejects(&import),
        ["1 value [id] a: the resource costs 7 here and 1.5 in the bill; the bill's cost is kept"]
    );
}

#[test]
fn charges_are_never_counted_twice() {
    let bill = focus(&[("a", "1", "")]);
    let same = together(&[("a.csv", bill.clone()), ("b.csv", bill)]).unwrap_err();
    assert!(matches!(same, ImportError::SameBill { .. }), "{same}");
    assert!(same.to_string().contains("is the same bill as"), "{same}");
    // So is one that is packed, or in another order; two bills that cost the same are two.
    let bill = focus(&[("a", "1", ""), ("b", "2", "")]);
    let other = focus(&[("b", "2", ""), ("a", "1", "")]);
    let same = together(&[("a.csv", bill.clone()), ("b.csv", other)]).unwrap_err();
    assert!(matches!(same, ImportError::SameBill { .. }), "{same}");
    let other = focus(&[("a", "2", ""), ("b", "1", "")]);
    assert_eq!(total(&together(&[("a.csv", bill), ("b.csv", other)]).unwrap()), decimal("6"));
    let report = std::fs::read_to_string(fixtures().join("cur_legacy.csv")).unwrap();
    let other = focus(&[("i-0a1b2c3d4e5f67890", "1", "")]);
    let twice = together(&[("focus.csv", other), ("cur.csv", report)]).unwrap_err();
    assert!(matches!(twice, ImportError::BilledTwice { .. }), "{twice}");
    assert_eq!(twice.line(), Some(2));
    let said = "charges `i-0a1b2c3d4e5f67890` for 2026-09 as aws-cur, and an earlier bill as focus-csv";
    assert!(twice.to_string().contains(said), "{twice}");
}

#[test]
fn orphans_of_both_sides_are_in_the_snapshot() {
    let files = Files::new();
    let import = of_fixtures(&["azure_cost.csv", "azure_graph.json"]);
    let snapshot = import.write(&files.path("snapshots"), &mut |_| {}).unwrap();
    let orphans: Vec<Orphan> = snapshot.orphans().unwrap().map(Result::unwrap).collect();
    let told: Vec<_> = orphans.iter().map(|o| (o.id.rsplit('/').next().unwrap(), o.side, o.cost)).collect();
    assert_eq!(told, [("gone", Side::Bill, Some(decimal("0.001"))), ("weblogs", Side::Inventory, None)]);
    snapshot.verify().unwrap();
    assert_eq!(snapshot.manifest().counts.matches.unwrap().both, 1);
    std::fs::remove_file(snapshot.dir().join("orphans.ndjson")).unwrap();
    let error = tagpol_inventory::Snapshot::open(snapshot.dir()).unwrap_err();
    assert!(matches!(error, ImportError::Damaged { .. }), "{error}");

    let alone = of_fixtures(&["azure_graph.json"]).write(&files.path("snapshots"), &mut |_| {}).unwrap();
    assert_eq!(alone.orphans().unwrap().count(), 0);
    assert_eq!(alone.manifest().counts.matches, None);
}

#[test]
fn a_list_in_another_currency_than_was_asked_for_is_refused() {
    let asked = ImportOptions { currency: Some("EUR".to_owned()), ..options() };
    let list = "id,monthly_cost,currency\na,1,USD\n";
    let error = read_with("list.csv", list, &asked).unwrap_err();
    assert!(error.to_string().ends_with("has costs in USD, but the requested currency is EUR"), "{error}");
    assert!(error.help().unwrap().starts_with("omit the currency"));
}

/// Ids that join in ways of their own: exactly, without case, and bare with ARNs.
const IDS: [&str; 6] = [
    "a",
    "arn:aws:s3:::logs",
    "/subscriptions/s/resourceGroups/g/providers/M.X/y/z",
    "/SUBSCRIPTIONS/s/resourcegroups/G/providers/m.x/y/z",
    "i-0a1b2c3d4e5f67890",
    "arn:aws:ec2:eu-west-1:111122223333:instance/i-0a1b2c3d4e5f67890",
];

proptest! {
    /// Whatever charges and resources there are, in whatever order: the costs add up to the bill,
    /// each resource is on the sides that have it, and the same files give the same inventory.
    #[test]
    fn no_cost_is_lost_or_doubled(
        charges in prop::collection::vec((0..7_usize, -1000..100_000_i64), 1..20),
        listed in prop::collection::vec((0..6_usize, prop::option::of(0..9_i64)), 0..8),
        bill_first in any::<bool>(),
    ) {
        let rows: Vec<_> = charges.iter().map(|(id, cents)| {
            (*IDS.get(*id).unwrap_or(&""), Decimal::new(*cents, 2).to_string())
        }).collect();
        let rows: Vec<_> = rows.iter().map(|(id, cost)| (*id, cost.as_str(), r#"{"env":"dev"}"#)).collect();
        let list: String = listed.iter().map(|(id, _)| {
            format!("{{\"id\":\"{}\",\"tags\":{{\"Env\":\"prod\"}}}}\n", IDS[*id])
        }).collect();
        let mut files = vec![("bill.csv", focus(&rows))];
        if !list.is_empty() {
            files.push(("list.ndjson", list));
        }
        if !bill_first {
            files.reverse();
        }
        let import = together(&files).unwrap();
        let billed: Decimal = charges.iter().map(|(_, cents)| Decimal::new(*cents, 2)).sum();
        prop_assert_eq!(total(&import), billed);
        let resources = resources(&import);
        prop_assert!(resources.is_sorted_by(|a, b| a.id < b.id));
        // The ids are of four things; one is billed or listed under two spellings.
        let thing = |id: &str| id.to_lowercase().rsplit('/').next().unwrap().to_owned();
        let mut things: Vec<_> = resources.iter().map(|r| thing(&r.id)).collect();
        things.sort();
        things.dedup();
        prop_assert_eq!(things.len(), resources.len());
        if let Some(matches) = import.counts().matches {
            let sides = matches.both + matches.bill_only + matches.inventory_only;
            prop_assert_eq!(sides, import.counts().resources);
            let in_list = |id: &str| listed.iter().any(|(at, _)| thing(IDS[*at]) == thing(id));
            for resource in &resources {
                let expected: &[(&str, &str)] =
                    if in_list(&resource.id) { &[("Env", "prod")] } else { &[("env", "dev")] };
                prop_assert_eq!(tags(resource), expected);
            }
        }
        prop_assert_eq!(resources, self::resources(&together(&files).unwrap()));
    }
}
