//! Bills as Parquet.
//!
//! In: a Parquet file whose columns have any sensible type: costs as decimals, floats or text,
//! times as timestamps, dates or text, tags as JSON text or as a map. Out: its charges in the bill.
//! A float cost becomes the shortest decimal that stands for it, so that sums stay exact.

use std::fs::File;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, PrimitiveArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Bill, Cells, Layout, Row, layout, tell_lacks};
use crate::error::ImportError;
use crate::format::Format;
use crate::read::Sink;
use crate::value::shorten;

/// Rows that are decoded at a time.
const BATCH: usize = 8192;

/// Returns the names of the columns of a Parquet file.
///
/// # Errors
///
/// Where the file is no Parquet or a damaged one.
pub(crate) fn names(file: &File, path: &std::path::Path) -> Result<Vec<String>, ImportError> {
    let file = file.try_clone().map_err(|source| crate::source::read_error(path, source))?;
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| bad_parquet(path, &e))?;
    Ok(builder.schema().fields().iter().map(|field| field.name().clone()).collect())
}

/// Reads a bill; returns the version of the format.
pub(crate) fn read(
    file: File,
    format: Format,
    bill: &mut Bill,
    sink: &mut Sink<'_>,
) -> Result<Option<&'static str>, ImportError> {
    let path = sink.path().to_owned();
    let bad = |error: &dyn std::fmt::Display| bad_parquet(&path, error);
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| bad(&e))?;
    let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let layout = layout(format, &names, &path)?;
    tell_lacks(layout.as_ref(), sink);
    let mut wanted = layout.columns();
    wanted.sort_unstable();
    wanted.dedup();
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted.iter().copied());
    let reader = builder.with_projection(mask).with_batch_size(BATCH).build().map_err(|e| bad(&e))?;
    let mut line = 0;
    for batch in reader {
        let batch = batch.map_err(|e| bad(&e))?;
        let columns = Batch::of(&batch, &wanted, names.len()).map_err(|e| bad(&e))?;
        for at in 0..batch.num_rows() {
            line += 1;
            sink.count_row();
            read_row(&columns, (at, line), layout.as_ref(), (format, bill), sink)?;
        }
    }
    Ok(layout.version())
}

fn read_row(
    batch: &Batch,
    (at, line): (usize, u64),
    layout: &dyn Layout,
    (format, bill): (Format, &mut Bill),
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    match layout.charge(&mut Row::new(line, Cells::Parquet(batch, at), sink))? {
        Some(charge) => bill.add(&charge, format, sink),
        None => Ok(()),
    }
}

fn bad_parquet(path: &std::path::Path, error: &dyn std::fmt::Display) -> ImportError {
    ImportError::Parquet { path: path.to_owned(), reason: shorten(&error.to_string()) }
}

/// A column, as the type that it is read with.
enum Column {
    Text(StringArray),
    Times(PrimitiveArray<TimestampMicrosecondType>),
    Map(Box<TagMaps>),
}

/// A column of maps, its keys and values as texts.
struct TagMaps {
    map: MapArray,
    keys: StringArray,
    values: StringArray,
}

/// The columns of one batch, by their places in the file; none where a column is not read.
pub(crate) struct Batch {
    columns: Vec<Option<Column>>,
}

impl Batch {
    fn of(batch: &RecordBatch, wanted: &[usize], width: usize) -> Result<Self, ArrowError> {
        let mut columns: Vec<Option<Column>> = Vec::new();
        columns.resize_with(width, || None);
        // What a projection gives stands in the order of the file.
        for (at, array) in wanted.iter().zip(batch.columns()) {
            if let Some(column) = columns.get_mut(*at) {
                *column = Some(Column::of(array)?);
            }
        }
        Ok(Self { columns })
    }

    fn column(&self, at: usize) -> Option<&Column> {
        self.columns.get(at)?.as_ref()
    }

    /// Returns a cell; the empty text and the text `NULL` are null.
    pub(crate) fn text(&self, at: usize, row: usize) -> Option<&str> {
        match self.column(at)? {
            Column::Text(array) => cell(array, row).filter(|text| !text.is_empty() && *text != "NULL"),
            Column::Times(_) | Column::Map(_) => None,
        }
    }

    /// Whether the column holds times rather than text.
    pub(crate) fn has_times(&self, at: usize) -> bool {
        matches!(self.column(at), Some(Column::Times(_)))
    }

    /// Returns microseconds since 1970.
    pub(crate) fn moment(&self, at: usize, row: usize) -> Option<i64> {
        match self.column(at)? {
            Column::Times(array) => array.is_valid(row).then(|| array.value(row)),
            Column::Text(_) | Column::Map(_) => None,
        }
    }

    /// Returns the entries of a map that have a value; none where the column holds no maps.
    pub(crate) fn pairs(&self, at: usize, row: usize) -> Option<Vec<(&str, &str)>> {
        match self.column(at)? {
            Column::Map(maps) if maps.map.is_null(row) => Some(Vec::new()),
            Column::Map(maps) => Some(maps.pairs(row)),
            Column::Text(_) | Column::Times(_) => None,
        }
    }
}

impl Column {
    fn of(array: &ArrayRef) -> Result<Self, ArrowError> {
        // The zone stays as it is: a value with a zone is UTC already, and one without is taken to be.
        let zone = match array.data_type() {
            DataType::Timestamp(_, zone) => zone.clone(),
            DataType::Date32 | DataType::Date64 => None,
            DataType::Map(..) => {
                let map = array.as_map();
                let (keys, values) = (to_text(map.keys())?, to_text(map.values())?);
                return Ok(Self::Map(Box::new(TagMaps { map: map.clone(), keys, values })));
            }
            _ => return to_text(array).map(Self::Text),
        };
        let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone))?;
        Ok(Self::Times(micros.as_primitive::<TimestampMicrosecondType>().clone()))
    }
}

fn to_text(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    Ok(cast(array, &DataType::Utf8)?.as_string::<i32>().clone())
}

fn cell(array: &StringArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}

impl TagMaps {
    fn pairs(&self, row: usize) -> Vec<(&str, &str)> {
        let offsets = self.map.value_offsets();
        let offset = |at: usize| {
            let offset = offsets.get(at).copied().unwrap_or_default();
            usize::try_from(offset).unwrap_or_default()
        };
        let pair = |at: usize| Some((self.keys.value(at), cell(&self.values, at)?));
        (offset(row)..offset(row + 1)).filter_map(pair).collect()
    }
}
