//! Probabilities that are right as often as they say, and confidences that hold.
//!
//! `outcome` has what all of it is measured by; `platt` scales scores to probabilities, `confidence_bound` finds what a
//! probability supports, `reliability` measures how far off it is; `tag_calibration` fits them for each tag, on the
//! cases that `holdout` describes.

pub(crate) mod confidence_bound;
pub(crate) mod holdout;
pub(crate) mod outcome;
pub(crate) mod platt;
pub(crate) mod reliability;
pub(crate) mod tag_calibration;
