//! The store against a real DuckDB.

#![expect(clippy::expect_used, clippy::panic, clippy::unwrap_used, reason = "a helper of a test may fail it")]

mod attached;
mod cancelling;
mod earlier_state;
mod errors;
mod loading;
mod snapshots;
mod values;
mod zones;

use tagpol_session::{Cell, Store, StoreOptions};

fn store() -> Store {
    Store::in_memory(&StoreOptions::default()).expect("opens")
}

/// Returns the one value of a query.
fn value(store: &Store, sql: &str) -> Cell {
    let table = store.query(sql).unwrap_or_else(|e| panic!("{sql}: {e}"));
    table.single().unwrap_or_else(|| panic!("{sql}: no single value")).clone()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}
