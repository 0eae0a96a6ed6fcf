//! Bills: files whose rows are charges.
//!
//! In: a CSV, Parquet or JSON file of FOCUS, of an AWS cost and usage report, or of a cost
//! export of Azure, Google or Oracle.
//! Each format is a [`Layout`]: it finds its columns in a header and makes a [`Charge`] of a row;
//! how rows are stored is the business of [`csv`], [`parquet`] and [`json`]. Out: a [`Bill`] that holds one
//! entry a resource, its costs by month, its tags; when all files are read it chooses the month and
//! gives the resources.

mod batch;
mod cells;
mod charge;
pub(crate) mod csv;
mod entries;
pub(crate) mod json;
pub(crate) mod layout;
mod months;
mod nested;
pub(crate) mod parquet;
mod row;
mod unread;

pub(crate) use charge::{Charge, TagCell, TagKeys, aws_cur_key};
pub(crate) use entries::{Bill, Billed, Charged, Conversion};
pub(crate) use layout::Layout;
pub use months::BillMonth;
pub(crate) use row::{Place, Row, need};
