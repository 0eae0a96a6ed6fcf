//! What a person writes: a rule.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::quiet::{QuietHours, QuietHoursError};
use crate::severity::Severity;

/// A finding's identity, stable over evaluations.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindingId {
    /// Id of the resource.
    pub resource: String,
    /// Name of the policy.
    pub policy: String,
    /// Id of the check in the policy.
    pub check: String,
    /// The tag that it is about. None if it is about no tag.
    pub tag: Option<String>,
}

/// The longest wait of a rule: a year.
const MOST_HOURS: u32 = 8_760;

/// Which findings are sent to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertRule)]
pub struct Rule {
    /// Its id in the database, which is no part of its JSON.
    #[serde(skip)]
    #[schema(ignore)]
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Whether it is applied.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// The tag that names the owner of a resource.
    #[serde(default = "owner")]
    pub owner_tag: String,
    /// Which findings it is about.
    #[serde(default)]
    pub filter: Filter,
    /// Who receives them.
    pub routing: Routing,
    /// Hours that a finding has to be open before it is sent, in addition to the grace of its policy.
    #[serde(default)]
    pub grace_hours: u32,
    /// Hours after which a finding that is still open is sent again. Null: it is sent once.
    #[serde(default)]
    pub remind_after_hours: Option<u32>,
    /// Who also receives what stays open for long. Null: nobody.
    #[serde(default)]
    pub escalation: Option<Escalation>,
    /// When messages are held back. Null: never.
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
    /// Whether the schedule `generate-reports` also sends each recipient everything that is open.
    #[serde(default)]
    pub report: bool,
}

fn yes() -> bool {
    true
}

fn owner() -> String {
    "owner".to_owned()
}

/// Which findings a rule is about. A part that is omitted lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertFilter)]
pub struct Filter {
    /// Names of policies.
    #[serde(default)]
    pub policies: Vec<String>,
    /// The lowest severity.
    #[serde(default)]
    pub min_severity: Option<Severity>,
    /// Values of the tag that names the owner.
    #[serde(default)]
    pub owners: Vec<String>,
    /// The lowest monthly cost of the resource, as a decimal number in the currency of the inventory. A resource
    /// without a known cost is let through, since unknown is not cheap.
    #[serde(default, with = "rust_decimal::serde::str_option")]
    #[schema(value_type = Option<String>)]
    pub min_monthly_cost: Option<Decimal>,
}

/// Who receives the findings of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "to", rename_all = "kebab-case", deny_unknown_fields)]
#[schema(as = AlertRouting)]
pub enum Routing {
    /// Each owner gets one message with only the findings of their resources.
    Owners {
        /// Id of the channel. For one of the kind `email`, the owner is the address.
        channel: String,
        /// Id of the channel for resources without an owner.
        unowned_channel: String,
    },
    /// One message with all findings.
    Channels {
        /// Ids of the channels. Each gets the message.
        channels: Vec<String>,
    },
}

/// Who also receives what stays open for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AlertEscalation)]
pub struct Escalation {
    /// Hours after the finding was sent first.
    pub after_hours: u32,
    /// Ids of the channels.
    pub channels: Vec<String>,
}

/// Whose findings are in one message.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "owner")]
pub enum Recipient {
    /// Those of the resources of one owner.
    Owner(String),
    /// Those of resources without an owner.
    Unowned,
    /// All.
    Everyone,
}

impl Recipient {
    /// Returns it as a text, which [`Self::parse`] reads.
    pub fn to_text(&self) -> String {
        match self {
            Self::Owner(owner) => format!("owner:{owner}"),
            Self::Unowned => "unowned".to_owned(),
            Self::Everyone => "everyone".to_owned(),
        }
    }

    /// Reads a text of [`Self::to_text`]. None: it is not one.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "unowned" => Some(Self::Unowned),
            "everyone" => Some(Self::Everyone),
            text => text.strip_prefix("owner:").map(|owner| Self::Owner(owner.to_owned())),
        }
    }
}

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Nobody would receive anything.
    #[error("`{field}` has no channel: add the id of one")]
    NoChannel {
        /// JSON pointer of the field.
        field: &'static str,
    },
    /// A wait is so short that messages would never end, or longer than anybody waits.
    #[error("`{field}` is {hours} hours: write {least} to {MOST_HOURS}")]
    Hours {
        /// JSON pointer of the field.
        field: &'static str,
        /// The number of hours.
        hours: u32,
        /// The lowest number.
        least: u32,
    },
    /// The name is empty.
    #[error("the rule has no name: give it one, so that people can distinguish it from others")]
    NoName,
    /// The quiet hours are wrong.
    #[error(transparent)]
    QuietHours(#[from] QuietHoursError),
}

impl RuleError {
    /// Returns the JSON pointer of the field that is wrong.
    pub fn pointer(&self) -> &str {
        match self {
            Self::NoChannel { field } | Self::Hours { field, .. } => field,
            Self::NoName => "/name",
            Self::QuietHours(_) => "/quiet_hours",
        }
    }
}

impl Rule {
    /// Checks what the form of the JSON cannot.
    ///
    /// # Errors
    /// If it can send nothing to anybody, or never.
    pub fn check(&self) -> Result<(), RuleError> {
        if self.name.trim().is_empty() {
            return Err(RuleError::NoName);
        }
        match &self.routing {
            Routing::Channels { channels } if channels.is_empty() => {
                return Err(RuleError::NoChannel { field: "/routing/channels" });
            }
            Routing::Owners { channel, .. } if channel.is_empty() => {
                return Err(RuleError::NoChannel { field: "/routing/channel" });
            }
            Routing::Owners { unowned_channel, .. } if unowned_channel.is_empty() => {
                return Err(RuleError::NoChannel { field: "/routing/unowned_channel" });
            }
            Routing::Channels { .. } | Routing::Owners { .. } => {}
        }
        if self.escalation.as_ref().is_some_and(|escalation| escalation.channels.is_empty()) {
            return Err(RuleError::NoChannel { field: "/escalation/channels" });
        }
        for (field, hours, least) in [
            ("/grace_hours", Some(self.grace_hours), 0),
            ("/remind_after_hours", self.remind_after_hours, 1),
            ("/escalation/after_hours", self.escalation.as_ref().map(|one| one.after_hours), 1),
        ] {
            if let Some(hours) = hours.filter(|hours| !(least..=MOST_HOURS).contains(hours)) {
                return Err(RuleError::Hours { field, hours, least });
            }
        }
        if let Some(quiet) = &self.quiet_hours {
            quiet.check()?;
        }
        Ok(())
    }

    /// Returns the ids of all channels that it sends to, each once, in order.
    pub fn channels(&self) -> Vec<&str> {
        let mut channels: Vec<&str> = match &self.routing {
            Routing::Owners { channel, unowned_channel } => vec![channel, unowned_channel],
            Routing::Channels { channels } => channels.iter().map(String::as_str).collect(),
        };
        channels
            .extend(self.escalation.iter().flat_map(|escalation| &escalation.channels).map(String::as_str));
        channels.sort_unstable();
        channels.dedup();
        channels
    }

    pub(super) fn recipient(&self, owner: Option<&str>) -> Recipient {
        match (&self.routing, owner) {
            (Routing::Channels { .. }, _) => Recipient::Everyone,
            (Routing::Owners { .. }, Some(owner)) => Recipient::Owner(owner.to_owned()),
            (Routing::Owners { .. }, None) => Recipient::Unowned,
        }
    }
}

impl Filter {
    /// Whether it is about a policy whose findings have a severity.
    pub fn lets_policy_through(&self, policy: &str, severity: Severity) -> bool {
        (self.policies.is_empty() || self.policies.iter().any(|entry| entry == policy))
            && self.min_severity.is_none_or(|least| severity >= least)
    }

    /// Whether it lets a finding through.
    pub(super) fn lets_through(
        &self,
        policy: &str,
        severity: Severity,
        owner: Option<&str>,
        monthly_cost: Option<Decimal>,
    ) -> bool {
        let is_listed = self.owners.is_empty()
            || owner.is_some_and(|owner| self.owners.iter().any(|entry| entry == owner));
        let expensive = match (self.min_monthly_cost, monthly_cost) {
            (Some(least), Some(cost)) => cost >= least,
            (None, _) | (_, None) => true,
        };
        self.lets_policy_through(policy, severity) && is_listed && expensive
    }
}

/// Hours as a span of time.
pub(super) fn hours(hours: u32) -> TimeDelta {
    TimeDelta::hours(i64::from(hours))
}
