//! Rules, spellings and hints for people, from what resources have in common.

pub(crate) mod clues;
pub(crate) mod mine;
