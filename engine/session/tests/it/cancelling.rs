//! A token stops statements from another thread, and a deadline stops them by itself.

use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use tagpol_session::{
    CancelToken, Cancelled, ColumnType, LoadValue, Pool, PoolLimits, Store, StoreError, StoreOptions,
};

use crate::value;

/// Far more work than any test would wait for.
const ENDLESS: &str = "SELECT count(*) FROM range(10000000000000) t(i) WHERE hash(i) = 1";

fn store_with(cancel: &CancelToken) -> Store {
    Store::in_memory(&StoreOptions { cancel: cancel.clone(), ..StoreOptions::default() }).expect("opens")
}

fn is_requested<T>(result: &Result<T, StoreError>) -> bool {
    matches!(result, Err(StoreError::Cancelled(Cancelled::Requested)))
}

#[test]
fn a_long_statement_ends_when_its_token_is_cancelled() {
    let token = CancelToken::new();
    let store = store_with(&token);
    let (begins, has_begun) = channel();
    let worker = thread::spawn(move || {
        begins.send(()).expect("is awaited");
        let result = store.query(ENDLESS);
        (store, result)
    });
    has_begun.recv().expect("begins");
    // Once is enough, wherever the statement is by now.
    token.cancel();
    let (store, result) = worker.join().expect("does not panic");
    assert!(is_requested(&result), "{result:?}");
    assert!(is_requested(&store.execute("SELECT 1")), "later ones end too");
    store.set_cancel(CancelToken::new());
    store.execute("SELECT 1").expect("a new token begins anew");
}

#[test]
fn a_deadline_ends_a_statement_by_itself() {
    let store = store_with(&CancelToken::with_timeout(Duration::from_millis(50)));
    let result = store.query(ENDLESS);
    assert!(matches!(result, Err(StoreError::Cancelled(Cancelled::Deadline))), "{result:?}");
}

#[test]
fn rows_stop_coming_and_going_when_the_token_is_cancelled() {
    let token = CancelToken::new();
    let store = store_with(&token);
    let mut rows = 0_u64;
    let result = store.for_each("SELECT i FROM range(10000000000000) t(i)", |_| {
        rows += 1;
        if rows == 5_000 {
            token.cancel();
        }
        Ok::<_, StoreError>(())
    });
    assert!(is_requested(&result), "{result:?}");
    assert!(rows < 1_000_000, "{rows}");

    let token = CancelToken::new();
    let store = store_with(&token);
    let result = store.load::<StoreError>("t", &[("i", ColumnType::Int)], |loader| {
        loader.push(&[LoadValue::Int(1)])?;
        token.cancel();
        loader.push(&[LoadValue::Int(2)])
    });
    assert!(is_requested(&result), "{result:?}");
}

#[test]
fn one_token_ends_the_statements_of_several_sessions_and_of_no_other() {
    let token = CancelToken::new();
    let (one, another) = (store_with(&token), store_with(&token).another_session().expect("opens"));
    let other = store_with(&CancelToken::new());
    let sessions = [one, another].map(|store| thread::spawn(move || store.query(ENDLESS)));
    token.cancel();
    for session in sessions {
        let result = session.join().expect("does not panic");
        assert!(is_requested(&result), "{result:?}");
    }
    other.execute("SELECT 1").expect("has its own token");
}

#[test]
fn a_token_may_outlive_its_sessions() {
    fn is_shared<T: Send + Sync + 'static>(_: &T) {}
    let token = CancelToken::new();
    is_shared(&token);
    let store = store_with(&token);
    assert!(token.has_sessions());
    drop(store);
    token.cancel();
}

#[test]
fn a_pool_bounds_how_many_sessions_are_open_and_what_they_use() {
    let pool = Pool::new(PoolLimits { sessions: 2, memory: Some(512 << 20), threads: Some(4) });
    let open = || pool.open(&StoreOptions::default()).expect("opens");
    let (first, second) = (open(), open());
    assert_eq!(value(&first, "SELECT current_setting('threads')").as_int(), Some(2));
    assert_eq!(value(&first, "SELECT current_setting('memory_limit')").as_text(), Some("256.0 MiB"));

    let token = CancelToken::new();
    let options = StoreOptions { cancel: token.clone(), ..StoreOptions::default() };
    let waiting = thread::spawn({
        let pool = pool.clone();
        move || pool.open(&options).map(drop)
    });
    token.cancel();
    assert!(is_requested(&waiting.join().expect("does not panic")), "it waits, and can be cancelled");

    // Another session of the same database keeps its place.
    let again = first.another_session().expect("opens");
    drop(first);
    let deadline = CancelToken::with_timeout(Duration::from_millis(50));
    let options = StoreOptions { cancel: deadline, ..StoreOptions::default() };
    assert!(matches!(pool.open(&options), Err(StoreError::Cancelled(Cancelled::Deadline))));
    drop(again);
    drop((open(), second));
}
