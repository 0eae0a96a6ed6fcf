//! What models are worth on resources that they were not trained on.

pub(crate) mod measure;
pub(crate) mod model_comparison;
pub(crate) mod report;
