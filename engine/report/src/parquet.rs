//! A row a finding, for databases: Parquet with the exact values.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{ArrayRef, Decimal128Builder, RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;

use super::Report;
use super::finding_row::{COST_SCALE, Made, TEXTS, cost_units, texts};
use tagpol_eval::{CheckResult, Finding};

/// Findings that are handed to the writer at a time.
const BATCH: usize = 8192;

/// Digits of a cost.
const COST_PRECISION: u8 = 38;

type Row<'a> = (usize, Finding<'a>, &'a CheckResult);

/// Writes the findings: the columns of [`TEXTS`], `cost` and `currency`.
pub(super) fn write(report: &Report<'_>, out: &mut (dyn Write + Send)) -> io::Result<()> {
    let schema = Arc::new(schema());
    let level = ZstdLevel::try_new(3).map_err(to_io)?;
    let properties = WriterProperties::builder().set_compression(Compression::ZSTD(level)).build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(out, Arc::clone(&schema), options).map_err(to_io)?;
    let mut findings = report.findings();
    loop {
        let rows: Vec<Row<'_>> = findings.by_ref().take(BATCH).collect();
        if rows.is_empty() {
            break;
        }
        let columns = columns(report, &rows)?;
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns).map_err(io::Error::other)?;
        writer.write(&batch).map_err(to_io)?;
    }
    writer.close().map_err(to_io)?;
    Ok(())
}

fn schema() -> Schema {
    let text = |name: &str| Field::new(name, DataType::Utf8, true);
    let mut fields: Vec<Field> = TEXTS.map(text).into();
    fields.push(Field::new("cost", DataType::Decimal128(COST_PRECISION, COST_SCALE as i8), true));
    fields.push(text("currency"));
    Schema::new(fields)
}

fn columns(report: &Report<'_>, rows: &[Row<'_>]) -> io::Result<Vec<ArrayRef>> {
    let mut builders: Vec<StringBuilder> = TEXTS.map(|_| StringBuilder::new()).into();
    let mut costs = Decimal128Builder::new()
        .with_precision_and_scale(COST_PRECISION, COST_SCALE as i8)
        .map_err(io::Error::other)?;
    let mut currencies = StringBuilder::new();
    for row in rows {
        let made = Made::of(row.1);
        for (builder, text) in builders.iter_mut().zip(texts(report, *row, &made)) {
            builder.append_option(text);
        }
        let cost = cost_units(row.1.cost());
        costs.append_option(cost);
        currencies.append_option(cost.and(report.evaluation.snapshot.currency.as_deref()));
    }
    let mut columns: Vec<ArrayRef> = Vec::new();
    columns.extend(builders.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef));
    columns.extend([Arc::new(costs.finish()) as ArrayRef, Arc::new(currencies.finish())]);
    Ok(columns)
}

/// Returns the system's own error if there is one under the writer's.
pub(super) fn to_io(error: ParquetError) -> io::Error {
    match error {
        ParquetError::External(inner) => match inner.downcast::<io::Error>() {
            Ok(error) => *error,
            Err(other) => io::Error::other(other),
        },
        other => io::Error::other(other),
    }
}
