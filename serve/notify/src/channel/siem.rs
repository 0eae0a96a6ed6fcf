//! The audit trail as a stream for a SIEM: events of the Open Cybersecurity Schema Framework, class *Entity
//! Management* (3004), as JSON lines by a signed webhook or as RFC 5424 messages by syslog.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use super::webhook::signed;
use super::{ChannelError, Request, filled, https};
use crate::address;
use crate::rfc3339;

/// The version of the schema that events follow.
const SCHEMA: &str = "1.3.0";
const CATEGORY: u32 = 3;
const CLASS: u32 = 3004;

/// Where the audit trail goes: to a webhook, a syslog server, or both.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SiemChannel)]
pub struct Siem {
    /// A receiver of JSON lines.
    #[serde(default, with = "address::option")]
    #[schema(value_type = Option<String>)]
    pub url: Option<Url>,
    /// The secret of its signatures, as of a webhook.
    #[serde(default)]
    pub secret: Option<String>,
    /// A syslog server.
    #[serde(default)]
    pub syslog: Option<SyslogServer>,
}

/// A server that receives syslog over TCP (RFC 6587, with the length before each message).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SyslogServer {
    /// Name or address.
    pub host: String,
    /// The port; 601 as a rule.
    pub port: u16,
}

/// An entry of the audit trail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditEvent {
    /// Its number in the trail.
    pub number: i64,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The id of who did it: `user:<id>`, `token:<id>`, or the name of the command line.
    pub actor: String,
    /// What was done.
    pub activity: Activity,
    /// The action by its name in the audit trail: `tag.set`.
    pub action: String,
    /// What kind of thing it was done to: `virtual tag`.
    pub entity_kind: String,
    /// The id of that thing.
    pub entity: String,
    /// The organization.
    pub tenant: String,
    /// The hash of the entry, with which the chain can be verified.
    pub hash: String,
}

/// What was done, in the words of the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activity {
    /// Something came to be.
    Create,
    /// Something was read that is worth a note.
    Read,
    /// Something was changed.
    Update,
    /// Something was deleted.
    Delete,
    /// Anything else.
    Other,
}

impl Activity {
    /// Returns what an action of the audit trail is, by its last word: `tag.set`.
    pub fn of(action: &str) -> Self {
        match action.rsplit('.').next().unwrap_or_default() {
            "add" | "link" | "login" => Self::Create,
            "export" | "verify" => Self::Read,
            "set" | "apply" | "confirm" | "reject" | "undo" | "role" | "password" => Self::Update,
            "remove" | "revoke" | "unset" | "erase" | "logout" => Self::Delete,
            _ => Self::Other,
        }
    }

    fn id(self) -> u32 {
        match self {
            Self::Create => 1,
            Self::Read => 2,
            Self::Update => 3,
            Self::Delete => 4,
            Self::Other => 99,
        }
    }
}

impl Siem {
    pub(super) fn check(&self) -> Result<(), ChannelError> {
        match (&self.url, &self.secret) {
            (Some(url), Some(_)) => https(url, "/url")?,
            (Some(_), None) => {
                let message = "messages are signed: add the `secret`".to_owned();
                return Err(ChannelError { pointer: "/secret", message });
            }
            (None, _) if self.syslog.is_none() => {
                let message = "the stream has no receiver: add `url` or `syslog`".to_owned();
                return Err(ChannelError { pointer: "/url", message });
            }
            (None, _) => {}
        }
        self.syslog.iter().try_for_each(|syslog| filled(&syslog.host, "/syslog/host", "the host"))
    }

    /// Returns the signed request for an event; None without a webhook. It is one for each event, since libraries that verify
    /// signatures read the whole body as one JSON document.
    ///
    /// # Errors
    /// If the secret is not one.
    pub(crate) fn request(
        &self,
        event: &AuditEvent,
        now: DateTime<Utc>,
    ) -> Result<Option<Request>, ChannelError> {
        let (Some(url), Some(secret)) = (&self.url, &self.secret) else { return Ok(None) };
        let id = format!("audit-{}-{}", event.tenant, event.number);
        signed(Request::post(url.clone(), &ocsf(event)), secret, &id, now).map(Some)
    }
}

/// Returns an event of class *Entity Management*.
pub fn ocsf(event: &AuditEvent) -> Value {
    json!({
        "activity_id": event.activity.id(),
        "activity_name": format!("{:?}", event.activity),
        "actor": {"user": {"uid": event.actor}},
        "category_uid": CATEGORY,
        "class_uid": CLASS,
        "type_uid": CLASS * 100 + event.activity.id(),
        "entity": {"uid": event.entity, "type": event.entity_kind},
        "comment": event.action,
        "metadata": {
            "product": {"name": "tagpol", "vendor_name": "tagpol"},
            "sequence": event.number,
            "tenant_uid": event.tenant,
            "uid": event.hash,
            "version": SCHEMA,
        },
        "severity_id": 1,
        "severity": "Informational",
        "status_id": 1,
        "time": event.at.timestamp_millis(),
    })
}

/// Returns an event as a message of RFC 5424 with its length before it: facility *log audit* (13), severity
/// *informational* (6).
pub(crate) fn syslog(event: &AuditEvent, host: &str) -> Vec<u8> {
    let message = format!(
        "<{priority}>1 {time} {host} tagpol - audit - {json}",
        priority = 13 * 8 + 6,
        time = rfc3339::text(event.at),
        json = ocsf(event),
    );
    format!("{} {message}", message.len()).into_bytes()
}
