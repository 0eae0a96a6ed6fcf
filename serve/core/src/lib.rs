//! The rules of the server: who may do what, how secrets are kept, how the audit trail is chained.
//!
//! In: plain values, a clock and a source of random bytes ([`Source`]). Out: decisions and values. Assumes nothing about
//! where rows are stored or how a request arrived: no database, no HTTP, no files, no global clock.
//!
//! - `roles`: roles, permissions and the one table of who may do what
//! - `errors`: everything that the interface reports as an error, with stable codes
//! - `source`: the clock and random bytes
//! - `secrets`: passwords, random tokens, sealed values, signatures
//! - `audit`: the hash chain of the audit trail
//! - `jobs`: queues, states of jobs, retries; `schedules`: when they are started

pub mod audit;
pub mod errors;
pub mod jobs;
pub mod roles;
pub mod schedules;
pub mod secrets;
mod source;

pub use source::{FixedSource, Source, SystemSource};

/// The tenant that exists from the start.
pub const DEFAULT_TENANT: &str = "default";

/// Returns a new id: a prefix such as `usr`, and 100 random bits.
pub fn new_id(prefix: &str, source: &dyn Source) -> String {
    const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
    let mut bytes = [0; 20];
    source.fill(&mut bytes);
    let digits = bytes.iter().map(|byte| char::from(*ALPHABET.get(usize::from(byte & 31)).unwrap_or(&b'0')));
    format!("{prefix}_{}", digits.collect::<String>())
}
