//! One token stops everything that a use case does: a user gave up, a request was abandoned, or time is over.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use crate::watch::Watched;

/// Stops what it was given to, from any thread.
///
/// Statements of the sessions that were opened with it are interrupted, whether they run or come later, and end
/// with [`StoreError::Cancelled`](crate::StoreError::Cancelled). Work outside a database calls [`Self::check`] now and
/// then. A token cannot be used again: whoever goes on takes a new one.
#[derive(Clone, Default)]
pub struct CancelToken {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    is_cancelled: AtomicBool,
    deadline: Option<Instant>,
    /// The sessions that wait for a statement to end. Those that are gone stay until the next one is opened.
    sessions: Mutex<Vec<Weak<Watched>>>,
}

/// Why something was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Cancelled {
    /// Somebody called [`CancelToken::cancel`].
    #[error("interrupted")]
    Requested,
    /// The deadline of the token has passed.
    #[error("interrupted at the deadline")]
    Deadline,
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CancelToken").field("reason", &self.reason()).finish_non_exhaustive()
    }
}

impl CancelToken {
    /// Returns a token without a deadline.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a token that is cancelled by itself after a time. A time that is too long for a clock never ends.
    pub fn with_timeout(timeout: Duration) -> Self {
        let deadline = Instant::now().checked_add(timeout);
        Self { shared: Arc::new(Shared { deadline, ..Shared::default() }) }
    }

    /// Returns a token that is never cancelled.
    pub fn never() -> &'static Self {
        static NEVER: LazyLock<CancelToken> = LazyLock::new(CancelToken::default);
        &NEVER
    }

    /// Stops what the token was given to. Calling it again changes nothing.
    pub fn cancel(&self) {
        self.shared.is_cancelled.store(true, Ordering::Release);
        self.sessions().iter().filter_map(Weak::upgrade).for_each(|session| session.wake());
    }

    /// Returns a guard that cancels when it is dropped, as the future of an abandoned request is.
    #[must_use = "dropping the guard cancels"]
    pub fn cancel_on_drop(&self) -> CancelOnDrop {
        CancelOnDrop(self.clone())
    }

    /// Returns why to stop; None: go on.
    pub fn reason(&self) -> Option<Cancelled> {
        if self.shared.is_cancelled.load(Ordering::Acquire) {
            return Some(Cancelled::Requested);
        }
        let is_over = self.shared.deadline.is_some_and(|deadline| deadline <= Instant::now());
        is_over.then_some(Cancelled::Deadline)
    }

    /// Returns an error if it is time to stop.
    ///
    /// # Errors
    /// Why.
    pub fn check(&self) -> Result<(), Cancelled> {
        self.reason().map_or(Ok(()), Err)
    }

    /// Whether a session is open that ends its statements with this token.
    pub fn has_sessions(&self) -> bool {
        self.sessions().iter().any(|session| session.strong_count() > 0)
    }

    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.shared.deadline
    }

    /// Wakes a session when the token is cancelled.
    pub(crate) fn add(&self, session: &Arc<Watched>) {
        let mut sessions = self.sessions();
        sessions.retain(|session| session.strong_count() > 0);
        sessions.push(Arc::downgrade(session));
    }

    fn sessions(&self) -> std::sync::MutexGuard<'_, Vec<Weak<Watched>>> {
        self.shared.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cancels a token when it is dropped; see [`CancelToken::cancel_on_drop`].
#[derive(Debug)]
pub struct CancelOnDrop(CancelToken);

impl Drop for CancelOnDrop {
    fn drop(&mut self) {
        self.0.cancel();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_has_a_reason_once_it_is_cancelled() {
        let token = CancelToken::new();
        assert_eq!((token.reason(), token.check()), (None, Ok(())));
        drop(token.clone().cancel_on_drop());
        assert_eq!((token.reason(), token.check()), (Some(Cancelled::Requested), Err(Cancelled::Requested)));
        assert_eq!(CancelToken::never().reason(), None);
    }

    #[test]
    fn a_deadline_cancels_and_one_beyond_all_clocks_does_not() {
        assert_eq!(CancelToken::with_timeout(Duration::ZERO).reason(), Some(Cancelled::Deadline));
        assert_eq!(CancelToken::with_timeout(Duration::MAX).reason(), None);
    }
}
