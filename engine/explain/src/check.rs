//! Why a check has a finding, or none.

use chrono::TimeDelta;
use tagpol_interp::State;
use tagpol_sema::condition_places::Place;
use tagpol_sema::program::{CheckKind, Duration, Exemption};

use super::condition::{Explainer, Part};

/// What a check says of a resource, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckReason {
    /// The policy does not apply to the resource: its scope.
    OutOfScope(Part),
    /// The requirement holds: its condition.
    Holds(Part),
    /// A finding that is waived; index of the exemption in the program.
    Exempt(usize),
    /// A finding inside the policy's grace.
    Pending {
        /// Its condition.
        part: Part,
        /// How long the finding has been there.
        age: TimeDelta,
        /// The grace.
        grace: Duration,
    },
    /// A finding: the condition that is not as it should be.
    Open(Part),
    /// Whether there is a finding depends on a value that is not known yet.
    Undetermined,
}

/// Explains a check; both indexes are those of the program. None for a check that it does not have.
pub fn check(explainer: &Explainer<'_, '_>, policy: usize, check: usize) -> Option<CheckReason> {
    let resource = explainer.resource;
    let declared = resource.program().policies.get(policy)?;
    let requirement = declared.checks.get(check)?;
    let at = explainer.places.policies.get(policy);
    if resource.policy_states(policy).get(check) == Some(&State::Undetermined) {
        return Some(CheckReason::Undetermined);
    }
    if let Some(scope) = &declared.scope
        && !resource.holds(scope)
    {
        let place = at.and_then(|places| places.scope.as_ref());
        return Some(CheckReason::OutOfScope(explainer.condition(scope, place)));
    }
    let place: Option<&Place> = at.and_then(|places| places.checks.get(check));
    let part = explainer.condition(&requirement.pred, place);
    if part.truth == (requirement.kind == CheckKind::Require) {
        return Some(CheckReason::Holds(part));
    }
    if let Some(exemption) = resource.exemption(policy, check) {
        return Some(CheckReason::Exempt(exemption));
    }
    let since = resource.since(&declared.name, &requirement.id);
    let age = since.map(|since| resource.options().now - since);
    Some(match (declared.grace, age) {
        (Some(grace), Some(age)) if age < TimeDelta::seconds(grace.seconds) => {
            CheckReason::Pending { part, age, grace }
        }
        _ => CheckReason::Open(part),
    })
}

/// Why a waiver of a check does not count for a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoWaiver<'a> {
    /// Its last day is past.
    Ended(&'a Exemption),
    /// It does not apply to the resource: its scope.
    OutOfScope(&'a Exemption, Part),
}

/// Returns the waivers of a check that do not count for the resource, in the order of the program.
pub fn unused_waivers<'a>(explainer: &Explainer<'_, 'a>, policy: usize, check: usize) -> Vec<NoWaiver<'a>> {
    let resource = explainer.resource;
    let exemptions = resource.program().exemptions.iter().zip(&explainer.places.exemptions);
    let about = exemptions.filter(|(e, _)| e.policy == policy && e.check.is_none_or(|only| only == check));
    let unused = about.filter_map(|(exemption, place)| {
        if resource.options().now.date_naive() > exemption.until {
            return Some(NoWaiver::Ended(exemption));
        }
        let scope = exemption.scope.as_ref().filter(|scope| !resource.holds(scope))?;
        Some(NoWaiver::OutOfScope(exemption, explainer.condition(scope, place.as_ref())))
    });
    unused.collect()
}
