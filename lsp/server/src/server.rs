//! What the handlers share.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use tokio::sync::{Mutex, Notify, mpsc, watch};
use tokio::task::JoinHandle;
use tower_lsp::Client;
use tower_lsp::jsonrpc::Result;
use tower_lsp::ls_types::Uri;

use crate::Host;
use crate::handlers::decorations::TokenMemory;
use crate::inventory::Inventories;
use crate::inventory::known::Wanted;
use crate::inventory::worker_supervisor::learn;
use crate::publish::{Publication, deliver};
use crate::session::Session;
use crate::snapshot::{Snapshot, View, compute};

/// How long a request waits for what the inventory knows.
const MOMENT: Duration = Duration::from_millis(250);

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
    /// How many requests have waited for news of the workspace.
    pub(crate) waiting: watch::Sender<u64>,
    /// The colors that the client has.
    pub(crate) tokens: Arc<std::sync::Mutex<TokenMemory>>,
    /// Whether the client asked to shut down.
    pub(crate) shut_down: Arc<AtomicBool>,
    /// A folder for files that can be made again.
    pub(crate) cache: Option<PathBuf>,
    /// The program that is the worker.
    pub(crate) worker: Option<PathBuf>,
    /// The inventories of the projects.
    pub(crate) inventories: Arc<Inventories>,
    /// Told when the process that started this one is gone.
    pub(crate) orphaned: Arc<Notify>,
}

impl Server {
    pub(crate) fn new(client: Client, host: Host, shut_down: Arc<AtomicBool>, orphaned: Arc<Notify>) -> Self {
        let (outbox, publications) = mpsc::unbounded_channel();
        tokio::spawn(deliver(client.clone(), publications));
        let session = Session::new();
        let inventories = Arc::clone(&session.inventories);
        let session = Arc::new(Mutex::new(session));
        Self {
            client,
            session,
            outbox,
            revision: watch::Sender::new(0),
            waiting: watch::Sender::new(0),
            tokens: Arc::default(),
            shut_down,
            cache: host.cache,
            worker: host.worker,
            inventories,
            orphaned,
        }
    }

    /// Answers a request about a file from a snapshot; None if no project has the file.
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

    /// As [`Self::ask`], of a feature that shows what the inventory knows. What it lacks is asked for, and
    /// waited for a moment.
    pub(crate) async fn ask_knowing<T, F>(&self, uri: &Uri, feature: F) -> Result<Option<T>>
    where
        T: Send + 'static,
        F: Fn(&Snapshot) -> T + Send + Sync + 'static,
    {
        let feature = Arc::new(feature);
        let first = Arc::clone(&feature);
        let answer = self.ask(uri, move |snapshot| (first(snapshot), snapshot.view.facts.wanted()));
        let Some((answer, wanted)) = answer.await? else { return Ok(None) };
        if wanted.is_empty() {
            return Ok(Some(answer));
        }
        let learning = self.learn(uri, wanted).await;
        let learnt = tokio::time::timeout(MOMENT, learning).await;
        if matches!(learnt, Ok(Ok(true))) {
            return self.ask(uri, move |snapshot| feature(snapshot)).await;
        }
        Ok(Some(answer))
    }

    /// As [`Self::ask_knowing`], without waiting. Tells too whether there will be more to tell.
    pub(crate) async fn ask_at_once<T, F>(&self, uri: &Uri, feature: F) -> Result<Option<(T, bool)>>
    where
        T: Send + 'static,
        F: Fn(&Snapshot) -> T + Send + Sync + 'static,
    {
        let answer = self.ask(uri, move |snapshot| (feature(snapshot), snapshot.view.facts.wanted()));
        let Some((answer, wanted)) = answer.await? else { return Ok(None) };
        let has_more = !wanted.is_empty();
        if has_more {
            drop(self.learn(uri, wanted).await);
        }
        Ok(Some((answer, has_more)))
    }

    /// Asks the worker for what is wanted, whether somebody waits for it or not. Returns whether anything is
    /// known now that was not before.
    pub(crate) async fn learn(&self, uri: &Uri, wanted: BTreeSet<Wanted>) -> JoinHandle<bool> {
        let root = self.session.lock().await.project_of(Some(uri)).and_then(|member| member.root.clone());
        let inventory = root.and_then(|root| self.inventories.get(&root));
        tokio::spawn(async move {
            let Some(inventory) = inventory else { return false };
            let Some(process) = inventory.process() else { return false };
            let mut is_news = false;
            for wanted in wanted {
                is_news |= learn(&inventory, &process, wanted).await.unwrap_or_default();
            }
            is_news
        })
    }
}
