//! Projects and inventories as models see them: what models are trained on, and what they are asked.

pub(crate) mod predict;
mod read;
mod registry;
pub(crate) mod words;

pub(crate) use read::{TaggedResource, TrainingContext, TrainingData};
pub(crate) use registry::{promoted, registry};
