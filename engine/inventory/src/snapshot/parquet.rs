//! `resources.parquet`: one row a resource, sorted by id.
//!
//! Columns are `id`, `name`, `type`, `provider`, `account`, `region`, `source`, `created`,
//! `monthly_cost`, `meta`, `tags`, and `key_0`, `key_1`, … for the native keys that most resources
//! have, so that reading one of these needs no look-up in a map. If tags of a resource are not known yet, there are
//! also `unknown_keys` and `unknown_tags`. The bytes depend on nothing but
//! the inventory and the version of the writer.

use std::cmp::Reverse;
use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanBuilder, Decimal128Builder, Int32BufferBuilder, ListBuilder, MapArray, RecordBatch,
    StringBuilder, StructArray, TimestampMicrosecondBuilder,
};
use arrow::buffer::{OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Fields, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::{ArrowColumnChunk, ArrowColumnWriter, ArrowWriterOptions, compute_leaves};
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use rust_decimal::Decimal;
use rustc_hash::FxHashMap;

use super::manifest::KeyCount;
use crate::inventory::{Inventory, Row};
use crate::parallel::in_order;
use crate::pool::{Pool, Symbol};
use crate::progress::Progress;
use crate::value::COST_SCALE;

/// Keys that get a column of their own at most.
const PROMOTED: usize = 256;

/// Rows of a row group: what DuckDB's own threads take at a time.
const GROUP: usize = 122_880;

/// Rows that are handed to the writer at a time.
pub(super) const BATCH: usize = 8192;

/// Digits of the cost column.
pub(super) const COST_PRECISION: u8 = 38;

/// The native keys of an inventory.
#[derive(Debug)]
pub(super) struct Census {
    /// Every key, sorted by its bytes.
    pub(super) keys: Vec<KeyCount>,
    /// Those that have a column of their own, in the order of the columns.
    pub(super) promoted: Vec<Symbol>,
}

/// Counts the native keys and gives the most frequent a column, of equals the first by bytes.
pub(super) fn census(inventory: &Inventory) -> Census {
    census_of(&inventory.pool, &inventory.key_counts())
}

/// As [`census`], of keys that are counted: each with the number of rows that have it, sorted by key bytes.
pub(super) fn census_of(pool: &Pool, counts: &[(Symbol, u64)]) -> Census {
    let mut by_count: Vec<usize> = (0..counts.len()).collect();
    by_count.sort_by_key(|at| Reverse(counts.get(*at).map(|(_, count)| *count)));
    by_count.truncate(PROMOTED);
    let mut columns = vec![None; counts.len()];
    for (number, at) in by_count.iter().enumerate() {
        if let Some(column) = columns.get_mut(*at) {
            *column = Some(format!("key_{number}"));
        }
    }
    let key = |((symbol, count), column): (&(Symbol, u64), Option<String>)| KeyCount {
        key: pool.text(*symbol).to_owned(),
        count: *count,
        column,
    };
    let promoted = by_count.iter().filter_map(|at| counts.get(*at)).map(|(symbol, _)| *symbol).collect();
    Census { keys: counts.iter().zip(columns).map(key).collect(), promoted }
}

/// Writes the resources of a sorted inventory, several row groups at a time.
pub(super) fn write_resources<W: Write + Send>(
    inventory: &Inventory,
    census: &Census,
    out: W,
    progress: &mut dyn FnMut(Progress<'_>),
) -> io::Result<()> {
    let has_unknown = inventory.rows().iter().any(|row| row.unknown.is_some());
    let more = if has_unknown { unknown_fields() } else { Vec::new() };
    let columns = Columns::new(&census.promoted, &more, true);
    let options = ArrowWriterOptions::new().with_properties(properties()?).with_skip_arrow_metadata(true);
    let writer =
        ArrowWriter::try_new_with_options(out, Arc::clone(&columns.schema), options).map_err(to_io)?;
    let (mut writer, factory) = writer.into_serialized_writer().map_err(to_io)?;
    let total = inventory.len() as u64;
    let mut written = 0;
    progress(Progress::Writing { resources: written, total });
    let groups = inventory.rows().chunks(GROUP).enumerate();
    let encode = |(number, rows): (usize, &[Row])| {
        let encoders = factory.create_column_writers(number)?;
        Ok((rows.len() as u64, columns.encode(&inventory.pool, rows, encoders)?))
    };
    in_order(groups, encode, |encoded: Result<_, ParquetError>| {
        let (rows, chunks) = encoded?;
        append_group(&mut writer, chunks)?;
        written += rows;
        progress(Progress::Writing { resources: written, total });
        Ok(())
    })
    .map_err(to_io)?;
    writer.close().map_err(to_io)?;
    Ok(())
}

fn append_group<W: Write + Send>(
    writer: &mut SerializedFileWriter<W>,
    chunks: Vec<ArrowColumnChunk>,
) -> Result<(), ParquetError> {
    let mut group = writer.next_row_group()?;
    for chunk in chunks {
        chunk.append_to_row_group(&mut group)?;
    }
    group.close().map(drop)
}

pub(super) fn properties() -> io::Result<WriterProperties> {
    let level = ZstdLevel::try_new(1).map_err(to_io)?;
    Ok(WriterProperties::builder()
        .set_compression(Compression::ZSTD(level))
        .set_max_row_group_row_count(Some(GROUP))
        .build())
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

/// The columns of the file.
pub(super) struct Columns {
    pub(super) schema: SchemaRef,
    entries: Fields,
    /// Which promoted column a key has.
    promoted: FxHashMap<Symbol, usize>,
}

impl Columns {
    /// `promoted` has the keys in the order of their columns; `more` are columns after all others. `has_ids` tells
    /// whether every row has an id.
    pub(super) fn new(promoted: &[Symbol], more: &[Field], has_ids: bool) -> Self {
        let entries = Fields::from(vec![
            Field::new("key", DataType::Utf8, false),
            Field::new("value", DataType::Utf8, true),
        ]);
        let entry = Field::new("key_value", DataType::Struct(entries.clone()), false);
        let text = |name: &str| Field::new(name, DataType::Utf8, true);
        let mut fields = vec![
            Field::new("id", DataType::Utf8, !has_ids),
            text("name"),
            text("type"),
            text("provider"),
            text("account"),
            text("region"),
            text("source"),
            // Without a zone, so that DuckDB reads a TIMESTAMP and needs no zone data.
            Field::new("created", DataType::Timestamp(TimeUnit::Microsecond, None), true),
            Field::new("monthly_cost", DataType::Decimal128(COST_PRECISION, COST_SCALE as i8), true),
            text("meta"),
            Field::new("tags", DataType::Map(Arc::new(entry), false), true),
        ];
        fields.extend((0..promoted.len()).map(|number| text(&format!("key_{number}"))));
        fields.extend(more.iter().cloned());
        let promoted = promoted.iter().enumerate().map(|(number, key)| (*key, number)).collect();
        Self { schema: Arc::new(Schema::new(fields)), entries, promoted }
    }

    /// Encodes the columns of a row group.
    fn encode(
        &self,
        pool: &Pool,
        rows: &[Row],
        mut encoders: Vec<ArrowColumnWriter>,
    ) -> Result<Vec<ArrowColumnChunk>, ParquetError> {
        for rows in rows.chunks(BATCH) {
            let mut arrays = self.arrays(pool, rows)?;
            if self.schema.fields().len() > arrays.len() {
                arrays.extend(unknown(rows));
            }
            let batch = RecordBatch::try_new(Arc::clone(&self.schema), arrays)?;
            let mut encoders = encoders.iter_mut();
            for (field, column) in self.schema.fields().iter().zip(batch.columns()) {
                for (leaf, encoder) in compute_leaves(field, column)?.iter().zip(&mut encoders) {
                    encoder.write(leaf)?;
                }
            }
        }
        encoders.into_iter().map(ArrowColumnWriter::close).collect()
    }

    /// Returns the columns of some rows, but for those that are after all others.
    pub(super) fn arrays<R: Record>(
        &self,
        pool: &Pool,
        rows: &[R],
    ) -> Result<Vec<ArrayRef>, arrow::error::ArrowError> {
        let mut arrays = vec![
            texts(pool, rows, Record::id),
            texts(pool, rows, |row| row.row().name),
            texts(pool, rows, |row| row.row().type_),
            texts(pool, rows, |row| row.row().provider),
            texts(pool, rows, |row| row.row().account),
            texts(pool, rows, |row| row.row().region),
            texts(pool, rows, |row| row.row().source),
            created(rows),
            costs(rows)?,
            texts(pool, rows, |row| row.row().meta),
            self.tags(pool, rows)?,
        ];
        arrays.extend(self.promoted(pool, rows));
        Ok(arrays)
    }

    fn tags<R: Record>(&self, pool: &Pool, rows: &[R]) -> Result<ArrayRef, arrow::error::ArrowError> {
        let (mut keys, mut values) = (StringBuilder::new(), StringBuilder::new());
        let mut offsets = Int32BufferBuilder::new(rows.len() + 1);
        offsets.append(0);
        let mut end = 0_i32;
        for row in rows {
            for (key, value) in &row.row().tags {
                keys.append_value(pool.text(*key));
                values.append_value(pool.text(*value));
                end += 1;
            }
            offsets.append(end);
        }
        let entries = StructArray::try_new(
            self.entries.clone(),
            vec![Arc::new(keys.finish()), Arc::new(values.finish())],
            None,
        )?;
        let field = Arc::new(Field::new("key_value", DataType::Struct(self.entries.clone()), false));
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets.finish()));
        Ok(Arc::new(MapArray::try_new(field, offsets, entries, None, false)?))
    }

    /// Returns the promoted columns. Nulls are filled in when a value follows them, since most
    /// cells of most columns are null.
    fn promoted<R: Record>(&self, pool: &Pool, rows: &[R]) -> Vec<ArrayRef> {
        let mut columns: Vec<(StringBuilder, usize)> = Vec::new();
        columns.resize_with(self.promoted.len(), Default::default);
        for (at, row) in rows.iter().enumerate() {
            for (key, value) in &row.row().tags {
                let column = self.promoted.get(key).and_then(|column| columns.get_mut(*column));
                if let Some((builder, len)) = column {
                    builder.append_nulls(at - *len);
                    builder.append_value(pool.text(*value));
                    *len = at + 1;
                }
            }
        }
        let finish = |(mut builder, len): (StringBuilder, usize)| -> ArrayRef {
            builder.append_nulls(rows.len() - len);
            Arc::new(builder.finish())
        };
        columns.into_iter().map(finish).collect()
    }
}

/// A row of resources, or of what is like them.
pub(super) trait Record {
    /// Returns what it has in common with a resource.
    fn row(&self) -> &Row;

    /// Returns the id of the resource, if there is one.
    fn id(&self) -> Option<Symbol>;
}

impl Record for Row {
    fn row(&self) -> &Row {
        self
    }

    fn id(&self) -> Option<Symbol> {
        Some(self.id)
    }
}

/// Returns a column of texts.
pub(super) fn texts<R>(pool: &Pool, rows: &[R], of: impl Fn(&R) -> Option<Symbol>) -> ArrayRef {
    let mut builder = StringBuilder::new();
    for row in rows {
        builder.append_option(of(row).map(|symbol| pool.text(symbol)));
    }
    Arc::new(builder.finish())
}

/// Returns the columns of tags that are not known yet; only snapshots with such tags have them.
fn unknown_fields() -> Vec<Field> {
    let element = Field::new("element", DataType::Utf8, false);
    vec![
        Field::new("unknown_keys", DataType::List(Arc::new(element)), false),
        Field::new("unknown_tags", DataType::Boolean, false),
    ]
}

/// Returns the columns of tags that are not known yet.
fn unknown(rows: &[Row]) -> [ArrayRef; 2] {
    let element = Field::new("element", DataType::Utf8, false);
    let mut keys = ListBuilder::new(StringBuilder::new()).with_field(element);
    let mut others = BooleanBuilder::new();
    for row in rows {
        let unknown = row.unknown.as_deref();
        for key in unknown.iter().flat_map(|unknown| &unknown.keys) {
            keys.values().append_value(key);
        }
        keys.append(true);
        others.append_value(unknown.is_some_and(|unknown| unknown.others));
    }
    [Arc::new(keys.finish()), Arc::new(others.finish())]
}

fn created<R: Record>(rows: &[R]) -> ArrayRef {
    let mut builder = TimestampMicrosecondBuilder::with_capacity(rows.len());
    for row in rows {
        builder.append_option(row.row().created);
    }
    Arc::new(builder.finish())
}

fn costs<R: Record>(rows: &[R]) -> Result<ArrayRef, arrow::error::ArrowError> {
    let mut builder = Decimal128Builder::with_capacity(rows.len())
        .with_precision_and_scale(COST_PRECISION, COST_SCALE as i8)?;
    for row in rows {
        builder.append_option(row.row().monthly_cost.and_then(scaled));
    }
    Ok(Arc::new(builder.finish()))
}

/// Returns an amount in units of 10^-12; none where it is beyond 16 digits.
fn scaled(cost: Decimal) -> Option<i128> {
    let cost = crate::value::round_cost(cost);
    let missing = COST_SCALE.checked_sub(cost.scale())?;
    let units = cost.mantissa().checked_mul(10_i128.pow(missing))?;
    crate::value::fits_cost(cost).then_some(units)
}
