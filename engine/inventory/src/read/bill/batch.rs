//! Rows of a bill that are decoded together, as Parquet stores them.

use std::collections::BTreeMap;

use arrow::array::{ArrayRef, AsArray, RecordBatch, StringViewArray};

use super::nested::{NestedTags, cell};
use crate::read::parquet_cells::{BadCell, moments, texts};

/// Where a column stands: its root, and its place in that if it is a member of a struct.
pub(super) type Root = (usize, Option<usize>);

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
    pub(super) bad: BTreeMap<usize, (usize, BadCell)>,
}

impl Batch {
    pub(super) fn of(
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
