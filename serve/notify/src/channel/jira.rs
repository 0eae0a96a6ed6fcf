//! Issues of Jira Cloud (REST API 3): one open issue for each group. It is found by a label, so that an attempt that
//! was cut off after creating it creates no second one.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use super::{ChannelError, Request, below, digest, filled, https};
use crate::address;
use crate::message::{Message, inert, left_out, mark, sentence, summary};

/// A project of Jira.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = JiraChannel)]
pub struct Jira {
    /// The site: `https://example.atlassian.net`.
    #[serde(with = "address")]
    #[schema(value_type = String)]
    pub site: Url,
    /// The email address of the account that writes.
    pub user: String,
    /// Its API token.
    pub api_token: String,
    /// The key of the project: `OPS`.
    pub project: String,
    /// The name of the type of issues.
    #[serde(default = "task")]
    pub issue_type: String,
}

fn task() -> String {
    "Task".to_owned()
}

const SITE: &str = "/site";

impl Jira {
    pub(super) fn check(&self) -> Result<(), ChannelError> {
        https(&self.site, SITE)?;
        filled(&self.user, "/user", "the user")?;
        filled(&self.api_token, "/api_token", "the API token")?;
        filled(&self.issue_type, "/issue_type", "the type of issues")?;
        let letters = |text: &str| text.chars().all(|char| char.is_ascii_alphanumeric() || char == '_');
        if self.project.is_empty() || !letters(&self.project) {
            let message = "the key of a project has letters and digits only, as in `OPS-12`".to_owned();
            return Err(ChannelError { pointer: "/project", message });
        }
        below(&self.site, SITE, &[]).map(|_| ())
    }

    /// Asks for the open issue of a group.
    pub(crate) fn find(&self, group: &str) -> Result<Request, ChannelError> {
        let mut url = below(&self.site, SITE, &["rest", "api", "3", "search", "jql"])?;
        url.query_pairs_mut()
            .append_pair(
                "jql",
                &format!(
                    "project = \"{}\" AND labels = \"{}\" AND statusCategory != Done",
                    self.project,
                    label(group)
                ),
            )
            .append_pair("fields", "status")
            .append_pair("maxResults", "1");
        Ok(self.signed(Request::get(url)))
    }

    /// Creates the issue.
    pub(crate) fn create(&self, message: &Message) -> Result<Request, ChannelError> {
        let body = json!({"fields": {
            "project": {"key": self.project},
            "issuetype": {"name": self.issue_type},
            "summary": inert(&message.title, 255),
            "description": document(message),
            "labels": ["tagpol", label(&message.group)],
        }});
        Ok(self.signed(Request::post(below(&self.site, SITE, &["rest", "api", "3", "issue"])?, &body)))
    }

    /// Adds what has changed.
    pub(crate) fn comment(&self, issue: &str, message: &Message) -> Result<Request, ChannelError> {
        let url = below(&self.site, SITE, &["rest", "api", "3", "issue", issue, "comment"])?;
        Ok(self.signed(Request::post(url, &json!({"body": document(message)}))))
    }

    /// Asks how the issue can be closed.
    pub(crate) fn transitions(&self, issue: &str) -> Result<Request, ChannelError> {
        let url = below(&self.site, SITE, &["rest", "api", "3", "issue", issue, "transitions"])?;
        Ok(self.signed(Request::get(url)))
    }

    /// Takes a transition.
    pub(crate) fn transition(&self, issue: &str, id: &str) -> Result<Request, ChannelError> {
        let url = below(&self.site, SITE, &["rest", "api", "3", "issue", issue, "transitions"])?;
        Ok(self.signed(Request::post(url, &json!({"transition": {"id": id}}))))
    }

    fn signed(&self, request: Request) -> Request {
        let login = STANDARD.encode(format!("{}:{}", self.user, self.api_token));
        request.with("authorization", format!("Basic {login}"))
    }
}

/// Returns the key of the first issue that a search found; None if there is none.
pub(crate) fn found(answer: &Value) -> Option<&str> {
    answer.pointer("/issues/0/key")?.as_str()
}

/// Returns the key of a new issue.
pub(crate) fn created(answer: &Value) -> Option<&str> {
    answer.get("key")?.as_str()
}

/// Returns the id of the first transition that closes an issue; None if the account may take none.
pub(crate) fn closing(answer: &Value) -> Option<&str> {
    let done = |transition: &&Value| {
        transition.pointer("/to/statusCategory/key").and_then(Value::as_str) == Some("done")
    };
    answer.get("transitions")?.as_array()?.iter().find(done)?.get("id")?.as_str()
}

/// A label has no spaces, and must not say who the owner is.
fn label(group: &str) -> String {
    let digest = digest(group);
    format!("tagpol-{}", digest.get(..16).unwrap_or(&digest))
}

/// The document format of Atlassian. Its text nodes are not interpreted.
fn document(message: &Message) -> Value {
    let paragraph = |text: &str| json!({"type": "paragraph", "content": [{"type": "text", "text": text}]});
    let mut content = vec![paragraph(&summary(message))];
    if !message.lines.is_empty() {
        let items: Vec<Value> = message
            .lines
            .iter()
            .map(|line| {
                let text = format!("{} ({})", sentence(line), mark(line));
                json!({"type": "listItem", "content": [paragraph(&text)]})
            })
            .collect();
        content.push(json!({"type": "bulletList", "content": items}));
    }
    content.extend(left_out(message).map(|more| paragraph(&more)));
    if let Some(link) = &message.link {
        content.push(json!({"type": "paragraph", "content": [{
            "type": "text", "text": "All findings",
            "marks": [{"type": "link", "attrs": {"href": link.as_str()}}],
        }]}));
    }
    json!({"type": "doc", "version": 1, "content": content})
}
