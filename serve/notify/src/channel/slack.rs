//! Incoming webhooks of Slack. Texts are elements of `rich_text`, which Slack does not interpret: no value of a tag
//! becomes a mention or a link.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use super::Request;
use crate::address;
use crate::message::{Message, inert, left_out, mark, sentence, summary};

/// Slack accepts 150 characters in a header.
const LONGEST_HEADER: usize = 150;

/// An incoming webhook of Slack.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlackChannel)]
pub struct Slack {
    /// The address that Slack gave, which is a secret.
    #[serde(with = "address")]
    #[schema(value_type = String)]
    pub webhook_url: Url,
}

impl Slack {
    /// Returns the request for a message.
    pub(crate) fn request(&self, message: &Message) -> Request {
        Request::post(self.webhook_url.clone(), &body(message))
    }
}

fn body(message: &Message) -> Value {
    let mut blocks = vec![
        json!({"type": "header", "text": {
            "type": "plain_text", "text": inert(&message.title, LONGEST_HEADER), "emoji": false}}),
        rich_text(&[paragraph(&summary(message))]),
    ];
    if !message.lines.is_empty() {
        let items: Vec<Value> = message
            .lines
            .iter()
            .map(|line| {
                json!({"type": "rich_text_section", "elements": [
                    {"type": "text", "text": mark(line), "style": {"bold": true}},
                    {"type": "text", "text": format!(" {}", sentence(line))},
                ]})
            })
            .collect();
        blocks.push(rich_text(&[json!({"type": "rich_text_list", "style": "bullet", "elements": items})]));
    }
    if let Some(more) = left_out(message) {
        blocks.push(rich_text(&[paragraph(&more)]));
    }
    if let Some(link) = &message.link {
        blocks.push(rich_text(&[json!({"type": "rich_text_section", "elements": [
            {"type": "link", "url": link.as_str(), "text": "All findings"}]})]));
    }
    // Shown in notifications. This field alone is read as markup.
    json!({"text": escaped(&message.title), "blocks": blocks})
}

fn rich_text(elements: &[Value]) -> Value {
    json!({"type": "rich_text", "elements": elements})
}

fn paragraph(text: &str) -> Value {
    json!({"type": "rich_text_section", "elements": [{"type": "text", "text": text}]})
}

/// The three characters with which markup of Slack begins.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}
