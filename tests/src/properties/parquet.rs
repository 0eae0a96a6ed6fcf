//! Parquet files of others.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Date64Array, Decimal128Array, Float64Array, Int64Array,
    LargeStringArray, MapBuilder, MapFieldNames, RecordBatch, StringArray, StringBuilder,
    TimestampMicrosecondArray, TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
};
use parquet::arrow::ArrowWriter;

use super::Scratch;
use super::inventory::imported;
use super::table::looked_up;

/// Columns that each kind of bill needs, and some that it may have, with a text that is right for each.
const BILLS: [&[(&str, &str)]; 3] = [
    &[
        ("ResourceId", "i-1"),
        ("ProviderName", "AWS"),
        ("ChargePeriodStart", "2026-10-03T00:00:00Z"),
        ("ChargePeriodEnd", "2026-10-04T00:00:00Z"),
        ("BillingCurrency", "USD"),
        ("Tags", "{}"),
        ("BilledCost", "1.5"),
        ("EffectiveCost", "1.25"),
        ("ResourceName", "web"),
        ("RegionId", "eu-west-1"),
    ],
    &[
        ("line_item_resource_id", "i-1"),
        ("line_item_line_item_type", "Usage"),
        ("line_item_usage_start_date", "2026-10-03T00:00:00Z"),
        ("line_item_currency_code", "USD"),
        ("line_item_unblended_cost", "1.5"),
        ("bill_billing_period_start_date", "2026-10-01T00:00:00Z"),
        ("savings_plan_savings_plan_effective_cost", "0"),
        ("reservation_effective_cost", "0"),
        ("resource_tags", "{}"),
        ("product", "{}"),
    ],
    &[
        ("ResourceId", "/subscriptions/1/x"),
        ("MeterCategory", "Storage"),
        ("SubscriptionId", "1"),
        ("Date", "10/03/2026"),
        ("CostInBillingCurrency", "1.5"),
        ("BillingCurrency", "USD"),
        ("Tags", "{}"),
        ("ChargeType", "Usage"),
        ("PricingModel", "OnDemand"),
        ("ResourceName", "disk"),
    ],
];

/// Numbers at which arithmetic goes wrong.
const EDGES: [i64; 12] = [
    0,
    1,
    -1,
    20_000,
    1_795_355_101,
    1_000_000_000_000,
    i32::MAX as i64,
    i32::MIN as i64,
    i64::MAX,
    i64::MIN,
    1 << 53,
    106_752,
];

/// Any Parquet file is read in full or refused, as a bill and as a lookup table.
///
/// The first byte chooses between two forms. Even: the rest is the file. Odd: the rest describes a
/// well-formed bill, so that what is in its cells is reached: a byte each for its kind and the number of
/// rows, and for each column three bytes for name, type and null mask, and its cells. Columns that are
/// not described have texts that are right.
pub fn parquet(input: &[u8]) {
    let Some((selector, rest)) = input.split_first() else { return };
    let content = if selector % 2 == 0 { Some(rest.to_vec()) } else { described(rest) };
    let Some(content) = content else { return };
    let folder = Scratch::new();
    let path = folder.write("input.parquet", &content);
    imported(&folder, &path, None);
    looked_up(&path);
}

/// Returns the file that some bytes describe; None if they describe none that can be written.
fn described(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Bytes(bytes);
    let known = BILLS[usize::from(bytes.next()) % BILLS.len()];
    let rows = usize::from(bytes.next() % 4) + 1;
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    while !bytes.0.is_empty() && columns.len() < known.len() {
        let (name, _) = known[usize::from(bytes.next()) % known.len()];
        if columns.iter().all(|(other, _)| *other != name) {
            columns.push((name, column(&mut bytes, rows)));
        }
    }
    for (name, text) in known {
        if columns.iter().all(|(other, _)| other != name) {
            columns.push((name, Arc::new(StringArray::from(vec![*text; rows]))));
        }
    }
    let batch = RecordBatch::try_from_iter_with_nullable(
        columns.into_iter().map(|(name, column)| (name, column, true)),
    );
    let batch = batch.ok()?;
    let mut file = Vec::new();
    let mut writer = ArrowWriter::try_new(&mut file, batch.schema(), None).ok()?;
    writer.write(&batch).ok()?;
    writer.close().ok()?;
    Some(file)
}

/// A column of a type and with cells that the bytes choose.
fn column(bytes: &mut Bytes<'_>, rows: usize) -> ArrayRef {
    let (kind, nulls) = (bytes.next() % 15, bytes.next());
    let is_null = |row: usize| nulls >> (row % 8) & 1 == 1;
    let numbers: Vec<Option<i64>> =
        (0..rows).map(|row| Some(bytes.number()).filter(|_| !is_null(row))).collect();
    let texts = |bytes: &mut Bytes<'_>| -> Vec<Option<String>> {
        (0..rows).map(|row| Some(bytes.text()).filter(|_| !is_null(row))).collect()
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "any number will do")]
    match kind {
        0 => Arc::new(numbers.iter().map(|n| n.map(|n| n as i32)).collect::<Date32Array>()),
        1 => Arc::new(numbers.into_iter().collect::<Date64Array>()),
        2 => Arc::new(numbers.into_iter().collect::<TimestampSecondArray>()),
        3 => Arc::new(numbers.into_iter().collect::<TimestampMillisecondArray>()),
        4 => Arc::new(numbers.into_iter().collect::<TimestampMicrosecondArray>()),
        5 => Arc::new(numbers.into_iter().collect::<TimestampNanosecondArray>()),
        6 => Arc::new(numbers.into_iter().collect::<TimestampMillisecondArray>().with_timezone("UTC")),
        7 => Arc::new(numbers.into_iter().collect::<Int64Array>()),
        8 => Arc::new(numbers.iter().map(|n| n.map(|n| f64::from_bits(n as u64))).collect::<Float64Array>()),
        9 => Arc::new(numbers.iter().map(|n| n.map(|n| n as f64 / 1000.0)).collect::<Float64Array>()),
        10 => {
            let scale = (bytes.next() % 39) as i8;
            let widened = numbers.iter().map(|n| n.map(|n| i128::from(n) << (bytes.next() % 40)));
            let decimals = widened.collect::<Decimal128Array>().with_precision_and_scale(38, scale);
            Arc::new(decimals.expect("a scale below the precision"))
        }
        11 => Arc::new(numbers.iter().map(|n| n.map(|n| n % 2 == 0)).collect::<BooleanArray>()),
        12 => {
            let cells: Vec<Option<&[u8]>> =
                (0..rows).map(|row| Some(bytes.take()).filter(|_| !is_null(row))).collect();
            Arc::new(BinaryArray::from(cells))
        }
        13 => {
            let names = MapFieldNames {
                entry: "key_value".to_owned(),
                key: "key".to_owned(),
                value: "value".to_owned(),
            };
            let mut map = MapBuilder::new(Some(names), StringBuilder::new(), StringBuilder::new());
            for value in texts(bytes) {
                map.keys().append_value(bytes.text());
                map.values().append_option(value.as_ref());
                map.append(value.is_some()).expect("as many keys as values");
            }
            Arc::new(map.finish())
        }
        _ if nulls % 2 == 0 => Arc::new(StringArray::from(texts(bytes))),
        _ => Arc::new(LargeStringArray::from(texts(bytes))),
    }
}

/// Bytes that are taken from the front, and zeros behind them.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number near an edge, or any.
    fn number(&mut self) -> i64 {
        let chosen = self.next();
        if chosen < 200 {
            let near = i64::from(self.next() as i8);
            return EDGES[usize::from(chosen) % EDGES.len()].saturating_add(near / 16);
        }
        let mut number = [0; 8];
        number.fill_with(|| self.next());
        i64::from_le_bytes(number)
    }

    /// A byte of length, and as many bytes.
    fn take(&mut self) -> &'a [u8] {
        let length = usize::from(self.next() % 64).min(self.0.len());
        let (taken, rest) = self.0.split_at(length);
        self.0 = rest;
        taken
    }

    fn text(&mut self) -> String {
        String::from_utf8_lossy(self.take()).into_owned()
    }
}
