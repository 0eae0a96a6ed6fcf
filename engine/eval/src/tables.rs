//! Lookup tables: from their files into the database.
//!
//! In: the declarations of a program and the files that they name. Out: relations of texts, as the
//! plan wants them: cells tidy, blank ones missing. Promises that every key is there once and
//! that every cell is a valid value of its column; all that is wrong with a table is reported at once.

use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use tagpol_inventory::{LookupColumns, LookupError, LookupRow, read_lookup};
use tagpol_plan::Plan;
use tagpol_sema::formats::{fold_key, tidy};
use tagpol_sema::program::{Program, Table, TableId};
use tagpol_sema::{Validity, describe};
use tagpol_session::Store;

use crate::error::{RunError, TableMistakes};

/// Mistakes of a table that are reported; the rest is counted.
const MAX_REPORTED_ERRORS: usize = 5;

/// Bytes of the cells of a table, which are held in memory. A small packed file can hold far more.
const TABLE_LIMIT: usize = 256 << 20;

/// The rows of tables that have been read, each once.
#[derive(Debug, Default)]
pub struct Tables {
    rows: BTreeMap<TableId, Vec<Vec<Option<String>>>>,
}

impl Tables {
    /// Reads the tables that a plan reads, where that has not been done. The files of others are not
    /// asked for.
    pub fn read(&mut self, program: &Program, plan: &Plan) -> Result<(), RunError> {
        for id in plan.tables_read() {
            if let std::collections::btree_map::Entry::Vacant(entry) = self.rows.entry(id) {
                entry.insert(read_table(program.table(id))?);
            }
        }
        Ok(())
    }

    /// Makes the relations that a plan reads.
    pub fn load(&mut self, program: &Program, plan: &Plan, store: &Store) -> Result<(), RunError> {
        self.read(program, plan)?;
        for id in plan.tables_read() {
            if let (Some(info), Some(rows)) = (plan.lookups.get(id.0 as usize), self.rows.get(&id)) {
                store.load_table(&info.relation, &info.columns, rows.iter().map(Vec::as_slice))?;
            }
        }
        Ok(())
    }
}

impl Tables {
    /// Returns the rows of a table that has been read.
    pub(crate) fn rows_of(&self, id: TableId) -> Option<Vec<&[Option<String>]>> {
        self.rows.get(&id).map(|rows| rows.iter().map(Vec::as_slice).collect())
    }
}

/// Rows of a table by their key.
type ByKey = BTreeMap<String, Vec<Option<String>>>;

impl Tables {
    /// Returns the rows of the tables that have been loaded, as the reference interpreter wants them.
    pub fn by_key(&self, program: &Program) -> Vec<ByKey> {
        let ids = (0u32..).map(TableId).zip(&program.tables);
        let rows = ids.map(|(id, table)| {
            let rows = self.rows.get(&id).into_iter().flatten();
            rows.filter_map(|row| Some((row.get(table.key)?.clone()?, row.clone()))).collect()
        });
        rows.collect()
    }
}

/// Returns the rows of a table in the order of their cells, the key first. None: it cannot be read.
pub(crate) fn sorted_rows(table: &Table) -> Option<Vec<Vec<Option<String>>>> {
    let mut rows = read_table(table).ok()?;
    rows.sort_unstable();
    Some(rows)
}

/// Reads every table of a program, whether something reads it or not, to see that it can be.
///
/// # Errors
/// [`RunError::Lookup`], [`RunError::Table`].
pub fn check_tables(program: &Program) -> Result<(), RunError> {
    program.tables.iter().try_for_each(|table| read_table(table).map(drop))
}

/// Reads a table: a row for each key, a cell for each of its columns. All of it is held in memory.
fn read_table(table: &Table) -> Result<Vec<Vec<Option<String>>>, RunError> {
    let names: Vec<&str> = table.columns.iter().map(|column| column.heading.as_str()).collect();
    let folded: Vec<String> = names.iter().map(|name| fold_key(name)).collect();
    let find = |heading: &str| {
        let heading = fold_key(heading);
        folded.iter().position(|name| *name == heading)
    };
    let mut reader = Reader::new(table);
    let columns = LookupColumns { names: &names, find: &find };
    read_lookup(Path::new(&table.path), columns, &mut |row| reader.take(&row))?;
    if reader.bytes > TABLE_LIMIT {
        return Err(LookupError {
            path: table.path.clone().into(),
            line: None,
            column: None,
            reason: format!("its cells take more than {} MiB", TABLE_LIMIT >> 20),
            help: Some("declare only the columns that are looked up, or remove rows".to_owned()),
        }
        .into());
    }
    Ok(reader.finish()?)
}

impl From<LookupError> for RunError {
    fn from(error: LookupError) -> Self {
        Self::Lookup(Box::new(error))
    }
}

struct Reader<'t> {
    table: &'t Table,
    validity: Vec<Validity<'t>>,
    rows: Vec<Vec<Option<String>>>,
    /// Line that each row starts on.
    lines: Vec<u64>,
    /// Index in `rows` of each key.
    keys: HashMap<String, usize>,
    /// By key that is there more than once: the lines after its first.
    again: BTreeMap<String, Vec<u64>>,
    mistakes: Vec<(u64, String)>,
    /// How many mistakes are not kept.
    more: usize,
    /// Bytes of all cells so far. Beyond [`TABLE_LIMIT`] nothing more is kept.
    bytes: usize,
}

impl<'t> Reader<'t> {
    fn new(table: &'t Table) -> Self {
        Self {
            table,
            validity: table.columns.iter().map(|column| Validity::of(&column.ty)).collect(),
            rows: Vec::new(),
            lines: Vec::new(),
            keys: HashMap::new(),
            again: BTreeMap::new(),
            mistakes: Vec::new(),
            more: 0,
            bytes: 0,
        }
    }

    fn take(&mut self, row: &LookupRow<'_>) {
        let cells = row.cells.iter().flatten();
        self.bytes = self.bytes.saturating_add(cells.map(|cell| cell.len()).sum());
        if self.bytes > TABLE_LIMIT {
            return;
        }
        let cells: Vec<Option<String>> = row
            .cells
            .iter()
            .map(|cell| cell.as_deref().map(|cell| tidy(cell).into_owned()).filter(|text| !text.is_empty()))
            .collect();
        self.check_cells(row.line, &cells);
        match cells.get(self.table.key) {
            Some(Some(key)) => match self.keys.get(key) {
                Some(_) => self.again.entry(key.clone()).or_default().push(row.line),
                None => {
                    self.keys.insert(key.clone(), self.rows.len());
                    self.rows.push(cells);
                    self.lines.push(row.line);
                }
            },
            _ => self
                .mistake(row.line, format!("the row has no {}, which is the key", self.name(self.table.key))),
        }
    }

    fn check_cells(&mut self, line: u64, cells: &[Option<String>]) {
        for (at, (cell, column)) in cells.iter().zip(&self.table.columns).enumerate() {
            let Some(text) = cell else { continue };
            // The text itself is not shown: a table may be a file that a stranger made a project name.
            if self.validity.get(at).is_none_or(|validity| validity.holds(text)) {
                continue;
            }
            let wanted = describe(&column.ty);
            self.mistake(line, format!("{} is not valid, expected {wanted}", self.name(at)));
        }
    }

    fn name(&self, column: usize) -> String {
        let column = self.table.columns.get(column);
        format!("`{}`", column.map_or("", |column| column.heading.as_str()))
    }

    fn mistake(&mut self, line: u64, reason: String) {
        if self.mistakes.len() < MAX_REPORTED_ERRORS {
            self.mistakes.push((line, reason));
        } else {
            self.more += 1;
        }
    }

    fn finish(mut self) -> Result<Vec<Vec<Option<String>>>, TableMistakes> {
        let name = self.name(self.table.key);
        let mut mistakes = std::mem::take(&mut self.mistakes);
        for (key, again) in &self.again {
            let first = self.keys.get(key).and_then(|row| self.lines.get(*row)).copied().unwrap_or_default();
            let reason = format!("the same {name} is already on {}", places(self.table, first));
            mistakes.extend(again.iter().map(|line| (*line, reason.clone())));
        }
        if mistakes.is_empty() {
            return Ok(self.rows);
        }
        let all = mistakes.len() + self.more;
        mistakes.sort();
        mistakes.truncate(MAX_REPORTED_ERRORS);
        let (table, path) = (self.table.name.clone(), self.table.path.clone());
        Err(TableMistakes { table, path, first: mistakes, all })
    }
}

/// `line 4`, or the row where a file has no lines.
fn places(table: &Table, line: u64) -> String {
    let unit = if table.path.ends_with(".parquet") { "row" } else { "line" };
    format!("{unit} {line}")
}
