//! Alert rules: which findings are sent to whom.

use axum::http::Method;
use serde::Serialize;
use serde_json::json;
use tagpol_app::state::StateError;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_db::{AlertRule as Row, NewEntry, NewRule, Repository};
use tagpol_serve_notify::alert::{Decision, NoticeLine, OpenFinding, Routing, Rule, Told, decide};
use tagpol_serve_notify::message::Change;
use tagpol_syntax::similar::closest;
use utoipa::ToSchema;

use super::texts;
use crate::alerts::findings::Found;
use crate::alerts::{rule_of, told};
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::host::Serving;
use crate::permission::ManageAlerts;
use crate::problem::{Failure, data_failure};
use crate::timestamp::Timestamp;

/// Lines that a preview lists.
const LISTED: usize = 200;

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::read("/api/v1/rules", ("listRules", "Returns the alert rules", &[200]), list),
        Route::write(
            Method::POST,
            "/api/v1/rules",
            ("addRule", "Adds an alert rule", &[201]),
            About::Project,
            add,
        ),
        Route::write_prepared(
            Method::POST,
            "/api/v1/rules/preview",
            ("previewNewRule", "Returns what an alert rule would send now, without adding it", &[200]),
            About::Project,
            preview_new,
            |_, _, preview| Ok(Reply::ok(preview)),
        ),
        Route::read(
            "/api/v1/rules/{id}",
            ("getRule", "Returns an alert rule, with the number of its alerts", &[200]),
            get,
        ),
        Route::write(
            Method::PUT,
            "/api/v1/rules/{id}",
            ("setRule", "Changes an alert rule", &[200]),
            About::Project,
            set,
        ),
        Route::write(
            Method::DELETE,
            "/api/v1/rules/{id}",
            ("removeRule", "Removes an alert rule", &[204]),
            About::Project,
            remove,
        ),
        Route::read(
            "/api/v1/rules/{id}/preview",
            ("previewRule", "Returns what an alert rule would send now", &[200]),
            preview,
        ),
    ]
}

/// An alert rule.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RuleView {
    /// The id.
    id: String,
    /// The rule.
    #[schema(inline = false)]
    rule: Rule,
    /// The evaluation for which was decided last what is sent. Empty: none since the rule was changed.
    generation: String,
    /// When time alone changes what is sent: a grace ends, a reminder or an escalation is due. Null: never.
    next_at: Option<Timestamp>,
    /// Why nothing is sent. Null: nothing is wrong.
    error: Option<String>,
    /// How many alerts are in each state, for a single rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    alerts: Vec<AlertCount>,
    /// When it was added.
    created_at: Timestamp,
    /// When it was changed last.
    updated_at: Timestamp,
}

/// Alerts in a state.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertCount {
    /// `open`, `reminded`, `escalated`; closed ones are `resolved`, `waived` or `elsewhere`.
    state: String,
    /// How many there are. Closed ones are kept for 90 days.
    count: i64,
}

/// The alert rules.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Rules {
    /// All of them, by name.
    items: Vec<RuleView>,
}

fn shown(row: Row) -> Result<RuleView, Failure> {
    let rule = rule_of(&row).map_err(Failure::Internal)?;
    Ok(RuleView {
        id: row.id,
        rule,
        generation: row.decided.generation,
        next_at: row.decided.next_at.map(Timestamp),
        error: row.decided.error,
        alerts: Vec::new(),
        created_at: Timestamp(row.created_at),
        updated_at: Timestamp(row.updated_at),
    })
}

fn list(call: &Call<'_, ManageAlerts>, _: NoQuery) -> Result<Reply<Rules>, Failure> {
    let rows = call.app.database.read::<_, StateError>(&call.project()?.scope(), |r| r.rules())?;
    Ok(Reply::ok(Rules { items: rows.into_iter().map(shown).collect::<Result<_, _>>()? }))
}

fn get(call: &Call<'_, ManageAlerts>, _: NoQuery) -> Result<Reply<RuleView>, Failure> {
    let found = call.app.database.read(&call.project()?.scope(), |r| view(r, call.path("id")))?;
    Ok(Reply::ok(found))
}

fn view(r: &mut Repository<'_>, id: &str) -> Result<RuleView, Failure> {
    let row = r.rule(id)?.ok_or_else(|| ApiError::not_found("rule", id))?;
    let counts = r.count_alerts(id)?;
    let alerts = counts.into_iter().map(|(state, count)| AlertCount { state, count }).collect();
    Ok(RuleView { alerts, ..shown(row)? })
}

fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> ApiError {
    ApiError::new(Code::InvalidValue, detail).at(pointer)
}

/// Checks a rule: by itself, against the channels of the tenant, and against the policies if they are known already.
fn check(call: &Call<'_, ManageAlerts>, r: &mut Repository<'_>, rule: &Rule) -> Result<(), Failure> {
    rule.check().map_err(|error| invalid(error.pointer(), error.to_string()))?;
    texts::check_name(&rule.name)?;
    for (pointer, id) in channels(rule) {
        let channel = r.channel(id)?;
        let channel = channel.ok_or_else(|| invalid(&pointer, format!("there is no channel `{id}`")))?;
        let is_ticket = matches!(channel.kind.as_str(), "pagerduty" | "jira" | "servicenow");
        if channel.kind == "siem" {
            let detail = format!("the channel `{}` receives the audit trail, and no findings", channel.name);
            return Err(invalid(pointer, detail).into());
        }
        if rule.report && is_ticket {
            let detail = format!("the channel `{}` opens tickets, and receives no reports", channel.name);
            let help = "use two rules: one with `report` for mail or chat, and one for tickets";
            return Err(invalid(pointer, detail).help(help).into());
        }
    }
    match call.project()?.current() {
        Some(serving) => check_names(&serving, rule).map_err(Failure::from),
        None => Ok(()),
    }
}

/// Returns the ids of the channels of a rule, with their places.
fn channels(rule: &Rule) -> Vec<(String, &str)> {
    let mut channels: Vec<(String, &str)> = match &rule.routing {
        Routing::Owners { channel, unowned_channel } => vec![
            ("/routing/channel".to_owned(), channel.as_str()),
            ("/routing/unowned_channel".to_owned(), unowned_channel.as_str()),
        ],
        Routing::Channels { channels } => {
            let ids = channels.iter().map(String::as_str).enumerate();
            ids.map(|(at, id)| (format!("/routing/channels/{at}"), id)).collect()
        }
    };
    let above = rule.escalation.iter().flat_map(|escalation| escalation.channels.iter().enumerate());
    channels.extend(above.map(|(at, id)| (format!("/escalation/channels/{at}"), id.as_str())));
    channels
}

/// Checks the names of policies, and of the tag that names the owner if the rule asks for owners.
fn check_names(serving: &Serving, rule: &Rule) -> Result<(), ApiError> {
    let contents = serving.generation.contents();
    for (at, name) in rule.filter.policies.iter().enumerate() {
        let mut names = contents.policies.iter().map(|policy| policy.name.as_str());
        if !names.clone().any(|known| known == name) {
            return Err(invalid(format!("/filter/policies/{at}"), format!("there is no policy `{name}`"))
                .meant(closest(name, &mut names)));
        }
    }
    let asks_for_owners = matches!(rule.routing, Routing::Owners { .. }) || !rule.filter.owners.is_empty();
    if asks_for_owners && contents.tag(&rule.owner_tag).is_none() {
        let names = contents.tags.iter().map(|tag| tag.name.as_str());
        return Err(invalid("/owner_tag", format!("there is no tag `{}`", rule.owner_tag))
            .meant(closest(&rule.owner_tag, names)));
    }
    Ok(())
}

fn stored(rule: &Rule) -> Result<String, Failure> {
    serde_json::to_string(rule).map_err(|error| Failure::Internal(error.to_string()))
}

fn add(
    call: &Call<'_, ManageAlerts>,
    r: &mut Repository<'_>,
    rule: Rule,
) -> Result<Reply<RuleView>, Failure> {
    check(call, r, &rule)?;
    let text = stored(&rule)?;
    let id = r.add_rule(&NewRule { name: rule.name.trim(), rule: &text, enabled: rule.enabled })?;
    let details = json!({ "rule": rule });
    r.audit(&NewEntry { actor: &call.holder.actor, action: "rule.add", object: &id, details })?;
    Ok(Reply::created(view(r, &id)?))
}

fn set(
    call: &Call<'_, ManageAlerts>,
    r: &mut Repository<'_>,
    rule: Rule,
) -> Result<Reply<RuleView>, Failure> {
    let id = call.path("id");
    r.rule(id)?.ok_or_else(|| ApiError::not_found("rule", id))?;
    check(call, r, &rule)?;
    let text = stored(&rule)?;
    r.set_rule(id, &NewRule { name: rule.name.trim(), rule: &text, enabled: rule.enabled })?;
    let details = json!({ "rule": rule });
    r.audit(&NewEntry { actor: &call.holder.actor, action: "rule.set", object: id, details })?;
    Ok(Reply::ok(view(r, id)?))
}

fn remove(
    call: &Call<'_, ManageAlerts>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Nothing>, Failure> {
    let id = call.path("id");
    let row = r.rule(id)?.ok_or_else(|| ApiError::not_found("rule", id))?;
    r.remove_rule(id)?;
    let details = json!({ "name": row.name });
    r.audit(&NewEntry { actor: &call.holder.actor, action: "rule.remove", object: id, details })?;
    Ok(Reply::empty())
}

/// What a rule would send now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Preview {
    /// The messages, one for each recipient.
    messages: Vec<PreviewedMessage>,
    /// What they are about, the worst first; at most 200.
    items: Vec<PreviewedLine>,
    /// How many there are.
    total: usize,
    /// When time alone changes this: a grace ends, a reminder or an escalation is due. Null: never.
    next_at: Option<Timestamp>,
}

/// A message that a rule would send.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedMessage {
    /// `everyone`, `unowned`, or `owner:` and the owner.
    recipient: String,
    /// The ids of the channels that it goes to.
    channels: Vec<String>,
    /// How many changes it is about.
    changes: usize,
    /// How many findings of the recipient are open.
    open: usize,
    /// When it is sent: later than now in quiet hours.
    not_before: Timestamp,
}

/// A finding that a message would be about.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PreviewedLine {
    /// Of which message, by its recipient.
    recipient: String,
    /// `new`, `still open`, `resolved`, `waived` or `no longer here`.
    change: &'static str,
    /// The id of the resource.
    resource_id: String,
    /// The name of the resource. Null: it has none, or the finding is closed.
    resource_name: Option<String>,
    /// The policy.
    policy: String,
    /// The id of the check in the policy.
    check: String,
    /// The tag that it is about. Null: none.
    tag: Option<String>,
    /// `critical`, `high`, `medium` or `low`. Null: the finding is closed.
    severity: Option<&'static str>,
    /// The monthly cost of the resource, as an exact decimal number. Null: unknown, or the finding is closed.
    monthly_cost: Option<String>,
}

fn preview_new(call: &Call<'_, ManageAlerts>, rule: Rule) -> Result<Preview, Failure> {
    let project = call.project()?;
    call.app.database.read(&project.scope(), |r| check(call, r, &rule))?;
    previewed(call, &rule, &[])
}

fn preview(call: &Call<'_, ManageAlerts>, _: NoQuery) -> Result<Reply<Preview>, Failure> {
    let id = call.path("id");
    let (row, sent) = call
        .app
        .database
        .read::<_, StateError>(&call.project()?.scope(), |r| Ok((r.rule(id)?, r.open_alerts(id)?)))?;
    let row = row.ok_or_else(|| ApiError::not_found("rule", id))?;
    let rule = rule_of(&row).map_err(Failure::Internal)?;
    let sent: Vec<Told> = sent.iter().filter_map(told).collect();
    Ok(Reply::ok(previewed(call, &rule, &sent)?))
}

fn previewed(call: &Call<'_, ManageAlerts>, rule: &Rule, sent: &[Told]) -> Result<Preview, Failure> {
    let serving = call.project()?.serving()?;
    let found = Found::of(&serving, rule).map_err(data_failure)?;
    let now = call.app.database.source().now();
    let Decision { notices, next, .. } = decide(rule, now, &found.open, sent, &|id| found.standing(id));
    let mut items = Vec::new();
    for notice in &notices {
        let recipient = notice.recipient.to_text();
        items.extend(notice.lines.iter().map(|line| line_of(&recipient, line)));
    }
    let total = items.len();
    items.truncate(LISTED);
    let message = |notice: &tagpol_serve_notify::alert::Notice| PreviewedMessage {
        recipient: notice.recipient.to_text(),
        channels: notice.channels(rule).into_iter().map(str::to_owned).collect(),
        changes: notice.lines.len(),
        open: notice.open,
        not_before: Timestamp(notice.not_before),
    };
    Ok(Preview {
        messages: notices.iter().map(message).collect(),
        items,
        total,
        next_at: next.map(Timestamp),
    })
}

fn line_of(recipient: &str, line: &NoticeLine) -> PreviewedLine {
    let (change, open): (Change, Option<&OpenFinding>) = match line {
        NoticeLine::New(finding) => (Change::New, Some(finding)),
        NoticeLine::StillOpen(finding) => (Change::StillOpen, Some(finding)),
        NoticeLine::Resolved(_) => (Change::Resolved, None),
        NoticeLine::Waived(_) => (Change::Waived, None),
        NoticeLine::Elsewhere(_) => (Change::Elsewhere, None),
    };
    let id = line.finding();
    PreviewedLine {
        recipient: recipient.to_owned(),
        change: change.words(),
        resource_id: id.resource.clone(),
        resource_name: open.and_then(|open| open.resource_name.clone()),
        policy: id.policy.clone(),
        check: id.check.clone(),
        tag: id.tag.clone(),
        severity: open.map(|open| open.severity.name()),
        monthly_cost: open.and_then(|open| open.monthly_cost).map(|cost| cost.to_string()),
    }
}
