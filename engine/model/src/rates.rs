//! Rates between currencies.

use std::collections::BTreeMap;
use std::fmt;

use rust_decimal::Decimal;

/// What currencies are worth in each other.
///
/// Each has at most one rate, and rates lead to each other in no circle, so that there is at most
/// one way from a currency to another and no two rates can contradict each other.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Rates {
    /// By currency: what one unit of it is worth, and in which other one.
    units: BTreeMap<String, (Decimal, String)>,
}

/// A rate between two currencies, kept as a fraction since a quotient is seldom exact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    times: Decimal,
    over: Decimal,
}

impl Rate {
    /// Returns what an amount is worth, to 28 digits. None if it is beyond all numbers.
    pub fn of(self, amount: Decimal) -> Option<Decimal> {
        amount.checked_mul(self.times)?.checked_div(self.over)
    }
}

/// Why rates cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BadRate {
    /// It is nothing, or less.
    NotPositive,
    /// It leads back to the currency: by itself, or by others.
    Circle,
}

impl fmt::Display for BadRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotPositive => "a rate is more than 0",
            Self::Circle => "these rates lead back to the currency",
        })
    }
}

impl std::error::Error for BadRate {}

impl Rates {
    /// Adds a rate: one unit of `currency` is worth `worth` of `other`. One that it had is replaced.
    ///
    /// # Errors
    ///
    /// [`BadRate`]; the rates stay as they were.
    pub fn add(&mut self, currency: &str, worth: Decimal, other: &str) -> Result<(), BadRate> {
        if worth <= Decimal::ZERO {
            return Err(BadRate::NotPositive);
        }
        let mut next = Some(other);
        while let Some(at) = next {
            if at == currency {
                return Err(BadRate::Circle);
            }
            next = self.units.get(at).map(|(_, other)| other.as_str());
        }
        self.units.insert(currency.to_owned(), (worth, other.to_owned()));
        Ok(())
    }

    /// Returns the rate from a currency to another; None if the rates do not tell.
    pub fn between(&self, from: &str, to: &str) -> Option<Rate> {
        let (from, to) = (self.way(from), self.way(to));
        let (at, times) = from.iter().find(|(at, _)| to.iter().any(|(other, _)| other == at))?;
        let (_, over) = to.iter().find(|(other, _)| other == at)?;
        Some(Rate { times: (*times)?, over: (*over)? })
    }

    /// Returns a rate that would lead from a currency to another, if there is none: a currency without a rate, and the
    /// one that it should be worth something of.
    pub fn missing(&self, from: &str, to: &str) -> (String, String) {
        // Each currency has one rate, so it is the ends of the ways that have to be joined.
        let end = self.way(from).last().map_or(from, |(end, _)| *end);
        (end.to_owned(), to.to_owned())
    }

    /// Returns what units of all other currencies are worth in this one, each as a fraction, as
    /// the reference evaluator has them.
    pub fn fractions_in(&self, currency: &str) -> BTreeMap<String, (Decimal, Decimal)> {
        let all = self.units.iter().flat_map(|(one, (_, other))| [one, other]);
        let others = all.filter(|other| *other != currency);
        let worth = others.filter_map(|other| {
            let rate = self.between(other, currency)?;
            Some((other.clone(), (rate.times, rate.over)))
        });
        worth.collect()
    }

    /// The currencies that one leads to, itself first, and what a unit of it is worth in them.
    fn way<'a>(&'a self, currency: &'a str) -> Vec<(&'a str, Option<Decimal>)> {
        let mut way = vec![(currency, Some(Decimal::ONE))];
        let (mut at, mut worth) = (currency, Some(Decimal::ONE));
        while let Some((rate, other)) = self.units.get(at) {
            worth = worth.and_then(|worth| worth.checked_mul(*rate));
            way.push((other, worth));
            at = other;
        }
        way
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn rates(list: &[(&str, &str, &str)]) -> Rates {
        let mut rates = Rates::default();
        list.iter().for_each(|(one, worth, other)| rates.add(one, dec(worth), other).unwrap());
        rates
    }

    #[test]
    fn rates_are_read_in_both_directions_and_through_others() {
        let rates = rates(&[("EUR", "1.08", "USD"), ("GBP", "1.2", "EUR"), ("CHF", "1.1", "USD")]);
        let worth = |amount, from, to| rates.between(from, to).and_then(|rate| rate.of(dec(amount)));
        assert_eq!(worth("100", "EUR", "USD"), Some(dec("108")));
        assert_eq!(worth("108", "USD", "EUR"), Some(dec("100")));
        assert_eq!(worth("10", "GBP", "USD"), Some(dec("12.960")));
        assert_eq!(worth("12", "EUR", "GBP"), Some(dec("10")));
        assert_eq!(worth("1.1", "EUR", "CHF"), Some(dec("1.08")));
        assert_eq!(worth("7", "JPY", "JPY"), Some(dec("7")));
        assert_eq!(worth("7", "JPY", "USD"), None);
        assert_eq!(worth("7", "EUR", "JPY"), None);
    }

    #[test]
    fn rates_that_could_contradict_each_other_are_refused() {
        let mut rates = rates(&[("EUR", "1.08", "USD"), ("GBP", "1.2", "EUR")]);
        let kept = rates.clone();
        for other in ["GBP", "EUR"] {
            assert_eq!(rates.add("USD", dec("0.9"), other), Err(BadRate::Circle));
        }
        assert_eq!(rates.add("JPY", dec("1"), "JPY"), Err(BadRate::Circle));
        assert_eq!(rates.add("JPY", dec("0"), "USD"), Err(BadRate::NotPositive));
        assert_eq!(rates.add("JPY", dec("-1"), "USD"), Err(BadRate::NotPositive));
        assert_eq!(rates, kept);
    }
}
