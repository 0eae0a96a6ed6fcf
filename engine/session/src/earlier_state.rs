//! The state store of earlier versions of this program, a DuckDB file: read once, and taken over.
//!
//! The file may come from a stranger. A view, a macro or a generated column in it would be SQL that runs when a
//! query names it, so the catalog is compared with the one that those versions wrote before any table is read. The
//! file is opened read-only, and locked as those versions locked it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use tagpol_files::{FileError, Jail};

use crate::cancel::Cancelled;
use crate::error::StoreError;
use crate::quote::quote_text;
use crate::rows::{Cell, Decimal};
use crate::store::{Store, StoreOptions};

/// Name of the file as a database beside the main one.
const DATABASE: &str = "tagpol_state";

/// The catalog of the only version that there was, as [`catalog`] reads it: a line for each entry.
const CATALOG: &str = include_str!("earlier_state.catalog");

/// Why the store of an earlier version cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum EarlierStateError {
    /// A process of an earlier version is using it.
    #[error("`{}` is in use by another process", path.display())]
    Locked {
        /// The file.
        path: PathBuf,
    },
    /// It is not such a store, or something else wrote to it, or it is damaged.
    #[error("`{}` is not a readable state store of an earlier version: {reason}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// It, or a file next to it that belongs to it, is not a regular file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A decision. Times are microseconds since 1970-01-01 UTC, here and below.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of the store, as it names them")]
pub struct EarlierDecision {
    pub seq: i64,
    pub made_at: i64,
    pub who: String,
    pub action: String,
    pub resource: String,
    pub tag: String,
    pub old_value: Option<String>,
    pub new_value: Option<String>,
    pub note: Option<String>,
}

/// A run.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the columns of the store, as it names them")]
pub struct EarlierRun {
    pub id: i64,
    pub run_at: i64,
    pub snapshot: String,
    pub program: String,
    pub score: f64,
    /// Resources, compliant ones, open findings from critical to low, pending and exempt ones.
    pub counts: [i64; 8],
    pub currency: Option<String>,
    pub cost: Option<Decimal>,
    pub cost_in_violation: Option<Decimal>,
    /// Name, share and required share of each goal.
    pub goals: Vec<(String, Option<f64>, f64)>,
}

/// A row of the store.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the columns of the store, as it names them")]
pub enum EarlierRow {
    Check {
        id: i64,
        policy: String,
        check: String,
        tag: Option<String>,
    },
    Finding {
        check: i64,
        resource: String,
        first_seen: i64,
        last_seen: Option<i64>,
        resolved_at: Option<i64>,
    },
    Decision(EarlierDecision),
    Prediction {
        resource: String,
        tag: String,
        value: String,
        confidence: f64,
    },
    Run(EarlierRun),
}

/// The store of an earlier version, opened for reading.
pub struct EarlierState {
    path: PathBuf,
    store: Store,
    _lock: Option<File>,
}

impl EarlierState {
    /// Opens and checks the file.
    ///
    /// # Errors
    /// [`EarlierStateError`].
    pub fn open(path: &Path) -> Result<Self, EarlierStateError> {
        let files = files_of(path);
        let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
        let jail = Jail::new(parent);
        files.iter().try_for_each(|file| jail.target(file).map(drop))?;
        let lock = lock(path)?;
        let options = StoreOptions { threads: Some(1), files: files.to_vec(), ..StoreOptions::default() };
        let earlier = Self { path: path.to_owned(), store: Store::in_memory(&options)?, _lock: lock };
        earlier.attach()?;
        earlier.check()?;
        Ok(earlier)
    }

    fn attach(&self) -> Result<(), EarlierStateError> {
        // An absolute path cannot be taken for an address (`s3:`) or for a home folder (`~`).
        let absolute = std::path::absolute(&self.path).unwrap_or_else(|_| self.path.clone());
        let text = absolute.to_str().ok_or_else(|| self.damaged("its path is not UTF-8"))?;
        let sql = format!("ATTACH {} AS {DATABASE} (READ_ONLY)", quote_text(text));
        self.store.execute(&sql).map_err(|error| match error {
            StoreError::Query { message, .. } if message.contains("Could not set lock") => {
                EarlierStateError::Locked { path: self.path.clone() }
            }
            StoreError::Query { message, .. } => self.damaged(&message),
            error => error.into(),
        })
    }

    /// Checks that the file has the tables of the version and nothing else.
    fn check(&self) -> Result<(), EarlierStateError> {
        let found = catalog(&self.store)?;
        match found.lines().find(|line| !CATALOG.lines().any(|known| known == *line)) {
            None if found.lines().count() == CATALOG.lines().count() => {}
            None => return Err(self.damaged("a table is missing")),
            Some(unknown) => {
                let mut words = unknown.split('\t');
                let (kind, name) = (words.next().unwrap_or_default(), words.nth(1).unwrap_or_default());
                return Err(self.damaged(&format!("tagpol did not make the {kind} `{name}` in it")));
            }
        }
        let version = self.store.query(&format!("SELECT max(version) FROM {DATABASE}.store_version"))?;
        match version.single().and_then(Cell::as_int) {
            Some(1) => Ok(()),
            Some(version) => Err(self.damaged(&format!("it has the unknown version {version}"))),
            None => Err(self.damaged("it has no version")),
        }
    }

    /// Hands out all rows: checks before their findings, decisions and runs in the order of their numbers.
    ///
    /// # Errors
    /// [`EarlierStateError`], also for a row that cannot be read; what `f` returns.
    pub fn each<E: From<EarlierStateError>>(
        &self,
        mut f: impl FnMut(EarlierRow) -> Result<(), E>,
    ) -> Result<(), E> {
        self.rows("checks", "id, policy, check_id, tag", "id", |row| {
            f(EarlierRow::Check {
                id: row.int(0)?,
                policy: row.text(1)?,
                check: row.text(2)?,
                tag: row.optional(3)?,
            })
        })?;
        let columns = "check_no, resource, first_seen, last_seen, resolved_at";
        self.rows("findings", columns, "check_no, resource, first_seen, resolved_at NULLS LAST", |row| {
            f(EarlierRow::Finding {
                check: row.int(0)?,
                resource: row.text(1)?,
                first_seen: row.time(2)?,
                last_seen: row.optional_time(3)?,
                resolved_at: row.optional_time(4)?,
            })
        })?;
        let columns = "seq, made_at, who, action, resource, tag, old_value, new_value, note";
        self.rows("decisions", columns, "seq", |row| f(EarlierRow::Decision(row.decision()?)))?;
        self.rows("predictions", "resource, tag, value, confidence", "resource, tag", |row| {
            let (resource, tag, value) = (row.text(0)?, row.text(1)?, row.text(2)?);
            f(EarlierRow::Prediction { resource, tag, value, confidence: row.double(3)? })
        })?;
        let mut goals = Vec::new();
        self.rows("run_goals", "run, goal, share, at_least", "run, goal", |row| {
            goals.push((row.int(0)?, (row.text(1)?, row.optional_double(2)?, row.double(3)?)));
            Ok::<_, E>(())
        })?;
        self.rows("runs", "*", "id", |row| {
            let mut run = row.run()?;
            run.goals = goals.iter().filter(|(of, _)| *of == run.id).map(|(_, goal)| goal.clone()).collect();
            f(EarlierRow::Run(run))
        })
    }

    fn rows<E: From<EarlierStateError>>(
        &self,
        table: &'static str,
        columns: &str,
        order: &str,
        mut f: impl FnMut(&Reader<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let sql = format!("SELECT {columns} FROM {DATABASE}.{table} ORDER BY {order}");
        let mut failed = None;
        let read = self.store.for_each::<StoreError>(&sql, |row| {
            f(&Reader { of: self, table, cells: row.cells() }).map_err(|error| {
                failed = Some(error);
                Cancelled::Requested.into()
            })
        });
        match (failed, read) {
            (Some(error), _) => Err(error),
            (None, Err(error)) => Err(EarlierStateError::from(error).into()),
            (None, Ok(())) => Ok(()),
        }
    }

    fn damaged(&self, reason: &str) -> EarlierStateError {
        EarlierStateError::Damaged { path: self.path.clone(), reason: reason.to_owned() }
    }
}

/// Returns the files that DuckDB opens to read a file.
fn files_of(path: &Path) -> [PathBuf; 4] {
    ["", ".wal", ".wal.checkpoint", ".wal.recovery"].map(|suffix| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    })
}

/// Takes the lock that writers of earlier versions took. None: there is no file for it, so no such process runs.
fn lock(path: &Path) -> Result<Option<File>, EarlierStateError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let lock = PathBuf::from(name);
    if lock.symlink_metadata().is_err() {
        return Ok(None);
    }
    let Ok(file) = tagpol_files::open_lock(&lock) else { return Ok(None) };
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Err(EarlierStateError::Locked { path: path.to_owned() }),
        Ok(()) | Err(TryLockError::Error(_)) => Ok(Some(file)),
    }
}

/// The cells of a row, with errors that name the table.
struct Reader<'a> {
    of: &'a EarlierState,
    table: &'static str,
    cells: &'a [Cell],
}

impl Reader<'_> {
    fn cell(&self, at: usize) -> &Cell {
        self.cells.get(at).unwrap_or(&Cell::Null)
    }

    fn wrong(&self, at: usize) -> EarlierStateError {
        let first = self.cell(0);
        self.of.damaged(&format!("row {first} of table `{}` has an unexpected cell {}", self.table, at + 1))
    }

    fn int(&self, at: usize) -> Result<i64, EarlierStateError> {
        self.cell(at).as_int().ok_or_else(|| self.wrong(at))
    }

    fn text(&self, at: usize) -> Result<String, EarlierStateError> {
        self.cell(at).as_text().map(str::to_owned).ok_or_else(|| self.wrong(at))
    }

    fn optional(&self, at: usize) -> Result<Option<String>, EarlierStateError> {
        if self.cell(at).is_null() { Ok(None) } else { self.text(at).map(Some) }
    }

    fn time(&self, at: usize) -> Result<i64, EarlierStateError> {
        match self.cell(at) {
            Cell::Timestamp(micros) => Ok(*micros),
            _ => Err(self.wrong(at)),
        }
    }

    fn optional_time(&self, at: usize) -> Result<Option<i64>, EarlierStateError> {
        if self.cell(at).is_null() { Ok(None) } else { self.time(at).map(Some) }
    }

    fn double(&self, at: usize) -> Result<f64, EarlierStateError> {
        match self.cell(at) {
            Cell::Double(value) => Ok(*value),
            _ => Err(self.wrong(at)),
        }
    }

    fn optional_double(&self, at: usize) -> Result<Option<f64>, EarlierStateError> {
        if self.cell(at).is_null() { Ok(None) } else { self.double(at).map(Some) }
    }

    fn decision(&self) -> Result<EarlierDecision, EarlierStateError> {
        Ok(EarlierDecision {
            seq: self.int(0)?,
            made_at: self.time(1)?,
            who: self.text(2)?,
            action: self.text(3)?,
            resource: self.text(4)?,
            tag: self.text(5)?,
            old_value: self.optional(6)?,
            new_value: self.optional(7)?,
            note: self.optional(8)?,
        })
    }

    fn run(&self) -> Result<EarlierRun, EarlierStateError> {
        let mut counts = [0; 8];
        for (count, at) in counts.iter_mut().zip(5..) {
            *count = self.int(at)?;
        }
        let amount = |at| match self.cell(at) {
            Cell::Null => Ok(None),
            cell => cell.as_decimal().map(Some).ok_or_else(|| self.wrong(at)),
        };
        Ok(EarlierRun {
            id: self.int(0)?,
            run_at: self.time(1)?,
            snapshot: self.text(2)?,
            program: self.text(3)?,
            score: self.double(4)?,
            counts,
            currency: self.optional(13)?,
            cost: amount(14)?,
            cost_in_violation: amount(15)?,
            goals: Vec::new(),
        })
    }
}

/// Returns all that the attached file defines: kind, schema, name and definition, by tabs.
fn catalog(store: &Store) -> Result<String, EarlierStateError> {
    let rows = [
        ("table", "tables", "table_name", "sql", ""),
        ("view", "views", "view_name", "sql", "AND NOT internal"),
        ("index", "indexes", "index_name", "sql", ""),
        ("sequence", "sequences", "sequence_name", "sql", ""),
        ("type", "types", "type_name", "''", "AND NOT internal"),
        ("function", "functions", "function_name", "macro_definition", "AND NOT internal"),
        ("schema", "schemas", "schema_name", "''", "AND NOT internal"),
    ]
    .map(|(kind, of, name, definition, more)| {
        format!(
            "SELECT '{kind}' AS kind, schema_name, {name} AS name, {definition} AS definition \
             FROM duckdb_{of}() WHERE database_name = '{DATABASE}' {more}"
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
