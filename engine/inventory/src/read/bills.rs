//! Bills of any format, in any kind of file.
//!
//! In: a file, and its format as far as it is known. Out: its charges in the bill.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use super::bill::layout::{Find, Kind, Layout};
use super::bill::{self, Bill};
use super::kept_columns::WithKept;
use super::{aws_cur, azure_cost, focus, gcp_billing, oci_cost, plain_bill};
use crate::detect::{PARQUET, of_parquet};
use crate::error::ImportError;
use crate::format::Format;
use crate::sink::Sink;
use crate::source::{Fingerprint, Source};

/// What was found out about a file while it was read.
pub(crate) struct ReadAs {
    pub(crate) format: Format,
    pub(crate) version: Option<&'static str>,
}

/// What the project says about columns.
#[derive(Clone, Copy)]
pub(crate) struct Meanings<'a> {
    /// What those of CSV files mean, by their headings. It counts in lists, and in bills of no known format.
    pub(crate) columns: &'a BTreeMap<String, String>,
    /// Those of bills that stay readable.
    pub(crate) keep: &'a [String],
}

/// Reads a bill, whether it is CSV, JSON or Parquet. If its format was `guessed`, the columns of a Parquet file
/// decide.
pub(crate) fn read(
    mut source: Source,
    (format, guessed): (Format, bool),
    meanings: Meanings<'_>,
    bill: &mut Bill,
    sink: &mut Sink<'_>,
) -> Result<(ReadAs, Fingerprint), ImportError> {
    let missing = RefCell::new(Vec::new());
    let start = source.start()?;
    let (is_parquet, is_json) = (start.starts_with(PARQUET), bill::json::is_json(start));
    let find = |format, names: &[String], path: &Path| -> Result<Box<dyn Layout>, ImportError> {
        let (layout, absent) = WithKept::around(layout(format, names, path)?, meanings.keep, names);
        missing.replace(absent);
        Ok(layout)
    };
    let read = if format == Format::FocusParquet || is_parquet {
        let (file, fingerprint) = source.into_file()?;
        let format = match guessed {
            true => of_parquet(&bill::parquet::names(&file, sink.path())?),
            false => format,
        };
        let find = |names: &[String], path: &Path| find(format, names, path);
        let version = bill::parquet::read(file, kind(format, &find), bill, sink)?;
        (ReadAs { format, version }, fingerprint)
    } else if is_json {
        let find = |names: &[String], path: &Path| find(format, names, path);
        let (source, version) = bill::json::read(source, kind(format, &find), bill, sink)?;
        (ReadAs { format, version }, source.finish()?)
    } else {
        let find = |names: &[String], path: &Path| match format {
            Format::CsvBill => find(format, &plain_bill::renamed(names, meanings.columns), path),
            _ => find(format, names, path),
        };
        let (source, version) = bill::csv::read(source, kind(format, &find), bill, sink)?;
        (ReadAs { format, version }, source.finish()?)
    };
    for name in missing.take() {
        sink.remark(&name, "the file has no such column, which `keep` of tagpol.toml names");
    }
    Ok(read)
}

/// Finds the columns of a bill in its header.
fn layout(format: Format, names: &[String], path: &Path) -> Result<Box<dyn Layout>, ImportError> {
    match format {
        Format::AwsCur => Ok(Box::new(aws_cur::Columns::of(names, path)?)),
        Format::AzureCost => Ok(Box::new(azure_cost::Columns::of(names, path)?)),
        Format::GcpBilling => Ok(Box::new(gcp_billing::Columns::of(names, path)?)),
        Format::OciCost => Ok(Box::new(oci_cost::Columns::of(names, path)?)),
        Format::CsvBill => Ok(Box::new(plain_bill::Columns::of(names, path)?)),
        _ => Ok(Box::new(focus::Columns::of(names, path, format)?)),
    }
}

fn kind<'a>(format: Format, find: &'a Find<'a>) -> Kind<'a> {
    let (nullable, structs): (&[&str], &[&str]) = match format {
        Format::FocusJson => (&focus::NULLABLE, &[]),
        Format::GcpBilling => (&gcp_billing::NULLABLE, &gcp_billing::STRUCTS),
        _ => (&[], &[]),
    };
    Kind { format, find, nullable, structs }
}
