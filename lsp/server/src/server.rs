//! What the handlers share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use tokio::sync::{Mutex, mpsc, watch};
use tower_lsp::Client;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::Uri;

use crate::handlers::decorations::TokenMemory;
use crate::publish::{Publication, deliver};
use crate::session::Session;
use crate::snapshot::{Snapshot, View, compute};

/// The server of one client; clones are handles of the same one.
#[derive(Clone)]
pub(crate) struct Server {
    pub(crate) client: Client,
    /// Each handler takes it first, before it awaits anything else: that keeps edits in order.
    pub(crate) session: Arc<Mutex<Session>>,
    /// Diagnostics on their way to the client. Whoever sends holds no lock while the client reads.
    pub(crate) outbox: mpsc::UnboundedSender<Publication>,
    /// Tells of [`Session::revision`].
    pub(crate) revision: watch::Sender<u64>,
    /// The colours that the client has.
    pub(crate) tokens: Arc<std::sync::Mutex<TokenMemory>>,
    /// Whether the client asked to shut down.
    pub(crate) shut_down: Arc<AtomicBool>,
    /// A folder for files that can be made again.
    pub(crate) cache: Option<PathBuf>,
}

impl Server {
    pub(crate) fn new(client: Client, cache: Option<PathBuf>, shut_down: Arc<AtomicBool>) -> Self {
        let (outbox, publications) = mpsc::unbounded_channel();
        tokio::spawn(deliver(client.clone(), publications));
        let session = Arc::new(Mutex::new(Session::new()));
        Self {
            client,
            session,
            outbox,
            revision: watch::Sender::new(0),
            tokens: Arc::default(),
            shut_down,
            cache,
        }
    }

    /// Answers a request about a file from a snapshot; None where no project has the file.
    pub(crate) async fn ask<T, F>(&self, uri: &Uri, feature: F) -> Result<Option<T>>
    where
        T: Send + 'static,
        F: Fn(&Snapshot) -> T + Send + Sync + 'static,
    {
        compute(&self.session, |session| session.snapshot(uri), feature).await
    }

    /// Answers a request about everything: once for each project.
    pub(crate) async fn ask_all<T, F>(&self, feature: F) -> Result<Vec<T>>
    where
        T: Send + 'static,
        F: Fn(&View) -> T + Send + Sync + Clone + 'static,
    {
        let count = self.session.lock().await.workspace.members.len();
        let mut answers = Vec::new();
        for at in 0..count {
            let take =
                |session: &Session| session.workspace.members.get(at).map(|member| session.view(member));
            answers.extend(compute(&self.session, take, feature.clone()).await?);
        }
        Ok(answers)
    }
}
