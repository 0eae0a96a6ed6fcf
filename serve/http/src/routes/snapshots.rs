//! Inventories: listed, uploaded, and changed by events of clouds.

use std::path::{Path, PathBuf};

use axum::http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tagpol_app::inventory::{Listing, Snapshot, check_events};
use tagpol_serve_core::errors::{ApiError, Code};
use tagpol_serve_core::jobs::{Outcome, Queue};
use tagpol_serve_core::new_id;
use tagpol_serve_db::{Claimed, NewEntry, NewJob, Repository};
use utoipa::{IntoParams, ToSchema};

use super::jobs::Enqueued;
use crate::app::App;
use crate::endpoint::{About, Call, NoQuery, Nothing, Reply, Route};
use crate::fetching::CloudSource;
use crate::host::ProjectHost;
use crate::permission::ManageSnapshots;
use crate::problem::Failure;
use crate::timestamp::Timestamp;
use crate::upload::Upload;

/// The job that imports a file.
pub(crate) const IMPORT: &str = "import-snapshot";

/// The job that applies events.
pub(crate) const APPLY_EVENTS: &str = "apply-events";

/// The job that fetches from clouds.
pub(crate) const FETCH: &str = "fetch-snapshot";

/// Folders of files that wait.
const FILES: &str = "files";
const EVENTS: &str = "events";

/// Files of events that one job reads.
const MOST_FILES: usize = 10_000;

/// Endings of names by which the formats of files are told apart.
const ENDINGS: [&str; 8] = ["csv", "json", "jsonl", "ndjson", "parquet", "tsv", "gz", "zst"];

/// The longest name of a file.
const LONGEST_NAME: usize = 200;

/// What files of inventories and bills are sent as.
const FILE_TYPES: [&str; 9] = [
    "application/gzip",
    "application/json",
    "application/octet-stream",
    "application/vnd.apache.parquet",
    "application/x-ndjson",
    "application/zstd",
    "text/csv",
    "text/plain",
    "text/tab-separated-values",
];

/// What events are sent as.
const EVENT_TYPES: [&str; 3] = ["application/cloudevents+json", "application/json", "application/x-ndjson"];

pub(super) fn routes() -> Vec<Route> {
    let events = |path, id| {
        let named = (
            id,
            "Takes in events of a cloud about changed tags, in the envelopes of its queues",
            &[200, 202][..],
        );
        Route::upload(path, named, &EVENT_TYPES, take_events)
    };
    vec![
        Route::read(
            "/api/v1/snapshots",
            ("listSnapshots", "Returns the snapshots of the inventory, the newest first", &[200]),
            list,
        ),
        Route::upload(
            "/api/v1/snapshots",
            (
                "addSnapshot",
                "Takes in the file of an inventory or a bill, and evaluates it in the background",
                &[202],
            ),
            &FILE_TYPES,
            add,
        ),
        Route::write(
            Method::POST,
            "/api/v1/snapshots/fetch",
            (
                "fetchSnapshot",
                "Fetches the inventory from the clouds of the configuration, and evaluates it in the background",
                &[202],
            ),
            About::Project,
            begin_fetch,
        ),
        events("/api/v1/events/aws", "takeEventsOfAws"),
        events("/api/v1/events/azure", "takeEventsOfAzure"),
        events("/api/v1/events/gcp", "takeEventsOfGcp"),
    ]
}

/// The snapshots.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Snapshots {
    /// The snapshots, the newest first.
    items: Vec<SnapshotView>,
    /// Whether snapshots are the inventory. If not, the manifest lists files, and none can be added.
    are_served: bool,
    /// The clouds that the server fetches the inventory from: `aws`, `azure` or `gcp`. Empty: it does not.
    fetched_from: Vec<&'static str>,
}

/// A snapshot of an inventory.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SnapshotView {
    /// Its id.
    id: String,
    /// When it was taken.
    taken_at: Timestamp,
    /// Its resources.
    resources: u64,
    /// The currency of its costs. Null: it has none.
    currency: Option<String>,
    /// The month of its costs. Null: they are not of a bill.
    month: Option<String>,
    /// Rows that are not in it, because they cannot be read.
    rejected: u64,
}

fn shown(snapshot: &Snapshot) -> SnapshotView {
    let manifest = snapshot.manifest();
    SnapshotView {
        id: snapshot.id().to_owned(),
        taken_at: Timestamp(manifest.taken_at),
        resources: manifest.counts.resources,
        currency: manifest.currency.clone(),
        month: manifest.month.as_ref().map(|month| month.month.to_string()),
        rejected: manifest.completeness.rejected_rows,
    }
}

fn list(call: &Call<'_, ManageSnapshots>, _: NoQuery) -> Result<Reply<Snapshots>, Failure> {
    let folder = call.project()?.snapshots_folder()?;
    let internal = |error: &dyn std::fmt::Display| Failure::Internal(error.to_string());
    let items = match folder.as_ref().filter(|folder| folder.is_dir()) {
        Some(folder) => {
            let Listing { snapshots, .. } = Snapshot::list(folder).map_err(|error| internal(&error))?;
            snapshots.iter().map(shown).collect()
        }
        None => Vec::new(),
    };
    let fetched_from = clouds(call.project()?.clouds());
    Ok(Reply::ok(Snapshots { items, are_served: folder.is_some(), fetched_from }))
}

/// Returns each cloud once, in the order of the configuration.
fn clouds(sources: &[CloudSource]) -> Vec<&'static str> {
    let mut found = Vec::new();
    for source in sources {
        let cloud = match source {
            CloudSource::Aws { .. } => "aws",
            CloudSource::Azure { .. } => "azure",
            CloudSource::Gcp { .. } => "gcp",
        };
        if !found.contains(&cloud) {
            found.push(cloud);
        }
    }
    found
}

/// A file that is uploaded.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(crate) struct UploadQuery {
    /// The name of the file, whose ending shows its format: `csv`, `tsv`, `json`, `jsonl`, `ndjson`, `parquet`, also packed
    /// (`csv.gz`, `json.zst`).
    name: String,
}

fn add(
    call: &Call<'_, ManageSnapshots>,
    r: &mut Repository<'_>,
    (query, upload): (UploadQuery, &Upload),
) -> Result<Reply<Enqueued>, Failure> {
    check_name(&query.name)?;
    check_served(call.project()?)?;
    let id = new_id("up", &**call.app.database.source());
    let folder = call.project()?.inbox(FILES).join(&id);
    keep(upload, &folder, &query.name)?;
    let actor = &call.holder.actor;
    let payload = json!({ "upload": id, "name": query.name });
    let (job, is_new) =
        r.enqueue(&NewJob { queue: Queue::Ingestion, kind: IMPORT, key: &id, payload, actor })?;
    let details = json!({ "name": query.name, "bytes": upload.size, "sha256": upload.hash });
    r.audit(&NewEntry { actor, action: "snapshot.upload", object: &job, details })?;
    Ok(Reply::accepted(Enqueued::new(job, is_new)))
}

fn begin_fetch(
    call: &Call<'_, ManageSnapshots>,
    r: &mut Repository<'_>,
    _: Nothing,
) -> Result<Reply<Enqueued>, Failure> {
    if !call.project()?.has_clouds() {
        let detail = "the configuration of the server names no cloud to fetch from";
        let help = "add `[[fetch]]` to the file that `--config` names, and start the server again";
        return Err(ApiError::new(Code::Conflict, detail).help(help).into());
    }
    check_served(call.project()?)?;
    let actor = &call.holder.actor;
    let new = NewJob { queue: Queue::Ingestion, kind: FETCH, key: FETCH, payload: json!({}), actor };
    let (job, is_new) = r.enqueue(&new)?;
    r.audit(&NewEntry { actor, action: "snapshot.fetch", object: &job, details: json!({}) })?;
    Ok(Reply::accepted(Enqueued::new(job, is_new)))
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let is_safe = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let ending = name.rsplit('.').next().unwrap_or_default();
    let is_known = name.contains('.') && ENDINGS.iter().any(|known| known.eq_ignore_ascii_case(ending));
    if is_known && name.len() <= LONGEST_NAME && !name.starts_with('.') && name.bytes().all(is_safe) {
        return Ok(());
    }
    Err(ApiError::new(Code::InvalidRequest, "this is not a name of a file that can be read")
        .in_parameter("name")
        .help(format!(
            "write letters, digits, `.`, `-` and `_`, with one of the endings {}",
            ENDINGS.join(", ")
        )))
}

/// A project whose manifest lists files has no use for snapshots.
fn check_served(project: &ProjectHost) -> Result<(), Failure> {
    if project.snapshots_folder()?.is_some() {
        return Ok(());
    }
    let detail = "the manifest lists the files of the inventory, so that a snapshot would not be served";
    Err(ApiError::new(Code::Conflict, detail)
        .help("remove `inventory` from `tagpol.toml` to serve the newest snapshot instead")
        .into())
}

/// Moves a file to where its job finds it.
fn keep(upload: &Upload, folder: &Path, name: &str) -> Result<(), Failure> {
    let kept = std::fs::create_dir_all(folder).and_then(|()| upload.keep(&folder.join(name)));
    kept.map_err(|error| Failure::Internal(format!("an upload cannot be kept: {error}")))
}

fn take_events(
    call: &Call<'_, ManageSnapshots>,
    r: &mut Repository<'_>,
    (_, upload): (NoQuery, &Upload),
) -> Result<Reply<Value>, Failure> {
    let text = upload.text(MOST_EVENT_BYTES)?;
    let events = parsed(&text)?;
    if let Some(code) = validation_code(&events) {
        return Ok(Reply::ok(json!({ "validationResponse": code })));
    }
    // A file without events would end the job of all that wait with it.
    check_events(&text).map_err(|reason| {
        ApiError::new(Code::InvalidValue, format!("the body has no event that can be read: {reason}"))
    })?;
    check_served(call.project()?)?;
    let folder = call.project()?.inbox(EVENTS);
    // The name is that of the contents: what a cloud sends again waits once.
    keep(upload, &folder, &format!("{}.json", upload.hash))?;
    let actor = &call.holder.actor;
    let new =
        NewJob { queue: Queue::Ingestion, kind: APPLY_EVENTS, key: APPLY_EVENTS, payload: json!({}), actor };
    let (job, is_new) = r.enqueue(&new)?;
    let cloud = call.request.uri.path().rsplit('/').next().unwrap_or_default();
    let details = json!({ "cloud": cloud, "bytes": upload.size, "sha256": upload.hash });
    r.audit(&NewEntry { actor, action: "events.take", object: &job, details })?;
    Ok(Reply::accepted(json!({ "job": job, "is_new": is_new })))
}

/// Most bytes of events in one request.
const MOST_EVENT_BYTES: u64 = 4 << 20;

/// Reads JSON, or a JSON value in each line.
fn parsed(text: &str) -> Result<Vec<Value>, ApiError> {
    let values: Result<Vec<Value>, _> = serde_json::Deserializer::from_str(text).into_iter().collect();
    match values {
        Ok(values) if !values.is_empty() => Ok(values),
        Ok(_) => Err(ApiError::new(Code::InvalidRequest, "the body has no event")),
        Err(error) => Err(ApiError::new(Code::InvalidRequest, format!("the body is not JSON: {error}"))),
    }
}

/// Event Grid asks with a code whether the events are wanted, before it sends any.
fn validation_code(events: &[Value]) -> Option<&str> {
    let events = events.iter().flat_map(|value| match value {
        Value::Array(events) => events.as_slice(),
        one => std::slice::from_ref(one),
    });
    let asks = |event: &&Value| {
        event.get("eventType").and_then(Value::as_str)
            == Some("Microsoft.EventGrid.SubscriptionValidationEvent")
    };
    events.into_iter().find(asks)?.pointer("/data/validationCode")?.as_str()
}

/// Imports the file of a job. Returns the result, or why it ended.
pub(crate) fn import(app: &App, project: &ProjectHost, claimed: &Claimed) -> Result<Value, Outcome> {
    let payload: Value = serde_json::from_str(&claimed.job.payload).unwrap_or_default();
    let text = |name: &str| payload.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let folder = project.inbox(FILES).join(text("upload"));
    let file = folder.join(text("name"));
    if !file.is_file() {
        return Err(Outcome::Retry("the file is not on this machine".to_owned()));
    }
    let now = app.database.source().now();
    let made = project.make_snapshot(&app.settings, (vec![file], false), now);
    // The same file fails again in the same way. Who sent it knows it by its name.
    let place = format!("{}{}", folder.display(), std::path::MAIN_SEPARATOR);
    let made = made.map_err(|reason| Outcome::Fail(reason.replace(&place, "")));
    let _ = std::fs::remove_dir_all(&folder);
    Ok(serde_json::to_value(made?).unwrap_or_default())
}

/// Fetches from clouds. Returns the result, or why it ended.
pub(crate) fn fetch(app: &App, project: &ProjectHost) -> Result<Value, Outcome> {
    let made = project.fetch(&app.settings, app.database.source().now()).map_err(Outcome::Retry)?;
    Ok(serde_json::to_value(made).unwrap_or_default())
}

/// Applies the events that wait. Returns the result, or why it ended.
pub(crate) fn apply_events(app: &App, project: &ProjectHost) -> Result<Value, Outcome> {
    let entries = std::fs::read_dir(project.inbox(EVENTS));
    let entries = entries.map(|entries| entries.flatten().collect::<Vec<_>>()).unwrap_or_default();
    let is_whole = |path: &PathBuf| path.extension().is_some_and(|ending| ending == "json");
    let mut files: Vec<PathBuf> = entries.into_iter().map(|entry| entry.path()).filter(is_whole).collect();
    files.sort_unstable();
    files.truncate(MOST_FILES);
    if files.is_empty() {
        return Ok(json!({ "applied": 0 }));
    }
    let now = app.database.source().now();
    let made = project.make_snapshot(&app.settings, (files.clone(), true), now).map_err(Outcome::Retry)?;
    // Applying an event again changes nothing, so that they are removed only now.
    for file in &files {
        let _ = std::fs::remove_file(file);
    }
    Ok(serde_json::to_value(made).unwrap_or_default())
}
