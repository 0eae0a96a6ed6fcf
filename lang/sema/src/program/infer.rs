//! What the model may do.

use rust_decimal::Decimal;

use super::{Loc, TagId};

/// `infer T { apply at P  suggest at Q }`, for one of its tags.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Inference {
    /// The tag that the model may fill.
    pub tag: TagId,
    /// Confidence from 0 to 1 from which a value applies. None: it never does.
    pub apply: Option<Decimal>,
    /// Confidence from 0 to 1 from which a value is suggested. None: it never is.
    pub suggest: Option<Decimal>,
    /// Place of the tag's name in the item.
    pub loc: Loc,
}
