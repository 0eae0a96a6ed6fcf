//! An engine elsewhere that evaluates in the place of the database.

use std::sync::Arc;

use arrow::array::{Array, AsArray as _, Float64Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Field, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    Schema, TimeUnit, TimestampMicrosecondType,
};
use tagpol_interp as interp;
use tagpol_plan::{Dialect, FirstSeen, Overlays, Plan};
use tagpol_session::{Cell, Decimal, Row};

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

/// Reads the rows of a query of an engine, as [`crate::read`] those of the database.
pub(crate) fn read_remote(
    engine: &dyn Engine,
    query: &'static str,
    sql: &str,
    mut f: impl FnMut(&Fields<'_>) -> Result<(), RunError>,
) -> Result<(), RunError> {
    let unexpected = |reason: String| RunError::Answer { query, reason };
    engine.query(sql, &mut |batch| {
        let columns: Arc<[String]> =
            batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        for row in 0..batch.num_rows() {
            let cells = cells(batch, row).map_err(unexpected)?;
            decode(query, &Row::new(&columns, &cells), &mut f)?;
        }
        Ok(())
    })
}

/// Returns the values of a row. The error is a type that no query of a plan has.
pub fn cells(batch: &RecordBatch, row: usize) -> Result<Vec<Cell>, String> {
    batch.columns().iter().map(|column| cell(column.as_ref(), row)).collect()
}

fn cell(column: &dyn Array, row: usize) -> Result<Cell, String> {
    if column.is_null(row) {
        return Ok(Cell::Null);
    }
    Ok(match column.data_type() {
        DataType::Null => Cell::Null,
        DataType::Boolean => Cell::Bool(column.as_boolean().value(row)),
        DataType::Int8 => Cell::Int(column.as_primitive::<Int8Type>().value(row).into()),
        DataType::Int16 => Cell::Int(column.as_primitive::<Int16Type>().value(row).into()),
        DataType::Int32 => Cell::Int(column.as_primitive::<Int32Type>().value(row).into()),
        DataType::Int64 => Cell::Int(column.as_primitive::<Int64Type>().value(row)),
        DataType::Float64 => Cell::Double(column.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, scale) => Cell::Decimal(Decimal {
            unscaled: column.as_primitive::<Decimal128Type>().value(row),
            scale: u8::try_from(*scale).map_err(|_| format!("a decimal of scale {scale}"))?,
        }),
        DataType::Utf8 => Cell::Text(column.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Cell::Text(column.as_string::<i64>().value(row).to_owned()),
        DataType::Utf8View => Cell::Text(column.as_string_view().value(row).to_owned()),
        DataType::Date32 => Cell::Date(column.as_primitive::<Date32Type>().value(row)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Cell::Timestamp(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        other => return Err(format!("a column of type {other}")),
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

#[cfg(test)]
mod tests {
    use arrow::array::BooleanArray;

    use super::*;

    #[test]
    fn cells_are_what_the_database_would_return() {
        let columns: Vec<Column> = vec![
            ("truth", Arc::new(BooleanArray::from(vec![Some(true), None]))),
            ("text", texts(["a", ""].into_iter())),
            ("time", Arc::new(TimestampMicrosecondArray::from(vec![Some(5), None]))),
        ];
        let batch = batch(columns).unwrap();
        assert_eq!(
            cells(&batch, 0),
            Ok(vec![Cell::Bool(true), Cell::Text("a".to_owned()), Cell::Timestamp(5)])
        );
        assert_eq!(cells(&batch, 1), Ok(vec![Cell::Null, Cell::Text(String::new()), Cell::Null]));
    }
}
