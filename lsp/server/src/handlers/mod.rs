//! The requests and notifications, one file a group. A handler takes the session's lock before it awaits
//! anything else, converts what it is asked, has it computed, and converts the answer.

pub(crate) mod documents;
pub(crate) mod formatting;
pub(crate) mod lifecycle;
pub(crate) mod navigation;
pub(crate) mod workspace;
