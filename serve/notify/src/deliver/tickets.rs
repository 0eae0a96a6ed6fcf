//! Tickets: one open ticket for each group. What is new becomes a comment, and nothing open any more closes it.

use tagpol_serve_outgoing::Client;

use super::Delivery;
use super::http::send;
use crate::channel::{Jira, ServiceNow, jira, servicenow};
use crate::message::Message;

/// How a step that ended the delivery ended it.
type Step<T> = Result<T, Delivery>;

pub(super) async fn jira(
    client: &Client,
    config: &Jira,
    message: &Message,
    reference: Option<&str>,
) -> Step<Delivery> {
    let known = match reference {
        Some(issue) => Some(issue.to_owned()),
        None => jira::found(&send(client, config.find(&message.group)?).await?).map(str::to_owned),
    };
    let Some(issue) = known else {
        return if closes(message) {
            Ok(Delivery::Delivered { reference: None })
        } else {
            let answer = send(client, config.create(message)?).await?;
            ticket(jira::created(&answer), "Jira")
        };
    };
    send(client, config.comment(&issue, message)?).await?;
    if !closes(message) {
        return Ok(Delivery::Delivered { reference: Some(issue) });
    }
    let answer = send(client, config.transitions(&issue)?).await?;
    let Some(id) = jira::closing(&answer) else {
        return Err(Delivery::failed(format!(
            "the account of this channel can take no transition of {issue} to a status that is done"
        )));
    };
    send(client, config.transition(&issue, id)?).await?;
    Ok(Delivery::Delivered { reference: None })
}

pub(super) async fn servicenow(
    client: &Client,
    config: &ServiceNow,
    message: &Message,
    reference: Option<&str>,
) -> Step<Delivery> {
    let known = match reference {
        Some(incident) => Some(incident.to_owned()),
        None => servicenow::found(&send(client, config.find(&message.group)?).await?).map(str::to_owned),
    };
    match (known, closes(message)) {
        (None, true) => Ok(Delivery::Delivered { reference: None }),
        (None, false) => {
            let answer = send(client, config.create(message)?).await?;
            ticket(servicenow::created(&answer), "ServiceNow")
        }
        (Some(incident), true) => {
            send(client, config.resolve(&incident, message)?).await?;
            Ok(Delivery::Delivered { reference: None })
        }
        (Some(incident), false) => {
            send(client, config.comment(&incident, message)?).await?;
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
