//! How long to wait for another process, and when to report that.

use std::time::Duration;

use crate::error::StateError;
use crate::store::Waiting;

/// How long to wait before the user is told.
const SILENCE: Duration = Duration::from_millis(300);

/// Longest pause between two attempts: short, so that no process is passed over for long.
const PAUSE: Duration = Duration::from_millis(40);

/// The result of an attempt.
pub(crate) enum Attempt<T> {
    /// It succeeded.
    Done(T),
    /// Another process is in the way.
    Busy,
}

/// How long to retry, and whom to tell.
pub(crate) struct Patience<'p> {
    store: &'p str,
    limit: Duration,
    on_wait: &'p dyn Fn(&Waiting<'_>),
    waited: Duration,
    pause: Duration,
    is_reported: bool,
}

impl<'p> Patience<'p> {
    pub(crate) fn new(store: &'p str, limit: Duration, on_wait: &'p dyn Fn(&Waiting<'_>)) -> Self {
        let (waited, pause) = (Duration::ZERO, Duration::from_millis(1));
        Self { store, limit, on_wait, waited, pause, is_reported: false }
    }

    /// Retries until it succeeds, fails, or the time is over.
    pub(crate) fn until<T>(
        &mut self,
        mut attempt: impl FnMut() -> Result<Attempt<T>, StateError>,
    ) -> Result<T, StateError> {
        loop {
            match attempt()? {
                Attempt::Done(value) => return Ok(value),
                Attempt::Busy => self.wait()?,
            }
        }
    }

    fn wait(&mut self) -> Result<(), StateError> {
        if self.waited >= self.limit {
            return Err(StateError::Locked { store: self.store.to_owned(), waited: self.waited });
        }
        if self.waited >= SILENCE && !self.is_reported {
            self.is_reported = true;
            (self.on_wait)(&Waiting { store: self.store });
        }
        let pause = self.pause.min(self.limit - self.waited);
        std::thread::sleep(pause);
        self.waited += pause;
        self.pause = (self.pause * 2).min(PAUSE);
        Ok(())
    }
}
