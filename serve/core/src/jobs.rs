//! Jobs: queues, states, retries. Pure: what happens to a job is decided here, and stored elsewhere.

use chrono::{DateTime, Duration, Utc};

use crate::Source;

/// How long a worker has a job before another one may take it.
pub const LEASE: Duration = Duration::seconds(60);

/// How often a worker extends its lease.
pub const HEARTBEAT: Duration = Duration::seconds(15);

/// Attempts of a job before it is dead, in all queues but [`Queue::Notify`].
pub const ATTEMPTS: i64 = 5;

/// For how long a job of [`Queue::Notify`] is tried again before it is dead: a mail server may be down for a night, and after
/// a day nobody wants to read the message any more.
pub const GIVE_UP_AFTER: Duration = Duration::hours(24);

/// The longest pause between two attempts, unless the other side asks for a longer one.
const LONGEST_PAUSE: Duration = Duration::hours(1);

/// The job that applies a bulk change, whose id is the key of the job.
pub const BULK_APPLY: &str = "bulk-apply";

/// The job that undoes a bulk change, whose id is the key of the job.
pub const BULK_UNDO: &str = "bulk-undo";

/// A queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "`as_str` has the names")]
pub enum Queue {
    Ingestion,
    Normalization,
    Inference,
    Compliance,
    Audit,
    Notify,
}

impl Queue {
    /// All queues.
    pub const ALL: [Self; 6] =
        [Self::Ingestion, Self::Normalization, Self::Inference, Self::Compliance, Self::Audit, Self::Notify];

    /// Returns the name, in the store, in metrics and in the interface.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingestion => "virtual_tags.ingestion",
            Self::Normalization => "virtual_tags.normalization",
            Self::Inference => "virtual_tags.inference",
            Self::Compliance => "virtual_tags.compliance",
            Self::Audit => "virtual_tags.audit",
            Self::Notify => "notify",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|queue| queue.as_str() == name)
    }
}

/// The state of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It waits for a worker, or for its next attempt.
    Queued,
    /// A worker has it.
    Running,
    /// It succeeded.
    Done,
    /// It failed too often, or in a way that another attempt would not change.
    Dead,
    /// A person ended it.
    Cancelled,
}

impl Status {
    /// All states.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Running, Self::Done, Self::Dead, Self::Cancelled];

    /// Returns the name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Dead => "dead",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads a name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }

    /// Whether nothing happens to it any more by itself.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Dead | Self::Cancelled)
    }
}

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It succeeded, with a result as JSON.
    Done(String),
    /// It failed in a way that may pass.
    Retry(String),
    /// The same, and the other side asks not to be tried before some time is over.
    RetryAfter(String, Duration),
    /// It failed in a way that will not pass.
    Fail(String),
}

/// What an outcome makes of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// The new state.
    pub status: Status,
    /// When it may run again.
    pub run_at: Option<DateTime<Utc>>,
    /// The reason of a failure.
    pub error: Option<String>,
    /// The result of a success.
    pub result: Option<String>,
}

/// An attempt that has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// The queue of the job.
    pub queue: Queue,
    /// The number of the attempt, from 1.
    pub attempt: i64,
    /// When the first attempt began.
    pub first_at: DateTime<Utc>,
}

/// Decides what the outcome of an attempt makes of a job.
pub fn after(outcome: Outcome, ended: &Ended, source: &dyn Source) -> Transition {
    let none = Transition { status: Status::Dead, run_at: None, error: None, result: None };
    let (error, asked) = match outcome {
        Outcome::Done(result) => return Transition { status: Status::Done, result: Some(result), ..none },
        Outcome::Fail(error) => return Transition { error: Some(error), ..none },
        Outcome::Retry(error) => (error, Duration::zero()),
        Outcome::RetryAfter(error, asked) => (error, asked),
    };
    let run_at = source.now().checked_add_signed(backoff(ended.attempt, source).max(asked));
    let run_at = run_at.filter(|run_at| match ended.queue {
        Queue::Notify => *run_at - ended.first_at <= GIVE_UP_AFTER,
        _ => ended.attempt < ATTEMPTS,
    });
    let status = if run_at.is_some() { Status::Queued } else { Status::Dead };
    Transition { status, run_at, error: Some(error), ..none }
}

/// Returns the pause after a failed attempt: 2, 8, 32, 128, 512 seconds and so on up to an hour, each shortened by up to a
/// half, so that jobs that failed together do not all come back together.
fn backoff(attempt: i64, source: &dyn Source) -> Duration {
    let exponent = u32::try_from(attempt.clamp(1, 7)).unwrap_or(1);
    let millis = (500 * 4i64.pow(exponent)).min(LONGEST_PAUSE.num_milliseconds());
    let mut byte = [0; 1];
    source.fill(&mut byte);
    let [jitter] = byte;
    Duration::milliseconds(millis - millis * i64::from(jitter) / 512)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FixedSource;

    fn ended(queue: Queue, attempt: i64, source: &FixedSource, began: DateTime<Utc>) -> Transition {
        after(Outcome::Retry("x".to_owned()), &Ended { queue, attempt, first_at: began }, source)
    }

    #[test]
    fn a_job_is_tried_five_times() {
        let source = FixedSource::at(DateTime::UNIX_EPOCH);
        let mut earliest = Duration::zero();
        for attempt in 1..ATTEMPTS {
            let next = ended(Queue::Audit, attempt, &source, source.now());
            assert_eq!(next.status, Status::Queued);
            let pause = next.run_at.unwrap() - source.now();
            assert!(pause > earliest && pause <= Duration::seconds(128), "{pause}");
            earliest = pause;
        }
        assert_eq!(ended(Queue::Audit, ATTEMPTS, &source, source.now()).status, Status::Dead);
        let first = Ended { queue: Queue::Audit, attempt: 1, first_at: source.now() };
        assert_eq!(after(Outcome::Fail("x".to_owned()), &first, &source).status, Status::Dead);
        assert_eq!(after(Outcome::Done("{}".to_owned()), &first, &source).status, Status::Done);
    }

    #[test]
    fn a_message_is_tried_for_a_day() {
        let source = FixedSource::at(DateTime::UNIX_EPOCH);
        let began = source.now();
        let mut pauses = Vec::new();
        let last = (1..).find_map(|attempt| {
            let next = ended(Queue::Notify, attempt, &source, began);
            let Some(run_at) = next.run_at else { return Some((attempt, next)) };
            pauses.push(run_at - source.now());
            source.advance(run_at - source.now());
            None
        });
        let (attempts, last) = last.unwrap();
        assert_eq!((last.status, last.error.as_deref()), (Status::Dead, Some("x")));
        let took = source.now() - began;
        assert!(took > Duration::hours(22) && took <= GIVE_UP_AFTER, "{took}");
        assert!((25..=60).contains(&attempts), "{attempts}");
        assert!(pauses.iter().all(|pause| *pause <= LONGEST_PAUSE), "{pauses:?}");
    }

    #[test]
    fn a_pause_that_is_asked_for_is_kept() {
        let source = FixedSource::at(DateTime::UNIX_EPOCH);
        let first = Ended { queue: Queue::Notify, attempt: 1, first_at: source.now() };
        let asked = |pause| after(Outcome::RetryAfter("x".to_owned(), pause), &first, &source);
        assert_eq!(asked(Duration::minutes(9)).run_at, Some(source.now() + Duration::minutes(9)));
        assert_eq!(asked(Duration::hours(25)).status, Status::Dead);
        assert_eq!(asked(Duration::MAX).status, Status::Dead);
    }
}
