//! The tables, and the check that a database has them and nothing more.
//!
//! A file may come from a stranger. A view, a trigger or a generated column in it would be SQL that runs when a
//! statement names it, so the catalog is compared with that of a new store before any table is read. A database of
//! PostgreSQL may have other schemas, and other tables next to these: only the tables of this program are compared.
//! A file of SQLite may also have the tables and indexes of a companion, whose names begin with [`COMPANION_PREFIX`];
//! `companion` compares them, and no statement of this crate names one.
//!
//! `v1.sqlite.sql` and `v1.postgres.sql` define the same tables. Times are microseconds since 1970-01-01 UTC; amounts
//! are decimal texts; texts are compared by bytes. A finding belongs to the tenant and project of its check.

pub(crate) mod companion;

use crate::connection::{Cell, Connection};
use crate::error::StateError;

/// Begins the names of all tables and indexes of a companion.
pub(crate) const COMPANION_PREFIX: &str = "serve_";

/// Leads from each version of the schema to the next one. A step that has been released never changes.
const SQLITE_STEPS: [&str; 1] = [include_str!("v1.sqlite.sql")];
const POSTGRES_STEPS: [&str; 1] = [include_str!("v1.postgres.sql")];

/// The catalog of each version, as [`sqlite_catalog`] and [`postgres_catalog`] read it: one line for each entry.
const SQLITE_CATALOGS: [&str; 1] = [include_str!("v1.sqlite.catalog")];
const POSTGRES_CATALOGS: [&str; 1] = [include_str!("v1.postgres.catalog")];

/// The version that this program writes.
pub(crate) const VERSION: i64 = SQLITE_STEPS.len() as i64;

/// The number in the header of a SQLite file that marks it as a state store: `tgpl`.
const APPLICATION_ID: i64 = 0x7467_706c;

/// The lock of PostgreSQL under which the schema changes.
const SCHEMA_LOCK: i64 = 0x7467_706c;

/// Returns the names of the tables of this version.
pub(crate) fn table_names() -> Vec<String> {
    let lines = SQLITE_CATALOGS.last().map_or("", |catalog| catalog).lines();
    let fields = lines.map(|line| line.split('\t').collect::<Vec<_>>());
    let tables = fields.filter(|fields| fields.get(1) == Some(&"table"));
    tables.filter_map(|fields| fields.first().map(|&name| name.to_owned())).collect()
}

/// Returns the version of a SQLite file, 0 if it is empty, after it was checked.
///
/// # Errors
/// [`StateError::Newer`]; [`StateError::Damaged`] if another program made it, or anything in it is not of tagpol.
pub(crate) fn sqlite_version(connection: &mut Connection) -> Result<i64, StateError> {
    let application = connection.single("PRAGMA application_id", &[])?;
    let version = match connection.single("PRAGMA user_version", &[])? {
        Cell::Int(version) => version,
        _ => 0,
    };
    let found = without_companion(&sqlite_catalog(connection)?);
    if found.is_empty() && version == 0 && application == Cell::Int(0) {
        return Ok(0);
    }
    if application != Cell::Int(APPLICATION_ID) {
        return Err(damaged(connection, "another program made it"));
    }
    compare(connection, version, &found, &SQLITE_CATALOGS)?;
    check_pages(connection)?;
    Ok(version)
}

/// Creates or upgrades the tables of a file that was checked, in the transaction that is open.
pub(crate) fn migrate_sqlite(mut connection: Connection) -> Result<Connection, StateError> {
    let migrated = sqlite_version(&mut connection).and_then(|found| {
        for (version, step) in steps(&SQLITE_STEPS, found) {
            connection.script(step)?;
            connection.script(&format!(
                "PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {version}"
            ))?;
        }
        Ok(())
    });
    match migrated {
        Ok(()) => Ok(connection),
        Err(error) => {
            connection.rollback();
            Err(error)
        }
    }
}

fn steps<S: AsRef<str>>(steps: &[S], found: i64) -> impl Iterator<Item = (i64, &str)> {
    (1..).zip(steps.iter().map(AsRef::as_ref)).filter(move |(version, _)| *version > found)
}

/// Checks that the pages of the file are intact: a damaged tree would silently hide rows. Reads the whole file, which
/// takes 0.2 s for 1.6 million findings.
fn check_pages(connection: &mut Connection) -> Result<(), StateError> {
    match connection.single("PRAGMA quick_check(1)", &[])? {
        Cell::Text(result) if result == "ok" => Ok(()),
        Cell::Text(result) => Err(damaged(connection, &result.replace('\n', " "))),
        _ => Err(damaged(connection, "its pages cannot be checked")),
    }
}

/// Returns the version of the schema `tagpol`, 0 if there is none or it has no table of this program.
///
/// # Errors
/// [`StateError::Newer`]; [`StateError::Damaged`] if a table is not as this program made it.
pub(crate) fn postgres_version(connection: &mut Connection) -> Result<i64, StateError> {
    let encoding = connection.single("SELECT pg_catalog.current_setting('server_encoding')", &[])?;
    if encoding != Cell::Text("UTF8".to_owned()) {
        return Err(damaged(
            connection,
            "the encoding of the database is not UTF8: create it with ENCODING 'UTF8'",
        ));
    }
    let found = postgres_catalog(connection)?;
    if found.is_empty() {
        return Ok(0);
    }
    // Checked before it is read: it could be a view.
    let is_version = |line: &&str| line.starts_with("store_version\t");
    let expected: Vec<&str> = POSTGRES_CATALOGS.iter().flat_map(|c| c.lines()).filter(is_version).collect();
    if found.lines().filter(is_version).collect::<Vec<_>>() != expected {
        return Err(damaged(connection, "another program made the table `tagpol.store_version`"));
    }
    let version = match connection.single("SELECT max(version) FROM tagpol.store_version", &[])? {
        Cell::Int(version) => version,
        _ => return Err(damaged(connection, "the table `tagpol.store_version` has no version")),
    };
    compare(connection, version, &found, &POSTGRES_CATALOGS)?;
    Ok(version)
}

/// Creates or upgrades the schema, in the transaction that is open.
pub(crate) fn migrate_postgres(connection: &mut Connection) -> Result<(), StateError> {
    if postgres_version(connection)? == VERSION {
        return Ok(());
    }
    connection.script(&format!("SELECT pg_catalog.pg_advisory_xact_lock({SCHEMA_LOCK})"))?;
    // Another process may have done it meanwhile.
    let found = postgres_version(connection)?;
    if found == VERSION {
        return Ok(());
    }
    let exists =
        connection.single("SELECT count(*) FROM pg_catalog.pg_namespace WHERE nspname = 'tagpol'", &[])?;
    if exists == Cell::Int(0) {
        connection.script("CREATE SCHEMA tagpol")?;
    }
    for (version, step) in steps(&POSTGRES_STEPS, found) {
        connection.script(step)?;
        connection.script(&format!("INSERT INTO tagpol.store_version VALUES ({version})"))?;
    }
    Ok(())
}

/// Compares a catalog with the one of its version; the last one is that of the newest version.
fn compare(
    connection: &Connection,
    version: i64,
    found: &str,
    catalogs: &[impl AsRef<str>],
) -> Result<(), StateError> {
    let newest = catalogs.len() as i64;
    if version > newest {
        let store = connection.store().to_owned();
        return Err(StateError::Newer { store, found: version, known: newest });
    }
    let expected = usize::try_from(version).ok().and_then(|version| version.checked_sub(1));
    let Some(expected) = expected.and_then(|at| catalogs.get(at)).map(AsRef::as_ref) else {
        return Err(damaged(connection, "it has no valid version"));
    };
    match found.lines().find(|line| !expected.lines().any(|known| known == *line)) {
        None if found.lines().count() == expected.lines().count() => Ok(()),
        None => Err(damaged(connection, "a table or an index is missing")),
        Some(unknown) => {
            let mut words = unknown.split('\t');
            let mut word = || words.next().unwrap_or_default();
            let (name, kind, part) = (word(), word(), word());
            let part = if part.is_empty() || part == name { String::new() } else { format!(" (`{part}`)") };
            Err(damaged(connection, &format!("tagpol did not make the {kind} `{name}`{part} in it")))
        }
    }
}

/// Returns everything that a SQLite file defines: name, kind and definition, separated by tabs.
fn sqlite_catalog(connection: &mut Connection) -> Result<String, StateError> {
    let rows =
        connection.query("SELECT name, type, tbl_name, sql FROM sqlite_master ORDER BY name, type", &[])?;
    Ok(lines(&rows))
}

/// Returns a catalog of SQLite without the tables and indexes of a companion. Its views and triggers would run with
/// statements on other tables, so that they stay in, and are refused.
fn without_companion(catalog: &str) -> String {
    let is_own = |line: &&str| {
        let mut words = line.split('\t');
        let mut word = || words.next().unwrap_or_default();
        let (name, kind, table) = (word(), word(), word());
        !(name.starts_with(COMPANION_PREFIX)
            && table.starts_with(COMPANION_PREFIX)
            && matches!(kind, "table" | "index"))
    };
    catalog.lines().filter(is_own).map(|line| format!("{line}\n")).collect()
}

/// The tables of this program.
const TABLES: [&str; 8] =
    ["store_version", "decisions", "predictions", "runs", "run_goals", "checks", "findings", "imports"];

/// Returns the columns, keys, indexes, triggers and rules of the tables of this program in PostgreSQL: the name, the
/// kind, and its properties.
fn postgres_catalog(connection: &mut Connection) -> Result<String, StateError> {
    let names: Vec<String> = TABLES.iter().map(|name| format!("'{name}'")).collect();
    postgres_catalog_of(connection, &format!("IN ({})", names.join(", ")))
}

/// As [`postgres_catalog`], for the tables whose names meet a condition.
fn postgres_catalog_of(connection: &mut Connection, names: &str) -> Result<String, StateError> {
    let sql = format!(
        "WITH named AS (SELECT c.oid, c.relname, c.relkind FROM pg_catalog.pg_class c \
           JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
           WHERE n.nspname = 'tagpol' AND c.relkind <> 'i' AND c.relname {names}) \
         SELECT relname::text COLLATE \"C\" AS name, (CASE relkind WHEN 'r' THEN 'table' WHEN 'v' THEN 'view' \
           ELSE 'relation' END)::text AS kind, ''::text AS part, ''::text AS definition FROM named \
         UNION ALL SELECT relname::text, 'column'::text, a.attname::text, concat_ws(' ', \
           pg_catalog.format_type(a.atttypid, a.atttypmod), CASE WHEN a.attnotnull THEN 'not null' END, \
           'identity ' || nullif(a.attidentity::text, ''), 'generated ' || nullif(a.attgenerated::text, ''), \
           CASE WHEN a.atthasdef THEN 'default' END, \
           (SELECT l.collname::text FROM pg_catalog.pg_collation l WHERE l.oid = a.attcollation)) \
           FROM named JOIN pg_catalog.pg_attribute a ON a.attrelid = named.oid AND a.attnum > 0 AND NOT a.attisdropped \
         UNION ALL SELECT relname::text, 'key'::text, k.conname::text, pg_catalog.pg_get_constraintdef(k.oid) \
           FROM named JOIN pg_catalog.pg_constraint k ON k.conrelid = named.oid AND k.contype <> 'n' \
         UNION ALL SELECT relname::text, 'trigger'::text, t.tgname::text, '' \
           FROM named JOIN pg_catalog.pg_trigger t ON t.tgrelid = named.oid AND NOT t.tgisinternal \
         UNION ALL SELECT relname::text, 'rule'::text, r.rulename::text, '' \
           FROM named JOIN pg_catalog.pg_rewrite r ON r.ev_class = named.oid \
         ORDER BY 1, 2, 3"
    );
    let rows = connection.query(&sql, &[])?;
    Ok(lines(&rows))
}

fn lines(rows: &[Vec<Cell>]) -> String {
    let word = |cell: &Cell| match cell {
        Cell::Text(text) => text.replace(['\t', '\n'], " "),
        Cell::Null => String::new(),
        other => other.shown(),
    };
    rows.iter().map(|row| row.iter().map(word).collect::<Vec<_>>().join("\t") + "\n").collect()
}

fn damaged(connection: &Connection, reason: &str) -> StateError {
    StateError::Damaged { store: connection.store().to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_version_leads_to_the_next() {
        let from = |found| steps(&["a", "b", "c"], found).collect::<Vec<_>>();
        assert_eq!(from(0), [(1, "a"), (2, "b"), (3, "c")]);
        assert_eq!(from(2), [(3, "c")]);
        assert_eq!(from(3), []);
    }

    #[test]
    fn the_catalog_of_sqlite_is_that_of_a_new_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        crate::StateStore::new(&path).write(|_| Ok::<_, StateError>(())).unwrap();
        let mut connection = crate::connection::tests::open(&path);
        assert_eq!(sqlite_catalog(&mut connection).unwrap(), SQLITE_CATALOGS[0]);
    }
}
