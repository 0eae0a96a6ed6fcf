//! The tables, and their catalogs.

use std::path::Path;

use tagpol_state::StateError;

use crate::database::Place;
use crate::on_both_databases;

on_both_databases!(
    the_catalog_is_the_committed_one,
    foreign_objects_are_refused,
    the_command_line_reads_the_same_store
);

/// With TAGPOL_UPDATE=1 it writes the catalog, to be reviewed as a diff.
fn the_catalog_is_the_committed_one(place: &Place) {
    let (_database, _) = place.open();
    let name = match place {
        Place::Sqlite(_) => "v4.sqlite.catalog",
        Place::Postgres { .. } => "v4.postgres.catalog",
    };
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/schema").join(name);
    let catalog = place.store().companion_catalog().unwrap();
    if std::env::var_os("TAGPOL_UPDATE").is_some() {
        std::fs::write(&path, &catalog).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), catalog);
    // A second program opens what the first one made.
    drop(place.open());
}

fn foreign_objects_are_refused(place: &Place) {
    drop(place.open());
    place.run("CREATE TABLE serve_other (x INTEGER)");
    let error = place.store().with_companion_of_server();
    assert!(error.contains("serve_other"), "{error}");
}

fn the_command_line_reads_the_same_store(place: &Place) {
    drop(place.open());
    let count = place.store().read::<_, StateError>(|state| state.decision_count()).unwrap();
    assert_eq!(count, Some(0));
}

trait OpenAgain {
    fn with_companion_of_server(self) -> String;
}

impl OpenAgain for tagpol_state::StateStore {
    /// Opens the store as the server does; returns the error.
    fn with_companion_of_server(self) -> String {
        let source = tagpol_serve_core::SystemSource::default();
        tagpol_serve_db::Database::open(self, std::sync::Arc::new(source)).unwrap_err().to_string()
    }
}
