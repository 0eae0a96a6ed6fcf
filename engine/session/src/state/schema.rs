//! What may be in the file: exactly the tables that this program makes.
//!
//! The file may come from a stranger. A view, a macro or a generated column in it would be SQL that runs
//! when a query names it, so the catalog is compared with the one of a new store before any table is read.

use super::{DATABASE, StateError};
use crate::rows::Cell;
use crate::store::Store;
use std::path::Path;

/// The catalog of each version of the store, as [`catalog`] reads it: a line for each entry.
const CATALOGS: [&str; 1] = [include_str!("v1.catalog")];

/// Checks that the attached file holds the tables of a version and nothing else. Version 0 is empty.
pub(super) fn check(store: &Store, path: &Path, version: i64) -> Result<(), StateError> {
    let expected = match usize::try_from(version).unwrap_or_default().checked_sub(1) {
        None => "",
        Some(at) => CATALOGS.get(at).copied().unwrap_or_default(),
    };
    let found = catalog(store)?;
    match found.lines().find(|line| !expected.lines().any(|known| known == *line)) {
        None if found.lines().count() == expected.lines().count() => Ok(()),
        None => Err(damaged(path, "a table of it is missing")),
        Some(strange) => {
            let mut words = strange.split('\t');
            let (kind, name) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
            Err(damaged(path, format!("tagpol did not make the {kind} `{name}` in it")))
        }
    }
}

/// Checks, before its version is known, that the table that holds the version is one.
pub(super) fn check_version_table(store: &Store, path: &Path) -> Result<(), StateError> {
    let is_version = |line: &&str| line.split('\t').nth(2) == Some("store_version");
    let expected = CATALOGS.first().and_then(|catalog| catalog.lines().find(is_version));
    let found = catalog(store)?;
    let found: Vec<&str> = found.lines().filter(is_version).collect();
    match found.as_slice() {
        [only] if Some(*only) == expected => Ok(()),
        _ => Err(damaged(path, "another program made it")),
    }
}

/// Returns all that the attached file defines: kind, schema, name and definition, by tabs.
fn catalog(store: &Store) -> Result<String, StateError> {
    let rows = [
        ("table", "tables", "table_name", "sql", ""),
        ("view", "views", "view_name", "sql", "AND NOT internal"),
        ("index", "indexes", "index_name", "sql", ""),
        ("sequence", "sequences", "sequence_name", "sql", ""),
        ("type", "types", "type_name", "''", "AND NOT internal"),
        ("function", "functions", "function_name", "macro_definition", "AND NOT internal"),
        ("schema", "schemas", "schema_name", "''", "AND NOT internal"),
    ]
    .map(|(kind, of, name, definition, besides)| {
        format!(
            "SELECT '{kind}' AS kind, schema_name, {name} AS name, {definition} AS definition \
             FROM duckdb_{of}() WHERE database_name = '{DATABASE}' {besides}"
        )
    });
    let sql = format!(
        "SELECT concat_ws(chr(9), kind, schema_name, replace(replace(name, chr(10), ' '), chr(9), ' '), \
         replace(coalesce(definition, ''), chr(10), ' ')) FROM ({}) ORDER BY ALL",
        rows.join(" UNION ALL ")
    );
    let lines = store.query(&sql)?.rows.into_iter().flatten();
    Ok(lines.filter_map(Cell::into_text).map(|line| line + "\n").collect())
}

fn damaged(path: &Path, reason: impl Into<String>) -> StateError {
    StateError::Damaged { path: path.to_owned(), reason: reason.into() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::StoreOptions;

    #[test]
    fn the_catalogs_are_those_of_new_stores() {
        let store = Store::in_memory(&StoreOptions::default()).unwrap();
        store.execute(&format!("ATTACH ':memory:' AS {DATABASE}")).unwrap();
        super::super::file::migrate(&store, 0).unwrap();
        assert_eq!(catalog(&store).unwrap(), CATALOGS[0]);
    }
}
