//! What the server stores, on both databases: one suite, run on SQLite and on a PostgreSQL server.
//!
//! The server is the one that TAGPOL_TEST_POSTGRES names; without it the tests on PostgreSQL report that they are skipped.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod alerts;
mod database;
mod jobs;
mod people;
mod schema;
mod trail;

use tagpol_serve_db::{Database, ProjectScope, Repository, Scope};
use tagpol_state::StateError;

/// Makes a test for each database from functions that take one.
macro_rules! on_both_databases {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&crate::database::Place::sqlite());
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                if let Some(place) = crate::database::Place::postgres() {
                    super::$name(&place);
                }
            })*
        }
    };
}
pub(crate) use on_both_databases;

/// The project that the command line shares.
fn project(tenant: &str) -> Scope {
    let project =
        ProjectScope { id: "shop".to_owned(), state_tenant: String::new(), state_project: tenant.to_owned() };
    Scope::project(tenant, project)
}

fn write<T>(
    database: &Database,
    scope: &Scope,
    f: impl FnOnce(&mut Repository<'_>) -> Result<T, StateError>,
) -> T {
    database.write(scope, f).unwrap()
}

fn read<T>(
    database: &Database,
    scope: &Scope,
    f: impl FnOnce(&mut Repository<'_>) -> Result<T, StateError>,
) -> T {
    database.read(scope, f).unwrap()
}
