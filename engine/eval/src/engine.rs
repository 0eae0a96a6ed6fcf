//! An engine elsewhere that evaluates in the place of the database.

use std::sync::Arc;

use arrow::array::{Array, Float64Array, RecordBatch, StringArray, StructArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Field, FieldRef, Schema};
use tagpol_interp as interp;
use tagpol_plan::{Dialect, FirstSeen, Overlays, Plan};
use tagpol_session::{Batch, Row};

use crate::error::RunError;
use crate::rows::{Fields, decode};

/// An engine elsewhere that runs SQL in a dialect.
pub trait Engine: Send {
    /// Returns its dialect.
    fn dialect(&self) -> Dialect;

    /// Runs a statement that has no rows.
    ///
    /// # Errors
    /// [`RunError::Engine`], [`RunError::Store`] if it was cancelled.
    fn execute(&self, sql: &str) -> Result<(), RunError>;

    /// Runs a query and hands its rows over as they come.
    ///
    /// # Errors
    /// As [`Self::execute`], and those of `each`.
    fn query(
        &self,
        sql: &str,
        each: &mut dyn FnMut(&RecordBatch) -> Result<(), RunError>,
    ) -> Result<(), RunError>;

    /// Gives the resources of a snapshot a name for the session.
    ///
    /// # Errors
    /// As [`Self::execute`].
    fn open_resources(&self, name: &str) -> Result<(), RunError>;

    /// Sends rows to the engine, under a name for the session.
    ///
    /// # Errors
    /// As [`Self::execute`].
    fn load(&self, name: &str, rows: &RecordBatch) -> Result<(), RunError>;
}

/// Hands the rows of a query of an engine over as they come, some thousand at a time and by column.
///
/// # Errors
/// Those of the engine and of `f`.
pub fn for_each_batch(
    engine: &dyn Engine,
    sql: &str,
    mut f: impl FnMut(&[FieldRef], &Batch<'_>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    engine.query(sql, &mut |rows| {
        let rows = StructArray::from(rows.clone());
        f(rows.fields(), &Batch::new(rows.fields(), &rows)?)
    })
}

/// Reads the rows of a query of an engine, as [`crate::read`] those of the database.
pub(crate) fn read_remote(
    engine: &dyn Engine,
    query: &'static str,
    sql: &str,
    mut f: impl FnMut(&Fields<'_>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let mut cells = Vec::new();
    for_each_batch(engine, sql, |fields, batch| {
        let columns: Arc<[String]> = fields.iter().map(|field| field.name().clone()).collect();
        for row in 0..batch.rows() {
            batch.read_row(row, &mut cells);
            decode(query, &Row::new(&columns, &cells), &mut f)?;
        }
        Ok(())
    })
}

/// A column of rows that are sent.
type Column = (&'static str, Arc<dyn Array>);

fn batch(columns: Vec<Column>) -> Result<RecordBatch, RunError> {
    let fields: Vec<Field> =
        columns.iter().map(|(name, column)| Field::new(*name, column.data_type().clone(), true)).collect();
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    rows_of(Schema::new(fields), columns)
}

fn rows_of(schema: Schema, columns: Vec<Arc<dyn Array>>) -> Result<RecordBatch, RunError> {
    let unexpected = |error: arrow::error::ArrowError| RunError::Answer {
        query: "rows for the engine",
        reason: error.to_string(),
    };
    RecordBatch::try_new(Arc::new(schema), columns).map_err(unexpected)
}

fn texts<'t>(texts: impl Iterator<Item = &'t str>) -> Arc<dyn Array> {
    Arc::new(StringArray::from_iter_values(texts))
}

/// Sends what a project remembers to an engine, under the names that a plan reads. What is not remembered has none.
///
/// # Errors
/// Those of the engine.
pub fn send_overlays(
    engine: &dyn Engine,
    overlays: &Overlays,
    values: &interp::Overlays,
) -> Result<(), RunError> {
    if let Some(decisions) = &overlays.decisions {
        let rows = &values.decided;
        let columns = vec![
            ("resource", texts(rows.keys().map(|(resource, _)| resource.as_str()))),
            ("tag", texts(rows.keys().map(|(_, tag)| tag.as_str()))),
            ("value", texts(rows.values().map(String::as_str))),
        ];
        engine.load(&decisions.relation, &batch(columns)?)?;
    }
    if let Some(predictions) = &overlays.predictions {
        let rows = &values.predicted;
        // Confidences have come from doubles, whose digits these are.
        let confidences = rows.values().map(|(_, confidence)| confidence.to_string().parse::<f64>().ok());
        let columns = vec![
            ("resource", texts(rows.keys().map(|(resource, _)| resource.as_str()))),
            ("tag", texts(rows.keys().map(|(_, tag)| tag.as_str()))),
            ("value", texts(rows.values().map(|(value, _)| value.as_str()))),
            ("confidence", Arc::new(confidences.collect::<Float64Array>()) as Arc<dyn Array>),
        ];
        engine.load(&predictions.relation, &batch(columns)?)?;
    }
    if let (FirstSeen::Relation { relation, .. }, interp::FirstSeen::At(times)) =
        (&overlays.first_seen, &values.first_seen)
    {
        let since = times.values().map(|since| Some(since.timestamp_micros()));
        let columns = vec![
            ("policy", texts(times.keys().map(|(policy, _, _)| policy.as_str()))),
            ("check_id", texts(times.keys().map(|(_, check, _)| check.as_str()))),
            ("resource", texts(times.keys().map(|(_, _, resource)| resource.as_str()))),
            ("since", Arc::new(since.collect::<TimestampMicrosecondArray>()) as Arc<dyn Array>),
        ];
        engine.load(relation, &batch(columns)?)?;
    }
    Ok(())
}

/// Sends the rows of the tables that a plan reads, each row with a cell for each column of its table.
///
/// # Errors
/// Those of the engine.
pub fn send_tables<'r>(
    engine: &dyn Engine,
    plan: &Plan,
    rows: impl Fn(tagpol_sema::program::TableId) -> Option<Vec<&'r [Option<String>]>>,
) -> Result<(), RunError> {
    for id in plan.tables_read() {
        let (Some(info), Some(rows)) = (plan.lookups.get(id.0 as usize), rows(id)) else { continue };
        let column = |at: usize| -> Arc<dyn Array> {
            let cells = rows.iter().map(|row| row.get(at).and_then(Option::as_deref));
            Arc::new(cells.collect::<StringArray>())
        };
        let fields: Vec<Field> =
            info.columns.iter().map(|name| Field::new(name, DataType::Utf8, true)).collect();
        let columns = (0..info.columns.len()).map(column).collect();
        engine.load(&info.relation, &rows_of(Schema::new(fields), columns)?)?;
    }
    Ok(())
}
