//! One message to its channel.

use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::jobs::Outcome;
use tagpol_serve_db::Claimed;
use tagpol_serve_notify::channel::Channel;
use tagpol_serve_notify::deliver::Delivery;
use tagpol_serve_notify::message::Message;
use tokio::runtime::Runtime;

use super::channels;
use crate::app::App;
use crate::host::ProjectHost;
use crate::server::stopped;

/// What is delivered: the message, the channel, and the ticket that the messages before it are in.
struct Letter {
    id: String,
    message: Message,
    channel: Channel,
    reference: Option<String>,
}

/// Delivers the message of a job. It may have been delivered before, by a worker that died before it could say so: receivers
/// recognize it by its id.
pub(super) fn perform(app: &App, project: &ProjectHost, claimed: &Claimed, runtime: &Runtime) -> Outcome {
    let letter = match letter(app, project, claimed) {
        Ok(letter) => letter,
        Err(outcome) => return outcome,
    };
    let now = app.database.source().now();
    let delivering = app.courier.deliver(&letter.channel, &letter.message, letter.reference.as_deref(), now);
    let delivered = until_stopped(app, runtime, delivering);
    outcome(delivered, |reference| {
        app.database.write(&project.scope(), |r| {
            if r.heartbeat(claimed, None)? {
                r.set_delivered(&letter.id, reference)?;
            }
            Ok(())
        })
    })
}

/// Reads the message of a job.
///
/// # Errors
/// How the job ends if it cannot be delivered.
fn letter(app: &App, project: &ProjectHost, claimed: &Claimed) -> Result<Letter, Outcome> {
    let payload: serde_json::Value = serde_json::from_str(&claimed.job.payload).unwrap_or_default();
    let id = payload.get("delivery").and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let read = app.database.read::<_, StateError>(&project.scope(), |r| {
        let Some(delivery) = r.delivery(&id)? else { return Ok(None) };
        Ok(Some((r.channel(&delivery.channel)?, r.reference(&delivery.lane)?, delivery)))
    });
    let fail = |reason: &str| Outcome::Fail(reason.to_owned());
    let read = read.map_err(|error| Outcome::Retry(error.to_string()))?;
    let (channel, reference, delivery) = read.ok_or_else(|| fail("the message was deleted"))?;
    let row = channel.ok_or_else(|| fail("the channel was removed"))?;
    let channel = channels::open(app, project.tenant(), &row).map_err(Outcome::Fail)?;
    let message = serde_json::from_str(&delivery.message)
        .map_err(|_| fail("the message is of another version of the program"))?;
    Ok(Letter { id, message, channel, reference })
}

/// Waits for a delivery, but not longer than the server runs.
pub(super) fn until_stopped(
    app: &App,
    runtime: &Runtime,
    delivering: impl Future<Output = Delivery>,
) -> Delivery {
    runtime.block_on(async {
        tokio::select! {
            delivered = delivering => delivered,
            () = stopped(&app.settings.stop) => {
                Delivery::Later { reason: "the server ended".to_owned(), after: None }
            }
        }
    })
}

/// Returns how a job ends. `delivered` notes a success, with the ticket that the message is in.
pub(super) fn outcome(
    delivery: Delivery,
    delivered: impl FnOnce(Option<&str>) -> Result<(), StateError>,
) -> Outcome {
    match delivery {
        Delivery::Delivered { reference } => match delivered(reference.as_deref()) {
            Ok(()) => Outcome::Done(json!({ "reference": reference }).to_string()),
            Err(error) => Outcome::Retry(error.to_string()),
        },
        Delivery::Later { reason, after: None } => Outcome::Retry(reason),
        Delivery::Later { reason, after: Some(after) } => {
            Outcome::RetryAfter(reason, chrono::Duration::from_std(after).unwrap_or(chrono::Duration::MAX))
        }
        Delivery::Failed { reason } => Outcome::Fail(reason),
    }
}
