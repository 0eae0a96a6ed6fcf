//! Connections of one database, for several threads.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tagpol_session::{CancelToken, Store};

use crate::error::DataError;

/// How often somebody who waits looks at the token.
const PAUSE: Duration = Duration::from_millis(20);

/// Connections that are used by one thread at a time each.
pub(crate) struct Sessions {
    idle: Mutex<Vec<Store>>,
    returned: Condvar,
}

impl std::fmt::Debug for Sessions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Sessions").finish_non_exhaustive()
    }
}

impl Sessions {
    /// Takes connections that are ready.
    pub(crate) fn new(stores: Vec<Store>) -> Self {
        Self { idle: Mutex::new(stores), returned: Condvar::new() }
    }

    /// Takes a connection, when one is idle, and runs `f` with it. The token ends the wait and the statements.
    pub(crate) fn with<T>(
        &self,
        token: &CancelToken,
        f: impl FnOnce(&Store) -> Result<T, DataError>,
    ) -> Result<T, DataError> {
        let lent = Lent { store: Some(self.take(token)?), sessions: self };
        match &lent.store {
            Some(store) => {
                store.set_cancel(token.clone());
                f(store)
            }
            None => Err(DataError::Busy),
        }
    }

    fn take(&self, token: &CancelToken) -> Result<Store, DataError> {
        let mut idle = self.idle();
        loop {
            if let Some(store) = idle.pop() {
                return Ok(store);
            }
            // Nobody is slow here: others use all connections for as long as this request may take.
            token.check().map_err(|_| DataError::Busy)?;
            idle = self.returned.wait_timeout(idle, PAUSE).unwrap_or_else(PoisonError::into_inner).0;
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Store>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that is given back whatever happens.
struct Lent<'s> {
    store: Option<Store>,
    sessions: &'s Sessions,
}

impl Drop for Lent<'_> {
    fn drop(&mut self) {
        if let Some(store) = self.store.take() {
            self.sessions.idle().push(store);
            self.sessions.returned.notify_one();
        }
    }
}
