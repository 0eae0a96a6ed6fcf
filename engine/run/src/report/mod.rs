//! Reports: an evaluation in the form that a reader wants, one file a format.

mod json;
mod next_steps;
mod table;
pub mod test_run;
mod text;

pub use json::{JSON_SCHEMA_VERSION, json};
pub use table::{Style, table};
