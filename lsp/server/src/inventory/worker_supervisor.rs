//! The task that keeps the worker of one project.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tagpol_worker_protocol::{Request, Response, Subject};
use tokio::sync::watch;

use super::Inventory;
use super::choice::{Choice, Wishes, choose};
use super::known::Wanted;
use super::process::{Gone, Process};
use crate::protocol::{State, StatusChanged};
use crate::server::Server;

/// How long the text must rest before it is measured.
const REST: Duration = Duration::from_millis(60);

/// Workers that may end one after the other before the next waits for somebody to ask.
const LIVES: usize = 3;

/// Attributes whose values are asked for before somebody needs them.
const ATTRIBUTES: [&str; 5] = ["type", "account", "region", "provider", "source"];

/// Keeps the worker of a project for as long as the server runs.
pub(super) async fn keep(server: Server, inventory: Arc<Inventory>) {
    let mut revision = server.revision.subscribe();
    let mut deaths = 0;
    loop {
        let outcome = match choice(&server, &inventory).await {
            Ok(Some(choice)) => serve(&server, &inventory, &choice, &mut revision).await,
            Ok(None) => Outcome::Nothing,
            Err(message) => Outcome::Failed(message),
        };
        inventory.kept().process = None;
        match outcome {
            Outcome::ChooseAgain => deaths = 0,
            Outcome::Nothing => {
                forget(&inventory);
                report_state(&server, &inventory, State::None, None).await;
                inventory.choose.notified().await;
            }
            Outcome::Failed(message) => {
                forget(&inventory);
                report_state(&server, &inventory, State::Failed, Some(message)).await;
                refresh(&server).await;
                inventory.choose.notified().await;
            }
            Outcome::Died => {
                deaths += 1;
                let message =
                    Some("the worker ended; the numbers are from an earlier version of the text".to_owned());
                report_state(&server, &inventory, State::Failed, message).await;
                revision.mark_unchanged();
                tokio::select! {
                    _ = revision.changed(), if deaths < LIVES => {}
                    () = inventory.choose.notified() => deaths = 0,
                }
            }
        }
    }
}

/// Why a worker is no longer kept.
enum Outcome {
    /// The resources are to be chosen again.
    ChooseAgain,
    /// There are none.
    Nothing,
    /// They cannot be had, and why.
    Failed(String),
    /// The worker ended.
    Died,
}

impl From<Gone> for Outcome {
    fn from(Gone: Gone) -> Self {
        Self::Died
    }
}

fn forget(inventory: &Inventory) {
    *inventory.known.lock() = Default::default();
}

async fn choice(server: &Server, inventory: &Inventory) -> Result<Option<Choice>, String> {
    let settings = server.session.lock().await.settings.inventory.clone();
    if !settings.enabled || server.worker.is_none() {
        return Ok(None);
    }
    let wishes = Wishes {
        client: inventory.kept().wish.clone(),
        setting: settings.snapshot,
        scratch: inventory.scratch.as_ref().map(|folder| folder.path().to_owned()),
    };
    let root = inventory.root.clone();
    let choice = tokio::task::spawn_blocking(move || choose(&root, &wishes)).await;
    let choice = choice.map_err(|error| error.to_string())??;
    inventory.kept().chosen_by = choice.as_ref().map(|choice| choice.by);
    Ok(choice)
}

/// Tells the client what the numbers are of, where it does not know.
pub(crate) async fn report_state(
    server: &Server,
    inventory: &Inventory,
    state: State,
    message: Option<String>,
) {
    let mut status = inventory.status_of(state, message);
    {
        let mut kept = inventory.kept();
        status.chosen_by = kept.chosen_by.filter(|_| status.snapshot.is_some());
        if kept.status.as_ref() == Some(&status) {
            return;
        }
        kept.status = Some(status.clone());
    }
    server.client.send_notification::<StatusChanged>(status).await;
}

/// Has the client ask again for what stands next to the text. Its answer is not waited for.
pub(crate) async fn refresh(server: &Server) {
    let abilities = server.session.lock().await.client;
    let client = server.client.clone();
    tokio::spawn(async move {
        if abilities.refreshes_hints {
            let _ = client.inlay_hint_refresh().await;
        }
        if abilities.refreshes_lenses {
            let _ = client.code_lens_refresh().await;
        }
    });
}

/// Starts a worker and keeps it up to date until something happens.
async fn serve(
    server: &Server,
    inventory: &Inventory,
    choice: &Choice,
    revision: &mut watch::Receiver<u64>,
) -> Outcome {
    let Some(program) = &server.worker else { return Outcome::Nothing };
    report_state(server, inventory, State::Starting, None).await;
    let process = match Process::start(program) {
        Ok(process) => Arc::new(process),
        Err(error) => return Outcome::Failed(format!("the worker cannot be started: {error}")),
    };
    let open = Request::Open {
        root: Some(inventory.root.display().to_string()),
        inventory: Some(choice.inventory.clone()),
    };
    let opened = tokio::select! {
        opened = process.ask(open) => opened,
        () = inventory.choose.notified() => return Outcome::ChooseAgain,
    };
    let folder = match opened {
        Ok(Response::Opened(Some(opened))) => {
            let folder = opened.path.clone();
            inventory.known.lock().opened = Some(opened);
            folder
        }
        Ok(Response::Failed(message)) => return Outcome::Failed(message),
        Ok(_) | Err(Gone) => return Outcome::Died,
    };
    inventory.kept().process = Some(Arc::clone(&process));
    let mut supervisor =
        Supervisor { server, inventory, process: &process, synced: None, folder, is_first: true };
    supervisor.run(revision).await
}

struct Supervisor<'k> {
    server: &'k Server,
    inventory: &'k Inventory,
    process: &'k Process,
    /// The revision of the texts that the worker has.
    synced: Option<u64>,
    /// The folder of the snapshot.
    folder: String,
    /// Whether nothing was measured yet.
    is_first: bool,
}

impl Supervisor<'_> {
    async fn run(&mut self, revision: &mut watch::Receiver<u64>) -> Outcome {
        let inventory = self.inventory;
        loop {
            while let Ok(changed) = tokio::time::timeout(REST, revision.changed()).await {
                if changed.is_err() {
                    return Outcome::Nothing;
                }
            }
            if !Path::new(&self.folder).join("manifest.json").is_file() {
                return Outcome::ChooseAgain;
            }
            // Whoever types on has what is computed stopped; it is asked again when the text rests.
            let measured = tokio::select! {
                measured = self.measure() => measured,
                _ = revision.changed() => continue,
                () = inventory.choose.notified() => return Outcome::ChooseAgain,
            };
            if let Err(Gone) = measured {
                return Outcome::Died;
            }
            let looked = tokio::select! {
                looked = self.look_ahead() => looked,
                _ = revision.changed() => continue,
                () = inventory.choose.notified() => return Outcome::ChooseAgain,
            };
            if let Err(Gone) = looked {
                return Outcome::Died;
            }
            tokio::select! {
                _ = revision.changed() => {}
                () = inventory.choose.notified() => return Outcome::ChooseAgain,
                () = self.process.ended() => return Outcome::Died,
            }
        }
    }

    /// Hands the worker what changed, and asks what the policies find.
    async fn measure(&mut self) -> Result<(), Gone> {
        let texts = self.server.session.lock().await.texts_since(&self.inventory.root, self.synced);
        // Where something else changed, which measures may depend on as well, it is cheap to ask.
        if !self.inventory.known.lock().is_measured(texts.revision) {
            report_state(self.server, self.inventory, State::Computing, None).await;
        }
        self.process.ask(Request::Sync { files: texts.files, all: texts.all }).await?;
        self.synced = Some(texts.revision);
        let answer = self.process.ask(Request::Measure).await?;
        let (state, message) = match answer {
            Response::Measured(measured) => {
                let (state, message) = if measured.has_errors {
                    let message =
                        "the policies have errors; the numbers are from an earlier version of the text";
                    (State::Computing, Some(message.to_owned()))
                } else if let Some(problem) = &measured.problem {
                    (State::Failed, Some(problem.clone()))
                } else {
                    (State::Ready, None)
                };
                self.inventory.known.lock().measured(texts.revision, measured);
                if std::mem::take(&mut self.is_first) {
                    self.inventory.learn.notify_one();
                }
                (state, message)
            }
            Response::Failed(message) => (State::Failed, Some(message)),
            _ => return Ok(()),
        };
        report_state(self.server, self.inventory, state, message).await;
        refresh(self.server).await;
        Ok(())
    }

    /// Asks for what is likely to be needed.
    async fn look_ahead(&self) -> Result<(), Gone> {
        let known = &self.inventory.known;
        let mut wanted: BTreeSet<Wanted> = known.lock().missing(&ATTRIBUTES);
        // What values of attributes there are is asked for more often than keys.
        let keys = wanted.remove(&Wanted::Keys);
        for wanted in wanted.into_iter().chain(keys.then_some(Wanted::Keys)) {
            learn(self.inventory, self.process, wanted).await?;
        }
        Ok(())
    }
}

/// Asks for something that is wanted. Returns whether it is known now.
pub(crate) async fn learn(inventory: &Inventory, process: &Process, wanted: Wanted) -> Result<bool, Gone> {
    let question = match &wanted {
        Wanted::Keys => Request::Keys,
        Wanted::Values(subject) => Request::Values(Subject::clone(subject)),
    };
    let answer = process.ask(question).await?;
    let mut known = inventory.known.lock();
    match (wanted, answer) {
        (Wanted::Keys, Response::Keys(keys)) => known.learn_keys(keys),
        (Wanted::Values(subject), Response::Values(values)) => known.learn_values(subject, values),
        _ => return Ok(false),
    }
    Ok(true)
}
