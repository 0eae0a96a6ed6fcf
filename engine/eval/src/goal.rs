//! The result of a goal.

use tagpol_plan::ir::GoalInfo;
use tagpol_sema::program::{Loc, Measure, Severity, Target};
use tagpol_session::Decimal;

/// The result of a goal.
#[derive(Debug, Clone, PartialEq)]
pub struct GoalResult {
    /// Its name.
    pub name: String,
    /// How bad it is to miss it.
    pub severity: Severity,
    /// What is measured, and its target.
    pub target: GoalTarget,
    /// The month whose charges are measured, such as `2026-10`. None: the goal is about resources.
    pub month: Option<String>,
    /// All resources that it applies to, together.
    pub all: Measured,
    /// What the target applies to each value of: `team`, `resource.account`. None: it applies to all together.
    pub each: Option<String>,
    /// The values that resources in scope have, the worst first; empty without [`Self::each`].
    pub groups: Vec<GoalGroup>,
    /// Place of its name.
    pub loc: Loc,
}

/// The target of a goal.
#[derive(Debug, Clone, PartialEq)]
pub enum GoalTarget {
    /// A share of resources, or of their cost, is covered.
    Coverage {
        /// The tags that cover a resource.
        tags: Vec<String>,
        /// What the share is a share of.
        by: Measure,
        /// The share that is to be covered, from 0 to 1.
        at_least: rust_decimal::Decimal,
    },
    /// The cost of a month does not exceed an amount.
    Budget {
        /// The limit, in the currency of the costs.
        limit: Decimal,
        /// Its currency, ISO 4217.
        currency: String,
    },
}

/// What is measured of some resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Measured {
    /// The resources in scope.
    pub in_scope: u64,
    /// Those of them that are covered; for a budget all of them.
    pub covered: u64,
    /// Of a coverage the monthly cost of what is in scope before credits, so that a share of it is at most 100%; of a
    /// budget what is spent in the month, credits taken off. None if no cost is known.
    pub cost: Option<Decimal>,
    /// Monthly cost of what is covered, before credits; None if no cost is known.
    pub covered_cost: Option<Decimal>,
}

/// The part of a goal that is about one value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoalGroup {
    /// The value; None for the resources without one.
    pub value: Option<String>,
    /// What is measured.
    pub measured: Measured,
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
    pub(crate) fn new(info: &GoalInfo, all: Measured) -> Self {
        let target = match &info.target {
            Target::Coverage(coverage) => {
                GoalTarget::Coverage { tags: info.tags.clone(), by: coverage.by, at_least: coverage.at_least }
            }
            // In the currency of the costs as soon as they are measured.
            Target::Budget(budget) => GoalTarget::Budget {
                limit: Decimal {
                    unscaled: budget.limit.mantissa(),
                    scale: u8::try_from(budget.limit.scale()).unwrap_or_default(),
                },
                currency: budget.currency.clone(),
            },
        };
        Self {
            name: info.name.clone(),
            severity: info.severity,
            target,
            month: None,
            all,
            each: info.each.as_ref().map(|(name, _)| name.clone()),
            groups: Vec::new(),
            loc: info.loc.clone(),
        }
    }

    /// Sets what is measured of each value.
    pub(crate) fn set_groups(&mut self, groups: Vec<GoalGroup>) {
        self.groups = groups;
        self.sort_groups();
    }

    /// Puts the worst values first: those that miss the target, and of a coverage those with the lowest share, of a budget
    /// those that spend most.
    pub(crate) fn sort_groups(&mut self) {
        let mut groups = std::mem::take(&mut self.groups);
        groups.sort_by_cached_key(|group| {
            let steps = self.steps(&group.measured);
            let badness = match self.target {
                GoalTarget::Coverage { .. } => steps.unwrap_or(i128::MAX),
                GoalTarget::Budget { .. } => -group.measured.cost.map_or(i128::MIN + 1, |cost| cost.unscaled),
            };
            let is_met = self.is_met(&group.measured) != Some(false);
            (is_met, badness, group.value.is_none(), group.value.clone())
        });
        self.groups = groups;
    }

    /// Returns the tags that cover a resource; none for a budget.
    pub fn tags(&self) -> &[String] {
        match &self.target {
            GoalTarget::Coverage { tags, .. } => tags,
            GoalTarget::Budget { .. } => &[],
        }
    }

    /// Returns what is measured.
    pub fn by(&self) -> Measure {
        match self.target {
            GoalTarget::Coverage { by, .. } => by,
            GoalTarget::Budget { .. } => Measure::Cost,
        }
    }

    /// Returns the limit of a budget; None for a coverage.
    pub fn limit(&self) -> Option<Decimal> {
        match self.target {
            GoalTarget::Budget { limit, .. } => Some(limit),
            GoalTarget::Coverage { .. } => None,
        }
    }

    /// Returns the share that is to be covered, from 0 to 1; None for a budget.
    pub fn at_least(&self) -> Option<rust_decimal::Decimal> {
        match self.target {
            GoalTarget::Coverage { at_least, .. } => Some(at_least),
            GoalTarget::Budget { .. } => None,
        }
    }

    /// Returns what decides whether the goal is met: the worst value, or all resources together.
    pub fn decisive(&self) -> &Measured {
        self.groups.first().map_or(&self.all, |group| &group.measured)
    }

    /// Returns the values that miss the target.
    pub fn missed(&self) -> impl Iterator<Item = &GoalGroup> {
        self.groups.iter().filter(|group| self.is_met(&group.measured) == Some(false))
    }

    /// Returns the share that is covered, from 0 to 1 in whole millionths, cut off so that it never
    /// reaches a target that was missed; of a budget the part of its limit that is spent, which may be more than 1. With
    /// groups it is that of the worst. None if there is nothing to be a share of: nothing in scope, or nothing that
    /// costs, or a budget of nothing.
    pub fn share(&self) -> Option<f64> {
        self.share_of(self.decisive())
    }

    /// Returns [`Self::share`] of some of the resources.
    pub fn share_of(&self, measured: &Measured) -> Option<f64> {
        #[expect(clippy::cast_precision_loss, reason = "at most a million, but for credits and budgets")]
        Some(self.steps(measured)? as f64 / STEPS as f64)
    }

    /// Returns the share in percent, rounded half up, with at least one digit after the point and as many as
    /// the target has, up to 4. `100%` and `0%` are exact, and a missed target is never reached by rounding.
    /// None as in [`Self::share`].
    pub fn share_text(&self) -> Option<String> {
        self.share_text_of(self.decisive())
    }

    /// Returns [`Self::share_text`] of some of the resources.
    pub fn share_text_of(&self, measured: &Measured) -> Option<String> {
        let Ratio { part, whole } = self.ratio(measured)?;
        let digits = self.percent().map_or(1, |percent| percent.scale().clamp(1, 4));
        let fraction = 10_i128.pow(digits);
        let all = 100 * fraction;
        let (size, sign) = (part.abs(), if part < 0 { "-" } else { "" });
        let scaled = size.saturating_mul(all);
        let (floor, rest) = (scaled / whole, scaled % whole);
        let rounded = if rest >= whole - rest { floor + 1 } else { floor };
        let target = self.percent();
        let target =
            target.map(|percent| (percent * rust_decimal::Decimal::from(fraction)).ceil().mantissa());
        let is_missed = self.is_met(measured) == Some(false);
        let shown = match rounded {
            _ if is_missed && part > 0 && target.is_some_and(|target| rounded >= target) => floor,
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

    /// Returns the target of a coverage in percent: `90%`. None for a budget.
    pub fn target_text(&self) -> Option<String> {
        Some(format!("{}%", self.percent()?))
    }

    fn percent(&self) -> Option<rust_decimal::Decimal> {
        Some((self.at_least()? * rust_decimal::Decimal::ONE_HUNDRED).normalize())
    }

    fn steps(&self, measured: &Measured) -> Option<i128> {
        let Ratio { part, whole } = self.ratio(measured)?;
        Some(part.saturating_mul(STEPS).div_euclid(whole))
    }

    /// Whether the target is reached, by each value if it applies to each; None if there is nothing to measure.
    pub fn met(&self) -> Option<bool> {
        self.is_met(self.decisive())
    }

    /// Whether some of the resources reach the target; None if there is nothing to measure.
    pub fn is_met(&self, measured: &Measured) -> Option<bool> {
        match self.target {
            GoalTarget::Coverage { at_least, .. } => {
                let Ratio { part, whole } = self.ratio(measured)?;
                let (wanted, scale) = (at_least.mantissa(), 10_i128.pow(at_least.scale()));
                Some(part.saturating_mul(scale) >= whole.saturating_mul(wanted))
            }
            GoalTarget::Budget { limit, .. } => {
                let (spent, limit) = same_scale(measured.cost?, limit);
                Some(spent <= limit)
            }
        }
    }

    /// Whether the target is not reached. If there is no share nothing is missed.
    pub fn is_missed(&self) -> bool {
        self.met() == Some(false)
    }

    /// Returns how many more resources must be covered; 0 where the target is reached or the goal
    /// is about cost.
    pub fn missing_count(&self, measured: &Measured) -> u64 {
        let GoalTarget::Coverage { by: Measure::Count, at_least, .. } = self.target else { return 0 };
        let wanted = rust_decimal::Decimal::from(measured.in_scope) * at_least;
        let wanted = u64::try_from(wanted.ceil()).unwrap_or(measured.in_scope);
        wanted.saturating_sub(measured.covered)
    }

    /// Returns how much more monthly cost must be covered, to the cent above but not more than there is, or by how much a
    /// budget is exceeded, to the next cent; at least one cent. None if the target is reached or the goal is about resources.
    pub fn missing_cost(&self, measured: &Measured) -> Option<Decimal> {
        if self.by() != Measure::Cost || self.is_met(measured) != Some(false) {
            return None;
        }
        let cost = measured.cost?;
        let missing = match self.target {
            GoalTarget::Coverage { at_least, .. } => {
                let scale = 10_i128.pow(at_least.scale());
                let wanted = cost.unscaled.checked_mul(at_least.mantissa())?.div_euclid(scale);
                wanted.checked_sub(measured.covered_cost?.unscaled)?
            }
            GoalTarget::Budget { limit, .. } => {
                let (spent, limit) = same_scale(cost, limit);
                spent.checked_sub(limit)?
            }
        };
        let cent = 10_i128.checked_pow(u32::from(cost.scale).saturating_sub(2))?;
        let rounded =
            |amount: i128| amount.div_euclid(cent) + i128::from(amount.rem_euclid(cent) >= cent - cent / 2);
        let cents = match self.target {
            GoalTarget::Budget { .. } => rounded(missing),
            GoalTarget::Coverage { .. } => {
                let above = missing.div_euclid(cent) + i128::from(missing.rem_euclid(cent) > 0);
                above.min(rounded(cost.unscaled))
            }
        };
        Some(Decimal { unscaled: cents.max(1) * cent, scale: cost.scale })
    }

    fn ratio(&self, measured: &Measured) -> Option<Ratio> {
        let ratio = match self.target {
            GoalTarget::Coverage { by: Measure::Count, .. } => {
                Ratio { part: measured.covered.into(), whole: measured.in_scope.into() }
            }
            GoalTarget::Coverage { by: Measure::Cost, .. } => {
                let (part, whole) = (measured.covered_cost?, measured.cost?);
                Ratio { part: part.unscaled, whole: whole.unscaled }.shortened()
            }
            GoalTarget::Budget { limit, .. } => {
                let (part, whole) = same_scale(measured.cost?, limit);
                Ratio { part, whole }.shortened()
            }
        };
        (ratio.whole > 0).then_some(ratio)
    }
}

/// Returns two amounts in the units of the first; what is beyond all numbers is the greatest.
fn same_scale(amount: Decimal, other: Decimal) -> (i128, i128) {
    let up = 10_i128.saturating_pow(u32::from(amount.scale.saturating_sub(other.scale)));
    let down = 10_i128.saturating_pow(u32::from(other.scale.saturating_sub(amount.scale)));
    (amount.unscaled, other.unscaled.saturating_mul(up) / down)
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
            target: GoalTarget::Coverage {
                tags: vec!["owner".to_owned()],
                by,
                at_least: at_least.parse().unwrap(),
            },
            month: None,
            all: Measured {
                in_scope: counts[0],
                covered: counts[1],
                cost: costs.map(|[cost, _]| money(cost)),
                covered_cost: costs.map(|[_, covered]| money(covered)),
            },
            each: None,
            groups: Vec::new(),
            loc: Loc { file: "p.tagpol".into(), line: 1, column: 1 },
        }
    }

    #[test]
    fn a_share_never_reaches_a_target_that_was_missed() {
        let missed = goal(Measure::Count, [1_000_000_000, 899_999_999], None, "0.9");
        assert_eq!(
            (missed.share(), missed.met(), missed.missing_count(&missed.all)),
            (Some(0.899_999), Some(false), 1)
        );
        let met = goal(Measure::Count, [10, 9], None, "0.90");
        assert_eq!((met.share(), met.met(), met.missing_count(&met.all)), (Some(0.9), Some(true), 0));
        let fine = goal(Measure::Count, [100_000, 99_994], None, "0.99950");
        let texts =
            [&missed, &met, &fine].map(|goal| (goal.share_text().unwrap(), goal.target_text().unwrap()));
        let expected = [("89.9%", "90%"), ("90.0%", "90%"), ("99.99%", "99.95%")];
        assert_eq!(texts, expected.map(|(share, target)| (share.to_owned(), target.to_owned())));
        let all = goal(Measure::Count, [3, 2], None, "1");
        assert_eq!((all.share(), all.missing_count(&all.all)), (Some(0.666_666), 1));
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
        let money = |goal: &GoalResult| goal.missing_cost(&goal.all).map(|cost| cost.to_string());
        let missed = goal(Measure::Cost, [2, 1], Some([10_000, 8_999]), "0.9");
        assert_eq!((missed.met(), money(&missed)), (Some(false), Some("0.01".to_owned())));
        let met = goal(Measure::Cost, [2, 1], Some([10_000, 9_000]), "0.9");
        assert_eq!((met.met(), money(&met), met.missing_count(&met.all)), (Some(true), None, 0));
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

    #[test]
    fn the_worst_group_decides() {
        let group = |value: &str, in_scope, covered| GoalGroup {
            value: (!value.is_empty()).then(|| value.to_owned()),
            measured: Measured { in_scope, covered, ..Measured::default() },
        };
        let mut each = goal(Measure::Count, [110, 99], None, "0.8");
        each.set_groups(vec![group("b", 100, 95), group("", 4, 1), group("a", 4, 1), group("c", 2, 2)]);
        let order: Vec<Option<&str>> = each.groups.iter().map(|group| group.value.as_deref()).collect();
        assert_eq!(order, [Some("a"), None, Some("b"), Some("c")]);
        assert_eq!((each.share(), each.met(), each.missed().count()), (Some(0.25), Some(false), 2));
        assert_eq!(each.is_met(&each.all), Some(true), "all together would pass");
    }

    #[test]
    fn budgets() {
        let cents = |cents: i128| Decimal { unscaled: cents * 10_i128.pow(16), scale: 18 };
        let budget = |limit: i128, spent: Option<i128>| {
            let mut goal = goal(Measure::Cost, [1, 1], None, "0");
            goal.target = GoalTarget::Budget {
                limit: Decimal { unscaled: limit, scale: 2 },
                currency: "USD".to_owned(),
            };
            goal.all.cost = spent.map(cents);
            let over = goal.missing_cost(&goal.all).map(|cost| cost.to_string());
            (goal.met(), goal.share_text(), over)
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(budget(500_000, Some(500_000)), (Some(true), text("100.0%"), None));
        assert_eq!(budget(500_000, Some(500_001)), (Some(false), text("100.1%"), text("0.01")));
        assert_eq!(budget(500_000, Some(499_999)), (Some(true), text("99.9%"), None));
        assert_eq!(budget(500_000, Some(-1)), (Some(true), text(">-0.1%"), None));
        assert_eq!(budget(0, Some(1)), (Some(false), None, text("0.01")));
        assert_eq!(budget(0, Some(0)), (Some(true), None, None));
        assert_eq!(budget(500, None), (None, None, None));
    }
}
