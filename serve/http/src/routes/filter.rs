//! Which resources a request is about: the same parameters for lists, facets, exports and totals.

use serde::{Deserialize, Serialize};
use tagpol_sema::program::{Severity, Source};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_data::{Compliance, Filter};
use utoipa::{IntoParams, ToSchema};

use super::shapes;
use crate::host::Serving;
use crate::problem::{Failure, data_failure};

/// Which resources a request is about. What is omitted asks for nothing. Lists are separated by commas.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, Serialize, IntoParams, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Selection {
    /// Words; each is somewhere in the name, the id or the values of tags, regardless of case.
    pub(crate) q: Option<String>,
    /// A condition of the language, such as `environment == production and resource.monthly-cost > 500 USD`.
    pub(crate) r#where: Option<String>,
    /// Any of `violating`, `pending`, `compliant`, `out_of_scope`.
    pub(crate) compliance: Option<String>,
    /// An open finding of any of these policies; `POLICY/CHECK` means one check.
    pub(crate) policy: Option<String>,
    /// An open finding of any of `critical`, `high`, `medium`, `low`.
    pub(crate) severity: Option<String>,
    /// A tag from any of these sources: `decided`, `rule_based`, `inferred`, `native`, `default`. `manual` and
    /// `user_confirmed`, as single resources show them, mean `decided`.
    pub(crate) source: Option<String>,
}

/// Returns the parts of a list.
fn parts(text: &Option<String>) -> impl Iterator<Item = &str> {
    text.iter().flat_map(|text| text.split(',')).map(str::trim).filter(|part| !part.is_empty())
}

impl Selection {
    /// Reads it as the policies mean it.
    ///
    /// # Errors
    /// [`Code::InvalidCondition`], [`Code::InvalidRequest`].
    pub(crate) fn read(&self, serving: &Serving) -> Result<Filter, Failure> {
        let unknown = |parameter: &str, name: &str, known: &str| {
            ApiError::new(Code::InvalidRequest, format!("there is no {parameter} `{name}`"))
                .in_parameter(parameter)
                .help(format!("write any of: {known}"))
        };
        let mut filter = Filter { q: self.q.clone().filter(|q| !q.trim().is_empty()), ..Filter::default() };
        if let Some(text) = self.r#where.as_deref().filter(|text| !text.trim().is_empty()) {
            filter.condition = Some(serving.conditions.read(text).map_err(data_failure)?);
        }
        for name in parts(&self.compliance) {
            let found = Compliance::ALL.into_iter().find(|one| shapes::compliance(*one) == name);
            let known = "violating, pending, compliant, out_of_scope";
            filter.compliance.push(found.ok_or_else(|| unknown("compliance", name, known))?);
        }
        for name in parts(&self.severity) {
            let all = [Severity::Critical, Severity::High, Severity::Medium, Severity::Low];
            let found = all.into_iter().find(|one| one.as_str() == name);
            let known = "critical, high, medium, low";
            filter.severities.push(found.ok_or_else(|| unknown("severity", name, known))?);
        }
        for name in parts(&self.source) {
            let found: &[Source] = match name {
                // A single resource shows which of them it is.
                "decided" | "manual" | "user_confirmed" => &[Source::Decided],
                "rule_based" => &[Source::Set, Source::Fill],
                "inferred" => &[Source::Inferred],
                "native" => &[Source::Native],
                "default" => &[Source::Default],
                _ => {
                    return Err(
                        unknown("source", name, "decided, rule_based, inferred, native, default").into()
                    );
                }
            };
            filter.sources.extend(found);
        }
        filter.policies = parts(&self.policy).map(str::to_owned).collect();
        Ok(filter)
    }
}
