//! Folders, files on disk, settings.

use std::collections::HashMap;
use std::path::Path;

use tagpol_project::packages::LOCK_FILE;
use tagpol_project::{FILE_NAME, is_policy_file};
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::{
    DidChangeConfigurationParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    RenameFilesParams, WorkspaceEdit,
};

use crate::convert::to_lsp;
use crate::handlers::lifecycle::{ask_for_settings, take_settings};
use crate::server::Server;
use crate::session::Session;
use crate::snapshot::{file_path, path_of};

pub(crate) async fn files_changed(server: &Server, params: DidChangeWatchedFilesParams) {
    let mut session = server.session.lock().await;
    let mut has_tables = false;
    for change in params.changes {
        let path = path_of(&change.uri);
        if is_snapshot(Path::new(&path)) {
            server.inventories.choose_again(false);
        } else if is_choice_of_model(Path::new(&path)) {
            server.inventories.learn_again();
        } else if Path::new(&path).file_name().is_some_and(|name| name == FILE_NAME || name == LOCK_FILE) {
            manifest_changed(server, &mut session, &path);
        } else if is_policy_file(Path::new(&path)) {
            policy_changed(server, &mut session, &path);
        } else {
            has_tables = true;
        }
    }
    if has_tables {
        let state = &mut *session;
        state.workspace.read_tables(&mut state.db);
    }
    session.revision += 1;
    server.changed(session.revision, None);
}

/// Whether a file tells of a snapshot that came or went.
fn is_snapshot(path: &Path) -> bool {
    let folder = path.parent().and_then(Path::parent).and_then(Path::file_name);
    path.file_name().is_some_and(|name| name == "manifest.json")
        && folder.is_some_and(|name| name == "snapshots")
}

/// Whether a file says which model is used.
fn is_choice_of_model(path: &Path) -> bool {
    path.ends_with("models/promoted")
}

/// What the client has open is as it says, whatever is on disk.
fn policy_changed(server: &Server, session: &mut Session, path: &str) {
    if session.documents.contains_key(path) {
        return;
    }
    session.workspace.reread(&mut session.db, path);
    session.text_changes(path);
    if session.workspace.find(path).is_none() {
        server.clear(path);
    }
}

fn manifest_changed(server: &Server, session: &mut Session, path: &str) {
    let Some(root) = Path::new(path).parent() else { return };
    let root = root.to_owned();
    session.with_workspace(|workspace, db, open| workspace.load_folder(db, root, open));
    session.files_change();
    server.inventories.keep(server, session.roots());
    server.inventories.choose_again(false);
    server.clear(path);
}

pub(crate) async fn folders_changed(server: &Server, params: DidChangeWorkspaceFoldersParams) {
    let mut session = server.session.lock().await;
    let removed: Vec<_> = params.event.removed.iter().filter_map(|folder| file_path(&folder.uri)).collect();
    let added = params.event.added.iter().filter_map(|folder| file_path(&folder.uri));
    session.workspace.folders.retain(|folder| !removed.contains(folder));
    session.workspace.folders.extend(added);
    let before = session.paths();
    let open: Vec<String> = session.documents.keys().cloned().collect();
    session.with_workspace(|workspace, db, text_of| {
        workspace.close_folders(db, &|path| open.iter().any(|open| open == path));
        workspace.load(db, text_of);
    });
    let after = session.paths();
    before.difference(&after).for_each(|path| server.clear(path));
    session.files_change();
    server.inventories.keep(server, session.roots());
    session.revision += 1;
    server.changed(session.revision, None);
}

pub(crate) async fn settings_changed(server: &Server, params: DidChangeConfigurationParams) {
    let mut session = server.session.lock().await;
    if !params.settings.is_null() {
        take_settings(server, &mut session, &params.settings);
    }
    if session.client.configuration {
        // Its answer is read by who waits for this handler.
        let server = server.clone();
        tokio::spawn(async move { ask_for_settings(&server).await });
    }
}

/// Answers what else changes when files or folders get other names: paths of tables.
pub(crate) async fn files_will_move(
    server: &Server,
    params: RenameFilesParams,
) -> Result<Option<WorkspaceEdit>> {
    let path = |uri: &str| Some(path_of(&uri.parse().ok()?));
    let moves: Vec<(String, String)> =
        params.files.iter().filter_map(|file| Some((path(&file.old_uri)?, path(&file.new_uri)?))).collect();
    let answers = server.ask_all(move |view| {
        let edits = tagpol_ide::moved(&view.db, view.project, &moves);
        to_lsp::workspace_edit(view, edits).changes.unwrap_or_default()
    });
    let changes: HashMap<_, _> = answers.await?.into_iter().flatten().collect();
    Ok((!changes.is_empty()).then(|| WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }))
}
