//! What a project remembers, on both databases: one suite, run on SQLite and on a PostgreSQL server.
//!
//! The server is the one that TAGPOL_TEST_POSTGRES names, in which each test creates a database of its own; without
//! it the tests on PostgreSQL report that they are skipped. `scripts/postgres.sh run COMMAND` starts one.

#![expect(
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a helper of a test may fail it"
)]

mod companion;
mod concurrent;
mod damage;
mod database;
mod decisions;
mod findings;
mod import;
mod location;
mod runs;
mod sqlite_files;

use chrono::{DateTime, Utc};
use tagpol_state::{Action, Change, StateError, StateStore};

/// Makes a test for each database from functions that take one.
macro_rules! on_both_databases {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[test]
            fn $name() {
                super::$name(&crate::database::Database::sqlite());
            })*
        }
        mod postgres {
            $(#[test]
            fn $name() {
                if let Some(database) = crate::database::Database::postgres() {
                    super::$name(&database);
                }
            })*
        }
    };
}
pub(crate) use on_both_databases;

fn day(day: u32) -> DateTime<Utc> {
    format!("2020-01-{day:02}T00:00:00Z").parse().unwrap()
}

fn change(action: Action, resource: &str, tag: &str, value: Option<&str>) -> Change {
    let [resource, tag] = [resource, tag].map(str::to_owned);
    Change { action, resource, tag, value: value.map(str::to_owned), note: None }
}

fn set(resource: &str, value: &str) -> Change {
    change(Action::Set, resource, "owner", Some(value))
}

/// Decides; returns the numbers of the decisions.
fn decide(store: &StateStore, at: u32, changes: &[Change]) -> Vec<i64> {
    let decided = store.write(|state| state.decide(day(at), "jane", changes)).unwrap();
    decided.iter().map(|decision| decision.seq).collect()
}

fn error<T>(result: Result<T, StateError>) -> StateError {
    match result {
        Ok(_) => panic!("no error"),
        Err(error) => error,
    }
}
