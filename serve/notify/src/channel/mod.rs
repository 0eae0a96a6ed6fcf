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
const SECRETS: &[&str] = &["webhook_url", "secret", "routing_key", "api_token", "password"];

/// What is shown in place of a secret. Written back, it means that the secret stays.
const HIDDEN: &str = "(set)";

/// Names of all kinds.
const KINDS: [&str; 8] = ["email", "slack", "teams", "webhook", "pagerduty", "jira", "servicenow", "siem"];

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
            Self::Slack(slack) => https(&slack.webhook_url, "/webhook_url"),
            Self::Teams(teams) => https(&teams.webhook_url, "/webhook_url"),
            Self::Webhook(webhook) => webhook.check(),
            Self::PagerDuty(pagerduty) => pagerduty.check(),
            Self::Jira(jira) => jira.check(),
            Self::ServiceNow(servicenow) => servicenow.check(),
            Self::Siem(siem) => siem.check(),
        }
    }

    /// Reads the configuration of a kind of channel.
    ///
    /// # Errors
    /// If the kind does not exist, or the configuration is not one of it: the JSON pointer of what is wrong, and why.
    pub fn parse(kind: &str, config: &Value) -> Result<Self, (String, String)> {
        // Serde would take the fields from an array as well.
        if !config.is_object() {
            return Err((String::new(), "the configuration must be an object".to_owned()));
        }
        Ok(match kind {
            "email" => Self::Email(read(config)?),
            "slack" => Self::Slack(read(config)?),
            "teams" => Self::Teams(read(config)?),
            "webhook" => Self::Webhook(read(config)?),
            "pagerduty" => Self::PagerDuty(read(config)?),
            "jira" => Self::Jira(read(config)?),
            "servicenow" => Self::ServiceNow(read(config)?),
            "siem" => Self::Siem(read(config)?),
            other => {
                let kinds = KINDS.join(", ");
                return Err((
                    "/kind".to_owned(),
                    format!("there is no kind `{other}`: write any of {kinds}"),
                ));
            }
        })
    }

    /// Returns its configuration without its secrets, which are `(set)`.
    pub fn shown(&self) -> Value {
        let mut value = self.config();
        hide(&mut value);
        value
    }

    /// Puts secrets that are `(set)` in a new configuration back, from this one.
    ///
    /// # Errors
    /// If this one lacks such a secret, or messages would go somewhere else: whoever may change an address must not be able to
    /// send to it a secret that they do not know.
    pub fn keep_secrets(&self, config: &mut Value) -> Result<(), (String, String)> {
        let old = self.config();
        let mut hidden = Vec::new();
        find_hidden(config, &mut String::new(), &mut hidden);
        let Some(first) = hidden.first().cloned() else { return Ok(()) };
        let goes_elsewhere = DESTINATIONS.iter().any(|pointer| {
            let place = |value: &Value| value.pointer(pointer).filter(|value| !value.is_null()).cloned();
            place(&old) != place(config)
        });
        if goes_elsewhere {
            return Err((first, "messages would go somewhere else: write the secret again".to_owned()));
        }
        for pointer in hidden {
            match (old.pointer(&pointer), config.pointer_mut(&pointer)) {
                (Some(Value::String(secret)), Some(place)) => *place = Value::from(secret.as_str()),
                _ => {
                    return Err((
                        pointer,
                        "the channel has no secret here that could stay: write it".to_owned(),
                    ));
                }
            }
        }
        Ok(())
    }

    /// Returns its configuration, with its secrets.
    fn config(&self) -> Value {
        let mut value = serde_json::to_value(self).unwrap_or_default();
        if let Some(fields) = value.as_object_mut() {
            fields.remove("kind");
        }
        value
    }
}

impl std::fmt::Debug for Channel {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Channel({} {})", self.kind(), self.shown())
    }
}

/// Fields that say where messages go, of any kind. Those of the others are secrets themselves.
const DESTINATIONS: &[&str] = &["/host", "/port", "/encryption", "/authority", "/url", "/site", "/instance"];

fn read<T: serde::de::DeserializeOwned>(config: &Value) -> Result<T, (String, String)> {
    serde_path_to_error::deserialize(config).map_err(|error| {
        let parts = error.path().iter().filter_map(|segment| match segment {
            serde_path_to_error::Segment::Seq { index } => Some(format!("/{index}")),
            serde_path_to_error::Segment::Map { key } => Some(step(key)),
            serde_path_to_error::Segment::Enum { .. } | serde_path_to_error::Segment::Unknown => None,
        });
        (parts.collect(), error.into_inner().to_string())
    })
}

/// Returns the part of a JSON pointer for a field.
fn step(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Finds the places of [`HIDDEN`] secrets.
fn find_hidden(value: &Value, at: &mut String, found: &mut Vec<String>) {
    let Value::Object(fields) = value else { return };
    for (name, value) in fields {
        let length = at.len();
        at.push_str(&step(name));
        if SECRETS.contains(&name.as_str()) && value.as_str() == Some(HIDDEN) {
            found.push(at.clone());
        }
        find_hidden(value, at, found);
        at.truncate(length);
    }
}

fn hide(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                if SECRETS.contains(&name.as_str()) {
                    if !value.is_null() {
                        *value = Value::from(HIDDEN);
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
