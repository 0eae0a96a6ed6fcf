//! Decisions about tags: which resource a person means.

use std::collections::BTreeSet;

use tagpol_explain::{Found, Named};
use tagpol_inventory::Snapshot;

use crate::inventory::{self, InventorySource, OpenedInventory};
use crate::{AppError, Project, RunContext, Silent};

/// The inventory with the resources that exist: the newest snapshot, else what the manifest lists. None:
/// there is neither.
///
/// # Errors
/// As [`inventory::find`].
pub fn inventory_of(
    project: &Project,
    context: &RunContext<'_>,
) -> Result<Option<OpenedInventory>, AppError> {
    // A snapshot is opened at once; files have to be imported first.
    let source = match inventory::newest(&project.snapshots_folder()?)? {
        Some(snapshot) => InventorySource { snapshot: Some(snapshot.id().to_owned()), ..Default::default() },
        None => InventorySource::default(),
    };
    inventory::find(project, &source, &RunContext { observer: &Silent, ..*context })
}

/// Finds the resource that a person means: by its id, its name, or the end of its id.
///
/// # Errors
/// [`AppError::Run`].
pub fn resolve_resource(
    snapshot: &Snapshot,
    text: &str,
    context: &RunContext<'_>,
) -> Result<Found<Named>, AppError> {
    Ok(tagpol_explain::find_in_snapshot(snapshot, text, &context.options())?)
}

/// Returns those of some ids that a snapshot does not have, in order. They may be in another inventory.
///
/// # Errors
/// [`AppError::Run`].
pub fn unknown_ids<'i>(
    snapshot: &Snapshot,
    ids: impl IntoIterator<Item = &'i str>,
    context: &RunContext<'_>,
) -> Result<Vec<&'i str>, AppError> {
    let ids: BTreeSet<&str> = ids.into_iter().collect();
    let known = tagpol_explain::known_ids(snapshot, &ids, &context.options())?;
    Ok(ids.into_iter().filter(|id| !known.contains(*id)).collect())
}
