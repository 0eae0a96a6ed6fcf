//! Tables as Parquet.

use std::borrow::Cow;
use std::fs::File;
use std::path::Path;

use arrow::array::{Array as _, AsArray as _, StringArray};
use arrow::compute::cast;
use arrow::datatypes::DataType;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{Found, LookupColumns, LookupError, LookupRow};
use crate::error::ImportError;
use crate::source::{Source, read_error};
use crate::value::shorten;

/// Reads the names of the columns.
pub(super) fn headings(source: Source, path: &Path) -> Result<Vec<String>, LookupError> {
    let builder = open(source, path)?;
    Ok(builder.schema().fields().iter().map(|field| field.name().clone()).collect())
}

/// Reads the rows.
pub(super) fn read(
    source: Source,
    path: &Path,
    columns: LookupColumns<'_>,
    each: &mut dyn FnMut(LookupRow<'_>),
) -> Result<(), LookupError> {
    let builder = open(source, path)?;
    let mut found = Found::new(columns);
    for (index, field) in builder.schema().fields().iter().enumerate() {
        found.take(field.name(), index).map_err(|reason| LookupError::new(path, reason))?;
    }
    let at = found.all().map_err(|reason| LookupError::new(path, reason))?;
    let mask = ProjectionMask::roots(builder.parquet_schema(), at.iter().copied());
    // The columns of a batch are those of the mask in the order of the file.
    let mut in_file = at.clone();
    in_file.sort_unstable();
    let reader = builder.with_projection(mask).build().map_err(|error| bad_parquet(path, &error))?;
    let mut line = 0;
    for batch in reader {
        let batch = batch.map_err(|error| bad_parquet(path, &error))?;
        let texts = |(index, name): (&usize, &&str)| {
            let array = in_file.binary_search(index).ok().and_then(|at| batch.columns().get(at));
            array.map_or_else(|| Err(format!("it has no column `{name}`")), |array| to_text(name, array))
        };
        let texts: Result<Vec<StringArray>, String> = at.iter().zip(columns.names).map(texts).collect();
        let texts = texts.map_err(|reason| LookupError::new(path, reason))?;
        for row in 0..batch.num_rows() {
            line += 1;
            let cell =
                |array: &'_ StringArray| array.is_valid(row).then(|| Cow::Owned(array.value(row).to_owned()));
            let cells: Vec<Option<Cow<'_, str>>> = texts.iter().map(cell).collect();
            each(LookupRow { line, cells: &cells });
        }
    }
    Ok(())
}

fn open(source: Source, path: &Path) -> Result<ParquetRecordBatchReaderBuilder<File>, LookupError> {
    let file = match source.reopen().map_err(|error| read_error(path, error))? {
        Some(file) => file,
        None => source.into_file()?.0,
    };
    ParquetRecordBatchReaderBuilder::try_new(file).map_err(|error| bad_parquet(path, &error))
}

fn to_text(name: &str, array: &arrow::array::ArrayRef) -> Result<StringArray, String> {
    if array.data_type().is_nested() {
        return Err(format!("its column `{name}` holds {}, want a plain type", array.data_type()));
    }
    let text = cast(array, &DataType::Utf8).map_err(|error| format!("its column `{name}`: {error}"))?;
    Ok(text.as_string::<i32>().clone())
}

fn bad_parquet(path: &Path, error: &dyn std::fmt::Display) -> LookupError {
    let reason = shorten(&error.to_string());
    ImportError::Parquet { path: path.to_owned(), reason }.into()
}
