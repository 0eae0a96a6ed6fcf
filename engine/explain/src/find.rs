//! One resource of a snapshot, by its id or its name.

use std::collections::BTreeSet;

use tagpol_eval::{DIALECT, Options, RELATION, RunError, read};
use tagpol_interp::Row;
use tagpol_inventory::Snapshot;
use tagpol_plan::sql::resources::{self, NamedBy};
use tagpol_session::{Decimal, Store};

/// Resources that are listed if a text names several.
const LISTED: usize = 10;

/// Resources with similar names that are suggested if none has the name.
const SUGGESTED: usize = 3;

/// What a name stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    /// One resource.
    One(T),
    /// Several; the first of them, ordered by id, and whether there are more.
    Several(Vec<Named>, bool),
    /// None; those that may be meant, the likeliest first.
    None(Vec<Named>),
}

/// A resource, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its type.
    pub ty: Option<String>,
}

/// Finds the resource of a snapshot that a text means, as [`explain`](crate::resource::explain) does.
///
/// # Errors
/// Those of the database and of the snapshot's file.
pub fn find_in_snapshot(
    snapshot: &Snapshot,
    text: &str,
    options: &Options,
) -> Result<Found<Named>, RunError> {
    find_named(&open(snapshot, options)?, RELATION, text)
}

/// Returns those of some ids that are the id of a resource of a snapshot.
///
/// # Errors
/// Those of the database and of the snapshot's file.
pub fn known_ids(
    snapshot: &Snapshot,
    ids: &BTreeSet<&str>,
    options: &Options,
) -> Result<BTreeSet<String>, RunError> {
    let mut known = BTreeSet::new();
    if !ids.is_empty() {
        let sql = resources::with_ids(RELATION, ids.iter().copied(), DIALECT);
        known.extend(named(&open(snapshot, options)?, &sql)?.into_iter().map(|named| named.id));
    }
    Ok(known)
}

fn open(snapshot: &Snapshot, options: &Options) -> Result<Store, RunError> {
    let store = options.open_store([snapshot])?;
    store.open_snapshot(&snapshot.resources_path(), RELATION)?;
    Ok(store)
}

/// As [`find_named`], with all that is known of the resource. `has_unknown` tells whether some tags of the snapshot
/// are not known yet.
pub(super) fn find(
    store: &Store,
    relation: &str,
    text: &str,
    has_unknown: bool,
) -> Result<Found<Row>, RunError> {
    Ok(match find_named(store, relation, text)? {
        Found::One(only) => Found::One(resource(store, relation, &only.id, has_unknown)?),
        Found::Several(listed, more) => Found::Several(listed, more),
        Found::None(similar) => Found::None(similar),
    })
}

/// Finds the resource with this id, else the only one with this name, else the only one whose id ends
/// with the text.
fn find_named(store: &Store, relation: &str, text: &str) -> Result<Found<Named>, RunError> {
    for by in [NamedBy::Id, NamedBy::Name, NamedBy::IdEnding] {
        let mut found = named(store, &resources::named(relation, text, by, LISTED + 1, DIALECT))?;
        match found.as_slice() {
            [] => {}
            [_] => return Ok(found.pop().map_or_else(|| Found::None(Vec::new()), Found::One)),
            [..] => {
                let more = found.len() > LISTED;
                found.truncate(LISTED);
                return Ok(Found::Several(found, more));
            }
        }
    }
    Ok(Found::None(named(store, &resources::similar(relation, text, SUGGESTED, DIALECT))?))
}

fn named(store: &Store, sql: &str) -> Result<Vec<Named>, RunError> {
    let mut found = Vec::new();
    read(store, "resources by name", sql, |row| {
        let id = row.text("id").unwrap_or_default();
        found.push(Named { id, name: row.text("name"), ty: row.text("type") });
        Ok(())
    })?;
    Ok(found)
}

/// Reads one resource.
fn resource(store: &Store, relation: &str, id: &str, has_unknown: bool) -> Result<Row, RunError> {
    let mut found = Row { id: id.to_owned(), ..Row::default() };
    read(store, "a resource", &resources::attributes(relation, id, DIALECT), |row| {
        found = Row {
            name: row.text("name"),
            type_: row.text("type"),
            provider: row.text("provider"),
            account: row.text("account"),
            region: row.text("region"),
            source: row.text("source"),
            meta: row.text("meta"),
            created: row.time("created"),
            monthly_cost: row.money("monthly_cost").and_then(amount),
            ..std::mem::take(&mut found)
        };
        Ok(())
    })?;
    read(store, "tags of a resource", &resources::native_tags(relation, id, DIALECT), |row| {
        found.tags.extend(row.text("key").zip(row.text("value")));
        Ok(())
    })?;
    if has_unknown {
        read(store, "unknown tags of a resource", &resources::unknown_tags(relation, id, DIALECT), |row| {
            found.unknown_tags = row.truth("unknown_tags");
            found.unknown_keys.extend(row.text("key"));
            Ok(())
        })?;
    }
    Ok(found)
}

fn amount(decimal: Decimal) -> Option<rust_decimal::Decimal> {
    let amount = rust_decimal::Decimal::try_from_i128_with_scale(decimal.unscaled, u32::from(decimal.scale));
    amount.ok().map(|amount| amount.normalize())
}
