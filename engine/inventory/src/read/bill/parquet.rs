//! Bills as Parquet.
//!
//! In: a Parquet file whose columns have any sensible type: costs as decimals, floats or text,
//! times as timestamps, dates or text, tags as JSON text or nested. Out: its charges in the bill.
//! A float cost becomes the shortest decimal that stands for it, so that sums stay exact. A row with a cell
//! that cannot be what its column says, as a text that is not UTF-8, is rejected.

use std::fs::File;
use std::sync::Arc;

use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ProjectionMask;

use super::batch::{Batch, Root};
use super::cells::Cells;
use super::entries::Bill;
use super::layout::{Kind, Layout, note_columns};
use super::row::Row;
use crate::error::ImportError;
use crate::format::Format;
use crate::guard::guarded;
use crate::read::parquet_cells::{next_batch, open};
use crate::reject::Flaw;
use crate::sink::Sink;
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
    kind: Kind<'_>,
    bill: &mut Bill,
    sink: &mut Sink<'_>,
) -> Result<Option<&'static str>, ImportError> {
    let path = sink.path().to_owned();
    let bad = |error: &dyn std::fmt::Display| bad_parquet(&path, error);
    let builder = open(file).map_err(|e| bad(&e))?;
    let (names, roots) = columns(builder.schema(), kind.structs);
    let layout = (kind.find)(&names, &path)?;
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
            read_row(&columns, (at, line), layout.as_ref(), (kind.format, bill), sink)?;
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
