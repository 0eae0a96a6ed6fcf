//! What was applied of a plan becomes a plan that undoes it.
//!
//! Of a plan that was given up after an interruption, the resources are undone as well that the cloud was asked to change and
//! nobody has looked at since: whatever of their changes was made is found out when the undoing plan is applied.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};

use crate::apply::{Outcome, Recorded, Tags};
use crate::plan_file::{
    Operation, Plan, PlanKind, PlanSettings, PlannedResource, Provenance, ProvenanceSource, Skip, SkipReason,
    TagChange,
};

/// Why there is no plan that undoes another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RollbackError {
    /// The plan was never applied.
    #[error("the plan was not applied here: no change of it was sent to a cloud")]
    NotApplied,
    /// The plan is only partly applied, and was not given up.
    #[error("applying the plan was interrupted")]
    Interrupted,
    /// No resource was changed.
    #[error("the plan changed nothing, so that there is nothing to undo")]
    NothingChanged,
}

impl RollbackError {
    /// Returns what to do about it.
    pub fn help(&self) -> &'static str {
        match self {
            Self::NotApplied => "journals are in `.tagpol/remediation` of the project that applied the plan",
            Self::Interrupted => "apply it to its end first: the same command goes on where it stopped",
            Self::NothingChanged => "`tagpol remediate show` shows what it would have changed",
        }
    }
}

/// Returns the plan that gives the resources that were changed their tags back, but for the keys that are protected now.
///
/// # Errors
/// [`RollbackError`].
pub fn rollback(
    plan: &Plan,
    recorded: &Recorded,
    protect: &[String],
    now: DateTime<Utc>,
) -> Result<Plan, RollbackError> {
    match (recorded.is_started(), recorded.finished.or(recorded.given_up)) {
        (false, None) => return Err(RollbackError::NotApplied),
        (true, None) => return Err(RollbackError::Interrupted),
        (_, Some(_)) => {}
    }
    let uncertain: BTreeSet<&str> = recorded.uncertain().collect();
    let back = |resource: &PlannedResource| match recorded.outcomes.get(&resource.id) {
        Some(Outcome::Applied) => Some(undone(resource)),
        Some(Outcome::Partial { tags, .. }) => Some(restored(resource, tags)),
        _ => uncertain.contains(resource.id.as_str()).then(|| undone(resource)),
    };
    let mut resources: Vec<PlannedResource> = plan.resources.iter().filter_map(back).collect();
    if resources.is_empty() {
        return Err(RollbackError::NothingChanged);
    }
    let mut skipped: Vec<Skip> =
        resources.iter_mut().flat_map(|resource| without_protected(resource, protect)).collect();
    skipped.sort();
    resources.retain(|resource| !resource.changes.is_empty());
    let undo = Plan {
        kind: PlanKind::Rollback(plan.content_hash.clone()),
        created: now,
        expires: Plan::expiry(now),
        resources,
        effects: Vec::new(),
        closes_elsewhere: Vec::new(),
        skipped,
        settings: PlanSettings { protect: protect.to_vec(), ..plan.settings.clone() },
        ..plan.clone()
    };
    Ok(undo.seal())
}

/// Removes the changes of protected keys, and returns why they are not made.
fn without_protected(resource: &mut PlannedResource, protect: &[String]) -> Vec<Skip> {
    let mut skipped = Vec::new();
    resource.changes.retain(|change| {
        let Some(protected) = change.protected_by(protect) else { return true };
        skipped.push(Skip {
            resource: resource.id.clone(),
            tag: Some(change.tag.clone()),
            reason: SkipReason::Protected,
            detail: format!("the manifest protects `{protected}`"),
        });
        false
    });
    skipped
}

fn undone(resource: &PlannedResource) -> PlannedResource {
    PlannedResource {
        tags: resource.tags_after(),
        changes: resource.changes.iter().map(reversed).collect(),
        ..resource.clone()
    }
}

/// Gives a resource with some of its changes its tags back.
fn restored(resource: &PlannedResource, tags: &Tags) -> PlannedResource {
    let restoring = |change: &TagChange| {
        let keys = [Some(&change.key), change.previous_key.as_ref()].into_iter().flatten();
        let differs = keys.filter(|key| resource.tags.get(*key) != tags.get(*key));
        let restoring = |key: &String| {
            let (before, after) = (tags.get(key).cloned(), resource.tags.get(key).cloned());
            let operation = match (&before, &after) {
                (None, _) => Operation::Set,
                (Some(_), None) => Operation::Delete,
                (Some(_), Some(_)) => Operation::Replace,
            };
            let key = key.clone();
            TagChange { operation, key, previous_key: None, before, after, ..reversed(change) }
        };
        differs.map(restoring).collect::<Vec<_>>()
    };
    PlannedResource {
        tags: tags.clone(),
        changes: resource.changes.iter().flat_map(restoring).collect(),
        ..resource.clone()
    }
}

fn reversed(change: &TagChange) -> TagChange {
    let (operation, key, previous_key) = match (&change.operation, &change.previous_key) {
        (Operation::Rename, Some(previous)) => {
            (Operation::Rename, previous.clone(), Some(change.key.clone()))
        }
        (Operation::Set | Operation::Rename, _) => (Operation::Delete, change.key.clone(), None),
        (Operation::Delete, _) => (Operation::Set, change.key.clone(), None),
        (Operation::Replace, _) => (Operation::Replace, change.key.clone(), None),
    };
    TagChange {
        operation,
        key,
        previous_key,
        before: change.after.clone(),
        after: change.before.clone(),
        tag: change.tag.clone(),
        closes: Vec::new(),
        provenance: Provenance {
            source: ProvenanceSource::Rollback,
            by: None,
            name: None,
            place: None,
            confidence: None,
        },
    }
}
