//! The clock and random bytes, which are arguments of everything that needs them.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use ring::rand::{SecureRandom as _, SystemRandom};

/// A clock and a source of random bytes.
pub trait Source: Send + Sync {
    /// Returns the time.
    fn now(&self) -> DateTime<Utc>;

    /// Fills a buffer with random bytes that nobody can predict.
    fn fill(&self, bytes: &mut [u8]);
}

/// The clock and the random generator of the system.
#[derive(Debug)]
pub struct SystemSource(SystemRandom);

impl Default for SystemSource {
    fn default() -> Self {
        Self(SystemRandom::new())
    }
}

impl Source for SystemSource {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    #[expect(
        clippy::expect_used,
        reason = "a system without random bytes cannot have secrets; nothing may go on"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        self.0.fill(bytes).expect("the system has random bytes");
    }
}

/// A clock that stands still until it is moved, and bytes that repeat from run to run: for tests only.
#[derive(Debug)]
pub struct FixedSource {
    micros: AtomicI64,
    counter: AtomicU64,
}

impl FixedSource {
    /// Starts at a time.
    pub fn at(now: DateTime<Utc>) -> Self {
        Self { micros: AtomicI64::new(now.timestamp_micros()), counter: AtomicU64::new(0) }
    }

    /// Moves the clock.
    pub fn advance(&self, by: chrono::Duration) {
        self.micros.fetch_add(by.num_microseconds().unwrap_or(i64::MAX), Ordering::SeqCst);
    }
}

impl Source for FixedSource {
    fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_micros(self.micros.load(Ordering::SeqCst)).unwrap_or_default()
    }

    fn fill(&self, bytes: &mut [u8]) {
        use sha2::Digest as _;
        for chunk in bytes.chunks_mut(32) {
            let count = self.counter.fetch_add(1, Ordering::SeqCst);
            let block = sha2::Sha256::digest(count.to_le_bytes());
            chunk.iter_mut().zip(block).for_each(|(to, from)| *to = from);
        }
    }
}
