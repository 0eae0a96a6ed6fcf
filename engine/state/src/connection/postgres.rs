//! PostgreSQL: the schema `tagpol` of a database, shared by several machines.
//!
//! Readers see one consistent state (`REPEATABLE READ`). Writers of one project exclude each other with a lock of
//! the transaction, which the server releases however the writer ends; writers of different projects do not wait for
//! each other. Tables are found by a fixed search path that has the system's functions first, so that nothing that
//! others put into the schema runs.

use std::fmt::Write as _;
use std::time::Duration;

use sqlx::postgres::{PgArguments, PgRow, PgValueRef};
use sqlx::{
    Arguments as _, AssertSqlSafe, ConnectOptions as _, Decode, Executor as _, PgConnection, Postgres,
    Row as _, TypeInfo as _, ValueRef as _,
};
use tokio::runtime::Runtime;

use super::{Access, Cell, Column, Columns, Connection, Kind, Row, Value};
use crate::error::StateError;
use crate::location::Server;
use crate::patience::{Attempt, Patience};
use crate::schema;

/// How long to wait for the server to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long a statement may take, so that a connection that broke without notice ends.
const STATEMENT_TIMEOUT: Duration = Duration::from_secs(600);

pub(super) fn begin(
    runtime: Runtime,
    server: &Server,
    access: Access,
    project: (&str, &str),
    patience: &mut Patience<'_>,
) -> Result<Option<Connection>, StateError> {
    let store = server.to_string();
    let options = server.options();
    let connected =
        runtime.block_on(async { tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await });
    let connection = match connected {
        Ok(Ok(connection)) => connection,
        Ok(Err(error)) => return Err(failure(&error, &store, "open")),
        Err(_) => {
            let reason = format!("no answer in {} s", CONNECT_TIMEOUT.as_secs());
            return Err(StateError::Unreachable { store, reason });
        }
    };
    let mut connection = Connection { runtime, kind: Kind::Postgres(connection), store, file: None };
    match prepare(&mut connection, access, project, patience) {
        Ok(true) => Ok(Some(connection)),
        Ok(false) => {
            connection.rollback();
            Ok(None)
        }
        Err(error) => {
            connection.rollback();
            Err(error)
        }
    }
}

/// Begins the transaction, and brings the schema to this version. False: there is none, and nothing is to be
/// written.
fn prepare(
    connection: &mut Connection,
    access: Access,
    project: (&str, &str),
    patience: &mut Patience<'_>,
) -> Result<bool, StateError> {
    start(connection, access)?;
    if access == Access::Read {
        let mut found = schema::postgres_version(connection)?;
        if found != 0 && found < schema::VERSION {
            connection.script("ROLLBACK")?;
            prepare(connection, Access::Write, project, patience)?;
            connection.script("COMMIT")?;
            start(connection, access)?;
            found = schema::postgres_version(connection)?;
        }
        return Ok(found != 0);
    }
    lock(connection, project, patience)?;
    schema::migrate_postgres(connection)?;
    Ok(true)
}

/// Begins another transaction on a connection that was kept. False: it broke meanwhile, or another program changed the
/// schema.
pub(super) fn resume(
    connection: &mut Connection,
    access: Access,
    project: (&str, &str),
    patience: &mut Patience<'_>,
) -> Result<bool, StateError> {
    if start(connection, access).is_err() {
        return Ok(false);
    }
    if access == Access::Write {
        lock(connection, project, patience)?;
    }
    let version = connection.single("SELECT max(version) FROM tagpol.store_version", &[])?;
    Ok(version == Cell::Int(schema::VERSION))
}

/// Begins a transaction.
fn start(connection: &mut Connection, access: Access) -> Result<(), StateError> {
    let begin = match access {
        Access::Read => "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        Access::Write => "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE",
    };
    connection.script(&format!(
        "{begin}; SET LOCAL search_path = pg_catalog, tagpol; SET LOCAL client_min_messages = warning; \
         SET LOCAL standard_conforming_strings = on"
    ))
}

/// Waits until no other process writes for the project.
fn lock(
    connection: &mut Connection,
    project: (&str, &str),
    patience: &mut Patience<'_>,
) -> Result<(), StateError> {
    // What is acknowledged is on disk, whatever the default of the server.
    connection.script("SET LOCAL synchronous_commit = on")?;
    let key = lock_key(project);
    patience.until(|| {
        match connection.single("SELECT pg_try_advisory_xact_lock($1)::int4", &[key.into()])? {
            Cell::Int(1) => Ok(Attempt::Done(())),
            _ => Ok(Attempt::Busy),
        }
    })
}

/// Returns the number of the lock of a project (FNV-1a).
fn lock_key((tenant, project): (&str, &str)) -> i64 {
    let bytes = "tagpol".bytes().chain([0]).chain(tenant.bytes()).chain([0]).chain(project.bytes());
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    bytes.fold(0xcbf2_9ce4_8422_2325, step).cast_signed()
}

/// Runs something of a connection, with an end.
fn wait<T>(
    runtime: &Runtime,
    store: &str,
    doing: &'static str,
    work: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, StateError> {
    match runtime.block_on(async { tokio::time::timeout(STATEMENT_TIMEOUT, work).await }) {
        Ok(done) => done.map_err(|error| failure(&error, store, doing)),
        Err(_) => Err(StateError::Unreachable {
            store: store.to_owned(),
            reason: format!("no answer in {} s", STATEMENT_TIMEOUT.as_secs()),
        }),
    }
}

pub(super) fn execute(
    runtime: &Runtime,
    connection: &mut PgConnection,
    store: &str,
    sql: &str,
    values: &[Value<'_>],
) -> Result<u64, StateError> {
    execute_bulk(runtime, connection, store, sql, values, &[])
}

pub(super) fn query(
    runtime: &Runtime,
    connection: &mut PgConnection,
    store: &str,
    sql: &str,
    values: &[Value<'_>],
) -> Result<Vec<Row>, StateError> {
    query_bulk(runtime, connection, store, sql, values, &[])
}

pub(super) fn execute_bulk(
    runtime: &Runtime,
    connection: &mut PgConnection,
    store: &str,
    sql: &str,
    values: &[Value<'_>],
    columns: &Columns,
) -> Result<u64, StateError> {
    let query = sqlx::query_with(AssertSqlSafe(sql), arguments(values, columns, store)?);
    Ok(wait(runtime, store, "write", connection.execute(query))?.rows_affected())
}

pub(super) fn query_bulk(
    runtime: &Runtime,
    connection: &mut PgConnection,
    store: &str,
    sql: &str,
    values: &[Value<'_>],
    columns: &Columns,
) -> Result<Vec<Row>, StateError> {
    let query = sqlx::query_with(AssertSqlSafe(sql), arguments(values, columns, store)?);
    let rows = wait(runtime, store, "read", connection.fetch_all(query))?;
    Ok(rows.iter().map(row).collect())
}

pub(super) fn script(
    runtime: &Runtime,
    connection: &mut PgConnection,
    store: &str,
    sql: &str,
) -> Result<(), StateError> {
    wait(runtime, store, "write", connection.execute(sqlx::raw_sql(AssertSqlSafe(sql)))).map(drop)
}

fn arguments(values: &[Value<'_>], columns: &Columns, store: &str) -> Result<PgArguments, StateError> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| StateError::Database {
        doing: "write",
        store: store.to_owned(),
        reason: error.to_string(),
    };
    let mut arguments = PgArguments::default();
    for value in values {
        match value {
            Value::Int(value) => arguments.add(*value),
            Value::Real(value) => arguments.add(*value),
            Value::Text(value) => arguments.add(value.as_deref()),
        }
        .map_err(failed)?;
    }
    for (_, column) in columns {
        match column {
            Column::Int(values) => arguments.add(values.as_slice()),
            Column::Real(values) => arguments.add(values.as_slice()),
            Column::Text(values) => arguments.add(values.as_slice()),
        }
        .map_err(failed)?;
    }
    Ok(arguments)
}

fn row(row: &PgRow) -> Row {
    (0..row.len()).map(|at| cell(row, at)).collect()
}

fn cell(row: &PgRow, at: usize) -> Cell {
    let Ok(value) = row.try_get_raw(at) else { return Cell::Other("a missing column") };
    if value.is_null() {
        return Cell::Null;
    }
    let info = value.type_info().into_owned();
    match info.name() {
        "INT8" => decode::<i64>(value).map_or(Cell::Other("an unreadable integer"), Cell::Int),
        "INT4" => {
            decode::<i32>(value).map_or(Cell::Other("an unreadable integer"), |value| Cell::Int(value.into()))
        }
        "FLOAT8" => decode::<f64>(value).map_or(Cell::Other("an unreadable number"), Cell::Real),
        "TEXT" => decode::<String>(value).map_or(Cell::Other("a text that is not UTF-8"), Cell::stored_text),
        _ => Cell::Other("a value of an unknown type"),
    }
}

fn decode<'r, T: Decode<'r, Postgres>>(value: PgValueRef<'r>) -> Result<T, sqlx::error::BoxDynError> {
    T::decode(value)
}

/// Returns a query that makes rows of the lists in parameters, one a column.
pub(super) fn rows(columns: &Columns, first_parameter: usize) -> String {
    let (mut lists, mut names) = (String::new(), String::new());
    for (parameter, (name, column)) in (first_parameter..).zip(columns) {
        let comma = if lists.is_empty() { "" } else { ", " };
        let ty = match column {
            Column::Int(_) => "int8",
            Column::Real(_) => "float8",
            Column::Text(_) => "text",
        };
        let _ = write!(lists, "{comma}${parameter}::{ty}[]");
        let _ = write!(names, "{comma}{name}");
    }
    format!("SELECT {names} FROM unnest({lists}) AS listed({names})")
}

/// Turns an error of the driver or the server into one about the store. None of these contains a password.
fn failure(error: &sqlx::Error, store: &str, doing: &'static str) -> StateError {
    let store = store.to_owned();
    let sqlx::Error::Database(database) = error else {
        let reason = match error {
            sqlx::Error::Io(error) => error.to_string(),
            sqlx::Error::Tls(error) => format!("TLS: {error}"),
            other => other.to_string(),
        };
        return StateError::Unreachable { store, reason };
    };
    let code = database.code().unwrap_or_default().into_owned();
    let reason = database.message().to_owned();
    match code.as_str() {
        "53100" => {
            StateError::Database { doing, store, reason: format!("the server's disk is full: {reason}") }
        }
        "25006" => StateError::Refused { store, reason: format!("it is read-only: {reason}") },
        "3D000" | "42501" => StateError::Refused { store, reason },
        _ if code.starts_with("28") => StateError::Refused { store, reason },
        // Connection exceptions, shutdown, too many connections.
        _ if ["08", "57", "53"].iter().any(|class| code.starts_with(class)) => {
            StateError::Unreachable { store, reason }
        }
        _ => StateError::Database { doing, store, reason: format!("{reason} ({code})") },
    }
}
