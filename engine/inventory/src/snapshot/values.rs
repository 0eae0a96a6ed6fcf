//! `values.parquet`: the distinct values of columns that have few, so that whoever reads a snapshot
//! can judge each of them once.
//!
//! Columns are `source`, the name of a column of `resources.parquet`, and `value`; sorted by the place
//! of the column, then by the bytes of the value. A column is there with all its values or not at all.

use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{RecordBatch, StringBuilder};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use rustc_hash::{FxHashMap, FxHashSet};

use super::manifest::ValueCount;
use super::parquet::{Census, properties, to_io};
use crate::inventory::{Inventory, Row};
use crate::pool::Symbol;

/// Values of a column that are listed at most.
const LISTED: usize = 512;

/// Bytes that a value may have to be listed.
const LISTED_BYTES: usize = 1024;

/// Distinct values that are counted at most; more are very many.
const COUNTED: usize = 32_768;

/// A column and the attribute that it holds.
type Attribute = (&'static str, fn(&Row) -> Option<Symbol>);

/// Attributes that are often the same.
const ATTRIBUTES: [Attribute; 5] = [
    ("type", |row| row.type_),
    ("provider", |row| row.provider),
    ("account", |row| row.account),
    ("region", |row| row.region),
    ("source", |row| row.source),
];

/// The distinct values of a column.
#[derive(Debug)]
pub(super) struct Distinct {
    column: String,
    /// None: very many.
    values: Option<FxHashSet<Symbol>>,
    /// The values in order, where they are few and short.
    listed: Option<Vec<Symbol>>,
}

impl Distinct {
    fn new(column: impl Into<String>) -> Self {
        Self { column: column.into(), values: Some(FxHashSet::default()), listed: None }
    }

    fn add(&mut self, value: Symbol) {
        if let Some(values) = &mut self.values {
            values.insert(value);
            if values.len() > COUNTED {
                self.values = None;
            }
        }
    }

    /// Sorts the values where they are to be listed.
    fn list(mut self, inventory: &Inventory) -> Self {
        let text = |symbol: &Symbol| inventory.pool.text(*symbol);
        let few = self.values.as_ref().filter(|values| (1..=LISTED).contains(&values.len()));
        let short = few.filter(|values| values.iter().all(|value| text(value).len() <= LISTED_BYTES));
        self.listed = short.map(|values| {
            let mut values: Vec<Symbol> = values.iter().copied().collect();
            values.sort_unstable_by(|a, b| text(a).cmp(text(b)));
            values
        });
        self
    }

    /// Returns what the manifest says of it.
    pub(super) fn counted(&self) -> Option<ValueCount> {
        let count = self.values.as_ref()?.len() as u64;
        Some(ValueCount { column: self.column.clone(), count, listed: self.listed.is_some() })
    }
}

/// Finds the distinct values of the attributes and of the keys with columns of their own.
pub(super) fn distinct_values(inventory: &Inventory, census: &Census) -> Vec<Distinct> {
    let mut attributes: Vec<Distinct> = ATTRIBUTES.iter().map(|(name, _)| Distinct::new(*name)).collect();
    let mut keys: Vec<Distinct> =
        (0..census.promoted.len()).map(|number| Distinct::new(format!("key_{number}"))).collect();
    let place: FxHashMap<Symbol, usize> =
        census.promoted.iter().enumerate().map(|(number, key)| (*key, number)).collect();
    for row in inventory.rows() {
        for (distinct, (_, of)) in attributes.iter_mut().zip(&ATTRIBUTES) {
            if let Some(value) = of(row) {
                distinct.add(value);
            }
        }
        for (key, value) in &row.tags {
            if let Some(distinct) = place.get(key).and_then(|number| keys.get_mut(*number)) {
                distinct.add(*value);
            }
        }
    }
    attributes.into_iter().chain(keys).map(|distinct| distinct.list(inventory)).collect()
}

/// Writes the values that are listed.
pub(super) fn write_values<W: Write + Send>(
    inventory: &Inventory,
    columns: &[Distinct],
    out: W,
) -> io::Result<()> {
    let (mut sources, mut values) = (StringBuilder::new(), StringBuilder::new());
    for column in columns {
        for value in column.listed.iter().flatten() {
            sources.append_value(&column.column);
            values.append_value(inventory.pool.text(*value));
        }
    }
    let field = |name| Field::new(name, DataType::Utf8, false);
    let schema = Arc::new(Schema::new(vec![field("source"), field("value")]));
    let batch = RecordBatch::try_new(
        Arc::clone(&schema),
        vec![Arc::new(sources.finish()), Arc::new(values.finish())],
    );
    let options = ArrowWriterOptions::new().with_properties(properties()?).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(out, schema, options).map_err(to_io)?;
    writer.write(&batch.map_err(io::Error::other)?).map_err(to_io)?;
    writer.close().map_err(to_io)?;
    Ok(())
}
