//! A running statement can be stopped from another thread.

use std::sync::mpsc::{TryRecvError, channel};
use std::thread;

use tagpol_session::{InterruptHandle, StoreError};

use crate::store;

/// Far more work than any test would wait for.
const ENDLESS: &str = "SELECT count(*) FROM range(10000000000000) t(i) WHERE hash(i) = 1";

#[test]
fn a_long_statement_ends_when_it_is_interrupted() {
    let store = store();
    let handle = store.interrupt_handle();
    let (ended, has_ended) = channel();
    let worker = thread::spawn(move || {
        let result = store.query(ENDLESS);
        ended.send(()).expect("is awaited");
        (store, result)
    });
    while has_ended.try_recv() == Err(TryRecvError::Empty) {
        handle.interrupt();
        thread::yield_now();
    }
    let (store, result) = worker.join().expect("does not panic");
    assert!(matches!(result, Err(StoreError::Interrupted)), "{result:?}");
    assert!(matches!(store.execute("SELECT 1"), Err(StoreError::Interrupted)), "later ones end too");
}

#[test]
fn rows_stop_coming_when_it_is_interrupted() {
    let store = store();
    let handle = store.interrupt_handle();
    let mut rows = 0_u64;
    let result = store.for_each("SELECT i FROM range(10000000000000) t(i)", |_| {
        rows += 1;
        if rows == 5_000 {
            handle.interrupt();
        }
        Ok::<_, StoreError>(())
    });
    assert!(matches!(result, Err(StoreError::Interrupted)), "{result:?}");
    assert!(rows < 1_000_000, "{rows}");
}

#[test]
fn a_handle_may_outlive_its_store() {
    fn is_shared<T: Send + Sync + 'static>(_: &T) {}
    let handle: InterruptHandle = store().interrupt_handle();
    is_shared(&handle);
    handle.interrupt();
}
