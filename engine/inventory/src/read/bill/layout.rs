//! Where the columns of a bill stand, and what they mean.

use std::path::Path;

use super::charge::Charge;
use super::row::Row;
use super::unread::note_unread;
use crate::error::ImportError;
use crate::format::Format;
use crate::sink::Sink;

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
pub(crate) type Find<'a> = dyn Fn(&[String], &Path) -> Result<Box<dyn Layout>, ImportError> + 'a;

/// A format of bills, as the readers of CSV, Parquet and JSON need to know it.
#[derive(Clone, Copy)]
pub(crate) struct Kind<'a> {
    pub(crate) format: Format,
    pub(crate) find: &'a Find<'a>,
    /// Columns that JSON leaves out of a charge without a value, so that a file may not have them at all.
    pub(crate) nullable: &'static [&'static str],
    /// Objects of a charge whose members are columns.
    pub(crate) structs: &'static [&'static str],
}

/// Shows what the file lacks as a whole, and what is not read of it.
pub(super) fn note_columns(layout: &dyn Layout, names: &[String], sink: &mut Sink<'_>) {
    for (column, reason) in layout.notes() {
        sink.remark(column, reason);
    }
    note_unread(layout, names, 0, sink);
}
