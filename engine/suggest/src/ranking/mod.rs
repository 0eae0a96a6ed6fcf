//! One probability for each candidate, from all of its signals.

pub(crate) mod ensemble;
pub(crate) mod scorer;
