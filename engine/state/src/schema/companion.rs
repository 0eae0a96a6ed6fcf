//! The tables of a companion: a crate that stores rows of its own in the same database, in the same transactions.
//!
//! They are checked as those of this crate are: compared with the catalog of their version before any is read.

use super::{COMPANION_PREFIX, SCHEMA_LOCK, damaged, postgres_catalog_of, sqlite_catalog, steps};
use crate::connection::{Access, Cell, Connection};
use crate::error::StateError;

/// The schema of a companion in one database.
#[derive(Debug, Clone, Default)]
pub struct CompanionSchema {
    /// Statements, separated by `;`, that lead from each version to the next one. A step that has been released never
    /// changes. In PostgreSQL tables are created in the schema `tagpol`.
    pub steps: Vec<String>,
    /// The catalog of each version, as [`StateStore::companion_catalog`](crate::StateStore::companion_catalog) returns
    /// it.
    pub catalogs: Vec<String>,
}

/// Tables that another crate has in the same database. All their names, and those of their indexes, begin with `serve_`;
/// `serve_version` has the one column `version`, which this crate fills.
#[derive(Debug, Clone, Default)]
pub struct Companion {
    /// In a SQLite file.
    pub sqlite: CompanionSchema,
    /// In a PostgreSQL database.
    pub postgres: CompanionSchema,
}

impl Companion {
    fn schema(&self, connection: &Connection) -> &CompanionSchema {
        if connection.is_server() { &self.postgres } else { &self.sqlite }
    }

    /// Checks the tables, and creates or upgrades them if the transaction may write. False: there are none, or older
    /// ones, and nothing is to be written.
    pub(crate) fn prepare(&self, connection: &mut Connection, access: Access) -> Result<bool, StateError> {
        let schema = self.schema(connection);
        let newest = schema.steps.len() as i64;
        if version(connection, schema)? == newest {
            return Ok(true);
        }
        if access == Access::Read {
            return Ok(false);
        }
        if connection.is_server() {
            connection.script(&format!("SELECT pg_catalog.pg_advisory_xact_lock({SCHEMA_LOCK})"))?;
        }
        // Another process may have done it meanwhile.
        let found = version(connection, schema)?;
        for (version, step) in steps(&schema.steps, found) {
            connection.script(step)?;
            let table = if connection.is_server() { "tagpol.serve_version" } else { "serve_version" };
            connection.script(&format!("INSERT INTO {table} (version) VALUES ({version})"))?;
        }
        Ok(true)
    }
}

/// Returns the version of the tables, 0 if there are none, after they were compared with its catalog.
fn version(connection: &mut Connection, schema: &CompanionSchema) -> Result<i64, StateError> {
    let found = catalog(connection)?;
    if found.is_empty() {
        return Ok(0);
    }
    // The table is compared before it is read: it could be a view.
    let of_version = |text: &str| -> Vec<String> {
        text.lines().filter(|line| line.starts_with("serve_version\t")).map(str::to_owned).collect()
    };
    let known = schema.catalogs.first().map(String::as_str).unwrap_or_default();
    if of_version(&found) != of_version(known) {
        return Err(damaged(connection, "another program made the table `serve_version`"));
    }
    let version = match connection.single("SELECT max(version) FROM serve_version", &[])? {
        Cell::Int(version) => version,
        _ => return Err(damaged(connection, "the table `serve_version` has no version")),
    };
    super::compare(connection, version, &found, &schema.catalogs)?;
    Ok(version)
}

/// Returns what the database defines with the prefix of a companion.
pub(crate) fn catalog(connection: &mut Connection) -> Result<String, StateError> {
    if connection.is_server() {
        return postgres_catalog_of(connection, &format!("LIKE '{}%'", COMPANION_PREFIX.replace('_', "\\_")));
    }
    let all = sqlite_catalog(connection)?;
    Ok(all
        .lines()
        .filter(|line| line.starts_with(COMPANION_PREFIX))
        .map(|line| format!("{line}\n"))
        .collect())
}
