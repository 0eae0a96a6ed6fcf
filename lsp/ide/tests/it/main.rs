//! Features at cursors in small projects.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::string_slice, reason = "tests")]

mod actions;
mod completion;
mod edits;
mod facts;
mod hover;
mod learnt;
mod names;
mod robust;
mod shape;
#[path = "../../../../lang/syntax/tests/it/suite.rs"]
mod suite;
mod support;
mod typing;
