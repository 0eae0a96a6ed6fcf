//! Statements that must end: each session has a thread that waits for the end of its time, or for its token.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use duckdb::{Connection, InterruptHandle};

use crate::cancel::CancelToken;
use crate::error::StoreError;

/// How often a statement is interrupted again: one that is just being started may not notice the first time.
const AGAIN: Duration = Duration::from_millis(20);

/// How long the thread sleeps while no statement runs; it is woken when one begins.
const IDLE: Duration = Duration::from_secs(3600);

/// Interrupts a statement that runs for too long or whose token is cancelled.
#[derive(Debug)]
pub(crate) struct Watch {
    timeout: Option<Duration>,
    shared: Arc<Watched>,
}

/// What the thread waits for.
#[derive(Debug, Default)]
pub(crate) struct Watched {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    token: CancelToken,
    /// When the statement that runs began; None: none runs.
    since: Option<Instant>,
    /// Whether the statement that runs, or that ran last, took too long.
    is_late: bool,
    /// Whether the session is gone.
    is_closed: bool,
}

impl Watch {
    pub(crate) fn start(connection: &Connection, timeout: Option<Duration>, token: CancelToken) -> Self {
        let shared = Arc::<Watched>::default();
        token.add(&shared);
        shared.lock().token = token;
        let handle = connection.interrupt_handle();
        let of_thread = Arc::clone(&shared);
        std::thread::spawn(move || of_thread.watch(&handle, timeout));
        Self { timeout, shared }
    }

    /// Listens to another token from now on.
    pub(crate) fn set_token(&self, token: CancelToken) {
        token.add(&self.shared);
        self.shared.lock().token = token;
        self.shared.changed.notify_one();
    }

    /// Returns the token that it listens to.
    pub(crate) fn token(&self) -> CancelToken {
        self.shared.lock().token.clone()
    }

    /// A statement begins. It ends when the result is dropped.
    ///
    /// # Errors
    /// [`StoreError::Cancelled`] if the token is cancelled already.
    pub(crate) fn statement(&self) -> Result<Running<'_>, StoreError> {
        let mut state = self.shared.lock();
        state.token.check()?;
        state.since = Some(Instant::now());
        state.is_late = false;
        self.shared.changed.notify_one();
        Ok(Running(&self.shared))
    }

    /// Returns why the statement that runs has to end, if it has to.
    pub(crate) fn reason(&self) -> Option<StoreError> {
        let state = self.shared.lock();
        if let Some(reason) = state.token.reason() {
            return Some(StoreError::Cancelled(reason));
        }
        let timeout = self.timeout.filter(|_| state.is_late)?;
        Some(StoreError::Timeout { timeout })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.shared.lock().is_closed = true;
        self.shared.changed.notify_one();
    }
}

impl Watched {
    /// Lets the thread look at its token.
    pub(crate) fn wake(&self) {
        // With the lock, so that it either sees the change or is asleep already.
        drop(self.lock());
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watch(&self, handle: &InterruptHandle, timeout: Option<Duration>) {
        let mut state = self.lock();
        while !state.is_closed {
            let now = Instant::now();
            let wait = match state.since {
                None => IDLE,
                Some(since) => {
                    // A time so far away that no clock has it never comes.
                    let end = timeout.and_then(|timeout| since.checked_add(timeout));
                    state.is_late |= end.is_some_and(|end| end <= now);
                    if state.is_late || state.token.reason().is_some() {
                        handle.interrupt();
                        AGAIN
                    } else {
                        let next = end.into_iter().chain(state.token.deadline()).min();
                        next.map_or(IDLE, |next| next.saturating_duration_since(now))
                    }
                }
            };
            let waited = self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner);
            state = waited.0;
        }
    }
}

/// A statement that runs.
pub(crate) struct Running<'w>(&'w Watched);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.lock().since = None;
    }
}
