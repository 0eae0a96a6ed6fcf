//! Costs for databases: Parquet with the exact amounts.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Builder, RecordBatch, StringBuilder, UInt64Array};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;

use super::{Row, columns, rows};
use tagpol_eval::cost::{Costs, SCALE};

/// Digits of an amount.
const PRECISION: u8 = 38;

/// Writes a row for each combination of values.
///
/// # Errors
/// Those of `out`.
pub fn parquet(costs: &Costs, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let rows = rows(costs);
    let names = columns(costs);
    let dimensions = costs.by.len();
    let mut arrays: Vec<ArrayRef> = Vec::new();
    if costs.period.is_some() {
        arrays.push(texts(&rows, Row::period));
    }
    arrays.extend((0..dimensions).map(|at| texts(&rows, |row| row.value(at))));
    arrays.push(texts(&rows, |row| Some(row.kind())));
    arrays.push(Arc::new(rows.iter().map(|row| Some(row.resources())).collect::<UInt64Array>()));
    for at in 0..3 {
        arrays.push(amounts(&rows, |row| row.amounts().get(at).copied())?);
    }
    arrays.push(amounts(&rows, |row| Some(row.no_resource()))?);
    arrays.push(texts(&rows, |_| costs.currency.as_deref()));
    let fields =
        names.iter().zip(&arrays).map(|(name, array)| Field::new(name, array.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let batch = RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(io::Error::other)?;
    let mut writer = ArrowWriter::try_new(out, schema, None).map_err(io::Error::other)?;
    writer.write(&batch).map_err(io::Error::other)?;
    writer.close().map_err(io::Error::other)?;
    Ok(())
}

fn texts<'r>(rows: &'r [Row<'r>], of: impl Fn(&'r Row<'r>) -> Option<&'r str>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    rows.iter().for_each(|row| builder.append_option(of(row)));
    Arc::new(builder.finish())
}

fn amounts(rows: &[Row<'_>], of: impl Fn(&Row<'_>) -> Option<i128>) -> io::Result<ArrayRef> {
    let ty = DataType::Decimal128(PRECISION, SCALE as i8);
    let mut builder = Decimal128Builder::new().with_data_type(ty);
    for row in rows {
        builder.append_option(of(row));
    }
    Ok(Arc::new(builder.finish()))
}
