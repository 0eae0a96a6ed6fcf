//! Models of small inventories that are made here.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

mod inventory;
mod learning;
mod registry;
