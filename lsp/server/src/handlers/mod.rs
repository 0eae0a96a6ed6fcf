//! The requests and notifications, one file a group. A handler takes the session's lock before it awaits
//! anything else, converts what it is asked, has it computed, and converts the answer.

pub(crate) mod commands;
pub(crate) mod decorations;
pub(crate) mod diagnostics;
pub(crate) mod documents;
pub(crate) mod editing;
pub(crate) mod formatting;
pub(crate) mod inventory;
pub(crate) mod lifecycle;
pub(crate) mod navigation;
pub(crate) mod structure;
pub(crate) mod workspace;
