//! Arrow columns, as DuckDB and other engines hand them out, to cells.

use duckdb::arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, LargeStringArray, PrimitiveArray, StringArray, StringViewArray,
    StructArray,
};
use duckdb::arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, Field, Float32Type, Float64Type, Int8Type,
    Int16Type, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType, TimestampMillisecondType,
    TimestampNanosecondType, TimestampSecondType, UInt8Type, UInt16Type, UInt32Type, UInt64Type,
};

use crate::error::StoreError;
use crate::rows::{Cell, Decimal};

/// Some rows of a result, by column.
pub struct Batch<'a> {
    columns: Vec<Column<'a>>,
    len: usize,
}

impl<'a> Batch<'a> {
    /// Looks at the type of each column once, so that reading a row need not.
    ///
    /// # Errors
    /// [`StoreError::ColumnType`] where a column has no cell for its type.
    pub fn new(fields: &[impl AsRef<Field>], chunk: &'a StructArray) -> Result<Self, StoreError> {
        let columns = fields.iter().zip(chunk.columns());
        let columns = columns.map(|(field, array)| Column::new(field.as_ref(), array));
        Ok(Self { columns: columns.collect::<Result<_, _>>()?, len: chunk.len() })
    }

    /// Returns the number of rows.
    pub fn rows(&self) -> usize {
        self.len
    }

    /// Returns a value, by the numbers of its column and its row; None if there is no such column.
    pub fn cell(&self, column: usize, row: usize) -> Option<Cell> {
        self.columns.get(column).map(|column| column.read(row))
    }

    /// Returns a text without copying it, by the numbers of its column and its row. None if it is NULL, or if there is
    /// no such column of texts.
    pub fn text(&self, column: usize, row: usize) -> Option<&'a str> {
        let column = self.columns.get(column)?;
        let texts = column.texts?;
        (!column.array.is_null(row)).then(|| texts.value(row))
    }

    /// Replaces the content of `cells` by the cells of a row.
    pub fn read_row(&self, row: usize, cells: &mut Vec<Cell>) {
        cells.clear();
        cells.extend(self.columns.iter().map(|column| column.read(row)));
    }
}

type Reader<'a> = Box<dyn Fn(usize) -> Cell + 'a>;

struct Column<'a> {
    array: &'a ArrayRef,
    /// The same array, if it has texts.
    texts: Option<Texts<'a>>,
    read: Reader<'a>,
}

/// A column of texts. DuckDB returns the first kind, other engines also the other ones.
#[derive(Clone, Copy)]
enum Texts<'a> {
    Small(&'a StringArray),
    Large(&'a LargeStringArray),
    View(&'a StringViewArray),
}

impl<'a> Texts<'a> {
    fn of(array: &'a ArrayRef) -> Option<Self> {
        Some(match array.data_type() {
            DataType::Utf8 => Self::Small(array.as_string_opt()?),
            DataType::LargeUtf8 => Self::Large(array.as_string_opt()?),
            DataType::Utf8View => Self::View(array.as_string_view_opt()?),
            _ => return None,
        })
    }

    fn value(self, row: usize) -> &'a str {
        match self {
            Self::Small(texts) => texts.value(row),
            Self::Large(texts) => texts.value(row),
            Self::View(texts) => texts.value(row),
        }
    }
}

impl<'a> Column<'a> {
    fn new(field: &Field, array: &'a ArrayRef) -> Result<Self, StoreError> {
        let read = reader(array).ok_or_else(|| StoreError::ColumnType {
            column: field.name().clone(),
            ty: array.data_type().to_string(),
        })?;
        Ok(Self { array, texts: Texts::of(array), read })
    }

    fn read(&self, row: usize) -> Cell {
        if self.array.is_null(row) { Cell::Null } else { (self.read)(row) }
    }
}

/// Returns what reads one value that is not null, or none for a type without a cell.
fn reader(array: &ArrayRef) -> Option<Reader<'_>> {
    Some(match array.data_type() {
        DataType::Null => Box::new(|_| Cell::Null),
        DataType::Boolean => {
            let array: &BooleanArray = array.as_boolean_opt()?;
            Box::new(|row| Cell::Bool(array.value(row)))
        }
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => {
            let texts = Texts::of(array)?;
            Box::new(move |row| Cell::Text(texts.value(row).to_owned()))
        }
        DataType::Int8 => primitive::<Int8Type>(array, |v| Cell::Int(v.into()))?,
        DataType::Int16 => primitive::<Int16Type>(array, |v| Cell::Int(v.into()))?,
        DataType::Int32 => primitive::<Int32Type>(array, |v| Cell::Int(v.into()))?,
        DataType::Int64 => primitive::<Int64Type>(array, Cell::Int)?,
        DataType::UInt8 => primitive::<UInt8Type>(array, |v| Cell::Int(v.into()))?,
        DataType::UInt16 => primitive::<UInt16Type>(array, |v| Cell::Int(v.into()))?,
        DataType::UInt32 => primitive::<UInt32Type>(array, |v| Cell::Int(v.into()))?,
        DataType::UInt64 => primitive::<UInt64Type>(array, |v| whole(v.into()))?,
        DataType::Float32 => primitive::<Float32Type>(array, |v| Cell::Double(v.into()))?,
        DataType::Float64 => primitive::<Float64Type>(array, Cell::Double)?,
        // HUGEINT comes as a decimal without a fraction.
        DataType::Decimal128(_, 0) => primitive::<Decimal128Type>(array, whole)?,
        DataType::Decimal128(_, scale) => {
            let scale = u8::try_from(*scale).ok()?;
            primitive::<Decimal128Type>(array, move |unscaled| Cell::Decimal(Decimal { unscaled, scale }))?
        }
        DataType::Date32 => primitive::<Date32Type>(array, Cell::Date)?,
        DataType::Timestamp(unit, _) => timestamp(*unit, array)?,
        _ => return None,
    })
}

fn primitive<'a, T: ArrowPrimitiveType>(
    array: &'a ArrayRef,
    cell: impl Fn(T::Native) -> Cell + 'a,
) -> Option<Reader<'a>> {
    let array: &PrimitiveArray<T> = array.as_primitive_opt()?;
    Some(Box::new(move |row| cell(array.value(row))))
}

fn whole(value: i128) -> Cell {
    i64::try_from(value).map_or(Cell::Decimal(Decimal { unscaled: value, scale: 0 }), Cell::Int)
}

/// Reads times of any unit. What is beyond the range of microseconds counts as its end, as
/// DuckDB's own infinity does.
fn timestamp(unit: TimeUnit, array: &ArrayRef) -> Option<Reader<'_>> {
    match unit {
        TimeUnit::Second => {
            primitive::<TimestampSecondType>(array, |v| Cell::Timestamp(v.saturating_mul(1_000_000)))
        }
        TimeUnit::Millisecond => {
            primitive::<TimestampMillisecondType>(array, |v| Cell::Timestamp(v.saturating_mul(1_000)))
        }
        TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(array, Cell::Timestamp),
        TimeUnit::Nanosecond => {
            primitive::<TimestampNanosecondType>(array, |v| Cell::Timestamp(v.div_euclid(1_000)))
        }
    }
}
