//! Questions about what is served, and their answers.
//!
//! ```text
//! the process that evaluates -- facts --> a file next to the evaluation: facts, and what words can mean
//! question + facts + tools + a model -- the conversation of the engine --> an answer that cites facts
//! ```
//!
//! The tools only read, and show what every reader of the project sees. Nothing is sent to a language model unless the
//! configuration of the server has a section for it.

mod facts;
mod limits;
mod model;
mod tools;

pub(crate) use facts::EvaluationFacts;
pub(crate) use limits::{Limits, Turn};
pub(crate) use model::ConfiguredModel;
pub use model::LanguageModel;
pub(crate) use tools::ServedTools;
