//! FOCUS bills, as CSV and Parquet.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Decimal128Array, Float64Array, MapBuilder, RecordBatch, StringArray, StringBuilder,
    TimestampNanosecondArray,
};
use parquet::arrow::ArrowWriter;
use tagpol_inventory::{Format, Import, ImportError, ImportOptions, detect, import};

use crate::support::*;

const HEADER: &str = "ProviderName,SubAccountId,BillingAccountId,BillingCurrency,ChargePeriodStart,ChargePeriodEnd,EffectiveCost,BilledCost,ResourceId,ResourceName,ResourceType,ServiceName,RegionId,Tags";

/// Returns a bill of these rows: start, cost, resource, tags.
fn bill(rows: &[(&str, &str, &str, &str)]) -> String {
    let mut text = HEADER.to_owned();
    for (start, cost, id, tags) in rows {
        let tags = tags.replace('"', "\"\"");
        text +=
            &format!("\nAWS,1234,99,USD,{start},,{cost},7,{id},NULL,NULL,Amazon EC2,eu-west-1,\"{tags}\"");
    }
    text + "\n"
}

fn costs(import: &Import) -> Vec<(String, String)> {
    resources(import).into_iter().map(|r| (r.id, r.monthly_cost.unwrap().to_string())).collect()
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn charges_become_resources() {
    let arn = "arn:aws:rds:eu-west-1:1234:db:orders";
    let text = bill(&[
        ("2026-09-30T00:00:00Z", "5.64902E-05", arn, r#"{"env":"prod","valueless":true,"gone":null}"#),
        ("2026-09-01 00:00:00", "1.1", arn, r#"{"env":"dev","old":"x"}"#),
        ("2026-09-01T00:00:00Z", "2", "", "NULL"),
        ("2026-09-02T00:00:00Z", "-0.5", "NULL", ""),
    ]);
    let import = read("bill.csv", text).unwrap();
    let db = only(&import);
    assert_eq!(db.monthly_cost, Some(decimal("1.1000564902")));
    assert_eq!((db.type_.as_deref(), db.name.as_deref()), (Some("rds:db"), Some("orders")));
    assert_eq!(
        (db.provider.as_deref(), db.account.as_deref(), db.region.as_deref()),
        (Some("aws"), Some("1234"), Some("eu-west-1"))
    );
    assert_eq!(db.source.as_deref(), Some("focus"));
    assert_eq!(tags(&db), [("env", "prod"), ("old", "x"), ("valueless", "true")]);
    let counts = import.counts();
    assert_eq!((counts.rows, counts.unattributed_rows, counts.rejected_rows), (4, 2, 0));
    assert_eq!(counts.unattributed_cost, Some(decimal("1.5")));
    assert_eq!(import.currency(), Some("USD"));
    assert_eq!(import.sources()[0].version.as_deref(), Some("1.0"));
}

#[test]
fn the_month_is_the_latest_whole_one_or_the_one_asked_for() {
    let text = bill(&[
        ("2026-08-31T23:00:00Z", "1", "a", ""),
        ("2026-08-01T00:00:00Z", "2", "b", ""),
        ("2026-09-03T00:00:00Z", "4", "a", ""),
        ("2026-09-03T00:00:00Z", "8", "c", ""),
    ]);
    let chosen = read("bill.csv", &text).unwrap();
    assert_eq!(costs(&chosen), pairs(&[("a", "1"), ("b", "2"), ("c", "0")]));
    let month = chosen.month().unwrap();
    assert_eq!(
        (month.month.to_string(), month.whole, month.available.len()),
        ("2026-08".to_owned(), true, 2)
    );

    let september = ImportOptions { month: Some("2026-09".parse().unwrap()), ..options() };
    let asked = read_with("bill.csv", &text, &september).unwrap();
    assert_eq!(costs(&asked), pairs(&[("a", "4"), ("b", "0"), ("c", "8")]));
    assert!(!asked.month().unwrap().whole);

    let other = ImportOptions { month: Some("2026-07".parse().unwrap()), ..options() };
    assert!(matches!(read_with("bill.csv", &text, &other), Err(ImportError::UnknownMonth { .. })));
}

#[test]
fn billed_cost_counts_where_there_is_no_effective_cost() {
    let text = bill(&[("2026-08-31", "1", "a", "")]).replace("EffectiveCost", "x_Other");
    assert_eq!(costs(&read("bill.csv", text).unwrap()), pairs(&[("a", "7")]));
}

#[test]
fn types_fall_back_to_what_the_bill_says() {
    let text = bill(&[("2026-08-31", "1", "ocid1.x", ""), ("2026-08-31", "1", "ocid1.y", "")]).replacen(
        "NULL,NULL,Amazon EC2",
        "given,instance,Compute",
        1,
    );
    let import = read("bill.csv", text).unwrap();
    let found: Vec<_> = resources(&import).into_iter().map(|r| (r.name.unwrap(), r.type_.unwrap())).collect();
    assert_eq!(found, pairs(&[("given", "instance"), ("ocid1.y", "Amazon EC2")]));
}

#[test]
fn tags_that_are_not_quite_json() {
    let text = bill(&[
        ("2026-08-31", "1", "a", r#"{"k":"1","k":"2"}"#),
        ("2026-08-31", "1", "b", "env=prod"),
        ("2026-08-31", "1", "c", r#""env": "prod","x": "y""#),
        ("2026-08-31", "1", "d", "{\" env\":\"1\",\"env\":\"2\",\"Env\":\"3\",\"env\u{a0}\":\"4\"}"),
        ("2026-08-31", "1", "e", r#"{"n":1.50,"b":false,"deep":{"x":[1]}}"#),
    ]);
    let import = read("bill.csv", text).unwrap();
    let [a, b, c, d, e] = &resources(&import)[..] else { panic!("five resources") };
    assert_eq!(tags(a), [("k", "2")]);
    assert_eq!(tags(b), []);
    assert_eq!(tags(c), [("env", "prod"), ("x", "y")]);
    assert_eq!(tags(d), [(" env", "1"), ("Env", "3"), ("env", "2"), ("env\u{a0}", "4")]);
    assert_eq!(tags(e), [("b", "false"), ("deep", r#"{"x":[1]}"#), ("n", "1.50")]);
    assert_eq!(
        rejects(&import),
        [
            "2 value [Tags] a: the tag `k` occurs twice; the later value is kept",
            "3 value [Tags] b: the tags are not a JSON object; the charge is counted without tags",
            "5 note [Tags] -: tags such as ` env` = `1` and `Env` = `3` of one charge are two spellings of one key",
        ]
    );
}

#[test]
fn bad_charges_are_listed() {
    let mut text =
        bill(&[("2026-08-31", "1", "a", ""), ("soon", "1", "b", ""), ("2026-08-31", "x", "c", "")]);
    text += "too,short\n";
    let import = read("bill.csv", text).unwrap();
    assert_eq!(costs(&import), pairs(&[("a", "1"), ("c", "0")]));
    assert_eq!(
        rejects(&import),
        [
            "3 row [ChargePeriodStart] -: its `ChargePeriodStart` is not a time such as `2026-09-01T00:00:00Z`: `soon`",
            "4 value [EffectiveCost] c: expected a number such as `12.50`; the charge counts as 0",
            "5 row -: the row has 2 fields, but the header has 14",
        ]
    );
}

#[test]
fn charges_keep_their_currencies_and_costs_of_resources_are_converted() {
    let rows = [("2026-08-31", "1", "a", ""), ("2026-08-31", "1", "b", "")];
    let text = bill(&rows).replacen("USD", "EUR", 1);
    let without_rate = read("bill.csv", &text).unwrap();
    assert_eq!(without_rate.currency(), Some("EUR"));
    assert_eq!(without_rate.unconverted(), ["USD"]);
    let found: Vec<_> = resources(&without_rate).into_iter().map(|r| r.monthly_cost).collect();
    assert_eq!(found, [Some(1.into()), None], "what a dollar is worth is not known, and it is not nothing");
    let mut rates = tagpol_model::Rates::default();
    rates.add("EUR", "1.08".parse().unwrap(), "USD").unwrap();
    let dollars = ImportOptions { currency: Some("USD".to_owned()), rates, ..options() };
    let import = read_with("bill.csv", &text, &dollars).unwrap();
    assert_eq!(costs(&import), pairs(&[("a", "1.08"), ("b", "1")]));
    assert!(import.unconverted().is_empty());
}

#[test]
fn versions_and_columns() {
    let text = bill(&[("2026-08-31", "1", "a", "")]);
    let version = |text: String| read("bill.csv", text).unwrap().sources()[0].version.clone().unwrap();
    assert_eq!(version(text.replace("ServiceName", "SkuMeter")), "1.1");
    assert_eq!(version(text.replace("ServiceName", "InvoiceId")), "1.2");
    assert_eq!(version(text.replace("ServiceName", "AllocatedTags")), "1.3");
    assert_eq!(version(text.replace("ServiceName", "HostProviderName")), "1.3");
    assert_eq!(version(text.replace("ProviderName", "ServiceProviderName")), "1.4");
    let older = read("bill.csv", text.replace("ProviderName", "Provider")).unwrap_err();
    assert!(matches!(older, ImportError::UnknownFocusVersion { .. }));
    let lacking = read("bill.csv", text.replace("Tags", "x_a").replace("ResourceId", "x_b")).unwrap_err();
    assert!(
        matches!(&lacking, ImportError::MissingColumns { columns, .. } if columns == &["ResourceId", "Tags"])
    );
    assert!(lacking.to_string().contains("the columns `ResourceId`, `Tags`"), "{lacking}");
}

#[test]
fn a_bill_gives_way_to_an_api_whatever_the_order() {
    let files = Files::new();
    let arn = "arn:aws:ec2:eu-west-1:1234:instance/i-1";
    let api = format!(
        r#"{{"ResourceTagMappingList":[{{"ResourceARN":"{arn}","Tags":[{{"Key":"env","Value":"new"}}]}}]}}"#
    );
    let api = files.add("api.json", api);
    let bill = files.add("bill.csv", bill(&[("2026-08-31", "3", arn, r#"{"env":"old","kept":"1"}"#)]));
    for paths in [[api.clone(), bill.clone()], [bill, api]] {
        let import = import(&paths, &options(), &mut |_| {}).unwrap();
        let resource = only(&import);
        assert_eq!(tags(&resource), [("env", "new"), ("kept", "1")]);
        assert_eq!(resource.monthly_cost, Some(decimal("3")));
    }
}

/// Writes columns as a Parquet file.
fn parquet(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let batch =
        RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(n, a)| (n, a, true))).unwrap();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out
}

fn text(cells: &[Option<&str>]) -> ArrayRef {
    Arc::new(StringArray::from(cells.to_vec()))
}

#[test]
fn parquet_with_typed_columns() {
    let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    maps.keys().append_value("env");
    maps.values().append_value("prod");
    maps.keys().append_value("gone");
    maps.values().append_null();
    maps.append(true).unwrap();
    maps.append(false).unwrap();
    maps.append(true).unwrap();
    let start = 1_785_456_000_000_000_000; // 2026-07-31T00:00:00Z
    let times = TimestampNanosecondArray::from(vec![Some(start), Some(start), None]).with_timezone("UTC");
    let content = parquet(vec![
        ("ResourceId", text(&[Some("i-1"), Some("i-1"), Some("i-2")])),
        ("ProviderName", text(&[Some("Google Cloud"); 3])),
        ("BillingCurrency", text(&[Some("EUR"); 3])),
        ("ChargePeriodStart", Arc::new(times)),
        ("EffectiveCost", Arc::new(Float64Array::from(vec![0.1, 5.64902e-5, 1.0]))),
        (
            "BilledCost",
            Arc::new(Decimal128Array::from(vec![100, 200, 300]).with_precision_and_scale(20, 2).unwrap()),
        ),
        ("Tags", Arc::new(maps.finish())),
    ]);
    let files = Files::new();
    for path in [files.add("bill.parquet", &content), files.add("bill.parquet.gz", gzip(&content))] {
        let import = import(&[path], &options(), &mut |_| {}).unwrap();
        let resource = only(&import);
        assert_eq!(resource.monthly_cost, Some(decimal("0.1000564902")));
        assert_eq!((tags(&resource), resource.provider.as_deref()), (vec![("env", "prod")], Some("gcp")));
        assert_eq!(rejects(&import), ["3 row [ChargePeriodStart] -: its `ChargePeriodStart` is not a time"]);
        assert_eq!(import.month().unwrap().month.to_string(), "2026-07");
    }
}

#[test]
fn parquet_with_texts_gives_what_csv_gives() {
    let rows = [
        ("2026-08-31 00:00:00", "1.25", "a", r#"{"env":"prod"}"#),
        ("2026-08-30 00:00:00", "2", "a", r#"{"env":"dev"}"#),
        ("2026-08-30 00:00:00", "4", "", ""),
    ];
    let column = |pick: fn(&(&'static str, &'static str, &'static str, &'static str)) -> &'static str| {
        text(&rows.iter().map(|row| Some(pick(row))).collect::<Vec<_>>())
    };
    let same = |value| text(&[Some(value); 3]);
    let content = parquet(vec![
        ("ProviderName", same("AWS")),
        ("SubAccountId", same("1234")),
        ("BillingCurrency", same("USD")),
        ("ServiceName", same("Amazon EC2")),
        ("RegionId", same("eu-west-1")),
        ("ResourceName", same("NULL")),
        ("ChargePeriodStart", column(|row| row.0)),
        ("EffectiveCost", column(|row| row.1)),
        ("ResourceId", column(|row| row.2)),
        ("Tags", column(|row| row.3)),
    ]);
    let files = Files::new();
    let path = files.add("bill", content);
    assert_eq!(detect(&path).unwrap(), Format::FocusParquet);
    let parquet = import(&[path], &options(), &mut |_| {}).unwrap();
    let csv = read("bill.csv", bill(&rows)).unwrap();
    assert_eq!(resources(&parquet), resources(&csv));
    assert_eq!(parquet.counts(), csv.counts());
}
