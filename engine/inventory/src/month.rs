//! Months of the calendar, the unit of a bill.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Datelike, NaiveDate};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A month of the Gregorian calendar in UTC, written `2026-09`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct YearMonth {
    year: i32,
    month: u32,
}

impl YearMonth {
    /// Returns the month, if there is one: `month` counts from 1 to 12, `year` from 1 to 9999.
    pub fn new(year: i32, month: u32) -> Option<Self> {
        ((1..=9999).contains(&year) && (1..=12).contains(&month)).then_some(Self { year, month })
    }

    /// Returns the month that a moment, in microseconds since 1970, lies in.
    pub(crate) fn of_micros(micros: i64) -> Option<Self> {
        let date = DateTime::from_timestamp_micros(micros)?;
        Self::new(date.year(), date.month())
    }

    /// Returns the month after it.
    fn next(self) -> Self {
        match self.month {
            12 => Self { year: self.year + 1, month: 1 },
            month => Self { year: self.year, month: month + 1 },
        }
    }

    /// Returns its first day.
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year, self.month, 1).unwrap_or_default()
    }

    /// Returns its last day.
    pub fn last_day(self) -> NaiveDate {
        let next = NaiveDate::from_ymd_opt(self.next().year, self.next().month, 1);
        next.and_then(|day| day.pred_opt()).unwrap_or_default()
    }

    /// Returns the moment at which its last day begins, in microseconds since 1970.
    pub(crate) fn last_day_start(self) -> Option<i64> {
        let next = self.next();
        let day = NaiveDate::from_ymd_opt(next.year, next.month, 1)?.pred_opt()?;
        Some(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_micros())
    }
}

impl fmt::Display for YearMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// The text is not a month of the form `2026-09`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a month; expected a month such as `2026-09`")]
pub struct NotAMonth(String);

impl FromStr for YearMonth {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Self, NotAMonth> {
        let parse = || {
            let (year, month) = text.split_once('-')?;
            let digits = |part: &str, len| part.len() == len && part.bytes().all(|b| b.is_ascii_digit());
            if !digits(year, 4) || !digits(month, 2) {
                return None;
            }
            Self::new(year.parse().ok()?, month.parse().ok()?)
        };
        parse().ok_or_else(|| NotAMonth(text.to_owned()))
    }
}

impl Serialize for YearMonth {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for YearMonth {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn months_are_read_as_they_are_written() {
        for text in ["2026-09", "0001-01", "9999-12"] {
            assert_eq!(text.parse::<YearMonth>().unwrap().to_string(), text);
        }
        for bad in ["2026-9", "2026-13", "2026-00", "26-09", "2026-09-01", "0000-01", "", "+026-09"] {
            assert!(bad.parse::<YearMonth>().is_err(), "{bad}");
        }
    }

    #[test]
    fn the_last_day_minds_leap_years() {
        let day = |text: &str| {
            let micros = text.parse::<YearMonth>().unwrap().last_day_start().unwrap();
            DateTime::from_timestamp_micros(micros).unwrap().to_rfc3339()
        };
        assert_eq!(day("2024-02"), "2024-02-29T00:00:00+00:00");
        assert_eq!(day("2026-12"), "2026-12-31T00:00:00+00:00");
    }
}
