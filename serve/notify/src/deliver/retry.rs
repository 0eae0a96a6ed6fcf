//! When to try again.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

/// After this a message is dead: nobody wants to read it any more, and somebody has to look at the channel.
pub const GIVE_UP_AFTER: TimeDelta = TimeDelta::hours(24);

const FIRST: u64 = 15;
const LONGEST: u64 = 3600;

/// Returns when to try again after `attempts` attempts that failed, the first at `first`; None to give up.
///
/// Waits double from 15 seconds to an hour. `jitter`, from 0 to 1, takes up to a half off, so that messages that
/// failed together do not come back together. A channel that asks for a longer wait gets it.
pub fn next_attempt(
    first: DateTime<Utc>,
    attempts: u32,
    asked: Option<Duration>,
    now: DateTime<Utc>,
    jitter: f64,
) -> Option<DateTime<Utc>> {
    let doubled =
        FIRST.saturating_mul(1_u64.checked_shl(attempts.saturating_sub(1)).unwrap_or(u64::MAX)).min(LONGEST);
    let wait = Duration::from_secs(doubled).mul_f64(1.0 - 0.5 * jitter.clamp(0.0, 1.0));
    let wait = TimeDelta::from_std(wait.max(asked.unwrap_or_default())).ok()?;
    let next = now.checked_add_signed(wait)?;
    (next - first <= GIVE_UP_AFTER).then_some(next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour_and_end_after_a_day() {
        let first: DateTime<Utc> = "2026-03-02T00:00:00Z".parse().unwrap();
        let wait = |attempts, jitter| {
            (next_attempt(first, attempts, None, first, jitter).unwrap() - first).num_seconds()
        };
        assert_eq!([1, 2, 3, 4, 40, 400].map(|attempts| wait(attempts, 0.0)), [15, 30, 60, 120, 3600, 3600]);
        assert_eq!(wait(2, 1.0), 15);
        assert_eq!(
            next_attempt(first, 1, Some(Duration::from_secs(90)), first, 0.5),
            Some(first + TimeDelta::seconds(90))
        );
        assert_eq!(next_attempt(first, 1, Some(Duration::MAX), first, 0.5), None);
        let late = first + TimeDelta::hours(24);
        assert_eq!(next_attempt(first, 30, None, late, 0.0), None);
    }
}
