//! Channels: where messages go.

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::new_id;
use tagpol_serve_db::{Channel as Row, NewChannel, NewEntry, Repository, Scope};
use tagpol_serve_notify::channel::{
    Channel, Email, Jira, PagerDuty, ServiceNow, Siem, Slack, Teams, Webhook,
};
use tagpol_serve_notify::message::test_message;
use utoipa::ToSchema;

use super::texts;
use crate::alerts::{self, channels as sealed, rule_of};
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::permission::{ManageAlerts, ManageChannels};
use crate::problem::Failure;
use crate::timestamp::Timestamp;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read(
            "/api/v1/channels",
            ("listChannels", "Returns the channels, without their configurations", &[200]),
            list,
        ),
        Route::write(
            Method::POST,
            "/api/v1/channels",
            ("addChannel", "Adds a channel", &[201]),
            About::Tenant,
            add,
        ),
        Route::read(
            "/api/v1/channels/{id}",
            ("getChannel", "Returns a channel with its configuration, without its secrets", &[200]),
            get,
        ),
        Route::write(
            Method::PUT,
            "/api/v1/channels/{id}",
            ("setChannel", "Changes the name and the configuration of a channel", &[200]),
            About::Tenant,
            set,
        ),
        Route::write(
            Method::DELETE,
            "/api/v1/channels/{id}",
            ("removeChannel", "Removes a channel that no rule uses", &[204]),
            About::Tenant,
            remove,
        ),
        Route::write(
            Method::POST,
            "/api/v1/channels/{id}/test",
            ("testChannel", "Sends a test message to a channel, in the background", &[202]),
            About::Project,
            test,
        ),
    ]
}

/// The configuration of a channel, by its kind. Secrets are written and never read: `(set)` stands for one that there is.
#[derive(ToSchema)]
#[serde(untagged)]
#[expect(dead_code, reason = "only its schema is used: `Channel::parse` reads it by the kind")]
enum ChannelConfig {
    /// Of `email`.
    Email(Email),
    /// Of `slack`.
    Slack(Slack),
    /// Of `teams`.
    Teams(Teams),
    /// Of `webhook`.
    Webhook(Webhook),
    /// Of `pagerduty`.
    PagerDuty(PagerDuty),
    /// Of `jira`.
    Jira(Jira),
    /// Of `servicenow`.
    ServiceNow(ServiceNow),
    /// Of `siem`.
    Siem(Siem),
}

/// A channel.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ChannelView {
    /// The id.
    id: String,
    /// The name.
    name: String,
    /// `email`, `slack`, `teams`, `webhook`, `pagerduty`, `jira`, `servicenow` or `siem`.
    kind: String,
    /// The configuration, without secrets, for a single channel. Null: the key of the server does not open it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    config: Option<Value>,
    /// How far the audit trail was streamed, for a single channel of the kind `siem`.
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<StreamView>,
    /// When it was added.
    created_at: Timestamp,
    /// When it was changed last.
    updated_at: Timestamp,
}

/// How far the audit trail was streamed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct StreamView {
    /// The number of the last entry that was delivered.
    delivered: i64,
    /// How many entries wait.
    waiting: i64,
}

/// The channels.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Channels {
    /// All of them, by name.
    items: Vec<ChannelView>,
}

/// A channel to be added, or what it is to be.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelSpec {
    /// The name.
    name: String,
    /// `email`, `slack`, `teams`, `webhook`, `pagerduty`, `jira`, `servicenow` or `siem`. It never changes.
    kind: String,
    /// The configuration.
    #[schema(value_type = ChannelConfig)]
    config: Value,
}

fn shown(row: Row) -> ChannelView {
    ChannelView {
        id: row.id,
        name: row.name,
        kind: row.kind,
        config: None,
        stream: None,
        created_at: Timestamp(row.created_at),
        updated_at: Timestamp(row.updated_at),
    }
}

fn list(call: &Call<'_, ManageAlerts>, _: NoQuery) -> Result<Reply<Channels>, Failure> {
    let scope = Scope::tenant(&call.holder.tenant);
    let rows = call.app.database.read::<_, StateError>(&scope, |r| r.channels())?;
    Ok(Reply::ok(Channels { items: rows.into_iter().map(shown).collect() }))
}

fn get(call: &Call<'_, ManageChannels>, _: NoQuery) -> Result<Reply<ChannelView>, Failure> {
    let scope = Scope::tenant(&call.holder.tenant);
    call.app.database.read(&scope, |r| view(call, r, call.path("id"))).map(Reply::ok)
}

/// Returns a channel with all that is shown of it.
fn view(call: &Call<'_, ManageChannels>, r: &mut Repository<'_>, id: &str) -> Result<ChannelView, Failure> {
    let row = r.channel(id)?.ok_or_else(|| ApiError::not_found("channel", id))?;
    let config = sealed::open(call.app, &call.holder.tenant, &row).ok().map(|channel| channel.shown());
    let delivered = row.streamed;
    let stream = match row.kind.as_str() {
        "siem" => Some(StreamView { delivered, waiting: (r.audit_head()? - delivered).max(0) }),
        _ => None,
    };
    Ok(ChannelView { config, stream, ..shown(row) })
}

fn invalid((pointer, detail): (String, String)) -> ApiError {
    ApiError::new(Code::InvalidValue, detail).at(pointer)
}

/// Reads a channel; `old` is what it was, for the secrets that stay.
fn read(spec: ChannelSpec, old: Option<&Channel>) -> Result<(String, Channel), ApiError> {
    let name = spec.name.trim();
    texts::check_name(name)?;
    let in_config = |(pointer, detail): (String, String)| {
        let pointer = if pointer == "/kind" { pointer } else { format!("/config{pointer}") };
        invalid((pointer, detail))
    };
    let mut config = spec.config;
    if let Some(old) = old {
        old.keep_secrets(&mut config).map_err(in_config)?;
    }
    let channel = Channel::parse(&spec.kind, &config).map_err(in_config)?;
    channel.check().map_err(|error| in_config((error.pointer.to_owned(), error.message)))?;
    Ok((name.to_owned(), channel))
}

fn seal(call: &Call<'_, ManageChannels>, id: &str, channel: &Channel) -> Result<String, Failure> {
    sealed::seal(call.app, &call.holder.tenant, id, channel)
        .ok_or_else(|| Failure::Internal("a channel cannot be sealed".to_owned()))
}

fn add(
    call: &Call<'_, ManageChannels>,
    r: &mut Repository<'_>,
    body: ChannelSpec,
) -> Result<Reply<ChannelView>, Failure> {
    let (name, channel) = read(body, None)?;
    let id = new_id("chn", &**call.app.database.source());
    let sealed = seal(call, &id, &channel)?;
    r.add_channel(&NewChannel { id: &id, name: &name, kind: channel.kind(), sealed: &sealed })?;
    let details = json!({ "name": name, "kind": channel.kind() });
    r.audit(&NewEntry { actor: &call.holder.actor, action: "channel.add", object: &id, details })?;
    Ok(Reply::created(view(call, r, &id)?))
}

fn set(
    call: &Call<'_, ManageChannels>,
    r: &mut Repository<'_>,
    body: ChannelSpec,
) -> Result<Reply<ChannelView>, Failure> {
    let id = call.path("id");
    let row = r.channel(id)?.ok_or_else(|| ApiError::not_found("channel", id))?;
    if body.kind != row.kind {
        let detail = format!("the channel is of the kind `{}`, which never changes", row.kind);
        return Err(ApiError::new(Code::InvalidValue, detail).at("/kind").help("add another channel").into());
    }
    let old = sealed::open(call.app, &call.holder.tenant, &row).ok();
    let (name, channel) = read(body, old.as_ref())?;
    let sealed = seal(call, id, &channel)?;
    r.set_channel(&NewChannel { id, name: &name, kind: &row.kind, sealed: &sealed })?;
    let details = json!({ "name": name, "kind": row.kind });
    r.audit(&NewEntry { actor: &call.holder.actor, action: "channel.set", object: id, details })?;
    Ok(Reply::ok(view(call, r, id)?))
}

fn remove(
    call: &Call<'_, ManageChannels>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    let id = call.path("id");
    let row = r.channel(id)?.ok_or_else(|| ApiError::not_found("channel", id))?;
    for rule in r.rules_of_tenant()? {
        if rule_of(&rule).is_ok_and(|rule| rule.channels().contains(&id)) {
            let detail = format!("the rule `{}` sends to this channel", rule.name);
            return Err(ApiError::new(Code::Conflict, detail).help("change or remove the rule first").into());
        }
    }
    r.remove_channel(id)?;
    let details = json!({ "name": row.name, "kind": row.kind });
    r.audit(&NewEntry { actor: &call.holder.actor, action: "channel.remove", object: id, details })?;
    Ok(Reply::empty())
}

/// A test message.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChannelTest {
    /// The address that receives it, for `email`. If omitted, those of the channel.
    #[serde(default)]
    to: Option<String>,
}

/// A test message that waits to be delivered.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TestSent {
    /// Its id among the deliveries, which show how it ends.
    delivery: String,
}

fn test(
    call: &Call<'_, ManageChannels>,
    r: &mut Repository<'_>,
    body: ChannelTest,
) -> Result<Reply<TestSent>, Failure> {
    let id = call.path("id");
    let row = r.channel(id)?.ok_or_else(|| ApiError::not_found("channel", id))?;
    if row.kind == "siem" {
        let detail = "a channel of the kind `siem` receives the audit trail only";
        return Err(ApiError::new(Code::Conflict, detail)
            .help("read the channel: `stream` shows how many entries were delivered")
            .into());
    }
    let source = call.app.database.source();
    let (now, actor) = (source.now(), &call.holder.actor);
    let message = test_message(new_id("msg", &**source), now, call.project()?.id(), body.to);
    alerts::write(r, &message, id, "", (now, actor))?;
    r.audit(&NewEntry { actor, action: "channel.test", object: id, details: json!({ "name": row.name }) })?;
    Ok(Reply::accepted(TestSent { delivery: message.id }))
}
