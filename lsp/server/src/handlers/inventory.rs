//! Requests about the inventory and the tests, which are beyond the standard's. `lsp/README.md` describes them.

use std::path::Path;
use std::sync::Arc;

use tagpol_worker_protocol::{Evaluated, Inventory as Source, Request, Resource, Response};
use tower_lsp::jsonrpc::{Error, ErrorCode, Result};
use tower_lsp::ls_types::Uri;

use crate::convert::beyond;
use crate::inventory::Inventory;
use crate::inventory::choice;
use crate::inventory::process::{Gone, Process};
use crate::protocol::{
    ChooseSnapshot, Evaluation, ExplainResource, Explanation, FindResources, OfPolicy, OfProject, Resources,
    RunTests, Snapshot, Snapshots, Sql, State, Status, Test, TestResults, Tests, Violating, Violations,
};
use crate::server::Server;
use crate::session::Session;
use crate::snapshot::path_of;

/// Resources that are listed where nobody says how many.
const LISTED: u64 = 100;

/// The code of requests that cannot be answered, which is not a fault of theirs.
const REQUEST_FAILED: i64 = -32803;

const NOT_TRUSTED: &str = "the workspace is not trusted: inventories and tests are off until it is";
const NO_PROJECT: &str = "there is no project: open a folder with a tagpol.toml";
const OPENING: &str = "the inventory is being opened; try again in a moment";
const NO_SNAPSHOT: &str = "there is no snapshot: import one with `tagpol snapshot import FILE`";

pub(crate) fn failed(message: impl Into<String>) -> Error {
    Error { code: ErrorCode::ServerError(REQUEST_FAILED), message: message.into().into(), data: None }
}

fn trusted(session: &Session) -> Result<()> {
    if session.trusted { Ok(()) } else { Err(failed(NOT_TRUSTED)) }
}

fn gone(Gone: Gone) -> Error {
    failed("the inventory worker ended; try again")
}

/// What another answer than the expected one says.
fn unexpected(answer: Response) -> Error {
    match answer {
        Response::Failed(message) => failed(message),
        Response::Cancelled => Error::request_cancelled(),
        _ => Error::internal_error(),
    }
}

impl Server {
    /// Returns the inventory of the project that is meant.
    async fn inventory(&self, uri: Option<&Uri>) -> Result<Arc<Inventory>> {
        let session = self.session.lock().await;
        trusted(&session)?;
        let root = session.project_of(uri).and_then(|member| member.root.clone());
        drop(session);
        root.and_then(|root| self.inventories.get(&root)).ok_or_else(|| failed(NO_PROJECT))
    }

    /// Asks the worker that has the snapshot open.
    async fn ask_worker(&self, uri: Option<&Uri>, question: Request) -> Result<Response> {
        let inventory = self.inventory(uri).await?;
        let Some(process) = inventory.process() else {
            let status = inventory.status();
            let reason = match status.state {
                State::Starting | State::Computing | State::Ready => OPENING,
                State::None | State::Failed => NO_SNAPSHOT,
            };
            return Err(failed(status.message.unwrap_or_else(|| reason.to_owned())));
        };
        process.ask(question).await.map_err(gone)
    }

    /// Asks a worker that is started for this question only: one that takes long does not hold up the
    /// numbers next to the text, and is killed where nobody waits for it any more.
    async fn ask_alone(&self, uri: Option<&Uri>, question: Request) -> Result<Response> {
        let (root, files) = {
            let session = self.session.lock().await;
            trusted(&session)?;
            let member = session.project_of(uri).ok_or_else(|| failed(NO_PROJECT))?;
            let texts = member
                .files
                .iter()
                .map(|(path, file)| (path.clone(), Some(file.text(&session.db).to_owned())));
            (member.root.clone(), texts.collect())
        };
        let source = root.as_ref().and_then(|root| self.snapshot_of(root));
        let program = self.worker.as_ref().ok_or_else(|| failed("there is no inventory worker"))?;
        let process = Process::start(program)
            .map_err(|error| failed(format!("the worker cannot be started: {error}")))?;
        let root = root.map(|root| root.display().to_string());
        match process.ask(Request::Open { root, inventory: source }).await.map_err(gone)? {
            Response::Opened(_) => {}
            other => return Err(unexpected(other)),
        }
        process.ask(Request::Sync { files, all: true }).await.map_err(gone)?;
        process.ask(question).await.map_err(gone)
    }

    /// The snapshot that is in use.
    fn snapshot_of(&self, root: &Path) -> Option<Source> {
        let snapshot = self.inventories.get(root)?.snapshot()?;
        Some(Source::Snapshot(snapshot.path))
    }
}

pub(crate) async fn list_snapshots(server: &Server, params: OfProject) -> Result<Snapshots> {
    let inventory = server.inventory(params.uri.as_ref()).await?;
    let in_use = inventory.snapshot();
    let folder = choice::snapshots(&inventory.root).map_err(failed)?;
    let listing = tokio::task::spawn_blocking(move || tagpol_inventory::Snapshot::list(&folder)).await;
    let listing = listing.map_err(|error| failed(error.to_string()))?;
    let listing = listing.map_err(|error| failed(error.to_string()))?;
    let mut snapshots: Vec<Snapshot> =
        listing.snapshots.iter().map(|snapshot| beyond::snapshot(snapshot, in_use.as_ref())).collect();
    // One that lies elsewhere, or was made of the manifest's files.
    if let Some(in_use) = in_use.filter(|in_use| !snapshots.iter().any(|other| other.id == in_use.id)) {
        snapshots.insert(0, in_use);
    }
    snapshots.extend(listing.damaged.iter().map(beyond::damaged));
    Ok(Snapshots { snapshots })
}

pub(crate) async fn choose_snapshot(server: &Server, params: ChooseSnapshot) -> Result<Status> {
    let inventory = server.inventory(params.uri.as_ref()).await?;
    if let Some(wish) = params.snapshot.clone() {
        let root = inventory.root.clone();
        let found = tokio::task::spawn_blocking(move || choice::by_name(&root, &wish)).await;
        found.map_err(|error| failed(error.to_string()))?.map_err(failed)?;
    }
    inventory.wish(params.snapshot);
    Ok(restarting(&inventory))
}

pub(crate) async fn restart_worker(server: &Server, params: OfProject) -> Result<Status> {
    let inventory = server.inventory(params.uri.as_ref()).await?;
    inventory.choose.notify_one();
    Ok(restarting(&inventory))
}

/// The state that a client sees before the worker has started.
fn restarting(inventory: &Inventory) -> Status {
    Status { state: State::Starting, message: None, ..inventory.status() }
}

pub(crate) async fn violations(server: &Server, params: OfPolicy) -> Result<Violations> {
    let limit = params.limit.unwrap_or(LISTED);
    let question = Request::Violations { policy: params.policy.clone(), limit };
    let found = match server.ask_worker(Some(&params.uri), question).await? {
        Response::Violations(found) => found,
        other => return Err(unexpected(other)),
    };
    let inventory = server.inventory(Some(&params.uri)).await?;
    let (in_scope, violations) = inventory.known.lock().counts(&params.policy).unwrap_or_default();
    let resources = found.into_iter().map(|(resource, checks)| Violating { resource, checks });
    Ok(Violations { policy: params.policy, in_scope, violations, resources: resources.collect() })
}

pub(crate) async fn find_resources(server: &Server, params: FindResources) -> Result<Resources> {
    let question = Request::Resources { query: params.query, limit: params.limit.unwrap_or(LISTED) };
    match server.ask_worker(params.uri.as_ref(), question).await? {
        Response::Resources(resources) => Ok(Resources { resources }),
        other => Err(unexpected(other)),
    }
}

pub(crate) async fn explain_resource(server: &Server, params: ExplainResource) -> Result<Explanation> {
    let resource = params.resource.clone();
    server.inventory(params.uri.as_ref()).await?.snapshot().ok_or_else(|| failed(NO_SNAPSHOT))?;
    match server.ask_alone(params.uri.as_ref(), Request::Explain { resource }).await? {
        Response::Explained(explained) => Ok(Explanation {
            resource: explained.resource,
            text: explained.text,
            explanation: serde_json::from_str(&explained.json).unwrap_or_default(),
        }),
        // What is written may be a part of an id, which `explain` does not look for.
        Response::Failed(message) => match only_resource(server, &params).await {
            Some(resource) if resource.id != params.resource => {
                let params = ExplainResource { uri: params.uri, resource: resource.id };
                Box::pin(explain_resource(server, params)).await
            }
            _ => Err(failed(message)),
        },
        other => Err(unexpected(other)),
    }
}

/// The one resource whose id or name has a text.
async fn only_resource(server: &Server, params: &ExplainResource) -> Option<Resource> {
    let query = FindResources { uri: params.uri.clone(), query: params.resource.clone(), limit: Some(2) };
    let mut found = find_resources(server, query).await.ok()?.resources;
    if found.len() == 1 { found.pop() } else { None }
}

pub(crate) async fn show_sql(server: &Server, params: OfProject) -> Result<Sql> {
    match server.ask_alone(params.uri.as_ref(), Request::Sql).await? {
        Response::Sql(sql) => Ok(Sql { sql }),
        other => Err(unexpected(other)),
    }
}

pub(crate) async fn evaluate(server: &Server, params: OfProject) -> Result<Evaluation> {
    let inventory = server.inventory(params.uri.as_ref()).await?;
    inventory.snapshot().ok_or_else(|| failed(NO_SNAPSHOT))?;
    let evaluated: Evaluated = match server.ask_alone(params.uri.as_ref(), Request::Evaluate).await? {
        Response::Evaluated(evaluated) => *evaluated,
        other => return Err(unexpected(other)),
    };
    {
        let mut session = server.session.lock().await;
        session.findings.insert(inventory.root.clone(), Arc::new(evaluated.checks.clone()));
        session.revision += 1;
        server.changed(session.revision, None);
    }
    let places = server.ask_all(beyond::places_of_checks).await?;
    let places = places.into_iter().flatten().collect();
    Ok(beyond::evaluation(evaluated, &places))
}

pub(crate) async fn clear_findings(server: &Server, params: OfProject) -> Result<()> {
    let root = server.inventory(params.uri.as_ref()).await?.root.clone();
    let mut session = server.session.lock().await;
    if session.findings.remove(&root).is_some() {
        session.revision += 1;
        server.changed(session.revision, None);
    }
    Ok(())
}

pub(crate) async fn list_tests(server: &Server, params: OfProject) -> Result<Tests> {
    Ok(Tests { tests: tests(server, params.uri.as_ref()).await? })
}

/// The tests of a file, of a project, or of all.
async fn tests(server: &Server, uri: Option<&Uri>) -> Result<Vec<Test>> {
    let tests = server.ask_all(beyond::tests).await?.into_iter().flatten();
    let Some(uri) = uri else { return Ok(tests.collect()) };
    let requested = path_of(uri);
    let is_meant = |test: &Test| {
        let path = path_of(&test.uri);
        path == requested || Path::new(&path).starts_with(&requested)
    };
    Ok(tests.filter(is_meant).collect())
}

pub(crate) async fn run_tests(server: &Server, params: RunTests) -> Result<TestResults> {
    let uri = params.uri.or_else(|| Some(params.tests.as_ref()?.first()?.uri.clone()));
    let (revision, root) = {
        let session = server.session.lock().await;
        let root = session.project_of(uri.as_ref()).and_then(|member| member.root.clone());
        (session.texts(), root)
    };
    let wanted =
        params.tests.map(|tests| tests.into_iter().map(|test| (path_of(&test.uri), test.name)).collect());
    let answer = server.ask_alone(uri.as_ref(), Request::Tests { wanted }).await?;
    let Response::Tests(outcome) = answer else { return Err(unexpected(answer)) };
    let inventory = root.and_then(|root| server.inventories.get(&root));
    if let Some(inventory) = inventory.filter(|_| !outcome.coverage.is_empty()) {
        inventory.known.lock().learn_coverage(revision, outcome.coverage);
        crate::inventory::worker_supervisor::refresh(server).await;
    }
    let results = server.ask_all(move |view| beyond::test_results(view, &outcome.results)).await?;
    Ok(TestResults { results: results.into_iter().flatten().collect() })
}
