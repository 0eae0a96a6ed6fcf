//! Diagnostics, when the text rests.
//!
//! The file that was edited is checked a moment after the last key, all other files when nobody has
//! typed for a while. What is reported carries the version of the text that it is about, and is not told
//! when that is no longer the newest.

use std::collections::HashMap;
use std::time::Duration;

use tagpol_sema::SourceFile;
use tokio::sync::mpsc;
use tower_lsp::Client;
use tower_lsp::ls_types::{Diagnostic, Uri};

use crate::convert::{beyond, to_lsp};
use crate::server::Server;
use crate::snapshot::{Snapshot, View, path_of, uri_of};

/// How long the text must rest before the edited file is checked.
const SHORT_REST: Duration = Duration::from_millis(5);
/// How long before all others are.
const LONG_REST: Duration = Duration::from_millis(150);

/// The diagnostics of a file.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Publication {
    uri: Uri,
    version: Option<i32>,
    diagnostics: Vec<Diagnostic>,
}

/// Sends what is published, in order. Diagnostics equal to the last published ones are not sent again.
pub(crate) async fn deliver(client: Client, mut publications: mpsc::UnboundedReceiver<Publication>) {
    let mut published: HashMap<Uri, Publication> = HashMap::new();
    while let Some(publication) = publications.recv().await {
        let last = published.get(&publication.uri);
        let is_news = match last {
            Some(last) => last.diagnostics != publication.diagnostics || publication.version.is_some(),
            None => !publication.diagnostics.is_empty() || publication.version.is_some(),
        };
        if is_news && last != Some(&publication) {
            published.insert(publication.uri.clone(), publication.clone());
            let Publication { uri, version, diagnostics } = publication;
            client.publish_diagnostics(uri, diagnostics, version).await;
        }
    }
}

impl Server {
    /// Has diagnostics computed after a change. The caller holds the session's lock and hands in its
    /// revision; `edited` is the file that the change is in.
    pub(crate) fn changed(&self, revision: u64, edited: Option<Uri>) {
        self.revision.send_replace(revision);
        let server = self.clone();
        tokio::spawn(async move { server.publish(revision, edited).await });
    }

    async fn publish(&self, revision: u64, edited: Option<Uri>) {
        if !self.is_newest_after(SHORT_REST, revision).await {
            return;
        }
        let pulls = self.session.lock().await.client.pulls_diagnostics;
        if let Some(uri) = edited.filter(|_| !pulls) {
            self.publish_file(&uri, revision).await;
        }
        if !self.is_newest_after(LONG_REST, revision).await {
            return;
        }
        if pulls {
            let _ = self.client.workspace_diagnostic_refresh().await;
        } else {
            self.publish_all(revision).await;
        }
    }

    async fn is_newest_after(&self, rest: Duration, revision: u64) -> bool {
        tokio::time::sleep(rest).await;
        *self.revision.borrow() == revision
    }

    async fn publish_file(&self, uri: &Uri, revision: u64) {
        if let Ok(Some(diagnostics)) = self.ask(uri, file_diagnostics).await {
            self.send(uri.clone(), diagnostics, revision).await;
        }
    }

    /// Publishes the diagnostics of all files, and those of manifests.
    pub(crate) async fn publish_all(&self, revision: u64) {
        let Ok(projects) = self.ask_all(all_diagnostics).await else { return };
        for (uri, diagnostics) in projects.into_iter().flatten() {
            self.send(uri, diagnostics, revision).await;
        }
        let manifests: Vec<_> = {
            let session = self.session.lock().await;
            session.workspace.members.iter().filter_map(to_lsp::manifest_diagnostics).collect()
        };
        for (uri, diagnostics) in manifests {
            self.send(uri, diagnostics, revision).await;
        }
    }

    /// Sends diagnostics unless they are those of an older text.
    async fn send(&self, uri: Uri, diagnostics: Vec<Diagnostic>, revision: u64) {
        let session = self.session.lock().await;
        if session.revision == revision {
            let document = session.documents.get(&path_of(&uri));
            let version = document.map(|document| document.version);
            let uri = document.map_or(uri, |document| document.uri.clone());
            let _ = self.outbox.send(Publication { uri, version, diagnostics });
        }
    }

    /// Takes back what was said of a file that is gone.
    pub(crate) fn clear(&self, path: &str) {
        if let Some(uri) = uri_of(path) {
            let _ = self.outbox.send(Publication { uri, version: None, diagnostics: Vec::new() });
        }
    }
}

pub(crate) fn file_diagnostics(snapshot: &Snapshot) -> Vec<Diagnostic> {
    let view = &snapshot.view;
    diagnostics(view, snapshot.file)
}

/// What is wrong with a file, and what the last evaluation found of its checks.
fn diagnostics(view: &View, file: SourceFile) -> Vec<Diagnostic> {
    let found = tagpol_ide::diagnostics(&view.db, view.project, file);
    let mut diagnostics = to_lsp::diagnostics(view, file, &found);
    diagnostics.extend(beyond::findings(view, file));
    diagnostics
}

pub(crate) fn all_diagnostics(view: &View) -> Vec<(Uri, Vec<Diagnostic>)> {
    let files = view.project.files(&view.db).iter();
    let found = files.filter_map(|file| Some((view.uri(*file)?, diagnostics(view, *file))));
    found.collect()
}
