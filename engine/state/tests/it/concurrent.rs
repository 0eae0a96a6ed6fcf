//! Several writers and readers.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tagpol_state::{Page, StateError, StateStore};

use crate::database::Database;
use crate::{day, decide, error, on_both_databases, set};

on_both_databases!(
    eight_writers_leave_no_gap,
    a_store_in_use_is_waited_for_and_then_an_error,
    readers_see_one_state,
);

fn eight_writers_leave_no_gap(database: &Database) {
    let store = database.store();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let store = &store;
            scope.spawn(move || {
                for at in 0..12 {
                    let changes =
                        [set(&format!("{thread}-{at}"), "me"), set("shared", &format!("{thread}-{at}"))];
                    decide(store, 1, &changes);
                }
            });
        }
    });
    let trail = store.read(|state| state.trail(None, Page::first(1000))).unwrap().unwrap();
    assert_eq!(trail.iter().map(|d| d.seq).collect::<Vec<_>>(), (1..=192).collect::<Vec<i64>>());
    // Each saw the decision before it.
    let mut before = None;
    for decision in trail.iter().filter(|d| d.resource == "shared") {
        assert_eq!(decision.old_value, before);
        before.clone_from(&decision.new_value);
    }
}

fn a_store_in_use_is_waited_for_and_then_an_error(database: &Database) {
    let reported = Arc::new(Mutex::new(0));
    let listener = Arc::clone(&reported);
    let store = database.store().with_patience(Duration::from_millis(600)).on_wait(move |waiting| {
        assert!(!waiting.store.is_empty());
        *listener.lock().unwrap() += 1;
    });
    decide(&store, 1, &[set("i-1", "me")]);
    store
        .write(|_| {
            let locked = error(store.write(|state| state.decide(day(1), "jo", &[])));
            assert!(matches!(&locked, StateError::Locked { .. }), "{locked}");
            assert!(locked.to_string().ends_with("waited 0.6 s"), "{locked}");
            Ok::<_, StateError>(())
        })
        .unwrap();
    assert_eq!(*reported.lock().unwrap(), 1, "reported once");
    // Readers keep nobody waiting for long, and each other not at all.
    let read = store.read(|_| store.read(|state| state.decision_count()));
    assert_eq!(read.unwrap().flatten(), Some(1));
    // Another project has its own writer, on a server.
    if !database.is_sqlite() {
        let other = database.store().for_project("", "other").with_patience(Duration::ZERO);
        store.write(|_| other.write(|_| Ok::<_, StateError>(()))).unwrap();
    }
}

fn readers_see_one_state(database: &Database) {
    let store = database.store();
    decide(&store, 1, &[set("i-0", "me")]);
    let writer: StateStore = store.clone();
    let counts = store.read(|state| {
        let before = state.decision_count()?;
        // On SQLite the writer waits until the reader is done.
        let thread = std::thread::spawn(move || decide(&writer, 2, &[set("i-1", "me")]));
        std::thread::sleep(Duration::from_millis(50));
        Ok::<_, StateError>((before, state.decision_count()?, thread))
    });
    let (before, after, thread) = counts.unwrap().unwrap();
    assert_eq!((before, after), (1, 1));
    assert_eq!(thread.join().unwrap(), [2]);
    assert_eq!(store.read(|state| state.decision_count()).unwrap(), Some(2));
}
