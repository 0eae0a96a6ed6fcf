//! Azure cost exports of the older kind (actual and amortized cost), as CSV and Parquet.
//!
//! In: a header and rows, of an enterprise agreement or a Microsoft customer agreement. Out: charges
//! at the cost in the billing currency. Their tags are JSON, often without its braces.

use std::borrow::Cow;
use std::cell::Cell;
use std::path::Path;

use rust_decimal::Decimal;

use super::bill::{Charge, Layout, Place, Row, TagKeys, need};
use crate::charges::{Amounts, Texts};
use crate::error::ImportError;
use crate::format::Format;
use crate::value::{parse_day_parts, parse_moment};

/// Length of the period of a charge, in microseconds.
const DAY: i64 = 86_400 * 1_000_000;

/// Columns that have the cost in other currencies or before discounts, or under another name; and the cost center
/// that an agreement has for a subscription, which is no tag.
const KNOWN: [&str; 8] = [
    "Cost",
    "PreTaxCost",
    "ExtendedCost",
    "CostInUsd",
    "CostInPricingCurrency",
    "PayGCostInUsd",
    "PayGCostInBillingCurrency",
    "CostCenter",
];

/// Whether a header is that of such an export.
pub(crate) fn looks_like_azure_cost(names: &[String]) -> bool {
    let has = |wanted: &[&'static str]| Place::find(names, wanted).at.is_some();
    has(&["MeterCategory"]) && has(&["SubscriptionId", "SubscriptionGuid"])
}

/// Where the columns of an export stand.
#[derive(Debug)]
pub(crate) struct Columns {
    id: Place,
    name: Place,
    service: Place,
    meter: Place,
    account: Place,
    billing_account: Place,
    region: Place,
    date: Place,
    cost: Place,
    currency: Place,
    tags: Place,
    kind: Place,
    pricing: Place,
    period: (Place, Place),
    seen: Seen,
}

/// Whether a charge was seen that only an export of actual or of amortized cost has; an export does
/// not say which it is.
#[derive(Debug, Default)]
struct Seen {
    actual: Cell<bool>,
    amortized: Cell<bool>,
}

impl Seen {
    /// Takes note of a charge. Actual cost has the purchase of a commitment, and what that covers is
    /// free; amortized cost spreads the purchase over what it covers, and shows what is unused.
    fn add(&self, kind: &str, pricing: &str, cost: Decimal) {
        let committed = ["Reservation", "SavingsPlan"].iter().any(|of| pricing.eq_ignore_ascii_case(of));
        match kind {
            "UnusedReservation" | "UnusedSavingsPlan" => self.amortized.set(true),
            "Purchase" if committed => self.actual.set(true),
            "Usage" if committed && !cost.is_zero() => self.amortized.set(true),
            _ => {}
        }
    }

    fn name(&self) -> Option<&'static str> {
        match (self.actual.get(), self.amortized.get()) {
            (true, false) => Some("actual"),
            (false, true) => Some("amortized"),
            _ => None,
        }
    }
}

impl Columns {
    /// Finds them in a header.
    ///
    /// # Errors
    ///
    /// Where one is missing that an export cannot be read without.
    pub(crate) fn of(names: &[String], path: &Path) -> Result<Self, ImportError> {
        let find = |wanted: &[&'static str]| Place::find(names, wanted);
        let columns = Self {
            id: find(&["ResourceId", "InstanceId"]),
            name: find(&["ResourceName", "InstanceName"]),
            service: find(&["ConsumedService"]),
            meter: find(&["MeterCategory"]),
            account: find(&["SubscriptionGuid", "SubscriptionId"]),
            billing_account: find(&["BillingAccountId"]),
            region: find(&["ResourceLocation"]),
            date: find(&["Date", "UsageDateTime", "UsageDate"]),
            cost: find(&["CostInBillingCurrency", "Cost", "PreTaxCost", "ExtendedCost"]),
            currency: find(&["BillingCurrency", "BillingCurrencyCode", "Currency"]),
            tags: find(&["Tags"]),
            kind: find(&["ChargeType"]),
            pricing: find(&["PricingModel"]),
            period: (find(&["BillingPeriodStartDate"]), find(&["BillingPeriodEndDate"])),
            seen: Seen::default(),
        };
        let needed = [columns.id, columns.date, columns.cost, columns.currency, columns.tags];
        need(&needed, path, Format::AzureCost)?;
        Ok(columns)
    }
}

impl Layout for Columns {
    fn version(&self) -> Option<&'static str> {
        self.seen.name()
    }

    fn columns(&self) -> Vec<usize> {
        let texts = [self.id, self.name, self.service, self.meter, self.account, self.billing_account];
        let others = [self.region, self.date, self.cost, self.currency, self.tags, self.kind, self.pricing];
        let period = [self.period.0, self.period.1];
        texts.into_iter().chain(others).chain(period).filter_map(|place| place.at).collect()
    }

    fn is_known(&self, name: &str) -> bool {
        KNOWN.iter().any(|known| Place::is_called(name, known))
    }

    fn tag_columns(&self) -> Vec<usize> {
        self.tags.at.into_iter().collect()
    }

    fn charge<'r>(&'r self, row: &mut Row<'r, '_, '_>) -> Result<Option<Charge<'r>>, ImportError> {
        if !row.read_id(self.id)? {
            return Ok(None);
        }
        let Some(start) = row.start(self.date, parse_day)? else {
            return Ok(None);
        };
        let first = |row: &mut Row<'r, '_, '_>, one: Place, other: Place| match row.text(one)? {
            None => row.text(other),
            found => Ok(found),
        };
        let billing_account = row.text(self.billing_account)?;
        let texts = Texts {
            name: row.text(self.name)?,
            service: first(row, self.service, self.meter)?,
            provider: Some(Cow::Borrowed("azure")),
            account: row.text(self.account)?.or_else(|| billing_account.clone()),
            region: row.text(self.region)?,
            ..Texts::default()
        };
        let cost = row.cost(self.cost)?;
        let amounts = Amounts { effective: cost, ..Amounts::default() };
        let (kind, pricing) = (row.text(self.kind)?, row.text(self.pricing)?);
        self.seen.add(kind.as_deref().unwrap_or_default(), pricing.as_deref().unwrap_or_default(), cost);
        Ok(Some(Charge {
            line: row.line,
            id: row.id(),
            texts,
            billing_account,
            category: kind.as_deref().map(category),
            correction: false,
            currency: row.text(self.currency)?,
            invoice_month: row.invoice_month(self.period, parse_day)?,
            start,
            end: start.checked_add(DAY),
            amounts,
            credit: None,
            split_from: None,
            tags: row.tags(self.tags, TagKeys::AsWritten)?,
            kept: Vec::new(),
        }))
    }
}

/// Returns the category of a charge of this type, as FOCUS calls it.
fn category(kind: &str) -> Cow<'static, str> {
    let lower = kind.to_ascii_lowercase();
    Cow::Borrowed(match lower.as_str() {
        "usage" | "unusedreservation" | "unusedsavingsplan" => "usage",
        "purchase" => "purchase",
        "refund" => "refund",
        "tax" => "tax",
        "credit" => "credit",
        "adjustment" | "roundingadjustment" => "adjustment",
        _ => return Cow::Owned(lower),
    })
}

/// Reads a day as Azure writes it: `09/21/2023` (month first) or `2023-09-21`.
fn parse_day(text: &str) -> Option<i64> {
    parse_moment(text).or_else(|| parse_day_parts(text, &['/'], [2, 0, 1]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_written_month_first() {
        let day = parse_moment("2023-09-02");
        for text in ["9/2/2023", "09/02/2023", "2023-09-02", "2023-09-02T00:00:00Z", "09/02/2023 00:00:00"] {
            assert_eq!(parse_day(text), day, "{text}");
        }
        for bad in ["", "21/09/2023", "9/2/23", "9-2-2023", "9/2/2023/1", "1/2", "today"] {
            assert_eq!(parse_day(bad), None, "{bad}");
        }
    }
}
