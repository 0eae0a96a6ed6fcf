//! What models learn from and what they are asked, from a project and its inventory.

pub(crate) mod predict;
mod read;
mod registry;
pub(crate) mod words;

pub(crate) use read::{Ground, Learned, Source};
pub(crate) use registry::{promoted, registry};
