//! `subjects.parquet` and `charges.parquet`: what was billed, and for what.
//!
//! A subject has the columns of `resources.parquet`, its id NULL where the charges name no resource, and then
//! `subject` (its number), `service`, `category` and `billing_account`. A charge has `subject`, `month` (the first
//! day of the invoice month), `day`, `currency`, `correction`, and the amounts `effective`, `billed`, `contracted`
//! and `list` in its currency; an amount that a bill does not say is NULL.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Decimal128Builder, Int64Array, RecordBatch};
use arrow::datatypes::{DataType, Field, Schema};
use arrow::error::ArrowError;
use chrono::NaiveDate;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::manifest::{ChargeInfo, MonthTotal};
use super::parquet::{BATCH, COST_PRECISION, Census, Columns, Record, census_of, properties, texts, to_io};
use crate::charges::{AMOUNT_SCALE, Amounts, ChargeRow, Charges, Subject};
use crate::inventory::Row;
use crate::month::YearMonth;
use crate::pool::{Pool, Symbol};
use crate::value::COST_SCALE;

impl Record for Subject {
    fn row(&self) -> &Row {
        &self.row
    }

    fn id(&self) -> Option<Symbol> {
        Self::id(self)
    }
}

/// Counts the native keys of the subjects.
pub(super) fn census(pool: &Pool, charges: &Charges) -> Census {
    let mut counts: FxHashMap<Symbol, u64> = FxHashMap::default();
    for (key, _) in charges.subjects.iter().flat_map(|subject| &subject.row.tags) {
        *counts.entry(*key).or_default() += 1;
    }
    let mut counts: Vec<(Symbol, u64)> = counts.into_iter().collect();
    counts.sort_unstable_by(|one, other| pool.text(one.0).cmp(pool.text(other.0)));
    census_of(pool, &counts)
}

/// Returns what a manifest says of charges.
pub(super) fn info(pool: &Pool, charges: &Charges, census: Census, unconverted: Vec<String>) -> ChargeInfo {
    let mut months: BTreeMap<(YearMonth, Option<&str>), i128> = BTreeMap::new();
    for row in &charges.rows {
        let currency = row.currency.map(|code| pool.text(code));
        let sum = months.entry((row.month, currency)).or_default();
        *sum = sum.saturating_add(row.amounts.effective);
    }
    let months = months.into_iter().map(|((month, currency), cost)| MonthTotal {
        month,
        currency: currency.map(str::to_owned),
        cost: rounded(cost),
    });
    ChargeInfo {
        subjects: charges.subjects.len() as u64,
        charges: charges.rows.len() as u64,
        months: months.collect(),
        unconverted,
        only_listed: charges.only_listed.normalize(),
        keys: census.keys,
    }
}

/// Writes the subjects, in their order.
pub(super) fn write_subjects<W: Write + Send>(
    pool: &Pool,
    subjects: &[Subject],
    census: &Census,
    out: W,
) -> io::Result<()> {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let more = [
        Field::new("subject", DataType::Int64, false),
        text("service"),
        text("category"),
        text("billing_account"),
    ];
    let columns = Columns::new(&census.promoted, &more, false);
    let mut writer = writer(out, &columns.schema)?;
    for (at, rows) in (0_i64..).zip(subjects.chunks(BATCH)) {
        let write = || {
            let mut arrays = columns.arrays(pool, rows)?;
            let first = at * BATCH as i64;
            arrays.push(Arc::new((first..).take(rows.len()).map(Some).collect::<Int64Array>()));
            arrays.push(texts(pool, rows, |subject| subject.service));
            arrays.push(texts(pool, rows, |subject| subject.category));
            arrays.push(texts(pool, rows, |subject| subject.billing_account));
            RecordBatch::try_new(Arc::clone(&columns.schema), arrays)
        };
        writer.write(&write().map_err(io::Error::other)?).map_err(to_io)?;
    }
    writer.close().map_err(to_io)?;
    Ok(())
}

/// Writes the charges, in their order.
pub(super) fn write_charges<W: Write + Send>(pool: &Pool, charges: &[ChargeRow], out: W) -> io::Result<()> {
    let amount = |name: &str, nullable| {
        Field::new(name, DataType::Decimal128(COST_PRECISION, AMOUNT_SCALE as i8), nullable)
    };
    let schema = Arc::new(Schema::new(vec![
        Field::new("subject", DataType::Int64, false),
        Field::new("month", DataType::Date32, false),
        Field::new("day", DataType::Date32, false),
        Field::new("currency", DataType::Utf8, true),
        Field::new("correction", DataType::Boolean, false),
        amount("effective", false),
        amount("billed", true),
        amount("contracted", true),
        amount("list", true),
    ]));
    let mut writer = writer(out, &schema)?;
    for rows in charges.chunks(BATCH) {
        let write = || {
            let arrays: Vec<ArrayRef> = vec![
                Arc::new(rows.iter().map(|row| Some(i64::from(row.subject))).collect::<Int64Array>()),
                Arc::new(rows.iter().map(|row| day(row.month.first_day())).collect::<Date32Array>()),
                Arc::new(rows.iter().map(|row| Some(row.day)).collect::<Date32Array>()),
                texts(pool, rows, |row| row.currency),
                Arc::new(rows.iter().map(|row| Some(row.correction)).collect::<BooleanArray>()),
                amounts(rows, |amounts| Some(amounts.effective))?,
                amounts(rows, |amounts| amounts.billed)?,
                amounts(rows, |amounts| amounts.contracted)?,
                amounts(rows, |amounts| amounts.list)?,
            ];
            RecordBatch::try_new(Arc::clone(&schema), arrays)
        };
        writer.write(&write().map_err(io::Error::other)?).map_err(to_io)?;
    }
    writer.close().map_err(to_io)?;
    Ok(())
}

/// Returns an amount, rounded to the digits that a manifest has of costs.
fn rounded(units: i128) -> Decimal {
    let step = 10_i128.pow(AMOUNT_SCALE - COST_SCALE);
    let cost = units.saturating_add(step / 2 * units.signum()) / step;
    Decimal::try_from_i128_with_scale(cost, COST_SCALE).unwrap_or_default().normalize()
}

/// Returns a day in days since 1970.
fn day(day: NaiveDate) -> Option<i32> {
    i32::try_from(day.signed_duration_since(NaiveDate::default()).num_days()).ok()
}

fn amounts(rows: &[ChargeRow], of: impl Fn(Amounts<i128>) -> Option<i128>) -> Result<ArrayRef, ArrowError> {
    let mut builder = Decimal128Builder::with_capacity(rows.len())
        .with_precision_and_scale(COST_PRECISION, AMOUNT_SCALE as i8)?;
    for row in rows {
        builder.append_option(of(row.amounts));
    }
    Ok(Arc::new(builder.finish()))
}

fn writer<W: Write + Send>(out: W, schema: &Arc<Schema>) -> io::Result<ArrowWriter<W>> {
    let options = ArrowWriterOptions::new().with_properties(properties()?).with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(out, Arc::clone(schema), options).map_err(to_io)
}
