//! SQLite: a file, normally inside a project.
//!
//! The file uses a rollback journal, not a write-ahead log: all acknowledged rows are in the one file whenever no
//! process has it open, so a copy of it (a cache or artifact of CI) is complete, and it can be read in a folder
//! that is read-only or on a network file system, where the shared memory of a write-ahead log does not work.
//! Transactions are short, so readers rarely wait. With `synchronous = EXTRA` the end of the journal is on disk
//! as well before a commit returns.
//!
//! The file itself is only opened by SQLite: its locks belong to the process, and closing another descriptor of the
//! same file would release them.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::{SqliteArguments, SqliteConnectOptions, SqliteRow, SqliteSynchronous, SqliteValueRef};
use sqlx::{
    Arguments as _, AssertSqlSafe, ConnectOptions as _, Connection as _, Decode, Executor as _, Row as _,
    Sqlite, SqliteConnection, TypeInfo as _, ValueRef as _,
};
use tagpol_files::Jail;
use tokio::runtime::Runtime;

use super::{Access, Cell, Column, Columns, Connection, Kind, Row, Value};
use crate::error::StateError;
use crate::patience::{Attempt, Patience};
use crate::schema;

/// How long SQLite itself waits while a connection is opened or begins; `Patience` retries, and reports the wait.
const BEGIN_TIMEOUT: Duration = Duration::from_millis(40);

/// How long a statement of an open transaction waits for readers to end.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(30);

/// The end of a journal of a transaction over several files, which names another file that recovery may delete.
const SUPER_JOURNAL: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];

pub(super) fn begin(
    runtime: Runtime,
    path: &Path,
    access: Access,
    patience: &mut Patience<'_>,
) -> Result<Option<Connection>, StateError> {
    check_files(path)?;
    let exists = path.symlink_metadata().is_ok();
    match access {
        Access::Read if !exists => return Ok(None),
        Access::Write => make_folder(path)?,
        Access::Read => {}
    }
    let mut connection = open(runtime, path, access, patience)?;
    let found =
        match check_length(&mut connection, path).and_then(|()| schema::sqlite_version(&mut connection)) {
            Ok(found) => found,
            Err(error) => {
                connection.rollback();
                return Err(error);
            }
        };
    match access {
        Access::Read if found == 0 => {
            connection.rollback();
            Ok(None)
        }
        Access::Read if found < schema::VERSION => {
            // Only a writer may bring it to this version.
            let runtime = connection.give_up();
            let migrated = open(runtime, path, Access::Write, patience)?;
            let migrated = schema::migrate_sqlite(migrated)?;
            let runtime = migrated.commit(patience)?.close();
            open(runtime, path, access, patience).map(Some)
        }
        Access::Read => Ok(Some(connection)),
        Access::Write => schema::migrate_sqlite(connection).map(Some),
    }
}

/// Opens the file and begins a transaction.
fn open(
    runtime: Runtime,
    path: &Path,
    access: Access,
    patience: &mut Patience<'_>,
) -> Result<Connection, StateError> {
    // SQLite takes a name that begins with `file:` for an address, which an absolute path cannot be.
    let absolute = std::path::absolute(path);
    let absolute =
        absolute.map_err(|source| StateError::Io { doing: "find", path: path.to_owned(), source })?;
    let options = SqliteConnectOptions::new()
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        .pragma("query_only", if access == Access::Read { "ON" } else { "OFF" })
        .pragma("temp_store", "MEMORY")
        // 64 MiB, so that remembering a large run spills rarely.
        .pragma("cache_size", "-65536")
        .synchronous(SqliteSynchronous::Extra)
        .filename(absolute)
        .create_if_missing(access == Access::Write)
        .busy_timeout(BEGIN_TIMEOUT)
        .row_buffer_size(1024);
    let store = path.display().to_string();
    // A reader takes its lock with the first read, and keeps it.
    let begin = match access {
        Access::Read => "BEGIN; SELECT count(*) FROM sqlite_master",
        Access::Write => "BEGIN IMMEDIATE",
    };
    let connection = patience.until(|| {
        let begun = runtime.block_on(async {
            let mut connection = options.connect().await?;
            match connection.execute(begin).await {
                Ok(_) => Ok(connection),
                Err(error) => {
                    let _ = connection.close().await;
                    Err(error)
                }
            }
        });
        match begun {
            Ok(connection) => Ok(Attempt::Done(connection)),
            Err(error) if is_busy(&error) => Ok(Attempt::Busy),
            Err(error) => Err(failure(&error, &store, "open")),
        }
    })?;
    let mut connection = Connection { runtime, kind: Kind::Sqlite(connection), store, file: None };
    let timeout = STATEMENT_TIMEOUT.as_millis();
    connection.script(&format!("PRAGMA busy_timeout = {timeout}"))?;
    Ok(connection)
}

/// What a connection that is kept between transactions remembers of its file.
pub(super) struct OpenedFile {
    path: PathBuf,
    identity: Option<FileIdentity>,
    /// Changes with each change of the schema, by whatever process.
    schema: Cell,
}

/// Device and number of a file: another file at the same path has another one.
type FileIdentity = (u64, u64);

#[cfg(unix)]
fn identity(path: &Path) -> Option<FileIdentity> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::symlink_metadata(path).ok().map(|file| (file.dev(), file.ino()))
}

/// Other systems do not let a file be replaced while it is open.
#[cfg(not(unix))]
fn identity(path: &Path) -> Option<FileIdentity> {
    path.symlink_metadata().ok().map(|_| (0, 0))
}

/// Prepares a connection, in a transaction, for further ones.
pub(super) fn keep(connection: &mut Connection, path: &Path) -> Result<(), StateError> {
    let schema = connection.single("PRAGMA schema_version", &[])?;
    connection.file = Some(OpenedFile { path: path.to_owned(), identity: identity(path), schema });
    Ok(())
}

/// Begins another transaction. False: the file is another one, or its schema has changed, so that it has to be opened
/// and checked again.
pub(super) fn resume(
    connection: &mut Connection,
    access: Access,
    patience: &mut Patience<'_>,
) -> Result<bool, StateError> {
    let same = connection.file.as_ref().is_some_and(|file| {
        let found = identity(&file.path);
        found.is_some() && found == file.identity
    });
    if !same {
        return Ok(false);
    }
    let (query_only, begin) = match access {
        Access::Read => ("ON", "BEGIN; SELECT count(*) FROM sqlite_master"),
        Access::Write => ("OFF", "BEGIN IMMEDIATE"),
    };
    let short = BEGIN_TIMEOUT.as_millis();
    connection.script(&format!("PRAGMA busy_timeout = {short}; PRAGMA query_only = {query_only}"))?;
    let Connection { runtime, kind, store, .. } = connection;
    let Kind::Sqlite(sqlite) = kind else { return Ok(false) };
    patience.until(|| match runtime.block_on(sqlite.execute(sqlx::raw_sql(begin))) {
        Ok(_) => Ok(Attempt::Done(())),
        Err(error) if is_busy(&error) => {
            // A reader that could not take its lock has begun all the same.
            if access == Access::Read {
                let _ = runtime.block_on(sqlite.execute("ROLLBACK"));
            }
            Ok(Attempt::Busy)
        }
        Err(error) => Err(failure(&error, store, "open")),
    })?;
    let schema = connection.single("PRAGMA schema_version", &[])?;
    let timeout = STATEMENT_TIMEOUT.as_millis();
    connection.script(&format!("PRAGMA busy_timeout = {timeout}"))?;
    Ok(connection.file.as_ref().is_some_and(|file| file.schema == schema))
}

/// Checks that the file is made of whole pages: the end of one that was cut off would be read as zeros.
fn check_length(connection: &mut Connection, path: &Path) -> Result<(), StateError> {
    let page = connection.single("PRAGMA page_size", &[])?;
    let bytes = std::fs::metadata(path).map(|meta| meta.len()).unwrap_or_default();
    match page {
        Cell::Int(page) if u64::try_from(page).is_ok_and(|page| page > 0 && bytes.is_multiple_of(page)) => {
            Ok(())
        }
        _ => Err(StateError::Damaged {
            store: connection.store().to_owned(),
            reason: format!("its last page is cut off at {bytes} bytes"),
        }),
    }
}

pub(super) fn commit(connection: &mut Connection, patience: &mut Patience<'_>) -> Result<(), StateError> {
    let Connection { runtime, kind, store, .. } = connection;
    let Kind::Sqlite(sqlite) = kind else { return Ok(()) };
    patience.until(|| match runtime.block_on(sqlite.execute("COMMIT")) {
        Ok(_) => Ok(Attempt::Done(())),
        // Readers hold their locks; the transaction is still open.
        Err(error) if is_busy(&error) => Ok(Attempt::Busy),
        Err(error) => Err(failure(&error, store, "write")),
    })
}

fn make_folder(path: &Path) -> Result<(), StateError> {
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let Some(folder) = folder else { return Ok(()) };
    std::fs::create_dir_all(folder).map_err(|source| StateError::Io {
        doing: "create the folder",
        path: folder.to_owned(),
        source,
    })
}

/// Checks that the file, and those that SQLite opens next to it, are regular files and not links, and that a
/// journal left by a killed process is one of this program.
fn check_files(path: &Path) -> Result<(), StateError> {
    let parent = path.parent().filter(|parent| *parent != Path::new("")).unwrap_or(Path::new("."));
    let jail = Jail::new(parent);
    for suffix in ["", "-journal", "-wal", "-shm"] {
        jail.target(&with_suffix(path, suffix)).map_err(StateError::File)?;
    }
    let journal = with_suffix(path, "-journal");
    if ends_with_super_journal(&journal).unwrap_or(false) {
        return Err(StateError::Damaged {
            store: path.display().to_string(),
            reason: format!("`{}` is not a journal of tagpol: it names another file", journal.display()),
        });
    }
    Ok(())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn ends_with_super_journal(journal: &Path) -> std::io::Result<bool> {
    let mut file = File::open(journal)?;
    file.seek(SeekFrom::End(-8))?;
    let mut end = [0; 8];
    file.read_exact(&mut end)?;
    Ok(end == SUPER_JOURNAL)
}

pub(super) fn execute(
    runtime: &Runtime,
    connection: &mut SqliteConnection,
    store: &str,
    sql: &str,
    values: &[Value<'_>],
) -> Result<u64, StateError> {
    let query = sqlx::query_with(AssertSqlSafe(sql), arguments(values, store)?);
    let done = runtime.block_on(connection.execute(query));
    done.map(|done| done.rows_affected()).map_err(|error| failure(&error, store, "write"))
}

pub(super) fn query(
    runtime: &Runtime,
    connection: &mut SqliteConnection,
    store: &str,
    sql: &str,
    values: &[Value<'_>],
) -> Result<Vec<Row>, StateError> {
    let query = sqlx::query_with(AssertSqlSafe(sql), arguments(values, store)?);
    let rows = runtime.block_on(connection.fetch_all(query));
    let rows = rows.map_err(|error| failure(&error, store, "read"))?;
    Ok(rows.iter().map(row).collect())
}

pub(super) fn script(
    runtime: &Runtime,
    connection: &mut SqliteConnection,
    store: &str,
    sql: &str,
) -> Result<(), StateError> {
    let done = runtime.block_on(connection.execute(sqlx::raw_sql(AssertSqlSafe(sql))));
    done.map(drop).map_err(|error| failure(&error, store, "write"))
}

fn arguments(values: &[Value<'_>], store: &str) -> Result<SqliteArguments, StateError> {
    let mut arguments = SqliteArguments::default();
    for value in values {
        let added = match value {
            Value::Int(value) => arguments.add(*value),
            Value::Real(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.as_deref()),
        };
        added.map_err(|error| StateError::Database {
            doing: "write",
            store: store.to_owned(),
            reason: error.to_string(),
        })?;
    }
    Ok(arguments)
}

fn row(row: &SqliteRow) -> Row {
    (0..row.len()).map(|at| cell(row, at)).collect()
}

fn cell(row: &SqliteRow, at: usize) -> Cell {
    let Ok(value) = row.try_get_raw(at) else { return Cell::Other("a missing column") };
    if value.is_null() {
        return Cell::Null;
    }
    let info = value.type_info().into_owned();
    match info.name() {
        "INTEGER" => decode::<i64>(value).map_or(Cell::Other("an unreadable integer"), Cell::Int),
        "REAL" => decode::<f64>(value).map_or(Cell::Other("an unreadable number"), Cell::Real),
        "TEXT" => decode::<String>(value).map_or(Cell::Other("a text that is not UTF-8"), Cell::stored_text),
        "BLOB" => Cell::Other("a blob"),
        _ => Cell::Other("a value of an unknown type"),
    }
}

fn decode<'r, T: Decode<'r, Sqlite>>(value: SqliteValueRef<'r>) -> Result<T, sqlx::error::BoxDynError> {
    T::decode(value)
}

/// Returns a query that makes rows of the JSON text in a parameter.
pub(super) fn rows(columns: &Columns, parameter: usize) -> String {
    let mut select = String::from("SELECT ");
    for (at, (name, _)) in columns.iter().enumerate() {
        let comma = if at > 0 { ", " } else { "" };
        let _ = write!(select, "{comma}value ->> {at} AS {name}");
    }
    // `true` keeps a following ON CONFLICT from being read as the condition of a join.
    let _ = write!(select, " FROM json_each(${parameter}) WHERE true");
    select
}

/// Returns rows as a JSON text: a list of lists.
pub(super) fn json(columns: &Columns) -> String {
    let len = columns.first().map_or(0, |(_, column)| column.len());
    let mut json = Vec::with_capacity(len * columns.len() * 24);
    json.push(b'[');
    for row in 0..len {
        json.extend_from_slice(if row > 0 { b",[" } else { b"[" });
        for (at, (_, column)) in columns.iter().enumerate() {
            if at > 0 {
                json.push(b',');
            }
            push_json(&mut json, column, row);
        }
        json.push(b']');
    }
    json.push(b']');
    String::from_utf8(json).unwrap_or_default()
}

fn push_json(json: &mut Vec<u8>, column: &Column, row: usize) {
    // Numbers and texts can always be written, and memory does not fail.
    let _ = match column {
        Column::Int(values) => serde_json::to_writer(json, &values.get(row).copied().flatten()),
        Column::Real(values) => serde_json::to_writer(json, &values.get(row).copied().flatten()),
        Column::Text(values) => serde_json::to_writer(json, &values.get(row).and_then(Option::as_deref)),
    };
}

/// The primary result code of SQLite, without what qualifies it.
fn code(error: &sqlx::Error) -> Option<(i32, i32)> {
    let extended: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some((extended & 0xff, extended))
}

fn is_busy(error: &sqlx::Error) -> bool {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    code(error).is_some_and(|(primary, _)| primary == BUSY || primary == LOCKED)
}

/// Turns an error of SQLite into one about the store.
fn failure(error: &sqlx::Error, store: &str, doing: &'static str) -> StateError {
    const PERM: i32 = 3;
    const BUSY: i32 = 5;
    const READONLY: i32 = 8;
    const IOERR: i32 = 10;
    const IOERR_WRITE: i32 = 778;
    const CORRUPT: i32 = 11;
    const FULL: i32 = 13;
    const CANTOPEN: i32 = 14;
    const NOTADB: i32 = 26;
    let (store, path) = (store.to_owned(), PathBuf::from(store));
    let reason = match error {
        sqlx::Error::Database(error) => error.message().to_owned(),
        other => other.to_string(),
    };
    let io = |kind: ErrorKind| StateError::Io { doing, path: path.clone(), source: kind.into() };
    match code(error).map(|(primary, _)| primary) {
        Some(BUSY) => StateError::Locked { store, waited: STATEMENT_TIMEOUT },
        Some(PERM | READONLY) => io(ErrorKind::PermissionDenied),
        Some(CANTOPEN) => io(why_not_opened(&path)),
        Some(FULL) => io(ErrorKind::StorageFull),
        Some(IOERR) => {
            // A write that fails otherwise than for lack of space: a quota, the limit of a file, a broken disk.
            let is_write = code(error).is_some_and(|(_, extended)| extended == IOERR_WRITE);
            let kind = if is_write { ErrorKind::FileTooLarge } else { ErrorKind::Other };
            let source = std::io::Error::new(kind, "the system reports an error of the disk or its quota");
            StateError::Io { doing, path, source }
        }
        Some(CORRUPT) => StateError::Damaged { store, reason },
        Some(NOTADB) => StateError::Damaged { store, reason: "the file is not a SQLite database".to_owned() },
        // A schema that cannot be parsed is reported as an error of the statement that needs it.
        _ if reason.starts_with("malformed database schema") => StateError::Damaged { store, reason },
        _ => StateError::Database { doing, store, reason },
    }
}

/// Returns why a file cannot be opened, which SQLite does not report.
fn why_not_opened(path: &Path) -> ErrorKind {
    let folder = path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."));
    let file = if path.exists() { path } else { folder };
    std::fs::metadata(file).map_or_else(|error| error.kind(), |_| ErrorKind::PermissionDenied)
}
