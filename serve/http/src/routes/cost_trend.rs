//! How costs change, and what the current month will come to.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};
use tagpol_app::evaluation::cost::{Amount, Period};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_data::{CostPart, CostQuery};
use utoipa::{IntoParams, ToSchema};

use super::costs::{day, decimal};
use super::filter::Selection;
use crate::endpoint::{Call, Reply, Route};
use crate::host::Serving;
use crate::permission::ReadTags;
use crate::problem::{Failure, data_failure};

/// Series that are apart if the request does not say it.
const SERIES: u64 = 10;

/// The most series that are apart.
const MOST_SERIES: u64 = 50;

/// Days whose mean stands for the days to come: whole weeks, because weekends differ.
const DAYS: usize = 28;

/// The fewest days that a projection is made of.
const FEWEST_DAYS: usize = 7;

/// Standard deviations on each side of a 95% interval.
const NORMAL_95: f64 = 1.96;

/// Units of an amount of 1.
const UNIT: f64 = 1e18;

pub(super) fn routes() -> Vec<Route> {
    vec![Route::read(
        "/api/v1/costs/trend",
        ("costTrend", "Returns costs by day or month, and what the current month will come to", &[200, 304]),
        trend,
    )]
}

/// What is shown.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct TrendParameters {
    /// What is apart: the name of a tag, `resource.NAME` or `charge.NAME`. If omitted, everything together.
    by: Option<String>,
    /// `month` or `day`. If omitted, `month`.
    period: Option<String>,
    /// The first day, as `2026-10-01`, together with `to`. If omitted, all days of the bill.
    from: Option<String>,
    /// The last day, together with `from`.
    to: Option<String>,
    /// Words; each is somewhere in the name, the id or the values of tags, regardless of case.
    q: Option<String>,
    /// A condition of the language.
    r#where: Option<String>,
    /// Series that are apart, those with the highest costs: 1 to 50. The others are one series together. If omitted, 10.
    #[param(minimum = 1, maximum = 50)]
    series: Option<u64>,
}

/// How costs change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostTrend {
    /// A part for each currency; more than one only if charges are in several.
    parts: Vec<CostTrendPart>,
    /// Charges without the amount; they count as nothing.
    unknown_amounts: u64,
}

/// How costs in a currency change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostTrendPart {
    /// The currency. Null: the inventory has none.
    currency: Option<String>,
    /// The periods, without gaps, the oldest first: `2026-10`, or `2026-10-31`.
    periods: Vec<String>,
    /// The series, the most expensive first.
    series: Vec<CostSeries>,
    /// The sum of all series in each period, as exact decimal numbers.
    totals: Vec<String>,
    /// What the month of the last charges will come to. Null: it is over, or there are too few days.
    projection: Option<Projection>,
}

/// The costs of a value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostSeries {
    /// The value. Null: it is missing, or this is the rest.
    value: Option<String>,
    /// Whether these are all values together that have no series of their own.
    is_rest: bool,
    /// The sum of all periods, as an exact decimal number.
    total: String,
    /// The cost in each period, as exact decimal numbers.
    costs: Vec<String>,
}

/// What a month will come to, if it goes on as before.
///
/// The days that are left are taken to cost as much as the mean of the last 28 days (7 at least). The interval has 95% of
/// such months, if the costs of days are independent and normally distributed.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub(crate) struct Projection {
    /// The month.
    month: String,
    /// The last day with charges, which counts as complete.
    through: String,
    /// What was spent until then, as an exact decimal number.
    spent: String,
    /// What the month will come to, rounded to two digits.
    expected: String,
    /// The low end of the 95% interval.
    low: String,
    /// The high end of the 95% interval.
    high: String,
    /// Days that the mean is made of.
    days: usize,
}

fn trend(call: &Call<'_, ReadTags>, query: TrendParameters) -> Result<Reply<CostTrend>, Failure> {
    let serving = call.project()?.serving()?;
    let version = serving.version();
    let TrendParameters { by, period, from, to, q, r#where, series } = query;
    let invalid = |detail: &str, parameter: &str| {
        ApiError::new(Code::InvalidRequest, detail.to_owned()).in_parameter(parameter)
    };
    let period = match period.as_deref() {
        None | Some("month") => Period::Month,
        Some("day") => Period::Day,
        Some(_) => return Err(invalid("`period` is `month` or `day`", "period").into()),
    };
    let series = series.unwrap_or(SERIES);
    if series == 0 || series > MOST_SERIES {
        return Err(invalid("1 to 50 series can be apart", "series").into());
    }
    let days = match (day(from.as_deref(), "from")?, day(to.as_deref(), "to")?) {
        (Some(from), Some(to)) if from <= to => Some((from, to)),
        (None, None) => None,
        _ => return Err(invalid("`from` and `to` are needed together, in this order", "to").into()),
    };
    let filter = Selection { q, r#where, ..Selection::default() }.read(&serving)?;
    let question = CostQuery {
        by: by.into_iter().collect(),
        filter,
        period: Some(period),
        days,
        by_usage_date: period == Period::Day,
        amount: Amount::default(),
    };
    let report = serving.generation.costs(&question, &serving.program).map_err(data_failure)?;
    let daily = daily(&serving, &question)?;
    let part = |part: &CostPart| {
        let daily = daily.iter().find(|(currency, _)| *currency == part.currency).map(|(_, days)| days);
        view(part, period, usize::try_from(series).unwrap_or(usize::MAX), daily.and_then(projection))
    };
    let parts = report.parts.iter().map(part).collect();
    Ok(Reply::ok(CostTrend { parts, unknown_amounts: report.unknown_amounts }).etag(&version))
}

/// What each day with charges costs, in units of 10^-18, by currency.
type Daily = Vec<(Option<String>, BTreeMap<NaiveDate, i128>)>;

fn daily(serving: &Serving, question: &CostQuery) -> Result<Daily, Failure> {
    let question = CostQuery {
        by: Vec::new(),
        period: Some(Period::Day),
        days: None,
        by_usage_date: true,
        ..question.clone()
    };
    let report = serving.generation.costs(&question, &serving.program).map_err(data_failure)?;
    let days = |part: CostPart| {
        let mut days = BTreeMap::new();
        for line in &part.lines {
            let day = line.period.as_deref().and_then(|day| NaiveDate::parse_from_str(day, "%Y-%m-%d").ok());
            if let Some(day) = day {
                *days.entry(day).or_default() += line.total();
            }
        }
        (part.currency, days)
    };
    Ok(report.parts.into_iter().map(days).collect())
}

fn view(part: &CostPart, period: Period, apart: usize, projection: Option<Projection>) -> CostTrendPart {
    let mut sums: BTreeMap<Option<String>, BTreeMap<&str, i128>> = BTreeMap::new();
    let mut seen = BTreeSet::new();
    for line in &part.lines {
        let of = line.period.as_deref().unwrap_or_default();
        let value = line.values.first().cloned().flatten();
        *sums.entry(value).or_default().entry(of).or_default() += line.total();
        seen.insert(of);
    }
    let periods = without_gaps(&seen, period);
    let mut ordered: Vec<(Option<String>, BTreeMap<&str, i128>)> = sums.into_iter().collect();
    let total = |costs: &BTreeMap<&str, i128>| costs.values().sum::<i128>();
    ordered.sort_by_key(|(_, costs)| std::cmp::Reverse(total(costs)));
    let mut totals: BTreeMap<&str, i128> = BTreeMap::new();
    for (_, costs) in &ordered {
        costs.iter().for_each(|(of, cost)| *totals.entry(of).or_default() += cost);
    }
    let mut rest: BTreeMap<&str, i128> = BTreeMap::new();
    let others = ordered.split_off(apart.min(ordered.len()));
    for (_, costs) in &others {
        costs.iter().for_each(|(of, cost)| *rest.entry(of).or_default() += cost);
    }
    let costs = |of: &BTreeMap<&str, i128>| -> Vec<String> {
        periods.iter().map(|at| decimal(of.get(at.as_str()).copied().unwrap_or_default())).collect()
    };
    let series = |value: Option<String>, is_rest: bool, of: &BTreeMap<&str, i128>| CostSeries {
        value,
        is_rest,
        total: decimal(total(of)),
        costs: costs(of),
    };
    let rest = (!others.is_empty()).then(|| series(None, true, &rest));
    CostTrendPart {
        currency: part.currency.clone(),
        series: ordered.iter().map(|(value, of)| series(value.clone(), false, of)).chain(rest).collect(),
        totals: costs(&totals),
        periods,
        projection,
    }
}

/// The periods from the first to the last one.
fn without_gaps(seen: &BTreeSet<&str>, period: Period) -> Vec<String> {
    let (text, format) = match period {
        Period::Month => ("-01", "%Y-%m"),
        Period::Day => ("", "%Y-%m-%d"),
    };
    let date = |of: &&str| NaiveDate::parse_from_str(&format!("{of}{text}"), "%Y-%m-%d").ok();
    let dates: BTreeSet<NaiveDate> = seen.iter().filter_map(date).collect();
    let (Some(first), Some(last)) = (dates.first(), dates.last()) else {
        return seen.iter().map(|of| (*of).to_owned()).collect();
    };
    let next = |at: &NaiveDate| match period {
        Period::Month => at.checked_add_months(Months::new(1)),
        Period::Day => at.succ_opt(),
    };
    let all = std::iter::successors(Some(*first), next).take_while(|at| at <= last);
    all.map(|at| at.format(format).to_string()).collect()
}

/// Returns what the month of the last day will come to.
fn projection(days: &BTreeMap<NaiveDate, i128>) -> Option<Projection> {
    let (last, _) = days.last_key_value()?;
    let first_of_next = last.with_day(1)?.checked_add_months(Months::new(1))?;
    let remaining = (first_of_next - *last).num_days() - 1;
    // Days without charges cost nothing; those before the first charge are unknown.
    let start = last.checked_sub_days(Days::new(DAYS as u64 - 1))?.max(*days.first_key_value()?.0);
    let costs: Vec<f64> = std::iter::successors(Some(start), NaiveDate::succ_opt)
        .take_while(|day| day <= last)
        .map(|day| days.get(&day).copied().unwrap_or_default() as f64 / UNIT)
        .collect();
    if remaining <= 0 || costs.len() < FEWEST_DAYS {
        return None;
    }
    let count = costs.len() as f64;
    let mean = costs.iter().sum::<f64>() / count;
    let variance = costs.iter().map(|cost| (cost - mean).powi(2)).sum::<f64>() / (count - 1.0);
    let left = remaining as f64;
    // The days that are left vary, and the mean itself is uncertain.
    let half = NORMAL_95 * (variance * (left + left * left / count)).sqrt();
    let of_month = days.range(last.with_day(1)?..);
    let spent: i128 = of_month.map(|(_, cost)| cost).sum();
    let expected = spent as f64 / UNIT + mean * left;
    Some(Projection {
        month: last.format("%Y-%m").to_string(),
        through: last.to_string(),
        spent: decimal(spent),
        expected: format!("{expected:.2}"),
        low: format!("{:.2}", expected - half),
        high: format!("{:.2}", expected + half),
        days: costs.len(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn days(costs: &[(u32, i128)]) -> BTreeMap<NaiveDate, i128> {
        let date = |day| NaiveDate::from_ymd_opt(2026, 11, 1).unwrap() + Days::new(day);
        costs.iter().map(|(day, cost)| (date(u64::from(*day)), cost * 10i128.pow(18))).collect()
    }

    #[test]
    fn a_steady_month_goes_on() {
        let steady: Vec<(u32, i128)> = (0..10).map(|day| (day, 5)).collect();
        let projection = projection(&days(&steady)).unwrap();
        assert_eq!((projection.month.as_str(), projection.through.as_str()), ("2026-11", "2026-11-10"));
        assert_eq!((projection.spent.as_str(), projection.expected.as_str()), ("50", "150.00"));
        assert_eq!((projection.low.as_str(), projection.high.as_str()), ("150.00", "150.00"));
    }

    #[test]
    fn what_varies_has_an_interval_around_it() {
        let uneven: Vec<(u32, i128)> = (0..20).map(|day| (day, if day % 2 == 0 { 2 } else { 8 })).collect();
        let projection = projection(&days(&uneven)).unwrap();
        assert_eq!(projection.expected, "150.00");
        let (low, high): (f64, f64) = (projection.low.parse().unwrap(), projection.high.parse().unwrap());
        assert!(low > 120.0 && low < 135.0 && (high - 150.0 - (150.0 - low)).abs() < 0.02, "{low} {high}");
    }

    #[test]
    fn there_is_none_for_a_month_that_is_over_or_has_begun_only_now() {
        assert_eq!(projection(&days(&(0..30).map(|day| (day, 1)).collect::<Vec<_>>())), None);
        assert_eq!(projection(&days(&(0..6).map(|day| (day, 1)).collect::<Vec<_>>())), None);
        assert_eq!(projection(&BTreeMap::new()), None);
    }

    #[test]
    fn periods_have_no_gaps() {
        let seen = BTreeSet::from(["2026-09", "2026-12"]);
        assert_eq!(without_gaps(&seen, Period::Month), ["2026-09", "2026-10", "2026-11", "2026-12"]);
    }
}
