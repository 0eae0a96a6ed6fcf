//! One resource of a snapshot, by what a person calls it.

use std::collections::BTreeSet;

use chrono::DateTime;
use tagpol_eval::{Options, RELATION, RunError};
use tagpol_interp::Row;
use tagpol_session::{Cell, Store, quote_text};

use tagpol_inventory::Snapshot;

/// Resources that are listed where several, or none, is meant.
const LISTED: usize = 10;

/// How alike a name must be to be meant, from 0 to 1.
const ALIKE: &str = "0.8";

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

/// A resource, as a list tells it from others.
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
    let list = ids.iter().map(|id| quote_text(id)).collect::<Vec<_>>().join(", ");
    let mut known = BTreeSet::new();
    if !ids.is_empty() {
        let sql = format!("SELECT id, name, type FROM {RELATION} WHERE id IN ({list})");
        known.extend(named(&open(snapshot, options)?, &sql)?.into_iter().map(|named| named.id));
    }
    Ok(known)
}

fn open(snapshot: &Snapshot, options: &Options) -> Result<Store, RunError> {
    let store = options.open_store([snapshot])?;
    store.open_snapshot(&snapshot.resources_path(), RELATION)?;
    Ok(store)
}

/// As [`find_named`], with all that is known of the resource.
pub(super) fn find(store: &Store, relation: &str, text: &str) -> Result<Found<Row>, RunError> {
    Ok(match find_named(store, relation, text)? {
        Found::One(only) => Found::One(row(store, relation, &only.id)?),
        Found::Several(listed, more) => Found::Several(listed, more),
        Found::None(similar) => Found::None(similar),
    })
}

/// Finds the resource with this id, else the only one with this name, else the only one whose id ends
/// with the text.
fn find_named(store: &Store, relation: &str, text: &str) -> Result<Found<Named>, RunError> {
    let wanted = quote_text(text);
    for condition in
        [format!("id = {wanted}"), format!("name = {wanted}"), format!("ends_with(id, {wanted})")]
    {
        let sql = format!(
            "SELECT id, name, type FROM {relation} WHERE {condition} ORDER BY id LIMIT {}",
            LISTED + 1
        );
        let mut found = named(store, &sql)?;
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
    let lower = quote_text(&text.to_lowercase());
    let like = |column: &str| format!("jaro_winkler_similarity(lower({column}), {lower})");
    let alike = format!("greatest({}, {})", like("id"), like("coalesce(name, '')"));
    let sql = format!(
        "SELECT id, name, type FROM {relation} \
         WHERE contains(lower(id), {lower}) OR contains(lower(name), {lower}) OR {alike} >= {ALIKE} \
         ORDER BY coalesce(contains(lower(name), {lower}), false) DESC, {alike} DESC, id LIMIT 3"
    );
    Ok(Found::None(named(store, &sql)?))
}

fn named(store: &Store, sql: &str) -> Result<Vec<Named>, RunError> {
    let mut found = Vec::new();
    store.for_each(sql, |row| -> Result<(), RunError> {
        let text = |at| row.get(at).and_then(Cell::as_text).map(str::to_owned);
        found.push(Named { id: text(0).unwrap_or_default(), name: text(1), ty: text(2) });
        Ok(())
    })?;
    Ok(found)
}

/// Reads one resource.
fn row(store: &Store, relation: &str, id: &str) -> Result<Row, RunError> {
    let is_it = format!("FROM {relation} WHERE id = {}", quote_text(id));
    let mut found = Row { id: id.to_owned(), ..Row::default() };
    let attrs = "name, type, provider, account, region, source, meta, created, monthly_cost";
    store.for_each(&format!("SELECT {attrs} {is_it}"), |row| -> Result<(), RunError> {
        let text = |at| row.get(at).and_then(Cell::as_text).map(str::to_owned);
        found = Row {
            name: text(0),
            type_: text(1),
            provider: text(2),
            account: text(3),
            region: text(4),
            source: text(5),
            meta: text(6),
            created: row.get(7).and_then(time),
            monthly_cost: row.get(8).and_then(amount),
            ..std::mem::take(&mut found)
        };
        Ok(())
    })?;
    let tags = format!("SELECT unnest(map_keys(tags)), unnest(map_values(tags)) {is_it}");
    store.for_each(&tags, |row| -> Result<(), RunError> {
        let text = |at| row.get(at).and_then(Cell::as_text).map(str::to_owned);
        found.tags.extend(text(0).zip(text(1)));
        Ok(())
    })?;
    Ok(found)
}

fn time(cell: &Cell) -> Option<DateTime<chrono::Utc>> {
    match cell {
        Cell::Timestamp(micros) => DateTime::from_timestamp_micros(*micros),
        _ => None,
    }
}

fn amount(cell: &Cell) -> Option<rust_decimal::Decimal> {
    let decimal = cell.as_decimal()?;
    let amount = rust_decimal::Decimal::try_from_i128_with_scale(decimal.unscaled, u32::from(decimal.scale));
    amount.ok().map(|amount| amount.normalize())
}
