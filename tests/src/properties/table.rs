//! Lookup tables.

use std::path::Path;

use tagpol_inventory::{LookupColumns, LookupError, lookup_headings, read_lookup};

use super::{Scratch, same};

/// Extensions that tell formats apart.
const EXTENSIONS: [&str; 6] = [".csv", ".tsv", ".json", ".ndjson", ".parquet", ""];

/// Any file is a table whose rows all have the wanted cells, or an error.
///
/// The input is a byte that chooses an extension, and the content of the file.
pub fn table(input: &[u8]) {
    let Some((selector, content)) = input.split_first() else { return };
    let folder = Scratch::new();
    let name = format!("table{}", EXTENSIONS[usize::from(*selector) % EXTENSIONS.len()]);
    looked_up(&folder.write(&name, content));
}

/// Asserts what holds of a table in a file.
pub(super) fn looked_up(path: &Path) {
    let headings = same(lookup_headings(path), lookup_headings(path)).flatten();
    let headings = headings.unwrap_or_else(|| vec!["id".to_owned(), "owner".to_owned()]);
    let mut wanted: Vec<&str> = headings.iter().map(String::as_str).take(3).collect();
    wanted.dedup();
    let all = same(rows(path, &wanted), rows(path, &wanted));
    let first = &wanted[..wanted.len().min(1)];
    if let (Some(all), Some(keys)) = (all, same(rows(path, first), rows(path, first))) {
        assert_eq!(all.len(), keys.len(), "the rows do not depend on the columns");
    }
}

type Rows = Vec<(u64, Vec<Option<String>>)>;

fn rows(path: &Path, names: &[&str]) -> Result<Rows, LookupError> {
    let mut rows: Rows = Vec::new();
    let find = |heading: &str| names.iter().position(|name| *name == heading);
    read_lookup(path, LookupColumns { names, find: &find }, &mut |row| {
        assert_eq!(row.cells.len(), names.len(), "a cell for each column");
        assert!(row.line > 0, "a row has a place");
        assert!(rows.last().is_none_or(|(line, _)| *line <= row.line), "rows come in their order");
        rows.push((row.line, row.cells.iter().map(|cell| cell.as_deref().map(str::to_owned)).collect()));
    })?;
    Ok(rows)
}
