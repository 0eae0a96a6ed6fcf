//! How often and how many people may ask: an answer can take seconds, and a model that is paid for.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tagpol_serve_core::errors::{ApiError, Code};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Answers that are made at the same time.
const AT_ONCE: usize = 8;

/// Questions of a person in [`WINDOW`].
const MOST: usize = 20;

const WINDOW: Duration = Duration::from_secs(60);

/// Who is asking, and who has asked in the last minute.
#[derive(Debug)]
pub(crate) struct Limits {
    turns: Arc<Semaphore>,
    people: Mutex<BTreeMap<String, Person>>,
}

#[derive(Debug, Default)]
struct Person {
    /// When the last questions were asked.
    asked: VecDeque<Instant>,
    is_asking: bool,
}

impl Default for Limits {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)), people: Mutex::default() }
    }
}

/// A question that is being answered. Dropping it lets the person ask again.
#[derive(Debug)]
pub(crate) struct Turn {
    limits: Arc<Limits>,
    user: String,
    _turn: OwnedSemaphorePermit,
}

impl Limits {
    /// Lets a person ask.
    ///
    /// # Errors
    /// [`Code::TooManyRequests`] and [`Code::Busy`], with the time after which to ask again.
    pub(crate) fn turn(self: &Arc<Self>, user: &str, now: Instant) -> Result<Turn, ApiError> {
        let mut people = self.people.lock().unwrap_or_else(PoisonError::into_inner);
        for person in people.values_mut() {
            while person.asked.front().is_some_and(|at| now.duration_since(*at) >= WINDOW) {
                person.asked.pop_front();
            }
        }
        people.retain(|_, person| person.is_asking || !person.asked.is_empty());
        if let Some(person) = people.get(user) {
            if person.is_asking {
                let error =
                    ApiError::new(Code::TooManyRequests, "your last question is still being answered");
                return Err(error.help("wait for the answer, or stop it").retry_after(2));
            }
            if let Some(first) = person.asked.front().filter(|_| person.asked.len() >= MOST) {
                let left = WINDOW.saturating_sub(now.duration_since(*first)).as_secs() + 1;
                let error =
                    ApiError::new(Code::TooManyRequests, format!("you asked {MOST} questions in a minute"));
                return Err(error.retry_after(u32::try_from(left).unwrap_or(u32::MAX)));
            }
        }
        let turn = Arc::clone(&self.turns).try_acquire_owned().map_err(|_| {
            ApiError::new(Code::Busy, format!("{AT_ONCE} questions are being answered")).retry_after(5)
        })?;
        let person = people.entry(user.to_owned()).or_default();
        person.asked.push_back(now);
        person.is_asking = true;
        Ok(Turn { limits: Arc::clone(self), user: user.to_owned(), _turn: turn })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut people = self.limits.people.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(person) = people.get_mut(&self.user) {
            person.is_asking = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_question_at_a_time_and_some_in_a_minute() {
        let limits = Arc::new(Limits::default());
        let start = Instant::now();
        let turn = limits.turn("ann", start).unwrap();
        let refused = limits.turn("ann", start).unwrap_err();
        assert_eq!((refused.code, refused.retry_after), (Code::TooManyRequests, Some(2)));
        drop(limits.turn("bob", start).unwrap());
        drop(turn);
        for _ in 1..MOST {
            drop(limits.turn("ann", start).unwrap());
        }
        let refused = limits.turn("ann", start + Duration::from_secs(10)).unwrap_err();
        assert_eq!((refused.code, refused.retry_after), (Code::TooManyRequests, Some(51)));
        drop(limits.turn("ann", start + WINDOW).unwrap());
        assert_eq!(limits.people.lock().unwrap().len(), 1);
    }

    #[test]
    fn some_answers_at_once() {
        let limits = Arc::new(Limits::default());
        let now = Instant::now();
        let turns: Vec<Turn> = (0..AT_ONCE).map(|at| limits.turn(&at.to_string(), now).unwrap()).collect();
        assert_eq!(limits.turn("ann", now).unwrap_err().code, Code::Busy);
        drop(turns);
        drop(limits.turn("ann", now).unwrap());
    }
}
