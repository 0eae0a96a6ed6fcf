//! Parquet whose cells cannot be what their columns say: the row is rejected, and the others are read.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, Date32Array, Date64Array, Decimal128Array, Int64Array, MapBuilder, RecordBatch, StringArray,
    StringBuilder, TimestampMicrosecondArray, TimestampMillisecondArray, TimestampSecondArray,
};
use parquet::arrow::ArrowWriter;
use parquet::data_type::{ByteArray, ByteArrayType, Int96, Int96Type};
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use tagpol_inventory::{LookupColumns, read_lookup};

use crate::support::*;

fn text(cells: [&str; 2]) -> ArrayRef {
    Arc::new(StringArray::from(cells.to_vec()))
}

/// Writes columns without packing them, so that bytes of a text can be changed in the file.
fn write(columns: &[(&str, ArrayRef)], with_dictionary: bool) -> Vec<u8> {
    let columns = columns.iter().map(|(name, array)| (*name, Arc::clone(array), true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).unwrap();
    let properties = WriterProperties::builder().set_dictionary_enabled(with_dictionary).build();
    let mut out = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut out, batch.schema(), Some(properties)).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    out
}

/// Returns a bill with one good and one bad charge, with these columns in the place of others.
fn bill(changed: &[(&'static str, ArrayRef)], with_dictionary: bool) -> Vec<u8> {
    let mut columns = vec![
        ("ResourceId", text(["i-good", "i-bad"])),
        ("ResourceName", text(["good", "bad"])),
        ("ProviderName", text(["AWS", "AWS"])),
        ("BillingCurrency", text(["USD", "USD"])),
        ("ChargePeriodStart", text(["2026-10-01", "2026-10-01"])),
        ("ChargePeriodEnd", text(["2026-11-01", "2026-11-01"])),
        ("EffectiveCost", text(["1.5", "2.5"])),
        ("Tags", text(["{}", "{}"])),
    ];
    for (name, array) in changed {
        let column = columns.iter_mut().find(|(known, _)| known == name).unwrap();
        column.1 = Arc::clone(array);
    }
    write(&columns, with_dictionary)
}

/// Asserts that the second row is rejected for a column, and the first one read.
fn rejected(content: &[u8], column: &str, reason: &str) {
    let import = read("bill.parquet", content).unwrap();
    assert_eq!(only(&import).id, "i-good", "{column}");
    assert_eq!(only(&import).monthly_cost, Some(decimal("1.5")), "{column}");
    assert_eq!(rejects(&import), [format!("2 row [{column}] -: its `{column}` is {reason}")]);
    assert!(import.rejects()[0].file.ends_with("bill.parquet"));
    assert_eq!((import.counts().rows, import.counts().rejected_rows), (2, 1));
}

#[test]
fn moments_out_of_range() {
    // 2026-10-01T00:00:00Z
    let start: i64 = 1_790_812_800;
    let day = i32::try_from(start / 86_400).unwrap();
    let columns: Vec<ArrayRef> = vec![
        Arc::new(Date32Array::from(vec![day, 1_000_000_000])),
        Arc::new(Date32Array::from(vec![day, i32::MIN])),
        Arc::new(Date64Array::from(vec![start * 1000, i64::MAX])),
        Arc::new(TimestampSecondArray::from(vec![start, i64::MAX])),
        Arc::new(TimestampMillisecondArray::from(vec![start * 1000, i64::MIN])),
        Arc::new(TimestampMillisecondArray::from(vec![start * 1000, i64::MAX / 1000]).with_timezone("UTC")),
        Arc::new(TimestampMicrosecondArray::from(vec![start * 1_000_000, i64::MAX])),
    ];
    for column in columns {
        for name in ["ChargePeriodStart", "ChargePeriodEnd"] {
            let content = bill(&[(name, Arc::clone(&column))], true);
            rejected(&content, name, "a time that is not between the years 1 and 9999");
        }
    }
}

#[test]
fn texts_that_are_not_utf8() {
    let mut maps = MapBuilder::new(None, StringBuilder::new(), StringBuilder::new());
    for (key, value) in [("env", "prod"), ("MARK", "v")] {
        maps.keys().append_value(key);
        maps.values().append_value(value);
        maps.append(true).unwrap();
    }
    let keys: ArrayRef = Arc::new(maps.finish());
    for (key, value) in [("env", "prod"), ("env", "MARK")] {
        maps.keys().append_value(key);
        maps.values().append_value(value);
        maps.append(true).unwrap();
    }
    let values: ArrayRef = Arc::new(maps.finish());
    let columns = [
        ("ResourceId", text(["i-good", "MARK"])),
        ("ResourceName", text(["good", "a MARK"])),
        ("ProviderName", text(["AWS", "MARK of more than twelve bytes"])),
        ("ChargePeriodStart", text(["2026-10-01", "MARK"])),
        ("EffectiveCost", text(["1.5", "MARK"])),
        ("Tags", text(["{}", "{\"env\":\"MARK\"}"])),
        ("Tags", keys),
        ("Tags", values),
    ];
    for (name, column) in columns {
        for with_dictionary in [true, false] {
            let mut content = bill(&[(name, Arc::clone(&column))], with_dictionary);
            let places: Vec<usize> =
                (0..content.len() - 4).filter(|at| content[*at..].starts_with(b"MARK")).collect();
            assert!(!places.is_empty());
            for at in places {
                content[at..at + 4].copy_from_slice(b"\xff\xfe\xc3 ");
            }
            rejected(&content, name, "not valid UTF-8");
        }
    }
}

#[test]
fn decimals_with_more_digits_than_their_column() {
    let costs = Decimal128Array::from(vec![150, 12_345_678]).with_precision_and_scale(5, 2).unwrap();
    let content = bill(&[("EffectiveCost", Arc::new(costs))], true);
    rejected(&content, "EffectiveCost", "a number with more than the 5 digits of its column");
}

#[test]
fn the_oldest_kind_of_moment() {
    let columns = ["ResourceId", "ProviderName", "BillingCurrency", "EffectiveCost", "Tags"];
    let fields: String = columns.iter().map(|name| format!("required binary {name} (UTF8);")).collect();
    let schema = format!("message bill {{ {fields} required int96 ChargePeriodStart; }}");
    let mut out = Vec::new();
    let schema = Arc::new(parse_message_type(&schema).unwrap());
    let mut writer = SerializedFileWriter::new(&mut out, schema, Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for cells in [["i-good", "i-bad"], ["AWS"; 2], ["USD"; 2], ["1.5", "2.5"], ["{}"; 2]] {
        let mut column = group.next_column().unwrap().unwrap();
        let cells: Vec<ByteArray> = cells.into_iter().map(ByteArray::from).collect();
        column.typed::<ByteArrayType>().write_batch(&cells, None, None).unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    let julian = |day: u32| Int96::from(vec![0, 0, day]);
    // In nanoseconds, the second one wraps around to a day of our time.
    let moments = [julian(2_461_315), julian(2_461_315 + 213_503_982)];
    column.typed::<Int96Type>().write_batch(&moments, None, None).unwrap();
    column.close().unwrap();
    group.close().unwrap();
    writer.close().unwrap();
    rejected(&out, "ChargePeriodStart", "a time that is not between the years 1 and 9999");
}

#[test]
fn a_column_that_is_not_text_is_refused() {
    let lists = arrow::array::ListArray::from_iter_primitive::<arrow::datatypes::Int32Type, _, _>(vec![
        Some(vec![Some(1)]),
        None,
    ]);
    let error = read("bill.parquet", bill(&[("ResourceId", Arc::new(lists))], true)).unwrap_err();
    assert!(error.to_string().contains("`ResourceId`: it holds List"), "{error}");
}

#[test]
fn a_lookup_with_moments_out_of_range() {
    let ids = text(["a", "b"]);
    let columns: [ArrayRef; 4] = [
        Arc::new(Date32Array::from(vec![1, 1_000_000_000])),
        Arc::new(Date64Array::from(vec![1, i64::MAX])),
        Arc::new(TimestampSecondArray::from(vec![1, i64::MAX])),
        Arc::new(TimestampMicrosecondArray::from(vec![1, i64::MIN]).with_timezone("UTC")),
    ];
    let read_column = |column: &ArrayRef| {
        let files = Files::new();
        let path =
            files.add("a.parquet", write(&[("id", Arc::clone(&ids)), ("x", Arc::clone(column))], true));
        let find = |heading: &str| (heading == "x").then_some(0);
        read_lookup(&path, LookupColumns { names: &["x"], find: &find }, &mut |_| {})
    };
    for column in columns {
        let error = read_column(&column).unwrap_err();
        assert_eq!(error.line, Some(2), "{error}");
        assert!(error.reason.contains("its `x` is a time that is not between"), "{error}");
    }
    // Other units of time are read or refused, and do not end the program.
    let odd: [ArrayRef; 5] = [
        Arc::new(arrow::array::DurationSecondArray::from(vec![i64::MAX, i64::MIN])),
        Arc::new(arrow::array::DurationMillisecondArray::from(vec![i64::MAX, i64::MIN])),
        Arc::new(arrow::array::Time32SecondArray::from(vec![i32::MAX, i32::MIN])),
        Arc::new(arrow::array::Time64NanosecondArray::from(vec![i64::MAX, i64::MIN])),
        Arc::new(Int64Array::from(vec![i64::MAX, i64::MIN])),
    ];
    for column in odd {
        let _ = read_column(&column);
    }
}

#[test]
fn damaged_bytes_are_an_error_and_not_a_panic() {
    // A generator with a seed of its own, so that every run damages the same bytes.
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let files = [bill(&[], true), bill(&[], false)];
    for round in 0..800 {
        let mut content = files[round % 2].clone();
        // The end holds the metadata, where most of what can go wrong is.
        for _ in 0..=random(4) {
            let at = if round % 3 == 0 { random(content.len()) } else { content.len() - 1 - random(1500) };
            content[at] = match random(3) {
                0 => 0xff,
                1 => u8::try_from(random(256)).unwrap(),
                _ => content[at] ^ (1 << random(8)),
            };
        }
        let _ = read("bill.parquet", &content);
        let path = Files::new();
        let file = path.add("lookup.parquet", &content);
        let find = |heading: &str| (heading == "ResourceId").then_some(0);
        let _ = read_lookup(&file, LookupColumns { names: &["id"], find: &find }, &mut |_| {});
    }
}
