//! The connection: its settings, statements and the way to stop them.

use std::cell::Cell as Flag;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use duckdb::{Config, Connection, Statement};

use crate::cancel::CancelToken;
use crate::decode::Batch;
use crate::error::{self, StoreError};
use crate::limits::Limits;
use crate::pool::Turn;
use crate::quote::{quote_identifier, quote_text};
use crate::rows::{Row, Table};
use crate::watch::{Running, Watch};

/// The version that this program is made for, as the library reports it.
pub const DUCKDB_VERSION: &str = "v1.5.6";

/// What the database may use.
#[derive(Debug, Clone, Default)]
pub struct StoreOptions {
    /// Threads to run on. None: one a core.
    pub threads: Option<usize>,
    /// What statements may use before they end with an error.
    pub limits: Limits,
    /// Files that statements may open. Statements cannot open others.
    pub files: Vec<PathBuf>,
    /// Folders in which statements may open any file.
    pub folders: Vec<PathBuf>,
    /// Folder for what does not fit in memory. None: a statement that needs more memory fails, and
    /// nothing is ever written.
    pub temp_dir: Option<PathBuf>,
    /// What ends its statements.
    pub cancel: CancelToken,
    /// Database files that statements use under their names, in addition to the memory.
    pub attached: Vec<Attached>,
}

/// A database file that the statements of a store use.
#[derive(Debug, Clone)]
pub struct Attached {
    /// The file.
    pub file: PathBuf,
    /// The name of the database in statements.
    pub name: String,
    /// How it is used.
    pub access: Access,
}

/// How an attached database file is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// It is read; several stores and processes may read one file at a time.
    Read,
    /// It is written, and created if it is not there. No other store may use it meanwhile.
    Write,
}

/// A database in memory, and the files that are attached to it.
///
/// It may be moved to another thread, but is used by one at a time.
pub struct Store {
    connection: Connection,
    reading: Flag<bool>,
    limits: Limits,
    /// Ends statements.
    watch: Watch,
    /// The place in a pool, which all sessions of a database have together.
    pub(crate) turn: Option<Arc<Turn>>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl Store {
    /// Opens an empty database.
    ///
    /// # Errors
    /// [`StoreError::Start`] where DuckDB refuses the options, [`StoreError::Version`] where the
    /// library is another one.
    pub fn in_memory(options: &StoreOptions) -> Result<Self, StoreError> {
        let failed = |e| StoreError::Start { message: error::message(&e) };
        let connection = connect(options).map_err(failed)?;
        // Another library than the one that was linked may be found at run time, and its answers
        // could differ.
        let found = connection.version().map_err(failed)?;
        if found != DUCKDB_VERSION {
            return Err(StoreError::Version { found, wanted: DUCKDB_VERSION });
        }
        Ok(Self::new(connection, options.limits, options.cancel.clone()))
    }

    fn new(connection: Connection, limits: Limits, token: CancelToken) -> Self {
        let watch = Watch::start(&connection, limits.timeout, token);
        Self { connection, reading: Flag::new(false), limits, watch, turn: None }
    }

    /// Opens another session of the same database, with the same limits and the same token, to read it on another
    /// thread. It has the tables and views, but nothing temporary: neither tables nor variables.
    ///
    /// # Errors
    /// [`StoreError::Start`].
    pub fn another_session(&self) -> Result<Self, StoreError> {
        let failed = |e| StoreError::Start { message: error::message(&e) };
        let connection = self.connection.try_clone().map_err(failed)?;
        let session = Self::new(connection, self.limits, self.watch.token());
        Ok(Self { turn: self.turn.clone(), ..session })
    }

    /// Lets go of an attached database. All of it is in its one file then.
    ///
    /// # Errors
    /// [`StoreError::Query`] if a statement of another session still uses it, or the disk is full.
    pub fn detach(&self, name: &str) -> Result<(), StoreError> {
        let name = quote_identifier(name);
        self.execute(&format!("CHECKPOINT {name}; DETACH {name}"))
    }

    /// Runs statements in one transaction: all of them take effect, or none.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn execute_together(&self, statements: &[String]) -> Result<(), StoreError> {
        self.begin()?;
        let done =
            statements.iter().try_for_each(|sql| self.execute(sql)).and_then(|()| self.execute("COMMIT"));
        if done.is_err() {
            // The failure that is reported is the one that came first.
            self.roll_back();
        }
        done
    }

    /// Begins a transaction that lasts as long as the session, whose statements all see the same rows.
    ///
    /// # Errors
    /// As [`Self::execute`].
    pub fn begin(&self) -> Result<(), StoreError> {
        self.execute("BEGIN TRANSACTION")
    }

    /// Ends the transaction. A late interruption of the statement before may end the first attempts.
    fn roll_back(&self) {
        let _ = (0..3).any(|_| self.connection.execute_batch("ROLLBACK").is_ok());
    }

    /// Reads in one transaction, so that all statements of `f` see the same rows.
    ///
    /// # Errors
    /// What `f` returns; as [`Self::execute`].
    pub fn read_together<T, E: From<StoreError>>(
        &self,
        f: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin()?;
        let found = f(self);
        // Nothing was written, so that there is nothing to lose.
        self.roll_back();
        found
    }

    /// Ends statements by another token from now on: for a session that lives longer than a request.
    pub fn set_cancel(&self, token: CancelToken) {
        self.watch.set_token(token);
    }

    /// Runs statements, separated by `;`, and drops their rows.
    ///
    /// # Errors
    /// [`StoreError::Query`], [`StoreError::Cancelled`], [`StoreError::Busy`].
    pub fn execute(&self, sql: &str) -> Result<(), StoreError> {
        let _running = self.ready(sql)?;
        self.connection.execute_batch(sql).map_err(|e| self.failed(&e, sql))
    }

    /// Runs a statement and returns all its rows, in the order of its `ORDER BY`.
    ///
    /// # Errors
    /// [`StoreError::Query`], [`StoreError::ColumnType`], [`StoreError::Cancelled`],
    /// [`StoreError::Busy`].
    pub fn query(&self, sql: &str) -> Result<Table, StoreError> {
        let mut rows = Vec::new();
        let columns = self.stream(sql, |row| -> Result<(), StoreError> {
            rows.push(row.cells().to_vec());
            Ok(())
        })?;
        Ok(Table { columns: columns.to_vec(), rows })
    }

    /// Runs a statement and hands its rows to `f` as they come, without holding them all.
    ///
    /// An error of `f` ends the statement. `f` must not send statements to this store.
    ///
    /// # Errors
    /// What `f` returns; [`StoreError::Query`], [`StoreError::ColumnType`],
    /// [`StoreError::Cancelled`], [`StoreError::Busy`]. Rows may have been handed out before.
    pub fn for_each<E: From<StoreError>>(
        &self,
        sql: &str,
        f: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.stream(sql, f).map(|_| ())
    }

    /// Runs a statement and hands its rows to `f` as they come, some thousand at a time and by column: texts are not
    /// copied.
    ///
    /// # Errors
    /// As [`Self::for_each`].
    pub fn for_each_batch<E: From<StoreError>>(
        &self,
        sql: &str,
        mut f: impl FnMut(&Batch<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.batches(sql, |_, batch| f(batch)).map(|_| ())
    }

    /// Hands all rows to `f` and returns the names of the columns.
    fn stream<E: From<StoreError>>(
        &self,
        sql: &str,
        mut f: impl FnMut(&Row<'_>) -> Result<(), E>,
    ) -> Result<Arc<[String]>, E> {
        let mut cells = Vec::new();
        self.batches(sql, |columns, batch| {
            for row in 0..batch.rows() {
                batch.read_row(row, &mut cells);
                f(&Row { columns, cells: &cells })?;
            }
            Ok(())
        })
    }

    /// Hands all rows to `f`, with the names of the columns, which it returns.
    fn batches<E: From<StoreError>>(
        &self,
        sql: &str,
        mut f: impl FnMut(&Arc<[String]>, &Batch<'_>) -> Result<(), E>,
    ) -> Result<Arc<[String]>, E> {
        let _running = self.ready(sql)?;
        let _reading = Reading::start(&self.reading);
        let failed = |e: duckdb::Error| self.failed(&e, sql);
        let mut statement = self.connection.prepare(sql).map_err(failed)?;
        // The iterator that this returns panics on a failed chunk; `step` reads the same chunks
        // and returns the failure.
        drop(statement.stream_arrow([]).map_err(failed)?);
        let schema = statement.schema();
        let columns: Arc<[String]> = schema.fields().iter().map(|field| field.name().clone()).collect();
        while let Some(chunk) = self.next_chunk(&statement, sql)? {
            f(&columns, &Batch::new(schema.fields(), &chunk)?)?;
        }
        Ok(columns)
    }

    fn next_chunk(
        &self,
        statement: &Statement<'_>,
        sql: &str,
    ) -> Result<Option<duckdb::arrow::array::StructArray>, StoreError> {
        self.check()?;
        statement.step().map_err(|e| self.failed(&e, sql))
    }

    pub(crate) fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Wraps a failure of a statement.
    ///
    /// DuckDB reports a failure on one of several threads as an interruption if it looks at another thread first,
    /// so an interruption is only believed if there was one.
    pub(crate) fn failed(&self, error: &duckdb::Error, sql: &str) -> StoreError {
        if let Some(met) = self.limits.met_by(error) {
            return met;
        }
        let stopped = self.watch.reason();
        match (error::message(error).starts_with("INTERRUPT"), stopped) {
            (true, Some(why)) => why,
            (true, None) => StoreError::UnknownFailure { statement: error::shorten(sql) },
            (false, _) => StoreError::query(error, sql),
        }
    }

    /// Returns an error if what is being done has to end.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.watch.reason().map_or(Ok(()), Err)
    }

    /// Whether a statement may be sent now; its time begins.
    ///
    /// A statement ends the rows of the one that is being read, which would then fail with a
    /// message that does not say why.
    fn ready(&self, sql: &str) -> Result<Running<'_>, StoreError> {
        if self.reading.get() {
            return Err(StoreError::Busy { statement: error::shorten(sql) });
        }
        self.watch.statement()
    }
}

/// Marks a store as being read from for as long as it lives.
struct Reading<'a>(&'a Flag<bool>);

impl<'a> Reading<'a> {
    fn start(flag: &'a Flag<bool>) -> Self {
        flag.set(true);
        Self(flag)
    }
}

impl Drop for Reading<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

/// Opens the connection with every setting that results, files or the network depend on.
fn connect(options: &StoreOptions) -> duckdb::Result<Connection> {
    let connection = Connection::open_in_memory_with_flags(config(options)?)?;
    // The shared library has `icu` built in, which takes the zone of the machine. Without `icu`
    // there is no such setting. It is set for the database: what is set for one session is lost to the next.
    let zones: i64 = connection.query_row(
        "SELECT count(*) FROM duckdb_settings() WHERE name = 'TimeZone'",
        [],
        |row| row.get(0),
    )?;
    if zones > 0 {
        connection.execute_batch("SET GLOBAL TimeZone = 'UTC'")?;
    }
    for Attached { file, name, access } in &options.attached {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
        let path = file.to_str().ok_or_else(|| duckdb::Error::InvalidPath(file.clone()))?;
        let read_only = if *access == Access::Read { " (READ_ONLY)" } else { "" };
        connection.execute_batch(&format!(
            "ATTACH {} AS {}{read_only}",
            quote_text(path),
            quote_identifier(name)
        ))?;
    }
    // The order matters: what may be opened cannot be widened once external access is off.
    connection.execute_batch(&format!(
        "SET allowed_paths = [{}]; SET allowed_directories = [{}]; SET enable_external_access = false; \
         SET lock_configuration = true",
        allowed(&options.files)?.join(", "),
        allowed(&options.folders)?.join(", ")
    ))?;
    Ok(connection)
}

fn config(options: &StoreOptions) -> duckdb::Result<Config> {
    let temp_dir = options.temp_dir.as_deref().unwrap_or(Path::new(""));
    let temp_dir = temp_dir.to_str().ok_or_else(|| duckdb::Error::InvalidPath(temp_dir.to_owned()))?;
    let mut config = Config::default()
        .with("autoinstall_known_extensions", "false")?
        .with("autoload_known_extensions", "false")?
        .with("allow_community_extensions", "false")?
        // `INSTALL` looks here, and not in the network.
        .with("custom_extension_repository", "/dev/null")?
        .with("allow_persistent_secrets", "false")?
        .with("preserve_insertion_order", "true")?
        .with("default_order", "asc")?
        .with("default_null_order", "nulls_last")?
        .with("temp_directory", temp_dir)?;
    if let Some(threads) = options.threads {
        config = config.with("threads", threads.to_string())?;
    }
    config.with("memory_limit", format!("{}B", options.limits.memory_bytes()))
}

/// The paths as texts of SQL. Absolute, since that is what DuckDB compares.
fn allowed(paths: &[PathBuf]) -> duckdb::Result<Vec<String>> {
    let text = |path: &PathBuf| {
        let absolute = std::path::absolute(path).unwrap_or_else(|_| path.clone());
        let text = absolute.to_str().map(quote_text);
        text.ok_or_else(|| duckdb::Error::InvalidPath(path.clone()))
    };
    paths.iter().map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cancel::Cancelled;

    #[test]
    fn an_interruption_that_nobody_asked_for_is_a_failure() {
        let store = Store::in_memory(&StoreOptions::default()).unwrap();
        let message = Some("INTERRUPT Error: Interrupted!".to_owned());
        let error = duckdb::Error::DuckDBFailure(duckdb::ffi::Error::new(1), message);
        assert!(store.failed(&error, "SELECT 1").to_string().contains("with one thread"));
        let token = CancelToken::new();
        store.set_cancel(token.clone());
        token.cancel();
        assert!(matches!(store.failed(&error, "SELECT 1"), StoreError::Cancelled(Cancelled::Requested)));
    }
}
