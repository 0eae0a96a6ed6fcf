//! What the answer to a request means for a message.

use serde_json::Value;
use tagpol_serve_outgoing::{Client, Request, SendError};

use super::Delivery;

/// Sends a request of which only the success counts.
pub(super) async fn deliver(client: &Client, request: Request) -> Delivery {
    match send(client, request).await {
        Ok(_) => Delivery::Delivered { reference: None },
        Err(end) => end,
    }
}

/// Sends a request and returns the JSON of the answer; null if it is no JSON.
///
/// # Errors
/// If the answer is not one of success.
pub(super) async fn send(client: &Client, request: Request) -> Result<Value, Delivery> {
    let answer = client.send(request).await.map_err(|error| match error {
        SendError::Refused(_) => Delivery::failed(error.to_string()),
        SendError::NoAnswer { .. } => Delivery::later(error.to_string()),
    })?;
    if answer.is_success() {
        return Ok(answer.json());
    }
    let passes = matches!(answer.status, 408 | 409 | 429 | 500..);
    Err(if passes {
        Delivery::Later { reason: answer.reason(), after: answer.retry_after }
    } else {
        Delivery::failed(answer.reason())
    })
}
