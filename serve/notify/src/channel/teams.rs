//! Workflows of Microsoft Teams ("When a Teams webhook request is received"), which take an adaptive card. Texts are
//! `TextRun`s, in which nothing is interpreted.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use url::Url;
use utoipa::ToSchema;

use super::Request;
use crate::address;
use crate::message::{Message, inert, left_out, mark, sentence, summary};

/// Teams refuses messages of more than 28 KB: lines are left out from the end until a card has less.
const LARGEST: usize = 27_000;

/// A workflow of Microsoft Teams.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TeamsChannel)]
pub struct Teams {
    /// The address that the workflow gave, which is a secret.
    #[serde(with = "address")]
    #[schema(value_type = String)]
    pub webhook_url: Url,
}

impl Teams {
    /// Returns the request for a message.
    pub(crate) fn request(&self, message: &Message) -> Request {
        let mut message = message.clone();
        loop {
            let request = Request::post(self.webhook_url.clone(), &body(&message));
            if request.body.len() <= LARGEST || message.lines.pop().is_none() {
                return request;
            }
            message.left_out += 1;
        }
    }
}

fn body(message: &Message) -> Value {
    let mut card = vec![
        rich_text(&[json!({
            "type": "TextRun", "text": inert(&message.title, 200), "weight": "Bolder", "size": "Medium"})]),
        rich_text(&[run(&summary(message))]),
    ];
    card.extend(message.lines.iter().map(|line| {
        rich_text(&[
            json!({"type": "TextRun", "text": format!("{}: ", mark(line)), "weight": "Bolder"}),
            run(&sentence(line)),
        ])
    }));
    card.extend(left_out(message).map(|more| rich_text(&[run(&more)])));
    let actions: Vec<Value> = message
        .link
        .iter()
        .map(|link| json!({"type": "Action.OpenUrl", "title": "All findings", "url": link.as_str()}))
        .collect();
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "body": card,
                "actions": actions,
            },
        }],
    })
}

fn rich_text(runs: &[Value]) -> Value {
    json!({"type": "RichTextBlock", "inlines": runs})
}

fn run(text: &str) -> Value {
    json!({"type": "TextRun", "text": text})
}
