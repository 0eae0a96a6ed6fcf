//! The months of a bill, and which of them an inventory's costs are taken from.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

use crate::error::ImportError;
use crate::month::YearMonth;
use crate::pool::Symbol;
use crate::small_map::SmallMap;

/// A charge that covers this many microseconds or more is a monthly fee: it says nothing about how
/// far the bill has got.
const MONTHLY: i64 = 27 * 86_400 * 1_000_000;

/// The month of a bill that the costs of a snapshot are of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillMonth {
    /// The month.
    pub month: YearMonth,
    /// Whether its charges reach its last day.
    pub whole: bool,
    /// All months in which charges of the bill begin, in order.
    pub available: Vec<YearMonth>,
}

/// What is known of one month of a bill.
#[derive(Debug, Default)]
struct Month {
    /// Whether a charge shorter than a month was seen.
    daily: bool,
    /// Whether such a charge lies in the last day.
    daily_reaches_end: bool,
    /// By currency.
    unattributed: SmallMap<Option<Symbol>, Decimal>,
}

/// The months of all files of a bill.
#[derive(Debug, Default)]
pub(crate) struct Months {
    months: BTreeMap<YearMonth, Month>,
}

impl Months {
    /// Takes note of a charge; its period is given in microseconds since 1970.
    pub(crate) fn add_charge(&mut self, month: YearMonth, start: i64, end: Option<i64>) {
        let known = self.months.entry(month).or_default();
        if known.daily_reaches_end {
            return;
        }
        let end = end.unwrap_or(start.saturating_add(1));
        if end.saturating_sub(start) < MONTHLY {
            known.daily = true;
            known.daily_reaches_end = month.last_day_start().is_some_and(|last| end > last);
        }
    }

    /// Adds a cost that belongs to no resource; false where the sum would not fit.
    pub(crate) fn add_unattributed(
        &mut self,
        month: YearMonth,
        currency: Option<Symbol>,
        cost: Decimal,
    ) -> bool {
        let of_month = &mut self.months.entry(month).or_default().unattributed;
        let Some(known) = of_month.get_mut(currency) else {
            of_month.push(currency, cost);
            return true;
        };
        let sum = known.checked_add(cost).filter(|sum| crate::value::fits_cost(*sum));
        *known = sum.unwrap_or(*known);
        sum.is_some()
    }

    /// Returns the costs of the month that belong to no resource, by their currencies.
    pub(crate) fn unattributed(&self, month: YearMonth) -> impl Iterator<Item = (Option<Symbol>, Decimal)> {
        let of_month = self.months.get(&month).into_iter().flat_map(|month| month.unattributed.iter());
        of_month.map(|(currency, cost)| (*currency, *cost))
    }

    /// Chooses the month that was asked for, else the latest whole one, else, of two or more that
    /// are all cut short, the one before the newest; none if there are no charges.
    pub(crate) fn choose(&self, wanted: Option<YearMonth>) -> Result<Option<BillMonth>, ImportError> {
        let available: Vec<YearMonth> = self.months.keys().copied().collect();
        let whole = |month: &YearMonth| self.months.get(month).is_some_and(Month::is_whole);
        let latest_first = || available.iter().rev().copied();
        let month = match wanted {
            Some(month) if available.contains(&month) => Some(month),
            Some(month) => return Err(ImportError::UnknownMonth { month, available }),
            None => {
                latest_first().find(whole).or_else(|| latest_first().nth(1)).or_else(|| latest_first().next())
            }
        };
        Ok(month.map(|month| BillMonth { month, whole: whole(&month), available }))
    }
}

impl Month {
    /// Whether the charges reach the last day. A month of nothing but monthly fees is whole.
    fn is_whole(&self) -> bool {
        self.daily_reaches_end || !self.daily
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::parse_moment;

    fn months(charges: &[(&str, &str)]) -> Months {
        let mut months = Months::default();
        for (start, end) in charges {
            let (start, end) = (parse_moment(start).unwrap(), parse_moment(end));
            months.add_charge(YearMonth::of_micros(start).unwrap(), start, end);
        }
        months
    }

    fn chosen(charges: &[(&str, &str)]) -> (String, bool) {
        let choice = months(charges).choose(None).unwrap().unwrap();
        (choice.month.to_string(), choice.whole)
    }

    #[test]
    fn the_latest_whole_month_is_taken() {
        let april = ("2026-04-30", "2026-05-01");
        assert_eq!(chosen(&[april, ("2026-05-30", "2026-05-31")]), ("2026-04".into(), true));
        assert_eq!(chosen(&[april, ("2026-05-31 23:00:00", "")]), ("2026-05".into(), true));
        assert_eq!(chosen(&[("2026-05-02", "2026-05-03")]), ("2026-05".into(), false));
        assert_eq!(
            chosen(&[("2026-04-02", "2026-04-03"), ("2026-05-02", "2026-05-03")]),
            ("2026-04".into(), false)
        );
        assert_eq!(
            chosen(&[
                ("2026-03-31", "2026-04-01"),
                ("2026-04-02", "2026-04-03"),
                ("2026-05-02", "2026-05-03")
            ]),
            ("2026-03".into(), true)
        );
    }

    #[test]
    fn a_monthly_fee_does_not_make_a_month_whole() {
        let fee = ("2026-05-01", "2026-06-01");
        assert_eq!(
            chosen(&[("2026-04-30", "2026-05-01"), fee, ("2026-05-02", "2026-05-03")]),
            ("2026-04".into(), true)
        );
        assert_eq!(chosen(&[("2026-04-30", "2026-05-01"), fee]), ("2026-05".into(), true));
    }

    #[test]
    fn a_month_can_be_asked_for() {
        let months = months(&[("2026-04-30", "2026-05-01"), ("2026-05-01", "2026-05-02")]);
        let may = "2026-05".parse().unwrap();
        assert_eq!(months.choose(Some(may)).unwrap().unwrap().month, may);
        let error = months.choose(Some("2026-06".parse().unwrap())).unwrap_err();
        assert_eq!(error.to_string(), "the bill has no charges in 2026-06; it has 2026-04, 2026-05");
        assert_eq!(Months::default().choose(None).unwrap(), None);
    }
}
