//! The result of a goal.

use tagpol_plan::ir::GoalInfo;
use tagpol_sema::program::{Loc, Measure, Severity};
use tagpol_session::Decimal;

/// The result of a goal.
#[derive(Debug, Clone, PartialEq)]
pub struct GoalResult {
    /// Its name.
    pub name: String,
    /// How bad it is to miss it.
    pub severity: Severity,
    /// The tags that cover a resource.
    pub tags: Vec<String>,
    /// What the share is a share of.
    pub by: Measure,
    /// Resources that it applies to.
    pub in_scope: u64,
    /// Those of them that are covered.
    pub covered: u64,
    /// Monthly cost of the resources in scope before credits, so that a share of it is at most 100%. None if no
    /// cost is known.
    pub cost: Option<Decimal>,
    /// Monthly cost of those that are covered, before credits; None if no cost is known.
    pub covered_cost: Option<Decimal>,
    /// The share that is to be covered, from 0 to 1.
    pub at_least: rust_decimal::Decimal,
    /// Place of its name.
    pub loc: Loc,
}

/// A part of a whole, in units of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Ratio {
    part: i128,
    whole: i128,
}

/// Steps of a share: a millionth.
const STEPS: i128 = 1_000_000;

impl GoalResult {
    pub(crate) fn new(info: &GoalInfo, counts: [u64; 2], costs: [Option<Decimal>; 2]) -> Self {
        let ([in_scope, covered], [cost, covered_cost]) = (counts, costs);
        Self {
            name: info.name.clone(),
            severity: info.severity,
            tags: info.tags.clone(),
            by: info.by,
            in_scope,
            covered,
            cost,
            covered_cost,
            at_least: info.at_least,
            loc: info.loc.clone(),
        }
    }

    /// Returns the share that is covered, from 0 to 1 in whole millionths, cut off so that it never
    /// reaches a target that was missed. None if there is nothing to be a share of: nothing in
    /// scope, or nothing that costs.
    pub fn share(&self) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "at most a million, but for credits")]
        Some(self.steps()? as f64 / STEPS as f64)
    }

    /// Returns the share in percent, rounded half up, with at least one digit after the point and as many as
    /// the target has, up to 4. `100%` and `0%` are exact, and a missed target is never reached by rounding.
    /// None as in [`Self::share`].
    pub fn share_text(&self) -> Option<String> {
        let Ratio { part, whole } = self.ratio()?;
        let digits = self.percent().scale().clamp(1, 4);
        let fraction = 10_i128.pow(digits);
        let all = 100 * fraction;
        let (size, sign) = (part.abs(), if part < 0 { "-" } else { "" });
        let scaled = size.saturating_mul(all);
        let (floor, rest) = (scaled / whole, scaled % whole);
        let rounded = if rest >= whole - rest { floor + 1 } else { floor };
        let target = (self.percent() * rust_decimal::Decimal::from(fraction)).ceil().mantissa();
        let shown = match rounded {
            _ if self.is_missed() && part > 0 && rounded >= target => floor,
            rounded if rounded == all && size < whole => floor,
            rounded if rounded == all && size > whole => all + 1,
            rounded => rounded,
        };
        let text = |shown: i128| {
            format!("{}.{:0width$}%", shown / fraction, shown % fraction, width = digits as usize)
        };
        Some(match (shown, part.signum()) {
            (0, 1) => format!("<{}", text(1)),
            (0, -1) => format!(">-{}", text(1)),
            _ => format!("{sign}{}", text(shown)),
        })
    }

    /// Returns the target in percent: `90%`.
    pub fn target_text(&self) -> String {
        format!("{}%", self.percent())
    }

    fn percent(&self) -> rust_decimal::Decimal {
        (self.at_least * rust_decimal::Decimal::ONE_HUNDRED).normalize()
    }

    fn steps(&self) -> Option<i128> {
        let Ratio { part, whole } = self.ratio()?;
        Some(part.saturating_mul(STEPS).div_euclid(whole))
    }

    /// Whether the target is reached; None if there is no share.
    pub fn met(&self) -> Option<bool> {
        let Ratio { part, whole } = self.ratio()?;
        let (wanted, scale) = (self.at_least.mantissa(), 10_i128.pow(self.at_least.scale()));
        Some(part.saturating_mul(scale) >= whole.saturating_mul(wanted))
    }

    /// Whether the target is not reached. If there is no share nothing is missed.
    pub fn is_missed(&self) -> bool {
        self.met() == Some(false)
    }

    /// Returns how many more resources must be covered; 0 where the target is reached or the goal
    /// is about cost.
    pub fn missing_count(&self) -> u64 {
        let wanted = rust_decimal::Decimal::from(self.in_scope) * self.at_least;
        let wanted = u64::try_from(wanted.ceil()).unwrap_or(self.in_scope);
        if self.by == Measure::Count { wanted.saturating_sub(self.covered) } else { 0 }
    }

    /// Returns how much more monthly cost must be covered, to the cent above; None if the
    /// target is reached or the goal is about resources.
    pub fn missing_cost(&self) -> Option<Decimal> {
        let (cost, covered) = (self.cost?, self.covered_cost?);
        if self.by != Measure::Cost || !self.is_missed() {
            return None;
        }
        let scale = 10_i128.pow(self.at_least.scale());
        let wanted = cost.unscaled.checked_mul(self.at_least.mantissa())?.div_euclid(scale);
        let missing = wanted.checked_sub(covered.unscaled)?;
        let cent = 10_i128.checked_pow(u32::from(cost.scale).saturating_sub(2))?;
        let cents = missing.div_euclid(cent) + i128::from(missing.rem_euclid(cent) > 0);
        Some(Decimal { unscaled: cents.max(1) * cent, scale: cost.scale })
    }

    fn ratio(&self) -> Option<Ratio> {
        let ratio = match self.by {
            Measure::Count => Ratio { part: self.covered.into(), whole: self.in_scope.into() },
            Measure::Cost => {
                let (part, whole) = (self.covered_cost?, self.cost?);
                Ratio { part: part.unscaled, whole: whole.unscaled }.shortened()
            }
        };
        (ratio.whole > 0).then_some(ratio)
    }
}

impl Ratio {
    /// Takes digits off both that no bill has, so that there is room to multiply.
    fn shortened(self) -> Self {
        let mut ratio = self;
        while ratio.part.unsigned_abs().max(ratio.whole.unsigned_abs()) > 10_u128.pow(27) {
            ratio = Self { part: ratio.part.div_euclid(10), whole: ratio.whole / 10 };
        }
        ratio
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn goal(by: Measure, counts: [u64; 2], costs: Option<[i128; 2]>, at_least: &str) -> GoalResult {
        let money = |cents: i128| Decimal { unscaled: cents * 10_i128.pow(10), scale: 12 };
        GoalResult {
            name: "g".to_owned(),
            severity: Severity::High,
            tags: vec!["owner".to_owned()],
            by,
            in_scope: counts[0],
            covered: counts[1],
            cost: costs.map(|[cost, _]| money(cost)),
            covered_cost: costs.map(|[_, covered]| money(covered)),
            at_least: at_least.parse().unwrap(),
            loc: Loc { file: "p.tagpol".into(), line: 1, column: 1 },
        }
    }

    #[test]
    fn a_share_never_reaches_a_target_that_was_missed() {
        let missed = goal(Measure::Count, [1_000_000_000, 899_999_999], None, "0.9");
        assert_eq!((missed.share(), missed.met(), missed.missing_count()), (Some(0.899_999), Some(false), 1));
        let met = goal(Measure::Count, [10, 9], None, "0.90");
        assert_eq!((met.share(), met.met(), met.missing_count()), (Some(0.9), Some(true), 0));
        let fine = goal(Measure::Count, [100_000, 99_994], None, "0.99950");
        let texts = [&missed, &met, &fine].map(|goal| (goal.share_text().unwrap(), goal.target_text()));
        let expected = [("89.9%", "90%"), ("90.0%", "90%"), ("99.99%", "99.95%")];
        assert_eq!(texts, expected.map(|(share, target)| (share.to_owned(), target.to_owned())));
        let all = goal(Measure::Count, [3, 2], None, "1");
        assert_eq!((all.share(), all.missing_count()), (Some(0.666_666), 1));
    }

    #[test]
    fn shares_are_rounded_and_all_and_nothing_are_exact() {
        let text =
            |[whole, part]: [u64; 2], target| goal(Measure::Count, [whole, part], None, target).share_text();
        for (counts, target, expected) in [
            ([3, 2], "1", "66.7%"),
            ([3, 1], "0.9", "33.3%"),
            ([10_000, 9_999], "0.9", "99.9%"),
            ([10_000, 9_999], "1", "99.9%"),
            ([10_000, 1], "0.9", "<0.1%"),
            ([10_000, 1], "0.00005", "0.010%"),
            ([4, 4], "1", "100.0%"),
            ([4, 0], "1", "0.0%"),
            ([2_000, 1_333], "0.6665", "66.65%"),
            ([2_000, 1_333], "0.667", "66.6%"),
        ] {
            assert_eq!(text(counts, target).as_deref(), Some(expected), "{counts:?} {target}");
        }
    }

    #[test]
    fn shares_of_costs_are_exact() {
        let money = |goal: &GoalResult| goal.missing_cost().map(|cost| cost.to_string());
        let missed = goal(Measure::Cost, [2, 1], Some([10_000, 8_999]), "0.9");
        assert_eq!((missed.met(), money(&missed)), (Some(false), Some("0.01".to_owned())));
        let met = goal(Measure::Cost, [2, 1], Some([10_000, 9_000]), "0.9");
        assert_eq!((met.met(), money(&met), met.missing_count()), (Some(true), None, 0));
        let large = goal(Measure::Cost, [2, 1], Some([10_i128.pow(27), 1]), "0.123456789");
        assert_eq!((large.share(), large.met()), (Some(0.0), Some(false)));
    }

    #[test]
    fn nothing_to_be_a_share_of_is_no_miss() {
        let none = [
            goal(Measure::Count, [0, 0], None, "1"),
            goal(Measure::Cost, [3, 1], None, "1"),
            goal(Measure::Cost, [3, 1], Some([0, 0]), "1"),
            goal(Measure::Cost, [3, 1], Some([-5, -5]), "1"),
        ];
        assert!(none.iter().all(|goal| goal.share().is_none() && !goal.is_missed()));
    }
}
