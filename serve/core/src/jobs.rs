//! Jobs: queues, states, retries. Pure: what happens to a job is decided here, and stored elsewhere.

use chrono::{DateTime, Duration, Utc};

use crate::Source;

/// How long a worker has a job before another one may take it.
pub const LEASE: Duration = Duration::seconds(60);

/// How often a worker extends its lease.
pub const HEARTBEAT: Duration = Duration::seconds(15);

/// Attempts of a job before it is dead.
pub const ATTEMPTS: i64 = 5;

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

/// Decides what the outcome of an attempt makes of a job. `attempt` counts from 1.
pub fn after(outcome: Outcome, attempt: i64, source: &dyn Source) -> Transition {
    let none = Transition { status: Status::Dead, run_at: None, error: None, result: None };
    match outcome {
        Outcome::Done(result) => Transition { status: Status::Done, result: Some(result), ..none },
        Outcome::Fail(error) => Transition { error: Some(error), ..none },
        Outcome::Retry(error) if attempt >= ATTEMPTS => Transition { error: Some(error), ..none },
        Outcome::Retry(error) => {
            let run_at = Some(source.now() + backoff(attempt, source));
            Transition { status: Status::Queued, run_at, error: Some(error), ..none }
        }
    }
}

/// Returns the pause after a failed attempt: 2, 8, 32, 128 seconds, each shortened by up to a half, so that jobs that
/// failed together do not all come back together.
fn backoff(attempt: i64, source: &dyn Source) -> Duration {
    let exponent = u32::try_from(attempt.clamp(1, 6)).unwrap_or(1);
    let millis = 500 * 4i64.pow(exponent);
    let mut byte = [0; 1];
    source.fill(&mut byte);
    let [jitter] = byte;
    Duration::milliseconds(millis - millis * i64::from(jitter) / 512)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::FixedSource;

    #[test]
    fn a_job_is_tried_five_times() {
        let source = FixedSource::at(DateTime::UNIX_EPOCH);
        let mut earliest = Duration::zero();
        for attempt in 1..ATTEMPTS {
            let next = after(Outcome::Retry("x".to_owned()), attempt, &source);
            assert_eq!(next.status, Status::Queued);
            let pause = next.run_at.unwrap() - source.now();
            assert!(pause > earliest && pause <= Duration::seconds(128), "{pause}");
            earliest = pause;
        }
        assert_eq!(after(Outcome::Retry("x".to_owned()), ATTEMPTS, &source).status, Status::Dead);
        assert_eq!(after(Outcome::Fail("x".to_owned()), 1, &source).status, Status::Dead);
        assert_eq!(after(Outcome::Done("{}".to_owned()), 1, &source).status, Status::Done);
    }
}
