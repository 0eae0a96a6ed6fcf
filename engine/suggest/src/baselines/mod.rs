//! Simple methods, to compare models with.

pub(crate) mod comparison;
pub(crate) mod methods;
pub(crate) mod naive_bayes;
