//! Where messages go, and the form in which each place expects them.
//!
//! Each module has the configuration of one kind, and a pure function from a message to what is sent. Ticket systems
//! need several requests: what they ask and say is in their modules, the order of it in [`crate::deliver`].

pub(crate) mod email;
pub(crate) mod jira;
pub(crate) mod pagerduty;
pub(crate) mod servicenow;
pub mod siem;
pub(crate) mod slack;
pub(crate) mod teams;
pub mod webhook;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use tagpol_serve_outgoing::{Request, is_protected};
use url::Url;

pub use email::{Email, Encryption, Login};
pub use jira::Jira;
pub use pagerduty::PagerDuty;
pub use servicenow::ServiceNow;
pub use siem::{Siem, SyslogServer};
pub use slack::Slack;
pub use teams::Teams;
pub use webhook::Webhook;

/// A place that receives messages. Contains secrets: it is stored sealed, and shown by [`Channel::shown`] only.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Channel {
    /// Mail by SMTP.
    Email(Email),
    /// An incoming webhook of Slack.
    Slack(Slack),
    /// A workflow of Microsoft Teams.
    Teams(Teams),
    /// Any receiver, with a signature by Standard Webhooks.
    Webhook(Webhook),
    /// Events of PagerDuty.
    PagerDuty(PagerDuty),
    /// Tickets of Jira.
    Jira(Jira),
    /// Incidents of ServiceNow.
    ServiceNow(ServiceNow),
    /// A stream of the audit trail. Receives no findings.
    Siem(Siem),
}

/// What is wrong with the configuration of a channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct ChannelError {
    /// JSON pointer of the field.
    pub pointer: &'static str,
    /// What is wrong, and what to write.
    pub message: String,
}

/// Fields that are not shown to anybody, of any kind.
const SECRETS: &[&str] = &["webhookUrl", "secret", "routingKey", "apiToken", "password"];

impl Channel {
    /// Returns the name of its kind.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Email(_) => "email",
            Self::Slack(_) => "slack",
            Self::Teams(_) => "teams",
            Self::Webhook(_) => "webhook",
            Self::PagerDuty(_) => "pagerduty",
            Self::Jira(_) => "jira",
            Self::ServiceNow(_) => "servicenow",
            Self::Siem(_) => "siem",
        }
    }

    /// Checks what the form of the JSON cannot.
    ///
    /// # Errors
    /// If nothing could be sent with it.
    pub fn check(&self) -> Result<(), ChannelError> {
        match self {
            Self::Email(email) => email.check(),
            Self::Slack(slack) => https(&slack.webhook_url, "/webhookUrl"),
            Self::Teams(teams) => https(&teams.webhook_url, "/webhookUrl"),
            Self::Webhook(webhook) => webhook.check(),
            Self::PagerDuty(pagerduty) => pagerduty.check(),
            Self::Jira(jira) => jira.check(),
            Self::ServiceNow(servicenow) => servicenow.check(),
            Self::Siem(siem) => siem.check(),
        }
    }

    /// Returns it without its secrets, which are `"(set)"`.
    pub fn shown(&self) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        hide(&mut value);
        value
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Channel({})", self.shown())
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if SECRETS.contains(&name.as_str()) {
                    if !value.is_null() {
                        *value = Value::from("(set)");
                    }
                } else {
                    hide(value);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(hide),
        _ => {}
    }
}

/// Whether a URL can receive secrets: by TLS, or on this machine.
pub(crate) fn https(url: &Url, pointer: &'static str) -> Result<(), ChannelError> {
    if is_protected(url) {
        return Ok(());
    }
    Err(ChannelError { pointer, message: "the address has to begin with `https://`".to_owned() })
}

/// Returns a base URL with more segments after its own path.
///
/// # Errors
/// If the URL cannot have a path.
pub(crate) fn below(base: &Url, pointer: &'static str, segments: &[&str]) -> Result<Url, ChannelError> {
    let mut url = base.clone();
    url.set_query(None);
    url.set_fragment(None);
    url.path_segments_mut()
        .map_err(|()| ChannelError {
            pointer,
            message: "the address has to begin with `https://`".to_owned(),
        })?
        .pop_if_empty()
        .extend(segments);
    Ok(url)
}

/// An error about a field that must not be empty.
pub(crate) fn filled(text: &str, pointer: &'static str, what: &str) -> Result<(), ChannelError> {
    if text.trim().is_empty() {
        return Err(ChannelError { pointer, message: format!("{what} is empty") });
    }
    Ok(())
}

/// Returns a name for a text that is too long or too free for an identifier: 64 hexadecimal digits.
pub(crate) fn digest(text: &str) -> String {
    let digest = ring::digest::digest(&ring::digest::SHA256, text.as_bytes());
    digest.as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
}
