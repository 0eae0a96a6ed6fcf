//! Tags as a nested type of Parquet.
//!
//! In: a column of maps; of lists of structs with a key and a value, as BigQuery writes them; or of structs with a
//! field for each key. Credits are such lists too: a credit has a name and an amount. Out: the tags of each row. A key without a value is absent, as `null` is in JSON.

use arrow::array::{Array, ArrayRef, AsArray, StringViewArray, StructArray};
use arrow::buffer::NullBuffer;
use arrow::datatypes::DataType;

use crate::read::parquet_cells::{BadCell, texts};

/// Names of the fields of a key and of its value, in any case.
const KEY: [&str; 2] = ["key", "name"];
/// Credits have an amount.
const VALUE: [&str; 2] = ["value", "amount"];

/// A column of tags.
#[expect(clippy::large_enum_variant, reason = "there is one for each batch of rows")]
pub(super) enum NestedTags {
    /// Keys and values, those of a row next to each other.
    Entries {
        /// Where those of each row begin, and where those of the last end.
        offsets: Vec<usize>,
        nulls: Option<NullBuffer>,
        keys: StringViewArray,
        values: StringViewArray,
    },
    /// A column for each key.
    Fields { nulls: Option<NullBuffer>, fields: Vec<(String, StringViewArray)> },
}

impl NestedTags {
    /// Reads a column, and the cells of it that are no texts; none where it is not nested.
    ///
    /// # Errors
    /// Returns what is wrong with the type of the column.
    pub(super) fn of(array: &ArrayRef) -> Result<Option<(Self, Vec<BadCell>)>, String> {
        let nulls = array.nulls().cloned();
        match array.data_type() {
            DataType::Map(..) => {
                let map = array.as_map();
                let offsets = places(map.value_offsets().iter().map(|offset| i64::from(*offset)));
                entries(offsets, nulls, (map.keys(), map.values())).map(Some)
            }
            DataType::List(_) => {
                let list = array.as_list::<i32>();
                let offsets = places(list.value_offsets().iter().map(|offset| i64::from(*offset)));
                list_entries(offsets, nulls, list.values()).map(Some)
            }
            DataType::LargeList(_) => {
                let list = array.as_list::<i64>();
                list_entries(places(list.value_offsets().iter().copied()), nulls, list.values()).map(Some)
            }
            DataType::Struct(_) => fields(nulls, array.as_struct()).map(Some),
            _ => Ok(None),
        }
    }

    /// Returns the tags of a row that have a value.
    pub(super) fn pairs(&self, row: usize) -> Vec<(&str, &str)> {
        let is_null = |nulls: &Option<NullBuffer>| nulls.as_ref().is_some_and(|nulls| nulls.is_null(row));
        match self {
            Self::Entries { nulls, .. } | Self::Fields { nulls, .. } if is_null(nulls) => Vec::new(),
            Self::Entries { offsets, keys, values, .. } => {
                let place = |at: usize| offsets.get(at).copied().unwrap_or_default();
                let pair = |at: usize| Some((cell(keys, at).unwrap_or_default(), cell(values, at)?));
                (place(row)..place(row + 1)).filter_map(pair).collect()
            }
            Self::Fields { fields, .. } => {
                let mut pairs = Vec::new();
                for (name, values) in fields {
                    pairs.extend(cell(values, row).map(|value| (name.as_str(), value)));
                }
                pairs
            }
        }
    }
}

fn places(offsets: impl Iterator<Item = i64>) -> Vec<usize> {
    offsets.map(|offset| usize::try_from(offset).unwrap_or_default()).collect()
}

fn list_entries(
    offsets: Vec<usize>,
    nulls: Option<NullBuffer>,
    items: &ArrayRef,
) -> Result<(NestedTags, Vec<BadCell>), String> {
    let pair = items.as_struct_opt().and_then(|pairs| Some((field(pairs, &KEY)?, field(pairs, &VALUE)?)));
    let Some((keys, values)) = pair else {
        let ty = items.data_type();
        return Err(format!("it holds lists of {ty}, and not of pairs with a `key` and a `value`"));
    };
    entries(offsets, nulls, (keys, values))
}

fn entries(
    offsets: Vec<usize>,
    nulls: Option<NullBuffer>,
    (keys, values): (&ArrayRef, &ArrayRef),
) -> Result<(NestedTags, Vec<BadCell>), String> {
    let ((keys, bad_keys), (values, bad_values)) = (texts(keys)?, texts(values)?);
    let row_of = |entry: usize| offsets.partition_point(|offset| *offset <= entry).saturating_sub(1);
    let in_rows = |cell: BadCell| BadCell { row: row_of(cell.row), ..cell };
    let bad = bad_keys.into_iter().chain(bad_values).map(in_rows).collect();
    Ok((NestedTags::Entries { offsets, nulls, keys, values }, bad))
}

fn fields(nulls: Option<NullBuffer>, array: &StructArray) -> Result<(NestedTags, Vec<BadCell>), String> {
    let (mut fields, mut bad) = (Vec::new(), Vec::new());
    for (field, column) in array.fields().iter().zip(array.columns()) {
        let (values, cells) =
            texts(column).map_err(|reason| format!("field `{}`: {reason}", field.name()))?;
        fields.push((field.name().clone(), values));
        bad.extend(cells);
    }
    Ok((NestedTags::Fields { nulls, fields }, bad))
}

fn field<'a>(array: &'a StructArray, names: &[&str]) -> Option<&'a ArrayRef> {
    let is_it = |field: &str| names.iter().any(|name| field.eq_ignore_ascii_case(name));
    let at = array.fields().iter().position(|field| is_it(field.name()))?;
    array.columns().get(at)
}

/// Returns a text of a column; None if it is null.
pub(super) fn cell(array: &StringViewArray, row: usize) -> Option<&str> {
    array.is_valid(row).then(|| array.value(row))
}
