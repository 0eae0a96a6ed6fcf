//! The proof of the changes of one resource, by the reference evaluator.
//!
//! In: a resource and the ways to write what is wanted of it. Out: changes that are listed in the plan only if with all of
//! them together
//!
//! - the resource has no more tags than its cloud allows; a replaced tag counts once,
//! - each written tag has the wanted value,
//! - no finding opens, and no other valid tag becomes invalid,
//! - planning again finds nothing to do.
//!
//! What stands in the way is left out, with the reason.

use std::collections::{BTreeMap, BTreeSet};

use tagpol_eval::{RunError, fingerprint};
use tagpol_interp::{Resource, Row, State};
use tagpol_sema::program::{Pred, TagId};

use super::keys::{Edit, Target, edited};
use super::views::{Pair, Views};
use super::wanted::Wanted;
use crate::plan_file::{ClosedFinding, Effect, Operation, Skip, SkipReason, TagChange};

/// A check, by the indexes of the policy and of the check in it.
type CheckId = (usize, usize);

/// A value and how it is written.
pub(super) type Step = (Wanted, Edit);

/// The proved changes of a resource.
pub(super) struct Proved {
    pub(super) changes: Vec<TagChange>,
    /// Virtual tags that follow.
    pub(super) effects: Vec<Effect>,
    pub(super) after: Row,
}

/// Leaves out the steps that cannot be proved.
///
/// # Errors
/// [`RunError`] if the changed resource cannot be evaluated.
pub(super) fn sound(
    views: &Views<'_>,
    pair: &Pair<'_>,
    target: &Target<'_>,
    steps: Vec<Step>,
    skipped: &mut Vec<Skip>,
) -> Result<Vec<Step>, RunError> {
    let mut skip = |(wanted, _): &Step, reason, detail| {
        let tag = Some(views.program.tag(wanted.tag).name.clone());
        skipped.push(Skip { resource: target.row.id.clone(), tag, reason, detail });
    };
    let mut keys = BTreeSet::new();
    let mut sound: Vec<Step> = Vec::new();
    for step in steps {
        let both = [Some(&step.1.key), step.1.previous_key.as_ref()];
        // Tags that share a key cannot both have their values there.
        let folded: Vec<String> =
            both.into_iter().flatten().map(|key| tagpol_sema::formats::fold_key(key)).collect();
        if folded.iter().any(|key| keys.contains(key)) {
            let detail = format!("another tag is written under the key `{}`", step.1.key);
            skip(&step, SkipReason::NotReadBack, detail);
            continue;
        }
        keys.extend(folded);
        sound.push(step);
    }
    while let Some(detail) = too_many(target, &sound) {
        // Only what is added needs room.
        let added = sound.iter().rposition(|(_, edit)| edit.operation == Operation::Set);
        let Some(step) = added.map(|added| sound.remove(added)) else { break };
        skip(&step, SkipReason::TooManyTags, detail);
    }
    while !sound.is_empty() {
        let Some((reason, detail)) = wrong(views, pair, target, &sound)? else { break };
        let index = culprit(views, pair, target, &sound)?;
        let step = sound.remove(index.min(sound.len() - 1));
        skip(&step, reason, detail);
    }
    Ok(sound)
}

/// Returns why a resource would have too many tags.
fn too_many(target: &Target<'_>, steps: &[Step]) -> Option<String> {
    let most = target.cloud.most_tags(target.row.type_.as_deref());
    let counted = |row: &Row| row.tags.iter().filter(|(key, _)| target.cloud.is_counted(key)).count();
    let (before, after) = (counted(target.row), counted(&after(target.row, steps)));
    (after > most && after > before).then(|| {
        let cloud = target.cloud.provider();
        format!("it has {before} tags and would have {after} with those of the plan, and may have {most} in {cloud}")
    })
}

/// Returns a resource with its tags after some steps.
pub(super) fn after(row: &Row, steps: &[Step]) -> Row {
    edited(row, steps.iter().map(|(wanted, edit)| (edit, wanted.value.as_str())))
}

/// Returns the index of a step without which nothing is wrong; if there is none, of the last one.
fn culprit(
    views: &Views<'_>,
    pair: &Pair<'_>,
    target: &Target<'_>,
    steps: &[Step],
) -> Result<usize, RunError> {
    for index in (0..steps.len()).rev() {
        if wrong(views, pair, target, &without(steps, index))?.is_none() {
            return Ok(index);
        }
    }
    Ok(steps.len().saturating_sub(1))
}

fn without(steps: &[Step], index: usize) -> Vec<Step> {
    let others = steps.iter().enumerate().filter(|(at, _)| *at != index);
    others.map(|(_, step)| step.clone()).collect()
}

/// Returns what is wrong about the resource with all steps.
fn wrong(
    views: &Views<'_>,
    pair: &Pair<'_>,
    target: &Target<'_>,
    steps: &[Step],
) -> Result<Option<(SkipReason, String)>, RunError> {
    let row = after(target.row, steps);
    let changed = views.evaluate(&row)?;
    let program = views.program;
    for (wanted, _) in steps {
        let read = changed.with_state.tag(wanted.tag).and_then(|result| result.value.as_ref());
        if read != Some(&wanted.value) {
            let found = read.map_or_else(|| "missing".to_owned(), |read| format!("`{read}`"));
            let name = &program.tag(wanted.tag).name;
            return Ok(Some((SkipReason::NotReadBack, format!("{name} would be {found}"))));
        }
    }
    if let Some((policy, check)) = opened(&pair.with_state, &changed.with_state) {
        return Ok(Some((SkipReason::Worsens, format!("it would open a finding of {policy}/{check}"))));
    }
    for tag in (0u32..).map(TagId).take(program.tags.len()) {
        let valid = |resource: &Resource<'_>| resource.holds(&Pred::IsValid(tag));
        if valid(&pair.with_state) && !valid(&changed.with_state) {
            let detail = format!("{} would no longer be valid", program.tag(tag).name);
            return Ok(Some((SkipReason::Worsens, detail)));
        }
    }
    Ok(None)
}

/// Returns the policy and the check of the first finding that counts and did not, or counts more.
pub(super) fn opened(before: &Resource<'_>, after: &Resource<'_>) -> Option<(String, String)> {
    let (before, program) = (states(before), after.program());
    let (policy, check) = states(after)
        .into_iter()
        .find_map(|(check, state)| is_worse(before.get(&check), state).then_some(check))?;
    let policy = program.policies.get(policy)?;
    let check = policy.checks.get(check).map(|check| check.id.clone()).unwrap_or_default();
    Some((policy.name.clone(), check))
}

/// Whether a finding counts that did not, or counts more.
fn is_worse(before: Option<&State>, now: State) -> bool {
    let rank = |state: State| match state {
        State::None | State::Exempt => 0,
        State::Undetermined => 1,
        State::Pending => 2,
        State::Open => 3,
    };
    rank(now) > before.map_or(0, |before| rank(*before))
}

/// Returns the states of the checks that are not passed.
pub(super) fn states(resource: &Resource<'_>) -> BTreeMap<CheckId, State> {
    let mut found = BTreeMap::new();
    for policy in 0..resource.program().policies.len() {
        let states = resource.policy_states(policy).into_iter().enumerate();
        found
            .extend(states.filter(|(_, state)| *state != State::None).map(|(c, state)| ((policy, c), state)));
    }
    found
}

/// Describes proved steps: what each closes, and what follows.
///
/// # Errors
/// As [`sound`].
pub(super) fn describe(
    views: &Views<'_>,
    pair: &Pair<'_>,
    target: &Target<'_>,
    steps: &[Step],
) -> Result<Proved, RunError> {
    let row = after(target.row, steps);
    let changed = views.evaluate(&row)?;
    let closed = closed(pair, &changed);
    let mut closes: Vec<BTreeSet<CheckId>> = Vec::new();
    for index in 0..steps.len() {
        let row = after(target.row, &without(steps, index));
        let needed: BTreeSet<CheckId> =
            closed.difference(&self::closed(pair, &views.evaluate(&row)?)).copied().collect();
        closes.push(needed);
    }
    // What any of several changes closes is credited to all of them.
    let credited: BTreeSet<CheckId> = closes.iter().flatten().copied().collect();
    let shared: BTreeSet<CheckId> = closed.difference(&credited).copied().collect();
    let changes = steps.iter().zip(closes).map(|((wanted, edit), needed)| TagChange {
        operation: edit.operation,
        key: edit.key.clone(),
        previous_key: edit.previous_key.clone(),
        before: edit.before.clone(),
        after: Some(wanted.value.clone()),
        tag: views.program.tag(wanted.tag).name.clone(),
        closes: needed.union(&shared).filter_map(|check| finding(views, &target.row.id, *check)).collect(),
        provenance: wanted.provenance.clone(),
    });
    let changes = changes.collect();
    let written: BTreeSet<TagId> = steps.iter().map(|(wanted, _)| wanted.tag).collect();
    let effects = effects(views, (&pair.with_state, &changed.with_state), &written);
    drop(changed);
    Ok(Proved { changes, effects, after: row })
}

/// Returns the findings that are gone, with the state of the project or without it.
pub(super) fn closed(before: &Pair<'_>, after: &Pair<'_>) -> BTreeSet<CheckId> {
    let gone = |before: &Resource<'_>, after: &Resource<'_>| {
        let now = states(after);
        let counted = states(before).into_iter().filter(|(_, state)| is_worse(None, *state));
        counted.map(|(check, _)| check).filter(|check| !now.contains_key(check)).collect::<BTreeSet<_>>()
    };
    let alone = gone(&before.alone, &after.alone);
    alone.union(&gone(&before.with_state, &after.with_state)).copied().collect()
}

pub(super) fn finding(views: &Views<'_>, resource: &str, (policy, check): CheckId) -> Option<ClosedFinding> {
    let policy = views.program.policies.get(policy)?;
    let check = policy.checks.get(check)?;
    let tag = check.tag.map(|tag| views.program.tag(tag).name.as_str());
    Some(ClosedFinding {
        policy: policy.name.clone(),
        check: check.id.clone(),
        severity: policy.severity.as_str().to_owned(),
        fingerprint: fingerprint(&policy.name, &check.id, resource, tag),
    })
}

/// Returns the virtual tags that differ, without those that are written.
pub(super) fn effects(
    views: &Views<'_>,
    (before, after): (&Resource<'_>, &Resource<'_>),
    written: &BTreeSet<TagId>,
) -> Vec<Effect> {
    let value = |resource: &Resource<'_>, tag| resource.tag(tag).and_then(|result| result.value.clone());
    let tags = (0u32..).map(TagId).zip(&views.program.tags).filter(|(tag, _)| !written.contains(tag));
    let moved = tags.map(|(tag, declared)| (declared, value(before, tag), value(after, tag)));
    let moved = moved.filter(|(_, before, after)| before != after);
    let effect = |(declared, old, new): (&tagpol_sema::program::Tag, _, _)| Effect {
        resource: before.id().to_owned(),
        tag: declared.name.clone(),
        before: old,
        after: new,
    };
    moved.map(effect).collect()
}
