//! Exact comparison of costs with amounts that their column cannot hold.

use std::fmt;

use rust_decimal::{Decimal, RoundingStrategy};
use tagpol_sema::program::{CmpOp, Loc};

/// Digits after the point of the snapshot's costs.
const SCALE: u32 = 12;

/// The least amount that has more digits before the point than the snapshot's costs.
const LIMIT: i128 = 10_i128.pow(26);

/// An amount in a currency other than the snapshot's, without a rate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrencyMismatch {
    /// The amount.
    pub amount: Decimal,
    /// Its currency.
    pub currency: String,
    /// Currency of the snapshot.
    pub snapshot: String,
    /// Place of the check, rule, definition or item that compares it.
    pub loc: Loc,
}

impl fmt::Display for CurrencyMismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let loc = &self.loc;
        write!(f, "{}:{}:{}: {}", loc.file, loc.line, loc.column, self.message())
    }
}

impl CurrencyMismatch {
    /// Returns what is wrong and what to do, without the place.
    pub fn message(&self) -> String {
        let Self { amount, currency, snapshot, .. } = self;
        format!(
            "`{amount} {currency}` cannot be compared with costs in `{snapshot}`; write the amount in `{snapshot}`"
        )
    }
}

impl std::error::Error for CurrencyMismatch {}

/// A comparison of a cost with an amount, as it can be asked of the column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bound {
    /// This comparison with this amount, which the column can hold.
    Compare(CmpOp, Decimal),
    /// The same for every cost.
    Always(bool),
}

/// Returns the comparison with an amount that the column can hold that is true of the same costs.
pub(super) fn bound(op: CmpOp, amount: Decimal) -> Bound {
    let above = |op| Bound::Always(matches!(op, CmpOp::Lt | CmpOp::Le | CmpOp::Ne));
    let below = |op| Bound::Always(matches!(op, CmpOp::Gt | CmpOp::Ge | CmpOp::Ne));
    let limit = Decimal::from_i128_with_scale(LIMIT, 0);
    if amount >= limit {
        return above(op);
    }
    let floor = amount.round_dp_with_strategy(SCALE, RoundingStrategy::ToNegativeInfinity);
    if floor <= -limit {
        return below(op);
    }
    if floor == amount {
        return Bound::Compare(op, amount.normalize());
    }
    let floor = floor.normalize();
    match op {
        CmpOp::Eq => Bound::Always(false),
        CmpOp::Ne => Bound::Always(true),
        CmpOp::Lt | CmpOp::Le => Bound::Compare(CmpOp::Le, floor),
        CmpOp::Gt | CmpOp::Ge => Bound::Compare(CmpOp::Gt, floor),
    }
}

/// Returns the operator with its sides exchanged.
pub(super) fn flipped(op: CmpOp) -> CmpOp {
    match op {
        CmpOp::Eq | CmpOp::Ne => op,
        CmpOp::Lt => CmpOp::Gt,
        CmpOp::Le => CmpOp::Ge,
        CmpOp::Gt => CmpOp::Lt,
        CmpOp::Ge => CmpOp::Le,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dec(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    #[test]
    fn amounts_between_two_costs_are_compared_exactly() {
        let fine = dec("0.1234567890125");
        let floor = dec("0.123456789012");
        assert_eq!(bound(CmpOp::Gt, fine), Bound::Compare(CmpOp::Gt, floor));
        assert_eq!(bound(CmpOp::Ge, fine), Bound::Compare(CmpOp::Gt, floor));
        assert_eq!(bound(CmpOp::Lt, fine), Bound::Compare(CmpOp::Le, floor));
        assert_eq!(bound(CmpOp::Eq, fine), Bound::Always(false));
        assert_eq!(bound(CmpOp::Ne, fine), Bound::Always(true));
        let negative = bound(CmpOp::Ge, dec("-0.0000000000001"));
        assert_eq!(negative, Bound::Compare(CmpOp::Gt, dec("-0.000000000001")));
    }

    #[test]
    fn amounts_beyond_every_cost_are_decided() {
        assert_eq!(bound(CmpOp::Lt, Decimal::MAX), Bound::Always(true));
        assert_eq!(bound(CmpOp::Ge, Decimal::MAX), Bound::Always(false));
        assert_eq!(bound(CmpOp::Gt, Decimal::MIN), Bound::Always(true));
        assert_eq!(bound(CmpOp::Eq, Decimal::MIN), Bound::Always(false));
        assert_eq!(bound(CmpOp::Eq, dec("500.00")), Bound::Compare(CmpOp::Eq, dec("500")));
    }
}
