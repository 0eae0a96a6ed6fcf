//! What advice is made from: the results of an evaluation, as plain data.

use serde::{Deserialize, Serialize};

use crate::sentence::Amount;

/// The results of an evaluation, as far as advice is made from them. Amounts are a month's, in [`Self::currency`].
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AdviceInput {
    /// Resources of the inventory.
    pub resources: u64,
    /// Those in the scope of at least one policy.
    pub in_scope: u64,
    /// Those in scope without an open or pending finding.
    pub passing: u64,
    /// The score in tenths, 0 to 1000. None if nothing is in scope.
    pub score: Option<u32>,
    /// Open findings by severity: critical, high, medium, low.
    pub open: [u64; 4],
    /// Findings within a grace period.
    pub pending: u64,
    /// Findings that are waived.
    pub waived: u64,
    /// Checks whose result depends on values that are not known.
    pub undetermined: u64,
    /// Currency of all amounts, as the inventory writes it. None if it names none.
    pub currency: Option<String>,
    /// Month of the costs, such as `2026-10`. None if they are not those of a bill.
    pub month: Option<String>,
    /// Cost of all resources before credits. None if no cost is known.
    pub spend: Option<Amount>,
    /// The part of it of resources with an open finding.
    pub cost_in_violation: Option<Amount>,
    /// Cost in charges without a resource. None without a bill.
    pub unattributed: Option<Amount>,
    /// Rows of the inventory that could not be read.
    pub rejected_rows: u64,
    /// Values that were left out or changed.
    pub rejected_values: u64,
    /// Files and listings that are not whole.
    pub incomplete: u64,
    /// Every check, in the order of the evaluation.
    pub checks: Vec<CheckInput>,
    /// Policies that apply to no resource.
    pub silent_policies: Vec<String>,
    /// Policies that support no control of a framework.
    pub policies_without_controls: u64,
    /// Every tag, in the order of the policies.
    pub tags: Vec<TagInput>,
    /// Native keys that no tag reads, with the resources that have them.
    pub unread_keys: Vec<(String, u64)>,
    /// Tags with two different values of equal rank on some resources.
    pub conflicts: Vec<ConflictInput>,
    /// Every goal that is missed, in the order of names.
    pub missed_goals: Vec<GoalInput>,
    /// The account with the most open findings.
    pub worst_account: Option<AccountInput>,
    /// The most expensive values of the tag that shows who pays, the most expensive first.
    pub cost_groups: Vec<CostGroup>,
    /// Shared costs that were distributed.
    pub shared: Vec<SharedCost>,
    /// What charges cost by list prices and in effect. None unless every charge has both amounts.
    pub list_price: Option<ListPrice>,
}

/// Severity, from the worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Severity {
    /// Worst.
    Critical,
    /// Second.
    High,
    /// Third.
    Medium,
    /// Least.
    #[default]
    Low,
}

impl Severity {
    /// All, from the worst.
    pub const ALL: [Self; 4] = [Self::Critical, Self::High, Self::Medium, Self::Low];

    /// Returns its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// The result of a check.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CheckInput {
    /// Name of the policy.
    pub policy: String,
    /// Id of the check in it.
    pub check: String,
    /// Its severity.
    pub severity: Severity,
    /// The requirement: the policy's message, or the requirement in words.
    pub requirement: String,
    /// The tag it is about. None if it is about an attribute or something else.
    pub tag: Option<String>,
    /// Resources in its scope.
    pub in_scope: u64,
    /// Open findings.
    pub open: u64,
    /// Findings within the grace period of the policy.
    pub pending: u64,
    /// Open and pending findings for which the policy knows the value that fixes them.
    pub remedies: u64,
    /// Open findings whose escalation is due.
    pub escalation_due: u64,
    /// Cost of the resources with an open finding. None if no cost is known.
    pub cost: Option<Amount>,
    /// The score in tenths if this check had no finding. None if it would be the same.
    pub score_if_fixed: Option<u32>,
    /// Controls of frameworks that the policy supports: framework and id.
    pub controls: Vec<(String, String)>,
    /// Id of a resource with an open or pending finding, the most expensive one that is known.
    pub example: Option<String>,
}

impl CheckInput {
    /// Returns the number of resources that fail the check: with an open or a pending finding.
    pub fn failing(&self) -> u64 {
        self.open + self.pending
    }
}

/// How far a tag covers the inventory, in resources.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TagInput {
    /// Its name.
    pub name: String,
    /// How much it matters, if the policies specify it.
    pub importance: Option<Severity>,
    /// With a valid value from a native tag or a decision.
    pub native: u64,
    /// With a valid value from a rule, a default or a prediction.
    pub derived: u64,
    /// With a value that is not valid.
    pub invalid: u64,
    /// Without a value.
    pub missing: u64,
    /// Cost of the resources without a value. None if no cost is known.
    pub missing_cost: Option<Amount>,
    /// Whether a model can suggest its values: by their type, and because some resources have one.
    pub is_learnable: bool,
    /// Whether it shows who pays.
    pub is_cost_center: bool,
}

/// A tag with two different values of equal rank.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ConflictInput {
    /// The tag.
    pub tag: String,
    /// Resources.
    pub resources: u64,
    /// The id of one of them.
    pub resource: String,
    /// Its value.
    pub value: String,
    /// The value that was not used.
    pub other: String,
}

/// A goal that is missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GoalInput {
    /// Its name.
    pub name: String,
    /// By how much.
    pub miss: GoalMiss,
}

/// By how much a goal is missed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum GoalMiss {
    /// A share of resources, or of their cost, is too small. Both are percentages as they are shown.
    Coverage {
        /// The share: `47.7%`.
        share: String,
        /// The target: `90%`.
        target: String,
        /// Resources that must still be covered; 0 if the goal is about cost.
        missing: u64,
        /// Cost that must still be covered. None if the goal is about resources.
        missing_cost: Option<Amount>,
    },
    /// A budget is exceeded.
    Budget {
        /// What is spent.
        spent: Amount,
        /// The limit.
        limit: Amount,
    },
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AccountInput {
    /// Its id or name.
    pub account: String,
    /// Its resources.
    pub resources: u64,
    /// Open findings.
    pub open: u64,
    /// Cost of the resources with one. None if no cost is known.
    pub cost: Option<Amount>,
}

/// Resources with one value of the tag that shows who pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostGroup {
    /// The tag.
    pub tag: String,
    /// The value.
    pub value: String,
    /// Resources.
    pub resources: u64,
    /// What they cost.
    pub cost: Amount,
}

/// Shared costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SharedCost {
    /// Name of the allocation.
    pub name: String,
    /// The tag over whose values they are distributed.
    pub to: String,
    /// What was distributed.
    pub cost: Amount,
    /// What was not, because there was nothing to distribute it over.
    pub kept: Amount,
}

/// List prices compared with what is paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListPrice {
    /// By list prices.
    pub list: Amount,
    /// In effect.
    pub effective: Amount,
}
