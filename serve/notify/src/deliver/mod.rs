//! How messages get to their channels: connections, and what an answer means. When to try again is decided by the caller.

mod http;
mod mail;
mod syslog;
mod tickets;

use std::time::Duration;

use chrono::{DateTime, Utc};
use tagpol_serve_outgoing::Client;

use crate::channel::siem::AuditEvent;
use crate::channel::{Channel, ChannelError};
use crate::message::Message;

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
    client: Client,
}

impl Courier {
    /// Delivers by the connections of a client, to the addresses that its policy allows.
    pub fn new(client: Client) -> Self {
        Self { client }
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
            Channel::Email(email) => mail::send(email, message, self.client.policy()).await,
            Channel::Slack(slack) => http::deliver(&self.client, slack.request(message)).await,
            Channel::Teams(teams) => http::deliver(&self.client, teams.request(message)).await,
            Channel::Webhook(webhook) => match webhook.request(message, now) {
                Ok(request) => http::deliver(&self.client, request).await,
                Err(error) => error.into(),
            },
            Channel::PagerDuty(pagerduty) => http::deliver(&self.client, pagerduty.request(message)).await,
            Channel::Jira(jira) => {
                tickets::jira(&self.client, jira, message, reference).await.unwrap_or_else(|end| end)
            }
            Channel::ServiceNow(servicenow) => {
                tickets::servicenow(&self.client, servicenow, message, reference)
                    .await
                    .unwrap_or_else(|end| end)
            }
            Channel::Siem(_) => Delivery::failed(
                "this channel streams the audit trail and receives no findings: choose another one",
            ),
        }
    }

    /// Streams entries of the audit trail, in their order. All of them are delivered, or all are to be sent again, under the
    /// same ids.
    pub async fn stream(&self, channel: &Channel, events: &[AuditEvent], now: DateTime<Utc>) -> Delivery {
        let Channel::Siem(siem) = channel else {
            return Delivery::failed("only a channel of the kind `siem` receives the audit trail");
        };
        for event in events {
            match siem.request(event, now) {
                Err(error) => return error.into(),
                Ok(None) => {}
                Ok(Some(request)) => match http::deliver(&self.client, request).await {
                    Delivery::Delivered { .. } => {}
                    other => return other,
                },
            }
        }
        match &siem.syslog {
            Some(server) => syslog::send(server, events, self.client.policy()).await,
            None => Delivery::Delivered { reference: None },
        }
    }
}
