//! Rows as plain values.

use std::fmt;
use std::sync::Arc;

/// One value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// No value.
    Null,
    /// A truth value.
    Bool(bool),
    /// A whole number of any integer type; one that does not fit comes as [`Cell::Decimal`].
    Int(i64),
    /// An exact decimal number.
    Decimal(Decimal),
    /// A floating-point number.
    Double(f64),
    /// A text; it may contain any character, NUL too.
    Text(String),
    /// A day, in days since 1970-01-01.
    Date(i32),
    /// A time, in microseconds since 1970-01-01 00:00:00 UTC.
    Timestamp(i64),
}

impl Cell {
    /// Whether there is no value.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }

    /// Returns the truth value, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the number, if it is an exact one.
    pub fn as_decimal(&self) -> Option<Decimal> {
        match self {
            Self::Int(value) => Some(Decimal { unscaled: i128::from(*value), scale: 0 }),
            Self::Decimal(value) => Some(*value),
            _ => None,
        }
    }

    /// Returns the text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(value) => Some(value),
            _ => None,
        }
    }

    /// Returns the text, if it is one, without copying it.
    pub fn into_text(self) -> Option<String> {
        match self {
            Self::Text(value) => Some(value),
            _ => None,
        }
    }
}

/// Writes the value for people: `NULL`, days and times as the numbers they are.
impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("NULL"),
            Self::Bool(value) => value.fmt(f),
            Self::Int(value) | Self::Timestamp(value) => value.fmt(f),
            Self::Decimal(value) => value.fmt(f),
            Self::Double(value) => value.fmt(f),
            Self::Text(value) => value.fmt(f),
            Self::Date(value) => value.fmt(f),
        }
    }
}

/// An exact decimal number: `unscaled` times ten to the power of minus `scale`.
///
/// It has the range of DuckDB's `DECIMAL(38, s)`, which is more than 28 digits. Its text is exact
/// and has no zeros at the end of its fraction. Equality is that of the two fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    /// The digits.
    pub unscaled: i128,
    /// How many of them are fraction; at most 38.
    pub scale: u8,
}

impl Decimal {
    /// Reads a decimal number: an optional minus sign, digits, and optionally a point and digits. None if it is not
    /// one, or has more digits than fit.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let is_number = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let digits = whole.strip_prefix('-').unwrap_or(whole);
        if digits.is_empty() || !is_number(digits) || !is_number(fraction) {
            return None;
        }
        let scale = u8::try_from(fraction.len()).ok().filter(|scale| *scale <= 38)?;
        Some(Self { unscaled: format!("{whole}{fraction}").parse().ok()?, scale })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = usize::from(self.scale);
        let digits = format!("{:0>width$}", self.unscaled.unsigned_abs(), width = scale + 1);
        let (whole, fraction) =
            digits.split_at_checked(digits.len() - scale).unwrap_or((digits.as_str(), ""));
        let fraction = fraction.trim_end_matches('0');
        let point = if fraction.is_empty() { "" } else { "." };
        f.pad_integral(self.unscaled >= 0, "", &format!("{whole}{point}{fraction}"))
    }
}

/// A whole result.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// Names of the columns.
    pub columns: Vec<String>,
    /// Rows, each with one cell a column.
    pub rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Returns the value of a result that is one row of one column.
    pub fn single(&self) -> Option<&Cell> {
        match self.rows.as_slice() {
            [row] => match row.as_slice() {
                [cell] => Some(cell),
                _ => None,
            },
            _ => None,
        }
    }
}

/// One row of a result that is read as it comes.
#[derive(Debug)]
pub struct Row<'a> {
    pub(crate) columns: &'a Arc<[String]>,
    pub(crate) cells: &'a [Cell],
}

impl<'a> Row<'a> {
    /// Makes a row of an engine other than the database, with one cell a column.
    pub fn new(columns: &'a Arc<[String]>, cells: &'a [Cell]) -> Self {
        Self { columns, cells }
    }

    /// Returns the names of the columns.
    pub fn columns(&self) -> &'a [String] {
        self.columns
    }

    /// Returns the values, one a column.
    pub fn cells(&self) -> &'a [Cell] {
        self.cells
    }

    /// Returns the value of a column, counted from 0.
    pub fn get(&self, index: usize) -> Option<&'a Cell> {
        self.cells.get(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_read_as_they_are_written() {
        for (unscaled, scale) in [(0, 0), (-15, 1), (-5, 1), (1_500_000, 3), (10_i128.pow(38) - 1, 12)] {
            let decimal = Decimal { unscaled, scale };
            assert_eq!(Decimal::parse(&decimal.to_string()).unwrap().to_string(), decimal.to_string());
        }
        for text in ["", "-", "1e3", "+1", ".5", "1.2.3", &"9".repeat(60)] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
    }

    #[test]
    fn decimals_are_written_exactly() {
        let text = |unscaled, scale| Decimal { unscaled, scale }.to_string();
        assert_eq!(text(0, 12), "0");
        assert_eq!(text(1, 12), "0.000000000001");
        assert_eq!(text(-1_500_000_000_000, 12), "-1.5");
        assert_eq!(text(1200, 0), "1200");
        assert_eq!(text(-5, 1), "-0.5");
        assert_eq!(text(10_i128.pow(38) - 1, 12), "99999999999999999999999999.999999999999");
        assert_eq!(text(i128::MIN, 38), "-1.70141183460469231731687303715884105728");
    }
}
