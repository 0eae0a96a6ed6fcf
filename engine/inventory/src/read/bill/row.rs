//! One row of a bill, wherever it is stored.

use std::borrow::Cow;
use std::path::Path;

use rust_decimal::Decimal;

use super::cells::Cells;
use super::charge::{TagCell, TagKeys};
use crate::error::ImportError;
use crate::format::Format;
use crate::month::YearMonth;
use crate::read::csv::{ID_NOT_UTF8, NOT_UTF8};
use crate::reject::Flaw;
use crate::sink::Sink;
use crate::tags::{Members, json_text};
use crate::value::{parse_cost, parse_moment, parse_written_cost, shorten};

/// Length of a day, in microseconds.
const DAY: i64 = 86_400 * 1_000_000;

/// A column of a bill: its name, and where it stands if the bill has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) name: &'static str,
    pub(crate) at: Option<usize>,
}

impl Place {
    /// Whether a heading is this name. Case and what is neither a letter nor a digit do not count.
    pub(crate) fn is_called(heading: &str, name: &str) -> bool {
        folded(heading).eq(folded(name))
    }

    /// Finds a column under the first of its names that the header has. Case and what is neither a
    /// letter nor a digit do not count: `lineItem/ResourceId` is `line_item_resource_id`.
    pub(crate) fn find(header: &[String], names: &[&'static str]) -> Self {
        let find = |name: &&'static str| {
            let at = header.iter().position(|found| Self::is_called(found, name))?;
            Some(Self { name, at: Some(at) })
        };
        let absent = Self { name: names.first().copied().unwrap_or_default(), at: None };
        names.iter().find_map(find).unwrap_or(absent)
    }
}

/// Fails where a bill lacks one of these columns.
pub(crate) fn need(columns: &[Place], path: &Path, format: Format) -> Result<(), ImportError> {
    let missing: Vec<String> =
        columns.iter().filter(|place| place.at.is_none()).map(|place| place.name.to_owned()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(ImportError::MissingColumns { path: path.to_owned(), format, columns: missing })
}

fn folded(name: &str) -> impl Iterator<Item = u8> + '_ {
    name.bytes().filter(u8::is_ascii_alphanumeric).map(|byte| byte.to_ascii_lowercase())
}

/// A row that is being read.
pub(crate) struct Row<'r, 'k, 'i> {
    /// From 1; for Parquet the number of the row.
    pub(crate) line: u64,
    cells: Cells<'r>,
    /// The resource, once it was read.
    id: Option<Cow<'r, str>>,
    /// The currency that stands in an amount, as in `12 EUR`.
    currency_of_amount: Option<&'static str>,
    pub(crate) sink: &'k mut Sink<'i>,
}

impl<'r, 'k, 'i> Row<'r, 'k, 'i> {
    pub(crate) fn new(line: u64, cells: Cells<'r>, sink: &'k mut Sink<'i>) -> Self {
        Self { line, cells, id: None, currency_of_amount: None, sink }
    }

    /// Reads the resource that is charged; false where the row was rejected for it.
    pub(crate) fn read_id(&mut self, place: Place) -> Result<bool, ImportError> {
        let (text, replaced) = self.raw(place);
        if replaced {
            self.sink.reject(Flaw::row(self.line, ID_NOT_UTF8, self.shown()))?;
            return Ok(false);
        }
        self.id = text;
        Ok(true)
    }

    /// Returns the resource that was read.
    pub(crate) fn id(&self) -> Option<Cow<'r, str>> {
        self.id.clone()
    }

    /// Returns the currency that stands in an amount that was read.
    pub(crate) fn currency_of_amount(&self) -> Option<&'static str> {
        self.currency_of_amount
    }

    /// Whether a cell is there and not empty.
    pub(crate) fn has(&self, place: Place) -> bool {
        self.raw(place).0.is_some()
    }

    /// Rejects the row for a cell.
    pub(crate) fn reject(&mut self, place: Place, reason: impl Into<String>) -> Result<(), ImportError> {
        let flaw = Flaw::row(self.line, reason, self.shown());
        self.sink.reject(Flaw { field: Some(place.name.to_owned()), ..flaw })
    }

    /// Returns a cell; takes note where its bytes had to be replaced.
    pub(crate) fn text(&mut self, place: Place) -> Result<Option<Cow<'r, str>>, ImportError> {
        let (text, replaced) = self.raw(place);
        if replaced {
            let shown = text.as_deref().map(shorten).unwrap_or_default();
            self.note(place, NOT_UTF8, shown)?;
        }
        Ok(text)
    }

    /// Returns the first cell that is not empty.
    pub(crate) fn first_text(&mut self, places: &[Place]) -> Result<Option<Cow<'r, str>>, ImportError> {
        for place in places {
            let text = self.text(*place)?;
            if text.is_some() {
                return Ok(text);
            }
        }
        Ok(None)
    }

    /// Returns a cell as a moment in microseconds since 1970; `parse` reads it where it is text.
    pub(crate) fn moment(&self, place: Place, parse: fn(&str) -> Option<i64>) -> Option<i64> {
        let at = place.at?;
        match self.cells {
            Cells::Parquet(batch, row) if batch.has_times(at) => batch.moment(at, row),
            cells => parse(&cells.text(at).0?),
        }
    }

    /// Returns the start of the charge; none, and the row rejected, where it has none.
    pub(crate) fn start(
        &mut self,
        place: Place,
        parse: fn(&str) -> Option<i64>,
    ) -> Result<Option<i64>, ImportError> {
        let start = self.moment(place, parse);
        if start.is_none() {
            let text = self.raw(place).0.unwrap_or_default();
            let reason = no_time(place.name, &text);
            self.reject(place, reason)?;
        }
        Ok(start)
    }

    /// Returns the end of the charge.
    pub(crate) fn end(&self, place: Place) -> Option<i64> {
        self.moment(place, parse_moment)
    }

    /// Returns the month of an invoice, from the first and the last moment of its period. Periods are in the time
    /// zone of the biller, so it is the middle that says which month it is. None: the bill does not say; it is
    /// noted if it says something that is not a time.
    pub(crate) fn invoice_month(
        &mut self,
        (first, last): (Place, Place),
        parse: fn(&str) -> Option<i64>,
    ) -> Result<Option<YearMonth>, ImportError> {
        let (start, end) = (self.moment(first, parse), self.moment(last, parse));
        let month = match (start, end) {
            (Some(start), Some(end)) if end > start => YearMonth::of_micros(start + (end - start) / 2),
            // No time zone is further than this from the middle of the day.
            (Some(start), _) => start.checked_add(DAY).and_then(YearMonth::of_micros),
            _ => None,
        };
        if month.is_none()
            && let Some(text) = self.text(first)?
        {
            let reason =
                "expected the start of the billing period; the charge is in the month in which it starts";
            self.note(first, reason, shorten(&text))?;
        }
        Ok(month)
    }

    /// Returns the month in a cell, such as `202610` or `2026-10`. None: it is empty, or not a month, which is noted.
    pub(crate) fn month(&mut self, place: Place) -> Result<Option<YearMonth>, ImportError> {
        let Some(text) = self.text(place)? else { return Ok(None) };
        let month = parse_month(&text);
        if month.is_none() {
            let reason = "expected a month such as `202610`; the charge is in the month in which it starts";
            self.note(place, reason, shorten(&text))?;
        }
        Ok(month)
    }

    /// Returns the sum of credits: a list of objects with an `amount`. None: there are none.
    pub(crate) fn credits(&mut self, place: Place) -> Result<Option<Decimal>, ImportError> {
        let pairs = match (self.cells, place.at) {
            (Cells::Parquet(batch, row), Some(at)) => batch.pairs(at, row),
            _ => None,
        };
        let amounts: Option<Vec<Option<Decimal>>> = match pairs {
            Some(pairs) => Some(pairs.into_iter().map(|(_, amount)| parse_cost(amount)).collect()),
            None => match self.text(place)? {
                Some(json) => credit_amounts(&json),
                None => return Ok(None),
            },
        };
        let is_empty = amounts.as_ref().is_some_and(Vec::is_empty);
        let is_whole = amounts.as_ref().is_some_and(|amounts| amounts.iter().all(Option::is_some));
        let mut read = amounts.into_iter().flatten().flatten();
        let sum = read.try_fold(Decimal::ZERO, |sum, amount| sum.checked_add(amount));
        if sum.is_none() || !is_whole {
            let shown = self.raw(place).0.as_deref().map(shorten).unwrap_or_default();
            let reason = "expected a list of credits, each with an `amount`";
            self.note_as_zero(place, reason, "those without count as 0", shown)?;
        }
        Ok(sum.filter(|_| !is_empty))
    }

    /// Returns a cost. One that is written for people, as `1,234.50`, is shown; what is none counts as 0, and is noted.
    pub(crate) fn cost(&mut self, place: Place) -> Result<Decimal, ImportError> {
        let text = self.text(place)?;
        if let Some(cost) = text.as_deref().and_then(parse_cost) {
            return Ok(cost);
        }
        let text = text.as_deref().unwrap_or_default();
        match parse_written_cost(text) {
            Ok((cost, currency)) => {
                self.currency_of_amount = currency;
                let reason = format!("amounts such as `{}` are read as `{cost}`", shorten(text));
                self.sink.reject(Flaw { line: self.line, ..Flaw::note(place.name, &reason) })?;
                Ok(cost)
            }
            Err(reason) => {
                self.note_as_zero(place, reason, "the charge counts as 0", shorten(text))?;
                Ok(Decimal::ZERO)
            }
        }
    }

    /// Returns a cost that may be absent.
    pub(crate) fn optional_cost(&mut self, place: Place) -> Result<Option<Decimal>, ImportError> {
        match self.raw(place).0 {
            None => Ok(None),
            Some(_) => self.cost(place).map(Some),
        }
    }

    /// Returns the tags of a column that holds all of them.
    pub(crate) fn tags(&mut self, place: Place, keys: TagKeys) -> Result<TagCell<'r>, ImportError> {
        if let (Cells::Parquet(batch, row), Some(at)) = (self.cells, place.at)
            && let Some(pairs) = batch.pairs(at, row)
        {
            let named = pairs.into_iter().map(|(key, value)| (keys.apply(key), value.into()));
            return Ok(TagCell::Pairs(named.collect()));
        }
        Ok(self.text(place)?.map_or(TagCell::None, |json| TagCell::Json(json, keys)))
    }

    /// Returns the tags of two columns that each hold all that they have. Of a key that both have, the value of the
    /// second counts.
    pub(crate) fn all_tags(
        &mut self,
        [one, other]: [Place; 2],
        keys: TagKeys,
    ) -> Result<TagCell<'r>, ImportError> {
        Ok(self.tags(one, keys)?.and(self.tags(other, keys)?))
    }

    /// Notes an amount that counts as 0, unless the import ends here because it is strict.
    fn note_as_zero(
        &mut self,
        place: Place,
        reason: &str,
        effect: &str,
        shown: String,
    ) -> Result<(), ImportError> {
        if self.sink.is_strict() {
            return self.note(place, reason, shown);
        }
        self.note(place, &format!("{reason}; {effect}"), shown)
    }

    pub(crate) fn note(&mut self, place: Place, reason: &str, shown: String) -> Result<(), ImportError> {
        let id = self.id.as_deref().unwrap_or_default();
        self.sink.reject(Flaw::value(self.line, place.name, id, reason, shown))
    }

    /// Returns what a column has, without a note on bytes that are not UTF-8; None if it is empty.
    pub(crate) fn cell(&self, at: usize) -> Option<Cow<'r, str>> {
        self.cells.text(at).0
    }

    fn raw(&self, place: Place) -> (Option<Cow<'r, str>>, bool) {
        place.at.map_or((None, false), |at| self.cells.text(at))
    }

    fn shown(&self) -> String {
        self.cells.shown().unwrap_or_else(|| self.id.as_deref().map(shorten).unwrap_or_default())
    }
}

/// Returns the amounts of a JSON list of credits, those that are no numbers as None; None if it is not a list.
fn credit_amounts(json: &str) -> Option<Vec<Option<Decimal>>> {
    let credits: Vec<Members<'_>> = serde_json::from_str(json).ok()?;
    let amount = |credit: &Members<'_>| {
        let json = credit.json("amount")?;
        parse_cost(&json_text(json).unwrap_or(Cow::Borrowed(json)))
    };
    Some(credits.iter().map(amount).collect())
}

/// Reads a month: `202610`, `2026-10`, or a day in it.
fn parse_month(text: &str) -> Option<YearMonth> {
    let text = text.trim();
    let (year, month) = match text.split_at_checked(4)? {
        (year, month) if month.len() == 2 => (year, month),
        (year, rest) => (year, rest.strip_prefix(['-', '/'])?.get(..2)?),
    };
    let is_whole = matches!(text.len(), 6 | 7) || parse_moment(text).is_some();
    let digits = |part: &str| part.bytes().all(|b| b.is_ascii_digit()).then(|| part.parse().ok())?;
    YearMonth::new(i32::try_from(digits(year)?).ok()?, digits(month)?).filter(|_| is_whole)
}

/// States that a cell is not a time.
fn no_time(column: &str, text: &str) -> String {
    match text {
        "" => format!("its `{column}` is not a time"),
        text => {
            format!("its `{column}` is not a time such as `2026-09-01T00:00:00Z`: `{}`", shorten(text))
        }
    }
}
