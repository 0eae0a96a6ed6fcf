//! Tests of documentation: what a project with everything in it looks like, that links lead somewhere, and
//! that no text of a project becomes structure.

#![expect(clippy::unwrap_used, reason = "helpers of tests, which clippy does not take for tests themselves")]

mod comments;
mod golden;
mod hostile;
mod links;
mod support;
