//! Events API v2 of PagerDuty: one incident for each group, which is resolved when nothing is open any more.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use super::{ChannelError, Request, filled, https};
use crate::address;
use crate::message::{Kind, Message, inert, plain_text};
use crate::rfc3339;
use crate::severity::Severity;

/// PagerDuty accepts 1,024 characters in a summary, and 255 in the key of an incident.
const LONGEST_SUMMARY: usize = 1024;
const LONGEST_KEY: usize = 255;

/// A service of PagerDuty.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PagerDutyChannel)]
pub struct PagerDuty {
    /// The integration key of the service, a secret: 32 letters and digits.
    pub routing_key: String,
    /// Where events go.
    #[serde(default = "events", with = "address")]
    #[schema(value_type = String)]
    pub url: Url,
}

#[expect(clippy::expect_used, reason = "a constant, which a test parses")]
fn events() -> Url {
    Url::parse("https://events.pagerduty.com/v2/enqueue").expect("a URL")
}

impl PagerDuty {
    pub(super) fn check(&self) -> Result<(), ChannelError> {
        filled(&self.routing_key, "/routing_key", "the integration key")?;
        https(&self.url, "/url")
    }

    /// Returns the request for a message.
    pub(crate) fn request(&self, message: &Message) -> Request {
        Request::post(self.url.clone(), &self.body(message))
    }

    fn body(&self, message: &Message) -> Value {
        let key = key(&message.group);
        // A test opens an incident, since nothing else shows that the key is right.
        if message.open == 0 && message.kind != Kind::Test {
            return json!({"routing_key": self.routing_key, "event_action": "resolve", "dedup_key": key});
        }
        let links: Vec<Value> =
            message.link.iter().map(|link| json!({"href": link.as_str(), "text": "All findings"})).collect();
        json!({
            "routing_key": self.routing_key,
            "event_action": "trigger",
            "dedup_key": key,
            "payload": {
                "summary": inert(&message.title, LONGEST_SUMMARY),
                "source": "tagpol",
                "severity": severity(message.severity),
                "timestamp": rfc3339::text(message.at),
                "class": "tag policy",
                "custom_details": {"open": message.open, "text": plain_text(message)},
            },
            "client": "tagpol",
            "links": links,
        })
    }
}

/// A group that is too long for a key is hashed: it has to stay the same, and nobody reads it.
fn key(group: &str) -> String {
    if group.chars().count() <= LONGEST_KEY {
        return group.to_owned();
    }
    super::digest(group)
}

fn severity(severity: Option<Severity>) -> &'static str {
    match severity {
        Some(Severity::Critical) => "critical",
        Some(Severity::High) => "error",
        Some(Severity::Medium) => "warning",
        Some(Severity::Low) | None => "info",
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_address_is_one() {
        assert_eq!(super::events().path(), "/v2/enqueue");
    }
}
