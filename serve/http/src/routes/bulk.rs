//! Changes of many resources: preview, apply, undo.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::Ordering;

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tagpol_app::state::{Action, Change, Decision, StateError, StateReader};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::jobs::{Outcome, Queue};
use tagpol_serve_data::Filter;
use tagpol_serve_db::{Bulk, BulkItem, Claimed, NewEntry, NewJob, Repository};
use utoipa::ToSchema;

use super::bulk_effect::{BulkEffect, effect_of};
use super::filter::Selection;
use super::names::Names;
use super::texts;
use super::virtual_tags::{TagChange, Verb, check, record};
use crate::app::App;
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::host::{ProjectHost, Serving, last_decisions};
use crate::permission;
use crate::problem::{Failure, data_failure};
use crate::timestamp::Timestamp;

/// Most tags that a bulk changes.
const MOST_ITEMS: usize = 200_000;

/// Items of one transaction.
const CHUNK: usize = 500;

/// Combinations of an old and a new value that a preview shows.
const SHOWN_VALUES: usize = 50;

/// The jobs.
pub(crate) use tagpol_serve_core::jobs::{BULK_APPLY as APPLY, BULK_UNDO as UNDO};

pub(super) fn routes() -> Vec<Route> {
    vec![
        Route::write_prepared(
            Method::POST,
            "/api/v1/bulk",
            (
                "previewBulk",
                "Freezes a selection of resources, and shows what a change would do to them",
                &[201],
            ),
            About::Project,
            prepare,
            preview,
        ),
        Route::read(
            "/api/v1/bulk/{id}",
            ("getBulk", "Returns a bulk change, and how far it is", &[200]),
            get,
        ),
        Route::write(
            Method::POST,
            "/api/v1/bulk/{id}/apply",
            ("applyBulk", "Applies a bulk change, in the background", &[202]),
            About::Project,
            apply,
        ),
        Route::write(
            Method::POST,
            "/api/v1/bulk/{id}/undo",
            ("undoBulk", "Undoes a bulk change, in the background", &[202]),
            About::Project,
            undo,
        ),
    ]
}

/// Which resources, and what is decided about each of them.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BulkRequest {
    /// The resources, by their ids or keys. If omitted, all that the following select.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resources: Option<Vec<String>>,
    /// Words; each is somewhere in the name, the id or the values of tags, regardless of case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    /// A condition of the language.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r#where: Option<String>,
    /// Any of `violating`, `pending`, `compliant`, `out_of_scope`, separated by commas.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    compliance: Option<String>,
    /// An open finding of any of these policies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    /// An open finding of any of these severities.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    severity: Option<String>,
    /// A tag from any of these sources.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    source: Option<String>,
    /// What is decided: `set`, `unset` or `confirm`.
    changes: Vec<TagChange>,
    /// The reason, which the history shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// A bulk change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BulkView {
    /// Its id.
    id: String,
    /// `previewed`, `running`, `done`, `undoing` or `undone`; `stopped` if its job was cancelled or failed after a part of it,
    /// so that it can be applied further or undone.
    state: String,
    /// Resources that are selected.
    resources: u64,
    /// Tags that change.
    changed: u64,
    /// Tags that are decided in this way already.
    unchanged: u64,
    /// The change that was requested.
    request: serde_json::Value,
    /// The values before and after, the most frequent first.
    values: Vec<ValueChange>,
    /// Monthly cost of the selected resources, as an exact decimal number. Null: unknown.
    cost: Option<String>,
    /// What it does to the findings of the selected resources. Null: they are more than 20,000.
    effect: Option<BulkEffect>,
    /// Tags that were changed, or changed back while it is undone.
    done: u64,
    /// Who made it.
    requested_by: String,
    /// The name of the person, of the person and the token, or of the actor if it has no other.
    requested_by_name: String,
    /// When it was made.
    created_at: Timestamp,
}

/// How often a value becomes another one.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub(crate) struct ValueChange {
    /// The tag.
    key: String,
    /// The value before. Null: it is missing.
    old: Option<String>,
    /// The value that is decided. Null: what the rules give.
    new: Option<String>,
    /// Resources.
    resources: u64,
}

/// What a preview found, as it is stored.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Summary {
    resources: u64,
    unchanged: u64,
    values: Vec<ValueChange>,
    cost: Option<String>,
    #[serde(default)]
    effect: Option<BulkEffect>,
}

/// A selection that was read, without a transaction.
struct Prepared {
    request: BulkRequest,
    generation: String,
    decisions: i64,
    /// The tags with their values now.
    selected: Vec<Selected>,
    summary: Summary,
}

struct Selected {
    resource: String,
    tag: String,
    visible: Option<String>,
    new_value: Option<String>,
}

impl Selected {
    /// Returns the decision, as far as an evaluation depends on it.
    fn change(&self) -> Change {
        Change {
            action: if self.new_value.is_some() { Action::Set } else { Action::Unset },
            resource: self.resource.clone(),
            tag: self.tag.clone(),
            value: self.new_value.clone(),
            note: None,
        }
    }
}

fn prepare(call: &Call<'_, permission::Bulk>, request: BulkRequest) -> Result<Prepared, Failure> {
    if request.changes.is_empty() {
        return Err(ApiError::new(Code::InvalidValue, "`changes` needs at least one entry")
            .at("/changes")
            .into());
    }
    texts::check_note(request.note.as_deref())?;
    let serving = call.project()?.serving()?;
    for (at, change) in request.changes.iter().enumerate() {
        let pointer = format!("/changes/{at}");
        if change.action == Verb::Reject {
            let detail = "suggestions are rejected one by one";
            return Err(ApiError::new(Code::InvalidValue, detail).at(format!("{pointer}/action")).into());
        }
        check(&serving.program, change, &pointer)?;
        if request.changes.iter().take(at).any(|earlier| earlier.key == change.key) {
            let detail = format!("`{}` is decided twice", change.key);
            return Err(ApiError::new(Code::InvalidValue, detail).at(format!("{pointer}/key")).into());
        }
    }
    let filter = filter(&serving, &request)?;
    let (decisions, generation) = (serving.decisions(), serving.generation.contents().id.clone());
    let (resources, selected) = select(&serving, &filter, &request.changes)?;
    let totals = serving.generation.totals(&filter).map_err(data_failure)?;
    let cost = totals.cost.map(|cost| cost.to_string());
    let supposed: Vec<Change> = selected.iter().map(Selected::change).collect();
    let effect = effect_of(&serving, &supposed)?;
    let summary = Summary { resources, cost, effect, ..Summary::default() };
    Ok(Prepared { request, generation, decisions, selected, summary })
}

fn filter(serving: &Serving, request: &BulkRequest) -> Result<Filter, Failure> {
    let BulkRequest { q, r#where, compliance, policy, severity, source, .. } = request.clone();
    let selection = Selection { q, r#where, compliance, policy, severity, source };
    let Some(ids) = &request.resources else { return selection.read(serving) };
    if selection != Selection::default() {
        let detail = "name `resources`, or what selects them, and not both";
        return Err(ApiError::new(Code::InvalidValue, detail).at("/resources").into());
    }
    let mut filter = Filter::default();
    for (at, id) in ids.iter().enumerate() {
        let found = serving.generation.resource(id).map_err(|error| data_failure(error).public());
        filter.keys.push(found.map_err(|error| error.at(format!("/resources/{at}")))?.resource.key);
    }
    if filter.keys.is_empty() {
        return Err(ApiError::new(Code::InvalidValue, "`resources` is empty").at("/resources").into());
    }
    Ok(filter)
}

/// Returns the number of resources, and each of their tags that a change is about.
fn select(
    serving: &Serving,
    filter: &Filter,
    changes: &[TagChange],
) -> Result<(u64, Vec<Selected>), Failure> {
    let contents = serving.generation.contents();
    let mut export = serving.generation.export(filter).map_err(data_failure)?;
    let (mut resources, mut selected) = (0, Vec::new());
    loop {
        let batch = export.next_batch().map_err(data_failure)?;
        if batch.is_empty() {
            return Ok((resources, selected));
        }
        resources += batch.len() as u64;
        if usize::try_from(resources).unwrap_or(usize::MAX) * changes.len() > MOST_ITEMS {
            let detail = format!("a bulk changes at most {MOST_ITEMS} tags");
            return Err(ApiError::new(Code::InvalidValue, detail).help("select fewer resources").into());
        }
        for resource in batch {
            for change in changes {
                let tag = contents.tag(&change.key).and_then(|at| resource.tags.get(at));
                let visible = tag.and_then(|tag| tag.value.clone());
                let new_value = match change.action {
                    Verb::Unset => None,
                    // What is missing cannot be confirmed.
                    Verb::Confirm if visible.is_none() && change.value.is_none() => continue,
                    Verb::Confirm => change.value.clone().or_else(|| visible.clone()),
                    Verb::Set | Verb::Reject => change.value.clone(),
                };
                selected.push(Selected {
                    resource: resource.id.clone(),
                    tag: change.key.clone(),
                    visible,
                    new_value,
                });
            }
        }
    }
}

fn preview(
    call: &Call<'_, permission::Bulk>,
    r: &mut Repository<'_>,
    prepared: Prepared,
) -> Result<Reply<BulkView>, Failure> {
    let Prepared { request, generation, decisions, selected, mut summary } = prepared;
    let mut decided = HashMap::new();
    r.state().each_current_decision(&mut |one| {
        decided.insert((one.resource, one.tag), one.value);
        Ok(())
    })?;
    let mut values: BTreeMap<(String, Option<String>, Option<String>), u64> = BTreeMap::new();
    let mut items = Vec::new();
    for one in selected {
        let old_value = decided.remove(&(one.resource.clone(), one.tag.clone()));
        if old_value == one.new_value {
            summary.unchanged += 1;
            continue;
        }
        *values.entry((one.tag.clone(), one.visible, one.new_value.clone())).or_default() += 1;
        let position = i64::try_from(items.len()).unwrap_or(i64::MAX);
        items.push(BulkItem {
            position,
            resource: one.resource,
            tag: one.tag,
            old_value,
            new_value: one.new_value,
        });
    }
    let mut values: Vec<ValueChange> = values
        .into_iter()
        .map(|((key, old, new), resources)| ValueChange { key, old, new, resources })
        .collect();
    values.sort_by_key(|one| std::cmp::Reverse(one.resources));
    values.truncate(SHOWN_VALUES);
    summary.values = values;
    let text = |error: serde_json::Error| Failure::Internal(error.to_string());
    let new = Bulk {
        id: String::new(),
        actor: call.holder.actor.clone(),
        request: serde_json::to_string(&request).map_err(text)?,
        summary: serde_json::to_string(&summary).map_err(text)?,
        generation,
        decisions,
        status: String::new(),
        created_at: call.app.database.source().now(),
    };
    let id = r.add_bulk(&new, &items)?;
    Ok(Reply::created(view(r, &id)?))
}

/// Returns a bulk change as it is shown.
fn view(r: &mut Repository<'_>, id: &str) -> Result<BulkView, Failure> {
    let bulk = r.bulk(id)?.ok_or_else(|| ApiError::not_found("bulk change", id))?;
    let (all, applied, undone) = r.bulk_progress(id)?;
    let count = |count: i64| u64::try_from(count).unwrap_or_default();
    let summary: Summary = serde_json::from_str(&bulk.summary).unwrap_or_default();
    let names = Names::read(r, [bulk.actor.as_str()])?;
    let is_undone = matches!(bulk.status.as_str(), "undoing" | "undone") || undone > 0;
    Ok(BulkView {
        id: bulk.id,
        state: bulk.status,
        resources: summary.resources,
        changed: count(all),
        unchanged: summary.unchanged,
        request: serde_json::from_str(&bulk.request).unwrap_or_default(),
        values: summary.values,
        cost: summary.cost,
        effect: summary.effect,
        done: if is_undone { count(undone) } else { count(applied) },
        requested_by_name: names.of(&bulk.actor),
        requested_by: bulk.actor,
        created_at: Timestamp(bulk.created_at),
    })
}

fn get(call: &Call<'_, permission::Bulk>, _: NoQuery) -> Result<Reply<BulkView>, Failure> {
    let found = call.app.database.read(&call.project()?.scope(), |r| view(r, call.path("id")))?;
    Ok(Reply::ok(found))
}

fn apply(
    call: &Call<'_, permission::Bulk>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<BulkView>, Failure> {
    let id = call.path("id");
    let bulk = r.bulk(id)?.ok_or_else(|| ApiError::not_found("bulk change", id))?;
    let serving = call.project()?.serving()?;
    let moved = |detail: &str| ApiError::new(Code::GenerationMoved, detail).help("preview the change again");
    if bulk.status == "previewed" && serving.generation.contents().id != bulk.generation {
        return Err(moved("the inventory was evaluated again since the preview").into());
    }
    let is_open = matches!(bulk.status.as_str(), "previewed" | "stopped");
    if is_open && is_decided_since(r, &bulk)? {
        return Err(moved("some of the selected tags were decided since the preview").into());
    }
    // What was undone in part is undone completely, or stays as it is.
    if bulk.status == "stopped" && r.bulk_progress(id)?.2 > 0 {
        let detail = "a part of the change was undone already";
        return Err(ApiError::new(Code::Conflict, detail).help("undo it, and preview it again").into());
    }
    start(call, r, &bulk, &["previewed", "stopped"], "running", APPLY)
}

/// Whether any tag of a bulk was decided since its preview.
fn is_decided_since(r: &mut Repository<'_>, bulk: &Bulk) -> Result<bool, StateError> {
    let last = r.state().decision_count()?;
    if last == bulk.decisions {
        return Ok(false);
    }
    let mut newer = HashSet::new();
    let before = bulk.decisions;
    r.state().each_decision(None, &mut |decision| {
        if decision.seq > before {
            newer.insert((decision.resource, decision.tag));
        }
        Ok(())
    })?;
    let items = r.open_bulk_items(&bulk.id, false, MOST_ITEMS)?;
    Ok(items.into_iter().any(|item| newer.contains(&(item.resource, item.tag))))
}

fn undo(
    call: &Call<'_, permission::Bulk>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<BulkView>, Failure> {
    let id = call.path("id");
    let bulk = r.bulk(id)?.ok_or_else(|| ApiError::not_found("bulk change", id))?;
    let is_own = bulk.actor == call.holder.actor;
    if !is_own && !call.holder.role.may(tagpol_serve_core::roles::Permission::EditPolicies) {
        return Err(ApiError::new(Code::Forbidden, "an editor undoes changes of their own only").into());
    }
    start(call, r, &bulk, &["done", "stopped"], "undoing", UNDO)
}

/// Moves a bulk to its next state, and enqueues the job that does the work.
fn start(
    call: &Call<'_, permission::Bulk>,
    r: &mut Repository<'_>,
    bulk: &Bulk,
    from: &[&str],
    to: &str,
    kind: &str,
) -> Result<Reply<BulkView>, Failure> {
    let (id, now) = (bulk.id.as_str(), bulk.status.as_str());
    if !from.contains(&now) || !r.move_bulk(id, now, to)? {
        let from = from.join("` or `");
        return Err(ApiError::new(Code::Conflict, format!("the change is `{now}`, and not `{from}`")).into());
    }
    let actor = &call.holder.actor;
    let payload = json!({ "bulk": id, "actor": actor });
    r.enqueue(&NewJob { queue: Queue::Normalization, kind, key: id, payload, actor })?;
    r.audit(&NewEntry { actor, action: &kind.replace('-', "."), object: id, details: json!({}) })?;
    Ok(Reply::accepted(view(r, id)?))
}

/// Applies or undoes a bulk in chunks, one transaction each. An attempt goes on where the one before ended.
pub(crate) fn perform(app: &App, project: &ProjectHost, claimed: &Claimed) -> Outcome {
    let payload: serde_json::Value = serde_json::from_str(&claimed.job.payload).unwrap_or_default();
    let text =
        |name: &str| payload.get(name).and_then(serde_json::Value::as_str).unwrap_or_default().to_owned();
    let (id, actor, is_undo) = (text("bulk"), text("actor"), claimed.job.kind == UNDO);
    loop {
        if app.settings.stop.load(Ordering::Relaxed) {
            return Outcome::Retry("the server ended".to_owned());
        }
        let chunk = app.database.write::<_, Failure>(&project.scope(), |r| {
            // Whoever lost the lease changes nothing.
            if !r.heartbeat(claimed, None)? {
                return Ok(None);
            }
            // Somebody may have stopped it, and undone it since.
            let (expected, ended) = if is_undo { ("undoing", "undone") } else { ("running", "done") };
            match r.bulk(&id)? {
                Some(bulk) if bulk.status == expected => {
                    chunk(app, r, &bulk, (expected, ended), &actor).map(Some)
                }
                Some(bulk) if bulk.status == ended => Ok(Some(false)),
                _ => Ok(None),
            }
        });
        match chunk {
            Ok(Some(true)) => {}
            Ok(Some(false)) => return Outcome::Done(json!({ "bulk": id }).to_string()),
            Ok(None) => {
                return Outcome::Fail(
                    "the job was taken over or cancelled, or the bulk change was".to_owned(),
                );
            }
            Err(failure) => return Outcome::Retry(failure.to_string()),
        }
    }
}

/// Decides about the next items. False: there were none, and the bulk has ended: it is moved between the two states.
fn chunk(
    app: &App,
    r: &mut Repository<'_>,
    bulk: &Bulk,
    (from, to): (&str, &str),
    actor: &str,
) -> Result<bool, Failure> {
    let (id, is_undo) = (bulk.id.as_str(), from == "undoing");
    let items = r.open_bulk_items(id, is_undo, CHUNK)?;
    let (Some(first), Some(last)) = (items.first(), items.last()) else {
        r.move_bulk(id, from, to)?;
        return Ok(false);
    };
    let range = (first.position, last.position);
    let request: Option<BulkRequest> = serde_json::from_str(&bulk.request).ok();
    let mut changes = Vec::new();
    for item in &items {
        if let Some(change) = change_of(r.state(), item, request.as_ref(), is_undo)? {
            changes.push(change);
        }
    }
    let made = r.state().decide(app.database.source().now(), actor, &changes)?;
    record(r, &made)?;
    let decisions = r.state().decision_count()?;
    r.mark_bulk_items(id, is_undo, range, decisions)?;
    Ok(true)
}

/// Returns the decision of an item. None: somebody decided otherwise since it was applied, which stays.
fn change_of(
    state: &mut (impl StateReader + ?Sized),
    item: &BulkItem,
    request: Option<&BulkRequest>,
    is_undo: bool,
) -> Result<Option<Change>, StateError> {
    let value = if is_undo { &item.old_value } else { &item.new_value };
    if is_undo {
        let trail: Vec<Decision> = state.whole_trail(Some(&item.resource))?;
        let now = last_decisions(&trail).find(|decision| decision.tag == item.tag);
        if now.and_then(|decision| decision.new_value.as_ref()) != item.new_value.as_ref() {
            return Ok(None);
        }
    }
    let of_tag = request.and_then(|request| request.changes.iter().find(|change| change.key == item.tag));
    let is_confirmed = !is_undo && of_tag.is_some_and(|change| change.action == Verb::Confirm);
    Ok(Some(Change {
        action: match value {
            None => Action::Unset,
            Some(_) if is_confirmed => Action::Confirm,
            Some(_) => Action::Set,
        },
        resource: item.resource.clone(),
        tag: item.tag.clone(),
        value: value.clone(),
        note: request.and_then(|request| request.note.clone()),
    }))
}
