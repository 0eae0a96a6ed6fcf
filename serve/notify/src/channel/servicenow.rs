//! Incidents of ServiceNow (Table API): one open incident for each group, found by its correlation id.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use super::{ChannelError, Request, below, digest, filled, https};
use crate::address;
use crate::message::{Message, inert, plain_text};
use crate::severity::Severity;

/// An instance of ServiceNow.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ServiceNowChannel)]
pub struct ServiceNow {
    /// The instance: `https://example.service-now.com`.
    #[serde(with = "address")]
    #[schema(value_type = String)]
    pub instance: Url,
    /// The user that writes.
    pub user: String,
    /// Its password.
    pub password: String,
    /// The name of the group that incidents are assigned to. Null: by the rules of the instance.
    #[serde(default)]
    pub assignment_group: Option<String>,
}

const INSTANCE: &str = "/instance";
/// `Resolved` in the states of incidents.
const RESOLVED: &str = "6";

impl ServiceNow {
    pub(super) fn check(&self) -> Result<(), ChannelError> {
        https(&self.instance, INSTANCE)?;
        filled(&self.user, "/user", "the user")?;
        filled(&self.password, "/password", "the password")?;
        self.table().map(|_| ())
    }

    /// Asks for the open incident of a group.
    pub(crate) fn find(&self, group: &str) -> Result<Request, ChannelError> {
        let mut url = self.table()?;
        url.query_pairs_mut()
            .append_pair(
                "sysparm_query",
                &format!("correlation_id={}^active=true^stateNOT IN6,7,8", digest(group)),
            )
            .append_pair("sysparm_fields", "sys_id")
            .append_pair("sysparm_limit", "1");
        Ok(self.signed(Request::get(url)))
    }

    /// Creates the incident.
    pub(crate) fn create(&self, message: &Message) -> Result<Request, ChannelError> {
        let (urgency, impact) = urgency(message.severity);
        let mut body = json!({
            "short_description": inert(&message.title, 160),
            "description": plain_text(message),
            "urgency": urgency,
            "impact": impact,
            "correlation_id": digest(&message.group),
            "correlation_display": "tagpol",
        });
        if let (Some(group), Some(fields)) = (&self.assignment_group, body.as_object_mut()) {
            fields.insert("assignment_group".to_owned(), Value::from(group.as_str()));
        }
        Ok(self.signed(Request::post(self.table()?, &body)))
    }

    /// Adds what has changed.
    pub(crate) fn comment(&self, incident: &str, message: &Message) -> Result<Request, ChannelError> {
        self.change(incident, &json!({"work_notes": plain_text(message)}))
    }

    /// Resolves the incident.
    pub(crate) fn resolve(&self, incident: &str, message: &Message) -> Result<Request, ChannelError> {
        self.change(
            incident,
            &json!({
                "state": RESOLVED,
                "close_code": "Solution provided",
                "close_notes": plain_text(message),
            }),
        )
    }

    fn change(&self, incident: &str, body: &Value) -> Result<Request, ChannelError> {
        let url = below(&self.instance, INSTANCE, &["api", "now", "table", "incident", incident])?;
        Ok(self.signed(Request::patch(url, body)))
    }

    fn table(&self) -> Result<Url, ChannelError> {
        below(&self.instance, INSTANCE, &["api", "now", "table", "incident"])
    }

    fn signed(&self, request: Request) -> Request {
        let login = STANDARD.encode(format!("{}:{}", self.user, self.password));
        request.with("authorization", format!("Basic {login}"))
    }
}

/// Returns the id of the first incident that a search found; None if there is none.
pub(crate) fn found(answer: &Value) -> Option<&str> {
    answer.pointer("/result/0/sys_id")?.as_str()
}

/// Returns the id of a new incident.
pub(crate) fn created(answer: &Value) -> Option<&str> {
    answer.pointer("/result/sys_id")?.as_str()
}

/// Urgency and impact, from which ServiceNow computes the priority: 1 is high, 3 is low.
fn urgency(severity: Option<Severity>) -> (&'static str, &'static str) {
    match severity {
        Some(Severity::Critical) => ("1", "2"),
        Some(Severity::High) => ("2", "2"),
        Some(Severity::Medium) => ("2", "3"),
        Some(Severity::Low) | None => ("3", "3"),
    }
}
