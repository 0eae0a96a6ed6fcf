//! Bills: files whose rows are charges.
//!
//! In: a CSV, Parquet or JSON file of FOCUS, of an AWS cost and usage report, or of a cost
//! export of Azure, Google or Oracle.
//! Each format is a [`Layout`]: it finds its columns in a header and makes a [`Charge`] of a row;
//! how rows are stored is the business of [`csv`], [`parquet`] and [`json`]. Out: a [`Bill`] that holds one
//! entry a resource, its costs by month, its tags; when all files are read it chooses the month and
//! gives the resources.

mod charge;
pub(crate) mod csv;
mod entries;
pub(crate) mod json;
mod months;
mod nested;
pub(crate) mod parquet;
mod row;
mod unread;

use std::path::Path;

pub(crate) use charge::{Charge, TagCell, TagKeys, Texts};
pub(crate) use entries::{Bill, Billed, Charged, Conversion};
pub use months::BillMonth;
pub(crate) use row::{Cells, Place, Row};
use unread::note_unread;

use super::{Sink, aws_cur, azure_cost, focus, gcp_billing, oci_cost, plain_bill};
use crate::error::ImportError;
use crate::format::Format;

/// Where the columns of a bill stand, and what they mean.
pub(crate) trait Layout {
    /// Returns the version of the format, where it has versions.
    fn version(&self) -> Option<&'static str>;

    /// Returns the places of the columns that are read.
    fn columns(&self) -> Vec<usize>;

    /// Returns the places of those that hold all tags of a charge: only these may be nested.
    fn tag_columns(&self) -> Vec<usize>;

    /// Whether the project can give the columns a meaning.
    fn is_plain(&self) -> bool {
        false
    }

    /// Whether a column belongs to the format, and what is read already includes it.
    fn is_known(&self, _name: &str) -> bool {
        false
    }

    /// Returns what a user should know about the file as a whole: a column, and what it lacks.
    fn notes(&self) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// Returns what a user should know if no charge of a file has one of these columns.
    fn notes_on_empty(&self, _columns: &[&'static str]) -> Vec<(&'static str, &'static str)> {
        Vec::new()
    }

    /// Makes a charge of a row; none where the row was rejected.
    fn charge<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<Option<Charge<'r>>, ImportError>;
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

/// Columns that JSON leaves out of a charge without a value, so that a file may not have them at all.
fn nullable(format: Format) -> &'static [&'static str] {
    match format {
        Format::FocusJson => &focus::NULLABLE,
        Format::GcpBilling => &gcp_billing::NULLABLE,
        _ => &[],
    }
}

/// Objects of a charge whose members are columns.
fn structs(format: Format) -> &'static [&'static str] {
    match format {
        Format::GcpBilling => &gcp_billing::STRUCTS,
        _ => &[],
    }
}

/// Shows what the file lacks as a whole, and what is not read of it.
fn note_columns(layout: &dyn Layout, names: &[String], sink: &mut Sink<'_>) {
    for (column, reason) in layout.notes() {
        sink.remark(column, reason);
    }
    note_unread(layout, names, 0, sink);
}
