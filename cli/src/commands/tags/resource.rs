//! Which resources decisions are about.

use tagpol_app::decisions::{inventory_of, resolve_resource, unknown_ids};
use tagpol_app::explanation::{Found, Named};
use tagpol_app::inventory::Snapshot;
use tagpol_app::state::Action;

use super::request::Request;
use crate::commands::explain::{several, unknown};
use crate::context::RunContext;
use crate::diagnostics::one_line;
use crate::failure::Failure;
use crate::output::{Output, counted};
use crate::project::Project;

/// Unknown ids of a file that a warning names.
const NAMED_UNKNOWN_IDS: usize = 5;

/// Replaces the names and ends of ids that people typed by the ids that they stand for. Files have whole ids, of
/// which the unknown ones get a warning: they may be in another inventory. Without an inventory, all is taken
/// as it is.
///
/// # Errors
/// A text that stands for no resource or for several, unless any id is allowed.
pub(super) fn resolve(
    project: &Project,
    requests: &mut [Request],
    any_id: bool,
    context: &RunContext,
    output: &mut Output,
) -> Result<(), Failure> {
    let Some(inventory) = inventory_of(project, context)? else { return Ok(()) };
    let snapshot = &inventory.snapshot;
    let from_file = requests.iter().filter(|request| request.place.is_some());
    let unknown = unknown_ids(snapshot, from_file.map(|request| request.resource.as_str()), context)?;
    warn_of_unknown(&unknown, output);
    // All tags of a command line are of one resource.
    let Some(text) = requests.iter().find(|request| request.place.is_none()) else { return Ok(()) };
    let (text, action) = (text.resource.clone(), text.action);
    let id = match resolve_text(snapshot, &text, context) {
        Ok(id) => id,
        // A decision can be taken back after its resource is gone.
        Err(_) if any_id || action == Action::Unset => return Ok(()),
        Err(failure) => return Err(failure),
    };
    if id != text {
        output.note(&format!("note: `{}` is `{}`\n", one_line(&text), one_line(&id)));
        for request in requests.iter_mut().filter(|request| request.place.is_none()) {
            request.resource.clone_from(&id);
        }
    }
    Ok(())
}

fn resolve_text(snapshot: &Snapshot, text: &str, context: &RunContext) -> Result<String, Failure> {
    match resolve_resource(snapshot, text, context)? {
        // A decision is for good: a few characters may be the end of any id.
        Found::One(named) if is_part(&named, text) => Ok(named.id),
        Found::One(named) => Err(Failure::usage(format!(
            "`{}` is neither an id nor a name, and not a whole part at the end of an id",
            one_line(text)
        ))
        .help(format!("write the whole id: `{}`", one_line(&named.id)))),
        Found::Several(listed, more) => Err(several(text, &listed, more)),
        Found::None(similar) if similar.is_empty() => Err(unknown(text, &similar)
            .help("`--any-id` of `tagpol tags` decides for the id of a resource in another inventory")),
        Found::None(similar) => Err(unknown(text, &similar)),
    }
}

/// Whether a text is the id or the name of a resource, or the part of its id behind a `/`, `:` or the like.
fn is_part(named: &Named, text: &str) -> bool {
    let before = named.id.strip_suffix(text).and_then(|before| before.chars().last());
    named.id == text
        || named.name.as_deref() == Some(text)
        || before.is_some_and(|last| !last.is_alphanumeric())
}

/// Returns the id of the resource that a text stands for; the text itself if it stands for none.
pub(super) fn id_of(project: &Project, text: &str, context: &RunContext) -> Result<String, Failure> {
    let Some(inventory) = inventory_of(project, context)? else { return Ok(text.to_owned()) };
    Ok(match resolve_resource(&inventory.snapshot, text, context)? {
        Found::One(named) => named.id,
        Found::Several(..) | Found::None(_) => text.to_owned(),
    })
}

fn warn_of_unknown(ids: &[&str], output: &mut Output) {
    for id in ids.iter().take(NAMED_UNKNOWN_IDS) {
        output.note(&format!("warning: the inventory has no resource with the id `{}`\n", one_line(id)));
    }
    let more = ids.len().saturating_sub(NAMED_UNKNOWN_IDS);
    if more > 0 {
        output
            .note(&format!("warning: it does not have {} either\n", counted(more, "other id", "other ids")));
    }
}
