//! Which resources the numbers of a project are of.

use std::path::{Path, PathBuf};

use tagpol_inventory::{ImportError, Snapshot};
use tagpol_project::Jail;
use tagpol_worker_protocol::Inventory;

use crate::protocol::ChosenBy;
use crate::regular::manifest;

/// Bytes of the file that names the model in use.
const PROMOTED_LIMIT: u64 = 1 << 20;

/// What was chosen, and by whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) inventory: Inventory,
    pub(crate) by: ChosenBy,
}

/// What there is to choose from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wishes {
    /// What the client chose.
    pub(crate) client: Option<String>,
    /// What the settings say.
    pub(crate) setting: Option<String>,
    /// A folder that files can be imported into.
    pub(crate) scratch: Option<PathBuf>,
}

/// Returns the folder of a project's snapshots. Fails with a message for people.
pub(crate) fn snapshots(root: &Path) -> Result<PathBuf, String> {
    manifest(root).snapshots_in(root).map_err(|error| error.to_string())
}

/// Returns the text of the file that names the model in use; None if there is none.
pub(crate) fn promoted(root: &Path) -> Option<String> {
    let state = manifest(root).state_in(root).ok()?;
    let file = state.parent().unwrap_or(root).join("models").join("promoted");
    tagpol_files::read_text(&Jail::new(root).file(&file).ok()?, PROMOTED_LIMIT).ok()
}

/// Chooses what the client says, else what the settings say, else the files that the manifest lists, else
/// the newest snapshot. None: there is nothing. Fails with a message for people.
pub(crate) fn choose(root: &Path, wishes: &Wishes) -> Result<Option<Choice>, String> {
    let wished = [(&wishes.client, ChosenBy::Client), (&wishes.setting, ChosenBy::Setting)];
    if let Some((wish, by)) = wished.into_iter().find_map(|(wish, by)| Some((wish.as_ref()?, by))) {
        return by_name(root, wish).map(|snapshot| Some(chosen(&snapshot, by)));
    }
    let manifest = manifest(root);
    if let (false, Some(scratch)) = (manifest.inventory.is_empty(), &wishes.scratch) {
        manifest.inventory_in(root).map_err(|error| error.to_string())?;
        let files = manifest.inventory.iter().map(|file| file.display().to_string()).collect();
        let inventory = Inventory::Files { files, into: scratch.display().to_string() };
        return Ok(Some(Choice { inventory, by: ChosenBy::Manifest }));
    }
    let listing = Snapshot::list(&snapshots(root)?).map_err(message_of)?;
    match (listing.snapshots.first(), listing.damaged.first()) {
        (Some(newest), _) => Ok(Some(chosen(newest, ChosenBy::Newest))),
        (None, Some(damaged)) => Err(damaged.error.to_string()),
        (None, None) => Ok(None),
    }
}

fn chosen(snapshot: &Snapshot, by: ChosenBy) -> Choice {
    Choice { inventory: Inventory::Snapshot(snapshot.dir().display().to_string()), by }
}

/// Finds the snapshot in a folder, or the one whose id begins with a text.
pub(crate) fn by_name(root: &Path, name: &str) -> Result<Snapshot, String> {
    let folder = root.join(name);
    if !name.is_empty() && folder.join("manifest.json").is_file() {
        return Snapshot::open(&folder).map_err(message_of);
    }
    let all = snapshots(root)?;
    let listing = Snapshot::list(&all).map_err(message_of)?;
    let mut found = listing.snapshots.into_iter().filter(|snapshot| snapshot.id().starts_with(name));
    match (found.next(), found.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(format!("several snapshots begin with `{name}`; write more of the id")),
        (None, _) => {
            let named =
                |path: &Path| path.file_name().is_some_and(|file| file.to_string_lossy().starts_with(name));
            match listing.damaged.iter().find(|damaged| !name.is_empty() && named(&damaged.dir)) {
                Some(damaged) => Err(damaged.error.to_string()),
                None => Err(format!("there is no snapshot `{name}` in `{}`", all.display())),
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is what errors are mapped with")]
fn message_of(error: ImportError) -> String {
    error.to_string()
}
