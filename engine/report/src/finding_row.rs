//! The columns of a finding, in formats that are tables.

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

/// Returns the texts of a finding; None if there is none.
pub(super) fn texts<'a>(
    report: &Report<'a>,
    (at, finding, check): (usize, &'a Finding, &'a CheckResult),
) -> [Option<&'a str>; TEXTS.len()] {
    [
        Some(&check.policy),
        Some(&check.check),
        Some(check.severity.as_str()),
        Some(finding.state.as_str()),
        Some(&finding.resource),
        finding.name.as_deref(),
        finding.ty.as_deref(),
        finding.provider.as_deref(),
        finding.account.as_deref(),
        finding.region.as_deref(),
        finding.tag.as_deref(),
        finding.attribute,
        finding.value.as_deref(),
        finding.remedy.as_deref(),
        Some(&finding.message),
        report.waivers.of(at).map(|waiver| waiver.because.as_str()),
        Some(&finding.fingerprint),
        report.compared(finding),
    ]
}

/// Returns the cost in units of [`COST_SCALE`]; None if it is not known, or has more digits.
pub(super) fn cost_units(cost: Option<Decimal>) -> Option<i128> {
    let cost = cost?;
    let up = u32::from(COST_SCALE.checked_sub(cost.scale)?);
    cost.unscaled.checked_mul(10_i128.checked_pow(up)?)
}
