//! Bills as Parquet.
//!
//! In: a Parquet file whose columns have any sensible type: costs as decimals, floats or text,
//! times as timestamps, dates or text, tags as JSON text or nested. Out: its charges in the bill.
//! A float cost becomes the shortest decimal that stands for it, so that sums stay exact. A row with a cell
//! that cannot be what its column says, as a text that is not UTF-8, is rejected.

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringViewArray};
use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;

use super::nested::NestedTags;
use super::{Bill, Cells, Layout, Row, layout, note_columns, structs};
use crate::error::ImportError;
use crate::format::Format;
use crate::guard::guarded;
use crate::read::Sink;
use crate::read::parquet_cells::{BadCell, moments, next_batch, open, texts};
use crate::reject::Flaw;
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
    let builder = open(file).map_err(|e| bad_parquet(path, &e))?;
    Ok(builder.schema().fields().iter().map(|field| field.name().clone()).collect())
}

/// Where a column stands: its root, and its place in that if it is a member of a struct.
type Root = (usize, Option<usize>);

/// Returns the columns with their names. The members of some structs are columns, with dotted names.
fn columns(schema: &Schema, structs: &[&str]) -> (Vec<String>, Vec<Root>) {
    let mut columns = Vec::new();
    for (at, field) in schema.fields().iter().enumerate() {
        match field.data_type() {
            DataType::Struct(members) if structs.contains(&field.name().as_str()) => {
                let member = |(inner, member): (usize, &Arc<Field>)| {
                    (format!("{}.{}", field.name(), member.name()), (at, Some(inner)))
                };
                columns.extend(members.iter().enumerate().map(member));
            }
            _ => columns.push((field.name().clone(), (at, None))),
        }
    }
    columns.into_iter().unzip()
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
    let builder = open(file).map_err(|e| bad(&e))?;
    let (names, roots) = columns(builder.schema(), structs(format));
    let layout = layout(format, &names, &path)?;
    note_columns(layout.as_ref(), &names, sink);
    let mut wanted = layout.columns();
    wanted.sort_unstable();
    wanted.dedup();
    let tag_columns = layout.tag_columns();
    let wanted: Vec<(usize, Root)> =
        wanted.into_iter().filter_map(|at| Some((at, *roots.get(at)?))).collect();
    let mut read: Vec<usize> = wanted.iter().map(|(_, (root, _))| *root).collect();
    read.dedup();
    let mask = ProjectionMask::roots(builder.parquet_schema(), read.iter().copied());
    let build = || builder.with_projection(mask).with_batch_size(BATCH).build();
    let mut reader = guarded(build).map_err(|e| bad(&e))?;
    let mut line = 0;
    while let Some(batch) = next_batch(&mut reader).map_err(|e| bad(&e))? {
        let columns = Batch::of(&batch, (&wanted, &read, &tag_columns), &names).map_err(|e| bad(&e))?;
        for at in 0..batch.num_rows() {
            line += 1;
            sink.count_row();
            if let Some((column, cell)) = columns.bad.get(&at) {
                let name = names.get(*column).cloned().unwrap_or_default();
                let reason = format!("its `{}` is {}", shorten(&name), cell.reason);
                sink.reject(Flaw { field: Some(name), ..Flaw::row(line, reason, cell.shown.clone()) })?;
                continue;
            }
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
        Some(charge) => bill.add(charge, format, sink),
        None => Ok(()),
    }
}

fn bad_parquet(path: &std::path::Path, error: &dyn std::fmt::Display) -> ImportError {
    ImportError::Parquet { path: path.to_owned(), reason: shorten(&error.to_string()) }
}

/// A column, as the type that it is read with.
enum Column {
    Text(StringViewArray),
    /// Microseconds since 1970.
    Times(Vec<Option<i64>>),
    Tags(Box<NestedTags>),
}

/// The columns of one batch, by their places in the file; none where a column is not read.
pub(crate) struct Batch {
    columns: Vec<Option<Column>>,
    /// By row: the first of its cells that cannot be read, and the column of that.
    bad: BTreeMap<usize, (usize, BadCell)>,
}

impl Batch {
    fn of(
        batch: &RecordBatch,
        (wanted, read, tag_columns): (&[(usize, Root)], &[usize], &[usize]),
        names: &[String],
    ) -> Result<Self, String> {
        let mut columns: Vec<Option<Column>> = Vec::new();
        columns.resize_with(names.len(), || None);
        let mut bad = BTreeMap::new();
        for (at, (root, member)) in wanted {
            // What a projection gives stands in the order of the file.
            let place = read.iter().position(|read| read == root);
            let array = place.and_then(|place| batch.columns().get(place));
            let array = match member {
                None => array,
                Some(member) => array
                    .and_then(|array| array.as_struct_opt())
                    .and_then(|array| array.columns().get(*member)),
            };
            let Some(array) = array else { continue };
            let name = |reason| format!("`{}`: {reason}", names.get(*at).map_or("", String::as_str));
            let (column, cells) = Column::of(array, tag_columns.contains(at)).map_err(name)?;
            for cell in cells {
                bad.entry(cell.row).or_insert((*at, cell));
            }
            if let Some(place) = columns.get_mut(*at) {
                *place = Some(column);
            }
        }
        Ok(Self { columns, bad })
    }

    fn column(&self, at: usize) -> Option<&Column> {
        self.columns.get(at)?.as_ref()
    }

    /// Returns a cell; the empty text and the text `NULL` are null.
    pub(crate) fn text(&self, at: usize, row: usize) -> Option<&str> {
        match self.column(at)? {
            Column::Text(array) => cell(array, row).filter(|text| !text.is_empty() && *text != "NULL"),
            Column::Times(_) | Column::Tags(_) => None,
        }
    }

    /// Whether the column holds times rather than text.
    pub(crate) fn has_times(&self, at: usize) -> bool {
        matches!(self.column(at), Some(Column::Times(_)))
    }

    /// Returns microseconds since 1970.
    pub(crate) fn moment(&self, at: usize, row: usize) -> Option<i64> {
        match self.column(at)? {
            Column::Times(moments) => moments.get(row).copied().flatten(),
            Column::Text(_) | Column::Tags(_) => None,
        }
    }

    /// Returns the tags of a row that have a value; none where the column is one of texts.
    pub(crate) fn pairs(&self, at: usize, row: usize) -> Option<Vec<(&str, &str)>> {
        match self.column(at)? {
            Column::Tags(tags) => Some(tags.pairs(row)),
            Column::Text(_) | Column::Times(_) => None,
        }
    }
}

impl Column {
    /// Reads a column; the bad cells are those of its rows.
    fn of(array: &ArrayRef, may_be_nested: bool) -> Result<(Self, Vec<BadCell>), String> {
        if let Some((moments, bad)) = moments(array) {
            return Ok((Self::Times(moments), bad));
        }
        if may_be_nested && let Some((tags, bad)) = NestedTags::of(array)? {
            return Ok((Self::Tags(Box::new(tags)), bad));
        }
        let (texts, bad) = texts(array)?;
        Ok((Self::Text(texts), bad))
    }
}

pub(super) fn cell(array: &StringViewArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}
