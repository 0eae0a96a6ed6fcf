//! How messages get to their channels: connections, what an answer means, and when to try again.

mod http;
mod mail;
mod retry;
mod syslog;
mod tickets;

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::channel::siem::AuditEvent;
use crate::channel::{Channel, ChannelError};
use crate::message::Message;

pub use http::{AddressPolicy, PolicyError};
pub use retry::{GIVE_UP_AFTER, next_attempt};

/// How an attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Delivery {
    /// The channel has it.
    Delivered {
        /// The ticket or incident that it is in now, to be given at the next message of the group. None if there is
        /// none, or it is closed.
        reference: Option<String>,
    },
    /// Not now: try again.
    Later {
        /// Why, for people. Contains no secret.
        reason: String,
        /// How long the channel asks to wait. None if it does not say.
        after: Option<Duration>,
    },
    /// Trying again would not help: somebody has to change the channel.
    Failed {
        /// Why, for people. Contains no secret.
        reason: String,
    },
}

impl Delivery {
    fn later(reason: impl Into<String>) -> Self {
        Self::Later { reason: reason.into(), after: None }
    }

    fn failed(reason: impl Into<String>) -> Self {
        Self::Failed { reason: reason.into() }
    }
}

impl From<ChannelError> for Delivery {
    fn from(error: ChannelError) -> Self {
        Self::failed(format!("{} is wrong: {}", error.pointer, error.message))
    }
}

/// Delivers messages. One for a process: it keeps connections open.
#[derive(Debug, Clone)]
pub struct Courier {
    http: http::Client,
    policy: AddressPolicy,
}

impl Courier {
    /// Prepares to deliver to the addresses that a policy allows.
    ///
    /// # Errors
    /// If there are no certificate authorities to trust.
    pub fn new(policy: AddressPolicy) -> Result<Self, String> {
        Ok(Self { http: http::Client::new(policy.clone())?, policy })
    }

    /// Delivers a message to a channel. `reference` is what the last delivery of the same group to the same channel
    /// returned; None if there was none.
    ///
    /// Receivers get the same ids at each attempt, so that it can be repeated when the outcome is not known.
    pub async fn deliver(
        &self,
        channel: &Channel,
        message: &Message,
        reference: Option<&str>,
        now: DateTime<Utc>,
    ) -> Delivery {
        match channel {
            Channel::Email(email) => mail::send(email, message, &self.policy).await,
            Channel::Slack(slack) => self.http.deliver(slack.request(message)).await,
            Channel::Teams(teams) => self.http.deliver(teams.request(message)).await,
            Channel::Webhook(webhook) => match webhook.request(message, now) {
                Ok(request) => self.http.deliver(request).await,
                Err(error) => error.into(),
            },
            Channel::PagerDuty(pagerduty) => self.http.deliver(pagerduty.request(message)).await,
            Channel::Jira(jira) => {
                tickets::jira(&self.http, jira, message, reference).await.unwrap_or_else(|end| end)
            }
            Channel::ServiceNow(servicenow) => {
                tickets::servicenow(&self.http, servicenow, message, reference)
                    .await
                    .unwrap_or_else(|end| end)
            }
            Channel::Siem(_) => Delivery::failed(
                "this channel streams the audit trail and receives no findings: choose another one",
            ),
        }
    }

    /// Streams an entry of the audit trail.
    pub async fn stream(&self, channel: &Channel, event: &AuditEvent, now: DateTime<Utc>) -> Delivery {
        let Channel::Siem(siem) = channel else {
            return Delivery::failed("only a channel of the kind `siem` receives the audit trail");
        };
        match siem.request(event, now) {
            Err(error) => return error.into(),
            Ok(None) => {}
            Ok(Some(request)) => match self.http.deliver(request).await {
                Delivery::Delivered { .. } => {}
                other => return other,
            },
        }
        match &siem.syslog {
            Some(server) => syslog::send(server, event, &self.policy).await,
            None => Delivery::Delivered { reference: None },
        }
    }
}
