//! Tickets: one open ticket for each group. What is new becomes a comment, and nothing open any more closes it.

use super::Delivery;
use super::http::Client;
use crate::channel::{Jira, ServiceNow, jira, servicenow};
use crate::message::Message;

/// How a step that ended the delivery ended it.
type Step<T> = Result<T, Delivery>;

pub(super) async fn jira(
    http: &Client,
    config: &Jira,
    message: &Message,
    reference: Option<&str>,
) -> Step<Delivery> {
    let known = match reference {
        Some(issue) => Some(issue.to_owned()),
        None => jira::found(&http.send(config.find(&message.group)?).await?).map(str::to_owned),
    };
    let Some(issue) = known else {
        return if closes(message) {
            Ok(Delivery::Delivered { reference: None })
        } else {
            let answer = http.send(config.create(message)?).await?;
            ticket(jira::created(&answer), "Jira")
        };
    };
    http.send(config.comment(&issue, message)?).await?;
    if !closes(message) {
        return Ok(Delivery::Delivered { reference: Some(issue) });
    }
    let answer = http.send(config.transitions(&issue)?).await?;
    let Some(id) = jira::closing(&answer) else {
        return Err(Delivery::failed(format!(
            "the account of this channel can take no transition of {issue} to a status that is done"
        )));
    };
    http.send(config.transition(&issue, id)?).await?;
    Ok(Delivery::Delivered { reference: None })
}

pub(super) async fn servicenow(
    http: &Client,
    config: &ServiceNow,
    message: &Message,
    reference: Option<&str>,
) -> Step<Delivery> {
    let known = match reference {
        Some(incident) => Some(incident.to_owned()),
        None => servicenow::found(&http.send(config.find(&message.group)?).await?).map(str::to_owned),
    };
    match (known, closes(message)) {
        (None, true) => Ok(Delivery::Delivered { reference: None }),
        (None, false) => {
            let answer = http.send(config.create(message)?).await?;
            ticket(servicenow::created(&answer), "ServiceNow")
        }
        (Some(incident), true) => {
            http.send(config.resolve(&incident, message)?).await?;
            Ok(Delivery::Delivered { reference: None })
        }
        (Some(incident), false) => {
            http.send(config.comment(&incident, message)?).await?;
            Ok(Delivery::Delivered { reference: Some(incident) })
        }
    }
}

fn closes(message: &Message) -> bool {
    message.open == 0 && message.kind != crate::message::Kind::Test
}

fn ticket(id: Option<&str>, service: &str) -> Step<Delivery> {
    match id {
        Some(id) => Ok(Delivery::Delivered { reference: Some(id.to_owned()) }),
        None => {
            Err(Delivery::failed(format!("{service} does not say the number of the ticket that it made")))
        }
    }
}
