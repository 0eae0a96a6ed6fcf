//! Rules and spellings for people, from what resources have in common.

pub(crate) mod clues;
pub(crate) mod mine;
