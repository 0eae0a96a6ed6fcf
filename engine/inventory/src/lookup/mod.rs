//! Lookup tables: small files that policies look values up in.
//!
//! In: a path, and which columns are wanted. Out: the file's headings, or its rows as texts with
//! their places. CSV and TSV have a header; of JSON the members of the objects are the columns,
//! in an array or one after the other; all of these may be gzipped; of Parquet any plain type is
//! read as text. Cells are handed over as they are found, an empty one too; only accounts of AWS get the
//! zeros back that programs drop which take them for numbers.
//!
//! Unlike in an inventory, a row that cannot be read is an error: a lookup that silently finds
//! nothing looks like a missing tag.

mod csv;
mod error;
mod json;
mod parquet;

use std::borrow::Cow;
use std::path::Path;

pub use error::LookupError;

use crate::error::ImportError;
use crate::source::Source;

/// The columns of a table that are wanted.
#[derive(Clone, Copy)]
pub struct LookupColumns<'a> {
    /// Their headings as the policies write them, for messages.
    pub names: &'a [&'a str],
    /// Returns the index in `names` of the column that a heading of the file stands for.
    pub find: &'a dyn Fn(&str) -> Option<usize>,
}

/// A row of a table.
#[derive(Debug)]
pub struct LookupRow<'a> {
    /// Line that it starts on, from 1; of Parquet the number of the row, from 1.
    pub line: u64,
    /// A cell for each of [`LookupColumns::names`]; None if the file has no value.
    pub cells: &'a [Option<Cow<'a, str>>],
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Json,
    Parquet,
}

/// Reads the headings of a table, and no more of the file than that takes: the header, or the
/// first thousand objects of JSON. None: JSON without any object, which says nothing of columns.
///
/// # Errors
///
/// Where the file is not there, holds nothing, or is not of a known format.
pub fn lookup_headings(path: &Path) -> Result<Option<Vec<String>>, LookupError> {
    let (source, format) = open(path)?;
    match format {
        Format::Csv => csv::headings(source, path).map(Some),
        Format::Json => json::headings(source, path),
        Format::Parquet => parquet::headings(source, path).map(Some),
    }
}

/// Reads a table row by row.
///
/// # Errors
///
/// The first thing that cannot be read, with its place; a wanted column that the file has not, or
/// has twice.
pub fn read_lookup(
    path: &Path,
    columns: LookupColumns<'_>,
    each: &mut dyn FnMut(LookupRow<'_>),
) -> Result<(), LookupError> {
    let (source, format) = open(path)?;
    // A number in JSON was meant as one; in CSV and Parquet it may be what a spreadsheet made of a text.
    if format == Format::Json {
        return json::read(source, path, columns, each);
    }
    let accounts: Vec<usize> =
        (0..).zip(columns.names).filter(|(_, name)| is_account(name)).map(|(at, _)| at).collect();
    let mut with_accounts = |row: LookupRow<'_>| {
        let mut cells = row.cells.to_vec();
        for at in &accounts {
            if let Some(Some(cell)) = cells.get_mut(*at)
                && let Some(padded) = padded_account(cell)
            {
                *cell = Cow::Owned(padded);
            }
        }
        each(LookupRow { line: row.line, cells: &cells });
    };
    let each: &mut dyn FnMut(LookupRow<'_>) = &mut with_accounts;
    match format {
        Format::Csv => csv::read(source, path, columns, each),
        Format::Json => json::read(source, path, columns, each),
        Format::Parquet => parquet::read(source, path, columns, each),
    }
}

/// Whether a column has accounts by its heading. Those of billing are numbers of any length.
fn is_account(heading: &str) -> bool {
    let heading = heading.to_lowercase();
    heading.contains("account") && !heading.contains("billing")
}

/// Returns an account of AWS whose zeros at the start were lost, since something took it for a number: it has 12
/// digits. None if the cell is something else.
fn padded_account(cell: &str) -> Option<String> {
    let is_short = (9..12).contains(&cell.len()) && cell.bytes().all(|b| b.is_ascii_digit());
    is_short.then(|| format!("{cell:0>12}"))
}

fn open(path: &Path) -> Result<(Source, Format), LookupError> {
    let mut source = Source::open(path)?;
    let start = source.start()?;
    let format = format_of(path, start)?;
    Ok((source, format))
}

/// The content decides, but for texts that only their extension distinguishes.
fn format_of(path: &Path, start: &[u8]) -> Result<Format, LookupError> {
    let unknown = |found: &str, help: &str| LookupError::new(path, found).help(help);
    if start.starts_with(b"PAR1") {
        return Ok(Format::Parquet);
    }
    if start.starts_with(b"PK\x03\x04") {
        return Err(unknown("it is a workbook or a zip archive", "save the sheet as CSV"));
    }
    let text = start.strip_prefix(b"\xef\xbb\xbf").unwrap_or(start).trim_ascii_start();
    let extension = crate::format::extension(path);
    match text.first() {
        None => Err(ImportError::Empty { path: path.to_owned() }.into()),
        Some(_) if text.iter().take(1024).any(|byte| *byte == 0) => {
            Err(unknown("it is not text", "a table is CSV, TSV, JSON or Parquet"))
        }
        Some(_) if matches!(extension, Some("csv" | "tsv")) => Ok(Format::Csv),
        Some(_) if matches!(extension, Some("json" | "ndjson" | "jsonl")) => Ok(Format::Json),
        Some(b'{' | b'[') => Ok(Format::Json),
        Some(_) => Ok(Format::Csv),
    }
}

/// Which column of a file each of the wanted ones is.
struct Found<'a> {
    columns: LookupColumns<'a>,
    /// By wanted column: its heading and index in the file.
    at: Vec<Option<(String, usize)>>,
}

impl<'a> Found<'a> {
    fn new(columns: LookupColumns<'a>) -> Self {
        Self { columns, at: vec![None; columns.names.len()] }
    }

    /// Takes a heading of the file; a wanted column may have one only.
    fn take(&mut self, heading: &str, index: usize) -> Result<(), String> {
        let Some(wanted) = (self.columns.find)(heading) else { return Ok(()) };
        let Some(slot) = self.at.get_mut(wanted) else { return Ok(()) };
        if let Some((first, _)) = slot {
            let name = self.columns.names.get(wanted).copied().unwrap_or_default();
            return Err(if first == heading {
                format!("it has two columns `{heading}`")
            } else {
                format!("its columns `{first}` and `{heading}` are both `{name}`")
            });
        }
        *slot = Some((heading.to_owned(), index));
        Ok(())
    }

    /// Returns the index in the file of each wanted column, or says which one is not there.
    fn all(self) -> Result<Vec<usize>, String> {
        let names = self.columns.names.iter();
        let index = |(name, slot): (&&str, Option<(String, usize)>)| match slot {
            Some((_, index)) => Ok(index),
            None => Err(format!("it has no column `{name}`")),
        };
        names.zip(self.at).map(index).collect()
    }
}
