//! Any resources, written and read back, are the same.

use std::collections::BTreeMap;

use chrono::DateTime;
use proptest::collection::{btree_map, btree_set, vec};
use proptest::option;
use proptest::prelude::*;
use rust_decimal::Decimal;
use tagpol_inventory::{Import, Resource, UnknownTags, import};
use unicode_normalization::UnicodeNormalization;

use crate::support::*;

/// Texts that have broken writers: empty, quotes, NUL, newlines, SQL, far corners of Unicode.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        Just(String::new()),
        "[a-c]{1,2}",
        Just("'; DROP TABLE x; --".to_owned()),
        Just("\0".to_owned()),
        Just("a\"b'c\\d\r\n\te".to_owned()),
        Just("\u{202e}\u{feff}\u{a0}é\u{10ffff}".to_owned()),
    ]
}

/// Inventories keep attributes composed.
fn composed() -> impl Strategy<Value = String> {
    text().prop_map(|text| text.nfc().collect())
}

fn resource() -> impl Strategy<Value = Resource> {
    let attributes = (
        option::of(composed()),
        option::of(composed()),
        option::of(composed()),
        option::of(composed()),
        option::of(composed()),
        option::of(composed()),
    );
    let created = option::of(-60_000_000_000_000_000_i64..250_000_000_000_000_000);
    let cost = option::of((-9_999_999_999_999_999_i64..=9_999_999_999_999_999, 0_u32..=12));
    let tags = btree_map(text(), text(), 0..6);
    let unknown = (btree_set(text(), 0..3), proptest::bool::weighted(0.2));
    (attributes, option::of(composed()), created, cost, (tags, unknown)).prop_map(
        |((name, type_, provider, account, region, source), meta, created, cost, (tags, unknown))| Resource {
            id: String::new(),
            name,
            type_,
            provider,
            account,
            region,
            source,
            meta,
            created: created.map(|micros| DateTime::from_timestamp_micros(micros).unwrap()),
            monthly_cost: cost.map(|(units, scale)| Decimal::new(units, scale)),
            unknown: UnknownTags { keys: unknown.0.into_iter().collect(), others: unknown.1 },
            tags: tags.into_iter().collect(),
        },
    )
}

/// Resources with distinct ids, in the order of their ids.
fn inventory() -> impl Strategy<Value = Vec<Resource>> {
    vec((text(), resource()), 0..20).prop_map(|pairs| {
        let by_id: BTreeMap<String, Resource> =
            pairs.into_iter().map(|(id, resource)| (format!("i{id}"), resource)).collect();
        by_id.into_iter().map(|(id, resource)| Resource { id, ..resource }).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn parquet_keeps_everything(given in inventory()) {
        let files = Files::new();
        let import = Import::of_resources(given.iter().rev(), None, noon());
        prop_assert_eq!(resources(&import), given.clone());
        let snapshot = import.write(&files.path("snapshots"), &mut |_| {}).unwrap();
        prop_assert_eq!(read_back(&snapshot), given);
    }

    #[test]
    fn json_keeps_tags_and_names(given in inventory()) {
        let mut lines = String::new();
        for resource in &given {
            let tags: serde_json::Map<String, serde_json::Value> =
                resource.tags.iter().map(|(k, v)| (k.clone(), v.clone().into())).collect();
            lines += &serde_json::json!({"id": resource.id, "account": resource.account, "tags": tags}).to_string();
            lines.push('\n');
        }
        let files = Files::new();
        let path = files.add("a.ndjson", if lines.is_empty() { "{\"id\":\"i\"}\n".to_owned() } else { lines });
        let import = import(&[path], &options(), &mut |_| {}).unwrap();
        prop_assert_eq!(import.rejects(), &[]);
        for (read, given) in resources(&import).iter().zip(&given) {
            prop_assert_eq!(&read.id, &given.id);
            prop_assert_eq!(&read.tags, &given.tags);
            let account = given.account.clone().filter(|account| !account.is_empty());
            prop_assert_eq!(&read.account, &account);
        }
    }

    #[test]
    fn no_bytes_make_an_import_panic(content in vec(prop_oneof![any::<u8>(), proptest::sample::select(b"{}[]\",:\n;id".to_vec())], 0..200)) {
        for name in ["a.csv", "a.json", "a.ndjson", "a.parquet", "a"] {
            let _ = read(name, &content);
        }
    }
}
