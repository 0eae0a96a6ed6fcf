//! FOCUS bills as Parquet.
//!
//! In: a Parquet file whose columns have any sensible type: costs as decimals, floats or text,
//! times as timestamps, dates or text, tags as JSON text or as a map. Out: its charges in the bill.
//! A float cost becomes the shortest decimal that stands for it, so that sums stay exact.

use std::borrow::Cow;
use std::fs::File;

use arrow::array::{Array, ArrayRef, AsArray, MapArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, TimeUnit, TimestampMicrosecondType};
use arrow::error::ArrowError;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder};

use super::bill::{Bill, Charge, TagCell, Texts};
use super::columns::{Column, Layout};
use crate::error::ImportError;
use crate::format::Format;
use crate::read::Sink;
use crate::reject::Flaw;
use crate::value::{parse_cost, parse_moment, shorten};

/// Rows that are decoded at a time.
const BATCH: usize = 8192;

/// Reads a bill; returns the FOCUS version.
pub(crate) fn read(file: File, bill: &mut Bill, sink: &mut Sink<'_>) -> Result<&'static str, ImportError> {
    let (reader, version, cost) = open(file, sink)?;
    let mut row = 0;
    for batch in reader {
        let batch = batch.map_err(|e| bad_parquet(sink, &e))?;
        let columns = Columns::of(&batch, cost).map_err(|e| bad_parquet(sink, &e))?;
        for at in 0..batch.num_rows() {
            row += 1;
            sink.count_row();
            read_row(&columns, at, row, bill, sink)?;
        }
    }
    Ok(version)
}

/// Opens the file with only the needed columns; returns the version and the cost column too.
fn open(
    file: File,
    sink: &Sink<'_>,
) -> Result<(ParquetRecordBatchReader, &'static str, Column), ImportError> {
    let builder = ParquetRecordBatchReaderBuilder::try_new(file).map_err(|e| bad_parquet(sink, &e))?;
    let names: Vec<String> = builder.schema().fields().iter().map(|field| field.name().clone()).collect();
    let layout = Layout::of(&names, sink.path(), Format::FocusParquet)?;
    let wanted = Column::ALL.into_iter().filter_map(|column| layout.position(column));
    let mask = ProjectionMask::roots(builder.parquet_schema(), wanted);
    let reader =
        builder.with_projection(mask).with_batch_size(BATCH).build().map_err(|e| bad_parquet(sink, &e))?;
    Ok((reader, layout.version, layout.cost))
}

fn bad_parquet(sink: &Sink<'_>, error: &dyn std::fmt::Display) -> ImportError {
    ImportError::Parquet { path: sink.path().to_owned(), reason: shorten(&error.to_string()) }
}

/// A column of times.
enum Times {
    Micros(arrow::array::PrimitiveArray<TimestampMicrosecondType>),
    Text(StringArray),
}

/// A column of tags.
enum TagColumn {
    Json(StringArray),
    Map(Box<TagMaps>),
}

/// A column of maps, its keys and values as texts.
struct TagMaps {
    map: MapArray,
    keys: StringArray,
    values: StringArray,
}

/// The columns of one batch, as the types they are read with.
struct Columns {
    id: StringArray,
    texts: Texts<Option<StringArray>>,
    billing_account: Option<StringArray>,
    currency: StringArray,
    start: Times,
    end: Option<Times>,
    cost: StringArray,
    cost_name: &'static str,
    tags: TagColumn,
}

impl Columns {
    fn of(batch: &RecordBatch, cost: Column) -> Result<Self, ArrowError> {
        let find = |column: Column| {
            let schema = batch.schema();
            let at = schema.fields().iter().position(|f| f.name().eq_ignore_ascii_case(column.as_str()))?;
            batch.columns().get(at).cloned()
        };
        let text = |column| find(column).map(|array| to_text(&array)).transpose();
        let need =
            |column: Column| find(column).ok_or_else(|| ArrowError::SchemaError(column.as_str().to_owned()));
        Ok(Self {
            id: to_text(&need(Column::ResourceId)?)?,
            texts: Texts {
                name: text(Column::ResourceName)?,
                type_: text(Column::ResourceType)?,
                service: text(Column::ServiceName)?,
                provider: text(Column::ProviderName)?,
                account: text(Column::SubAccountId)?,
                region: text(Column::RegionId)?,
            },
            billing_account: text(Column::BillingAccountId)?,
            currency: to_text(&need(Column::BillingCurrency)?)?,
            start: to_times(&need(Column::ChargePeriodStart)?)?,
            end: find(Column::ChargePeriodEnd).map(|array| to_times(&array)).transpose()?,
            cost: to_text(&need(cost)?)?,
            cost_name: cost.as_str(),
            tags: to_tags(&need(Column::Tags)?)?,
        })
    }
}

fn to_text(array: &ArrayRef) -> Result<StringArray, ArrowError> {
    Ok(cast(array, &DataType::Utf8)?.as_string::<i32>().clone())
}

/// Brings times to microseconds. The zone stays as it is: a value with a zone is UTC already, and
/// one without is taken to be.
fn to_times(array: &ArrayRef) -> Result<Times, ArrowError> {
    let zone = match array.data_type() {
        DataType::Timestamp(_, zone) => zone.clone(),
        DataType::Date32 | DataType::Date64 => None,
        _ => return to_text(array).map(Times::Text),
    };
    let micros = cast(array, &DataType::Timestamp(TimeUnit::Microsecond, zone))?;
    Ok(Times::Micros(micros.as_primitive::<TimestampMicrosecondType>().clone()))
}

fn to_tags(array: &ArrayRef) -> Result<TagColumn, ArrowError> {
    let Some(map) = array.as_map_opt() else {
        return to_text(array).map(TagColumn::Json);
    };
    Ok(TagColumn::Map(Box::new(TagMaps {
        map: map.clone(),
        keys: to_text(map.keys())?,
        values: to_text(map.values())?,
    })))
}

impl Times {
    /// Returns microseconds since 1970.
    fn get(&self, at: usize) -> Option<i64> {
        match self {
            Self::Micros(array) => array.is_valid(at).then(|| array.value(at)),
            Self::Text(array) => cell(array, at).and_then(parse_moment),
        }
    }
}

impl TagColumn {
    fn get(&self, at: usize) -> TagCell<'_> {
        match self {
            Self::Json(array) => {
                cell(array, at).map_or(TagCell::None, |json| TagCell::Json(Cow::Borrowed(json)))
            }
            Self::Map(maps) if maps.map.is_null(at) => TagCell::None,
            Self::Map(maps) => maps.get(at),
        }
    }
}

impl TagMaps {
    fn get(&self, at: usize) -> TagCell<'_> {
        let offsets = self.map.value_offsets();
        let offset = |at: usize| {
            let offset = offsets.get(at).copied().unwrap_or_default();
            usize::try_from(offset).unwrap_or_default()
        };
        let value = |at: usize| self.values.is_valid(at).then(|| self.values.value(at));
        let pair = |at: usize| (self.keys.value(at), value(at));
        TagCell::Pairs((offset(at)..offset(at + 1)).map(pair).collect())
    }
}

/// Returns a cell; the empty text and the text `NULL` are null.
fn cell(array: &StringArray, at: usize) -> Option<&str> {
    array.is_valid(at).then(|| array.value(at)).filter(|text| !text.is_empty() && *text != "NULL")
}

fn read_row(
    columns: &Columns,
    at: usize,
    line: u64,
    bill: &mut Bill,
    sink: &mut Sink<'_>,
) -> Result<(), ImportError> {
    let id = cell(&columns.id, at);
    let Some(start) = columns.start.get(at) else {
        let shown = id.map(shorten).unwrap_or_default();
        return sink.reject(Flaw::row(line, "its `ChargePeriodStart` is no time", shown));
    };
    let cost = match cell(&columns.cost, at).and_then(parse_cost) {
        Some(cost) => cost,
        None => {
            let shown = cell(&columns.cost, at).map(shorten).unwrap_or_default();
            let reason = "expected a number; the charge counts as 0";
            sink.reject(Flaw::value(line, columns.cost_name, id.unwrap_or_default(), reason, shown))?;
            rust_decimal::Decimal::ZERO
        }
    };
    let text = |array: &'_ Option<StringArray>| {
        array.as_ref().and_then(|array| cell(array, at)).map(str::to_owned).map(Cow::Owned)
    };
    let texts = Texts {
        name: text(&columns.texts.name),
        type_: text(&columns.texts.type_),
        service: text(&columns.texts.service),
        provider: text(&columns.texts.provider),
        account: text(&columns.texts.account).or_else(|| text(&columns.billing_account)),
        region: text(&columns.texts.region),
    };
    let charge = Charge {
        line,
        id: id.map(Cow::Borrowed),
        texts,
        currency: cell(&columns.currency, at).map(Cow::Borrowed),
        start,
        end: columns.end.as_ref().and_then(|end| end.get(at)),
        cost,
        tags: columns.tags.get(at),
    };
    bill.add(&charge, sink)
}
