//! One probability for each candidate, from all of its signals.
//!
//! `scorer` learns what signals are worth in general, `ensemble` what each model is worth for one tag.

pub(crate) mod ensemble;
pub(crate) mod scorer;
