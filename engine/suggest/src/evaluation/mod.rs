//! What models are worth on resources that they have not learned from.

pub(crate) mod measure;
pub(crate) mod model_comparison;
pub(crate) mod report;
