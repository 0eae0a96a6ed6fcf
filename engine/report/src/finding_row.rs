//! The columns of a finding, in formats that are tables.

use std::borrow::Cow;

use tagpol_eval::{CheckResult, Finding};
use tagpol_session::Decimal;

use super::Report;

/// Names of the columns that are texts, in the order of [`texts`].
pub(super) const TEXTS: [&str; 18] = [
    "policy",
    "check",
    "severity",
    "state",
    "resource",
    "name",
    "type",
    "provider",
    "account",
    "region",
    "tag",
    "attribute",
    "value",
    "remedy",
    "message",
    "waiver",
    "fingerprint",
    "baseline",
];

/// Digits of a cost behind the point.
pub(super) const COST_SCALE: u8 = 12;

/// What follows from a finding, so that it is made for each row.
pub(super) struct Made<'a> {
    message: Cow<'a, str>,
    fingerprint: String,
}

impl<'a> Made<'a> {
    /// Makes it.
    pub(super) fn of(finding: Finding<'a>) -> Self {
        Self { message: finding.message(), fingerprint: finding.fingerprint() }
    }
}

/// Returns the texts of a finding; None if there is none.
pub(super) fn texts<'a>(
    report: &Report<'a>,
    (at, finding, check): (usize, Finding<'a>, &'a CheckResult),
    made: &'a Made<'a>,
) -> [Option<&'a str>; TEXTS.len()] {
    [
        Some(&check.policy),
        Some(&check.check),
        Some(check.severity.as_str()),
        Some(finding.state().as_str()),
        Some(finding.resource()),
        finding.name(),
        finding.ty(),
        finding.provider(),
        finding.account(),
        finding.region(),
        finding.tag(),
        finding.attribute(),
        finding.value(),
        finding.remedy(),
        Some(&made.message),
        report.waivers.of(at).map(|waiver| waiver.because.as_str()),
        Some(&made.fingerprint),
        report.compared(finding),
    ]
}

/// Returns the cost in units of [`COST_SCALE`]; None if it is not known, or has more digits.
pub(super) fn cost_units(cost: Option<Decimal>) -> Option<i128> {
    let cost = cost?;
    let up = u32::from(COST_SCALE.checked_sub(cost.scale)?);
    cost.unscaled.checked_mul(10_i128.checked_pow(up)?)
}
