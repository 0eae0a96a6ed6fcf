//! Whether some value of an ordered kind (numbers, days, money, time) is as several tests ask.
//!
//! The constants of the tests cut the line into points and the gaps between them; within one of
//! those no test changes, so trying each of them once decides.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::program::CmpOp;

/// A test of a value against constants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Relation {
    /// `x < k`
    Compare(CmpOp, Decimal),
    /// `x in [k, …]`
    In(Vec<Decimal>),
    /// `x not in [k, …]`
    NotIn(Vec<Decimal>),
    /// From one to another, both included.
    Between(Decimal, Decimal),
}

impl Relation {
    fn constants(&self) -> impl Iterator<Item = Decimal> + '_ {
        let (list, pair): (&[Decimal], Vec<Decimal>) = match self {
            Self::Compare(_, k) => (&[], vec![*k]),
            Self::In(list) | Self::NotIn(list) => (list, Vec::new()),
            Self::Between(low, high) => (&[], vec![*low, *high]),
        };
        list.iter().copied().chain(pair)
    }

    /// Whether it is true of a value.
    pub(super) fn holds(&self, value: Decimal) -> bool {
        self.holds_at(&|k| value.cmp(&k))
    }

    /// Whether it is true of what compares so with each constant.
    fn holds_at(&self, compare: &dyn Fn(Decimal) -> std::cmp::Ordering) -> bool {
        match self {
            Self::Compare(op, k) => match op {
                CmpOp::Eq => compare(*k).is_eq(),
                CmpOp::Ne => compare(*k).is_ne(),
                CmpOp::Lt => compare(*k).is_lt(),
                CmpOp::Le => compare(*k).is_le(),
                CmpOp::Gt => compare(*k).is_gt(),
                CmpOp::Ge => compare(*k).is_ge(),
            },
            Self::In(list) => list.iter().any(|k| compare(*k).is_eq()),
            Self::NotIn(list) => !list.iter().any(|k| compare(*k).is_eq()),
            Self::Between(low, high) => compare(*low).is_ge() && compare(*high).is_le(),
        }
    }
}

/// Whether a value may be as all of the tests say, each as it is or negated. `whole`: there are
/// whole values only.
pub(super) fn possible(tests: &[(&Relation, bool)], whole: bool) -> bool {
    let mut points: Vec<Decimal> = tests.iter().flat_map(|(relation, _)| relation.constants()).collect();
    points.sort_unstable();
    points.dedup();
    // Place 2i + 1 is point i, place 2i the gap before it.
    (0..=2 * points.len()).any(|place| {
        let is_empty_gap = place % 2 == 0
            && whole
            && matches!(
                (place.checked_sub(2).and_then(|i| points.get(i / 2)), points.get(place / 2)),
                (Some(below), Some(above)) if above - below <= Decimal::ONE
            );
        let compare = |k: Decimal| match points.binary_search(&k) {
            Ok(i) | Err(i) => place.cmp(&(2 * i + 1)),
        };
        !is_empty_gap && tests.iter().all(|(relation, wanted)| relation.holds_at(&compare) == *wanted)
    })
}

/// The place of a double among all doubles, as a whole number: equal ones have the same, and the
/// next one has the next.
pub(super) fn place_of_double(double: f64) -> Decimal {
    let bits = double.to_bits().cast_signed();
    // Negative doubles grow downwards; both zeros are one.
    Decimal::from(if bits < 0 { i64::MIN.wrapping_sub(bits) } else { bits })
}

/// The double of a literal number.
pub(super) fn double(number: Decimal) -> Option<f64> {
    // By its digits, as an engine reads it; a conversion by arithmetic could be off by one place.
    number.to_string().parse().ok().or_else(|| number.to_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn k(n: i64) -> Decimal {
        Decimal::from(n)
    }

    #[test]
    fn ranges() {
        let lt = |n| Relation::Compare(CmpOp::Lt, k(n));
        let gt = |n| Relation::Compare(CmpOp::Gt, k(n));
        assert!(possible(&[(&gt(1), true), (&lt(3), true)], true));
        assert!(possible(&[(&gt(1), true), (&lt(2), true)], false));
        assert!(!possible(&[(&gt(1), true), (&lt(2), true)], true));
        assert!(!possible(&[(&gt(3), true), (&lt(3), true)], false));
        assert!(possible(&[(&gt(3), false), (&lt(3), false)], false), "3 itself");
        let one_or_two = Relation::In(vec![k(1), k(2)]);
        assert!(!possible(&[(&one_or_two, true), (&gt(2), true)], false));
        assert!(possible(&[(&one_or_two, false)], true));
        let between = Relation::Between(k(1), k(2));
        assert!(!possible(&[(&between, true), (&one_or_two, false)], true));
        assert!(possible(&[(&between, true), (&one_or_two, false)], false));
    }

    #[test]
    fn doubles_keep_their_order() {
        let doubles = [f64::NEG_INFINITY, -1.5, -1.0, 0.0, f64::MIN_POSITIVE, 0.1, 1.0, 1e300, f64::INFINITY];
        assert!(doubles.map(place_of_double).is_sorted());
        assert_eq!(place_of_double(-0.0), place_of_double(0.0));
        assert_eq!(place_of_double(1.0_f64.next_up()) - place_of_double(1.0), Decimal::ONE);
        assert_eq!(place_of_double(-1.0) - place_of_double((-1.0_f64).next_down()), Decimal::ONE);
    }
}
