//! FOCUS bills, versions 1.0 to 1.2, as CSV and Parquet.
//!
//! In: files whose rows are charges. Out: a [`bill::Bill`] that holds one entry a resource, its
//! costs by month, its tags; when all files are read it chooses the month and gives the resources.

pub(crate) mod bill;
mod columns;
pub(crate) mod csv;
mod months;
pub(crate) mod parquet;

pub(crate) use columns::looks_like_focus;
pub use months::BillMonth;
