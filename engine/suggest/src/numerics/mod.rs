//! Random numbers, layers of networks, and lists of numbers in files.

pub(crate) mod layers;
pub(crate) mod lists;
pub(crate) mod random;
