//! Values that a missing tag could have, each with the signals for and against it.
//!
//! `generator` asks the methods: `network`, `logistic_regression`, `neighbors`, `history` and `copies`; `evidence` sorts
//! what they report by value, and `signals` names the numbers. `classes` numbers the values.

pub(crate) mod classes;
pub(crate) mod copies;
pub(crate) mod evidence;
pub(crate) mod generator;
pub(crate) mod history;
pub(crate) mod logistic_regression;
pub(crate) mod neighbors;
pub(crate) mod network;
pub(crate) mod signals;
