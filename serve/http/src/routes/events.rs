//! What happens, as it happens: server-sent events.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::{HeaderValue, Response, header};
use futures_util::StreamExt as _;
use serde::Deserialize;
use serde_json::{Value, json};
use tagpol_app::state::{Decision, StateError};
use tagpol_serve_core::audit::Entry;
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::roles;
use tagpol_serve_db::{Job, Repository};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use utoipa::IntoParams;

use super::names::Names;
use crate::app::App;
use crate::endpoint::{Call, Route};
use crate::heads::{self, Heads};
use crate::host::ProjectHost;
use crate::identity::{self, Credential, Identity};
use crate::permission::ReadTags;
use crate::problem::Failure;
use crate::timestamp::Timestamp;

/// The address.
pub(crate) const EVENTS: &str = "/api/v1/events";

/// Streams that are open at the same time; more are refused.
const MOST_STREAMS: usize = 200;

/// Decisions, entries or jobs that are sent at once. Who has missed more begins anew.
const MOST_MISSED: usize = 500;

/// How often something is sent, so that proxies keep the connection.
const PING: Duration = Duration::from_secs(15);

/// How often the credential of a stream is checked again.
const CHECK: Duration = Duration::from_secs(60);

/// By how much a change of a job may be visible after later ones, in microseconds.
const LATE: i64 = 2_000_000;

/// Parts of a stream that wait for the client.
const WAITING: usize = 16;

/// Actions of the audit trail that everybody who reads tags may follow. Decisions about tags have events of their own.
const OPEN_ACTIONS: [&str; 6] = ["bulk.", "compliance.", "job.", "snapshot.", "policy.", "events."];

pub(super) fn routes() -> Vec<Route> {
    vec![Route::stream(
        EVENTS,
        ("events", "Sends what happens: decisions, jobs, evaluations (server-sent events)", &[200]),
        events,
    )]
}

/// Where a stream begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct EventsQuery {
    /// The id of the last event that was received, for clients that cannot send the header `Last-Event-ID`. If omitted, events
    /// from now on.
    after: Option<String>,
}

/// How far a stream is.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Position {
    audit: i64,
    decisions: i64,
    jobs: i64,
    generation: String,
}

impl Position {
    fn of(heads: &Heads) -> Self {
        let Heads { audit, decisions, jobs, .. } = *heads;
        Self { audit, decisions, jobs, generation: String::new() }
    }

    /// Goes back to the last event that a client has. None: it is not an id of an event, or one of another database.
    fn back_to(self, id: &str, heads: &Heads) -> Option<Self> {
        let mut parts = id.split('.').map(str::parse::<i64>);
        let (audit, decisions, jobs) = (parts.next()?.ok()?, parts.next()?.ok()?, parts.next()?.ok()?);
        let is_past = (0..=heads.audit).contains(&audit)
            && (0..=heads.decisions).contains(&decisions)
            && (0..=heads.jobs).contains(&jobs);
        (parts.next().is_none() && is_past).then_some(Self { audit, decisions, jobs, ..self })
    }

    fn id(&self) -> String {
        format!("{}.{}.{}", self.audit, self.decisions, self.jobs)
    }
}

/// A stream that is open.
struct Stream {
    app: Arc<App>,
    project: Arc<ProjectHost>,
    credential: Option<Credential>,
    identity: Identity,
    position: Position,
    /// Whether the client has to read everything again, because its last event is unknown.
    is_reset: bool,
    /// Changes of jobs until here were seen before the stream began, in microseconds since 1970.
    since: i64,
    /// Jobs that were sent a short time ago, as time and id.
    recent: BTreeSet<(i64, String)>,
}

fn events(call: &Call<'_, ReadTags>, query: EventsQuery, app: &Arc<App>) -> Result<Response<Body>, Failure> {
    let turn = turn(app)?;
    let project = call.shared_project()?;
    let now = heads::read(app, &project)?;
    let last = call.request.header("last-event-id").map(str::to_owned).or(query.after);
    let last = last.filter(|id| !id.is_empty());
    let begin = Position::of(&now);
    let resumed = last.as_deref().map(|id| begin.clone().back_to(id, &now));
    let position = resumed.clone().flatten().unwrap_or(begin);
    let stream = Stream {
        app: Arc::clone(app),
        project,
        credential: identity::credential(&call.request.headers, app.settings.cookie_name()),
        identity: call.holder.clone(),
        is_reset: resumed == Some(None),
        since: position.jobs,
        position,
        recent: BTreeSet::new(),
    };
    let (sender, mut receiver) = mpsc::channel(WAITING);
    tokio::runtime::Handle::current().spawn(run(stream, sender, turn));
    Ok(event_stream(futures_util::stream::poll_fn(move |context| receiver.poll_recv(context))))
}

/// Returns a response that goes on: texts of events.
pub(crate) fn event_stream(
    parts: impl futures_util::Stream<Item = String> + Send + 'static,
) -> Response<Body> {
    let mut response = Response::new(Body::from_stream(parts.map(Ok::<_, Infallible>)));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies must not wait for more.
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

/// Sends events until the client leaves, its credential ends, or the server does.
async fn run(mut stream: Stream, sender: mpsc::Sender<String>, _turn: OwnedSemaphorePermit) {
    let mut heads = stream.project.heads.subscribe();
    let mut checked = Instant::now();
    loop {
        let is_checked = checked.elapsed() < CHECK;
        let next = tokio::task::spawn_blocking(move || {
            let is_unchanged =
                || identity::is_unchanged(&stream.app, stream.credential.as_ref(), &stream.identity);
            if !is_checked && !is_unchanged() {
                return None;
            }
            let text = stream.next();
            Some((stream, text))
        });
        let Ok(Some((returned, text))) = next.await else { return };
        stream = returned;
        if !is_checked {
            checked = Instant::now();
        }
        let is_over = || stream.app.settings.stop.load(Ordering::Relaxed);
        // While the database is away, nothing is known to have happened.
        let text = text.unwrap_or_default();
        if is_over() || (!text.is_empty() && sender.send(text).await.is_err()) {
            return;
        }
        tokio::select! {
            changed = heads.changed() => if changed.is_err() { return },
            () = sender.closed() => return,
            () = tokio::time::sleep(PING) => {
                if sender.send(": ping\n\n".to_owned()).await.is_err() {
                    return;
                }
            }
        }
    }
}

impl Stream {
    /// Returns what happened since the last call, as the text of events.
    fn next(&mut self) -> Result<String, StateError> {
        let mut text = String::new();
        if std::mem::take(&mut self.is_reset) {
            push(&mut text, &self.position, "reset", &json!({}));
        }
        let position = self.position.clone();
        let found =
            self.app.database.read::<_, StateError>(&self.project.scope(), |r| missed(r, &position))?;
        if found.is_too_much() {
            let heads = heads::read(&self.app, &self.project)?;
            self.position = Position { generation: position.generation, ..Position::of(&heads) };
            push(&mut text, &self.position, "reset", &json!({}));
            return Ok(text);
        }
        for decision in &found.decisions {
            self.position.decisions = decision.seq;
            push(&mut text, &self.position, "tag", &tag_event(decision, &found.names));
        }
        for entry in &found.entries {
            self.position.audit = entry.seq;
            if self.is_shown(entry) {
                push(&mut text, &self.position, "activity", &activity(entry, &found.names));
            }
        }
        for job in &found.jobs {
            let at = job.updated_at.timestamp_micros();
            // What was there when the stream began, or was sent already.
            if at <= self.since || !self.recent.insert((at, job.id.clone())) {
                continue;
            }
            self.position.jobs = self.position.jobs.max(at);
            push(&mut text, &self.position, "job", &job_event(job));
        }
        let old = self.position.jobs - LATE;
        self.recent.retain(|(at, _)| *at > old);
        if let Ok(serving) = self.project.serving() {
            let generation = serving.generation.contents().id.clone();
            if generation != self.position.generation {
                self.position.generation.clone_from(&generation);
                let data = json!({ "generation": generation, "decisions": serving.decisions() });
                push(&mut text, &self.position, "generation", &data);
            }
        }
        Ok(text)
    }

    fn is_shown(&self, entry: &Entry) -> bool {
        let reads_audit = self.identity.role.may(roles::Permission::ReadAudit);
        !entry.action.starts_with("tag.")
            && (reads_audit || OPEN_ACTIONS.iter().any(|action| entry.action.starts_with(action)))
    }
}

/// What happened since a position.
struct Missed {
    decisions: Vec<Decision>,
    entries: Vec<Entry>,
    jobs: Vec<Job>,
    names: Names,
}

impl Missed {
    fn is_too_much(&self) -> bool {
        [self.decisions.len(), self.entries.len(), self.jobs.len()]
            .into_iter()
            .any(|count| count > MOST_MISSED)
    }
}

fn missed(r: &mut Repository<'_>, position: &Position) -> Result<Missed, StateError> {
    let decisions = r.decisions_after(position.decisions, MOST_MISSED + 1)?;
    let entries = r.project_audit_after(position.audit, MOST_MISSED + 1)?;
    // The clocks of replicas differ, and a change is visible some time after its time.
    let jobs = r.jobs_changed_after(position.jobs - LATE, MOST_MISSED + 1)?;
    let actors =
        decisions.iter().map(|one| one.actor.as_str()).chain(entries.iter().map(|one| one.actor.as_str()));
    let names = Names::read(r, actors)?;
    Ok(Missed { decisions, entries, jobs, names })
}

/// Adds an event: JSON has no line breaks.
fn push(text: &mut String, position: &Position, kind: &str, data: &Value) {
    text.push_str(&format!("id: {}\nevent: {kind}\ndata: {data}\n\n", position.id()));
}

fn tag_event(decision: &Decision, names: &Names) -> Value {
    json!({
        "seq": decision.seq, "action": decision.action.as_str(), "resource_id": decision.resource,
        "key": decision.tag, "old_value": decision.old_value, "new_value": decision.new_value,
        "performed_by": decision.actor, "performed_by_name": names.of(&decision.actor), "at": Timestamp(decision.at),
    })
}

fn activity(entry: &Entry, names: &Names) -> Value {
    json!({
        "seq": entry.seq, "action": entry.action, "object": entry.object, "performed_by": entry.actor,
        "performed_by_name": names.of(&entry.actor), "at": Timestamp(entry.at),
    })
}

fn job_event(job: &Job) -> Value {
    let value = |text: &Option<String>| -> Option<Value> { serde_json::from_str(text.as_deref()?).ok() };
    json!({
        "id": job.id, "kind": job.kind, "queue": job.queue.as_str(), "status": job.status.as_str(),
        "progress": value(&job.progress), "result": value(&job.result), "error": job.error,
        "updated_at": Timestamp(job.updated_at),
    })
}

/// Takes a turn of a stream, which ends when it is dropped.
///
/// # Errors
/// [`Code::Busy`] if all are taken.
pub(crate) fn turn(app: &App) -> Result<OwnedSemaphorePermit, ApiError> {
    Arc::clone(&app.streams)
        .try_acquire_owned()
        .map_err(|_| ApiError::new(Code::Busy, "too many clients are following what happens").retry_after(30))
}

/// Returns the turns of streams.
pub(crate) fn turns() -> Arc<Semaphore> {
    Arc::new(Semaphore::new(MOST_STREAMS))
}
