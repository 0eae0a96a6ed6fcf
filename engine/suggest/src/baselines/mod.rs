//! Simple methods, to measure models against.

pub(crate) mod comparison;
pub(crate) mod methods;
pub(crate) mod naive_bayes;
