//! Costs, compared with those of the engine.

use chrono::NaiveDate;
use tagpol_app::evaluation::cost::{Amount, CostRequest, Period};
use tagpol_app::state::{Action, Change};
use tagpol_serve_data::{CostQuery, CostReport, DataError, Filter};

use crate::shop::{NOW, Shop};

fn query(by: &[&str]) -> CostQuery {
    CostQuery { by: by.iter().map(|name| (*name).to_owned()).collect(), ..CostQuery::default() }
}

fn shown(report: &CostReport) -> String {
    let mut text = String::new();
    for part in &report.parts {
        for line in &part.lines {
            let values: Vec<&str> =
                line.values.iter().map(|value| value.as_deref().unwrap_or("(missing)")).collect();
            let period = line.period.as_deref().unwrap_or("-");
            // Amounts of the tests have two digits.
            let [own, shared] = [line.own, line.shared].map(|units| units / 10_i128.pow(16));
            text += &format!("{period} {}: {own} {shared:+} of {}\n", values.join("/"), line.resources);
        }
    }
    text
}

#[test]
fn costs_of_resources_are_those_of_the_engine() {
    let shop = Shop::new();
    shop.add_policies("allocate common {\n  from resource where resource.type == \"s3:bucket\"\n  to team in [\"shop\", \"payments\"]\n  split even\n}");
    let contents = shop.build(NOW);
    let generation = shop.open(&contents.id);
    for by in [&["team"][..], &["environment", "team"], &["resource.account", "owner"], &[]] {
        let names: Vec<String> = by.iter().map(|name| (*name).to_owned()).collect();
        shop.with_workspace(|workspace| {
            let engine = workspace.costs(&names, CostRequest::default()).unwrap();
            let report = generation.costs(&query(by), workspace.program()).unwrap();
            assert_eq!(report.parts.len(), 1);
            assert_eq!(report.parts[0].lines, engine.lines, "{by:?}");
            assert_eq!(report.parts[0].shared, engine.shared);
        });
    }
    shop.with_workspace(|workspace| {
        let by_day = CostQuery { period: Some(Period::Day), ..query(&["team"]) };
        assert!(matches!(generation.costs(&by_day, workspace.program()), Err(DataError::NoCharges)));
        let wrong =
            generation.costs(&query(&["resource.acount"]), workspace.program()).unwrap_err().to_string();
        assert_eq!(wrong, "there is no attribute `acount`; did you mean `account`?");
    });
}

#[test]
fn costs_of_charges_are_those_of_the_engine() {
    let shop = Shop::new();
    shop.add_bill();
    shop.add_policies("allocate common {\n  from charges where charge.service == \"Support\"\n  to every team\n  split proportional\n}");
    let contents = shop.build(NOW);
    let generation = shop.open(&contents.id);
    shop.with_workspace(|workspace| {
        let program = workspace.program();
        for (by, period, amount) in [
            (&["team"][..], None, Amount::Effective),
            (&["team", "charge.service"], Some(Period::Month), Amount::Billed),
            (&["environment"], Some(Period::Day), Amount::List),
        ] {
            let names: Vec<String> = by.iter().map(|name| (*name).to_owned()).collect();
            let request = CostRequest { period, amount, ..CostRequest::default() };
            let engine = workspace.costs(&names, request).unwrap();
            let report = generation.costs(&CostQuery { period, amount, ..query(by) }, program).unwrap();
            assert_eq!(report.parts[0].lines, engine.lines, "{by:?}");
            assert_eq!(report.unknown_amounts, engine.unknown_amounts);
        }
        let overlay = shop.overlay(&generation);
        let team = Change {
            action: Action::Set,
            resource: "i-1".to_owned(),
            tag: "team".to_owned(),
            value: Some("web".to_owned()),
            note: None,
        };
        shop.decide(&[team]);
        overlay.catch_up().unwrap();
        let days = Some((day("2026-10-02"), day("2026-10-31")));
        let of_web = Filter {
            tags: vec![("team".to_owned(), vec![Some("web".to_owned()), None])],
            ..Filter::default()
        };
        let all = generation.costs(&query(&["team"]), program).unwrap();
        let some = CostQuery { days, by_usage_date: true, filter: of_web, ..query(&["team"]) };
        let named = CostQuery {
            filter: Filter { q: Some("shop".to_owned()), ..Filter::default() },
            ..query(&["resource.account"])
        };
        let [some, named] = [some, named].map(|query| generation.costs(&query, program).unwrap());
        insta::assert_snapshot!(format!("{}\n{}\n{}", shown(&all), shown(&some), shown(&named)));
    });
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}
