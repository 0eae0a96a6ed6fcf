//! An amount in parts, exactly.

use arrow::datatypes::i256;

/// Splits an amount in proportion to weights, none of them negative.
///
/// Parts are whole units and their sum is the amount: what is left when each part is cut off goes, a
/// unit each, to the parts that lost most, the first of equals. None if the weights are all nothing.
pub(super) fn split(amount: i128, weights: &[i128]) -> Option<Vec<i128>> {
    let whole = weights.iter().try_fold(0_i128, |sum, weight| sum.checked_add(*weight))?;
    if whole <= 0 || weights.iter().any(|weight| *weight < 0) {
        return None;
    }
    let magnitude = i256::from_i128(i128::try_from(amount.unsigned_abs()).ok()?);
    let mut parts = Vec::new();
    let mut lost = Vec::new();
    for (at, weight) in weights.iter().enumerate() {
        // 128 bits times 128 bits fit.
        let product = magnitude.checked_mul(i256::from_i128(*weight))?;
        parts.push(product.checked_div(i256::from_i128(whole))?.to_i128()?);
        lost.push((std::cmp::Reverse(product.checked_rem(i256::from_i128(whole))?), at));
    }
    let left = magnitude.to_i128()? - parts.iter().sum::<i128>();
    lost.sort();
    for (_, at) in lost.iter().take(usize::try_from(left).ok()?) {
        *parts.get_mut(*at)? += 1;
    }
    let sign = amount.signum();
    Some(parts.into_iter().map(|part| part * sign).collect())
}

/// Rounds amounts to a unit so that their sum is the rounded sum: those that are cut off most are
/// rounded up. `unit` is more than 0.
pub fn rounded(amounts: &[i128], unit: i128) -> Vec<i128> {
    let sum: i128 = amounts.iter().sum();
    let mut parts: Vec<i128> = amounts.iter().map(|amount| amount.div_euclid(unit)).collect();
    let wanted = (sum + unit / 2).div_euclid(unit);
    let missing = wanted - parts.iter().sum::<i128>();
    let mut lost: Vec<(i128, usize)> =
        amounts.iter().enumerate().map(|(at, amount)| (-amount.rem_euclid(unit), at)).collect();
    lost.sort_unstable();
    for (_, at) in lost.iter().take(usize::try_from(missing).unwrap_or(0)) {
        if let Some(part) = parts.get_mut(*at) {
            *part += 1;
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_left_goes_to_those_that_lost_most() {
        assert_eq!(split(100, &[1, 1, 1]), Some(vec![34, 33, 33]));
        assert_eq!(split(-100, &[1, 1, 1]), Some(vec![-34, -33, -33]));
        assert_eq!(split(10, &[0, 3]), Some(vec![0, 10]));
        assert_eq!(split(0, &[5, 5]), Some(vec![0, 0]));
        assert_eq!(split(10, &[0, 0]), None);
        assert_eq!(split(10, &[]), None);
        assert_eq!(split(10, &[-1, 2]), None);
        assert_eq!(rounded(&[149, 149, 149], 100), [2, 1, 1]);
        assert_eq!(rounded(&[-149, 149], 100), [-1, 1]);
        assert_eq!(rounded(&[], 100), Vec::<i128>::new());
    }

    /// Sums of costs of a snapshot have at most 34 digits.
    const MOST: i128 = 10_i128.pow(34);

    proptest! {
        #[test]
        fn nothing_is_lost_and_nobody_is_off_by_a_unit(
            amount in -MOST..MOST,
            weights in prop::collection::vec(0..MOST, 1..12),
        ) {
            let whole: i128 = weights.iter().sum();
            prop_assume!(whole > 0);
            let parts = split(amount, &weights).unwrap();
            prop_assert_eq!(parts.iter().sum::<i128>(), amount);
            for (part, weight) in parts.iter().zip(&weights) {
                // |part - amount * weight / whole| < 1, without fractions.
                let product = i256::from_i128(amount) * i256::from_i128(*weight);
                let difference = i256::from_i128(*part) * i256::from_i128(whole) - product;
                prop_assert!(difference.wrapping_abs() < i256::from_i128(whole));
            }
        }

        #[test]
        fn rounded_amounts_add_up(amounts in prop::collection::vec(-MOST..MOST, 0..20)) {
            let unit = 10_i128.pow(10);
            let sum: i128 = amounts.iter().sum();
            let parts = rounded(&amounts, unit);
            prop_assert_eq!(parts.iter().sum::<i128>(), (sum + unit / 2).div_euclid(unit));
            for (part, amount) in parts.iter().zip(&amounts) {
                prop_assert!((part * unit - amount).abs() < unit);
            }
        }
    }
}
