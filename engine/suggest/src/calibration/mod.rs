//! Probabilities that are right as often as they say, and confidences that hold.

pub(crate) mod probability;
pub(crate) mod tag_calibration;
