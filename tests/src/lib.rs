//! What holds for any bytes, asserted by the tests of this crate and by the targets of `fuzz/`.
//!
//! - `properties`: a function for each target, from bytes to assertions that fail by a panic
//! - `seeds`: the inputs that mutation starts from, which are fixtures of the repository
//! - `hostile`: runs of the program on mutated inputs
//! - `sail`: an engine elsewhere, for the tests of this crate and of the program
//! - `mutate`: seeded mutations, of bytes and of the structure of inventories and policies

#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a property that does not hold is a panic, in tests and in fuzz targets"
)]

pub mod hostile;
pub mod mutate;
pub mod properties;
pub mod sail;
pub mod seeds;
