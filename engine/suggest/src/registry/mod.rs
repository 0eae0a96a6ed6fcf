//! The models of a project on disk: `store` has the folders, `saved` the format, `card` the report for people.

pub(crate) mod card;
pub(crate) mod saved;
pub(crate) mod store;
