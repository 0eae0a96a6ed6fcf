//! The models of a project on disk.

pub(crate) mod card;
pub(crate) mod saved;
pub(crate) mod store;
