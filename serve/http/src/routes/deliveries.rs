//! Messages to channels, and how far they are.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::jobs::Status;
use tagpol_serve_db::{Delivery, DeliveryFilter, NewEntry, Repository};
use utoipa::{IntoParams, ToSchema};

use super::audit::page_size;
use crate::cursor;
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::permission::ManageAlerts;
use crate::problem::Failure;
use crate::timestamp::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/deliveries",
            ("listDeliveries", "Returns a page of messages to channels, the newest first", &[200]),
            list,
        ),
        Route::read(
            "/api/v1/deliveries/{id}",
            ("getDelivery", "Returns a message to a channel, with its content", &[200]),
            get,
        ),
        Route::write(
            Method::POST,
            "/api/v1/deliveries/{id}/retry",
            ("retryDelivery", "Delivers a message that is dead or cancelled once more", &[204]),
            About::Project,
            retry,
        ),
    ]
}

/// A message to a channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryView {
    /// The id, which receivers get at each attempt.
    id: String,
    /// The id of the channel.
    channel: String,
    /// The id of the rule. Null: it comes from none.
    rule: Option<String>,
    /// `findings`, `escalation`, `report` or `test`.
    kind: String,
    /// The subject.
    title: String,
    /// `queued`, `running`, `delivered`, `dead` or `cancelled`.
    status: &'static str,
    /// How often it was tried.
    attempt: i64,
    /// The reason of its last failure. Null: none.
    error: Option<String>,
    /// When it is tried next. Null: it has ended.
    next_at: Option<Timestamp>,
    /// When it was delivered. Null: it was not.
    delivered_at: Option<Timestamp>,
    /// The ticket that it is in. Null: none, or the ticket was closed.
    reference: Option<String>,
    /// The id of its job, which shows all attempts.
    job: String,
    /// When it was written.
    created_at: Timestamp,
    /// What it contains, for a single message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    message: Option<Value>,
}

/// The states of a message, and those of its job.
const STATES: [(&str, Status); 5] = [
    ("queued", Status::Queued),
    ("running", Status::Running),
    ("delivered", Status::Done),
    ("dead", Status::Dead),
    ("cancelled", Status::Cancelled),
];

fn state_of(status: Status) -> &'static str {
    STATES.iter().find(|(_, of)| *of == status).map_or("queued", |(name, _)| name)
}

fn shown(delivery: Delivery) -> DeliveryView {
    DeliveryView {
        id: delivery.id,
        channel: delivery.channel,
        rule: Some(delivery.rule).filter(|rule| !rule.is_empty()),
        kind: delivery.kind,
        title: delivery.title,
        status: state_of(delivery.status),
        attempt: delivery.attempt,
        error: delivery.error,
        next_at: (!delivery.status.is_final()).then_some(Timestamp(delivery.run_at)),
        delivered_at: delivery.delivered_at.map(Timestamp),
        reference: delivery.reference,
        job: delivery.job,
        created_at: Timestamp(delivery.created_at),
        message: None,
    }
}

/// Which messages.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeliveryQuery {
    /// Only in this state: `queued`, `running`, `delivered`, `dead` or `cancelled`.
    #[serde(default)]
    status: Option<String>,
    /// Only to this channel.
    #[serde(default)]
    channel: Option<String>,
    /// Only of this rule.
    #[serde(default)]
    rule: Option<String>,
    /// Where the page begins: `next` of the page before.
    #[serde(default)]
    cursor: Option<String>,
    /// Most messages of the page: 1 to 500.
    #[serde(default)]
    #[param(minimum = 1, maximum = 500)]
    limit: Option<usize>,
}

/// A page of messages.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeliveryPage {
    /// The messages, the newest first.
    items: Vec<DeliveryView>,
    /// The cursor of the next page. Null: this is the last one.
    next: Option<String>,
}

fn list(call: &Call<'_, ManageAlerts>, query: DeliveryQuery) -> Result<Reply<DeliveryPage>, Failure> {
    let limit = page_size(query.limit)?;
    let status = query.status.as_deref().map(|name| {
        let found = STATES.iter().find(|(known, _)| *known == name).map(|(_, status)| *status);
        found.ok_or_else(|| {
            ApiError::new(Code::InvalidRequest, format!("there is no status `{name}`"))
                .in_parameter("status")
                .help("write any of: queued, running, delivered, dead, cancelled")
        })
    });
    let filter = DeliveryFilter { status: status.transpose()?, channel: query.channel, rule: query.rule };
    let (key, scope) = (&call.app.master_key, call.project()?.scope());
    let list = format!("deliveries {scope:?} {filter:?}");
    let after: Option<(Timestamp, String)> = cursor::decode(key, &list, query.cursor.as_deref())?;
    let found = call.app.database.read::<_, StateError>(&scope, |r| {
        r.deliveries(&filter, after.as_ref().map(|(at, id)| (at.0, id.as_str())), limit + 1)
    })?;
    let next = found.get(limit).and_then(|_| found.get(limit - 1));
    let next = next.map(|last| cursor::encode(key, &list, (Timestamp(last.created_at), &last.id)));
    Ok(Reply::ok(DeliveryPage { items: found.into_iter().take(limit).map(shown).collect(), next }))
}

fn get(call: &Call<'_, ManageAlerts>, _: NoQuery) -> Result<Reply<DeliveryView>, Failure> {
    let id = call.path("id");
    let found = call.app.database.read::<_, StateError>(&call.project()?.scope(), |r| r.delivery(id))?;
    let delivery = found.ok_or_else(|| ApiError::not_found("delivery", id))?;
    let message = serde_json::from_str(&delivery.message).ok();
    Ok(Reply::ok(DeliveryView { message, ..shown(delivery) }))
}

fn retry(
    call: &Call<'_, ManageAlerts>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    let id = call.path("id");
    let delivery = r.delivery(id)?.ok_or_else(|| ApiError::not_found("delivery", id))?;
    if r.is_overtaken(&delivery)? {
        let detail = "a later message of the same conversation was delivered, which replaces this one";
        return Err(ApiError::new(Code::Conflict, detail).into());
    }
    if !r.retry_job(&delivery.job)? {
        let detail = format!("the message is `{}`", state_of(delivery.status));
        return Err(ApiError::new(Code::Conflict, detail)
            .help("only messages that are dead or cancelled can be delivered once more")
            .into());
    }
    let details = json!({ "channel": delivery.channel });
    r.audit(&NewEntry { actor: &call.holder.actor, action: "delivery.retry", object: id, details })?;
    Ok(Reply::empty())
}
