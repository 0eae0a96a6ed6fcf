//! Why a resource is judged as it is.
//!
//! In: a [`Resource`](tagpol_interp::Resource) (a program, one resource, the values of its
//! tags) and the [`Places`](tagpol_sema::condition_places::Places) of its conditions. Out: plain data, and
//! [`narrate`] for sentences. It asks the reference interpreter, which agrees with the database
//! by test, and so never contradicts an evaluation. Only `find` asks the database, for the one resource.
//!
//! - [`resource`]: all there is to say about one resource of a snapshot, found by `find`
//! - [`candidates`]: everything that could give a tag its value
//! - [`change`]: the smallest change of tags that makes a resource compliant
//! - [`condition`]: a condition as a tree of parts, each with its truth and the values found
//! - [`tag`]: where a value came from, and what became of a rule that did not give it
//! - [`check`]: out of scope, held, waived, pending or open

pub mod candidates;
pub mod change;
pub mod check;
pub mod condition;
mod find;
pub mod narrate;
pub mod resource;
pub mod tag;

pub use find::{Found, Named, find_in_snapshot, known_ids};
