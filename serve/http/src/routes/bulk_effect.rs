//! What a bulk change would do to findings, before it is made.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use tagpol_app::state::Change;
use tagpol_sema::program::Severity;
use tagpol_serve_data::{Compliance, Preview, Resource};
use utoipa::ToSchema;

use crate::host::Serving;
use crate::problem::{Failure, data_failure};

/// Most resources whose evaluation is previewed: each is evaluated once more.
const MOST: usize = 20_000;

/// Open findings of the selected resources, now and after a change. What relations would pass on to other resources is not in
/// it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct BulkEffect {
    /// Findings by severity, the worst first.
    findings: Vec<SeverityEffect>,
    /// Resources with open findings now.
    violating_before: u64,
    /// Resources with open findings after it.
    violating_after: u64,
    /// Monthly cost of the resources with open findings now, as an exact decimal number. Null: it is too large to be added up.
    violating_cost_before: Option<String>,
    /// Monthly cost of the resources with open findings after it.
    violating_cost_after: Option<String>,
}

/// Open findings of a severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct SeverityEffect {
    /// `critical`, `high`, `medium` or `low`.
    severity: String,
    /// Findings that are open now.
    before: u64,
    /// Findings that would be open.
    after: u64,
}

/// Finds out what changes would do. None: they are about more resources than are previewed.
///
/// # Errors
/// Those of the state and the evaluation.
pub(crate) fn effect_of(serving: &Serving, changes: &[Change]) -> Result<Option<BulkEffect>, Failure> {
    let mut ids: Vec<&str> = changes.iter().map(|change| change.resource.as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() > MOST {
        return Ok(None);
    }
    let previews = serving.preview(changes).map_err(data_failure)?;
    Ok(Some(summed(&previews)))
}

fn summed(previews: &[Preview]) -> BulkEffect {
    let findings = Severity::ALL.into_iter().enumerate().map(|(at, severity)| {
        let of = |resource: &Resource| resource.open.get(at).copied().unwrap_or_default();
        SeverityEffect {
            severity: severity.as_str().to_owned(),
            before: previews.iter().map(|preview| of(&preview.now)).sum(),
            after: previews.iter().map(|preview| of(&preview.then)).sum(),
        }
    });
    let violating = |is_then: bool| {
        let shown = previews.iter().map(move |preview| if is_then { &preview.then } else { &preview.now });
        shown.filter(|resource| resource.compliance == Compliance::Violating)
    };
    let cost = |is_then: bool| {
        let exact = |cost: tagpol_app::Decimal| {
            Decimal::try_from_i128_with_scale(cost.unscaled, u32::from(cost.scale)).ok()
        };
        let mut costs = violating(is_then).filter_map(|resource| resource.cost);
        let sum = costs.try_fold(Decimal::ZERO, |sum, cost| sum.checked_add(exact(cost)?));
        sum.map(|sum| sum.normalize().to_string())
    };
    BulkEffect {
        findings: findings.collect(),
        violating_before: violating(false).count() as u64,
        violating_after: violating(true).count() as u64,
        violating_cost_before: cost(false),
        violating_cost_after: cost(true),
    }
}
