//! Bills of any vendor, as CSV: headings have a meaning, or the project gives them one.
//!
//! In: a header and rows with a cost, and a day or a month. Out: charges. All other columns may be absent: a charge
//! without an id is for no resource.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use super::bill::{Charge, Layout, Place, Row, TagCell, TagKeys, need};
use super::focus::lower_case;
use crate::charges::{Amounts, Texts};
use crate::error::ImportError;
use crate::format::Format;
use crate::month::YearMonth;
use crate::value::{parse_day_parts, parse_moment};

/// Reads a day or a moment, as microseconds since 1970.
type Parse = fn(&str) -> Option<i64>;

/// The names of the day of a charge, and how each is read.
const STARTS: [(&str, Parse); 3] = [
    ("usage_start", parse_day),
    ("usage_start:day-first", |text| parse_parts(text, [2, 1, 0])),
    ("usage_start:month-first", |text| parse_parts(text, [2, 0, 1])),
];

/// What stands before the key of a tag in the names of columns.
const TAG_COLUMN: &str = "tag:";

/// Whether a header, whose columns have their meanings as names, is that of a bill.
pub(crate) fn looks_like_plain_bill(names: &[String]) -> bool {
    let has = |wanted: &'static str| Place::find(names, &[wanted]).at.is_some();
    has("cost") && (STARTS.iter().any(|(name, _)| has(name)) || has("invoice_month"))
}

/// Returns the names of columns with those that the project gives a meaning renamed to it. A column that would have
/// the same name by itself has none then.
pub(crate) fn renamed(names: &[String], meanings: &BTreeMap<String, String>) -> Vec<String> {
    let meaning = |name: &String| meanings.get(name.trim());
    let taken: Vec<String> = names.iter().filter_map(meaning).cloned().collect();
    let rename = |name: &String| match meaning(name) {
        Some(meaning) => meaning.clone(),
        None if taken.iter().any(|taken| Place::is_called(name, taken)) => String::new(),
        None => name.trim().to_owned(),
    };
    names.iter().map(rename).collect()
}

/// Where the columns of a bill stand.
#[derive(Debug)]
pub(crate) struct Columns {
    id: Place,
    name: Place,
    type_: Place,
    provider: Place,
    account: Place,
    billing_account: Place,
    region: Place,
    service: Place,
    category: Place,
    start: Place,
    parse_start: Parse,
    end: Place,
    month: Place,
    cost: Place,
    billed: Place,
    list: Place,
    currency: Place,
    tags: Place,
    /// By key.
    tag_columns: Vec<(Place, String)>,
}

impl Columns {
    /// Finds them in a header.
    ///
    /// # Errors
    ///
    /// Where one is missing that a bill cannot be read without.
    pub(crate) fn of(names: &[String], path: &Path) -> Result<Self, ImportError> {
        let find = |wanted: &'static str| Place::find(names, &[wanted]);
        let tag = |(at, name): (usize, &String)| {
            let key = name.strip_prefix(TAG_COLUMN).filter(|key| !key.is_empty())?;
            Some((Place { name: "tag", at: Some(at) }, key.to_owned()))
        };
        let starts = STARTS.map(|(name, parse)| (find(name), parse));
        let [usual, ..] = starts;
        let (start, parse_start) = starts.into_iter().find(|(place, _)| place.at.is_some()).unwrap_or(usual);
        let columns = Self {
            id: Place::find(names, &["id", "resource_id", "arn"]),
            name: find("name"),
            type_: find("type"),
            provider: find("provider"),
            account: find("account"),
            billing_account: find("billing_account"),
            region: find("region"),
            service: find("service"),
            category: find("category"),
            start,
            parse_start,
            end: find("usage_end"),
            month: find("invoice_month"),
            cost: find("cost"),
            billed: find("billed_cost"),
            list: find("list_cost"),
            currency: find("currency"),
            tags: find("tags"),
            tag_columns: names.iter().enumerate().filter_map(tag).collect(),
        };
        let day = if columns.month.at.is_some() { columns.month } else { columns.start };
        need(&[columns.cost, day], path, Format::CsvBill)?;
        Ok(columns)
    }

    /// Returns the start of a charge and the month of its invoice; None, and the row rejected, if it has neither.
    fn time(&self, row: &mut Row<'_, '_, '_>) -> Result<Option<(i64, Option<YearMonth>)>, ImportError> {
        let month = row.month(self.month)?;
        let start = match month.filter(|_| !row.has(self.start)) {
            Some(month) => month.first_day().and_hms_opt(0, 0, 0).map(|day| day.and_utc().timestamp_micros()),
            None if self.start.at.is_some() => row.start(self.start, self.parse_start)?,
            None => {
                row.reject(self.month, "its `invoice_month` is not a month such as `2026-10`")?;
                None
            }
        };
        Ok(start.map(|start| (start, month)))
    }

    fn tags<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<TagCell<'r>, ImportError> {
        let mut pairs = Vec::new();
        for (place, key) in &self.tag_columns {
            if let Some(value) = row.text(*place)? {
                pairs.push((Cow::Borrowed(key.as_str()), value));
            }
        }
        let together = row.tags(self.tags, TagKeys::AsWritten)?;
        Ok(if pairs.is_empty() { together } else { together.and(TagCell::Pairs(pairs)) })
    }
}

impl Layout for Columns {
    fn version(&self) -> Option<&'static str> {
        None
    }

    fn columns(&self) -> Vec<usize> {
        let texts = [self.id, self.name, self.type_, self.provider, self.account, self.billing_account];
        let kinds = [self.region, self.service, self.category, self.currency, self.tags];
        let times = [self.start, self.end, self.month];
        let amounts = [self.cost, self.billed, self.list];
        let tags = self.tag_columns.iter().map(|(place, _)| *place);
        let places = texts.into_iter().chain(kinds).chain(times).chain(amounts).chain(tags);
        places.filter_map(|place| place.at).collect()
    }

    fn tag_columns(&self) -> Vec<usize> {
        self.tags.at.into_iter().collect()
    }

    fn is_plain(&self) -> bool {
        true
    }

    fn charge<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<Option<Charge<'r>>, ImportError> {
        if !row.read_id(self.id)? {
            return Ok(None);
        }
        let Some((start, invoice_month)) = self.time(row)? else {
            return Ok(None);
        };
        let amounts = Amounts {
            effective: row.cost(self.cost)?,
            billed: row.optional_cost(self.billed)?,
            contracted: None,
            list: row.optional_cost(self.list)?,
        };
        let currency = row.text(self.currency)?.or_else(|| row.currency_of_amount().map(Cow::Borrowed));
        let billing_account = row.text(self.billing_account)?;
        let texts = Texts {
            name: row.text(self.name)?,
            type_: row.text(self.type_)?,
            service: row.text(self.service)?,
            provider: row.text(self.provider)?,
            account: row.text(self.account)?.or_else(|| billing_account.clone()),
            region: row.text(self.region)?,
        };
        Ok(Some(Charge {
            line: row.line,
            id: row.id(),
            texts,
            billing_account,
            category: row.text(self.category)?.map(lower_case),
            correction: false,
            currency,
            invoice_month,
            start,
            end: row.moment(self.end, self.parse_start),
            amounts,
            credit: None,
            split_from: None,
            tags: self.tags(row)?,
            kept: Vec::new(),
        }))
    }
}

/// Reads a day or a moment that cannot be understood in two ways: `2026-10-31`, or `31.10.2026`.
fn parse_day(text: &str) -> Option<i64> {
    let has_points = || text.contains('.') && !text.contains(['/', '-']);
    parse_moment(text).or_else(|| if has_points() { parse_parts(text, [2, 1, 0]) } else { None })
}

/// Reads a day whose year, month and day have these places, such as `10/31/2026`. A time behind it does not count.
fn parse_parts(text: &str, places: [usize; 3]) -> Option<i64> {
    parse_moment(text).or_else(|| parse_day_parts(text, &['/', '.', '-'], places))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_of_vendors() {
        let day = parse_moment("2026-10-09");
        let [(_, usual), (_, day_first), (_, month_first)] = STARTS;
        for (parse, texts) in [
            (usual, ["2026-10-09", "9.10.2026", "09.10.2026"]),
            (day_first, ["9/10/2026", "09-10-2026 23:00", "2026-10-09T00:00:00Z"]),
            (month_first, ["10/9/2026", "10/09/2026", "10-9-2026"]),
        ] {
            for text in texts {
                assert_eq!(parse(text), day, "{text}");
            }
        }
        for bad in ["10/9/2026", "9-10-2026", "9.10.26", "", "soon", "1.2.3.2026", "31.02.2026"] {
            assert_eq!(usual(bad), None, "{bad}");
        }
    }
}
