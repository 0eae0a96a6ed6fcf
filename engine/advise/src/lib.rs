//! Advice that can be trusted: the results of an evaluation become numbered facts, and the facts become steps.
//!
//! ```text
//! AdviceInput -- facts --> Facts: F1, F2, …, each a sentence of typed parts
//! Facts -- analyses --> Advice: ordered steps, each with the numbers of the facts that it follows from
//! Advice -- prompt --> what a model is asked to reword, with aliases for foreign values
//! its answer -- check --> steps that state nothing that their facts lack; others stay as they were
//! Advice -- format --> text, Markdown, JSON
//! questions -- conversation --> answers that cite facts, look-ups, and proposals that were measured
//! words of a person -- filter --> a condition of the language
//! ```
//!
//! In: an [`AdviceInput`], plain data. Out: an [`Advice`], and texts. Promises the same bytes for the same input, and
//! that a step states no number, name, value or command that its facts lack, whoever worded it. Knows no network, no
//! clock, no database: a model is a function from a prompt to a text.

pub mod advice;
mod analyses;
mod check;
mod command;
pub mod conversation;
pub mod facts;
pub mod filter;
pub mod format;
pub mod input;
pub mod prompt;
pub mod sentence;

pub use advice::{Advice, Analysis, Origin, Rejection, Section, Step};
pub use facts::{Fact, FactId, Facts, Topic};
pub use input::AdviceInput;
