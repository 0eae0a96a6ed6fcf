//! What was applied of a plan becomes a plan that undoes it.

use chrono::{DateTime, Utc};

use crate::apply::{Outcome, Recorded, Tags};
use crate::plan_file::{Operation, Plan, PlanKind, PlannedResource, Provenance, ProvenanceSource, TagChange};

/// Why there is no plan that undoes another.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RollbackError {
    /// The plan was never applied.
    #[error("the plan was not applied here: it has no journal")]
    NotApplied,
    /// The plan is only partly applied.
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

/// Returns the plan that gives the resources that were changed their tags back.
///
/// # Errors
/// [`RollbackError`].
pub fn rollback(plan: &Plan, recorded: &Recorded, now: DateTime<Utc>) -> Result<Plan, RollbackError> {
    match (recorded.is_started, recorded.finished) {
        (false, _) => return Err(RollbackError::NotApplied),
        (true, None) => return Err(RollbackError::Interrupted),
        (true, Some(_)) => {}
    }
    let back = |resource: &PlannedResource| match recorded.outcomes.get(&resource.id) {
        Some(Outcome::Applied) => Some(undone(resource)),
        Some(Outcome::Partial { tags, .. }) => Some(restored(resource, tags)),
        _ => None,
    };
    let resources: Vec<PlannedResource> = plan.resources.iter().filter_map(back).collect();
    if resources.is_empty() {
        return Err(RollbackError::NothingChanged);
    }
    let undo = Plan {
        kind: PlanKind::Rollback(plan.content_hash.clone()),
        created: now,
        expires: Plan::expiry(now),
        resources,
        effects: Vec::new(),
        closes_elsewhere: Vec::new(),
        skipped: Vec::new(),
        ..plan.clone()
    };
    Ok(undo.seal())
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
