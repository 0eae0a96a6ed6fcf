//! What a person writes: a rule.

use chrono::TimeDelta;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};

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

/// Which findings are sent to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// Its id in the database.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// Which findings it is about.
    #[serde(default)]
    pub filter: Filter,
    /// Who receives them.
    pub routing: Routing,
    /// Hours that a finding has to be open before it is sent, beside the grace of its policy.
    #[serde(default)]
    pub grace_hours: u32,
    /// Hours after which a finding that is still open is sent again. None: it is sent once.
    #[serde(default)]
    pub remind_after_hours: Option<u32>,
    /// To whom a finding goes that stays open for long.
    #[serde(default)]
    pub escalation: Option<Escalation>,
    /// When nothing is sent.
    #[serde(default)]
    pub quiet_hours: Option<QuietHours>,
}

/// Which findings a rule is about. Each part that is empty or None lets everything through.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Filter {
    /// Names of policies.
    #[serde(default)]
    pub policies: Vec<String>,
    /// The least severity.
    #[serde(default)]
    pub min_severity: Option<Severity>,
    /// Owners, as the tag has them.
    #[serde(default)]
    pub owners: Vec<String>,
    /// The least cost of the resource in a month, in the currency of reports. A resource without a known cost is
    /// let through: unknown is not cheap.
    #[serde(default, with = "rust_decimal::serde::str_option")]
    pub min_monthly_cost: Option<Decimal>,
}

/// Who receives the findings of a rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "to", rename_all = "kebab-case", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Routing {
    /// Each owner gets one message with only the findings of their resources.
    Owners {
        /// Id of the channel, of e-mail as a rule: the owner is the address.
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

/// To whom a finding goes that stays open for long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Escalation {
    /// Hours after the finding was sent.
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

/// What is wrong with a rule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RuleError {
    /// Nobody would receive anything.
    #[error("`{field}` has no channel: add the id of one")]
    NoChannel {
        /// JSON pointer of the field.
        field: &'static str,
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
            Self::NoChannel { field } => field,
            Self::NoName => "/name",
            Self::QuietHours(_) => "/quietHours",
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
                return Err(RuleError::NoChannel { field: "/routing/unownedChannel" });
            }
            Routing::Channels { .. } | Routing::Owners { .. } => {}
        }
        if self.escalation.as_ref().is_some_and(|escalation| escalation.channels.is_empty()) {
            return Err(RuleError::NoChannel { field: "/escalation/channels" });
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
    /// Whether it lets a finding through.
    pub(super) fn lets_through(
        &self,
        policy: &str,
        severity: Severity,
        owner: Option<&str>,
        monthly_cost: Option<Decimal>,
    ) -> bool {
        let listed = |list: &[String], value: Option<&str>| {
            list.is_empty() || value.is_some_and(|value| list.iter().any(|entry| entry == value))
        };
        let expensive = match (self.min_monthly_cost, monthly_cost) {
            (Some(least), Some(cost)) => cost >= least,
            (None, _) | (_, None) => true,
        };
        listed(&self.policies, Some(policy))
            && self.min_severity.is_none_or(|least| severity >= least)
            && listed(&self.owners, owner)
            && expensive
    }
}

/// Hours as a span of time.
pub(super) fn hours(hours: u32) -> TimeDelta {
    TimeDelta::hours(i64::from(hours))
}
