//! Cells of Parquet as texts and moments, each checked by itself.
//!
//! In: a file, and batches of it. Out: columns of texts or of microseconds, and the [`BadCell`]s of a batch:
//! texts that are not UTF-8 and moments that are not in the calendar. The Parquet reader would fail for the
//! whole file where one text is not UTF-8, so that texts are read as bytes; and the casts of Arrow multiply
//! moments without a check, so that none is used for them.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BinaryViewArray, PrimitiveArray, RecordBatch, StringViewArray,
    StringViewBuilder,
};
use arrow::compute::cast;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Date64Type, Decimal32Type, Decimal64Type, Decimal128Type,
    Decimal256Type, DecimalType, FieldRef, Fields, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType, TimestampSecondType,
};
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
};
use parquet::basic::{ConvertedType, LogicalType, Type as PhysicalType};
use parquet::errors::ParquetError;
use parquet::file::metadata::{FileMetaData, ParquetMetaData};
use parquet::schema::types::{SchemaDescriptor, Type, TypePtr};

use super::RECORD_LIMIT;
use crate::guard::guarded;
use crate::month::YearMonth;
use crate::value::shorten_bytes;

/// Microseconds of a day.
const DAY: i64 = 86_400 * 1_000_000;

/// What is wrong with a cell of a batch.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct BadCell {
    /// Row of the batch, from 0.
    pub(crate) row: usize,
    pub(crate) reason: String,
    /// The start of what the cell holds.
    pub(crate) shown: String,
}

/// Texts of a column, and its bad cells, which are null among the texts.
pub(crate) type Texts = (StringViewArray, Vec<BadCell>);

/// Opens a Parquet file whose texts shall be read by [`texts`].
///
/// # Errors
///
/// Where the file is not Parquet, or damaged.
pub(crate) fn open(file: File) -> Result<ParquetRecordBatchReaderBuilder<File>, String> {
    guarded(|| {
        let plain = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
        check_ranges(plain.metadata(), file.metadata()?.len())?;
        // A schema that cannot be relaxed is read as it is, and fails as a whole if a text is not UTF-8.
        let metadata = relaxed(&plain).unwrap_or(plain);
        Ok::<_, ParquetError>(ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata))
    })
}

/// Opens a Parquet file as its own schema says.
///
/// # Errors
///
/// As [`open`].
pub(crate) fn open_plain(file: File) -> Result<ParquetRecordBatchReaderBuilder<File>, String> {
    guarded(|| {
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new())?;
        check_ranges(metadata.metadata(), file.metadata()?.len())?;
        Ok::<_, ParquetError>(ParquetRecordBatchReaderBuilder::new_with_metadata(file, metadata))
    })
}

/// Fails where a column does not lie within the file: as much memory as it claims to have would be asked for.
fn check_ranges(metadata: &ParquetMetaData, size: u64) -> Result<(), ParquetError> {
    for column in metadata.row_groups().iter().flat_map(|group| group.columns()) {
        let start = column.dictionary_page_offset().unwrap_or_else(|| column.data_page_offset());
        let range = u64::try_from(start).ok().zip(u64::try_from(column.compressed_size()).ok());
        let end = range.and_then(|(start, len)| start.checked_add(len));
        if end.is_none_or(|end| end > size) {
            let name = column.column_path().string();
            return Err(ParquetError::General(format!("its column `{name}` does not lie within the file")));
        }
    }
    Ok(())
}

/// Reads the next rows; None after the last. Nothing more is to be read after an error.
pub(crate) fn next_batch(reader: &mut ParquetRecordBatchReader) -> Result<Option<RecordBatch>, String> {
    guarded(|| reader.next().transpose())
}

/// Returns the metadata of a file as if its texts were bytes.
fn relaxed(plain: &ArrowReaderMetadata) -> Result<ArrowReaderMetadata, ParquetError> {
    let old = plain.metadata().file_metadata();
    let root = without_text(old.schema_descr().root_schema())?;
    let file = FileMetaData::new(
        old.version(),
        old.num_rows(),
        old.created_by().map(str::to_owned),
        None,
        Arc::new(SchemaDescriptor::new(root)),
        old.column_orders().cloned(),
    );
    let metadata = ParquetMetaData::new(file, plain.metadata().row_groups().to_vec());
    let leaves = old.schema_descr().root_schema().get_fields();
    let options = ArrowReaderOptions::new().with_schema(schema(plain.schema(), leaves));
    ArrowReaderMetadata::try_new(Arc::new(metadata), options)
}

/// Returns a Parquet type whose byte arrays are not declared to be text.
fn without_text(type_: &Type) -> Result<TypePtr, ParquetError> {
    let info = type_.get_basic_info();
    let id = info.has_id().then(|| info.id());
    if let Type::GroupType { fields, .. } = type_ {
        let fields: Result<Vec<TypePtr>, ParquetError> =
            fields.iter().map(|field| without_text(field)).collect();
        let group = Type::group_type_builder(type_.name())
            .with_fields(fields?)
            .with_converted_type(info.converted_type())
            .with_logical_type(info.logical_type_ref().cloned())
            .with_id(id);
        let group = if info.has_repetition() { group.with_repetition(info.repetition()) } else { group };
        return group.build().map(Arc::new);
    }
    let is_text = matches!(info.converted_type(), ConvertedType::UTF8 | ConvertedType::JSON)
        || matches!(info.logical_type_ref(), Some(LogicalType::String | LogicalType::Json));
    if !is_text || type_.get_physical_type() != PhysicalType::BYTE_ARRAY {
        return Ok(Arc::new(type_.clone()));
    }
    let bytes = Type::primitive_type_builder(type_.name(), PhysicalType::BYTE_ARRAY)
        .with_repetition(info.repetition())
        .with_id(id);
    bytes.build().map(Arc::new)
}

/// Returns the Arrow schema with views of bytes for texts: a view does not copy a text of a dictionary for
/// each row that has it.
fn schema(plain: &SchemaRef, leaves: &[TypePtr]) -> SchemaRef {
    let field = |(at, field): (usize, &FieldRef)| -> FieldRef {
        // Converted to nanoseconds, a moment after the year 2262 would wrap around.
        let is_int96 = leaves
            .get(at)
            .is_some_and(|leaf| leaf.is_primitive() && leaf.get_physical_type() == PhysicalType::INT96);
        match field.data_type() {
            DataType::Timestamp(TimeUnit::Nanosecond, zone) if is_int96 => {
                with_type(field, DataType::Timestamp(TimeUnit::Millisecond, zone.clone()))
            }
            _ => with_bytes(field),
        }
    };
    let fields: Fields = plain.fields().iter().enumerate().map(field).collect();
    Arc::new(Schema::new_with_metadata(fields, plain.metadata().clone()))
}

fn with_type(field: &FieldRef, type_: DataType) -> FieldRef {
    Arc::new(field.as_ref().clone().with_data_type(type_))
}

fn with_bytes(field: &FieldRef) -> FieldRef {
    let type_ = match field.data_type() {
        DataType::Utf8
        | DataType::LargeUtf8
        | DataType::Utf8View
        | DataType::Binary
        | DataType::LargeBinary => DataType::BinaryView,
        DataType::Dictionary(_, values) if values.is_string() => DataType::BinaryView,
        DataType::Map(entries, sorted) => DataType::Map(with_bytes(entries), *sorted),
        DataType::Struct(fields) => DataType::Struct(fields.iter().map(with_bytes).collect()),
        DataType::List(element) => DataType::List(with_bytes(element)),
        DataType::LargeList(element) => DataType::LargeList(with_bytes(element)),
        other => other.clone(),
    };
    with_type(field, type_)
}

/// Reads the cells of a column as texts: numbers become the shortest decimal that stands for them.
///
/// # Errors
///
/// Where the column is of a type that has no plain text, as a list.
pub(crate) fn texts(array: &ArrayRef) -> Result<Texts, String> {
    let unreadable = |error: &dyn std::fmt::Display| error.to_string();
    match array.data_type() {
        DataType::Decimal32(..) => Ok(decimals(array.as_primitive::<Decimal32Type>())),
        DataType::Decimal64(..) => Ok(decimals(array.as_primitive::<Decimal64Type>())),
        DataType::Decimal128(..) => Ok(decimals(array.as_primitive::<Decimal128Type>())),
        DataType::Decimal256(..) => Ok(decimals(array.as_primitive::<Decimal256Type>())),
        DataType::Dictionary(_, values) => texts(&cast(array, values).map_err(|error| unreadable(&error))?),
        type_ if type_.is_string() || type_.is_binary() => {
            let bytes = cast(array, &DataType::BinaryView).map_err(|error| unreadable(&error))?;
            Ok(checked(bytes.as_binary_view()))
        }
        DataType::Null => Ok((StringViewArray::new_null(array.len()), Vec::new())),
        type_ if type_.is_numeric() || *type_ == DataType::Boolean => {
            let texts = cast(array, &DataType::Utf8View).map_err(|error| unreadable(&error))?;
            Ok((texts.as_string_view().clone(), Vec::new()))
        }
        other => Err(format!("it holds {other}, and not texts or numbers")),
    }
}

/// Reads bytes as texts.
fn checked(bytes: &BinaryViewArray) -> Texts {
    let too_long = |view: Option<&[u8]>| view.is_some_and(|bytes| bytes.len() > RECORD_LIMIT);
    if let Ok(texts) = bytes.clone().to_string_view()
        && !bytes.iter().any(too_long)
    {
        return (texts, Vec::new());
    }
    let mut texts = StringViewBuilder::with_capacity(bytes.len());
    let mut bad = Vec::new();
    for (row, cell) in bytes.iter().enumerate() {
        let text = match cell {
            None => Ok(None),
            Some(_) if too_long(cell) => Err(format!("longer than {} MiB", RECORD_LIMIT >> 20)),
            Some(cell) => std::str::from_utf8(cell).map(Some).map_err(|_| "not valid UTF-8".to_owned()),
        };
        match (text, cell) {
            (Ok(text), _) => texts.append_option(text),
            (Err(reason), cell) => {
                texts.append_null();
                bad.push(BadCell { row, reason, shown: shorten_bytes(cell.unwrap_or_default()) });
            }
        }
    }
    (texts.finish(), bad)
}

/// Writes decimals as texts. One with more digits than its column may have would lose some.
fn decimals<T: DecimalType>(array: &PrimitiveArray<T>) -> Texts
where
    T::Native: std::fmt::Display,
{
    let (precision, scale) = match array.data_type() {
        DataType::Decimal32(precision, scale)
        | DataType::Decimal64(precision, scale)
        | DataType::Decimal128(precision, scale)
        | DataType::Decimal256(precision, scale) => (*precision, *scale),
        _ => (T::MAX_PRECISION, 0),
    };
    let mut texts = StringViewBuilder::with_capacity(array.len());
    let mut bad = Vec::new();
    for (row, value) in array.iter().enumerate() {
        match value {
            Some(value) if !T::is_valid_decimal_precision(value, precision) => {
                texts.append_null();
                let reason = format!("a number with more than the {precision} digits of its column");
                bad.push(BadCell { row, reason, shown: value.to_string() });
            }
            value => texts.append_option(value.map(|value| T::format_decimal(value, precision, scale))),
        }
    }
    (texts.finish(), bad)
}

/// Moments of a column in microseconds since 1970, and its bad cells, which are null among the moments.
pub(crate) type Moments = (Vec<Option<i64>>, Vec<BadCell>);

/// Reads the cells of a column as moments; None if it holds none.
///
/// A value with a zone is UTC already, and one without is taken to be.
pub(crate) fn moments(array: &ArrayRef) -> Option<Moments> {
    let unit = |factor: i64| move |value: i64| value.checked_mul(factor);
    Some(match array.data_type() {
        DataType::Date32 => in_calendar::<Date32Type>(array, |day| i64::from(day).checked_mul(DAY)),
        DataType::Date64 => in_calendar::<Date64Type>(array, unit(1000)),
        DataType::Timestamp(TimeUnit::Second, _) => {
            in_calendar::<TimestampSecondType>(array, unit(1_000_000))
        }
        DataType::Timestamp(TimeUnit::Millisecond, _) => {
            in_calendar::<TimestampMillisecondType>(array, unit(1000))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => in_calendar::<TimestampMicrosecondType>(array, Some),
        DataType::Timestamp(TimeUnit::Nanosecond, _) => {
            in_calendar::<TimestampNanosecondType>(array, |nanos| Some(nanos.div_euclid(1000)))
        }
        _ => return None,
    })
}

fn in_calendar<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    to_micros: impl Fn(T::Native) -> Option<i64>,
) -> Moments
where
    T::Native: std::fmt::Display,
{
    let mut bad = Vec::new();
    let moment = |(row, value): (usize, Option<T::Native>)| {
        let value = value?;
        let micros = to_micros(value).filter(|micros| YearMonth::of_micros(*micros).is_some());
        if micros.is_none() {
            let reason = "a time that is not between the years 1 and 9999".to_owned();
            bad.push(BadCell { row, reason, shown: value.to_string() });
        }
        micros
    };
    let moments = array.as_primitive::<T>().iter().enumerate().map(moment).collect();
    (moments, bad)
}

#[cfg(test)]
mod tests {
    use arrow::array::{
        BinaryArray, Date32Array, Date64Array, Decimal128Array, TimestampMicrosecondArray,
        TimestampMillisecondArray, TimestampNanosecondArray, TimestampSecondArray,
    };

    use super::*;

    #[test]
    fn moments_beyond_the_calendar_are_bad_cells() {
        let day = 86_400;
        let columns: [(ArrayRef, i64); 5] = [
            (Arc::new(Date32Array::from(vec![Some(1), None, Some(1_000_000_000), Some(i32::MIN)])), day),
            (Arc::new(Date64Array::from(vec![Some(1000), None, Some(i64::MAX), Some(i64::MIN)])), 1),
            (Arc::new(TimestampSecondArray::from(vec![Some(1), None, Some(i64::MAX), Some(-1 << 60)])), 1),
            (
                Arc::new(TimestampMillisecondArray::from(vec![
                    Some(1000),
                    None,
                    Some(i64::MAX),
                    Some(i64::MIN),
                ])),
                1,
            ),
            (
                Arc::new(
                    TimestampMicrosecondArray::from(vec![
                        Some(1_000_000),
                        None,
                        Some(i64::MAX),
                        Some(i64::MIN),
                    ])
                    .with_timezone("UTC"),
                ),
                1,
            ),
        ];
        for (column, first) in columns {
            let (found, bad) = moments(&column).unwrap();
            assert_eq!(found, [Some(first * 1_000_000), None, None, None], "{}", column.data_type());
            assert_eq!(bad.iter().map(|bad| bad.row).collect::<Vec<_>>(), [2, 3], "{}", column.data_type());
        }
        let nanos: ArrayRef = Arc::new(TimestampNanosecondArray::from(vec![-1, i64::MAX]));
        assert_eq!(moments(&nanos).unwrap(), (vec![Some(-1), Some(i64::MAX / 1000)], Vec::new()));
    }

    #[test]
    fn texts_that_are_not_utf8_are_bad_cells() {
        let cells = [Some(&b"a"[..]), None, Some(b"b\xff"), Some(b"\xc3"), Some("é".as_bytes())];
        let (found, bad) = texts(&(Arc::new(BinaryArray::from(cells.to_vec())) as ArrayRef)).unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), [Some("a"), None, None, None, Some("é")]);
        assert_eq!(
            bad.iter().map(|bad| (bad.row, bad.shown.as_str())).collect::<Vec<_>>(),
            [(2, "b\u{fffd}"), (3, "\u{fffd}")]
        );
    }

    #[test]
    fn decimals_with_too_many_digits_are_bad_cells() {
        let wide = Decimal128Array::from(vec![Some(12345), None, Some(i128::MAX), Some(-1)])
            .with_precision_and_scale(5, 2);
        let (found, bad) = texts(&(Arc::new(wide.unwrap()) as ArrayRef)).unwrap();
        assert_eq!(found.iter().collect::<Vec<_>>(), [Some("123.45"), None, None, Some("-0.01")]);
        assert_eq!(bad.iter().map(|bad| bad.row).collect::<Vec<_>>(), [2]);
    }
}
