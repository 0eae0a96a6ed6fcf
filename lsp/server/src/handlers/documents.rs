//! What the client has open.

use std::sync::PoisonError;

use tower_lsp::ls_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    DidSaveTextDocumentParams, MessageType, Uri,
};

use crate::handlers::inventory::evaluate;
use crate::protocol::OfProject;
use crate::server::Server;
use crate::session::{MAX_TEXT, TooLong};
use crate::snapshot::path_of;

/// Shows the user that a file is not checked, without waiting, and takes back its diagnostics.
fn report(server: &Server, uri: &Uri, outcome: Result<(), TooLong>) {
    if outcome == Err(TooLong) {
        let path = path_of(uri);
        server.clear(&path);
        let message = format!("{path} is larger than {} MiB and is not checked", MAX_TEXT >> 20);
        let client = server.client.clone();
        tokio::spawn(async move { client.show_message(MessageType::WARNING, message).await });
    }
}

pub(crate) async fn opened(server: &Server, params: DidOpenTextDocumentParams) {
    let mut session = server.session.lock().await;
    let document = params.text_document;
    let opened = session.open(document.uri.clone(), document.version, document.text);
    report(server, &document.uri, opened);
    // It may have brought a project along.
    server.inventories.keep(server, session.roots());
    session.revision += 1;
    server.changed(session.revision, Some(document.uri));
}

pub(crate) async fn edited(server: &Server, params: DidChangeTextDocumentParams) {
    let mut session = server.session.lock().await;
    let document = params.text_document;
    let edited = session.edit(&document.uri, document.version, params.content_changes);
    report(server, &document.uri, edited);
    session.revision += 1;
    server.changed(session.revision, Some(document.uri));
}

pub(crate) async fn saved(server: &Server, params: DidSaveTextDocumentParams) {
    let mut session = server.session.lock().await;
    session.set_clock();
    let state = &mut *session;
    // A table may have been saved with it, by a client that watches no files.
    state.workspace.read_tables(&mut state.db);
    session.revision += 1;
    // What had nothing to tell may have by now.
    server.inventories.choose_again(true);
    server.inventories.learn_again();
    if session.settings.findings.on_save {
        let (server, uri) = (server.clone(), Some(params.text_document.uri.clone()));
        // Who saves does not wait for it; where it fails there is nothing to tell.
        tokio::spawn(async move { evaluate(&server, OfProject { uri }).await });
    }
    server.changed(session.revision, Some(params.text_document.uri));
}

pub(crate) async fn closed(server: &Server, params: DidCloseTextDocumentParams) {
    let mut session = server.session.lock().await;
    let uri = params.text_document.uri;
    session.close(&uri);
    server.tokens.lock().unwrap_or_else(PoisonError::into_inner).forget(&uri);
    let path = path_of(&uri);
    if session.workspace.find(&path).is_none() {
        server.clear(&path);
    }
    session.revision += 1;
    server.changed(session.revision, None);
}
