//! The task that has the learner of one project look at the whole inventory, where that may tell something
//! new: a process of its own, which ends by itself.
//!
//! Nobody waits for it. What it told before is reported until it tells more.

use std::path::Path;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use tagpol_worker_protocol::{Learnt, Subject};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;

use super::choice::promoted;
use super::known::Wanted;
use super::process::MAX_REPLY;
use super::{Inventory, worker_supervisor};
use crate::protocol::{State, Status};
use crate::server::Server;

/// How long it waits for more news, and between looks at whether the numbers are there.
const REST: Duration = Duration::from_millis(500);

/// How long the learner may take.
const PATIENCE: Duration = Duration::from_secs(600);

/// Learns again for as long as the server runs.
pub(super) async fn keep(server: Server, inventory: Arc<Inventory>) {
    let mut model = None;
    loop {
        inventory.learn.notified().await;
        tokio::time::sleep(REST).await;
        while is_busy(&inventory.status()) {
            tokio::time::sleep(REST).await;
        }
        let (Some(program), Some(snapshot)) = (&server.worker, inventory.snapshot()) else { continue };
        let used = promoted(&inventory.root);
        if inventory.known.lock().is_learnt(&snapshot.id) && used == model {
            continue;
        }
        inventory.known.lock().is_news = false;
        let learnt = learn(program, &inventory.root, &snapshot.path).await;
        let Some(learnt) = learnt else {
            inventory.known.lock().is_news = true;
            continue;
        };
        let tags: Vec<String> = learnt.tags.keys().cloned().collect();
        inventory.known.lock().learn(&snapshot.id, learnt);
        model = used;
        look_ahead(&inventory, tags).await;
    }
}

/// Asks how often values of tags occur: of a text with mistakes, as one has while typing, nobody can tell.
async fn look_ahead(inventory: &Inventory, tags: Vec<String>) {
    let Some(process) = inventory.process() else { return };
    for tag in tags {
        let wanted = Wanted::Values(Subject::Tag(tag));
        if worker_supervisor::learn(inventory, &process, wanted).await.is_err() {
            return;
        }
    }
}

/// Whether numbers are computed, which may show that there is news. Where policies have mistakes there are none.
fn is_busy(status: &Status) -> bool {
    match status.state {
        State::Starting => true,
        State::Computing => status.message.is_none(),
        State::None | State::Ready | State::Failed => false,
    }
}

/// Runs the learner. None if it fails: the policies on disk may have mistakes.
async fn learn(program: &Path, root: &Path, snapshot: &str) -> Option<Learnt> {
    let mut command = Command::new(program);
    command.arg("lsp-learner").arg(root).arg(snapshot);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
    let mut child = command.spawn().ok()?;
    let output = child.stdout.take()?;
    let outcome = async {
        let mut text = Vec::new();
        output.take(MAX_REPLY as u64 + 1).read_to_end(&mut text).await.ok()?;
        let is_whole = text.len() <= MAX_REPLY && child.wait().await.ok()?.success();
        is_whole.then(|| serde_json::from_slice(&text).ok())?
    };
    tokio::time::timeout(PATIENCE, outcome).await.ok()?
}
