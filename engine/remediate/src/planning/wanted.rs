//! Which values the policies want a resource to have that its cloud does not.
//!
//! | source of the value | wanted |
//! |---|---|
//! | a decision | yes, in place of any value |
//! | a `set` or `fill` rule | if the native value is missing or not valid |
//! | the remedy of a policy | for an open or pending finding about the tag, if its value is missing or not valid |
//! | a prediction | as a rule, on request |
//! | the native tag itself | in its canonical spelling, on request |
//! | a default | no: it states that nobody gave a value |

use std::collections::BTreeMap;

use tagpol_interp::{Resource, Row, State, Winner};
use tagpol_sema::program::{Loc, Policy, Pred, Severity, Source, Tag, TagId};
use tagpol_state::CurrentDecision;

use super::views::Pair;
use crate::plan_file::{PlanSettings, Provenance, ProvenanceSource, Skip, SkipReason};

/// A value that a resource is wanted to have.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) tag: TagId,
    pub(super) value: String,
    pub(super) provenance: Provenance,
}

/// A value with its source, before it is compared with what the resource has.
type Sourced = (String, Provenance);

/// Returns what is wanted of a resource, by tag, and what of it is left out.
pub(super) fn wanted(
    pair: &Pair<'_>,
    row: &Row,
    decisions: &BTreeMap<(String, String), CurrentDecision>,
    settings: &PlanSettings,
) -> (Vec<Wanted>, Vec<Skip>) {
    let resource = &pair.with_state;
    let (mut wanted, mut skipped) = (Vec::new(), Vec::new());
    for (tag, declared) in (0u32..).map(TagId).zip(&resource.program().tags) {
        let steps = resource.native_steps(declared);
        let native = steps.iter().find_map(|step| step.value.as_deref());
        let sourced = sourced(resource, row, tag, declared, decisions);
        let mut skip = |reason, detail: String| {
            skipped.push(Skip { resource: row.id.clone(), tag: Some(declared.name.clone()), reason, detail });
        };
        match sourced {
            Some((value, provenance)) if native != Some(value.as_str()) => {
                let is_valid = |value: &str| resource.with_value(tag, value).holds(&Pred::IsValid(tag));
                if provenance.source == ProvenanceSource::Inferred && !settings.include_inferred {
                    skip(SkipReason::Inferred, format!("the model predicts `{value}`"));
                } else if !is_valid(&value) {
                    skip(SkipReason::Illegal, format!("`{value}` is not valid for the tag"));
                } else if let Some(native) = native.filter(|native| is_valid(native))
                    && provenance.source != ProvenanceSource::Decided
                {
                    let detail = format!("it has the valid value `{native}`; `{value}` would replace it");
                    skip(SkipReason::ValidValue, detail);
                } else {
                    wanted.push(Wanted { tag, value, provenance });
                }
            }
            _ if settings.canonical => wanted.extend(canonical(resource, tag, native)),
            _ => {}
        }
    }
    (wanted, skipped)
}

/// Returns the value that a tag shall have and where it comes from; None if nothing asks for one.
fn sourced(
    resource: &Resource<'_>,
    row: &Row,
    tag: TagId,
    declared: &Tag,
    decisions: &BTreeMap<(String, String), CurrentDecision>,
) -> Option<Sourced> {
    let result = resource.tag(tag)?;
    let value = || result.value.clone();
    let plain = |source| Provenance { source, by: None, name: None, place: None, confidence: None };
    match result.source {
        Some(Source::Decided) => {
            let decision = decisions.get(&(row.id.clone(), declared.name.clone()));
            let by = decision.map(|decision| decision.actor.clone());
            Some((value()?, Provenance { by, ..plain(ProvenanceSource::Decided) }))
        }
        Some(source @ (Source::Set | Source::Fill)) => {
            let Some(Winner::Rule { rule, action }) = &result.winner else { return None };
            let rule = resource.program().rules.get(*rule)?;
            let place = rule.actions.get(*action).map(|action| place(&action.loc));
            let source = if source == Source::Set { ProvenanceSource::Set } else { ProvenanceSource::Fill };
            Some((value()?, Provenance { name: Some(rule.name.clone()), place, ..plain(source) }))
        }
        Some(Source::Inferred) => {
            let confidence = resource.inference(tag).map(|(_, confidence)| confidence.to_string());
            Some((value()?, Provenance { confidence, ..plain(ProvenanceSource::Inferred) }))
        }
        Some(Source::Native | Source::Default) | None => remedy(resource, tag).map(|(value, policy, at)| {
            let (name, place) = (Some(policy.name.clone()), Some(place(at)));
            (value, Provenance { name, place, ..plain(ProvenanceSource::Remedy) })
        }),
    }
}

/// Returns the remedy of the worst finding about a tag, of the first policy among equals.
fn remedy<'p>(resource: &Resource<'p>, tag: TagId) -> Option<(String, &'p Policy, &'p Loc)> {
    let policies = resource.program().policies.iter().enumerate();
    let found = policies.filter_map(|(index, policy)| {
        let remedy = policy.remedies.iter().find(|remedy| remedy.tag == tag)?;
        let states = resource.policy_states(index);
        let is_found =
            policy.checks.iter().zip(states).any(|(check, state)| {
                check.tag == Some(tag) && matches!(state, State::Open | State::Pending)
            });
        let value = resource.given(&remedy.value).filter(|_| is_found)?;
        Some((value, policy, &remedy.loc))
    });
    // The last of the greatest would win otherwise.
    found.min_by_key(|(_, policy, _)| Severity::ALL.iter().position(|one| *one == policy.severity))
}

/// Returns the value of a tag as the policies spell it, if it is valid and a native tag gives it.
fn canonical(resource: &Resource<'_>, tag: TagId, native: Option<&str>) -> Option<Wanted> {
    let value = native.filter(|value| resource.with_value(tag, value).holds(&Pred::IsValid(tag)))?;
    let source = ProvenanceSource::Native;
    let provenance = Provenance { source, by: None, name: None, place: None, confidence: None };
    Some(Wanted { tag, value: value.to_owned(), provenance })
}

/// `tags.tagpol:12`
fn place(loc: &Loc) -> String {
    format!("{}:{}", loc.file, loc.line)
}
