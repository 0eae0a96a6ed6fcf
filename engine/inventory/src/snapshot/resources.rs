//! The resources of a snapshot, read back.

use std::fs::File;
use std::path::{Path, PathBuf};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Decimal128Type, TimestampMicrosecondType};
use chrono::DateTime;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReader;
use rust_decimal::Decimal;

use super::open::{Snapshot, damaged};
use crate::error::ImportError;
use crate::read::parquet_cells::{next_batch, open_plain};
use crate::resource::{Resource, UnknownTags};
use crate::source::read_error;
use crate::value::COST_SCALE;

/// Columns of a resource; those of native keys repeat what is in its tags.
const COLUMNS: [&str; 13] = [
    "id",
    "name",
    "type",
    "provider",
    "account",
    "region",
    "source",
    "created",
    "monthly_cost",
    "meta",
    "tags",
    "unknown_keys",
    "unknown_tags",
];

/// The resources of a snapshot, sorted by the bytes of their ids. Ends after an error.
pub struct Resources {
    dir: PathBuf,
    reader: Option<ParquetRecordBatchReader>,
    batch: Vec<Resource>,
}

impl Snapshot {
    /// Reads the resources, a few thousand at a time.
    ///
    /// # Errors
    ///
    /// Where the file cannot be opened or is damaged.
    pub fn resources(&self) -> Result<Resources, ImportError> {
        let path = self.resources_path();
        let file = File::open(&path).map_err(|error| read_error(&path, error))?;
        let broken = |reason: String| damaged(self.dir(), format!("its resources cannot be read: {reason}"));
        let builder = open_plain(file).map_err(broken)?;
        let mask = ProjectionMask::columns(builder.parquet_schema(), COLUMNS);
        let reader = builder.with_projection(mask).build().map_err(|error| broken(error.to_string()))?;
        Ok(Resources { dir: self.dir().to_owned(), reader: Some(reader), batch: Vec::new() })
    }
}

impl Iterator for Resources {
    type Item = Result<Resource, ImportError>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.batch.is_empty() {
            let batch = next_batch(self.reader.as_mut()?);
            let read = batch.and_then(|batch| batch.map(|batch| resources(&batch)).transpose());
            match read {
                Ok(Some(batch)) => self.batch = batch,
                Ok(None) => self.reader = None,
                Err(reason) => {
                    self.reader = None;
                    return Some(Err(unreadable(&self.dir, &reason)));
                }
            }
        }
        self.batch.pop().map(Ok)
    }
}

fn unreadable(dir: &Path, reason: &str) -> ImportError {
    damaged(dir, format!("its resources cannot be read: {reason}"))
}

/// Returns the resources of a batch, the first last.
fn resources(batch: &RecordBatch) -> Result<Vec<Resource>, String> {
    let column = |name: &str| batch.column_by_name(name);
    let text = |name: &str, row: usize| {
        let texts = column(name)?.as_string_opt::<i32>()?;
        texts.is_valid(row).then(|| texts.value(row).to_owned())
    };
    let read = |row: usize| {
        let created =
            column("created").and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let cost = column("monthly_cost").and_then(|column| column.as_primitive_opt::<Decimal128Type>());
        let created = created.filter(|column| column.is_valid(row)).map(|column| column.value(row));
        let cost = cost.filter(|column| column.is_valid(row)).map(|column| column.value(row));
        Ok(Resource {
            id: text("id", row).ok_or("a resource has no id")?,
            name: text("name", row),
            type_: text("type", row),
            provider: text("provider", row),
            account: text("account", row),
            region: text("region", row),
            created: created.and_then(DateTime::from_timestamp_micros),
            monthly_cost: cost
                .map(|units| Decimal::try_from_i128_with_scale(units, COST_SCALE))
                .transpose()
                .map_err(|error| error.to_string())?
                .map(|cost| cost.normalize()),
            source: text("source", row),
            meta: text("meta", row),
            tags: tags(batch, row),
            unknown: unknown(batch, row),
        })
    };
    (0..batch.num_rows()).rev().map(read).collect()
}

fn tags(batch: &RecordBatch, row: usize) -> Vec<(String, String)> {
    let map = batch.column_by_name("tags").and_then(|column| column.as_map_opt());
    let Some(map) = map.filter(|map| map.is_valid(row)) else { return Vec::new() };
    let entries = map.value(row);
    let texts = |at: usize| entries.columns().get(at).and_then(|column| column.as_string_opt::<i32>());
    let (Some(keys), Some(values)) = (texts(0), texts(1)) else { return Vec::new() };
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    keys.iter().zip(values).map(|(key, value)| (text(key), text(value))).collect()
}

fn unknown(batch: &RecordBatch, row: usize) -> UnknownTags {
    let keys = batch.column_by_name("unknown_keys").and_then(|column| column.as_list_opt::<i32>());
    let keys = keys.map(|keys| keys.value(row));
    let keys = keys.as_ref().and_then(|keys| keys.as_string_opt::<i32>());
    let others = batch.column_by_name("unknown_tags").and_then(|column| column.as_boolean_opt());
    UnknownTags {
        keys: keys.into_iter().flatten().flatten().map(str::to_owned).collect(),
        others: others.is_some_and(|others| others.value(row)),
    }
}
