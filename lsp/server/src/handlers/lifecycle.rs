//! Beginning and end.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use tower_lsp::ls_types::{
    ConfigurationItem, DidChangeWatchedFilesRegistrationOptions, FileSystemWatcher, GlobPattern,
    InitializeParams, InitializeResult, LSPAny, ProgressToken, Registration, ServerInfo,
};

use crate::capabilities::{self, ClientAbilities};
use crate::encoding::Encoding;
use crate::library::Library;
use crate::parent;
use crate::server::Server;
use crate::session::Session;
use crate::settings::Settings;
use crate::snapshot::file_path;

/// The files that projects are made of: policies, manifests, the files of tables, snapshots, and what says
/// which model is used.
const WATCHED: [&str; 5] = [
    "**/*.tagpol",
    "**/tagpol.{toml,lock}",
    "**/*.{csv,tsv,json,ndjson,jsonl,parquet}",
    "**/.tagpol/snapshots/*/manifest.json",
    "**/.tagpol/models/promoted",
];

pub(crate) async fn initialize(server: &Server, params: InitializeParams) -> InitializeResult {
    let mut session = server.session.lock().await;
    let general = params.capabilities.general.as_ref();
    session.encoding = Encoding::negotiate(general.and_then(|general| general.position_encodings.as_deref()));
    session.client = ClientAbilities::of(&params.capabilities);
    if let Some(options) = &params.initialization_options {
        session.settings = Settings::read(options);
        session.trusted = options.get("trusted").and_then(LSPAny::as_bool).unwrap_or(true);
    }
    session.workspace.folders = folders(&params);
    if let Some(process) = params.process_id {
        tokio::spawn(parent::watch(process, Arc::clone(&server.orphaned)));
    }
    let own = params.initialization_options.as_ref().and_then(|options| options.get("commands"));
    let own: Vec<String> = own.and_then(|own| serde_json::from_value(own.clone()).ok()).unwrap_or_default();
    InitializeResult {
        capabilities: capabilities::server(session.encoding, session.client, &own),
        server_info: Some(ServerInfo {
            name: "tagpol".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        }),
        ..InitializeResult::default()
    }
}

/// The folders that the client has open; the older ways to tell count where the newer is not used.
#[expect(deprecated, reason = "older clients send their folder this way")]
fn folders(params: &InitializeParams) -> Vec<std::path::PathBuf> {
    let folders = params.workspace_folders.iter().flatten().map(|folder| &folder.uri);
    let mut paths: Vec<_> = folders.filter_map(file_path).collect();
    if paths.is_empty() {
        paths.extend(params.root_uri.as_ref().and_then(file_path));
    }
    paths
}

/// Reads the projects, and has them checked while the client shows the progress.
pub(crate) async fn initialized(server: &Server) {
    let mut session = server.session.lock().await;
    let state = &mut *session;
    state.library = Library::write(server.cache.clone(), &state.db, state.workspace.empty);
    session.set_clock();
    session.with_workspace(|workspace, db, open| workspace.load(db, open));
    session.files_change();
    session.revision += 1;
    server.revision.send_replace(session.revision);
    server.inventories.keep(server, session.roots());
    let (client, revision) = (session.client, session.revision);
    drop(session);
    // Questions to the client are asked from a task: its answers are read by who waits for this handler.
    let handle = server.clone();
    tokio::spawn(async move {
        if client.configuration {
            ask_for_settings(&handle).await;
        }
        if client.watches_files {
            register_watchers(&handle).await;
        }
    });
    let server = server.clone();
    tokio::spawn(async move { first_check(&server, client, revision).await });
}

async fn register_watchers(server: &Server) {
    let watchers = WATCHED
        .map(|glob| FileSystemWatcher { glob_pattern: GlobPattern::String(glob.to_owned()), kind: None });
    let options = DidChangeWatchedFilesRegistrationOptions { watchers: watchers.to_vec() };
    let registration = Registration {
        id: "tagpol-files".to_owned(),
        method: "workspace/didChangeWatchedFiles".to_owned(),
        register_options: serde_json::to_value(options).ok(),
    };
    let _ = server.client.register_capability(vec![registration]).await;
}

/// Asks the client for the settings below `tagpol`.
pub(crate) async fn ask_for_settings(server: &Server) {
    let item = ConfigurationItem { scope_uri: None, section: Some("tagpol".to_owned()) };
    if let Ok(values) = server.client.configuration(vec![item]).await
        && let Some(value) = values.first().filter(|value| !value.is_null())
    {
        take_settings(server, &mut *server.session.lock().await, value);
    }
}

/// Takes settings, which may say other resources.
pub(crate) fn take_settings(server: &Server, session: &mut Session, value: &LSPAny) {
    let before = std::mem::replace(&mut session.settings, Settings::read(value));
    if before.inventory != session.settings.inventory {
        server.inventories.choose_again(false);
    }
}

pub(crate) async fn shutdown(server: &Server) {
    let _session = server.session.lock().await;
    server.inventories.end();
    server.shut_down.store(true, Ordering::Relaxed);
}

/// Checks all projects for the first time and shows what was found.
async fn first_check(server: &Server, client: ClientAbilities, revision: u64) {
    if client.pulls_diagnostics {
        return;
    }
    let token = ProgressToken::String("tagpol/check".to_owned());
    let is_shown = client.progress && server.client.create_work_done_progress(token.clone()).await.is_ok();
    if is_shown {
        let progress =
            server.client.progress(token, "tagpol").with_message("checking policies").begin().await;
        server.publish_all(revision).await;
        progress.finish().await;
    } else {
        server.publish_all(revision).await;
    }
}
