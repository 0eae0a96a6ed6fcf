//! The typed program as a relational plan and as SQL.
//!
//! ```text
//! Program + Layout + Request  -- lower::lower -->  ir::Plan  -- sql::Script::new -->  SQL text
//! ```
//!
//! In: a checked [`Program`](tagpol_sema::program::Program), what a snapshot looks like
//! ([`Layout`]), the clock and what is to be found out ([`Request`]) and, for the text, a [`Dialect`]. Out: a
//! [`Plan`] and its [`Script`]: statements that evaluate the whole inventory
//! at once, and queries over the result. Assumes what a `Program` promises. Promises to be pure (no
//! database, no files, no clock), the same bytes for the same input, and that no text of a program
//! or a snapshot can change the meaning of the SQL.

pub mod ir;
pub mod layout;
pub mod lower;
pub mod request;
pub mod sql;

pub use ir::{Plan, QueryKind};
pub use layout::{
    FirstSeen, KeyColumn, KnownValues, Layout, Overlays, StatementLimits, TagRelation, TextLimit,
};
pub use lower::{CurrencyMismatch, lower};
pub use request::{Predicate, Request};
pub use sql::{Dialect, Script};
pub use tagpol_model::{BadRate, Rate, Rates};
