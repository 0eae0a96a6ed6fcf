//! Bills as JSON, and those of other kinds than FOCUS and the reports of AWS and Azure.

use tagpol_inventory::{Format, Import, ImportError, ImportOptions, detect, import};

use crate::support::*;

/// Returns the resources of a bill, each as `id cost key=value …`.
fn billed(import: &Import) -> Vec<String> {
    let line = |resource: tagpol_inventory::Resource| {
        let tags = resource.tags.iter().map(|(key, value)| format!(" {key}={value}"));
        format!("{} {}{}", resource.id, resource.monthly_cost.unwrap(), tags.collect::<String>())
    };
    resources(import).into_iter().map(line).collect()
}

/// Three charges as BigQuery exports them: what is null is left out, and tags are nested in several ways.
const FOCUS_LINES: &str = r#"{"BilledCost":"1.5","EffectiveCost":1.10,"BillingCurrency":"EUR","ChargePeriodStart":"2026-10-01 00:00:00 UTC","ChargePeriodEnd":"2026-11-01 00:00:00 UTC","ProviderName":"Google Cloud","SubAccountId":"shop","Tags":[]}
{"BilledCost":"2","EffectiveCost":"2.2e0","BillingCurrency":"EUR","ChargePeriodStart":"2026-10-01T00:00:00Z","ChargePeriodEnd":"2026-11-01T00:00:00Z","ProviderName":"Google Cloud","SubAccountId":"shop","ResourceId":"r-1","ChargeCategory":"Usage","Tags":[{"key":"team","value":"web"},{"key":"valueless"}]}
{"BilledCost":3,"EffectiveCost":3.3,"BillingCurrency":"EUR","ChargePeriodStart":"2026-10-02T00:00:00Z","ChargePeriodEnd":"2026-11-01T00:00:00Z","ProviderName":"Google Cloud","SubAccountId":"shop","ResourceId":"r-2","Tags":{"team":"data","n":7,"gone":null}}
{"BilledCost":4,"EffectiveCost":4.4,"BillingCurrency":"EUR","ChargePeriodStart":"2026-10-03T00:00:00Z","ChargePeriodEnd":"2026-11-01T00:00:00Z","ProviderName":"Google Cloud","SubAccountId":"shop","ResourceId":"r-3","Tags":"{\"team\":\"lab\"}"}
"#;

#[test]
fn focus_as_json() {
    let array = format!("[{}]", FOCUS_LINES.trim_end().replace('\n', ",\n  "));
    for (name, content) in [("bill.ndjson", FOCUS_LINES), ("bill.json", &array), ("export", FOCUS_LINES)] {
        let files = Files::new();
        let path = files.add(&format!("{name}.gz"), gzip(content));
        assert_eq!(detect(&path).unwrap(), Format::FocusJson, "{name}");
        let import = import(&[path], &options(), &mut |_| {}).unwrap();
        let expected = ["r-1 2.2 team=web valueless=", "r-2 3.3 n=7 team=data", "r-3 4.4 team=lab"];
        assert_eq!(billed(&import), expected, "{name}");
        assert_eq!(import.counts().unattributed_cost, Some(decimal("1.1")));
        assert_eq!((import.currency(), import.counts().rows), (Some("EUR"), 4));
        assert_eq!(resources(&import)[0].account.as_deref(), Some("shop"));
        assert_eq!(resources(&import)[0].provider.as_deref(), Some("gcp"));
        assert_eq!(rejects(&import), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn columns_appear_at_any_charge_of_json() {
    let charge = |more: &str| {
        format!(
            r#"{{"EffectiveCost":1,"BillingCurrency":"USD","ChargePeriodStart":"2026-10-31","ServiceName":"x"{more}}}"#
        )
    };
    // Beyond what the detection of the format looks at.
    let many = format!("{}\n", charge("")).repeat(2_000);
    let last = charge(r#","ResourceId":"r-1","Tags":{"team":"web"},"RegionId":"eu-west-1""#);
    let import = read("bill.ndjson", format!("{many}{last}")).unwrap();
    assert_eq!(billed(&import), ["r-1 1 team=web"]);
    assert_eq!(only(&import).region.as_deref(), Some("eu-west-1"));
    assert_eq!(import.counts().unattributed_rows, 2_000);
    assert_eq!(rejects(&import), Vec::<String>::new());

    let none = read("bill.ndjson", charge("")).unwrap();
    let notes = [
        "1 note [ResourceId] -: no charge of the file has a resource",
        "1 note [Tags] -: no charge of the file has tags",
    ];
    assert_eq!(rejects(&none), notes);
}

#[test]
fn charges_of_json_that_cannot_be_read() {
    let charge = |more: &str| {
        format!(r#"{{"EffectiveCost":1,"BillingCurrency":"USD","ChargePeriodEnd":null,"Tags":null,{more}}}"#)
    };
    let lines = [
        charge(r#""ChargePeriodStart":"2026-10-31","ResourceId":"r-1""#),
        charge(r#""ChargePeriodStart":"soon","ResourceId":"r-2""#),
        charge(r#""ResourceId":"r-3""#),
        charge(r#""ChargePeriodStart":"2026-10-31","ResourceId":"r-4","EffectiveCost":"five","Tags":7"#),
        charge(r#""ChargePeriodStart":"2026-10-31","ResourceId":"\ud800""#),
        r#"{"EffectiveCost":}"#.to_owned(),
        "[7]".to_owned(),
    ];
    let import = read("bill.ndjson", lines.join("\n")).unwrap();
    assert_eq!(billed(&import), ["r-1 1", "r-4 0"]);
    assert_eq!(
        rejects(&import),
        [
            "2 row [ChargePeriodStart] -: its `ChargePeriodStart` is not a time such as `2026-09-01T00:00:00Z`: `soon`",
            "3 row [ChargePeriodStart] -: its `ChargePeriodStart` is not a time",
            "4 value [EffectiveCost] : the member occurs twice; the later value is used",
            "4 value [EffectiveCost] r-4: expected a number; the charge counts as 0",
            "4 value [Tags] r-4: the tags are not a JSON object; the charge is counted without tags",
            "5 row -: its id is not valid UTF-8 and does not identify a resource",
            "6:18 row -: it is not valid JSON: expected value",
            "7:2 row -: it is not a JSON object: invalid type: integer `7`, expected a JSON object",
        ]
    );
    let lacks =
        read("bill.json", r#"[{"EffectiveCost":1,"ChargePeriodStart":"2026-10-31","ServiceCategory":""}]"#);
    assert!(
        matches!(&lacks, Err(ImportError::MissingColumns { columns, .. }) if columns == &["BillingCurrency"]),
        "{lacks:?}"
    );
    let cut = read("bill.ndjson", &FOCUS_LINES[..FOCUS_LINES.len() - 20]);
    assert!(matches!(cut, Err(ImportError::Truncated { line: 4, .. })), "{cut:?}");
    let wide: String = (0..2_500).map(|i| format!(r#""x_{i}":1,"#)).collect();
    let wide = charge(&format!(r#"{wide}"ChargePeriodStart":"2026-10-31""#));
    assert!(matches!(read("bill.ndjson", wide), Err(ImportError::TooLarge { .. })));
    let strict = ImportOptions { strict: true, ..options() };
    assert!(matches!(read_with("bill.ndjson", lines.join("\n"), &strict), Err(ImportError::Strict { .. })));
}
