//! Tables of another crate in the same database, and connections that stay open.

use tagpol_state::{Cell, Companion, CompanionSchema, StateError, StateStore};

use crate::database::Database;
use crate::{decide, error, on_both_databases, set};

on_both_databases!(
    both_kinds_of_rows_are_one_transaction,
    a_companion_cannot_bring_a_view_or_a_newer_version,
    kept_connections_see_what_others_wrote,
);

/// Opens the store with one table more, as a newer version of the companion if there are two steps.
fn with_companion(database: &Database, steps: usize) -> StateStore {
    let table = |name: &str, rest: &str| {
        if database.is_sqlite() {
            format!("CREATE TABLE serve_{name} ({rest}) STRICT, WITHOUT ROWID;")
        } else {
            format!("CREATE TABLE tagpol.serve_{name} ({rest});")
        }
    };
    let first = table("version", "version INTEGER NOT NULL, PRIMARY KEY (version)")
        + &table("notes", "id INTEGER NOT NULL, PRIMARY KEY (id)");
    let all = [first, table("more", "id INTEGER NOT NULL, PRIMARY KEY (id)")];
    let mut schema = CompanionSchema::default();
    for at in 0..steps {
        schema.steps = all[..=at].to_vec();
        // The catalog of a store of that version.
        let other = if database.is_sqlite() { Database::sqlite() } else { Database::postgres().unwrap() };
        let of = Companion { sqlite: schema.clone(), postgres: schema.clone() };
        other.store().with_companion(of).write_all(|_| Ok::<_, StateError>(())).unwrap();
        schema.catalogs.push(other.store().companion_catalog().unwrap());
    }
    database.store().with_companion(Companion { sqlite: schema.clone(), postgres: schema })
}

fn count(store: &StateStore) -> Option<(i64, usize)> {
    let read = store.read_all::<_, StateError>(|t| {
        let rows = t.query("SELECT id FROM serve_notes", &[])?;
        Ok((t.state().decision_count()?, rows.len()))
    });
    read.unwrap()
}

fn both_kinds_of_rows_are_one_transaction(database: &Database) {
    let store = with_companion(database, 1);
    assert_eq!(count(&store), None);
    let write = |fail: bool| {
        store.write_all(|t| {
            t.state().decide(crate::day(1), "jane", &[set("r1", "a")])?;
            t.execute("INSERT INTO serve_notes (id) VALUES ($1)", &[7.into()])?;
            assert_eq!(t.query("SELECT id FROM serve_notes", &[])?, [[Cell::Int(7)]]);
            if fail { Err(StateError::Source("stop".into())) } else { Ok(()) }
        })
    };
    write(true).unwrap_err();
    assert_eq!(count(&store).unwrap_or_default(), (0, 0));
    write(false).unwrap();
    assert_eq!(count(&store), Some((1, 1)));
    // The command line, which knows nothing of the other table.
    assert_eq!(database.store().read::<_, StateError>(|state| state.decision_count()).unwrap(), Some(1));
    // A newer version adds a table and keeps the rows.
    let newer = with_companion(database, 2);
    assert_eq!(count(&newer), None);
    newer.write_all(|_| Ok::<_, StateError>(())).unwrap();
    assert_eq!(count(&newer), Some((1, 1)));
    let refused = error(store.read_all(|_| Ok(())));
    assert!(matches!(refused, StateError::Newer { found: 2, known: 1, .. }), "{refused}");
}

fn a_companion_cannot_bring_a_view_or_a_newer_version(database: &Database) {
    let store = with_companion(database, 1);
    store.write_all(|_| Ok::<_, StateError>(())).unwrap();
    database.run("CREATE VIEW serve_view AS SELECT 1 AS id");
    let refused = error(store.read_all(|_| Ok(())));
    assert!(refused.to_string().contains("serve_view"), "{refused}");
    if database.is_sqlite() {
        let refused = error(database.store().read(|_| Ok(())));
        assert!(refused.to_string().contains("serve_view"), "{refused}");
    }
}

fn kept_connections_see_what_others_wrote(database: &Database) {
    let kept = database.store().keeping_connections(2);
    let count = || kept.read::<_, StateError>(|state| state.decision_count()).unwrap();
    assert_eq!(decide(&kept, 1, &[set("r1", "a")]), [1]);
    assert_eq!(count(), Some(1));
    assert_eq!(decide(&database.store(), 1, &[set("r2", "a")]), [2]);
    assert_eq!(count(), Some(2));
    assert_eq!(decide(&kept, 1, &[set("r3", "a")]), [3]);
    assert_eq!(decide(&kept.clone().for_project("t", "p"), 1, &[set("r3", "a")]), [1]);
    // A transaction that fails leaves nothing, and the next one works.
    error(kept.write::<(), _>(|_| Err(StateError::Source("stop".into()))));
    assert_eq!(count(), Some(3));
}
