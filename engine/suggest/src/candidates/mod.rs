//! Values that a missing tag could have, each with the signals for and against it.

pub(crate) mod copies;
pub(crate) mod generator;
pub(crate) mod history;
pub(crate) mod logistic_regression;
pub(crate) mod neighbors;
pub(crate) mod network;
