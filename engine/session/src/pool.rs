//! A bound on the sessions of a process: how many are open at a time, and what they use together.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::cancel::CancelToken;
use crate::error::StoreError;
use crate::limits::Limits;
use crate::store::{Store, StoreOptions};

/// How often somebody who waits for a session looks at the token.
const PAUSE: Duration = Duration::from_millis(20);

/// What the sessions of a [`Pool`] may use together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PoolLimits {
    /// Sessions that are open at a time. 0 counts as 1.
    pub sessions: usize,
    /// Bytes of memory of all of them. None: 80% of the machine's, or of its container's.
    pub memory: Option<u64>,
    /// Threads of all of them. None: one for each core.
    pub threads: Option<usize>,
}

/// Opens sessions, and lets callers wait while too many are open.
///
/// Each session has an equal share of the memory and the threads, whether others are open or not: an evaluation that
/// fits must not fail because of another one. A use case has one session at a time; one that opened a second while it
/// has a first could wait for itself. The default has no bound: each session has the limits of its options.
#[derive(Debug, Clone, Default)]
pub struct Pool {
    bound: Option<Arc<Bound>>,
}

#[derive(Debug)]
struct Bound {
    limits: PoolLimits,
    open: Mutex<usize>,
    closed: Condvar,
}

impl Pool {
    /// Returns a pool with limits.
    pub fn new(limits: PoolLimits) -> Self {
        Self { bound: Some(Arc::new(Bound { limits, open: Mutex::new(0), closed: Condvar::new() })) }
    }

    /// Returns the pool of sessions that share no limits.
    pub fn unbounded() -> &'static Self {
        static UNBOUNDED: Pool = Pool { bound: None };
        &UNBOUNDED
    }

    /// Opens an empty database, when it is its turn. The session is given back when it is dropped.
    ///
    /// # Errors
    /// As [`Store::in_memory`]; [`StoreError::Cancelled`] if the token of the options is cancelled while it waits.
    pub fn open(&self, options: &StoreOptions) -> Result<Store, StoreError> {
        let Some(bound) = &self.bound else { return Store::in_memory(options) };
        let turn = Bound::wait(bound, &options.cancel)?;
        let mut store = Store::in_memory(&bound.share(options))?;
        store.turn = Some(Arc::new(turn));
        Ok(store)
    }
}

impl Bound {
    fn open(&self) -> MutexGuard<'_, usize> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn sessions(&self) -> usize {
        self.limits.sessions.max(1)
    }

    fn wait(bound: &Arc<Self>, token: &CancelToken) -> Result<Turn, StoreError> {
        let mut open = bound.open();
        loop {
            token.check()?;
            if *open < bound.sessions() {
                *open += 1;
                return Ok(Turn(Arc::clone(bound)));
            }
            open = bound.closed.wait_timeout(open, PAUSE).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    /// Limits what a session may use to its share.
    fn share(&self, options: &StoreOptions) -> StoreOptions {
        let all = Limits { memory: self.limits.memory, timeout: None }.memory_bytes();
        let memory = all / u64::try_from(self.sessions()).unwrap_or(u64::MAX);
        let cores = || std::thread::available_parallelism().map_or(1, usize::from);
        let threads = (self.limits.threads.unwrap_or_else(cores) / self.sessions()).max(1);
        let limits = Limits { memory: Some(memory.min(options.limits.memory_bytes())), ..options.limits };
        let threads = options.threads.map_or(threads, |wanted| wanted.min(threads));
        StoreOptions { limits, threads: Some(threads), ..options.clone() }
    }
}

/// A place among the open sessions.
#[derive(Debug)]
pub(crate) struct Turn(Arc<Bound>);

impl Drop for Turn {
    fn drop(&mut self) {
        let mut open = self.0.open();
        *open = open.saturating_sub(1);
        self.0.closed.notify_one();
    }
}
