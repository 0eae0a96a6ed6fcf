//! Decisions on resources that are not there: a name where an id is wanted, a typing mistake.

use std::collections::BTreeMap;
use std::path::Path;

use tagpol_inventory::Snapshot;
use tagpol_store::{Cell, Store, StoreOptions, quote_text};

use super::request::Request;
use crate::diagnostics::one_line;
use crate::failure::Failure;
use crate::inventory::newest;
use crate::output::{Output, counted};

/// Resources that are named.
const SHOWN: usize = 5;

/// Says which resources the newest snapshot does not have, if there is one. They are no mistake: they may be
/// in another inventory.
pub(super) fn tell(folder: &Path, requests: &[Request], output: &mut Output) -> Result<(), Failure> {
    let Some(snapshot) = newest(folder)? else { return Ok(()) };
    let mut unknown: Vec<&str> = requests.iter().map(|request| request.resource.as_str()).collect();
    unknown.sort_unstable();
    unknown.dedup();
    let found = ids_and_names(&snapshot, &unknown)?;
    unknown.retain(|text| !found.iter().any(|(id, _)| id == text));
    for text in unknown.iter().take(SHOWN) {
        let mut called = found.iter().filter(|(_, name)| name.as_deref() == Some(text));
        let hint = match (called.next(), called.next()) {
            (Some((id, _)), None) => format!("; one with the id `{}` is called so", one_line(id)),
            _ => String::new(),
        };
        output.note(&format!(
            "warning: the newest snapshot has no resource with the id `{}`{hint}\n",
            one_line(text)
        ));
    }
    let more = unknown.len().saturating_sub(SHOWN);
    if more > 0 {
        output.note(&format!("warning: nor {}\n", counted(more, "other id", "other ids")));
    }
    Ok(())
}

/// Returns the resources whose id or name is one of these, by their ids.
fn ids_and_names(snapshot: &Snapshot, texts: &[&str]) -> Result<BTreeMap<String, Option<String>>, Failure> {
    let options = StoreOptions { files: snapshot.database_files().to_vec(), ..StoreOptions::default() };
    let store = Store::in_memory(&options)?;
    store.open_snapshot(&snapshot.resources_path(), "resources")?;
    let list = texts.iter().map(|text| quote_text(text)).collect::<Vec<_>>().join(", ");
    let sql = format!("SELECT id, name FROM resources WHERE id IN ({list}) OR name IN ({list})");
    let text = |cell: Option<&Cell>| cell.and_then(Cell::as_text).map(str::to_owned);
    let rows = store.query(&sql)?.rows;
    Ok(rows.iter().filter_map(|row| Some((text(row.first())?, text(row.get(1))))).collect())
}
