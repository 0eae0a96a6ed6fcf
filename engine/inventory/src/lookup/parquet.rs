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
use crate::guard::guarded;
use crate::read::parquet_cells::{moments, next_batch, open_plain};
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
    let build = || builder.with_projection(mask).build();
    let mut reader = guarded(build).map_err(|error| bad_parquet(path, &error))?;
    let mut line = 0;
    while let Some(batch) = next_batch(&mut reader).map_err(|error| bad_parquet(path, &error))? {
        let texts = |(index, name): (&usize, &&str)| {
            let array = in_file.binary_search(index).ok().and_then(|at| batch.columns().get(at));
            let absent = || Err((None, format!("it has no column `{name}`")));
            array.map_or_else(absent, |array| to_text(name, array))
        };
        let texts: Result<Vec<StringArray>, BadColumn> = at.iter().zip(columns.names).map(texts).collect();
        let texts = texts.map_err(|(row, reason)| {
            let error = LookupError::new(path, reason);
            row.map_or(error.clone(), |row| error.line(line + row as u64 + 1))
        })?;
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
    open_plain(file).map_err(|error| bad_parquet(path, &error))
}

/// Why a column cannot be read, and the row of the batch whose cell is to blame, if one is.
type BadColumn = (Option<usize>, String);

fn to_text(name: &str, array: &arrow::array::ArrayRef) -> Result<StringArray, BadColumn> {
    let type_ = array.data_type();
    if type_.is_nested() {
        return Err((None, format!("its column `{name}` has type {type_}, expected a plain type")));
    }
    if let Some(bad) = moments(array).and_then(|(_, bad)| bad.into_iter().next()) {
        return Err((Some(bad.row), format!("its `{name}` is {}", bad.reason)));
    }
    let text = cast(array, &DataType::Utf8).map_err(|e| (None, format!("its column `{name}`: {e}")))?;
    Ok(text.as_string::<i32>().clone())
}

fn bad_parquet(path: &Path, error: &dyn std::fmt::Display) -> LookupError {
    let reason = shorten(&error.to_string());
    ImportError::Parquet { path: path.to_owned(), reason }.into()
}
