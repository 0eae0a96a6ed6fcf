//! What is spent.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use tagpol_app::evaluation::cost::{Amount, Line, Period};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_data::{CostPart, CostQuery};
use utoipa::{IntoParams, ToSchema};

use super::filter::Selection;
use crate::endpoint::{Call, Reply, Route};
use crate::permission::ReadTags;
use crate::problem::{Failure, failure_in};

pub(super) fn routes() -> Vec<Route> {
    vec![Route::read(
        "/api/v1/costs",
        ("costs", "Sums up the costs by tags and attributes, with shared costs spread", &[200, 304]),
        costs,
    )]
}

/// What is summed up.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct CostParameters {
    /// What the costs are summed up by, separated by commas: names of tags, `resource.NAME` or `charge.NAME`. If omitted,
    /// everything together.
    pub(crate) by: Option<String>,
    /// `month` or `day`: the periods that are apart. Only of bills.
    pub(crate) period: Option<String>,
    /// The first day, as `2026-10-01`. Only of bills, together with `to`.
    pub(crate) from: Option<String>,
    /// The last day. Only of bills, together with `from`.
    pub(crate) to: Option<String>,
    /// Whether charges count on the day on which they start, and not in the month of their invoice.
    pub(crate) by_usage_date: Option<bool>,
    /// Words; each is somewhere in the name, the id or the values of tags, regardless of case.
    pub(crate) q: Option<String>,
    /// A condition of the language. With it, shared costs stay where they are.
    pub(crate) r#where: Option<String>,
    /// The lines to return, as a JSON object from names in `by` to lists of values, such as
    /// `{"cost-center": ["ENG-001", null]}`; null is a missing value. They are chosen after shared costs are spread, so that
    /// their sum is that of a report with fewer names. If omitted, all lines.
    pub(crate) lines: Option<String>,
}

/// What is spent.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostReportView {
    /// A part for each currency; more than one only if charges are in several.
    pub(crate) parts: Vec<CostPartView>,
    /// The month of the costs. Null: the inventory has none.
    pub(crate) month: Option<String>,
    /// Whether the costs are those of a bill, which has days and months.
    pub(crate) has_charges: bool,
    /// Charges without the amount; they count as nothing.
    pub(crate) unknown_amounts: u64,
}

/// What is spent in a currency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostPartView {
    /// The currency. Null: the inventory has none.
    pub(crate) currency: Option<String>,
    /// The sum of all lines, as an exact decimal number.
    pub(crate) total: String,
    /// The lines: by period, then the most expensive first.
    pub(crate) lines: Vec<CostLine>,
}

/// A line of costs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CostLine {
    /// The period. Null: no periods are apart.
    pub(crate) period: Option<String>,
    /// A value for each name in `by`. Null: it is missing.
    pub(crate) values: Vec<Option<String>>,
    /// Its resources.
    pub(crate) resources: u64,
    /// What it costs, with its share of shared costs, as an exact decimal number.
    pub(crate) cost: String,
    /// The part of it that was spread to it, less what was spread from it.
    pub(crate) shared: String,
    /// The part of its own costs in charges that name no resource.
    pub(crate) no_resource: String,
}

/// Returns an amount in units of 10^-18 as an exact decimal number.
pub(super) fn decimal(units: i128) -> String {
    const UNIT: u128 = 10u128.pow(18);
    let sign = if units < 0 { "-" } else { "" };
    let (whole, rest) = (units.unsigned_abs() / UNIT, units.unsigned_abs() % UNIT);
    if rest == 0 {
        return format!("{sign}{whole}");
    }
    let digits = format!("{rest:018}");
    format!("{sign}{whole}.{}", digits.trim_end_matches('0'))
}

pub(super) fn day(text: Option<&str>, parameter: &str) -> Result<Option<NaiveDate>, ApiError> {
    let parsed = text.map(|text| NaiveDate::parse_from_str(text, "%Y-%m-%d")).transpose();
    parsed.map_err(|_| {
        ApiError::new(Code::InvalidRequest, "this is not a day")
            .in_parameter(parameter)
            .help("write it as `2026-10-31`")
    })
}

/// Reads which lines are wanted of a report by some names.
fn wanted_lines(
    text: Option<&str>,
    by: &[String],
) -> Result<BTreeMap<String, Vec<Option<String>>>, ApiError> {
    let invalid = |detail: String| ApiError::new(Code::InvalidRequest, detail).in_parameter("lines");
    let lines: BTreeMap<String, Vec<Option<String>>> = match text {
        None => return Ok(BTreeMap::new()),
        Some(text) => serde_json::from_str(text).map_err(|_| {
            invalid("this is not a JSON object with lists of values".to_owned())
                .help(r#"write it as `{"cost-center": ["ENG-001", null]}`"#)
        })?,
    };
    match lines.keys().find(|name| !by.contains(name)) {
        None => Ok(lines),
        Some(name) => {
            Err(invalid(format!("costs are not summed up by `{name}`")).help("add the name to `by`"))
        }
    }
}

fn costs(call: &Call<'_, ReadTags>, query: CostParameters) -> Result<Reply<CostReportView>, Failure> {
    let version = call.project()?.serving()?.version();
    Ok(Reply::ok(read_report(call, query)?).etag(&version))
}

/// Sums costs up.
///
/// # Errors
/// What is wrong with the request.
pub(crate) fn read_report(
    call: &Call<'_, ReadTags>,
    query: CostParameters,
) -> Result<CostReportView, Failure> {
    let serving = call.project()?.serving()?;
    let CostParameters { by, period, from, to, by_usage_date, q, r#where, lines } = query;
    let period = match period.as_deref() {
        None => None,
        Some("month") => Some(Period::Month),
        Some("day") => Some(Period::Day),
        Some(_) => {
            let error = ApiError::new(Code::InvalidRequest, "`period` is `month` or `day`");
            return Err(error.in_parameter("period").into());
        }
    };
    let days = match (day(from.as_deref(), "from")?, day(to.as_deref(), "to")?) {
        (Some(from), Some(to)) if from <= to => Some((from, to)),
        (None, None) => None,
        _ => {
            let error =
                ApiError::new(Code::InvalidRequest, "`from` and `to` are needed together, in this order");
            return Err(error.in_parameter("to").into());
        }
    };
    let names = by.iter().flat_map(|names| names.split(',')).map(|name| name.trim().to_owned());
    let by: Vec<String> = names.filter(|name| !name.is_empty()).collect();
    let mut filter = Selection { q, r#where, ..Selection::default() }.read(&serving)?;
    filter.tags.extend(wanted_lines(lines.as_deref(), &by)?);
    let question = CostQuery {
        by,
        filter,
        period,
        days,
        by_usage_date: by_usage_date.unwrap_or(false),
        amount: Amount::default(),
    };
    let report = serving.generation.costs(&question, &serving.program);
    let report = report.map_err(|error| failure_in(error, "by"))?;
    Ok(CostReportView {
        parts: report.parts.iter().map(part).collect(),
        month: serving.generation.contents().month.clone(),
        has_charges: serving.generation.contents().has_charges,
        unknown_amounts: report.unknown_amounts,
    })
}

fn part(part: &CostPart) -> CostPartView {
    let line = |line: &Line| CostLine {
        period: line.period.clone(),
        values: line.values.clone(),
        resources: line.resources,
        cost: decimal(line.total()),
        shared: decimal(line.shared),
        no_resource: decimal(line.no_resource),
    };
    CostPartView {
        currency: part.currency.clone(),
        total: decimal(part.total()),
        lines: part.lines.iter().map(line).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        for (units, text) in [
            (0, "0"),
            (10i128.pow(18), "1"),
            (-15 * 10i128.pow(17), "-1.5"),
            (1, "0.000000000000000001"),
            (123_450 * 10i128.pow(15), "123.45"),
        ] {
            assert_eq!(decimal(units), text);
        }
    }
}
