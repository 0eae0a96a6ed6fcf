//! Numbers of a real inventory next to the text.
//!
//! A project with a snapshot has a worker, a process of its own, and a task that keeps it: it chooses the
//! snapshot, starts the worker, hands it what changes once the text rests, asks what the policies find, and
//! tells the client when there is news. What is known is kept in [`known`], which requests read at once.
//! Nothing here is waited for by an edit.
//!
//! - `process`: the worker
//! - `choice`: which resources
//! - `known`: what is known already
//! - `worker_supervisor`: the task
//! - `learner`: another, which learns from the whole inventory what completions are ranked by

pub(crate) mod choice;
pub(crate) mod known;
mod learner;
pub(crate) mod process;
pub(crate) mod worker_supervisor;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tagpol_files::Scratch;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use self::known::Shared;
use self::process::Process;
use crate::protocol::{ChosenBy, Snapshot, State, Status};
use crate::server::Server;

/// The inventory of one project.
pub(crate) struct Inventory {
    /// The folder of the project.
    pub(crate) root: PathBuf,
    /// What is known of it.
    pub(crate) known: Shared,
    /// Told when the choice of the resources is to be made again.
    pub(crate) choose: Notify,
    /// Told when more may be learned from it.
    pub(crate) learn: Notify,
    state: Mutex<Kept>,
    /// A folder for what is imported; gone with this.
    scratch: Option<Scratch>,
}

#[derive(Default)]
struct Kept {
    process: Option<Arc<Process>>,
    /// What the client chose.
    wish: Option<String>,
    chosen_by: Option<ChosenBy>,
    status: Option<Status>,
}

impl Inventory {
    fn new(root: PathBuf) -> Self {
        let scratch = Scratch::new().ok();
        Self {
            root,
            known: Shared::default(),
            choose: Notify::new(),
            learn: Notify::new(),
            state: Mutex::default(),
            scratch,
        }
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns the worker, while one has the snapshot open.
    pub(crate) fn process(&self) -> Option<Arc<Process>> {
        self.kept().process.clone()
    }

    /// Chooses for the client; None: it chooses nothing.
    pub(crate) fn wish(&self, wish: Option<String>) {
        self.kept().wish = wish;
        self.choose.notify_one();
    }

    /// Returns the state that was last sent to the client.
    pub(crate) fn status(&self) -> Status {
        let none = || self.status_of(State::None, None);
        self.kept().status.clone().unwrap_or_else(none)
    }

    fn status_of(&self, state: State, message: Option<String>) -> Status {
        Status {
            project: tower_lsp::ls_types::Uri::from_file_path(&self.root),
            state,
            snapshot: self.snapshot(),
            chosen_by: None,
            message,
        }
    }

    /// Returns the snapshot in use.
    pub(crate) fn snapshot(&self) -> Option<Snapshot> {
        let opened = self.known.lock().opened.clone()?;
        Some(Snapshot {
            id: opened.id,
            path: opened.path,
            taken_at: opened.taken_at,
            resources: opened.resources,
            monthly_cost: opened.monthly_cost,
            currency: opened.currency,
            in_use: true,
            problem: None,
        })
    }
}

/// By the folder of the project: its inventory, and the tasks that keep it.
type ByFolder = BTreeMap<PathBuf, (Arc<Inventory>, [AbortHandle; 2])>;

/// The inventories of all projects, by their folders.
#[derive(Default)]
pub(crate) struct Inventories(Mutex<ByFolder>);

impl Inventories {
    fn lock(&self) -> MutexGuard<'_, ByFolder> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns that of a project.
    pub(crate) fn get(&self, root: &Path) -> Option<Arc<Inventory>> {
        self.lock().get(root).map(|(inventory, _)| Arc::clone(inventory))
    }

    /// Has those of these projects kept, and lets go of all others.
    pub(crate) fn keep(&self, server: &Server, roots: impl IntoIterator<Item = PathBuf>) {
        let mut kept = self.lock();
        let mut before = std::mem::take(&mut *kept);
        for root in roots {
            let entry = before.remove(&root).unwrap_or_else(|| {
                let inventory = Arc::new(Inventory::new(root.clone()));
                let supervisor =
                    tokio::spawn(worker_supervisor::keep(server.clone(), Arc::clone(&inventory)));
                let learner = tokio::spawn(learner::keep(server.clone(), Arc::clone(&inventory)));
                (inventory, [supervisor.abort_handle(), learner.abort_handle()])
            });
            kept.insert(root, entry);
        }
        drop(kept);
        before.into_values().flat_map(|(_, tasks)| tasks).for_each(|task| task.abort());
    }

    /// Has each choose again what it is of; `only` those that have nothing to tell.
    pub(crate) fn choose_again(&self, only_idle: bool) {
        for (inventory, _) in self.lock().values() {
            let is_idle = matches!(inventory.status().state, State::None | State::Failed);
            if is_idle || !only_idle {
                inventory.choose.notify_one();
            }
        }
    }

    /// Has each look whether more can be learned.
    pub(crate) fn learn_again(&self) {
        self.lock().values().for_each(|(inventory, _)| inventory.learn.notify_one());
    }

    /// Lets go of all.
    pub(crate) fn end(&self) {
        std::mem::take(&mut *self.lock()).into_values().for_each(|(inventory, tasks)| {
            tasks.iter().for_each(AbortHandle::abort);
            inventory.kept().process = None;
        });
    }
}
